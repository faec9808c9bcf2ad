/* What relations are that a transaction holds, in the rows of a glance. For src/store/postgis only.
 * Owns: which queries tell of relations that another of the same flight found, and what their rows amount
 * to. */
#ifndef KFMIG_STORE_POSTGIS_HELD_H
#define KFMIG_STORE_POSTGIS_HELD_H

#include "store/postgis/rows.h"

/* A relation of them; strings borrowed from the rows, the schema as SQL writes it. owner: the table of an
 * index, else 0. */
struct held_relation {
    uint32_t oid, filenode, owner;
    char kind;
    const char *quoted_schema, *name;
    bool is_temporary, is_part; /* part: of a partitioned index */
};
/* v: one for each row of relations, and by_oid leads to them; collations: of columns that have one, by
 * address_key() of table and number. Both since held_take(). */
struct held_rows {
    struct pg_rows *relations, *columns, *indexes, *constraints, *notes;
    struct held_relation *v;
    size_t n;
    struct table by_oid, collations;
};
/* pg_batch_add()s behind glance_held.sql. defines: what is needed to define them as well. */
void held_add(struct pg *s, struct held_rows *h, bool defines);
/* When the batch was run, before all that follows. In a. */
void held_take(struct arena *a, struct held_rows *h);
void held_release(struct held_rows *h);

/* A row of a catalog that was written, or n of them, and the object that it belongs to. classid 0: of
 * something that always changes with its table; catalog ROW_OF_TOAST: a table was given a TOAST table. */
enum { ROW_OF_LOCK = 0, ROW_OF_TOAST = 1 };
struct found_row {
    uint32_t catalog, classid, objid;
    int64_t n;
    const char *extension;
};
struct founds {
    struct found_row *v;
    size_t n, cap;
};
/* The rows that the transaction wrote, which has no subtransactions but the last of ids that were given out
 * since its own. False: one may be of a subtransaction, or of somebody else. In a. */
bool held_found(struct arena *a, const struct held_rows *h, int64_t ids, struct founds *out);

/* Are the rows all that is to say of what they define? names: of operator classes, by address_key(). a:
 * for a while. */
bool held_is_whole(struct arena *a, const struct held_rows *h, const struct table *names);
void held_build(struct build *b, const struct held_rows *h); /* b->names set */

#endif
