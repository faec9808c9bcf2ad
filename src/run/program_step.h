/* A migration that a program makes, as the one segment of it: journaled, unobserved (DESIGN.md section 3a).
 * For src/run only. Owns: what is known of it before and after, and that it is never begun twice. */
#ifndef KFMIG_RUN_PROGRAM_STEP_H
#define KFMIG_RUN_PROGRAM_STEP_H

#include "run/segmented_parts.h"

/* Bring x of w about: intent, the program, the catalogs as they stand afterwards against those before, done.
 * Invariant: it is started at most once per intent. Where it did not end well, or this run is not the one
 * that started it, nobody knows how far it came: the intent stays open, for a person to resolve. Rows that it
 * wrote are attributed to nobody. -1: as segmented_journal(). */
int program_step(struct segmented *w, const struct segment *x, struct err *e) MUST_CHECK;
/* What it left, as its done would keep it, where a person says that it counts as done: all that stands
 * otherwise than the ledger says. *kept in r->a. */
int program_seen_of(struct segmented *w, struct bytes *kept, struct err *e) MUST_CHECK;

#endif
