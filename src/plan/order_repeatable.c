/* What repeatable definitions come after, as texts tell it. */
#include <stdlib.h>
#include <string.h>

#include "model/definition.h"
#include "plan/order.h"

/* A definition that needs something of that name, in whatever schema. */
struct needing {
    int at;
    const struct needing *next;
};

struct order_texts {
    struct arena *a;
    const struct bundle *const *bundles;
    size_t n;
    struct table by_last; /* last part of a name -> struct needing */
    int *seen;            /* per bundle: the last, plus 1, that was found to come before it */
    struct order_edge *v;
    size_t n_edges, cap;
};

static void index_needs(struct order_texts *w, int at)
{
    const struct names *needs = &w->bundles[at]->definition->needs;
    for (size_t i = 0; i < needs->n; i++) {
        bool is_open = false;
        const char *last = definition_last(needs->v[i], &is_open);
        struct needing *x = ARENA_NEW(w->a, struct needing);
        *x = (struct needing){at, table_gets(&w->by_last, last)};
        (void)table_puts(&w->by_last, last, x);
    }
}

/* Nothing outside of a chain comes after what runs in generations. */
static bool may_precede(const struct bundle *from, const struct bundle *to)
{
    return from->projection == NULL ||
           (to->projection != NULL && strcmp(from->projection, to->projection) == 0);
}

/* from makes, changes or drops what is called name. */
static void link_name(struct order_texts *w, int from, const char *name)
{
    bool is_open = false;
    const char *last = definition_last(name, &is_open);
    for (const struct needing *x = table_gets(&w->by_last, last); x != NULL; x = x->next) {
        const struct bundle *to = w->bundles[x->at];
        if (x->at == from || w->seen[x->at] == from + 1 || !may_precede(w->bundles[from], to) ||
            !definition_has(&to->definition->needs, name)) {
            continue;
        }
        w->seen[x->at] = from + 1;
        ARENA_GROW(w->a, w->v, w->n_edges, w->cap);
        w->v[w->n_edges++] = (struct order_edge){from, x->at};
    }
}

static void link_statement(struct order_texts *w, int from, const struct statement *st)
{
    for (size_t i = 0; i < st->touches.n; i++) {
        const struct touch *t = &st->touches.v[i];
        if (t->effect >= EFFECT_CREATE && !object_kind_global(t->object.kind) &&
            t->object.name[0] != '\0') {
            link_name(w, from, definition_name(w->a, &t->object));
        }
    }
}

/* What a pending migration makes again comes behind it, whatever its text tells. */
static void link_rebuilt(struct order_texts *w, int from)
{
    const struct bundle *b = w->bundles[from];
    for (size_t i = 0; b->forward != NULL && i < w->n && b->rebuilds.n > 0; i++) {
        const struct bundle *to = w->bundles[i];
        if (to->definition == NULL || w->seen[i] == from + 1 || !may_precede(b, to) ||
            !names_have(&b->rebuilds, to->id)) {
            continue;
        }
        w->seen[i] = from + 1;
        ARENA_GROW(w->a, w->v, w->n_edges, w->cap);
        w->v[w->n_edges++] = (struct order_edge){from, (int)i};
    }
}

static void link_bundle(struct order_texts *w, int from)
{
    const struct bundle *b = w->bundles[from];
    const struct definition *d = b->definition;
    struct statement_room room;
    for (size_t i = 0; d != NULL && i < d->makes.n; i++) {
        link_name(w, from, d->makes.v[i]);
    }
    for (size_t i = 0; d == NULL && b->forward != NULL && i < b->decl->forward.n; i++) {
        for (size_t k = 0; k < b->forward[i].n; k++) {
            if (!script_repeats(&b->forward[i], k)) {
                link_statement(w, from, script_at(&b->forward[i], k, &room));
            }
        }
    }
    link_rebuilt(w, from);
}

static int by_target(const void *a, const void *b)
{
    const struct order_edge *x = a;
    const struct order_edge *y = b;
    return x->to != y->to ? x->to - y->to : x->from - y->from;
}

struct order_edge *order_definitions(struct arena *a, const struct bundle *const *bundles, size_t n,
                                     size_t *n_edges)
{
    struct order_texts w = {.a = a, .bundles = bundles, .n = n, .by_last = {.a = a}};
    for (size_t i = 0; i < n; i++) {
        if (bundles[i]->definition != NULL) {
            index_needs(&w, (int)i);
        }
    }
    if (w.by_last.n > 0) {
        w.seen = ARENA_ARRAY(a, int, n);
    }
    for (size_t i = 0; i < n && w.by_last.n > 0; i++) {
        link_bundle(&w, (int)i);
    }
    if (w.n_edges > 1) {
        qsort(w.v, w.n_edges, sizeof *w.v, by_target);
    }
    *n_edges = w.n_edges;
    return w.v;
}
