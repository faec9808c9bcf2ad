/* The environments that must have a migration first.
 * Owns: whom to believe about them: their own ledgers, asked now, and, where one cannot be asked, the signed
 * receipts that it left (docs/attestations.md). A ledger that answers and is not the right one, or not whole,
 * is no reason to look at files. */
#ifndef KFMIG_SITE_UPSTREAM_H
#define KFMIG_SITE_UPSTREAM_H

#include "site/site.h"

/* Into s->world.upstream, one for each that s->env requires. Connects to each. No error: who could not be
 * asked, and has no receipts that hold, says why. */
void site_ask_upstreams(struct site *s);

#endif
