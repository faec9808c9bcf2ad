/* A dataset version as a document: a member of `kfmig dataset --json`, as registry/schemas/dataset.v1 says.
 * Owns: its members. What is restricted has no extent there. Pure. */
#ifndef KFMIG_DATA_DATASET_DOC_H
#define KFMIG_DATA_DATASET_DOC_H

#include "base/table.h"
#include "data/dataset.h"
#include "doc/doc.h"

/* d as a map; failed: artifacts, by path, that are not as they should be; NULL: nobody has compared them. In
 * a. */
struct doc *dataset_doc(struct arena *a, const struct dataset *d, const struct table *failed);
/* The shortest text that reads as v again; in a. */
const char *dataset_real(struct arena *a, double v);

#endif
