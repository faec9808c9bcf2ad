/* Which statements may run alone, outside of any transaction: those whose text names everything that they can
 * touch, so that the journal can say before what is about to happen, and tell after a crash what did.
 * Owns: reading them. Pure. */
#ifndef KFMIG_SQL_LONE_H
#define KFMIG_SQL_LONE_H

#include "sql/script.h"
#include "sql/tree.h"

/* st: of kind NO_TRANSACTION, analysed. Sets st->lone, in a; where it stays NULL the statement remains
 * refused, and st->why and st->hint say more where there is more to say. */
void lone_read(struct arena *a, const tree *stmt, struct statement *st);

#endif
