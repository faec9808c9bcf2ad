/* depends_on across bundles: what it names must exist, and nothing may wait for itself. */
#ifndef KFMIG_LOAD_DEPENDS_H
#define KFMIG_LOAD_DEPENDS_H

#include "load/load.h"

/* Adds faults to p->faults. known: ids that exist besides those in p->by_id. The default order
 * counts too: a bundle without depends_on waits for the one before it in its folder. Each cycle is
 * shown whole, with the file and line of each of its members. */
void depends_check(struct project *p, const struct table *known);

/* Names in rebuilds that no definition here has, as warnings: the file may have gone when the definition was
 * dropped, and the migration stays; or the name is misspelled, and the server then refuses the migration.
 * Reads the files of these again, for the places. */
void depends_warn(const struct project *p, struct err_list *out);

#endif
