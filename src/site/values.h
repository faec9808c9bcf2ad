/* Variables of an environment, where migrations and definitions hold them.
 * Owns: giving each the environment's values, and what the last run of each had. */
#ifndef KFMIG_SITE_VALUES_H
#define KFMIG_SITE_VALUES_H

#include "site/site.h"

/* Give what declares variables the values of s's environment; what was read of it with those of another is
 * let
 * go, and what a definition makes and needs is read anew. -1: a file changed while kfmig ran. */
int values_bind(struct site *s, struct err *e) MUST_CHECK;
/* Fill s->world.valued. -1: the ledger could not be asked. */
int values_look(struct site *s, struct err *e) MUST_CHECK;

#endif
