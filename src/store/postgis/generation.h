/* Schema generations of a projection: the SQL behind making and publishing them.
 * Owns: hiding, filling, proving, locking and renaming schemas SCHEMA and SCHEMA__g<N>. Keeps no
 * memory: which generation is what stands in the ledger, and the callers (run/) decide. Unless said
 * otherwise every call works inside the caller's open transaction and never ends it, and nothing
 * that a call did outlives that transaction's rollback. Names given are plain (unquoted)
 * identifiers. All results live in the arena. -1: ERR_PREFLIGHT (what is looked for does not stand,
 * what stands should not, connection lost), ERR_APPLY (the server refused a statement; the
 * transaction is then failed). */
#ifndef KFMIG_STORE_POSTGIS_GENERATION_H
#define KFMIG_STORE_POSTGIS_GENERATION_H

#include "base/digest.h"
#include "model/decl.h"
#include "pg/pg.h"

/* "kfm_index__g12". Refuses (ERR_CONFIG) a schema whose name leaves no room within 63 bytes for
 * that and for "__aside". number: 1 or more. */
int generation_schema(struct arena *a, const char *schema, int64_t number, const char **out,
                      struct err *e) MUST_CHECK;

/* Make room for the chain: the live schema, if there is one, is renamed to "SCHEMA__aside" (takes
 * its lock without waiting longer than lock_timeout), and with create an empty SCHEMA is made.
 * *had_live: there was one. */
int generation_aside(struct pg *s, struct arena *a, const char *schema, bool create, bool *had_live,
                     struct err *e) MUST_CHECK;
/* The chain has run: keep SCHEMA's privileges in *acl (text form of aclitem[], NULL: none given;
 * for the ledger), take them from everybody but the owner, rename SCHEMA to its hidden name, and
 * "SCHEMA__aside" back, if had_live. Readers of the live schema never wait. Without a privilege on
 * the schema nobody can read what is in it. The catalogs still list it: geometry_columns and
 * information_schema show a hidden table to whoever the chain granted that table to. */
int generation_hide(struct pg *s, struct arena *a, const char *schema, int64_t number,
                    bool had_live, const char **acl, struct err *e) MUST_CHECK;

/* Secondary indexes of the tables named: those that back no constraint and carry nothing that
 * pg_get_indexdef() does not say (comment, CLUSTER, replica identity, column statistics,
 * tablespace, extension, a partitioned table) are dropped; their definitions come back in order of
 * name, made to be run again unchanged in the same hidden schema. */
struct index_def {
    const char *table, *name, *definition;
    bool
        is_valid; /* of generation_index_missing(): false: an invalid left-over stands in its place */
};
struct index_defs {
    struct index_def *v;
    size_t n, cap;
};
int generation_defer_indexes(struct pg *s, struct arena *a, const char *hidden,
                             const struct names *tables, struct index_defs *out,
                             struct err *e) MUST_CHECK;
/* Which of wanted are still to be made, in the same order: after an interruption. One whose
 * is_valid is false must be dropped before (DROP INDEX hidden.name): an invalid index, or one with
 * another definition, has its name. Inside a transaction or outside. */
int generation_index_missing(struct pg *s, struct arena *a, const char *hidden,
                             const struct index_defs *wanted, struct index_defs *out,
                             struct err *e) MUST_CHECK;

/* Make one of those: what stands in its place is dropped before. */
int generation_index_make(struct pg *s, struct arena *a, const char *hidden,
                          const struct index_def *x, struct err *e) MUST_CHECK;

/* In which order the tables of hidden that sources fill have to be filled: table[i] with rows that column[i]
 * (NULL: none) tells from those of every other source.
 * alone    what fills it may read or write anything (triggers, functions of somebody's own): it waits for all
 *          before it, and all behind it wait for it; so with tables that are parts of another or have parts.
 * shares   no two sources may fill it at once: rows of one could be refused for those of the other.
 * with     tables whose rows are checked against its own, or the other way round. */
struct fills {
    const char *table, *column;
    bool alone, shares;
    struct names with;
};
int generation_fillings(struct pg *s, struct arena *a, const char *hidden, struct fills *v,
                        size_t n, struct err *e) MUST_CHECK;

/* How many more sessions this role may have, by what the server, the database and the role allow. */
int generation_spare_sessions(struct pg *s, int64_t *n, struct err *e) MUST_CHECK;

/* How often what is deferred may defer itself anew until it has to be settled. */
enum { SETTLE_ROUNDS = 16 };

/* After the load: what is deferred acts, also what that defers anew (SETTLE_ROUNDS); sequences of
 * the schema that its columns own (identity too) or take a default from are set past the highest
 * value present (the lowest, if they count down), never back; materialized views are refreshed in
 * dependency order, those created WITH NO DATA too; every table and materialized view is analyzed. */
int generation_settle(struct pg *s, struct arena *a, const char *hidden, struct err *e) MUST_CHECK;

/* What of table is generated by volatile defaults (sequences, identity, now(), random ...: whatever
 * is not declared immutable) for columns that the mapping does not fill: left out of fingerprints,
 * and listed in receipts; in order of name. filled: the columns that the loader fills. What
 * triggers write is not seen. */
int generation_volatile_columns(struct pg *s, struct arena *a, const char *schema,
                                const char *table, const struct names *filled, struct names *out,
                                struct err *e) MUST_CHECK;

/* The rows of schema.table, or those where version_column = version (both NULL: all). */
struct row_set {
    const char *schema, *table;
    const char *version_column, *version;
};

/* Content fingerprint: the number of rows and the sum modulo 2^256 of the SHA-256 of each row's
 * canonical bytes. Canonical bytes: first the SHA-256 over the names and types (without their
 * schemas, domains as what they are made of) of the columns (struct digester, domain
 * "kfmig.rows.v1"); then the columns in order of name (bytewise), without those of leave_out and
 * without generated ones that depend on them, each as: byte 0 for NULL, else byte 1, length (4
 * bytes, big-endian), and the bytes its type's binary send function gives; a type whose send form
 * holds oids (rows, arrays, ranges, names of objects) is taken as text. Independent of server,
 * order, oid, attribute number and settings; PostGIS sends EWKB in the server's byte order. Rows
 * that a policy hides from the role are an error (42501). */
struct content {
    int64_t rows;
    struct digest sum; /* big-endian */
};
int generation_fingerprint(struct pg *s, struct arena *a, const struct row_set *rows,
                           const struct names *leave_out, struct content *out,
                           struct err *e) MUST_CHECK;

/* Rows of an unchanged dataset version from one generation's table into another's of that name,
 * inside the server: the columns named, all other columns take their defaults. Values of types that
 * belong to the schema itself go over as text. *n_rows: how many. */
int generation_copy(struct pg *s, struct arena *a, const struct row_set *from,
                    const char *to_schema, const struct names *columns, int64_t *n_rows,
                    struct err *e) MUST_CHECK;

/* What rows look like, for validation. srid: what the column declares, else the lowest known one
 * present, 0: none; n_other_srid: rows with another or with none. has_extent false: geometry_column
 * is NULL or no geometry, or nothing is there to measure. bbox: west, south, east, north in CRS84,
 * of the rows with a known SRID, each transformed if its SRID is another than 4326. */
struct extent_facts {
    int64_t rows, n_null, n_empty, n_invalid, n_other_srid;
    int srid;
    bool has_extent;
    double bbox[4];
};
int generation_extent(struct pg *s, struct arena *a, const struct row_set *rows,
                      const char *geometry_column, struct extent_facts *out,
                      struct err *e) MUST_CHECK;

/* How many groups of several rows have equal values in all of columns; NULLs are equal to each other. */
int generation_duplicates(struct pg *s, struct arena *a, const struct row_set *rows,
                          const struct names *columns, int64_t *n, struct err *e) MUST_CHECK;

/* What stands in the way of publishing hidden over live, generation live_number (0: live does not
 * exist). hidden_acl: as of generation_hide(). code: one of dependant      an object outside
 * depends on the live schema, and would stay with the old generation. text_function  a function
 * whose body is text (LANGUAGE sql without BEGIN ATOMIC, plpgsql and whatever is neither C nor
 * internal) is reachable from a partition key,
 *                default, check, generated column, index, statistics object, trigger, policy, rule
 *                or materialized view of the hidden generation: names in its body mean
 *                the live one. What a body calls cannot be seen, so every such function counts,
 *                wherever it stands and however it is declared, but for those of
 *                pg_catalog and of extensions. publication    one that names the live or the hidden
 *                schema or a table of theirs, or all tables. foreign_key    the hidden generation
 *                references an outside table. inherits       a table of one schema inherits from
 *                (is a partition of) a table of another. privilege      given on one generation's
 *                object and not on its counterpart's, default privileges in the schema included; or
 *                their owners differ. Objects that
 *                only one of them has do not count. name           something occupies the name that
 *                a schema is to get. object: type and identity as pg_identify_object() says (not
 *                translated), with the live schema's name for the hidden one's. Sorted, without
 *                duplicates. */
struct obstacle {
    const char *code, *object, *detail;
    /* privilege: the hidden one has it and the live one not: declared since, or taken away by hand;
     * generation_carry() leaves it. */
    bool is_new;
};
struct obstacles {
    struct obstacle *v;
    size_t n, cap;
};
int generation_obstacles(struct pg *s, struct arena *a, const char *live, int64_t live_number,
                         const char *hidden, const char *hidden_acl, struct obstacles *out,
                         struct err *e) MUST_CHECK;
/* grants: carry — give the hidden objects the privileges that their live counterparts have beyond
 * them (also default privileges; those of the schema are added to *acl, for generation_swap()).
 * Owners stay, and nothing is taken away. */
int generation_carry(struct pg *s, struct arena *a, const char *live, const char *hidden,
                     const char **acl, struct err *e) MUST_CHECK;

/* Outside of a transaction: the present, to be asked for after the load's last commit: a
 * transaction id as text, a blank, the server's time. */
int generation_horizon(struct pg *s, struct arena *a, const char **horizon,
                       struct err *e) MUST_CHECK;
/* Outside of a transaction: who may still see the database as it was before horizon (NULL: nothing
 * to wait for; the id alone will do, but then also those count whose snapshot only looks old
 * because somebody has been writing since before): sessions, prepared transactions (they hold
 * everybody's horizon back), and replication slots and walsenders with a standby's snapshot. Own
 * backend, autovacuum and other databases' sessions aside (they cannot read ours). who: "session
 * 1234 (psql)", "prepared transaction GID", "replication slot NAME". */
struct old_snapshots {
    const char **who;
    size_t n, cap;
};
int generation_old_snapshots(struct pg *s, struct arena *a, const char *horizon,
                             struct old_snapshots *out, struct err *e) MUST_CHECK;

/* In a fresh transaction of its own: lock every relation of both schemas (live may not exist)
 * ACCESS EXCLUSIVE, in one order: tables by LOCK TABLE ... NOWAIT, then foreign tables, views,
 * materialized views and sequences by ALTER TABLE ... OWNER TO their owner, which waits 1 ms at
 * most. For about 50 ms this is tried again and again with jitter: among busy readers there are
 * moments when all relations are free. 1: one of them is still held by somebody; *held_by tells
 * whom and which ("session 1234 (psql) uses kfm_index.feature_geom"), no lock is held any more; the
 * caller rolls back, pauses and tries again. With patience_ms > 0 it is tried for that long, and
 * every other time the relation that was not to be had is waited for first, while none is held:
 * readers that come to it meanwhile wait too, so that the locks are had although readers never
 * leave a gap. */
int generation_lock(struct pg *s, struct arena *a, const char *live, const char *hidden,
                    int64_t patience_ms, const char **held_by, struct err *e) MUST_CHECK;
/* live becomes "LIVE__g<live_number>", with its privileges (*live_acl), hidden becomes LIVE with
 * the privileges of acl, but for roles that are gone. live_number 0: there is no live schema. Locks
 * no relation, so that it can be done before generation_lock(): then live there is what is now
 * LIVE, and hidden the one that was. */
int generation_swap(struct pg *s, struct arena *a, const char *live, int64_t live_number,
                    const char *hidden, const char *acl, const char **live_acl,
                    struct err *e) MUST_CHECK;

/* Has somebody besides its owner a privilege on schema hidden? And take those away. Not in the
 * transaction of the swap: a reader that had resolved LIVE just before would find itself without
 * the privilege on what it found. */
int generation_exposed(struct pg *s, const char *hidden, bool *out, struct err *e) MUST_CHECK;
int generation_conceal(struct pg *s, const char *hidden, struct err *e) MUST_CHECK;

/* What outside of these schemas, which all go together, depends on something in them, or publishes it; as
 * obstacles of the codes dependant, inherits, publication. Inside a transaction or outside. */
int generation_dependants(struct pg *s, struct arena *a, const struct names *schemas,
                          struct obstacles *out, struct err *e) MUST_CHECK;
/* Lock every relation of these schemas ACCESS EXCLUSIVE, waiting for each as lock_timeout says, until the
 * transaction ends. */
int generation_hold(struct pg *s, struct arena *a, const struct names *schemas,
                    struct err *e) MUST_CHECK;
/* DROP SCHEMA hidden CASCADE, but only if nothing outside of it depends on it or publishes it (else
 * -1 naming it). */
int generation_drop(struct pg *s, struct arena *a, const char *hidden, struct err *e) MUST_CHECK;

/* The hidden schema gets the name that its files use; generation_hide() takes it back. */
int generation_reveal(struct pg *s, struct arena *a, const char *schema, const char *hidden,
                      struct err *e) MUST_CHECK;
/* Rows of schema.table: how many there are; and removing all, *n: how many there were. */
int generation_count(struct pg *s, struct arena *a, const char *schema, const char *table,
                     int64_t *n, struct err *e) MUST_CHECK;
int generation_clear(struct pg *s, struct arena *a, const char *schema, const char *table,
                     int64_t *n, struct err *e) MUST_CHECK;
/* Empty hidden.table, and whatever refers to it: inside a transaction that is rolled back. */
int generation_empty(struct pg *s, struct arena *a, const char *hidden, const char *table,
                     struct err *e) MUST_CHECK;

/* Bytes of all relations of a schema with indexes and TOAST; 0 if it does not exist. Inside a
 * transaction or outside. */
int generation_size(struct pg *s, const char *schema, int64_t *bytes, struct err *e) MUST_CHECK;

#endif
