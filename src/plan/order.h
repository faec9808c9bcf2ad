/* Who comes before whom, and the order of the walk. Pure. */
#ifndef KFMIG_PLAN_ORDER_H
#define KFMIG_PLAN_ORDER_H

#include "plan/plan.h"

/* What a repeatable definition stands on comes before it: from and to are places in bundles. */
struct order_edge {
    int from, to;
};
/* Those edges that texts tell: from the definitions that make what another needs, and from migrations whose
 * scripts are parsed (they are pending) and make, change or drop it. Sorted by to. In a. */
struct order_edge *order_definitions(struct arena *a, const struct bundle *const *bundles, size_t n,
                                     size_t *n_edges);

/* Mark as selected the roots (one flag per step) and all that they need. */
void order_select(struct plan *p, const bool *roots);

#endif
