/* What to do next about a reason: for the .c files of report/ only. */
#ifndef KFMIG_REPORT_ADVICE_H
#define KFMIG_REPORT_ADVICE_H

#include "report/report.h"

/* What to do about r of s, of whatever kind: one sentence without a newline; "" where there is nothing to do.
 * changes: the files that differ, for checksum_mismatch. */
void advice_put(struct buf *out, const struct plan *p, const struct step *s, const struct reason *r,
                const struct file_change *changes, size_t n_changes);

/* The same of a projection: for advice_put(). */
void advice_put_projection(struct buf *out, const struct plan *p, const struct step *x,
                           const struct reason *r);
/* What says the same about both; false: nothing. */
bool advice_put_shared(struct buf *out, const struct plan *p, const struct reason *r);
/* A required environment could be neither asked nor read from files. */
void advice_unasked(struct buf *out, const char *env);
/* "`kfmig build dev X`"; id NULL: without one. */
void advice_command(struct buf *out, const struct plan *p, const char *verb, const char *id);

#endif
