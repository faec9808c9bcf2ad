/* Who answers: a connection to one environment's database. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "site/site.h"
#include "site/stores.h"

enum { SECRET_MAX = 64 * 1024 };

static bool stop_wanted(void *ctx)
{
    return ear_stops(ctx) != ERR_NONE;
}

static void on_notice(void *ctx, const struct pg_notice *n)
{
    tell(ctx, &(struct tell){.kind = TELL_SAID,
                             .what = n->words,
                             .severity = n->severity,
                             .sqlstate = n->sqlstate});
}

static int read_secret_file(const struct site *s, const char *path, struct secret *out,
                            bool *is_set, struct err *e)
{
    struct arena a = {0};
    struct bytes text;
    int dirfd = s->project->dirfd;
    if (path[0] == '/') {
        dirfd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        path += strspn(path, "/");
    }
    int rc = file_read(&a, dirfd, path, SECRET_MAX, &text, NULL, e);
    if (rc == 0) {
        char *line = arena_strndup(&a, text.p, strcspn(text.p, "\r\n"));
        secret_set(out, line);
        *is_set = line[0] != '\0';
        explicit_bzero(line, strlen(line));
        explicit_bzero((char *)(uintptr_t)text.p, text.n);
    }
    arena_release(&a);
    if (dirfd != s->project->dirfd) {
        (void)close(dirfd);
    }
    return rc;
}

int site_secret(const struct site *s, const char *ref, struct secret *out, bool *is_set,
                struct err *e)
{
    *is_set = false;
    if (strchr(ref, '/') != NULL) {
        return read_secret_file(s, ref, out, is_set, e) < 0 ? -1 : 0;
    }
    const char *value = getenv(ref);
    *is_set = value != NULL && value[0] != '\0';
    secret_set(out, value);
    return 0;
}

/* Where the connection string comes from. A declared ref that is not set, or empty, is an error: an empty
 * connection string would make libpq take the PG* variables, and there is no other database to fall back
 * to. */
static int resolve_dsn(struct site *s, struct err *e)
{
    const struct env *env = s->env;
    bool is_set = false;
    if (env->implicit) {
        const char *url = getenv("DATABASE_URL");
        secret_set(&s->dsn, url != NULL ? url : "");
        return 0;
    }
    if (site_secret(s, env->dsn_ref, &s->dsn, &is_set, e) != 0) {
        return -1;
    }
    if (!is_set) {
        secret_wipe(&s->dsn);
        err_at(e, ERR_CONFIG, "registry/environments.v1.yml", env->line, env->col,
               "environment \"%s\" takes its connection from %s, which is not set", env->name,
               env->dsn_ref);
        return err_hint(
            e, "set it to a connection string, e.g. export %s=postgresql://USER@HOST/DATABASE",
            env->dsn_ref);
    }
    return 0;
}

struct embedded_options site_embedded(const struct site *s)
{
    const char *given = getenv("KFMIG_EMBEDDED_IDLE_MS");
    return (struct embedded_options){
        .dir = arena_printf(s->a, "%s/state/embedded", s->project->root),
        .extensions = s->env->extensions.v,
        .n_extensions = s->env->extensions.n,
        .roles = s->env->roles.v,
        .n_roles = s->env->roles.n,
        .idle_ms = given != NULL ? strtoll(given, NULL, 10) : 0,
        .self = s->o.self,
    };
}

static int open_embedded(struct site *s, struct err *e)
{
    struct embedded_options o = site_embedded(s);
    return embedded_open(&s->lease, &o, &s->dsn, &s->ear, e);
}

static int refuse_pooler(const struct env *env, struct err *e)
{
    err_set(e, ERR_PREFLIGHT, "environment \"%s\" is reached through a connection pooler",
            env->name);
    return err_hint(e, "a lock may be taken on another backend than the work runs on; connect to "
                       "the server itself");
}

int site_refuse_wrong(const struct site *s, struct err *e)
{
    const struct env *env = s->env;
    const struct identity *id = &s->id;
    if (id->pooled) {
        return refuse_pooler(env, e);
    }
    if (id->in_recovery) {
        err_set(e, ERR_PREFLIGHT, "environment \"%s\" is a replica (in recovery)", env->name);
        return err_hint(e, "connect to the primary");
    }
    if (id->version < 130000) {
        err_set(e, ERR_PREFLIGHT, "environment \"%s\" runs PostgreSQL %d; 13 or newer is needed",
                env->name, id->version / 10000);
        return -1;
    }
    if (id->has_ledger && strcmp(id->environment, env->name) != 0) {
        err_set(e, ERR_PREFLIGHT, "this database is environment \"%s\", not \"%s\"",
                id->environment, env->name);
        return err_hint(e, "check what %s points to",
                        env->dsn_ref != NULL ? env->dsn_ref : "the connection");
    }
    return 0;
}

static bool entry_is_migration(enum entry_kind k)
{
    return k == ENTRY_APPLY || k == ENTRY_DEFINE || k == ENTRY_PRUNE || k == ENTRY_ROLLBACK;
}

static void forget_dropped(struct arena *a, struct past *past, const char *subject)
{
    struct names gone;
    drop_read(a, subject, &gone);
    for (size_t i = 0; i < gone.n; i++) {
        past_forget(past, gone.v[i]);
    }
}

void site_past_of(struct arena *a, const struct entries *l, struct past *out)
{
    *out = (struct past){.by_id = {.a = a}};
    for (size_t i = 0; i < l->n; i++) {
        const struct entry *en = &l->v[i];
        bool success = strcmp(en->result, "success") == 0;
        if (success && entry_kind_objects(en->kind) != OBJECTS_NONE && !digest_is_zero(&en->post)) {
            out->managed = en->post;
        }
        const char *old = NULL;
        const char *id = NULL;
        if (entry_kind_fact(en->kind) == FACT_RENAMED && success &&
            rename_read(a, en->subject, &old, &id) == 0) {
            past_rename(a, out, old, id);
        }
        enum entry_fact says = entry_kind_fact(en->kind);
        if (says != FACT_NONE && success) {
            out->position = en->sequence;
            out->leaf = en->leaf;
        }
        if (says == FACT_DROPPED && success) {
            forget_dropped(a, out, en->subject);
        }
        if (says != FACT_MADE && says != FACT_UNDONE) {
            continue;
        }
        struct fact f = {.sequence = en->sequence,
                         .subject = en->subject,
                         .is_migration = entry_is_migration(en->kind),
                         .is_definition = en->kind == ENTRY_DEFINE || en->kind == ENTRY_PRUNE,
                         .undoes = says == FACT_UNDONE,
                         .result = en->result,
                         .run_id = en->run_id,
                         .finished_at = en->finished_at,
                         .checksum = en->checksum,
                         .bundle_digest = en->bundle_digest,
                         .receipt = en->receipt,
                         .pre = en->pre,
                         .post = en->post,
                         .diff = en->diff,
                         .invariants = en->invariants};
        past_add(a, out, &f);
    }
}

/* Who audits is told of each entry that does not hold: he needs none of them to begin with. */
static int read_entries(struct site *s, struct err *e)
{
    struct err why = {0};
    if (ledger_entries(s->pg, &s->id, s->cache, s->a, &s->entries, &s->merkle, &why) == 0) {
        return 0;
    }
    if (!s->o.audits || why.code != ERR_INTEGRITY) {
        *e = why;
        return -1;
    }
    s->entries = (struct entries){0};
    s->merkle = (struct merkle){0};
    s->is_broken = true;
    return 0;
}

int site_refresh(struct site *s, struct err *e)
{
    struct identity now;
    s->merkle = (struct merkle){0};
    s->entries = (struct entries){0};
    if (ledger_identify(s->pg, &now, e) != 0) {
        return -1;
    }
    s->id = now;
    if (site_refuse_wrong(s, e) != 0) {
        return -1;
    }
    if (s->id.has_ledger && read_entries(s, e) != 0) {
        return -1;
    }
    site_past_of(s->a, &s->entries, &s->past);
    return 0;
}

int site_see_end(struct site *s, struct err *e)
{
    struct identity now;
    if (s->o.scripts_most == 0 || s->project->sink != NULL) {
        return site_refresh(s, e);
    }
    if (ledger_identify(s->pg, &now, e) != 0) {
        return -1;
    }
    s->id = now;
    if (site_refuse_wrong(s, e) != 0) {
        return -1;
    }
    return s->id.has_ledger ? ledger_entries_pass(s->pg, &s->id, s->cache, &s->merkle, e) : 0;
}

int site_resolve(struct site *s, struct err *e)
{
    if (secret_is_set(&s->dsn)) {
        return 0;
    }
    return s->env->embedded ? open_embedded(s, e) : resolve_dsn(s, e);
}

int site_open(const struct site *s, struct pg **out, struct err *e)
{
    char host[128] = "";
    struct pg_options o = {.dbname = s->o.dbname,
                           .words = s->o.words,
                           .connect_timeout_ms = s->o.connect_ms,
                           .on_notice = on_notice,
                           .notice_ctx = (void *)(uintptr_t)&s->ear,
                           .wait = {.on_wait = stop_wanted, .ctx = (void *)(uintptr_t)&s->ear}};
    (void)gethostname(host, sizeof host - 1);
    o.application_name = arena_printf(s->a, "kfmig %s@%s:%ld", s->o.verb, host, (long)getpid());
    return pg_open(out, &s->dsn, &o, e);
}

int site_connect(struct site *s, struct err *e)
{
    s->since = (struct since){.next_id = 0}; /* ids of another session are nobody's */
    if (site_resolve(s, e) != 0) {
        return -1;
    }
    if (site_open(s, &s->pg, e) == 0) {
        pg_heed(s->pg, &s->watch.wait);
        return 0;
    }
    /* A session of one's own has no prepared statements of somebody else. */
    return strcmp(e->sqlstate, "42P05") == 0 ? refuse_pooler(s->env, e) : -1;
}

static int explain_missing(const struct site *s, struct err *e)
{
    e->hint[0] = '\0';
    return err_hint(
        e,
        "check the connection string; if the database was lost, `kfmig rebuild %s --all "
        "--new-database` makes it again",
        s->env->name);
}

int site_reach(struct site *s, struct err *e)
{
    if (site_connect(s, e) != 0) {
        bool is_missing = s->o.cites == NULL && strcmp(e->sqlstate, "3D000") == 0;
        return is_missing ? explain_missing(s, e) : -1;
    }
    return 0;
}

int site_link(struct site *s, struct err *e)
{
    bool is_new = s->o.cites != NULL;
    if (site_reach(s, e) != 0) {
        return -1;
    }
    if (site_refresh(s, e) != 0 || site_await(s, e) != 0) {
        return -1;
    }
    return is_new || s->is_broken ? 0 : site_trust(s, e);
}

void site_leave(struct site *s)
{
    stores_close(s);
    pg_close(s->pg);
    watch_close(&s->watch);
    embedded_close(s->lease);
    secret_wipe(&s->dsn);
    s->pg = NULL;
    s->lease = NULL;
}
