/* Migrations in segments that an earlier run began in the ledger's own store and did not finish.
 * Owns: finding them, and what of drift is their doing. For src/site only. */
#ifndef KFMIG_SITE_HALFWAY_H
#define KFMIG_SITE_HALFWAY_H

#include "site/site.h"

/* From the journal, the scripts and the database: adds to s->world.begun, and takes out of
 * s->world.drift what their segments left there. -1: the ledger, or the database, cannot be asked. */
int halfway_find(struct site *s, struct err *e) MUST_CHECK;

#endif
