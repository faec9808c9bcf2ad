/* SQL text to statements, touches and locks.
 * Owns: the only use of libpg_query. No connection, no verdict: whether a touch is allowed is
 * model/scope.h's business. */
#ifndef KFMIG_SQL_SCRIPT_H
#define KFMIG_SQL_SCRIPT_H

#include "model/script.h"

/* Split and analyse. text must have passed text_check_sql(). All memory in a; text is borrowed and
 * must outlive *out. Done a piece of whole statements at a time (sql/parse.h): by libpg_query's
 * parser; where that cannot parse a piece (newer syntax), by its scanner's tokens with parentheses,
 * BEGIN ATOMIC bodies and CREATE RULE (...; ...) respected, statement by statement, so that one
 * unknown statement leaves the others analysed. Segments are balanced here: a COMMIT without BEGIN,
 * a BEGIN without COMMIT, SAVEPOINT, ROLLBACK, PREPARE TRANSACTION, COMMIT AND CHAIN and the like
 * become STATEMENT_CONTROL. Touches are collected through sub-queries, CTEs, joins, function calls,
 * casts to types of named schemas, defaults, foreign keys, partitions and inheritance; CTE names,
 * aliases and system catalogs (pg_catalog, information_schema) are no touches. Returns 0, or -1
 * with ERR_CONFIG and the place of an unterminated quote, comment or dollar quote, or of a psql
 * meta-command. No I/O. */
int script_parse(struct arena *a, const char *path, struct bytes text, struct script *out,
                 struct err *e) MUST_CHECK;

/* Whether a statement of s works on rows that are there already (UPDATE, DELETE, MERGE), or makes a
 * table of them (CREATE TABLE AS, SELECT INTO). By their command tags: what a function does is not
 * known. */
bool script_changes_rows(const struct script *s);

/* Whose grammar texts are read by: "PostgreSQL 18". What is newer is unread (struct statement). */
extern const char script_version[];

/* For tests, which look for what is never freed. Frees what libpg_query keeps for the process. */
void script_shutdown(void);

#endif
