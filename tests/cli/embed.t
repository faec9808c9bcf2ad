# src/tool/embed.sh, the build step that puts query files into the program.

$ printf -- '-- A docstring.\n\nSELECT "a\\b", $1 -- "why??="\n  FROM t;\n' >get.sql && printf 'SELECT 1;\n' >one_2.sql
$ "$KFMIG_SRC"/src/tool/embed.sh x get.sql one_2.sql
/* Made by embed.sh from the .sql files. */
#include "pg/pg.h"

const struct pg_sql x_get = {
    "x_get",
    "SELECT \"a\\b\", $1 -- \"why\?\?=\"\n"
    "  FROM t;\n"
};

const struct pg_sql x_one_2 = {
    "x_one_2",
    "SELECT 1;\n"
};
$ "$KFMIG_SRC"/src/tool/embed.sh -h x get.sql one_2.sql
/* Made by embed.sh from the .sql files. */
#ifndef KFMIG_SQL_X_H
#define KFMIG_SQL_X_H

#include "pg/pg.h"

extern const struct pg_sql x_get;
extern const struct pg_sql x_one_2;

#endif

# What would make no C name, or no query, is refused.
$ printf 'SELECT 1;\n' >a-b.sql && printf -- '-- nothing\n' >empty.sql
$ "$KFMIG_SRC"/src/tool/embed.sh x a-b.sql
embed.sh: "a-b.sql": a name may hold lower-case letters, digits and "_"
[1]
$ "$KFMIG_SRC"/src/tool/embed.sh x empty.sql >out
embed.sh: "empty.sql" holds no query
[1]
$ "$KFMIG_SRC"/src/tool/embed.sh x
usage: embed.sh [-h] PREFIX FILE.sql...
[2]
