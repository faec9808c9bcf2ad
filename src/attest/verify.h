/* Do the attestations of a ledger hold? From files alone, or held to the ledger itself. */
#ifndef KFMIG_ATTEST_VERIFY_H
#define KFMIG_ATTEST_VERIFY_H

#include "attest/keys.h"
#include "evidence/verify.h"

/* Of each ledger in the sink: each checkpoint is signed by a key that counts and grew out of the one before
 * it; each entry that a key signs has a receipt, an attestation of it by such a key and a proof in the tree
 * of one of the checkpoints; what says anything about one ledger says it about this one. Findings, rule
 * "attestation", in a.
 * All ledgers of r->env in the sink, from files alone; r->ledger is not asked, r->entries NULL. *v begins
 * here. -1 with ERR_CONFIG: there is no sink, or no list of keys. */
int attest_verify_files(const struct archive *r, struct arena *a, struct verified *v,
                        struct err *e) MUST_CHECK;

/* What is in the sink of the ledger of r that `receipt verify` looks at besides, where env declares
 * attestations: the same, and each checkpoint is one of that ledger. */
int attest_verify_ledger(const struct archive *r, struct arena *a, struct verified *v,
                         struct err *e) MUST_CHECK;

/* A ledger as its signed entries tell it, for whoever cannot ask it. path: SINK/ENV/INSTANCE. entries: all
 * from the first that is signed (its sequence is first) to the last one of the newest checkpoint, of so many
 * as size. */
struct attested_ledger {
    const char *instance, *path;
    int64_t first, size;
    struct entries entries;
};
/* That of r->env whose last entry is the newest, from the sink's files; r->ledger is not asked. All that is
 * there has to hold (attest_verify_files()), and of that ledger no entry may be without a signature that a
 * later one follows. In a. -1 with ERR_CONFIG: there is no sink, or no list of keys; ERR_PREFLIGHT: no
 * signed receipts of it; ERR_INTEGRITY: they do not hold. */
int attest_read_ledger(const struct archive *r, struct arena *a, struct attested_ledger *out,
                       struct err *e) MUST_CHECK;

#endif
