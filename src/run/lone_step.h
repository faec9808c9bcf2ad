/* A segment that is one statement which runs alone, through the journal. For src/run/segmented.c only. */
#ifndef KFMIG_RUN_LONE_STEP_H
#define KFMIG_RUN_LONE_STEP_H

#include "run/segmented_parts.h"

/* Do it, or find it done. -1 as journal_effect(); w->is_open says whether a part of it may stand. */
int lone_step(struct segmented *w, const struct segment *x, struct err *e) MUST_CHECK;
/* A clean session, with the settings that statements before x made for it; x NULL: all of them. */
int lone_settings(struct segmented *w, const struct segment *x, struct err *e) MUST_CHECK;

#endif
