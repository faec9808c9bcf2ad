/* The flat migrations of one folder, held to each other. For src/load/bundles.c only.
 * Owns: numbers that are there twice, files that undo nothing. */
#ifndef KFMIG_LOAD_FLATS_H
#define KFMIG_LOAD_FLATS_H

#include "load/load.h"

/* A file that undoes the flat migration id; path: from its folder. */
struct down {
    const char *path, *id;
};

/* Those of the folder path, p->bundle[first..first+n), and what undoes them. */
struct flats {
    const char *path;
    size_t first, n;
    const struct down *down;
    size_t n_down;
};
/* Faults are added to p. */
void flats_check(struct project *p, const struct flats *f);

#endif
