/* kfmig: from argv to a command and its exit status. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "flow/kept_back.h"
#include "pg/embedded.h"
#include "script/language.h"

/* This program's own path, for the watcher of the embedded server. argv[0] would be found through
 * the working directory. */
static const char *own_path(void)
{
    static char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    return path;
}

static int print_version(const struct request *req)
{
    const struct language *sql = language_of("any.sql");
    struct buf out = {0};
    buf_printf(&out, "kfmig %s, which reads %s as %s does\n", KFMIG_VERSION, sql->name,
               sql->version);
    int status = output_result(req, &out);
    buf_release(&out);
    return status;
}

#ifdef KFMIG_FAULTS
static int print_fault_points(const struct request *req)
{
    struct buf out = {0};
    for (unsigned i = 0; fault_name(i) != NULL; i++) {
        buf_printf(&out, "%s\n", fault_name(i));
    }
    int status = output_result(req, &out);
    buf_release(&out);
    return status;
}
#endif

/* What kfmig calls itself with, and tests: no commands for people. */
static bool run_hidden(int argc, char **argv, int *status)
{
    if (argc == 4 && strcmp(argv[1], "--embedded-watch") == 0) {
        *status = embedded_watch(argv[2], strtoll(argv[3], NULL, 10));
        return true;
    }
#ifdef KFMIG_FAULTS
    if (argc == 2 && strcmp(argv[1], "--fault-points") == 0) {
        *status = print_fault_points(&(struct request){.format = FORMAT_TEXT});
        return true;
    }
#endif
    return false;
}

/* Under that name, also as scripts/migrate-safe.sh, the program is that verb: reference 004's script. */
static bool is_called_safe(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *last = slash != NULL ? slash + 1 : name;
    return strcmp(last, "migrate-safe") == 0 || strcmp(last, "migrate-safe.sh") == 0;
}

/* The command line with the verb that the program's name stands for; in a. */
static char **with_verb(struct arena *a, int *argc, char **argv)
{
    if (*argc < 1 || !is_called_safe(argv[0])) {
        return argv;
    }
    char **out = ARENA_ARRAY(a, char *, (size_t)*argc + 2);
    out[0] = argv[0];
    out[1] = arena_strdup(a, command_migrate_safe.name);
    memcpy((void *)(out + 2), (void *)(argv + 1), (size_t)*argc * sizeof *argv);
    (*argc)++;
    return out;
}

static struct request req; /* how the report of an internal error is to look, too */

static void report_bug(const struct err *e)
{
    _exit(output_error(&req, -1, e));
}

int main(int argc, char **argv)
{
    struct arena a = {0};
    struct err e = {0};
    int status;
    /* A closed pipe and a full quota are errors of a write, to be said, not ways to die. */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    err_on_bug(report_bug);
    kept_back_begin();
    if (run_hidden(argc, argv, &status)) {
        return status;
    }
    argv = with_verb(&a, &argc, argv);
    if (command_parse(&a, commands, argc, argv, &req, &e) != 0) {
        status = output_error(&req, -1, &e);
    } else if (req.version) {
        status = print_version(&req);
    } else {
        req.self = own_path();
        status = req.command->run(&req);
    }
    arena_release(&a);
    return status;
}
