/* A set of vector tiles: what one tile is called, what is known of all of them.
 * Owns: tile ids (PMTiles v3: zoom by zoom, along a Hilbert curve), the content digest. Pure. */
#ifndef KFMIG_STORE_TILES_TILESET_H
#define KFMIG_STORE_TILES_TILESET_H

#include "base/digest.h"

enum { TILES_MOST_ZOOM = 22 };

/* x from the west, y from the north, both below 2^z. */
struct tile {
    int z;
    uint32_t x, y;
};
/* The id of a tile with z <= TILES_MOST_ZOOM, and back. The four quarters of tile D of a zoom's curve are 4 D
 * to 4 D + 3 of the next one's. */
uint64_t tile_id(struct tile t);
struct tile tile_of_id(uint64_t id);
/* The id of the first tile of zoom z: how many there are in all zooms before. */
uint64_t tile_first(int z);

/* What is known of a whole set. addressed: tiles that there are; contents: different ones among them.
 * bounds: west, south, east, north in degrees. content: SHA-256 over a line per tile, in the order of ids:
 * "Z/X/Y ", 64 lower-case digits of the SHA-256 of its bytes before compression, LF. */
struct tileset {
    int min_zoom, max_zoom;
    int64_t addressed, entries, contents, bytes;
    double bounds[4];
    struct digest content;
};

/* There is that tile, too: zooms and number. */
void tileset_count(struct tileset *set, struct tile t);
/* Add a tile to the content digest, which digester_open(NULL) began. */
void tileset_hash(struct digester *d, struct tile t, const struct digest *of_tile);

#endif
