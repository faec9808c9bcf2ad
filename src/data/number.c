/* Decimal text to double, correctly rounded. Most coordinates have at most 15 digits (or are no larger
 * than 2^53): their integer and a power of ten up to 22 are exact, and one division rounds once (Clinger,
 * "How to read floating point numbers accurately", 1990). With up to 19 digits the same is done in 64 bits
 * of precision, where long double has them, and counts if rounding it up or down a little makes no
 * difference. The rest is strtod()'s. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "data/reader_parts.h"

enum { DIGITS = 19 };                            /* any number of so many digits fits 64 bits */
static const uint64_t EXACT = (uint64_t)1 << 53; /* and up to this one a double */

static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                              1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                              1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static const char *slow(const char *p, double *out)
{
    char *end = NULL;
    *out = strtod(p, &end);
    return isfinite(*out) ? end : NULL;
}

static bool medium(uint64_t digits, int exponent, double *out)
{
#if LDBL_MANT_DIG >= 64
    static const long double long_tens[] = {1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,
                                            1e7L,  1e8L,  1e9L,  1e10L, 1e11L, 1e12L, 1e13L,
                                            1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L, 1e20L,
                                            1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};
    if (exponent < -27 || exponent > 27) {
        return false;
    }
    long double v = (long double)digits;
    v = exponent < 0 ? v / long_tens[-exponent] : v * long_tens[exponent];
    double low = (double)(v * (1 - 0x1p-62L));
    double high = (double)(v * (1 + 0x1p-62L));
    *out = low;
    return low == high;
#else
    (void)digits;
    (void)exponent;
    (void)out;
    return false;
#endif
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The digits of the exponent; far beyond any double it stops counting. */
static const char *read_exponent(const char *p, int *exponent)
{
    bool minus = *p == '-';
    int v = 0;
    p += *p == '-' || *p == '+' ? 1 : 0;
    if (!is_digit(*p)) {
        return NULL;
    }
    for (; is_digit(*p); p++) {
        v = v < 100000 ? v * 10 + (*p - '0') : v;
    }
    *exponent += minus ? -v : v;
    return p;
}

const char *number_read(const char *p, double *out)
{
    const char *start = p;
    bool minus = *p == '-';
    uint64_t digits = 0;
    int exponent = 0;
    p += minus ? 1 : 0;
    if (!is_digit(*p) || (*p == '0' && is_digit(p[1]))) {
        return NULL;
    }
    const char *first = p;
    for (; is_digit(*p); p++) {
        digits = digits * 10 + (uint64_t)(*p - '0');
    }
    ptrdiff_t n = p - first; /* zeros in front may count: then it is only slower */
    if (*p == '.') {
        first = ++p;
        for (; is_digit(*p); p++) {
            digits = digits * 10 + (uint64_t)(*p - '0');
        }
        if (p == first) {
            return NULL;
        }
        n += p - first;
        exponent = -(int)(p - first);
    }
    if (*p == 'e' || *p == 'E') {
        p = read_exponent(p + 1, &exponent);
        if (p == NULL) {
            return NULL;
        }
    }
    if (n <= DIGITS && digits <= EXACT && exponent >= -22 && exponent <= 22) {
        double v =
            exponent < 0 ? (double)digits / tens[-exponent] : (double)digits * tens[exponent];
        *out = minus ? -v : v;
        return p;
    }
    if (n <= DIGITS && medium(digits, exponent, out)) {
        *out = minus ? -*out : *out;
        return p;
    }
    return slow(start, out);
}
