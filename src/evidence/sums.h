/* A ledger's sums of objects, of one entry after the other: what baselines are made of. The first is read
 * whole; from there on each entry's changes are read, once, many entries' at a time.
 * Owns: the sum as of one entry, and how it moves on. */
#ifndef KFMIG_EVIDENCE_SUMS_H
#define KFMIG_EVIDENCE_SUMS_H

#include "evidence/archive.h"
#include "evidence/baseline.h"

/* sum: as of entry at, over domains, which are in policy. ahead: changes up to entry read, in rows, of which
 * n_laid are in the sum. last: nothing behind this entry is asked for. */
struct sums {
    const struct ledger_source *l;
    int64_t last;
    bool has_begun;
    struct baseline sum;
    struct domains domains;
    struct arena policy;
    int64_t at, read;
    struct object_rows ahead;
    size_t n_laid;
    struct arena rows;
};

/* No I/O. l is borrowed; ended by sums_release(). */
void sums_begin(struct sums *s, const struct ledger_source *l, int64_t last);
void sums_release(struct sums *s);
/* The sum up to entry upto (0: nothing) for a server of that version, with d protected. *out is borrowed
 * until the next call. To go back reads all of it again. -1: the ledger cannot be read. */
int sums_at(struct sums *s, int64_t upto, const struct domains *d, int server_major,
            struct baseline **out, struct err *e) MUST_CHECK;

#endif
