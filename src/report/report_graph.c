/* The graph of a plan as text, dot and JSON. */
#include <string.h>

#include "report/words.h"

enum { DEPTH_SHOWN = 20 };

/* Which steps are shown: all, or focus with what it depends on and what depends on it. */
static bool *choose(struct arena *a, const struct plan *p, int focus)
{
    bool *up = ARENA_ARRAY(a, bool, p->n + 1);
    bool *down = ARENA_ARRAY(a, bool, p->n + 1);
    if (focus >= 0) {
        up[focus] = down[focus] = true;
    }
    /* Steps stand in build order: upstream ones first. */
    for (size_t i = p->n; i-- > 0;) {
        for (size_t k = 0; up[i] && k < p->v[i].n_upstream; k++) {
            up[p->v[i].upstream[k]] = true;
        }
    }
    for (size_t i = 0; i < p->n; i++) {
        for (size_t k = 0; k < p->v[i].n_upstream; k++) {
            down[i] = down[i] || down[p->v[i].upstream[k]];
        }
    }
    for (size_t i = 0; i < p->n; i++) {
        up[i] = focus < 0 ? p->v[i].selected : up[i] || down[i];
    }
    return up;
}

/* One level deeper than the deepest of depends_on; the default order indents nothing, or a long history would run off the screen. */
static size_t *measure(struct arena *a, const struct plan *p)
{
    size_t *depth = ARENA_ARRAY(a, size_t, p->n + 1);
    for (size_t i = 0; i < p->n; i++) {
        const struct step *s = &p->v[i];
        for (size_t k = 0; k < s->n_upstream; k++) {
            size_t d = depth[s->upstream[k]] + !s->order_only;
            depth[i] = d > depth[i] ? d : depth[i];
        }
        depth[i] = depth[i] > DEPTH_SHOWN ? DEPTH_SHOWN : depth[i];
    }
    return depth;
}

void report_graph(struct buf *out, const struct plan *p, int focus)
{
    struct arena a = {0};
    const bool *shown = choose(&a, p, focus);
    const size_t *depth = measure(&a, p);
    for (size_t i = 0; i < p->n; i++) {
        const struct step *s = &p->v[i];
        if (!shown[i]) {
            continue;
        }
        buf_printf(out, "%*s", (int)(2 * depth[i]), "");
        words_safe(out, plan_target_text(&a, p, s, STAGE_APPLY));
        buf_printf(out, "  %s", plan_state_text(s->state));
        for (size_t k = 0; k < s->n_upstream; k++) {
            buf_puts(out, k > 0 ? ", " : s->order_only ? "  after " : "  needs ");
            words_safe(out, p->v[s->upstream[k]].bundle->id);
        }
        buf_putc(out, '\n');
    }
    arena_release(&a);
}

/* A quoted dot string (graphviz, "The DOT Language": only the quote needs escaping; a backslash would begin an escape). */
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

void report_graph_dot(struct buf *out, const struct plan *p, int focus)
{
    static const char *const colors[] = {[STATE_CURRENT] = "darkgreen",
                                         [STATE_STALE] = "orange",
                                         [STATE_BLOCKED] = "red",
                                         [STATE_NOT_APPLICABLE] = "gray"};
    struct arena a = {0};
    const bool *shown = choose(&a, p, focus);
    buf_puts(out, "digraph kfmig {\n  rankdir=LR;\n  node [shape=box];\n");
    for (size_t i = 0; i < p->n; i++) {
        if (shown[i]) {
            buf_puts(out, "  ");
            put_id(out, plan_target_text(&a, p, &p->v[i], STAGE_APPLY));
            buf_printf(out, " [color=%s, tooltip=\"%s\"];\n", colors[p->v[i].state],
                       plan_state_text(p->v[i].state));
        }
    }
    for (size_t i = 0; i < p->n; i++) {
        for (size_t k = 0; shown[i] && k < p->v[i].n_upstream; k++) {
            int from = p->v[i].upstream[k];
            if (shown[from]) {
                buf_puts(out, "  ");
                put_id(out, plan_target_text(&a, p, &p->v[from], STAGE_APPLY));
                buf_puts(out, " -> ");
                put_id(out, plan_target_text(&a, p, &p->v[i], STAGE_APPLY));
                buf_puts(out, p->v[i].order_only ? " [style=dashed];\n" : ";\n");
            }
        }
    }
    buf_puts(out, "}\n");
    arena_release(&a);
}

void report_graph_json(struct buf *out, const struct plan *p, int focus)
{
    struct arena a = {0};
    const bool *shown = choose(&a, p, focus);
    struct doc *d = doc_new(&a, DOC_MAP);
    struct doc *nodes = doc_put(&a, d, "nodes", doc_new(&a, DOC_LIST));
    struct doc *edges = doc_put(&a, d, "edges", doc_new(&a, DOC_LIST));
    for (size_t i = 0; i < p->n; i++) {
        if (!shown[i]) {
            continue;
        }
        struct doc *node = doc_push(&a, nodes, doc_new(&a, DOC_MAP));
        doc_put(&a, node, "target", words_doc(&a, plan_target_text(&a, p, &p->v[i], STAGE_APPLY)));
        doc_put(&a, node, "state", doc_text(&a, plan_state_text(p->v[i].state)));
        for (size_t k = 0; k < p->v[i].n_upstream; k++) {
            const struct step *from = &p->v[p->v[i].upstream[k]];
            if (shown[p->v[i].upstream[k]]) {
                struct doc *edge = doc_push(&a, edges, doc_new(&a, DOC_MAP));
                doc_put(&a, edge, "from",
                        words_doc(&a, plan_target_text(&a, p, from, STAGE_APPLY)));
                doc_put(&a, edge, "to",
                        words_doc(&a, plan_target_text(&a, p, &p->v[i], STAGE_APPLY)));
                doc_put(&a, edge, "kind", doc_text(&a, p->v[i].order_only ? "order" : "depends"));
            }
        }
    }
    words_json(out, d);
    arena_release(&a);
}
