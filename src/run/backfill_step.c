/* A backfill, through the journal. */
#include "run/backfill_step.h"

#include <string.h>

#include "base/clock.h"
#include "ledger/backfill.h"
#include "run/lone_step.h"
#include "run/record.h"
#include "run/statements.h"
#include "store/postgis/backfill.h"

/* How often lagging replicas are asked again. */
enum { LAG_ASK_MS = 500 };

/* One on its way. done: the batches that stand; next: with the one that runs. left: what is still to be gone
 * over; to: where the batch that runs ends. rows: that it may have; waits: sessions that waited for the last
 * one. own: what all its batches did. passed: rows of the table that this run went over. memory: of two
 * batches in turn, as the next one begins with what the last one left. is_known: key and done were read;
 * is_proven: nothing is left, and verify is content. */
struct backfill_work {
    struct segmented *w;
    const struct segment *x;
    const struct backfill *b;
    struct journal_step step;
    struct journal_batches batches;
    struct backfill_key key;
    struct backfilled done, next;
    struct backfill_span left;
    struct names to;
    struct so_far own;
    struct batch batch;
    const char *params[2 * BACKFILL_KEYS_MOST];
    struct bytes first_text, text;
    int64_t intent, rows, waits, passed, started_ms;
    struct arena memory[2];
    struct arena *whole;
    bool is_known, is_proven;
};

/* --- how far it is ---------------------------------------------------------------------------------- */

/* What earlier runs' batches did counts as of this migration. */
static int take_earlier(struct backfill_work *k, struct err *e)
{
    struct stepped s;
    struct segmented *w = k->w;
    if (k->done.batches == 0) {
        return 0;
    }
    if (stepped_read(k->whole, k->done.kept, "kfmig.step.v1", &s, e) != 0) {
        return -1;
    }
    so_far_read(&w->so_far, w->r->world->lineage, &s);
    so_far_read(&k->own, w->r->world->lineage, &s);
    return 0;
}

static int find_key(struct backfill_work *k, struct err *e)
{
    struct arena *a = k->whole;
    if (backfill_key(*k->w->r->pg, a, k->b, &k->key, e) != 0) {
        return -1;
    }
    const struct statement *st = k->x->backfill;
    k->first_text = backfill_text(a, st->text, st->range, &k->key.types, true);
    k->text = backfill_text(a, st->text, st->range, &k->key.types, false);
    return 0;
}

/* Where it goes to is decided once, and kept with the first batch. */
static int find_bound(struct backfill_work *k, struct err *e)
{
    if (k->done.batches > 0) {
        k->left = (struct backfill_span){.from = k->done.last, .bound = k->done.bound};
        return 0;
    }
    k->left = (struct backfill_span){.bound = k->b->to, .includes_from = true};
    return k->b->bound == BACKFILL_START
               ? backfill_greatest(*k->w->r->pg, k->whole, &k->key, &k->left.bound, e)
               : 0;
}

/* Once, from the ledger and the database; the key is found already where look() began it. */
static int know(struct backfill_work *k, int64_t intent, struct err *e)
{
    if (k->is_known) {
        return 0;
    }
    k->intent = intent;
    if ((k->key.types.n == 0 && find_key(k, e) != 0) ||
        ledger_backfill_read(*k->w->r->pg, intent, k->whole, &k->done, e) != 0 ||
        take_earlier(k, e) != 0 || find_bound(k, e) != 0) {
        return -1;
    }
    k->is_known = true;
    return 0;
}

/* Is there a row to be gone over? Then k->to is the end of a batch. */
static int find_next(struct backfill_work *k, struct arena *a, struct err *e)
{
    struct pg *s = *k->w->r->pg;
    if (k->left.from.n == 0 && backfill_least(s, a, &k->key, &k->left.from, e) != 0) {
        return -1;
    }
    k->to = (struct names){0};
    return k->left.from.n == 0 ? 0 : backfill_next(s, a, &k->key, &k->left, k->rows, &k->to, e);
}

/* --- verify ----------------------------------------------------------------------------------------- */

/* How many rows its query returns, in a transaction that leaves nothing. */
static int ask_verify(struct backfill_work *k, int64_t *n, struct err *e)
{
    struct run *r = k->w->r;
    const struct decl *d = k->w->b->decl;
    *n = 0;
    if (k->b->verify == NULL) {
        return 0;
    }
    if (lone_settings(k->w, k->x, e) != 0 || postgis_begin_alone(*r->pg, e) != 0) {
        return -1;
    }
    int rc =
        record_begin(r, d->lock_timeout_ms, d->statement_timeout_ms, d->idle_timeout_ms, NULL, e);
    rc = rc != 0 ? -1 : pg_statement(*r->pg, k->b->verify->forms[0].text, r->wait, n, NULL, e);
    tx_roll_back(*r->pg);
    return rc;
}

static int check_verify(struct backfill_work *k, struct err *e)
{
    int64_t n = 0;
    if (ask_verify(k, &n, e) != 0) {
        return -1;
    }
    if (n > 0) {
        (void)err_set(e, ERR_APPLY, "all batches are done, but its verify returns %lld row%s",
                      (long long)n, n == 1 ? "" : "s");
        return err_hint(e, "run its query to see them; put them right, and build again: no batch "
                           "runs again, only verify is asked");
    }
    k->is_proven = true;
    return 0;
}

/* --- a batch ---------------------------------------------------------------------------------------- */

static void add_before(void *ctx, struct observation *seen)
{
    const struct backfill_work *k = ctx;
    struct so_far view = k->w->so_far;
    view.a = k->w->r->a; /* what it needs meanwhile goes with the batch */
    so_far_add(&view, seen);
}

/* More rows than the range has were changed in the table that it goes over: others were, too. */
static int check_rows(const struct backfill_work *k, struct err *e)
{
    int64_t n = 0;
    if (strcmp(k->x->backfill->range->target, k->b->table) != 0 || k->batch.rows <= k->rows) {
        return 0;
    }
    struct backfill_span now = k->left;
    now.bound = k->to;
    if (backfill_count(*k->w->r->pg, &k->key, &now, &n, e) != 0) {
        return -1;
    }
    if (k->batch.rows <= n) {
        return 0;
    }
    (void)err_set(e, ERR_APPLY,
                  "the statement changed %lld rows of %s, and its range has %lld: it goes outside "
                  "of it",
                  (long long)k->batch.rows, object_text(k->w->r->a, &k->key.object), (long long)n);
    return err_hint(e, "have its WHERE hold for rows with KEY > :from AND KEY <= :to alone");
}

/* Objects have segments of their own. */
static int check_objects(const struct observation *seen, struct err *e)
{
    if (seen->n_changes == 0) {
        return 0;
    }
    const struct change *c = &seen->changes[0];
    (void)err_set(e, ERR_APPLY, "the batch changed %s: a backfill writes rows, and nothing else",
                  change_text(c));
    return err_hint(e, "change objects in a forward file");
}

/* Where there is something to look at: what was added to undo the observer's doing goes first. */
static int check_batch(const struct backfill_work *k, const struct observation *seen, struct err *e)
{
    if (k->batch.rows <= k->rows && seen->n_changes == 0) {
        return 0;
    }
    return pg_batch_run(*k->w->r->pg, NULL, e) != 0 || check_rows(k, e) != 0
               ? -1
               : check_objects(seen, e);
}

static int record_batch(void *ctx, struct outcome *o, const struct evidence_set *evidence,
                        const struct object_row *rows, struct guard *guard, struct err *e)
{
    struct backfill_work *k = ctx;
    struct run *r = k->w->r;
    struct outcome all = *o;
    struct pg_rows *waits = NULL;
    (void)evidence;
    if (check_batch(k, &o->seen, e) != 0) {
        return -1;
    }
    backfill_waits_add(*r->pg, &waits);
    so_far_take(&k->own, &o->seen, rows, 0);
    all.seen.touches = k->own.touches;
    all.seen.residue = k->own.residue;
    k->next = (struct backfilled){
        .bound = k->left.bound,
        .last = k->to,
        .batches = k->done.batches + 1,
        .rows = k->done.rows + k->batch.rows,
        .digest = ledger_backfill_digest(&k->done.digest, &k->to, k->batch.rows),
        .kept = segmented_text(k->w, &all, rows)};
    k->next.kept.p = arena_strndup(r->a, k->next.kept.p, k->next.kept.n);
    int rc = ledger_backfill_record(*r->pg, k->intent, &k->next, k->batch.rows, guard, r->epoch, e);
    k->waits = rc == 0 ? pg_int(waits, 0, 0) : 0;
    pg_rows_free(waits);
    return rc;
}

static enum ending settle(void *ctx, struct pg *s, struct err *e)
{
    const struct backfill_work *k = ctx;
    return ledger_backfill_settle(s, k->intent, k->next.batches, e);
}

/* Ctrl-C waits for the end of the batch; the end of the process does not. */
static bool on_wait(void *ctx)
{
    const struct run *r = ctx;
    bool stops = r->wait->on_wait != NULL && r->wait->on_wait(r->wait->ctx);
    return stops && ear_stops(r->ear) != ERR_INTERRUPTED;
}

static void set_range(struct backfill_work *k)
{
    size_t n = k->key.types.n;
    memcpy(k->params, k->left.from.v, n * sizeof *k->params);
    memcpy(k->params + n, k->to.v, n * sizeof *k->params);
    k->batch = (struct batch){.sql = k->left.includes_from ? k->first_text : k->text,
                              .params = {k->params, (int)(2 * n)},
                              .wait = {.on_wait = on_wait, .ctx = k->w->r}};
}

static int run_batch(struct backfill_work *k, struct err *e)
{
    struct decl decl;
    struct bundle b;
    struct outcome o;
    struct run *r = k->w->r;
    const struct pg_wait patient = {.on_wait = on_wait, .ctx = r};
    size_t n_settings = segment_bundle(r->a, k->w->b, k->x, false, &decl, &b);
    const struct transaction_part part = {.n_before = k->x->first - n_settings,
                                          .n = k->w->segments.n_statements,
                                          .batch = &k->batch,
                                          .ctx = k,
                                          .add = add_before,
                                          .record = record_batch,
                                          .settle = settle};
    set_range(k);
    pg_heed(*r->pg, &patient);
    bool is_done = run_transaction(r, &b, &part, &o);
    pg_heed(*r->pg, r->wait);
    k->w->run.epoch = r->epoch;
    if (!is_done) {
        return segmented_fail(k->w, &o, e);
    }
    so_far_take(&k->w->so_far, &o.seen, NULL, 0);
    k->done = k->next;
    k->left.from = k->to;
    k->left.includes_from = false;
    return 0;
}

/* --- between batches -------------------------------------------------------------------------------- */

static int stopped(const struct backfill_work *k, struct err *e)
{
    enum err_code why = ear_stops(k->w->r->ear);
    return why == ERR_NONE
               ? 0
               : err_set(e, why, "stopped behind batch %lld", (long long)k->done.batches);
}

static void tell_waiting(const struct backfill_work *k, const char *what)
{
    tell(k->w->r->ear, &(struct tell){.kind = TELL_WAITING, .target = k->w->b->id, .what = what});
}

/* The key is asked for again: who drops its index meanwhile ends it. */
static int wait_for_replicas(const struct backfill_work *k, struct arena *a, struct err *e)
{
    bool waits = false;
    struct backfill_state now = {.lag_ms = 0};
    for (;;) {
        if (stopped(k, e) != 0 || backfill_look(*k->w->r->pg, a, &k->key, &now, e) != 0) {
            return -1;
        }
        if (!now.key_holds) {
            (void)err_set(e, ERR_APPLY, "its key is not unique any more, or may be null");
            return err_hint(e, "make its index, and its columns NOT NULL, again; then build");
        }
        if (now.lag_ms <= k->b->lag_ms) {
            break;
        }
        waits = true;
        tell_waiting(k, arena_printf(a, "a replica that is %lld ms behind (more than %lld)",
                                     (long long)now.lag_ms, (long long)k->b->lag_ms));
        clock_sleep_ms(LAG_ASK_MS);
    }
    if (waits) {
        tell_waiting(k, "");
    }
    return 0;
}

/* Where others waited for the batch the next ones are smaller, and as much time is left to them. */
static void slow_down(struct backfill_work *k, int64_t took_ms)
{
    bool is_in_the_way = k->waits > k->b->waits;
    int64_t rows = is_in_the_way ? k->rows / 2 : k->rows * 2;
    k->rows = rows < 1 ? 1 : rows > k->b->rows ? k->b->rows : rows;
    int64_t pause = k->b->pause_ms + (is_in_the_way ? took_ms : 0);
    if (pause > 0) {
        clock_sleep_ms(pause);
    }
}

static void tell_batch(const struct backfill_work *k)
{
    int64_t total = k->key.about_rows;
    int64_t gone = k->passed;
    int64_t took = clock_ms() - k->started_ms;
    bool is_known = total > gone && gone > 0 && k->done.batches * k->b->rows < total;
    tell(
        k->w->r->ear,
        &(struct tell){.kind = TELL_BATCH,
                       .target = k->w->b->id,
                       .what = k->step.object,
                       .at = (size_t)k->done.batches,
                       .rows = k->done.rows,
                       .done = k->done.batches * k->b->rows,
                       .size = total,
                       .ms = is_known ? (total - k->done.batches * k->b->rows) * took / gone : -1});
}

static int run_next(struct backfill_work *k, struct err *e)
{
    int64_t start = clock_ms();
    if (run_batch(k, e) != 0) {
        return -1;
    }
    k->passed += k->rows;
    tell_batch(k);
    slow_down(k, clock_ms() - start);
    return 0;
}

static int run_batches(struct backfill_work *k, struct err *e)
{
    struct run *r = k->w->r;
    int rc = 0;
    for (int turn = 0; rc == 0; turn = 1 - turn) {
        struct arena *a = &k->memory[turn];
        arena_release(a);
        r->a = a;
        rc = wait_for_replicas(k, a, e);
        rc = rc == 0 ? find_next(k, a, e) : rc;
        if (rc != 0 || k->to.n == 0) {
            break;
        }
        rc = run_next(k, e);
    }
    r->a = k->whole;
    return rc;
}

/* --- what the journal asks -------------------------------------------------------------------------- */

static int look(void *ctx, const struct journal_step *step, struct digest *before, struct err *e)
{
    struct backfill_work *k = ctx;
    (void)step;
    *before = (struct digest){{0}};
    bool is_made = false;
    int rc = find_key(k, e) != 0 ? -1 : ledger_backfill_create(*k->w->r->pg, &is_made, e);
    if (is_made) {
        k->w->r->observer.backend_pid =
            0; /* what it remembers of schema kfmig is not so any more */
    }
    return rc;
}

static int run(void *ctx, const struct journal_step *step, struct bytes cursor, struct err *e)
{
    struct backfill_work *k = ctx;
    const struct digest key = journal_key(step);
    (void)cursor;
    k->started_ms = clock_ms();
    int rc = know(k, journal_find(k->w->journal, &key)->intent, e);
    rc = rc == 0 ? run_batches(k, e) : rc;
    rc = rc == 0 ? check_verify(k, e) : rc;
    if (rc != 0) {
        struct err ignored = {0};
        if (!pg_is_alive(*k->w->r->pg)) {
            (void)!k->w->r->reconnect(k->w->r->reconnect_ctx, &ignored);
            k->w->run.epoch = k->w->r->epoch;
        }
        (void)err_wrap(e, e->code, "behind %lld batch%s (%lld rows): %s",
                       (long long)k->done.batches, k->done.batches == 1 ? "" : "es",
                       (long long)k->done.rows, e->msg);
    }
    return rc;
}

/* What stands is told by the ledger, which every batch writes with its rows, and by what is left. */
static enum standing standing_of(const struct backfill_work *k, int64_t n_wrong)
{
    if (k->is_proven || (k->to.n == 0 && n_wrong == 0)) {
        return STANDS_THERE;
    }
    return k->done.batches > 0 || k->to.n == 0 ? STANDS_PARTLY : STANDS_ABSENT;
}

static int verify(void *ctx, const struct journal_step *step, const struct digest *before,
                  enum standing *out, struct digest *proof, struct err *e)
{
    struct backfill_work *k = ctx;
    const struct digest key = journal_key(step);
    int64_t n = 0;
    (void)before;
    if (know(k, journal_find(k->w->journal, &key)->intent, e) != 0 ||
        (!k->is_proven && find_next(k, k->whole, e) != 0) ||
        (!k->is_proven && k->to.n == 0 && ask_verify(k, &n, e) != 0)) {
        return -1;
    }
    *out = standing_of(k, n);
    *proof = k->done.batches > 0 ? k->done.digest : digest_of(bytes_str("no row"));
    k->batches = (struct journal_batches){k->done.batches, k->done.rows, *proof};
    return 0;
}

static int keep(void *ctx, const struct journal_step *step, struct bytes *out, struct err *e)
{
    struct backfill_work *k = ctx;
    struct outcome none = {.result = RUN_SUCCESS};
    (void)step;
    (void)e;
    so_far_add(&k->w->so_far, &none.seen);
    *out = k->done.batches > 0 ? k->done.kept : segmented_text(k->w, &none, NULL);
    return 0;
}

/* --- the step --------------------------------------------------------------------------------------- */

static void release(void *memory)
{
    struct arena *v = memory;
    arena_release(&v[0]);
    arena_release(&v[1]);
}

int backfill_step(struct segmented *w, const struct segment *x, struct err *e)
{
    struct backfill_work *k = ARENA_NEW(w->r->a, struct backfill_work);
    *k = (struct backfill_work){.w = w,
                                .x = x,
                                .b = x->backfill->backfill,
                                .step = segmented_step(w, x),
                                .rows = x->backfill->backfill->rows,
                                .whole = w->r->a};
    k->step.batches = &k->batches;
    const struct journal_effect effect = {
        .ctx = k, .look = look, .run = run, .verify = verify, .keep = keep};
    arena_at_end(w->r->a, release, k->memory); /* what failed is told from there */
    so_far_begin(&k->own, w->r->a);
    return segmented_journal(w, x, &k->step, &effect, e);
}
