/* A table's columns as the server's catalog describes them. */
#include <stdlib.h>
#include <string.h>

#include "store/postgis/load.h"
#include "store/postgis/queries.h"

enum {
    COL_NAME,
    COL_SHOWN,
    COL_TYPE,
    COL_TYPMOD,
    COL_NOT_NULL,
    COL_DEFAULT,
    COL_GENERATED,
    COL_GEOMETRY,
    COL_BASE,
    COL_ELEMENT,
    COL_ELEMENT_TYPMOD,
    COL_SECURED
};

enum {
    TYPMOD_HEADER = 4, /* of varchar(n), numeric(p,s) */
    SECOND_DIGITS = 6,
    FOREIGN_GEOMETRY = 8, /* a type that no reader makes */
    LONLAT = 4326         /* what geography without a type modifier keeps */
};

/* In the order of their numbers in EWKB. */
static const char *const geometry_types[] = {
    "Geometry",   "Point",           "LineString",   "Polygon",
    "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"};

static int geometry_type(const char *name, size_t n)
{
    for (int i = 0; i < FOREIGN_GEOMETRY; i++) {
        if (strlen(geometry_types[i]) == n && memcmp(geometry_types[i], name, n) == 0) {
            return i;
        }
    }
    return FOREIGN_GEOMETRY;
}

/* shown: "public.geometry(MultiPolygonZ,4326)". No type's own name ends in Z or M. */
static void set_geometry(struct column *c, const char *shown)
{
    const char *name = strchr(shown, '(');
    name = name == NULL ? "" : name + 1;
    size_t n = strcspn(name, ",)");
    if (name[n] == ',') {
        c->srid = (int)strtol(name + n + 1, NULL, 10);
    }
    c->has_m = n > 0 && name[n - 1] == 'M';
    n -= c->has_m ? 1 : 0;
    c->has_z = n > 0 && name[n - 1] == 'Z';
    n -= c->has_z ? 1 : 0;
    c->geometry_type = geometry_type(name, n);
}

/* NUMERIC_SCALE() of the server: eleven bits with a sign since version 15; before, scales were not
 * negative. */
static void set_numeric(struct column *c, int typmod)
{
    int bits = (typmod - TYPMOD_HEADER) & 0x7FF;
    c->precision = (typmod - TYPMOD_HEADER) >> 16 & 0xFFFF;
    c->scale = (bits ^ 0x400) - 0x400;
}

static void set_typmod(struct column *c, int typmod)
{
    if (typmod < 0) {
        return;
    }
    if (c->kind == COLUMN_TEXT) {
        c->max_chars = typmod - TYPMOD_HEADER;
    } else if (c->kind == COLUMN_NUMERIC) {
        set_numeric(c, typmod);
    } else if (c->kind == COLUMN_TIME || c->kind == COLUMN_TIMESTAMP ||
               c->kind == COLUMN_TIMESTAMPTZ) {
        c->lost_digits = SECOND_DIGITS - typmod;
    }
}

static const struct column *element_of(struct arena *a, const struct pg_rows *r, size_t i)
{
    if (pg_null(r, i, COL_ELEMENT)) {
        return NULL;
    }
    struct column *element = ARENA_NEW(a, struct column);
    *element =
        (struct column){.name = "element", .kind = column_kind_of(pg_text(r, i, COL_ELEMENT))};
    set_typmod(element, (int)pg_int(r, i, COL_ELEMENT_TYPMOD));
    return element;
}

static void set_column(struct arena *a, struct column *c, const struct pg_rows *r, size_t i)
{
    *c = (struct column){.name = arena_strdup(a, pg_text(r, i, COL_NAME)),
                         .type = arena_strdup(a, pg_text(r, i, COL_SHOWN)),
                         .kind = column_kind_of(pg_text(r, i, COL_TYPE)),
                         .not_null = pg_bool(r, i, COL_NOT_NULL),
                         .has_default = pg_bool(r, i, COL_DEFAULT),
                         .is_generated = pg_bool(r, i, COL_GENERATED),
                         .takes_geometry = !pg_null(r, i, COL_GEOMETRY),
                         .is_secured = pg_bool(r, i, COL_SECURED)};
    c->element = element_of(a, r, i);
    set_typmod(c, (int)pg_int(r, i, COL_TYPMOD));
    if (c->takes_geometry && !pg_null(r, i, COL_BASE)) {
        set_geometry(c, pg_text(r, i, COL_BASE));
    } else if (c->takes_geometry) {
        c->any_dims = true;
        c->srid = strcmp(pg_text(r, i, COL_GEOMETRY), "geography") == 0 ? LONLAT : 0;
    }
}

int load_columns(struct pg *s, struct arena *a, const char *schema, const char *table,
                 struct column **out, size_t *n, bool *all_binary, struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[] = {schema, table};
    if (pg_query(s, &postgis_load_columns, params, 2, &r, e) != 0) {
        return -1;
    }
    bool all = true;
    *n = pg_rows_n(r);
    *out = ARENA_ARRAY(a, struct column, *n + 1);
    for (size_t i = 0; i < *n; i++) {
        set_column(a, &(*out)[i], r, i);
        all = all && (*out)[i].kind != COLUMN_OTHER;
    }
    pg_rows_free(r);
    if (all_binary != NULL) {
        *all_binary = all;
    }
    return *n > 0 ? 0 : 1;
}
