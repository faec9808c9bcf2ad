/* Whole databases. */
#include "store/postgis/database.h"

#include "store/postgis/queries.h"

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

const char *postgis_database_drop_text(struct arena *a, const char *name, bool force)
{
    return arena_printf(a, "DROP DATABASE %s%s%s", force ? "IF EXISTS " : "", pg_ident(a, name),
                        force ? " WITH (FORCE)" : "");
}

int postgis_database_drop(struct pg *s, struct arena *a, const char *name, bool force,
                          struct err *e)
{
    return pg_run(s, postgis_database_drop_text(a, name, force), NULL, 0, NULL, e);
}

int postgis_extension_create(struct pg *s, struct arena *a, const char *name, struct err *e)
{
    const char *sql = arena_printf(a, "CREATE EXTENSION IF NOT EXISTS %s", pg_ident(a, name));
    return pg_run(s, sql, NULL, 0, NULL, e);
}

const char *postgis_proj_version(struct pg *s, struct arena *a)
{
    struct pg_rows *r = NULL;
    struct err ignored = {0};
    const char *version = "";
    if (pg_query(s, &postgis_proj_schema, NULL, 0, &r, &ignored) == 0 && pg_rows_n(r) == 1) {
        const char *sql =
            arena_printf(a, "SELECT %s.postgis_proj_version()", pg_ident(a, pg_text(r, 0, 0)));
        struct pg_rows *v = NULL;
        if (pg_run(s, sql, NULL, 0, &v, &ignored) == 0 && pg_rows_n(v) == 1) {
            version = arena_strdup(a, pg_text(v, 0, 0));
        }
        pg_rows_free(v);
    }
    pg_rows_free(r);
    return version;
}
