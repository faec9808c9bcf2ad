/* Time. Order never depends on it; it is information. */
#ifndef KFMIG_BASE_CLOCK_H
#define KFMIG_BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_TEXT 28 /* "2026-03-02T00:00:00.000000Z" + NUL */

int64_t clock_ms(void);      /* monotonic, for deadlines and durations */
int64_t clock_unix_us(void); /* wall clock; KFMIG_NOW (seconds since 1970) freezes it in tests */
/* RFC 3339, UTC, microseconds; clamped to the years 1 to 9999. Returns out. */
const char *clock_text(int64_t unix_us, char out[static CLOCK_TEXT]);
/* What clock_text() wrote, back: -1 where it would not have written that. */
int clock_read(const char *text, int64_t *unix_us);
/* Of what clock_text() wrote, for names of files: "20260302T000000000000Z". Returns out. */
const char *clock_stamp(const char *text, char out[static CLOCK_TEXT]);
/* A moment by the clock on a wall. date: as 20261231; weekday: 0 is Sunday; minute: of the day. */
struct clock_local {
    int date, weekday, minute;
};
/* The same moment in zone: "UTC", or a name of the zone database ("America/Chicago"). -1: this machine does
 * not know it. Reads that zone's file; for the time of the call it is the process's zone. */
int clock_local(int64_t unix_us, const char *zone, struct clock_local *out);
/* A time as files declare it: a number and ms, s, min or h ("5s"); "0" alone. -1: of no such form, or longer
 * than 999,999,999 of its unit. */
int64_t clock_span_ms(const char *text);
void clock_sleep_ms(int64_t ms); /* returns early on a signal */

#endif
