/* What a backup asks of a database. */
#ifndef KFMIG_SITE_BACKUP_H
#define KFMIG_SITE_BACKUP_H

#include "site/site.h"

/* Of schemas those that are there, and those that partitions of their tables lie in; in s->a. */
int site_schemas(struct site *s, const struct names *schemas, struct names *out,
                 struct err *e) MUST_CHECK;
/* Begin a transaction as site_snapshot() does; *id: its snapshot, for other sessions, in s->a. */
int site_export_snapshot(struct site *s, const char **id, struct err *e) MUST_CHECK;
/* The newest good entry of kind "backup" (drills: with that subject only); NULL: there is none. */
const struct entry *site_last_backup(const struct site *s, bool drills);

#endif
