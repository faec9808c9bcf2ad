/* A migration in segments: statements that run alone, each behind its intent, and transactions between them.
 * docs/adr/0018.
 * Owns: the protocol of such a migration. */
#ifndef KFMIG_RUN_SEGMENTED_H
#define KFMIG_RUN_SEGMENTED_H

#include "run/run.h"

/* Apply s's migration, which segments_any(). Its bundle has decl and scripts. past: the ledger's
 * entries, as read under the lock; what was committed before is on disk. Never fails as a call:
 * everything is in *o.
 * Invariant: a transaction's done is part of it; a statement that runs alone is begun only behind
 * its intent and counted only by its proof; the migration is applied once its entry is written,
 * after all segments stand. Whatever ends it before leaves what the next build goes on with:
 * o->failure begins with what stands. */
void run_segmented(struct run *r, const struct entries *past, const struct step *s,
                   struct outcome *o);

#endif
