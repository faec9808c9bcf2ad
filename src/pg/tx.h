/* The ends of a transaction.
 * Owns: COMMIT, of which three things can come, and ROLLBACK, of which nothing needs to be known.
 * Must not know what was done in it: who wrote that down (ledger/) is asked where the answer to
 * COMMIT is lost. */
#ifndef KFMIG_PG_TX_H
#define KFMIG_PG_TX_H

#include "base/ending.h"
#include "pg/pg.h"

/* COMMIT of the open transaction, waiting as w says (NULL: as the session does). Success is the tag
 * "COMMIT" and nothing else: a failed transaction answers "ROLLBACK" without an error. *e, unless
 * it ended: ERR_APPLY, the server refused (with its SQLSTATE; deferred constraints and triggers
 * speak up here); ERR_INTERRUPTED, stopped by w; ERR_PREFLIGHT, the connection was lost, before
 * COMMIT was sent (undone) or since (unknown). */
enum ending tx_commit(struct pg *s, const struct pg_wait *w, struct err *e) MUST_CHECK;

/* ROLLBACK, whatever state the transaction is in; nothing where none is open. Where even that gets
 * no answer the connection is gone, and the server rolls back by itself. s may be NULL or lost. */
void tx_roll_back(struct pg *s);

#endif
