/* Time: the monotonic clock for deadlines, the wall clock for information. */
#include "base/clock.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/err.h"

enum { US = 1000000 };

/* 0001-01-01 to 9999-12-31: what four digits of a year can say. */
static const int64_t FIRST_SECOND = -62135596800;
static const int64_t LAST_SECOND = 253402300799;

int64_t clock_ms(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
        BUG("no monotonic clock");
    }
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_unix_us(void)
{
    const char *frozen = getenv("KFMIG_NOW");
    if (frozen != NULL && frozen[0] != '\0') {
        char *end = NULL;
        errno = 0;
        long long seconds = strtoll(frozen, &end, 10);
        if (errno == 0 && *end == '\0' && seconds >= FIRST_SECOND && seconds <= LAST_SECOND) {
            return (int64_t)seconds * US;
        }
    }
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) {
        BUG("no wall clock");
    }
    return (int64_t)now.tv_sec * US + now.tv_nsec / 1000;
}

const char *clock_text(int64_t unix_us, char out[static CLOCK_TEXT])
{
    int64_t seconds = unix_us / US;
    int64_t us = unix_us % US;
    if (us < 0) {
        us += US;
        seconds--;
    }
    seconds = seconds < FIRST_SECOND ? FIRST_SECOND : seconds > LAST_SECOND ? LAST_SECOND : seconds;
    time_t t = (time_t)seconds;
    struct tm tm = {0};
    if (gmtime_r(&t, &tm) == NULL) {
        BUG("a second without a date");
    }
    char text[64];
    (void)snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", tm.tm_year + 1900,
                   tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)us);
    memcpy(out, text, CLOCK_TEXT - 1);
    out[CLOCK_TEXT - 1] = '\0';
    return out;
}

int clock_read(const char *text, int64_t *unix_us)
{
    char again[CLOCK_TEXT];
    struct tm t = {0};
    int us = 0;
    if (strlen(text) != CLOCK_TEXT - 1 ||
        sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%6dZ", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour,
               &t.tm_min, &t.tm_sec, &us) != 7) {
        return -1;
    }
    t.tm_year -= 1900;
    t.tm_mon--;
    *unix_us = (int64_t)timegm(&t) * US + us;
    /* No 31st of June, no hour 24: what was read is written so, or was none. */
    return strcmp(clock_text(*unix_us, again), text) == 0 ? 0 : -1;
}

const char *clock_stamp(const char *text, char out[static CLOCK_TEXT])
{
    size_t n = 0;
    for (const char *c = text; *c != '\0' && n + 1 < CLOCK_TEXT; c++) {
        if (*c != ':' && *c != '-' && *c != '.') {
            out[n++] = *c;
        }
    }
    out[n] = '\0';
    return out;
}

/* A zone that it does not know is UTC to the C library. */
static bool zone_is_known(const char *zone)
{
    char path[PATH_MAX];
    const char *dir = getenv("TZDIR");
    dir = dir != NULL && dir[0] != '\0' ? dir : "/usr/share/zoneinfo";
    int n = snprintf(path, sizeof path, "%s/%s", dir, zone);
    struct stat st;
    return zone[0] != '\0' && zone[0] != '/' && strstr(zone, "..") == NULL && n > 0 &&
           (size_t)n < sizeof path && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool local_in(time_t t, const char *zone, struct tm *tm)
{
    const char *now = getenv("TZ");
    char *was = now != NULL ? strdup(now) : NULL;
    char name[PATH_MAX];
    (void)snprintf(name, sizeof name, ":%s", zone);
    (void)setenv("TZ", name, 1);
    tzset();
    bool is_good = localtime_r(&t, tm) != NULL;
    if (was != NULL) {
        (void)setenv("TZ", was, 1);
    } else {
        (void)unsetenv("TZ");
    }
    free(was);
    tzset();
    return is_good;
}

int clock_local(int64_t unix_us, const char *zone, struct clock_local *out)
{
    struct tm tm = {0};
    int64_t seconds = unix_us / US - (unix_us % US < 0);
    time_t t = (time_t)seconds;
    bool is_utc = strcmp(zone, "UTC") == 0;
    if (is_utc ? gmtime_r(&t, &tm) == NULL : !zone_is_known(zone) || !local_in(t, zone, &tm)) {
        return -1;
    }
    *out = (struct clock_local){.date = (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 +
                                        tm.tm_mday,
                                .weekday = tm.tm_wday,
                                .minute = tm.tm_hour * 60 + tm.tm_min};
    return 0;
}

int64_t clock_span_ms(const char *text)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}};
    int64_t v = 0;
    size_t n = strspn(text, "0123456789");
    if (n == 0 || n > 9) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        v = v * 10 + (text[i] - '0');
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(units[i].unit, text + n) == 0) {
            return v * units[i].ms;
        }
    }
    return strcmp(text, "0") == 0 ? 0 : -1;
}

void clock_sleep_ms(int64_t ms)
{
    if (ms <= 0) {
        return;
    }
    struct timespec t = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&t, NULL);
}
