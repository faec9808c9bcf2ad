/* The account of a run: everything that its receipt is made of, as plain data.
 * Owns: struct account and what it consists of. Whoever runs something fills it; evidence/receipt.h writes
 * and reads it. Must not know: how anything was run, JSON, files. */
#ifndef KFMIG_MODEL_ACCOUNT_H
#define KFMIG_MODEL_ACCOUNT_H

#include "model/allow.h"
#include "model/decl.h"
#include "model/finding.h"
#include "model/touch.h"

struct doc; /* doc/doc.h */

/* A digest with the name that it goes by: a component of a generation, a migration of a run. */
struct named_digest {
    const char *name;
    struct digest digest; /* zero: null */
};
struct named_digests {
    struct named_digest *v;
    size_t n, cap;
};
void named_digests_add(struct arena *a, struct named_digests *l, const char *name,
                       const struct digest *digest);

/* A file that went in. is_data: the ledger has no copy of it. */
struct account_input {
    const char *uri;
    struct digest digest;
    bool is_data;
};
struct account_inputs {
    struct account_input *v;
    size_t n, cap;
};
void account_inputs_add(struct arena *a, struct account_inputs *l, const char *uri,
                        const struct digest *digest, bool is_data);
const struct account_input *account_inputs_find(const struct account_inputs *l, const char *uri);

/* What a column is mapped to stood in so many records only. */
struct account_partial {
    const char *column;
    int64_t records;
};

/* A source of a projection, and its rows in the generation. rows -1: not known. */
struct account_source {
    const char *dataset, *version, *asset, *into;
    int64_t rows;
    struct digest fingerprint; /* of the rows; zero: not known */
    bool copied;               /* from the live generation, inside the server */
    struct account_partial *partial;
    size_t n_partial;
};

/* The generation of a projection that a run made or published. number 0: it got none. */
struct account_generation {
    const char *name, *schema;
    int64_t number;
    struct digest digest, content; /* zero: none yet */
    struct named_digests components;
    const struct doc
        *parts; /* what digest is made of, as parts_doc(); NULL: an older kfmig wrote it */
    struct account_source *sources;
    size_t n_sources;
    const struct doc
        *tiles; /* what its file holds; NULL: it is a schema, or nothing was made yet */
};

/* What stopped it; policy-safe. code NULL: nothing did. statement: 1-based over the forward scripts, 0:
 * none. */
struct account_failure {
    const char *code;
    int statement;
    const char *path;
    int line, col;
    const char *sqlstate, *condition, *object;
};

/* Where more can be read of a run: "ticket", "https://...". In the order of their names. */
struct link {
    const char *name, *url;
};
struct links {
    struct link *v;
    size_t n, cap;
};
/* What the command line says of a run, unchecked; NULL: nothing. links: "NAME=URL NAME=URL". */
struct said {
    const char *intent, *pr, *links, *notes;
};

/* Texts are borrowed and never NULL, but where that is said; "" is what is not known.
 * declaration      what a migration (or a chain of them, as one) declares; has_declaration false: nothing is
 *                  declared, as in an adoption.
 * inputs           in order; their digests also make the receipt's checksums.
 * pre .. touched   digests of the run's documents; zero: there is none.
 * residue          what the run's role could have done so that no sensor tells, in words.
 * drill, recovery, rename, replaces, confirm, deploy, backup, dropped  claims of their own, as documents;
 *                  NULL: none.
 * timings          no part of the claim; NULL: none.
 * rebuilt          definitions that were dropped and made again with it, each with the digest of its text.
 * variables        names of the environment's variables that its texts hold, with the digests of their
 * values.
 * approvals        who let it in, with the digests of what they signed; NULL: nobody had to.
 * precaution       the backup that was made before the run, what was waived; NULL: nothing is said of it.
 * instance         of the ledger; "" until the receipt has its position there. */
struct account {
    const char *
        kind; /* "db_migration", "db_definition", "db_prune", "db_rollback", "adopt", "drill", "rename",
               * "confirm", "deploy", "backup", "projection_publish",
               * "projection_drop" */
    bool has_plain_names; /* an older kfmig wrote it: names from the database are not encoded */
    const char *run_id, *environment;
    const char
        *environment_kind; /* "dev", "stage", "prod"; "": receipts of older kfmigs do not say */
    const char *result;    /* "success", "failed", "interrupted", "in-doubt" */
    const char *started_at, *finished_at;
    const char *actor_type, *actor_id;
    const char *commit_sha, *pr, *tool_version;
    const char *database, *schema;
    const char *store; /* "": the one that holds the ledger */
    int64_t server_version;
    const char *migration_id; /* "": the run is not that of one migration */
    struct named_digests migrations;

    bool has_declaration;
    struct {
        struct digest checksum, bundle_digest;
        const struct doc *document; /* as migration.yml says it; NULL: an older kfmig wrote it */
        struct digest notes;        /* of the file with the notes; zero: there is none */
        struct scope scope;
        struct limits declared, observed;
        const char *change_class;
        struct names reviewers;
        struct allowances allowed; /* by comments in its files */
    } declaration;
    struct account_inputs inputs;
    struct digest pre, post, diff, touched;
    int baseline_format; /* of the documents whose digests pre and post are */
    struct findings gates;
    struct names residue;
    enum approval_mode approval;
    struct domains protected_domains;
    const struct account_generation *generation; /* NULL: no projection */
    const struct doc *drill, *recovery, *rename, *replaces, *confirm, *deploy, *backup, *dropped,
        *precaution, *timings;
    const struct doc *rebuilt, *variables, *approvals; /* as in the claim; NULL: none */
    const char *reason; /* of an adoption: "format", "upgrade"; "": what stood there was accepted */

    struct account_failure failure;
    const char *intent; /* why the run was made, as who made it says */
    const char *notes;
    struct links links;

    const char *instance;
    int64_t sequence;
    struct digest previous; /* the tree's root before it */
};

/* One object that a run changed; facets only where it stood before and stands now. */
struct account_change {
    const char *object; /* object_text() */
    enum facet_change change;
    const struct facet_diff *facets;
    size_t n_facets;
};

/* What a run did, as its diff says it.
 * rows     touches of tables that lost or got rows. residue: effects that outlive a rollback.
 * touched  every touch, for touched.csv.
 * violations  the words of the gates "scope" and "protected" that failed. */
struct account_diff {
    const char *migration_id;
    struct account_change *changes;
    size_t n_changes;
    struct touches rows, residue, touched;
    struct limits declared, observed;
    struct names violations;
};

#endif
