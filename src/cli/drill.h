/* The inside of a drill; for src/cli/drill*.c only. */
#ifndef KFMIG_CLI_DRILL_H
#define KFMIG_CLI_DRILL_H

#include "cli/database.h"
#include "cli/recovery.h"

/* One drill. live: the environment's session; made: the throwaway database's. */
struct drill {
    struct session *live;
    struct session made;
    struct env env; /* of made: exports nothing */
    struct recovery r;
    char name[DRILL_NAME];
    const char *started_at;
    int64_t compare_ms;
    struct doc *projections, *structure, *tables;
    size_t n_compared, n_different, n_objects, n_rows;
    const char *first; /* what differs, for the error */
};

/* Rows of every source, computed in both databases; every object's definition; numbers of rows outside of projections. Fills d->projections,
 * structure, tables and counts what differs. Both links are looked at. -1: one of them could not be read. */
int drill_compare(struct drill *d, struct err *e) MUST_CHECK;

/* claim.drill of the receipt, and its timings. */
struct doc *drill_findings_doc(const struct drill *d);
struct doc *drill_timings_doc(const struct drill *d);
/* The result, to stdout. */
void drill_print(const struct drill *d, const struct outcome *o);

#endif
