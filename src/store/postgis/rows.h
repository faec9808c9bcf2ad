/* Rows of catalogs that say what relations are, and objects made of them. For src/store/postgis only.
 * Owns: what those queries send, and which facets a relation has. */
#ifndef KFMIG_STORE_POSTGIS_ROWS_H
#define KFMIG_STORE_POSTGIS_ROWS_H

#include "store/postgis/objects.h"

/* The columns of catalog_relations.sql. */
enum relation_column {
    REL_OID,
    REL_KIND,
    REL_SCHEMA,
    REL_NAME,
    REL_OWNER,
    REL_FILENODE,
    REL_ACL,
    REL_ACL_DEFAULT,
    REL_PERSISTENCE,
    REL_OPTIONS,
    REL_TOAST_OPTIONS,
    REL_HAS_ROW_SECURITY,
    REL_FORCES_ROW_SECURITY,
    REL_REPLICA_IDENTITY,
    REL_ACCESS_METHOD,
    REL_TABLESPACE,
    REL_OF_TYPE,
    REL_BOUND,
    REL_DEFINITION,
    REL_COLUMNS
};

/* Of catalog_columns.sql. */
enum attribute_column {
    ATT_RELATION,
    ATT_NUMBER,
    ATT_NAME,
    ATT_TYPE,
    ATT_IS_NOT_NULL,
    ATT_GENERATED,
    ATT_EXPRESSION,
    ATT_COLLATION,
    ATT_MORE,
    ATT_COLUMNS
};

/* Of catalog_constraints.sql. */
enum constraint_column {
    CON_RELATION,
    CON_NAME,
    CON_TYPE,
    CON_KEY,
    CON_EXPRESSION,
    CON_OTHER,
    CON_OTHER_KEY,
    CON_MATCHES,
    CON_ON_UPDATE,
    CON_ON_DELETE,
    CON_SET_COLUMNS,
    CON_IS_DEFERRABLE,
    CON_IS_DEFERRED,
    CON_IS_ENFORCED,
    CON_HAS_PERIOD,
    CON_IS_VALID,
    CON_NO_INHERIT,
    CON_IS_INHERITED,
    CON_IS_LOCAL,
    CON_DESCRIPTION
};

/* Of catalog_indexes.sql. */
enum index_column {
    IND_RELATION,
    IND_NAME,
    IND_METHOD,
    IND_IS_UNIQUE,
    IND_IS_PRIMARY,
    IND_N_KEYS,
    IND_KEY,
    IND_CLASSES,
    IND_COLLATIONS,
    IND_OPTIONS,
    IND_NULLS_NOT_DISTINCT,
    IND_TAIL,
    IND_STORAGE,
    IND_IS_IMMEDIATE,
    IND_IS_VALID,
    IND_IS_CLUSTERED,
    IND_IS_REPLICA_IDENTITY,
    IND_TABLESPACE,
    IND_STATISTICS,
    IND_DESCRIPTION,
    IND_COLUMNS
};

/* Of a relation by its relkind; an index counts as a table. */
enum object_kind relation_kind(char relkind);

/* Whoever takes them in this order has each relation's object, columns and names before what mentions them.
 * Of relations, only those are taken that are objects; whatever belongs to others is left out. */
void rows_relations(struct build *b, const struct pg_rows *r);
void rows_columns(struct build *b, const struct pg_rows *r);
void rows_names(struct build *b, const struct pg_rows *r);
void rows_constraints(struct build *b, const struct pg_rows *r);
void rows_indexes(struct build *b, const struct pg_rows *r);
/* The names of catalog_names.sql into t, by address_key(); all in a. */
void names_take(struct arena *a, struct table *t, const struct pg_rows *r);
/* The name of that operator class or collation in t; NULL: it has none there. */
const char *names_find(const struct table *t, uint32_t classid, uint32_t oid);

/* Of "{1,2}" or "1 2". In a. */
struct numbers {
    int64_t *v;
    size_t n, cap;
};
struct numbers numbers_of(struct arena *a, const char *text);

#endif
