/* Observing a transaction, from its start to what it amounts to.
 * Owns: the order of steps. How it becomes complete is told in store/postgis/observer.h. */
#include "store/postgis/observer.h"

#include <stdlib.h>
#include <string.h>

struct observer *observer_new(struct arena *a, struct observer_memory *memory)
{
    struct observer *o = ARENA_NEW(a, struct observer);
    o->a = a;
    o->memory = memory;
    o->ran_code = true;
    o->start_counters = o->start_tables = o->now.by_oid = o->candidates = o->paired = o->touched =
        (struct table){.a = a};
    return o;
}

void observer_before_add(struct pg *s)
{
    sense_before_add(s);
}

void observer_end_add(struct pg *s)
{
    pins_undo(s, PINS_SAVEPOINT);
}

void observer_statement(struct observer *o, bool shows_all, enum quiet quiet)
{
    o->ran_code = shows_all ? o->ran_code && o->is_told : true;
    o->is_quiet = quiet != QUIET_NOT && (o->is_quiet || !o->is_told);
    o->glance.makes |= quiet == QUIET_MAKES_TABLE;
    o->is_told = true;
}

void observer_cascades(struct observer *o)
{
    o->cascades = true;
}

bool observer_left_nothing(const struct observer *o)
{
    return o->glance.is_taken && o->glance.had_run_locks;
}

void observer_start_add(struct observer *o, struct pg *s)
{
    sense_start_add(o, s);
}

int observer_start_done(struct observer *o, struct err *e)
{
    return sense_start_done(o, e);
}

struct sortable {
    const char *text;
    struct touch touch;
};

static int by_object(const void *a, const void *b)
{
    const struct sortable *x = a;
    const struct sortable *y = b;
    int c = strcmp(x->text, y->text);
    return c != 0 ? c : (int)x->touch.effect - (int)y->touch.effect;
}

/* Locks come in no order. */
static void sort(struct arena *a, struct touches *t)
{
    struct sortable *v = ARENA_ARRAY(a, struct sortable, t->n + 1);
    for (size_t i = 0; i < t->n; i++) {
        v[i] = (struct sortable){object_text(a, &t->v[i].object), t->v[i]};
    }
    qsort(v, t->n, sizeof *v, by_object);
    for (size_t i = 0; i < t->n; i++) {
        t->v[i] = v[i].touch;
    }
}

static void sum_up(struct observer *o)
{
    struct observation *out = o->out;
    count_up(o);
    out->server_time = o->now.now;
    out->unsettled = o->unsettled;
    out->unsensed = powers_residue(o->a, &o->powers);
    out->ledger_touched |= !digest_eq(&o->ledger, &o->now.ledger);
    out->unreconciled =
        o->unreconciled.n > 0 ? arena_strdup(o->a, buf_str(&o->unreconciled)) : NULL;
    sort(o->a, &out->touches);
    sort(o->a, &out->residue);
}

int observer_settle(struct observer *o, struct pg *s, struct observation *out, struct err *e)
{
    *out = (struct observation){0};
    o->s = s;
    o->out = out;
    o->is_quiet = false; /* who settles goes on */
    if (sense(o, e) != 0) {
        return -1;
    }
    o->is_pinned = false;
    pins_undo(s, PINS_SAVEPOINT);
    return pg_batch_run(s, NULL, e);
}

void observer_glance_add(struct observer *o, struct pg *s, const struct catalog *base)
{
    if (o->is_quiet) {
        o->base = base;
        glance_add(o, s);
    }
}

static int look(struct observer *o, struct err *e)
{
    if (o->is_quiet && o->glance.held == NULL) {
        glance_add(o, o->s);
        if (pg_batch_run(o->s, NULL, e) != 0) {
            return -1;
        }
    }
    return o->is_quiet && glance_take(o) ? 0 : sense(o, e);
}

/* Names of operator classes are remembered, with their schemas'. */
static void forget_names(struct observer *o)
{
    for (size_t i = 0; o->memory != NULL && i < o->n_moved; i++) {
        const struct moved *m = &o->moved[i];
        if (m->oid == PG_OPCLASS ||
            (m->oid == PG_NAMESPACE && m->rows.updated + m->rows.deleted > 0)) {
            o->memory->backend_pid = 0; /* all is read again */
        }
    }
}

int observer_finish(struct observer *o, struct pg *s, const struct catalog *base,
                    struct observation *out, struct err *e)
{
    *out = (struct observation){0};
    o->s = s;
    o->base = base;
    o->out = out;
    int rc = look(o, e);
    forget_names(o);
    if (rc == 0) {
        rc = reconcile(o, e);
    }
    if (rc == 0) {
        rc = compare(o, e);
    }
    if (rc == 0) {
        rc = count_stored(o, e);
    }
    if (rc == 0) {
        rc = silence_schemas(o, e);
    }
    if (rc == 0) {
        touches_of_pairs(o);
        touches_of_locks(o);
        rc = touches_of_others(o, e);
    }
    if (rc == 0) {
        sum_up(o);
    }
    glance_release(o);
    pg_rows_free(o->r_hidden);
    o->r_hidden = NULL;
    buf_release(&o->unreconciled);
    return rc;
}
