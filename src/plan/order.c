/* The walk's order: a topological sort with a heap, deterministic by bundle order. */
#include "plan/order.h"

#include <string.h>

/* Edges while sorting, by index in bundle order. */
struct work {
    struct step *old; /* steps in bundle order */
    size_t n;
    int *missing;   /* upstream steps that are not placed yet */
    int *first;     /* head of the list of edges that leave a step */
    int *next, *to; /* the edges */
    int n_edges;
    int *heap;
    size_t n_heap;
    int *placed; /* old index -> new index, or -1 */
};

static void heap_push(struct work *w, int x)
{
    size_t i = w->n_heap++;
    while (i > 0 && w->heap[(i - 1) / 2] > x) {
        w->heap[i] = w->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    w->heap[i] = x;
}

static int heap_pop(struct work *w)
{
    int top = w->heap[0];
    int x = w->heap[--w->n_heap];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= w->n_heap) {
            break;
        }
        if (child + 1 < w->n_heap && w->heap[child + 1] < w->heap[child]) {
            child++;
        }
        if (w->heap[child] >= x) {
            break;
        }
        w->heap[i] = w->heap[child];
        i = child;
    }
    w->heap[i] = x;
    return top;
}

static void edge_add(struct work *w, struct step *s, int from, int to)
{
    s->upstream[s->n_upstream++] = from;
    int at = w->n_edges++;
    w->to[at] = to;
    w->next[at] = w->first[from];
    w->first[from] = at;
    w->missing[to]++;
}

/* Which step stands for id? Steps are in bundle order and ids are unique, so a table is made once per plan. */
static int index_of(const struct table *by_id, const char *id)
{
    const int *at = table_gets(by_id, id);
    return at == NULL ? -1 : *at;
}

static int link_depends(struct plan *p, struct work *w, const struct table *by_id, int i,
                        struct err *e)
{
    struct step *s = &w->old[i];
    const struct names *d = &s->bundle->depends_on;
    s->upstream = ARENA_ARRAY(p->a, int, d->n + 1);
    for (size_t k = 0; k < d->n; k++) {
        int from = index_of(by_id, d->v[k]);
        if (from < 0) {
            const char *path = arena_printf(p->a, "%s/migration.yml", s->bundle->dir);
            err_at(e, ERR_CONFIG, path, s->bundle->depends_line, 1,
                   "depends_on names \"%s\", which no bundle declares", d->v[k]);
            return err_hint(e, "correct the id, or add its bundle");
        }
        edge_add(w, s, from, i);
    }
    return 0;
}

static bool depends_on_later(const struct bundle *b)
{
    for (size_t k = 0; k < b->depends_on.n; k++) {
        if (strcmp(b->depends_on.v[k], b->id) > 0) {
            return true;
        }
    }
    return false;
}

static bool same_chain(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The previous id of the folder in that chain (NULL: in none); one that its depends_on has placed after a later id is no predecessor, or a
 * late arrival could never be placed behind what is there already. */
static int predecessor(const struct work *w, int i, const char *chain)
{
    const char *folder = w->old[i].bundle->folder;
    for (int k = i - 1; k >= 0 && strcmp(w->old[k].bundle->folder, folder) == 0; k--) {
        const struct bundle *b = w->old[k].bundle;
        if (same_chain(b->projection, chain) && !depends_on_later(b)) {
            return k;
        }
    }
    return -1;
}

/* What runs inside generations orders nothing outside; a member follows both its chain and what stands before it outside. */
static void link_default(struct plan *p, struct work *w, int i)
{
    struct step *s = &w->old[i];
    const char *chain = s->bundle->projection;
    int member = chain != NULL ? predecessor(w, i, chain) : -1;
    int outside = predecessor(w, i, NULL);
    s->order_only = true;
    s->upstream = ARENA_ARRAY(p->a, int, 2);
    if (outside >= 0 && (member < outside || w->old[member].bundle->has_depends)) {
        edge_add(w, s, outside, i);
    }
    if (member >= 0) {
        edge_add(w, s, member, i);
    }
}

static int link_all(struct plan *p, struct work *w, struct err *e)
{
    struct table by_id = {.a = p->a};
    int *index = ARENA_ARRAY(p->a, int, w->n + 1);
    for (size_t i = 0; i < w->n; i++) {
        index[i] = (int)i;
        table_puts(&by_id, w->old[i].bundle->id, &index[i]);
    }
    for (size_t i = 0; i < w->n; i++) {
        if (!w->old[i].bundle->has_depends) {
            link_default(p, w, (int)i);
        } else if (link_depends(p, w, &by_id, (int)i, e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Some steps could not be placed: walk upstream among them until one comes up twice. */
static int report_cycle(struct plan *p, const struct work *w, struct err *e)
{
    size_t at = 0;
    while (w->placed[at] >= 0) {
        at++;
    }
    int *seen = ARENA_ARRAY(p->a, int, w->n);
    int *path = ARENA_ARRAY(p->a, int, w->n + 1);
    int n = 0;
    int i = (int)at;
    while (seen[i] == 0) {
        seen[i] = ++n;
        path[n - 1] = i;
        const struct step *s = &w->old[i];
        for (size_t k = 0; k < s->n_upstream; k++) {
            if (w->placed[s->upstream[k]] < 0) {
                i = s->upstream[k];
                break;
            }
        }
    }
    struct buf text = {0};
    for (int k = seen[i] - 1; k < n; k++) {
        const struct bundle *b = w->old[path[k]].bundle;
        buf_printf(&text, "%s (%s/migration.yml:%d) -> ", b->id, b->dir, b->depends_line);
    }
    const struct bundle *b = w->old[i].bundle;
    const char *file = arena_printf(p->a, "%s/migration.yml", b->dir);
    err_at(e, ERR_CONFIG, file, b->depends_line, 1, "dependency cycle: %s%s", buf_str(&text),
           b->id);
    buf_release(&text);
    return err_hint(e, "remove one of these depends_on");
}

static void place(struct work *w, struct step *out)
{
    int n = 0;
    while (w->n_heap > 0) {
        int i = heap_pop(w);
        w->placed[i] = n;
        out[n++] = w->old[i];
        for (int k = w->first[i]; k >= 0; k = w->next[k]) {
            if (--w->missing[w->to[k]] == 0) {
                heap_push(w, w->to[k]);
            }
        }
    }
}

int order_steps(struct plan *p, struct err *e)
{
    size_t n = p->n;
    size_t n_edges = 2 * n;
    for (size_t i = 0; i < n; i++) {
        n_edges += p->v[i].bundle->depends_on.n;
    }
    struct work w = {.old = p->v, .n = n};
    w.missing = ARENA_ARRAY(p->a, int, n + 1);
    w.first = ARENA_ARRAY(p->a, int, n + 1);
    w.next = ARENA_ARRAY(p->a, int, n_edges + 1);
    w.to = ARENA_ARRAY(p->a, int, n_edges + 1);
    w.heap = ARENA_ARRAY(p->a, int, n + 1);
    w.placed = ARENA_ARRAY(p->a, int, n + 1);
    for (size_t i = 0; i < n; i++) {
        w.first[i] = -1;
        w.placed[i] = -1;
    }
    if (link_all(p, &w, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        if (w.missing[i] == 0) {
            heap_push(&w, (int)i);
        }
    }
    struct step *out = ARENA_ARRAY(p->a, struct step, n + 1);
    place(&w, out);
    for (size_t i = 0; i < n; i++) {
        if (w.placed[i] < 0) {
            return report_cycle(p, &w, e);
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < out[i].n_upstream; k++) {
            out[i].upstream[k] = w.placed[out[i].upstream[k]];
        }
    }
    p->v = out;
    return 0;
}

void order_select(struct plan *p, const bool *roots)
{
    for (size_t i = 0; i < p->n; i++) {
        p->v[i].selected = roots[i];
    }
    /* Upstream steps stand before those that need them, so one walk backwards reaches all. */
    for (size_t i = p->n; i-- > 0;) {
        if (!p->v[i].selected) {
            continue;
        }
        for (size_t k = 0; k < p->v[i].n_upstream; k++) {
            p->v[p->v[i].upstream[k]].selected = true;
        }
    }
}
