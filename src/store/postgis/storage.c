/* What became of the rows of tables that are gone, or whose rows stand in new storage.
 * Owns: telling TRUNCATE from rewriting, and what is counted of either.
 * TRUNCATE and whatever rewrites a table give it new storage, and counters tell nothing of it: those of rows
 * that a rewrite writes go to a table of its own, and TRUNCATE sets the table's own back. So rows are counted
 * before a statement that says TRUNCATE or DROP; where only code can have done it, that is known afterwards,
 * and the migration runs again with these tables counted first. */
#include "store/postgis/observer.h"
#include "store/postgis/queries.h"

static const struct catalog_object *table_before(const struct observer *o, uint32_t oid)
{
    const struct catalog_object *b = catalog_at(o->base, PG_CLASS, oid);
    return b != NULL && b->objid == oid && b->object.kind == OBJ_TABLE ? b : NULL;
}

static bool has_new_storage(const struct observer *o, const struct lock *l)
{
    const struct catalog_object *b = l->kind == 'r' ? table_before(o, l->oid) : NULL;
    return b != NULL && (l->modes & LOCKED_ACCESS_EXCLUSIVE) != 0 && b->filenode != 0 &&
           b->filenode != l->filenode;
}

/* An event trigger is code that runs for DDL. */
static bool has_event_triggers(const struct observer *o)
{
    for (size_t i = 0; i < o->base->n; i++) {
        if (o->base->v[i]->object.kind == OBJ_EVENT_TRIGGER) {
            return true;
        }
    }
    return false;
}

int count_stored(struct observer *o, struct err *e)
{
    struct oids list = {0};
    bool any = false;
    for (size_t i = 0; i < o->now.n_locks; i++) {
        struct lock *l = &o->now.locks[i];
        if (has_new_storage(o, l)) {
            any = true;
            l->rows_now = l->has_pages ? ROWS_UNKNOWN : 0;
            if (l->has_pages) {
                oids_add(o->a, &list, l->oid);
            }
        }
    }
    o->ran_code |= any && has_event_triggers(o);
    if (list.n == 0) {
        return 0;
    }
    struct pg_rows *r = NULL;
    const char *params[1] = {oids_array(o->a, &list)};
    pg_batch_add(o->s, &postgis_before_rows, params, 1, &r);
    if (pg_batch_run(o->s, NULL, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        struct lock *l = sensed_lock(o, (uint32_t)pg_int(r, i, 0));
        l->rows_now = pg_null(r, i, 1) ? ROWS_UNKNOWN : pg_int(r, i, 1);
    }
    pg_rows_free(r);
    return 0;
}

static int64_t nobody_counted(struct observer *o, const struct catalog_object *b)
{
    struct observation *out = o->out;
    ARENA_GROW(o->a, out->uncounted, out->n_uncounted, out->cap_uncounted);
    out->uncounted[out->n_uncounted++] = b;
    return ROWS_UNKNOWN;
}

/* Those that stood there at the start or came since, and are neither there nor deleted one by one. After
 * TRUNCATE the counters begin anew, which comes to the same: what it removed stood there at the start. */
static int64_t rows_removed(const struct lock *l, const struct taken *first)
{
    if (first->rows == ROWS_UNKNOWN || l->rows_now == ROWS_UNKNOWN) {
        return ROWS_UNKNOWN;
    }
    int64_t n = first->rows + l->rows.inserted - l->rows.deleted - l->rows_now;
    return n > 0 ? n : 0;
}

enum fate fate_of(struct observer *o, const struct lock *l, int64_t *rows)
{
    *rows = 0;
    if (!has_new_storage(o, l)) {
        return FATE_KEPT;
    }
    const struct taken *truncated = taken_of(o, l->oid, TAKEN_BY_TRUNCATE);
    const struct taken *first = taken_of(o, l->oid, TAKEN_AT_START);
    if (truncated != NULL) {
        *rows = truncated->rows;
        return FATE_EMPTIED;
    }
    if (first != NULL) {
        *rows = rows_removed(l, first);
        if (*rows != 0) {
            return FATE_EMPTIED;
        }
    } else if (o->ran_code && (l->rows_now == 0 || l->rows.inserted > 0)) {
        /* Old rows that stand there were not removed. */
        *rows = nobody_counted(o, table_before(o, l->oid));
        return FATE_EMPTIED;
    }
    *rows = l->rows_now;
    return FATE_REWRITTEN;
}

int64_t rows_dropped(struct observer *o, const struct catalog_object *b)
{
    const struct taken *known = taken_of(o, b->objid, TAKEN_BY_DROP);
    const struct taken *first = taken_of(o, b->objid, TAKEN_AT_START);
    const struct lock *l = sensed_lock(o, b->objid);
    if (known != NULL) {
        return known->rows;
    }
    if (first == NULL) {
        return nobody_counted(o, b);
    }
    static const struct lock none;
    return rows_removed(l != NULL ? l : &none, first);
}
