/* What an environment declares of windows, freezes, the checklist, thresholds and probes: from its document,
 * which the schema has looked at, to plain data. For src/load only. */
#ifndef KFMIG_LOAD_OPERATIONS_H
#define KFMIG_LOAD_OPERATIONS_H

#include "doc/doc.h"
#include "model/operations.h"

/* Of the map that an environment is; faults are added, with their places. In a. NULL: it declares nothing. */
const struct operations *operations_read(struct arena *a, const struct doc *env, const char *name,
                                         struct err_list *faults);
/* The files that they name are there, beneath dirfd: what is not is a fault at its place in path. */
void operations_check_files(const struct env *env, int dirfd, const char *path,
                            struct err_list *faults);

#endif
