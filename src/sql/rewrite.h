/* Whether ALTER TABLE writes a table's rows anew, as far as its text says. Pure.
 * Source: tablecmds.c of PostgreSQL 18, ATExecAddColumn() and ATColumnChangeRequiresRewrite(). */
#ifndef KFMIG_SQL_REWRITE_H
#define KFMIG_SQL_REWRITE_H

#include "sql/analysis.h"

/* ADD COLUMN def: rows are written anew for a value of its own in each, or may be where the text does not say
 * what a default calls. if_there: IF [NOT] EXISTS, so that nothing may come of it. */
void rewrite_added(struct analysis *x, const PgQuery__ColumnDef *def, bool if_there);

/* ALTER COLUMN column TYPE, def: the type that it has decides, and what USING computes. */
void rewrite_retyped(struct analysis *x, const char *column, const PgQuery__ColumnDef *def,
                     bool if_there);

/* A command that always does it to a table (surely), or where what stands there is otherwise. */
void rewrite_whole(struct analysis *x, bool surely);

#endif
