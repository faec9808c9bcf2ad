/* Which generation of a projection readers see: `kfmig switch`. */
#ifndef KFMIG_FLOW_SWITCH_H
#define KFMIG_FLOW_SWITCH_H

#include "flow/writing.h"

/* The generation of x numbered by text, which can be switched to (kept or ready). NULL with *e: ERR_CONFIG
 * there is none, ERR_PREFLIGHT it is live or not finished. */
const struct generation *switch_target(const struct step *x, const char *text, struct err *e);

/* Publish generation number of projection name, after its structure and counts (verifies: content) were
 * compared with what was proven. order: is_confirmed and lock_wait_ms. As writing(). */
int switch_to(struct site *s, const char *name, const char *number, bool verifies,
              const struct writing_order *order, struct result *r, struct err *e) MUST_CHECK;

#endif
