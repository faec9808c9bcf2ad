/* layer: data */
/* Dates and times as written: what they are in days and microseconds since 2000-01-01, and what is refused. */
#include "data/moment.h"

#include "tap.h"

#define COUNT(v) ((int)(sizeof(v) / sizeof *(v)))

static const char *why;

static const int64_t second = 1000000;
static const int64_t day = 86400 * INT64_C(1000000);

static const struct {
    const char *text;
    int32_t days;
} dates[] = {
    {"2000-01-01", 0},        {"2000-01-02", 1},       {"1999-12-31", -1},
    {"1970-01-01", -10957},   {"2000-02-29", 59},      {"2000-03-01", 60},
    {"1900-03-01", -36465},   {"2024-02-29", 8825},    {"2026-03-01", 9556},
    {"0001-01-01", -730119},  {"9999-12-31", 2921939}, {"infinity", INT32_MAX},
    {"-Infinity", INT32_MIN},
};

static const struct {
    const char *text;
    const char *why; /* part of it */
} no_dates[] = {
    {"", "no date"},
    {"2000", "no date"},
    {"2000-1-1", "no date"},
    {"20000101", "no date"},
    {"2000/01/01", "no date"},
    {"01-02-2000", "no date"},
    {"2000-01-01 ", "time"},
    {" 2000-01-01", "no date"},
    {"2000-01-01x", "no date"},
    {"2000-W01-1", "no date"},
    {"12000-01-01", "no date"},
    {"+2000-01-01", "no date"},
    {"today", "no date"},
    {"epoch", "no date"},
    {"infinit", "no date"},
    {"+infinity", "no date"},
    {"0000-01-01", "before the year 1"},
    {"-0044-03-15", "before the year 1"},
    {"0044-03-15 BC", "before the year 1"},
    {"0044-03-15 bc", "before the year 1"},
    {"2000-00-01", "no such day"},
    {"2000-13-01", "no such day"},
    {"2000-01-00", "no such day"},
    {"2000-04-31", "no such day"},
    {"2001-02-29", "no such day"},
    {"1900-02-29", "no such day"},
    {"2000-02-30", "no such day"},
    {"2000-01-01T00:00:00", "would lose"},
    {"2000-01-01T00:00:00Z", "would lose"},
};

static const struct {
    const char *text;
    int64_t us;
    const char *why; /* NULL: fine */
} times[] = {
    {"00:00", 0, NULL},
    {"00:00:00", 0, NULL},
    {"12:30", 45000 * INT64_C(1000000), NULL},
    {"23:59:59.999999", 86400 * INT64_C(1000000) - 1, NULL},
    {"00:00:00.5", 500000, NULL},
    {"00:00:00.000001", 1, NULL},
    {"00:00:00.0000010000", 1, NULL},
    {"24:00:00", 86400 * INT64_C(1000000), NULL},
    {"24:00", 86400 * INT64_C(1000000), NULL},
    {"24:00:00.000", 86400 * INT64_C(1000000), NULL},
    {"24:00:00.000001", 0, "no such time"},
    {"24:00:01", 0, "no such time"},
    {"25:00:00", 0, "no such time"},
    {"12:60:00", 0, "no such time"},
    {"12:00:61", 0, "no such time"},
    {"23:59:60", 0, "leap second"},
    {"12:00:00.0000001", 0, "microsecond"},
    {"12:00:00.", 0, "decimal point"},
    {"12:00:00.x", 0, "decimal point"},
    {"12:00.5", 0, "no time"},
    {"12", 0, "no time"},
    {"1:00", 0, "no time"},
    {"120000", 0, "no time"},
    {"12:00:0", 0, "no time"},
    {"12:00:", 0, "no time"},
    {"12:00 PM", 0, "no time"},
    {"12:00:00Z", 0, "offset"},
    {"12:00:00+01:00", 0, "offset"},
    {"12:00:00-01", 0, "offset"},
    {"noon", 0, "no time"},
    {"", 0, "no time"},
};

static const struct {
    const char *text;
    int64_t days, us;
    const char *why;
} locals[] = {
    {"2000-01-01T00:00:00", 0, 0, NULL},
    {"2000-01-01 00:00:00", 0, 0, NULL},
    {"2000-01-01t12:30", 0, 45000 * INT64_C(1000000), NULL},
    {"1999-12-31T23:59:59.999999", 0, -1, NULL},
    {"2026-03-01T06:07:08.25", 9556, 22028 * INT64_C(1000000) + 250000, NULL},
    {"0001-01-01T00:00:00", -730119, 0, NULL},
    {"9999-12-31T23:59:59.999999", 2921940, -1, NULL},
    {"2000-01-01", 0, 0, "no time of day"},
    {"2000-01-01T", 0, 0, "no time"},
    {"2000-01-01  00:00:00", 0, 0, "no time"},
    {"2000-01-01T00:00:00Z", 0, 0, "offset"},
    {"2000-01-01T00:00:00+00", 0, 0, "offset"},
    {"2000-01-01T24:00:00", 0, 0, "no such time"},
    {"2016-12-31T23:59:60", 0, 0, "leap second"},
    {"2001-02-29T00:00:00", 0, 0, "no such day"},
    {"2000-01-01_00:00:00", 0, 0, "no time"},
    {"0044-03-15 12:00:00 BC", 0, 0, "before the year 1"},
    {"2000-01-01T00:00:00 ", 0, 0, "no time"},
    {"now", 0, 0, "no date"},
};

static const struct {
    const char *text;
    int64_t days, us;
    const char *why;
} instants[] = {
    {"2000-01-01T00:00:00Z", 0, 0, NULL},
    {"2000-01-01 00:00:00z", 0, 0, NULL},
    {"2000-01-01T00:00:00+00:00", 0, 0, NULL},
    {"2000-01-01T00:00:00-00:00", 0, 0, NULL},
    {"2000-01-01T00:00:00+01:00", 0, -3600 * INT64_C(1000000), NULL},
    {"2000-01-01T00:00:00-06", 0, 21600 * INT64_C(1000000), NULL},
    {"2000-01-01T00:00:00+0530", 0, -19800 * INT64_C(1000000), NULL},
    {"2000-01-01T05:30+05:30", 0, 0, NULL},
    {"2026-03-01T06:07:08.123456-05:00", 9556, (22028 + 18000) * INT64_C(1000000) + 123456, NULL},
    {"0001-01-01T00:00:00Z", -730119, 0, NULL},
    {"0001-01-01T01:00:00+01:00", -730119, 0, NULL},
    {"9999-12-31T23:59:59-15:59", 2921940, (57540 - 1) * INT64_C(1000000), NULL},
    {"0001-01-01T00:00:00+00:01", 0, 0, "before the year 1"},
    {"2000-01-01T00:00:00", 0, 0, "no offset from UTC"},
    {"2000-01-01", 0, 0, "no time of day"},
    {"2000-01-01Z", 0, 0, "no time of the form"},
    {"2000-01-01T00:00:00 +00", 0, 0, "no offset"},
    {"2000-01-01T00:00:00+", 0, 0, "no offset"},
    {"2000-01-01T00:00:00+1", 0, 0, "no offset"},
    {"2000-01-01T00:00:00+01:", 0, 0, "no offset"},
    {"2000-01-01T00:00:00+01:0", 0, 0, "no offset"},
    {"2000-01-01T00:00:00+01:60", 0, 0, "no offset"},
    {"2000-01-01T00:00:00+16:00", 0, 0, "no offset"},
    {"2000-01-01T00:00:00+01:00:00", 0, 0, "no offset"},
    {"2000-01-01T00:00:00ZZ", 0, 0, "no offset"},
    {"2000-01-01T00:00:00 UTC", 0, 0, "no offset"},
    {"2000-01-01T00:00:00 America/Chicago", 0, 0, "no offset"},
    {"2016-12-31T23:59:60Z", 0, 0, "leap second"},
    {"0044-03-15 12:00:00 BC", 0, 0, "before the year 1"},
    {"0044-03-15 12:00:00+00 BC", 0, 0, "before the year 1"},
};

/* rc and *why against what is expected: NULL is success with got == want. */
static void judge(int rc, int64_t got, int64_t want, const char *expected, const char *text)
{
    bool good =
        expected == NULL ? rc == 0 && got == want : rc == -1 && strstr(why, expected) != NULL;
    if (!ok(good, text)) {
        printf("# rc %d, got %lld, want %lld, why: %s\n", rc, (long long)got, (long long)want,
               rc == 0 ? "" : why);
    }
}

/* Every day from 0001 to 9999, against counting. */
static void test_calendar(void)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int32_t want = -730119;
    int wrong = 0;
    for (int y = 1; y <= 9999; y++) {
        for (int m = 1; m <= 12; m++) {
            bool leap = m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
            for (int d = 1; d <= 31; d++) {
                char text[40];
                int32_t got = 0;
                (void)snprintf(text, sizeof text, "%04d-%02d-%02d", y, m, d);
                int rc = moment_date(bytes_str(text), &got, &why);
                bool is_day = d <= lengths[m - 1] + (leap ? 1 : 0);
                wrong += is_day ? (rc != 0 || got != want ? 1 : 0) : (rc == 0 ? 1 : 0);
                want += is_day ? 1 : 0;
            }
        }
    }
    is_int(wrong, 0, "every day of the years 1 to 9999 has its number");
    is_int(want, 2921940, "and there are so many of them");
}

int main(void)
{
    int64_t us = 0;
    int32_t days = 0;
    int rc = 0;
    tap_plan(COUNT(dates) + COUNT(no_dates) + COUNT(times) + COUNT(locals) + COUNT(instants) + 2 +
             5);
    for (int i = 0; i < COUNT(dates); i++) {
        rc = moment_date(bytes_str(dates[i].text), &days, &why);
        judge(rc, days, dates[i].days, NULL, dates[i].text);
    }
    for (int i = 0; i < COUNT(no_dates); i++) {
        rc = moment_date(bytes_str(no_dates[i].text), &days, &why);
        judge(rc, 0, 0, no_dates[i].why, no_dates[i].text);
    }
    for (int i = 0; i < COUNT(times); i++) {
        rc = moment_time(bytes_str(times[i].text), &us, &why);
        judge(rc, us, times[i].us, times[i].why, times[i].text);
    }
    for (int i = 0; i < COUNT(locals); i++) {
        rc = moment_local(bytes_str(locals[i].text), &us, &why);
        judge(rc, us, locals[i].days * day + locals[i].us, locals[i].why, locals[i].text);
    }
    for (int i = 0; i < COUNT(instants); i++) {
        rc = moment_instant(bytes_str(instants[i].text), &us, &why);
        judge(rc, us, instants[i].days * day + instants[i].us, instants[i].why, instants[i].text);
    }
    test_calendar();
    rc = moment_local(bytes_str("INFINITY"), &us, &why);
    judge(rc, us, INT64_MAX, NULL, "infinity, local");
    rc = moment_local(bytes_str("-infinity"), &us, &why);
    judge(rc, us, INT64_MIN, NULL, "-infinity, local");
    rc = moment_instant(bytes_str("infinity"), &us, &why);
    judge(rc, us, INT64_MAX, NULL, "infinity, UTC");
    rc = moment_time(bytes_str("infinity"), &us, &why);
    judge(rc, us, 0, "no time", "no infinite time of day");
    rc = moment_time(bytes_of("00:00:01junk", 8), &us, &why);
    judge(rc, us, second, NULL, "text ends where it says");
    return tap_done();
}
