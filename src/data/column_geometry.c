/* Geometries into columns: EWKB (PostGIS manual, "Well-Known Binary"; little-endian, as readers make it)
 * against what the column's typmod says. */
#include <string.h>

#include "data/column_value.h"
#include "data/ewkb.h"

enum {
    TYPE_AT = 1,
    SRID_AT = 5,
    BODY_AT = 9, /* with an SRID */
    MULTI = 3,   /* from a single type to its Multi type */
    TYPE_COLLECTION = 7
};

static const uint32_t flag_z = 0x80000000;
static const uint32_t flag_m = 0x40000000;
static const uint32_t flag_srid = 0x20000000;

static uint32_t get32(const char *p)
{
    uint32_t x = 0;
    for (int i = 3; i >= 0; i--) {
        x = x << 8 | (unsigned char)p[i];
    }
    return x;
}

static void put32(struct buf *out, uint32_t x)
{
    char b[4];
    for (int i = 0; i < 4; i++, x >>= 8) {
        b[i] = (char)(x & 0xFF);
    }
    buf_add(out, b, sizeof b);
}

static const char *dimensions_fault(const struct column *c, uint32_t flags)
{
    bool has_z = (flags & flag_z) != 0;
    bool has_m = (flags & flag_m) != 0;
    if (c->any_dims || (has_z == c->has_z && has_m == c->has_m)) {
        return NULL;
    }
    if (has_z != c->has_z) {
        return has_z ? "this geometry has Z values, and the column has none"
                     : "this geometry has no Z values, and the column wants them";
    }
    return has_m ? "this geometry has M values, and the column has none"
                 : "this geometry has no M values, and the column wants them";
}

static const char *type_fault(const struct column *c, int type)
{
    bool is_collection = c->geometry_type == TYPE_COLLECTION && type > MULTI;
    bool becomes_multi = type <= MULTI && c->geometry_type == type + MULTI;
    if (c->geometry_type == 0 || c->geometry_type == type || is_collection || becomes_multi) {
        return NULL;
    }
    return "this geometry is of another type than the column";
}

int column_convert_geometry(struct conversion *c, const struct value *v)
{
    if (v->kind != VALUE_GEOMETRY) {
        c->why = "this is no geometry";
        return -1;
    }
    const char *p = v->text.p;
    if (v->text.n < BODY_AT || p[0] != 1 || (get32(p + TYPE_AT) & flag_srid) == 0) {
        BUG("a reader gave a geometry that is no little-endian EWKB with an SRID");
    }
    uint32_t head = get32(p + TYPE_AT);
    uint32_t srid = get32(p + SRID_AT);
    int type = (int)(head & 0xFF);
    const char *why = type_fault(c->column, type);
    why = why != NULL ? why : dimensions_fault(c->column, head);
    if (why == NULL && c->column->srid != 0 && srid != (uint32_t)c->column->srid) {
        why = "this geometry has another SRID than the column";
    }
    if (why != NULL) {
        c->why = why;
        return -1;
    }
    if (type <= MULTI && c->column->geometry_type == type + MULTI) {
        buf_putc(c->out, 1);
        put32(c->out, head + MULTI);
        put32(c->out, srid);
        if (ewkb_is_empty(v->text)) {
            put32(c->out, 0);
            return 0;
        }
        put32(c->out, 1);
        buf_putc(c->out, 1);
        put32(c->out, head & ~flag_srid);
        buf_add(c->out, p + BODY_AT, v->text.n - BODY_AT);
    } else {
        buf_add(c->out, p, v->text.n);
    }
    return 0;
}
