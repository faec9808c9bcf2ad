/* What a run saw, as plain data for its documents. */
#include <string.h>

#include "run/account.h"

struct limits limits_observed(const struct observation *seen)
{
    struct limits l = limits_none;
    l.max_table_count_touched = seen->n_tables_touched;
    l.max_index_count_delta = seen->index_delta;
    l.max_row_backfill = seen->rows;
    return l;
}

/* The facets of an object that stood before and stands now: of every touch that altered it. */
static void add_facets(struct arena *a, const struct touches *touches, const struct object *object,
                       struct account_change *out)
{
    size_t n = 0;
    for (size_t i = 0; i < touches->n; i++) {
        const struct touch *t = &touches->v[i];
        bool is_its = t->effect == EFFECT_ALTER && object_eq(&t->object, object);
        n += is_its ? t->n_facets : 0;
    }
    struct facet_diff *v = ARENA_ARRAY(a, struct facet_diff, n + 1);
    for (size_t i = 0; i < touches->n; i++) {
        const struct touch *t = &touches->v[i];
        if (t->effect == EFFECT_ALTER && t->n_facets > 0 && object_eq(&t->object, object)) {
            memcpy(v + out->n_facets, t->facets, t->n_facets * sizeof *v);
            out->n_facets += t->n_facets;
        }
    }
    out->facets = v;
}

static void add_changes(struct arena *a, const struct observation *seen, struct account_diff *out)
{
    out->changes = ARENA_ARRAY(a, struct account_change, seen->n_changes + 1);
    out->n_changes = seen->n_changes;
    for (size_t i = 0; i < seen->n_changes; i++) {
        const struct change *c = &seen->changes[i];
        struct account_change *x = &out->changes[i];
        x->object = change_text(c);
        x->change = c->before == NULL  ? FACET_ADDED
                    : c->after == NULL ? FACET_REMOVED
                                       : FACET_CHANGED;
        if (x->change == FACET_CHANGED) {
            add_facets(a, &seen->touches, &c->after->object, x);
        }
    }
}

static bool has_rows(const struct touch *t)
{
    return (t->effect == EFFECT_WRITE || t->effect == EFFECT_TRUNCATE ||
            t->effect == EFFECT_DROP) &&
           t->object.kind == OBJ_TABLE && (t->inserted != 0 || t->updated != 0 || t->deleted != 0);
}

static void add_violations(struct arena *a, const struct findings *gates, struct names *out)
{
    for (size_t i = 0; i < gates->n; i++) {
        const struct finding *g = &gates->v[i];
        if (!g->passed && (strcmp(g->rule, "scope") == 0 || strcmp(g->rule, "protected") == 0)) {
            ARENA_GROW(a, out->v, out->n, out->cap);
            out->v[out->n++] = g->text;
        }
    }
}

void account_diff_of(struct arena *a, const struct bundle *b, const struct outcome *o,
                     struct account_diff *out)
{
    *out = (struct account_diff){.migration_id = b->id,
                                 .residue = o->seen.residue,
                                 .touched = o->seen.touches,
                                 .declared = b->decl->limits,
                                 .observed = limits_observed(&o->seen)};
    add_changes(a, &o->seen, out);
    add_violations(a, &o->gates, &out->violations);
    for (size_t i = 0; i < o->seen.touches.n; i++) {
        if (has_rows(&o->seen.touches.v[i])) {
            touches_add(a, &out->rows, o->seen.touches.v[i]);
        }
    }
}

void evidence_of(struct arena *a, const struct bundle *b, const struct outcome *o,
                 struct evidence_set *out)
{
    struct account_diff diff;
    out->invariants = invariants_write(a, &o->gates);
    if (o->observed) {
        account_diff_of(a, b, o, &diff);
        out->diff = diff_write(a, &diff);
        out->touched = touched_write(a, &o->seen.touches);
    }
}
