/* The part of a verification that reads the receipt sink; for src/evidence only. */
#ifndef KFMIG_EVIDENCE_VERIFY_SINK_H
#define KFMIG_EVIDENCE_VERIFY_SINK_H

#include "evidence/verify.h"

/* The receipts of this ledger in the sink of r, if it has one: each must be the one that its entry (in
 * entries) names, each entry must have one, and none may be of a position that the ledger does not have.
 * Findings by the rule "sink", texts in a; v->n_sunk counts those that are right. */
void verify_sink(const struct archive *r, const struct entries *entries, struct arena *a,
                 struct verified *v);

#endif
