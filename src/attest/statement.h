/* What an attestation says: an in-toto Statement v1 whose predicate is a ledger entry.
 * Owns: the one text of it. Pure. The predicate is the entry's own text, so that its leaf in the ledger's
 * tree can be computed from the statement; the subjects are what the entry names, for tools that look for
 * digests. */
#ifndef KFMIG_ATTEST_STATEMENT_H
#define KFMIG_ATTEST_STATEMENT_H

#include "ledger/ledger.h"

/* Append it, canonical JSON. */
void attested_write(struct buf *out, const struct entry *en);
/* The entry that a payload is about; in a. Strictly: payload is what attested_write() writes of it. path is
 * for messages. -1 with ERR_INTEGRITY. */
int attested_read(struct arena *a, struct bytes payload, const char *path, struct entry *out,
                  struct err *e) MUST_CHECK;

#endif
