/* What the environment asks of every step that is to run, whatever its kind; for src/plan only. Each gives
 * its reason, or none. */
#ifndef KFMIG_PLAN_GATES_H
#define KFMIG_PLAN_GATES_H

#include "plan/plan.h"

/* not_adopted: a protected environment holds objects and no ledger. */
void gate_adoption(struct plan *p, struct step *s);
/* not_promoted: for each required environment that has not done the same. */
void gate_promotion(struct plan *p, struct step *s);
/* approval_missing: the environment wants signatures, and there are not enough; those that there are into
 * s->approved. is_protected: it touches a protected domain. */
void gate_approval(struct plan *p, struct step *s, bool is_protected);
/* Is what the reason of that code says let through by approvals that name it? */
bool gate_waives(struct plan *p, const struct step *s, enum reason_code code);
/* role_missing: for each role that its scripts, which must be parsed, need and the server has not, or of
 * which whoever runs them is no member. */
void gate_roles(struct plan *p, struct step *s);
/* left_open: a protected environment, and what b, which is the step's or a member of its chain, leaves open.
 */
void gate_lacks(struct plan *p, struct step *s, const struct bundle *b);
/* lint_error: a protected environment, and what the linter finds in b, which is the step's, that stands in
 * the way. */
void gate_lint(struct plan *p, struct step *s, const struct bundle *b);
/* policy, policy_warning: what the environment's policy says of the forward scripts of s, which must be
 * parsed, and of its declaration. */
void gate_policy(struct plan *p, struct step *s);
/* awaits_deploy: b, which is the step's or a member of its chain, waits for a deployment that the ledger has
 * not. */
void gate_deploy(struct plan *p, struct step *s, const struct bundle *b);
/* upstream_blocked, upstream_pending: what comes before cannot run, or is still to run. */
void gate_upstream(struct plan *p, struct step *s);

#endif
