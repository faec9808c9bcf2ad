/* Exact places: coordinates of more than two decimals, geometries, cells of grids. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "model/leak_shape.h"

enum { COARSE_DECIMALS = 2 }; /* 0.01 degrees are about a kilometre */

/* The digits of a number with a sign, and how many are behind its point. Returns the place behind it;
 * at: it is none. */
static size_t number_at(struct bytes text, size_t at, double *value, size_t *decimals)
{
    size_t i = at + (at < text.n && (text.p[at] == '-' || text.p[at] == '+'));
    size_t whole = leak_span(text, i, DIGIT);
    *decimals = 0;
    if (whole == 0 || whole > 12) {
        return at;
    }
    i += whole;
    if (i < text.n && text.p[i] == '.') {
        *decimals = leak_span(text, i + 1, DIGIT);
        i += *decimals > 0 ? 1 + *decimals : 0;
    }
    char digits[64];
    size_t n = i - at < sizeof digits - 1 ? i - at : sizeof digits - 1;
    memcpy(digits, text.p + at, n);
    digits[n] = '\0';
    *value = strtod(digits, NULL);
    return i;
}

static size_t skip(struct bytes text, size_t at, const char *set)
{
    while (at < text.n && text.p[at] != '\0' && strchr(set, text.p[at]) != NULL) {
        at++;
    }
    return at;
}

/* Two numbers with one of between, finer than a kilometre. */
static bool is_fine_pair(struct bytes text, size_t at, const char *between, size_t *end)
{
    double value = 0;
    size_t first = 0;
    size_t second = 0;
    size_t behind = number_at(text, at, &value, &first);
    size_t next = skip(text, behind, between);
    *end = number_at(text, next, &value, &second);
    return behind > at && next > behind && *end > next &&
           (first > COARSE_DECIMALS || second > COARSE_DECIMALS);
}

/* ISO 19125: POINT (1 2), MULTIPOLYGON Z (((1 2 3, ... */
bool is_wkt(struct bytes text, size_t at, size_t *end)
{
    static const char *const words[] = {"MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON",
                                        "POINT",      "LINESTRING",      "POLYGON"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (leak_says(text, at, words[i])) {
            size_t from = skip(text, at + strlen(words[i]), " ZMzm");
            size_t inside = skip(text, from, "( \t\r\n");
            return inside > from && is_fine_pair(text, inside, " \t\r\n", end);
        }
    }
    return false;
}

/* RFC 7946, also within a string: "coordinates": [[[1, 2], ... */
bool is_geojson(struct bytes text, size_t at, size_t *end)
{
    static const char name[] = "coordinates";
    if (!leak_begins(text, at, name)) {
        return false;
    }
    size_t colon = skip(text, at + sizeof name - 1, "\\\"' \t");
    if (colon == text.n || text.p[colon] != ':') {
        return false;
    }
    size_t from = skip(text, colon + 1, " \t\r\n");
    size_t inside = skip(text, from, "[ \t\r\n");
    return inside > from && is_fine_pair(text, inside, ", \t\r\n", end);
}

static int nibble(char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *p = c != '\0' ? strchr(digits, c >= 'a' ? c - 'a' + 'A' : c) : NULL;
    return p != NULL ? (int)(p - digits) : -1;
}

static int byte_at(struct bytes text, size_t at)
{
    int high = nibble(text.p[at]);
    int low = nibble(text.p[at + 1]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* PostGIS: an order of bytes, a type of 1 to 7 with flags, a number of a system or not, coordinates. */
bool is_ewkb(struct bytes text, size_t at, size_t *end)
{
    size_t from = at + leak_begins(text, at, "x");
    size_t n = leak_span(text, from, HEX | BIG);
    if (n < 42 || n % 2 != 0) {
        return false;
    }
    int order = byte_at(text, from);
    int type[4];
    for (size_t i = 0; i < 4; i++) {
        type[i] = byte_at(text, from + 2 + 2 * (order == 1 ? i : 3 - i));
    }
    *end = from + n;
    return (order == 0 || order == 1) && type[0] >= 1 && type[0] <= 7 && type[1] == 0 &&
           type[2] == 0 && (type[3] & 0x1f) == 0;
}

/* 39°49'42"N, with any of the signs that people write. */
bool is_degrees(struct bytes text, size_t at, size_t *end)
{
    static const char *const degrees[] = {"\xc2\xb0", "\xc2\xba"};
    double value = 0;
    size_t decimals = 0;
    size_t i = number_at(text, at, &value, &decimals);
    if (i == at || value > 180 ||
        (!leak_begins(text, i, degrees[0]) && !leak_begins(text, i, degrees[1]))) {
        return false;
    }
    i = skip(text, i + 2, " ");
    size_t minutes = number_at(text, i, &value, &decimals);
    *end = minutes;
    return minutes > i && value < 60 && minutes < text.n &&
           (text.p[minutes] == '\'' || leak_begins(text, minutes, "\xe2\x80\xb2") ||
            leak_begins(text, minutes, "\xe2\x80\x99"));
}

/* 39.82834, -98.57951: both finer than a kilometre, and each as large as a latitude or a longitude. */
bool is_pair_of_degrees(struct bytes text, size_t at, size_t *end)
{
    double first = 0;
    double second = 0;
    size_t decimals = 0;
    size_t decimals_2 = 0;
    if (strchr(".+", leak_before(text, at)) != NULL) {
        return false;
    }
    size_t behind = number_at(text, at, &first, &decimals);
    size_t next = skip(text, behind, ",; \t");
    *end = number_at(text, next, &second, &decimals_2);
    bool is_whole = *end == text.n || strchr(".0123456789", text.p[*end]) == NULL;
    return behind > at && next > behind && *end > next && is_whole && decimals > COARSE_DECIMALS &&
           decimals_2 > COARSE_DECIMALS && first >= -180 && first <= 180 && second >= -180 &&
           second <= 180;
}

static bool is_whole_word(struct bytes text, size_t at, size_t end)
{
    return end == text.n || ((leak_signs(text.p[end]) & WORD) == 0 &&
                             (leak_signs(leak_before(text, at)) & DOT) == 0);
}

/* 14SNJ3596308586: a zone, a band, a square, and three digits or more each for east and north. */
bool is_mgrs(struct bytes text, size_t at, size_t *end)
{
    size_t n = leak_span(text, at, DIGIT);
    size_t letters = leak_span(text, at + n, BIG);
    size_t digits = leak_span(text, at + n + letters, DIGIT);
    *end = at + n + letters + digits;
    double zone = 0;
    size_t decimals = 0;
    (void)number_at(text, at, &zone, &decimals);
    return n >= 1 && zone >= 1 && zone <= 60 && letters == 3 && digits >= 6 && digits <= 10 &&
           digits % 2 == 0 && text.p[at + n] >= 'C' && text.p[at + n] <= 'X' &&
           is_whole_word(text, at, *end);
}

/* Open Location Code: eight of its digits, a plus, and two or more. */
bool is_plus_code(struct bytes text, size_t at, size_t *end)
{
    static const char digits[] = "23456789CFGHJMPQRVWX";
    size_t i = skip(text, at, digits);
    if (i - at != 8 || i == text.n || text.p[i] != '+') {
        return false;
    }
    *end = skip(text, i + 1, digits);
    return *end - i > 2 && *end - i < 9 && is_whole_word(text, at, *end);
}

/* geohash = '9yum8j7d': six characters are about a kilometre. Without its name it looks like a word. */
bool is_geohash(struct bytes text, size_t at, size_t *end)
{
    static const char name[] = "geohash";
    static const char digits[] = "0123456789bcdefghjkmnpqrstuvwxyz";
    size_t n = leak_span(text, at, WORD);
    if (n < sizeof name - 1 ||
        strncasecmp(text.p + at + n - sizeof name + 1, name, sizeof name - 1) != 0) {
        return false;
    }
    size_t from = skip(text, at + n, "\\\"'");
    size_t value = skip(text, from, ":=,> \t\\\"'");
    *end = skip(text, value, digits);
    struct bytes body = bytes_of(text.p + value, *end - value);
    bool has_digit = false;
    for (size_t i = 0; i < body.n; i++) {
        has_digit = has_digit || (leak_signs(body.p[i]) & DIGIT) != 0;
    }
    return value > from && body.n >= 6 && body.n <= 12 && has_digit &&
           is_whole_word(text, value, *end);
}

/* The index of a cell of resolution 7 (a kilometre) or more, as 15 digits; what it does not need is f. */
bool is_h3(struct bytes text, size_t at, size_t *end)
{
    *end = at + 15;
    return leak_span(text, at, HEX) == 15 && is_whole_word(text, at, *end) && text.p[at] == '8' &&
           strchr("789abc", text.p[at + 1]) != NULL && memcmp(text.p + at + 12, "fff", 3) == 0;
}
