/* What a verb that writes has done: one struct for all of them, filled by flow/, printed by report/ as text
 * or as registry/schemas/result.v1.schema.json. Plain data; texts and rows live in the arena of whoever
 * filled it. */
#ifndef KFMIG_MODEL_RESULT_H
#define KFMIG_MODEL_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"

struct findings;
struct doc;

enum result_action {
    RESULT_APPLY,   /* a migration; key: its checksum */
    RESULT_PUBLISH, /* a projection's new generation; key: its digest */
    RESULT_SWITCH,  /* to a generation that stands there */
    RESULT_EXPORT,  /* evidence of a migration, written again */
    RESULT_ADOPT,   /* n: objects */
    RESULT_RETIRE,  /* of a projection; n: generations dropped */
    RESULT_DROP, /* a projection that was given up; n: generations; key: digest of the live one */
    RESULT_DRILL,
    RESULT_RENAME,   /* of a migration, in the ledger */
    RESULT_PRUNE,    /* of a definition whose file is gone; key: its checksum */
    RESULT_ROLLBACK, /* of a migration; key: its checksum */
    RESULT_CONFIRM,  /* an item of the checklist */
    RESULT_BACKUP,   /* key: its digest */
    RESULT_RESOLVE,  /* a step of a migration, settled by hand; key: the step's */
    RESULT_DEPLOY,   /* a deployment, recorded; target: its tag */
    RESULT_ACTIONS
};
const char *result_action_text(enum result_action a); /* "apply" */

/* One thing that was done, or that failed. Zero, NULL: there is none of it.
 * failure  why not; NULL: it was done. gates: those that stood in the way.
 * sequence, run_id  of its ledger entry. generation: its number. */
struct result_row {
    enum result_action action;
    const char *target;
    const struct err *failure;
    const struct findings *gates;
    int64_t sequence;
    const char *run_id;
    int64_t generation;
    size_t n;
    struct digest key, content;
    int64_t ms;
};

/* Targets of the plan that stayed as they were, besides those that needed nothing: not reached; their
 * evidence not written; blocked; inside a generation that was not published, or behind one; known to the
 * ledger only; not for this environment. */
struct result_left {
    size_t not_run, not_exported, blocked, waiting, not_here, not_applicable;
};

/* With left, n_current, n_skipped, n_failed and what n_done has of APPLY, PUBLISH and EXPORT every target
 * of a build counts once. plan_digest: of the plan that was held to; has_plan: there was one. instance,
 * size, root: of the ledger as it was left, or last seen where the connection was lost; instance NULL:
 * there is none. worst: of all that failed, ERR_NONE. durability, commits, syncs: of migrations that were
 * run (NULL: there were none), what the environment declares, the synchronous_commit that the server's
 * sessions come with, whether its fsync is on. more: members that only one verb has, which stand beside
 * the others in JSON; NULL. */
struct result {
    const char *verb, *environment;
    struct result_row *v;
    size_t n, cap;
    size_t n_done[RESULT_ACTIONS];
    size_t n_failed, n_skipped, n_current;
    size_t n_as_before; /* was to be built, and turned out to be made from the same content */
    struct result_left left;
    bool has_plan;
    struct digest plan_digest;
    const char *instance;
    int64_t size;
    struct digest root;
    int64_t ms;
    enum err_code worst;
    const char *durability, *commits;
    bool syncs;
    struct doc *more;
};

/* Make room for n rows more, in a. */
void result_expect(struct result *r, struct arena *a, size_t n);
/* Append a row to r, in a, and count it: also its failure's code. Returns it. */
struct result_row *result_add(struct result *r, struct arena *a, const struct result_row *row);
/* Something failed that has no row. */
void result_worsen(struct result *r, enum err_code code);

#endif
