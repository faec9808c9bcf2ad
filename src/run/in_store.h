/* A migration of a store that does not hold the ledger: what is done there and what the ledger says of it are
 * two things, and the journal stands between them. DESIGN.md section 3a.
 * Owns: the protocol of such a migration. Must not know an engine. */
#ifndef KFMIG_RUN_IN_STORE_H
#define KFMIG_RUN_IN_STORE_H

#include "run/rollback.h"

/* Where it goes. base: what stood there before it (of what an earlier run began, as it was then); advanced
 * when it is applied. past: the ledger's entries, as read under the lock. All borrowed. */
struct in_store {
    struct store *store;
    struct catalog *base;
    const struct entries *past;
};

/* Apply s's migration. Its bundle has decl and scripts. Never fails as a call: everything is in *o.
 * Invariant: each step is begun only behind its intent and counted only by its proof (ledger/journal.h); the
 * migration is applied once its entry is written, after all steps stand and every gate was passed on what is
 * seen there. Whatever ends it before leaves what the next build goes on with: o->failure begins with what
 * stands. */
void run_in_store(struct run *r, const struct in_store *x, const struct step *s, struct outcome *o);
/* Take back one that was applied there: its rollback, journaled likewise. It is recorded, ENTRY_ROLLBACK,
 * once all that it changed is as it was before (restored_judge()); else what stands is told, and it stays
 * applied. */
void run_rollback_in_store(struct run *r, const struct in_store *x, const struct taking_back *t,
                           struct outcome *o);

#endif
