/* Programs as children. */
#include "launch/launch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/stamps.h"
#include "pg/child.h"
#include "pg/clients.h"

static const char folder[] = "state/runners";

static const char **words_of(struct arena *a, const char *command)
{
    char *rest = arena_strdup(a, command);
    char *save = NULL;
    const char **v = ARENA_ARRAY(a, const char *, strlen(command) / 2 + 2);
    size_t n = 0;
    for (char *word = strtok_r(rest, " \t", &save); word != NULL;
         word = strtok_r(NULL, " \t", &save)) {
        v[n++] = word;
    }
    return v;
}

static bool is_of(const char *text, const char *name)
{
    size_t n = strlen(name);
    return strncmp(text, name, n) == 0 && text[n] == '=';
}

/* Ours, with the connection as libpq's variables, and what says whom it runs for. */
static const char **surroundings(const struct launch_place *at, struct arena *a,
                                 const struct launch *x, const struct pg_environment *base,
                                 bool is_asked)
{
    const char *own[][2] = {{"PGAPPNAME", x->app},
                            {"KFMIG_ENVIRONMENT", at->env},
                            {is_asked ? "KFMIG_PROBE" : "KFMIG_MIGRATION", x->name},
                            {"KFMIG_ROOT", at->root}};
    size_t n_own = sizeof own / sizeof *own;
    const char **v = ARENA_ARRAY(a, const char *, base->n + n_own + 1);
    size_t n = 0;
    for (size_t i = 0; i < base->n; i++) {
        bool is_ours = false;
        for (size_t k = 0; k < n_own; k++) {
            is_ours = is_ours || is_of(base->v[i], own[k][0]);
        }
        if (!is_ours) {
            v[n++] = base->v[i];
        }
    }
    for (size_t k = 0; k < n_own; k++) {
        v[n++] = arena_printf(a, "%s=%s", own[k][0], own[k][1]);
    }
    return v;
}

static int check_wanted(const struct launch *x, struct err *e)
{
    for (size_t i = 0; x->wants != NULL && i < x->wants->n; i++) {
        if (getenv(x->wants->v[i]) == NULL) {
            (void)err_set(e, ERR_PREFLIGHT, "the variable %s is not set, and the program wants it",
                          x->wants->v[i]);
            return err_hint(e, "set it where kfmig is started");
        }
    }
    return 0;
}

static const char *log_of(struct arena *a, const struct launch *x)
{
    return arena_printf(a, "%s/%s.log", folder, x->name);
}

/* What it said may quote rows and connection strings: it goes into no receipt. */
static void keep_words(const struct launch_place *at, const char *log, const struct buf *words)
{
    struct err ignored = {0};
    if (file_mkdirs(at->dirfd, folder, 0700, &ignored) == 0) {
        (void)!file_write(at->dirfd, log, buf_bytes(words), 0600, &ignored);
    }
}

static bool is_well(int status)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int judge_end(const char *program, const char *log, int status, struct err *e)
{
    if (is_well(status)) {
        return 0;
    }
    return err_set(e, ERR_APPLY,
                   WIFSIGNALED(status) ? "\"%s\" was ended by signal %d; what it said stands in %s"
                                       : "\"%s\" ended with status %d; what it said stands in %s",
                   program, WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), log);
}

static int judge_roots(const struct launch_place *at, struct arena *a, const char *program,
                       const struct stamps *before, struct err *e)
{
    struct stamps after;
    const char *first = "";
    const char *what = "";
    if (stamps_take(a, at->dirfd, at->roots->v, at->roots->n, &after, e) != 0) {
        return -1;
    }
    size_t n = stamps_differ(before, &after, &first, &what);
    if (n == 0) {
        return 0;
    }
    return err_set(
        e, ERR_APPLY,
        "while \"%s\" ran, \"%s\" was %s%s: it stands in a data root, which no migration "
        "changes",
        program, first, what, n > 1 ? arena_printf(a, " (and %zu more)", n - 1) : "");
}

/* c: what it is given besides its words and surroundings. */
static int run(const struct launch_place *at, struct arena *a, const struct launch *x,
               struct child c, struct buf *words, int *status, struct err *e)
{
    struct pg_environment env;
    if (pg_environment_make(at->conninfo, NULL, &env, e) != 0) {
        return -1;
    }
    c.argv = words_of(a, x->command);
    c.env = surroundings(at, a, x, &env, c.has_begun == NULL);
    c.out = -1;
    c.dir = arena_printf(a, "%s/%s", at->root, x->dir);
    c.ear = x->ear;
    c.grace_ms = LAUNCH_GRACE_MS;
    int rc = child_run(&c, words, x->limit_ms, status, e);
    pg_environment_wipe(&env);
    return rc;
}

int launch_run(const struct launch_place *at, struct arena *a, const struct launch *x,
               bool *has_begun, struct err *e)
{
    struct stamps before;
    struct buf words = {0};
    int status = 0;
    const char *log = log_of(a, x);
    const char *program = words_of(a, x->command)[0];
    *has_begun = false;
    if (check_wanted(x, e) != 0 ||
        stamps_take(a, at->dirfd, at->roots->v, at->roots->n, &before, e) != 0) {
        return -1;
    }
    const struct child c = {.joins = true, .has_begun = has_begun, .words_most = LAUNCH_WORDS_MOST};
    int rc = run(at, a, x, c, &words, &status, e);
    if (rc != 0 && *has_begun && e->code == ERR_PREFLIGHT) {
        (void)err_wrap(e, ERR_APPLY, "%s, which runner.time_limit says; what it said stands in %s",
                       e->msg, log);
    }
    rc = rc == 0 ? judge_end(program, log, status, e) : rc;
    if (*has_begun && rc != 0) {
        keep_words(at, log, &words);
    } else if (rc == 0) {
        (void)unlinkat(at->dirfd, log, 0);
        rc = judge_roots(at, a, program, &before, e);
    }
    buf_release(&words);
    return rc;
}

int launch_ask(const struct launch_place *at, struct arena *a, const struct launch *x,
               struct buf *said, struct err *e)
{
    int status = 0;
    const struct child c = {.words_most = LAUNCH_SAID_MOST};
    if (check_wanted(x, e) != 0 || run(at, a, x, c, said, &status, e) != 0) {
        return -1;
    }
    return is_well(status)       ? 0
           : WIFSIGNALED(status) ? err_set(e, ERR_PREFLIGHT, "\"%s\" was ended by signal %d",
                                           words_of(a, x->command)[0], WTERMSIG(status))
                                 : err_set(e, ERR_PREFLIGHT, "\"%s\" ended with status %d",
                                           words_of(a, x->command)[0], WEXITSTATUS(status));
}
