/* Decimal text, exactly. */
#include "data/decimal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum {
    GROUP = 4, /* decimal digits in one digit of numeric */
    NUMERIC_BEFORE_MAX = 131072,
    NUMERIC_AFTER_MAX = 16383,
    NUMERIC_NEGATIVE = 0x4000,
    SHORT_TEXT = 128,
    EXACT_DIGITS = 15, /* any integer of so many digits is a double, */
    EXACT_POWER = 22   /* and so is this power of ten */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int64_t clamp(int64_t x)
{
    return x > DECIMAL_FAR ? DECIMAL_FAR : x < -DECIMAL_FAR ? -DECIMAL_FAR : x;
}

/* The digits and the point; returns what follows them, NULL if there is no digit. */
static const char *take_digits(const char *p, const char *end, struct decimal *d)
{
    int64_t before = 0;
    int64_t n = 0;
    bool has_point = false;
    bool has_digit = false;
    for (; p < end && (is_digit(*p) || (*p == '.' && !has_point)); p++) {
        if (*p == '.') {
            has_point = true;
            continue;
        }
        has_digit = true;
        d->n_fraction += has_point ? 1 : 0;
        if (d->first == NULL && *p == '0') {
            d->magnitude -= has_point ? 1 : 0;
            continue;
        }
        n++;
        before += has_point ? 0 : 1;
        if (d->first == NULL) {
            d->first = p;
        }
        if (*p != '0') {
            d->last = p;
            d->n = n;
        }
    }
    d->magnitude = d->n == 0 ? 0 : before > 0 ? before : d->magnitude;
    return has_digit ? p : NULL;
}

/* Whole digits of an exponent. Returns 0, or -1 if there are none or something follows. */
static int take_exponent(const char *p, const char *end, int64_t *out)
{
    bool negative = p < end && *p == '-';
    int64_t x = 0;
    p += p < end && (*p == '-' || *p == '+') ? 1 : 0;
    if (p == end) {
        return -1;
    }
    for (; p < end && is_digit(*p); p++) {
        x = x >= DECIMAL_FAR ? x : 10 * x + (*p - '0');
    }
    *out = clamp(negative ? -x : x);
    return p == end ? 0 : -1;
}

int decimal_parse(struct bytes text, struct decimal *out, const char **why)
{
    const char *p = text.p;
    const char *end = text.n > 0 ? text.p + text.n : text.p;
    int64_t exponent = 0;
    *out = (struct decimal){.text = text};
    *why = "this is no number";
    if (p < end && (*p == '-' || *p == '+')) {
        out->negative = *p == '-';
        p++;
    }
    p = take_digits(p, end, out);
    if (p == NULL) {
        return -1;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        if (take_exponent(p + 1, end, &exponent) != 0) {
            return -1;
        }
    } else if (p < end) {
        return -1;
    }
    out->magnitude = out->n == 0 ? 0 : clamp(out->magnitude + exponent);
    out->n_fraction = clamp(out->n_fraction - exponent);
    out->n_fraction = out->n_fraction < 0 ? 0 : out->n_fraction;
    return 0;
}

int decimal_int(const struct decimal *d, int64_t min, int64_t max, int64_t *out, const char **why)
{
    uint64_t limit = d->negative ? -(uint64_t)min : (uint64_t)max;
    uint64_t x = 0;
    int64_t left = d->magnitude;
    if (d->n > d->magnitude) {
        *why = "this number is no integer";
        return -1;
    }
    *why = "this number is out of range";
    for (const char *p = d->first; left > 0; left--) {
        unsigned digit = 0;
        if (p != NULL && p <= d->last) {
            p += *p == '.' ? 1 : 0;
            digit = (unsigned)(*p++ - '0');
        }
        if (digit > limit || x > (limit - digit) / 10) {
            return -1;
        }
        x = 10 * x + digit;
    }
    *out = d->negative ? (int64_t)-x : (int64_t)x;
    return 0;
}

/* Clinger's fast path: both operands are exact, so that the one rounding is the right one. */
static bool short_double(const struct decimal *d, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int64_t power = d->magnitude - d->n;
    int64_t digits = 0;
    if (d->n > EXACT_DIGITS || power > EXACT_POWER || power < -EXACT_POWER) {
        return false;
    }
    for (const char *p = d->first; d->n > 0 && p <= d->last; p++) {
        digits = *p == '.' ? digits : 10 * digits + (*p - '0');
    }
    double x = (double)digits;
    x = power < 0 ? x / powers[-power] : x * powers[power];
    *out = d->negative ? -x : x;
    return true;
}

/* strtod() and strtof() of glibc round correctly, but want a NUL. */
static char *terminated(const struct decimal *d, char small[static SHORT_TEXT])
{
    char *text = d->text.n < SHORT_TEXT ? small : mem_alloc(d->text.n + 1);
    memcpy(text, d->text.p, d->text.n);
    text[d->text.n] = '\0';
    return text;
}

static int check_real(const struct decimal *d, bool is_infinite, bool is_zero, const char **why)
{
    if (is_infinite || (is_zero && d->n > 0)) {
        *why = is_infinite ? "this number is too large" : "this number is too near to zero";
        return -1;
    }
    return 0;
}

int decimal_double(const struct decimal *d, double *out, const char **why)
{
    char small[SHORT_TEXT];
    if (short_double(d, out)) {
        return 0;
    }
    char *text = terminated(d, small);
    *out = strtod(text, NULL);
    if (text != small) {
        free(text);
    }
    return check_real(d, isinf(*out), fpclassify(*out) == FP_ZERO, why);
}

int decimal_float(const struct decimal *d, float *out, const char **why)
{
    char small[SHORT_TEXT];
    char *text = terminated(d, small);
    *out = strtof(text, NULL);
    if (text != small) {
        free(text);
    }
    return check_real(d, isinf(*out), fpclassify(*out) == FP_ZERO, why);
}

int decimal_check_numeric(const struct decimal *d, int precision, int scale, const char **why)
{
    if (precision > 0 && d->n > 0 && d->n - d->magnitude > scale) {
        *why = "this number has more digits after the point than the column's scale";
        return -1;
    }
    if (precision > 0 && d->n > 0 && d->magnitude > precision - scale) {
        *why = "this number has more digits before the point than the column's precision";
        return -1;
    }
    if (d->magnitude > NUMERIC_BEFORE_MAX || d->n_fraction > NUMERIC_AFTER_MAX) {
        *why = "this number has more digits than PostgreSQL keeps";
        return -1;
    }
    return 0;
}

static void put16(struct buf *out, int x)
{
    char b[2] = {(char)((unsigned)x >> 8 & 0xFF), (char)((unsigned)x & 0xFF)};
    buf_add(out, b, sizeof b);
}

/* How many groups of four digits stand before the point: magnitude rounded up, also where it is negative. */
static int64_t groups_before(int64_t magnitude)
{
    return magnitude >= 0 ? (magnitude + GROUP - 1) / GROUP : -(-magnitude / GROUP);
}

int decimal_numeric(const struct decimal *d, int precision, int scale, struct buf *out,
                    const char **why)
{
    if (decimal_check_numeric(d, precision, scale, why) != 0) {
        return -1;
    }
    int64_t before = groups_before(d->magnitude);
    int64_t lead = GROUP * before - d->magnitude; /* zeros before the first digit in its group */
    int64_t n_groups = d->n == 0 ? 0 : (lead + d->n + GROUP - 1) / GROUP;
    const char *p = d->first;
    put16(out, (int)n_groups);
    put16(out, d->n == 0 ? 0 : (int)(before - 1));
    put16(out, d->n > 0 && d->negative ? NUMERIC_NEGATIVE : 0);
    put16(out, (int)d->n_fraction);
    for (int64_t i = 0; i < n_groups * GROUP; i += GROUP) {
        int group = 0;
        for (int64_t k = i; k < i + GROUP; k++) {
            int digit = 0;
            if (k >= lead && p <= d->last) {
                p += *p == '.' ? 1 : 0;
                digit = *p++ - '0';
            }
            group = 10 * group + digit;
        }
        put16(out, group);
    }
    return 0;
}
