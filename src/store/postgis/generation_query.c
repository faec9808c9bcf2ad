/* Asking catalogs and rows in a way that no session's settings change. */
#include "store/postgis/generation_query.h"

int generation_ask(struct pg *s, const struct pg_sql *q, const char *const *params, int n_params,
                   struct pg_rows **out, struct err *e)
{
    enum pins p = pins_for(s);
    pins_add(s, p, true);
    pg_batch_add(s, q, params, n_params, out);
    pins_undo(s, p);
    return pins_run(s, p, e);
}

int generation_each(struct pg *s, const struct pg_sql *q, const char *const *params, int n_params,
                    struct err *e)
{
    struct pg_rows *r = NULL;
    int rc = generation_ask(s, q, params, n_params, &r, e);
    for (size_t i = 0; rc == 0 && i < pg_rows_n(r); i++) {
        rc = pg_run(s, pg_text(r, i, 0), NULL, 0, NULL, e);
    }
    pg_rows_free(r);
    return rc;
}

/* The first failure is the one to tell. */
static void abandon(struct pg *s, enum pins p)
{
    char tag[64];
    struct err ignored;
    if (p == PINS_TRANSACTION) {
        (void)!pg_command(s, "ROLLBACK", tag, NULL, &ignored);
    }
}

int generation_measure(struct pg *s, const char *sql, const char *const *params, int n_params,
                       struct pg_rows **out, struct err *e)
{
    enum pins p = pins_for(s);
    pins_add(s, p, true);
    pg_batch_add(s, &postgis_generation_settings, NULL, 0, NULL);
    if (pins_run(s, p, e) != 0) {
        return -1;
    }
    if (pg_run(s, sql, params, n_params, out, e) != 0) {
        abandon(s, p);
        return -1;
    }
    pins_undo(s, p);
    if (pins_run(s, p, e) != 0) {
        pg_rows_free(*out);
        *out = NULL;
        return -1;
    }
    return 0;
}

const char *generation_rows(struct arena *a, const struct row_set *rows, int at)
{
    const char *from =
        arena_printf(a, "%s.%s AS t", pg_ident(a, rows->schema), pg_ident(a, rows->table));
    return rows->version_column == NULL ? from
                                        : arena_printf(a, "%s WHERE t.%s = $%d", from,
                                                       pg_ident(a, rows->version_column), at);
}
