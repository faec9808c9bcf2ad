/* Statements that run in a transaction, and need one to end: because theirs is to be their own (ALTER TABLE
 * ... VALIDATE CONSTRAINT scans a table under a weak lock, DETACH PARTITION ... FINALIZE waits for old
 * snapshots: neither should do so under the locks of what stands before it), or because what they do counts
 * from the COMMIT on (ALTER TYPE ... ADD VALUE: the server refuses the value before); and what sets the
 * session.
 * Owns: reading them. Pure. */
#ifndef KFMIG_SQL_APART_H
#define KFMIG_SQL_APART_H

#include "sql/script.h"
#include "sql/tree.h"

/* st: of kind PLAIN, analysed. Sets its is_apart, adds (in a) and sets_session. */
void apart_read(struct arena *a, const tree *stmt, struct statement *st);

#endif
