/* How a projection of tiles gets a new file.
 * Owns: the order of its steps. What no transaction covers stands between two that do: a row of the
 * generation says that its file is whole and which digest it has (READY), then readers find it, then the
 * entry says so. Whatever is interrupted, readers find the old file or the new one, and the next run goes on
 * from the row. */
#ifndef KFMIG_RUN_TILES_H
#define KFMIG_RUN_TILES_H

#include "run/run.h"
#include "store/tiles/tilefile.h"

/* place: of its files. from: the schema of the projection that it is made from, whose live generation parts
 * and digest are about; its layers have their queries. fresh: make a new file even if there is one with that
 * digest. to: publish that generation, by hand, and make none; NULL. */
struct tiles_job {
    const struct step *step;
    struct tile_place place;
    const char *from;
    struct parts parts;
    struct digest digest;
    bool fresh;
    const struct generation *to;
};

/* Make the file that the declaration wants, or take the one that was made, publish it, let go of those that
 * are not to be kept. Never fails as a call: everything is in *o. ERR_VALIDATE: the layers cannot become
 * tiles; ERR_PREFLIGHT: a file could not be written. */
void run_tiles(struct run *r, const struct tiles_job *job, struct outcome *o);

/* As run_retire(), of a projection of tiles: its files at place. */
int run_tiles_retire(struct run *r, const struct step *step, const struct tile_place *place,
                     bool all, size_t *n, struct err *e) MUST_CHECK;

#endif
