/* Writing what happened into the ledger: entry, receipt, objects, texts, in the caller's transaction. */
#ifndef KFMIG_RUN_RECORD_H
#define KFMIG_RUN_RECORD_H

#include "run/account.h"

/* Everything that goes into the ledger with in->outcome, as the entry that comes next by r->merkle and
 * r->id. All in r->a. -1 with ERR_LEAK: the name or definition of one of objects holds a token or key. */
int record_make(struct run *r, const struct receipt_input *in, enum entry_kind kind,
                const struct object_row *objects, size_t n_objects, struct recording *out,
                struct err *e) MUST_CHECK;

/* Record in->outcome as the next entry. objects: changed objects; may be NULL. guard: NULL outside a
 * migration's own transaction. The ledger's tree in r advances; o->sequence is set. The transaction stays
 * open. */
int record_entry(struct run *r, const struct receipt_input *in, enum entry_kind kind,
                 const struct object_row *objects, size_t n_objects, struct guard *guard,
                 struct outcome *o, struct err *e) MUST_CHECK;

/* The same in a transaction of its own: for failures, adoptions, drills. in->finished_at NULL: the server's
 * clock as it begins. On -1 nothing was recorded, and o->sequence is 0. */
int record_alone(struct run *r, const struct receipt_input *in, enum entry_kind kind,
                 const struct object_row *objects, size_t n_objects, struct outcome *o,
                 struct err *e) MUST_CHECK;

/* The receipt of what failed, in->outcome: in the ledger if it can be reached, connecting again if need be,
 * else owed (o->owed). */
void record_failed(struct run *r, const struct receipt_input *in, enum entry_kind kind,
                   struct outcome *o);

/* Everything the receipt names that the ledger cannot make again: input texts, diff, touched list,
 * invariant results. */
struct blob *record_blobs(struct run *r, const struct receipt_input *in, size_t *n);

/* The objects that an observation changed, as rows for the ledger. In r->a. */
struct object_row *record_objects(struct run *r, const struct observation *seen);

/* Timeouts of the open transaction, together with what the caller has put in the session's batch; started
 * (may be NULL) receives the server's clock. */
int record_begin(struct run *r, int64_t lock_ms, int64_t statement_ms, int64_t idle_ms,
                 const char **started, struct err *e) MUST_CHECK;

#endif
