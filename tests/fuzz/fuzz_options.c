/* Any command line, one argument per line: refused as a usage error, or a request for a command of the table. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"

enum { ARGUMENTS_MAX = 64 };

/* argv is NULL-terminated and argv[0] the program. */
static int split(char *text, char **argv)
{
    int n = 1;
    char *rest = NULL;
    for (char *word = strtok_r(text, "\n", &rest); word != NULL && n < ARGUMENTS_MAX;
         word = strtok_r(NULL, "\n", &rest)) {
        argv[n++] = word;
    }
    argv[n] = NULL;
    return n;
}

static bool is_listed(const struct command *c)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (commands[i] == c) {
            return true;
        }
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct err e = {0};
    struct request request;
    char *argv[ARGUMENTS_MAX + 1];
    char program[] = "kfmig";
    char *text = mem_alloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    int argc = split(text, argv);
    argv[0] = program;
    if (command_parse(&a, commands, argc, argv, &request, &e) != 0) {
        if (e.code != ERR_CONFIG || e.msg[0] == '\0') {
            abort();
        }
    } else if (!request.version && (!is_listed(request.command) || request.n_args > (size_t)argc ||
                                    request.lock_wait_ms < 0 || request.steps < -1)) {
        abort();
    }
    free(text);
    arena_release(&a);
    return 0;
}
