/* What the files of src/ledger share; for src/ledger only. */
#ifndef KFMIG_LEDGER_PARTS_H
#define KFMIG_LEDGER_PARTS_H

#include "ledger/ledger.h"

/* Add to the session's batch what ledger_record() writes for r: head, entry, receipt, objects, blobs. *m is
 * advanced. *moved receives the result of moving the head: no row affected means that somebody else moved it.
 * Memory that the batch needs until it runs comes from a. */
void ledger_add_record(struct pg *s, struct arena *a, const struct recording *r, struct merkle *m,
                       struct pg_rows **moved);

/* Run the session's batch, in which *guard is what record_guard.sql says: -1 as ledger_record(). */
int ledger_run_guarded(struct pg *s, struct pg_rows **guard, struct err *e) MUST_CHECK;

/* Begin a transaction as kfmig's own ones are: read committed, whatever the role's defaults say. */
int ledger_begin(struct pg *s, struct err *e) MUST_CHECK;

/* Sleep about 100 ms, so that those who poll for the same lock do not do it in step. */
void ledger_pause(void);

/* Reads 64 hexadecimal digits of a row; -1 with ERR_INTEGRITY if there is anything else. */
int ledger_row_digest(const struct pg_rows *r, size_t row, int col, struct digest *out,
                      struct err *e) MUST_CHECK;

const char *ledger_number(struct arena *a, int64_t v);              /* as a query's parameter */
const char *ledger_digest(struct arena *a, const struct digest *d); /* the same; bytea */

#endif
