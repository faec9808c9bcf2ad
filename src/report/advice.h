/* What to do next about a reason: for the .c files of report/ only. */
#ifndef KFMIG_REPORT_ADVICE_H
#define KFMIG_REPORT_ADVICE_H

#include "report/report.h"

/* One sentence without a newline; "" where there is nothing to do. changes: the files that differ, for checksum_mismatch. */
void advice_put(struct buf *out, const struct plan *p, const struct step *s, const struct reason *r,
                const struct file_change *changes, size_t n_changes);

#endif
