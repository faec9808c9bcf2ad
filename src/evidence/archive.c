/* The ledger behind a session, as a table of functions. */
#include "evidence/archive.h"

static int identity_of(void *ctx, struct identity *out, struct err *e)
{
    return ledger_identify(ctx, out, e);
}

static int entries_of(void *ctx, struct arena *a, struct identity *id, struct entries *out,
                      struct err *e)
{
    return ledger_identify(ctx, id, e) != 0 || ledger_entries_as_they_are(ctx, a, out, e) != 0 ? -1
                                                                                               : 0;
}

static int receipts_of(void *ctx, int64_t after, receipt_fn *each, void *each_ctx, struct err *e)
{
    return ledger_receipts_each(ctx, after, each, each_ctx, e);
}

static int receipt_of(void *ctx, int64_t after, const char *run_id, struct arena *a,
                      struct receipt_rows *out, struct err *e)
{
    return ledger_receipts(ctx, after, run_id, a, out, e);
}

static int blob_of(void *ctx, const struct digest *d, struct arena *a, struct bytes *out,
                   bool *found, struct err *e)
{
    return ledger_blob(ctx, d, a, out, found, e);
}

static int objects_of(void *ctx, int64_t upto, struct arena *a, struct object_rows *out,
                      struct err *e)
{
    return ledger_objects(ctx, upto, a, out, e);
}

static int changes_of(void *ctx, int64_t after, int64_t upto, struct arena *a,
                      struct object_rows *out, struct err *e)
{
    return ledger_changes(ctx, after, upto, a, out, e);
}

static int faults_of(void *ctx, const struct merkle *m, const struct entries *all, struct arena *a,
                     struct ledger_fault **v, size_t *n, struct err *e)
{
    return ledger_faults(ctx, m, all, a, v, n, e);
}

static int blobs_of(void *ctx, blob_fn *each, void *each_ctx, struct err *e)
{
    return ledger_blobs_each(ctx, each, each_ctx, e);
}

static int batches_of(void *ctx, struct arena *a, struct backfill_batches **v, size_t *n,
                      struct err *e)
{
    return ledger_backfill_batches(ctx, a, v, n, e);
}

struct ledger_source ledger_source_of(struct pg *s)
{
    return (struct ledger_source){.ctx = s,
                                  .identity = identity_of,
                                  .entries = entries_of,
                                  .receipts = receipts_of,
                                  .receipt = receipt_of,
                                  .blob = blob_of,
                                  .objects = objects_of,
                                  .changes = changes_of,
                                  .faults = faults_of,
                                  .blobs = blobs_of,
                                  .batches = batches_of};
}
