/* Dropping generations that nothing needs. */
#include "flow/collect.h"

#include "flow/tiles.h"

static int work(struct writing *w, void *ctx, struct err *e)
{
    const bool *all = ctx;
    const struct plan *p = &w->site->plan;
    for (size_t i = 0; i < p->n_projections; i++) {
        struct result_row row = {.action = RESULT_RETIRE, .target = p->projections[i].in->p->name};
        if (step_is_absent(&p->projections[i])) {
            tell_note(
                &w->site->ear,
                "%s is not declared here: its generations stay, unless --given-up=%s drops them",
                row.target, row.target);
            continue;
        }
        const struct step *x = &p->projections[i];
        int rc = x->in->p->tiling != NULL ? tiles_collect(w, x, *all, &row.n, e)
                                          : run_retire(&w->run, x, *all, &row.n, e);
        if (rc != 0) {
            return -1;
        }
        if (row.n > 0) {
            (void)result_add(w->result, w->site->a, &row);
        }
    }
    return 0;
}

int collect(struct site *s, bool all, const struct writing_order *o, struct result *r,
            struct err *e)
{
    struct writing_order order = *o;
    order.done = "dropped";
    order.hint = "add --apply";
    order.work = work;
    order.ctx = &all;
    if (!s->id.has_ledger && (!s->env->is_protected || o->is_confirmed)) {
        result_end(r, s);
        return 0;
    }
    return writing(s, &order, r, e);
}
