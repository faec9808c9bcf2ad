/* Statements that a comment makes a backfill's: "-- kfmig:backfill {...}" before one.
 * Owns: finding them, their settings as text, and where :from and :to stand. What the settings mean is
 * script/backfill.h's business. Pure. */
#ifndef KFMIG_SQL_MARKED_H
#define KFMIG_SQL_MARKED_H

#include "sql/parse.h"

/* A mark of the present piece, with places in the file. begin: of the statement; n_from, n_to: how often
 * :from and :to stand there; n_params: parameters of its own ($1). settings: what stands behind the mark,
 * without the signs of comments. */
struct mark {
    size_t at, begin, from, to;
    size_t n_from, n_to, n_params;
    struct bytes settings;
};

/* Find the marks of the piece that was read, into p->marks, and make parameters of :from and :to in what is
 * parsed of their statements, in place. -1 with ERR_CONFIG and the place of a mark that no statement
 * follows. */
int marked_find(struct parse *p, struct err *e) MUST_CHECK;
/* Does a marked statement begin at at? */
bool marked_is(const struct parse *p, size_t at);
/* Of the statement just analysed, or (stmt NULL) not: sets st->mark and st->range, in p->a, if it is marked.
 * base: where the text that was parsed begins in the script. */
void marked_read(struct parse *p, const tree *stmt, size_t base, struct statement *st);

#endif
