/* The schemas of registry/schemas, compiled. */
#ifndef KFMIG_LOAD_CHECKER_H
#define KFMIG_LOAD_CHECKER_H

#include "doc/schema.h"

/* The schema of that name ("run_receipt.v1"), compiled at its first use and kept until the process
 * ends. A name that is not built in is a BUG(). */
const struct schema *checker_schema(const char *name);

#endif
