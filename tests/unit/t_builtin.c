/* The lists of the server's own names: a name out of order would not be found. */
#include "sql/builtin.h"
#include "tap.h"

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

int main(void)
{
    size_t found = 0;
    tap_plan(9);
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        found += builtin_function(functions[i]) ? 1 : 0;
    }
    is_int(found, sizeof functions / sizeof functions[0], "every listed function is found");
    found = 0;
    for (size_t i = 0; i < sizeof catalogs / sizeof catalogs[0]; i++) {
        found += builtin_catalog(catalogs[i]) ? 1 : 0;
    }
    is_int(found, sizeof catalogs / sizeof catalogs[0], "every listed catalog is found");
    ok(!builtin_function("query_to_xml") && !builtin_function("pg_terminate_backend") &&
           !builtin_function("pg_reload_conf") && !builtin_function("ts_stat"),
       "functions that run text or reach beyond the statement are not listed");
    ok(!builtin_function("area_km2") && !builtin_function(""), "nor are other people's");
    ok(!builtin_catalog("pg_county"), "a table may begin with pg_");
    ok(builtin_schema("pg_catalog") && builtin_schema("information_schema"),
       "the server's schemas");
    ok(!builtin_schema("public") && !builtin_schema(""), "and others");
    ok(builtin_postgis("st_area") && builtin_postgis("postgis_version"), "PostGIS by its prefixes");
    ok(!builtin_postgis("postgis_extensions_upgrade") && !builtin_postgis("stub"),
       "but not what runs dynamic SQL, nor what only looks alike");
    return tap_done();
}
