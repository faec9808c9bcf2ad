/* Whether a query gives the same answer as long as what it reads is the same. Pure; no I/O. */
#ifndef KFMIG_SQL_STEADY_H
#define KFMIG_SQL_STEADY_H

#include "base/arena.h"
#include "base/bytes.h"

/* What in text, which ends with a NUL, may give another answer next time: "random()", "CURRENT_DATE, USER or
 * the like", "TABLESAMPLE", "FOR UPDATE"; in a. NULL: nothing of it, as far as the text tells: code of
 * functions and views is not looked into. */
const char *query_unsteady(struct arena *a, struct bytes text);

#endif
