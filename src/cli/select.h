/* What the verbs that only look share: the plan for the arguments, one step by its name. */
#ifndef KFMIG_CLI_SELECT_H
#define KFMIG_CLI_SELECT_H

#include "cli/arguments.h"

/* Open the project, resolve the arguments, make the plan; a store that cannot be reached is no error, the plan then says so.
 * The caller closes s either way. */
int select_env(struct session *s, const struct request *req, struct arguments *out,
               struct err *e) MUST_CHECK;

/* The same, restricted to the targets. */
int select_plan(struct session *s, const struct request *req, struct err *e) MUST_CHECK;

/* The one target among the arguments as a step of the plan; *stage is STAGE_COUNT if it names none. -1 with ERR_CONFIG if there are several;
 * *step is -1 if there is none. */
int select_step(struct session *s, const struct arguments *args, int *step, enum stage *stage,
                struct err *e) MUST_CHECK;

#endif
