/* Where the files of a set of tiles stand: DIR/NAME.pmtiles is what readers open, DIR/NAME__g<N>.pmtiles
 * generation N of it. What is live has both names: it is one file, so that readers find the old one or the
 * new one under its name, and an old one stays as it was.
 * Owns: these names; that a name never stands for a part of a file. Must not know: the ledger, what tiles
 * hold. */
#ifndef KFMIG_STORE_TILES_TILEFILE_H
#define KFMIG_STORE_TILES_TILEFILE_H

#include "base/arena.h"
#include "store/tiles/tileset.h"

/* dirfd: of the project; folder: beneath it. */
struct tile_place {
    int dirfd;
    const char *folder, *name;
};
/* "DIR/NAME.pmtiles"; generation 0, or "DIR/NAME__g3.pmtiles". In a. */
const char *tilefile_path(struct arena *a, const struct tile_place *p, int64_t generation);

/* A new file for a generation, empty, under a name of its own until it is kept; what a run that was killed
 * left there goes. The folder is made if it is missing. *fd: for reading and writing. */
int tilefile_begin(const struct tile_place *p, int64_t generation, int *fd,
                   struct err *e) MUST_CHECK;
/* It is whole: on disk, and under its generation's name from now on. */
int tilefile_keep(const struct tile_place *p, int64_t generation, int fd, struct err *e) MUST_CHECK;
/* Nothing is left of it. */
void tilefile_abandon(const struct tile_place *p, int64_t generation);
/* Readers find that generation from now on. The same again does nothing. */
int tilefile_publish(const struct tile_place *p, int64_t generation, struct err *e) MUST_CHECK;
/* The file of a generation goes; that it is gone already is no fault. */
int tilefile_drop(const struct tile_place *p, int64_t generation, struct err *e) MUST_CHECK;

/* The SHA-256 and size of a file; generation 0: of the one that readers find. 1: there is none. */
int tilefile_digest(const struct tile_place *p, int64_t generation, struct digest *out,
                    int64_t *size, struct err *e) MUST_CHECK;
/* The tiles in it, at most so many, as pmtiles_read() finds them. 1: there is no file. */
int tilefile_read(const struct tile_place *p, int64_t generation, int64_t most, struct tileset *out,
                  struct err *e) MUST_CHECK;

#endif
