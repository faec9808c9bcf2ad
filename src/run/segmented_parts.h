/* The inside of a migration in segments. For src/run/segmented.c, lone_step.c and backfill_step.c
 * only. */
#ifndef KFMIG_RUN_SEGMENTED_PARTS_H
#define KFMIG_RUN_SEGMENTED_PARTS_H

#include "ledger/journal.h"
#include "model/segment.h"
#include "run/rollback.h"
#include "run/so_far.h"
#include "run/transaction.h"

/* One on its way. n_stand: segments that stand, the next one's index. was: the sum before it,
 * sorted. rows: of the transaction that is being recorded; is_recorded: its done was written, and
 * is undone with it. is_open: the statement that failed may stand in part. is_proven: the
 * invariants held in the last transaction (its findings). failed: of the transaction that failed,
 * what was seen. rebuilt: definitions that go and come back in each transaction that may reach them.
 * about: what its receipt is about, b itself but where it is taken back (back). */
struct segmented {
    struct run *r;
    const struct bundle *b, *about;
    const struct taking_back *back;
    struct outcome *o;
    struct segments segments;
    size_t n_stand;
    struct journal_run run;
    struct journal *journal;
    struct so_far so_far;
    struct object_rows was;
    const struct object_row *rows;
    bool is_recorded, is_open, is_proven;
    struct findings invariants;
    struct outcome failed;
    struct evidence_set evidence;
    struct rebuilding rebuilt;
    struct receipt_input in;
};
/* Its own findings and failure become the migration's; -1. */
int segmented_fail(struct segmented *w, const struct outcome *part, struct err *e);
/* A segment as the journal calls it; borrows everything. */
struct journal_step segmented_step(const struct segmented *w, const struct segment *x);
/* Tell of x, which runs alone, and bring it about through the journal, with the session as x finds it. -1: it
 * failed, and w->is_open says whether it may stand in part. */
int segmented_journal(struct segmented *w, const struct segment *x, const struct journal_step *step,
                      const struct journal_effect *effect, struct err *e) MUST_CHECK;
/* What the next segment of b, which runs alone and was begun, has left as it stands now, as its done would
 * keep it: *kept in r->a. The ledger's sum stays. past: its entries. -1: it could not be looked at. */
int segmented_seen(struct run *r, const struct entries *past, const struct bundle *b,
                   struct bytes *kept, struct err *e) MUST_CHECK;
/* The same of x in w. */
int lone_seen_of(struct segmented *w, const struct segment *x, struct bytes *kept,
                 struct err *e) MUST_CHECK;
/* What the done of a segment keeps of what o saw, in r->a. */
struct bytes segmented_text(const struct segmented *w, const struct outcome *o,
                            const struct object_row *rows);

/* The segment that o saw to run alone is done: laid over those before it and into the sum; *out, in r->a, is
 * what its done keeps. */
void segmented_keep(struct segmented *w, struct outcome *o, struct bytes *out);

#endif
