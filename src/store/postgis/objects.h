/* Objects from the rows of class queries. For src/store/postgis only. */
#ifndef KFMIG_STORE_POSTGIS_OBJECTS_H
#define KFMIG_STORE_POSTGIS_OBJECTS_H

#include "store/postgis/definitions.h"

/* What a class query's columns after classid, objid, kind, schema, name, facet, value are. */
enum extra {
    EXTRA_NONE,
    EXTRA_GIVEN, /* nothing; the object is one of those with is_given */
    EXTRA_PART,  /* address of the part that the facet is about, or NULL */
};

/* A column of a relation, for what mentions it by its number. */
struct column_draft {
    int64_t position;
    const char *name;   /* of its facet */
    const char *quoted; /* where SQL wants it */
    uint32_t collation; /* 0: its type has none */
};

/* An object that still grows. */
struct object_draft {
    struct catalog_object o; /* first: the catalog points to it */
    size_t cap, cap_parts;
    struct column_draft *columns;
    size_t n_columns, cap_columns;
};
struct build {
    struct arena *a;
    struct catalog *out;
    struct object_draft *last; /* rows of one object tend to follow each other */
    bool in_clear;             /* facets' values are those of facet_clear() */
    struct table names;        /* of operator classes and collations, by address_key() */
};
void build_begin(struct build *b, struct arena *a, int format,
                 struct catalog *out); /* out is made empty */
void build_rows(struct build *b, const struct pg_rows *r, enum extra extra);
void build_end(struct build *b); /* sorts, fingerprints, indexes by text */

/* What rows of catalogs are made into. at: the object of that address, NULL: none is managed there. named:
 * the same, made if it is not there yet. facet: another of d's, from what facet_value() takes; false: the
 * format has none like it. All of it copied. */
struct object_draft *build_at(struct build *b, uint32_t classid, uint32_t objid);
struct object_draft *build_named(struct build *b, uint32_t classid, uint32_t objid,
                                 const struct object *o);
/* The column of d with that number; NULL: it has none. */
const struct column_draft *build_column(const struct object_draft *d, int64_t position);
bool build_facet(struct build *b, struct object_draft *d, const char *name, const char *sent);

#endif
