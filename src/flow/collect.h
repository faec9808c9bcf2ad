/* Dropping generations that nothing needs: `kfmig gc`. */
#ifndef KFMIG_FLOW_COLLECT_H
#define KFMIG_FLOW_COLLECT_H

#include "flow/writing.h"

/* all: every one that is neither live nor wanted, not only what the declaration does not retain. Without a
 * ledger there is nothing. order: is_confirmed and lock_wait_ms. As writing(). */
int collect(struct site *s, bool all, const struct writing_order *order, struct result *r,
            struct err *e) MUST_CHECK;

#endif
