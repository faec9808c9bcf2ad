/* Text-local changes of a linter's findings, put into files. For flow/lint.c. */
#ifndef KFMIG_FLOW_LINT_FILES_H
#define KFMIG_FLOW_LINT_FILES_H

#include "lint/lint.h"
#include "load/load.h"

/* Make the changes of all findings that have one and are not let through; these leave r, and its counts. *n:
 * how many. A file is written whole, atomically. -1, ERR_PREFLIGHT: one could not be written; those before it
 * are. */
int lint_files_mend(const struct project *p, struct lint_result *r, size_t *n,
                    struct err *e) MUST_CHECK;

#endif
