/* What running one step needs beyond the plan: a projection's datasets, chain and invariants; the row of a
 * live generation that grows. */
#ifndef KFMIG_FLOW_JOB_H
#define KFMIG_FLOW_JOB_H

#include "run/projection.h"
#include "site/site.h"

/* Everything that making step's projection needs: declarations, scripts, invariants; in s->a. -1: the first
 * fault in them. */
int job_make(struct site *s, const struct step *step, struct projection_job *job,
             struct err *e) MUST_CHECK;

/* A member of a chain that is applied in place: the live generation's row with it; false: step is none
 * such. */
bool job_grown(struct site *s, const struct step *step, struct generation *out);
/* That migration was applied: the live generation is now; the plan stays as it was made. */
void job_remember(struct site *s, const struct step *step, const struct generation *now);

#endif
