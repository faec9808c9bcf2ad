/* Columns, and values on their way into them.
 * Owns: which column types kfmig can write in binary, the conversion of values to them, and the rows of
 * COPY (binary and text format of the PostgreSQL manual, "COPY"). Must not know sessions. An error names
 * file, byte, record and column, never a value. */
#ifndef KFMIG_DATA_COLUMN_H
#define KFMIG_DATA_COLUMN_H

#include "data/reader.h"

/* COLUMN_OTHER: a type without a binary form known here: the table is loaded in text format. */
enum column_kind {
    COLUMN_BOOL,
    COLUMN_INT2,
    COLUMN_INT4,
    COLUMN_INT8,
    COLUMN_FLOAT4,
    COLUMN_FLOAT8,
    COLUMN_NUMERIC,
    COLUMN_TEXT,
    COLUMN_UUID,
    COLUMN_DATE,
    COLUMN_TIMESTAMP,
    COLUMN_TIMESTAMPTZ,
    COLUMN_TIME,
    COLUMN_JSON,
    COLUMN_JSONB,
    COLUMN_BYTEA,
    COLUMN_GEOMETRY,
    COLUMN_OTHER
};
/* By the type's name as in pg_type ("int4", "varchar", "geometry"); enums, domains and arrays are
 * COLUMN_OTHER. */
enum column_kind column_kind_of(const char *type_name);

struct column {
    const char *name;
    const char *type; /* as format_type() says, for messages; NULL: not said */
    enum column_kind kind;
    bool not_null;
    bool has_default;  /* or is an identity column: may be left out */
    bool is_generated; /* takes no value */
    bool is_secured;   /* row security of its table holds for us */
    int max_chars;     /* of varchar(n), char(n): characters; 0: no limit */
    /* numeric(p,s): digits in all and after the point; precision 0: no limit. */
    int precision, scale;
    int lost_digits; /* of timestamp(p), time(p): how many of a second's six digits it does not keep */
    /* takes_geometry: COLUMN_GEOMETRY, and COLUMN_OTHER made of geometry or geography, which gets
     * hexadecimal EWKB. Base type (0: any; one that GeoJSON does not have is over 7), srid of the column
     * (0: any), dimensions (any_dims: the column does not say). */
    bool takes_geometry;
    const struct column *element; /* of an array; NULL: it is none */
    int geometry_type, srid;
    bool any_dims, has_z, has_m;
};

/* What a column gets: one of the record's values, or the same text in every row (constant, may be NULL for
 * SQL NULL). */
struct column_value {
    size_t wanted; /* index into the record, if !is_constant */
    bool is_constant;
    const char *constant;
};

/* Rows in the form that COPY ... FROM STDIN wants. With is_binary false: text format, default delimiters,
 * UTF-8. is_csv: text that came from CSV is all a reader has for any type: true, false, t, f, yes, no, 1,
 * 0 (in any case) are booleans, and JSON is written out; text from JSON is a JSON string. Constants count
 * as CSV. Beyond what column kinds say of themselves: integers take any number that is integral; numbers
 * are taken from text too; text takes numbers, booleans and JSON as they are written; a single geometry
 * becomes a Multi one where the column is that; GeometryCollection takes Multi ones; nothing is rounded
 * but to a float. */
struct copy_writer {
    const struct column *column;
    const struct column_value *from;
    size_t n;
    bool is_binary; /* false if one column is COLUMN_OTHER */
    bool is_csv;
    struct buf
        out; /* encoded rows; the caller sends and clears it, e.g. whenever it holds 256 KiB */
    struct buf scratch;
};
void copy_begin(struct copy_writer *w); /* the header of the binary format; nothing for text */
/* Append one row. A VALUE_ABSENT is NULL. -1 with ERR_CONFIG (wrong type, out of range, NULL into a NOT
 * NULL column, too long, geometry of another type or dimension, srid that differs, inexact number for an
 * integer, text that is no number): nothing of the row is left in out. */
int copy_row(struct copy_writer *w, const struct source *s, const struct record *r,
             struct err *e) MUST_CHECK;
void copy_end(struct copy_writer *w); /* the trailer of the binary format; nothing for text */
void copy_release(struct copy_writer *w);

/* Convert a text constant for checks at load time: 0 if the column can hold it. */
int column_check_constant(const struct column *c, const char *text, struct err *e) MUST_CHECK;

#endif
