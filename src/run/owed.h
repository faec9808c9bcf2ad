/* Receipts that could not reach a ledger: kept in state/owed by the caller, paid by the next run. */
#ifndef KFMIG_RUN_OWED_H
#define KFMIG_RUN_OWED_H

#include "run/account.h"

/* {"receipt":{...},"blobs":["text",...]}: canonical JSON, in r->a; a blob that JSON cannot hold as text is
 * {"hex":"..."}. run_pay() in run/run.h reads it. */
struct bytes owed_write(struct run *r, const struct receipt_input *in);

#endif
