/* kfmig help */
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"

static const struct command *find(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

static int run(const struct request *req)
{
    const struct command *c = req->n_args > 0 ? find(req->args[0]) : NULL;
    if (req->n_args > 1 || (req->n_args == 1 && c == NULL)) {
        struct err e;
        err_set(&e, ERR_CONFIG, "no command \"%s\"", req->args[req->n_args - 1]);
        err_hint(&e, "`kfmig help` lists all commands");
        return output_error(req, -1, &e);
    }
    struct buf out = {0};
    if (req->man) {
        help_man(&out, c);
    } else if (c != NULL) {
        help_command(&out, c);
    } else {
        help_overview(&out);
    }
    int status = output_result(req, &out);
    buf_release(&out);
    return status;
}

static const char *const takes[] = {"man", NULL};
static const struct example examples[] = {
    {"kfmig help build", "what build does, and its options"},
    {"kfmig help --man build | man -l -", "the same as a manual page"},
    {NULL, NULL},
};

const struct command command_help = {
    .name = "help",
    .synopsis = "[COMMAND]",
    .summary = "Explain a command.",
    .description =
        "Explains COMMAND, or lists all commands. The manual pages are made from the same text.",
    .options = takes,
    .examples = examples,
    .run = run,
};
