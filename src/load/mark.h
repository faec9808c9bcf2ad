/* What flat files say in lines of their own, anywhere in them: "-- kfmig:after NAME, NAME".
 * Owns: which marks there are, and what member of a declaration each means. */
#ifndef KFMIG_LOAD_MARK_H
#define KFMIG_LOAD_MARK_H

#include "doc/doc.h"
#include "model/layout.h"

/* header with the lists that marks in text make, of those that files of the layout may have, where it has
 * none of that member itself. path: for places. In a. */
struct doc *mark_header(struct arena *a, struct doc *header, enum layout layout, struct bytes text,
                        const char *path);

#endif
