/* A dataset version as a document, a member of `kfmig dataset --json` as registry/schemas/dataset.v1 says,
 * and as text. Owns: its members. What is restricted has no extent there. */
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

/* One line for each of l, in columns. a: for what is made on the way. */
void dataset_put_list(struct buf *out, struct arena *a, const struct dataset_list *l);
/* All that is known of one. */
void dataset_put(struct buf *out, struct arena *a, const struct dataset *d);
/* A line for each artifact: ok or failed (its path is in failed), digest, size in bytes, path. Looks at the
 * file where no catalog says its size. */
void dataset_put_verified(struct buf *out, const struct dataset_place *p, const struct dataset *d,
                          const struct table *failed);

#endif
