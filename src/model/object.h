/* What a database is made of, as names.
 * Owns: kinds of objects, object names and their text form. Pure; no I/O. */
#ifndef KFMIG_MODEL_OBJECT_H
#define KFMIG_MODEL_OBJECT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"

/* KIND(NAME, "text form", is global): a global object lives in no schema and must be named under
 * scope.allowed_global. */
#define OBJECT_KINDS(KIND)                                                                         \
    KIND(SCHEMA, "schema", false)                                                                  \
    KIND(TABLE, "table", false)                                                                    \
    KIND(VIEW, "view", false)                                                                      \
    KIND(MATVIEW, "materialized_view", false)                                                      \
    KIND(SEQUENCE, "sequence", false)                                                              \
    KIND(FOREIGN_TABLE, "foreign_table", false)                                                    \
    KIND(TYPE, "type", false)         /* composite, enum, domain, range, base */                   \
    KIND(FUNCTION, "function", false) /* function, procedure, aggregate, window function */        \
    KIND(OPERATOR, "operator", false)                                                              \
    KIND(OPCLASS, "operator_class", false)                                                         \
    KIND(OPFAMILY, "operator_family", false)                                                       \
    KIND(COLLATION, "collation", false)                                                            \
    KIND(CONVERSION, "conversion", false)                                                          \
    KIND(TEXT_SEARCH, "text_search", false) /* configuration, dictionary, parser, template */      \
    KIND(EXTENSION, "extension", false)     /* needs scope.allowed_extensions */                   \
    KIND(ROLE, "role", true)                                                                       \
    KIND(DATABASE, "database", true)                                                               \
    KIND(TABLESPACE, "tablespace", true)                                                           \
    KIND(PUBLICATION, "publication", true)                                                         \
    KIND(SUBSCRIPTION, "subscription", true)                                                       \
    KIND(REPLICATION_SLOT, "replication_slot", true) /* outlives every rollback */                 \
    KIND(EVENT_TRIGGER, "event_trigger", true)                                                     \
    KIND(CAST, "cast", true)                                                                       \
    KIND(TRANSFORM, "transform", true)                                                             \
    KIND(LANGUAGE, "language", true)                                                               \
    KIND(ACCESS_METHOD, "access_method", true)                                                     \
    KIND(FOREIGN_DATA_WRAPPER, "foreign_data_wrapper", true)                                       \
    KIND(FOREIGN_SERVER, "foreign_server", true)                                                   \
    KIND(USER_MAPPING, "user_mapping", true)                                                       \
    KIND(DEFAULT_PRIVILEGES, "default_privileges",                                                 \
         true) /* ALTER DEFAULT PRIVILEGES; with IN SCHEMA s: counts to s */                       \
    KIND(LARGE_OBJECT, "large_object", true)                                                       \
    KIND(SETTING, "setting",                                                                       \
         true) /* ALTER DATABASE/ROLE ... SET, ALTER SYSTEM, parameter privileges */               \
    KIND(PROGRAM, "program", true) /* COPY ... PROGRAM: an effect outside the database */          \
    KIND(SERVER_FILE, "server_file",                                                               \
         true)                   /* COPY to or from a file of the server, lo_export, lo_import */  \
    KIND(STATE, "state", true)   /* what a probe says, of a store whose migrations are programs */ \
    KIND(REMOTE, "remote", true) /* dblink, writes to foreign tables */                            \
    KIND(UNKNOWN, "unknown", true) /* a change that could not be named: always refused */

enum object_kind {
#define KIND(name, text, global) OBJ_##name,
    OBJECT_KINDS(KIND)
#undef KIND
        OBJ_COUNT
};
const char *object_kind_text(enum object_kind k);
bool object_kind_global(enum object_kind k);
int object_kind_parse(const char *text, enum object_kind *out) MUST_CHECK; /* 0 or -1 */

/* schema is "" for schemas themselves, globals, extensions, and names whose schema is not known
 * (unqualified in SQL text). name is unquoted; functions carry their argument types:
 * "area_km2(geometry)" (from SQL text, where they are not known, just "area_km2"). store: the name of the
 * store that it stands in; NULL: the one that holds the ledger. Borrowed. */
struct object {
    enum object_kind kind;
    const char *schema;
    const char *name;
    const char *store;
};
/* "table kfm_ref.county", "schema kfm_ref", "role kfm_reader"; parts that need it are double-quoted. Of
 * another store than the ledger's: "search:index parcels". In a. */
const char *object_text(struct arena *a, const struct object *o);
/* The other way round; -1 if the kind is unknown. Names are copied into a. */
int object_parse(struct arena *a, const char *text, struct object *out) MUST_CHECK;
/* The store that such a text names, of *n bytes; NULL: the ledger's. Points into text. */
const char *object_store(const char *text, size_t *n);
bool object_eq(const struct object *a, const struct object *b);

#endif
