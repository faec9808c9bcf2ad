/* A deployment is recorded, for what waits for it: `kfmig deployed`. */
#ifndef KFMIG_FLOW_DEPLOYED_H
#define KFMIG_FLOW_DEPLOYED_H

#include "flow/writing.h"

/* The ledger gets an entry of kind "deploy" for tag, which makes no fact; one that it has already is told,
 * and not written again. order: lock_wait_ms. -1 with ERR_CONFIG: no declaration could wait for such a tag;
 * ERR_PREFLIGHT: there is no ledger yet; else as writing(). */
int deployed(struct site *s, const char *tag, const struct writing_order *order, struct result *r,
             struct err *e) MUST_CHECK;

#endif
