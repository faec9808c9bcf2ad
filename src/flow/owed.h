/* Receipts that no ledger took: state/owed/RUN_ID.json, until a run can record them. */
#ifndef KFMIG_FLOW_OWED_H
#define KFMIG_FLOW_OWED_H

#include "run/run.h"
#include "site/site.h"

/* Does state/owed hold a receipt of s's environment? True also where it cannot be read. */
bool owed_any(const struct site *s);
/* Keep o's. A throwaway database's receipts are nobody's. */
int owed_keep(const struct site *s, const struct outcome *o, struct err *e) MUST_CHECK;
/* Record all of this environment, under its lock. *n: how many the ledger had not. What can never be recorded
 * (damaged, over 1 GiB) is told as a warning and moved to state/owed/aside. -1: one could not be recorded
 * now. */
int owed_pay(const struct site *s, struct run *r, size_t *n, struct err *e) MUST_CHECK;

#endif
