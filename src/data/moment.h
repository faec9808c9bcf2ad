/* Dates and times of day as they are written.
 * Owns: ISO 8601 (extended form) and RFC 3339 text, and the numbers PostgreSQL keeps: days, or
 * microseconds, since 2000-01-01. Must not know columns. Functions return -1 with *why set: a constant
 * phrase that never holds the value. Years have four digits, 0001 to 9999. A day that the Gregorian
 * calendar does not have, a leap second, a hour 24 (but for a time of day: 24:00:00) and anything finer
 * than a microsecond are refused. "infinity" and "-infinity", in any case, are PostgreSQL's. */
#ifndef KFMIG_DATA_MOMENT_H
#define KFMIG_DATA_MOMENT_H

#include "base/bytes.h"

/* "2026-03-01"; infinity is INT32_MAX, -infinity INT32_MIN. */
int moment_date(struct bytes text, int32_t *days, const char **why) MUST_CHECK;

/* "12:30", "12:30:59", "12:30:59.123456"; no offset. */
int moment_time(struct bytes text, int64_t *us, const char **why) MUST_CHECK;

/* Date, "T" or a blank, time; no offset. infinity is INT64_MAX, -infinity INT64_MIN. */
int moment_local(struct bytes text, int64_t *us, const char **why) MUST_CHECK;

/* The same with "Z", "+HH:MM", "+HHMM" or "+HH" behind it, which may not be missing. */
int moment_instant(struct bytes text, int64_t *us, const char **why) MUST_CHECK;

#endif
