/* The part of a verification that computes anew what a receipt claims; for src/evidence only. */
#ifndef KFMIG_EVIDENCE_VERIFY_CLAIMS_H
#define KFMIG_EVIDENCE_VERIFY_CLAIMS_H

#include "evidence/verify.h"

/* Digests of en against those of its receipt, and those in the receipt against what it says that they are
 * made of: checksum and bundle digest of a migration, digest and content of a generation. Receipts of older
 * versions do not say all of it; what they lack is not computed, and counted in v->n_unproven. One finding
 * each, by the rule "claim"; texts are copied into a. */
void verify_claims(struct verified *v, struct arena *a, const struct entry *en,
                   const struct doc *receipt);

#endif
