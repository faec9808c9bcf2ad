/* Texts that mean the same: a server reads the same expression back in other words after a dump and
 * restore. Owns: the table of what is the same (same.def). No connection, no verdict. */
#ifndef KFMIG_SQL_SAME_H
#define KFMIG_SQL_SAME_H

#include "base/arena.h"
#include "base/digest.h"

/* What a text is a piece of. SAME_PIECE(NAME, "what stands before it in a statement", "and behind it"). */
#define SAME_PIECES(SAME_PIECE)                                                                    \
    SAME_PIECE(STATEMENT, "", "")                                                                  \
    SAME_PIECE(EXPRESSION, "SELECT ", "")                                                          \
    SAME_PIECE(CONSTRAINT, "ALTER TABLE t ADD ", "")        /* pg_get_constraintdef() */           \
    SAME_PIECE(INDEX, "CREATE INDEX i ON t USING ", "")     /* the tail of pg_get_indexdef() */    \
    SAME_PIECE(BOUND, "CREATE TABLE t PARTITION OF p ", "") /* relpartbound */                     \
    SAME_PIECE(PARTITIONING, "CREATE TABLE t () PARTITION BY ", "") /* pg_get_partkeydef() */      \
    SAME_PIECE(ARGUMENTS, "CREATE FUNCTION f(",                                                    \
               ") RETURNS int LANGUAGE sql AS ''") /* pg_get_function_arguments() */

enum same_piece {
#define SAME_PIECE(name, before, behind) SAME_##name,
    SAME_PIECES(SAME_PIECE)
#undef SAME_PIECE
        SAME_PIECE_COUNT
};

/* A digest that two texts have in common where the table makes their parse trees equal: names of
 * nodes and members, values, no places. It may differ between two versions of libpg_query, so it is
 * asked only where the texts themselves differ. text as a server deparses it, NUL-terminated. False:
 * the parser does not know the text, or it is nested too deeply; *out is then as it was. All memory
 * is given back. No I/O. */
bool same_form(enum same_piece piece, const char *text, struct digest *out);
/* Can the table say anything of the text? It has neither an AND, OR, ARRAY, two casts nor a constant in a
 * subquery: then only the very same words mean the same, and no tree is worth making. */
bool same_is_plain(const char *text);

#endif
