/* What the segments of a migration came to so far, in this run and in earlier ones. For src/run only.
 * Owns: laying one over the other: changes of objects, touches, counts. No I/O. */
#ifndef KFMIG_RUN_SO_FAR_H
#define KFMIG_RUN_SO_FAR_H

#include "evidence/stepped.h"
#include "run/run.h"

/* objects: text -> struct object_row of its last state; tables: text of each that counts to
 * max_table_count_touched. Zero-initialise and set a and the tables' a. */
struct so_far {
    struct arena *a;
    struct table objects, tables;
    struct touches touches, residue;
    int index_delta;
    int64_t rows;
};
void so_far_begin(struct so_far *f, struct arena *a);
/* What an earlier run's segment kept. family: what tables count to; may be NULL. */
void so_far_read(struct so_far *f, const struct lineage *family, const struct stepped *s);
/* Lay what came before over what a segment was just seen to do, so that limits are judged of both. */
void so_far_add(const struct so_far *f, struct observation *seen);
/* The segment stands: seen as so_far_add() left it, rows the objects that it changed. */
void so_far_take(struct so_far *f, const struct observation *seen, const struct object_row *rows,
                 size_t n);
/* Everything, as one observation: changes from what the ledger says (was: sorted by object) to what
 * stands there now. In f->a. */
void so_far_result(const struct so_far *f, const struct object_rows *was, const struct catalog *now,
                   struct observation *out);

#endif
