/* Loading: one source of a projection into one table.
 * Owns: what a table's columns are, whether a mapping can fill them, and the way of an artifact's records
 * into the table.
 * Must not know catalogs of datasets, generations or the ledger. */
#ifndef KFMIG_STORE_POSTGIS_LOAD_H
#define KFMIG_STORE_POSTGIS_LOAD_H

#include "data/column.h"
#include "model/projection.h"
#include "pg/pg.h"

/* The columns of a table in their order. Generated ones are among them. *all_binary (may be NULL): each
 * has a binary form known here. A query. 0, 1 if there is no such table (a view is none), -1. */
int load_columns(struct pg *s, struct arena *a, const char *schema, const char *table,
                 struct column **out, size_t *n, bool *all_binary, struct err *e) MUST_CHECK;

/* One source, resolved. declared_in: path of the declaration, for errors. path: of the artifact, beneath
 * dirfd. srid: of its coordinates; 0: unknown, good enough if no geometry is loaded. evidence_ref: what
 * $evidence_ref stands for. */
struct load_source {
    const struct projection_source *from;
    const char *declared_in;
    int dirfd;
    const char *path;
    enum data_format format;
    int srid;
    const char *evidence_ref;
};

/* Check the mapping against the table's columns: every mapped column is there and takes a value, constants
 * fit, points go into geometries, NOT NULL columns without default are filled, the srid is known if it
 * matters. Each fault (ERR_CONFIG) is added to faults with its place in the declaration. No I/O. in and
 * columns are borrowed. NULL if there are faults. */
struct load;
struct load *load_plan(struct arena *a, const struct load_source *in, const struct column *columns,
                       size_t n, struct err_list *faults) MUST_CHECK;

/* Hears about every 100 ms, and once at the end, how many records were taken and how much of the file (as
 * it lies, compressed or not); true stops the load with ERR_INTERRUPTED. on_partial (may be NULL) hears at
 * the end of each mapping that only found of the records match, in the declaration's order. */
struct load_watch {
    bool (*on_progress)(void *ctx, int64_t rows, int64_t done, int64_t size);
    void (*on_partial)(void *ctx, const struct mapping *m, int64_t found, int64_t rows);
    void *ctx;
};

/* Read the artifact to its end and convert every record, writing nothing: proves that what load_copy()
 * would read is sound. -1 with ERR_CONFIG at the artifact's path: byte, record and column, never a value.
 * watch may be NULL. Memory does not depend on the artifact's size. */
int load_dry(const struct load *l, const struct load_watch *watch, int64_t *rows,
             struct err *e) MUST_CHECK;

/* COPY the records into the source's table in schema, inside the caller's open transaction, which has to
 * be rolled back after a failure. Where a geometry column has another SRID than the artifact, the rows go
 * to an unlogged table SCHEMA.kfmig_stage_PID first, and from there through ST_Transform(). -1 as
 * load_dry(), and with ERR_APPLY (the server refused the rows, or a trigger dropped some), ERR_PREFLIGHT
 * (PostGIS or an SRID is missing, connection lost), ERR_INTERRUPTED (also by the session's on_wait). */
int load_copy(struct pg *s, struct arena *a, const char *schema, const struct load *l,
              const struct load_watch *watch, int64_t *rows, struct err *e) MUST_CHECK;

/* Is e what the server said of rows, and which of them, or which column, is still to be found?
 * Keys, uniqueness that may be deferred and triggers are checked when all rows are in, some only at
 * COMMIT, and a row that is refused is not said to be so for one of its columns. */
bool load_may_find(const struct err *e);
/* After that, and after a rollback, inside another transaction of the caller's, which has to be
 * rolled back, too: e gets the place of the first record that the server refuses, and its column,
 * where it is one. The rows are sent again, to be bisected where the server does not say which.
 * Returns 1; e stays as it is with 0 (all of these rows are taken, and in the table now) and -1
 * (nothing can be said). */
int load_find_refused(struct pg *s, struct arena *a, const char *schema, const struct load *l,
                      const struct load_watch *watch, struct err *e);

#endif
