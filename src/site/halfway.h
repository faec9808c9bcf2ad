/* Migrations in segments that an earlier run began in the ledger's own store and did not finish.
 * Owns: finding them, and what of drift is their doing. */
#ifndef KFMIG_SITE_HALFWAY_H
#define KFMIG_SITE_HALFWAY_H

#include "site/site.h"

/* From the journal, the scripts and the database: adds to s->world.begun, and takes out of
 * s->world.drift what their segments left there. -1: the ledger, or the database, cannot be asked. */
int halfway_find(struct site *s, struct err *e) MUST_CHECK;

/* b with its rollback files in place of the forward ones, parsed; forward NULL: they cannot be run. In s->a.
 * NULL: they cannot be read. */
struct bundle *halfway_back(struct site *s, struct bundle *b, struct err *e) MUST_CHECK;

#endif
