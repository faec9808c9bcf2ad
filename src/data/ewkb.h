/* Geometries on their way from coordinates to EWKB (PostGIS's extension of OGC WKB: flags for Z, M and
 * SRID in the type word), little endian.
 * Owns: the rules that geometries must keep. Must not know where coordinates come from. */
#ifndef KFMIG_DATA_EWKB_H
#define KFMIG_DATA_EWKB_H

#include "data/reader.h"

enum geometry_type {
    GEOMETRY_POINT = 1,
    GEOMETRY_LINE = 2,
    GEOMETRY_POLYGON = 3,
    GEOMETRY_MULTI_POINT = 4,
    GEOMETRY_MULTI_LINE = 5,
    GEOMETRY_MULTI_POLYGON = 6,
    GEOMETRY_COLLECTION = 7
};

/* Coordinates as they stand in the text: positions one after the other, n_dims numbers each; parts and
 * polygons end where parts[] and polygons[] say (parts: number of positions so far; polygons: number of
 * parts so far). depth: how many arrays lie around a number: 1 Point, 2 LineString and MultiPoint, 3
 * Polygon and MultiLineString, 4 MultiPolygon. Zero-initialise; memory is kept between uses. */
struct shape {
    double *number;
    size_t n, cap;
    uint32_t *parts;
    size_t n_parts, cap_parts;
    uint32_t *polygons;
    size_t n_polygons, cap_polygons;
    int depth, dims;
};
/* Forget what is there; its memory is kept. */
void shape_clear(struct shape *s);
/* Frees it; of a zeroed shape is fine. */
void shape_release(struct shape *s);
/* The next number of a position. */
void shape_number(struct shape *s, double v);
/* A ring, or a line of several, ends with the positions so far. */
void shape_part(struct shape *s);
/* A polygon of several ends with the parts so far. */
void shape_polygon(struct shape *s);

/* Append s as a geometry of type. Returns NULL, or what is wrong with it. *type becomes what was written
 * (Multi* where rules promote). with_srid: at the outermost geometry only. */
const char *ewkb_add(struct buf *out, const struct shape *s, enum geometry_type *type,
                     const struct geometry_rules *rules, bool with_srid);

/* Append a geometry of type that has no position, if rules take it and with_srid says that it stands by
 * itself. dims: as the data says, or 0; the rules' count first, and XY where nobody says. Returns NULL, or
 * why not. *type as in ewkb_add(). A point without position has NaN for each number, as PostGIS writes it. */
const char *ewkb_empty(struct buf *out, enum geometry_type *type,
                       const struct geometry_rules *rules, int dims, bool with_srid);

/* Is that EWKB, as made here, a geometry without any position? */
bool ewkb_is_empty(struct bytes ewkb);

/* A part of a geometry, or a member of a collection, has no position: what is wrong then. */
extern const char ewkb_empty_part[];

/* Header of a collection of n geometries; dims of its members. */
void ewkb_collection(struct buf *out, uint32_t n, const struct geometry_rules *rules, int dims,
                     bool with_srid);

/* Check (E)WKB bytes that came ready-made: well-formed, nothing behind, finite numbers, rules kept as far
 * as they concern it. Appends it with the rules' SRID (another SRID in it is an error). Returns NULL or
 * what is wrong. *type: its base type. */
const char *ewkb_take(struct buf *out, struct bytes wkb, int *type,
                      const struct geometry_rules *rules);

/* The same for WKT or EWKT (wkt.c), NUL-terminated. Numbers behind the second are Z, then M, unless the
 * type says M. */
const char *wkt_take(struct buf *out, const char *text, int *type,
                     const struct geometry_rules *rules);

#endif
