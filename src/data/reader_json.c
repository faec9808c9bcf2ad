/* GeoJSON and newline-delimited JSON, as they stream by. Nothing is kept but what is wanted of the present record. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/reader_parts.h"

static int parse_value(struct reader *r, struct node *node);

/* --- bytes ------------------------------------------------------------------------------------------ */

/* Another byte behind what is there; what lies before r->s->p is gone. 0: the end, -1. */
static int refill(struct reader *r)
{
    return source_more(r->s, r->e);
}

static bool is_space(char c)
{
    const uint64_t spaces =
        UINT64_C(1) << ' ' | UINT64_C(1) << '\n' | UINT64_C(1) << '\r' | UINT64_C(1) << '\t';
    return (unsigned char)c <= ' ' && (spaces >> (unsigned char)c & 1) != 0;
}

static int peek_far(struct reader *r)
{
    for (;;) {
        const char *p = r->s->p;
        while (is_space(*p)) {
            p++;
        }
        r->s->p = p < r->s->end ? p : r->s->end;
        if (p < r->s->end) {
            return (unsigned char)*p;
        }
        int rc = refill(r);
        if (rc <= 0) {
            return rc == 0 ? -1 : -2;
        }
    }
}

/* The next byte that is no white space, without taking it; -1: the end, -2: an error that is told. Mostly it is there: what lies at the end is 0. */
static inline int peek(struct reader *r)
{
    unsigned char c = (unsigned char)*r->s->p;
    return c > ' ' ? c : peek_far(r);
}

static int unexpected(struct reader *r, int c, const char *wanted)
{
    if (c == -2) {
        return -1;
    }
    return reader_error(r, r->s->p, NULL, c == -1 ? "the file ends too early" : wanted);
}

static int expect(struct reader *r, char wanted, const char *what)
{
    int c = peek(r);
    if (c != (unsigned char)wanted) {
        return unexpected(r, c, what);
    }
    r->s->p++;
    return 0;
}

static void copy(struct reader *r, const char *p, size_t n)
{
    if (r->n_copies > 0) {
        buf_add(&r->json, p, n);
    }
}

/* --- strings ---------------------------------------------------------------------------------------- */

static int hex4(const char *p, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        uint32_t v = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                     : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                     : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                            : 16;
        if (v == 16) {
            return -1;
        }
        *out = *out * 16 + v;
    }
    return 0;
}

static void put_code(struct buf *out, uint32_t c)
{
    if (c < 0x80) {
        buf_putc(out, (char)c);
    } else if (c < 0x800) {
        buf_putc(out, (char)(0xC0 | (c >> 6)));
        buf_putc(out, (char)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        buf_putc(out, (char)(0xE0 | (c >> 12)));
        buf_putc(out, (char)(0x80 | ((c >> 6) & 0x3F)));
        buf_putc(out, (char)(0x80 | (c & 0x3F)));
    } else {
        buf_putc(out, (char)(0xF0 | (c >> 18)));
        buf_putc(out, (char)(0x80 | ((c >> 12) & 0x3F)));
        buf_putc(out, (char)(0x80 | ((c >> 6) & 0x3F)));
        buf_putc(out, (char)(0x80 | (c & 0x3F)));
    }
}

/* One escape at p, which has n bytes; returns its length, 0 if it is wrong. */
static size_t unescape_one(struct buf *out, const char *p, size_t n)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    uint32_t c = 0;
    uint32_t low = 0;
    const char *simple = n >= 2 && p[1] != '\0' ? strchr(from, p[1]) : NULL;
    if (simple != NULL) {
        buf_putc(out, to[simple - from]);
        return 2;
    }
    if (n < 6 || p[1] != 'u' || hex4(p + 2, &c) != 0 || (c >= 0xDC00 && c < 0xE000) || c == 0) {
        return 0;
    }
    if (c < 0xD800 || c >= 0xE000) {
        put_code(out, c);
        return 6;
    }
    if (n < 12 || p[6] != '\\' || p[7] != 'u' || hex4(p + 8, &low) != 0 || low < 0xDC00 ||
        low >= 0xE000) {
        return 0;
    }
    put_code(out, 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00));
    return 12;
}

static int unescape(struct reader *r, struct bytes raw)
{
    buf_clear(&r->string);
    for (size_t i = 0; i < raw.n;) {
        const char *slash = memchr(raw.p + i, '\\', raw.n - i);
        size_t n = slash == NULL ? raw.n - i : (size_t)(slash - raw.p) - i;
        buf_add(&r->string, raw.p + i, n);
        i += n;
        if (i < raw.n) {
            size_t taken = unescape_one(&r->string, raw.p + i, raw.n - i);
            if (taken == 0) {
                return reader_error(r, raw.p + i, NULL, "an escape in a string is wrong");
            }
            i += taken;
        }
    }
    return 0;
}

static int check_string(struct reader *r, struct bytes raw)
{
    for (size_t i = 0; i < raw.n;) {
        unsigned char c = (unsigned char)raw.p[i];
        if (c >= 0x20 && c < 0x80) {
            i++;
            continue;
        }
        uint32_t code = 0;
        size_t n = c < 0x20 ? 0 : text_char(raw.p + i, raw.n - i, &code);
        if (n == 0) {
            return reader_error(r, raw.p + i, NULL,
                                c < 0x20 ? "a control character stands in a string"
                                         : "is no UTF-8");
        }
        i += n;
    }
    return 0;
}

/* Any string. */
static int take_hard_string(struct reader *r, struct bytes *raw, bool *has_escapes)
{
    size_t at = 1;
    *raw = bytes_of(r->s->p, 0);
    for (;;) {
        const char *p = r->s->p + at;
        size_t n = (size_t)(r->s->end - p);
        const char *quote = memchr(p, '"', n);
        const char *slash = memchr(p, '\\', quote != NULL ? (size_t)(quote - p) : n);
        if (slash != NULL && slash + 1 < r->s->end) {
            *has_escapes = true;
            at = (size_t)(slash - r->s->p) + 2;
            continue;
        }
        if (quote != NULL && slash == NULL) {
            *raw = bytes_of(r->s->p + 1, (size_t)(quote - r->s->p) - 1);
            copy(r, r->s->p, raw->n + 2);
            r->s->p = quote + 1;
            return check_string(r, *raw);
        }
        at = slash != NULL ? (size_t)(slash - r->s->p) : (size_t)(r->s->end - r->s->p);
        int rc = refill(r);
        if (rc <= 0) {
            if (rc == 0) {
                (void)reader_error(r, r->s->p, NULL, "a string does not end");
            }
            return -1;
        }
    }
}

static inline bool is_plain(char c)
{
    return c >= ' ' && c < 0x7F && c != '"' && c != '\\';
}

/* The first byte from p on that is a quote, a backslash, a control character or none of ASCII; *end is 0. Eight at a time (H. S. Warren, "Hacker's
 * Delight", 6-1): in a word whose byte is 0 the lowest such byte is found, and there is nothing to carry below it. */
static inline const char *plain_end(const char *p, const char *end)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    const uint64_t ones = UINT64_MAX / 0xFF;
    const uint64_t highs = ones << 7;
    while (end - p >= (ptrdiff_t)sizeof(uint64_t)) {
        uint64_t w;
        memcpy(&w, p, sizeof w);
        uint64_t quote = w ^ (ones * '"');
        uint64_t slash = w ^ (ones * '\\');
        uint64_t found =
            (((w - ones * ' ') | (quote - ones) | (slash - ones)) & ~w & highs) | (w & highs);
        if (found != 0) {
            return p + __builtin_ctzll(found) / 8;
        }
        p += sizeof w;
    }
#endif
    while (is_plain(*p)) {
        p++;
    }
    return p;
}

/* The string at r->s->p, which begins with a quote, is taken: *raw is what stands between the quotes (valid until the next byte is
 * asked for). Most are short and plain, and in the window as a whole (at whose end is 0). */
static int take_string(struct reader *r, struct bytes *raw, bool *has_escapes)
{
    const char *p = plain_end(r->s->p + 1, r->s->end);
    *has_escapes = false;
    if (*p != '"') {
        return take_hard_string(r, raw, has_escapes);
    }
    *raw = bytes_of(r->s->p + 1, (size_t)(p - r->s->p) - 1);
    copy(r, r->s->p, raw->n + 2);
    r->s->p = p + 1;
    return 0;
}

/* --- numbers and words ------------------------------------------------------------------------------ */

static bool is_number_char(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* The number at r->s->p with a byte behind it that ends it, in the window. */
static int number_window(struct reader *r, size_t *n)
{
    size_t at = 0;
    for (;;) {
        const char *p = r->s->p + at;
        while (is_number_char(*p)) {
            p++;
        }
        at = (size_t)(p - r->s->p);
        if (p < r->s->end) {
            *n = at;
            return 0;
        }
        int rc = refill(r);
        if (rc < 0) {
            return -1;
        }
        if (rc == 0) {
            *n = at;
            return 0;
        }
    }
}

static int take_number(struct reader *r, double *v, struct bytes *raw)
{
    size_t n = 0;
    const char *end = number_read(r->s->p, v);
    if (end == NULL || end == r->s->end || is_number_char(*end)) {
        /* It goes on behind the window, or is none. */
        if (number_window(r, &n) != 0) {
            return -1;
        }
        end = n == 0 ? NULL : number_read(r->s->p, v);
        if (end == NULL || end != r->s->p + n) {
            return reader_error(r, r->s->p, NULL, "is no number, or too large for one");
        }
    }
    n = (size_t)(end - r->s->p);
    *raw = bytes_of(r->s->p, n);
    copy(r, raw->p, n);
    r->s->p += n;
    return 0;
}

static int take_word(struct reader *r, const char *word)
{
    size_t n = strlen(word);
    while ((size_t)(r->s->end - r->s->p) < n) {
        int rc = refill(r);
        if (rc <= 0) {
            return rc == 0 ? reader_error(r, r->s->p, NULL, "is no value of JSON") : -1;
        }
    }
    if (memcmp(r->s->p, word, n) != 0) {
        return reader_error(r, r->s->p, NULL, "is no value of JSON");
    }
    copy(r, word, n);
    r->s->p += n;
    return 0;
}

/* --- members ---------------------------------------------------------------------------------------- */

static inline bool is(struct bytes name, const char *word)
{
    size_t n = strlen(word);
    return name.n == n && memcmp(name.p, word, n) == 0;
}

/* A name may stand once in an object. from: where the keys of this object begin. */
static int note_key(struct reader *r, size_t from, struct bytes name)
{
    return keys_add(&r->keys, from, key_of(name))
               ? 0
               : reader_error(r, r->s->p, NULL, "a member stands twice in an object");
}

/* The name of the next member and its colon. *name is valid until the next byte is asked for. 1, 0: the object ends here, -1. */
static int next_member(struct reader *r, size_t from, bool *is_first, struct bytes *name)
{
    bool has_escapes;
    *name = bytes_of("", 0);
    int c = peek(r);
    if (c == '}') {
        copy(r, "}", 1);
        r->s->p++;
        return 0;
    }
    if (!*is_first) {
        if (c != ',') {
            return unexpected(r, c, "a comma or } is missing");
        }
        copy(r, ",", 1);
        r->s->p++;
        c = peek(r);
    }
    *is_first = false;
    if (c != '"') {
        return unexpected(r, c, "a member's name is missing");
    }
    if (take_string(r, name, &has_escapes) != 0 || (has_escapes && unescape(r, *name) != 0)) {
        return -1;
    }
    if (!has_escapes && *r->s->p == ':') {
        if (note_key(r, from, *name) != 0) {
            return -1;
        }
        copy(r, ":", 1);
        r->s->p++; /* no other byte was asked for: the name is still there */
        return 1;
    }
    if (!has_escapes) {
        buf_clear(&r->string);
        buf_add(&r->string, name->p, name->n);
    }
    *name = bytes_of(buf_str(&r->string), r->string.n);
    if (note_key(r, from, *name) != 0 || expect(r, ':', "a colon is missing") != 0) {
        return -1;
    }
    copy(r, ":", 1);
    return 1;
}

static struct node *find(struct node *parent, struct bytes name)
{
    for (struct node *n = parent != NULL ? parent->child : NULL; n != NULL; n = n->next) {
        if (n->name.n == name.n && memcmp(n->name.p, name.p, name.n) == 0) {
            return n;
        }
    }
    return NULL;
}

static int enter(struct reader *r)
{
    copy(r, r->s->p, 1);
    r->s->p++;
    return ++r->depth > DEPTH_MAX
               ? reader_error(r, r->s->p, NULL, "arrays and objects are nested too deeply")
               : 0;
}

static int parse_object(struct reader *r, struct node *node)
{
    size_t from = r->keys.n;
    bool is_first = true;
    struct bytes name = {NULL, 0};
    int rc = enter(r);
    while (rc == 0) {
        rc = next_member(r, from, &is_first, &name);
        if (rc <= 0) {
            break;
        }
        rc = parse_value(r, find(node, name));
    }
    keys_leave(&r->keys, from);
    r->depth--;
    return rc;
}

static int parse_array(struct reader *r)
{
    int rc = enter(r);
    int c = rc == 0 ? peek(r) : 0;
    if (rc == 0 && c == ']') {
        copy(r, "]", 1);
        r->s->p++;
        r->depth--;
        return 0;
    }
    while (rc == 0) {
        rc = parse_value(r, NULL);
        c = rc == 0 ? peek(r) : 0;
        if (rc == 0 && c != ',' && c != ']') {
            rc = unexpected(r, c, "a comma or ] is missing");
        }
        if (rc == 0) {
            copy(r, r->s->p, 1);
            r->s->p++;
            if (c == ']') {
                break;
            }
        }
    }
    r->depth--;
    return rc;
}

/* --- geometries ------------------------------------------------------------------------------------- */

static int parse_position(struct reader *r, int dims)
{
    double v;
    struct bytes raw;
    int n = 0;
    for (;;) {
        int c = peek(r);
        if (c == -2) {
            return -1;
        }
        if (take_number(r, &v, &raw) != 0) {
            return -1;
        }
        if (++n > 4) {
            return reader_error(r, r->s->p, NULL, "a position has more than 4 numbers");
        }
        shape_number(&r->shape, v);
        c = peek(r);
        if (c == ']') {
            r->s->p++;
            break;
        }
        if (c != ',') {
            return unexpected(r, c, "a comma or ] is missing in a position");
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

/* The array behind an opening bracket that is taken. level counts from 1 outside; *depth is found where the first number is. */
static int parse_level(struct reader *r, int level)
{
    int c = peek(r);
    if (c == ']') {
        return reader_error(r, r->s->p, NULL, "an array of coordinates is empty");
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        if (r->shape.depth != 0 && r->shape.depth != level) {
            return reader_error(r, r->s->p, NULL, "coordinates are nested unevenly");
        }
        r->shape.depth = level;
        return parse_position(r, r->shape.dims);
    }
    if (level == 4) {
        return unexpected(r, c, "is no coordinate");
    }
    for (;;) {
        if (c != '[') {
            return unexpected(r, c, "is no coordinate");
        }
        r->s->p++;
        if (parse_level(r, level + 1) != 0) {
            return -1;
        }
        c = peek(r);
        if (c != ',' && c != ']') {
            return unexpected(r, c, "a comma or ] is missing in coordinates");
        }
        r->s->p++;
        if (c == ']') {
            break;
        }
        c = peek(r);
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

static int parse_geometry(struct reader *r, struct slot *out, bool outermost, int level);

/* "geometries": each is written behind a header that is mended when their number and dimensions are known. */
static int parse_members(struct reader *r, uint32_t *n, int *dims, int level)
{
    int c = peek(r);
    *n = 0;
    if (c != '[') {
        return unexpected(r, c, "\"geometries\" is no array");
    }
    if (enter(r) != 0) {
        return -1;
    }
    while (c != ']') {
        struct slot member;
        c = peek(r);
        if (c != '{') {
            return unexpected(r, c, "a member of \"geometries\" is no geometry");
        }
        if (parse_geometry(r, &member, false, level + 1) != 0) {
            return -1;
        }
        int found = member.type == GEOMETRY_COLLECTION ? *dims : r->shape.dims;
        if (*n > 0 && found != *dims) {
            return reader_error(r, r->s->p, NULL,
                                "geometries of one collection have different dimensions");
        }
        *dims = found;
        (*n)++;
        c = peek(r);
        if (c != ',' && c != ']') {
            return unexpected(r, c, "a comma or ] is missing in \"geometries\"");
        }
        r->s->p++;
    }
    r->depth--;
    return 0;
}

/* Writes what was read into the record's text. */
static int write_geometry(struct reader *r, struct slot *out, enum geometry_type type,
                          bool outermost)
{
    const char *what = ewkb_add(&r->text, &r->shape, &type, &r->rules, outermost);
    if (what != NULL) {
        return reader_fail(r->s, &r->at, out->offset, NULL, r->e, "%s", what);
    }
    if (r->text.overflow) {
        return reader_error(r, r->s->p, NULL, "the record's values are longer than 64 MiB");
    }
    out->type = (int)type;
    return 0;
}

/* A collection's header comes before members whose dimensions it names: they are moved behind it. */
static int write_collection(struct reader *r, struct slot *out, uint32_t n, int dims,
                            bool outermost)
{
    struct buf header = {0};
    if (n == 0) {
        return reader_fail(r->s, &r->at, out->offset, NULL, r->e, "the geometry is empty");
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
    return 0;
}

static int parse_coordinates(struct reader *r)
{
    int c = peek(r);
    shape_clear(&r->shape);
    if (c != '[') {
        return unexpected(r, c, "\"coordinates\" is no array");
    }
    r->s->p++;
    return parse_level(r, 1);
}

static int parse_geometry(struct reader *r, struct slot *out, bool outermost, int level)
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
    int rc =
        level > 8 ? reader_error(r, r->s->p, NULL, "collections are nested too deeply") : enter(r);
    while (rc == 0 && (rc = next_member(r, from, &is_first, &name)) > 0) {
        if (is(name, "type")) {
            struct bytes word = {"", 0};
            int c = peek(r);
            rc = c == '"' ? take_string(r, &word, &has_escapes)
                          : unexpected(r, c, "\"type\" is no string");
            type = rc == 0 ? type_of(word) : type;
            if (rc == 0 && type == 0) {
                rc = reader_error(r, r->s->p, NULL, "\"type\" names no geometry");
            }
        } else if (is(name, "coordinates")) {
            has_coordinates = true;
            rc = parse_coordinates(r);
        } else if (is(name, "geometries")) {
            has_members = true;
            rc = parse_members(r, &n, &dims, level);
        } else {
            rc = parse_value(r, NULL);
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
    out->kind = VALUE_GEOMETRY;
    out->n = r->text.n - out->at;
    return rc;
}

/* --- capturing -------------------------------------------------------------------------------------- */

static int keep_string(struct reader *r, struct slot *s)
{
    struct bytes raw;
    bool has_escapes;
    if (take_string(r, &raw, &has_escapes) != 0 || (has_escapes && unescape(r, raw) != 0)) {
        return -1;
    }
    struct bytes text = has_escapes ? bytes_of(buf_str(&r->string), r->string.n) : raw;
    size_t at = 0;
    const char *what = NULL;
    if (text_check(text, &at, &what) != 0) {
        return reader_fail(r->s, &r->at, s->offset, NULL, r->e, "%s in a string", what);
    }
    s->kind = VALUE_TEXT;
    s->at = r->text.n;
    s->n = text.n;
    return reader_keep(r, text.p, text.n) ? 0 : -1;
}

/* Objects and arrays, without the white space between their parts: what is taken is copied while somebody wants it. */
static int keep_json(struct reader *r, struct node *node, struct slot *s, int c)
{
    s->kind = VALUE_JSON;
    s->at = r->json.n;
    r->n_copies++;
    int rc = c == '{' ? parse_object(r, node) : parse_array(r);
    r->n_copies--;
    s->n = r->json.n - s->at;
    return rc;
}

static int capture(struct reader *r, struct node *node, int c)
{
    struct slot *s = &r->slot[node->slot];
    struct bytes raw;
    double v;
    s->offset = source_offset(r->s, r->s->p);
    s->at = r->text.n;
    s->n = 0;
    if (s->as_geometry && c == '{') {
        return r->n_copies > 0 ? reader_error(r, r->s->p, NULL,
                                              "a geometry stands in an object that is wanted whole")
                               : parse_geometry(r, s, true, 1);
    }
    switch (c) {
    case '"':
        return keep_string(r, s);
    case 't':
    case 'f':
        s->kind = VALUE_BOOL;
        s->n = c == 't' ? 4 : 5;
        return take_word(r, c == 't' ? "true" : "false") == 0 &&
                       reader_keep(r, c == 't' ? "true" : "false", s->n)
                   ? 0
                   : -1;
    case 'n':
        s->kind = VALUE_NULL;
        return take_word(r, "null");
    case '{':
    case '[':
        return keep_json(r, node, s, c);
    default:
        break;
    }
    if (take_number(r, &v, &raw) != 0) {
        return -1;
    }
    s->kind = VALUE_NUMBER;
    s->n = raw.n;
    return reader_keep(r, raw.p, raw.n) ? 0 : -1;
}

static int parse_value(struct reader *r, struct node *node)
{
    struct bytes raw;
    bool has_escapes;
    double v;
    int c = peek(r);
    if (c < 0) {
        return unexpected(r, c, "");
    }
    if (node != NULL && node->slot != NO_SLOT) {
        return capture(r, node, c);
    }
    switch (c) {
    case '{':
        return parse_object(r, node);
    case '[':
        return parse_array(r);
    case '"':
        if (take_string(r, &raw, &has_escapes) != 0) {
            return -1;
        }
        return has_escapes ? unescape(r, raw) : 0;
    case 't':
        return take_word(r, "true");
    case 'f':
        return take_word(r, "false");
    case 'n':
        return take_word(r, "null");
    default:
        return take_number(r, &v, &raw);
    }
}

/* --- collections ------------------------------------------------------------------------------------ */

/* The old member "crs" (GeoJSON of 2008): harmless where it says what is known anyway. */
static int check_crs(struct reader *r)
{
    char epsg[32];
    size_t at = r->json.n;
    const char *from = r->s->p;
    int64_t offset = source_offset(r->s, from);
    r->n_copies++;
    int rc = parse_value(r, NULL);
    r->n_copies--;
    if (rc != 0) {
        return -1;
    }
    buf_putc(&r->json, '\0');
    (void)snprintf(epsg, sizeof epsg, ":%d\"", r->rules.srid);
    const char *text = r->json.p + at;
    bool is_null = strcmp(text, "null") == 0;
    bool same = (strstr(text, "CRS84") != NULL && r->rules.srid == 4326) ||
                (strstr(text, "EPSG") != NULL && strstr(text, epsg) != NULL);
    r->json.n = at;
    return is_null || same
               ? 0
               : reader_fail(r->s, NULL, offset, "crs", r->e,
                             "is another coordinate reference system than the catalog's");
}

static int check_type(struct reader *r, const char *wanted, const char *what)
{
    struct bytes word;
    bool has_escapes;
    int c = peek(r);
    if (c != '"') {
        return unexpected(r, c, what);
    }
    if (take_string(r, &word, &has_escapes) != 0) {
        return -1;
    }
    return is(word, wanted) ? 0 : reader_error(r, r->s->p, "type", what);
}

/* Members of the collection up to "features", or after them to its end. 1: features begin; 0: it ended; -1. */
static int collection_members(struct reader *r)
{
    struct bytes name = {NULL, 0};
    bool is_first = r->is_first;
    int rc;
    while ((rc = next_member(r, 0, &is_first, &name)) > 0) {
        r->is_first = false;
        if (is(name, "type")) {
            r->has_type = true;
            rc = check_type(r, "FeatureCollection", "is no FeatureCollection");
        } else if (is(name, "crs")) {
            rc = check_crs(r);
        } else if (is(name, "features")) {
            int c = peek(r);
            if (c != '[') {
                return unexpected(r, c, "\"features\" is no array");
            }
            r->s->p++;
            r->has_features = r->in_features = true;
            return 1;
        } else {
            rc = parse_value(r, NULL);
        }
        if (rc != 0) {
            return -1;
        }
    }
    return rc;
}

static int collection_end(struct reader *r)
{
    if (!r->has_type || !r->has_features) {
        return reader_error(r, r->s->p, NULL,
                            !r->has_type ? "the collection has no \"type\""
                                         : "the collection has no \"features\"");
    }
    int c = peek(r);
    if (c != -1) {
        return unexpected(r, c, "bytes follow the collection");
    }
    r->ended = true;
    return 0;
}

static int parse_record(struct reader *r, struct record *out)
{
    buf_clear(&r->json);
    reader_begin_record(r, r->s->p);
    int rc = parse_object(r, r->root);
    return rc == 0 ? reader_end_record(r, out) : -1;
}

/* A feature says that it is one; a record of other JSON need not. */
static int parse_feature(struct reader *r, struct record *out)
{
    struct bytes name = {NULL, 0};
    bool is_first = true;
    bool has_type = false;
    size_t from = r->keys.n;
    int rc;
    buf_clear(&r->json);
    reader_begin_record(r, r->s->p);
    if (enter(r) != 0) {
        return -1;
    }
    while ((rc = next_member(r, from, &is_first, &name)) > 0) {
        struct node *n = find(r->root, name);
        if (is(name, "type") && n == NULL) {
            has_type = true;
            rc = check_type(r, "Feature", "is no Feature");
        } else {
            has_type |= is(name, "type");
            rc = parse_value(r, n);
        }
        if (rc != 0) {
            return -1;
        }
    }
    keys_leave(&r->keys, from);
    r->depth--;
    if (rc == 0 && !has_type) {
        rc = reader_fail(r->s, &r->at, r->at.offset, NULL, r->e,
                         "has no \"type\": it is no Feature");
    }
    return rc == 0 ? reader_end_record(r, out) : -1;
}

static int next_feature(struct reader *r, struct record *out)
{
    if (r->ended) {
        return 0;
    }
    bool begins = false;
    if (r->is_first && !r->in_features) {
        int c = peek(r);
        if (c != '{') {
            return unexpected(r, c,
                              (unsigned char)c == 0xEF
                                  ? "begins with a byte order mark: save it as plain UTF-8"
                                  : "is no FeatureCollection");
        }
        r->s->p++;
        int rc = collection_members(r);
        if (rc <= 0) {
            return rc < 0 ? -1 : collection_end(r);
        }
        begins = true;
    }
    int c = peek(r);
    if (c == ']') {
        r->s->p++;
        r->in_features = false;
        r->is_first = false;
        int rc = collection_members(r);
        return rc == 0  ? collection_end(r)
               : rc < 0 ? -1
                        : reader_error(r, r->s->p, NULL, "\"features\" stands twice");
    }
    if (!begins) {
        if (c != ',') {
            return unexpected(r, c, "a comma or ] is missing between features");
        }
        r->s->p++;
        c = peek(r);
    }
    r->is_first = false;
    if (c != '{') {
        return unexpected(r, c, "a member of \"features\" is no object");
    }
    return parse_feature(r, out);
}

/* One value per line; a record separator (RFC 8142) may stand before it. */
static int next_line(struct reader *r, struct record *out)
{
    for (;;) {
        const char *p = r->s->p;
        while (is_space(*p) || *p == 0x1E) {
            r->at_line |= *p == '\n' || *p == 0x1E;
            p++;
        }
        r->s->p = p < r->s->end ? p : r->s->end;
        if (p < r->s->end) {
            break;
        }
        int rc = refill(r);
        if (rc <= 0) {
            return rc;
        }
    }
    if (!r->is_first && !r->at_line) {
        return reader_error(r, r->s->p, NULL, "a line holds more than one record");
    }
    if (*r->s->p != '{') {
        return reader_error(r, r->s->p, NULL,
                            (unsigned char)*r->s->p == 0xEF
                                ? "begins with a byte order mark: save it as plain UTF-8"
                                : "a record is no object");
    }
    r->is_first = false;
    r->at_line = false;
    return parse_record(r, out);
}

int json_next(struct reader *r, struct record *out)
{
    return r->format == FORMAT_GEOJSON ? next_feature(r, out) : next_line(r, out);
}
