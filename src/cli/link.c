/* A connection to one environment's database, and the certainty that it is the right one. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/archive.h"
#include "cli/session.h"
#include "evidence/receipts.h"
#include "evidence/sink.h"

enum { SECRET_MAX = 64 * 1024 };

static bool stop_wanted(void *ctx)
{
    return ear_stops(ctx) != ERR_NONE;
}

static int read_secret_file(struct session *s, const struct env *env, struct secret *out,
                            bool *is_set, struct err *e)
{
    struct arena a = {0};
    struct bytes text;
    const char *path = env->dsn_ref;
    int dirfd = s->project.dirfd;
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
    }
    arena_release(&a);
    if (dirfd != s->project.dirfd) {
        (void)close(dirfd);
    }
    return rc;
}

/* Where the connection string comes from. A declared ref that is not set, or empty, is an error: an empty connection string would
 * make libpq take the PG* variables, and there is no other database to fall back to. */
static int resolve_dsn(struct session *s, const struct env *env, struct secret *out, struct err *e)
{
    bool is_set = false;
    if (env->implicit) {
        const char *url = getenv("DATABASE_URL");
        secret_set(out, url != NULL ? url : "");
        return 0;
    }
    if (strchr(env->dsn_ref, '/') != NULL) {
        if (read_secret_file(s, env, out, &is_set, e) < 0) {
            return -1;
        }
    } else {
        const char *value = getenv(env->dsn_ref);
        is_set = value != NULL && value[0] != '\0';
        secret_set(out, value);
    }
    if (!is_set) {
        secret_wipe(out);
        err_at(e, ERR_CONFIG, "registry/environments.v1.yml", env->line, env->col,
               "environment \"%s\" takes its connection from %s, which is not set", env->name,
               env->dsn_ref);
        return err_hint(
            e, "set it to a connection string, e.g. export %s=postgresql://USER@HOST/DATABASE",
            env->dsn_ref);
    }
    return 0;
}

struct embedded_options link_embedded(struct session *s, const struct env *env)
{
    const char *given = getenv("KFMIG_EMBEDDED_IDLE_MS");
    return (struct embedded_options){
        .dir = arena_printf(s->a, "%s/state/embedded", s->project.root),
        .extensions = env->extensions.v,
        .n_extensions = env->extensions.n,
        .roles = env->roles.v,
        .n_roles = env->roles.n,
        .idle_ms = given != NULL ? strtoll(given, NULL, 10) : 0,
        .self = s->req->self,
    };
}

static int open_embedded(struct session *s, const struct env *env, struct link *l,
                         struct secret *out, struct err *e)
{
    struct embedded_options o = link_embedded(s, env);
    return embedded_open(&l->lease, &o, out, &s->ear, e);
}

static int refuse_pooler(const struct env *env, struct err *e)
{
    err_set(e, ERR_PREFLIGHT, "environment \"%s\" is reached through a transaction pooler",
            env->name);
    return err_hint(e, "a lock would be taken on another backend than the work runs on; connect to "
                       "the server itself");
}

static int refuse_wrong_server(const struct env *env, const struct identity *id, struct err *e)
{
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
    if (id->has_ledger && id->format > LEDGER_FORMAT) {
        err_set(e, ERR_PREFLIGHT, "the ledger of \"%s\" has format %lld, this kfmig knows %d",
                env->name, (long long)id->format, LEDGER_FORMAT);
        return err_hint(e, "use the kfmig that wrote it, or a newer one");
    }
    if (id->has_ledger && strcmp(id->environment, env->name) != 0) {
        err_set(e, ERR_PREFLIGHT, "this database is environment \"%s\", not \"%s\"",
                id->environment, env->name);
        return err_hint(e, "check what %s points to",
                        env->dsn_ref != NULL ? env->dsn_ref : "the connection");
    }
    return 0;
}

/* "uuid size time": beside the checkpoint, which a cache of 0.1.0 has alone. */
static const char *remembered_at(struct session *s, const struct env *env,
                                 const struct checkpoint *of)
{
    struct bytes seen;
    const char *prefix = arena_printf(s->a, "%s %lld ", of->instance, (long long)of->sequence);
    size_t n = strlen(prefix);
    if (!cache_get(s->cache, "checkpoint_at", bytes_str(env->name), s->a, &seen) || seen.n <= n ||
        memcmp(seen.p, prefix, n) != 0) {
        return "";
    }
    return arena_strndup(s->a, seen.p + n, seen.n - n);
}

/* What the last run saw of this environment: "uuid size root". */
bool link_remembered(struct session *s, const struct env *env, struct checkpoint *out,
                     const char **at)
{
    struct bytes seen;
    *out = (struct checkpoint){.sequence = 0};
    if (!cache_get(s->cache, "checkpoint", bytes_str(env->name), s->a, &seen)) {
        return false;
    }
    char *rest = arena_strndup(s->a, seen.p, seen.n);
    const char *uuid = strsep(&rest, " ");
    const char *number = strsep(&rest, " ");
    if (number == NULL || rest == NULL || strlen(uuid) >= sizeof out->instance ||
        digest_parse(rest, &out->root) != 0) {
        return false;
    }
    memcpy(out->instance, uuid, strlen(uuid) + 1);
    out->sequence = strtoll(number, NULL, 10);
    if (at != NULL) {
        *at = remembered_at(s, env, out);
    }
    return true;
}

int link_cited(struct session *s, const struct link *l, bool *is_recovery, struct checkpoint *out,
               struct err *e)
{
    struct bytes body = {NULL, 0};
    struct doc *receipt = NULL;
    const struct entry *first = l->entries.n > 0 ? &l->entries.v[0] : NULL;
    *is_recovery = false;
    *out = (struct checkpoint){.sequence = 0};
    if (first == NULL) {
        return 0;
    }
    struct ledger_source ledger = ledger_source_of(l->pg);
    if (receipts_body(&ledger, s->a, first->sequence, first->run_id, &first->receipt, &body, e) !=
            0 ||
        receipts_parse(s->a, body, first->sequence, &receipt, e) != 0) {
        return -1;
    }
    *is_recovery = checkpoint_of(receipt, out);
    return 0;
}

/* Another ledger is right if it was begun in place of the one that the last run saw, and cites all that was seen of it. */
static int check_other(struct session *s, const struct link *l, const struct checkpoint *seen,
                       struct err *e)
{
    bool is_recovery = false;
    struct checkpoint cited = {.sequence = 0};
    if (l->id.has_ledger && link_cited(s, l, &is_recovery, &cited, e) != 0) {
        return -1;
    }
    if (is_recovery && strcmp(cited.instance, seen->instance) == 0) {
        if (cited.sequence > seen->sequence ||
            (cited.sequence == seen->sequence &&
             (digest_is_zero(&cited.root) || digest_eq(&cited.root, &seen->root)))) {
            return 0;
        }
        err_set(e, ERR_PREFLIGHT,
                "the ledger of \"%s\" takes the place of one that it knew up to entry %lld; the "
                "last run here saw entry %lld of it%s",
                l->env->name, (long long)cited.sequence, (long long)seen->sequence,
                cited.sequence == seen->sequence ? ", with another root" : "");
        return err_hint(e, "something that was done there was not known to whoever recovered it: "
                           "compare, then delete state/kfmig.db");
    }
    err_set(e, ERR_PREFLIGHT, "environment \"%s\" carries %s than the last run saw", l->env->name,
            l->id.has_ledger ? "another ledger" : "no ledger, less");
    if (!l->id.has_ledger) {
        return err_hint(e,
                        "if the database was lost, `kfmig rebuild %s --all --new-database` makes "
                        "it again and cites the lost ledger",
                        l->env->name);
    }
    return err_hint(e, "if the database was replaced on purpose, delete state/kfmig.db and "
                       "look at the plan first");
}

/* The cache is a hint, but a ledger that went back or forked since is worth stopping for. */
static int check_checkpoint(struct session *s, struct link *l, struct err *e)
{
    struct checkpoint seen;
    if (!link_remembered(s, l->env, &seen, NULL)) {
        return 0;
    }
    if (!l->id.has_ledger || strcmp(seen.instance, l->id.uuid) != 0) {
        return check_other(s, l, &seen, e);
    }
    if (l->id.size < seen.sequence) {
        err_set(e, ERR_INTEGRITY, "the ledger of \"%s\" has %lld entries, the last run saw %lld",
                l->env->name, (long long)l->id.size, (long long)seen.sequence);
        return err_hint(
            e,
            "was the database restored from a backup? delete state/kfmig.db to accept it as it is");
    }
    struct merkle m = {0};
    for (int64_t i = 0; i < seen.sequence; i++) {
        struct digest leaf = merkle_leaf(l->entries.v[i].text);
        merkle_add(&m, &leaf);
    }
    struct digest then = seen.sequence == l->id.size ? l->id.root : merkle_root(&m);
    if (!digest_eq(&then, &seen.root)) {
        err_set(e, ERR_INTEGRITY,
                "the ledger of \"%s\" is not a continuation of the one that the last run saw",
                l->env->name);
        return err_hint(
            e, "history was rewritten; compare exported receipts with `kfmig receipt verify %s`",
            l->env->name);
    }
    return 0;
}

void link_remember(struct session *s, const struct link *l)
{
    char text[DIGEST_TEXT];
    struct bytes old;
    if (!l->id.has_ledger) {
        return;
    }
    char *now = arena_printf(s->a, "%s %lld %s", l->id.uuid, (long long)l->id.size,
                             digest_text(&l->id.root, text));
    struct bytes name = bytes_str(l->env->name);
    if (!cache_get(s->cache, "checkpoint", name, s->a, &old) || !bytes_eq(old, bytes_str(now))) {
        const char *at = l->entries.n > 0 ? l->entries.v[l->entries.n - 1].finished_at : "";
        cache_put(s->cache, "checkpoint", name, bytes_str(now));
        cache_put(
            s->cache, "checkpoint_at", name,
            bytes_str(arena_printf(s->a, "%s %lld %s", l->id.uuid, (long long)l->id.size, at)));
    }
}

static void add_facts(struct session *s, struct link *l)
{
    l->past = (struct past){.by_id = {.a = s->a}, .size = l->id.size, .root = l->id.root};
    for (size_t i = 0; i < l->entries.n; i++) {
        const struct entry *en = &l->entries.v[i];
        bool success = strcmp(en->result, "success") == 0;
        if (success && entry_kind_objects(en->kind) != OBJECTS_NONE && !digest_is_zero(&en->post)) {
            l->past.managed = en->post;
        }
        if (entry_kind_fact(en->kind) != FACT_MADE) {
            continue;
        }
        struct fact f = {.sequence = en->sequence,
                         .subject = en->subject,
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
        past_add(s->a, &l->past, &f);
    }
}

int link_refresh(struct session *s, struct link *l, struct err *e)
{
    l->merkle = (struct merkle){0};
    l->entries = (struct entries){0};
    if (ledger_identify(l->pg, &l->id, e) != 0 || refuse_wrong_server(l->env, &l->id, e) != 0) {
        return -1;
    }
    if (l->id.has_ledger &&
        ledger_entries(l->pg, &l->id, s->cache, s->a, &l->entries, &l->merkle, e) != 0) {
        return -1;
    }
    add_facts(s, l);
    return 0;
}

int link_resolve(struct session *s, struct link *l, struct err *e)
{
    if (secret_is_set(&l->dsn)) {
        return 0;
    }
    return l->env->embedded ? open_embedded(s, l->env, l, &l->dsn, e)
                            : resolve_dsn(s, l->env, &l->dsn, e);
}

int link_open(struct session *s, const struct link *l, struct pg **out, struct err *e)
{
    char host[128] = "";
    struct pg_options o = {.dbname = l->dbname, .wait = {.on_wait = stop_wanted, .ctx = &s->ear}};
    (void)gethostname(host, sizeof host - 1);
    o.application_name =
        arena_printf(s->a, "kfmig %s@%s:%ld", s->req->command->name, host, (long)getpid());
    return pg_open(out, &l->dsn, &o, e);
}

int link_connect(struct session *s, struct link *l, struct err *e)
{
    if (link_resolve(s, l, e) != 0) {
        return -1;
    }
    if (link_open(s, l, &l->pg, e) == 0) {
        return 0;
    }
    /* A session of one's own has no prepared statements of somebody else. */
    return strcmp(e->sqlstate, "42P05") == 0 ? refuse_pooler(l->env, e) : -1;
}

int session_link(struct session *s, const struct env *env, struct link *out, struct err *e)
{
    *out = (struct link){.env = env};
    if (link_connect(s, out, e) != 0) {
        if (strcmp(e->sqlstate, "3D000") != 0) {
            return -1;
        }
        e->hint[0] = '\0';
        return err_hint(e,
                        "check the connection string; if the database was lost, `kfmig rebuild %s "
                        "--all --new-database` makes it again",
                        env->name);
    }
    if (link_refresh(s, out, e) != 0) {
        return -1;
    }
    struct archive r = archive_of(s, out);
    return check_checkpoint(s, out, e) != 0 ? -1 : sink_check(&r, e);
}

int session_link_new(struct session *s, const struct env *env, struct link *out, struct err *e)
{
    *out = (struct link){.env = env, .dbname = s->dbname};
    return link_connect(s, out, e) == 0 && link_refresh(s, out, e) == 0 ? 0 : -1;
}

void link_close(struct link *l)
{
    pg_close(l->pg);
    embedded_close(l->lease);
    secret_wipe(&l->dsn);
    l->pg = NULL;
    l->lease = NULL;
}
