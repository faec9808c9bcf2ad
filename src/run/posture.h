/* The gate "posture": what a migration reduced of what is enforced, against what its files announce.
 * For src/run only. */
#ifndef KFMIG_RUN_POSTURE_H
#define KFMIG_RUN_POSTURE_H

#include "run/run.h"

/* Append to o->gates: a finding "posture" for each reduction that o->seen shows and b's files do not
 * announce, an error in a protected environment and a warning elsewhere; "posture" passed where all that
 * is reduced was announced; nothing where nothing is. Announced is what the linter found by the same rule,
 * in a statement that names the object; where it did not look (nothing is protected), what a statement
 * names. Pure. */
void gates_posture(struct run *r, const struct bundle *b, struct outcome *o);

#endif
