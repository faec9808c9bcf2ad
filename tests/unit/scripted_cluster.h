/* A whole server for tests of src/flow: databases that are made and dropped, each with a ledger
 * (scripted_site.h), generations (scripted_held.h), receipts and the sum of objects. What a transaction did is
 * there once it is committed; the catalogs hold the schemas that stand there. */
#ifndef KFMIG_TESTS_UNIT_SCRIPTED_CLUSTER_H
#define KFMIG_TESTS_UNIT_SCRIPTED_CLUSTER_H

#include "scripted_projection.h"
#include "scripted_site.h"

enum { BASES = 6, OBJECTS = 48, BLOBS = 48, CLUSTER_SESSIONS = 1024 };

/* fingerprint "": the object is gone. */
struct stored_object {
    const char *object, *fingerprint, *definition;
    int sequence;
};

/* What a ledger holds beside its entries' texts. */
struct stored {
    struct stored_object object[OBJECTS];
    struct {
        const char *digest, *bytes; /* "\\x..." */
    } blob[BLOBS];
    const char *run_id[KEPT_ENTRIES], *receipt[KEPT_ENTRIES];
    int n_objects, n_blobs, n_receipts;
};

struct base {
    char name[HELD_TEXT];
    bool is_there;
    struct keeper keeper;
    struct server server;
    struct stored is, open;
    /* What is on disk of it, and whether the open transaction does not wait for that. */
    struct kept flushed_entries;
    struct held flushed_held;
    struct stored flushed;
    bool waits_not;
};

/* kept: a COMMIT, or CREATE or DROP DATABASE, whose answer is lost took effect. by_hand: a schema that somebody
 * made in database by_hand_at (0: the first); NULL. stop_at: a Ctrl-C comes with the answer to that question; 0: none.
 * has_other_rows: every database but the first. dies: nobody listens any more once a session was cut. crashes:
 * where a session is cut, the server loses what was committed and is not on disk. n_lost: transactions that went so.
 * Texts live in a. */
struct cluster {
    struct base base[BASES];
    int at[CLUSTER_SESSIONS]; /* the database of a session, from 1 */
    bool is_holder[CLUSTER_SESSIONS];
    bool kept, is_stopped, has_other_rows, dies, is_dead, crashes;
    int n_heard, stop_at, by_hand_at, n_lost;
    const char *by_hand;
    struct arena a;
    char told[65536];
};

static inline struct base *cluster_find(struct cluster *v, const char *name)
{
    for (int i = 0; i < BASES; i++) {
        if (v->base[i].is_there && strcmp(v->base[i].name, name) == 0) {
            return &v->base[i];
        }
    }
    return NULL;
}

static inline struct base *cluster_add(struct cluster *v, const char *name)
{
    for (int i = 0; i < BASES; i++) {
        struct base *b = &v->base[i];
        if (!b->is_there) {
            memset(b, 0, sizeof *b);
            b->is_there = true;
            b->server.wanted = ROWS;
            (void)snprintf(b->name, sizeof b->name, "%s", name);
            keeper_begin(&b->keeper, "dev");
            return b;
        }
    }
    printf("Bail out! too many databases\n");
    exit(1);
}

static inline int cluster_drills(const struct cluster *v)
{
    int n = 0;
    for (int i = 0; i < BASES; i++) {
        n += v->base[i].is_there && asks(v->base[i].name, "kfmig_drill_") ? 1 : 0;
    }
    return n;
}

static inline int cluster_holders(const struct cluster *v)
{
    int n = 0;
    for (int i = 0; i < CLUSTER_SESSIONS; i++) {
        n += v->is_holder[i] ? 1 : 0;
    }
    return n;
}

/* WAL is flushed in order, of all databases. */
static inline void cluster_flush(struct cluster *v)
{
    for (int i = 0; i < BASES; i++) {
        struct base *b = &v->base[i];
        b->flushed_entries = b->keeper.is;
        b->flushed_held = b->server.is;
        b->flushed = b->is;
    }
}

static inline void cluster_crash(struct cluster *v)
{
    for (int i = 0; i < BASES; i++) {
        struct base *b = &v->base[i];
        v->n_lost += b->keeper.is.n - b->flushed_entries.n;
        b->keeper.is = b->flushed_entries;
        b->server.is = b->flushed_held;
        b->is = b->flushed;
    }
}

/* What was committed, and nothing of a session; from's texts stay in its arena. */
static inline void cluster_copy(struct cluster *v, const struct cluster *from)
{
    for (int i = 0; i < BASES; i++) {
        struct base *b = &v->base[i];
        const struct base *f = &from->base[i];
        arena_release(&b->server.a);
        memset(b, 0, sizeof *b);
        b->is_there = f->is_there;
        b->is = f->is;
        memcpy(b->name, f->name, sizeof b->name);
        keeper_begin(&b->keeper, "dev");
        b->keeper.is = f->keeper.is;
        b->server.is = f->server.is;
        b->server.wanted = f->server.wanted;
        b->server.n_indexes = f->server.n_indexes;
        memcpy(b->server.index, f->server.index, sizeof b->server.index);
    }
    arena_release(&v->a);
    v->by_hand = from->by_hand;
    cluster_flush(v);
}

/* No session is open any more. */
static inline void cluster_rest(struct cluster *v)
{
    memset(v->at, 0, sizeof v->at);
    memset(v->is_holder, 0, sizeof v->is_holder);
    v->n_heard = 0;
    v->is_stopped = v->is_dead = false;
    for (int i = 0; i < BASES; i++) {
        struct server *s = &v->base[i].server;
        s->in_transaction = false;
        s->kept = v->kept;
        memset(s->has_begun, 0, sizeof s->has_begun);
        memset(s->has_failed, 0, sizeof s->has_failed);
    }
}

static inline void cluster_release(struct cluster *v)
{
    for (int i = 0; i < BASES; i++) {
        arena_release(&v->base[i].server.a);
    }
    arena_release(&v->a);
}

/* --- what was done ---------------------------------------------------------------------------------- */

/* The next element of "{"a","b"}", without its quotes and backslashes; *p behind it. NULL: none. */
static inline const char *next_element(struct arena *a, const char **p)
{
    const char *from = strchr(*p, '"');
    if (from == NULL) {
        return NULL;
    }
    char *out = arena_alloc(a, strlen(from) + 1);
    char *end = out;
    for (from++; *from != '"'; from++) {
        from += *from == '\\' ? 1 : 0;
        *end++ = *from;
    }
    *end = '\0';
    *p = from + 1;
    return out;
}

static inline void store_object(struct stored *x, int sequence, const char *object,
                                const char *fingerprint, const char *definition)
{
    if (x->n_objects == OBJECTS) {
        printf("Bail out! too many objects\n");
        exit(1);
    }
    x->object[x->n_objects].object = object;
    x->object[x->n_objects].definition = definition;
    x->object[x->n_objects].fingerprint =
        fingerprint + (strncmp(fingerprint, "\\x", 2) == 0 ? 2 : 0);
    x->object[x->n_objects++].sequence = sequence;
}

static inline void store_objects(struct cluster *v, struct stored *x, const char *const *params)
{
    const char *objects = params[1];
    const char *fingerprints = params[2];
    const char *definitions = params[3];
    for (const char *o; (o = next_element(&v->a, &objects)) != NULL;) {
        const char *fingerprint = next_element(&v->a, &fingerprints);
        store_object(x, (int)strtol(params[0], NULL, 10), o, fingerprint,
                     next_element(&v->a, &definitions));
    }
}

static inline void store_blobs(struct cluster *v, struct stored *x, const char *const *params)
{
    const char *digests = params[0];
    const char *bytes = params[1];
    for (const char *d; (d = next_element(&v->a, &digests)) != NULL && x->n_blobs < BLOBS;) {
        x->blob[x->n_blobs].digest = d;
        x->blob[x->n_blobs++].bytes = next_element(&v->a, &bytes);
    }
}

static inline void base_does(struct cluster *v, struct base *b, const char *text,
                             const char *const *params)
{
    struct stored *x = &b->open;
    if (strcmp(text, "@ledger_record_objects") == 0) {
        store_objects(v, x, params);
    } else if (strcmp(text, "@ledger_record_blobs") == 0) {
        store_blobs(v, x, params);
    } else if (strcmp(text, "@ledger_record_receipt") == 0) {
        x->run_id[x->n_receipts] = arena_strdup(&v->a, params[1]);
        x->receipt[x->n_receipts++] = arena_strdup(&v->a, params[3]);
    } else if (strcmp(text, "@ledger_create_row_instance") == 0 ||
               strcmp(text, "@ledger_record_entry") == 0) {
        keeper_does(&b->keeper, text, params);
    }
}

/* --- what is told ----------------------------------------------------------------------------------- */

static inline void tell_more(struct cluster *v, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline void tell_more(struct cluster *v, const char *format, ...)
{
    size_t n = strlen(v->told);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(v->told + n, sizeof v->told - n, format, args);
    va_end(args);
}

static inline void tell_receipts(struct cluster *v, const struct stored *x,
                                 const char *const *params, bool of_run)
{
    const char *run_id = of_run ? params[1] : NULL;
    for (int i = (int)strtol(params[0], NULL, 10); i < x->n_receipts; i++) {
        if (run_id == NULL || strcmp(run_id, x->run_id[i]) == 0) {
            tell_more(v, "%s %d | %s | %s", v->told[4] != '\0' ? " ;" : "", i + 1, x->run_id[i],
                      x->receipt[i]);
        }
    }
}

static inline int last_first(const void *a, const void *b)
{
    const struct stored_object *x = a;
    const struct stored_object *y = b;
    int order = strcmp(y->object, x->object);
    return order != 0 ? order : y->sequence - x->sequence;
}

/* As they were behind entry upto; 0: now. */
static inline void tell_objects(struct cluster *v, struct stored *x, int upto)
{
    const char *last = "";
    qsort(x->object, (size_t)x->n_objects, sizeof *x->object, last_first);
    for (int i = 0; i < x->n_objects; i++) {
        const struct stored_object *o = &x->object[i];
        if ((upto != 0 && o->sequence > upto) || strcmp(o->object, last) == 0) {
            continue;
        }
        last = o->object;
        if (o->fingerprint[0] != '\0') {
            tell_more(v, "%s %s | %d | %s | %s", v->told[4] != '\0' ? " ;" : "", o->object,
                      o->sequence, o->fingerprint, o->definition);
        }
    }
}

/* What entries behind after and up to upto changed. */
static inline void tell_changes(struct cluster *v, struct stored *x, int after, int upto)
{
    for (int at = after + 1; at <= upto; at++) {
        for (int i = 0; i < x->n_objects; i++) {
            const struct stored_object *o = &x->object[i];
            if (o->sequence == at) {
                tell_more(v, "%s %s | %d | %s", v->told[4] != '\0' ? " ;" : "", o->object,
                          o->sequence, o->fingerprint[0] != '\0' ? o->fingerprint : "NULL");
            }
        }
    }
}

static inline void tell_blob(struct cluster *v, const struct stored *x, const char *digest)
{
    for (int i = 0; i < x->n_blobs; i++) {
        if (strcmp(x->blob[i].digest, digest) == 0) {
            tell_more(v, " %s", x->blob[i].bytes + 2);
            return;
        }
    }
}

static inline void tell_catalog(struct cluster *v, const struct base *b, const struct held *h)
{
    for (int i = 0; i < h->n_schemas; i++) {
        tell_more(v, "%s 2615 | %d | schema |  | %s | owner | kfmig", i > 0 ? " ;" : "", 9001 + i,
                  h->schema[i].name);
    }
    if (v->by_hand != NULL && b == &v->base[v->by_hand_at]) {
        tell_more(v, "%s 2615 | 9000 | schema |  | %s | owner | kfmig",
                  h->n_schemas > 0 ? " ;" : "", v->by_hand);
    }
}

/* What tells one picture of the catalogs from another. */
static inline void tell_witness(struct cluster *v, const struct base *b, const struct held *h)
{
    char hex[DIGEST_TEXT];
    tell_catalog(v, b, h);
    struct digest d = digest_of(bytes_str(v->told));
    (void)snprintf(v->told, sizeof v->told, "rows %s | 0/16B3 | 700", digest_text(&d, hex));
}

static inline void tell_drills(struct cluster *v)
{
    for (int i = 0; i < BASES; i++) {
        if (v->base[i].is_there && asks(v->base[i].name, "kfmig_drill_")) {
            tell_more(v, "%s %s", v->told[4] != '\0' ? " ;" : "", v->base[i].name);
        }
    }
}

/* An answer "ask" that is not left to scripted_held.h; NULL: it is. */
static inline const char *base_tells(struct cluster *v, struct base *b, int session,
                                     const char *text, const char *const *params)
{
    bool is_open = b->server.in_transaction && b->server.session == session;
    const struct kept *k = is_open ? &b->keeper.open : &b->keeper.is;
    (void)snprintf(v->told, sizeof v->told, "rows");
    if (strcmp(text, "@ledger_identify_full") == 0 && k->uuid[0] == '\0') {
        return "error 42P01";
    }
    if (asks(text, "@ledger_identify")) {
        b->keeper.has_generations |= b->server.is.n_rows > 0;
        keeper_says_who(&b->keeper, session, text);
        return b->keeper.told;
    }
    if (strcmp(text, "@ledger_durable_barrier") == 0) {
        keeper_says_head(&b->keeper);
        return b->keeper.told;
    }
    if (strcmp(text, "@ledger_read_entries") == 0) {
        keeper_says_entries(&b->keeper, params[0], params[1]);
        return b->keeper.told;
    }
    if (strcmp(text, "@ledger_create_found") == 0) {
        return k->uuid[0] != '\0' ? "rows t | t | t" : "rows f | f | t";
    }
    if (strcmp(text, "@ledger_read_objects") == 0) {
        tell_objects(v, is_open ? &b->open : &b->is, (int)strtol(params[0], NULL, 10));
    } else if (strcmp(text, "@ledger_read_changes") == 0) {
        tell_changes(v, is_open ? &b->open : &b->is, (int)strtol(params[0], NULL, 10),
                     (int)strtol(params[1], NULL, 10));
    } else if (asks(text, "@ledger_read_receipts")) {
        tell_receipts(v, &b->is, params, strcmp(text, "@ledger_read_receipts") == 0);
    } else if (strcmp(text, "@ledger_read_blob") == 0) {
        tell_blob(v, &b->is, params[0]);
    } else if (strcmp(text, "@postgis_catalog_schemas") == 0) {
        tell_catalog(v, b, is_open ? &b->server.open : &b->server.is);
    } else if (strcmp(text, "@postgis_witness") == 0) {
        tell_witness(v, b, is_open ? &b->server.open : &b->server.is);
    } else if (strcmp(text, "@ledger_read_witness") == 0) {
        tell_more(v, " %d", (is_open ? &b->open : &b->is)->n_objects);
    } else if (strcmp(text, "@site_drill_leftovers") == 0) {
        tell_drills(v);
    } else {
        return NULL;
    }
    return v->told;
}

/* --- the server ------------------------------------------------------------------------------------- */

static inline bool is_cut(const char *answer)
{
    return asks(answer, "cut") || asks(answer, "fatal") || asks(answer, "deaf");
}

static inline const char *cluster_connects(struct cluster *v, int session, const char *name,
                                           const char *answer)
{
    struct base *b = cluster_find(v, name);
    if (v->is_dead) {
        return "words Connection refused";
    }
    if (!asks(answer, "ok")) {
        return answer;
    }
    if (b == NULL) {
        return "fatal 3D000";
    }
    v->at[session] = (int)(b - v->base) + 1;
    return answer;
}

static inline const char *cluster_makes(struct cluster *v, const char *text, const char *answer)
{
    char name[HELD_TEXT];
    bool creates = asks(text, "CREATE DATABASE ");
    quoted(text,
           creates                                  ? "CREATE DATABASE "
           : asks(text, "DROP DATABASE IF EXISTS ") ? "IF EXISTS "
                                                    : "DROP DATABASE ",
           name);
    struct base *b = cluster_find(v, name);
    if (creates && b != NULL && asks(answer, "CREATE")) {
        return "error 42P04";
    }
    if ((answer[0] >= 'A' && answer[0] <= 'Z') || (is_cut(answer) && v->kept)) {
        if (creates) {
            (void)cluster_add(v, name);
        } else if (b != NULL) {
            arena_release(&b->server.a);
            b->server.a = (struct arena){0};
            b->is_there = false;
        }
    }
    return answer;
}

static inline void note_lock(struct cluster *v, int session, const char *text, const char *answer)
{
    if (is_cut(answer) || strcmp(text, "close") == 0 || strcmp(text, "@ledger_lock_release") == 0) {
        v->is_holder[session] = false;
    } else if (strcmp(text, "@ledger_lock_try") == 0 && strcmp(answer, "rows t") == 0) {
        v->is_holder[session] = true;
    }
}

/* pq_serve. */
static inline const char *cluster_hears(void *ctx, int session, const char *text, int n_params,
                                        const char *const *params, const char *answer)
{
    struct cluster *v = ctx;
    v->n_heard += strcmp(text, "close") == 0 ? 0 : 1;
    v->is_stopped = v->is_stopped || v->n_heard == v->stop_at;
    v->is_dead = v->is_dead || (v->dies && is_cut(answer));
    if (strcmp(text, "connect") == 0) {
        return cluster_connects(v, session, params[0], answer);
    }
    note_lock(v, session, text, answer);
    struct base *b = v->at[session] > 0 ? &v->base[v->at[session] - 1] : NULL;
    if (b == NULL) {
        return answer;
    }
    if (asks(text, "CREATE DATABASE ") || asks(text, "DROP DATABASE ")) {
        return cluster_makes(v, text, answer);
    }
    const char *told = strcmp(answer, "ask") == 0 ? base_tells(v, b, session, text, params) : NULL;
    if (v->has_other_rows && b != &v->base[0] && asks(text, "SELECT count(*), sum(get_byte")) {
        answer = "rows 1 | " OTHER_FINGERPRINT;
    }
    int n_begun = b->server.n_begun;
    int n_committed = b->server.n_committed;
    if (strcmp(text, "@ledger_record_head") == 0 &&
        strtol(params[0], NULL, 10) != b->keeper.open.n) {
        answer = answer[0] == 'U' ? "UPDATE 0" : answer;
    }
    if (strcmp(text, "@ledger_record_end") == 0 && params[6] != NULL) {
        b->waits_not = strcmp(params[6], "off") == 0;
    }
    const char *said =
        server_hears(&b->server, session, text, n_params, params, told != NULL ? told : answer);
    if (b->server.n_begun != n_begun) {
        b->keeper.open = b->keeper.is;
        b->open = b->is;
        b->waits_not = false;
    }
    if (b->server.n_committed != n_committed) {
        b->keeper.is = b->keeper.open;
        b->is = b->open;
    }
    if ((b->server.n_committed != n_committed && !b->waits_not) ||
        (strcmp(text, "@ledger_durable_barrier") == 0 && told != NULL) ||
        strcmp(text, "@ledger_lock_lease") == 0) {
        cluster_flush(v);
    }
    if (v->crashes && is_cut(answer)) {
        cluster_crash(v);
    }
    if (said[0] >= 'A' && said[0] <= 'Z') {
        base_does(v, b, text, params);
    }
    return said;
}

/* What is asked in between, answered well; scripted_run.h has the rest. */
#define CLUSTER                                                                                    \
    "~ @ledger_identify_* -> ask\n"                                                                \
    "~ @ledger_durable_flushed -> rows t\n"                                                        \
    "~ @ledger_durable_level -> RESET\n"                                                           \
    "~ @ledger_durable_barrier -> ask\n"                                                           \
    "~ @ledger_read_entries -> ask\n"                                                              \
    "~ @ledger_read_objects -> ask\n"                                                              \
    "~ @ledger_read_changes -> ask\n"                                                              \
    "~ @ledger_read_blob -> ask\n"                                                                 \
    "~ @ledger_read_receipts* -> ask\n"                                                            \
    "~ @ledger_create_probe -> rows t | kfm | kfm | kfm | " MOMENT "\n"                            \
    "~ @ledger_create_found -> ask\n"                                                              \
    "~ @ledger_create_* -> CREATE\n"                                                               \
    "~ @ledger_generation_create* -> CREATE\n"                                                     \
    "~ @ledger_generation_private -> CREATE\n"                                                     \
    "~ @ledger_lock_evict -> rows\n"                                                               \
    "~ @postgis_look_begin -> BEGIN\n"                                                             \
    "~ BEGIN ISOLATION LEVEL * -> BEGIN\n"                                                         \
    "~ @site_drill_hold -> rows t\n"                                                               \
    "~ @site_drill_leftovers -> ask\n"                                                             \
    "~ @site_blockers -> rows\n"                                                                   \
    "~ CREATE DATABASE * -> CREATE DATABASE\n"                                                     \
    "~ COMMENT ON DATABASE * -> COMMENT\n"                                                         \
    "~ DROP DATABASE * -> DROP DATABASE\n"                                                         \
    "~ @ledger_read_witness -> ask\n"                                                              \
    "~ @postgis_witness -> ask\n"                                                                  \
    "~ @postgis_catalog_schemas -> ask\n"                                                          \
    "~ @postgis_load_columns -> rows name | text | text | -1 | f | f | f | NULL | NULL | NULL | "  \
    "-1 | f ; version | text | text | -1 | f | f | f | NULL | NULL | NULL | -1 | f ; geom | "      \
    "public.geometry(Point,4326) | geometry | 1 | f | f | f | geometry | "                         \
    "public.geometry(Point,4326) | NULL | -1 | f\n"                                                \
    "~ SELECT count(*), sum(get_byte* -> rows 1 | " FINGERPRINT "\n"                               \
    "~ SELECT count(*), count(*) - count(g)* -> rows 1 | 0 | 0 | 0 | 0 | -98.5 | 38.25 | -98.5 | " \
    "38.25\n"                                                                                      \
    "~ SELECT count(*) FROM (SELECT 1 FROM* -> rows 0\n"                                           \
    "~ SELECT count(*) FROM * -> rows 1\n"                                                         \
    "~ SELECT 1 FROM wells.pts WHERE * -> rows\n"                                                  \
    "~ CREATE TABLE wells.pts* -> CREATE TABLE\n"                                                  \
    "~ INSERT INTO app.t * -> INSERT 0 1\n"                                                        \
    "~ copy end -> COPY 1\n"

#endif
