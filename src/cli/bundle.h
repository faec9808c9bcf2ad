/* A new bundle: `kfmig new`, `kfmig diff --new`. */
#ifndef KFMIG_CLI_BUNDLE_H
#define KFMIG_CLI_BUNDLE_H

#include "cli/invocation.h"
#include "flow/fresh.h"

/* Give f, which has its intent, an id and reviewers, write its files, add it to the registry. */
int bundle_write(struct invocation *s, const struct request *req, struct fresh *f,
                 struct err *e) MUST_CHECK;
/* Say what was made, and what a person must look at. Returns the exit status. */
int bundle_print(struct invocation *s, const struct request *req, const struct fresh *f);

#endif
