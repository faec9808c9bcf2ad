/* Programs of an environment that are asked how it is. */
#include "flow/probe.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pg/child.h"

static bool is_ours(const char *variable)
{
    return strncmp(variable, "KFMIG_ENVIRONMENT=", 18) == 0 ||
           strncmp(variable, "KFMIG_DSN_REF=", 14) == 0;
}

static const char *const *environment_of(const struct site *s)
{
    size_t n = 0;
    size_t k = 0;
    while (environ[n] != NULL) {
        n++;
    }
    const char **v = ARENA_ARRAY(s->a, const char *, n + 3);
    for (size_t i = 0; i < n; i++) {
        if (!is_ours(environ[i])) {
            v[k++] = environ[i];
        }
    }
    v[k++] = arena_printf(s->a, "KFMIG_ENVIRONMENT=%s", s->env->name);
    v[k++] = arena_printf(s->a, "KFMIG_DSN_REF=%s", s->env->dsn_ref != NULL ? s->env->dsn_ref : "");
    return v;
}

int probe_run(struct site *s, const char *command, const struct probe_limits *limits,
              struct buf *words, int64_t *ms, const char **why, struct err *e)
{
    const char *path = arena_printf(s->a, "./%s", command); /* never one of PATH */
    const char *argv[] = {path, NULL};
    const struct child c = {.argv = argv,
                            .env = environment_of(s),
                            .out = -1,
                            .dir = s->project->root,
                            .ear = &s->ear,
                            .grace_ms = limits->grace_ms};
    struct err own = {0};
    int status = 0;
    int64_t start = clock_ms();
    int rc = child_run(&c, words, limits->limit_ms, &status, &own);
    *ms = clock_ms() - start;
    *why = NULL;
    if (rc != 0 && own.code == ERR_INTERRUPTED) {
        *e = own;
        return -1;
    }
    if (rc != 0) {
        *why = arena_strdup(s->a, own.msg);
    } else if (WIFSIGNALED(status)) {
        *why = arena_printf(s->a, "it was ended by signal %d", WTERMSIG(status));
    } else if (WEXITSTATUS(status) != 0) {
        *why = arena_printf(s->a, "it ended with status %d", WEXITSTATUS(status));
    }
    return 0;
}

static int run(struct site *s, const char *command, struct buf *words, int64_t *ms,
               const char **why, struct err *e)
{
    const struct probe_limits limits = {
        .limit_ms = operations_of(s->env)->threshold[THRESHOLD_COMMAND_TIME]};
    return probe_run(s, command, &limits, words, ms, why, e);
}

/* The one number that is all of text but blanks. */
static bool read_figure(const char *text, double *out)
{
    char *end = NULL;
    errno = 0;
    *out = strtod(text, &end);
    return errno == 0 && end != text && isfinite(*out) && end[strspn(end, " \t\r\n")] == '\0';
}

static struct finding *fail(struct site *s, struct inspection *x, enum inspect i, bool is_unknown,
                            const char *command, const char *text)
{
    struct finding *f = inspect_fail(s->a, x, s->env, i, is_unknown, text);
    f->subject = command;
    return f;
}

static void judge(struct site *s, struct inspection *x, struct inspect_figure *out, double figure)
{
    const struct probe *p = out->probe;
    out->figure = arena_printf(s->a, "%.9g", figure);
    if (p->has_most && figure > p->at_most) {
        (void)fail(s, x, INSPECT_PROBES, false, p->command,
                   arena_printf(s->a, "it says %s, at most %.9g is good", out->figure, p->at_most));
    }
    if (p->has_least && figure < p->at_least) {
        (void)fail(
            s, x, INSPECT_PROBES, false, p->command,
            arena_printf(s->a, "it says %s, at least %.9g is good", out->figure, p->at_least));
    }
}

static int ask(struct site *s, struct inspection *x, struct inspect_figure *out, struct err *e)
{
    struct buf words = {0};
    const char *why = NULL;
    double figure = 0;
    int rc = run(s, out->probe->command, &words, &out->ms, &why, e);
    if (rc == 0 && why != NULL) {
        (void)fail(s, x, INSPECT_PROBES, true, out->probe->command, why);
    } else if (rc == 0 && !read_figure(buf_str(&words), &figure)) {
        (void)fail(s, x, INSPECT_PROBES, true, out->probe->command,
                   "what it prints is no number, and nothing but a number is asked for");
    } else if (rc == 0) {
        judge(s, x, out, figure);
    }
    buf_release(&words);
    return rc;
}

int probe_figures(struct site *s, struct inspection *x, struct err *e)
{
    const struct operations *o = operations_of(s->env);
    x->was_asked[INSPECT_PROBES] = o->n_probes > 0;
    x->figures = ARENA_ARRAY(s->a, struct inspect_figure, o->n_probes + 1);
    for (size_t i = 0; i < o->n_probes; i++) {
        struct inspect_figure *out = &x->figures[x->n_figures++];
        *out = (struct inspect_figure){.probe = &o->probes[i]};
        if (ask(s, x, out, e) != 0) {
            return -1;
        }
    }
    return 0;
}

int probe_smoke(struct site *s, struct inspection *x, struct err *e)
{
    const struct names *l = &operations_of(s->env)->smoke;
    x->was_asked[INSPECT_SMOKE] = l->n > 0;
    for (size_t i = 0; i < l->n; i++) {
        const char *why = NULL;
        int64_t ms = 0;
        if (run(s, l->v[i], NULL, &ms, &why, e) != 0) {
            return -1;
        }
        if (why != NULL) {
            (void)fail(s, x, INSPECT_SMOKE, false, l->v[i], why);
        }
    }
    return 0;
}
