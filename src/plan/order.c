/* The walk's order: a topological sort with a heap, deterministic by bundle order. */
#include "plan/order.h"

#include <string.h>

/* Edges while sorting, by index in bundle order. */
struct order_work {
    struct ordered *old; /* in bundle order */
    size_t n;
    int *missing;   /* upstream steps that are not placed yet */
    int *first;     /* head of the list of edges that leave a step */
    int *next, *to; /* the edges */
    int n_edges;
    int *heap;
    size_t n_heap;
    int *placed;                    /* old index -> new index, or -1 */
    const struct order_edge *texts; /* what definitions come after, sorted by to */
    size_t n_texts;
};

static void heap_push(struct order_work *w, int x)
{
    size_t i = w->n_heap++;
    while (i > 0 && w->heap[(i - 1) / 2] > x) {
        w->heap[i] = w->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    w->heap[i] = x;
}

static int heap_pop(struct order_work *w)
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

static void edge_add(struct order_work *w, struct ordered *s, int from, int to)
{
    s->upstream[s->n_upstream++] = from;
    int at = w->n_edges++;
    w->to[at] = to;
    w->next[at] = w->first[from];
    w->first[from] = at;
    w->missing[to]++;
}

/* Which step stands for id? Steps are in bundle order and ids are unique, so a table is made once per
 * plan. */
static int index_of(const struct table *by_id, const char *id)
{
    const int *at = table_gets(by_id, id);
    return at == NULL ? -1 : *at;
}

/* more: room for so many besides those that it names. */
static int link_depends(struct arena *a, struct order_work *w, const struct table *by_id, int i,
                        size_t more, struct err *e)
{
    struct ordered *s = &w->old[i];
    const struct names *d = &s->bundle->depends_on;
    s->upstream = ARENA_ARRAY(a, int, d->n + more + 1);
    for (size_t k = 0; k < d->n; k++) {
        int from = index_of(by_id, d->v[k]);
        if (from < 0) {
            const char *path = bundle_file(a, s->bundle);
            err_at(e, ERR_CONFIG, path, s->bundle->depends_line, 1,
                   "depends_on names \"%s\", which no bundle declares", d->v[k]);
            return err_hint(e, "correct the id, or add its bundle");
        }
        if (from != i) { /* itself: a fault of its declaration, which blocks it */
            edge_add(w, s, from, i);
        }
    }
    return 0;
}

/* What its text names, and what it says it comes after. *at: in w->texts, which is walked once. */
static int link_definition(struct arena *a, struct order_work *w, const struct table *by_id, int i,
                           size_t *at, struct err *e)
{
    size_t n = 0;
    while (*at + n < w->n_texts && w->texts[*at + n].to == i) {
        n++;
    }
    if (link_depends(a, w, by_id, i, n, e) != 0) {
        return -1;
    }
    struct ordered *s = &w->old[i];
    for (size_t k = 0; k < n; k++) {
        int from = w->texts[*at + k].from;
        bool is_named = names_have(&s->bundle->depends_on, w->old[from].bundle->id);
        if (!is_named) {
            edge_add(w, s, from, i);
        }
    }
    *at += n;
    return 0;
}

/* Would d run behind b, if neither said anything? Across folders only ids of bundles tell. */
static bool is_later(const struct bundle *d, const struct bundle *b)
{
    bool has_flat = d->file != NULL || b->file != NULL;
    return has_flat ? strcmp(d->folder, b->folder) == 0 && bundle_compare(d, b) > 0
                    : strcmp(d->id, b->id) > 0;
}

static bool depends_on_later(const struct order_work *w, const struct ordered *s)
{
    for (size_t k = 0; s->bundle->has_depends && k < s->n_upstream; k++) {
        if (is_later(w->old[s->upstream[k]].bundle, s->bundle)) {
            return true;
        }
    }
    return false;
}

/* The last of the folder so far, outside of chains and in each chain. One that its depends_on has placed
 * after a later id is left out, or a late arrival could never be placed behind what is there already. */
struct latest {
    const char *folder;
    int outside;        /* -1: none */
    struct table chain; /* of a projection -> int */
};

static void latest_begin(struct arena *a, struct latest *l, const char *folder)
{
    if (l->folder == NULL || strcmp(l->folder, folder) != 0) {
        *l = (struct latest){.folder = folder, .outside = -1, .chain = {.a = a}};
    }
}

static int latest_of(const struct latest *l, const char *chain)
{
    const int *at = table_gets(&l->chain, chain);
    return at != NULL ? *at : -1;
}

/* index: where i stands, for as long as the table. */
static void latest_add(struct latest *l, const struct order_work *w, int *index)
{
    const struct bundle *b = w->old[*index].bundle;
    if (depends_on_later(w, &w->old[*index]) || b->is_absent || bundle_is_repeatable(b)) {
        return;
    }
    if (b->projection == NULL) {
        l->outside = *index;
    } else {
        table_puts(&l->chain, b->projection, index);
    }
}

/* What runs inside generations orders nothing outside; a member follows both its chain and what stands before
 * it outside. */
static void link_default(struct arena *a, struct order_work *w, const struct latest *l, int i)
{
    struct ordered *s = &w->old[i];
    const char *chain = s->bundle->projection;
    int member = chain != NULL ? latest_of(l, chain) : -1;
    int outside = l->outside;
    s->order_only = true;
    s->upstream = ARENA_ARRAY(a, int, 2);
    if (outside >= 0 && (member < outside || w->old[member].bundle->has_depends)) {
        edge_add(w, s, outside, i);
    }
    if (member >= 0) {
        edge_add(w, s, member, i);
    }
}

static int link_all(struct arena *a, struct order_work *w, struct err *e)
{
    struct table by_id = {.a = a};
    struct latest latest = {0};
    int *index = ARENA_ARRAY(a, int, w->n + 1);
    for (size_t i = 0; i < w->n; i++) {
        index[i] = (int)i;
        table_puts(&by_id, w->old[i].bundle->id, &index[i]);
    }
    for (size_t i = 0, at = 0; i < w->n; i++) {
        const struct bundle *b = w->old[i].bundle;
        latest_begin(a, &latest, b->folder);
        if (bundle_is_repeatable(b)) {
            if (link_definition(a, w, &by_id, (int)i, &at, e) != 0) {
                return -1;
            }
        } else if (!b->has_depends) {
            link_default(a, w, &latest, (int)i);
        } else if (link_depends(a, w, &by_id, (int)i, 0, e) != 0) {
            return -1;
        }
        latest_add(&latest, w, &index[i]);
    }
    return 0;
}

/* Some steps could not be placed: walk upstream among them until one comes up twice. */
static int report_cycle(struct arena *a, const struct order_work *w, struct err *e)
{
    size_t at = 0;
    while (w->placed[at] >= 0) {
        at++;
    }
    int *seen = ARENA_ARRAY(a, int, w->n);
    int *path = ARENA_ARRAY(a, int, w->n + 1);
    int n = 0;
    int i = (int)at;
    while (seen[i] == 0) {
        seen[i] = ++n;
        path[n - 1] = i;
        const struct ordered *s = &w->old[i];
        for (size_t k = 0; k < s->n_upstream; k++) {
            if (w->placed[s->upstream[k]] < 0) {
                i = s->upstream[k];
                break;
            }
        }
    }
    struct buf text = {0};
    bool has_definition = false;
    for (int k = seen[i] - 1; k < n; k++) {
        const struct bundle *b = w->old[path[k]].bundle;
        has_definition = has_definition || bundle_is_repeatable(b);
        buf_printf(&text, "%s (%s:%d) -> ", b->id, bundle_file(a, b), b->depends_line);
    }
    const struct bundle *b = w->old[i].bundle;
    const char *file = bundle_file(a, b);
    err_at(e, ERR_CONFIG, file, b->depends_line, 1, "dependency cycle: %s%s", buf_str(&text),
           b->id);
    buf_release(&text);
    return err_hint(e, "remove one of these depends_on%s",
                    has_definition ? "; definitions that need each other are one file" : "");
}

/* Of those that are free repeatable definitions go last: what a text does not tell, a migration may have
 * made. */
static int rank_of(const struct order_work *w, int i)
{
    return bundle_is_repeatable(w->old[i].bundle) ? i + (int)w->n : i;
}

static void place(struct order_work *w, struct ordered *out)
{
    int n = 0;
    while (w->n_heap > 0) {
        int i = heap_pop(w) % (int)w->n;
        w->placed[i] = n;
        out[n++] = w->old[i];
        for (int k = w->first[i]; k >= 0; k = w->next[k]) {
            if (--w->missing[w->to[k]] == 0) {
                heap_push(w, rank_of(w, w->to[k]));
            }
        }
    }
}

static void make_room(struct arena *a, struct order_work *w, size_t n_edges)
{
    w->missing = ARENA_ARRAY(a, int, w->n + 1);
    w->first = ARENA_ARRAY(a, int, w->n + 1);
    w->next = ARENA_ARRAY(a, int, n_edges + 1);
    w->to = ARENA_ARRAY(a, int, n_edges + 1);
    w->heap = ARENA_ARRAY(a, int, w->n + 1);
    w->placed = ARENA_ARRAY(a, int, w->n + 1);
    for (size_t i = 0; i < w->n; i++) {
        w->first[i] = -1;
        w->placed[i] = -1;
    }
}

int plan_order(struct arena *a, const struct bundle *const *bundles, size_t n,
               struct plan_order *out, struct err *e)
{
    struct ordered *old = ARENA_ARRAY(a, struct ordered, n + 1);
    size_t n_edges = 2 * n;
    for (size_t i = 0; i < n; i++) {
        old[i] = (struct ordered){.bundle = bundles[i], .index = i};
        n_edges += bundles[i]->depends_on.n;
    }
    struct order_work w = {.old = old, .n = n};
    w.texts = order_definitions(a, bundles, n, &w.n_texts);
    n_edges += w.n_texts;
    make_room(a, &w, n_edges);
    *out = (struct plan_order){0};
    if (link_all(a, &w, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        if (w.missing[i] == 0) {
            heap_push(&w, rank_of(&w, (int)i));
        }
    }
    struct ordered *v = ARENA_ARRAY(a, struct ordered, n + 1);
    place(&w, v);
    for (size_t i = 0; i < n; i++) {
        if (w.placed[i] < 0) {
            return report_cycle(a, &w, e);
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < v[i].n_upstream; k++) {
            v[i].upstream[k] = w.placed[v[i].upstream[k]];
        }
    }
    *out = (struct plan_order){v, n};
    return 0;
}

void order_select(struct plan *p, const bool *roots)
{
    for (size_t i = 0; i < p->n_migrations; i++) {
        /* What blocks the environment is never out of sight. */
        p->v[i].selected = roots[i] || (p->v[i].bundle->is_absent && p->env->is_protected);
    }
    /* Upstream steps stand before those that need them, so one walk backwards reaches all. */
    for (size_t i = p->n_migrations; i-- > 0;) {
        if (!p->v[i].selected) {
            continue;
        }
        for (size_t k = 0; k < p->v[i].n_upstream; k++) {
            p->v[p->v[i].upstream[k]].selected = true;
        }
    }
}
