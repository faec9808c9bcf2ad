/* Objects from the rows of class queries. For src/store/postgis only. */
#ifndef KFMIG_STORE_POSTGIS_OBJECTS_H
#define KFMIG_STORE_POSTGIS_OBJECTS_H

#include "store/postgis/definitions.h"

/* What a class query's columns after classid, objid, kind, schema, name, facet, value are. */
enum extra {
    EXTRA_NONE,
    EXTRA_POSITION, /* attnum: the facet is a column, ordered by it */
    EXTRA_FILENODE, /* relfilenode */
    EXTRA_GIVEN,    /* nothing; the object is one of those with is_given */
    EXTRA_PART,     /* address of the part that the facet is about, or NULL */
};

struct object_draft;
struct build {
    struct arena *a;
    struct catalog *out;
    struct object_draft *last; /* rows of one object tend to follow each other */
    bool in_clear;             /* facets' values are those of facet_clear() */
};
void build_begin(struct build *b, struct arena *a, int format,
                 struct catalog *out); /* out is made empty */
void build_rows(struct build *b, const struct pg_rows *r, enum extra extra);
void build_end(struct build *b); /* sorts, fingerprints, indexes by text */

#endif
