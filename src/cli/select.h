/* What the verbs that only look share: the plan for the arguments, one target by its name. */
#ifndef KFMIG_CLI_SELECT_H
#define KFMIG_CLI_SELECT_H

#include "cli/arguments.h"

/* Open the project, resolve the arguments, make the plan; a store that cannot be reached is no
 * error, the plan then says so. The caller closes s either way. */
int select_env(struct invocation *s, const struct request *req, struct arguments *out,
               struct err *e) MUST_CHECK;

/* The same, restricted to the targets. */
int select_plan(struct invocation *s, const struct request *req, struct err *e) MUST_CHECK;

/* The one target among the arguments, by its place in the plan. step and projection are -1 if there
 * is none; stage is STAGE_COUNT, part -1 if it names none. */
struct selected {
    int step;
    enum stage stage;
    int projection;
    int part;
};
/* -1 with ERR_CONFIG if there are several targets. */
int select_target(struct invocation *s, const struct arguments *args, struct selected *out,
                  struct err *e) MUST_CHECK;

#endif
