/* Decisions about projections; for src/plan only. */
#ifndef KFMIG_PLAN_PROJECTION_H
#define KFMIG_PLAN_PROJECTION_H

#include "plan/plan.h"

/* The projection that b belongs to, if that is built in this environment; *excluded: it is declared, but not for this one. */
const struct projection_input *projection_of(const struct plan_input *in, const struct bundle *b,
                                             bool *excluded);
/* A member of a chain: what its step says. */
void projection_member(struct plan *p, const struct plan_input *in, struct step *s,
                       const struct projection_input *x, bool excluded);
/* After all migrations are decided. -1 with ERR_CONFIG: a migration outside depends on one of a chain. */
int projections_decide(struct plan *p, const struct plan_input *in, struct err *e) MUST_CHECK;
void projections_select(struct plan *p, const int *roots, size_t n);
void projections_count(struct plan *p);

#endif
