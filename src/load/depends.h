/* depends_on across bundles: what it names must exist, and nothing may wait for itself. */
#ifndef KFMIG_LOAD_DEPENDS_H
#define KFMIG_LOAD_DEPENDS_H

#include "load/load.h"

/* Adds faults to p->faults. known: ids that exist besides those in p->by_id. The default order
 * counts too: a bundle without depends_on waits for the one before it in its folder. Each cycle is
 * shown whole, with the file and line of each of its members. */
void depends_check(struct project *p, const struct table *known);

#endif
