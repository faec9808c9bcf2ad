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

int main(void)
{
    tap_plan(8 + 6);
    test_text();
    test_now();
    return tap_done();
}
