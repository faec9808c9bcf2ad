/* Records out of artifacts.
 * Owns: streaming readers of GeoJSON (RFC 7946 FeatureCollection), newline-delimited GeoJSON and JSON
 * (also with RFC 8142 record separators) and CSV (RFC 4180, with a header line). Memory does not depend on
 * the artifact's size, only on the largest record.
 * Must not know columns or databases. An error names file, byte offset, record number and field, never a
 * value. */
#ifndef KFMIG_DATA_READER_H
#define KFMIG_DATA_READER_H

#include "data/source.h"
#include "model/projection.h"

enum data_format { FORMAT_GEOJSON, FORMAT_NDJSON, FORMAT_CSV };
/* By media type ("application/geo+json", "application/geo+json-seq", "application/x-ndjson",
 * "application/jsonl", "text/csv", ...; parameters and "+gzip"/"+zstd" aside), else by the name's ending
 * (".geojson", ".json", ".ndjson", ".jsonl", ".geojsonl", ".geojsons", ".csv", each also with ".gz",
 * ".zst"). media_type may be NULL. 0, or -1 if neither tells. */
int data_format_of(const char *media_type, const char *path, enum data_format *out) MUST_CHECK;

/* What is wanted of every record. path: member names from the record's top, joined with dots:
 * "properties.geoid", "id", "geometry"; in CSV a column's name. A dot or backslash in a name is written
 * "\." and "\\". NULL: the record as a whole (not of CSV, and then nothing else). as_geometry: the value
 * is a GeoJSON geometry, wanted as EWKB (in CSV: hexadecimal (E)WKB, or (E)WKT). point_x, point_y: paths
 * of two numbers that make a Point, instead of path. */
struct wanted_value {
    const char *path;
    bool as_geometry;
    const char *point_x, *point_y; /* both or none */
};

/* How geometries come. srid: stands in every EWKB, and decides the range of coordinates (4326, and CRS84
 * as 4326: longitude within +-180, latitude within +-90). dims: 2, 3 (Z), 4 (ZM), or 0: as the data has
 * it, but every position of one geometry alike. is_m: with dims 3, the third number is M. has_zm: some
 * column has Z and M; else what GeoJSON has behind the third number of a position is read over (RFC 7946
 * section 3.1.1, and what PostGIS does). promote: Point, LineString, Polygon become Multi*.
 * any_ring_order: take rings whose direction is not the one of RFC 7946 section 3.1.6 (exterior
 * counterclockwise, holes clockwise); else they are refused. Under 4326 no line and no ring may have
 * an edge of more than 180 degrees, but from one side of the antimeridian to the other: it crosses it
 * (section 3.1.9), or needs a position on its way. empty: what becomes of a geometry without any
 * position; one with empty parts or members is refused in any case. */
struct geometry_rules {
    int srid;
    int dims;
    bool is_m;
    bool has_zm;
    bool promote;
    bool any_ring_order;
    enum empty_rule empty;
};

/* VALUE_TEXT: the string, unescaped. VALUE_NUMBER: its literal. VALUE_JSON: an object or array as it is
 * written. VALUE_BOOL: text is "true" or "false". VALUE_GEOMETRY: EWKB, little endian; type is its base
 * type (1 Point ... 7 Collection). An empty CSV field that is not quoted is VALUE_NULL; a quoted one is
 * VALUE_TEXT "". A member that is not there is VALUE_ABSENT. */
enum value_kind {
    VALUE_ABSENT,
    VALUE_NULL,
    VALUE_TEXT,
    VALUE_NUMBER,
    VALUE_BOOL,
    VALUE_JSON,
    VALUE_GEOMETRY
};
struct value {
    enum value_kind kind;
    int type;
    struct bytes text; /* valid until the next reader_next() */
    int64_t offset;    /* in the decoded stream, for errors */
};
struct record {
    struct value *v; /* one per wanted, in its order */
    int64_t number;  /* from 1 */
    int64_t offset;  /* of its first byte */
};

struct reader;
/* source stays the caller's and must outlive the reader. wanted and its strings are borrowed. At most
 * 1,600 wanted. */
struct reader *reader_open(enum data_format format, struct source *s, const struct wanted_value *w,
                           size_t n, const struct geometry_rules *rules);
/* 1: *out holds the next record; 0: the artifact ended as it should; -1 with ERR_CONFIG: it is not what it
 * claims to be (syntax, UTF-8, duplicate member, number out of range, NaN, unclosed ring, ring of fewer
 * than 4 positions, wrong ring order, a geometry or part of one that is empty, mixed dimensions, truncated,
 * bytes after the end, nesting over 64, a record over 64 MiB of values, a "crs" member that is not CRS84
 * or the srid). */
int reader_next(struct reader *r, struct record *out, struct err *e) MUST_CHECK;
/* In how many of the records that were handed out wanted i was there (NULL counts, a point if both of its
 * numbers were). */
int64_t reader_found(const struct reader *r, size_t i);

void reader_close(struct reader *r); /* NULL is fine */

/* Append the paths of the first record's members, as wanted_value writes them, those of objects among them
 * one level deep, nothing of geometries: "id, properties.geoid, properties.name\\.en". Some 400 bytes at
 * most; nothing for CSV, or if the record cannot be read. Reads s from its beginning. */
void reader_names(enum data_format format, struct source *s, struct buf *out);

/* Fill *e: "<what>" at this place of this artifact: e->where.path is the artifact's path, the message begins
 * "byte N, record M, \"field\": " (field NULL: without). Returns -1. */
int reader_fail(const struct source *s, const struct record *at, int64_t offset, const char *field,
                struct err *e, const char *fmt, ...) PRINTF_LIKE(6, 7);

#endif
