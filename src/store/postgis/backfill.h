/* Backfills in PostgreSQL: what one goes by, and where each of its ranges ends.
 * Owns: which keys will do, and the queries about ranges. No ledger, no gates. */
#ifndef KFMIG_STORE_POSTGIS_BACKFILL_H
#define KFMIG_STORE_POSTGIS_BACKFILL_H

#include "model/backfill.h"
#include "store/postgis/postgis.h"

/* A table's key, found fit. object: the table; about_rows: that the server thinks it has; types: of the key's
 * columns, as the server writes them; table, row: both as SQL. */
struct backfill_key {
    struct object object;
    uint32_t table_oid, index_oid;
    int64_t about_rows;
    struct names columns, types;
    const char *table, *row;
};
/* Look what b goes by, with names as the session's search_path resolves them. -1 with ERR_APPLY: it will not
 * do, with the reason. All in a. */
int backfill_key(struct pg *s, struct arena *a, const struct backfill *b, struct backfill_key *out,
                 struct err *e) MUST_CHECK;

/* One end of the keys that there are, in a; n 0: there is no row. */
int backfill_least(struct pg *s, struct arena *a, const struct backfill_key *k, struct names *out,
                   struct err *e) MUST_CHECK;
int backfill_greatest(struct pg *s, struct arena *a, const struct backfill_key *k,
                      struct names *out, struct err *e) MUST_CHECK;

/* A range of keys: behind from (with it, where includes_from), up to bound (n 0: to the end). */
struct backfill_span {
    struct names from, bound;
    bool includes_from;
};
/* The last key of the first so many rows of the range, of all of it where it has fewer; n 0: it is empty. In
 * a. */
int backfill_next(struct pg *s, struct arena *a, const struct backfill_key *k,
                  const struct backfill_span *x, int64_t rows, struct names *out,
                  struct err *e) MUST_CHECK;
/* How many rows it has. */
int backfill_count(struct pg *s, const struct backfill_key *k, const struct backfill_span *x,
                   int64_t *n, struct err *e) MUST_CHECK;

/* Between two batches: is the key as it was found, and how far the replicas lag behind. */
struct backfill_state {
    bool key_holds;
    int64_t lag_ms;
};
int backfill_look(struct pg *s, struct arena *a, const struct backfill_key *k,
                  struct backfill_state *out, struct err *e) MUST_CHECK;
/* How many sessions wait for what the open transaction has locked: asked together with what runs next in
 * the session's batch; a row with one number, to be freed. */
void backfill_waits_add(struct pg *s, struct pg_rows **out);

#endif
