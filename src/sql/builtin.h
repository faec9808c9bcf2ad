/* What PostgreSQL itself provides, by name. Pure. */
#ifndef KFMIG_SQL_BUILTIN_H
#define KFMIG_SQL_BUILTIN_H

#include <stdbool.h>

/* A function of pg_catalog that has no effect of its own, or one that sql/touch_call.c knows. */
bool builtin_function(const char *name);

/* A table or view of pg_catalog: found there first even when the name is not qualified. */
bool builtin_catalog(const char *name);

/* A schema whose relations are the server's own: pg_catalog, information_schema, pg_toast. */
bool builtin_schema(const char *schema);

/* A function of PostGIS that only computes; judged by the names its manual reserves (ST_..., postgis_...). */
bool builtin_postgis(const char *name);

#endif
