/* The ledger: schema kfmig in the environment's database. It is the truth about what has been done there.
 * Owns: its tables, entries, the Merkle tree over them, receipts, lock and epoch, blobs, the sum of
 * objects. Must not know how a change is made, nor files. */
#ifndef KFMIG_LEDGER_LEDGER_H
#define KFMIG_LEDGER_LEDGER_H

#include "base/digest.h"
#include "base/table.h"
#include "base/tell.h"
#include "cache/cache.h"
#include "doc/doc.h"
#include "model/entry_kind.h"
#include "model/fact.h"
#include "pg/pg.h"
#include "pg/tx.h"

/* What kfmig.instance says. 1: fingerprints of objects are of format 1 (store/catalog.h); 2: since the
 * entry of kind adopt whose reason is "format", or from the beginning, they are of format 2. Both are
 * read and written to. */
enum { LEDGER_FORMAT = 2, LEDGER_FORMAT_OLDEST = 1 };

/* What one round trip tells about a server (sql/identify_full.sql). Without a ledger, or where a managed
 * server denies pg_control_system(), it takes one or two more. A reading role needs
 *   GRANT USAGE ON SCHEMA kfmig TO role; GRANT SELECT ON ALL TABLES IN SCHEMA kfmig TO role;
 * and nothing else for everything here that only reads. */
struct identity {
    bool has_ledger;
    int64_t format;
    char uuid[37]; /* of the instance; "" without a ledger */
    char environment[64];
    int64_t size;       /* entries */
    struct digest root; /* Merkle tree hash over them */
    int64_t epoch;
    bool has_generations; /* it has had a projection: kfmig.generation is there, and not empty */
    char system_id[40];   /* "" without a ledger, or where the server denies it */
    int64_t database_oid; /* of the database there; a copy has another */
    int64_t timeline;     /* 0 on a replica */
    char lsn[24];         /* pg_current_wal_insert_lsn(); "" on a replica */
    int64_t next_id;      /* above the id of every transaction that has ended; 0: nobody said */
    bool is_quiet;        /* none with a lower id is under way */
    bool is_flushed;      /* all that had ended is on disk */
    int64_t ids_ours;     /* pg_ids_ours() then */
    bool in_recovery;
    bool read_only;
    bool superuser;
    bool pooled; /* PQbackendPID() differs from pg_backend_pid() */
    char role[64];
    char database[64];
    int version;
};
/* -1 ERR_PREFLIGHT: the role may not read the ledger (hint: the GRANT), or its format is another;
 * ERR_INTEGRITY: rows of it are missing. No transaction may be open. */
int ledger_identify(struct pg *s, struct identity *out, struct err *e) MUST_CHECK;
/* Where default_transaction_read_only was turned on for this session: "for the database", "in the server's
 * configuration"; "" where it is off. Static text. One round trip. */
int ledger_read_only_from(struct pg *s, const char **out, struct err *e) MUST_CHECK;
/* What the server's clock says now, as clock_text() writes it; in a. No ledger has to be there. One round
 * trip. */
int ledger_clock(struct pg *s, struct arena *a, const char **out, struct err *e) MUST_CHECK;

/* One entry = one leaf. Its canonical JSON text (keys sorted, exactly these) is what the tree hashes:
 * {"bundle_digest","checksum","environment","finished_at","instance","kind","outputs","previous","receipt",
 *  "result","run_id","sequence","subject"}
 * outputs: {"diff","invariants","post","pre"} digests (absent ones are left out); bundle_digest and
 * checksum: null where absent; previous: root before this entry (sha256 of nothing for the first).
 * kind: a word of model/entry_kind.def. result: success | failed | interrupted. */
struct entry {
    int64_t sequence; /* from 1 */
    enum entry_kind kind;
    const char *subject; /* migration id; "database" for contact and adopt */
    const char *result;
    const char *run_id;
    const char *finished_at; /* RFC 3339, server's clock */
    const char *environment;
    const char *instance;
    struct digest checksum, bundle_digest; /* zero if absent */
    struct digest receipt, previous;
    struct digest pre, post, diff, invariants; /* zero if absent */
    struct digest leaf;                        /* merkle_leaf() of its text */
    struct bytes text; /* p NULL where it was found good against the ledger's root */
};
struct entries {
    struct entry *v;
    size_t n, cap;
};
void entry_write(struct buf *out, const struct entry *en); /* canonical text */
/* out->text is text itself, not a copy; the rest is in a. out->leaf is set in any case. */
int entry_read(struct arena *a, struct bytes text, struct entry *out, struct err *e)
    MUST_CHECK; /* strict, fast; ERR_INTEGRITY: altered, or of a kind that only a newer kfmig knows */

/* RFC 6962 section 2.1: leaf 0x00, node 0x01. frontier: roots of the complete subtrees, largest first. */
struct merkle {
    int64_t size;
    struct digest frontier[63];
    int n_frontier;
};
struct digest merkle_leaf(struct bytes text);
void merkle_add(struct merkle *m, const struct digest *leaf);
struct digest merkle_root(const struct merkle *m); /* SHA-256 of nothing for size 0 */
/* Proofs (RFC 6962 2.1.1, 2.1.2) over leaves[0..n): path nodes into out (at most 64); return their
 * number, or -1 if there is no such leaf or smaller tree. From an empty tree every growth is consistent:
 * no nodes. attest/deliver.h hands them out. */
int merkle_inclusion(const struct digest *leaves, int64_t n, int64_t index, struct digest *out);
int merkle_consistency(const struct digest *leaves, int64_t n, int64_t old_n, struct digest *out);
bool merkle_check_inclusion(const struct digest *leaf, int64_t index, int64_t n,
                            const struct digest *path, int n_path, const struct digest *root);
bool merkle_check_consistency(int64_t old_n, const struct digest *old_root, int64_t n,
                              const struct digest *root, const struct digest *path, int n_path);

/* All entries: cached copies where together with the rest they hash to id->root, else read again from the
 * server (and put in the cache). -1 with ERR_INTEGRITY if what the server holds does not hash to its own
 * root. *m is the tree after the last. Each entry's sequence and instance are checked; its previous is not
 * (the root covers it). */
int ledger_entries(struct pg *s, const struct identity *id, struct cache *c, struct arena *a,
                   struct entries *out, struct merkle *m, struct err *e) MUST_CHECK;
/* The same for the tree and the cache alone: no entry stays in memory. */
int ledger_entries_pass(struct pg *s, const struct identity *id, struct cache *c, struct merkle *m,
                        struct err *e) MUST_CHECK;

/* The last that is known of a ledger which was lost with its database: its newest entry that anybody
 * remembers. Digests are zero where not known. found_in: "sink", "exported receipts", "cache"; NULL: not
 * there. */
struct checkpoint {
    char instance[37];
    int64_t sequence;       /* 0: nothing is known */
    struct digest root;     /* over all entries up to that one */
    struct digest previous; /* over those before it */
    struct digest receipt;  /* of that one's receipt */
    const char *found_in[3];
};
/* First contact. cites: the database takes the place of a lost one, and the contact's receipt cites that
 * one's checkpoint (member claim.recovery; its cites is null where sequence is 0); NULL: an ordinary one.
 * follow: what is recorded with it in the same transaction; it fills *out for the entry that comes after
 * the tree m of the ledger instance, at the server's time now (all of it lives until ledger_create_with()
 * returns); may be called again. NULL: nothing. reconnect: another session with the same database in place
 * of *s, which is closed and NULL if there is none; NULL: a COMMIT whose answer is lost stays in doubt. */
struct recording;
struct first_contact {
    const char *env;
    const char *env_kind; /* env_kind_text(); NULL: the receipt does not say it */
    const struct checkpoint *cites;
    int (*follow)(void *ctx, const char *instance, const struct merkle *m, const char *now,
                  struct recording *out, struct err *e);
    int (*reconnect)(void *ctx, struct pg **s, struct err *e);
    void *ctx;
};
/* Make schema kfmig, its tables, the first entry (kind contact) with its receipt, and what follows it,
 * in one transaction: all of that stands, or nothing. Two at once: the second finds it made. Needs
 * CREATE on the database; -1 ERR_PREFLIGHT with a hint: the GRANT to run; ERR_LOCKED: another session
 * has been at it for a minute; ERR_DOUBT: the answer to COMMIT was lost and the database cannot be
 * asked. PUBLIC gets no privileges on it. No transaction may be open. */
int ledger_create_with(struct pg **s, const struct first_contact *f, struct err *e) MUST_CHECK;
/* A checkpoint as JSON (null where sequence is 0), and out of a contact receipt: false if that begins no
 * recovery. Texts of *out are borrowed from receipt. */
struct doc *checkpoint_doc(struct arena *a, const struct checkpoint *c);
bool checkpoint_of(const struct doc *receipt, struct checkpoint *out);

/* Exclusive run: polls pg_try_advisory_lock every 100 ms with jitter, never waiting inside a statement;
 * then for a moment the work lock exclusively (no orphan backend of a dead run still works); then epoch
 * + 1 in kfmig.lease with run_id and holder text. The ear hears who has it while waiting (application
 * name, pid, since), as TELL_WAITING. timeout_ms 0: do not wait. -1 ERR_LOCKED naming the holder;
 * ERR_INTERRUPTED: the ear (may be NULL) said stop. */
struct lock_wait {
    int64_t timeout_ms;
    const struct ear *ear;
};
int ledger_lock(struct pg *s, const char *run_id, const char *holder, const struct lock_wait *w,
                int64_t *epoch, struct err *e) MUST_CHECK;
/* The view kfmig.schema_migrations as this kfmig defines it; outside of a transaction. */
void ledger_add_view(struct pg *s);
int ledger_unlock(struct pg *s, struct err *e) MUST_CHECK;
/* Who holds the run's lock now, "kfmig build M-1 (pid 7, connected since ...)"; NULL: nobody. In a. Asks
 * for no lock. */
int ledger_running(struct pg *s, struct arena *a, const char **out, struct err *e) MUST_CHECK;
/* Fill f[i]->run, in a, of those entries whose receipts are there and can be read. What the cache (NULL:
 * none) remembers by a receipt's digest is not asked for; without anything left to ask nothing is sent. */
int ledger_runs(struct pg *s, struct cache *cache, struct arena *a, struct fact *const *f, size_t n,
                struct err *e) MUST_CHECK;
/* End the server's side of a connection that this run lost: session backend_pid, if it still holds the lock
 * for run_id. On a network that swallows everything the server would keep it, and with it the lock, for
 * hours. Nobody else's session is ended. */
int ledger_evict(struct pg *s, const char *run_id, int backend_pid, struct err *e) MUST_CHECK;
/* Is the lock still ours, also the session-level part, and the epoch? */
int ledger_lock_check(struct pg *s, int64_t epoch, bool *held, struct err *e) MUST_CHECK;

/* At the start of a transaction that works: takes the work lock, which a starter needs to see free,
 * until the end of the transaction, and notes in *out (texts in a) what ledger_record() will compare. -1
 * ERR_LOCKED if a starter has it. */
struct guard;
/* subject: what is worked on, for others to see in the session's name until the transaction ends. */
void ledger_work_add(struct pg *s, const char *const *subject,
                     struct pg_rows **work); /* pg_batch_add()s */
int ledger_work_done(struct pg *s, struct pg_rows *work, struct arena *a, struct guard *out,
                     struct err *e) MUST_CHECK; /* reads and frees its row */

/* The work lock for the session, around a statement that no transaction covers: a starter waits for
 * it by name until that has ended, also where the run that sent it died. -1 ERR_LOCKED if a starter
 * has it. */
int ledger_work_hold(struct pg *s, struct err *e) MUST_CHECK;
int ledger_work_let_go(struct pg *s, struct err *e) MUST_CHECK;

/* One object's state in the sum. definition: facets, one per line "facet\tvalue", sorted; policy-safe;
 * NULL fingerprint = removed. */
struct object_row {
    const char *object;        /* object_text() */
    struct digest fingerprint; /* zero: removed */
    const char *definition;
    int64_t sequence; /* entry that recorded it last */
    int64_t
        written; /* entry that wrote it last: earlier, where others recorded the same object anew since
                       * (see object_written()) */
};
/* definition with a last line "~written TAB sequence": what was recorded is no other object than before,
 * and who wrote it stays known. Lines that begin with ~ are in no fingerprint. In a. */
const char *object_written(struct arena *a, const char *definition, int64_t written);
struct object_rows {
    struct object_row *v;
    size_t n, cap;
};
/* Those of one store, NULL: of the one that holds the ledger; the rest borrowed. */
struct object_rows object_rows_of(struct arena *a, const struct object_rows *all,
                                  const char *store);
/* The one of that text among rows that are sorted by it; NULL: there is none. */
const struct object_row *object_rows_find(const struct object_rows *rows, const char *object);
/* The sum of objects up to entry upto (0: all), sorted by object text, removed ones left out. */
int ledger_objects(struct pg *s, int64_t upto, struct arena *a, struct object_rows *out,
                   struct err *e) MUST_CHECK;
/* A query of one text, which moves as soon as a row that the sum is made of is written, added or
 * removed, by whomever. */
extern const struct pg_sql *const ledger_objects_witness;
/* What the entries behind after and up to upto changed, in their order, removed ones too; without
 * definitions. In a. */
int ledger_changes(struct pg *s, int64_t after, int64_t upto, struct arena *a,
                   struct object_rows *out, struct err *e) MUST_CHECK;

/* What an entry changed, with what the ledger said of it before. entry: its position; left: fingerprint
 * that it left, zero: it removed the object; before: as recorded before it, fingerprint zero: there was
 * none. */
struct object_before {
    int64_t entry;
    struct digest left;
    struct object_row before;
};
struct objects_before {
    struct object_before *v;
    size_t n;
};
/* Of all objects that the entries sequences[0..n) changed, by entry and object; one query, in a. */
int ledger_before(struct pg *s, const int64_t *sequences, size_t n, struct arena *a,
                  struct objects_before *out, struct err *e) MUST_CHECK;

/* Versions of the server (as 150004) that entries were recorded on, as their receipts say; of none: no row.
 * In a. */
struct server_versions {
    struct server_version {
        int64_t sequence, version;
    } * v;
    size_t n;
};
int ledger_server_versions(struct pg *s, struct arena *a, const int64_t *sequences, size_t n,
                           struct server_versions *out, struct err *e) MUST_CHECK;
int64_t server_version_of(const struct server_versions *v, int64_t sequence); /* 0: not known */

/* Everything that goes in with one entry; recorded by pipelined inserts on the session's open transaction
 * (one round trip), head and epoch checked in the same: zero rows updated means somebody else moved the
 * ledger (ERR_LOCKED). *m is advanced. entry's sequence, previous and instance are filled in by the caller
 * from *m and identity (see ledger_next()). The session's search_path is as it was afterwards. */
struct blob {
    struct digest digest;
    struct bytes bytes;
};
struct recording {
    const struct entry *entry;
    struct bytes receipt; /* canonical JSON; entry->receipt is its SHA-256 */
    const struct object_row *objects;
    size_t n_objects;
    const struct blob *blobs; /* input texts; ones already there are skipped */
    size_t n_blobs;
    int64_t epoch;
    int64_t format; /* of the ledger from now on; 0: as it is */
};
/* The final check before COMMIT, in the same round trip as the record: made by
 * ledger_work_done(). Also that the run's lock is held by this session and the work lock by this
 * transaction; where xid is NULL the work lock is taken instead. */
struct guard {
    const char
        *xid; /* pg_current_xact_id()::text at the start of the transaction; NULL: do not check */
    const char *user; /* quoted current_user, a blank, quoted session_user; NULL: do not check */
    const char
        *commits;      /* synchronous_commit that COMMIT is to have, whatever ran; NULL: as it is */
    bool left_nothing; /* it is known that both locks are held and nothing is left in the session */
};
/* Fill in sequence, previous, instance and environment (the last two borrowed from id) of the entry that
 * comes next. */
void ledger_next(const struct identity *id, const struct merkle *m, struct entry *en);
/* -1 ERR_APPLY: the migration changed transaction, user or locks, or the server refused a part; ERR_LOCKED:
 * somebody else moved the ledger. The caller rolls back; *m is then unchanged. g->left_nothing is taken
 * back where triggers or rules that are not kfmig's ran for what was recorded. */
int ledger_record(struct pg *s, const struct recording *r, struct guard *g, struct merkle *m,
                  struct err *e) MUST_CHECK;

/* Wait until all that was committed before is on disk, at the level that the session came with (so where
 * the server waits for standbys, for them too), which it has again from then on; off counts as local. In
 * the same snapshot, the head: after a crash of the server a ledger may end before what was seen of it.
 * One round trip, no transaction may be open. commits: that level. syncs: fsync is on. -1: it is not
 * known to be on disk. */
struct barrier {
    int64_t size;
    struct digest root;
    char commits[16];
    bool syncs;
};
int ledger_barrier(struct pg *s, struct barrier *out, struct err *e) MUST_CHECK;
/* For who reads what others may just be writing: wait until everything up to lsn, as ledger_identify() has
 * told it, is on disk. May be called by a role that only reads. -1: it is not within half a minute
 * (ERR_PREFLIGHT), or ear says stop. */
int ledger_await_flush(struct pg *s, const char *lsn, const struct ear *ear,
                       struct err *e) MUST_CHECK;
/* Is it on disk up to lsn, or within a fifth of a second? False also where nobody says. */
bool ledger_flushed_soon(struct pg *s, const char *lsn);

/* What came of a COMMIT whose answer was lost: TX_ENDED if the entry of run_id, which that transaction
 * held, is there; TX_UNDONE if not; TX_UNKNOWN with *e if the ledger cannot be asked. Call with the lock
 * held, by a session that waited for it since: only then has the lost one's backend ended. */
enum ending ledger_settle(struct pg *s, const char *run_id, struct err *e) MUST_CHECK;

/* An input text; what does not hash to d is ERR_INTEGRITY. */
int ledger_blob(struct pg *s, const struct digest *d, struct arena *a, struct bytes *out,
                bool *found, struct err *e) MUST_CHECK;
/* Receipt bodies: by run id, by sequence, or all after a sequence (for delivery); texts in a. They are
 * as the database has them: compare with entry.receipt. */
struct receipt_row {
    int64_t sequence;
    const char *run_id;
    struct bytes body;
};
struct receipt_rows {
    struct receipt_row *v;
    size_t n, cap;
};
int ledger_receipts(struct pg *s, int64_t after, const char *run_id_or_null, struct arena *a,
                    struct receipt_rows *out, struct err *e) MUST_CHECK;

/* Generations of projections: the only memory of their progress. A table of its own,
 * kfmig.generation (projection, number, state, digest, content, facts, changed_at), which may change: what
 * was done stands in the entries. A ledger that was made without it gets it by
 * ledger_generations_create() (a transaction of its own; nothing to do where it stands; not append-only,
 * private to the owner like the rest). */
int ledger_generations_create(struct pg *s, struct err *e) MUST_CHECK;
/* All of them; none where there is no such table. parts and is_chosen are read from facts (parts_read();
 * member "chosen": bool). Works inside or outside of a transaction. -1 with ERR_INTEGRITY for a row that
 * cannot be read. */
int ledger_generations(struct pg *s, struct arena *a, struct generations *out,
                       struct err *e) MUST_CHECK;
/* Insert or update g's row (by projection and number) in the open transaction: state, digest, content,
 * facts (canonical JSON of g->facts with "parts" and "chosen" put in from g). changed_at is the server's
 * clock. */
int ledger_generation_put(struct pg *s, const struct generation *g, struct err *e) MUST_CHECK;
/* The generation is no more: its row stays, as "dropped", so that its number is never given out again; it
 * is listed no longer. */
int ledger_generation_remove(struct pg *s, const char *projection, int64_t number,
                             struct err *e) MUST_CHECK;
/* The number after the highest that this projection ever had; 1 for its first. */
int ledger_generation_next(struct pg *s, const char *projection, int64_t *number,
                           struct err *e) MUST_CHECK;
/* One receipt after another, all after a sequence, in order: each(ctx, row, e) for every one; row's texts
 * live until it returns, and it may use the session in turn. Read in windows of a few MiB (or of the one
 * receipt that is larger), so that memory does not grow with the ledger. -1 from each(), with *e set, ends
 * the reading and is returned. */
typedef int receipt_fn(void *ctx, const struct receipt_row *row, struct err *e);
int ledger_receipts_each(struct pg *s, int64_t after, receipt_fn *each, void *ctx,
                         struct err *e) MUST_CHECK;

/* Every entry as the database has it, for whoever looks at a ledger that may have been altered: none is held
 * to a place, a ledger or a root. One that cannot be read has its text and an empty result, and nothing else.
 * In a. */
int ledger_entries_as_they_are(struct pg *s, struct arena *a, struct entries *out,
                               struct err *e) MUST_CHECK;
/* What SQL alone can see of a ledger that does not hold together: columns that say something else than an
 * entry's text, receipts kept under another run, definitions that their fingerprints were not made of,
 * objects of entries that are not there, the head's frontier, guards that are missing, triggers and rules
 * that are not ours. m: the tree of the entries as they were read; a head that has moved since is not
 * compared. all: as they are; the columns of those
 * that cannot be read are compared with nothing. Texts in a. */
struct ledger_fault {
    const char *rule, *words;
};
int ledger_faults(struct pg *s, const struct merkle *m, const struct entries *all, struct arena *a,
                  struct ledger_fault **v, size_t *n, struct err *e) MUST_CHECK;
/* All texts that the ledger holds, in order of their digests: each(ctx, text, e) for every one, as it stands
 * there, which may be another than its digest says; the bytes live until it returns. Read in windows, as
 * receipts are. -1 from each(), with *e set, ends the reading and is returned. */
typedef int blob_fn(void *ctx, const struct blob *text, struct err *e);
int ledger_blobs_each(struct pg *s, blob_fn *each, void *ctx, struct err *e) MUST_CHECK;

#endif
