/* Drawing the tiles of one generation into a file; for src/run/tiles*.c only. */
#ifndef KFMIG_RUN_TILES_DRAW_H
#define KFMIG_RUN_TILES_DRAW_H

#include "run/projection_parts.h"
#include "store/tiles/tileset.h"

/* All tiles of m's projection, as they are in schema from in one snapshot of m's session, into fd, which is
 * empty: zoom by zoom, each in the order of ids; where there is nothing to be seen no higher zoom is asked
 * for. *set: what the file then holds. ERR_VALIDATE: the layers cannot become tiles, or there is nothing in
 * them. */
int tiles_draw(struct making *m, const char *from, int fd, const char *path, struct tileset *set,
               struct err *e) MUST_CHECK;

#endif
