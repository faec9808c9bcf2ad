/* Approvals as they stand in the project, looked at for an environment.
 * Owns: finding them (beside bundles, in registry/approvals), and asking ssh-keygen about those that
 * matter now. Not whether there are enough: model/approval.h. */
#ifndef KFMIG_SITE_APPROVALS_H
#define KFMIG_SITE_APPROVALS_H

#include "site/site.h"

/* Those of what is pending, and of what projections want, into s->approvals and s->world. What counts
 * was verified; one that does not count says why. Where nobody may sign (no registry/allowed_signers)
 * nothing is read. -1: stopped, or no ssh-keygen though there is something to verify. */
int approvals_look(struct site *s, struct err *e) MUST_CHECK;
/* The moment by which this look judges them, into s->approvals, unless it is there: the server's. -1: it
 * cannot be asked. */
int approvals_moment(struct site *s, struct err *e) MUST_CHECK;
/* Do v[0..n), which counted when an earlier look judged them, count at the moment of the last one? *why: why
 * one does not, one line in s->a; NULL: all do. */
int approvals_last(struct site *s, const struct approval *const *v, size_t n, const char **why,
                   struct err *e) MUST_CHECK;
/* The same of those over a plan's, a rollback's or a run's digest, which the plan cannot wait for. */
int approvals_look_at(struct site *s, const struct digest *digest, struct err *e) MUST_CHECK;

#endif
