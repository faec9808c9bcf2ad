/* How a statement may be run, and what it is called.
 * Owns: the table of statements that cannot run in a transaction block or not at all; command tags. Pure. */
#ifndef KFMIG_SQL_CLASSIFY_H
#define KFMIG_SQL_CLASSIFY_H

#include "sql/script.h"
#include "sql/token.h"
#include "sql/tree.h"

struct verdict {
    enum statement_kind kind;
    const char *why, *hint; /* "" for PLAIN, BEGIN, COMMIT, SET_TRANSACTION */
};

/* The verdict on one statement by itself; blocks are balanced afterwards (script.c). Static memory. */
const struct verdict *classify(const tree *stmt);

/* The verdict that follows from what a statement touches: it writes a system catalog's rows. NULL: none does.
 * Static memory. */
const struct verdict *classify_touched(const struct touches *touches);

/* As classify(), for a statement that the parser does not know, by its first tokens. It fails closed:
 * what begins like transaction control is refused. */
const struct verdict *classify_tokens(const struct token *v, size_t n);

/* The verdict on what changes where strings end. Static memory. */
const struct verdict *classify_quoting(void);

/* On what names track_counts, wherever it stands. Static memory. */
const struct verdict *classify_counters(void);
/* "CREATE TABLE", as PostgreSQL's command tags; "" for what is unknown. Static memory, or from a. */
const char *classify_tag(struct arena *a, const tree *stmt);

/* Refused only because it waits for rows: with rows it runs. */
bool classify_waits(const struct statement *st);

#endif
