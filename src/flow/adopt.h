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

#endif
