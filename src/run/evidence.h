/* The documents of a run. Pure: structs in, canonical bytes out. */
#ifndef KFMIG_RUN_EVIDENCE_H
#define KFMIG_RUN_EVIDENCE_H

#include "run/run.h"

/* Canonical bytes with their digest, as they stand in the ledger and in exported files. p NULL: there is none. */
struct document {
    struct bytes bytes;
    struct digest digest;
};
struct evidence_set {
    struct digest pre, post; /* only digests: the ledger's sum of objects gives the bytes back */
    struct document diff, touched, invariants;
};

/* diffs/summary.json, diffs/touched.csv and the list of invariant results, in a. */
void evidence_of(struct arena *a, const struct bundle *b, const struct outcome *o,
                 struct evidence_set *out);
struct doc *evidence_limits(struct arena *a, const struct bundle *b, const struct outcome *o);
struct doc *evidence_digest(struct arena *a, const struct digest *d); /* text, or null for zero */

/* What was counted, limit by limit; -1 (ROWS_UNKNOWN) where that is not known. */
struct limits limits_observed(const struct observation *seen);

#endif
