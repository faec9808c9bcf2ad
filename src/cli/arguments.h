/* [ENV] [TARGET...]: which environment, which targets. */
#ifndef KFMIG_CLI_ARGUMENTS_H
#define KFMIG_CLI_ARGUMENTS_H

#include "cli/invocation.h"

struct arguments {
    const struct env *env;
    const char **
        targets; /* resolved to migration ids or projection names, with their stage: "ID" or "ID@stage" */
    size_t n_targets;
    /* The first that no declaration has, which stands in targets as it was given: only the ledger may know
     * it. code ERR_NONE: there is none. */
    struct err unknown;
};
/* The first argument is an environment if one is declared by that name; a target may name one too
 * ("prod/X@apply"), the same in all. -1 with ERR_CONFIG: unknown environment or target, two
 * environments. */
int arguments_resolve(struct invocation *s, struct arguments *out, struct err *e) MUST_CHECK;

/* invocation_plan() for them, and plan_restrict() to them. An unknown target that not even the ledger has is
 * -1 with its fault. */
int arguments_plan(struct invocation *s, const struct arguments *args, bool want_server,
                   struct err *e) MUST_CHECK;
int arguments_restrict(struct invocation *s, const struct arguments *args,
                       struct err *e) MUST_CHECK;
/* For a verb that does not ask a plan's ledger for ids: -1 with the fault of an unknown one. */
int arguments_known(const struct arguments *args, struct err *e) MUST_CHECK;

/* What the project declares, for plan_target(). */
struct subjects arguments_subjects(const struct project *p, struct arena *a);

#endif
