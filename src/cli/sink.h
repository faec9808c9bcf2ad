/* The receipt sink: a directory outside the database that gets every receipt right after commit.
 * Layout: SINK/ENV/INSTANCE/SEQUENCE-RUN_ID.json, canonical bytes as the ledger has them. It is owed exactly the positions that it
 * lacks; nothing else remembers debts. */
#ifndef KFMIG_CLI_SINK_H
#define KFMIG_CLI_SINK_H

#include "cli/session.h"

/* Write what is missing. -1 with ERR_VALIDATE if it cannot be written: the next run tries again. Nothing to do without a sink. */
int sink_deliver(struct session *s, struct link *l, struct err *e) MUST_CHECK;

/* The newest receipt there must be a position of this ledger, with the root before it as the receipt says: else the ledger went back or
 * forked (ERR_INTEGRITY). */
int sink_check(struct session *s, const struct link *l, struct err *e) MUST_CHECK;

/* For reading: a descriptor that the paths are beneath (-1 with errno; the caller closes it), and SINK/ENV, in which there is a folder per
 * instance. Only with a sink. */
int sink_root(struct session *s);
const char *sink_folder(struct session *s, const struct env *env);

#endif
