/* What PostgreSQL itself provides, by name. */
#include "sql/builtin.h"

#include <stdlib.h>
#include <string.h>

static const char *const functions[] = {
#define FUNCTION(name) #name,
#include "sql/builtin.def"
#undef FUNCTION
};

static const char *const volatiles[] = {
#define VOLATILE(name) #name,
#include "sql/builtin.def"
#undef VOLATILE
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

bool builtin_volatile(const char *name)
{
    return bsearch(name, volatiles, sizeof volatiles / sizeof volatiles[0], sizeof volatiles[0],
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

const char *builtin_extension(enum object_kind kind, const char *name)
{
    static const struct {
        enum object_kind kind;
        const char *name, *extension; /* NULL: of the same name */
    } members[] = {
        {OBJ_LANGUAGE, "plpgsql", NULL},
        {OBJ_LANGUAGE, "plperl", NULL},
        {OBJ_LANGUAGE, "plperlu", NULL},
        {OBJ_LANGUAGE, "plpython3u", NULL},
        {OBJ_LANGUAGE, "pltcl", NULL},
        {OBJ_LANGUAGE, "pltclu", NULL},
        {OBJ_FOREIGN_DATA_WRAPPER, "file_fdw", NULL},
        {OBJ_FOREIGN_DATA_WRAPPER, "postgres_fdw", NULL},
        {OBJ_FOREIGN_DATA_WRAPPER, "dblink_fdw", "dblink"},
        {OBJ_FOREIGN_DATA_WRAPPER, "ogr_fdw", NULL},
        {OBJ_FOREIGN_DATA_WRAPPER, "mysql_fdw", NULL},
        {OBJ_FOREIGN_DATA_WRAPPER, "oracle_fdw", NULL},
        {OBJ_FOREIGN_DATA_WRAPPER, "tds_fdw", NULL},
        {OBJ_FOREIGN_DATA_WRAPPER, "sqlite_fdw", NULL},
        {OBJ_TABLE, "spatial_ref_sys", "postgis"},
        {OBJ_VIEW, "geometry_columns", "postgis"},
        {OBJ_VIEW, "geography_columns", "postgis"},
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (members[i].kind == kind && strcmp(members[i].name, name) == 0) {
            return members[i].extension != NULL ? members[i].extension : name;
        }
    }
    return NULL;
}

const char *builtin_requires(const char *name, size_t i)
{
    static const struct {
        const char *name, *requires[2];
    } rows[] = {
        {"earthdistance", {"cube"}},       {"postgis_raster", {"postgis"}},
        {"postgis_sfcgal", {"postgis"}},   {"postgis_tiger_geocoder", {"postgis", "fuzzystrmatch"}},
        {"postgis_topology", {"postgis"}},
    };
    for (size_t k = 0; i < 2 && k < sizeof rows / sizeof rows[0]; k++) {
        if (strcmp(rows[k].name, name) == 0) {
            return rows[k].requires[i];
        }
    }
    return NULL;
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
