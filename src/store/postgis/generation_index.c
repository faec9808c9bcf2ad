/* Secondary indexes: put off before a load, looked for after it. */
#include <string.h>

#include "store/postgis/generation_query.h"

enum { COL_TABLE, COL_NAME, COL_DEFINITION, COL_DROP };
enum { FOUND_NAME, FOUND_DEFINITION };

static void add(struct arena *a, struct index_defs *l, struct index_def d)
{
    ARENA_GROW(a, l->v, l->n, l->cap);
    l->v[l->n++] = d;
}

int generation_defer_indexes(struct pg *s, struct arena *a, const char *hidden,
                             const struct names *tables, struct index_defs *out, struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[2] = {hidden, pg_array(a, tables->v, tables->n)};
    *out = (struct index_defs){0};
    int rc = generation_ask(s, &postgis_generation_indexes, params, 2, &r, e);
    for (size_t i = 0; rc == 0 && i < pg_rows_n(r); i++) {
        add(a, out,
            (struct index_def){.table = arena_strdup(a, pg_text(r, i, COL_TABLE)),
                               .name = arena_strdup(a, pg_text(r, i, COL_NAME)),
                               .definition = arena_strdup(a, pg_text(r, i, COL_DEFINITION)),
                               .is_valid = true});
        rc = pg_run(s, pg_text(r, i, COL_DROP), NULL, 0, NULL, e);
    }
    pg_rows_free(r);
    return rc;
}

static void add_missing(struct arena *a, const struct pg_rows *found, struct index_def d,
                        struct index_defs *out)
{
    d.is_valid = true;
    for (size_t i = 0; i < pg_rows_n(found); i++) {
        if (strcmp(pg_text(found, i, FOUND_NAME), d.name) == 0) {
            if (strcmp(pg_text(found, i, FOUND_DEFINITION), d.definition) == 0) {
                return;
            }
            d.is_valid = false;
        }
    }
    add(a, out, d);
}

int generation_index_missing(struct pg *s, struct arena *a, const char *hidden,
                             const struct index_defs *wanted, struct index_defs *out, struct err *e)
{
    struct pg_rows *r = NULL;
    const char **names = ARENA_ARRAY(a, const char *, wanted->n + 1);
    for (size_t i = 0; i < wanted->n; i++) {
        names[i] = wanted->v[i].name;
    }
    const char *params[2] = {hidden, pg_array(a, names, wanted->n)};
    *out = (struct index_defs){0};
    if (generation_ask(s, &postgis_generation_indexes_found, params, 2, &r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < wanted->n; i++) {
        add_missing(a, r, wanted->v[i], out);
    }
    pg_rows_free(r);
    return 0;
}

int generation_index_make(struct pg *s, struct arena *a, const char *hidden,
                          const struct index_def *x, struct err *e)
{
    const char *drop =
        arena_printf(a, "DROP INDEX IF EXISTS %s.%s", pg_ident(a, hidden), pg_ident(a, x->name));
    return !x->is_valid && pg_run(s, drop, NULL, 0, NULL, e) != 0
               ? -1
               : pg_run(s, x->definition, NULL, 0, NULL, e);
}
