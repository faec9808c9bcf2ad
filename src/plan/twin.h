/* Applied migrations that the project lacks, and content that is applied under another id; for src/plan
 * only. Pure. */
#ifndef KFMIG_PLAN_TWIN_H
#define KFMIG_PLAN_TWIN_H

#include "plan/step_kind.h"

/* The decision about a step of a migration that only the ledger knows. */
void absent_decide(struct plan *p, struct step *s);
/* May what is pending not run because its content, or what looks like an earlier state of it, is
 * applied under another id? Gives the reason then. What runs only by name runs where it is named
 * (s->is_named). */
bool twin_holds(struct plan *p, struct step *s);
/* The id of the first bundle here that is not applied and has the content which is applied as s, whose own is
 * another; NULL: none. */
const char *twin_moved(struct plan *p, const struct step *s);

#endif
