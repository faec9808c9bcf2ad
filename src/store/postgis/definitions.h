/* Reading definitions: the class queries, and making objects of their rows. For src/store/postgis only.
 * Owns: which query tells what about which class of objects. Must not know what a transaction did. */
#ifndef KFMIG_STORE_POSTGIS_DEFINITIONS_H
#define KFMIG_STORE_POSTGIS_DEFINITIONS_H

#include "store/postgis/postgis.h"

/* Oids that PostgreSQL gives its catalogs, the same in every version. */
enum system_catalog {
    PG_DEFAULT_ACL = 826,
    PG_TABLESPACE = 1213,
    PG_TYPE = 1247,
    PG_ATTRIBUTE = 1249,
    PG_PROC = 1255,
    PG_CLASS = 1259,
    PG_AUTHID = 1260,
    PG_DATABASE = 1262,
    PG_AMOP = 2602,
    PG_AMPROC = 2603,
    PG_ATTRDEF = 2604,
    PG_CAST = 2605,
    PG_CONSTRAINT = 2606,
    PG_DEPEND = 2608,
    PG_DESCRIPTION = 2609,
    PG_LARGEOBJECT = 2613,
    PG_LARGEOBJECT_METADATA = 2995,
    PG_REWRITE = 2618,
    PG_TRIGGER = 2620,
    PG_POLICY = 3256,
    PG_STATISTIC_EXT = 3381,
    PG_PUBLICATION_REL = 6106,
    PG_NAMESPACE = 2615,
    PG_OPCLASS = 2616,
    PG_OPERATOR = 2617,
    PG_OPFAMILY = 2753,
    PG_CONVERSION = 2607,
    PG_DB_ROLE_SETTING = 2964,
    PG_EXTENSION = 3079,
    PG_COLLATION = 3456,
    PG_TS_DICT = 3600,
    PG_TS_PARSER = 3601,
    PG_TS_CONFIG = 3602,
    PG_TS_TEMPLATE = 3764,
    PG_PARAMETER_ACL = 6243,
    PG_PUBLICATION = 6104,
};

/* What the server gives to the first object that did not come with it. */
enum { FIRST_NORMAL_OID = 16384 };

/* Objects that are read together. Those before GROUP_WHOLE are many and can be read one by one; the
 * others always all. */
enum group {
    GROUP_RELATIONS,
    GROUP_TYPES,
    GROUP_FUNCTIONS,
    GROUP_SCHEMAS,   /* and extensions */
    GROUP_OPERATORS, /* and what else lives in a schema */
    GROUP_WHOLE,
    GROUP_ROLES = GROUP_WHOLE,
    GROUP_SETTINGS,
    GROUP_DEFAULT_PRIVILEGES,
    GROUP_GLOBALS,
    GROUP_PUBLICATIONS, /* and privileges on parameters */
    GROUP_COUNT
};
enum group group_of_class(uint32_t classid); /* by where its objects' definition is read */
enum group group_of(const struct catalog_object *o);

/* What to read: of the groups before GROUP_WHOLE the given oids, or all; of the others those
 * marked. no_parts: none of the relations has anything that catalog_parts.sql tells; no_labels:
 * nothing read has security labels or ALTER ... DEPENDS ON EXTENSION. */
struct definitions_wanted {
    int format; /* of the fingerprints, and so of what is asked for: struct catalog */
    bool all;
    bool in_clear; /* values as facet_clear() has them; fingerprints are then no fingerprints */
    bool no_parts, no_labels;
    bool given; /* some of the oids are those of what came with the server or an extension */
    bool whole[GROUP_COUNT];
    struct oids {
        uint32_t *v;
        size_t n, cap;
    } oids[GROUP_WHOLE];
};
void oids_add(struct arena *a, struct oids *l,
              uint32_t oid); /* if it is not the last one already */
const char *oids_array(struct arena *a, const struct oids *l); /* "{1,2}" for an oid[] parameter */

/* Adds the queries to the session's batch, then makes the objects from their rows: between the two
 * the caller runs the batch, with the settings of pins_add(). The rows are freed by the second
 * call. */
struct definitions;
struct definitions *definitions_add(struct arena *a, struct pg *s,
                                    const struct definitions_wanted *w);
/* The same of rows that are there already, and live until they are taken, as held_is_whole() wants them. */
struct held_rows;
struct definitions *definitions_held(struct arena *a, int format, const struct held_rows *held,
                                     const struct table *names);
void definitions_take(struct definitions *d, struct catalog *out); /* sorted by text */

/* The settings that definitions are read under, around whatever else is added to the batch; in an
 * open transaction they and the locks of reading are undone. */
enum pins { PINS_SAVEPOINT, PINS_TRANSACTION };
enum pins pins_for(const struct pg *s);
void pins_add(struct pg *s, enum pins p, bool all);
void pins_undo(struct pg *s, enum pins p);
/* Runs the batch; what it began is rolled back when it fails. */
int pins_run(struct pg *s, enum pins p, struct err *e) MUST_CHECK;

#endif
