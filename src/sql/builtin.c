/* What PostgreSQL itself provides, by name. */
#include "sql/builtin.h"

#include <stdlib.h>
#include <string.h>

static const char *const functions[] = {
#define FUNCTION(name) #name,
#include "sql/builtin.def"
#undef FUNCTION
};

static const char *const catalogs[] = {
#define CATALOG(name) #name,
#include "sql/builtin.def"
#undef CATALOG
};

static int compare(const void *key, const void *row)
{
    return strcmp(key, *(const char *const *)row);
}

bool builtin_function(const char *name)
{
    return bsearch(name, functions, sizeof functions / sizeof functions[0], sizeof functions[0],
                   compare) != NULL;
}

bool builtin_catalog(const char *name)
{
    return bsearch(name, catalogs, sizeof catalogs / sizeof catalogs[0], sizeof catalogs[0],
                   compare) != NULL;
}

bool builtin_schema(const char *schema)
{
    return strcmp(schema, "pg_catalog") == 0 || strcmp(schema, "information_schema") == 0 ||
           strcmp(schema, "pg_toast") == 0;
}

bool builtin_postgis(const char *name)
{
    /* It upgrades extensions by dynamic SQL. */
    if (strcmp(name, "postgis_extensions_upgrade") == 0) {
        return false;
    }
    return strncmp(name, "st_", 3) == 0 || strncmp(name, "postgis_", 8) == 0 ||
           strcmp(name, "box2d") == 0 || strcmp(name, "box3d") == 0 ||
           strcmp(name, "geometrytype") == 0;
}
