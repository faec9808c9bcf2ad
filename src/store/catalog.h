/* What stands in a store, as named objects with facets, and what a change did to it: the same for
 * every engine.
 * Owns: the sum of objects in memory, how facets make a fingerprint, and carrying a catalog
 * forward. Pure; no I/O. */
#ifndef KFMIG_STORE_CATALOG_H
#define KFMIG_STORE_CATALOG_H

#include "base/digest.h"
#include "base/table.h"
#include "model/env.h"
#include "model/lineage.h"
#include "model/touch.h"

/* One facet of an object's canonical definition: what it is about ("column 3 geom", "owner", "index
 * feature_geom_geom_idx", "acl", "comment") and its policy-safe value: type names, flags, names in
 * clear; expressions, bodies, comments, enum labels and bounds as "sha256:...". */
struct facet {
    const char *name;
    const char *value;
    const char
        *sent; /* what the value was made of, where the object's normal() may say more; NULL */
};
/* Another address in the catalogs that leads to the object: a sequence that its column owns, its statistics.
 */
struct catalog_part {
    uint32_t classid, objid;
};
struct catalog_object {
    uint32_t classid, objid; /* 0 for things without an oid of their own */
    /* Where a table's rows are stored (TRUNCATE and rewrites change it); no part of its definition. */
    uint32_t filenode;
    /* It came with the server or an extension, or is data: only what deviates is told of it, and it is an
     * object here as long as something does. */
    bool is_given;
    struct catalog_part *parts;
    size_t n_parts;
    struct object object;
    const char *text;     /* object_text(object) */
    struct facet *facets; /* sorted by name */
    size_t n_facets;
    struct digest fingerprint; /* SHA-256 of "name\tvalue\n"... */
    /* What the engine says of a facet's words: the value with all texts in a form that they have in common
     * with texts of the same meaning, or NULL. NULL: the engine has no such forms (format 1). */
    const char *(*normal)(struct arena *a, const char *sent);
};
/* The value of a facet that whoever looks may not read: it says nothing, so nothing differs from it. */
#define FACET_HIDDEN "not readable"

/* Format 2: privileges as what they add to and take from the default ones, options sorted, names and values
 * kept apart, no row of a catalog as a whole; definitions then also hold lines "~facet\tvalue", which
 * are no part of the fingerprint, with the normal forms of what deparses in several ways. */
enum { CATALOG_FORMAT = 2 };

/* The managed objects of a database: all but pg_catalog, information_schema, pg_toast, temporary,
 * schema kfmig, and members of extensions (an extension is one object: name, version, schema).
 * by_text and by_oid ("classid:objid" binary, 8 bytes) find one. */
struct catalog {
    struct arena *a;
    int format; /* of the fingerprints: 1, or CATALOG_FORMAT */
    struct catalog_object **v;
    size_t n, cap;
    struct table by_text;
    struct table by_oid;
};
/* "facet\tvalue\n"..., of which the fingerprint is the SHA-256. In a. */
const char *catalog_lines(struct arena *a, const struct catalog_object *o);
/* The same, then "~facet\tnormal form\n"..., for which SQL is parsed. In a. */
const char *catalog_definition(struct arena *a, const struct catalog_object *o);
/* Make a catalog of one's own: zeroed but for c->a and the a of its tables, then an object after
 * the other (texts and facets are borrowed), then sealed: facets and objects sorted, fingerprints
 * made. Names and values of facets hold no tab and no line feed. */
struct catalog_object *catalog_add(struct catalog *c, struct object object, struct facet *facets,
                                   size_t n);
void catalog_seal(struct catalog *c);

/* Address as key of catalog.by_oid; in a. */
struct bytes address_key(struct arena *a, uint32_t classid, uint32_t objid);
struct catalog_object *catalog_at(const struct catalog *c, uint32_t classid,
                                  uint32_t objid); /* NULL: not there */
const struct facet *facet_of(const struct catalog_object *o,
                             const char *name); /* NULL: not there */
bool catalog_same(const struct catalog_object *a,
                  const struct catalog_object *b); /* text and definition; NULL is nothing */

/* The parents of o, as its definition names them, into l; nothing if it has none. */
void catalog_parents(const struct catalog_object *o, struct lineage *l);

/* After the last statement: everything the transaction did, reconciled. base is the state before it
 * (in oids of this server), known to be right; after describes the changed objects and the
 * removals. */
struct change {
    struct catalog_object *before; /* NULL: added */
    struct catalog_object *after;  /* NULL: removed */
};
/* The text of its object, which is the same before and after. */
const char *change_text(const struct change *c);
/* Compares two of them by it, for qsort(). */
int change_by_text(const void *a, const void *b);

struct observation {
    struct touches
        touches; /* observed: effects with facets; rows per table; reads; references; sequences advanced */
    struct change *
        changes; /* objects whose definition differs, sorted by text; a renamed one is removed and added */
    size_t n_changes;
    const struct catalog_object **
        stored; /* tables whose definition is the same but whose filenode is not, as they are now */
    size_t n_stored;
    /* What the relations touched count to: what stood before by what it was then, new ones by what they are.
     */
    const struct lineage *lineage;
    int index_delta; /* added plus dropped (a count of both), a partitioned index with its parts as one */
    int n_tables_touched; /* tables (and matviews, foreign tables) altered, created, dropped or
                             written; a tree of partitions or children is one */
    int64_t
        rows; /* inserted + updated + deleted; TRUNCATE, DROP and rewriting count all; ROWS_UNKNOWN */
    /* Tables of which rows were removed, or may have been, that nobody had counted: see
     * observer_count_first(). */
    const struct catalog_object **uncounted;
    size_t n_uncounted, cap_uncounted;
    struct touches
        residue; /* effects that outlive a rollback (sequences advanced or set, remote writes) */
    struct names unsensed; /* "not observable as superuser": what the role could have done unseen */
    const char *server_time; /* clock_timestamp(), RFC 3339 UTC with microseconds */
    bool
        deferred_failed; /* observer_finish() failed, and it was a deferred constraint or trigger */
    bool unsettled; /* deferred triggers deferred themselves again in every round they were given */
    struct names
        taken_along;     /* "view app.v": dropped, and what another session committed meanwhile */
    bool ledger_touched; /* anything in schema kfmig was read or written by the migration */
    const char
        *unreconciled; /* NULL, or which catalog moved by how much more than could be named */
};

/* What of now is not as it was, by names of objects: seen's changes, touches and index_delta. In a. */
void catalog_compare(struct arena *a, const struct catalog *was, const struct catalog *now,
                     struct observation *seen);
/* Take a schema and what is in it out of c. */
void catalog_leave_out(struct catalog *c, const char *schema);
/* Carry the base forward by what was committed. */
void catalog_advance(struct catalog *base, const struct observation *o);

#endif
