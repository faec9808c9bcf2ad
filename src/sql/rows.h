/* The rows that stand in a file behind COPY ... FROM STDIN, up to a line \. (psql's manual, \copy and
 * COPY): found, counted, passed over. For src/sql only. Pure. */
#ifndef KFMIG_SQL_ROWS_H
#define KFMIG_SQL_ROWS_H

#include "sql/parse.h"

/* How much of text, at most n bytes, to scan so that rows behind a COPY are not taken for SQL: up to
 * the end of the first line that may begin them; n if there is none. */
size_t rows_bound(struct bytes text, size_t n);

/* If a COPY ... FROM STDIN is whole within p->tokens, let the piece end behind it: returns true and
 * drops the tokens that follow. */
bool rows_follow(struct parse *p);

/* Find the rows behind such a piece: fills p->rows, p->rows_end and p->n_rows. Returns 0, or -1 with
 * ERR_CONFIG where SQL stands on the line of the COPY, or the rows do not end. */
int rows_find(struct parse *p, struct err *e) MUST_CHECK;

/* The last statement of out is the COPY that p->rows belong to. */
void rows_attach(struct parse *p);

#endif
