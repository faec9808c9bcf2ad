/* One migration, tried in a throwaway database beside the live one.
 * Owns: making that database, what the migration leaves there as the throwaway ledger has it, dropping it
 * again whatever comes. Not what that is held against. */
#ifndef KFMIG_FLOW_TRIAL_H
#define KFMIG_FLOW_TRIAL_H

#include "flow/writing.h"
#include "site/database.h"

/* live is planned; b is one of its project. The rest is filled by trial_make().
 * made: the throwaway database, whose environment asks nobody and exports nothing. rows: what b left there;
 * gone: what it removed, as it was. Both sorted by object, in live's arena. */
struct trial {
    struct site *live;
    struct bundle *b;
    int64_t lock_wait_ms;
    struct site made;
    struct env env;
    char name[DRILL_NAME];
    struct object_rows rows, gone;
};

/* Run b there, behind what it depends on, as it is now. The database is dropped afterwards, whatever
 * happens. -1 ERR_PREFLIGHT: it cannot be tried, or does not run; ERR_INTERRUPTED, ERR_TERMINATED: a signal
 * came. Of live nothing was written. */
int trial_make(struct trial *t, struct err *e) MUST_CHECK;

/* A list of what differs, the first few of them. */
struct trial_differs {
    struct buf text;
    size_t n;
};
/* object and how it is not as it should be: one more of them. */
void trial_differ(struct trial_differs *d, const char *object, const char *how);

#endif
