/* PostgreSQL as a store: its catalogs as objects with facets, and the observation of what a
 * transaction changed.
 * Owns: the queries that define an object's canonical definition (one query per object class, the
 * same text for all objects and for a few), the sensors of a transaction. No ledger, no gates: what
 * is allowed is not asked here. */
#ifndef KFMIG_STORE_POSTGIS_POSTGIS_H
#define KFMIG_STORE_POSTGIS_POSTGIS_H

#include "model/fact.h"
#include "model/script.h"
#include "model/way.h"
#include "pg/pg.h"
#include "store/postgis/powers.h"
#include "store/store.h"

/* Full read, any transaction state; sorted by text; format: of the fingerprints (struct catalog). Cost about
 * that of the catalogs' size. */
int catalog_read(struct pg *s, int format, struct arena *a, struct catalog *out,
                 struct err *e) MUST_CHECK;
/* The objects v[0..n) of a catalog once more, with the texts that their facets have digests of (expressions,
 * bodies, comments: facet_text.h says between which marks), for statements that say what stands there. Their
 * fingerprints are none. In a. */
int catalog_read_clear(struct pg *s, const struct catalog_object *const *v, size_t n,
                       struct arena *a, struct catalog *out, struct err *e) MUST_CHECK;
/* The objects v[0..n) of a catalog once more, with fingerprints of that format; whole groups of which one is
 * among them come along. In a. */
int catalog_read_as(struct pg *s, int format, const struct catalog_object *const *v, size_t n,
                    struct arena *a, struct catalog *out, struct err *e) MUST_CHECK;
/* A witness that nothing in the catalogs moved: sums over the identities (key, xmin) of all rows of the
 * catalogs that definitions come from; one flight, cheaper than a read. also (NULL: nothing): a query of one
 * text, in the same snapshot, which is put before them. Any transaction state; in one with a snapshot it is
 * as of that. lsn: all that was summed up has been written up to there ("" on a replica), and may not be on
 * disk; next_id: the id above those of all transactions that had ended. In a. */
struct catalog_witness {
    const char *sums, *lsn;
    int64_t next_id;
};
int catalog_witness(struct pg *s, const struct pg_sql *also, struct arena *a,
                    struct catalog_witness *out, struct err *e) MUST_CHECK;

/* Which relations count to which, as the database has it now; one query. In a. */
int catalog_lineage(struct pg *s, struct arena *a, struct lineage **out, struct err *e) MUST_CHECK;

/* What the server says of roles v[0..n), by name: one query. Into out[0..n). */
int catalog_named_roles(struct pg *s, struct arena *a, const char *const *v, size_t n,
                        struct role_fact *out, struct err *e) MUST_CHECK;

/* About what the tables v[0..n) hold, with their parts, from the statistics that the server has: one query,
 * which waits for nobody. Into out[0..n), rows -1: nothing is known of it. */
int catalog_sizes(struct pg *s, struct arena *a, const struct object *const *v, size_t n,
                  struct table_size *out, struct err *e) MUST_CHECK;

/* A question about a table of a plan: is it written anew? retype NULL: has it rows of its own at all? */
struct rewrite_question {
    const struct object *table;
    const struct retype *retype;
};
/* The answers to v[0..n): one query. Into out[0..n): REWRITE_UNKNOWN where the table is not there. */
int catalog_rewrites(struct pg *s, struct arena *a, const struct rewrite_question *v, size_t n,
                     enum rewrite_verdict *out, struct err *e) MUST_CHECK;
/* How many rows the tables v[0..n), named with their schemas, hold with their parts: counted where a table
 * occupies at most bytes and can be seen whole (it waits for whoever holds it alone), else as the server's
 * statistics say. rows -1: not known, or there is no such table. One query, into out[0..n). */
struct rows_now {
    int64_t rows;
    bool is_about;
};
int catalog_rows_now(struct pg *s, struct arena *a, const struct object *v, size_t n, int64_t bytes,
                     struct rows_now *out, struct err *e) MUST_CHECK;

/* What every transaction of a session begins with, so that it is read once per session. The caller zeroes it.
 */
struct observer_memory {
    int backend_pid; /* 0: nothing read yet */
    struct digest ledger;
    char catalogs[1024]; /* the oids of all system catalogs, as an array */
    struct table *names; /* of operator classes, by address_key(); NULL: not read */
    int powers_pid;      /* whose powers these are; 0: nobody's yet */
    struct powers powers;
    struct arena *a; /* of their texts, by the caller; NULL: the first observer's */
};

/* Before BEGIN, as an addition to the caller's batch: what earlier transactions of the session
 * counted is put away (PostgreSQL 15). */
void observer_before_add(struct pg *s);
/* Before the user's statements, in the open transaction, as additions to the caller's batch: reads
 * what the session counted before. memory may be NULL; it is for transactions that
 * observer_before_add() stood before. */
struct observer;
struct observer *observer_new(struct arena *a, struct observer_memory *memory);
void observer_start_add(struct observer *o, struct pg *s);             /* pg_batch_add()s */
int observer_start_done(struct observer *o, struct err *e) MUST_CHECK; /* reads their rows */

/* Before a statement that TRUNCATEs or DROPs: count the rows of what it names (predicted touches
 * with effect TRUNCATE or DROP; relations and schemas), cascade included, under the locks such a
 * statement would take anyway. Remembered for the observation. */
int observer_count_before(struct observer *o, struct pg *s, const struct touches *predicted,
                          bool cascade, struct err *e) MUST_CHECK;

/* Before each statement: whether its text shows all that it does, and nothing else runs for it (no code, no
 * row that a trigger sees). Where that is not said, it is taken for one that does not. quiet: as in
 * model/script.h. */
void observer_statement(struct observer *o, bool shows_all, enum quiet quiet);
/* ... and one that drops what its text does not name (CASCADE): see observer_may_take_along(). */
void observer_cascades(struct observer *o);
/* Behind the last statement, as an addition to its batch, where observer_finish() comes next: if all were
 * quiet, what it would ask first. base: as there. */
void observer_glance_add(struct observer *o, struct pg *s, const struct catalog *base);
/* After observer_finish(): nothing of the transaction is left in the session, and none of the run's locks was
 * let go: all statements were quiet, and nothing ran beside them. */
bool observer_left_nothing(const struct observer *o);
/* Before the first statement, where an earlier run of the same found that nobody had counted the
 * rows of v[0..n) (out->uncounted, of the base): lock them as DROP would, and count. Tables that
 * this role may not lock so stay uncounted. */
int observer_count_first(struct observer *o, struct pg *s, const struct catalog_object *const *v,
                         size_t n, struct err *e) MUST_CHECK;

/* Deferred constraints and triggers act now, and again as long as they write rows and defer themselves
 * anew (16 rounds at most); cursors are closed, listeners taken back. A failure says in out whether it was
 * theirs. */
int observer_settle(struct observer *o, struct pg *s, struct observation *out,
                    struct err *e) MUST_CHECK;
/* As observer_settle() first. Works in a savepoint under settings of its own,
 * which end with the transaction or, as an addition to the caller's batch, by observer_end_add(). */
int observer_finish(struct observer *o, struct pg *s, const struct catalog *base,
                    struct observation *out, struct err *e) MUST_CHECK;
void observer_end_add(struct pg *s);
/* CASCADE waits for whoever is just building on what it drops, and then takes that along: it is in no base,
 * and gone when all is compared. After observer_finish(): was anything dropped that the base does not know?
 * No I/O. */
bool observer_may_take_along(const struct observer *o);
/* Then: what of it others see as long as this transaction is not committed, into out->taken_along. beside:
 * another session with the same database. */
int observer_taken_along(struct observer *o, struct pg *beside, struct observation *out,
                         struct err *e) MUST_CHECK;
/* After observer_finish(): how what was touched leads to each other in this database, for
 * way_find(). One round trip, for a migration that failed. In the observer's arena. */
int observer_ways(struct observer *o, struct ways *out, struct err *e) MUST_CHECK;

/* Parts of a change's beginning, as additions to the caller's batch, for who sends more in the same
 * round trip. clean: nothing that earlier work left in the session reaches what follows; a
 * transaction of its own. begin: BEGIN. deadlines: those of the open transaction, until its end;
 * what they need until the batch runs is in a. */
void postgis_clean_add(struct pg *s);
int postgis_clean(struct pg *s, struct err *e) MUST_CHECK; /* and nothing with it */
void postgis_begin_add(struct pg *s);
void postgis_deadlines_add(struct pg *s, struct arena *a, const struct deadlines *d);
int postgis_begin_alone(struct pg *s, struct err *e) MUST_CHECK; /* BEGIN, and nothing with it */
/* A transaction that only reads, and sees the database as it is now until it ends. It waits at most wait_ms
 * for each lock that it needs. */
int postgis_snapshot(struct pg *s, int64_t wait_ms, struct err *e) MUST_CHECK;
int postgis_snapshot_end(struct pg *s, struct err *e) MUST_CHECK;
/* Nothing that a failed transaction left in the session stays: prepared statements and advisory locks outlive
 * a rollback. Failures are passed over. s may be NULL or lost. */
void postgis_let_go(struct pg *s);
/* A savepoint of kfmig's own in the open transaction, at most one at a time, and what came after it undone.
 */
int postgis_savepoint(struct pg *s, struct err *e) MUST_CHECK;
int postgis_roll_back_to(struct pg *s, struct err *e) MUST_CHECK;

/* The row. */
extern const struct store_ops store_postgis;

#endif
