/* A session's evidence: what src/evidence needs to know of one environment, and delivery to the sink. */
#ifndef KFMIG_CLI_ARCHIVE_H
#define KFMIG_CLI_ARCHIVE_H

#include "cli/session.h"
#include "evidence/archive.h"

/* Borrows from s and l, as they are now. A throwaway database (s->dbname) has no sink. */
struct archive archive_of(const struct session *s, const struct link *l);

/* sink_deliver() of s's own link; nothing where its connection is gone: the next run delivers. */
int archive_deliver(struct session *s, struct err *e) MUST_CHECK;

#endif
