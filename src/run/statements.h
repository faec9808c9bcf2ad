/* The statements of a migration, one per message, in the transaction that its runner has opened.
 * For src/run only. */
#ifndef KFMIG_RUN_STATEMENTS_H
#define KFMIG_RUN_STATEMENTS_H

#include "run/run.h"

/* A backfill's statement for one range: what is sent in its place, and how many rows it wrote. wait: asked
 * while the batch runs. */
struct batch {
    struct bytes sql;
    struct pg_params params;
    struct pg_wait wait;
    int64_t rows;
};

/* bundle: whose forward scripts and invariants are run; events, deadlines and the observer (told
 * before statements that remove rows) are the run's. n_done counts the statements that succeeded. */
struct execution {
    struct run *run;
    struct batch *batch; /* of a backfill's statement; NULL: it has none */
    const struct bundle *bundle;
    struct outcome *outcome;
    struct observer *observer;
    size_t n_statements, n_done;
    size_t
        n_ahead; /* of the statements to come, those that are none of the migration's own, nor counted */
    bool glances; /* nothing but the observation follows: it may share the statements' flight */
};

size_t execution_count(const struct bundle *b); /* statements that will be sent */

/* A file may begin with SET TRANSACTION, which must come before any query of ours. */
int execution_set_transaction(struct execution *x, struct err *e) MUST_CHECK;
int execution_scripts(struct execution *x, struct err *e) MUST_CHECK;
/* Invariants look at what deferred constraints and triggers leave behind: settled before, where
 * there are any. */
int execution_settle(struct execution *x, struct err *e) MUST_CHECK;
/* Adds a finding "invariant FILE" for each statement: it returned rows, or its query failed; the latter is
 * -1 too, as the transaction is lost. */
int execution_invariants(struct execution *x, struct err *e) MUST_CHECK;

/* How long one thing that the migration brings about may take: as declared, and a while for the server to say
 * so itself; no limit where none is declared. That are its statements, deferred constraints and triggers,
 * invariants, COMMIT. on_wait is the run's. */
struct pg_wait execution_wait(const struct execution *x);

/* The place of a failed statement of s: the server's position if it gave one (bytes in its text; -1: none),
 * else the statement's beginning. */
void statement_place(const struct script *s, const struct statement *st, int64_t position,
                     int *line, int *col);
/* *e is the server's word about a deferred constraint: made the migration's failure. Returns -1. */
int execution_blame_deferred(const struct execution *x, struct err *e);
int execution_injected(struct err *e); /* a fault point's error; -1 */

#endif
