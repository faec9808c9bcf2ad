/* An unprotected environment's database is dropped and made anew, empty: for a build to begin from nothing.
 * Owns: who may, the lock, who else is connected, forgetting the old ledger. */
#ifndef KFMIG_FLOW_RESET_H
#define KFMIG_FLOW_RESET_H

#include "flow/writing.h"

/* What there is to lose. missing: there is no database, and nothing to drop. n_applied: migrations.
 * others: a line for each other session, "psql of ada (pid 7)". */
struct resetting {
    bool missing;
    const char *name;
    size_t n_applied;
    struct names others;
};

/* Look at s (begun, not connected), and stay connected where there is a database. -1 with
 * ERR_PREFLIGHT: it is protected, it is another environment's database, or it cannot be reached. */
int reset_look(struct site *s, struct resetting *out, struct err *e) MUST_CHECK;

/* Drop it, if it is there, under the ledger's lock: other sessions are cut off. Make it, and forget
 * the ledger that was. s is not connected afterwards. template as in database_create(). -1:
 * ERR_LOCKED, another run is at work; ERR_PREFLIGHT, no right to (hint: what an administrator has
 * to grant). */
int reset_make(struct site *s, const struct resetting *x, const char *template,
               int64_t lock_wait_ms, struct err *e) MUST_CHECK;

#endif
