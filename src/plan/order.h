/* Who comes before whom, and the order of the walk. Pure. */
#ifndef KFMIG_PLAN_ORDER_H
#define KFMIG_PLAN_ORDER_H

#include "plan/plan.h"

/* Lay p->v[0..n) (one per bundle, in bundle order) into the order in which they run and fill in upstream. A migration with depends_on
 * follows those; one without follows the previous id of its folder. Among those that are free the first in bundle order goes
 * next, so the same input gives the same order. -1 with ERR_CONFIG naming the whole cycle, or an unknown dependency. */
int order_steps(struct plan *p, struct err *e) MUST_CHECK;

/* Mark as selected the roots (one flag per step) and all that they need. */
void order_select(struct plan *p, const bool *roots);

#endif
