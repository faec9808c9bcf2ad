/* What only psql understands: meta-commands, variables, COPY data in the file.
 * Owns: recognising them in a text that the parser refused, and saying what to write instead. */
#ifndef KFMIG_SQL_PSQL_H
#define KFMIG_SQL_PSQL_H

#include "sql/token.h"

/* Blank out, with spaces, what pg_dump writes for psql and what does nothing here: \restrict,
 * \unrestrict, \echo, \pset and \set ON_ERROR_STOP, each a line between statements. sql: n bytes
 * that t was scanned from, perhaps only the beginning of which could be. Returns whether there was
 * any: the text must then be scanned again, because such a line may have opened a string. */
bool psql_pass_over(char *sql, size_t n, const struct tokens *t);

/* Returns 0, or -1 with ERR_CONFIG at the first meta-command, or at a COPY ... FROM STDIN that
 * stands before it. t are the tokens of a text that does not parse (perhaps only its beginning):
 * outside quotes and comments no SQL statement holds a backslash. */
int psql_check_commands(const char *path, struct bytes text, const struct tokens *t,
                        struct err *e) MUST_CHECK;

/* Is standard_conforming_strings set to something else than on, by SET or set_config()? *at: where that
 * statement, or that call's argument, begins. Behind it t is not what the server would see. */
bool psql_finds_quoting(struct bytes text, const struct tokens *t, size_t *at);

/* Returns 0, or -1 with ERR_CONFIG at the first psql variable (:name, :'name', :"name") in a
 * statement that the parser does not know. */
int psql_check_variables(const char *path, struct bytes text, const struct token *v, size_t n,
                         struct err *e) MUST_CHECK;

#endif
