/* kfmig env: environments, the embedded server, a psql session. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/signals.h"

static const char *where_of(struct invocation *s, const struct env *env)
{
    if (env->embedded) {
        int pid = 0;
        const char *dir = arena_printf(s->a, "%s/state/embedded", s->project.root);
        return embedded_running(dir, &pid) ? "embedded server, running"
                                           : "embedded server, stopped";
    }
    if (env->implicit) {
        return "DATABASE_URL or PG* variables";
    }
    if (env->dsn_ref == NULL) {
        return "no postgis store";
    }
    bool set = strchr(env->dsn_ref, '/') != NULL || getenv(env->dsn_ref) != NULL;
    return arena_printf(s->a, "%s (%s)", env->dsn_ref, set ? "set" : "not set");
}

static int list(struct invocation *s)
{
    struct buf out = {0};
    if (s->req->format == FORMAT_JSON) {
        struct doc *d = doc_new(s->a, DOC_MAP);
        struct doc *rows = doc_put(s->a, d, "environments", doc_new(s->a, DOC_LIST));
        for (size_t i = 0; i < s->project.n_env; i++) {
            const struct env *env = &s->project.env[i];
            struct doc *row = doc_push(s->a, rows, doc_new(s->a, DOC_MAP));
            doc_put(s->a, row, "name", doc_text(s->a, env->name));
            doc_put(s->a, row, "kind", doc_text(s->a, env_kind_text(env->kind)));
            doc_put(s->a, row, "protected", doc_bool(s->a, env->is_protected));
            doc_put(s->a, row, "approval", doc_text(s->a, approval_text(env->approval)));
            doc_put(s->a, row, "evidence", doc_text(s->a, evidence_text(env->evidence)));
            doc_put(s->a, row, "connection", doc_text(s->a, where_of(s, env)));
        }
        return output_json(s->req, d);
    }
    for (size_t i = 0; i < s->project.n_env; i++) {
        const struct env *env = &s->project.env[i];
        buf_printf(&out, "%-12s %-5s %-11s approval %-10s evidence %-8s %s%s\n", env->name,
                   env_kind_text(env->kind), env->is_protected ? "protected" : "",
                   approval_text(env->approval), evidence_text(env->evidence), where_of(s, env),
                   env->is_default ? "  (default)" : "");
    }
    int status = output_result(s->req, &out);
    buf_release(&out);
    return status;
}

static const struct env *embedded_env(struct invocation *s, const char *name, struct err *e)
{
    const struct env *env = NULL;
    if (invocation_env(s, name, &env, e) != 0) {
        return NULL;
    }
    if (!env->embedded) {
        err_set(e, ERR_CONFIG, "environment \"%s\" is no embedded server", env->name);
        err_hint(e, "kfmig starts and stops only its own server");
        return NULL;
    }
    return env;
}

static int start(struct invocation *s, const char *name, struct err *e)
{
    const struct env *env = embedded_env(s, name, e);
    if (env == NULL) {
        return -1;
    }
    invocation_site(s, env);
    if (site_connect(&s->site, e) != 0) {
        return -1;
    }
    tell_note(&s->progress.ear,
              "%s: the embedded server runs; it ends by itself when nobody has used it for a while",
              env->name);
    return 0;
}

static int stop(struct invocation *s, const char *name, struct err *e)
{
    const struct env *env = embedded_env(s, name, e);
    if (env == NULL) {
        return -1;
    }
    int rc = embedded_stop(arena_printf(s->a, "%s/state/embedded", s->project.root), e);
    if (rc >= 0) {
        tell_note(&s->progress.ear, "%s: the embedded server %s", env->name,
                  rc == 0 ? "was stopped" : "was not running");
    }
    return rc < 0 ? -1 : 0;
}

/* The connection string goes to psql through its environment, never through its arguments, which
 * everybody may read. */
static int psql(struct invocation *s, const char *name, const char *const *args, size_t n_args,
                int *status, struct err *e)
{
    const struct env *env = NULL;
    if (invocation_env(s, name, &env, e) != 0) {
        return -1;
    }
    invocation_site(s, env);
    if (site_connect(&s->site, e) != 0) {
        return -1;
    }
    const char **argv = ARENA_ARRAY(s->a, const char *, n_args + 2);
    argv[0] = "psql";
    for (size_t i = 0; i < n_args; i++) {
        argv[i + 1] = args[i];
    }
    if (pg_interactive(&s->site.dsn, argv, status, e) != 0) {
        return err_hint(e, "install psql (Debian package postgresql-client)");
    }
    return 0;
}

static int env_verb(struct invocation *s, const struct request *req, int *status, struct err *e)
{
    const char *what = req->n_args > 0 ? req->args[0] : "list";
    const char *name = req->n_args > 1 ? req->args[1] : NULL;
    if (invocation_open(s, req, strcmp(what, "stop") == 0, e) != 0) {
        return -1;
    }
    if (strcmp(what, "list") == 0) {
        *status = list(s);
        return 0;
    }
    if (strcmp(what, "start") == 0) {
        return start(s, name, e);
    }
    if (strcmp(what, "stop") == 0) {
        return stop(s, name, e);
    }
    if (strcmp(what, "psql") == 0) {
        bool named = name != NULL && load_env(&s->project, name) != NULL;
        size_t first = named ? 2 : 1;
        return psql(s, named ? name : NULL, req->args + first, req->n_args - first, status, e);
    }
    err_set(e, ERR_CONFIG, "env knows no \"%s\"", what);
    return err_hint(e, "kfmig env list, start, stop or psql");
}

static int run(const struct request *req)
{
    struct invocation s = {0};
    struct err e = {0};
    int status = 0;
    signals_catch();
    if (env_verb(&s, req, &status, &e) != 0) {
        status = output_error(req, s.project.dirfd, &e);
    }
    invocation_close(&s);
    return status;
}

static const char *const env_options[] = {NULL};
static const struct example env_examples[] = {
    {"kfmig env list", "what is declared, and where it connects"},
    {"kfmig env psql dev", "a psql session in the embedded server"},
    {"kfmig env stop dev", "end the embedded server at once"},
    {NULL, NULL},
};
const struct command command_env = {
    .name = "env",
    .synopsis = "list | start [ENV] | stop [ENV] | psql [ENV] [-- PSQL-ARGUMENT...]",
    .summary = "Environments; the embedded server; a psql session in one.",
    .description = "The embedded server is a private PostgreSQL under state/embedded, reachable "
                   "through a socket in a private\n"
                   "directory only. It starts when a command needs it and ends by itself after ten "
                   "idle minutes.",
    .options = env_options,
    .examples = env_examples,
    .run = run,
};
