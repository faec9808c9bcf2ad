/* The statements of a migration, in the transaction that its runner has opened. Owns: where a
 * failed one is, and the words for it. */
#include "run/statements.h"

#include <string.h>

#include "base/fault.h"
#include "run/queries.h"
#include "run/rebuild.h"

/* How much longer than the server a client waits for what the server ends by itself: its word says more
 * than a deadline's. */
enum { SERVER_FIRST_MS = 10000 };

int execution_injected(struct err *e)
{
    err_set(e, ERR_APPLY, "injected fault");
    return err_hint(e, "this build was configured with --faults");
}

size_t execution_count(const struct bundle *b)
{
    struct statement_room room;
    size_t n = 0;
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        for (size_t k = 0; k < b->forward[i].n; k++) {
            n += script_at(&b->forward[i], k, &room)->kind == STATEMENT_PLAIN;
        }
    }
    return n;
}

struct pg_wait execution_wait(const struct execution *x)
{
    int64_t declared = x->bundle->decl->statement_timeout_ms;
    struct pg_wait wait = *x->run->wait;
    if (x->batch != NULL) {
        wait = x->batch->wait;
    }
    wait.timeout_ms = declared > 0 ? declared + SERVER_FIRST_MS : 0;
    return wait;
}

void statement_place(const struct script *s, const struct statement *st, int64_t position,
                     int *line, int *col)
{
    *line = st->line;
    *col = st->col;
    if (position >= 0 && (size_t)position <= st->text.n) {
        text_place(s->bytes, st->offset + (size_t)position, line, col);
    }
}

static bool is_stopped(const struct err *e)
{
    return e->code == ERR_INTERRUPTED || e->code == ERR_TERMINATED;
}

/* Something stands upon what is to be changed: definitions can be dropped and made again with it. */
static void advise_rebuilding(const struct execution *x, const struct statement *st, struct err *e)
{
    struct arena *a = x->run->a;
    const struct bundle *b = x->bundle;
    struct names upon = {0};
    const char *list = "";
    if (x->run->plan != NULL && !bundle_is_repeatable(b)) {
        rebuilding_upon(a, x->run->plan, st, &upon);
    }
    for (size_t i = 0; i < upon.n; i++) {
        list = arena_printf(a, "%s%s%s", list, i > 0 ? ", " : "", upon.v[i]);
    }
    if (upon.n > 0) {
        (void)err_hint(e,
                       b->file != NULL
                           ? "the line \"-- kfmig:rebuilds %s\" has it dropped before and made "
                             "again behind, in the same transaction (docs/repeatables.md)"
                           : "`rebuilds: [%s]` in migration.yml has it dropped before and made "
                             "again behind, in the same transaction (docs/repeatables.md)",
                       list);
    } else if (strcmp(e->sqlstate, "2BP01") == 0 && e->hint[0] == '\0') {
        (void)err_hint(e, "drop what stands on it first, or make it a repeatable definition, which "
                          "a migration can rebuild (docs/repeatables.md)");
    }
}

/* One more statement was run. */
static void count_done(struct execution *x)
{
    if (x->n_ahead > 0) {
        x->n_ahead--;
    } else {
        x->n_done++;
    }
}

static int locate(struct execution *x, const struct script *s, const struct statement *st,
                  int64_t position, struct err *e)
{
    int line = 0;
    int col = 0;
    statement_place(s, st, position, &line, &col);
    const char *what = e->condition[0] != '\0' ? e->condition : e->msg;
    const char *tag = st->tag[0] != '\0' ? st->tag : "not analysed";
    const char *whole = x->batch != NULL ? "the batch" : "everything";
    const char *at = x->n_ahead > 0 ? "a statement before its own"
                                    : arena_printf(x->run->a, "statement %zu", x->n_done + 1);
    if (is_stopped(e)) {
        err_wrap(e, e->code, "%s in %s (%s), %s was rolled back", ear_stop_text(x->run->ear), at,
                 tag, whole);
    } else {
        err_wrap(e, ERR_APPLY, "%s (%s) failed, %s was rolled back: %s%s%s%s%s%s", at, tag, whole,
                 what, e->sqlstate[0] != '\0' ? " (" : "", e->sqlstate,
                 e->sqlstate[0] != '\0' ? ")" : "", e->object[0] != '\0' ? " on " : "", e->object);
    }
    if (strcmp(e->sqlstate, "55P04") == 0) { /* by code, or in the block that adds it */
        (void)err_hint(e, "a value of an enum can be used once it is committed: add it in a "
                          "migration before this one, or outside of the block that uses it");
    }
    if (strcmp(e->sqlstate, "2BP01") == 0 || strcmp(e->sqlstate, "0A000") == 0) {
        advise_rebuilding(x, st, e);
    }
    err_place(e, s->path, line, col);
    x->outcome->failed_statement = x->n_ahead > 0 ? 0 : (int)x->n_done + 1;
    return -1;
}

/* COPY ... FROM STDIN with the rows that stand behind it. The server counts their lines. */
static int copy_rows(struct execution *x, const struct script *s, const struct statement *st,
                     const struct pg_wait *wait, struct err *e)
{
    struct pg *pg = *x->run->pg;
    const char *sql = arena_strndup(x->run->a, st->text.p, st->text.n);
    int64_t row = 0;
    int64_t n = 0;
    const char *column = "";
    if (pg_copy_start(pg, sql, e) != 0) {
        return locate(x, s, st, -1, e);
    }
    if (pg_copy_put(pg, st->data, wait, e) == 0 && pg_copy_finish(pg, wait, &n, e) == 0) {
        return 0;
    }
    bool has_row = pg_copy_refused(pg, &row, &column);
    (void)locate(x, s, st, -1, e);
    if (has_row) {
        err_wrap(e, e->code, "%s%s%s", e->msg, column[0] != '\0' ? ", column " : "", column);
        err_place(e, s->path, st->data_line + (int)row - 1, 1);
    }
    return -1;
}

/* Rows that are written may call code: triggers, defaults, checks. */
static bool shows_all(const struct statement *st)
{
    bool writes = false;
    for (size_t i = 0; i < st->touches.n; i++) {
        writes |= st->touches.v[i].effect == EFFECT_WRITE;
    }
    return st->analysed && !st->opaque && !writes;
}

static void tell_observer(const struct execution *x, const struct statement *st)
{
    observer_statement(x->observer, shows_all(st), st->quiet);
    if (st->cascade) {
        observer_cascades(x->observer);
    }
}

/* Of a backfill it is told how far it is, batch by batch (run/backfill_step.c). */
static void tell_statement(const struct execution *x, const struct script *s,
                           const struct statement *st)
{
    if (x->batch != NULL || x->n_ahead > 0) {
        return;
    }
    tell(x->run->ear, &(struct tell){.kind = TELL_STATEMENT,
                                     .target = x->bundle->id,
                                     .what = st->tag,
                                     .path = s->path,
                                     .line = st->line,
                                     .at = x->n_done + 1,
                                     .n = x->n_statements});
}

static int send_statement(struct execution *x, const struct statement *st,
                          const struct pg_wait *wait, int64_t *rows, int64_t *position,
                          struct err *e)
{
    struct pg *s = *x->run->pg;
    struct batch *b = x->batch;
    return st->backfill != NULL && b != NULL
               ? pg_statement_with(s, b->sql, &b->params, wait, &b->rows, NULL, e)
               : pg_statement(s, st->text, wait, rows, position, e);
}

static int run_statement(struct execution *x, const struct script *s, const struct statement *st,
                         struct err *e)
{
    struct run *r = x->run;
    const struct pg_wait wait = execution_wait(x);
    int64_t position = -1;
    int64_t rows = 0;
    tell_statement(x, s, st);
    tell_observer(x, st);
    if (st->counts_rows_before &&
        observer_count_before(x->observer, *r->pg, &st->touches, st->cascade, e) != 0) {
        locate(x, s, st, position, e); /* it waits for the statement's own locks */
        return -1;
    }
    if (st->data.p != NULL) {
        if (copy_rows(x, s, st, &wait, e) != 0) {
            return -1;
        }
    } else if (send_statement(x, st, &wait, &rows, &position, e) != 0) {
        return locate(x, s, st, position, e);
    }
    if (pg_tx(*r->pg) != PG_TX_OPEN) {
        err_at(e, ERR_APPLY, s->path, st->line, st->col, "statement %zu ended kfmig's transaction",
               x->n_done + 1);
        return err_hint(e, "leave BEGIN, COMMIT and ROLLBACK to kfmig");
    }
    count_done(x);
    return FAULT(TX_STATEMENT) ? execution_injected(e) : 0;
}

/* Quiet statements on their way in one flight: they cannot end the transaction, and after a fault the server
 * skips the rest. */
enum { FLIGHT_MAX = 64 };
struct flight {
    struct execution *x;
    struct arena a; /* until it has landed */
    const struct script *scripts[FLIGHT_MAX];
    const struct statement *v[FLIGHT_MAX];
    struct pg_shared shared[FLIGHT_MAX];
    size_t n, n_done;
    bool is_injected;
};

static void tell_shared(const struct flight *f)
{
    if (f->n_done < f->n) {
        tell_statement(f->x, f->scripts[f->n_done], f->v[f->n_done]);
    }
}

static void done_shared(void *ctx)
{
    struct flight *f = ctx;
    f->n_done++;
    count_done(f->x);
    f->is_injected |= FAULT(TX_STATEMENT);
    tell_shared(f);
}

static void share(struct flight *f, const struct script *s, size_t i)
{
    const struct statement *st = script_keep(&f->a, s, i);
    f->scripts[f->n] = s;
    f->v[f->n] = st;
    const char *text = arena_strndup(&f->a, st->text.p, st->text.n);
    f->shared[f->n] =
        (struct pg_shared){.sql = bytes_of(text, st->text.n), .done = done_shared, .ctx = f};
    tell_observer(f->x, st);
    f->n++;
}

static int fly(struct flight *f, bool is_last, struct err *e)
{
    struct execution *x = f->x;
    struct pg *pg = *x->run->pg;
    if (f->n == 0) {
        return 0;
    }
    for (size_t i = 0; i < f->n; i++) {
        pg_batch_share(pg, &f->shared[i]);
    }
    if (is_last && x->glances) {
        observer_glance_add(x->observer, pg, x->run->base);
    }
    tell_shared(f);
    const struct pg_wait wait = execution_wait(x);
    if (pg_batch_run_within(pg, &wait, NULL, e) != 0) {
        return f->n_done == f->n ? -1
                                 : locate(x, f->scripts[f->n_done], f->v[f->n_done],
                                          f->shared[f->n_done].position, e);
    }
    f->n = f->n_done = 0;
    arena_release(&f->a);
    return f->is_injected ? execution_injected(e) : 0;
}

static int send_scripts(struct execution *x, struct flight *f, struct err *e)
{
    struct statement_room room;
    for (size_t i = 0; i < x->bundle->decl->forward.n; i++) {
        const struct script *s = &x->bundle->forward[i];
        for (size_t k = 0; k < s->n; k++) {
            const struct statement *st = script_at(s, k, &room);
            bool shares = st->kind == STATEMENT_PLAIN && st->quiet != QUIET_NOT;
            bool runs = st->kind == STATEMENT_PLAIN && !shares;
            if (((runs || f->n == FLIGHT_MAX) && fly(f, false, e) != 0) ||
                (runs && run_statement(x, s, st, e) != 0)) {
                return -1;
            }
            if (shares) {
                share(f, s, k);
            }
        }
    }
    return fly(f, true, e);
}

int execution_scripts(struct execution *x, struct err *e)
{
    struct flight f = {.x = x};
    int rc = send_scripts(x, &f, e);
    arena_release(&f.a);
    return rc;
}

int execution_blame_deferred(const struct execution *x, struct err *e)
{
    if (is_stopped(e)) {
        return err_wrap(
            e, e->code,
            "%s: %s while deferred constraints were checked, everything was rolled back",
            x->bundle->id, ear_stop_text(x->run->ear));
    }
    return err_wrap(e, ERR_APPLY,
                    "%s: a deferred constraint failed, everything was rolled back: %s (%s)",
                    x->bundle->id, e->condition, e->sqlstate);
}

/* Invariants look at what deferred constraints and triggers leave behind. */
int execution_settle(struct execution *x, struct err *e)
{
    struct pg *s = *x->run->pg;
    struct observation settled;
    if (x->bundle->decl->invariants.n == 0) {
        return 0;
    }
    int64_t usual = pg_patience(s, execution_wait(x).timeout_ms);
    int rc = observer_settle(x->observer, s, &settled, e);
    (void)pg_patience(s, usual);
    return rc == 0 || !settled.deferred_failed ? rc : execution_blame_deferred(x, e);
}

static void judge_rows(struct execution *x, const struct script *s, const struct statement *st,
                       const char *name, int64_t rows)
{
    struct finding *f = finding_fail(x->run->a, &x->outcome->gates, name,
                                     "%lld rows returned, none allowed", (long long)rows);
    f->path = s->path;
    f->line = st->line;
    f->col = st->col;
    f->hint = "run the invariant's query to see the rows that are wrong";
}

/* A query that fails says as little for what it was to prove as rows do, and it is no statement of the
 * migration's. A lost connection and a signal say nothing of it. */
static int blame_query(struct execution *x, const struct script *s, const struct statement *st,
                       const char *name, int64_t position, struct err *e)
{
    int line = 0;
    int col = 0;
    statement_place(s, st, position, &line, &col);
    const char *what = e->condition[0] != '\0' ? e->condition : e->msg;
    if (is_stopped(e)) {
        err_wrap(e, e->code, "%s while %s was asked for, everything was rolled back",
                 ear_stop_text(x->run->ear), name);
        return err_place(e, s->path, line, col);
    }
    const char *text = arena_printf(x->run->a, "its query failed: %s%s%s%s%s%s", what,
                                    e->sqlstate[0] != '\0' ? " (" : "", e->sqlstate,
                                    e->sqlstate[0] != '\0' ? ")" : "",
                                    e->object[0] != '\0' ? " on " : "", e->object);
    if (pg_is_alive(*x->run->pg)) {
        struct finding *f = finding_fail(x->run->a, &x->outcome->gates, name, "%s", text);
        f->path = s->path;
        f->line = line;
        f->col = col;
        f->hint = "mend the invariant's query, or what it looks at";
    }
    err_wrap(e, ERR_APPLY, "%s: gate \"%s\" failed, everything was rolled back: %s", x->bundle->id,
             name, text);
    return err_place(e, s->path, line, col);
}

static int prove(struct execution *x, const struct script *s, const struct statement *st,
                 const char *name, struct err *e)
{
    const struct pg_wait wait = execution_wait(x);
    int64_t rows = 0;
    int64_t position = -1;
    if (pg_statement(*x->run->pg, st->text, &wait, &rows, &position, e) != 0) {
        return blame_query(x, s, st, name, position, e);
    }
    if (rows == 0) {
        finding_pass(x->run->a, &x->outcome->gates, name);
    } else {
        judge_rows(x, s, st, name, rows);
    }
    return 0;
}

int execution_invariants(struct execution *x, struct err *e)
{
    struct statement_room room;
    for (size_t i = 0; i < x->bundle->decl->invariants.n; i++) {
        const struct script *s = &x->bundle->invariants[i];
        const char *name =
            arena_printf(x->run->a, "invariant %s", s->path + strlen(bundle_base(x->bundle)) + 1);
        for (size_t k = 0; k < s->n; k++) {
            const struct statement *st = script_at(s, k, &room);
            if (st->kind == STATEMENT_PLAIN && prove(x, s, st, name, e) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

/* A file may begin with SET TRANSACTION, which must come before any query of ours. */
int execution_set_transaction(struct execution *x, struct err *e)
{
    struct statement_room room;
    for (size_t i = 0; i < x->bundle->decl->forward.n; i++) {
        const struct script *s = &x->bundle->forward[i];
        for (size_t k = 0; k < s->n; k++) {
            int64_t position = -1;
            const struct statement *st = script_at(s, k, &room);
            if (st->kind == STATEMENT_SET_TRANSACTION &&
                pg_statement(*x->run->pg, st->text, x->run->wait, NULL, &position, e) != 0) {
                return locate(x, s, st, position, e);
            }
        }
    }
    return 0;
}
