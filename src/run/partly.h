/* What is said of a migration of which a part may stand: one in steps of a store, one in segments.
 * For src/run only.
 * Owns: those words. No I/O. */
#ifndef KFMIG_RUN_PARTLY_H
#define KFMIG_RUN_PARTLY_H

#include "run/run.h"

/* n_stand of n stand, each called unit ("step"). open: the number of the one that may stand in part;
 * 0: none. is_back: it is being taken back, and not applied. */
struct partly {
    struct arena *a;
    const struct bundle *b;
    bool is_back;
    const char *unit;
    size_t n_stand, n, open;
};
/* Before e's own words: the migration, what stands of it, what went wrong. ERR_APPLY or ERR_ROLLBACK, but for
 * codes that say more. Returns -1. */
int partly_blame(const struct partly *p, const char *what, struct err *e);
/* How to go on, where e has no hint. Returns -1. */
int partly_hint(const struct partly *p, struct err *e);
/* e is of the first of the gates that stops it, and names the file that undoes what stands. Returns -1. */
int partly_blame_gates(const struct partly *p, const struct findings *gates, struct err *e);

#endif
