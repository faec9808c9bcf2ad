/* Dates and times, without the liberties PostgreSQL's own input takes. */
#include "data/moment.h"

#include <strings.h>

enum {
    YEAR_DAYS = 365,
    ERA = 146097,        /* days of 400 years */
    EPOCH_DAYS = 730425, /* 2000-01-01, counted from 0000-03-01 */
    MONTHS = 12,
    HOURS = 24,
    SIXTY = 60,
    FRACTION_DIGITS = 6,
    OFFSET_HOURS_MAX = 15
};

static const int64_t second_us = 1000000;
static const int64_t day_us = INT64_C(86400000000);

struct cursor {
    const char *p, *end;
    const char **why;
};

static int fail(const struct cursor *c, const char *why)
{
    *c->why = why;
    return -1;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool at(const struct cursor *c, char x)
{
    return c->p < c->end && *c->p == x;
}

static bool skip(struct cursor *c, char x)
{
    bool is_there = at(c, x);
    c->p += is_there ? 1 : 0;
    return is_there;
}

/* Exactly n digits; -1: there are fewer. */
static int digits(struct cursor *c, int n)
{
    int x = 0;
    for (int i = 0; i < n; i++) {
        if (c->p >= c->end || !is_digit(*c->p)) {
            return -1;
        }
        x = 10 * x + (*c->p++ - '0');
    }
    return x;
}

static int days_in(int year, int month)
{
    static const int days[MONTHS] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Counted from 1 March, so that the day leap years add comes last. */
static int32_t day_number(int year, int month, int day)
{
    int y = month > 2 ? year : year - 1;
    int m = month > 2 ? month - 3 : month + 9;
    int of_era = y % 400 * YEAR_DAYS + y % 400 / 4 - y % 400 / 100;
    return y / 400 * ERA + of_era + (153 * m + 2) / 5 + day - 1 - EPOCH_DAYS;
}

static int take_date(struct cursor *c, int32_t *days)
{
    if (at(c, '-')) {
        return fail(c, "this date lies before the year 1");
    }
    int year = digits(c, 4);
    int month = skip(c, '-') ? digits(c, 2) : -1;
    int day = skip(c, '-') ? digits(c, 2) : -1;
    if (year < 0 || month < 0 || day < 0) {
        return fail(c, "this is no date of the form YYYY-MM-DD");
    }
    if (year == 0) {
        return fail(c, "this date lies before the year 1");
    }
    if (month < 1 || month > MONTHS || day < 1 || day > days_in(year, month)) {
        return fail(c, "the calendar has no such day");
    }
    *days = day_number(year, month, day);
    return 0;
}

static int take_fraction(struct cursor *c, int64_t *us)
{
    int n = 0;
    int64_t x = 0;
    for (; c->p < c->end && is_digit(*c->p); c->p++, n++) {
        if (n < FRACTION_DIGITS) {
            x = 10 * x + (*c->p - '0');
        } else if (*c->p != '0') {
            return fail(c, "this time is finer than a microsecond");
        }
    }
    if (n == 0) {
        return fail(c, "this time ends with its decimal point");
    }
    for (; n < FRACTION_DIGITS; n++) {
        x *= 10;
    }
    *us += x;
    return 0;
}

static int take_time(struct cursor *c, bool may_be_24, int64_t *us)
{
    int hour = digits(c, 2);
    int minute = skip(c, ':') ? digits(c, 2) : -1;
    bool has_second = skip(c, ':');
    int second = has_second ? digits(c, 2) : 0;
    if (hour < 0 || minute < 0 || second < 0) {
        return fail(c, "this is no time of the form HH:MM:SS");
    }
    if (second == SIXTY) {
        return fail(c, "this time is a leap second, which PostgreSQL cannot keep");
    }
    *us = ((int64_t)(hour * SIXTY + minute) * SIXTY + second) * second_us;
    if (has_second && skip(c, '.') && take_fraction(c, us) != 0) {
        return -1;
    }
    bool is_24 = may_be_24 && *us == day_us;
    if ((hour >= HOURS && !is_24) || minute >= SIXTY || second > SIXTY) {
        return fail(c, "the day has no such time");
    }
    return 0;
}

static bool is_word(const struct cursor *c, const char *word)
{
    size_t n = bytes_str(word).n;
    return (size_t)(c->end - c->p) == n && strncasecmp(c->p, word, n) == 0;
}

/* 1, -1 for infinity and -infinity, 0 for anything else. */
static int infinity_sign(const struct cursor *c)
{
    return is_word(c, "infinity") ? 1 : is_word(c, "-infinity") ? -1 : 0;
}

static struct cursor cursor_of(struct bytes text, const char **why)
{
    return (struct cursor){text.p, text.n > 0 ? text.p + text.n : text.p, why};
}

static int take_end(const struct cursor *c, const char *what)
{
    if (c->p == c->end) {
        return 0;
    }
    if (is_word(c, " BC")) {
        return fail(c, "this date lies before the year 1");
    }
    return fail(c, what);
}

int moment_date(struct bytes text, int32_t *days, const char **why)
{
    struct cursor c = cursor_of(text, why);
    int sign = infinity_sign(&c);
    if (sign != 0) {
        *days = sign > 0 ? INT32_MAX : INT32_MIN;
        return 0;
    }
    if (take_date(&c, days) != 0) {
        return -1;
    }
    return take_end(&c, at(&c, 'T') || at(&c, 't') || at(&c, ' ')
                            ? "this is a date with a time, which a date would lose"
                            : "this is no date of the form YYYY-MM-DD");
}

static bool at_offset(const struct cursor *c)
{
    return at(c, 'Z') || at(c, 'z') || at(c, '+') || at(c, '-');
}

int moment_time(struct bytes text, int64_t *us, const char **why)
{
    struct cursor c = cursor_of(text, why);
    if (take_time(&c, true, us) != 0) {
        return -1;
    }
    return take_end(&c, at_offset(&c) ? "this time has an offset, which the column would lose"
                                      : "this is no time of the form HH:MM:SS");
}

static int take_date_time(struct cursor *c, int64_t *us)
{
    int32_t days = 0;
    int64_t time = 0;
    if (take_date(c, &days) != 0) {
        return -1;
    }
    if (c->p == c->end) {
        return fail(c, "this date has no time of day");
    }
    if (!skip(c, 'T') && !skip(c, 't') && !skip(c, ' ')) {
        return fail(c, "this is no time of the form YYYY-MM-DDTHH:MM:SS");
    }
    if (take_time(c, false, &time) != 0) {
        return -1;
    }
    *us = days * day_us + time;
    return 0;
}

static bool take_infinity(const struct cursor *c, int64_t *us)
{
    int sign = infinity_sign(c);
    *us = sign > 0 ? INT64_MAX : INT64_MIN;
    return sign != 0;
}

int moment_local(struct bytes text, int64_t *us, const char **why)
{
    struct cursor c = cursor_of(text, why);
    if (take_infinity(&c, us)) {
        return 0;
    }
    if (take_date_time(&c, us) != 0) {
        return -1;
    }
    return take_end(&c, at_offset(&c) ? "this time has an offset, which the column would lose"
                                      : "this is no time of the form YYYY-MM-DDTHH:MM:SS");
}

static int take_offset(struct cursor *c, int64_t *us)
{
    if (skip(c, 'Z') || skip(c, 'z')) {
        return 0;
    }
    bool is_west = at(c, '-');
    if (!skip(c, '+') && !skip(c, '-')) {
        return fail(c, "this time has no offset from UTC");
    }
    int hours = digits(c, 2);
    bool has_minutes = skip(c, ':') || (c->p < c->end && is_digit(*c->p));
    int minutes = has_minutes ? digits(c, 2) : 0;
    if (hours < 0 || minutes < 0 || hours > OFFSET_HOURS_MAX || minutes >= SIXTY) {
        return fail(c, "this is no offset from UTC");
    }
    int64_t offset = (int64_t)(hours * SIXTY + minutes) * SIXTY * second_us;
    *us += is_west ? offset : -offset;
    return 0;
}

int moment_instant(struct bytes text, int64_t *us, const char **why)
{
    struct cursor c = cursor_of(text, why);
    int64_t first = day_number(1, 1, 1) * day_us;
    if (take_infinity(&c, us)) {
        return 0;
    }
    if (take_date_time(&c, us) != 0) {
        return -1;
    }
    if (is_word(&c, " BC")) {
        return fail(&c, "this date lies before the year 1");
    }
    if (take_offset(&c, us) != 0 || take_end(&c, "this is no offset from UTC") != 0) {
        return -1;
    }
    return *us >= first ? 0 : fail(&c, "this date lies before the year 1");
}
