/* The ritual around everything that writes to an environment, once: may it write, is this the reviewed plan,
 * the lock, first contact, owed receipts, the plan made again, the work, unlocking, the sink, what is
 * remembered, the worst that happened.
 * Owns: the order of these, and the run's connection while it lasts. Not what the work is. */
#ifndef KFMIG_FLOW_WRITING_H
#define KFMIG_FLOW_WRITING_H

#include "launch/launch.h"
#include "model/result.h"
#include "run/projection.h"
#include "run/run.h"
#include "site/site.h"

/* The good end of a migration, not said yet; at: how many were done with it. See flow/durable.h. */
struct held_end {
    struct result_row row;
    const char *as;
    size_t at;
};

/* A run while it writes. first: the entry with the starting baseline, where this run recorded it (is_first),
 * over n_adopted objects. done, total: targets, for who listens. Closed: everything in result, whose rows
 * live in site->a. */
struct writing {
    struct site *site;
    struct result *result;
    struct run run;
    struct launch_place place; /* of run */
    struct run_actor actor;
    char run_id[37];     /* of the lease */
    struct baseline sum; /* the ledger's sum of objects */
    bool locked;
    int backend_pid; /* of the session that took the lock */
    int64_t lock_wait_ms;
    bool is_first;
    struct outcome first;
    size_t n_adopted;
    size_t done, total;
    /* is_loose: a migration has run since the last barrier; held: ends that wait for the next one, the first
     * since held_ms (clock_ms()); is_lost: some were lost, or nobody knows. beside: a session for a barrier
     * while a statement runs. */
    struct pg_wait wait;
    struct held_end *held;
    size_t n_held, cap_held;
    int64_t held_ms;
    bool is_loose, is_lost, has_none_beside;
    bool is_unheld; /* as the order says, and of a throwaway database */
    bool is_closed; /* the window did, while it went on */
    struct pg *beside;
};

/* What is to be done. All borrowed.
 * done         the participle for "nothing was ...": "switched"; hint: what to do to be let through in a
 *              protected environment.
 * is_confirmed --apply, or a person's yes. A protected environment wants one.
 * plan_digest  the reviewed plan as text, which s's plan and the one under the lock must be; NULL: any.
 * is_held      also without it the plan under the lock must be the one that s has now: a person has seen it.
 * is_unheld    windows, freezes and the checklist do not hold it back: it changes nothing but the ledger,
 *              takes something back, or makes a lost database again.
 * targets      to which that plan is restricted; none: all.
 * signs        the digest that approvals beside the plan name: the plan's, a rollback's; NULL: none are
 *              wanted.
 *              is_unplanned: nothing of it was signed for by bundles.
 * waives       what is let through, which a protected environment takes only signed: "force", "skip-backup".
 * baseline     where the ledger says nothing yet of what stands there (there is none, or one with nothing but
 *              its contact), record that as the starting baseline, with these notes; writing_found are those
 *              of a run that wants to do something else. NULL: do not, and refuse where there is no ledger.
 * work         called once under the lock, the site replanned. -1 with *e: it is over; what failed on the way
 *              is in w->result. */
struct writing_order {
    const char *done, *hint;
    bool is_confirmed;
    const char *plan_digest;
    bool is_held, is_unheld;
    const char *const *targets;
    size_t n_targets;
    const struct digest *signs;
    bool is_unplanned;
    struct names waives;
    const char *baseline;
    int64_t lock_wait_ms;
    int (*work)(struct writing *w, void *ctx, struct err *e);
    void *ctx;
};
extern const char writing_found[];

/* Do it. s has a plan. r is begun by result_begin(). Invariant: work runs only under the lock, after every
 * refusal, on a plan that is the reviewed one; whatever happens after the lock was taken, the lock is let go
 * and the sink gets what it lacks. -1: nothing was done, or work said so; *e also counts in r->worst. 0:
 * r->worst says whether all went well. */
int writing(struct site *s, const struct writing_order *o, struct result *r,
            struct err *e) MUST_CHECK;

/* The refusals that need no lock, for who wants to ask a person afterwards: a read-only role; in a protected
 * environment a superuser, who may become one, and who may switch off what counts rows. ERR_PREFLIGHT. */
int writing_may(const struct site *s, struct err *e) MUST_CHECK;
/* Whatever holds the environment back now (site_held()); told, all of it. ERR_PREFLIGHT. done: as in an
 * order. */
int writing_held(struct site *s, const char *done, struct err *e) MUST_CHECK;
/* Is s's plan the one with that digest (NULL: any)? ERR_PREFLIGHT. */
int writing_reviewed(const struct site *s, const char *plan_digest, struct err *e) MUST_CHECK;

/* The result of a verb on s's environment, before anything was done. */
void result_begin(struct result *r, const struct site *s);
/* How it was left: the ledger, the plan, current targets. writing() does it; for a run that had nothing to
 * do. Also the sink gets what it lacks, which is all that such a run may write. */
void result_end(struct result *r, struct site *s);
/* The part of it that is not from a plan: the ledger, and how long it took. */
void result_ledger(struct result *r, const struct site *s);

/* A target begins; it ended: tells, and adds row with what o says, or holds it until it is on disk. as: how a
 * good end is called where it is more than done, else ""; NULL: the verb says it. A receipt that no ledger
 * took is kept. */
void writing_begin(const struct writing *w, const char *target);
void writing_end(struct writing *w, struct result_row row, const char *as, const struct outcome *o);
/* Add row to the result and tell it, as the at-th. */
void writing_say(struct writing *w, const struct result_row *row, const char *as, size_t at);

#endif
