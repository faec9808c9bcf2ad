/* Accepting a database as it stands: `kfmig adopt`. */
#ifndef KFMIG_FLOW_ADOPT_H
#define KFMIG_FLOW_ADOPT_H

#include "flow/writing.h"

/* Is the database other than the ledger says, or does the ledger say nothing of it yet? is_upgrade: does
 * another major version of the server explain some of it? */
bool adopt_has_work(const struct site *s, bool is_upgrade);

/* Record what differs as one entry of kind adopt; where there is nothing to adopt only the sink gets what it
 * lacks. order: is_confirmed and lock_wait_ms. adopt_upgrade(): only what another major version of the
 * server explains. As writing(). */
int adopt(struct site *s, const struct writing_order *order, struct result *r,
          struct err *e) MUST_CHECK;
int adopt_upgrade(struct site *s, const struct writing_order *order, struct result *r,
                  struct err *e) MUST_CHECK;

/* Which drifted objects are meant by given[0..n): "table app.t", or "app.t" where that is one. *out, in s->a:
 * object_text() of each. ERR_PREFLIGHT: one is not known, is as the ledger says, or may be several; is of
 * another store, which is taken as a whole; there is no ledger. is_upgrade: one is drift that the server's
 * version does not explain. */
int adopt_find(const struct site *s, const char *const *given, size_t n, bool is_upgrade,
               struct names *out, struct err *e) MUST_CHECK;
/* Would d be recorded, where these are meant (none: all)? */
bool adopt_takes(const struct drift *d, const struct names *objects, bool is_upgrade);
/* adopt() of these alone, as they stood when s was planned: what has changed since is taken by nobody, with
 * ERR_PREFLIGHT. */
int adopt_objects(struct site *s, const struct names *objects, const struct writing_order *order,
                  struct result *r, struct err *e) MUST_CHECK;

#endif
