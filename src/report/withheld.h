/* Lines without what may not be shown (model/leak.h). */
#ifndef KFMIG_REPORT_WITHHELD_H
#define KFMIG_REPORT_WITHHELD_H

#include "base/bytes.h"
#include "model/leak.h"

/* Append text, but in the place of each line that may not stand there one that says so: a sentence, or,
 * where the line is an object of JSON, {"event":"withheld","rule":RULE}, of an error one with the code
 * leak. */
void withheld_put(struct buf *out, struct bytes text, enum leak_where where);

#endif
