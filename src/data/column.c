/* Values into columns: everything but geometries. */
#include "data/column.h"

#include <string.h>
#include <strings.h>

#include "data/column_value.h"
#include "data/decimal.h"
#include "data/jsontext.h"
#include "data/moment.h"

enum { UUID_TEXT = 36, JSONB_VERSION = 1 };

static const struct {
    const char *name;
    enum column_kind kind;
} types[] = {
    {"bool", COLUMN_BOOL},           {"int2", COLUMN_INT2},
    {"int4", COLUMN_INT4},           {"int8", COLUMN_INT8},
    {"float4", COLUMN_FLOAT4},       {"float8", COLUMN_FLOAT8},
    {"numeric", COLUMN_NUMERIC},     {"text", COLUMN_TEXT},
    {"varchar", COLUMN_TEXT},        {"bpchar", COLUMN_TEXT},
    {"uuid", COLUMN_UUID},           {"date", COLUMN_DATE},
    {"timestamp", COLUMN_TIMESTAMP}, {"timestamptz", COLUMN_TIMESTAMPTZ},
    {"time", COLUMN_TIME},           {"json", COLUMN_JSON},
    {"jsonb", COLUMN_JSONB},         {"bytea", COLUMN_BYTEA},
    {"geometry", COLUMN_GEOMETRY},
};

enum { N_TYPES = sizeof types / sizeof *types };

enum column_kind column_kind_of(const char *type_name)
{
    for (int i = 0; i < N_TYPES; i++) {
        if (strcmp(types[i].name, type_name) == 0) {
            return types[i].kind;
        }
    }
    return COLUMN_OTHER;
}

static int fail(struct conversion *c, const char *why)
{
    c->why = why;
    return -1;
}

/* The lowest n bytes of x, big-endian. */
static int put(struct conversion *c, uint64_t x, size_t n)
{
    char b[8];
    for (size_t i = n; i > 0; i--, x >>= 8) {
        b[i - 1] = (char)(x & 0xFF);
    }
    buf_add(c->out, b, n);
    return 0;
}

static int put_bool(struct conversion *c, const struct value *v)
{
    static const struct {
        const char *word;
        bool is_true;
    } words[] = {{"true", true}, {"false", false}, {"t", true}, {"f", false},
                 {"yes", true},  {"no", false},    {"1", true}, {"0", false}};
    if (v->kind == VALUE_BOOL) {
        return put(c, v->text.n > 0 && v->text.p[0] == 't' ? 1 : 0, 1);
    }
    for (size_t i = 0; v->kind == VALUE_TEXT && c->is_csv && i < sizeof words / sizeof *words;
         i++) {
        if (v->text.n == strlen(words[i].word) &&
            strncasecmp(v->text.p, words[i].word, v->text.n) == 0) {
            return put(c, words[i].is_true ? 1 : 0, 1);
        }
    }
    return fail(c, "this is neither true nor false");
}

static int parse_number(struct conversion *c, const struct value *v, struct decimal *d)
{
    if (v->kind != VALUE_NUMBER && v->kind != VALUE_TEXT) {
        return fail(c, "this is no number");
    }
    return decimal_parse(v->text, d, &c->why);
}

static int put_integer(struct conversion *c, const struct value *v)
{
    struct decimal d;
    int64_t x = 0;
    int bits = c->column->kind == COLUMN_INT2 ? 16 : c->column->kind == COLUMN_INT4 ? 32 : 64;
    int64_t max = INT64_MAX >> (64 - bits);
    if (parse_number(c, v, &d) != 0 || decimal_int(&d, -max - 1, max, &x, &c->why) != 0) {
        return -1;
    }
    return put(c, (uint64_t)x, (size_t)bits / 8);
}

static int put_float(struct conversion *c, const struct value *v)
{
    struct decimal d;
    float small = 0;
    double x = 0;
    uint32_t bits32 = 0;
    uint64_t bits64 = 0;
    if (parse_number(c, v, &d) != 0) {
        return -1;
    }
    if (c->column->kind == COLUMN_FLOAT4) {
        int rc = decimal_float(&d, &small, &c->why);
        memcpy(&bits32, &small, sizeof bits32);
        return rc != 0 ? rc : put(c, bits32, sizeof bits32);
    }
    int rc = decimal_double(&d, &x, &c->why);
    memcpy(&bits64, &x, sizeof bits64);
    return rc != 0 ? rc : put(c, bits64, sizeof bits64);
}

static int put_numeric(struct conversion *c, const struct value *v)
{
    struct decimal d;
    if (parse_number(c, v, &d) != 0) {
        return -1;
    }
    return decimal_numeric(&d, c->column->precision, c->column->scale, c->out, &c->why);
}

static bool is_longer(struct bytes text, int max_chars)
{
    int n = 0;
    for (size_t i = 0; i < text.n && n <= max_chars; i++) {
        n += ((unsigned char)text.p[i] & 0xC0) != 0x80 ? 1 : 0;
    }
    return n > max_chars;
}

static int put_text(struct conversion *c, const struct value *v)
{
    if (v->kind == VALUE_GEOMETRY) {
        return fail(c, "this is a geometry, and the column takes none");
    }
    if (v->text.n > 0 && memchr(v->text.p, '\0', v->text.n) != NULL) {
        return fail(c, "this text holds the character U+0000, which PostgreSQL cannot keep");
    }
    if (c->column->max_chars > 0 && is_longer(v->text, c->column->max_chars)) {
        return fail(c, "this text has more characters than the column takes");
    }
    buf_add(c->out, v->text.p, v->text.n);
    return 0;
}

static int hex_digit(char x)
{
    unsigned digit = (unsigned)(x - '0');
    unsigned letter = ((unsigned)x | 0x20U) - 'a';
    return digit <= 9 ? (int)digit : letter <= 5 ? 10 + (int)letter : -1;
}

/* Pairs of digits from p to end; -1 if they are none. */
static int put_hex(struct conversion *c, const char *p, const char *end)
{
    for (; end - p >= 2; p += 2) {
        int high = hex_digit(p[0]);
        int low = hex_digit(p[1]);
        if (high < 0 || low < 0) {
            return -1;
        }
        buf_putc(c->out, (char)(16 * high + low));
    }
    return p == end ? 0 : -1;
}

static int put_uuid(struct conversion *c, const struct value *v)
{
    static const size_t parts[] = {8, 4, 4, 4, 12};
    const char *p = v->text.p;
    bool is_uuid = v->kind == VALUE_TEXT && v->text.n == UUID_TEXT;
    for (size_t i = 0; is_uuid && i < sizeof parts / sizeof *parts; i++) {
        is_uuid = (i == 0 || *p++ == '-') && put_hex(c, p, p + parts[i]) == 0;
        p += parts[i];
    }
    return is_uuid ? 0 : fail(c, "this is no UUID of the form 8-4-4-4-12");
}

static int put_bytea(struct conversion *c, const struct value *v)
{
    bool has_prefix =
        v->kind == VALUE_TEXT && v->text.n >= 2 && v->text.p[0] == '\\' && v->text.p[1] == 'x';
    if (!has_prefix || put_hex(c, v->text.p + 2, v->text.p + v->text.n) != 0) {
        return fail(c, "this is no hexadecimal text that begins with \\x");
    }
    return 0;
}

static int put_date(struct conversion *c, const struct value *v)
{
    int32_t days = 0;
    if (v->kind != VALUE_TEXT) {
        return fail(c, "this is no date of the form YYYY-MM-DD");
    }
    return moment_date(v->text, &days, &c->why) != 0 ? -1 : put(c, (uint32_t)days, sizeof days);
}

/* The server would round what typmod (three digits of six, say) does not keep. */
static bool loses_digits(const struct column *column, int64_t us)
{
    int64_t unit = 1;
    for (int i = 0; i < column->lost_digits; i++) {
        unit *= 10;
    }
    return us != INT64_MAX && us != INT64_MIN && us % unit != 0;
}

static int put_moment(struct conversion *c, const struct value *v)
{
    int64_t us = 0;
    enum column_kind kind = c->column->kind;
    int (*parse)(struct bytes, int64_t *, const char **) = kind == COLUMN_TIME ? moment_time
                                                           : kind == COLUMN_TIMESTAMP
                                                               ? moment_local
                                                               : moment_instant;
    if (v->kind != VALUE_TEXT) {
        return fail(c, "this is no time, which stands in text");
    }
    if (parse(v->text, &us, &c->why) != 0) {
        return -1;
    }
    if (loses_digits(c->column, us)) {
        return fail(c, "this time is finer than what the column keeps");
    }
    return put(c, (uint64_t)us, sizeof us);
}

static int put_json(struct conversion *c, const struct value *v)
{
    bool as_jsonb = c->column->kind == COLUMN_JSONB;
    if (v->kind == VALUE_GEOMETRY) {
        return fail(c, "this is a geometry, and the column takes none");
    }
    if (as_jsonb) {
        (void)put(c, JSONB_VERSION, 1);
    }
    if (v->kind == VALUE_TEXT && !c->is_csv) {
        if (as_jsonb && v->text.n > 0 && memchr(v->text.p, '\0', v->text.n) != NULL) {
            return fail(c, "this text holds the character U+0000, which jsonb cannot keep");
        }
        json_quote(c->out, v->text);
        return 0;
    }
    if (json_check(v->text, as_jsonb, &c->why) != 0) {
        return -1;
    }
    buf_add(c->out, v->text.p, v->text.n);
    return 0;
}

void column_add_hex(struct buf *out, struct bytes b)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < b.n; i++) {
        buf_putc(out, digits[(unsigned char)b.p[i] >> 4]);
        buf_putc(out, digits[(unsigned char)b.p[i] & 0xF]);
    }
}

static int put_other(struct conversion *c, const struct value *v)
{
    struct buf binary = {0};
    struct conversion inner = {.column = c->column, .out = &binary};
    if (c->column->element != NULL && v->kind == VALUE_JSON) {
        return column_convert_array(c, v);
    }
    if (!c->column->takes_geometry) {
        return put_text(c, v);
    }
    int rc = column_convert_geometry(&inner, v);
    c->why = inner.why;
    column_add_hex(c->out, buf_bytes(&binary));
    buf_release(&binary);
    return rc;
}

const char *column_type_text(const struct column *column)
{
    for (int i = 0; column->type == NULL && i < N_TYPES; i++) {
        if (types[i].kind == column->kind) {
            return types[i].name;
        }
    }
    return column->type != NULL ? column->type : "another";
}

int column_convert(struct conversion *c, const struct value *v)
{
    switch (c->column->kind) {
    case COLUMN_BOOL:
        return put_bool(c, v);
    case COLUMN_INT2:
    case COLUMN_INT4:
    case COLUMN_INT8:
        return put_integer(c, v);
    case COLUMN_FLOAT4:
    case COLUMN_FLOAT8:
        return put_float(c, v);
    case COLUMN_NUMERIC:
        return put_numeric(c, v);
    case COLUMN_TEXT:
        return put_text(c, v);
    case COLUMN_UUID:
        return put_uuid(c, v);
    case COLUMN_DATE:
        return put_date(c, v);
    case COLUMN_TIMESTAMP:
    case COLUMN_TIMESTAMPTZ:
    case COLUMN_TIME:
        return put_moment(c, v);
    case COLUMN_JSON:
    case COLUMN_JSONB:
        return put_json(c, v);
    case COLUMN_BYTEA:
        return put_bytea(c, v);
    case COLUMN_GEOMETRY:
        return column_convert_geometry(c, v);
    case COLUMN_OTHER:
        return put_other(c, v);
    }
    BUG("a column of no kind");
}
