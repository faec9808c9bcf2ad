/* Vector tiles out of the tables of a schema: what PostGIS makes of each layer's query.
 * Owns: the SQL around these queries, what of their rows a tile cannot hold, the settings under which they
 * are read. Must not know: files, the ledger. */
#ifndef KFMIG_STORE_POSTGIS_TILES_H
#define KFMIG_STORE_POSTGIS_TILES_H

#include "model/projection.h"
#include "pg/pg.h"

enum { TILES_AT_ONCE = 16 };

/* A layer as it was found: srid of its geometries; cast: per attribute, what it is cast to ("": nothing). */
struct tile_layer_facts {
    int srid;
    const char **cast;
};
/* One snapshot, in the open transaction of s. bounds: of all layers: west, south, east, north in degrees. */
struct tile_source {
    struct pg *s;
    struct arena *a;
    const struct tiling *t;
    const char *postgis; /* the schema that it stands in, quoted, with a dot: "public". */
    struct tile_layer_facts *layer;
    double bounds[4];
};

/* "postgis 3.3.2, geos 3.11.1", in a; "" where it cannot be asked, or there is none. Never fails. */
const char *tiles_versions(struct pg *s, struct arena *a);

/* Begin a read-only transaction with one snapshot, look at the layers, whose queries read schema: is each
 * key unique and not null, has each geometry one known reference system, can the attributes stand in one
 * feature? ERR_VALIDATE: no, at the layer's place in its file; ERR_APPLY: the server refuses a query. The
 * transaction is open afterwards, whatever came of it: tiles_close(). */
int tiles_open(struct pg *s, struct arena *a, const char *schema, const struct tiling *t,
               struct tile_source *out, struct err *e) MUST_CHECK;
/* Tiles of one zoom, n of them (at most TILES_AT_ONCE): into mvt[i] what is in it, nothing where it is empty;
 * into rows[i] how many rows might be seen there or in a tile of a higher zoom within it. */
int tiles_read(struct tile_source *src, int z, const uint32_t *x, const uint32_t *y, size_t n,
               struct buf *mvt, int64_t *rows, struct err *e) MUST_CHECK;
void tiles_close(struct tile_source *src);

#endif
