/* The guarded transaction of a migration, or of one of its segments. For src/run only. */
#ifndef KFMIG_RUN_TRANSACTION_H
#define KFMIG_RUN_TRANSACTION_H

#include "run/account.h"

/* What a transaction is where it is not the whole migration. n_before: statements of the migration
 * that stand before those of the bundle, n: of them all. done: the word for its effect. prepare (may be
 * NULL): runs in the open
 * transaction, before its statements. add: lays what earlier segments came to
 * over what was seen, before it is judged. record: writes, in the open transaction, what takes the
 * place of the migration's entry: rows are the objects that it changed; o->run_id is what the
 * ledger is asked for where COMMIT's answer is lost; settle, where it is not NULL, asks for something
 * else, as ledger_settle() does. prove (may be NULL): adds findings of what was seen to o->gates, before they
 * are judged; -1: the database could not be asked. */
struct transaction_part {
    size_t n_before, n;
    size_t n_ahead;   /* of the bundle's statements, those that stand before the migration's own */
    const char *done; /* NULL: "applied" */
    bool is_held; /* nobody else can make what would go with what it drops: nothing to ask for */
    struct batch *batch; /* run/statements.h: it is one of a backfill; NULL */
    void *ctx;
    int (*prepare)(void *ctx, struct err *e);
    void (*add)(void *ctx, struct observation *seen);
    int (*prove)(void *ctx, struct outcome *o, struct err *e);
    int (*record)(void *ctx, struct outcome *o, const struct evidence_set *evidence,
                  const struct object_row *rows, struct guard *guard, struct err *e);
    enum ending (*settle)(void *ctx, struct pg *s, struct err *e);
};

/* Run b's statements, observe, judge, record, COMMIT; again where a lock was not had in time. *o as of
 * run_migration(), but that nothing is recorded of a failure; false: it failed. */
bool run_transaction(struct run *r, const struct bundle *b, const struct transaction_part *part,
                     struct outcome *o);

#endif
