/* Geometries as text: WKT (OGC 06-103r4, section 7) and PostGIS's EWKT, into EWKB. */
#include <string.h>
#include <strings.h>

#include "data/reader_parts.h"

enum { NESTED_MAX = 16 };

struct wkt_reader {
    const char *p;
    struct geometry_rules rules;
    struct buf *out;
    struct shape shape;
    int depth;
};

static const char none[] = "is neither hexadecimal (E)WKB nor WKT";

static char peek(struct wkt_reader *w)
{
    while (*w->p == ' ' || *w->p == '\t' || *w->p == '\n' || *w->p == '\r') {
        w->p++;
    }
    return *w->p;
}

static bool take(struct wkt_reader *w, char c)
{
    bool is_there = peek(w) == c;
    w->p += is_there ? 1 : 0;
    return is_there;
}

static bool is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* A word of letters, if it is that one, in any case. */
static bool take_word(struct wkt_reader *w, const char *word)
{
    size_t n = strlen(word);
    (void)peek(w);
    bool is_there = strncasecmp(w->p, word, n) == 0 && !is_letter(w->p[n]);
    w->p += is_there ? n : 0;
    return is_there;
}

static const char *take_position(struct wkt_reader *w)
{
    int n = 0;
    if (take_word(w, "EMPTY")) {
        return ewkb_empty_part;
    }
    for (char c = peek(w); c != ',' && c != ')' && c != '('; c = peek(w)) {
        double v = 0;
        const char *end = number_read(w->p, &v);
        if (end == NULL || ++n > 4) {
            return end == NULL ? none : "a position has more than 4 numbers";
        }
        shape_number(&w->shape, v);
        w->p = end;
    }
    if (n < 2) {
        return "a position has fewer than 2 numbers";
    }
    if (w->rules.dims == 0) {
        w->rules.dims = n;
    }
    w->shape.dims = n;
    return n == w->rules.dims
               ? NULL
               : "a position has other dimensions than the others, or than the column";
}

/* level: how many brackets lie around a position. Rings and lines end a part, polygons of several a
 * polygon. */
static const char *take_level(struct wkt_reader *w, int level, bool is_points)
{
    if (!take(w, '(')) {
        return take_word(w, "EMPTY") ? ewkb_empty_part : none;
    }
    do {
        bool is_bracketed = is_points && take(w, '(');
        const char *what = level > 1 ? take_level(w, level - 1, false) : take_position(w);
        if (what != NULL || (is_bracketed && !take(w, ')'))) {
            return what != NULL ? what : none;
        }
        if (level == 2) {
            shape_part(&w->shape);
        } else if (level == 3) {
            shape_polygon(&w->shape);
        }
    } while (take(w, ','));
    return take(w, ')') ? NULL : none;
}

static enum geometry_type take_type(struct wkt_reader *w, const char **dims)
{
    static const char *const names[] = {
        "",           "POINT",           "LINESTRING",   "POLYGON",
        "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"};
    static const char *const suffixes[] = {"ZM", "Z", "M"};
    (void)peek(w);
    for (int i = 1; i < 8; i++) {
        size_t n = strlen(names[i]);
        if (strncasecmp(w->p, names[i], n) != 0) {
            continue;
        }
        bool is_whole = !is_letter(w->p[n]);
        w->p += n;
        for (size_t k = 0; k < sizeof suffixes / sizeof *suffixes; k++) {
            if (take_word(w, suffixes[k])) {
                *dims = suffixes[k];
                return (enum geometry_type)i;
            }
        }
        return is_whole ? (enum geometry_type)i : (enum geometry_type)0;
    }
    return (enum geometry_type)0;
}

/* A suffix says the dimensions; the first one decides for all. */
static const char *check_dims(struct wkt_reader *w, const char *suffix)
{
    int dims = *suffix == '\0' ? 0 : 2 + (int)strlen(suffix);
    bool is_m = strcmp(suffix, "M") == 0;
    if (dims == 0 && !w->rules.is_m) {
        return NULL;
    }
    if (w->rules.dims == 0) {
        w->rules.dims = dims;
        w->rules.is_m = is_m;
    }
    return dims == w->rules.dims && is_m == (w->rules.is_m && dims == 3)
               ? NULL
               : "the WKT has other dimensions than the column, or than what it is part of";
}

static const char *take_geometry(struct wkt_reader *w, int *type, bool outermost);

/* Its header names how many members it has, and their dimensions: it is put before them when they are
 * known. */
static const char *take_members(struct wkt_reader *w, bool outermost)
{
    struct buf header = {0};
    size_t at = w->out->n;
    uint32_t n = 0;
    if (!take(w, '(')) {
        return none;
    }
    if (++w->depth > NESTED_MAX) {
        return "collections are nested too deeply";
    }
    do {
        int ignored = 0;
        const char *what = take_geometry(w, &ignored, false);
        if (what != NULL) {
            return what;
        }
        n++;
    } while (take(w, ','));
    w->depth--;
    ewkb_collection(&header, n, &w->rules, w->rules.dims, outermost);
    size_t body = w->out->n - at;
    buf_add(w->out, header.p, header.n);
    if (!w->out->overflow) {
        memmove(w->out->p + at + header.n, w->out->p + at, body);
        memcpy(w->out->p + at, header.p, header.n);
    }
    buf_release(&header);
    return take(w, ')') ? NULL : none;
}

static const char *take_geometry(struct wkt_reader *w, int *type, bool outermost)
{
    static const int levels[] = {0, 1, 1, 2, 1, 2, 3, 0};
    const char *suffix = "";
    enum geometry_type found = take_type(w, &suffix);
    const char *what = found == 0 ? none : check_dims(w, suffix);
    *type = (int)found;
    if (what == NULL && take_word(w, "EMPTY")) {
        what = ewkb_empty(w->out, &found, &w->rules, 0, outermost);
        *type = (int)found;
        return what;
    }
    if (what != NULL || found == GEOMETRY_COLLECTION) {
        return what != NULL ? what : take_members(w, outermost);
    }
    shape_clear(&w->shape);
    what = take_level(w, levels[found], found == GEOMETRY_MULTI_POINT);
    if (what != NULL) {
        return what;
    }
    w->shape.depth = found == GEOMETRY_POINT         ? 1
                     : found == GEOMETRY_MULTI_POINT ? 2
                                                     : levels[found] + 1;
    if (found == GEOMETRY_POINT && w->shape.n != (size_t)w->shape.dims) {
        return "a point has more than one position";
    }
    what = ewkb_add(w->out, &w->shape, &found, &w->rules, outermost);
    *type = (int)found;
    return what;
}

static const char *take_srid(struct wkt_reader *w)
{
    int srid = 0;
    if (strncasecmp(w->p, "SRID=", 5) != 0) {
        return NULL;
    }
    for (w->p += 5; *w->p >= '0' && *w->p <= '9' && srid < 1000000; w->p++) {
        srid = srid * 10 + (*w->p - '0');
    }
    return !take(w, ';')           ? none
           : srid != w->rules.srid ? "the WKT has another SRID than the asset"
                                   : NULL;
}

const char *wkt_take(struct buf *out, const char *text, int *type,
                     const struct geometry_rules *rules)
{
    struct wkt_reader w = {.p = text, .rules = *rules, .out = out};
    w.rules.any_ring_order = true; /* WKT has no rule for the direction of rings */
    (void)peek(&w);
    const char *what = take_srid(&w);
    what = what != NULL ? what : take_geometry(&w, type, true);
    if (what == NULL && peek(&w) != '\0') {
        what = "text follows the WKT";
    }
    shape_release(&w.shape);
    return what;
}
