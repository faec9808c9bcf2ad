/* The guarded transaction of one migration, applied or taken back: statements, what they did, gates,
 * entry and receipt, COMMIT. */
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "run/commit.h"
#include "run/gates.h"
#include "run/owed.h"
#include "run/posture.h"
#include "run/queries.h"
#include "run/record.h"
#include "run/remake.h"
#include "run/rollback.h"
#include "run/statements.h"
#include "run/transaction.h"

enum attempt { ATTEMPT_DONE, ATTEMPT_FAILED, ATTEMPT_RETRY, ATTEMPT_COUNT };

/* One migration on its way. b: whose forward files run; about: what its receipt is about, the same but
 * where it is taken back: then b has the rollback files in place of them. */
struct migration_work {
    struct execution x;
    struct run *r;
    const struct bundle *b, *about;
    const struct transaction_part *part; /* NULL: the whole migration */
    const struct taking_back *back;      /* NULL: it is applied */
    bool prunes;                         /* what it made is dropped, and nothing comes back */
    struct outcome *o;
    struct guard guard;
    struct evidence_set evidence;
    const struct object_row *rows; /* what changed, for the ledger */
    const char *notes;             /* of the receipt */
    struct rebuilding rebuilt;     /* definitions that go and come back with it */
    size_t n_ahead;                /* statements before b's own */
    const char *started_at;
    /* Tables of which an attempt removed rows that nobody had counted: the next one counts them first. */
    const struct catalog_object *const *count;
    size_t n_count;
};

static bool sets_transaction(const struct bundle *b)
{
    struct statement_room room;
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        for (size_t k = 0; k < b->forward[i].n; k++) {
            const struct statement *st = script_at(&b->forward[i], k, &room);
            if (st->kind == STATEMENT_SET_TRANSACTION) {
                return true;
            }
        }
    }
    return false;
}

/* One round trip, unless a SET TRANSACTION comes first. */
static int begin(struct migration_work *w, struct err *e)
{
    struct run *r = w->r;
    const struct decl *d = w->b->decl;
    struct pg_rows *work = NULL;
    bool is_first = r->observer.backend_pid != pg_backend_pid(*r->pg);
    if (is_first && pg_deallocate(*r->pg, e) != 0) {
        return -1;
    }
    if (r->clean.pid != pg_backend_pid(*r->pg) || r->clean.asked != pg_asked(*r->pg)) {
        postgis_clean_add(*r->pg);
    }
    r->clean.pid = 0;
    postgis_begin_add(*r->pg);
    if (sets_transaction(w->b) &&
        (pg_batch_run(*r->pg, NULL, e) != 0 || execution_set_transaction(&w->x, e) != 0)) {
        return -1;
    }
    w->x.observer = observer_new(r->a, &r->observer);
    ledger_work_add(*r->pg, &w->b->id, &work);
    observer_start_add(w->x.observer, *r->pg);
    if (record_begin(r, d->lock_timeout_ms, d->statement_timeout_ms, d->idle_timeout_ms,
                     &w->started_at, e) != 0 ||
        observer_start_done(w->x.observer, e) != 0 ||
        ledger_work_done(*r->pg, work, r->a, &w->guard, e) != 0) {
        return -1;
    }
    if (r->env->durability == DURABILITY_BATCH && w->part == NULL) {
        w->guard.commits = "off"; /* until the barrier: flow/durable.h */
    }
    if (w->n_count > 0 &&
        observer_count_first(w->x.observer, *r->pg, w->count, w->n_count, e) != 0) {
        return -1;
    }
    return FAULT(TX_BEGUN) ? execution_injected(e) : 0;
}

static int prepare(struct migration_work *w, struct err *e)
{
    const struct transaction_part *part = w->part;
    return part != NULL && part->prepare != NULL ? part->prepare(part->ctx, e) : 0;
}

/* Asked by a second session, which still sees what this transaction dropped. Where none is to be had,
 * nobody can tell. */
static int ask_beside(struct migration_work *w)
{
    struct run *r = w->r;
    struct pg *beside = NULL;
    struct err ignored = {0};
    bool is_held = w->part != NULL && w->part->is_held;
    if (is_held || !observer_may_take_along(w->x.observer)) {
        return 0;
    }
    if (r->open == NULL || r->open(r->reconnect_ctx, &beside, &ignored) != 0) {
        w->o->seen.unreconciled =
            "what CASCADE or code dropped could not be compared with what other "
            "sessions made meanwhile, as no second session could be opened";
        return 0;
    }
    int rc = observer_taken_along(w->x.observer, beside, &w->o->seen, &w->o->failure);
    pg_close(beside);
    return rc;
}

/* Deferred constraints and triggers act here, which may take as long as a statement. */
static int observe(struct migration_work *w, struct err *e)
{
    struct run *r = w->r;
    const struct pg_wait wait = execution_wait(&w->x);
    int64_t usual = pg_patience(*r->pg, wait.timeout_ms);
    int rc = observer_finish(w->x.observer, *r->pg, r->base, &w->o->seen, e);
    (void)pg_patience(*r->pg, usual);
    if (rc != 0) {
        return w->o->seen.deferred_failed ? execution_blame_deferred(&w->x, e) : -1;
    }
    if (ask_beside(w) != 0) {
        return -1;
    }
    w->o->observed = true;
    if (w->part != NULL) {
        w->part->add(w->part->ctx, &w->o->seen);
    }
    w->evidence.pre = baseline_digest(r->sum);
    return FAULT(TX_OBSERVED) ? execution_injected(e) : 0;
}

/* A part's record says what it needs of it. */
static void prepare_evidence(struct migration_work *w)
{
    if (w->part != NULL) {
        return;
    }
    evidence_of(w->r->a, w->about, w->o, &w->evidence);
}

static enum entry_kind entry_of(const struct migration_work *w)
{
    return w->back != NULL                  ? ENTRY_ROLLBACK
           : w->prunes                      ? ENTRY_PRUNE
           : bundle_is_repeatable(w->about) ? ENTRY_DEFINE
                                            : ENTRY_APPLY;
}

static const char *receipt_of(const struct migration_work *w)
{
    return w->back != NULL                  ? "db_rollback"
           : w->prunes                      ? "db_prune"
           : bundle_is_repeatable(w->about) ? "db_definition"
                                            : "db_migration";
}

/* What went with a new text, as it was seen to go. */
static void note_left(struct migration_work *w)
{
    struct arena *a = w->r->a;
    const char *list = "";
    for (size_t i = 0; i < w->o->seen.n_changes; i++) {
        const struct change *c = &w->o->seen.changes[i];
        if (c->after == NULL) {
            list = arena_printf(a, "%s%s%s", list, list[0] != '\0' ? ", " : "", change_text(c));
        }
    }
    if (list[0] != '\0' && w->r->was != NULL && bundle_is_repeatable(w->about) && !w->prunes) {
        w->notes = arena_printf(a, "%s%sdropped, as its text makes it no more: %s", w->notes,
                                w->notes[0] != '\0' ? "; " : "", list);
        tell_note(w->r->ear, "%s: %s", w->about->id, w->notes);
    }
}

static int record_success(struct migration_work *w, struct err *e)
{
    struct run *r = w->r;
    note_left(w);
    struct receipt_input in = {.kind = receipt_of(w),
                               .bundle = w->about,
                               .outcome = w->o,
                               .evidence = &w->evidence,
                               .started_at = w->started_at,
                               .finished_at = w->o->seen.server_time,
                               .rebuilt = &w->rebuilt,
                               .notes = w->notes};
    w->guard.left_nothing = w->part == NULL && observer_left_nothing(w->x.observer);
    if (w->guard.left_nothing) {
        observer_before_add(*r->pg); /* for the next one, which finds the session as it was */
    } else {
        observer_end_add(*r->pg); /* undoes what the observer did; runs with what follows */
    }
    if (w->part != NULL) {
        return w->part->record(w->part->ctx, w->o, &w->evidence, w->rows, &w->guard, e);
    }
    if (record_entry(r, &in, entry_of(w), w->rows, w->o->seen.n_changes, &w->guard, w->o, e) != 0) {
        return -1;
    }
    return r->live_after == NULL ? 0 : ledger_generation_put(*r->pg, r->live_after, e);
}

/* What fails from here on is the migration, also where it was one of our own queries or the connection. */
static void blame(const struct migration_work *w, struct err *e)
{
    if (e->code == ERR_PREFLIGHT) {
        err_wrap(e, ERR_APPLY, "%s failed, everything was rolled back: %s", w->b->id, e->msg);
    }
}

static bool is_transient(const struct err *e)
{
    return strcmp(e->sqlstate, "55P03") == 0 || strcmp(e->sqlstate, "40P01") == 0 ||
           strcmp(e->sqlstate, "40001") == 0;
}

/* Where the one thing wrong is that nobody counted rows that code removed (DO, a function, a
 * trigger), to have them counted first and run it all again says how many they are. That is done once, and
 * not where something outside the database was written: that would be written twice. */
static bool wants_counting(struct migration_work *w)
{
    const struct observation *seen = &w->o->seen;
    const struct findings *l = &w->o->gates;
    if (w->n_count > 0 || seen->n_uncounted == 0) {
        return false;
    }
    for (size_t i = 0; i < l->n; i++) {
        if (finding_stops(&l->v[i]) && strcmp(l->v[i].rule, "limit max_row_backfill") != 0 &&
            strcmp(l->v[i].rule, "rows") != 0) {
            return false;
        }
    }
    for (size_t i = 0; i < seen->residue.n; i++) {
        if (seen->residue.v[i].object.kind != OBJ_SEQUENCE) {
            return false;
        }
    }
    w->count = seen->uncounted;
    w->n_count = seen->n_uncounted;
    return true;
}

/* What is taken back is proven to be gone, as a gate before all others. -1: it could not be asked. */
static int prove(struct migration_work *w, struct err *e)
{
    if (w->part != NULL) {
        return w->part->prove == NULL ? 0 : w->part->prove(w->part->ctx, w->o, e);
    }
    return w->back == NULL ? 0 : restored_judge(w->r, w->back, true, w->o, e);
}

static const struct object_row *rows_of(const struct migration_work *w)
{
    return w->back != NULL ? restored_rows(w->r, w->back, w->o) : record_objects(w->r, &w->o->seen);
}

/* The gates, and once more where one failed for what was reached and it can be said how. */
static bool judge(struct migration_work *w)
{
    struct outcome *o = w->o;
    struct ways ways = {0};
    struct err ignored = {0};
    if (w->back == NULL) { /* what is restored was announced when it was made */
        gates_posture(w->r, w->b, o);
    }
    size_t n_before = o->gates.n;
    bool passed = gates_judge(w->r, w->b, o);
    if (!passed && gates_reach(w->r, w->b, o) &&
        observer_ways(w->x.observer, &ways, &ignored) == 0) {
        gates_trace(w->r, w->b, &ways, o);
        o->gates.n = n_before;
        o->failure = (struct err){0};
        passed = gates_judge(w->r, w->b, o);
    }
    return passed;
}

static const char *done_of(const struct migration_work *w)
{
    return w->back != NULL                            ? "taken back"
           : w->prunes                                ? "dropped"
           : w->part != NULL && w->part->done != NULL ? w->part->done
                                                      : "applied";
}

static enum ending commit(struct migration_work *w, const struct merkle *before, struct err *e)
{
    const struct pg_wait wait = execution_wait(&w->x);
    const struct commit c = {.subject = w->b->id,
                             .run_id = w->o->run_id,
                             .done = done_of(w),
                             .before = before,
                             .wait = &wait,
                             .settle = w->part != NULL ? w->part->settle : NULL,
                             .ctx = w->part != NULL ? w->part->ctx : NULL};
    return run_commit(w->r, &c, e);
}

static enum attempt attempt_once(struct migration_work *w)
{
    struct outcome *o = w->o;
    struct err *e = &o->failure;
    struct merkle before = *w->r->merkle;
    *e = (struct err){0};
    o->gates.n = 0;
    o->observed = false;
    o->failed_statement = 0;
    w->x.n_done = w->part != NULL ? w->part->n_before : 0;
    w->x.n_ahead = w->n_ahead;
    baseline_undo(w->r->sum);
    w->evidence = (struct evidence_set){0};
    if (begin(w, e) != 0 || prepare(w, e) != 0 || execution_scripts(&w->x, e) != 0 ||
        execution_settle(&w->x, e) != 0 || execution_invariants(&w->x, e) != 0 ||
        observe(w, e) != 0 || prove(w, e) != 0) {
        tx_roll_back(*w->r->pg);
        return is_transient(e) ? ATTEMPT_RETRY : ATTEMPT_FAILED;
    }
    bool passed = judge(w);
    o->result = passed ? RUN_SUCCESS : RUN_FAILED;
    if (passed) {
        w->rows = rows_of(w);
        baseline_lay(w->r->sum, w->rows, o->seen.n_changes);
        w->evidence.post = baseline_digest(w->r->sum);
    }
    prepare_evidence(w);
    if (!passed) {
        tx_roll_back(*w->r->pg);
        return wants_counting(w) ? ATTEMPT_COUNT : ATTEMPT_FAILED;
    }
    if (record_success(w, e) != 0) {
        o->sequence = 0;
        *w->r->merkle = before;
        o->result = RUN_FAILED;
        tx_roll_back(*w->r->pg);
        blame(w, e);
        return ATTEMPT_FAILED;
    }
    enum ending end = commit(w, &before, e);
    if (end != TX_ENDED) {
        o->result = end == TX_UNKNOWN ? RUN_IN_DOUBT : RUN_FAILED;
        o->sequence = 0;
        return ATTEMPT_FAILED;
    }
    catalog_advance(w->r->base, &o->seen);
    baseline_keep(w->r->sum);
    w->r->clean = (struct clean_session){
        .pid = w->guard.left_nothing ? pg_backend_pid(*w->r->pg) : 0, .asked = pg_asked(*w->r->pg)};
    return ATTEMPT_DONE;
}

/* Prepared statements and advisory locks of what failed reach nothing that comes after it. */
static enum attempt attempt(struct migration_work *w)
{
    enum attempt a = ATTEMPT_COUNT;
    while (a == ATTEMPT_COUNT) {
        a = attempt_once(w);
        if (a != ATTEMPT_DONE) {
            postgis_let_go(*w->r->pg);
        }
    }
    return a;
}

/* A failure leaves a receipt too: in the ledger if it can be reached, else for state/owed. In doubt
 * it is owed as a failure: the next run, before it pays, finds out whether this run's entry is
 * there after all. */
static void record_failure(struct migration_work *w)
{
    struct run *r = w->r;
    bool in_doubt = w->o->result == RUN_IN_DOUBT;
    bool interrupted =
        w->o->failure.code == ERR_INTERRUPTED || w->o->failure.code == ERR_TERMINATED;
    w->o->result = interrupted ? RUN_INTERRUPTED : RUN_FAILED;
    if (w->back != NULL && w->o->failure.code == ERR_APPLY) {
        err_wrap(&w->o->failure, ERR_ROLLBACK, "%s was not taken back, nothing was changed: %s",
                 w->about->id, w->o->failure.msg);
    }
    prepare_evidence(w);
    w->evidence.post = (struct digest){0};
    if (w->started_at == NULL) {
        char now[CLOCK_TEXT];
        w->started_at = arena_strdup(r->a, clock_text(clock_unix_us(), now));
    }
    struct receipt_input in = {.kind = receipt_of(w),
                               .bundle = w->about,
                               .outcome = w->o,
                               .evidence = &w->evidence,
                               .started_at = w->started_at,
                               .rebuilt = &w->rebuilt,
                               .notes = w->notes};
    if (in_doubt) {
        w->o->owed = owed_write(r, &in);
        w->o->result = RUN_IN_DOUBT;
        return;
    }
    record_failed(r, &in, entry_of(w), w->o);
}

static int64_t pause_of(int attempt)
{
    uint32_t dice;
    random_bytes(&dice, sizeof dice);
    int64_t most = 100LL << (attempt < 6 ? attempt : 6);
    return most / 2 + (int64_t)(dice % (uint32_t)(most / 2 + 1));
}

/* A lock that was not had in time may be had later, as often as the migration says. */
static bool try_often(struct migration_work *w)
{
    struct run *r = w->r;
    enum attempt a = attempt(w);
    for (int i = 1; a == ATTEMPT_RETRY && i <= w->b->decl->lock_retries; i++) {
        int64_t pause = pause_of(i);
        tell(r->ear, &(struct tell){.kind = TELL_RETRY,
                                    .target = w->b->id,
                                    .what = w->o->failure.condition,
                                    .at = (size_t)i,
                                    .n = (size_t)w->b->decl->lock_retries,
                                    .ms = pause});
        clock_sleep_ms(pause);
        if (ear_stops(r->ear) != ERR_NONE) {
            err_set(&w->o->failure, ERR_INTERRUPTED, "interrupted while waiting to try again");
            break;
        }
        a = attempt(w);
    }
    return a == ATTEMPT_DONE;
}

/* What it made as it was built before, and makes no more, goes with its new text. False: it cannot be
 * told. */
static bool leave(struct migration_work *w)
{
    struct run *r = w->r;
    struct bundle *view = ARENA_NEW(r->a, struct bundle);
    bool may = w->back == NULL && w->part == NULL && !w->prunes && bundle_is_repeatable(w->about);
    if (!may || r->was == NULL) {
        return true;
    }
    if (leave_view(r, w->about, r->was, w->b, view, &w->o->failure) != 0) {
        return false;
    }
    w->b = w->x.bundle = view;
    w->x.n_statements = execution_count(view);
    return true;
}

/* A definition that the server would not replace is dropped and made again, in one more try. */
static bool remake(struct migration_work *w)
{
    struct run *r = w->r;
    struct err e = {0};
    struct rebuilding with;
    struct bundle *view = ARENA_NEW(r->a, struct bundle);
    bool may = w->back == NULL && w->part == NULL && !w->prunes && bundle_is_repeatable(w->about);
    if (!may || !remake_helps(&w->o->failure)) {
        return false;
    }
    int rc = remake_view(r, w->about, view, &with, &e);
    if (rc < 0) {
        tell_fault(r->ear, &e); /* what the server refused stays the failure */
    }
    if (rc != 0) {
        return false;
    }
    w->rebuilt = with;
    w->notes = arena_printf(r->a, "dropped and made again%s%s", with.n > 1 ? ", with " : "",
                            rebuilding_text(r->a, &with, 1));
    tell_note(r->ear, "%s cannot be replaced as it is (%s): %s", w->about->id,
              w->o->failure.condition, w->notes);
    w->b = w->x.bundle = view;
    w->x.n_statements = execution_count(view);
    return leave(w);
}

/* Definitions that it says stand upon what it changes, or changes back, go before its files and come back
 * behind them. False: one cannot. */
static bool rebuild(struct migration_work *w)
{
    struct run *r = w->r;
    struct bundle *view = ARENA_NEW(r->a, struct bundle);
    if (w->prunes) {
        w->b = w->x.bundle = view;
        return prune_view(r, w->about, view, &w->o->failure) == 0;
    }
    if (w->back != NULL) {
        w->rebuilt = w->back->rebuilding;
    } else if (w->part == NULL && r->plan != NULL && w->about->rebuilds.n > 0) {
        rebuilding_named(r->a, r->plan, &w->about->rebuilds, &w->rebuilt);
    }
    if (w->rebuilt.n == 0) {
        return true;
    }
    int rc = rebuild_view(r, w->b, &w->rebuilt, view, &w->n_ahead, &w->o->failure);
    if (rc != 0) {
        w->rebuilt = (struct rebuilding){0};
        return rc > 0;
    }
    w->b = w->x.bundle = view;
    w->x.n_statements = execution_count(view) - w->n_ahead;
    w->notes = arena_printf(r->a, "with it dropped and made again: %s",
                            rebuilding_text(r->a, &w->rebuilt, 0));
    tell_note(r->ear, "%s: %s", w->about->id, w->notes);
    return true;
}

static struct migration_work work_of(struct run *r, const struct bundle *b,
                                     const struct transaction_part *part, struct outcome *o)
{
    struct migration_work w = {.r = r, .b = b, .about = b, .part = part, .o = o, .notes = ""};
    w.n_ahead = part != NULL ? part->n_ahead : 0;
    w.x = (struct execution){.run = r, .bundle = b, .outcome = o};
    w.x.batch = part != NULL ? part->batch : NULL;
    w.x.n_statements = part != NULL ? part->n : execution_count(b);
    w.x.glances = b->decl->invariants.n == 0;
    *o = (struct outcome){0};
    random_uuid(o->run_id);
    return w;
}

/* All that it needs goes with an arena of its own. */
static void run_alone(struct migration_work *w)
{
    struct run *r = w->r;
    struct arena *whole = r->a;
    struct arena *own = arena_within(whole);
    int64_t start = clock_ms();
    w->o->own = own;
    r->a = own;
    if (!rebuild(w) || !leave(w) || (!try_often(w) && !(remake(w) && try_often(w)))) {
        record_failure(w);
    }
    r->a = whole;
    baseline_undo(r->sum);
    w->o->elapsed_ms = clock_ms() - start;
}

void run_migration(struct run *r, const struct step *s, struct outcome *o)
{
    struct migration_work w = work_of(r, s->bundle, NULL, o);
    run_alone(&w);
    for (size_t i = 0; i < w.rebuilt.n && !bundle_is_repeatable(s->bundle); i++) {
        names_add(r->a, &o->rebuilt, w.rebuilt.v[i]->id);
    }
}

void run_prune(struct run *r, const struct bundle *b, struct outcome *o)
{
    struct migration_work w = work_of(r, b, NULL, o);
    w.prunes = true;
    run_alone(&w);
}

void run_rollback(struct run *r, const struct taking_back *t, struct outcome *o)
{
    struct decl decl;
    struct bundle b;
    rollback_view(t, &decl, &b);
    struct migration_work w = work_of(r, &b, NULL, o);
    w.about = t->bundle;
    w.back = t;
    run_alone(&w);
}

bool run_transaction(struct run *r, const struct bundle *b, const struct transaction_part *part,
                     struct outcome *o)
{
    struct migration_work w = work_of(r, b, part, o);
    bool is_done = try_often(&w);
    baseline_undo(r->sum);
    return is_done;
}
