/* Numbers as they are written.
 * Owns: taking decimal text apart without rounding it, and what integers, floating point and PostgreSQL's
 * numeric make of it.
 * Must not know columns. Functions that can fail return -1 with *why set: a constant phrase that never
 * holds the value. */
#ifndef KFMIG_DATA_DECIMAL_H
#define KFMIG_DATA_DECIMAL_H

#include "base/bytes.h"

/* first and last bound the significant digits in the text (a point may stand between them); n counts them,
 * 0: the number is zero. The value is 0.d1d2d3... times ten to the power of magnitude. n_fraction: digits
 * after the point once the exponent has moved it, trailing zeros counted, never under 0. Both are cut at
 * +-DECIMAL_FAR, where nothing fits any more. */
enum { DECIMAL_FAR = 1000000000 };
struct decimal {
    struct bytes text;
    const char *first, *last;
    bool negative;
    int64_t n;
    int64_t magnitude;
    int64_t n_fraction;
};

/* [+-]digits[.digits][e[+-]digits], where digits may be missing on one side of the point. No blanks, no
 * NaN, no infinity. */
int decimal_parse(struct bytes text, struct decimal *out, const char **why) MUST_CHECK;

/* Only if it is integral and within min and max: 1.50e1 is 15. */
int decimal_int(const struct decimal *d, int64_t min, int64_t max, int64_t *out,
                const char **why) MUST_CHECK;

/* The nearest value, ties to even. What would become infinite, or zero without being zero, is refused. */
int decimal_double(const struct decimal *d, double *out, const char **why) MUST_CHECK;
/* The same in single precision. */
int decimal_float(const struct decimal *d, float *out, const char **why) MUST_CHECK;

/* May it stand in a numeric? precision 0: no limit but PostgreSQL's own; else digits beyond scale (which
 * may be negative), and before the point beyond precision - scale, are refused, unless they are zeros: the
 * server would round. */
int decimal_check_numeric(const struct decimal *d, int precision, int scale,
                          const char **why) MUST_CHECK;

/* Append the binary form of numeric to out, after that check: number of base 10,000 digits, weight, sign,
 * display scale, digits, 16 bits each, big-endian (numeric_send() of the server). */
int decimal_numeric(const struct decimal *d, int precision, int scale, struct buf *out,
                    const char **why) MUST_CHECK;

#endif
