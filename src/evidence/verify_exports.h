/* The part of a verification that reads the project's files; for src/evidence only. */
#ifndef KFMIG_EVIDENCE_VERIFY_EXPORTS_H
#define KFMIG_EVIDENCE_VERIFY_EXPORTS_H

#include "evidence/verify.h"

/* One more finding by rule, about the file path ("": the ledger). rule is static; texts are copied into a. */
void verify_found(struct verified *v, struct arena *a, const char *rule, const char *path,
                  const char *fmt, ...) PRINTF_LIKE(5, 6);

/* Everything exported for the applied migrations of r, as far as its environment wants any: receipts, what
 * they name, pointers. What this ledger wrote must be what it has; evidence may come from another database
 * that applied the same content, then only its own consistency can be checked, and it is counted as
 * foreign. A missing one is a finding. */
void verify_exports(const struct archive *r, struct arena *a, struct verified *v);

#endif
