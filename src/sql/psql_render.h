/* Files for psql, as the SQL that psql would send of them.
 * Owns: psql's lexical rules (src/fe_utils/psqlscan.l and src/bin/psql/psqlscanslash.l of PostgreSQL):
 * where a variable stands and what is put in its place, and what those meta-commands do that are known
 * from the text alone. Pure: nothing is asked and nothing is run. docs/runners.md lists the commands. */
#ifndef KFMIG_SQL_PSQL_RENDER_H
#define KFMIG_SQL_PSQL_RENDER_H

#include "base/err.h"
#include "model/variables.h"

/* The text with values in place of :name, :'name', :"name" and :{?name}, of what \set says and of those of
 * declared; meta-commands and what \if leaves out are blanks. Each line stays where it is, but columns behind
 * a value move. Names that nothing sets stay, as in psql: a[1:n] is a slice. values NULL: nobody knows them,
 * and a name in small letters stands for its value.
 * Faults, with their place in path: commands of which the text does not say what they do (\gset, \i, \!),
 * settings that change what a script means (AUTOCOMMIT off), variables that psql fills from its session
 * (:USER), a declared one without a value, values that would end a line, an \if that is no boolean or has no
 * \endif. *out is text itself where nothing was put; in a. */
void psql_render(struct arena *a, const struct names *declared, const struct variables *values,
                 const char *path, struct bytes text, struct bytes *out, struct err_list *faults);

#endif
