/* The part of a verification that reads the project's files; for src/evidence only. */
#ifndef KFMIG_EVIDENCE_VERIFY_EXPORTS_H
#define KFMIG_EVIDENCE_VERIFY_EXPORTS_H

#include "evidence/verify.h"

/* One more finding by rule, about the file path ("": the ledger). rule is static; texts are copied into a. */
void verify_found(struct verified *v, struct arena *a, const char *rule, const char *path,
                  const char *fmt, ...) PRINTF_LIKE(5, 6);

/* Everything exported for the migrations of r, as far as its environment wants any: receipts, what they name,
 * pointers. What this ledger wrote must be what it has (entries: all of it); evidence may come from another
 * database that applied the same content, then only its own consistency can be checked, and it is counted as
 * foreign. One that is missing of what is applied is a finding, and so is each member of a document that its
 * schema does not allow. Of what is not applied, receipts must be of entries that the ledger has. */
void verify_exports(const struct archive *r, const struct entries *entries, struct arena *a,
                    struct verified *v);

#endif
