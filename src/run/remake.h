/* A repeatable definition that its text cannot replace: dropped, with those that stand on it, and made
 * again in the same transaction. For run/migration.c only.
 * Owns: which refusals it helps, what is dropped, and what of that is kept (owner, privileges,
 * comments, what others put on it). */
#ifndef KFMIG_RUN_REMAKE_H
#define KFMIG_RUN_REMAKE_H

#include "run/run.h"

/* Does the server refuse to replace what stands there? */
bool remake_helps(const struct err *failure);

/* b, a repeatable definition, as a bundle whose forward files drop what it and the definitions upon it
 * made, run the texts of all of them in order, give back what was kept, and say again what the texts
 * say of that; its scope is that of all of them together, and nothing is limited. with: their names but
 * its own, ", " between them. In r->a. 0, or 1: nothing of it can be dropped so, as it stands no more,
 * or one upon it is blocked. -1: the server could not be asked. */
int remake_view(struct run *r, const struct bundle *b, struct bundle *out, const char **with,
                struct err *e) MUST_CHECK;

#endif
