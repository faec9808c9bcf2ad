/* A program of the user's, such as psql, with a connection in its environment. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pg/clients.h"

int pg_interactive(const struct secret *conninfo, const char *const *argv, int *status,
                   struct err *e)
{
    struct pg_environment env;
    if (pg_environment_make(conninfo, NULL, &env, e) != 0) {
        return -1;
    }
    /* The terminal sends its signals to the whole group: they are the child's to handle. */
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction was;
    (void)sigaction(SIGINT, &ignore, &was);
    pid_t child = fork();
    if (child == 0) {
        (void)signal(SIGINT, SIG_DFL);
        (void)execvpe(argv[0], (char *const *)(uintptr_t)argv, env.v);
        _exit(127);
    }
    pg_environment_wipe(&env);
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
