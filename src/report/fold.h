/* Text for a terminal: lines broken at blanks, so that columns of a table do not fall apart.
 * Owns: where a line is broken. Must not know what it says. */
#ifndef KFMIG_REPORT_FOLD_H
#define KFMIG_REPORT_FOLD_H

#include "base/bytes.h"

/* Append text with every line of more than width columns broken at blanks; what follows is indented by four
 * more than the line. A word is never broken, so that a digest can be copied: it may stand out. Colours
 * count as nothing. width below 20: as it is. */
void fold(struct buf *out, struct bytes text, size_t width);

#endif
