/* What can be seen of a transaction without looking at definitions: counters, locks, ids.
 * Owns: reading the sensors' rows. */
#include <stdlib.h>
#include <string.h>

#include "store/postgis/generation.h"
#include "store/postgis/observer.h"
#include "store/postgis/queries.h"

enum { VERSION_15 = 150000 };

/* Columns of observe_locks.sql; three of LOCK_ROWS. */
enum {
    LOCK_WHAT,
    LOCK_OID,
    LOCK_MODES,
    LOCK_KIND,
    LOCK_SCHEMA,
    LOCK_NAME,
    LOCK_IS_TEMPORARY,
    LOCK_FILENODE,
    LOCK_OWNER,
    LOCK_OWNER_KIND,
    LOCK_OWNER_SCHEMA,
    LOCK_OWNER_NAME,
    LOCK_EXTENSION,
    LOCK_SERVER,
    LOCK_ROWS,
    LOCK_HAS_PAGES = LOCK_ROWS + 3,
    LOCK_DEFERS,
    LOCK_IS_PART
};

static struct bytes oid_key(struct arena *a, uint32_t oid)
{
    return bytes_of(arena_dup(a, &oid, sizeof oid), sizeof oid);
}

static struct row_tally tally_at(const struct pg_rows *r, size_t i, int col)
{
    return (struct row_tally){pg_int(r, i, col), pg_int(r, i, col + 1), pg_int(r, i, col + 2)};
}

/* Before version 15 counters of earlier transactions stay with the session for up to a second. */
static bool can_flush(const struct pg *s)
{
    return pg_server_version(s) >= VERSION_15;
}

void sense_before_add(struct pg *s)
{
    if (can_flush(s)) {
        pg_batch_add(s, &postgis_observe_flush, NULL, 0, NULL);
    }
}

static bool is_remembered(const struct observer *o, const struct pg *s)
{
    return o->memory != NULL && can_flush(s) && o->memory->backend_pid == pg_backend_pid(s);
}

void sense_start_add(struct observer *o, struct pg *s)
{
    pg_batch_add(s, &postgis_observe_begin, NULL, 0, &o->r_begin);
    if (o->memory != NULL && o->memory->powers_pid == pg_backend_pid(s)) {
        o->powers = o->memory->powers;
    } else {
        powers_add(s, &o->r_powers);
    }
    o->s = s;
    if (is_remembered(o, s)) {
        o->ledger = o->memory->ledger;
        o->catalogs = o->memory->catalogs;
        return;
    }
    pins_add(s, PINS_SAVEPOINT, false);
    pg_batch_add(s, &postgis_observe_locks, NULL, 0, &o->r_ledger);
    pg_batch_add(s, &postgis_observe_catalogs, NULL, 0, &o->r_catalogs);
    if (o->memory != NULL && o->memory->a != NULL) {
        pg_batch_add(s, &postgis_observe_names, NULL, 0, &o->r_names);
    }
    if (!can_flush(s)) {
        pg_batch_add(s, &postgis_observe_tables, NULL, 0, &o->r_tables);
    }
    pins_undo(s, PINS_SAVEPOINT);
}

static void remember(struct observer *o, struct table *t, const struct pg_rows *r, int col)
{
    for (size_t i = 0; r != NULL && i < pg_rows_n(r); i++) {
        struct row_tally *tally = ARENA_NEW(o->a, struct row_tally);
        *tally = tally_at(r, i, col);
        (void)table_put(t, oid_key(o->a, (uint32_t)pg_int(r, i, 0)), tally);
    }
}

static const char *list_catalogs(struct arena *a, const struct pg_rows *r)
{
    struct oids l = {0};
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        oids_add(a, &l, (uint32_t)pg_int(r, i, 0));
    }
    return oids_array(a, &l);
}

static struct digest take_ledger(const struct pg_rows *r)
{
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        if (strcmp(pg_text(r, i, LOCK_WHAT), "ledger") == 0) {
            return digest_of(pg_bytes(r, i, LOCK_NAME));
        }
    }
    BUG("observe_locks.sql returns a row of what was done to the ledger");
}

int sense_start_done(struct observer *o, struct err *e)
{
    if (o->r_begin == NULL || pg_rows_n(o->r_begin) != 1) {
        return err_set(e, ERR_INTERNAL, "the observer's first queries were not run");
    }
    o->xid = arena_strdup(o->a, pg_text(o->r_begin, 0, 0));
    o->user = arena_strdup(o->a, pg_text(o->r_begin, 0, 1));
    o->counts = pg_bool(o->r_begin, 0, 2);
    o->slots = arena_strdup(o->a, pg_null(o->r_begin, 0, 3) ? "" : pg_text(o->r_begin, 0, 3));
    if (o->r_powers.powers != NULL) {
        struct arena *a = o->memory != NULL && o->memory->a != NULL ? o->memory->a : o->a;
        if (powers_take(a, &o->r_powers, &o->powers, e) != 0) {
            return -1;
        }
        if (o->memory != NULL) {
            o->memory->powers_pid = pg_backend_pid(o->s);
            o->memory->powers = o->powers;
        }
    }
    if (o->r_ledger != NULL) {
        o->ledger = take_ledger(o->r_ledger);
        o->catalogs = list_catalogs(o->a, o->r_catalogs);
    }
    if (o->r_ledger != NULL && o->memory != NULL &&
        strlen(o->catalogs) < sizeof o->memory->catalogs) {
        o->memory->backend_pid = pg_backend_pid(o->s);
        o->memory->ledger = o->ledger;
        memcpy(o->memory->catalogs, o->catalogs, strlen(o->catalogs) + 1);
    }
    if (o->r_names != NULL && o->memory != NULL) {
        o->memory->names = ARENA_NEW(o->memory->a, struct table);
        o->memory->names->a = o->memory->a;
        names_take(o->memory->a, o->memory->names, o->r_names);
    }
    remember(o, &o->start_counters, o->r_catalogs, 2);
    remember(o, &o->start_tables, o->r_tables, 1);
    pg_rows_free(o->r_begin);
    pg_rows_free(o->r_ledger);
    pg_rows_free(o->r_catalogs);
    pg_rows_free(o->r_names);
    pg_rows_free(o->r_tables);
    o->r_begin = o->r_ledger = o->r_catalogs = o->r_names = o->r_tables = NULL;
    return 0;
}

/* TRUNCATE sets a table's counters back to zero. */
static int64_t since(int64_t now, int64_t then)
{
    return now >= then ? now - then : now;
}

static struct row_tally tally_since(const struct table *start, uint32_t oid, struct row_tally now)
{
    const struct row_tally *then = table_get(start, bytes_of((const char *)&oid, sizeof oid));
    if (then == NULL) {
        return now;
    }
    return (struct row_tally){since(now.inserted, then->inserted),
                              since(now.updated, then->updated), since(now.deleted, then->deleted)};
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
    n->slots = arena_strdup(o->a, pg_null(r, 0, 6) ? "" : pg_text(r, 0, 6));
}

void take_counters(struct observer *o, const struct pg_rows *r)
{
    o->moved = ARENA_ARRAY(o->a, struct moved, pg_rows_n(r) + 1);
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        uint32_t oid = (uint32_t)pg_int(r, i, 0);
        struct row_tally t = tally_since(&o->start_counters, oid, tally_at(r, i, 2));
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
        .oid = (uint32_t)pg_int(r, i, LOCK_OID),
        .modes = (unsigned)pg_int(r, i, LOCK_MODES),
        .kind = pg_text(r, i, LOCK_KIND)[0],
        .schema = arena_strdup(a, pg_text(r, i, LOCK_SCHEMA)),
        .name = arena_strdup(a, pg_text(r, i, LOCK_NAME)),
        .is_temporary = pg_bool(r, i, LOCK_IS_TEMPORARY),
        .filenode = (uint32_t)pg_int(r, i, LOCK_FILENODE),
        .owner = (uint32_t)pg_int(r, i, LOCK_OWNER),
        .owner_kind = pg_text(r, i, LOCK_OWNER_KIND)[0],
        .owner_schema = arena_strdup(a, pg_text(r, i, LOCK_OWNER_SCHEMA)),
        .owner_name = arena_strdup(a, pg_text(r, i, LOCK_OWNER_NAME)),
        .extension = arena_strdup(a, pg_text(r, i, LOCK_EXTENSION)),
        .server = arena_strdup(a, pg_text(r, i, LOCK_SERVER)),
        .has_pages = pg_bool(r, i, LOCK_HAS_PAGES),
        .defers = pg_bool(r, i, LOCK_DEFERS),
        .is_part = pg_bool(r, i, LOCK_IS_PART),
    };
    l->rows = tally_since(&o->start_tables, l->oid, tally_at(r, i, LOCK_ROWS));
}

/* Ids are counted modulo 2^32. The newest of those held is the marked subtransaction's. */
static void take_id(struct observer *o, const char *text)
{
    uint32_t own = (uint32_t)strtoull(o->xid, NULL, 10);
    uint32_t behind = (uint32_t)strtoull(text, NULL, 10) - own;
    if (behind < INT32_MAX && behind > o->now.window) {
        o->now.window = behind;
    }
}

static int take_locks(struct observer *o, const struct pg_rows *r, struct err *e)
{
    o->now.locks = ARENA_ARRAY(o->a, struct lock, pg_rows_n(r) + 1);
    o->now.objects = ARENA_ARRAY(o->a, struct catalog_part, pg_rows_n(r) + 1);
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        const char *what = pg_text(r, i, LOCK_WHAT);
        if (strcmp(what, "relation") == 0) {
            struct lock *l = &o->now.locks[o->now.n_locks++];
            take_lock(o, r, i, l);
            (void)table_put(&o->now.by_oid, oid_key(o->a, l->oid), l);
        } else if (strcmp(what, "object") == 0) {
            o->now.objects[o->now.n_objects++] = (struct catalog_part){
                (uint32_t)pg_int(r, i, LOCK_OID), (uint32_t)pg_int(r, i, LOCK_OWNER)};
        } else if (strcmp(what, "id") == 0) {
            take_id(o, pg_text(r, i, LOCK_NAME));
        }
    }
    o->now.ledger = take_ledger(r);
    return o->now.window > 0
               ? 0
               : err_set(e, ERR_INTERNAL, "the transaction's id could not be bounded");
}

/* Code that runs may say DEALLOCATE ALL, which drops what kfmig prepared, too. */
static int explain_round(struct err *e)
{
    if (strcmp(e->sqlstate, "26000") == 0) {
        (void)err_wrap(e, ERR_APPLY,
                       "the migration dropped the prepared statements of kfmig's session");
        (void)err_hint(e, "DEALLOCATE what is meant by name");
    }
    return -1;
}

/* One round: what is deferred acts, and what it opened is closed; then what can be seen. */
static int sense_round(struct observer *o, struct err *e)
{
    struct pg *s = o->s;
    struct pg_rows *r[3] = {NULL};
    int failed = -1;
    int settle = o->is_pinned ? 2 : 0;
    if (o->is_pinned) {
        pins_undo(s, PINS_SAVEPOINT);
    }
    pg_batch_add(s, &postgis_observe_settle, NULL, 0, NULL);
    pg_batch_add(s, &postgis_clean_close_all, NULL, 0, NULL);
    pg_batch_add(s, &postgis_clean_unlisten, NULL, 0, NULL);
    /* The locks before all else: reading definitions takes some. */
    pins_add(s, PINS_SAVEPOINT, false);
    pg_batch_add(s, &postgis_observe_mark, NULL, 0, NULL);
    pg_batch_add(s, &postgis_observe_locks, NULL, 0, &r[0]);
    pg_batch_add(s, &postgis_observe_counters, &o->catalogs, 1, &r[1]);
    pg_batch_add(s, &postgis_observe_state, NULL, 0, &r[2]);
    if (pg_batch_run(s, &failed, e) != 0) {
        o->out->deferred_failed = failed == settle;
        return explain_round(e);
    }
    pg_id_is_ours(s); /* the mark's */
    o->is_pinned = true;
    o->n_moved = 0;
    o->now = (struct sensed){.by_oid = {.a = o->a}};
    take_counters(o, r[1]);
    take_state(o, r[2]);
    int rc = take_locks(o, r[0], e);
    for (size_t i = 0; i < sizeof r / sizeof *r; i++) {
        pg_rows_free(r[i]);
    }
    return rc;
}

static bool may_be_deferred(const struct sensed *n)
{
    for (size_t i = 0; i < n->n_locks; i++) {
        if (n->locks[i].defers) {
            return true;
        }
    }
    return false;
}

/* A trigger that is deferred anew was queued by a row written: tables with such cannot be truncated, so that
 * their counters only grow. */
static bool has_moved(const struct sensed *n, const struct table *before)
{
    for (size_t i = 0; i < n->n_locks; i++) {
        const struct lock *now = &n->locks[i];
        const struct lock *then =
            table_get(before, bytes_of((const char *)&now->oid, sizeof now->oid));
        const struct row_tally was = then != NULL ? then->rows : (struct row_tally){0};
        if (now->rows.inserted != was.inserted || now->rows.updated != was.updated ||
            now->rows.deleted != was.deleted) {
            return true;
        }
    }
    return false;
}

int sense(struct observer *o, struct err *e)
{
    int rc = sense_round(o, e);
    bool moved = rc == 0 && may_be_deferred(&o->now);
    for (int round = 1; moved && round < SETTLE_ROUNDS; round++) {
        struct table before = o->now.by_oid;
        rc = sense_round(o, e);
        moved = rc == 0 && has_moved(&o->now, &before);
    }
    o->unsettled |= moved;
    return rc;
}

struct lock *sensed_lock(const struct observer *o, uint32_t oid)
{
    return table_get(&o->now.by_oid, bytes_of((const char *)&oid, sizeof oid));
}

const struct taken *taken_of(const struct observer *o, uint32_t oid, enum taken_by by)
{
    for (size_t i = 0; i < o->n_taken; i++) {
        if (o->taken[i].oid == oid && o->taken[i].by == by) {
            return &o->taken[i];
        }
    }
    return NULL;
}
