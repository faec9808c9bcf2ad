/* What writing and reading a PMTiles file have in common; for src/store/tiles only. */
#ifndef KFMIG_STORE_TILES_PMTILES_PARTS_H
#define KFMIG_STORE_TILES_PMTILES_PARTS_H

#include <stddef.h>

#include "store/tiles/pmtiles.h"

enum {
    PMTILES_HEADER = 127,
    PMTILES_ROOM = 16384, /* header and root directory stand in these */
    PMTILES_VERSION = 3,
    PMTILES_GZIP = 2,
    PMTILES_MVT = 1
};

/* An entry of a directory. run: how many tiles with ids from id on have these bytes; 0: it is a leaf
 * directory, with an offset in their section, else in the tiles'. */
struct pmtiles_entry {
    uint64_t id, offset;
    uint32_t length, run;
};
struct pmtiles_entries {
    struct pmtiles_entry *v;
    size_t n, cap;
};

/* The header's numbers, by their names in the specification; sections as offset and length. */
struct pmtiles_section {
    uint64_t at, n;
};
struct pmtiles_header {
    struct pmtiles_section root, metadata, leaves, data;
    uint64_t addressed, entries, contents;
    bool is_clustered;
    uint8_t inner, outer, type, min_zoom, max_zoom;
    int32_t bounds[4]; /* in 10^-7 degrees */
};
void pmtiles_header_put(const struct pmtiles_header *h, uint8_t out[static PMTILES_HEADER]);
/* -1: it does not begin as PMTiles of version 3 do. */
int pmtiles_header_get(const uint8_t in[static PMTILES_HEADER],
                       struct pmtiles_header *h) MUST_CHECK;

/* Append v[0..n) as a directory, not compressed. */
void pmtiles_directory_put(const struct pmtiles_entry *v, size_t n, struct buf *out);
/* The entries of a directory, not compressed; in a. -1: it is none. */
int pmtiles_directory_get(struct arena *a, struct bytes raw,
                          struct pmtiles_entries *out) MUST_CHECK;

#endif
