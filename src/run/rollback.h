/* Taking a migration back: its rollback files in one guarded transaction, which commits only where
 * everything that the migration changed is as it was before.
 * Owns: what is proven of it (restored.c); the transaction is that of a migration (migration.c). */
#ifndef KFMIG_RUN_ROLLBACK_H
#define KFMIG_RUN_ROLLBACK_H

#include "run/rebuild.h"
#include "run/run.h"

/* How many rows of a table a person was told may go: more of them stop it. */
struct rows_shown {
    const char *table; /* object_text() */
    int64_t most;
};
/* A migration that is applied, and how it is taken back. All borrowed.
 * bundle    has decl; what is applied has its checksum.
 * scripts   its rollback files, parsed, one per decl->rollback, without faults.
 * sequence  of the entry that applied it.
 * before    what that entry changed, as recorded before it, sorted by object; fingerprint zero: not there.
 * rows      of each table that may lose any; others may lose none. any_rows: every one may lose all.
 * rebuilding  definitions that are dropped before its files and made again behind them, by the texts that
 * stood
 *           before it was applied. n 0: none.
 * is_exact  another order of columns or of an enum's values is a difference like any other. */
struct taking_back {
    const struct bundle *bundle;
    const struct script *scripts;
    int64_t sequence;
    const struct object_row *before;
    size_t n_before;
    const struct rows_shown *rows;
    size_t n_rows;
    bool any_rows;
    bool is_exact;
    struct rebuilding rebuilding;
};
/* Take it back. Never fails as a call: everything is in *o; a failure is ERR_ROLLBACK and nothing was
 * changed, unless it is one of those that say more (in doubt, interrupted). Gates as of a migration but
 * for limits, which its rows take the place of: "restored" (waived by "order" where only an order
 * differs) and "rows". One entry, ENTRY_ROLLBACK, with the checksum of what was applied. */
void run_rollback(struct run *r, const struct taking_back *t, struct outcome *o);
/* The same where its files have statements that run alone (rollback_segmented()): in segments,
 * journaled, as run_segmented(); past: the ledger's entries, as read under the lock. A transaction
 * commits only where what it changed is the migration's and no more rows go than were shown, the last
 * one only where all is as it was before; where the last segment runs alone that is seen once it stands,
 * and a failure says what does. */
void run_rollback_segmented(struct run *r, const struct entries *past, const struct taking_back *t,
                            struct outcome *o);
bool rollback_segmented(const struct taking_back *t);

/* The migration with its rollback files in place of the forward ones, without limits (what may go was
 * shown) and invariants (which are of the state that is left): in *out and *decl. */
void rollback_view(const struct taking_back *t, struct decl *decl, struct bundle *out);

/* For migration.c and segmented.c: add the findings "restored" and "rows" of what o saw, in the open
 * transaction or once it is committed. is_whole: everything is done; else only what it changed is judged.
 * -1: the database could not be asked. */
int restored_judge(struct run *r, const struct taking_back *t, bool is_whole, struct outcome *o,
                   struct err *e) MUST_CHECK;
/* For them: the objects that o saw changed, as rows for the ledger: what is as it was before keeps
 * whoever wrote it then. In r->a. */
struct object_row *restored_rows(struct run *r, const struct taking_back *t,
                                 const struct outcome *o);

#endif
