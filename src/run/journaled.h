/* Steps of a store that does not hold the ledger: each journaled, so that a run that is killed anywhere
 * leaves what the next one can tell apart. Owns: how a store's answers become the journal's. Must not
 * know an engine. */
#ifndef KFMIG_RUN_JOURNALED_H
#define KFMIG_RUN_JOURNALED_H

#include "base/tell.h"
#include "ledger/journal.h"
#include "store/store.h"

/* Where a program goes. subject: of the journal's entries, a migration's id. Each step is a change of its
 * own in the store, which is committed; what it reports lives in a. ear (may be NULL): hears of each step
 * that has a statement, and is asked before each whether to stop. */
struct journaled {
    struct journal *journal;
    struct store *store;
    struct arena *a;
    struct deadlines deadlines;
    const char *subject;
    const struct ear *ear;
};
/* How the steps went: made by this run, found there from an earlier one, done before. */
struct journaled_count {
    size_t n_ran, n_adopted, n_stood;
};
/* Every step of the program in order, each exactly once over all runs. -1: as journal_effect(), or
 * ERR_INTERRUPTED; stop->step tells which step; those before it stand, those behind it were not begun. */
int run_journaled(const struct journaled *w, const struct program *p, struct journaled_count *n,
                  struct store_stop *stop, struct err *e) MUST_CHECK;

#endif
