/* Vector tiles out of a schema: looking at the layers. */
#include "store/postgis/tiles.h"

#include <stdlib.h>
#include <string.h>

#include "pg/tx.h"
#include "store/postgis/queries.h"

enum { CRS84 = 4326 };

static const char *postgis_prefix(struct pg *s, struct arena *a)
{
    struct pg_rows *r = NULL;
    struct err ignored = {0};
    const char *out = NULL;
    if (pg_query(s, &postgis_load_postgis, NULL, 0, &r, &ignored) == 0 && pg_rows_n(r) == 1) {
        out = arena_printf(a, "%s.", pg_ident(a, pg_text(r, 0, 0)));
    }
    pg_rows_free(r);
    return out;
}

const char *tiles_versions(struct pg *s, struct arena *a)
{
    struct pg_rows *r = NULL;
    struct err ignored = {0};
    const char *at = postgis_prefix(s, a);
    const char *out = "";
    if (at == NULL) {
        return out;
    }
    const char *sql =
        arena_printf(a, "SELECT %spostgis_lib_version(), %spostgis_geos_version()", at, at);
    if (pg_run(s, sql, NULL, 0, &r, &ignored) == 0 && pg_rows_n(r) == 1) {
        out = arena_printf(a, "postgis %s, geos %s", pg_text(r, 0, 0), pg_text(r, 0, 1));
    }
    pg_rows_free(r);
    return out;
}

/* --- one layer -------------------------------------------------------------------------------------- */

/* The layer's query as a table named l. A comment at its end ends with the line. */
static const char *rows_of(struct arena *a, const struct tile_layer *l)
{
    return arena_printf(a, "(%.*s\n) AS l", (int)l->query.n, l->query.p);
}

static int refuse(const struct tile_layer *l, const char *what, const char *hint, struct err *e)
{
    (void)err_at(e, ERR_VALIDATE, l->sql.path, 1, 1, "layer \"%s\": %s", l->name, what);
    return err_hint(e, "%s", hint);
}

static int ask(const struct tile_source *x, const struct tile_layer *l, const char *sql,
               const char *const *params, int n_params, struct pg_rows **out, struct err *e)
{
    struct err f = {0};
    if (pg_run(x->s, sql, params, n_params, out, &f) == 0) {
        return 0;
    }
    *e = f;
    return err_wrap(e, f.code, "layer \"%s\" (%s): %s", l->name, l->sql.path, f.msg);
}

static bool is_type(const char *text, const char *name)
{
    return text_ends(text, name) &&
           (strlen(text) == strlen(name) || text[strlen(text) - strlen(name) - 1] == '.');
}

/* numeric would be a text in the tile. */
static int look_at_types(struct tile_source *x, const struct tile_layer *l,
                         struct tile_layer_facts *f, struct names *json, struct err *e)
{
    struct arena *a = x->a;
    struct pg_rows *r = NULL;
    struct buf sql = {0};
    buf_printf(&sql, "SELECT pg_catalog.pg_typeof(l.%s)::pg_catalog.text",
               pg_ident(a, l->geometry));
    for (size_t i = 0; i < l->attributes.n; i++) {
        buf_printf(&sql, ", pg_catalog.pg_typeof(l.%s)::pg_catalog.text",
                   pg_ident(a, l->attributes.v[i]));
    }
    buf_printf(&sql, " FROM (SELECT 1) AS one LEFT JOIN %s ON true LIMIT 1", rows_of(a, l));
    int rc = ask(x, l, buf_str(&sql), NULL, 0, &r, e);
    buf_release(&sql);
    if (rc != 0) {
        return -1;
    }
    if (!is_type(pg_text(r, 0, 0), "geometry")) {
        rc =
            refuse(l, arena_printf(a, "column \"%s\" is of type %s", l->geometry, pg_text(r, 0, 0)),
                   "a layer needs a column of type geometry: cast it in the query", e);
    }
    f->cast = ARENA_ARRAY(a, const char *, l->attributes.n + 1);
    for (size_t i = 0; i < l->attributes.n && rc == 0; i++) {
        const char *type = pg_text(r, 0, (int)i + 1);
        f->cast[i] = strcmp(type, "numeric") == 0 ? "::pg_catalog.float8" : "";
        if (strcmp(type, "jsonb") == 0) {
            names_add(a, json, l->attributes.v[i]);
        }
    }
    pg_rows_free(r);
    return rc;
}

/* A member becomes a property of the feature, as a column does: no two may have one name. */
static const char *members_of(struct arena *a, const struct tile_layer *l, const char *column)
{
    const char *c = pg_ident(a, column);
    return arena_printf(
        a,
        "SELECT m.name FROM %s CROSS JOIN LATERAL pg_catalog.jsonb_object_keys(CASE "
        "pg_catalog.jsonb_typeof(l.%s) WHEN 'object' THEN l.%s ELSE '{}' END) AS m (name)",
        rows_of(a, l), c, c);
}

static int look_at_members(const struct tile_source *x, const struct tile_layer *l,
                           const struct names *json, struct err *e)
{
    struct arena *a = x->a;
    const char *others = pg_array(a, l->attributes.v, l->attributes.n);
    int rc = 0;
    for (size_t i = 0; i < json->n && rc == 0; i++) {
        struct buf sql = {0};
        struct pg_rows *r = NULL;
        buf_printf(&sql,
                   "SELECT EXISTS (SELECT FROM (%s) AS m WHERE m.name = "
                   "ANY ($1::pg_catalog.text[]) OR m.name = $2)",
                   members_of(a, l, json->v[i]));
        for (size_t k = i + 1; k < json->n; k++) {
            buf_printf(&sql, " OR EXISTS ((%s) INTERSECT (%s))", members_of(a, l, json->v[i]),
                       members_of(a, l, json->v[k]));
        }
        const char *params[] = {others, l->geometry};
        rc = ask(x, l, buf_str(&sql), params, 2, &r, e);
        if (rc == 0 && pg_bool(r, 0, 0)) {
            rc = refuse(
                l,
                arena_printf(a, "a member of \"%s\" has the name of another attribute", json->v[i]),
                "a feature has each property once: take the member out of the jsonb, or "
                "give the column another name",
                e);
        }
        pg_rows_free(r);
        buf_release(&sql);
    }
    return rc;
}

enum { SEEN_ROWS, SEEN_KEYS, SEEN_DIFFERENT, SEEN_SRID, SEEN_OTHER_SRID };

static int judge_rows(const struct tile_layer *l, struct arena *a, const struct pg_rows *r,
                      struct tile_layer_facts *f, struct err *e)
{
    int64_t srid = pg_int(r, 0, SEEN_SRID);
    if (pg_int(r, 0, SEEN_KEYS) < pg_int(r, 0, SEEN_ROWS)) {
        return refuse(l, arena_printf(a, "its key \"%s\" is null in some rows", l->key),
                      "name a column that tells its rows apart", e);
    }
    if (pg_int(r, 0, SEEN_DIFFERENT) < pg_int(r, 0, SEEN_KEYS)) {
        return refuse(l, arena_printf(a, "its key \"%s\" is not unique", l->key),
                      "name a column that tells its rows apart", e);
    }
    if (!pg_null(r, 0, SEEN_SRID) && srid == 0) {
        return refuse(l, "some of its geometries have no SRID",
                      "say which reference system they are in: ST_SetSRID(), or the type of the "
                      "column",
                      e);
    }
    if (srid != pg_int(r, 0, SEEN_OTHER_SRID)) {
        return refuse(l, "its geometries have several SRIDs", "ST_Transform() makes them one", e);
    }
    f->srid = (int)srid;
    return 0;
}

static int look_at_rows(const struct tile_source *x, const struct tile_layer *l,
                        struct tile_layer_facts *f, struct err *e)
{
    struct arena *a = x->a;
    struct pg_rows *r = NULL;
    const char *key = pg_ident(a, l->key);
    const char *geom = pg_ident(a, l->geometry);
    const char *sql = arena_printf(
        a,
        "SELECT pg_catalog.count(*), pg_catalog.count(l.%s), pg_catalog.count(DISTINCT l.%s), "
        "pg_catalog.min(%sST_SRID(l.%s)), pg_catalog.max(%sST_SRID(l.%s)) FROM %s",
        key, key, x->postgis, geom, x->postgis, geom, rows_of(a, l));
    int rc = ask(x, l, sql, NULL, 0, &r, e) == 0 ? judge_rows(l, a, r, f, e) : -1;
    pg_rows_free(r);
    return rc;
}

static void widen(double *bounds, const double *by)
{
    for (int i = 0; i < 4; i++) {
        bool is_more = i < 2 ? by[i] < bounds[i] : by[i] > bounds[i];
        bounds[i] = is_more ? by[i] : bounds[i];
    }
}

static int look_at_extent(struct tile_source *x, const struct tile_layer *l, struct err *e)
{
    struct arena *a = x->a;
    struct pg_rows *r = NULL;
    const char *p = x->postgis;
    const char *geom = pg_ident(a, l->geometry);
    const char *sql = arena_printf(
        a,
        "SELECT %sST_XMin(b.box), %sST_YMin(b.box), %sST_XMax(b.box), %sST_YMax(b.box) FROM "
        "(SELECT %sST_Extent(%sST_Transform(l.%s, %d)) AS box FROM %s WHERE NOT "
        "%sST_IsEmpty(l.%s)) AS b WHERE b.box IS NOT NULL",
        p, p, p, p, p, p, geom, CRS84, rows_of(a, l), p, geom);
    if (ask(x, l, sql, NULL, 0, &r, e) != 0) {
        return -1;
    }
    if (pg_rows_n(r) == 1) {
        double box[4];
        for (int i = 0; i < 4; i++) {
            box[i] = strtod(pg_text(r, 0, i), NULL);
        }
        widen(x->bounds, box);
    }
    pg_rows_free(r);
    return 0;
}

static int look_at_layer(struct tile_source *x, size_t i, struct err *e)
{
    const struct tile_layer *l = &x->t->layer[i];
    struct names json = {0};
    return look_at_types(x, l, &x->layer[i], &json, e) != 0 ||
                   look_at_rows(x, l, &x->layer[i], e) != 0 ||
                   look_at_members(x, l, &json, e) != 0 || look_at_extent(x, l, e) != 0
               ? -1
               : 0;
}

/* --- all -------------------------------------------------------------------------------------------- */

static int begin(struct tile_source *x, const char *schema, struct err *e)
{
    const char *path = arena_printf(x->a, "%s, %.*s", pg_ident(x->a, schema),
                                    (int)strlen(x->postgis) - 1, x->postgis);
    pg_batch_add(x->s, &postgis_look_begin, NULL, 0, NULL);
    pg_batch_add(x->s, &postgis_tiles_settings, &path, 1, NULL);
    return pg_batch_run(x->s, NULL, e);
}

int tiles_open(struct pg *s, struct arena *a, const char *schema, const struct tiling *t,
               struct tile_source *out, struct err *e)
{
    *out = (struct tile_source){.s = s,
                                .a = a,
                                .t = t,
                                .postgis = postgis_prefix(s, a),
                                .bounds = {180, 90, -180, -90},
                                .layer = ARENA_ARRAY(a, struct tile_layer_facts, t->n_layers + 1)};
    if (out->postgis == NULL) {
        err_set(e, ERR_PREFLIGHT, "tiles need PostGIS, which this database has not");
        return err_hint(e, "CREATE EXTENSION postgis, in a migration");
    }
    int rc = begin(out, schema, e);
    for (size_t i = 0; i < t->n_layers && rc == 0; i++) {
        rc = look_at_layer(out, i, e);
    }
    return rc;
}

void tiles_close(struct tile_source *src)
{
    tx_roll_back(src->s);
}
