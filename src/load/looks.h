/* How all files look that a project of bundles is made of: while they look the same, it is the same project,
 * and none of it needs to be read. Projections, flat migrations and Alembic are made of more: of a project
 * that has some nothing is said.
 * Owns: the list of what counts, and its form in a row of the cache. */
#ifndef KFMIG_LOAD_LOOKS_H
#define KFMIG_LOAD_LOOKS_H

#include "load/load.h"
#include "load/used.h"

/* All but the bundles: the folders that they stand in, the registry, what declares environments. */
struct looks {
    struct hint top;
    int64_t started;
    bool is_uncertain;
};
/* How they look now: to be asked before anything is read. */
void looks_begin(int dirfd, struct looks *l);

/* Append to out how the files of p look, all bundles' by their rows in the cache. begun: of before it was
 * loaded. False, and nothing is to be made of out: a file looks different by now, or was changed
 * shortly before it was read, or p is made of more than bundles. */
bool looks_encode(const struct project *p, struct cache *cache, const struct looks *begun,
                  struct buf *out) MUST_CHECK;

/* Do they look as they did, by what looks_encode() wrote and now? */
bool looks_same(int dirfd, const struct looks *now, struct bytes text);

#endif
