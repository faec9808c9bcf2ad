/* What the ledger says was changed since repeatable definitions were built.
 * Owns: the question, and whose changes count. */
#ifndef KFMIG_SITE_DEFINITIONS_H
#define KFMIG_SITE_DEFINITIONS_H

#include "site/site.h"

/* Fill s->world.written. Asks the ledger only where an entry behind the oldest of them may have changed what
 * one stands on. -1: it could not be asked. */
int definitions_look(struct site *s, struct err *e) MUST_CHECK;

#endif
