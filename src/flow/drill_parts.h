/* The inside of a drill; for src/flow/drill*.c, trial.c, prove*.c and backup_drill.c only. */
#ifndef KFMIG_FLOW_DRILL_PARTS_H
#define KFMIG_FLOW_DRILL_PARTS_H

#include "flow/drill.h"
#include "site/database.h"

/* One drill. live: the environment itself; made: the throwaway database, whose environment exports nothing.
 * first: what differs, for the error. */
struct drill {
    const struct recover_options *o;
    struct site *live;
    struct result *result;
    struct site made;
    struct env env;
    struct result made_result;
    struct recovery r;
    char name[DRILL_NAME];
    const char *started_at;
    int64_t compare_ms;
    struct doc *projections, *structure, *tables;
    size_t n_compared, n_different, n_objects, n_rows;
    const char *first;
};

/* Rows of every source, computed in both databases; every object's definition; numbers of rows outside of
 * projections. Fills d->projections, structure, tables and counts what differs. Both sites are looked at. -1:
 * one of them could not be read. */
int drill_compare(struct drill *d, struct err *e) MUST_CHECK;

/* A walk along two catalogs at once, begun with a zeroed one. text: of the object that it is at. */
struct drill_walk {
    size_t i, k;
    const char *text;
    bool is_live, is_made, is_same;
};
/* To the next object of either; what belongs to the server, or carries the database's name, says nothing
 * about a database made beside it, and is passed over. False: there is none. */
bool drill_next(struct drill_walk *w, const struct catalog *live, const struct catalog *made);

/* claim.drill of the receipt, its further inputs, and its timings; in the arena of live. */
struct doc *drill_findings_doc(const struct drill *d);
struct doc *drill_inputs_doc(const struct drill *d);
struct doc *drill_timings_doc(const struct drill *d);

/* May a throwaway database beside the live one run b: does its scope stay within the database? -1 with
 * ERR_PREFLIGHT. */
int drill_may_run(struct site *s, struct bundle *b, struct err *e) MUST_CHECK;
/* Give the throwaway database of that name the extensions that live was given before any migration. */
int drill_extensions(struct site *s, const char *name, struct err *e) MUST_CHECK;

#endif
