/* How far backfills are. */
#include "ledger/backfill.h"

#include "base/fault.h"
#include "doc/json.h"
#include "ledger/parts.h"
#include "ledger/queries.h"

enum { BOUND, LAST, BATCHES, ROWS, DIGEST, KEPT }; /* backfill_read_row.sql */

static int ask(struct pg *s, const struct pg_sql *q, const char *const *params, int n, bool *out,
               struct err *e)
{
    struct pg_rows *r = NULL;
    if (pg_query(s, q, params, n, &r, e) != 0) {
        return -1;
    }
    *out = pg_bool(r, 0, 0);
    pg_rows_free(r);
    return 0;
}

int ledger_backfill_create(struct pg *s, bool *is_made, struct err *e)
{
    bool is_there = false;
    *is_made = false;
    if (ask(s, &ledger_backfill_found, NULL, 0, &is_there, e) != 0) {
        return -1;
    }
    if (is_there) {
        return 0;
    }
    *is_made = true;
    pg_batch_add(s, &ledger_journal_begin, NULL, 0, NULL);
    pg_batch_add(s, &ledger_backfill_create_backfill, NULL, 0, NULL);
    pg_batch_add(s, &ledger_backfill_create_batch, NULL, 0, NULL);
    pg_batch_add(s, &ledger_backfill_private, NULL, 0, NULL);
    if (pg_batch_run(s, NULL, e) != 0) {
        tx_roll_back(s);
        return -1;
    }
    return tx_commit(s, NULL, e) == TX_ENDED ? 0
                                             : -1; /* lost: the next run finds it, or makes it */
}

/* A JSON array of texts; "" for NULL. */
static int read_list(struct arena *a, const char *text, struct names *out, struct err *e)
{
    *out = (struct names){0};
    const struct doc *d =
        text[0] != '\0' ? json_read(a, bytes_str(text), "kfmig.backfill", e) : NULL;
    if (d == NULL) {
        return text[0] != '\0' ? -1 : 0;
    }
    for (size_t i = 0; i < doc_len(d); i++) {
        ARENA_GROW(a, out->v, out->n, out->cap);
        out->v[out->n++] = d->item[i]->text.p;
    }
    return 0;
}

/* *r NULL: no backfill was ever begun there. */
static int query_if_any(struct pg *s, const struct pg_sql *q, const char *const *params, int n,
                        struct pg_rows **r, struct err *e)
{
    bool is_there = false;
    *r = NULL;
    if (ask(s, &ledger_backfill_found, NULL, 0, &is_there, e) != 0) {
        return -1;
    }
    return is_there ? pg_query(s, q, params, n, r, e) : 0;
}

int ledger_backfill_read(struct pg *s, int64_t intent, struct arena *a, struct backfilled *out,
                         struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[] = {ledger_number(a, intent)};
    *out = (struct backfilled){.batches = 0};
    if (query_if_any(s, &ledger_backfill_read_row, params, 1, &r, e) != 0) {
        return -1;
    }
    int rc = 0;
    if (r != NULL && pg_rows_n(r) == 1) {
        const char *kept = arena_strdup(a, pg_text(r, 0, KEPT));
        out->batches = pg_int(r, 0, BATCHES);
        out->rows = pg_int(r, 0, ROWS);
        out->kept = bytes_str(kept);
        rc = read_list(a, arena_strdup(a, pg_text(r, 0, BOUND)), &out->bound, e) != 0 ||
                     read_list(a, arena_strdup(a, pg_text(r, 0, LAST)), &out->last, e) != 0
                 ? -1
                 : ledger_row_digest(r, 0, DIGEST, &out->digest, e);
    }
    pg_rows_free(r);
    return rc;
}

int ledger_backfill_batches(struct pg *s, struct arena *a, struct backfill_batches **v, size_t *n,
                            struct err *e)
{
    struct pg_rows *r = NULL;
    if (query_if_any(s, &ledger_backfill_batches_read, NULL, 0, &r, e) != 0) {
        return -1;
    }
    int rc = 0;
    *n = r != NULL ? pg_rows_n(r) : 0;
    *v = ARENA_ARRAY(a, struct backfill_batches, *n + 1);
    for (size_t i = 0; i < *n && rc == 0; i++) {
        struct backfill_batches *b = &(*v)[i];
        b->intent = pg_int(r, i, 0);
        b->n = pg_int(r, i, 1);
        b->rows = pg_int(r, i, 2);
        rc = ledger_row_digest(r, i, 3, &b->digest, e);
    }
    pg_rows_free(r);
    return rc;
}

struct digest ledger_backfill_digest(const struct digest *was, const struct names *last,
                                     int64_t rows)
{
    struct arena a = {0};
    struct digester *d = digester_open("kfmig.batch.v1");
    digester_field(d, "before", bytes_of((const char *)was->b, sizeof was->b));
    for (size_t i = 0; i < last->n; i++) {
        digester_field(d, "last", bytes_str(last->v[i]));
    }
    digester_field(d, "rows", bytes_str(ledger_number(&a, rows)));
    arena_release(&a);
    return digester_close(d);
}

static int judge_kept(const struct pg_rows *r, struct err *e)
{
    if (pg_rows_n(r) != 1) {
        (void)err_set(e, ERR_LOCKED, "another run has gone on with the backfill");
        return err_hint(e, "run again");
    }
    if (!pg_bool(r, 0, 0)) {
        (void)err_set(e, ERR_INTEGRITY,
                      "the ledger does not hold what was written to it: nothing was committed");
        return err_hint(e, "a trigger or rule on kfmig.backfill changes it: find out whose it is, "
                           "and drop it");
    }
    return 0;
}

int ledger_backfill_record(struct pg *s, int64_t intent, const struct backfilled *now, int64_t rows,
                           struct guard *g, int64_t epoch, struct err *e)
{
    struct arena a = {0};
    struct pg_rows *guard = NULL;
    struct pg_rows *kept = NULL;
    const char *expected[] = {g->xid, g->user, ledger_number(&a, epoch)};
    const char *v[] = {ledger_number(&a, intent),
                       ledger_number(&a, now->batches),
                       now->bound.n > 0 ? pg_array(&a, now->bound.v, now->bound.n) : NULL,
                       pg_array(&a, now->last.v, now->last.n),
                       ledger_number(&a, rows),
                       ledger_digest(&a, &now->digest),
                       now->kept.p,
                       g->commits};
    pg_batch_add(s, &ledger_record_begin, NULL, 0, NULL);
    pg_batch_add(s, &ledger_record_guard, expected, 3, &guard);
    pg_batch_add(s, &ledger_backfill_record_row, v, sizeof v / sizeof *v, &kept);
    int rc = ledger_run_guarded(s, &guard, e);
    rc = rc == 0 ? judge_kept(kept, e) : rc;
    if (rc == 0 && FAULT(BATCH_RECORDED)) {
        rc = err_set(e, ERR_APPLY, "not recorded: fault point");
    }
    pg_rows_free(guard);
    pg_rows_free(kept);
    arena_release(&a);
    return rc;
}

enum ending ledger_backfill_settle(struct pg *s, int64_t intent, int64_t at, struct err *e)
{
    struct arena a = {0};
    bool found = false;
    const char *params[] = {ledger_number(&a, intent), ledger_number(&a, at)};
    int rc = ask(s, &ledger_backfill_settle_row, params, 2, &found, e);
    arena_release(&a);
    return rc != 0 ? TX_UNKNOWN : found ? TX_ENDED : TX_UNDONE;
}
