/* One value in one column's binary form; for src/data only. */
#ifndef KFMIG_DATA_COLUMN_VALUE_H
#define KFMIG_DATA_COLUMN_VALUE_H

#include "data/column.h"

/* out: where the bytes go. why: after a failure, what is wrong, without the value. */
struct conversion {
    const struct column *column;
    bool is_csv;
    struct buf *out;
    const char *why;
};

/* Append v, which is neither absent nor NULL, as the column's type sends it (COLUMN_OTHER: as its text is
 * read). Returns 0, or -1 with c->why; what was appended then is of no use. */
int column_convert(struct conversion *c, const struct value *v) MUST_CHECK;
/* column_convert() for what is made of geometry: v's EWKB, checked against the column; a single one
 * becomes a Multi one. */
int column_convert_geometry(struct conversion *c, const struct value *v) MUST_CHECK;

/* column_convert() for an array's column and a JSON array: as the server's input function for arrays takes
 * it, each element checked against the element's type. Arrays in arrays are further dimensions. */
int column_convert_array(struct conversion *c, const struct value *v) MUST_CHECK;

/* Append b in hexadecimal, lower case. */
void column_add_hex(struct buf *out, struct bytes b);
const char *column_type_text(const struct column *column); /* for messages */

#endif
