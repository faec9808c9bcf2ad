/* Dropping what is left of a projection that was given up: all of its schemas in one guarded transaction. */
#ifndef KFMIG_RUN_PROJECTION_DROP_H
#define KFMIG_RUN_PROJECTION_DROP_H

#include "run/run.h"
#include "store/postgis/generation.h"

/* All borrowed.
 * bundle      what drops it, parsed: its id is the projection's name, its checksum the digest of the live
 *             generation (zero: none was made from catalogs), its scope the schemas that go and nothing else.
 * generation  every one that the ledger has of it.
 * migrations  those of its chain that were applied by themselves: they are applied no longer. */
struct dropping {
    const struct bundle *bundle;
    const struct generation *generation;
    size_t n;
    struct names migrations;
};
/* Drop it. Never fails as a call: everything is in *o. Gates as of a migration, without limits: what is
 * not in
 * its schemas may not change, nor what of them drifted. One entry, ENTRY_DROP, which records every object
 * that is gone; the rows of the generations go in the same transaction, and their numbers are never given
 * out again. First its relations are locked, and what depends on it is asked for once more. */
void run_drop(struct run *r, const struct dropping *d, struct outcome *o);

/* ERR_PREFLIGHT, naming the first, if there is any. */
int drop_refuse(struct arena *a, const char *name, const struct obstacles *l,
                struct err *e) MUST_CHECK;

#endif
