/* [ENV] [TARGET...]: which environment, which targets. */
#ifndef KFMIG_CLI_ARGUMENTS_H
#define KFMIG_CLI_ARGUMENTS_H

#include "cli/invocation.h"

struct arguments {
    const struct env *env;
    const char **
        targets; /* resolved to migration ids or projection names, with their stage: "ID" or "ID@stage" */
    size_t n_targets;
};
/* The first argument is an environment if one is declared by that name; a target may name one too
 * ("prod/X@apply"), the same in all. -1 with ERR_CONFIG: unknown environment or target, two
 * environments. */
int arguments_resolve(struct invocation *s, struct arguments *out, struct err *e) MUST_CHECK;

/* What the project declares, for plan_target(). */
struct subjects arguments_subjects(const struct project *p, struct arena *a);

#endif
