/* search_path as a script sets it: where names without a schema go. For src/sql only. Pure. */
#ifndef KFMIG_SQL_PATH_H
#define KFMIG_SQL_PATH_H

#include "model/env.h"
#include "model/object.h"
#include "sql/tree.h"

/* known: the text says what it is; names: its schemas in order, without "$user", pg_temp and what
 * the server searches first anyway; all: every schema that was ever in it, for whoever must bound
 * what a name may have meant. */
struct path {
    bool known;
    struct names names;
    struct names all;
    bool
        guessed; /* a name without a schema was used while the path was not known: public, most likely */
};

/* SET search_path ..., SET SCHEMA, RESET: takes effect if s is about search_path. Memory in a. */
void path_set(struct arena *a, struct path *p, const PgQuery__VariableSetStmt *s);

/* The same from a text as set_config() takes it: "app, \"My Schema\"". */
void path_set_text(struct arena *a, struct path *p, const char *text);

/* No more text comes: all is complete, with public where names were used without a path. */
void path_close(struct arena *a, struct path *p);

/* The schema that an unqualified name of this kind means: the first of the path for what is made,
 * the only one for what is there; "" where the text does not tell. */
const char *path_resolve(const struct path *p, enum object_kind kind, bool is_made);

#endif
