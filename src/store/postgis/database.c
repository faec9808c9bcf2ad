/* Whole databases. */
#include "store/postgis/database.h"

int postgis_database_create(struct pg *s, struct arena *a, const char *name, const char *template,
                            struct err *e)
{
    const char *sql = arena_printf(a, "CREATE DATABASE %s%s%s", pg_ident(a, name),
                                   template != NULL ? " TEMPLATE " : "",
                                   template != NULL ? pg_ident(a, template) : "");
    return pg_run(s, sql, NULL, 0, NULL, e);
}

int postgis_database_comment(struct pg *s, struct arena *a, const char *name, const char *comment,
                             struct err *e)
{
    const char *sql =
        arena_printf(a, "COMMENT ON DATABASE %s IS %s", pg_ident(a, name), pg_literal(a, comment));
    return pg_run(s, sql, NULL, 0, NULL, e);
}

int postgis_database_drop(struct pg *s, struct arena *a, const char *name, bool force,
                          struct err *e)
{
    const char *sql = arena_printf(a, "DROP DATABASE %s%s%s", force ? "IF EXISTS " : "",
                                   pg_ident(a, name), force ? " WITH (FORCE)" : "");
    return pg_run(s, sql, NULL, 0, NULL, e);
}

int postgis_extension_create(struct pg *s, struct arena *a, const char *name, struct err *e)
{
    const char *sql = arena_printf(a, "CREATE EXTENSION IF NOT EXISTS %s", pg_ident(a, name));
    return pg_run(s, sql, NULL, 0, NULL, e);
}
