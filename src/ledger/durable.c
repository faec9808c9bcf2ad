/* What is on disk. A commit that nobody waited for is there for everybody to see, and gone after a crash of
 * the server: whoever tells others of it, or writes it down elsewhere, waits first. */
#include <stdio.h>

#include "base/clock.h"
#include "ledger/parts.h"
#include "ledger/queries.h"

enum { SIZE, ROOT, COMMITS, SYNCS }; /* durable_barrier.sql */
enum { POLL_MS = 20, SOON_MS = 200, NUDGE_MS = 700, FLUSH_MS = 30000 };

int ledger_barrier(struct pg *s, struct barrier *out, struct err *e)
{
    struct pg_rows *r = NULL;
    *out = (struct barrier){.size = -1};
    pg_batch_add(s, &ledger_durable_level, NULL, 0, NULL);
    pg_batch_add(s, &ledger_durable_barrier, NULL, 0, &r);
    if (pg_batch_run(s, NULL, e) != 0) {
        return -1;
    }
    if (pg_rows_n(r) == 1) {
        pg_id_is_ours(s);
    }
    int rc = pg_rows_n(r) == 1 && !pg_null(r, 0, SIZE)
                 ? ledger_row_digest(r, 0, ROOT, &out->root, e)
                 : err_set(e, ERR_INTEGRITY, "the row of kfmig.lease or kfmig.head is missing");
    if (rc == 0) {
        out->size = pg_int(r, 0, SIZE);
        out->syncs = pg_bool(r, 0, SYNCS);
        (void)snprintf(out->commits, sizeof out->commits, "%s", pg_text(r, 0, COMMITS));
    }
    pg_rows_free(r);
    return rc;
}

static int is_flushed(struct pg *s, const char *lsn, bool *is, struct err *e)
{
    struct pg_rows *r = NULL;
    if (pg_query(s, &ledger_durable_flushed, (const char *const[]){lsn}, 1, &r, e) != 0) {
        return -1;
    }
    *is = pg_bool(r, 0, 0);
    pg_rows_free(r);
    return 0;
}

/* The server writes by itself what others committed without waiting, after a second at most; what a
 * transaction that is still open has written may stand in the way for longer. */
int ledger_await_flush(struct pg *s, const char *lsn, const struct ear *ear, struct err *e)
{
    int64_t start = clock_ms();
    bool has_nudged = false;
    bool is = false;
    for (;;) {
        if (is_flushed(s, lsn, &is, e) != 0) {
            return -1;
        }
        int64_t waited = clock_ms() - start;
        if (is) {
            return 0;
        }
        if (ear_stops(ear) != ERR_NONE) {
            return err_set(e, ERR_INTERRUPTED, "interrupted while the server writes to disk");
        }
        if (waited >= FLUSH_MS) {
            return err_set(e, ERR_PREFLIGHT,
                           "the server has not written to disk what its ledger says");
        }
        if (waited >= NUDGE_MS && !has_nudged) {
            struct err ignored = {0};
            has_nudged = true;
            (void)!pg_query(s, &ledger_durable_flush, NULL, 0, NULL, &ignored);
        } else {
            clock_sleep_ms(POLL_MS);
        }
    }
}

bool ledger_flushed_soon(struct pg *s, const char *lsn)
{
    struct err ignored = {0};
    int64_t until = clock_ms() + SOON_MS;
    bool is = false;
    while (is_flushed(s, lsn, &is, &ignored) == 0 && !is && clock_ms() < until) {
        clock_sleep_ms(POLL_MS);
    }
    return is;
}
