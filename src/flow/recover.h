/* A database made again from the project alone: everything outside of projections by its migrations,
 * projections from catalogs and artifacts. In the place of a lost one (`kfmig rebuild --new-database`), or in
 * a throwaway one (a drill).
 * Owns: the order of things, the citation of the lost ledger, what could not be recovered. */
#ifndef KFMIG_FLOW_RECOVER_H
#define KFMIG_FLOW_RECOVER_H

#include "flow/lost.h"
#include "flow/rebuild.h"
#include "flow/writing.h"

/* One projection that was meant. lost: what the sink says that it held; NULL: nothing. sequence: of its
 * ledger entry, 0: it was there already. */
struct rebuilt {
    const struct projection *p;
    struct digest generation, content;
    const struct lost_content *lost;
    int64_t sequence, ms;
};

/* A table outside of projections; rows -1: could not be counted. */
struct table_rows {
    const char *text; /* "table kfm_ref.county" */
    int64_t rows;
};

/* cites: what the new ledger's first entry cites. is_resumed: an interrupted recovery was gone on with. Times
 * in milliseconds. */
struct recovery {
    struct site *s;
    const struct meant *meant;
    struct result *result;
    struct checkpoint cites;
    struct lost lost;
    bool is_resumed;
    struct rebuilt *rebuilt;
    size_t n_rebuilt;
    struct table_rows *tables; /* sorted by text */
    size_t n_tables;
    int64_t started_ms, database_ms, prerequisites_ms, total_ms;
};

/* template: the database to copy; NULL: the server's default. */
struct recover_options {
    struct meant meant;
    const char *template;
    bool is_confirmed;
    bool dry_run; /* only say what would be done */
    int64_t lock_wait_ms;
};

/* Make the database of s (begun, not connected) again, which is missing, empty, or a recovery that was
 * interrupted. r: begun by result_begin(); r->more is then registry/schemas/recovery.v1.schema.json, unless
 * with dry_run. -1 with *e; what failed on the way was told and is in r->worst. */
int recover(struct site *s, const struct recover_options *o, struct result *r,
            struct err *e) MUST_CHECK;

/* Its parts, for a drill. */

/* Find the datasets of all projections that are meant and check every artifact's digest, before anything is
 * written, and what is said of the run, for its receipts. Faults are told. -1 also if nothing is meant. */
int recover_check_inputs(const struct site *s, const struct meant *m, struct err *e) MUST_CHECK;
/* Make everything in the database that r->s leads to; for a drill (s->o.dbname set) r->lost is found already.
 * r->meant and r->result are set. Afterwards s is connected and looked at. -1, or r->result->worst: what
 * failed. */
int recover_make(struct recovery *r, int64_t lock_wait_ms, struct err *e) MUST_CHECK;
/* Rows of every table of s's catalog that is in no projection's schema; in s->a. */
void recover_count(struct site *s, struct table_rows **out, size_t *n);
/* The rows of that table among those that recover_count() found; otherwise: it is not there. */
int64_t recover_rows(const struct table_rows *v, size_t n, const char *text, int64_t otherwise);

/* Parts of the documents; in a. */
struct doc *recover_lost_doc(struct arena *a, const struct recovery *r);
struct doc *recover_migrations_doc(struct arena *a, const struct site *s);
struct doc *recover_timings_doc(struct arena *a, const struct recovery *r);
struct doc *recover_doc(struct arena *a, const struct recovery *r);

#endif
