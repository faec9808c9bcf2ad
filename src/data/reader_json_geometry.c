/* GeoJSON's geometries, as they stream by, into EWKB. */
#include <string.h>

#include "data/reader_json.h"

/* What stands behind the third number has no meaning (RFC 7946 section 3.1.1) unless a column gives it
 * one; PostGIS reads over it as well. */
static int parse_position(struct reader *r, int dims)
{
    double v;
    struct bytes raw;
    int n = 0;
    const int n_kept = r->rules.dims == 4 || r->rules.has_zm ? 4 : 3;
    for (;;) {
        int c = json_peek(r);
        if (c == -2) {
            return -1;
        }
        if (json_take_number(r, &v, &raw) != 0) {
            return -1;
        }
        if (n < n_kept) {
            shape_number(&r->shape, v);
            n++;
        }
        c = json_peek(r);
        if (c == ']') {
            r->s->p++;
            break;
        }
        if (c != ',') {
            return json_unexpected(r, c, "a comma or ] is missing in a position");
        }
        r->s->p++;
    }
    if (n < 2) {
        return reader_error(r, r->s->p, NULL, "a position has fewer than 2 numbers");
    }
    if (dims != 0 && n != dims) {
        return reader_error(r, r->s->p, NULL,
                            "positions of one geometry have different dimensions");
    }
    r->shape.dims = n;
    return 0;
}

/* The array behind an opening bracket that is taken. level counts from 1 outside; *depth is found where
 * the first number is. */
static int parse_level(struct reader *r, int level)
{
    int c = json_peek(r);
    if (c == ']' && level == 1) {
        r->s->p++;
        return 0; /* the geometry's type says what is empty */
    }
    if (c == ']') {
        return reader_error(r, r->s->p, NULL, ewkb_empty_part);
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        if (r->shape.depth != 0 && r->shape.depth != level) {
            return reader_error(r, r->s->p, NULL, "coordinates are nested unevenly");
        }
        r->shape.depth = level;
        return parse_position(r, r->shape.dims);
    }
    if (level == 4) {
        return json_unexpected(r, c, "is no coordinate");
    }
    for (;;) {
        if (c != '[') {
            return json_unexpected(r, c, "is no coordinate");
        }
        r->s->p++;
        if (parse_level(r, level + 1) != 0) {
            return -1;
        }
        c = json_peek(r);
        if (c != ',' && c != ']') {
            return json_unexpected(r, c, "a comma or ] is missing in coordinates");
        }
        r->s->p++;
        if (c == ']') {
            break;
        }
        c = json_peek(r);
    }
    if (r->shape.depth <= level) {
        return reader_error(r, r->s->p, NULL, "coordinates are nested unevenly");
    }
    if (r->shape.depth - level == 1 && r->shape.depth >= 3) {
        shape_part(&r->shape);
    } else if (r->shape.depth - level == 2 && r->shape.depth == 4) {
        shape_polygon(&r->shape);
    }
    return 0;
}

static enum geometry_type type_of(struct bytes name)
{
    static const struct bytes names[] = {{"", 0},
                                         {"Point", 5},
                                         {"LineString", 10},
                                         {"Polygon", 7},
                                         {"MultiPoint", 10},
                                         {"MultiLineString", 15},
                                         {"MultiPolygon", 12},
                                         {"GeometryCollection", 18}};
    for (int i = 1; i < 8; i++) {
        if (bytes_eq(name, names[i])) {
            return (enum geometry_type)i;
        }
    }
    return (enum geometry_type)0;
}

/* "geometries": each is written behind a header that is mended when their number and dimensions are known. */
static int parse_members(struct reader *r, uint32_t *n, int *dims, int level)
{
    int c = json_peek(r);
    *n = 0;
    if (c != '[') {
        return json_unexpected(r, c, "\"geometries\" is no array");
    }
    if (json_enter(r) != 0) {
        return -1;
    }
    while (c != ']') {
        struct slot member;
        c = json_peek(r);
        if (c == ']' && *n == 0) {
            r->s->p++;
            break;
        }
        if (c != '{') {
            return json_unexpected(r, c, "a member of \"geometries\" is no geometry");
        }
        if (json_geometry(r, &member, false, level + 1) != 0) {
            return -1;
        }
        if (*n > 0 && member.dims != *dims) {
            return reader_error(r, r->s->p, NULL,
                                "geometries of one collection have different dimensions");
        }
        *dims = member.dims;
        (*n)++;
        c = json_peek(r);
        if (c != ',' && c != ']') {
            return json_unexpected(r, c, "a comma or ] is missing in \"geometries\"");
        }
        r->s->p++;
    }
    r->depth--;
    return 0;
}

/* What is written, or not: what says why not. */
static int wrote(struct reader *r, struct slot *out, const char *what, enum geometry_type type,
                 int dims)
{
    if (what != NULL) {
        return reader_fail(r->s, &r->at, out->offset, NULL, r->e, "%s", what);
    }
    if (r->text.overflow) {
        return reader_error(r, r->s->p, NULL, "the record's values are longer than 64 MiB");
    }
    out->type = (int)type;
    out->dims = dims;
    return 0;
}

/* Writes what was read into the record's text. */
static int write_geometry(struct reader *r, struct slot *out, enum geometry_type type,
                          bool outermost)
{
    const char *what = ewkb_add(&r->text, &r->shape, &type, &r->rules, outermost);
    return wrote(r, out, what, type, r->shape.dims);
}

/* A collection's header comes before members whose dimensions it names: they are moved behind it. */
static int write_collection(struct reader *r, struct slot *out, uint32_t n, int dims,
                            bool outermost)
{
    struct buf header = {0};
    if (n == 0) {
        enum geometry_type type = GEOMETRY_COLLECTION;
        const char *what = ewkb_empty(&r->text, &type, &r->rules, 0, outermost);
        return wrote(r, out, what, type, 0);
    }
    if (r->rules.dims != 0 && dims != r->rules.dims) {
        return reader_fail(r->s, &r->at, out->offset, NULL, r->e,
                           "positions have other dimensions than the column");
    }
    ewkb_collection(&header, n, &r->rules, dims, outermost);
    size_t body = r->text.n - out->at;
    buf_add(&r->text, header.p, header.n);
    memmove(r->text.p + out->at + header.n, r->text.p + out->at, body);
    memcpy(r->text.p + out->at, header.p, header.n);
    buf_release(&header);
    out->type = GEOMETRY_COLLECTION;
    out->dims = dims;
    return 0;
}

static int parse_coordinates(struct reader *r)
{
    int c = json_peek(r);
    shape_clear(&r->shape);
    if (c != '[') {
        return json_unexpected(r, c, "\"coordinates\" is no array");
    }
    r->s->p++;
    return parse_level(r, 1);
}

int json_geometry(struct reader *r, struct slot *out, bool outermost, int level)
{
    size_t from = r->keys.n;
    bool is_first = true;
    bool has_coordinates = false;
    bool has_members = false;
    bool has_escapes;
    enum geometry_type type = (enum geometry_type)0;
    struct bytes name = {NULL, 0};
    uint32_t n = 0;
    int dims = 0;
    *out =
        (struct slot){.at = r->text.n, .offset = source_offset(r->s, r->s->p), .as_geometry = true};
    int rc = level > 8 ? reader_error(r, r->s->p, NULL, "collections are nested too deeply")
                       : json_enter(r);
    while (rc == 0 && (rc = json_next_member(r, from, &is_first, &name)) > 0) {
        if (json_is(name, "type")) {
            struct bytes word = {"", 0};
            int c = json_peek(r);
            rc = c == '"' ? json_take_string(r, &word, &has_escapes)
                          : json_unexpected(r, c, "\"type\" is no string");
            type = rc == 0 ? type_of(word) : type;
            if (rc == 0 && type == 0) {
                rc = reader_error(r, r->s->p, NULL, "\"type\" names no geometry");
            }
        } else if (json_is(name, "coordinates")) {
            has_coordinates = true;
            rc = parse_coordinates(r);
        } else if (json_is(name, "geometries")) {
            has_members = true;
            rc = parse_members(r, &n, &dims, level);
        } else if (json_is(name, "crs")) {
            rc = json_crs(r);
        } else {
            rc = json_value(r, NULL);
        }
    }
    keys_leave(&r->keys, from);
    r->depth--;
    if (rc != 0) {
        return rc;
    }
    bool is_collection = type == GEOMETRY_COLLECTION;
    if (type == 0 || has_members != is_collection || has_coordinates == is_collection) {
        return reader_fail(r->s, &r->at, out->offset, NULL, r->e,
                           type == 0 ? "the geometry has no \"type\""
                                     : "the geometry has not the members that its type wants");
    }
    rc = is_collection ? write_collection(r, out, n, dims, outermost)
                       : write_geometry(r, out, type, outermost);
    if (rc == 0 && outermost) {
        reader_took_geometry(r, out);
    }
    return rc;
}
