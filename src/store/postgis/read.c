/* Full reads, the witness that saves them, and what counts to what. */
#include "store/postgis/definitions.h"
#include "store/postgis/queries.h"

enum { VERSION_15 = 150000 };

int catalog_read(struct pg *s, int format, struct arena *a, struct catalog *out, struct err *e)
{
    struct definitions_wanted w = {.format = format, .all = true};
    enum pins p = pins_for(s);
    pins_add(s, p, true);
    if (pg_server_version(s) >= VERSION_15) {
        pg_batch_add(s, &postgis_observe_flush, NULL, 0, NULL);
    }
    struct definitions *d = definitions_add(a, s, &w);
    pins_undo(s, p);
    if (pins_run(s, p, e) != 0) {
        return -1;
    }
    definitions_take(d, out);
    return 0;
}

/* As w says, of v[0..n). */
static int read_some(struct pg *s, struct definitions_wanted w,
                     const struct catalog_object *const *v, size_t n, struct arena *a,
                     struct catalog *out, struct err *e)
{
    enum pins p = pins_for(s);
    for (size_t i = 0; i < n; i++) {
        enum group g = group_of(v[i]);
        if (g < GROUP_WHOLE) {
            oids_add(a, &w.oids[g], v[i]->objid);
        } else if (g < GROUP_COUNT) {
            w.whole[g] = true;
        }
    }
    pins_add(s, p, true);
    struct definitions *d = definitions_add(a, s, &w);
    pins_undo(s, p);
    if (pins_run(s, p, e) != 0) {
        return -1;
    }
    definitions_take(d, out);
    return 0;
}

int catalog_read_clear(struct pg *s, const struct catalog_object *const *v, size_t n,
                       struct arena *a, struct catalog *out, struct err *e)
{
    const struct definitions_wanted w = {.format = CATALOG_FORMAT, .in_clear = true, .given = true};
    return read_some(s, w, v, n, a, out, e);
}

int catalog_read_as(struct pg *s, int format, const struct catalog_object *const *v, size_t n,
                    struct arena *a, struct catalog *out, struct err *e)
{
    return read_some(s, (struct definitions_wanted){.format = format, .given = true}, v, n, a, out,
                     e);
}

int catalog_witness(struct pg *s, const struct pg_sql *also, struct arena *a,
                    struct catalog_witness *out, struct err *e)
{
    enum { SUMS, LSN, NEXT_ID };
    struct pg_rows *sums = NULL;
    struct pg_rows *newer = NULL;
    struct pg_rows *more = NULL;
    enum pins p = pins_for(s);
    pins_add(s, p, true);
    if (also != NULL) {
        pg_batch_add(s, also, NULL, 0, &more);
    }
    pg_batch_add(s, &postgis_witness, NULL, 0, &sums);
    if (pg_server_version(s) >= VERSION_15) {
        pg_batch_add(s, &postgis_witness_since_15, NULL, 0, &newer);
    }
    pins_undo(s, p);
    if (pins_run(s, p, e) != 0) {
        return -1;
    }
    *out = (struct catalog_witness){
        .sums = arena_printf(a, "%s %s %s", more != NULL ? pg_text(more, 0, 0) : "",
                             pg_text(sums, 0, SUMS), newer != NULL ? pg_text(newer, 0, SUMS) : ""),
        .lsn = arena_strdup(a, pg_text(sums, 0, LSN)),
        .next_id = pg_int(sums, 0, NEXT_ID)};
    pg_rows_free(sums);
    pg_rows_free(newer);
    pg_rows_free(more);
    return 0;
}

int catalog_lineage(struct pg *s, struct arena *a, struct lineage **out, struct err *e)
{
    struct pg_rows *r = NULL;
    if (pg_query(s, &postgis_lineage, NULL, 0, &r, e) != 0) {
        return -1;
    }
    *out = lineage_new(a);
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        struct object child = {.kind = OBJ_TABLE,
                               .schema = arena_strdup(a, pg_text(r, i, 0)),
                               .name = arena_strdup(a, pg_text(r, i, 1))};
        struct object parent = {.kind = OBJ_TABLE,
                                .schema = arena_strdup(a, pg_text(r, i, 2)),
                                .name = arena_strdup(a, pg_text(r, i, 3))};
        lineage_add(*out, &child, &parent);
    }
    pg_rows_free(r);
    return 0;
}

int catalog_named_roles(struct pg *s, struct arena *a, const char *const *v, size_t n,
                        struct role_fact *out, struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[] = {pg_array(a, v, n)};
    if (pg_query(s, &postgis_roles_named, params, 1, &r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        out[pg_int(r, i, 0) - 1] = (struct role_fact){pg_bool(r, i, 1), pg_bool(r, i, 2)};
    }
    pg_rows_free(r);
    return 0;
}

int catalog_sizes(struct pg *s, struct arena *a, const struct object *const *v, size_t n,
                  struct table_size *out, struct err *e)
{
    struct pg_rows *r = NULL;
    const char **schemas = ARENA_ARRAY(a, const char *, n + 1);
    const char **names = ARENA_ARRAY(a, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        schemas[i] = v[i]->schema != NULL ? v[i]->schema : "";
        names[i] = v[i]->name;
        out[i] = (struct table_size){-1, -1};
    }
    const char *params[] = {pg_array(a, schemas, n), pg_array(a, names, n)};
    if (pg_query(s, &postgis_sizes_about, params, 2, &r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        out[pg_int(r, i, 0) - 1] = (struct table_size){pg_int(r, i, 1), pg_int(r, i, 2)};
    }
    pg_rows_free(r);
    return 0;
}

int catalog_rewrites(struct pg *s, struct arena *a, const struct rewrite_question *v, size_t n,
                     enum rewrite_verdict *out, struct err *e)
{
    enum { SCHEMA, NAME, COLUMN, TYPE, MODIFIERS, N };
    struct pg_rows *r = NULL;
    const char **part[N];
    const char *params[N];
    for (int k = 0; k < N; k++) {
        part[k] = ARENA_ARRAY(a, const char *, n + 1);
    }
    for (size_t i = 0; i < n; i++) {
        const struct retype *t = v[i].retype;
        part[SCHEMA][i] = v[i].table->schema != NULL ? v[i].table->schema : "";
        part[NAME][i] = v[i].table->name;
        part[COLUMN][i] = t != NULL ? t->column : "";
        part[TYPE][i] = t != NULL ? t->type : "";
        part[MODIFIERS][i] = t != NULL ? t->modifiers : "";
        out[i] = REWRITE_UNKNOWN;
    }
    for (int k = 0; k < N; k++) {
        params[k] = pg_array(a, part[k], n);
    }
    if (pg_query(s, &postgis_rewrites_about, params, N, &r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        out[pg_int(r, i, 0) - 1] = (enum rewrite_verdict)(REWRITE_NEVER + pg_int(r, i, 1));
    }
    pg_rows_free(r);
    return 0;
}

int catalog_rows_now(struct pg *s, struct arena *a, const struct object *v, size_t n, int64_t bytes,
                     struct rows_now *out, struct err *e)
{
    struct pg_rows *r = NULL;
    const char **schemas = ARENA_ARRAY(a, const char *, n + 1);
    const char **names = ARENA_ARRAY(a, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        schemas[i] = v[i].schema;
        names[i] = v[i].name;
        out[i] = (struct rows_now){.rows = -1};
    }
    const char *params[] = {pg_array(a, schemas, n), pg_array(a, names, n),
                            arena_printf(a, "%lld", (long long)bytes)};
    if (n == 0) {
        return 0;
    }
    if (pg_query(s, &postgis_rows_now, params, 3, &r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        out[pg_int(r, i, 0) - 1] =
            (struct rows_now){pg_null(r, i, 1) ? -1 : pg_int(r, i, 1), pg_bool(r, i, 2)};
    }
    pg_rows_free(r);
    return 0;
}
