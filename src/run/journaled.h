/* A change of a store without transactions: every step of its program journaled, so that a run that
 * is killed anywhere leaves what the next one can tell apart. Owns: how a store's answers become
 * the journal's. Must not know an engine. */
#ifndef KFMIG_RUN_JOURNALED_H
#define KFMIG_RUN_JOURNALED_H

#include "ledger/journal.h"
#include "store/store.h"

/* Where a program goes. subject: of the journal's entries, a migration's id. c: the open change of
 * a store. */
struct journaled {
    struct journal *journal;
    struct store_change *c;
    const char *subject;
};
/* How the steps went: made by this run, found there from an earlier one, done before. */
struct journaled_count {
    size_t n_ran, n_adopted, n_stood;
};
/* Every step of the program in order, each exactly once over all runs. -1: as journal_effect(),
 * stop->step tells which step; those before it stand, those behind it were not begun. */
int run_journaled(const struct journaled *w, const struct program *p, struct journaled_count *n,
                  struct store_stop *stop, struct err *e) MUST_CHECK;

#endif
