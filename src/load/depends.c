/* Unknown ids, and cycles: Kahn's algorithm, then a walk upstream among what could not be placed. */
#include "load/depends.h"

#include <string.h>

#include "load/bundles.h"

enum { SHOWN_MAX = 440 };

/* --- unknown ids -------------------------------------------------------------------------------- */

static const char *nearest_id(const struct project *p, const char *id)
{
    struct bytes want = bytes_str(id);
    const char *best = NULL;
    for (size_t i = 0; i < p->n_bundle; i++) {
        const char *one = p->bundle[i].id;
        if (text_is_near(want, bytes_str(one)) &&
            (best == NULL ||
             text_distance(want, bytes_str(one)) < text_distance(want, bytes_str(best)))) {
            best = one;
        }
    }
    return best;
}

void depends_warn(const struct project *p, struct err_list *out)
{
    for (size_t i = 0; i < p->n_bundle; i++) {
        const struct bundle *b = &p->bundle[i];
        for (size_t k = 0; k < b->rebuilds.n; k++) {
            struct place at;
            const char *name = b->rebuilds.v[k];
            if (table_gets(&p->by_id, name) != NULL) {
                continue;
            }
            const char *best = nearest_id(p, name);
            bundles_place(p, b, "rebuilds", name, &at);
            err_list_addf(out, ERR_CONFIG, at.path, at.line, at.col,
                          best != NULL ? arena_printf(p->a, "did you mean \"%s\"?", best)
                                       : "correct the name; where its file went, all is well",
                          "\"%s\" rebuilds \"%s\", and there is no such definition", b->id, name);
        }
    }
}

static void report_unknown(struct project *p, const struct bundle *b, const char *id)
{
    struct place at;
    const char *best = nearest_id(p, id);
    bundles_place(p, b, "depends_on", id, &at);
    err_list_addf(&p->faults, ERR_CONFIG, at.path, at.line, at.col,
                  best != NULL ? arena_printf(p->a, "did you mean \"%s\"?", best)
                               : "correct the id, or add its bundle",
                  "\"%s\" depends on \"%s\", which does not exist", b->id, id);
}

/* One that is not here is none that stands: its file went when it was dropped, and the migration stays. */
static void check_rebuilds(struct project *p, const struct bundle *b)
{
    for (size_t i = 0; i < b->rebuilds.n; i++) {
        struct place at;
        const char *name = b->rebuilds.v[i];
        const struct bundle *named = table_gets(&p->by_id, name);
        if (named == NULL || bundle_is_repeatable(named)) {
            continue;
        }
        bundles_place(p, b, "rebuilds", name, &at);
        err_list_addf(&p->faults, ERR_CONFIG, at.path, at.line, at.col,
                      "name repeatable definitions, by the names of their files",
                      "\"%s\" rebuilds \"%s\", which is a migration", b->id, name);
    }
}

/* --- cycles ------------------------------------------------------------------------------------- */

struct depends_work {
    struct project *p;
    size_t *missing; /* upstream bundles that are not placed yet */
    bool *placed;
    size_t *ready; /* placed ones whose downstream is still to be told; a stack */
    size_t n_ready;
    size_t *first, *next, *to; /* edges that leave a bundle, as lists; numbers plus one, 0 ends */
    size_t n_edges;
};

static size_t index_of(const struct project *p, const char *id)
{
    const struct bundle *b = table_gets(&p->by_id, id);
    return b == NULL ? p->n_bundle : (size_t)(b - p->bundle);
}

/* Does the default order put the bundle before it ahead of i? */
static bool follows(const struct project *p, size_t i)
{
    const struct bundle *b = &p->bundle[i];
    return !b->has_depends && !bundle_is_repeatable(b) && i > 0 &&
           p->bundle[i - 1].folder == b->folder;
}

static void add_edge(struct depends_work *w, size_t from, size_t to)
{
    if (from == w->p->n_bundle || from == to) {
        return; /* unknown, or itself: told elsewhere */
    }
    size_t at = ++w->n_edges;
    w->to[at] = to;
    w->next[at] = w->first[from];
    w->first[from] = at;
    w->missing[to]++;
}

static void place(struct depends_work *w, size_t i)
{
    if (!w->placed[i]) {
        w->placed[i] = true;
        w->ready[w->n_ready++] = i;
    }
}

static void place_all(struct depends_work *w)
{
    while (w->n_ready > 0) {
        size_t i = w->ready[--w->n_ready];
        for (size_t at = w->first[i]; at != 0; at = w->next[at]) {
            if (--w->missing[w->to[at]] == 0) {
                place(w, w->to[at]);
            }
        }
    }
}

/* The first bundle that i waits for and that could not be placed; there is one. */
static size_t upstream_of(const struct depends_work *w, size_t i)
{
    const struct project *p = w->p;
    const struct names *l = &p->bundle[i].depends_on;
    for (size_t k = 0; k < l->n; k++) {
        size_t from = index_of(p, l->v[k]);
        if (from < p->n_bundle && from != i && !w->placed[from]) {
            return from;
        }
    }
    return i - 1;
}

static void show(struct arena *a, struct buf *out, const struct bundle *b, bool is_long)
{
    if (is_long) {
        buf_printf(out, "%s (%s:%d) -> ", b->id, bundle_file(a, b), b->depends_line);
    } else {
        buf_printf(out, "%s:%d -> ", b->id, b->depends_line);
    }
}

/* cycle[0..n): each waits for the next, the last for the first. */
static void report_cycle(struct project *p, const size_t *cycle, size_t n)
{
    struct buf text = {0};
    const struct bundle *first = &p->bundle[cycle[0]];
    for (int is_long = 1; is_long >= 0; is_long--) {
        size_t shown = 0;
        buf_clear(&text);
        while (shown < n && text.n < SHOWN_MAX) {
            show(p->a, &text, &p->bundle[cycle[shown++]], is_long == 1);
        }
        if (shown < n) {
            buf_printf(&text, "... %zu more ... -> ", n - shown);
        }
        if (shown == n && text.n < SHOWN_MAX) {
            break;
        }
    }
    err_list_addf(
        &p->faults, ERR_CONFIG, bundle_file(p->a, first), first->depends_line, 1,
        "remove one of these depends_on; a migration without depends_on waits for the one "
        "before it in its folder",
        "dependency cycle: %s%s", buf_str(&text), first->id);
    buf_release(&text);
}

/* Walks upstream from start until a bundle comes up twice, reports what lies between, and goes on
 * as if it were placed. */
static void break_cycle(struct depends_work *w, size_t start, size_t *path, size_t *position)
{
    size_t n = 0;
    size_t i = start;
    while (position[i] == 0) {
        path[n] = i;
        position[i] = ++n;
        i = upstream_of(w, i);
    }
    size_t from = position[i] - 1;
    report_cycle(w->p, path + from, n - from);
    for (size_t k = 0; k < n; k++) {
        position[path[k]] = 0;
    }
    for (size_t k = from; k < n; k++) {
        place(w, path[k]);
    }
    place_all(w);
}

static void link_all(struct depends_work *w, const struct table *known)
{
    struct project *p = w->p;
    for (size_t i = 0; i < p->n_bundle; i++) {
        const struct bundle *b = &p->bundle[i];
        check_rebuilds(p, b);
        for (size_t k = 0; k < b->depends_on.n; k++) {
            const char *id = b->depends_on.v[k];
            size_t from = index_of(p, id);
            if (from == p->n_bundle && table_gets(known, id) == NULL) {
                report_unknown(p, b, id);
            }
            add_edge(w, from, i);
        }
        if (follows(p, i)) {
            add_edge(w, i - 1, i);
        }
    }
}

static void find_cycles(struct depends_work *w, struct arena *a)
{
    size_t n = w->p->n_bundle;
    size_t *path = ARENA_ARRAY(a, size_t, n + 1);
    size_t *position = ARENA_ARRAY(a, size_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (w->missing[i] == 0) {
            place(w, i);
        }
    }
    place_all(w);
    for (size_t i = 0; i < n; i++) {
        if (!w->placed[i]) {
            break_cycle(w, i, path, position);
        }
    }
}

void depends_check(struct project *p, const struct table *known)
{
    struct arena a = {0};
    struct depends_work w = {.p = p};
    size_t n = p->n_bundle;
    size_t n_edges = n;
    for (size_t i = 0; i < n; i++) {
        n_edges += p->bundle[i].depends_on.n;
    }
    w.missing = ARENA_ARRAY(&a, size_t, n + 1);
    w.placed = ARENA_ARRAY(&a, bool, n + 1);
    w.ready = ARENA_ARRAY(&a, size_t, n + 1);
    w.first = ARENA_ARRAY(&a, size_t, n + 1);
    w.next = ARENA_ARRAY(&a, size_t, n_edges + 1);
    w.to = ARENA_ARRAY(&a, size_t, n_edges + 1);
    link_all(&w, known);
    find_cycles(&w, &a);
    arena_release(&a);
}
