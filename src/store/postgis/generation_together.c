/* What of filling a generation can be done at once, and by how many sessions. */
#include <string.h>

#include "store/postgis/generation_query.h"

enum { COL_AT, COL_KIND, COL_TABLE };

static void note(struct arena *a, struct fills *f, const char *kind, const char *table)
{
    f->alone = f->alone || strcmp(kind, "alone") == 0;
    f->shares = f->shares || strcmp(kind, "shares") == 0;
    if (strcmp(kind, "with") == 0) {
        names_add(a, &f->with, arena_strdup(a, table));
    }
}

int generation_fillings(struct pg *s, struct arena *a, const char *hidden, struct fills *v,
                        size_t n, struct err *e)
{
    struct pg_rows *r = NULL;
    const char **tables = ARENA_ARRAY(a, const char *, n + 1);
    const char **columns = ARENA_ARRAY(a, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        tables[i] = v[i].table;
        columns[i] = v[i].column;
    }
    const char *params[3] = {hidden, pg_array(a, tables, n), pg_array(a, columns, n)};
    if (generation_ask(s, &postgis_generation_fillings, params, 3, &r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        int64_t at = pg_int(r, i, COL_AT);
        if (at >= 1 && (size_t)at <= n) {
            note(a, &v[at - 1], pg_text(r, i, COL_KIND), pg_text(r, i, COL_TABLE));
        }
    }
    pg_rows_free(r);
    return 0;
}

int generation_spare_sessions(struct pg *s, int64_t *n, struct err *e)
{
    struct pg_rows *r = NULL;
    if (generation_ask(s, &postgis_generation_spare, NULL, 0, &r, e) != 0) {
        return -1;
    }
    *n = pg_int(r, 0, 0);
    pg_rows_free(r);
    return 0;
}
