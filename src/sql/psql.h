/* What only psql understands: meta-commands, variables, COPY data in the file.
 * Owns: recognising them in a text that the parser refused, and saying what to write instead. */
#ifndef KFMIG_SQL_PSQL_H
#define KFMIG_SQL_PSQL_H

#include "sql/token.h"

/* Returns 0, or -1 with ERR_CONFIG at the first meta-command, or at a COPY ... FROM STDIN that stands before it.
 * t are the tokens of a text that does not parse (perhaps only its beginning): outside quotes and comments no SQL
 * statement holds a backslash. */
int psql_check_commands(const char *path, struct bytes text, const struct tokens *t,
                        struct err *e) MUST_CHECK;

/* Returns 0, or -1 with ERR_CONFIG at the first psql variable (:name, :'name', :"name") in a statement that the parser
 * does not know. */
int psql_check_variables(const char *path, struct bytes text, const struct token *v, size_t n,
                         struct err *e) MUST_CHECK;

#endif
