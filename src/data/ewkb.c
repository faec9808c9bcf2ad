/* EWKB: writing and the rules of geometries. */
#include "data/ewkb.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WGS84 = 4326 };

#define FLAG_Z 0x80000000U
#define FLAG_M 0x40000000U
#define FLAG_SRID 0x20000000U

void shape_clear(struct shape *s)
{
    s->n = s->n_parts = s->n_polygons = 0;
    s->depth = s->dims = 0;
}

void shape_release(struct shape *s)
{
    free(s->number);
    free(s->parts);
    free(s->polygons);
    *s = (struct shape){0};
}

void shape_number(struct shape *s, double v)
{
    if (s->n == s->cap) {
        s->cap = s->cap == 0 ? 1024 : 2 * s->cap;
        s->number = mem_realloc(s->number, s->cap * sizeof *s->number);
    }
    s->number[s->n++] = v;
}

static void push(uint32_t **v, size_t *n, size_t *cap, size_t value)
{
    if (*n == *cap) {
        *cap = *cap == 0 ? 64 : 2 * *cap;
        *v = mem_realloc(*v, *cap * sizeof **v);
    }
    (*v)[(*n)++] = (uint32_t)value;
}

void shape_part(struct shape *s)
{
    push(&s->parts, &s->n_parts, &s->cap_parts, s->dims > 0 ? s->n / (size_t)s->dims : 0);
}

void shape_polygon(struct shape *s)
{
    push(&s->polygons, &s->n_polygons, &s->cap_polygons, s->n_parts);
}

static void put_u32(struct buf *out, uint32_t v)
{
    const unsigned char b[4] = {(unsigned char)v, (unsigned char)(v >> 8), (unsigned char)(v >> 16),
                                (unsigned char)(v >> 24)};
    buf_add(out, b, sizeof b);
}

static void put_header(struct buf *out, uint32_t type, const struct geometry_rules *rules, int dims,
                       bool with_srid)
{
    bool has_m = dims == 4 || (dims == 3 && rules->is_m);
    bool has_z = dims == 4 || (dims == 3 && !rules->is_m);
    bool has_srid = with_srid && rules->srid > 0;
    buf_putc(out, 1);
    put_u32(out, type | (has_z ? FLAG_Z : 0) | (has_m ? FLAG_M : 0) | (has_srid ? FLAG_SRID : 0));
    if (has_srid) {
        put_u32(out, (uint32_t)rules->srid);
    }
}

static void put_positions(struct buf *out, const struct shape *s, size_t from, size_t to)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    size_t dims = (size_t)s->dims;
    buf_add(out, s->number + from * dims, (to - from) * dims * sizeof *s->number);
#else
    for (size_t i = from * (size_t)s->dims; i < to * (size_t)s->dims; i++) {
        uint64_t bits;
        memcpy(&bits, &s->number[i], sizeof bits);
        put_u32(out, (uint32_t)bits);
        put_u32(out, (uint32_t)(bits >> 32));
    }
#endif
}

/* --- empty ones -------------------------------------------------------------------------------------- */

const char ewkb_empty_part[] = "a part of the geometry is empty";

/* One text for each type, so that a message can be a constant. */
static const char *refuse_empty(enum geometry_type type)
{
#define REFUSED(word)                                                                              \
    "the geometry is empty (" word " EMPTY): the source's `empty:` says if it is taken"
    static const char *const what[] = {"",
                                       REFUSED("POINT"),
                                       REFUSED("LINESTRING"),
                                       REFUSED("POLYGON"),
                                       REFUSED("MULTIPOINT"),
                                       REFUSED("MULTILINESTRING"),
                                       REFUSED("MULTIPOLYGON"),
                                       REFUSED("GEOMETRYCOLLECTION")};
#undef REFUSED
    return what[type];
}

const char *ewkb_empty(struct buf *out, enum geometry_type *type,
                       const struct geometry_rules *rules, int dims, bool with_srid)
{
    static const unsigned char nan[8] = {0, 0, 0, 0, 0, 0, 0xF8, 0x7F};
    if (!with_srid || rules->empty == EMPTY_REFUSE) {
        return with_srid ? refuse_empty(*type) : ewkb_empty_part;
    }
    dims = rules->dims != 0 ? rules->dims : dims != 0 ? dims : 2;
    *type += rules->promote && *type <= GEOMETRY_POLYGON ? 3 : 0;
    put_header(out, *type, rules, dims, true);
    if (*type != GEOMETRY_POINT) {
        put_u32(out, 0);
        return NULL;
    }
    for (int i = 0; i < dims; i++) {
        buf_add(out, nan, sizeof nan);
    }
    return NULL;
}

static uint32_t u32_at(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

bool ewkb_is_empty(struct bytes ewkb)
{
    uint32_t head = u32_at(ewkb.p + 1);
    const char *body = ewkb.p + ((head & FLAG_SRID) != 0 ? 9 : 5);
    /* The upper half of a little-endian double: all of its exponent, and the fraction is not zero. */
    return (head & 0xFF) == GEOMETRY_POINT ? (u32_at(body + 4) & 0x7FFFFFFFU) > 0x7FF00000U
                                           : u32_at(body) == 0;
}

/* --- coordinates ------------------------------------------------------------------------------------- */

static size_t part_start(const struct shape *s, size_t part)
{
    return part == 0 ? 0 : s->parts[part - 1];
}

/* Twice the signed area: positive is counterclockwise. Relative to the first position, so that small rings
 * far from the origin keep their sign. */
static double turn(const struct shape *s, size_t from, size_t to)
{
    size_t dims = (size_t)s->dims;
    const double *o = s->number + from * dims;
    double sum = 0;
    for (size_t i = from; i + 1 < to; i++) {
        const double *a = s->number + i * dims;
        const double *b = a + dims;
        sum += (a[0] - o[0]) * (b[1] - o[1]) - (b[0] - o[0]) * (a[1] - o[1]);
    }
    return sum;
}

static const char crosses[] =
    "an edge is longer than 180 degrees: what crosses the antimeridian has to be cut there "
    "(RFC 7946 section 3.1.9), and what does not needs a position on its way";

/* Has it an edge that is shorter the other way round the globe? From one side of the antimeridian to the
 * other it may go along a whole parallel, as the world's own frame does. */
static bool is_wide(const struct shape *s, size_t from, size_t to,
                    const struct geometry_rules *rules)
{
    size_t dims = (size_t)s->dims;
    for (size_t i = from; i + 1 < to && rules->srid == WGS84; i++) {
        double a = s->number[i * dims];
        double b = s->number[(i + 1) * dims];
        if (fabs(a - b) > 180 && fabs(a - b) < 360) {
            return true;
        }
    }
    return false;
}

static const char *check_ring(const struct shape *s, size_t from, size_t to, bool is_hole,
                              const struct geometry_rules *rules)
{
    size_t dims = (size_t)s->dims;
    if (from == to) {
        return ewkb_empty_part;
    }
    if (to - from < 4) {
        return "a ring has fewer than 4 positions";
    }
    if (memcmp(s->number + from * dims, s->number + (to - 1) * dims, dims * sizeof(double)) != 0) {
        return "a ring is not closed";
    }
    double area = turn(s, from, to);
    bool is_as_told = is_hole ? area < 0 : area > 0;
    if (is_wide(s, from, to, rules)) {
        return crosses;
    }
    if (!rules->any_ring_order && !is_as_told) {
        return area == 0 ? "a ring has no area"
               : is_hole ? "a hole is not clockwise (RFC 7946 section 3.1.6)"
                         : "an exterior ring is not counterclockwise (RFC 7946 section 3.1.6)";
    }
    return NULL;
}

static const char *add_polygon(struct buf *out, const struct shape *s, size_t from, size_t to,
                               const struct geometry_rules *rules)
{
    if (from == to) {
        return ewkb_empty_part;
    }
    put_u32(out, (uint32_t)(to - from));
    for (size_t i = from; i < to; i++) {
        size_t a = part_start(s, i);
        size_t b = s->parts[i];
        const char *what = check_ring(s, a, b, i > from, rules);
        if (what != NULL) {
            return what;
        }
        put_u32(out, (uint32_t)(b - a));
        put_positions(out, s, a, b);
    }
    return NULL;
}

static const char *add_line(struct buf *out, const struct shape *s, size_t from, size_t to,
                            const struct geometry_rules *rules)
{
    if (from == to) {
        return ewkb_empty_part;
    }
    if (to - from < 2) {
        return "a line has fewer than 2 positions";
    }
    if (is_wide(s, from, to, rules)) {
        return crosses;
    }
    put_u32(out, (uint32_t)(to - from));
    put_positions(out, s, from, to);
    return NULL;
}

static const char *check_range(const struct shape *s)
{
    size_t dims = (size_t)s->dims;
    for (size_t i = 0; i < s->n; i += dims) {
        if (!(s->number[i] >= -180 && s->number[i] <= 180 && s->number[i + 1] >= -90 &&
              s->number[i + 1] <= 90)) {
            return "a position is no longitude and latitude";
        }
    }
    return NULL;
}

static const char *check_dims(const struct shape *s, const struct geometry_rules *rules)
{
    if (rules->dims != 0 && s->dims != rules->dims) {
        return s->dims < rules->dims ? "a position has fewer numbers than the column's dimensions"
                                     : "a position has more numbers than the column's dimensions";
    }
    return rules->srid == WGS84 ? check_range(s) : NULL;
}

static int depth_of(enum geometry_type type)
{
    static const int depth[] = {0, 1, 2, 3, 2, 3, 4, 0};
    return depth[type];
}

static const char *add_parts(struct buf *out, const struct shape *s, enum geometry_type type,
                             const struct geometry_rules *rules)
{
    const char *what = NULL;
    size_t n = s->n / (size_t)s->dims;
    switch (type) {
    case GEOMETRY_POINT:
        put_positions(out, s, 0, 1);
        break;
    case GEOMETRY_LINE:
        return add_line(out, s, 0, n, rules);
    case GEOMETRY_POLYGON:
        return add_polygon(out, s, 0, s->n_parts, rules);
    case GEOMETRY_MULTI_POINT:
        put_u32(out, (uint32_t)n);
        for (size_t i = 0; i < n; i++) {
            put_header(out, GEOMETRY_POINT, rules, s->dims, false);
            put_positions(out, s, i, i + 1);
        }
        break;
    case GEOMETRY_MULTI_LINE:
        put_u32(out, (uint32_t)s->n_parts);
        for (size_t i = 0; i < s->n_parts && what == NULL; i++) {
            put_header(out, GEOMETRY_LINE, rules, s->dims, false);
            what = add_line(out, s, part_start(s, i), s->parts[i], rules);
        }
        break;
    case GEOMETRY_MULTI_POLYGON:
        put_u32(out, (uint32_t)s->n_polygons);
        for (size_t i = 0; i < s->n_polygons && what == NULL; i++) {
            put_header(out, GEOMETRY_POLYGON, rules, s->dims, false);
            what = add_polygon(out, s, i == 0 ? 0 : s->polygons[i - 1], s->polygons[i], rules);
        }
        break;
    case GEOMETRY_COLLECTION:
        break;
    }
    return what;
}

const char *ewkb_add(struct buf *out, const struct shape *s, enum geometry_type *type,
                     const struct geometry_rules *rules, bool with_srid)
{
    if (s->n == 0) {
        return s->n_parts == 0 && s->n_polygons == 0
                   ? ewkb_empty(out, type, rules, s->dims, with_srid)
                   : ewkb_empty_part;
    }
    const char *what = check_dims(s, rules);
    if (what != NULL) {
        return what;
    }
    if (s->depth != depth_of(*type)) {
        return "the coordinates are not nested as the geometry's type wants";
    }
    bool promotes = rules->promote && *type <= GEOMETRY_POLYGON && with_srid;
    if (promotes) {
        put_header(out, (uint32_t)*type + 3, rules, s->dims, true);
        put_u32(out, 1);
    }
    put_header(out, *type, rules, s->dims, with_srid && !promotes);
    what = add_parts(out, s, *type, rules);
    *type = promotes ? (enum geometry_type)(*type + 3) : *type;
    return what;
}

void ewkb_collection(struct buf *out, uint32_t n, const struct geometry_rules *rules, int dims,
                     bool with_srid)
{
    put_header(out, GEOMETRY_COLLECTION, rules, dims, with_srid);
    put_u32(out, n);
}

/* --- ready-made ------------------------------------------------------------------------------------ */

/* Reads either byte order, ISO type numbers (+1000 Z, +2000 M, +3000 ZM) and EWKB flags, into shapes that
 * ewkb_add() checks. */
struct wkb_reader {
    const unsigned char *p, *end;
    struct geometry_rules rules;
    struct buf *out;
    struct shape shape;
    bool is_big;
    int depth;
};

static bool take(struct wkb_reader *r, void *out, size_t n)
{
    if ((size_t)(r->end - r->p) < n) {
        return false;
    }
    unsigned char *to = out;
    for (size_t i = 0; i < n; i++) {
        to[i] = r->p[r->is_big == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) ? i : n - 1 - i];
    }
    r->p += n;
    return true;
}

struct wkb_head {
    uint32_t type;
    int dims;
    bool is_m;
    int srid; /* 0: none */
};

static const char *take_head(struct wkb_reader *r, struct wkb_head *h)
{
    uint32_t word = 0;
    uint32_t srid = 0;
    if (r->p == r->end) {
        return "the (E)WKB ends too early";
    }
    if (*r->p > 1) {
        return "the bytes are no (E)WKB";
    }
    r->is_big = *r->p++ == 0;
    if (!take(r, &word, sizeof word)) {
        return "the (E)WKB ends too early";
    }
    uint32_t base = word & 0x0FFFFFFFU;
    bool has_z = (word & FLAG_Z) != 0 || base / 1000 == 1 || base / 1000 == 3;
    bool has_m = (word & FLAG_M) != 0 || base / 1000 == 2 || base / 1000 == 3;
    if ((word & FLAG_SRID) != 0 && !take(r, &srid, sizeof srid)) {
        return "the (E)WKB ends too early";
    }
    *h = (struct wkb_head){base % 1000, 2 + has_z + has_m, has_m && !has_z, (int)srid};
    return h->type >= 1 && h->type <= 7 && base < 4000 ? NULL
                                                       : "the (E)WKB has a type that is not known";
}

/* The outermost one decides what dimensions the others have where the column does not say. */
static const char *check_head(struct wkb_reader *r, const struct wkb_head *h, bool outermost)
{
    if (h->srid != 0 && h->srid != r->rules.srid) {
        return "the (E)WKB has another SRID than the asset";
    }
    if (outermost && r->rules.dims == 0) {
        r->rules.dims = h->dims;
        r->rules.is_m = h->is_m;
    }
    return h->dims == r->rules.dims && h->is_m == (r->rules.is_m && h->dims == 3) ? NULL
           : outermost ? "the (E)WKB has other dimensions than the column"
                       : "a part of the (E)WKB has other dimensions";
}

static const char *take_positions(struct wkb_reader *r, uint32_t n, int dims)
{
    if ((size_t)n > (size_t)(r->end - r->p) / ((size_t)dims * 8)) {
        return "the (E)WKB ends too early";
    }
    for (size_t i = 0; i < (size_t)n * (size_t)dims; i++) {
        double v = 0;
        if (!take(r, &v, sizeof v) || !isfinite(v)) {
            return "a coordinate is not finite";
        }
        shape_number(&r->shape, v);
    }
    return NULL;
}

/* A point without position has no number that is one. */
static bool is_no_position(const struct wkb_reader *r, int dims)
{
    struct wkb_reader ahead = *r;
    double v = 0;
    for (int i = 0; i < dims; i++) {
        if (!take(&ahead, &v, sizeof v) || !isnan(v)) {
            return false;
        }
    }
    return true;
}

static const char *take_rings(struct wkb_reader *r, int dims)
{
    uint32_t n = 0;
    if (!take(r, &n, sizeof n)) {
        return "the (E)WKB ends too early";
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t m = 0;
        const char *what =
            take(r, &m, sizeof m) ? take_positions(r, m, dims) : "the (E)WKB ends too early";
        if (what != NULL) {
            return what;
        }
        shape_part(&r->shape);
    }
    return NULL;
}

static const char *take_simple(struct wkb_reader *r, const struct wkb_head *h)
{
    uint32_t n = 1;
    if (h->type == GEOMETRY_POLYGON) {
        return take_rings(r, h->dims);
    }
    if (h->type == GEOMETRY_LINE && !take(r, &n, sizeof n)) {
        return "the (E)WKB ends too early";
    }
    if (h->type == GEOMETRY_POINT && is_no_position(r, h->dims)) {
        r->p += (size_t)h->dims * 8;
        return NULL;
    }
    return take_positions(r, n, h->dims);
}

static const char *take_multi(struct wkb_reader *r, const struct wkb_head *h)
{
    uint32_t n = 0;
    if (!take(r, &n, sizeof n)) {
        return "the (E)WKB ends too early";
    }
    for (uint32_t i = 0; i < n; i++) {
        struct wkb_head part;
        const char *what = take_head(r, &part);
        if (what == NULL && part.type != h->type - 3) {
            what = "a part of the (E)WKB is of another type";
        }
        what = what != NULL ? what : check_head(r, &part, false);
        size_t n_before = r->shape.n;
        what = what != NULL ? what : take_simple(r, &part);
        what = what == NULL && r->shape.n == n_before ? ewkb_empty_part : what;
        if (what != NULL) {
            return what;
        }
        if (h->type == GEOMETRY_MULTI_LINE) {
            shape_part(&r->shape);
        } else if (h->type == GEOMETRY_MULTI_POLYGON) {
            shape_polygon(&r->shape);
        }
    }
    return NULL;
}

static const char *take_geometry(struct wkb_reader *r, int *type, bool outermost);

static const char *take_collection(struct wkb_reader *r, const struct wkb_head *h, bool outermost)
{
    uint32_t n = 0;
    const char *what = NULL;
    if (!take(r, &n, sizeof n)) {
        return "the (E)WKB ends too early";
    }
    if (n == 0) {
        enum geometry_type written = GEOMETRY_COLLECTION;
        return ewkb_empty(r->out, &written, &r->rules, h->dims, outermost);
    }
    if (++r->depth > 16) {
        return "the (E)WKB is nested too deeply";
    }
    ewkb_collection(r->out, n, &r->rules, h->dims, outermost);
    for (uint32_t i = 0; i < n && what == NULL; i++) {
        int ignored = 0;
        what = take_geometry(r, &ignored, false);
    }
    r->depth--;
    return what;
}

static const char *take_geometry(struct wkb_reader *r, int *type, bool outermost)
{
    struct wkb_head h;
    const char *what = take_head(r, &h);
    what = what != NULL ? what : check_head(r, &h, outermost);
    if (what != NULL) {
        return what;
    }
    *type = (int)h.type;
    if (h.type == GEOMETRY_COLLECTION) {
        return take_collection(r, &h, outermost);
    }
    shape_clear(&r->shape);
    r->shape.dims = h.dims;
    r->shape.depth = depth_of((enum geometry_type)h.type);
    what = h.type <= GEOMETRY_POLYGON ? take_simple(r, &h) : take_multi(r, &h);
    enum geometry_type written = (enum geometry_type)h.type;
    what = what != NULL ? what : ewkb_add(r->out, &r->shape, &written, &r->rules, outermost);
    *type = (int)written;
    return what;
}

const char *ewkb_take(struct buf *out, struct bytes wkb, int *type,
                      const struct geometry_rules *rules)
{
    const unsigned char *p = (const unsigned char *)wkb.p;
    struct wkb_reader r = {.p = p, .end = p + wkb.n, .rules = *rules, .out = out};
    r.rules.any_ring_order = true; /* WKB has no rule for the direction of rings */
    const char *what = take_geometry(&r, type, true);
    if (what == NULL && r.p != r.end) {
        what = "bytes follow the (E)WKB";
    }
    shape_release(&r.shape);
    return what;
}
