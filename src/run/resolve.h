/* A step that was begun, and of which no machine can know what came of it, settled by a person.
 * Owns: what the journal says of it from then on. */
#ifndef KFMIG_RUN_RESOLVE_H
#define KFMIG_RUN_RESOLVE_H

#include "run/run.h"

/* b: the migration as it was begun: with its rollback files in place of the forward ones where it is being
 * taken back. Where it is in segments, what stands is recorded as that step's doing. is_applied: it counts
 * as done; else it did not happen. key: of the step; zero: of everything that was begun of it and counts
 * still, which then did not happen. stands, seen: what was seen there. past: the ledger's entries, as read
 * under the lock. */
struct resolving {
    const struct bundle *b;
    bool is_segmented, is_applied;
    struct digest key, stands;
    const char *seen;
    const struct entries *past;
};
/* An entry of kind "resolve" for each step, with its receipt. *o: of the last one. -1 with ERR_PREFLIGHT: it
 * is not open any more; nothing was written. */
int run_resolve(struct run *r, const struct resolving *x, struct outcome *o,
                struct err *e) MUST_CHECK;

#endif
