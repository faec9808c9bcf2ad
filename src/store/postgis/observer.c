/* Observing a transaction, from its start to what it amounts to.
 * Owns: the order of steps, and what is counted for limits. How it becomes complete is told in
 * store/postgis/observer.h. */
#include "store/postgis/observer.h"

#include <stdlib.h>
#include <string.h>

struct observer *observer_new(struct arena *a, struct observer_memory *memory)
{
    struct observer *o = ARENA_NEW(a, struct observer);
    o->a = a;
    o->memory = memory;
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

void observer_start_add(struct observer *o, struct pg *s)
{
    sense_start_add(o, s);
}

int observer_start_done(struct observer *o, struct err *e)
{
    return sense_start_done(o, e);
}

static bool is_table(enum object_kind k)
{
    return k == OBJ_TABLE || k == OBJ_MATVIEW || k == OBJ_FOREIGN_TABLE;
}

static bool is_touching(enum effect e)
{
    return e != EFFECT_READ && e != EFFECT_REFERENCE;
}

/* The new name of what was there under another. */
static bool is_renamed(const struct observer *o, const struct touch *t)
{
    for (size_t i = 0; i < o->n_pairs && t->effect == EFFECT_CREATE; i++) {
        const struct pair *p = &o->pairs[i];
        if (p->before != NULL && p->after != NULL && object_eq(&p->after->object, &t->object) &&
            !object_eq(&p->before->object, &t->object)) {
            return true;
        }
    }
    return false;
}

static int count_tables(struct observer *o)
{
    struct table seen = {.a = o->a};
    int n = 0;
    for (size_t i = 0; i < o->out->touches.n; i++) {
        const struct touch *t = &o->out->touches.v[i];
        if (!is_table(t->object.kind) || !is_touching(t->effect) || is_renamed(o, t)) {
            continue;
        }
        n += table_puts(&seen, object_text(o->a, &t->object), o) == NULL ? 1 : 0;
    }
    return n;
}

static int64_t count_rows(const struct observation *out)
{
    int64_t n = 0;
    for (size_t i = 0; i < out->touches.n; i++) {
        const struct touch *t = &out->touches.v[i];
        if (t->inserted == ROWS_UNKNOWN || t->updated == ROWS_UNKNOWN ||
            t->deleted == ROWS_UNKNOWN) {
            return ROWS_UNKNOWN;
        }
        n += t->inserted + t->updated + t->deleted;
    }
    return n;
}

static bool is_index(const struct facet *f)
{
    return strncmp(f->name, "index ", strlen("index ")) == 0 &&
           strstr(f->name, " depends_on_extension ") == NULL;
}

/* Indexes of one that the other has not, under any name: a renamed index is the same. */
static int count_missing(const struct catalog_object *one, const struct catalog_object *other)
{
    int n = 0;
    for (size_t i = 0; one != NULL && i < one->n_facets; i++) {
        const struct facet *f = &one->facets[i];
        if (!is_index(f) || (other != NULL && facet_of(other, f->name) != NULL)) {
            continue;
        }
        bool elsewhere = false;
        for (size_t k = 0; other != NULL && k < other->n_facets && !elsewhere; k++) {
            const struct facet *g = &other->facets[k];
            elsewhere =
                is_index(g) && strcmp(f->value, g->value) == 0 && facet_of(one, g->name) == NULL;
        }
        n += elsewhere ? 0 : 1;
    }
    return n;
}

static int count_indexes(const struct observer *o)
{
    int n = 0;
    for (size_t i = 0; i < o->n_pairs; i++) {
        n += count_missing(o->pairs[i].before, o->pairs[i].after) +
             count_missing(o->pairs[i].after, o->pairs[i].before);
    }
    return n;
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
    out->index_delta = count_indexes(o);
    out->n_tables_touched = count_tables(o);
    out->rows = count_rows(out);
    out->server_time = o->now.now;
    out->unsettled = o->unsettled;
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
    if (sense(o, e) != 0) {
        return -1;
    }
    o->is_pinned = false;
    pins_undo(s, PINS_SAVEPOINT);
    return pg_batch_run(s, NULL, e);
}

int observer_finish(struct observer *o, struct pg *s, const struct catalog *base,
                    struct observation *out, struct err *e)
{
    *out = (struct observation){0};
    o->s = s;
    o->base = base;
    o->out = out;
    int rc = sense(o, e);
    if (rc == 0) {
        rc = reconcile(o, e);
    }
    if (rc == 0) {
        rc = compare(o, e);
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
    pg_rows_free(o->r_hidden);
    o->r_hidden = NULL;
    buf_release(&o->unreconciled);
    return rc;
}
