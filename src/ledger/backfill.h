/* How far backfills are: kfmig.backfill and kfmig.batch, which each batch writes in its own transaction.
 * Owns: those two tables. They are no part of the tree that the entries are: what counts of a backfill in the
 * end stands in the done of its journal, with the digest over its batches.
 *
 * That digest begins as 32 zero bytes; each batch makes it the SHA-256 of a frame ("kfmig.batch.v1") of the
 * digest before, the batch's last key, column by column, and how many rows its statement wrote. So it can be
 * computed again from kfmig.batch. */
#ifndef KFMIG_LEDGER_BACKFILL_H
#define KFMIG_LEDGER_BACKFILL_H

#include "ledger/ledger.h"
#include "model/env.h"

/* bound: where it ends; n 0: nowhere. last: of the last batch; n 0: there was none yet. kept: what they
 * did so far, as kfmig.step.v1; p NULL: nothing yet. */
struct backfilled {
    struct names bound, last;
    int64_t batches, rows;
    struct digest digest;
    struct bytes kept;
};

/* Make the tables where this ledger has them not yet. In a transaction of its own. *is_made: they were made,
 * or may have been: what this session knows of schema kfmig is not so any more. */
int ledger_backfill_create(struct pg *s, bool *is_made, struct err *e) MUST_CHECK;
/* How far the backfill is that intent began, in a; all zero where it has no batch yet. */
int ledger_backfill_read(struct pg *s, int64_t intent, struct arena *a, struct backfilled *out,
                         struct err *e) MUST_CHECK;
/* What the batches of the backfill that intent began come to, as they stand in kfmig.batch: how many follow
 * each other from the first, the rows that they wrote, the digest over them, computed by the server. */
struct backfill_batches {
    int64_t intent, n, rows;
    struct digest digest;
};
/* Those of all backfills, in the order of their intents; *v in a. None where there was no backfill yet. */
int ledger_backfill_batches(struct pg *s, struct arena *a, struct backfill_batches **v, size_t *n,
                            struct err *e) MUST_CHECK;
/* The digest over the batches with one more behind was. Pure. */
struct digest ledger_backfill_digest(const struct digest *was, const struct names *last,
                                     int64_t rows);
/* Write batch now->batches, of so many rows, in the open transaction, guarded as ledger_record() is: its
 * errors. */
int ledger_backfill_record(struct pg *s, int64_t intent, const struct backfilled *now, int64_t rows,
                           struct guard *g, int64_t epoch, struct err *e) MUST_CHECK;
/* Did batch number at of that backfill come to be? As ledger_settle(). */
enum ending ledger_backfill_settle(struct pg *s, int64_t intent, int64_t at, struct err *e);

#endif
