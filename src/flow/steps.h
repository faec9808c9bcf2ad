/* The steps of a plan, one after another: what build and a recovery share.
 * Owns: running migrations, exporting their evidence, running projections. What failed is told, and counted
 * in the result. */
#ifndef KFMIG_FLOW_STEPS_H
#define KFMIG_FLOW_STEPS_H

#include "flow/writing.h"

/* keep_going: after a failure go on with what does not depend on it. most: at most so many migrations; 0:
 * all. wants: is this projection meant? before, after: around each projection's run. Each may be NULL. */
struct steps {
    struct writing *w;
    bool keep_going;
    int64_t most;
    bool (*wants)(void *ctx, const struct step *x);
    void (*before)(void *ctx, const struct step *x, struct projection_job *job);
    void (*after)(void *ctx, const struct step *x, const struct outcome *o);
    void *ctx;
};

/* Run what the plan selects, in its order; stops at the first failure unless keep_going, when the ear says
 * stop, when the outcome of one is in doubt, when the connection is gone. */
void steps_run(const struct steps *r);
/* A window may close while a run goes on, or the clock be set: no step begins outside. True: it has; said,
 * and counted in the result. */
bool steps_held(struct writing *w);

#endif
