/* kfmig why dataset:SLUG/ID: the targets of a dataset version. */
#ifndef KFMIG_CLI_WHY_DATASET_H
#define KFMIG_CLI_WHY_DATASET_H

#include "cli/invocation.h"

/* Does text begin with "dataset:"? */
bool is_dataset_target(const char *text);

/* What text, "dataset:SLUG/ID[@catalog|@artifacts]", says is current, or blocked by which faults,
 * as text or JSON into *out. @artifacts reads every artifact. Opens the project; asks no database.
 * -1 with ERR_CONFIG: no such target. */
int explain_dataset(struct invocation *s, const struct request *req, const char *text,
                    struct buf *out, struct err *e) MUST_CHECK;

#endif
