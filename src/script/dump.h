/* A plain pg_dump as the text of a migration: its structure, and the rows of chosen tables only.
 * Pure. */
#ifndef KFMIG_SCRIPT_DUMP_H
#define KFMIG_SCRIPT_DUMP_H

#include "model/script.h"

/* Does text begin as a plain pg_dump does? */
bool dump_is(struct bytes text);

/* s's text without what is data: rows (COPY ... FROM stdin, INSERT) of tables that are not in tables
 * ("t" in any schema, or "s.t"), setval() where tables is empty, and the comments above them. In a.
 * *missing receives the first of tables that s has no rows of, NULL if there is none; *n_left_out how
 * many statements are left out. */
struct bytes dump_structure(struct arena *a, const struct script *s, const struct names *tables,
                            size_t *n_left_out, const char **missing);

#endif
