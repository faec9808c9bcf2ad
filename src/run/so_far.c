/* What the segments of a migration came to so far. */
#include "run/so_far.h"

#include <stdlib.h>
#include <string.h>

void so_far_begin(struct so_far *f, struct arena *a)
{
    *f = (struct so_far){.a = a, .objects = {.a = a}, .tables = {.a = a}};
}

static bool counts(const struct touch *t)
{
    enum object_kind k = t->object.kind;
    return t->effect != EFFECT_READ && t->effect != EFFECT_REFERENCE &&
           (k == OBJ_TABLE || k == OBJ_MATVIEW || k == OBJ_FOREIGN_TABLE);
}

static const char *root_text(struct arena *a, const struct lineage *family, const struct touch *t)
{
    struct object root = lineage_root(family, &t->object);
    root.kind = OBJ_TABLE;
    return object_text(a, &root);
}

static int64_t sum_of(int64_t a, int64_t b)
{
    return a == ROWS_UNKNOWN || b == ROWS_UNKNOWN ? ROWS_UNKNOWN : a + b;
}

/* What was seen of a batch goes with it. */
static struct touch kept(struct arena *a, const struct touch *t)
{
    struct touch own = *t;
    own.object.schema = t->object.schema != NULL ? arena_strdup(a, t->object.schema) : NULL;
    own.object.name = t->object.name != NULL ? arena_strdup(a, t->object.name) : NULL;
    own.through = t->through != NULL ? arena_strdup(a, t->through) : NULL;
    return own;
}

/* The same effect on the same object is one touch. */
static void add_touch(struct so_far *f, const struct touch *t)
{
    for (size_t i = 0; i < f->touches.n; i++) {
        struct touch *x = &f->touches.v[i];
        if (x->effect == t->effect && object_eq(&x->object, &t->object)) {
            x->inserted = sum_of(x->inserted, t->inserted);
            x->updated = sum_of(x->updated, t->updated);
            x->deleted = sum_of(x->deleted, t->deleted);
            struct facet_diff *v =
                ARENA_ARRAY(f->a, struct facet_diff, x->n_facets + t->n_facets + 1);
            memcpy(v, x->facets != NULL ? x->facets : v, x->n_facets * sizeof *v);
            memcpy(v + x->n_facets, t->facets != NULL ? t->facets : v, t->n_facets * sizeof *v);
            x->facets = v;
            x->n_facets += t->n_facets;
            return;
        }
    }
    touches_add(f->a, &f->touches, kept(f->a, t));
}

/* The same effect once, however many batches had it. */
static void add_residue(struct so_far *f, const struct touch *t)
{
    for (size_t i = 0; i < f->residue.n; i++) {
        if (f->residue.v[i].effect == t->effect && object_eq(&f->residue.v[i].object, &t->object)) {
            return;
        }
    }
    touches_add(f->a, &f->residue, kept(f->a, t));
}

static void add_touches(struct so_far *f, const struct lineage *family, const struct touches *l)
{
    for (size_t i = 0; i < l->n; i++) {
        add_touch(f, &l->v[i]);
        if (counts(&l->v[i])) {
            (void)table_puts(&f->tables, root_text(f->a, family, &l->v[i]), f);
        }
    }
}

static void add_rows(struct so_far *f, const struct object_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct object_row *row = arena_dup(f->a, &rows[i], sizeof *row);
        (void)table_puts(&f->objects, row->object, row);
    }
}

/* touched.csv says no facets; the diff beside it does. */
static void give_facets(struct arena *a, const struct account_diff *d, struct touches *touches)
{
    for (size_t i = 0; i < touches->n; i++) {
        struct touch *t = &touches->v[i];
        const char *text = object_text(a, &t->object);
        for (size_t k = 0; t->effect == EFFECT_ALTER && k < d->n_changes; k++) {
            if (strcmp(d->changes[k].object, text) == 0) {
                t->facets = d->changes[k].facets;
                t->n_facets = d->changes[k].n_facets;
            }
        }
    }
}

void so_far_read(struct so_far *f, const struct lineage *family, const struct stepped *s)
{
    struct touches touched = s->diff.touched;
    give_facets(f->a, &s->diff, &touched);
    add_touches(f, family, &touched);
    add_rows(f, s->objects.v, s->objects.n);
    for (size_t i = 0; i < s->diff.residue.n; i++) {
        touches_add(f->a, &f->residue, s->diff.residue.v[i]);
    }
    f->index_delta = (int)s->diff.observed.max_index_count_delta;
    f->rows = s->diff.observed.max_row_backfill;
}

void so_far_add(const struct so_far *f, struct observation *seen)
{
    struct table own = {.a = f->a};
    for (size_t i = 0; i < seen->touches.n; i++) {
        if (counts(&seen->touches.v[i])) {
            (void)table_puts(&own, root_text(f->a, seen->lineage, &seen->touches.v[i]), &own);
        }
    }
    for (size_t i = 0; i < f->tables.n; i++) {
        seen->n_tables_touched += table_get(&own, f->tables.rows[i].key) == NULL ? 1 : 0;
    }
    seen->index_delta += f->index_delta;
    seen->rows = sum_of(seen->rows, f->rows);
}

void so_far_take(struct so_far *f, const struct observation *seen, const struct object_row *rows,
                 size_t n)
{
    add_touches(f, seen->lineage, &seen->touches);
    add_rows(f, rows, n);
    for (size_t i = 0; i < seen->residue.n; i++) {
        add_residue(f, &seen->residue.v[i]);
    }
    f->index_delta = seen->index_delta;
    f->rows = seen->rows;
}

/* --- the whole -------------------------------------------------------------------------------------- */

static struct catalog_object *object_before(struct arena *a, const struct object_row *row)
{
    struct catalog_object *o = ARENA_NEW(a, struct catalog_object);
    *o = (struct catalog_object){.text = row->object, .fingerprint = row->fingerprint};
    return object_parse(a, row->object, &o->object) == 0 ? o : NULL;
}

static bool differs(const struct object_row *before, const struct catalog_object *after)
{
    return before == NULL ? after != NULL
                          : after == NULL || !digest_eq(&before->fingerprint, &after->fingerprint);
}

void so_far_result(const struct so_far *f, const struct object_rows *was, const struct catalog *now,
                   struct observation *out)
{
    *out = (struct observation){.touches = f->touches,
                                .residue = f->residue,
                                .changes = ARENA_ARRAY(f->a, struct change, f->objects.n + 1),
                                .index_delta = f->index_delta,
                                .n_tables_touched = (int)f->tables.n,
                                .rows = f->rows};
    for (size_t i = 0; i < f->objects.n; i++) {
        const struct object_row *row = f->objects.rows[i].value;
        const struct object_row *before = object_rows_find(was, row->object);
        struct catalog_object *after = table_gets(&now->by_text, row->object);
        if (differs(before, after)) {
            out->changes[out->n_changes++] =
                (struct change){before != NULL ? object_before(f->a, before) : NULL, after};
        }
    }
    if (out->n_changes > 0) {
        qsort(out->changes, out->n_changes, sizeof *out->changes, change_by_text);
    }
}
