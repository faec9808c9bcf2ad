/* Projections that the ledger knows and the project does not declare: their file is gone, has another name,
 * or is not merged yet. Their generations say which schemas are theirs and what they are made of, so that
 * the migrations of their chains are not taken for ordinary ones. */
#ifndef KFMIG_SITE_UNDECLARED_H
#define KFMIG_SITE_UNDECLARED_H

#include "site/site.h"

/* Read the generations of the ledger into s->generations, each with its schema where that can be known: it is
 * written there, or (an older kfmig) stands in the declaration, in the scope of a member that is here, or in
 * the receipt of the publication. Nothing is asked where neither project nor ledger has a projection.
 * -1: the ledger could not be asked. */
int generations_read(struct site *s, struct err *e) MUST_CHECK;

/* s->undeclared, from s->generations and the project: plain data in s->a, sorted by name. */
void undeclared_find(struct site *s);
/* The project's bundles, as site_bundles() has them, but what belongs to the chain of an undeclared
 * projection, or of one that is declared over another schema than its generations stand in, is a copy whose
 * projection says so; in s->a. */
const struct bundle *const *undeclared_bundles(const struct site *s);
/* Whose chain b belongs to by the ledger alone; NULL: nobody's, or it is declared. */
const char *undeclared_owner(const struct site *s, const struct bundle *b);

/* What live generations of undeclared projections were made of and the project has no bundle for: one absent
 * bundle each, appended to v[0..*n), which has room for undeclared_parts(s). */
size_t undeclared_parts(const struct site *s);
void undeclared_absent(const struct site *s, struct bundle *v, size_t *n);

#endif
