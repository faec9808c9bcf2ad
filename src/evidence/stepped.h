/* What a segment of a migration did, as the text that its done in the journal keeps: kfmig.step.v1
 * (registry/schemas/step.v1.schema.json). Written from plain data and read back into it; no I/O.
 * Invariant: what is read from what was written is what it was written from. */
#ifndef KFMIG_EVIDENCE_STEPPED_H
#define KFMIG_EVIDENCE_STEPPED_H

#include "evidence/diff.h"
#include "ledger/ledger.h"

/* objects: those that it changed, as they are afterwards; removed ones have no definition. diff: what it
 * changed, and observed the counts of all segments so far; touched: its touches. */
struct stepped {
    struct object_rows objects;
    struct account_diff diff;
};
/* Canonical JSON, in a. */
struct bytes stepped_write(struct arena *a, const struct stepped *s);
/* Back, in a; fingerprints are computed from the definitions. -1 with ERR_INTEGRITY naming path: no
 * kfmig wrote it. */
int stepped_read(struct arena *a, struct bytes text, const char *path, struct stepped *out,
                 struct err *e) MUST_CHECK;

#endif
