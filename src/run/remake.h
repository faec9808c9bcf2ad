/* Repeatable definitions that are dropped and made again in one transaction: one that its text cannot
 * replace,
 * with those that stand on it, and those that a migration rebuilds. For src/run only.
 * Owns: which refusals it helps, what is dropped, and what of that is kept (owner, privileges,
 * comments, what others put on it). */
#ifndef KFMIG_RUN_REMAKE_H
#define KFMIG_RUN_REMAKE_H

#include "run/rebuild.h"
#include "run/run.h"

/* Does the server refuse to replace what stands there? */
bool remake_helps(const struct err *failure);

/* b, a repeatable definition, as a bundle whose forward files drop what it and the definitions upon it
 * made, run the texts of all of them in order, give back what was kept, and say again what the texts
 * say of that; its scope is that of all of them together; so are its limits, for what goes and for what
 * comes. l: which they are. In r->a.
 * 0, or 1: nothing of it can be dropped so, as it stands no more, or one upon it is blocked. -1: the server
 * could not be asked. */
int remake_view(struct run *r, const struct bundle *b, struct bundle *out, struct rebuilding *l,
                struct err *e) MUST_CHECK;

/* b, a migration or a part of one, with the definitions l dropped before its files, with what they made on
 * tables (triggers, policies, rules), and made again behind them; its scope and
 * limits are those of all together. n_ahead: statements before its own. In r->a. 0, or 1: nothing of them
 * stands, so b is run as
 * it is. -1: the server could not be asked, or ERR_PREFLIGHT: one of them cannot be made again. */
int rebuild_view(struct run *r, const struct bundle *b, const struct rebuilding *l,
                 struct bundle *out, size_t *n_ahead, struct err *e) MUST_CHECK;

/* b, a definition, as a bundle whose forward file drops what it made and what stands: its objects by the
 * ledger,
 * and by its text what it put on tables. In r->a. -1: something else stands upon that (ERR_APPLY, which names
 * it), or the server could not be asked. */
int prune_view(struct run *r, const struct bundle *b, struct bundle *out, struct err *e) MUST_CHECK;

/* view, in which b's text runs, with what was, the same definition as it was built last, made and b makes no
 * more: what it put on tables goes before the text, views and functions behind it, and a function only
 * where the
 * text did not write it again. In r->a; *out is view itself where nothing of that stands. -1: the server
 * could
 * not be asked. */
int leave_view(struct run *r, const struct bundle *b, const struct bundle *was,
               const struct bundle *view, struct bundle *out, struct err *e) MUST_CHECK;

#endif
