/* What a run did, as documents: diffs/summary.json, diffs/touched.csv, the results of invariants.
 * Written from plain data and read back into it; no I/O.
 * Invariant: what is read from what was written is what it was written from. */
#ifndef KFMIG_EVIDENCE_DIFF_H
#define KFMIG_EVIDENCE_DIFF_H

#include "model/account.h"

/* Canonical bytes with their digest, as they stand in the ledger and in exported files. p NULL: there is
 * none. */
struct document {
    struct bytes bytes;
    struct digest digest;
};

/* kfmig.diff.v1: objects, rows, limits, residue, violations; without touched. In a. */
struct document diff_write(struct arena *a, const struct account_diff *diff);
/* Back; texts of text, or in a; touched is empty. -1 with ERR_INTEGRITY naming path: it is no diff, or says
 * something that no kfmig writes. */
int diff_read(struct arena *a, struct bytes text, const char *path, struct account_diff *out,
              struct err *e) MUST_CHECK;

/* A line per touch: object (text_encode()d), effect, rows inserted, updated, deleted (empty: not known). In
 * a. */
struct document touched_write(struct arena *a, const struct touches *touches);
/* Back: objects, effects and rows; the rest of a touch stands in no file. -1 as diff_read(), with the
 * line. */
int touched_read(struct arena *a, struct bytes text, const char *path, struct touches *out,
                 struct err *e) MUST_CHECK;

/* The results of invariants among gates, in order; an empty list where there are none. In a. */
struct document invariants_write(struct arena *a, const struct findings *gates);

#endif
