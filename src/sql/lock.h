/* What PostgreSQL locks, according to its manual (13.3 and the ALTER TABLE page), measured where
 * the manual is silent. Pure. */
#ifndef KFMIG_SQL_LOCK_H
#define KFMIG_SQL_LOCK_H

#include <pg_query/pg_query.pb-c.h>

/* Level that one subcommand of ALTER TABLE takes on the table itself; the strongest of all counts. */
int lock_alter_table(const PgQuery__AlterTableCmd *c);

#endif
