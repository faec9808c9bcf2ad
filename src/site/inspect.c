/* What preflight and postflight ask an environment's server. */
#include "site/inspect.h"

#include <string.h>

#include "base/clock.h"
#include "pg/tx.h"
#include "store/postgis/load.h"

static int64_t patience(const struct site *s)
{
    return operations_of(s->env)->threshold[THRESHOLD_COMMAND_TIME];
}

int site_inspect(struct site *s, struct inspection *x, struct err *e)
{
    struct inspect_wanted wanted = {
        .env = s->env, .is_after = x->is_after, .now_us = clock_unix_us()};
    if (!x->is_after) {
        inspect_deeds(s, &wanted);
    }
    return inspect_server(s->pg, s->a, &wanted, x, e);
}

int site_keys(const struct site *s, bool all, struct inspect_key **v, size_t *n, struct err *e)
{
    return inspect_keys(s->pg, s->a, all, v, n, e);
}

int site_query(struct site *s, struct inspect_query q, bool *denied, int64_t *rows, struct err *e)
{
    q.timeout_ms = patience(s);
    q.wait = &s->watch.wait;
    return inspect_query(s->pg, s->a, &q, denied, rows, e);
}

static const char *version_column(const struct projection_source *p)
{
    for (size_t i = 0; i < p->n_columns; i++) {
        if (p->column[i].kind == SOURCE_VERSION) {
            return p->column[i].column;
        }
    }
    return NULL;
}

/* NULL: the mapping fills no geometry. */
static int geometry_column(struct site *s, const char *schema, const struct projection_source *p,
                           const char **out, struct err *e)
{
    struct column *columns = NULL;
    size_t n = 0;
    *out = NULL;
    if (load_columns(s->pg, s->a, schema, p->into, &columns, &n, NULL, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < p->n_columns && *out == NULL; i++) {
        for (size_t k = 0; k < n; k++) {
            if (columns[k].kind == COLUMN_GEOMETRY && p->column[i].column != NULL &&
                strcmp(columns[k].name, p->column[i].column) == 0) {
                *out = columns[k].name;
            }
        }
    }
    return 0;
}

int site_measure(struct site *s, const struct projection *p, size_t i, struct extent_facts *out,
                 struct err *e)
{
    const struct projection_source *from = &p->source[i];
    const char *column = NULL;
    const char *by = version_column(from);
    const struct row_set rows = {p->schema, from->into, by, by != NULL ? from->version : NULL};
    int rc = postgis_snapshot(s->pg, patience(s), e);
    if (rc == 0) {
        rc = geometry_column(s, p->schema, from, &column, e);
    }
    if (rc == 0) {
        rc = generation_extent(s->pg, s->a, &rows, column, out, e);
    }
    if (pg_is_alive(s->pg)) {
        tx_roll_back(s->pg);
    }
    return rc;
}
