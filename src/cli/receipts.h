/* Receipts as the ledger has them, checked against their entries. */
#ifndef KFMIG_CLI_RECEIPTS_H
#define KFMIG_CLI_RECEIPTS_H

#include "cli/session.h"

/* The receipt body of one entry. -1 with ERR_INTEGRITY if the ledger lacks it or it does not hash to receipt (zero: not checked). In a. */
int receipts_body(struct pg *pg, struct arena *a, int64_t sequence, const char *run_id,
                  const struct digest *receipt, struct bytes *out, struct err *e) MUST_CHECK;
/* A receipt's bytes as a document, in a. -1 with ERR_INTEGRITY if they are none. */
int receipts_parse(struct arena *a, struct bytes body, int64_t sequence, struct doc **out,
                   struct err *e) MUST_CHECK;
/* Both for a fact, as a document. */
int receipts_read(const struct link *l, struct arena *a, const struct fact *f, struct doc **out,
                  struct err *e) MUST_CHECK;

#endif
