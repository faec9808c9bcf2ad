/* A backfill: one statement over a table's rows, a range of its key at a time, each range in a transaction of
 * its own. docs/adr/0019.
 * Owns: what a declaration says of one, and the statement's text for a range. Plain data. Pure. */
#ifndef KFMIG_MODEL_BACKFILL_H
#define KFMIG_MODEL_BACKFILL_H

#include "base/bytes.h"
#include "model/env.h"

/* How a statement of a script is made a backfill's: a comment that begins so stands before it. */
#define BACKFILL_MARK "kfmig:backfill"
/* What that of migration.yml is called among the forward files. */
#define BACKFILL_FILE "migration.yml#backfill.sql"

/* Where a marked statement's range stands in its text, found by its parser. from, to: the places of
 * ":from" and ":to"; above: behind the operator that compares with ":from", where "=" would make it
 * inclusive. columns: what both are compared with, as the server folds names. target: the table
 * that an UPDATE or DELETE changes ("": something else); changes_key: an UPDATE sets one of columns.
 * why: what is wrong with it; NULL: nothing. */
struct backfill_range {
    size_t from, to, above;
    struct names columns;
    const char *target;
    bool changes_key;
    const char *why, *hint;
};

/* How far it goes: to the greatest key that there was when it began; as long as there are rows; to a
 * key that is given. */
enum backfill_bound { BACKFILL_START, BACKFILL_END, BACKFILL_GIVEN };
const char *backfill_bound_text(enum backfill_bound b); /* "start", "end", "given" */

struct script; /* model/script.h */

/* As declared, with defaults. schema: "" where none is named. rows: of a batch, at most. to: the
 * bound that is given, a text per column of key; else empty. verify: one query that has to return no
 * row at the end; NULL: none. It goes on while the replicas lag by no more than lag_ms, and slower
 * where more than waits sessions wait for a batch. identity: what makes it another one when it
 * changes; how fast it goes (rows, pause, thresholds) does not. */
struct backfill {
    const char *schema, *table;
    struct names key;
    int64_t rows, pause_ms;
    enum backfill_bound bound;
    struct names to;
    const struct script *verify;
    int64_t lag_ms, waits;
    struct bytes identity;
};
enum {
    BACKFILL_ROWS = 5000,
    BACKFILL_ROWS_MOST = 1000000,
    BACKFILL_KEYS_MOST = 16,
    BACKFILL_LAG_MS = 10000
};

/* "table app.t by (a, b)": what it is about, for people and for the journal. In a. */
const char *backfill_object(struct arena *a, const struct backfill *b);
/* The statement for ranges of a key whose columns have these types (as the server writes them), with
 * a parameter per bound and column: $1 ... $n for :from, then as many for :to. is_first: the range
 * begins with :from itself. In a; it ends in a NUL. */
struct bytes backfill_text(struct arena *a, struct bytes statement, const struct backfill_range *r,
                           const struct names *types, bool is_first);

#endif
