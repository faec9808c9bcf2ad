/* Making projections again from catalogs and artifacts alone, in the database that is there: `kfmig
 * rebuild`. */
#ifndef KFMIG_FLOW_REBUILD_H
#define KFMIG_FLOW_REBUILD_H

#include "flow/writing.h"

/* Which projections are meant. projection: NULL: any. dataset_version: those that use it, NULL with all. */
struct meant {
    const char *projection, *dataset_version;
    bool all;
};
/* Does it mean p, in env? */
bool meant_is(const struct meant *m, const struct env *env, const struct projection *p);

/* The same, and it stands in the database: what a database made anew can have. */
bool meant_in_database(const struct meant *m, const struct env *env, const struct projection *p);

/* Is something meant, and can all of it be rebuilt now: declared, not blocked, no migration pending?
 * ERR_CONFIG, ERR_PREFLIGHT. No I/O. */
int rebuild_check(const struct site *s, const struct meant *m, struct err *e) MUST_CHECK;

/* A new generation of every projection that is meant, whether it seems current or not; stops at the first
 * that fails. order: is_confirmed and lock_wait_ms. As writing(). */
int rebuild(struct site *s, const struct meant *m, const struct writing_order *order,
            struct result *r, struct err *e) MUST_CHECK;

#endif
