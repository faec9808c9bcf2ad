/* What no machine can know is settled by hand: `kfmig resolve`. */
#ifndef KFMIG_FLOW_RESOLVE_H
#define KFMIG_FLOW_RESOLVE_H

#include "flow/writing.h"

enum resolve_as { RESOLVE_UNSAID, RESOLVE_APPLIED, RESOLVE_ABSENT };
/* "applied", "absent". -1 with ERR_CONFIG: anything else. */
int resolve_as_read(const char *text, enum resolve_as *out, struct err *e) MUST_CHECK;

/* What is in doubt of the migration id. s has a plan. -1 with ERR_PREFLIGHT: it is not in doubt, because
 * nothing of it was begun, or because the next build can tell where it stands. In s->a. */
int resolve_find(const struct site *s, const char *id, const struct begun **out,
                 struct err *e) MUST_CHECK;
/* What was seen of it, and what either answer would mean: lines for people, each ended, in s->a. */
const char *resolve_words(const struct site *s, const struct begun *b);
/* Settle what was shown, b of s: an entry of kind "resolve" for each step that is settled. Under the lock it
 * must stand as it stood when it was shown. order: is_confirmed and lock_wait_ms. -1 with ERR_PREFLIGHT: it
 * is another thing now;
 * ERR_CONFIG: applied, where what was begun is not what is declared; else as writing(). */
int resolve(struct site *s, const struct begun *b, enum resolve_as as,
            const struct writing_order *order, struct result *r, struct err *e) MUST_CHECK;

#endif
