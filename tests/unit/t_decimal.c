/* layer: data */
/* Numbers as written: what is one, which integers, nearest floats, numeric's binary form digit for digit. */
#include "data/decimal.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/digest.h"
#include "tap.h"

#define COUNT(v) ((int)(sizeof(v) / sizeof *(v)))

static const char *why;

static const char *const no_numbers[] = {
    "",      " 1",  "1 ",    "+",        "-",        ".",   "e5",  "1e",   "1e+",
    "1.2.3", "--1", "0x1",   "1_0",      "infinity", "NaN", "1,5", "1e5.", "1 0",
    "1-",    ".e1", "1e1e1", "\xd9\xa1", "nan",      "inf", "1d",  "1f",   "1e 5",
};

static const struct {
    const char *text;
    int64_t value;
    bool is_integer;
} integers[] = {
    {"0", 0, true},
    {"-0", 0, true},
    {"0e99999999999999999999", 0, true},
    {"0.000", 0, true},
    {"00012", 12, true},
    {"+7", 7, true},
    {"-7.000", -7, true},
    {"1.50e1", 15, true},
    {"15e-1", 0, false},
    {"150e-1", 15, true},
    {"1e3", 1000, true},
    {"0.001e3", 1, true},
    {"0.0015e3", 0, false},
    {"5.", 5, true},
    {".5", 0, false},
    {".5e1", 5, true},
    {"10203040506070809", 10203040506070809, true},
    {"100000000000000000", 100000000000000000, true},
    {"9223372036854775807", INT64_MAX, true},
    {"9223372036854775808", 0, false},
    {"-9223372036854775808", INT64_MIN, true},
    {"-9223372036854775809", 0, false},
    {"9223372036854775807.0", INT64_MAX, true},
    {"9223372036854775807.1", 0, false},
    {"92233720368547758070e-1", INT64_MAX, true},
    {"18446744073709551616", 0, false},
    {"1e18", 1000000000000000000, true},
    {"1e19", 0, false},
    {"1e999999999", 0, false},
    {"1e-999999999999999999999", 0, false},
    {"12.340e2", 1234, true},
};

static const struct {
    const char *text;
    int64_t min, max;
    bool fits;
} ranges[] = {
    {"32767", INT16_MIN, INT16_MAX, true},
    {"32768", INT16_MIN, INT16_MAX, false},
    {"-32768", INT16_MIN, INT16_MAX, true},
    {"-32769", INT16_MIN, INT16_MAX, false},
    {"2147483647", INT32_MIN, INT32_MAX, true},
    {"2147483648", INT32_MIN, INT32_MAX, false},
    {"-2147483648", INT32_MIN, INT32_MAX, true},
    {"-2147483649", INT32_MIN, INT32_MAX, false},
    {"5", 0, 3, false},
};

/* Halfway cases, limits, and what the fast path must leave alone. */
static const struct {
    const char *text;
    double value;
} doubles[] = {
    {"0", 0},
    {"1", 1},
    {"-1.5", -1.5},
    {"0.1", 0x1.999999999999ap-4},
    {"0.3", 0x1.3333333333333p-2},
    {"123456789012345e22", 123456789012345e22},
    {"123456789012345e23", 123456789012345e23},
    {"1e22", 1e22},
    {"1e23", 0x1.52d02c7e14af6p+76},
    {"1e-22", 1e-22},
    {"9007199254740993", 0x1p53},
    {"9007199254740993.0000000000000000000000001", 0x1.0000000000001p53},
    {"9007199254740995", 0x1.0000000000002p53},
    {"1.7976931348623157e308", 0x1.fffffffffffffp1023},
    {"1.7976931348623158e308", 0x1.fffffffffffffp1023},
    {"2.2250738585072011e-308", 0x0.fffffffffffffp-1022},
    {"2.2250738585072014e-308", 0x1p-1022},
    {"4.9406564584124654e-324", 0x1p-1074},
    {"2.4703282292062328e-324", 0x1p-1074},
    {"-97.123456789", -97.123456789},
    {"+.5e1", 5},
};

static const char *const not_finite[] = {
    "1.7976931348623159e308", "1e309", "-1e400", "2.47e-324", "1e-99999", "-1e-400"};

static const struct {
    const char *text;
    bool fits;
    float value;
} floats[] = {
    {"0.1", true, 0x1.99999ap-4F},
    {"3.4028234e38", true, 0x1.fffffep127F},
    {"3.4028235677973367e38", false, 0},
    {"-3.5e38", false, 0},
    {"1.4e-45", true, 0x1p-149F},
    {"1e-46", false, 0},
    /* Rounding to double first would give another float. */
    {"1.00000017881393432617187499", true, 0x1.000002p0F},
    {"1.00000017881393421514957253748434595763683319091796875001", true, 0x1.000002p0F},
    {"16777217", true, 0x1p24F},
};

/* bytes: digits, weight, sign, scale of display, then the digits. NULL: refused. */
static const struct {
    const char *text;
    int precision, scale;
    const char *bytes;
} numerics[] = {
    {"0", 0, 0, "0000 0000 0000 0000"},
    {"-0", 0, 0, "0000 0000 0000 0000"},
    {"0.00", 0, 0, "0000 0000 0000 0002"},
    {"1", 0, 0, "0001 0000 0000 0000 0001"},
    {"-1", 0, 0, "0001 0000 4000 0000 0001"},
    {"10000", 0, 0, "0001 0001 0000 0000 0001"},
    {"12345.6789", 0, 0, "0003 0001 0000 0004 0001 0929 1a85"},
    {"0.0001", 0, 0, "0001 ffff 0000 0004 0001"},
    {"0.00001", 0, 0, "0001 fffe 0000 0005 03e8"},
    {"0.1", 0, 0, "0001 ffff 0000 0001 03e8"},
    {"1.50", 0, 0, "0002 0000 0000 0002 0001 1388"},
    {"1.50e1", 0, 0, "0001 0000 0000 0001 000f"},
    {"1.5e3", 0, 0, "0001 0000 0000 0000 05dc"},
    {"1.5e-3", 0, 0, "0001 ffff 0000 0004 000f"},
    {"1e8", 0, 0, "0001 0002 0000 0000 0001"},
    {"10002", 0, 0, "0002 0001 0000 0000 0001 0002"},
    {"100000002", 0, 0, "0003 0002 0000 0000 0001 0000 0002"},
    {"1e131071", 0, 0, "0001 7fff 0000 0000 03e8"},
    {"1e131072", 0, 0, NULL},
    {"1e-16383", 0, 0, "0001 f000 0000 3fff 000a"},
    {"1e-16384", 0, 0, NULL},
    {"0e-16384", 0, 0, NULL},
    {"999.99", 5, 2, "0002 0000 0000 0002 03e7 26ac"},
    {"1000", 5, 2, NULL},
    {"1000.00", 5, 2, NULL},
    {"99.999", 5, 2, NULL},
    {"99.990", 5, 2, "0002 0000 0000 0003 0063 26ac"},
    {"0.001", 5, 2, NULL},
    {"0.000", 5, 2, "0000 0000 0000 0003"},
    {"12000", 2, -3, "0002 0001 0000 0000 0001 07d0"},
    {"12500", 2, -3, NULL},
    {"99000", 2, -3, "0002 0001 0000 0000 0009 2328"},
    {"100000", 2, -3, NULL},
    {"0.00012", 2, 5, "0002 ffff 0000 0005 0001 07d0"},
    {"0.001", 2, 5, NULL},
    {"0", 2, 5, "0000 0000 0000 0000"},
};

static const char *numeric_text(const char *text, int precision, int scale, struct buf *hex)
{
    struct decimal d;
    struct buf out = {0};
    buf_clear(hex);
    if (decimal_parse(bytes_str(text), &d, &why) != 0 ||
        decimal_numeric(&d, precision, scale, &out, &why) != 0) {
        buf_release(&out);
        return NULL;
    }
    for (size_t i = 0; i < out.n; i++) {
        buf_printf(hex, "%s%02x", i > 0 && i % 2 == 0 ? " " : "",
                   (unsigned)(unsigned char)out.p[i]);
    }
    buf_release(&out);
    return buf_str(hex);
}

static void test_integers(void)
{
    struct decimal d;
    int64_t x = 0;
    for (int i = 0; i < COUNT(integers); i++) {
        x = 0;
        int rc = decimal_parse(bytes_str(integers[i].text), &d, &why);
        rc = rc != 0 ? -2 : decimal_int(&d, INT64_MIN, INT64_MAX, &x, &why);
        ok(rc == (integers[i].is_integer ? 0 : -1) && x == integers[i].value, integers[i].text);
    }
    for (int i = 0; i < COUNT(ranges); i++) {
        int rc = decimal_parse(bytes_str(ranges[i].text), &d, &why);
        rc = rc != 0 ? -2 : decimal_int(&d, ranges[i].min, ranges[i].max, &x, &why);
        is_int(rc, ranges[i].fits ? 0 : -1, ranges[i].text);
    }
    ok(decimal_parse(bytes_str("1.5"), &d, &why) == 0 &&
           decimal_int(&d, INT64_MIN, INT64_MAX, &x, &why) != 0 &&
           strstr(why, "no integer") != NULL,
       "a fraction is no integer");
    ok(decimal_parse(bytes_str("70000"), &d, &why) == 0 &&
           decimal_int(&d, INT16_MIN, INT16_MAX, &x, &why) != 0 &&
           strstr(why, "out of range") != NULL,
       "a large one is out of range");
}

static void test_floats(void)
{
    struct decimal d;
    double x = 0;
    float f = 0;
    for (int i = 0; i < COUNT(doubles); i++) {
        int rc = decimal_parse(bytes_str(doubles[i].text), &d, &why);
        rc = rc != 0 ? rc : decimal_double(&d, &x, &why);
        ok(rc == 0 && memcmp(&x, &doubles[i].value, sizeof x) == 0, doubles[i].text);
    }
    for (int i = 0; i < COUNT(not_finite); i++) {
        int rc = decimal_parse(bytes_str(not_finite[i]), &d, &why);
        is_int(rc != 0 ? 1 : decimal_double(&d, &x, &why), -1, not_finite[i]);
    }
    for (int i = 0; i < COUNT(floats); i++) {
        int rc = decimal_parse(bytes_str(floats[i].text), &d, &why);
        rc = rc != 0 ? 1 : decimal_float(&d, &f, &why);
        ok(rc == (floats[i].fits ? 0 : -1) &&
               (rc != 0 || memcmp(&f, &floats[i].value, sizeof f) == 0),
           floats[i].text);
    }
    ok(decimal_parse(bytes_str("-0.0"), &d, &why) == 0 && decimal_double(&d, &x, &why) == 0 &&
           x == 0 && signbit(x),
       "a negative zero keeps its sign");
}

/* Both ways to a double, on both sides of the fast one's limits. */
static void test_paths(void)
{
    int wrong = 0;
    uint64_t seed = tap_seed();
    for (int i = 0; i < 20000; i++) {
        char text[64];
        struct decimal d;
        double x = 0;
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (void)snprintf(text, sizeof text, "%s%llu.%06llue%d", i % 3 == 0 ? "-" : "",
                       (unsigned long long)(seed % 10000000000U),
                       (unsigned long long)(seed >> 32 & 0xFFFF), (int)(seed >> 50 & 0x3F) - 32);
        bool same = decimal_parse(bytes_str(text), &d, &why) == 0 &&
                    decimal_double(&d, &x, &why) == 0 && x == strtod(text, NULL);
        wrong += same ? 0 : 1;
    }
    is_int(wrong, 0, "20,000 numbers are the nearest double");
}

static void test_long(void)
{
    struct buf text = {0};
    struct decimal d;
    int64_t x = 0;
    double real = 0;
    buf_puts(&text, "1");
    for (int i = 0; i < 5000; i++) {
        buf_putc(&text, '0');
    }
    buf_puts(&text, "e-5000");
    is_int(decimal_parse(buf_bytes(&text), &d, &why), 0, "a number of 5,001 digits");
    ok(decimal_int(&d, 0, 10, &x, &why) == 0 && x == 1, "is 1");
    ok(decimal_double(&d, &real, &why) == 0 && real == 1, "also as a double");
    is_int(d.n, 1, "with one significant digit");
    ok(decimal_parse(bytes_of("12345", 2), &d, &why) == 0 &&
           decimal_int(&d, 0, 99, &x, &why) == 0 && x == 12,
       "text ends where it says");
    ok(decimal_parse(bytes_of(NULL, 0), &d, &why) != 0, "nothing is no number");
    buf_release(&text);
}

int main(void)
{
    struct buf hex = {0};
    struct decimal d;
    tap_plan(COUNT(no_numbers) + COUNT(integers) + COUNT(ranges) + 2 + COUNT(doubles) +
             COUNT(not_finite) + COUNT(floats) + 1 + COUNT(numerics) + 1 + 6);
    for (int i = 0; i < COUNT(no_numbers); i++) {
        is_int(decimal_parse(bytes_str(no_numbers[i]), &d, &why), -1, no_numbers[i]);
    }
    test_integers();
    test_floats();
    for (int i = 0; i < COUNT(numerics); i++) {
        is_str(numeric_text(numerics[i].text, numerics[i].precision, numerics[i].scale, &hex),
               numerics[i].bytes, numerics[i].text);
    }
    test_paths();
    test_long();
    buf_release(&hex);
    return tap_done();
}
