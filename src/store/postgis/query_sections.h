/* Queries of which parts can be left out: the server sets up every node of a plan before it runs,
 * also those that a parameter would switch off. A section of a .sql file begins with a line "--+
 * NAME" and ends with a line "--."; sections do not nest. */
#ifndef KFMIG_STORE_POSTGIS_QUERY_SECTIONS_H
#define KFMIG_STORE_POSTGIS_QUERY_SECTIONS_H

#include "pg/pg.h"

/* whole with those of its sections that keep() wants. The same choice gives the same query, which
 * lives as long as the process. A server keeps every prepared query: after very many different
 * choices NULL, and the caller makes a wide one that serves all, with is_wide. */
typedef bool (*section_keep)(void *ctx, struct bytes name);
const struct pg_sql *sections_choose(const struct pg_sql *whole, section_keep keep, void *ctx,
                                     bool is_wide);

#endif
