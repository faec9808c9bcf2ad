/* Vector tiles out of a schema: making them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "store/postgis/tiles.h"

enum { CRS84 = 4326, MERCATOR = 3857, CORNERS = 4 };

/* Half the world's width in metres, as EPSG:3857 has it, and the radius that it comes from. */
static const double half = 20037508.342789244;
static const double radius = 6378137.0;

/* --- the query -------------------------------------------------------------------------------------- */

/* What of row l may be seen in tile t: by the box in its own reference system, where an index on the column
 * helps, if that is one whose boxes are the tile's. */
static const char *filter(const struct tile_source *x, const char *geom, int srid)
{
    const char *p = x->postgis;
    if (srid == CRS84) {
        return arena_printf(x->a,
                            "l.%s OPERATOR(%s&&) %sST_MakeEnvelope(t.w4, t.s4, t.e4, t.n4, %d)",
                            geom, p, p, CRS84);
    }
    const char *as = srid == MERCATOR
                         ? arena_printf(x->a, "l.%s", geom)
                         : arena_printf(x->a, "%sST_Transform(l.%s, %d)", p, geom, MERCATOR);
    return arena_printf(x->a, "%s OPERATOR(%s&&) %sST_MakeEnvelope(t.w3, t.s3, t.e3, t.n3, %d)", as,
                        p, p, MERCATOR);
}

/* Beyond 89 degrees the projection goes to infinity, far outside of the northernmost tile. */
static const char *projected(const struct tile_source *x, const char *geom, int srid)
{
    const char *p = x->postgis;
    if (srid == MERCATOR) {
        return arena_printf(x->a, "l.%s", geom);
    }
    if (srid != CRS84) {
        return arena_printf(x->a, "%sST_Transform(l.%s, %d)", p, geom, MERCATOR);
    }
    return arena_printf(
        x->a,
        "%sST_Transform(CASE WHEN %sST_YMax(l.%s) > 89 OR %sST_YMin(l.%s) < -89 THEN "
        "%sST_ClipByBox2D(l.%s, %sST_MakeEnvelope(-180, -89, 180, 89, %d)) ELSE l.%s END, %d)",
        p, p, geom, p, geom, p, geom, p, CRS84, geom, MERCATOR);
}

/* Its features and how many rows there are to look at, as table l<i>. */
static void add_layer(const struct tile_source *x, size_t i, int z, struct buf *out)
{
    struct arena *a = x->a;
    const char *p = x->postgis;
    const struct tile_layer *l = &x->t->layer[i];
    const char *geom = pg_ident(a, l->geometry);
    int srid = x->layer[i].srid;
    buf_printf(out,
               " CROSS JOIN LATERAL (SELECT %sST_AsMVT(f.r, %s, %d, %s ORDER BY f.k) "
               "FILTER (WHERE f.ok) AS mvt, pg_catalog.count(*) AS n FROM (SELECT l.%s AS k, g AS "
               "r, g.%s IS NOT NULL AND NOT %sST_IsEmpty(g.%s) AS ok FROM (%.*s\n) AS l CROSS JOIN "
               "LATERAL (SELECT %sST_AsMVTGeom(%s, %sST_TileEnvelope(%d, t.x, t.y), %d, %d, true) "
               "AS %s",
               p, pg_literal(a, l->name), l->extent, pg_literal(a, l->geometry),
               pg_ident(a, l->key), geom, p, geom, (int)l->query.n, l->query.p, p,
               projected(x, geom, srid), p, z, l->extent, l->buffer, geom);
    for (size_t k = 0; k < l->attributes.n; k++) {
        const char *name = pg_ident(a, l->attributes.v[k]);
        buf_printf(out, ", l.%s%s AS %s", name, x->layer[i].cast[k], name);
    }
    buf_printf(out, " OFFSET 0) AS g WHERE NOT %sST_IsEmpty(l.%s) AND %s) AS f) AS l%zu", p, geom,
               filter(x, geom, srid), i);
}

/* Of a layer that is not in this zoom only whether there is something to be seen later. */
static void add_hidden(const struct tile_source *x, size_t i, struct buf *out)
{
    struct arena *a = x->a;
    const struct tile_layer *l = &x->t->layer[i];
    const char *geom = pg_ident(a, l->geometry);
    buf_printf(out,
               " CROSS JOIN LATERAL (SELECT NULL::pg_catalog.bytea AS mvt, pg_catalog.count(*) AS "
               "n FROM (%.*s\n) AS l WHERE NOT %sST_IsEmpty(l.%s) AND %s) AS l%zu",
               (int)l->query.n, l->query.p, x->postgis, geom, filter(x, geom, x->layer[i].srid), i);
}

static const char *query_of(const struct tile_source *x, int z)
{
    struct buf out = {0};
    const struct tiling *t = x->t;
    buf_puts(&out, "SELECT ");
    for (size_t i = 0; i < t->n_layers; i++) {
        buf_printf(&out, "%sl%zu.n", i > 0 ? " + " : "", i);
    }
    for (size_t i = 0; i < t->n_layers; i++) {
        buf_printf(&out, ", l%zu.mvt", i);
    }
    buf_puts(&out, " FROM unnest($1::pg_catalog.int4[], $2::pg_catalog.int4[]");
    for (int i = 3; i <= 2 + 2 * CORNERS; i++) {
        buf_printf(&out, ", $%d::pg_catalog.float8[]", i);
    }
    buf_puts(&out, ") WITH ORDINALITY AS t (x, y, w3, s3, e3, n3, w4, s4, e4, n4, i)");
    for (size_t i = 0; i < t->n_layers; i++) {
        const struct tile_layer *l = &t->layer[i];
        if (z >= l->min_zoom && z <= l->max_zoom) {
            add_layer(x, i, z, &out);
        } else {
            add_hidden(x, i, &out);
        }
    }
    buf_puts(&out, " ORDER BY t.i");
    const char *sql = arena_strdup(x->a, buf_str(&out));
    buf_release(&out);
    return sql;
}

/* --- its parameters --------------------------------------------------------------------------------- */

/* What a tile and its buffer cover, as shares of its width. */
static double margin_of(const struct tiling *t)
{
    double most = 0;
    for (size_t i = 0; i < t->n_layers; i++) {
        double share = (double)t->layer[i].buffer / t->layer[i].extent;
        most = share > most ? share : most;
    }
    return most;
}

static double longitude(double m)
{
    return m / radius * 180 / M_PI;
}

static double latitude(double m)
{
    return atan(sinh(m / radius)) * 180 / M_PI;
}

/* West, south, east, north in metres, then in degrees. */
static void box_of(const struct tiling *t, int z, uint32_t x, uint32_t y,
                   double out[static 2 * CORNERS])
{
    double width = ldexp(2 * half, -z);
    double by = width * margin_of(t);
    out[0] = -half + width * x - by;
    out[1] = half - width * (y + 1.0) - by;
    out[2] = -half + width * (x + 1.0) + by;
    out[3] = half - width * y + by;
    out[4] = longitude(out[0]);
    out[5] = latitude(out[1]);
    out[6] = longitude(out[2]);
    out[7] = latitude(out[3]);
}

static const char *numbers(struct arena *a, const uint32_t *v, size_t n)
{
    const char *text[TILES_AT_ONCE];
    for (size_t i = 0; i < n; i++) {
        text[i] = arena_printf(a, "%u", v[i]);
    }
    return pg_array(a, text, n);
}

static const char *corner(struct arena *a, double (*boxes)[2 * CORNERS], int at, size_t n)
{
    const char *text[TILES_AT_ONCE];
    for (size_t i = 0; i < n; i++) {
        text[i] = arena_printf(a, "%.17g", boxes[i][at]);
    }
    return pg_array(a, text, n);
}

/* --- its answer ------------------------------------------------------------------------------------- */

/* bytea as "\x..."; nothing for NULL. */
static int add_bytea(const char *text, struct buf *out, struct err *e)
{
    size_t n = strlen(text);
    if (n < 2) {
        return 0;
    }
    uint8_t *room = mem_alloc(n / 2);
    int rc = hex_decode(text + 2, n / 2 - 1, room);
    if (rc == 0) {
        buf_add(out, room, n / 2 - 1);
    }
    free(room);
    return rc == 0 ? 0 : err_set(e, ERR_APPLY, "the server sent a tile that cannot be read");
}

static int take(const struct tile_source *x, const struct pg_rows *r, size_t n, struct buf *mvt,
                int64_t *rows, struct err *e)
{
    if (pg_rows_n(r) != n) {
        return err_set(e, ERR_APPLY, "the server sent other tiles than it was asked for");
    }
    for (size_t i = 0; i < n; i++) {
        buf_clear(&mvt[i]);
        rows[i] = pg_int(r, i, 0);
        for (size_t k = 0; k < x->t->n_layers; k++) {
            if (add_bytea(pg_text(r, i, (int)k + 1), &mvt[i], e) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

int tiles_read(struct tile_source *src, int z, const uint32_t *x, const uint32_t *y, size_t n,
               struct buf *mvt, int64_t *rows, struct err *e)
{
    double boxes[TILES_AT_ONCE][2 * CORNERS];
    const char *params[2 + 2 * CORNERS];
    struct pg_rows *r = NULL;
    struct arena_mark m = arena_mark(src->a);
    for (size_t i = 0; i < n; i++) {
        box_of(src->t, z, x[i], y[i], boxes[i]);
    }
    params[0] = numbers(src->a, x, n);
    params[1] = numbers(src->a, y, n);
    for (int i = 0; i < 2 * CORNERS; i++) {
        params[2 + i] = corner(src->a, boxes, i, n);
    }
    int rc = pg_run(src->s, query_of(src, z), params, 2 + 2 * CORNERS, &r, e);
    if (rc == 0) {
        rc = take(src, r, n, mvt, rows, e);
    }
    pg_rows_free(r);
    arena_reset(src->a, m);
    return rc;
}
