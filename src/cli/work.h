/* A run's frame: the lock, the plan made again under it, first contact, owed receipts; and what comes after the last step.
 * Shared by the verbs that write to an environment. */
#ifndef KFMIG_CLI_WORK_H
#define KFMIG_CLI_WORK_H

#include "cli/session.h"
#include "cli/watch.h"
#include "run/run.h"

struct work_frame {
    struct session *s;
    struct watch watch;
    size_t done, total; /* targets */
    struct run run;
    struct run_actor actor;
    char run_id[37];     /* of the lease */
    struct baseline sum; /* the ledger's sum of objects */
    bool locked;
    int backend_pid;  /* of the session that took the lock */
    bool is_first;        /* this run recorded the starting baseline: */
    struct outcome first; /* its entry, */
    size_t n_adopted;     /* with so many objects */
    size_t n_paid;    /* owed receipts recorded */
};

/* Take the lock (making the ledger first where there is none), look at everything again under it, plan again. baseline: where the ledger says
 * nothing yet of what stands there (there is none, or one with nothing but its contact), record that as the starting baseline, with these
 * notes; work_found are those of a run that wants to do something else. NULL: do not. */
extern const char work_found[];
int work_open(struct work_frame *w, struct session *s, const char *baseline,
              struct err *e) MUST_CHECK;
/* A target begins: the next of w->total. */
void work_tell_begin(const struct work_frame *w, const char *target);
/* Does state/owed hold a receipt of this environment? */
bool work_owes(struct session *s);
/* Keep a receipt that no ledger took: state/owed/RUN_ID.json. */
int work_owe(struct work_frame *w, const struct outcome *o, struct err *e) MUST_CHECK;
/* Let the lock go; bring cache, checkpoint and witness up to date. Failures here harm nobody and are not reported. */
void work_close(struct work_frame *w);

#endif
