/* The graph of a plan as text, dot and JSON. Nodes are numbered: steps, then projections, then the dataset
 * versions that those are made of. */
#include <string.h>

#include "report/words.h"

enum { DEPTH_SHOWN = 20 };

struct graph {
    struct arena *a;
    const struct plan *p;
    struct names datasets; /* "dataset:kansas_counties/2026-03.41bf996d" */
    bool *shown;           /* of steps and projections */
    size_t *depth;         /* of steps */
};

static const char *dataset_name(struct arena *a, const struct projection_source *s)
{
    return arena_printf(a, "dataset:%s/%s", s->dataset, s->version);
}

static void find_datasets(struct graph *g, const struct projection *x)
{
    for (size_t i = 0; i < x->n_sources; i++) {
        names_add(g->a, &g->datasets, dataset_name(g->a, &x->source[i]));
    }
}

static bool any(const bool *marked, const int *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (marked[v[i]]) {
            return true;
        }
    }
    return false;
}

/* A projection needs its chain and what stands before that outside. */
static void mark_projections(const struct plan *p, int focus, bool *up, bool *down)
{
    for (size_t at = p->n_migrations; at < p->n_steps; at++) {
        const struct step *x = &p->v[at];
        if ((int)at != focus) {
            down[at] = any(down, x->members, x->n_members) || any(down, x->upstream, x->n_upstream);
            continue;
        }
        up[at] = true;
        for (size_t k = 0; k < x->n_members; k++) {
            up[x->members[k]] = true;
        }
    }
}

static void mark_up(const struct plan *p, bool *up)
{
    /* Steps stand in build order: upstream ones first. */
    for (size_t i = p->n_migrations; i-- > 0;) {
        for (size_t k = 0; up[i] && k < p->v[i].n_upstream; k++) {
            up[p->v[i].upstream[k]] = true;
        }
    }
}

static void mark_down(const struct plan *p, bool *down)
{
    for (size_t i = 0; i < p->n_migrations; i++) {
        down[i] = down[i] || any(down, p->v[i].upstream, p->v[i].n_upstream);
    }
}

/* Which steps and projections are shown: all, or focus with what it depends on and what depends on it. */
static void choose(struct graph *g, int focus)
{
    const struct plan *p = g->p;
    bool *up = ARENA_ARRAY(g->a, bool, p->n_steps + 1);
    bool *down = ARENA_ARRAY(g->a, bool, p->n_steps + 1);
    if (focus >= 0 && (size_t)focus < p->n_migrations) {
        up[focus] = down[focus] = true;
    }
    mark_down(p, down);
    mark_projections(p, focus, up, down);
    mark_up(p, up);
    g->shown = up;
    for (size_t i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->v[i];
        up[i] = focus < 0 ? s->selected : up[i] || down[i];
        if (s->kind == STEP_PROJECTION && up[i] && (focus < 0 || (size_t)focus == i)) {
            find_datasets(g, s->in->p);
        }
    }
}

/* One level deeper than the deepest of depends_on; the default order indents nothing, or a long history would
 * run off the screen. */
static void measure(struct graph *g)
{
    const struct plan *p = g->p;
    g->depth = ARENA_ARRAY(g->a, size_t, p->n_migrations + 1);
    for (size_t i = 0; i < p->n_migrations; i++) {
        const struct step *s = &p->v[i];
        for (size_t k = 0; k < s->n_upstream; k++) {
            size_t d = g->depth[s->upstream[k]] + !s->order_only;
            g->depth[i] = d > g->depth[i] ? d : g->depth[i];
        }
        g->depth[i] = g->depth[i] > DEPTH_SHOWN ? DEPTH_SHOWN : g->depth[i];
    }
}

static struct graph look(struct arena *a, const struct plan *p, int focus)
{
    struct graph g = {.a = a, .p = p};
    choose(&g, focus);
    measure(&g);
    return g;
}

static const char *node_name(const struct graph *g, size_t i)
{
    return step_target_text(g->a, g->p, &g->p->v[i]);
}

/* Each edge once, in the order of the nodes that they lead to. */
static void walk(const struct graph *g,
                 void (*edge)(void *ctx, const char *from, const char *to, const char *kind),
                 void *ctx)
{
    const struct plan *p = g->p;
    for (size_t i = 0; i < p->n_migrations; i++) {
        for (size_t k = 0; g->shown[i] && k < p->v[i].n_upstream; k++) {
            if (g->shown[p->v[i].upstream[k]]) {
                edge(ctx, node_name(g, (size_t)p->v[i].upstream[k]), node_name(g, i),
                     p->v[i].order_only ? "order" : "depends");
            }
        }
    }
    for (size_t i = p->n_migrations; i < p->n_steps; i++) {
        const struct step *x = &p->v[i];
        const char *to = node_name(g, i);
        for (size_t k = 0; g->shown[i] && k < x->n_members; k++) {
            if (g->shown[x->members[k]]) {
                edge(ctx, node_name(g, (size_t)x->members[k]), to, "member");
            }
        }
        for (size_t k = 0; g->shown[i] && k < x->in->p->n_sources; k++) {
            const char *from = dataset_name(g->a, &x->in->p->source[k]);
            if (names_have(&g->datasets, from)) {
                edge(ctx, from, to, "source");
            }
        }
    }
}

/* --- text ------------------------------------------------------------------------------------------- */

static void put_migration(struct buf *out, const struct graph *g, size_t i)
{
    const struct step *s = &g->p->v[i];
    buf_printf(out, "%*s", (int)(2 * g->depth[i]), "");
    words_safe(out, node_name(g, i));
    buf_printf(out, "  %s", plan_state_text(s->state));
    for (size_t k = 0; k < s->n_upstream; k++) {
        buf_puts(out, k > 0 ? ", " : s->order_only ? "  after " : "  needs ");
        words_safe(out, g->p->v[s->upstream[k]].bundle->id);
    }
    buf_putc(out, '\n');
}

static void put_projection(struct buf *out, const struct graph *g, size_t i)
{
    const struct step *x = &g->p->v[i];
    const char *before = "  from ";
    words_safe(out, node_name(g, i));
    buf_printf(out, "  %s", plan_state_text(x->state));
    for (size_t k = 0; k < x->n_members; k++) {
        buf_puts(out, before);
        words_safe(out, g->p->v[x->members[k]].bundle->id);
        before = ", ";
    }
    for (size_t k = 0; k < x->in->p->n_sources; k++) {
        buf_puts(out, before);
        words_safe(out, dataset_name(g->a, &x->in->p->source[k]));
        before = ", ";
    }
    buf_putc(out, '\n');
}

void report_graph(struct buf *out, const struct plan *p, int focus)
{
    struct arena a = {0};
    struct graph g = look(&a, p, focus);
    for (size_t i = 0; i < p->n_steps; i++) {
        if (g.shown[i]) {
            (p->v[i].kind == STEP_PROJECTION ? put_projection : put_migration)(out, &g, i);
        }
    }
    arena_release(&a);
}

/* --- dot -------------------------------------------------------------------------------------------- */

/* A quoted dot string (graphviz, "The DOT Language": only the quote needs escaping; a backslash would begin
 * an escape). */
static void put_id(struct buf *out, const char *s)
{
    struct buf safe = {0};
    words_safe(&safe, s);
    buf_putc(out, '"');
    for (size_t i = 0; i < safe.n; i++) {
        if (safe.p[i] == '"' || safe.p[i] == '\\') {
            buf_putc(out, '\\');
        }
        buf_putc(out, safe.p[i]);
    }
    buf_putc(out, '"');
    buf_release(&safe);
}

static void put_node(struct buf *out, const char *name, enum plan_state state, const char *more)
{
    static const char *const colors[] = {[STATE_CURRENT] = "darkgreen",
                                         [STATE_STALE] = "orange",
                                         [STATE_BLOCKED] = "red",
                                         [STATE_NOT_APPLICABLE] = "gray"};
    buf_puts(out, "  ");
    put_id(out, name);
    buf_printf(out, " [%scolor=%s, tooltip=\"%s\"];\n", more, colors[state],
               plan_state_text(state));
}

static void put_edge(void *ctx, const char *from, const char *to, const char *kind)
{
    struct buf *out = ctx;
    buf_puts(out, "  ");
    put_id(out, from);
    buf_puts(out, " -> ");
    put_id(out, to);
    buf_puts(out, strcmp(kind, "order") == 0 ? " [style=dashed];\n" : ";\n");
}

void report_graph_dot(struct buf *out, const struct plan *p, int focus)
{
    struct arena a = {0};
    struct graph g = look(&a, p, focus);
    buf_puts(out, "digraph kfmig {\n  rankdir=LR;\n  node [shape=box];\n");
    for (size_t i = 0; i < p->n_steps; i++) {
        if (g.shown[i]) {
            put_node(out, node_name(&g, i), p->v[i].state,
                     p->v[i].kind == STEP_PROJECTION ? "shape=component, " : "");
        }
    }
    for (size_t i = 0; i < g.datasets.n; i++) {
        buf_puts(out, "  ");
        put_id(out, g.datasets.v[i]);
        buf_puts(out, " [shape=cylinder];\n");
    }
    walk(&g, put_edge, out);
    buf_puts(out, "}\n");
    arena_release(&a);
}

/* --- JSON ------------------------------------------------------------------------------------------- */

struct edges {
    struct arena *a;
    struct doc *list;
};

static void add_edge(void *ctx, const char *from, const char *to, const char *kind)
{
    struct edges *e = ctx;
    struct doc *edge = doc_push(e->a, e->list, doc_new(e->a, DOC_MAP));
    doc_put(e->a, edge, "from", words_doc(e->a, from));
    doc_put(e->a, edge, "to", words_doc(e->a, to));
    doc_put(e->a, edge, "kind", doc_text(e->a, kind));
}

static struct doc *add_node(struct arena *a, struct doc *nodes, const char *name)
{
    struct doc *node = doc_push(a, nodes, doc_new(a, DOC_MAP));
    doc_put(a, node, "target", words_doc(a, name));
    return node;
}

struct doc *report_graph_doc(struct arena *a, const struct plan *p, int focus)
{
    struct graph g = look(a, p, focus);
    struct doc *d = doc_new(a, DOC_MAP);
    struct doc *nodes = doc_put(a, d, "nodes", doc_new(a, DOC_LIST));
    struct edges edges = {a, doc_put(a, d, "edges", doc_new(a, DOC_LIST))};
    for (size_t i = 0; i < p->n_steps; i++) {
        if (g.shown[i]) {
            doc_put(a, add_node(a, nodes, node_name(&g, i)), "state",
                    doc_text(a, plan_state_text(p->v[i].state)));
        }
    }
    for (size_t i = 0; i < g.datasets.n; i++) {
        add_node(a, nodes, g.datasets.v[i]);
    }
    walk(&g, add_edge, &edges);
    return d;
}
