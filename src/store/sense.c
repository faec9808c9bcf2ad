/* What can be seen of a transaction without looking at definitions: counters, locks, ids.
 * Owns: reading the sensors' rows. */
#include <stdlib.h>
#include <string.h>

#include "store/observer.h"
#include "store/queries.h"

enum { VERSION_15 = 150000 };

static struct bytes oid_key(struct arena *a, uint32_t oid)
{
    return bytes_of(arena_dup(a, &oid, sizeof oid), sizeof oid);
}

static struct tally tally_at(const struct pg_rows *r, size_t i, int col)
{
    return (struct tally){pg_int(r, i, col), pg_int(r, i, col + 1), pg_int(r, i, col + 2)};
}

void sense_start_add(struct observer *o, struct pg *s)
{
    enum pins p = PINS_SAVEPOINT;
    pins_add(s, p, false);
    pg_batch_add(s, &store_observe_state, NULL, 0, &o->r_state);
    pg_batch_add(s, &store_observe_counters, NULL, 0, &o->r_counters);
    if (pg_server_version(s) >= VERSION_15) {
        pg_batch_add(s, &store_observe_flush, NULL, 0, NULL);
    } else {
        pg_batch_add(s, &store_observe_tables, NULL, 0, &o->r_tables);
    }
    pins_undo(s, p);
}

static void remember(struct observer *o, struct table *t, const struct pg_rows *r, int col)
{
    for (size_t i = 0; r != NULL && i < pg_rows_n(r); i++) {
        struct tally *tally = ARENA_NEW(o->a, struct tally);
        *tally = tally_at(r, i, col);
        (void)table_put(t, oid_key(o->a, (uint32_t)pg_int(r, i, 0)), tally);
    }
}

int sense_start_done(struct observer *o, struct err *e)
{
    if (o->r_state == NULL || pg_rows_n(o->r_state) != 1) {
        return err_set(e, ERR_INTERNAL, "the observer's first queries were not run");
    }
    o->xid = arena_strdup(o->a, pg_text(o->r_state, 0, 0));
    o->user = arena_strdup(o->a, pg_text(o->r_state, 0, 1));
    o->counts = pg_bool(o->r_state, 0, 2);
    o->ledger = arena_strdup(o->a, pg_text(o->r_state, 0, 6));
    remember(o, &o->start_counters, o->r_counters, 2);
    remember(o, &o->start_tables, o->r_tables, 1);
    pg_rows_free(o->r_state);
    pg_rows_free(o->r_counters);
    pg_rows_free(o->r_tables);
    o->r_state = o->r_counters = o->r_tables = NULL;
    return 0;
}

/* TRUNCATE sets a table's counters back to zero. */
static int64_t since(int64_t now, int64_t then)
{
    return now >= then ? now - then : now;
}

static struct tally tally_since(const struct table *start, uint32_t oid, struct tally now)
{
    const struct tally *then = table_get(start, bytes_of((const char *)&oid, sizeof oid));
    if (then == NULL) {
        return now;
    }
    return (struct tally){since(now.inserted, then->inserted), since(now.updated, then->updated),
                          since(now.deleted, then->deleted)};
}

static void take_state(struct observer *o, const struct pg_rows *r)
{
    struct sensed *n = &o->now;
    n->xid = arena_strdup(o->a, pg_text(r, 0, 0));
    n->users = arena_strdup(o->a, pg_text(r, 0, 1));
    n->counts = pg_bool(r, 0, 2);
    n->reads_all = pg_bool(r, 0, 3);
    n->is_super = pg_bool(r, 0, 4);
    n->now = arena_strdup(o->a, pg_text(r, 0, 5));
    n->ledger = arena_strdup(o->a, pg_text(r, 0, 6));
}

static void take_counters(struct observer *o, const struct pg_rows *r)
{
    o->moved = ARENA_ARRAY(o->a, struct moved, pg_rows_n(r) + 1);
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        uint32_t oid = (uint32_t)pg_int(r, i, 0);
        struct tally t = tally_since(&o->start_counters, oid, tally_at(r, i, 2));
        if (t.inserted != 0 || t.updated != 0 || t.deleted != 0) {
            const char *name = arena_strdup(o->a, pg_text(r, i, 1));
            o->moved[o->n_moved++] =
                (struct moved){.oid = oid, .name = name, .rows = t, .source = source_of(name)};
        }
    }
}

static void take_lock(struct observer *o, const struct pg_rows *r, size_t i, struct lock *l)
{
    struct arena *a = o->a;
    *l = (struct lock){
        .oid = (uint32_t)pg_int(r, i, 0),
        .modes = (unsigned)pg_int(r, i, 1),
        .kind = pg_text(r, i, 2)[0],
        .schema = arena_strdup(a, pg_text(r, i, 3)),
        .name = arena_strdup(a, pg_text(r, i, 4)),
        .is_temporary = pg_bool(r, i, 5),
        .filenode = (uint32_t)pg_int(r, i, 6),
        .owner = (uint32_t)pg_int(r, i, 7),
        .owner_kind = pg_text(r, i, 8)[0],
        .owner_schema = arena_strdup(a, pg_text(r, i, 9)),
        .owner_name = arena_strdup(a, pg_text(r, i, 10)),
        .extension = arena_strdup(a, pg_text(r, i, 11)),
        .server = arena_strdup(a, pg_text(r, i, 12)),
        .has_pages = pg_bool(r, i, 16),
    };
    l->rows = tally_since(&o->start_tables, l->oid, tally_at(r, i, 13));
}

static void take_locks(struct observer *o, const struct pg_rows *r)
{
    o->now.n_locks = pg_rows_n(r);
    o->now.locks = ARENA_ARRAY(o->a, struct lock, pg_rows_n(r) + 1);
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        struct lock *l = &o->now.locks[i];
        take_lock(o, r, i, l);
        (void)table_put(&o->now.by_oid, oid_key(o->a, l->oid), l);
    }
}

static void take_objects(struct observer *o, const struct pg_rows *r)
{
    o->now.n_objects = pg_rows_n(r);
    o->now.objects = ARENA_ARRAY(o->a, struct catalog_part, pg_rows_n(r) + 1);
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        o->now.objects[i] =
            (struct catalog_part){(uint32_t)pg_int(r, i, 0), (uint32_t)pg_int(r, i, 1)};
    }
}

/* Ids are counted modulo 2^32. The newest of those held is the marked subtransaction's. */
static int take_ids(struct observer *o, const struct pg_rows *r, struct err *e)
{
    uint32_t own = (uint32_t)strtoull(o->xid, NULL, 10);
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        uint32_t id = (uint32_t)strtoull(pg_text(r, i, 0), NULL, 10);
        uint32_t behind = id - own;
        if (behind < INT32_MAX && behind > o->now.window) {
            o->now.window = behind;
        }
    }
    return o->now.window > 0
               ? 0
               : err_set(e, ERR_INTERNAL, "the transaction's id could not be bounded");
}

int sense(struct observer *o, struct err *e)
{
    struct pg *s = o->s;
    struct pg_rows *r[5] = {NULL};
    /* The locks before all else: reading definitions takes some. */
    enum pins p = PINS_SAVEPOINT;
    pins_add(s, p, false);
    pg_batch_add(s, &store_observe_locks, NULL, 0, &r[0]);
    pg_batch_add(s, &store_observe_objects, NULL, 0, &r[1]);
    pg_batch_add(s, &store_observe_counters, NULL, 0, &r[2]);
    pg_batch_add(s, &store_observe_state, NULL, 0, &r[3]);
    pg_batch_add(s, &store_observe_mark, NULL, 0, NULL);
    pg_batch_add(s, &store_observe_ids, NULL, 0, &r[4]);
    pins_undo(s, p);
    if (pins_run(s, p, e) != 0) {
        return -1;
    }
    take_locks(o, r[0]);
    take_objects(o, r[1]);
    take_counters(o, r[2]);
    take_state(o, r[3]);
    int rc = take_ids(o, r[4], e);
    for (size_t i = 0; i < sizeof r / sizeof *r; i++) {
        pg_rows_free(r[i]);
    }
    return rc;
}

struct lock *sensed_lock(const struct observer *o, uint32_t oid)
{
    return table_get(&o->now.by_oid, bytes_of((const char *)&oid, sizeof oid));
}

const struct taken *taken_of(const struct observer *o, uint32_t oid, bool drops)
{
    for (size_t i = 0; i < o->n_taken; i++) {
        if (o->taken[i].oid == oid && o->taken[i].drops == drops) {
            return &o->taken[i];
        }
    }
    return NULL;
}
