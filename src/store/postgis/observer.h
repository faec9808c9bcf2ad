/* The inside of an observer. For src/store/postgis only.
 * Owns: what was sensed of a transaction, and the candidates and changes that follow from it.
 *
 * How an observation becomes complete:
 * 1. Whatever inserts or updates a catalog row leaves a row whose xmin is the transaction's or a
 *    subtransaction's: such rows are searched wherever a counter moved (observe_rows.sql), in full,
 *    or for the large catalogs among what is locked as long as as many rows are found as were
 *    counted at least.
 * 2. Whatever drops or changes an object by DDL holds a lock on it, or on the table it belongs to,
 *    to the end of the transaction; locks of rolled-back subtransactions are gone. Locked objects
 *    are read again and compared with the base, whether a row of theirs was found or not.
 * 3. DML on a catalog (superusers can) takes a lock on the catalog that DDL gives back at once (on
 *    its indexes, for UPDATE and DELETE): such a transaction is never reconciled.
 * 4. Groups of few objects (roles, settings, publications ...) are compared as a whole when a
 *    counter of theirs moved.
 * 5. Definitions mention other objects' names: where one of those changed, what depends on it is
 *    read again too. Counters that say more than was found are then harmless: rolled-back
 *    subtransactions and objects created and dropped again. What remains is unreconciled: catalogs
 *    that are not in sources.def, and those whose rows this role may not look at.
 * 6. What another session committed behind the base, and this one dropped, is neither in the base nor
 *    there at the end: gone.c. */
#ifndef KFMIG_STORE_POSTGIS_OBSERVER_H
#define KFMIG_STORE_POSTGIS_OBSERVER_H

#include "store/postgis/held.h"

enum lock_mode {
    LOCKED_ACCESS_SHARE = 1,
    LOCKED_ROW_SHARE = 2,
    LOCKED_ROW_EXCLUSIVE = 4,
    LOCKED_SHARE_UPDATE_EXCLUSIVE = 8,
    LOCKED_SHARE = 16,
    LOCKED_SHARE_ROW_EXCLUSIVE = 32,
    LOCKED_EXCLUSIVE = 64,
    LOCKED_ACCESS_EXCLUSIVE = 128,
};

struct row_tally {
    int64_t inserted, updated, deleted;
};

/* A relation that the transaction has locked. owner: the table of an index, or of a sequence that
 * its column owns. */
struct lock {
    uint32_t oid;
    unsigned modes;
    char kind; /* relkind; '\0': it is gone */
    const char *schema, *name;
    bool is_temporary;
    uint32_t filenode;
    uint32_t owner;
    char owner_kind;
    const char *owner_schema, *owner_name;
    const char *extension; /* that it is a member of; "" */
    const char *server;    /* of a foreign table; "" */
    struct row_tally rows;
    bool is_part; /* of a partitioned index */
    bool has_pages;
    int64_t rows_now; /* of a table with new storage; ROWS_UNKNOWN */
    bool defers;      /* what its triggers do may be put off to COMMIT */
};

/* A system catalog whose counter moved. */
struct moved {
    uint32_t oid;
    const char *name;
    struct row_tally rows;
    const struct catalog_source *source; /* NULL: not known */
    int64_t found;                       /* at least so many of the counted rows were found */
    bool searched;                       /* in full */
};

/* How a catalog's changes are found; see sources.def. */
enum how {
    HOW_SEARCHED,
    HOW_COUNTED,
    HOW_LOCKED,
    HOW_SILENT,
    HOW_WHOLE,
    HOW_HIDDEN,
    HOW_LARGE_OBJECT
};
struct catalog_source {
    const char *catalog;
    enum how how;
    enum group whole; /* group to compare as a whole; GROUP_COUNT: none */
};
const struct catalog_source *source_of(const char *catalog);

/* An object that the transaction may have changed. */
struct suspect {
    uint32_t classid, objid;
    const char *extension; /* that it is a member of; "" */
    bool is_own;           /* a row of it was written */
    bool is_row;           /* ... in the catalog of its class */
    bool is_read;          /* and compared */
};

/* One object before and after; NULL: was or is not there. */
struct pair {
    struct catalog_object *before, *after;
    bool is_silent; /* goes with another object: no touch of its own */
};

struct sensed {
    const char *xid, *users, *now, *slots;
    struct digest ledger;
    bool counts, reads_all, is_super;
    struct row_tally pages; /* of large objects */
    struct lock *locks;
    size_t n_locks;
    struct table by_oid;          /* the locks */
    struct catalog_part *objects; /* locked */
    size_t n_objects;
    int64_t window; /* ids given out since the transaction's own, the last one not ours */
};

/* Rows counted before a statement that takes them along, or before the first one. */
enum taken_by { TAKEN_BY_TRUNCATE, TAKEN_BY_DROP, TAKEN_AT_START };
struct taken {
    uint32_t oid;
    enum taken_by by;
    int64_t rows; /* ROWS_UNKNOWN */
};

/* One round of reading and comparing. seeds: addresses whose dependants are wanted. */
struct round {
    bool whole[GROUP_COUNT];
    struct seeds {
        struct oids classes, objects;
        const char *params[7];
    } seeds;
    struct definitions *definitions;
    struct pg_rows *dependants;
};

/* What glance.c asked for; freed by glance_release(), parts of it by who takes them. */
struct glance {
    bool makes; /* tables: their definitions are read as well */
    struct pg_rows *held, *counters;
    struct held_rows rows;
    struct founds found; /* of what the transaction wrote */
    bool is_taken;       /* it sufficed: o->now and o->moved are of it */
    bool had_run_locks;  /* both of the run's locks were held */
};

struct observer {
    struct arena *a;
    /* start */
    struct observer_memory *memory;
    struct pg_rows *r_begin, *r_ledger, *r_catalogs, *r_names, *r_tables;
    const char *catalogs; /* as in struct observer_memory */
    struct powers_asked r_powers;
    struct powers powers;
    const char *slots; /* as they stood; see observe_begin.sql */
    const char *xid, *user;
    struct digest ledger; /* what was done to schema kfmig, also in sensed */
    bool counts;
    struct table start_counters, start_tables; /* oid as key: struct row_tally */
    struct taken *taken;
    size_t n_taken, cap_taken;
    bool
        ran_code; /* something ran whose effects its text does not show, or nothing was said of it */
    bool is_told;
    bool cascades; /* one drops what its text does not name */
    bool is_quiet; /* all statements were, so far */
    struct glance glance;
    /* finish */
    struct pg *s;
    const struct catalog *base;
    struct observation *out;
    struct sensed now;
    struct moved *moved;
    size_t n_moved;
    struct table candidates; /* address as key */
    struct pair *pairs;      /* that differ */
    size_t n_pairs, cap_pairs;
    struct table paired; /* address, or text where there is none: position in pairs + 1 */
    bool direct;         /* a catalog was written by a statement of its own */
    bool keeps_depend;   /* pg_depend is locked for writing, which ALTER COLUMN ... TYPE explains */
    bool full;           /* everything was compared */
    struct round round;
    bool is_pinned; /* kfmig's savepoint is open, with the settings that queries of ours need */
    bool unsettled; /* deferred triggers still act, after SETTLE_ROUNDS */
    bool is_begun;  /* the first round was sent along with what finds the candidates */
    struct pg_rows *r_hidden, *r_switches;
    struct table touched; /* "effect object": position in out->touches + 1 */
    struct buf unreconciled;
};

/* sensors.c: what can be seen without looking at definitions. One round trip each. */
void sense_before_add(struct pg *s);
void sense_start_add(struct observer *o, struct pg *s);
int sense_start_done(struct observer *o, struct err *e) MUST_CHECK;
/* Deferred triggers act first, until a round of them writes no row, and cursors are closed. */
int sense(struct observer *o, struct err *e) MUST_CHECK;
struct lock *sensed_lock(const struct observer *o, uint32_t oid);
const struct taken *taken_of(const struct observer *o, uint32_t oid, enum taken_by by);

/* Into o->moved. */
void take_counters(struct observer *o, const struct pg_rows *r);

/* glance.c: the same and more, of a transaction of nothing but quiet statements. add: pg_batch_add()s, in
 * kfmig's savepoint; take, when the batch was run; true: it suffices, and glance.found is what
 * observe_rows.sql would have found; false: sense() must look. definitions: of all candidates, NULL: not of
 * all. release: its rows. */
void glance_add(struct observer *o, struct pg *s);
bool glance_take(struct observer *o);
struct definitions *glance_definitions(struct observer *o);
void glance_release(struct observer *o);

/* reconcile.c: which objects may have changed, and whether every catalog that moved is accounted for. */
int reconcile(struct observer *o, struct err *e) MUST_CHECK;
void unreconciled(struct observer *o, const char *fmt, ...) PRINTF_LIKE(2, 3);
struct suspect *candidate_add(struct observer *o, uint32_t classid, uint32_t objid);

/* compare.c: reads the candidates again, and fills o->pairs and out's changes. */
int compare(struct observer *o, struct err *e) MUST_CHECK;
/* A round of it: everything not compared yet, together with its dependants' addresses. add:
 * pg_batch_add()s, or false if there is nothing; take: when the batch was run; true: dependants
 * became candidates. */
bool compare_add(struct observer *o, bool first);
bool compare_take(struct observer *o);
/* NULL: it does not differ. By name: what stands under it now, or what is gone from there. */
struct pair *pair_at(const struct observer *o, uint32_t classid, uint32_t objid);
const struct pair *pair_named(const struct observer *o, enum object_kind kind, const char *name);

/* touches.c: what the transaction did to which object. */
void touches_of_pairs(struct observer *o);
void touches_of_locks(struct observer *o);
struct touch *touch_once(struct observer *o, struct object object, enum effect effect);
void touch_rows(struct touch *t, const struct row_tally *rows);
/* The facets in which two states of an object differ, in order, into t; NULL: it is not there. */
void touch_between(struct arena *arena, const struct catalog_object *before,
                   const struct catalog_object *after, struct touch *t);
void touch_facet(struct observer *o, struct touch *t, enum facet_change change, const char *facet);

/* storage.c: what became of the rows of tables that are gone, or have new storage. */

/* Count the rows that stand in tables with new storage. */
int count_stored(struct observer *o, struct err *e) MUST_CHECK;
/* What it came to: nothing; all rows written anew; rows removed with the storage, or with the table. */
enum fate { FATE_KEPT, FATE_REWRITTEN, FATE_EMPTIED };
/* *rows: of what was done; ROWS_UNKNOWN: nobody counted them in time, and the table is in out->uncounted. */
enum fate fate_of(struct observer *o, const struct lock *l, int64_t *rows);
int64_t rows_dropped(struct observer *o, const struct catalog_object *b);

bool is_touched(struct observer *o, struct object object); /* by more than reading */

/* counts.c: what it amounts to for limits, and what the relations touched count to: into o->out. */
void count_up(struct observer *o);
/* The index that a facet of a table is, not only about: "i" of "index i"; NULL: none. */
const char *facet_index(const char *facet);

/* touches_unlocked.c: what is not seen by comparing or by locks on relations. */
int silence_schemas(struct observer *o, struct err *e) MUST_CHECK; /* that came with an extension */
int touches_of_others(struct observer *o, struct err *e) MUST_CHECK;

#endif
