/* What preflight and postflight ask a server: a query per check, all of them in one flight.
 * Owns: the queries. What is too much, and what follows from it, is not asked here. */
#ifndef KFMIG_STORE_POSTGIS_INSPECT_H
#define KFMIG_STORE_POSTGIS_INSPECT_H

#include "model/inspection.h"
#include "pg/pg.h"

/* What pending statements do, by names as they stand there: deed "own", "make", "schema", "write", "read"
 * (inspect_privileges.sql), "rewrite", "lock" (for a step). schema "": as the search_path resolves it. */
struct inspect_deed {
    const char *deed, *step, *schema, *name;
};
/* env: whose thresholds count. is_after: postflight. concurrently: something will run so. deeds, extensions:
 * of what is to be run; now_us: this machine's clock. All borrowed. */
struct inspect_wanted {
    const struct env *env;
    bool is_after, concurrently;
    const struct inspect_deed *deeds;
    size_t n_deeds;
    const struct names *extensions;
    int64_t now_us;
};
/* Adds what was found to x, and which checks were made. Where one query fails, only its check is unknown. No
 * transaction may be open. -1: the connection was lost. */
int inspect_server(struct pg *s, struct arena *a, const struct inspect_wanted *w,
                   struct inspection *x, struct err *e) MUST_CHECK;

/* A foreign key. words "": it holds; query: counts the rows that have lost what they refer to. */
struct inspect_key {
    const char *name, *words, *query;
};
/* Those that do not hold what they say; all: every one. In a. */
int inspect_keys(struct pg *s, struct arena *a, bool all, struct inspect_key **v, size_t *n,
                 struct err *e) MUST_CHECK;

/* One query of a user's in a transaction that only reads, as role (NULL: as who is connected), for at most
 * timeout_ms. *denied: the server refused it for want of a privilege. -1: it could not be asked, or failed
 * otherwise. counted: its one value is the result, not the number of its rows. */
struct inspect_query {
    const char *role;
    struct bytes sql;
    bool counted;
    int64_t timeout_ms;
    const struct pg_wait *wait; /* whom to ask whether to stop */
};
int inspect_query(struct pg *s, struct arena *a, const struct inspect_query *q, bool *denied,
                  int64_t *rows, struct err *e) MUST_CHECK;

#endif
