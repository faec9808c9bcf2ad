/* One environment's ledger against another's.
 * Owns: which migrations were applied where, and which objects the sums of both have otherwise. Nothing is
 * said of what drifted from either. */
#ifndef KFMIG_SITE_AGAINST_H
#define KFMIG_SITE_AGAINST_H

#include "model/comparison.h"
#include "site/site.h"

/* Compare s, which is linked here and not planned, with the environment env, whose database is asked for
 * its ledger and left again. In s->a. ERR_PREFLIGHT: one has no ledger, or their fingerprints are of
 * different formats; the errors of site_link() say which environment could not be asked. */
int site_against(struct site *s, const struct env *env, struct env_comparison *out,
                 struct err *e) MUST_CHECK;

#endif
