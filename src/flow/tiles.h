/* Building a projection of tiles within a run: from what its source is by now to its file. */
#ifndef KFMIG_FLOW_TILES_H
#define KFMIG_FLOW_TILES_H

#include "flow/writing.h"

/* Make and publish the tiles of x; what came of it is in w->result, and told. fresh: also where nothing has
 * changed. done: what a success is called: "published". Where what they are made from turns out to be as it
 * was, nothing is done, and that is told. */
void tiles_build(struct writing *w, const struct step *x, bool fresh, const char *done);
/* Publish generation to of x, by hand: everything is in *o. */
void tiles_switch(struct writing *w, const struct step *x, const struct generation *to,
                  struct outcome *o);
/* Drop files that nothing needs, as run_tiles_retire(). */
int tiles_collect(struct writing *w, const struct step *x, bool all, size_t *n,
                  struct err *e) MUST_CHECK;

#endif
