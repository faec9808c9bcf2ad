/* What a projection with `store: tiles` declares of its tiles (registry/schemas/tiles.v1). */
#ifndef KFMIG_LOAD_TILING_H
#define KFMIG_LOAD_TILING_H

#include "load/load.h"

/* Read d, which fits the schema, into out->tiling, with the files of its layers. Faults are p's. */
void tiling_read(struct project *p, const struct doc *d, struct projection *out);
/* When all projections are read: is what it is made from one of them? */
void tiling_check_from(struct project *p, const struct projection *x);

#endif
