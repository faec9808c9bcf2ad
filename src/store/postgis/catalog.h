/* PostgreSQL's catalogs as objects with facets: baselines, and the observation of what a transaction changed.
 * Owns: the queries that define an object's canonical definition (one query per object class, the same text for all objects and for a
 * few), the sensors of a transaction. No ledger, no gates: what is allowed is not asked here. */
#ifndef KFMIG_STORE_POSTGIS_CATALOG_H
#define KFMIG_STORE_POSTGIS_CATALOG_H

#include "base/digest.h"
#include "base/table.h"
#include "model/touch.h"
#include "pg/pg.h"

/* One facet of an object's canonical definition: what it is about ("column 3 geom", "owner", "index feature_geom_geom_idx", "acl", "comment") and its
 * policy-safe value: type names, flags, names in clear; expressions, bodies, comments, enum labels and bounds as "sha256:...". */
struct facet {
    const char *name;
    const char *value;
};
/* Another address in the catalogs that leads to the object: a sequence that its column owns, its statistics. */
struct catalog_part {
    uint32_t classid, objid;
};
struct catalog_object {
    uint32_t classid, objid; /* 0 for things without an oid of their own */
    uint32_t
        filenode; /* where a table's rows are stored (TRUNCATE and rewrites change it); no part of its definition */
    struct catalog_part *parts;
    size_t n_parts;
    struct object object;
    const char *text;     /* object_text(object) */
    struct facet *facets; /* sorted by name */
    size_t n_facets;
    struct digest fingerprint; /* SHA-256 of "name\tvalue\n"... */
};
/* The managed objects of a database: all but pg_catalog, information_schema, pg_toast, temporary, schema kfmig, and members of extensions (an
 * extension is one object: name, version, schema). by_text and by_oid ("classid:objid" binary, 8 bytes) find one. */
struct catalog {
    struct arena *a;
    struct catalog_object **v;
    size_t n, cap;
    struct table by_text;
    struct table by_oid;
};
/* Full read, any transaction state; sorted by text. Cost about that of the catalogs' size. */
int catalog_read(struct pg *s, struct arena *a, struct catalog *out, struct err *e) MUST_CHECK;
const char *catalog_definition(struct arena *a,
                               const struct catalog_object *o); /* "facet\tvalue\n"... */

/* What every transaction of a session begins with, so that it is read once per session. The caller zeroes it. */
struct observer_memory {
    int backend_pid; /* 0: nothing read yet */
    struct digest ledger;
};

/* Before BEGIN, as an addition to the caller's batch: what earlier transactions of the session counted is put away (PostgreSQL 15). */
void observer_before_add(struct pg *s);
/* Before the user's statements, in the open transaction, as additions to the caller's batch: reads what the session counted before.
 * memory may be NULL; it is for transactions that observer_before_add() stood before. */
struct observer;
struct observer *observer_new(struct arena *a, struct observer_memory *memory);
void observer_start_add(struct observer *o, struct pg *s);             /* pg_batch_add()s */
int observer_start_done(struct observer *o, struct err *e) MUST_CHECK; /* reads their rows */
const char *observer_xid(const struct observer *o);                    /* pg_current_xact_id() */
const char *observer_user(const struct observer *o); /* current_user|session_user */

/* Before a statement that TRUNCATEs or DROPs: count the rows of what it names (predicted touches with effect TRUNCATE or DROP; relations and schemas),
 * cascade included, under the locks such a statement would take anyway. Remembered for the observation. */
int observer_count_before(struct observer *o, struct pg *s, const struct touches *predicted,
                          bool cascade, struct err *e) MUST_CHECK;

/* After the last statement: everything the transaction did, reconciled. base is the state before it (in oids of this server), known to be
 * right; after describes the changed objects and the removals. */
struct change {
    struct catalog_object *before; /* NULL: added */
    struct catalog_object *after;  /* NULL: removed */
};
struct observation {
    struct touches
        touches; /* observed: effects with facets; rows per table; reads; references; sequences advanced */
    struct change *
        changes; /* objects whose definition differs, sorted by text; a renamed one is removed and added */
    size_t n_changes;
    const struct catalog_object **
        stored; /* tables whose definition is the same but whose filenode is not, as they are now */
    size_t n_stored;
    int index_delta; /* indexes after - before: added plus dropped (a count of both) */
    int n_tables_touched; /* tables (and matviews, foreign tables) altered, created, dropped or written */
    int64_t
        rows; /* inserted + updated + deleted, TRUNCATE and DROP counting all rows; ROWS_UNKNOWN */
    struct touches
        residue; /* effects that outlive a rollback (sequences advanced or set, remote writes) */
    const char *server_time; /* clock_timestamp(), RFC 3339 UTC with microseconds */
    bool
        deferred_failed; /* observer_finish() failed, and it was a deferred constraint or trigger */
    bool ledger_touched; /* anything in schema kfmig was read or written by the migration */
    const char
        *unreconciled; /* NULL, or which catalog moved by how much more than could be named */
};
/* Deferred constraints and triggers act first. Works in a savepoint under settings of its own, which end with the transaction or, as an addition to the caller's batch, by
 * observer_end_add(). */
int observer_finish(struct observer *o, struct pg *s, const struct catalog *base,
                    struct observation *out, struct err *e) MUST_CHECK;
void observer_end_add(struct pg *s);
/* Take a schema and what is in it out of c. */
void catalog_leave_out(struct catalog *c, const char *schema);
/* Carry the base forward by what was committed. */
void catalog_advance(struct catalog *base, const struct observation *o);

/* A witness that nothing in the catalogs moved: sums over (oid, xmin) of the observed catalogs; cheaper than a read. In a. */
int catalog_witness(struct pg *s, struct arena *a, const char **out, struct err *e) MUST_CHECK;

#endif
