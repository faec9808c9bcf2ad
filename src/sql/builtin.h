/* What PostgreSQL itself provides, by name. Pure. */
#ifndef KFMIG_SQL_BUILTIN_H
#define KFMIG_SQL_BUILTIN_H

#include <stdbool.h>
#include <stddef.h>

#include "model/object.h"

/* A function of pg_catalog that has no effect of its own, or one that sql/touch_call.c knows. */
bool builtin_function(const char *name);

/* One of those, or of a sequence, whose value may differ from row to row. */
bool builtin_volatile(const char *name);

/* A table or view of pg_catalog: found there first even when the name is not qualified. */
bool builtin_catalog(const char *name);

/* A schema whose relations are the server's own: pg_catalog, information_schema, pg_toast. */
bool builtin_schema(const char *schema);

/* The extension that an object which text names as one of its own belongs to, by its usual name: plpgsql,
 * the wrappers that ship with extensions of their name, PostGIS's tables; NULL for all others. Its
 * rows and comment count to the extension, in scope as in what is observed. */
const char *builtin_extension(enum object_kind kind, const char *name);

/* The i-th extension that CREATE EXTENSION name CASCADE brings along, as its control file says (contrib
 * of PostgreSQL 18, PostGIS 3); NULL: no more, or not known. */
const char *builtin_requires(const char *name, size_t i);

/* A function of PostGIS that only computes; judged by the names its manual reserves (ST_..., postgis_...). */
bool builtin_postgis(const char *name);

#endif
