/* What becomes a bundle: nothing yet, or the SQL of a file.
 * Owns: from a file's text to a draft with its rollback. Reads the one file that it is given. */
#ifndef KFMIG_FLOW_FRESH_H
#define KFMIG_FLOW_FRESH_H

#include "base/tell.h"
#include "load/load.h"
#include "plan/plan.h"
#include "script/draft.h"

struct fresh {
    struct draft draft;
    struct bundle bundle;    /* just enough for plan_judge() */
    struct artifact forward; /* its SQL; path NULL: there is none */
    struct buf rollback;     /* made by fresh_undo(); released by the caller */
    size_t n_forward_open;   /* places in forward that a person must write */
    size_t n_open;           /* places in rollback that a person must write */
    size_t n_left_out;       /* statements with data that were left out of a pg_dump */
    const char *folder;      /* that it was written into */
    const char *made;        /* its files, of a flat one; NULL: it is a bundle */
    const char *file;        /* of a flat one: where its SQL stands, and */
    int n_before;            /* lines that stand before it there */
};

/* A bundle without SQL. */
void fresh_empty(struct arena *a, struct fresh *f);

/* One that runs the SQL of the file at path; of a plain pg_dump the structure only, and the rows of
 * the tables in data ("app.t,u"; NULL: of none). Everything that stands in the way is in faults, with
 * -1 and ERR_CONFIG. In a. */
int fresh_from(struct arena *a, const char *path, const char *data, struct fresh *f,
               struct err_list *faults, struct err *e) MUST_CHECK;

/* One that does what was done outside kfmig, sql->keep, and whose rollback is sql->undo; env: where. What no
 * statement says stands as a comment where a person must write it. n: objects, of which v tells. As
 * fresh_from(). */
int fresh_drift(struct arena *a, const struct env *env, const struct drift_detail *v, size_t n,
                const struct drift_sql *sql, struct fresh *f, struct err_list *faults,
                struct err *e) MUST_CHECK;

/* Make f's rollback, unless it has one: of s, its SQL as it is written into the file called name (NULL: there
 * is none yet), which its comments name. Scratch in a. */
void fresh_undo(struct arena *a, const struct script *s, const char *name, struct fresh *f);

/* What it is for: words (borrowed), or else the name of the file at from. -1 with ERR_CONFIG: neither says
 * anything, or the words hold what no declaration may. */
int fresh_intent(const char *words, const char *from, struct fresh *f, struct err *e) MUST_CHECK;
/* f's reviewers are those of p's newest bundle of its store, most likely; "TBD" where there is none. */
void fresh_reviewers(struct project *p, struct fresh *f);

/* Write f, whose draft has its id, into a folder of that name beneath folder. -1: a file could not be
 * written; without migration.yml, which is the last, the folder is no bundle. */
int fresh_write(struct project *p, const char *folder, struct fresh *f, struct err *e) MUST_CHECK;

/* What a person must look at, as warnings: the files say it too. */
void fresh_warn(const struct project *p, const struct ear *ear, const char *folder,
                const struct fresh *f);

#endif
