/* receipts/receipt_ref.json: that a receipt stands in a ledger, and what it hashes to. Its body is only
 * there. */
#ifndef KFMIG_EVIDENCE_POINTER_H
#define KFMIG_EVIDENCE_POINTER_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/digest.h"

/* Texts are never NULL. sha256: of the receipt's canonical bytes; zero: the file names none. */
struct pointer {
    const char *migration_id, *environment, *run_id;
    const char *uri; /* pointer_uri() */
    int64_t sequence;
    struct digest sha256;
};

/* How a receipt is named: "kfmig:ledger:INSTANCE:SEQUENCE". In a. */
const char *pointer_uri(struct arena *a, const char *instance, int64_t sequence);
/* kfmig.receipt_ref.v1, for people and programs: JSON with indents. In a. */
struct bytes pointer_write(struct arena *a, const struct pointer *p);
/* Back; texts in a. What is not there is "", 0 or zero. -1 naming path: it is no JSON object. */
int pointer_read(struct arena *a, struct bytes text, const char *path, struct pointer *out,
                 struct err *e) MUST_CHECK;

#endif
