/* registry/projections/NAME.yml: projections, and which migrations belong to them.
 * A migration belongs to a projection if its scope.allowed_schemas is exactly the projection's schema. */
#ifndef KFMIG_LOAD_PROJECTIONS_H
#define KFMIG_LOAD_PROJECTIONS_H

#include "load/load.h"

#define PROJECTIONS_PATH "registry/projections"

/* Read all of them into p->projection, sorted by name, when environments and bundles are there; set
 * projection of the bundles that belong to one. Faults are added. */
void projections_read(struct project *p);

#endif
