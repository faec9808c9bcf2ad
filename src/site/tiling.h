/* Projections of tiles in one environment: their queries, what they are made from, and whether what readers
 * find is what was published. */
#ifndef KFMIG_SITE_TILING_H
#define KFMIG_SITE_TILING_H

#include "site/projected.h"
#include "store/tiles/tilefile.h"

/* The queries of p's layers, read and looked at: one SELECT each, which reads nothing but tables of schema,
 * in which its projection stands, and always answers the same. Their texts go to the layers. */
void tiling_queries(struct arena *a, const struct projection *p, const char *schema,
                    struct err_list *faults);
/* The declared projection that p is made from; load_project() has found that it is there. */
const struct projection *tiling_from(const struct project *project, const struct projection *p);
/* Where p's files stand; its store is configured. */
struct tile_place tiling_place(const struct site *s, const struct projection *p);
/* What p is made of now that from is live, in s->a. -1: from has no fingerprint, or PostGIS cannot be
 * asked. */
int tiling_parts(struct site *s, const struct projection *p, const struct generation *from,
                 struct parts *out, struct err *e) MUST_CHECK;
/* Faults, digest and file of x, which is of tiles, into its input. */
void tiling_look(struct site *s, struct projected *x);

#endif
