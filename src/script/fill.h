/* Texts of a migration as they are run in an environment.
 * Owns: which of them are filled how: ${NAME} in all (model/variables.h), and what psql would make of those
 * that are psql's (sql/psql_render.h). Pure. */
#ifndef KFMIG_SCRIPT_FILL_H
#define KFMIG_SCRIPT_FILL_H

#include "model/variables.h"

/* runner: of its declaration; NULL: it is one of a draft. values NULL: of no environment. */
struct filling {
    const struct names *declared;
    const struct variables *values;
    const char *runner;
};
/* *out is text itself where nothing was put in place of anything; in a. Faults as of those two. */
void script_fill(struct arena *a, const struct filling *x, const char *path, struct bytes text,
                 struct bytes *out, struct err_list *faults);

#endif
