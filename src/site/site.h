/* One environment, connected: who answers there, what its ledger says, what really stands there, and the plan
 * that follows.
 * Owns: the connection by reference, the embedded server's lease, identity, entries and past, trust in the
 * ledger, drift, upstreams. Many may exist at once: an upstream, a drill's throwaway database. Must not know
 * the command line, nor how anything is changed. */
#ifndef KFMIG_SITE_SITE_H
#define KFMIG_SITE_SITE_H

#include "base/tell.h"
#include "evidence/archive.h"
#include "load/load.h"
#include "pg/embedded.h"
#include "plan/plan.h"
#include "site/watch.h"
#include "store/postgis/postgis.h"
#include "store/store.h"

struct projected;   /* site/projected.h */
struct signers;     /* approval/signers.h */
struct backup_rule; /* model/operations.h */

/* What whoever opens a site says of it. All borrowed.
 * verb     what runs, for others to see: in the server's list of sessions, in the lock.
 * self     absolute path of this program, for the embedded server's watcher.
 * dbname   a throwaway database on the environment's server, of which nothing is remembered, delivered or
 *          owed; NULL: its own.
 * look_wait_ms  how long what is read may wait for a lock that another session holds; 0: 30 s.
 * connect_ms  how long connecting may take; 0: 10 s.
 * words    which of the server's words errors and notices carry: more than the safe ones only for a terminal.
 * cites    a database that takes the place of a lost one: what its ledger cites, or will. Another ledger than
 *          the last run saw is then what is wanted. NULL: an ordinary run.
 * audits   a ledger that went back, forked, or does not hash to its root is looked at all the same: why
 *          stands in the site's doubt, or it is_broken. What the sink and exports remember, who audits looks
 *          at himself.
 * said     of its run, for receipts, by the command line; NULL: nothing.
 * backup   how this run backs up, whatever the environment declares; NULL: as it declares.
 * key      the file of the key that shows who runs; NULL: nothing does.
 * scripts_most  bytes of declarations and scripts of what is pending that stay once they were looked at; what
 *          is beyond is read again when it runs. 0: all stay, as whoever shows the plan needs.
 * jobs     sessions that fill and prove a projection at once; 0: as many as the data is worth. */
struct site_options {
    const char *verb, *self;
    const char *dbname;
    enum server_words words;
    int64_t look_wait_ms, connect_ms;
    const struct checkpoint *cites;
    bool audits;
    bool prunes;
    const struct said *said;
    const struct backup_rule *backup;
    const char *key;
    size_t scripts_most;
    int64_t jobs;
};

/* A store of the environment besides the one that holds the ledger, opened by its row. store NULL: it is not.
 * found (was_seen): what stands there, but of what a migration began and did not finish, what stood there
 * before: what drifts, or is adopted. base: what a migration that goes on is judged against: found, but while
 * one is begun there, all that the ledger says, as nobody can tell any more what is its doing. */
struct site_store {
    struct store *store;
    struct store_facts facts;
    struct catalog found, base;
    bool was_seen;
};

/* project, cache (NULL: nothing is remembered), ear and env are borrowed; everything that is read lives in a.
 * pg: NULL while it is not connected. catalog and sum are filled (has_catalog) when the witness moved or work
 * is to be done. generations: of all projections. */
struct site {
    struct arena *a;
    struct project *project;
    struct cache *cache;
    struct ear ear; /* a copy: without stops nothing ends it any more, when things are cleaned up */
    struct site_options o;
    const struct env *env;
    struct secret dsn;
    struct pg *pg;
    struct watch watch; /* of all that pg waits for */
    struct embedded *lease;
    struct identity id;
    bool is_as_seen;   /* the ledger is as long as the last run saw it, */
    bool trusts_first; /* or neither it nor anything else here remembers one */
    bool
        is_broken; /* its entries do not hold together, and whoever audits is to see them: none was read */
    const char *doubt; /* why it is not trusted; NULL: it is */
    struct entries entries;
    struct merkle merkle;
    struct past past;
    struct catalog catalog;
    bool has_catalog;
    bool looks_ahead;     /* a look reads the catalogs in the newest format of fingerprints, too, */
    struct catalog ahead; /* in the same snapshot, into this */
    struct object_rows sum;
    struct catalog_witness
        catalogs;                  /* witness_ask() as of what was read; sums NULL: not asked for */
    struct digest root;            /* of the ledger then */
    struct since {                 /* s->id when it was known last what stands there; next_id 0: */
        int64_t next_id, ids_ours; /* others may have written since, and nobody could tell */
    } since;
    struct generations generations;
    struct projection *undeclared; /* what generations are of and the project does not declare */
    size_t n_undeclared;
    struct world world;
    int64_t linted_at;    /* past.position when world.linted was found, and one; 0: it was not */
    struct arena scripts; /* of what is pending, while it is looked at (site/pending.h) */
    struct arena_mark taken;
    size_t n_scripts_kept;           /* bytes of those that stay */
    const struct lineage *judged_by; /* world.lineage when they were looked at */
    struct plan_input input;
    struct plan plan;
    struct projected *projected;
    size_t n_projected;
    struct site_store store[STORE_COUNT];
    const struct signers *signers; /* who may sign; NULL: nobody has looked */
    struct approvals approvals;
    struct table
        verified; /* digests of a statement and its signature -> why it is not good, "": it is */
};

/* No I/O. s stays where it is from now on. */
void site_init(struct site *s, struct arena *a, struct project *project, struct cache *cache,
               const struct ear *ear, const struct env *env, const struct site_options *o);
/* The refusal of whatever needs a ledger where env has none: then is "nothing was recorded" and the like.
 * ERR_PREFLIGHT, always -1. */
int site_no_ledger(const struct env *env, const char *then, struct err *e);
/* Connect, refuse the wrong database (replica, pooler, other name or ledger), read entries and past, look for
 * drift, ask upstreams, parse what must be parsed, make the plan. A store that cannot be reached is no error
 * here: the plan then says so (store_unreachable); want_server true makes it one. */
int site_plan(struct site *s, bool want_server, struct err *e) MUST_CHECK;
/* Once more with the connection as it is now (after site_refresh(), or once the lock is ours): drift, by a
 * full look where full says so, and the plan. */
int site_replan(struct site *s, bool full, struct err *e) MUST_CHECK;
/* Is who answered as s->id one that kfmig works on: no pooler, no replica, new enough, and, as far
 * as a ledger says, this environment? -1: ERR_PREFLIGHT. No I/O. */
int site_refuse_wrong(const struct site *s, struct err *e) MUST_CHECK;
/* For people, once the plan is made: who runs something there now (s->world.running); with AROUND_RUNS what
 * receipts tell of each last run (run of facts), of the steps on the chain from step, or, where it is -1, of
 * all that are selected; with AROUND_ROWS about what the tables hold that statements to be run lock
 * (s->world.sizes); with AROUND_LINT what the linter says of what is to run (s->world.linted), by these
 * figures where they are known. What cannot be had is left out. */
enum { AROUND_RUNS = 1, AROUND_ROWS = 2, AROUND_LINT = 4 };
void site_ask_around(struct site *s, unsigned what, int step);
/* held.c: what stands in the way of any change now, whatever the plan says: rules "window", "freeze" and, for
 * each item of the checklist, "checklist". Of s's plan as it is restricted now; into s->world.held, too. No
 * I/O but the clock and its zones. */
const struct findings *site_held(struct site *s);
/* Only the two that the clock decides. In s->a. */
struct findings site_held_by_time(const struct site *s);
/* Was the item confirmed for the plan of that digest? */
bool site_is_confirmed(const struct site *s, const char *item, const struct digest *plan);
/* The tags of the deployments that the ledger has; in s->a. */
struct names site_deployed(const struct site *s);
/* The connection and the lease go; what was read stays. */
void site_leave(struct site *s);
/* site_leave(), and what is not in the arena. Of a zeroed site is fine. */
void site_close(struct site *s);

/* All bundles as the project has them, for plan_order(); in a. */
const struct bundle *const *site_bundles(struct arena *a, const struct project *p);
/* What evidence is made of and goes to: borrows from s, as it is now. A throwaway database has no sink. */
struct archive site_archive(const struct site *s);
/* The receipt of what is applied as id, a migration or a projection; in s->a. *out NULL: nothing is, or
 * `receipt verify` has something to say about it. -1: the ledger could not be asked. */
int site_receipt(const struct site *s, const char *id, struct doc **out, struct err *e) MUST_CHECK;
/* What every database has, or is given before any migration: not what stands in the way of a first
 * contact. */
bool site_is_usual(const struct object *o);
/* Objects that are not usual, in the catalog that was read. */
int64_t site_count_existing(const struct site *s);

/* connect.c: who answers. */

/* Connect, identify, read entries and past; refuse a replica, a pooler, another environment's database, and,
 * unless it takes a lost one's place, another, shorter or forked ledger than the last run or the sink saw. */
int site_link(struct site *s, struct err *e) MUST_CHECK;
/* Its first part: the connection, with a way out where the database is not there. */
int site_reach(struct site *s, struct err *e) MUST_CHECK;
/* Its parts: only the connection (again, after one was lost); only identity, entries and past. */
int site_connect(struct site *s, struct err *e) MUST_CHECK;
int site_refresh(struct site *s, struct err *e) MUST_CHECK;
/* site_refresh() once all is done. Where nobody asks for entries and past any more (scripts_most, and no
 * sink) they stay as they are, and new entries are only put into the cache, for the next run. */
int site_see_end(struct site *s, struct err *e) MUST_CHECK;
/* What entries, in their order, say of the past; in a. Texts are borrowed. No I/O. */
void site_past_of(struct arena *a, const struct entries *l, struct past *out);
/* One more session with the same database; the caller closes it. */
int site_open(const struct site *s, struct pg **out, struct err *e) MUST_CHECK;
/* Where its connection comes from, into s->dsn (the embedded server is started); nothing to do where it is
 * known. */
int site_resolve(struct site *s, struct err *e) MUST_CHECK;
/* The value that a reference leads to: of an environment variable, or the first line of a file. *is_set
 * false: there is none, or it is empty. -1: the file cannot be read. */
int site_secret(const struct site *s, const char *ref, struct secret *out, bool *is_set,
                struct err *e) MUST_CHECK;
/* What of the embedded server is to be there; directory and lists live in s->a. */
struct embedded_options site_embedded(const struct site *s);

/* trust.c: is it the ledger that was seen before? */

/* -1: ERR_PREFLIGHT another one, ERR_INTEGRITY a shorter or forked one, as the cache, the sink and, where the
 * ledger is not as the last run saw it, exported receipts remember it. */
int site_trust(struct site *s, struct err *e) MUST_CHECK;
/* The rest of it, once the plan is made and before site_remember(). Where the ledger is as it was seen,
 * exports of what is applied can tell nothing new, so an idle build reads none: here come those of what is
 * not, -1 as above. That nothing remembers the ledger is told here, once: from now on this cache does. */
int site_trust_planned(const struct site *s, struct err *e) MUST_CHECK;
/* The ledger that the last run of this environment saw, from the cache. *at (may be NULL): when its newest
 * entry was made, "" if the cache does not tell; in s->a. */
bool site_remembered(const struct site *s, struct checkpoint *out, const char **at);
/* Keep what was seen of this ledger for the next run. */
void site_remember(const struct site *s);
/* Wait until what was read of the ledger is on disk, unless it was seen before: another run may just be
 * writing it, and what a crash can take away is not counted, nor remembered. -1: it is not. */
int site_await(const struct site *s, struct err *e) MUST_CHECK;
/* Where this ledger stood when the last run that writes ended here, if not in this database: "database oid
 * 5 of server 7"; NULL: here, or nobody knows. In s->a. site_settle(): it stands here, from now on; unless
 * a place is known already where is_first says so. */
const char *site_moved(const struct site *s);
void site_settle(const struct site *s, bool is_first);
/* The checkpoint that the ledger was begun with; false if it was begun by an ordinary first contact. -1: it
 * cannot be read. */
int site_cited(const struct site *s, bool *is_recovery, struct checkpoint *out,
               struct err *e) MUST_CHECK;

/* look.c: what really stands there; witness.c: what saves a look. */

/* Of the fingerprints that the ledger has, or will have when it is made: struct catalog. */
int site_format(const struct site *s);
/* Read catalogs and the ledger's sum, in one snapshot, without generations that are not live. */
int site_look(struct site *s, struct err *e) MUST_CHECK;
/* Begin a transaction that only reads, and sees the database as it is now until it ends (tx_roll_back()). */
int site_snapshot(const struct site *s, struct err *e) MUST_CHECK;
/* Are the catalogs as the last full look found them equal to the sum? From the witness in the cache. */
bool site_unmoved(const struct site *s);
/* The same where something was written, whatever it was: by the catalogs' own witness, in one flight. False
 * also where that cannot be had. */
bool site_catalogs_unmoved(struct site *s);
/* They were equal, as of s->id, and of s->catalogs where it is of this ledger's root: kept for the next
 * run where it is on disk. */
void site_witness(const struct site *s);
/* Is what the last look of this run read still what stands there? One flight; false: look again. */
bool site_look_again(struct site *s);
/* What the last look found was recorded by this run, at first contact: the ledger's sum is made of it.
 * Whether it stands there still is for site_look_again() to say. -1: the sum cannot be read. */
int site_recorded(struct site *s, struct err *e) MUST_CHECK;
/* drift.c: fill s->world's drift from the last look. Other words of the same meaning are none; -1: the
 * ledger cannot be asked which version of the server recorded what. */
int site_find_drift(struct site *s, struct err *e) MUST_CHECK;
/* Add what of one store is not as its part of the sum says; both are sorted by object text. */
void site_compare(struct site *s, const struct object_rows *sum, const struct catalog *found);

/* The migration or projection that wrote what entry sequence recorded; "": none. Borrowed from entries. */
const char *site_writer(const struct entries *entries, int64_t sequence);

/* drift_detail.c: what of each drifted object differs, for all of s->world's drift; in s->a. */
const struct drift_detail *site_details(const struct site *s, size_t *n);
/* The same of two definitions as ledgers keep them; NULL: there is no such object. *n of them, in a. */
const struct facet_pair *site_facet_pairs(struct arena *a, const char *old, const char *new,
                                          size_t *n);

/* drift_sql.c: the statements that make what stands there of what the ledger expects, and the way back, of
 * v[0..n) of site_details(). Asks the database for the texts that the ledger has digests of; what looks
 * like a secret is withheld. In s->a. -1: the database cannot be asked. */
int site_drift_sql(struct site *s, const struct drift_detail *v, size_t n, struct drift_sql *out,
                   struct err *e) MUST_CHECK;

#endif
