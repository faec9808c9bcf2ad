/* The receipt sink: a directory outside the database that gets every receipt right after commit.
 * Layout: SINK/ENV/INSTANCE/SEQUENCE-RUN_ID.json, canonical bytes as the ledger has them. It is owed
 * exactly the positions that it lacks; nothing else remembers debts. */
#ifndef KFMIG_EVIDENCE_SINK_H
#define KFMIG_EVIDENCE_SINK_H

#include "evidence/archive.h"

/* Write what is missing, of the entries up to r->id->size; receipts pass through one at a time. Nothing to
 * do without a sink or a ledger. -1: the ledger could not be asked, or ERR_VALIDATE: it cannot be written;
 * the next run tries again. */
int sink_deliver(const struct archive *r, struct err *e) MUST_CHECK;

/* The newest receipt there must be a position of this ledger, with the root before it as the receipt says:
 * else the ledger went back or forked (ERR_INTEGRITY). Nothing to do without a sink or a ledger. *is_known:
 * there is one. */
int sink_check(const struct archive *r, bool *is_known, struct err *e) MUST_CHECK;

/* For reading: a descriptor that the paths are beneath (-1 with errno; the caller closes it), and
 * SINK/ENV, in which there is a folder per instance; in a. dirfd: of the project, which a relative sink
 * stands in. */
int sink_root(const char *sink, int dirfd);
const char *sink_folder(struct arena *a, const char *sink, const char *env);

#endif
