/* layer: data */
/* Values into columns: bytes of binary COPY, lines of text COPY, and what is refused, with its place and without the value. */
#include "data/column.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/digest.h"
#include "data/jsontext.h"
#include "tap.h"

#define COUNT(v) ((int)(sizeof(v) / sizeof *(v)))

static struct arena arena;
static struct err e;
static struct source source;

#define COLUMN(k, ...)                                                                             \
    {                                                                                              \
        .name = "c", .kind = COLUMN_##k, __VA_ARGS__                                               \
    }
#define PLAIN(k) COLUMN(k, .max_chars = 0)

/* binary: the field's bytes in hexadecimal, or NULL; then other is part of the refusal. Else other is the field of a line. */
struct conversion_case {
    struct column column;
    enum value_kind kind;
    bool is_csv;
    const char *text;
    const char *binary;
    const char *other;
};

static const struct conversion_case cases[] = {
    {PLAIN(BOOL), VALUE_BOOL, false, "true", "01", "t"},
    {PLAIN(BOOL), VALUE_BOOL, false, "false", "00", "f"},
    {PLAIN(BOOL), VALUE_TEXT, false, "true", NULL, "neither true nor false"},
    {PLAIN(BOOL), VALUE_NUMBER, false, "1", NULL, "neither true nor false"},
    {PLAIN(BOOL), VALUE_JSON, false, "[]", NULL, "neither true nor false"},
    {PLAIN(BOOL), VALUE_TEXT, true, "True", "01", "t"},
    {PLAIN(BOOL), VALUE_TEXT, true, "F", "00", "f"},
    {PLAIN(BOOL), VALUE_TEXT, true, "YES", "01", "t"},
    {PLAIN(BOOL), VALUE_TEXT, true, "no", "00", "f"},
    {PLAIN(BOOL), VALUE_TEXT, true, "1", "01", "t"},
    {PLAIN(BOOL), VALUE_TEXT, true, "0", "00", "f"},
    {PLAIN(BOOL), VALUE_TEXT, true, "on", NULL, "neither true nor false"},
    {PLAIN(BOOL), VALUE_TEXT, true, "", NULL, "neither true nor false"},
    {PLAIN(BOOL), VALUE_TEXT, true, " t", NULL, "neither true nor false"},

    {PLAIN(INT2), VALUE_NUMBER, false, "-32768", "8000", "-32768"},
    {PLAIN(INT2), VALUE_NUMBER, false, "32768", NULL, "out of range"},
    {PLAIN(INT4), VALUE_NUMBER, false, "1.50e1", "0000000f", "15"},
    {PLAIN(INT4), VALUE_NUMBER, false, "1.5", NULL, "no integer"},
    {PLAIN(INT4), VALUE_NUMBER, false, "-1", "ffffffff", "-1"},
    {PLAIN(INT4), VALUE_NUMBER, false, "2147483648", NULL, "out of range"},
    {PLAIN(INT4), VALUE_TEXT, false, "0042", "0000002a", "42"},
    {PLAIN(INT4), VALUE_TEXT, true, "42 ", NULL, "no number"},
    {PLAIN(INT4), VALUE_TEXT, true, "", NULL, "no number"},
    {PLAIN(INT4), VALUE_BOOL, false, "true", NULL, "no number"},
    {PLAIN(INT4), VALUE_JSON, false, "[1]", NULL, "no number"},
    {PLAIN(INT8), VALUE_NUMBER, false, "9223372036854775807", "7fffffffffffffff",
     "9223372036854775807"},
    {PLAIN(INT8), VALUE_NUMBER, false, "-9223372036854775808", "8000000000000000",
     "-9223372036854775808"},
    {PLAIN(INT8), VALUE_NUMBER, false, "9223372036854775808", NULL, "out of range"},

    {PLAIN(FLOAT8), VALUE_NUMBER, false, "0.1", "3fb999999999999a", "0.1"},
    {PLAIN(FLOAT8), VALUE_NUMBER, false, "-0", "8000000000000000", "-0"},
    {PLAIN(FLOAT8), VALUE_NUMBER, false, "1e309", NULL, "too large"},
    {PLAIN(FLOAT8), VALUE_NUMBER, false, "1e-400", NULL, "too near to zero"},
    {PLAIN(FLOAT8), VALUE_TEXT, true, "NaN", NULL, "no number"},
    {PLAIN(FLOAT4), VALUE_NUMBER, false, "0.1", "3dcccccd", "0.1"},
    {PLAIN(FLOAT4), VALUE_NUMBER, false, "3.5e38", NULL, "too large"},

    {PLAIN(NUMERIC), VALUE_NUMBER, false, "-1.50",
     "0002000040000002"
     "00011388",
     "-1.50"},
    {PLAIN(NUMERIC), VALUE_TEXT, true, "1e131072", NULL, "more digits than PostgreSQL keeps"},
    {COLUMN(NUMERIC, .precision = 5, .scale = 2), VALUE_NUMBER, false, "1.005", NULL,
     "after the point than the column's scale"},
    {COLUMN(NUMERIC, .precision = 5, .scale = 2), VALUE_NUMBER, false, "1000", NULL,
     "before the point than the column's precision"},
    {COLUMN(NUMERIC, .precision = 5, .scale = 2), VALUE_NUMBER, false, "999.990",
     "0002000000000003"
     "03e726ac",
     "999.990"},

    {PLAIN(TEXT), VALUE_TEXT, false, "a\tb\\c\nd\re\bf\fg\vh",
     "610962"
     "5c630a64"
     "0d6508660c670b68",
     "a\\tb\\\\c\\nd\\re\\bf\\fg\\vh"},
    {PLAIN(TEXT), VALUE_TEXT, true, "", "", ""},
    {PLAIN(TEXT), VALUE_TEXT, true, "\\N", "5c4e", "\\\\N"},
    {PLAIN(TEXT), VALUE_TEXT, true, "\\.", "5c2e", "\\\\."},
    {PLAIN(TEXT), VALUE_NUMBER, false, "1.50", "312e3530", "1.50"},
    {PLAIN(TEXT), VALUE_BOOL, false, "true", "74727565", "true"},
    {PLAIN(TEXT), VALUE_JSON, false, "{\"a\": 1}", "7b2261223a20317d", "{\"a\": 1}"},
    {COLUMN(TEXT, .max_chars = 2), VALUE_TEXT, false, "\xc3\xa9\xe2\x82\xac", "c3a9e282ac",
     "\xc3\xa9\xe2\x82\xac"},
    {COLUMN(TEXT, .max_chars = 2), VALUE_TEXT, false, "\xc3\xa9\xe2\x82\xac.", NULL,
     "more characters"},
    {COLUMN(TEXT, .max_chars = 2), VALUE_TEXT, false, "ab ", NULL, "more characters"},

    {PLAIN(UUID), VALUE_TEXT, false, "00112233-4455-6677-8899-AABBccddeeff",
     "00112233445566778899aabbccddeeff", "00112233-4455-6677-8899-AABBccddeeff"},
    {PLAIN(UUID), VALUE_TEXT, false, "00112233445566778899aabbccddeeff", NULL, "no UUID"},
    {PLAIN(UUID), VALUE_TEXT, false, "{0112233-4455-6677-8899-aabbccddeef}", NULL, "no UUID"},
    {PLAIN(UUID), VALUE_TEXT, false, "00112233-4455-6677-8899-aabbccddeefg", NULL, "no UUID"},
    {PLAIN(UUID), VALUE_TEXT, false, "00112233+4455-6677-8899-aabbccddeeff", NULL, "no UUID"},
    {PLAIN(UUID), VALUE_NUMBER, false, "1", NULL, "no UUID"},

    {PLAIN(DATE), VALUE_TEXT, false, "2026-03-01", "00002554", "2026-03-01"},
    {PLAIN(DATE), VALUE_TEXT, false, "1999-12-31", "ffffffff", "1999-12-31"},
    {PLAIN(DATE), VALUE_TEXT, true, "-infinity", "80000000", "-infinity"},
    {PLAIN(DATE), VALUE_TEXT, false, "2026-02-29", NULL, "no such day"},
    {PLAIN(DATE), VALUE_NUMBER, false, "20260301", NULL, "no date"},
    {PLAIN(TIMESTAMP), VALUE_TEXT, false, "2000-01-01T00:00:01", "00000000000f4240",
     "2000-01-01T00:00:01"},
    {PLAIN(TIMESTAMP), VALUE_TEXT, false, "2000-01-01T00:00:01Z", NULL, "offset"},
    {PLAIN(TIMESTAMPTZ), VALUE_TEXT, false, "2000-01-01T01:00:00+01:00", "0000000000000000",
     "2000-01-01T01:00:00+01:00"},
    {PLAIN(TIMESTAMPTZ), VALUE_TEXT, false, "2000-01-01T00:00:00", NULL, "no offset from UTC"},
    {PLAIN(TIMESTAMPTZ), VALUE_TEXT, true, "infinity", "7fffffffffffffff", "infinity"},
    {COLUMN(TIMESTAMPTZ, .lost_digits = 6), VALUE_TEXT, true, "infinity", "7fffffffffffffff",
     "infinity"},
    {COLUMN(TIMESTAMPTZ, .lost_digits = 3), VALUE_TEXT, false, "2000-01-01T00:00:00.123000Z",
     "000000000001e078", "2000-01-01T00:00:00.123000Z"},
    {COLUMN(TIMESTAMPTZ, .lost_digits = 3), VALUE_TEXT, false, "2000-01-01T00:00:00.1234Z", NULL,
     "finer than what the column keeps"},
    {PLAIN(TIMESTAMPTZ), VALUE_NUMBER, false, "946684800", NULL, "which stands in text"},
    {PLAIN(TIME), VALUE_TEXT, false, "24:00:00", "000000141dd76000", "24:00:00"},
    {COLUMN(TIME, .lost_digits = 6), VALUE_TEXT, false, "12:00:00.5", NULL,
     "finer than what the column keeps"},

    {PLAIN(JSON), VALUE_TEXT, false, "a\"b\\\n\x01\x7f\xc3\xa9",
     "22615c22625c5c5c75303030615c75303030317fc3a922",
     "\"a\\\\\"b\\\\\\\\\\\\u000a\\\\u0001\x7f\xc3\xa9\""},
    {PLAIN(JSON), VALUE_NUMBER, false, "1e999999", "3165393939393939", "1e999999"},
    {PLAIN(JSON), VALUE_JSON, false, "{\"a\":\n[1]}", "7b2261223a0a5b315d7d", "{\"a\":\\n[1]}"},
    {PLAIN(JSON), VALUE_TEXT, true, " [1] ", "205b315d20", " [1] "},
    {PLAIN(JSON), VALUE_TEXT, true, "word", NULL, "no JSON"},
    {PLAIN(JSONB), VALUE_TEXT, false, "x", "01227822", "\"x\""},
    {PLAIN(JSONB), VALUE_BOOL, false, "true", "0174727565", "true"},
    {PLAIN(JSONB), VALUE_NUMBER, false, "1.50", "01312e3530", "1.50"},
    {PLAIN(JSONB), VALUE_NUMBER, false, "1e999999", NULL, "more digits than PostgreSQL keeps"},
    {PLAIN(JSONB), VALUE_JSON, false, "[\"\\u0000\"]", NULL, "U+0000"},
    {PLAIN(JSONB), VALUE_TEXT, true, "{\"a\":1,\"a\":2}", NULL, "a member twice"},

    {PLAIN(BYTEA), VALUE_TEXT, false, "\\x00fFA0", "00ffa0", "\\\\x00fFA0"},
    {PLAIN(BYTEA), VALUE_TEXT, false, "\\x", "", "\\\\x"},
    {PLAIN(BYTEA), VALUE_TEXT, false, "\\x0", NULL, "hexadecimal"},
    {PLAIN(BYTEA), VALUE_TEXT, false, "00ff", NULL, "hexadecimal"},
    {PLAIN(BYTEA), VALUE_TEXT, false, "\\x0g", NULL, "hexadecimal"},
    {PLAIN(BYTEA), VALUE_NUMBER, false, "1", NULL, "hexadecimal"},

    {PLAIN(GEOMETRY), VALUE_TEXT, false, "POINT(1 2)", NULL, "no geometry"},
    {PLAIN(GEOMETRY), VALUE_JSON, false, "{}", NULL, "no geometry"},
};

static const struct conversion_case text_only[] = {
    {PLAIN(OTHER), VALUE_TEXT, false, "{1,\"a\\b\"}", "", "{1,\"a\\\\b\"}"},
    {PLAIN(OTHER), VALUE_NUMBER, false, "1.50", "", "1.50"},
    {PLAIN(OTHER), VALUE_BOOL, false, "true", "", "true"},
    {PLAIN(OTHER), VALUE_JSON, false, "[1]", "", "[1]"},
    {COLUMN(OTHER, .takes_geometry = true), VALUE_TEXT, false, "x", NULL, "no geometry"},
};

/* Geometries in hexadecimal: byte order, type with flags, SRID 4326 (e6100000), body. */
#define HEAD(flags, type) "01" type "0000" flags "e6100000"
#define POINT_BODY "000000000000f03f0000000000000040"
#define POINT_BODY_Z POINT_BODY "0000000000000840"
#define POINT HEAD("20", "01") POINT_BODY
#define POINT_Z HEAD("a0", "01") POINT_BODY_Z
#define POINT_M HEAD("60", "01") POINT_BODY_Z
#define LINE HEAD("20", "02") "02000000" POINT_BODY POINT_BODY
#define MULTI_POINT                                                                                \
    HEAD("20", "04")                                                                               \
    "01000000"                                                                                     \
    "0101000000" POINT_BODY
#define NAN_BODY "000000000000f87f"
#define POLYGON HEAD("20", "03") "00000000"
#define COLLECTION HEAD("20", "07") "00000000"

#define GEOMETRY(t, s, ...) COLUMN(GEOMETRY, .geometry_type = (t), .srid = (s), __VA_ARGS__)

static const struct {
    struct column column;
    const char *given, *taken; /* taken NULL: refused with why */
    const char *why;
} geometries[] = {
    {GEOMETRY(0, 0, .any_dims = true), POINT, POINT, ""},
    {GEOMETRY(0, 0, .any_dims = true), POINT_Z, POINT_Z, ""},
    {GEOMETRY(0, 0, .any_dims = true), COLLECTION, COLLECTION, ""},
    {GEOMETRY(0, 4326, .has_z = false), LINE, LINE, ""},
    {GEOMETRY(0, 4326, .has_z = false), POINT_Z, NULL, "has Z values, and the column has none"},
    {GEOMETRY(0, 4326, .has_z = false), POINT_M, NULL, "has M values, and the column has none"},
    {GEOMETRY(0, 4326, .has_z = true), POINT_Z, POINT_Z, ""},
    {GEOMETRY(0, 4326, .has_z = true), POINT, NULL, "no Z values, and the column wants them"},
    {GEOMETRY(0, 4326, .has_m = true), POINT_M, POINT_M, ""},
    {GEOMETRY(0, 4326, .has_m = true), POINT, NULL, "no M values, and the column wants them"},
    {GEOMETRY(0, 4326, .has_m = true), POINT_Z, NULL, "has Z values"},
    {GEOMETRY(1, 4326, .has_z = false), POINT, POINT, ""},
    {GEOMETRY(1, 4326, .has_z = false), LINE, NULL, "another type"},
    {GEOMETRY(1, 4326, .has_z = false), MULTI_POINT, NULL, "another type"},
    {GEOMETRY(1, 5070, .has_z = false), POINT, NULL, "another SRID"},
    {GEOMETRY(4, 4326, .has_z = false), MULTI_POINT, MULTI_POINT, ""},
    {GEOMETRY(4, 4326, .has_z = false), POINT, MULTI_POINT, ""},
    {GEOMETRY(4, 4326, .has_z = true), POINT_Z,
     HEAD("a0", "04") "01000000"
                      "0101000080" POINT_BODY_Z,
     ""},
    {GEOMETRY(4, 4326, .has_m = true), POINT_M,
     HEAD("60", "04") "01000000"
                      "0101000040" POINT_BODY_Z,
     ""},
    {GEOMETRY(4, 4326, .has_z = false), LINE, NULL, "another type"},
    {GEOMETRY(6, 0, .has_z = false), POLYGON, HEAD("20", "06") "00000000", ""},
    {GEOMETRY(4, 4326, .has_z = false), HEAD("20", "01") NAN_BODY NAN_BODY,
     HEAD("20", "04") "00000000", ""},
    {GEOMETRY(1, 4326, .has_z = false), HEAD("20", "01") NAN_BODY NAN_BODY,
     HEAD("20", "01") NAN_BODY NAN_BODY, ""},
    {GEOMETRY(5, 4326, .has_z = false), HEAD("20", "02") "00000000", HEAD("20", "05") "00000000",
     ""},
    {GEOMETRY(7, 4326, .has_z = false), COLLECTION, COLLECTION, ""},
    {GEOMETRY(7, 4326, .has_z = false), MULTI_POINT, MULTI_POINT, ""},
    {GEOMETRY(7, 4326, .has_z = false), POINT, NULL, "another type"},
    {GEOMETRY(8, 4326, .has_z = false), POINT, NULL, "another type"},
};

static const struct {
    const char *text;
    bool is_json, is_jsonb;
} texts[] = {
    {"{}", true, true},
    {"[]", true, true},
    {" null\t", true, true},
    {"\"\"", true, true},
    {"-0", true, true},
    {"0.10e+5", true, true},
    {"[1, 2,3 ]", true, true},
    {"{\"a\" : {\"a\":1}, \"b\":[{\"a\":1},{\"a\":2}]}", true, true},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"", true, true},
    {"\"\\u0000\"", true, false},
    {"1e131072", true, false},
    {"1e131071", true, true},
    {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
     "]]]]]]]"
     "]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
     true, true},
    {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
     "]]]]]]]]"
     "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
     false, false},
    {"", false, false},
    {" ", false, false},
    {"{", false, false},
    {"[1,]", false, false},
    {"{\"a\":1,}", false, false},
    {"{a:1}", false, false},
    {"{\"a\"}", false, false},
    {"{\"a\":}", false, false},
    {"[1 2]", false, false},
    {"1 2", false, false},
    {"01", false, false},
    {"+1", false, false},
    {".5", false, false},
    {"5.", false, false},
    {"1e", false, false},
    {"-", false, false},
    {"NaN", false, false},
    {"nul", false, false},
    {"True", false, false},
    {"\"", false, false},
    {"\"\\x\"", false, false},
    {"\"\\u12\"", false, false},
    {"\"\\u12g4\"", false, false},
    {"\"\\ud800\"", false, false},
    {"\"\\ud800\\u0041\"", false, false},
    {"\"\\udc00\"", false, false},
    {"\"a\nb\"", false, false},
    {"{\"a\":1,\"\\u0061\":2}", false, false},
    {"{\"\":1,\"\":2}", false, false},
    {"[{\"x\":{\"a\":1,\"b\":2,\"c\":3,\"b\":4}}]", false, false},
    {"'a'", false, false},
    {"[1]]", false, false},
    {"// x\n1", false, false},
};

static struct bytes unhex(const char *hex)
{
    size_t n = strlen(hex) / 2;
    uint8_t *b = arena_alloc(&arena, n + 1);
    if (hex_decode(hex, n, b) != 0) {
        return bytes_of("?", 1);
    }
    return bytes_of((const char *)b, n);
}

static const char *hex_of(struct bytes b)
{
    char *text = arena_alloc(&arena, 2 * b.n + 1);
    hex_encode((const uint8_t *)b.p, b.n, text);
    return text;
}

/* On one line. */
static const char *shown(const char *text)
{
    struct buf b = {0};
    text_safe(&b, bytes_str(text));
    const char *copy = arena_strdup(&arena, buf_str(&b));
    buf_release(&b);
    return copy;
}

static struct value value(enum value_kind kind, struct bytes text)
{
    return (struct value){.kind = kind, .text = text, .offset = 70};
}

/* One row of one column; NULL with e if it is refused. */
static const char *row(const struct column *c, struct value v, bool is_csv, bool is_binary)
{
    struct column_value from = {.wanted = 0};
    struct copy_writer w = {.column = c, .from = &from, .n = 1};
    struct record r = {&v, 3, 60};
    const char *text = NULL;
    w.is_csv = is_csv;
    w.is_binary = is_binary;
    e = (struct err){0};
    if (copy_row(&w, &source, &r, &e) == 0) {
        text = is_binary ? hex_of(buf_bytes(&w.out)) : arena_strdup(&arena, buf_str(&w.out));
    } else if (w.out.n != 0) {
        text = "something of the row is left";
    }
    copy_release(&w);
    return text;
}

static const char *binary_row(const char *field)
{
    return arena_printf(&arena, "0001%08zx%s", strlen(field) / 2, field);
}

static bool is_refusal(const char *why, const char *secret)
{
    bool leaks = strlen(secret) > 4 && strstr(e.msg, secret) != NULL;
    return e.code == ERR_CONFIG && strstr(e.msg, why) != NULL && !leaks &&
           strncmp(e.msg, "byte 70, record 3, \"c\": ", 24) == 0 &&
           strcmp(e.where.path, "rows") == 0 && e.hint[0] != '\0';
}

static void test_case(const struct conversion_case *t, bool is_binary)
{
    struct value v = value(t->kind, bytes_str(t->text));
    const char *got = row(&t->column, v, t->is_csv, is_binary);
    if (t->binary == NULL) {
        if (!ok(got == NULL && is_refusal(t->other, t->text), shown(t->text))) {
            printf("# %s: %s\n", got == NULL ? "" : got, e.msg);
        }
    } else {
        is_str(got, is_binary ? binary_row(t->binary) : arena_printf(&arena, "%s\n", t->other),
               shown(t->text));
    }
}

static void test_geometries(void)
{
    for (int i = 0; i < COUNT(geometries); i++) {
        const char *taken = geometries[i].taken;
        struct value v = value(VALUE_GEOMETRY, unhex(geometries[i].given));
        const char *binary = row(&geometries[i].column, v, false, true);
        if (taken != NULL) {
            is_str(binary, binary_row(taken), geometries[i].given);
        } else {
            ok(binary == NULL && is_refusal(geometries[i].why, "000000"), geometries[i].why);
        }
        struct column other = geometries[i].column;
        other.kind = i % 2 == 0 ? COLUMN_OTHER : COLUMN_GEOMETRY;
        other.takes_geometry = true;
        is_str(row(&other, v, false, false),
               taken == NULL ? NULL : arena_printf(&arena, "%s\n", taken), "in a line");
    }
}

static void test_nulls(void)
{
    static const struct column may = PLAIN(INT4);
    static const struct column must = COLUMN(INT4, .not_null = true);
    struct value null = value(VALUE_NULL, bytes_of(NULL, 0));
    struct value absent = value(VALUE_ABSENT, bytes_of(NULL, 0));
    is_str(row(&may, null, false, true), "0001ffffffff", "NULL");
    is_str(row(&may, absent, false, true), "0001ffffffff", "a missing member is NULL");
    is_str(row(&may, null, false, false), "\\N\n", "NULL in a line");
    ok(row(&must, null, false, true) == NULL && is_refusal("NOT NULL", "null"), "NULL is refused");
    ok(row(&must, absent, true, false) == NULL && strstr(e.msg, "byte 60, record 3") != NULL,
       "a missing member too, at its record");
    ok(row(&may, value(VALUE_TEXT, bytes_of("1\0", 2)), false, true) == NULL, "a NUL in a number");
    ok(row(&(struct column)PLAIN(TEXT), value(VALUE_TEXT, bytes_of("a\0b", 3)), false, true) ==
               NULL &&
           is_refusal("U+0000", "a\0b"),
       "a NUL in text");
    ok(row(&(struct column)PLAIN(OTHER), value(VALUE_TEXT, bytes_of("a\0b", 3)), false, false) ==
           NULL,
       "a NUL in another type's text");
    ok(row(&(struct column)PLAIN(JSONB), value(VALUE_TEXT, bytes_of("a\0b", 3)), false, true) ==
           NULL,
       "a NUL in jsonb");
    is_str(row(&(struct column)PLAIN(JSON), value(VALUE_TEXT, bytes_of("\0", 1)), false, false),
           "\"\\\\u0000\"\n", "but json can tell it");
    ok(row(&(struct column)PLAIN(TEXT), value(VALUE_GEOMETRY, unhex(POINT)), false, true) == NULL,
       "a geometry is no text");
    ok(row(&(struct column)PLAIN(JSONB), value(VALUE_GEOMETRY, unhex(POINT)), false, true) == NULL,
       "and no JSON");
}

/* Several columns, constants, frames; a bad row between good ones leaves nothing. */
static void test_rows(bool is_binary, const char *want)
{
    const struct column columns[] = {{.name = "id", .kind = COLUMN_INT4, .not_null = true},
                                     {.name = "version", .kind = COLUMN_TEXT},
                                     {.name = "flag", .kind = COLUMN_BOOL},
                                     {.name = "nothing", .kind = COLUMN_DATE},
                                     {.name = "label", .kind = COLUMN_TEXT}};
    const struct column_value from[] = {{.wanted = 1},
                                        {.is_constant = true, .constant = "2026-02.ab\t"},
                                        {.is_constant = true, .constant = "yes"},
                                        {.is_constant = true},
                                        {.wanted = 0}};
    struct copy_writer w = {.column = columns, .from = from, .n = 5, .is_binary = is_binary};
    struct value v[] = {value(VALUE_TEXT, bytes_str("x")), value(VALUE_NUMBER, bytes_str("7"))};
    struct record r = {v, 1, 0};
    copy_begin(&w);
    is_int(copy_row(&w, &source, &r, &e), 0, "a row of five columns");
    v[1] = value(VALUE_NUMBER, bytes_str("canary"));
    is_int(copy_row(&w, &source, &r, &e), -1, "a row that fails");
    ok(strstr(e.msg, "\"id\"") != NULL && strstr(e.msg, "canary") == NULL, "names its column");
    v[1] = value(VALUE_NUMBER, bytes_str("8"));
    v[0] = value(VALUE_NULL, bytes_of(NULL, 0));
    is_int(copy_row(&w, &source, &r, &e), 0, "and one more");
    copy_end(&w);
    is_str(is_binary ? hex_of(buf_bytes(&w.out)) : buf_str(&w.out), want, "all of it");
    copy_release(&w);
}

static void test_constants(void)
{
    static const struct {
        struct column column;
        const char *text;
        const char *why;
    } constants[] = {
        {PLAIN(INT4), "12", NULL},
        {PLAIN(INT4), "x", "column \"c\": this is no number"},
        {PLAIN(INT4), NULL, NULL},
        {COLUMN(INT4, .not_null = true), NULL, "column \"c\": this is NULL"},
        {PLAIN(BOOL), "yes", NULL},
        {PLAIN(JSONB), "{\"a\": 1}", NULL},
        {PLAIN(JSONB), "a", "no JSON"},
        {PLAIN(TIMESTAMPTZ), "2026-01-01T00:00:00", "no offset"},
        {COLUMN(TEXT, .max_chars = 3), "abcd", "more characters"},
        {PLAIN(OTHER), "anything", NULL},
        {PLAIN(GEOMETRY), "POINT(1 2)", "no geometry"},
        {PLAIN(GEOMETRY), NULL, NULL},
    };
    for (int i = 0; i < COUNT(constants); i++) {
        e = (struct err){0};
        int rc = column_check_constant(&constants[i].column, constants[i].text, &e);
        ok(constants[i].why == NULL
               ? rc == 0
               : rc == -1 && e.code == ERR_CONFIG && strstr(e.msg, constants[i].why) != NULL,
           constants[i].text == NULL ? "NULL" : constants[i].text);
    }
    is_int(row(&(struct column){.name = "c", .type = "numeric(5,2)", .kind = COLUMN_NUMERIC},
               value(VALUE_TEXT, bytes_str("x")), true, true) == NULL,
           1, "the type's own name");
    is_str(e.hint, "the column's type is numeric(5,2)", "stands in the hint");
}

static void test_kinds(void)
{
    static const char *const names[] = {"bool",      "int2",        "int4", "int8", "float4",
                                        "float8",    "numeric",     "text", "uuid", "date",
                                        "timestamp", "timestamptz", "time", "json", "jsonb",
                                        "bytea",     "geometry"};
    for (int i = 0; i < COUNT(names); i++) {
        is_int(column_kind_of(names[i]), i, names[i]);
    }
    is_int(column_kind_of("varchar"), COLUMN_TEXT, "varchar");
    is_int(column_kind_of("bpchar"), COLUMN_TEXT, "bpchar");
    static const char *const others[] = {"_int4", "name", "geography", "timetz", "interval", ""};
    for (int i = 0; i < COUNT(others); i++) {
        is_int(column_kind_of(others[i]), COLUMN_OTHER, others[i]);
    }
}

static bool open_source(char dir[static 32])
{
    (void)snprintf(dir, 32, "/tmp/kfmig-unit-XXXXXX");
    int fd = mkdtemp(dir) == NULL ? -1 : open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = fd >= 0 && file_write(fd, "rows", bytes_str("x"), 0600, &e) == 0 &&
                source_open(&source, fd, "rows", &e) == 0;
    if (fd >= 0) {
        (void)unlinkat(fd, "rows", 0);
        (void)close(fd);
    }
    (void)rmdir(dir);
    return done;
}

int main(void)
{
    char dir[32];
    tap_plan(1 + 2 * COUNT(cases) + COUNT(text_only) + 2 * COUNT(geometries) + 2 * COUNT(texts) +
             12 + 2 * 5 + 14 + 25);
    ok(open_source(dir), "an artifact to stand for all");
    for (int i = 0; i < COUNT(cases); i++) {
        test_case(&cases[i], true);
        test_case(&cases[i], false);
    }
    for (int i = 0; i < COUNT(text_only); i++) {
        test_case(&text_only[i], false);
    }
    test_geometries();
    for (int i = 0; i < COUNT(texts); i++) {
        const char *why = NULL;
        is_int(json_check(bytes_str(texts[i].text), false, &why) == 0, texts[i].is_json,
               shown(texts[i].text));
        is_int(json_check(bytes_str(texts[i].text), true, &why) == 0, texts[i].is_jsonb,
               "as jsonb");
    }
    test_nulls();
    test_rows(true, "5047434f50590aff0d0a000000000000000000"
                    "0005"
                    "00000004"
                    "00000007"
                    "0000000b"
                    "323032362d30322e616209"
                    "00000001"
                    "01"
                    "ffffffff"
                    "00000001"
                    "78"
                    "0005"
                    "00000004"
                    "00000008"
                    "0000000b"
                    "323032362d30322e616209"
                    "00000001"
                    "01"
                    "ffffffff"
                    "ffffffff"
                    "ffff");
    test_rows(false, "7\t2026-02.ab\\t\tt\t\\N\tx\n8\t2026-02.ab\\t\tt\t\\N\t\\N\n");
    test_constants();
    test_kinds();
    source_close(&source);
    arena_release(&arena);
    return tap_done();
}
