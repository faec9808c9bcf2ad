/* Ends of migrations that are committed and may not be on disk yet: nothing is said of them until they are.
 * With durability: batch a migration's COMMIT waits for no disk. A barrier (ledger_barrier()) does, for all
 * that were committed before it: taken before a line that says applied, an export, a failed receipt, a
 * journaled step, a publication, what is remembered, and about every half second of work. A crash of the
 * server then loses a suffix of whole transactions, effects and entries together, none of which was told of,
 * and the next run does them again.
 * Owns: which ends are held, when the barrier is taken, what is said of those that a crash took. */
#ifndef KFMIG_FLOW_DURABLE_H
#define KFMIG_FLOW_DURABLE_H

#include "flow/writing.h"

/* Hold the good end of a migration: row goes into the result, and is told as writing_say() does, once it is
 * on disk. Takes the barrier if the first one held has waited for half a second. */
void durable_hold(struct writing *w, const struct result_row *row, const char *as);
/* Take the barrier, if a migration has run since the last one, and say what was held: also on a session made
 * anew, where a crash may have taken some; w->is_lost then, and nothing more may be run. What cannot be found
 * out is in doubt. No transaction may be open. */
void durable_settle(struct writing *w);
/* struct pg_wait's on_wait for statements; ctx: a struct writing. Beside what the watch does, whatever is
 * held for half a second while a statement runs is made durable by a second session, and said. */
bool durable_wait(void *ctx);
void durable_close(struct writing *w); /* that session */

#endif
