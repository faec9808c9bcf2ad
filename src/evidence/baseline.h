/* Baseline documents: what the ledger says a database is made of. Pure. */
#ifndef KFMIG_EVIDENCE_BASELINE_H
#define KFMIG_EVIDENCE_BASELINE_H

#include "base/digest.h"
#include "ledger/ledger.h"
#include "model/env.h"

struct baseline_text; /* what an object adds to the document */
struct baseline_object {
    const char *object;
    struct digest fingerprint;
    const struct baseline_text *text; /* NULL until it is made; in the baseline's arena */
};
/* Sorted by object text, which is borrowed; v is released by baseline_release(). a is borrowed and takes
 * what is made once per object. */
struct baseline {
    struct arena *a;
    struct baseline_object *v;
    size_t n;
    struct digest digest; /* of the document; zero: not computed yet */
};

/* Of the ledger's sum of objects, whose texts are borrowed: sorted by object, none removed. */
void baseline_of_rows(struct baseline *out, struct arena *a, const struct object_rows *rows);
/* old with changes laid over it: sorted by object text, each the object's new fingerprint, zero where it
 * was removed. Texts are borrowed; old stays as it is. */
void baseline_merge(struct baseline *out, const struct baseline *old,
                    const struct object_row *changes, size_t n_changes);
void baseline_release(struct baseline *b);

/* Appends the document (kfmig.baseline.v1, canonical JSON): counts by kind, a fingerprint per object, a
 * digest per schema and one over the protected domains. d must be the same in every call for one baseline
 * and those merged from it. */
void baseline_write(struct buf *out, struct baseline *b, const struct domains *d, int server_major);
/* SHA-256 of what baseline_write() appends; computed once. */
struct digest baseline_digest(struct baseline *b, const struct domains *d, int server_major);

/* For tests, which read back what was written. The document as objects: sorted, with their fingerprints;
 * texts in a. -1 with ERR_INTEGRITY naming path where it is no baseline, or its objects are not in order. */
int baseline_read(struct arena *a, struct bytes text, const char *path, struct object_rows *out,
                  int *server_major, struct err *e) MUST_CHECK;

#endif
