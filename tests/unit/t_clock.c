/* layer: base */
#include "tap.h"

#include <stdlib.h>

#include "base/clock.h"

static void test_text(void)
{
    static const struct {
        int64_t us;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000000Z"},
        {1772409600000000, "2026-03-02T00:00:00.000000Z"},
        {951782400000001, "2000-02-29T00:00:00.000001Z"},
        {-1, "1969-12-31T23:59:59.999999Z"},
        {-62135596800000000, "0001-01-01T00:00:00.000000Z"},
        {253402300799999999, "9999-12-31T23:59:59.999999Z"},
        {INT64_MAX, "9999-12-31T23:59:59.775807Z"},
        {INT64_MIN, "0001-01-01T00:00:00.224192Z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[CLOCK_TEXT];
        is_str(clock_text(rows[i].us, out), rows[i].text, rows[i].text);
    }
    char stamp[CLOCK_TEXT];
    is_str(clock_stamp("2026-03-02T04:05:06.000789Z", stamp), "20260302T040506000789Z",
           "for names of files");
}

static void test_now(void)
{
    static const struct {
        const char *now;
        int64_t us; /* 0: not frozen */
    } rows[] = {{"1772409600", 1772409600000000},
                {"-5", -5000000},
                {"12x", 0},
                {"", 0},
                {"99999999999999999999", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)setenv("KFMIG_NOW", rows[i].now, 1);
        int64_t us = clock_unix_us();
        ok(rows[i].us == 0 ? us > 1600000000000000 : us == rows[i].us, "KFMIG_NOW");
    }
    (void)unsetenv("KFMIG_NOW");
    int64_t before = clock_ms();
    clock_sleep_ms(0);
    clock_sleep_ms(-5);
    ok(clock_ms() >= before, "the monotonic clock does not go back");
}

/* Whatever the process's own zone is, and it stays that. */
static void test_local(void)
{
    static const struct {
        int64_t us;
        const char *zone;
        int date, weekday, minute; /* date 0: it is not known */
    } rows[] = {
        {0, "UTC", 19700101, 4, 0},
        {-1, "UTC", 19691231, 3, 1439},
        {1772409600000000, "UTC", 20260302, 1, 0},
        {1772409600000000, "America/Chicago", 20260301, 0, 1080},
        {1783000000000000, "America/Chicago", 20260702, 4, 526}, /* in summer */
        {1772409600000000, "Asia/Kolkata", 20260302, 1, 330},
        {1772409600000000, "America/Nowhere", 0, 0, 0},
        {1772409600000000, "America", 0, 0, 0},
        {1772409600000000, "../zoneinfo/UTC", 0, 0, 0},
        {1772409600000000, "/etc/localtime", 0, 0, 0},
        {1772409600000000, "", 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct clock_local at = {0};
        int rc = clock_local(rows[i].us, rows[i].zone, &at);
        is_int(rc, rows[i].date != 0 ? 0 : -1, rows[i].zone);
        is_int(at.date, rows[i].date, "its date");
        is_int(at.weekday * 10000 + at.minute, rows[i].weekday * 10000 + rows[i].minute,
               "weekday and minute");
    }
    (void)setenv("TZ", "Asia/Kolkata", 1);
    struct clock_local at;
    ok(clock_local(0, "America/Chicago", &at) == 0 && at.minute == 1080, "from another zone");
    is_str(getenv("TZ"), "Asia/Kolkata", "which the process has again");
    (void)unsetenv("TZ");
    ok(clock_local(0, "America/Chicago", &at) == 0 && getenv("TZ") == NULL, "or none");
    (void)setenv("TZDIR", "/nowhere", 1);
    ok(clock_local(0, "America/Chicago", &at) == -1, "without a zone database no zone is known");
    ok(clock_local(0, "UTC", &at) == 0, "but UTC");
    (void)unsetenv("TZDIR");
}

int main(void)
{
    tap_plan(9 + 6 + 33 + 5);
    test_local();
    test_text();
    test_now();
    return tap_done();
}
