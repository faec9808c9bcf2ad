/* Converging an environment: what `kfmig build` does. */
#ifndef KFMIG_FLOW_CONVERGE_H
#define KFMIG_FLOW_CONVERGE_H

#include "flow/writing.h"

/* order: everything but done, hint, baseline and work. most: at most so many migrations; 0: all.
 * skips_backup: --skip-backup; forces: --force, what holds the environment back is let through, and
 * named in every receipt. */
struct converge_options {
    struct writing_order order;
    bool keep_going, skips_backup, forces;
    int64_t most;
};

/* Has s's plan (restricted) anything that a run could do, or does state/owed hold a receipt? */
bool converge_has_work(const struct site *s);

/* Does what is blocked among the targets that this run would come to (with most none behind the most-th) stop
 * it? Told: faults of files with their places, everything else by the plan. -1 with ERR_CONFIG (nothing worse
 * than SQL that cannot be run) or ERR_PREFLIGHT; with keep_going only r says so. Where nothing is blocked and
 * there is work, also what holds the environment back now (writing_held()). */
int converge_blocked(struct site *s, const struct converge_options *o, struct result *r,
                     struct err *e) MUST_CHECK;

/* Run what the plan selects. With nothing to do only the sink gets what it lacks. As writing(). */
int converge(struct site *s, const struct converge_options *o, struct result *r,
             struct err *e) MUST_CHECK;

#endif
