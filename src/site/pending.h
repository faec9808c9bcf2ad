/* Declarations and scripts of what is pending: read for the plan, and again when their turn comes.
 * What a migration needs for that is ten times what the plan keeps of it. Who shows a plan keeps all of
 * them; who runs it keeps the first few (scripts_most of struct site_options), and lets go those of which
 * the plan needs no more than their class of risk: what runs in one transaction, names no role, and has
 * nothing that a gate would speak of. A project with repeatable definitions keeps all: they are what
 * migrations are ordered by. */
#ifndef KFMIG_SITE_PENDING_H
#define KFMIG_SITE_PENDING_H

#include "site/site.h"

/* Of all that may have to run; what their tables count to and their roles are asked for, too. A script
 * that cannot be run blocks its own step only. -1: files changed while kfmig ran, or the server cannot be
 * asked. */
int pending_load(struct site *s, struct err *e) MUST_CHECK;
/* Those of b are there from now on, as they were when the plan was made, until pending_leave(). One at a
 * time. -1: the files changed meanwhile. */
int pending_take(struct site *s, const struct bundle *b, struct err *e) MUST_CHECK;
/* Nobody needs them any more, if they had been let go before. What points into them was copied, or is_used:
 * then they stay. */
void pending_leave(struct site *s, const struct bundle *b, bool is_used);
/* What was let go is unread again, for whoever opens another site of the same project. */
void pending_close(struct site *s);

#endif
