/* Rows of a generation: settled after a load, copied from another generation, measured for validation. */
#include <stdlib.h>
#include <string.h>

#include "store/postgis/generation_query.h"
#include "store/postgis/load_parts.h"

enum { CRS84 = 4326 };
enum { COPIED_NAME, COPIED_QUOTED, COPIED_VALUE, COPIED_REFUSES };
enum { GEOMETRY_EXPRESSION, GEOMETRY_SCHEMA, GEOMETRY_TYPMOD };
enum { FACT_ROWS, FACT_NULL, FACT_EMPTY, FACT_INVALID, FACT_OTHER, FACT_WEST };

/* What a row makes the server say is said of the data, not of the server. */
static int act_on_deferred(struct pg *s, struct err *e)
{
    int failed = -1;
    for (int i = 0; i < SETTLE_ROUNDS; i++) {
        pg_batch_add(s, &postgis_observe_settle, NULL, 0, NULL);
    }
    if (pg_batch_run(s, &failed, e) == 0) {
        return 0;
    }
    return load_is_about_rows(e->sqlstate)
               ? err_wrap(e, ERR_APPLY, "what was deferred failed: %s (%s)", e->condition,
                          e->sqlstate)
               : -1;
}

int generation_settle(struct pg *s, struct arena *a, const char *hidden, struct err *e)
{
    (void)a; /* nothing to give back */
    return act_on_deferred(s, e) != 0
               ? -1
               : generation_each(s, &postgis_generation_settle, &hidden, 1, e);
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

int generation_volatile_columns(struct pg *s, struct arena *a, const char *schema,
                                const char *table, const struct names *filled, struct names *out,
                                struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[3] = {schema, table, pg_array(a, filled->v, filled->n)};
    *out = (struct names){0};
    if (generation_ask(s, &postgis_generation_volatile, params, 3, &r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        ARENA_GROW(a, out->v, out->n, out->cap);
        out->v[out->n++] = arena_strdup(a, pg_text(r, i, 0));
    }
    pg_rows_free(r);
    if (out->n > 0) {
        qsort(out->v, out->n, sizeof *out->v, by_text);
    }
    return 0;
}

static const char *insert(struct arena *a, const struct pg_rows *columns, const char *to,
                          const char *rows)
{
    struct buf b = {0};
    bool refuses = false;
    buf_printf(&b, "INSERT INTO %s (", to);
    for (size_t i = 0; i < pg_rows_n(columns); i++) {
        buf_printf(&b, "%s%s", i > 0 ? ", " : "", pg_text(columns, i, COPIED_QUOTED));
        refuses = refuses || pg_bool(columns, i, COPIED_REFUSES);
    }
    buf_printf(&b, ")%s SELECT ", refuses ? " OVERRIDING SYSTEM VALUE" : "");
    for (size_t i = 0; i < pg_rows_n(columns); i++) {
        buf_printf(&b, "%s%s", i > 0 ? ", " : "", pg_text(columns, i, COPIED_VALUE));
    }
    buf_printf(&b, " FROM %s", rows);
    const char *text = arena_strdup(a, buf_str(&b));
    buf_release(&b);
    return text;
}

static int need_columns(const struct pg_rows *columns, const char *table, struct err *e)
{
    for (size_t i = 0; i < pg_rows_n(columns); i++) {
        if (pg_null(columns, i, COPIED_VALUE)) {
            return err_set(e, ERR_PREFLIGHT,
                           "table \"%s\" has no column \"%s\" in both generations", table,
                           pg_text(columns, i, COPIED_NAME));
        }
    }
    return 0;
}

/* The settings stay as they are set here until they are put back, for an INSERT cannot be run where
 * they would be undone. */
static int run_pinned(struct pg *s, const char *sql, const char *version, int n_params,
                      int64_t *rows, struct err *e)
{
    struct pg_rows *r = NULL;
    struct pg_rows *was = NULL;
    if (pg_query(s, &postgis_generation_copy_settings, NULL, 0, &was, e) != 0) {
        return -1;
    }
    int rc = pg_run(s, sql, &version, n_params, &r, e);
    if (rc == 0) {
        *rows = pg_rows_affected(r);
        const char *params[1] = {pg_text(was, 0, 0)};
        rc = pg_query(s, &postgis_generation_copy_settings_back, params, 1, NULL, e);
    }
    pg_rows_free(r);
    pg_rows_free(was);
    return rc;
}

int generation_copy(struct pg *s, struct arena *a, const struct row_set *from,
                    const char *to_schema, const struct names *columns, int64_t *n_rows,
                    struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[4] = {from->schema, to_schema, from->table,
                             pg_array(a, columns->v, columns->n)};
    int rc = generation_ask(s, &postgis_generation_copied, params, 4, &r, e);
    if (rc == 0) {
        rc = need_columns(r, from->table, e);
    }
    if (rc == 0) {
        const char *to = arena_printf(a, "%s.%s", pg_ident(a, to_schema), pg_ident(a, from->table));
        const char *sql = insert(a, r, to, generation_rows(a, from, 1));
        rc = run_pinned(s, sql, from->version, from->version_column == NULL ? 0 : 1, n_rows, e);
    }
    pg_rows_free(r);
    return rc;
}

/* What one look at the rows is made of. */
struct measured {
    const char *geometry; /* expression for t, or NULL: there is none */
    const char *postgis;  /* "public." */
    const char *typmod;
    const char *rows; /* FROM ... */
    const char *const *params;
    int n_params;
};

static int find_geometry(struct pg *s, struct arena *a, const struct row_set *rows,
                         const char *column, struct measured *m, struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[3] = {rows->schema, rows->table, column};
    if (column == NULL) {
        return 0;
    }
    if (generation_ask(s, &postgis_generation_geometry, params, 3, &r, e) != 0) {
        return -1;
    }
    if (pg_rows_n(r) == 1) {
        m->geometry = arena_strdup(a, pg_text(r, 0, GEOMETRY_EXPRESSION));
        m->postgis = arena_strdup(a, pg_text(r, 0, GEOMETRY_SCHEMA));
        m->typmod = arena_strdup(a, pg_text(r, 0, GEOMETRY_TYPMOD));
    }
    pg_rows_free(r);
    return 0;
}

static int measure(struct pg *s, const struct measured *m, const char *sql, struct pg_rows **out,
                   struct err *e)
{
    return generation_measure(s, sql, m->params, m->n_params, out, e);
}

static int count_rows(struct pg *s, struct arena *a, const struct measured *m,
                      struct extent_facts *out, struct err *e)
{
    struct pg_rows *r = NULL;
    if (measure(s, m, arena_printf(a, "SELECT count(*) FROM %s", m->rows), &r, e) != 0) {
        return -1;
    }
    out->rows = pg_int(r, 0, 0);
    pg_rows_free(r);
    return 0;
}

static int find_srid(struct pg *s, struct arena *a, const struct measured *m, int *srid,
                     struct err *e)
{
    const char *const queries[] = {
        arena_printf(a, "SELECT %spostgis_typmod_srid(%s)", m->postgis, m->typmod),
        arena_printf(a, "SELECT min(nullif(%sst_srid(%s), 0)) FROM %s", m->postgis, m->geometry,
                     m->rows)};
    struct measured declared = *m;
    declared.n_params = 0;
    *srid = 0;
    for (int i = 0; i < 2 && *srid == 0; i++) {
        struct pg_rows *r = NULL;
        if (measure(s, i == 0 ? &declared : m, queries[i], &r, e) != 0) {
            return -1;
        }
        *srid = (int)pg_int(r, 0, 0);
        pg_rows_free(r);
    }
    return 0;
}

/* clock_timestamp() keeps the planner from computing a transformed box once for each of its sides. */
static const char *facts_query(struct arena *a, const struct measured *m, int srid)
{
    const char *p = m->postgis;
    const char *box = arena_printf(
        a,
        "CASE WHEN %sst_srid(g) = 0 OR %sst_isempty(g) THEN NULL WHEN %sst_srid(g) = %d THEN g "
        "ELSE %sst_transform(g, %d) END::%sbox3d",
        p, p, p, CRS84, p, CRS84, p);
    return arena_printf(
        a,
        "SELECT count(*), count(*) - count(g), count(*) FILTER (WHERE %sst_isempty(g)),"
        " count(*) FILTER (WHERE NOT %sst_isvalid(g)),"
        " count(*) FILTER (WHERE %sst_srid(g) IN (0) OR %sst_srid(g) <> %d),"
        " min(%sst_xmin(b)), min(%sst_ymin(b)), max(%sst_xmax(b)), max(%sst_ymax(b))"
        " FROM (SELECT g, %s AS b, clock_timestamp() FROM (SELECT %s AS g, clock_timestamp()"
        " FROM %s) AS v) AS r",
        p, p, p, p, srid, p, p, p, p, box, m->geometry, m->rows);
}

static int read_facts(struct pg *s, struct arena *a, const struct measured *m,
                      struct extent_facts *out, struct err *e)
{
    struct pg_rows *r = NULL;
    if (find_srid(s, a, m, &out->srid, e) != 0 ||
        measure(s, m, facts_query(a, m, out->srid), &r, e) != 0) {
        return -1;
    }
    out->rows = pg_int(r, 0, FACT_ROWS);
    out->n_null = pg_int(r, 0, FACT_NULL);
    out->n_empty = pg_int(r, 0, FACT_EMPTY);
    out->n_invalid = pg_int(r, 0, FACT_INVALID);
    out->n_other_srid = pg_int(r, 0, FACT_OTHER);
    out->has_extent = !pg_null(r, 0, FACT_WEST);
    for (int i = 0; i < 4; i++) {
        out->bbox[i] = strtod(pg_text(r, 0, FACT_WEST + i), NULL);
    }
    pg_rows_free(r);
    return 0;
}

int generation_extent(struct pg *s, struct arena *a, const struct row_set *rows,
                      const char *geometry_column, struct extent_facts *out, struct err *e)
{
    struct measured m = {.rows = generation_rows(a, rows, 1),
                         .params = &rows->version,
                         .n_params = rows->version_column == NULL ? 0 : 1};
    *out = (struct extent_facts){0};
    if (find_geometry(s, a, rows, geometry_column, &m, e) != 0) {
        return -1;
    }
    return m.geometry == NULL ? count_rows(s, a, &m, out, e) : read_facts(s, a, &m, out, e);
}

int generation_duplicates(struct pg *s, struct arena *a, const struct row_set *rows,
                          const struct names *columns, int64_t *n, struct err *e)
{
    struct pg_rows *r = NULL;
    struct buf sql = {0};
    buf_puts(&sql, "SELECT count(*) FROM (SELECT 1 FROM ");
    buf_puts(&sql, generation_rows(a, rows, 1));
    for (size_t i = 0; i < columns->n; i++) {
        buf_printf(&sql, "%s t.%s", i == 0 ? " GROUP BY" : ",", pg_ident(a, columns->v[i]));
    }
    buf_puts(&sql, " HAVING count(*) > 1) AS twice");
    int rc = pg_run(s, buf_str(&sql), &rows->version, rows->version_column == NULL ? 0 : 1, &r, e);
    if (rc == 0) {
        *n = pg_int(r, 0, 0);
    }
    pg_rows_free(r);
    buf_release(&sql);
    return rc;
}

int generation_count(struct pg *s, struct arena *a, const char *schema, const char *table,
                     int64_t *n, struct err *e)
{
    struct pg_rows *r = NULL;
    const char *sql =
        arena_printf(a, "SELECT count(*) FROM %s.%s", pg_ident(a, schema), pg_ident(a, table));
    if (pg_run(s, sql, NULL, 0, &r, e) != 0) {
        return -1;
    }
    *n = pg_int(r, 0, 0);
    pg_rows_free(r);
    return 0;
}

int generation_empty(struct pg *s, struct arena *a, const char *hidden, const char *table,
                     struct err *e)
{
    const char *sql =
        arena_printf(a, "TRUNCATE %s.%s CASCADE", pg_ident(a, hidden), pg_ident(a, table));
    return pg_run(s, sql, NULL, 0, NULL, e);
}

int generation_clear(struct pg *s, struct arena *a, const char *schema, const char *table,
                     int64_t *n, struct err *e)
{
    struct pg_rows *r = NULL;
    const char *sql = arena_printf(a, "DELETE FROM %s.%s", pg_ident(a, schema), pg_ident(a, table));
    if (pg_run(s, sql, NULL, 0, &r, e) != 0) {
        return -1;
    }
    *n = pg_rows_affected(r);
    pg_rows_free(r);
    return 0;
}
