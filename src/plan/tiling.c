/* What is to be done about projections of tiles, and why. */
#include "plan/projection.h"
#include "plan/step_kind.h"

/* What it is made from, which stands before it in the plan; NULL: it is not known. */
static const struct step *source_of(const struct plan *p, const struct step *x)
{
    return x->n_upstream > 0 ? &p->v[x->upstream[0]] : NULL;
}

/* What readers find is not what was published. */
static void give_altered(struct plan *p, struct step *x)
{
    const struct altered_file *f = x->in->altered;
    if (f == NULL) {
        return;
    }
    struct reason *r = step_give(p, x, REASON_FILE_ALTERED);
    r->cause = f->path;
    r->detail = f->why;
    r->was = step_digest(p, &f->was);
    r->now = step_digest(p, &f->now);
}

/* It is made from what will be there then: what that is only its own build tells. */
static void await_source(struct plan *p, struct step *x, const struct step *from)
{
    if (x->live == NULL) {
        step_give(p, x, REASON_NEVER_BUILT);
    }
    struct reason *r = step_give(
        p, x, from->state == STATE_BLOCKED ? REASON_UPSTREAM_BLOCKED : REASON_UPSTREAM_PENDING);
    r->step = x->upstream[0];
    r->cause = step_target_text(p->a, p, from);
    x->action = ACTION_REBUILD;
    projection_check_gates(p, x);
}

void tiling_decide(struct plan *p, struct step *x)
{
    const struct step *from = source_of(p, x);
    if ((x->in->faults != NULL && x->in->faults->n > 0) || from == NULL) {
        projection_give_faults(p, x);
        return;
    }
    if (from->state == STATE_STALE || from->state == STATE_BLOCKED) {
        await_source(p, x, from);
        return;
    }
    if (digest_is_zero(&x->in->digest)) {
        projection_give_faults(p, x);
        return;
    }
    bool same = x->live != NULL && digest_eq(&x->live->digest, &x->in->digest);
    if (same) {
        give_altered(p, x);
    }
    if (!projection_is_current(p, x, same)) {
        projection_decide_wanted(p, x, same);
    }
}
