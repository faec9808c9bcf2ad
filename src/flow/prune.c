/* Dropping what definitions made whose files are gone. */
#include "flow/prune.h"

#include "flow/built.h"
#include "flow/job.h"
#include "model/definition.h"

struct pruning {
    struct writing *w;
    struct bundle *v; /* as they were built */
    bool *is_done;
    size_t n;
};

static int read_all(struct pruning *x, struct err *e)
{
    struct site *s = x->w->site;
    const struct plan *p = &s->plan;
    x->v = ARENA_ARRAY(s->a, struct bundle, p->n_migrations + 1);
    x->is_done = ARENA_ARRAY(s->a, bool, p->n_migrations + 1);
    for (size_t i = 0; i < p->n_migrations; i++) {
        const struct step *step = &p->v[i];
        if (!step->selected || step->action != ACTION_PRUNE) {
            continue;
        }
        x->v[x->n] = *step->bundle;
        if (built_gone(s, step->history->applied, &x->v[x->n++], e) != 0) {
            return -1;
        }
    }
    return 0;
}

static bool stands_below(const struct pruning *x, size_t i)
{
    for (size_t k = 0; k < x->n; k++) {
        if (k != i && !x->is_done[k] && definition_needs(x->v[k].definition, x->v[i].definition)) {
            return true;
        }
    }
    return false;
}

/* One that none of the others needs; where all are needed by one, the first that is left. */
static size_t next_of(const struct pruning *x)
{
    size_t first = x->n;
    for (size_t i = x->n; i-- > 0;) {
        if (!x->is_done[i]) {
            first = i;
        }
    }
    for (size_t i = 0; i < x->n; i++) {
        if (!x->is_done[i] && !stands_below(x, i)) {
            return i;
        }
    }
    return first;
}

static bool prune_one(struct writing *w, const struct bundle *b)
{
    struct outcome o = {0};
    const struct result_row row = {.action = RESULT_PRUNE, .target = b->id, .key = b->checksum};
    writing_begin(w, b->id);
    w->is_loose = true;
    run_prune(&w->run, b, &o);
    bool is_good = o.result == RUN_SUCCESS;
    writing_end(w, row, "dropped", &o);
    if (is_good && o.own != NULL) {
        arena_release(o.own);
    }
    return is_good;
}

void prune_all(struct writing *w, bool (*may)(const void *ctx), const void *ctx)
{
    struct err e = {0};
    struct pruning x = {.w = w};
    if (read_all(&x, &e) != 0) {
        struct result_row row = {.action = RESULT_PRUNE, .target = x.v[x.n - 1].id};
        tell_fault(&w->site->ear, &e);
        row.failure = arena_dup(w->site->a, &e, sizeof e);
        (void)result_add(w->result, w->site->a, &row);
        return;
    }
    for (size_t n = 0; n < x.n && may(ctx); n++) {
        size_t at = next_of(&x);
        if (!prune_one(w, &x.v[at])) {
            return;
        }
        x.is_done[at] = true;
    }
}
