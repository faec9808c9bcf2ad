/* A database made again from the project alone: everything outside of projections by its migrations, projections from catalogs and
 * artifacts. In the place of a lost one (rebuild --new-database), or in a throwaway one (rebuild --drill).
 * Owns: the order of things, the citation of the lost ledger, what could not be recovered, the report. */
#ifndef KFMIG_CLI_RECOVERY_H
#define KFMIG_CLI_RECOVERY_H

#include "cli/lost.h"
#include "cli/steps.h"

/* One projection that was meant. lost: what the sink says that it held; NULL: nothing. sequence: of its ledger entry, 0: it was there already. */
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

/* cites: what the new ledger's first entry cites. is_resumed: an interrupted recovery was gone on with. Times in milliseconds. */
struct recovery {
    struct session *s;
    struct checkpoint cites;
    struct lost lost;
    bool is_resumed;
    struct tally t;
    struct rebuilt *rebuilt;
    size_t n_rebuilt;
    struct table_rows *tables; /* sorted by text */
    size_t n_tables;
    int64_t started_ms, database_ms, prerequisites_ms, total_ms;
};

/* Does rebuild with these options mean p, in env? */
bool recovery_means(const struct request *req, const struct env *env, const struct projection *p);
/* Find the datasets of all projections that are meant and check every artifact's digest, before anything is written. Faults are printed.
 * -1 also if nothing is meant. */
int recovery_check_inputs(struct session *s, const struct env *env, struct err *e) MUST_CHECK;

/* Make everything in the database that s (its project loaded; for a drill dbname set and r->lost found) leads to, which is empty or a recovery that was
 * interrupted. Afterwards s->link is open and looked at. -1, or r->t.worst: what failed. */
int recovery_make(struct session *s, const struct env *env, struct recovery *r,
                  struct err *e) MUST_CHECK;

/* rebuild --new-database, after the arguments; -1 with *e, or the exit code's error in r->t.worst. */
int recovery_new_database(struct session *s, const struct env *env, struct recovery *r,
                          struct err *e) MUST_CHECK;
/* rebuild --drill. -1 with ERR_VALIDATE: something that was compared differs (the report is printed). */
int drill_run(struct session *s, const struct env *env, struct err *e) MUST_CHECK;

/* Rows of every table of l's catalog that is in no projection's schema. */
void recovery_count(struct session *s, struct link *l, struct table_rows **out, size_t *n);

/* Parts of the report: registry/schemas/recovery.v1.schema.json. */
struct doc *recovery_lost_doc(struct arena *a, const struct recovery *r);
struct doc *recovery_migrations_doc(struct arena *a, const struct session *s);
struct doc *recovery_timings_doc(struct arena *a, const struct recovery *r);
struct doc *recovery_doc(struct arena *a, const struct recovery *r);
void recovery_print(const struct recovery *r); /* what was found, and what was not */
void recovery_cites(const struct session *s, const struct lost *l); /* one note */

#endif
