/* What a run tells of itself: from run, outcome and bundle to the account that its receipt is written from
 * (evidence/receipt.h), and its documents. Pure. */
#ifndef KFMIG_RUN_ACCOUNT_H
#define KFMIG_RUN_ACCOUNT_H

#include "evidence/diff.h"
#include "evidence/receipt.h"
#include "run/rebuild.h"
#include "run/run.h"

/* Only digests of baselines: the ledger's sum of objects gives the bytes back. */
struct evidence_set {
    struct digest pre, post;
    struct document diff, touched, invariants;
};
/* diff, touched and invariants of *out, in a: of what o saw, and of its gates. Without an observation
 * there are only the invariants. pre and post stay as they are. */
void evidence_of(struct arena *a, const struct bundle *b, const struct outcome *o,
                 struct evidence_set *out);

/* What o saw of b, as plain data; touches are in out->touched. In a. */
void account_diff_of(struct arena *a, const struct bundle *b, const struct outcome *o,
                     struct account_diff *out);

struct making;   /* projection_parts.h */
struct dropping; /* projection_drop.h */
/* What an account is made of, besides the run that it belongs to. All borrowed.
 * kind    "db_migration", "db_definition", "db_prune", "db_rollback", "adopt", "drill", "rename",
 *         "confirm", "deploy", "backup", "projection_publish", "projection_drop"
 * bundle  NULL: nothing is declared, as in an adoption
 * store   the store that it is about, NULL: the one that holds the ledger
 * identity  of an adoption of a store: the digest of the place's identity, zero where it tells none
 * making  NULL: no projection
 * drill   NULL: no drill
 * renaming  NULL: nothing gets another id
 * confirmation  NULL: nothing is confirmed
 * replaces  what the bundle is applied as, where it gets another text; NULL: it gets none
 * deployed  the tag of a deployment; NULL: none is recorded
 * backup  NULL: none was made
 * rebuilt  NULL: no definition was dropped and made again with it
 * dropping  NULL: no projection goes */
struct receipt_input {
    const char *kind;
    const struct bundle *bundle;
    const char *store;
    struct digest identity;
    const struct outcome *outcome;
    const struct evidence_set *evidence;
    const char *started_at, *finished_at;
    const struct making *making;
    const char *notes;
    const char *reason; /* of an adoption; NULL: none in particular */
    int64_t format;     /* the ledger has this format from the entry on; 0: the one it has */
    const struct drill_record *drill;
    const struct renaming *renaming;
    const struct fact *replaces;
    const struct confirmation *confirmation;
    const char *deployed;
    const struct backup_record *backup;
    const struct rebuilding *rebuilt;
    const struct dropping *dropping;
};
/* Everything that can be told of it, in *out; texts borrowed from r and in, or in a. It has no position in
 * a ledger yet. */
void account_of(struct arena *a, const struct run *r, const struct receipt_input *in,
                struct account *out);
/* The part of it that is about a projection: its generation, artifacts and catalogs, the chain. */
void account_of_making(struct arena *a, const struct making *m, struct account *out);

/* As claim.dropped. In a. */
struct doc *account_dropped(struct arena *a, const struct dropping *d);

/* What was counted, limit by limit; -1 (ROWS_UNKNOWN) where that is not known. */
struct limits limits_observed(const struct observation *seen);

/* Approvals that count for what in is about, and those of the plan that runs: what its receipt names,
 * and the ledger keeps. In a. */
struct approval_verdict account_signed(struct arena *a, const struct run *r,
                                       const struct receipt_input *in);

/* "success", "failed", "interrupted", "in-doubt" */
const char *result_text(enum run_result result);

#endif
