/* Recording: what one entry brings with it, and the final check, in one round trip on the open
 * transaction. */
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "ledger/parts.h"
#include "ledger/queries.h"

enum { SAME_XID, SAME_USERS, HAS_LOCK, HAS_WORK_LOCK, SAME_EPOCH, LEFT }; /* record_guard.sql */
enum { OTHERS_ACT = 2 };                                                  /* record_end.sql */
enum {
    BLOBS_MAX = 64 * 1024 * 1024, /* bytes of input texts in one message */
    BLOB_LONG = 1024 * 1024,      /* from here on an input text is a message of its own */
};

static const char **parameters(struct arena *a, size_t n)
{
    return ARENA_ARRAY(a, const char *, n);
}

static void add_head(struct pg *s, struct arena *a, const struct merkle *old,
                     const struct merkle *new, struct pg_rows **moved)
{
    struct digest old_root = merkle_root(old);
    struct digest root = merkle_root(new);
    const char *frontier[sizeof new->frontier / sizeof *new->frontier];
    for (int i = 0; i < new->n_frontier; i++) {
        frontier[i] = ledger_digest(a, &new->frontier[i]);
    }
    const char **v = parameters(a, 5);
    v[0] = ledger_number(a, old->size);
    v[1] = ledger_digest(a, &old_root);
    v[2] = ledger_number(a, new->size);
    v[3] = ledger_digest(a, &root);
    v[4] = pg_array(a, frontier, (size_t) new->n_frontier);
    pg_batch_add(s, &ledger_record_head, v, 5, moved);
}

static void add_entry(struct pg *s, struct arena *a, const struct entry *en, const char *text)
{
    const char **v = parameters(a, 7);
    v[0] = ledger_number(a, en->sequence);
    v[1] = en->subject;
    v[2] = entry_kind_text(en->kind);
    v[3] = en->result;
    v[4] = en->run_id;
    v[5] = text;
    v[6] = en->finished_at;
    pg_batch_add(s, &ledger_record_entry, v, 7, NULL);
}

static void add_receipt(struct pg *s, struct arena *a, const struct recording *r)
{
    const char **v = parameters(a, 4);
    v[0] = ledger_number(a, r->entry->sequence);
    v[1] = r->entry->run_id;
    v[2] = ledger_digest(a, &r->entry->receipt);
    v[3] = arena_strndup(a, r->receipt.p, r->receipt.n);
    pg_batch_add(s, &ledger_record_receipt, v, 4, NULL);
}

static void add_objects(struct pg *s, struct arena *a, const struct recording *r)
{
    if (r->n_objects == 0) {
        return;
    }
    const char **objects = parameters(a, r->n_objects);
    const char **fingerprints = parameters(a, r->n_objects);
    const char **definitions = parameters(a, r->n_objects);
    for (size_t i = 0; i < r->n_objects; i++) {
        const struct object_row *o = &r->objects[i];
        objects[i] = o->object;
        fingerprints[i] = digest_is_zero(&o->fingerprint) ? "" : ledger_digest(a, &o->fingerprint);
        definitions[i] = o->definition == NULL ? "" : o->definition;
    }
    const char **v = parameters(a, 4);
    v[0] = ledger_number(a, r->entry->sequence);
    v[1] = pg_array(a, objects, r->n_objects);
    v[2] = pg_array(a, fingerprints, r->n_objects);
    v[3] = pg_array(a, definitions, r->n_objects);
    pg_batch_add(s, &ledger_record_objects, v, 4, NULL);
}

static void add_some_blobs(struct pg *s, struct arena *a, const struct blob *blobs, size_t n)
{
    const char **digests = parameters(a, n);
    const char **texts = parameters(a, n);
    for (size_t i = 0; i < n; i++) {
        digests[i] = ledger_digest(a, &blobs[i].digest);
        texts[i] = pg_bytea(a, blobs[i].bytes);
    }
    const char **v = parameters(a, 2);
    v[0] = pg_array(a, digests, n);
    v[1] = pg_array(a, texts, n);
    pg_batch_add(s, &ledger_record_blobs, v, 2, NULL);
}

static void add_long_blob(struct pg *s, struct arena *a, const struct blob *b)
{
    const char **v = parameters(a, 1);
    v[0] = ledger_digest(a, &b->digest);
    pg_batch_add_binary(s, &ledger_record_blob, v, 1, b->bytes);
}

/* Long ones alone, as they are. Others in as few messages as there may be: a server takes none of 1 GiB,
 * and a text is twice as long in one. */
static void add_blobs(struct pg *s, struct arena *a, const struct recording *r)
{
    size_t from = 0;
    size_t bytes = 0;
    for (size_t i = 0; i < r->n_blobs; i++) {
        const struct blob *b = &r->blobs[i];
        bool is_long = b->bytes.n > BLOB_LONG;
        if (i > from && (is_long || bytes + b->bytes.n > BLOBS_MAX)) {
            add_some_blobs(s, a, r->blobs + from, i - from);
            from = i;
            bytes = 0;
        }
        if (is_long) {
            add_long_blob(s, a, b);
            from = i + 1;
        } else {
            bytes += b->bytes.n;
        }
    }
    if (r->n_blobs > from) {
        add_some_blobs(s, a, r->blobs + from, r->n_blobs - from);
    }
}

void ledger_add_record(struct pg *s, struct arena *a, const struct recording *r, struct merkle *m,
                       struct pg_rows **moved)
{
    struct digest previous = merkle_root(m);
    if (r->entry->sequence != m->size + 1 || !digest_eq(&r->entry->previous, &previous)) {
        BUG("an entry does not continue the ledger");
    }
    struct buf text = {0};
    entry_write(&text, r->entry);
    struct digest leaf = merkle_leaf(buf_bytes(&text));
    struct merkle old = *m;
    merkle_add(m, &leaf);
    add_head(s, a, &old, m,
             moved); /* first: it waits for others, and tells whether they came before us */
    add_entry(s, a, r->entry, arena_strndup(a, text.p, text.n));
    add_receipt(s, a, r);
    add_objects(s, a, r);
    if (r->format > 0) {
        const char **v = parameters(a, 1);
        v[0] = ledger_number(a, r->format);
        pg_batch_add(s, &ledger_record_format, v, 1, NULL);
    }
    add_blobs(s, a, r);
    buf_release(&text);
}

static int by_object(const void *x, const void *y)
{
    return strcmp((*(const struct object_row *const *)x)->object,
                  (*(const struct object_row *const *)y)->object);
}

enum { OID_TEXT = 25, OID_BYTEA = 17 };

static void add_int(struct buf *out, uint32_t v)
{
    const char b[] = {(char)(v >> 24), (char)(v >> 16), (char)(v >> 8), (char)v};
    buf_add(out, b, sizeof b);
}

static void add_column(struct buf *out, uint32_t type, struct bytes value)
{
    add_int(out, type);
    add_int(out, value.p == NULL ? UINT32_MAX : (uint32_t)value.n);
    buf_add(out, value.p, value.p == NULL ? 0 : value.n);
}

/* As record_end.sql makes it of the rows: over what record_send() makes of each, in the order of objects. */
static struct bytes objects_digest(struct arena *a, const struct recording *r)
{
    const struct object_row **v = ARENA_ARRAY(a, const struct object_row *, r->n_objects + 1);
    struct buf text = {0};
    for (size_t i = 0; i < r->n_objects; i++) {
        v[i] = &r->objects[i];
    }
    qsort(v, r->n_objects, sizeof *v, by_object);
    for (size_t i = 0; i < r->n_objects; i++) {
        const struct digest *print = &v[i]->fingerprint;
        bool removed = digest_is_zero(print);
        add_int(&text, 3);
        add_column(&text, OID_TEXT, bytes_str(v[i]->object));
        add_column(&text, OID_BYTEA, bytes_of(removed ? NULL : (const char *)print->b, 32));
        add_column(&text, OID_TEXT, bytes_str(v[i]->definition == NULL ? "" : v[i]->definition));
    }
    struct digest *d = ARENA_NEW(a, struct digest);
    *d = digest_of(buf_bytes(&text));
    buf_release(&text);
    return bytes_of((const char *)d->b, r->n_objects > 0 ? sizeof d->b : 0);
}

/* The last of the flight: what was written is read back. */
static void add_end(struct pg *s, struct arena *a, const struct recording *r, const char *commits,
                    struct pg_rows **end)
{
    struct buf text = {0};
    const struct entry *en = r->entry;
    const char **digests = parameters(a, r->n_blobs);
    const char **objects = parameters(a, r->n_objects);
    for (size_t i = 0; i < r->n_blobs; i++) {
        digests[i] = ledger_digest(a, &r->blobs[i].digest);
    }
    for (size_t i = 0; i < r->n_objects; i++) {
        objects[i] = r->objects[i].object;
    }
    entry_write(&text, en);
    const char **v = parameters(a, 13);
    v[0] = ledger_number(a, en->sequence);
    v[1] = arena_strndup(a, text.p, text.n);
    v[2] = ledger_digest(a, &en->receipt);
    v[3] = pg_bytea(a, objects_digest(a, r));
    v[4] = ledger_number(a, (int64_t)r->n_objects);
    v[5] = pg_array(a, digests, r->n_blobs);
    v[6] = commits;
    v[7] = en->subject;
    v[8] = entry_kind_text(en->kind);
    v[9] = en->result;
    v[10] = en->run_id;
    v[11] = en->finished_at;
    v[12] = pg_array(a, objects, r->n_objects);
    pg_batch_add(s, &ledger_record_end, v, 13, end);
    buf_release(&text);
}

void ledger_next(const struct identity *id, const struct merkle *m, struct entry *en)
{
    en->sequence = m->size + 1;
    en->previous = merkle_root(m);
    en->instance = id->uuid;
    en->environment = id->environment;
}

static int overtaken(struct err *e)
{
    (void)err_set(e, ERR_LOCKED, "another run has written to the ledger since this one read it");
    return err_hint(e, "run again");
}

/* The server refused a part of the record, with what is known of it in *e. The migration ran before in the
 * same transaction, so what is in the way is most likely its doing. */
static int explain(struct err *e)
{
    if (e == NULL || e->code != ERR_PREFLIGHT || strncmp(e->sqlstate, "08", 2) == 0 ||
        strncmp(e->sqlstate, "57P", 3) == 0) {
        return -1;
    }
    if (strcmp(e->sqlstate, "23505") == 0) {
        return overtaken(e);
    }
    e->code = ERR_APPLY;
    if (strcmp(e->sqlstate, "42501") == 0) {
        (void)err_set(e, ERR_APPLY,
                      "the migration changed the current user or its privileges: the ledger cannot "
                      "be written");
        return err_hint(e, "end with RESET ROLE, or use SET LOCAL ROLE inside a function");
    }
    if (strcmp(e->sqlstate, "22P02") == 0) {
        (void)err_set(e, ERR_INTEGRITY,
                      "the ledger does not hold what was written to it: nothing was committed");
        return err_hint(e, "a trigger or rule on a table of schema kfmig changes it, or would in "
                           "COMMIT: find out whose it "
                           "is, and drop it (\\d kfmig.receipt in psql)");
    }
    if (strcmp(e->sqlstate, "25006") == 0) {
        (void)err_set(e, ERR_APPLY,
                      "the migration made its transaction read-only: the ledger cannot be written");
        return err_hint(e, "remove SET TRANSACTION READ ONLY");
    }
    return -1;
}

/* What would outlive the transaction, or run in its COMMIT. */
static int check_left(const char *left, struct err *e)
{
    static const struct {
        const char *left, *text, *hint;
    } kinds[] = {
        {"cursor", "the migration leaves a holdable cursor open: its query would run in COMMIT",
         "close it, or declare it without WITH HOLD"},
        {"prepared statement", "the migration leaves a prepared statement in the session",
         "end with DEALLOCATE"},
        {"listener", "the migration leaves the session listening", "remove LISTEN"},
        {"advisory lock", "the migration leaves an advisory lock of the session",
         "take it by pg_advisory_xact_lock(), or end with pg_advisory_unlock()"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(left, kinds[i].left) == 0) {
            (void)err_set(e, ERR_APPLY, "%s", kinds[i].text);
            return err_hint(e, "%s", kinds[i].hint);
        }
    }
    return 0;
}

static int check_guard(const struct pg_rows *r, struct err *e)
{
    if (!pg_bool(r, 0, SAME_XID)) {
        (void)err_set(e, ERR_APPLY,
                      "the migration changed its transaction: what ran before may be lost");
        return err_hint(e, "leave BEGIN, COMMIT and ROLLBACK to kfmig");
    }
    if (!pg_bool(r, 0, SAME_USERS)) {
        (void)err_set(e, ERR_APPLY, "the migration changed the current or session user");
        return err_hint(e, "end with RESET ROLE or RESET SESSION AUTHORIZATION");
    }
    if (!pg_bool(r, 0, HAS_LOCK) || !pg_bool(r, 0, HAS_WORK_LOCK)) {
        (void)err_set(e, ERR_APPLY,
                      "the migration changed the advisory locks: the run's lock is gone");
        return err_hint(e, "remove pg_advisory_unlock_all() and DISCARD ALL");
    }
    if (!pg_bool(r, 0, SAME_EPOCH)) {
        (void)err_set(e, ERR_LOCKED, "another run has taken over the environment");
        return err_hint(e, "run again");
    }
    return check_left(pg_text(r, 0, LEFT), e);
}

int ledger_run_guarded(struct pg *s, struct pg_rows **guard, struct err *e)
{
    return pg_batch_run(s, NULL, e) != 0 ? explain(e) : check_guard(*guard, e);
}

static int run_record(struct pg *s, struct pg_rows **guard, struct pg_rows **moved, struct err *e)
{
    if (ledger_run_guarded(s, guard, e) != 0) {
        return -1;
    }
    return pg_rows_affected(*moved) == 1 ? 0 : overtaken(e);
}

int ledger_record(struct pg *s, const struct recording *r, struct guard *g, struct merkle *m,
                  struct err *e)
{
    struct arena a = {0};
    struct merkle next = *m;
    struct pg_rows *guard = NULL;
    struct pg_rows *moved = NULL;
    struct pg_rows *end = NULL;
    const char *expected[] = {g->xid, g->user, ledger_number(&a, r->epoch)};
    pg_batch_add(s, &ledger_record_begin, NULL, 0, NULL);
    pg_batch_add(s, g->left_nothing ? &ledger_record_guard_quiet : &ledger_record_guard, expected,
                 3, &guard);
    ledger_add_record(s, &a, r, &next, &moved);
    add_end(s, &a, r, g->commits, &end);
    int rc = run_record(s, &guard, &moved, e);
    if (rc == 0 && FAULT(TX_RECORDED)) {
        rc = err_set(e, ERR_APPLY, "not recorded: fault point");
    }
    if (rc == 0) {
        *m = next;
        g->left_nothing &= pg_rows_n(end) == 1 && !pg_bool(end, 0, OTHERS_ACT);
    }
    if (rc == 0 && g->xid == NULL) {
        pg_id_is_ours(s); /* else it was said when the transaction began */
    }
    pg_rows_free(guard);
    pg_rows_free(moved);
    pg_rows_free(end);
    arena_release(&a);
    return rc;
}
