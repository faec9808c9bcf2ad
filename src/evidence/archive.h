/* Where evidence is read from and where it goes: a ledger, the project's files, the sink.
 * Owns: the struct that everything in src/evidence takes, and the ledger as a table of functions, so that
 * verification, export and delivery are tried on a ledger that a test holds in memory. */
#ifndef KFMIG_EVIDENCE_ARCHIVE_H
#define KFMIG_EVIDENCE_ARCHIVE_H

#include "doc/schema.h"
#include "ledger/backfill.h"
#include "ledger/ledger.h"
#include "model/decl.h"
#include "model/env.h"

/* What a ledger can be asked; ctx goes to each. All return 0, or -1 with the error of the ledger's own
 * call (ledger/ledger.h).
 * identity  who it is, and how many entries it has now.
 * entries   who it is now, and all entries as the database has them, no cached copies, also those that do not
 *           hold together (ledger_entries_as_they_are()); in a.
 * receipts  each receipt after a sequence, in order; each() may ask the ledger in turn. Few are held at a
 *           time, whatever there are.
 * receipt   those of one run after a sequence; in a.
 * blob      a text by its digest, in a; *found false: there is none.
 * objects   the sum of objects up to an entry; in a.
 * faults    what it sees itself that does not hold together (ledger_faults()); in a.
 * blobs     each text that it holds, as it stands there; each() asks nothing in turn.
 * batches   what the batches of each backfill come to (ledger_backfill_batches()); in a. */
struct ledger_source {
    void *ctx;
    int (*identity)(void *ctx, struct identity *out, struct err *e);
    int (*entries)(void *ctx, struct arena *a, struct identity *id, struct entries *out,
                   struct err *e);
    int (*receipts)(void *ctx, int64_t after, receipt_fn *each, void *each_ctx, struct err *e);
    int (*receipt)(void *ctx, int64_t after, const char *run_id, struct arena *a,
                   struct receipt_rows *out, struct err *e);
    int (*blob)(void *ctx, const struct digest *d, struct arena *a, struct bytes *out, bool *found,
                struct err *e);
    int (*objects)(void *ctx, int64_t upto, struct arena *a, struct object_rows *out,
                   struct err *e);
    int (*changes)(void *ctx, int64_t after, int64_t upto, struct arena *a, struct object_rows *out,
                   struct err *e);
    int (*faults)(void *ctx, const struct merkle *m, const struct entries *all, struct arena *a,
                  struct ledger_fault **v, size_t *n, struct err *e);
    int (*blobs)(void *ctx, blob_fn *each, void *each_ctx, struct err *e);
    int (*batches)(void *ctx, struct arena *a, struct backfill_batches **v, size_t *n,
                   struct err *e);
};
/* The ledger behind a session. NULL: one that nothing is asked of. */
struct ledger_source ledger_source_of(struct pg *s);

/* All borrowed. id and entries are as last read; past is made of them.
 * dirfd    of the project: bundles and a relative sink stand beneath it.
 * bundles  of the project, whose exports are looked at.
 * sink     its folder as the project names it; NULL: there is none.
 * doubt    why this may be no continuation of the ledger that was seen before; NULL: there is no doubt.
 * schema   the schema of that name ("run_receipt.v1"); NULL: exports are held to none. */
struct archive {
    struct ledger_source ledger;
    const struct env *env;
    const struct identity *id;
    const struct entries *entries;
    const struct past *past;
    int dirfd;
    const struct bundle *bundles;
    size_t n_bundles;
    const char *sink, *doubt;
    const struct schema *(*schema)(const char *name);
};

#endif
