/* Files to declarations.
 * Owns: reading and checking a project: environments, bundles, registry. No database. All faults of
 * a project are collected in one pass; nothing here stops at the first. */
#ifndef KFMIG_LOAD_LOAD_H
#define KFMIG_LOAD_LOAD_H

#include "base/table.h"
#include "cache/cache.h"
#include "model/finding.h"
#include "model/projection.h"

/* Where what Alembic renders is kept, one flat migration a revision. */
#define ALEMBIC_FOLDER "state/alembic"

/* A project of Alembic's: its ini file, relative to the project; the program, of PATH or with a '/'; how long
 * one run of it may take. */
struct alembic {
    const char *config, *command;
    int64_t limit_ms;
};

/* env and bundle arrays are ordered: environments as declared, bundles by (store, folder, id)
 * bytewise. by_id finds a bundle by id. faults: everything wrong with the project (ERR_CONFIG);
 * warnings: what deserves a word but stops nothing. */
struct project {
    struct arena *a;
    int dirfd; /* the project's top directory */
    /* Its absolute path; for the embedded server and messages only, never in an artefact. */
    const char *root;
    struct env *env;
    size_t n_env;
    const struct env *default_env;
    struct domains domains;
    const char *sink;   /* receipts.sink directory or NULL */
    enum layout layout; /* of new migrations; LAYOUT_COUNT: nobody says */
    struct names roots; /* data_roots, or those of registry/data and data that are there */
    struct projection *projection; /* sorted by name */
    size_t n_projection, cap_projection;
    struct bundle *bundle;
    size_t n_bundle, cap_bundle;
    struct table by_id;
    struct table defaults; /* by folder: what load_decl() read of defaults.yml there */
    struct err_list faults;
    size_t
        n_confined; /* of faults those that stop nothing but the bundle whose faults they are, too */
    struct err_list warnings;
    bool has_environments_file;
    bool has_environments;         /* they were read */
    const struct alembic *alembic; /* NULL: not declared, and ALEMBIC_FOLDER is not read */
    /* Set by who calls load_project(): makes ALEMBIC_FOLDER what it is to be, where it is declared
     * (flow/alembic.h). NULL: it is read as it is. */
    int (*render)(struct project *p, void *ctx, struct err *e);
    void *render_ctx;
};

/* Find the project: the nearest directory at or above start that has registry/environments.v1.yml,
 * or migrations/. Returns 0 with *dirfd open and *root in a, or -1 (hint: kfmig init). */
int load_find(struct arena *a, const char *start, int *dirfd, const char **root,
              struct err *e) MUST_CHECK;

/* What is added to p->faults and p->warnings from now on is found by that check. */
void load_checks(struct project *p, enum check c);

/* The environments of p, which is found: load_project() reads them first, where they were not. */
void load_environments(struct project *p);

/* Load all. cache may be NULL; with one, a bundle whose files' stamps equal the cached ones is
 * taken from there without reading a file (one fstatat per file plus one readdir stamp per bundle
 * directory), and what was read is put there. Returns 0 even with faults (look at p->faults); -1
 * only if the project cannot be read at all. */
int load_project(struct project *p, struct cache *cache, struct err *e) MUST_CHECK;
void load_release(struct project *p); /* closes dirfd; not the arena */

/* The full declaration and artifacts' bytes of one bundle (idempotent); scripts are parsed by
 * plan/. The bytes must still have the digests that load_project() saw, else -1 ("changed while
 * kfmig ran"). Other faults were reported by load_project() already; of one that is illegible the first of
 * them is given. */
int load_decl(struct project *p, struct bundle *b, struct err *e) MUST_CHECK;
/* The same into a, which then is how long it is there: before a goes, b->decl is set to NULL again. */
int load_decl_into(struct project *p, struct bundle *b, struct arena *a, struct err *e) MUST_CHECK;

/* Compare registry/migrations.v1.json with the bundles: missing, unknown, differing type, a status that kept
 * receipts are ahead of. Differences are warnings. fix: rewrite it atomically (sorted by id, entries kept as
 * they are where right, missing ones added with status "draft", owners from CODEOWNERS, else from reviewers).
 * Owners that are others than in CODEOWNERS are only told. *fixed: it was rewritten. One with the marks of a
 * merge is made of what both sides have (the entry that came further, where both have one); its faults then
 * are no more. */
int load_registry_check(struct project *p, bool fix, bool *fixed, struct err *e) MUST_CHECK;

/* The kind of environment that a status of the registry says it was run in; NULL is none. false: in none. */
bool load_executed_in(const char *status, enum env_kind *kind);
/* The furthest kind of environment that a success of b is kept of, in its receipts/: a receipt or a
 * pointer of an environment that is declared, or a receipt that says the kind. false: none is. Reads
 * files. */
bool load_executed_furthest(const struct project *p, const struct bundle *b, enum env_kind *kind);
/* Migrations that the registry calls executed_dev, _stage or _prod, and whose receipts/ holds neither a
 * receipt (in bundle or folder form) nor a pointer of an environment of that kind: added to missing,
 * ERR_PREFLIGHT, one each. Reads files. */
void load_executed_check(const struct project *p, struct err_list *missing);

/* What declarations leave open, which a protected environment refuses: warnings of p. */
void load_lacks_check(struct project *p);
/* Compare meta/manifest.json and meta/checksums.txt of flat folders with their migrations: what
 * they do not name is a warning, what they name and is not here or runs elsewhere a fault (what
 * they contradict load_project() told). fix: write both anew, where nothing else is wrong with the
 * project; their faults then are no more. A folder wants them if it has them, or a migration of
 * layout timestamped. -1: a file could not be read or written. */
int load_meta_check(struct project *p, bool fix, bool *fixed, struct err *e) MUST_CHECK;

/* Is nothing wrong but the registry itself? Against bundles that could not be read it would look
 * wrong where it is not. */
bool load_may_compare(const struct project *p);

/* The environment declared by that name; NULL if there is none. */
const struct env *load_env(const struct project *p, const char *name);

#endif
