/* PMTiles version 3 (https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md): one file with all tiles
 * of a set, each kept once, compressed with gzip.
 * Owns: header, directories, their form in a file. Must not know where tiles come from, nor what a tile
 * holds. */
#ifndef KFMIG_STORE_TILES_PMTILES_H
#define KFMIG_STORE_TILES_PMTILES_H

#include "doc/doc.h"
#include "store/tiles/tileset.h"

/* A file on its way: root directory within the first 16,384 bytes, tiles in the order of their ids behind
 * them, then metadata and leaf directories. The header comes last: until then it is no PMTiles. */
struct pmtiles;
/* fd: empty, open for writing; stays the caller's. path: for messages. */
struct pmtiles *pmtiles_begin(int fd, const char *path);
/* The next tile: its id is higher than the last one's. raw: its bytes, at least one, not compressed. */
int pmtiles_add(struct pmtiles *w, struct tile t, struct bytes raw, struct err *e) MUST_CHECK;
/* How many tiles were added. */
int64_t pmtiles_added(const struct pmtiles *w);
/* Write the rest, at least one tile having been added. set: with bounds filled in; receives the other
 * members. metadata: an object, its member vector_layers included. The file is not synchronised. */
int pmtiles_finish(struct pmtiles *w, const struct doc *metadata, struct tileset *set,
                   struct err *e) MUST_CHECK;
void pmtiles_release(struct pmtiles *w); /* NULL is fine */

/* Each tile of a file in the order of ids, not compressed. True: go on. */
typedef bool pmtiles_fn(void *ctx, struct tile t, struct bytes raw);
/* Read all of it: what is known of it into *set (bounds as the header says). fn may be NULL. Everything that
 * the format forbids is an error, ERR_INTEGRITY: another version, tiles that are no vector tiles in gzip,
 * sections beyond the end, ids that do not ascend, counts and zooms that are not so; and what kfmig does not
 * write: tiles or directories that overlap. most: with more tiles it is an error, too, so that the time is
 * bounded by these and by the size of the file, whatever is in it. */
int pmtiles_read(int fd, const char *path, int64_t most, pmtiles_fn *fn, void *ctx,
                 struct tileset *set, struct err *e) MUST_CHECK;

#endif
