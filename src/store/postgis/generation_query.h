/* What the files of generations share; for src/store/postgis/generation*.c only.
 * Owns: under which settings the catalogs and rows are read. */
#ifndef KFMIG_STORE_POSTGIS_GENERATION_QUERY_H
#define KFMIG_STORE_POSTGIS_GENERATION_QUERY_H

#include "store/postgis/definitions.h"
#include "store/postgis/generation.h"
#include "store/postgis/queries.h"

/* One query under the settings of pins_add(): names come with their schemas. */
int generation_ask(struct pg *s, const struct pg_sql *q, const char *const *params, int n_params,
                   struct pg_rows **out, struct err *e) MUST_CHECK;

/* The rows of q, asked for as above, are statements in their first column: run each, under the
 * session's own settings. */
int generation_each(struct pg *s, const struct pg_sql *q, const char *const *params, int n_params,
                    struct err *e) MUST_CHECK;

/* A query made of identifiers, under settings that make the bytes and the text of values the same
 * in every session. */
int generation_measure(struct pg *s, const char *sql, const char *const *params, int n_params,
                       struct pg_rows **out, struct err *e) MUST_CHECK;

/* "schema"."table" AS t, with WHERE t."column" = $<at> if there is a version. */
const char *generation_rows(struct arena *a, const struct row_set *rows, int at);

#endif
