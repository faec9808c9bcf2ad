/* Time. Order never depends on it; it is information. */
#ifndef KFMIG_BASE_CLOCK_H
#define KFMIG_BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_TEXT 28 /* "2026-03-02T00:00:00.000000Z" + NUL */

int64_t clock_ms(void);      /* monotonic, for deadlines and durations */
int64_t clock_unix_us(void); /* wall clock; KFMIG_NOW (seconds since 1970) freezes it in tests */
/* RFC 3339, UTC, microseconds; clamped to the years 1 to 9999. Returns out. */
const char *clock_text(int64_t unix_us, char out[static CLOCK_TEXT]);
void clock_sleep_ms(int64_t ms); /* returns early on a signal */

#endif
