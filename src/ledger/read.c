/* Reading the ledger: entries against their root, and the rest. */
#include <stdlib.h>
#include <string.h>

#include "ledger/parts.h"
#include "ledger/queries.h"

/* --- entries --- */

enum {
    NAME = 8,                /* bytes of a cached row's name: the sequence, big-endian */
    RESERVE = 65536,         /* entries to make room for on a server's word */
    ENTRIES = 2048,          /* of them to ask for at a time */
    WINDOW = 4 * 1024 * 1024 /* bytes of receipts to hold at a time */
};

struct entries_reading {
    const struct identity *id;
    struct arena *a;
    struct entries *out;
    struct merkle *m;
    struct cache *cache;
    const char *kind;       /* of its rows */
    struct arena_mark mark; /* before the first entry */
    bool stopped;           /* the cached rows go no further */
    bool is_passing;        /* entries are counted and hashed, and none stays */
};

static int add_text(struct entries_reading *g, struct bytes text, struct err *e)
{
    struct entries *all = g->out;
    struct entry passing = {0};
    struct arena_mark mark = arena_mark(g->a);
    if (!g->is_passing) {
        ARENA_GROW(g->a, all->v, all->n, all->cap);
    }
    struct entry *en = g->is_passing ? &passing : &all->v[all->n];
    if (entry_read(g->a, text, en, e) != 0) {
        return -1;
    }
    en->text = (struct bytes){NULL, 0};
    if (en->sequence != (int64_t)all->n + 1 || strcmp(en->instance, g->id->uuid) != 0) {
        return err_set(e, ERR_INTEGRITY,
                       "entry %zu of the ledger belongs to another place or ledger", all->n + 1);
    }
    merkle_add(g->m, &en->leaf);
    all->n++;
    if (g->is_passing) {
        arena_reset(g->a, mark);
    }
    return 0;
}

static void name_of(int64_t sequence, char out[static NAME])
{
    for (int i = 0; i < NAME; i++) {
        out[i] = (char)((uint64_t)sequence >> (8 * (NAME - 1 - i)) & 0xFF);
    }
}

static void keep(const struct entries_reading *g, int64_t sequence, struct bytes text)
{
    char name[NAME];
    name_of(sequence, name);
    cache_put(g->cache, g->kind, bytes_of(name, NAME), text);
}

/* Cached rows count up to the first one that is missing. */
static void visit_cached(void *ctx, struct bytes name, struct bytes value)
{
    struct entries_reading *g = ctx;
    char next[NAME];
    name_of((int64_t)g->out->n + 1, next);
    if (g->stopped || (int64_t)g->out->n >= g->id->size || !bytes_eq(name, bytes_of(next, NAME)) ||
        add_text(g, value, NULL) != 0) {
        g->stopped = true;
    }
}

/* Up to ENTRIES at a time. *n: how many there were. */
static int fetch_some(struct pg *s, struct entries_reading *g, int64_t upto, size_t *n,
                      struct err *e)
{
    struct arena a = {0};
    struct pg_rows *r = NULL;
    const char *range[] = {ledger_number(&a, (int64_t)g->out->n), ledger_number(&a, upto)};
    int rc = pg_query(s, &ledger_read_entries, range, 2, &r, e);
    *n = rc == 0 ? pg_rows_n(r) : 0;
    for (size_t i = 0; rc == 0 && i < *n; i++) {
        rc = add_text(g, pg_bytes(r, i, 0), e);
        if (rc == 0) {
            keep(g, (int64_t)g->out->n, pg_bytes(r, i, 0));
        }
    }
    pg_rows_free(r);
    arena_release(&a);
    return rc;
}

/* What is not there is kept for the next run, which trusts it no more than any other row. */
static int fetch_tail(struct pg *s, struct entries_reading *g, struct err *e)
{
    int rc = 0;
    size_t n = 1;
    while (rc == 0 && n > 0 && (int64_t)g->out->n < g->id->size) {
        int64_t left = g->id->size - (int64_t)g->out->n;
        rc = fetch_some(s, g, (int64_t)g->out->n + (left < ENTRIES ? left : ENTRIES), &n, e);
    }
    return rc;
}

static bool is_whole(const struct entries_reading *g)
{
    struct digest root = merkle_root(g->m);
    return g->m->size == g->id->size && digest_eq(&root, &g->id->root);
}

static void restart(struct entries_reading *g)
{
    size_t n = g->is_passing ? 0 : g->id->size < RESERVE ? (size_t)g->id->size : RESERVE;
    arena_reset(g->a, g->mark);
    *g->out = (struct entries){.v = ARENA_ARRAY(g->a, struct entry, n), .cap = n};
    *g->m = (struct merkle){0};
}

/* Everything from the server. */
static int read_again(struct pg *s, struct entries_reading *g, struct err *e)
{
    restart(g);
    if (fetch_tail(s, g, e) != 0) {
        return e == NULL || e->code != ERR_INTEGRITY
                   ? -1
                   : err_hint(e, "run nothing before it is clear who altered it: compare it with "
                                 "exported receipts");
    }
    if (!is_whole(g)) {
        (void)err_set(e, ERR_INTEGRITY,
                      "the ledger was altered: its %lld entries do not hash to its root",
                      (long long)g->id->size);
        return err_hint(e, "run nothing before it is clear who altered it: compare it with "
                           "exported receipts or a backup");
    }
    return 0;
}

static int read_all(struct pg *s, struct entries_reading *g, struct err *e)
{
    struct err ignored = {0};
    g->kind = arena_printf(g->a, "ledger:%s", g->id->uuid);
    g->mark = arena_mark(g->a);
    restart(g);
    cache_each(g->cache, g->kind, visit_cached, g);
    size_t n_cached = g->out->n;
    if (n_cached > 0 && fetch_tail(s, g, &ignored) == 0 && is_whole(g)) {
        return 0;
    }
    if (n_cached > 0) {
        cache_drop(g->cache, g->kind);
    }
    return read_again(s, g, e);
}

int ledger_entries(struct pg *s, const struct identity *id, struct cache *c, struct arena *a,
                   struct entries *out, struct merkle *m, struct err *e)
{
    struct entries_reading g = {.id = id, .a = a, .out = out, .m = m, .cache = c};
    return read_all(s, &g, e);
}

int ledger_entries_pass(struct pg *s, const struct identity *id, struct cache *c, struct merkle *m,
                        struct err *e)
{
    struct arena a = {0};
    struct entries none;
    struct entries_reading g = {
        .id = id, .a = &a, .out = &none, .m = m, .cache = c, .is_passing = true};
    int rc = read_all(s, &g, e);
    arena_release(&a);
    return rc;
}

int ledger_entries_as_they_are(struct pg *s, struct arena *a, struct entries *out, struct err *e)
{
    static const struct entry unreadable = {.subject = "", .result = "", .run_id = ""};
    struct pg_rows *r = NULL;
    struct arena scratch = {0};
    const char *range[] = {"0", ledger_number(&scratch, INT64_MAX)};
    int rc = pg_query(s, &ledger_read_entries, range, 2, &r, e);
    size_t n = rc == 0 ? pg_rows_n(r) : 0;
    *out = (struct entries){.v = ARENA_ARRAY(a, struct entry, n + 1), .n = n, .cap = n + 1};
    for (size_t i = 0; i < n; i++) {
        struct err ignored = {0};
        struct bytes text = pg_bytes(r, i, 0);
        text.p = arena_strndup(a, text.p, text.n);
        if (entry_read(a, text, &out->v[i], &ignored) != 0) {
            const struct digest leaf = out->v[i].leaf;
            out->v[i] = unreadable;
            out->v[i].leaf = leaf;
            out->v[i].text = text;
        }
    }
    pg_rows_free(r);
    arena_release(&scratch);
    return rc;
}

/* --- objects --- */

static const char written_line[] = "~written\t";

const char *object_written(struct arena *a, const char *definition, int64_t written)
{
    return arena_printf(a, "%s%s%lld\n", definition, written_line, (long long)written);
}

static int64_t written_of(const char *definition, int64_t recorded)
{
    const char *line = strrchr(definition, '~');
    bool has = line != NULL && (line == definition || line[-1] == '\n') &&
               strncmp(line, written_line, sizeof written_line - 1) == 0;
    return has ? strtoll(line + sizeof written_line - 1, NULL, 10) : recorded;
}

const struct pg_sql *const ledger_objects_witness = &ledger_read_witness;

int ledger_objects(struct pg *s, int64_t upto, struct arena *a, struct object_rows *out,
                   struct err *e)
{
    struct pg_rows *r = NULL;
    *out = (struct object_rows){0};
    if (pg_query(s, &ledger_read_objects, (const char *const[]){ledger_number(a, upto)}, 1, &r,
                 e) != 0) {
        return -1;
    }
    size_t n = pg_rows_n(r);
    int rc = 0;
    out->v = ARENA_ARRAY(a, struct object_row, n);
    out->n = out->cap = n;
    for (size_t i = 0; i < n && rc == 0; i++) {
        struct object_row *o = &out->v[n - 1 - i]; /* the server gives the last first */
        struct bytes object = pg_bytes(r, i, 0);
        struct bytes definition = pg_bytes(r, i, 3);
        o->object = arena_strndup(a, object.p, object.n);
        o->sequence = pg_int(r, i, 1);
        o->definition = arena_strndup(a, definition.p, definition.n);
        o->written = written_of(o->definition, o->sequence);
        rc = ledger_row_digest(r, i, 2, &o->fingerprint, e);
    }
    pg_rows_free(r);
    return rc;
}

int ledger_changes(struct pg *s, int64_t after, int64_t upto, struct arena *a,
                   struct object_rows *out, struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[] = {ledger_number(a, after), ledger_number(a, upto)};
    *out = (struct object_rows){0};
    if (pg_query(s, &ledger_read_changes, params, 2, &r, e) != 0) {
        return -1;
    }
    int rc = 0;
    out->n = out->cap = pg_rows_n(r);
    out->v = ARENA_ARRAY(a, struct object_row, out->n + 1);
    for (size_t i = 0; i < out->n && rc == 0; i++) {
        struct object_row *o = &out->v[i];
        struct bytes object = pg_bytes(r, i, 0);
        *o = (struct object_row){.object = arena_strndup(a, object.p, object.n),
                                 .sequence = pg_int(r, i, 1)};
        rc = pg_null(r, i, 2) ? 0 : ledger_row_digest(r, i, 2, &o->fingerprint, e);
    }
    pg_rows_free(r);
    return rc;
}

static const char *sequences_array(struct arena *a, const int64_t *v, size_t n)
{
    const char **numbers = ARENA_ARRAY(a, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        numbers[i] = ledger_number(a, v[i]);
    }
    return pg_array(a, numbers, n);
}

static int take_before(struct arena *a, const struct pg_rows *r, size_t i,
                       struct object_before *out, struct err *e)
{
    enum { SEQ, OBJECT, LEFT, BEFORE_SEQ, FINGERPRINT, DEFINITION };
    struct bytes object = pg_bytes(r, i, OBJECT);
    struct bytes definition = pg_bytes(r, i, DEFINITION);
    *out = (struct object_before){.entry = pg_int(r, i, SEQ)};
    out->before.object = arena_strndup(a, object.p, object.n);
    if (!pg_null(r, i, LEFT) && ledger_row_digest(r, i, LEFT, &out->left, e) != 0) {
        return -1;
    }
    if (pg_null(r, i, FINGERPRINT)) {
        return 0;
    }
    out->before.definition = arena_strndup(a, definition.p, definition.n);
    out->before.sequence = pg_int(r, i, BEFORE_SEQ);
    out->before.written = written_of(out->before.definition, out->before.sequence);
    return ledger_row_digest(r, i, FINGERPRINT, &out->before.fingerprint, e);
}

int ledger_before(struct pg *s, const int64_t *sequences, size_t n, struct arena *a,
                  struct objects_before *out, struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[] = {sequences_array(a, sequences, n)};
    *out = (struct objects_before){0};
    if (pg_query(s, &ledger_read_before, params, 1, &r, e) != 0) {
        return -1;
    }
    int rc = 0;
    out->n = pg_rows_n(r);
    out->v = ARENA_ARRAY(a, struct object_before, out->n + 1);
    for (size_t i = 0; i < out->n && rc == 0; i++) {
        rc = take_before(a, r, i, &out->v[i], e);
    }
    pg_rows_free(r);
    return rc;
}

int ledger_server_versions(struct pg *s, struct arena *a, const int64_t *sequences, size_t n,
                           struct server_versions *out, struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[] = {sequences_array(a, sequences, n)};
    if (pg_query(s, &ledger_read_versions, params, 1, &r, e) != 0) {
        return -1;
    }
    *out = (struct server_versions){ARENA_ARRAY(a, struct server_version, pg_rows_n(r) + 1),
                                    pg_rows_n(r)};
    for (size_t i = 0; i < out->n; i++) {
        out->v[i] = (struct server_version){pg_int(r, i, 0), pg_int(r, i, 1)};
    }
    pg_rows_free(r);
    return 0;
}

int64_t server_version_of(const struct server_versions *v, int64_t sequence)
{
    for (size_t i = 0; i < v->n; i++) {
        if (v->v[i].sequence == sequence) {
            return v->v[i].version;
        }
    }
    return 0;
}

struct object_rows object_rows_of(struct arena *a, const struct object_rows *all, const char *store)
{
    struct object_rows out = {ARENA_ARRAY(a, struct object_row, all->n + 1), 0, all->n + 1};
    for (size_t i = 0; i < all->n; i++) {
        size_t n = 0;
        const char *named = object_store(all->v[i].object, &n);
        if (store == NULL ? named == NULL
                          : named != NULL && strlen(store) == n && memcmp(named, store, n) == 0) {
            out.v[out.n++] = all->v[i];
        }
    }
    return out;
}

static int by_object(const void *object, const void *row)
{
    return strcmp(object, ((const struct object_row *)row)->object);
}

const struct object_row *object_rows_find(const struct object_rows *rows, const char *object)
{
    return rows->n == 0 ? NULL : bsearch(object, rows->v, rows->n, sizeof *rows->v, by_object);
}

/* --- single things --- */

enum ending ledger_settle(struct pg *s, const char *run_id, struct err *e)
{
    struct pg_rows *r = NULL;
    if (pg_query(s, &ledger_find_run, &run_id, 1, &r, e) != 0) {
        return TX_UNKNOWN;
    }
    enum ending end = pg_bool(r, 0, 0) ? TX_ENDED : TX_UNDONE;
    pg_rows_free(r);
    return end;
}

static int check_blob(struct bytes text, const struct digest *d, struct err *e)
{
    char name[DIGEST_TEXT];
    struct digest is = digest_of(text);
    if (digest_eq(&is, d)) {
        return 0;
    }
    return err_set(e, ERR_INTEGRITY, "the input text %s in the ledger was altered",
                   digest_text(d, name));
}

/* A column that is in hexadecimal digits; in a. */
static int row_bytes(const struct pg_rows *r, size_t row, int col, struct arena *a,
                     struct bytes *out, struct err *e)
{
    struct bytes hex = pg_bytes(r, row, col);
    uint8_t *p = arena_alloc(a, hex.n / 2 + 1);
    *out = bytes_of((const char *)p, hex.n / 2);
    return hex_decode(hex.p, hex.n / 2, p) == 0
               ? 0
               : err_set(e, ERR_INTERNAL, "an input text came in no known form");
}

int ledger_blob(struct pg *s, const struct digest *d, struct arena *a, struct bytes *out,
                bool *found, struct err *e)
{
    struct pg_rows *r = NULL;
    if (pg_query(s, &ledger_read_blob, (const char *const[]){ledger_digest(a, d)}, 1, &r, e) != 0) {
        return -1;
    }
    int rc = 0;
    *found = pg_rows_n(r) == 1;
    if (*found) {
        rc = row_bytes(r, 0, 0, a, out, e) != 0 ? -1 : check_blob(*out, d, e);
    }
    pg_rows_free(r);
    return rc;
}

int ledger_receipts(struct pg *s, int64_t after, const char *run_id_or_null, struct arena *a,
                    struct receipt_rows *out, struct err *e)
{
    struct pg_rows *r = NULL;
    *out = (struct receipt_rows){0};
    const char *wanted[] = {ledger_number(a, after), run_id_or_null};
    if (pg_query(s, &ledger_read_receipts, wanted, 2, &r, e) != 0) {
        return -1;
    }
    out->n = out->cap = pg_rows_n(r);
    out->v = ARENA_ARRAY(a, struct receipt_row, out->n);
    for (size_t i = 0; i < out->n; i++) {
        struct bytes body = pg_bytes(r, i, 2);
        out->v[i] =
            (struct receipt_row){.sequence = pg_int(r, i, 0),
                                 .run_id = arena_strdup(a, pg_text(r, i, 1)),
                                 .body = bytes_of(arena_strndup(a, body.p, body.n), body.n)};
    }
    pg_rows_free(r);
    return 0;
}

/* Hands out one window; *after moves behind it, *n says how many there were. */
static int read_window(struct pg *s, int64_t *after, size_t *n, receipt_fn *each, void *ctx,
                       struct err *e)
{
    struct arena a = {0};
    struct pg_rows *r = NULL;
    const char *wanted[] = {ledger_number(&a, *after), ledger_number(&a, WINDOW)};
    int rc = pg_query(s, &ledger_read_receipts_window, wanted, 2, &r, e);
    *n = rc == 0 ? pg_rows_n(r) : 0;
    for (size_t i = 0; rc == 0 && i < *n; i++) {
        struct receipt_row row = {
            .sequence = pg_int(r, i, 0), .run_id = pg_text(r, i, 1), .body = pg_bytes(r, i, 2)};
        *after = row.sequence;
        rc = each(ctx, &row, e);
    }
    pg_rows_free(r);
    arena_release(&a);
    return rc;
}

int ledger_receipts_each(struct pg *s, int64_t after, receipt_fn *each, void *ctx, struct err *e)
{
    size_t n = 1;
    int rc = 0;
    while (rc == 0 && n > 0) {
        rc = read_window(s, &after, &n, each, ctx, e);
    }
    return rc;
}

/* The numbers of those that cannot be read, as an array. */
static const char *unread_of(struct arena *a, const struct entries *all)
{
    size_t n = 0;
    int64_t *v = ARENA_ARRAY(a, int64_t, all->n + 1);
    for (size_t i = 0; i < all->n; i++) {
        if (all->v[i].result[0] == '\0') {
            v[n++] = (int64_t)i + 1;
        }
    }
    return sequences_array(a, v, n);
}

int ledger_faults(struct pg *s, const struct merkle *m, const struct entries *all, struct arena *a,
                  struct ledger_fault **v, size_t *n, struct err *e)
{
    struct pg_rows *r = NULL;
    const char *frontier[sizeof m->frontier / sizeof *m->frontier];
    for (int i = 0; i < m->n_frontier; i++) {
        frontier[i] = ledger_digest(a, &m->frontier[i]);
    }
    const char *found[] = {ledger_number(a, m->size), pg_array(a, frontier, (size_t)m->n_frontier),
                           unread_of(a, all)};
    if (pg_query(s, &ledger_read_faults, found, 3, &r, e) != 0) {
        return -1;
    }
    *n = pg_rows_n(r);
    *v = ARENA_ARRAY(a, struct ledger_fault, *n + 1);
    for (size_t i = 0; i < *n; i++) {
        (*v)[i] = (struct ledger_fault){arena_strdup(a, pg_text(r, i, 0)),
                                        arena_strdup(a, pg_text(r, i, 1))};
    }
    pg_rows_free(r);
    return 0;
}

/* Hands out one window; last moves to its end, *n says how many there were. */
static int read_blobs(struct pg *s, struct digest *last, size_t *n, blob_fn *each, void *ctx,
                      struct err *e)
{
    struct arena a = {0};
    struct pg_rows *r = NULL;
    const char *from = digest_is_zero(last) ? "\\x" : ledger_digest(&a, last);
    const char *wanted[] = {from, ledger_number(&a, WINDOW)};
    int rc = pg_query(s, &ledger_read_blobs_window, wanted, 2, &r, e);
    *n = rc == 0 ? pg_rows_n(r) : 0;
    for (size_t i = 0; rc == 0 && i < *n; i++) {
        struct blob text = {.bytes = {NULL, 0}};
        rc = ledger_row_digest(r, i, 0, &text.digest, e) != 0 ||
                     row_bytes(r, i, 1, &a, &text.bytes, e) != 0
                 ? -1
                 : each(ctx, &text, e);
        *last = text.digest;
    }
    pg_rows_free(r);
    arena_release(&a);
    return rc;
}

int ledger_blobs_each(struct pg *s, blob_fn *each, void *ctx, struct err *e)
{
    struct digest last = {{0}};
    size_t n = 1;
    int rc = 0;
    while (rc == 0 && n > 0) {
        rc = read_blobs(s, &last, &n, each, ctx, e);
    }
    return rc;
}
