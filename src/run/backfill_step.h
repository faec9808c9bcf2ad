/* A segment that is a backfill: batch by batch, each a transaction with its gates, through the journal. For
 * src/run/segmented.c only. docs/adr/0019. */
#ifndef KFMIG_RUN_BACKFILL_STEP_H
#define KFMIG_RUN_BACKFILL_STEP_H

#include "run/segmented_parts.h"

/* Do it, go on with it, or find it done. -1 as journal_effect(); w->is_open says whether batches of it stand.
 * Asked to stop (SIGINT) it ends behind the batch that runs, SIGTERM takes that back. */
int backfill_step(struct segmented *w, const struct segment *x, struct err *e) MUST_CHECK;

#endif
