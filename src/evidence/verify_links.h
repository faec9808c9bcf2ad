/* The part of a verification that holds a receipt to other entries of its ledger, and to kfmig.batch; for
 * src/evidence only. */
#ifndef KFMIG_EVIDENCE_VERIFY_LINKS_H
#define KFMIG_EVIDENCE_VERIFY_LINKS_H

#include "evidence/verify.h"

/* What there is to be linked with: all entries, and what the batches of each backfill come to. Borrowed. */
struct verify_others {
    const struct entries *entries;
    const struct backfill_batches *batches;
    size_t n_batches;
};
/* What en's receipt says of a projection that was dropped, of a step that a person settled, of the backup
 * before its run and of a backfill's batches. One finding each, by the rule "claim"; texts in a. */
void verify_links(struct verified *v, struct arena *a, const struct verify_others *l,
                  const struct entry *en, const struct doc *receipt);
/* Batches of what no entry began. size: how many entries there are by now, as a run may go on meanwhile. */
void verify_batches(struct verified *v, struct arena *a, const struct verify_others *l,
                    int64_t size);

#endif
