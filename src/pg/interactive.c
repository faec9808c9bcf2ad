/* A program of the user's, such as psql, with a connection in its environment. */
#include <errno.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pg/session.h"

/* libpq's own variable for each of its options: arguments can be read by every user of the machine, the
 * environment by its owner only. */
static void put_environment(const PQconninfoOption *options)
{
    for (const PQconninfoOption *o = options; o->keyword != NULL; o++) {
        if (o->envvar != NULL && o->val != NULL && o->val[0] != '\0') {
            (void)setenv(o->envvar, o->val, 1);
        }
    }
}

int pg_interactive(const struct secret *conninfo, const char *const *argv, int *status,
                   struct err *e)
{
    char *words = NULL;
    const char *text = secret_is_set(conninfo) ? conninfo->opaque : "";
    PQconninfoOption *options = PQconninfoParse(text, &words);
    if (options == NULL) {
        (void)pg_fail_conninfo(words, e);
        PQfreemem(words);
        return -1;
    }
    PQfreemem(words);
    /* The terminal sends its signals to the whole group: they are the child's to handle. */
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction was;
    (void)sigaction(SIGINT, &ignore, &was);
    pid_t child = fork();
    if (child == 0) {
        (void)signal(SIGINT, SIG_DFL);
        put_environment(options);
        (void)execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    pg_forget_options(options);
    int rc = child < 0 ? err_errno(e, ERR_PREFLIGHT, "cannot start %s", argv[0]) : 0;
    int raw = 0;
    while (child > 0 && waitpid(child, &raw, 0) < 0 && errno == EINTR) {
    }
    (void)sigaction(SIGINT, &was, NULL);
    if (rc != 0) {
        return -1;
    }
    *status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
    return *status == 127 ? err_set(e, ERR_PREFLIGHT, "cannot run %s", argv[0]) : 0;
}
