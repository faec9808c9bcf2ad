/* All bundles of a project, from the cache where their files look as they did, else from the files. */
#ifndef KFMIG_LOAD_BUNDLES_H
#define KFMIG_LOAD_BUNDLES_H

#include "load/load.h"

/* Fills p->bundle and p->by_id. known: also the ids of bundles too broken to be in p->bundle, so
 * that what depends on them is not blamed. Returns 0 whatever the bundles are like; -1 if
 * migrations/ cannot be listed. */
int bundles_read(struct project *p, struct cache *cache, struct table *known, struct err *e);

/* The folders that migrations stand in, one after the other; NULL: there are no more. */
const char *bundles_folder(size_t i);

/* Where b's declaration has the value of key, or the item of its list that reads item (NULL: the
 * value itself). For messages: reads the file again. Without such a place *out is the file. */
void bundles_place(const struct project *p, const struct bundle *b, const char *key,
                   const char *item, struct place *out);

#endif
