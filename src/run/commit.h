/* The end of a transaction that holds an entry of the ledger. For src/run only. */
#ifndef KFMIG_RUN_COMMIT_H
#define KFMIG_RUN_COMMIT_H

#include "pg/tx.h"
#include "run/run.h"

/* What is about to be committed. subject: for messages. run_id: of its entry, which is what the
 * ledger is asked for. done: the word for its effect ("applied"). before: the ledger's tree without
 * the entry. wait: how long COMMIT may take, NULL: as the session has it. settle: asked with ctx, in place
 * of ledger_settle(), whether it came to be; NULL: that is. */
struct commit {
    const char *subject, *run_id, *done;
    const struct merkle *before;
    const struct pg_wait *wait;
    enum ending (*settle)(void *ctx, struct pg *s, struct err *e);
    void *ctx;
};

/* COMMIT; where its answer is lost, connect again, take the lock and ask the ledger. TX_ENDED: 0 is
 * sure to have been reported truly. TX_UNDONE: r->merkle is *before again; *e is ERR_APPLY
 * (refused, or lost without effect) or ERR_INTERRUPTED. TX_UNKNOWN: nobody could be asked; *e is
 * ERR_DOUBT, with a hint. r->pg may be another session afterwards. */
enum ending run_commit(struct run *r, const struct commit *c, struct err *e) MUST_CHECK;

#endif
