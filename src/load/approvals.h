/* What an environment declares of approvals: from its document, which the schema has looked at, to
 * plain data. For src/load only. */
#ifndef KFMIG_LOAD_APPROVALS_H
#define KFMIG_LOAD_APPROVALS_H

#include "doc/doc.h"
#include "model/approval.h"

/* Of the map `approvals`; faults are added, with their places. In a. NULL: env declares nothing of it. */
const struct approval_rule *approvals_read(struct arena *a, const struct doc *d,
                                           const struct env *env, struct err_list *faults);

#endif
