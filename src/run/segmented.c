/* A migration in segments, from its first to its entry. */
#include "run/segmented.h"

#include <string.h>

#include "base/clock.h"
#include "ledger/journal.h"
#include "run/backfill_step.h"
#include "run/gates.h"
#include "run/lone_step.h"
#include "run/partly.h"
#include "run/posture.h"
#include "run/program_step.h"
#include "run/record.h"
#include "run/remake.h"
#include "run/segmented_parts.h"
#include "run/statements.h"

/* --- what earlier runs did -------------------------------------------------------------------------- */

static int read_done(struct segmented *w, const struct journal_row *row, struct err *e)
{
    struct bytes text = {NULL, 0};
    struct stepped s;
    if (journal_kept(w->journal, row, w->r->a, &text, e) != 0) {
        return -1;
    }
    if (text.p == NULL) {
        return err_set(e, ERR_INTEGRITY, "the ledger lacks what entry %lld kept",
                       (long long)row->done);
    }
    if (stepped_read(w->r->a, text, "kfmig.step.v1", &s, e) != 0) {
        return -1;
    }
    so_far_read(&w->so_far, w->r->world->lineage, &s);
    baseline_lay(w->r->sum, s.objects.v, s.objects.n);
    baseline_keep(w->r->sum);
    return 0;
}

static const struct journal_row *row_of(const struct segmented *w, size_t at)
{
    if (at == w->segments.n) {
        return NULL;
    }
    const struct journal_step step = segmented_step(w, &w->segments.v[at]);
    const struct digest key = journal_key(&step);
    return journal_find(w->journal, &key);
}

/* Which segments stand already, and whether the next one was begun. */
static void find_standing(struct segmented *w)
{
    const struct journal_row *row = row_of(w, 0);
    while (row != NULL && row->is_done) {
        row = row_of(w, ++w->n_stand);
    }
    w->is_open = row != NULL && row->is_open;
}

static int read_past(struct segmented *w, struct err *e)
{
    for (size_t i = 0; i < w->n_stand; i++) {
        if (read_done(w, row_of(w, i), e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- a transaction ---------------------------------------------------------------------------------- */

static void add_before(void *ctx, struct observation *seen)
{
    const struct segmented *w = ctx;
    so_far_add(&w->so_far, seen);
}

static int record_part(void *ctx, struct outcome *o, const struct evidence_set *evidence,
                       const struct object_row *rows, struct guard *guard, struct err *e)
{
    struct segmented *w = ctx;
    const struct journal_step step = segmented_step(w, &w->segments.v[w->n_stand]);
    if (w->is_recorded) {
        journal_rolled_back(w->journal); /* an attempt that came to nothing */
    }
    w->run.run_id = arena_strdup(w->r->a, o->run_id);
    w->run.epoch = w->r->epoch;
    w->rows = rows;
    if (journal_record(w->journal, &step, &evidence->pre, &evidence->post,
                       segmented_text(w, o, rows), guard, e) != 0) {
        return -1;
    }
    w->is_recorded = true;
    return 0;
}

/* What is taken back is held to what was before: all of it in the last transaction, if nothing follows. */
static int prove_part(void *ctx, struct outcome *o, struct err *e)
{
    const struct segmented *w = ctx;
    bool is_last = w->n_stand + 1 == w->segments.n;
    return w->back == NULL ? 0 : restored_judge(w->r, w->back, is_last, o, e);
}

int segmented_fail(struct segmented *w, const struct outcome *part, struct err *e)
{
    *e = part->failure;
    w->o->gates = part->gates;
    w->o->failed_statement = part->failed_statement;
    if (part->result == RUN_IN_DOUBT) {
        w->o->result = RUN_IN_DOUBT;
    }
    w->failed = *part;
    return -1;
}

/* Where it may change what definitions stand on, they go before it and come back behind it. */
static int rebuild_part(const struct segmented *w, const struct bundle *b, struct bundle *out,
                        size_t *n_ahead, struct err *e)
{
    *out = *b;
    *n_ahead = 0;
    if (w->rebuilt.n == 0 || !rebuilding_reached(w->r->a, &w->rebuilt, b)) {
        return 0;
    }
    int rc = rebuild_view(w->r, b, &w->rebuilt, out, n_ahead, e);
    if (rc == 1) {
        *out = *b;
    }
    return rc < 0 ? -1 : 0;
}

static int run_part(struct segmented *w, const struct segment *x, struct err *e)
{
    struct decl decl;
    struct bundle own;
    struct bundle b;
    struct outcome o;
    size_t n_ahead = 0;
    bool is_last = w->n_stand + 1 == w->segments.n;
    size_t n_settings = segment_bundle(w->r->a, w->b, x, is_last, &decl, &own);
    if (rebuild_part(w, &own, &b, &n_ahead, e) != 0) {
        return -1;
    }
    const struct transaction_part part = {.n_before = x->first - n_settings,
                                          .n = w->segments.n_statements,
                                          .n_ahead = n_ahead,
                                          .ctx = w,
                                          .add = add_before,
                                          .prove = prove_part,
                                          .record = record_part};
    w->is_recorded = false;
    if (!run_transaction(w->r, &b, &part, &o)) {
        if (w->is_recorded) {
            journal_rolled_back(w->journal);
        }
        return segmented_fail(w, &o, e);
    }
    so_far_take(&w->so_far, &o.seen, w->rows, o.seen.n_changes);
    w->invariants = is_last ? o.gates : w->invariants;
    w->is_proven = is_last;
    return 0;
}

/* --- invariants, where the last segment was no transaction ------------------------------------------- */

static int ask_invariants(struct segmented *w, struct err *e)
{
    struct run *r = w->r;
    const struct decl *d = w->b->decl;
    struct execution x = {.run = r, .bundle = w->b, .outcome = w->o};
    if (w->is_proven || d->invariants.n == 0) {
        return 0;
    }
    if (lone_settings(w, NULL, e) != 0 || postgis_begin_alone(*r->pg, e) != 0) {
        return -1;
    }
    int rc =
        record_begin(r, d->lock_timeout_ms, d->statement_timeout_ms, d->idle_timeout_ms, NULL, e);
    rc = rc == 0 ? execution_invariants(&x, e) : rc;
    tx_roll_back(*r->pg);
    return rc;
}

/* --- what is said of it ----------------------------------------------------------------------------- */

/* A segment that is done stands, also where its end failed. */
static struct partly partly_of(const struct segmented *w)
{
    const struct journal_row *row = row_of(w, w->n_stand);
    return (struct partly){.a = w->r->a,
                           .b = w->b,
                           .is_back = w->back != NULL,
                           .unit = "segment",
                           .n_stand = w->n_stand + (row != NULL && row->is_done ? 1 : 0),
                           .n = w->segments.n,
                           .open = w->is_open ? w->n_stand + 1 : 0};
}

static int blame(const struct segmented *w, const char *what, struct err *e)
{
    const struct partly p = partly_of(w);
    (void)partly_blame(&p, what, e);
    return partly_hint(&p, e);
}

static int blame_segment(const struct segmented *w, struct err *e)
{
    const struct segment *x = &w->segments.v[w->n_stand];
    return blame(w,
                 arena_printf(w->r->a, "segment %zu (%s%s%s)", w->n_stand + 1, x->verb,
                              x->object[0] != '\0' ? " " : "", x->object),
                 e);
}

static int blame_gates(const struct segmented *w, struct err *e)
{
    const struct partly p = partly_of(w);
    return partly_blame_gates(&p, &w->o->gates, e);
}

/* --- the whole -------------------------------------------------------------------------------------- */

static int run_segments(struct segmented *w, struct err *e)
{
    for (; w->n_stand < w->segments.n; w->n_stand++) {
        const struct segment *x = &w->segments.v[w->n_stand];
        enum err_code why = ear_stops(w->r->ear);
        if (why != ERR_NONE) {
            (void)err_set(e, why, "stopped before it");
            return blame_segment(w, e);
        }
        if ((x->is_program         ? program_step(w, x, e)
             : x->lone != NULL     ? lone_step(w, x, e)
             : x->backfill != NULL ? backfill_step(w, x, e)
                                   : run_part(w, x, e)) != 0) {
            return blame_segment(w, e);
        }
    }
    return 0;
}

/* Judged once more as a whole: what the transaction of the last segment proved stays proven. */
static bool judge(struct segmented *w, struct err *e)
{
    struct outcome *o = w->o;
    struct lineage *family = NULL;
    struct err ignored = {0};
    so_far_result(&w->so_far, &w->was, w->r->base, &o->seen);
    if (catalog_lineage(*w->r->pg, w->r->a, &family, &ignored) == 0) {
        o->seen.lineage = family;
    }
    o->observed = true;
    if (bundle_is_program(w->b)) {
        names_add(w->r->a, &o->seen.unsensed, "rows: not attributed");
    }
    for (size_t i = 0; i < w->invariants.n; i++) {
        if (strncmp(w->invariants.v[i].rule, "invariant ", strlen("invariant ")) == 0) {
            finding_pass(w->r->a, &o->gates, w->invariants.v[i].rule);
        }
    }
    if (w->back == NULL) {
        gates_posture(w->r, w->b, o);
    }
    if (w->back != NULL && restored_judge(w->r, w->back, true, o, e) != 0) {
        return false;
    }
    return gates_judge(w->r, w->b, o);
}

static enum entry_kind entry_of(const struct segmented *w)
{
    return w->back != NULL ? ENTRY_ROLLBACK : ENTRY_APPLY;
}

/* Its entry, with all that it changed: from here on it is applied. */
static int record(struct segmented *w, struct err *e)
{
    struct run *r = w->r;
    struct outcome *o = w->o;
    const struct object_row *rows =
        w->back != NULL ? restored_rows(r, w->back, o) : record_objects(r, &o->seen);
    w->evidence.post = baseline_digest(r->sum);
    evidence_of(r->a, w->about, o, &w->evidence);
    o->result = RUN_SUCCESS;
    if (record_alone(r, &w->in, entry_of(w), rows, o->seen.n_changes, o, e) != 0) {
        o->result = e->code == ERR_DOUBT ? RUN_IN_DOUBT : RUN_FAILED;
        return blame(w, "it could not be recorded", e);
    }
    return 0;
}

static int apply(struct segmented *w, struct err *e)
{
    w->evidence.pre = baseline_digest(w->r->sum);
    find_standing(w);
    if (read_past(w, e) != 0) {
        return blame(w, "what an earlier run did could not be read", e);
    }
    if (run_segments(w, e) != 0) {
        return -1;
    }
    w->o->gates = (struct findings){0};
    if (ask_invariants(w, e) != 0) {
        return blame(w, "it could not be looked at", e);
    }
    if (judge(w, e)) {
        return record(w, e);
    }
    return findings_stopping(&w->o->gates, NULL) != NULL ? blame_gates(w, e)
                                                         : blame(w, "it could not be proven", e);
}

/* The sum goes back to what the ledger says. */
static void put_back(struct segmented *w)
{
    struct run *r = w->r;
    for (size_t i = 0; i < w->so_far.objects.n; i++) {
        const struct object_row *row = w->so_far.objects.rows[i].value;
        const struct object_row none = {.object = row->object};
        const struct object_row *before = object_rows_find(&w->was, row->object);
        baseline_lay(r->sum, before != NULL ? before : &none, 1);
    }
    baseline_keep(r->sum);
}

/* A failure leaves a receipt, too. In doubt the next build asks. */
static void fail(struct segmented *w)
{
    struct run *r = w->r;
    struct outcome *o = w->o;
    bool is_interrupted = o->failure.code == ERR_INTERRUPTED || o->failure.code == ERR_TERMINATED;
    put_back(w);
    if (o->result == RUN_IN_DOUBT) {
        return;
    }
    o->result = is_interrupted ? RUN_INTERRUPTED : RUN_FAILED;
    o->observed = w->failed.observed;
    o->seen = w->failed.seen;
    evidence_of(r->a, w->about, o, &w->evidence);
    w->evidence.post = (struct digest){{0}};
    record_failed(r, &w->in, entry_of(w), o);
}

static const struct doc *people(struct segmented *w)
{
    struct account about;
    account_of(w->r->a, w->r, &w->in, &about);
    return receipt_people(w->r->a, &about);
}

/* Those that it may reach, for its receipt; what no transaction of it may is left alone. */
static void find_rebuilt(struct segmented *w)
{
    struct run *r = w->r;
    if (w->back != NULL) {
        w->rebuilt = w->back->rebuilding;
    } else if (r->plan != NULL && w->about->rebuilds.n > 0) {
        rebuilding_named(r->a, r->plan, &w->about->rebuilds, &w->rebuilt);
    }
    if (w->rebuilt.n > 0 && !rebuilding_reached(r->a, &w->rebuilt, w->b)) {
        w->rebuilt = (struct rebuilding){0};
    }
    if (w->rebuilt.n > 0) {
        w->in.notes = arena_printf(r->a, "with it dropped and made again: %s",
                                   rebuilding_text(r->a, &w->rebuilt, 0));
        w->in.rebuilt = &w->rebuilt;
        tell_note(r->ear, "%s: %s", w->about->id, w->in.notes);
    }
}

static void open_journal(struct segmented *w, const struct entries *past)
{
    struct run *r = w->r;
    w->run = (struct journal_run){.pg = r->pg,
                                  .id = r->id,
                                  .merkle = r->merkle,
                                  .epoch = r->epoch,
                                  .run_id = w->o->run_id,
                                  .about = people(w)};
    w->journal = journal_open(r->a, &w->run, past);
    segments_of(r->a, w->b, &w->segments);
    so_far_begin(&w->so_far, r->a);
    baseline_rows(r->sum, r->a, &w->was);
}

int segmented_seen(struct run *r, const struct entries *past, const struct bundle *b,
                   struct bytes *kept, struct err *e)
{
    struct outcome o = {0};
    struct segmented w = {.r = r, .b = b, .about = b, .o = &o};
    w.in = (struct receipt_input){
        .kind = "resolve", .bundle = b, .outcome = &o, .evidence = &w.evidence, .notes = ""};
    open_journal(&w, past);
    find_standing(&w);
    int rc = read_past(&w, e);
    if (rc == 0) {
        const struct segment *x = &w.segments.v[w.n_stand];
        rc = x->is_program ? program_seen_of(&w, kept, e) : lone_seen_of(&w, x, kept, e);
    }
    put_back(&w);
    return rc;
}

/* w has r, b, about, back and o. */
static void run_whole(struct segmented *w, const struct entries *past)
{
    char now[CLOCK_TEXT];
    int64_t start = clock_ms();
    struct run *r = w->r;
    struct outcome *o = w->o;
    *o = (struct outcome){0};
    random_uuid(o->run_id);
    w->in =
        (struct receipt_input){.kind = w->back != NULL ? "db_rollback" : "db_migration",
                               .bundle = w->about,
                               .outcome = o,
                               .evidence = &w->evidence,
                               .started_at = arena_strdup(r->a, clock_text(clock_unix_us(), now)),
                               .notes = ""};
    find_rebuilt(w);
    open_journal(w, past);
    if (apply(w, &o->failure) != 0) {
        fail(w);
    }
    o->elapsed_ms = clock_ms() - start;
}

void run_segmented(struct run *r, const struct entries *past, const struct step *s,
                   struct outcome *o)
{
    struct segmented w = {.r = r, .b = s->bundle, .about = s->bundle, .o = o};
    run_whole(&w, past);
}

void run_rollback_segmented(struct run *r, const struct entries *past, const struct taking_back *t,
                            struct outcome *o)
{
    struct decl decl;
    struct bundle b;
    rollback_view(t, &decl, &b);
    struct segmented w = {.r = r, .b = &b, .about = t->bundle, .back = t, .o = o};
    run_whole(&w, past);
}
