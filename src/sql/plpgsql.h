/* What the statements in a body of PL/pgSQL would touch: read off their texts as far as these stand
 * there. For src/sql only. Pure. */
#ifndef KFMIG_SQL_PLPGSQL_H
#define KFMIG_SQL_PLPGSQL_H

#include "sql/analysis.h"

/* Add to x's statement what the statements of body name, as touches that may or may not come about:
 * those in branches too, EXECUTE of a constant text too; other dynamic SQL is not seen. */
void plpgsql_read(struct analysis *x, const char *body);

#endif
