/* Who comes before whom, and the order of the walk. Pure. */
#ifndef KFMIG_PLAN_ORDER_H
#define KFMIG_PLAN_ORDER_H

#include "plan/plan.h"

/* Mark as selected the roots (one flag per step) and all that they need. */
void order_select(struct plan *p, const bool *roots);

#endif
