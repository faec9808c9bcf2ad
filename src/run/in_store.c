/* A migration of a store that does not hold the ledger, from its first intent to its entry. */
#include "run/in_store.h"

#include <string.h>

#include "base/clock.h"
#include "run/gates.h"
#include "run/journaled.h"
#include "run/partly.h"
#include "run/record.h"
#include "run/statements.h"

/* One migration on its way, or being taken back. run: r, as the gates see it: with what stood in this store.
 * b: what is run, of about, which receipts tell of; back: NULL: it is applied. */
struct in_store_work {
    struct run *r;
    struct run run;
    const struct in_store *x;
    const struct bundle *b, *about;
    const struct taking_back *back;
    struct outcome *o;
    struct program program;
    struct journaled_count done;
    struct store_stop stop;
    bool is_open;         /* the step that failed may stand in part */
    struct digest before; /* what stood there before it, if so */
    struct evidence_set evidence;
    struct receipt_input in;
};

static const struct store_ops *ops_of(const struct in_store_work *w)
{
    return w->x->store->ops;
}

static struct deadlines deadlines_of(const struct in_store_work *w)
{
    const struct decl *d = w->b->decl;
    int64_t limit_ms = d->command != NULL ? d->command_limit_ms : d->statement_timeout_ms;
    return (struct deadlines){d->lock_timeout_ms, limit_ms, d->idle_timeout_ms};
}

/* The journal's entries bear a run id of their own: a COMMIT whose answer is lost is settled by asking for
 * the id of the migration's one entry. */
static int run_steps(struct in_store_work *w, struct err *e)
{
    struct run *r = w->r;
    char run_id[37];
    struct account about;
    random_uuid(run_id);
    account_of(r->a, r, &w->in, &about);
    const struct journal_run journal = {.pg = r->pg,
                                        .id = r->id,
                                        .merkle = r->merkle,
                                        .epoch = r->epoch,
                                        .run_id = run_id,
                                        .about = receipt_people(r->a, &about)};
    const struct journaled steps = {.journal = journal_open(r->a, &journal, w->x->past),
                                    .store = w->x->store,
                                    .a = r->a,
                                    .deadlines = deadlines_of(w),
                                    .subject = w->b->id,
                                    .ear = r->ear};
    if (run_journaled(&steps, &w->program, &w->done, &w->stop, e) == 0) {
        return 0;
    }
    const struct journal_step step =
        journal_step_of(w->b->id, ops_of(w)->name, &w->program, w->stop.step);
    const struct digest key = journal_key(&step);
    const struct journal_row *row = journal_find(steps.journal, &key);
    w->is_open = row != NULL && row->is_open;
    w->done.n_ran += row != NULL && row->is_done ? 1 : 0; /* it failed behind its done */
    w->before = w->is_open ? row->before : w->before;
    return -1;
}

/* --- looking at it ---------------------------------------------------------------------------------- */

static void judge_rows(struct in_store_work *w, const struct store_step *step, int64_t rows,
                       const struct err *refused)
{
    struct arena *a = w->r->a;
    const char *path = step->script->path;
    const char *rule = arena_printf(a, "invariant %s", path + strlen(bundle_base(w->b)) + 1);
    struct finding *f = NULL;
    if (refused == NULL && rows == 0) {
        finding_pass(a, &w->o->gates, rule);
        return;
    }
    if (refused != NULL) {
        f = finding_fail(a, &w->o->gates, rule, "it could not be asked: %s", refused->msg);
    } else {
        f = finding_fail(a, &w->o->gates, rule, "%lld rows returned, none allowed",
                         (long long)rows);
        f->hint = "run the invariant's query to see the rows that are wrong";
    }
    f->path = path;
    f->line = step->statement->line;
    f->col = step->statement->col;
}

/* Each in a change that is given up: they look, and nothing else. */
static int check_invariants(struct in_store_work *w, struct err *e)
{
    struct program p;
    const struct deadlines d = deadlines_of(w);
    program_of(w->r->a, w->b->invariants, w->b->decl->invariants.n, &p);
    int64_t *rows = ARENA_ARRAY(w->r->a, int64_t, p.n + 1);
    for (size_t i = 0; i < p.n; i++) {
        struct store_change *c = NULL;
        struct store_stop stop;
        struct err refused = {0};
        const struct store_flight f = {.from = i, .to = i + 1, .rows = rows};
        if (ops_of(w)->begin(w->x->store, w->r->a, &d, &c, e) != 0) {
            return -1;
        }
        int rc = ops_of(w)->run(c, &p, &f, &stop, &refused);
        ops_of(w)->abandon(c);
        judge_rows(w, &p.v[i], rows[i], rc != 0 ? &refused : NULL);
    }
    return 0;
}

static int observe(struct in_store_work *w, struct err *e)
{
    struct store_change *c = NULL;
    const struct deadlines d = deadlines_of(w);
    if (ops_of(w)->begin(w->x->store, w->r->a, &d, &c, e) != 0) {
        return -1;
    }
    int rc = ops_of(w)->observe(c, w->x->base, &w->o->seen, e);
    ops_of(w)->abandon(c);
    w->o->observed = rc == 0;
    return rc;
}

/* --- what is said of it ----------------------------------------------------------------------------- */

static struct partly partly_of(const struct in_store_work *w)
{
    return (struct partly){.a = w->r->a,
                           .b = w->b,
                           .is_back = w->back != NULL,
                           .unit = "step",
                           .n_stand = w->done.n_ran + w->done.n_adopted + w->done.n_stood,
                           .n = w->program.n,
                           .open = w->is_open ? w->stop.step + 1 : 0};
}

static int blame(const struct in_store_work *w, const char *what, struct err *e)
{
    const struct partly p = partly_of(w);
    return partly_blame(&p, what, e);
}

/* Is what stands of the step that failed nothing that a next run can tell apart? */
static bool is_in_doubt(const struct in_store_work *w)
{
    struct err ignored = {0};
    struct digest proof;
    enum standing s = STANDS_FOREIGN;
    return w->is_open && (ops_of(w)->verify(w->x->store, &w->program.v[w->stop.step], &w->before,
                                            &s, &proof, &ignored) != 0 ||
                          s == STANDS_FOREIGN);
}

static int blame_step(struct in_store_work *w, struct err *e)
{
    const struct partly p = partly_of(w);
    const struct store_step *step = &w->program.v[w->stop.step];
    int line = 0;
    int col = 0;
    statement_place(step->script, step->statement, w->stop.position, &line, &col);
    w->o->failed_statement = (int)w->stop.step + 1;
    (void)partly_blame(
        &p, arena_printf(w->r->a, "step %zu (%s %s)", w->stop.step + 1, step->verb, step->object),
        e);
    err_place(e, step->script->path, line, col);
    if (e->hint[0] == '\0' && is_in_doubt(w)) {
        return err_hint(e,
                        "nobody can tell how far it came: look, then `kfmig resolve %s/%s "
                        "--as=applied` or `--as=absent`",
                        w->r->env->name, w->b->id);
    }
    return partly_hint(&p, e);
}

static int blame_gates(const struct in_store_work *w, struct err *e)
{
    const struct partly p = partly_of(w);
    return partly_blame_gates(&p, &w->o->gates, e);
}

/* --- the whole -------------------------------------------------------------------------------------- */

/* Its entry, with what it changed: from here on it is applied. */
static int record(struct in_store_work *w, struct err *e)
{
    struct run *r = w->r;
    struct outcome *o = w->o;
    enum entry_kind kind = w->back != NULL ? ENTRY_ROLLBACK : ENTRY_APPLY;
    const struct object_row *rows =
        w->back != NULL ? restored_rows(r, w->back, o) : record_objects(r, &o->seen);
    baseline_lay(r->sum, rows, o->seen.n_changes);
    w->evidence.post = baseline_digest(r->sum);
    evidence_of(r->a, w->about, o, &w->evidence);
    o->result = RUN_SUCCESS;
    if (record_alone(r, &w->in, kind, rows, o->seen.n_changes, o, e) != 0) {
        baseline_undo(r->sum);
        o->result = e->code == ERR_DOUBT ? RUN_IN_DOUBT : RUN_FAILED;
        return blame(w, "it could not be recorded", e);
    }
    catalog_advance(w->x->base, &o->seen);
    baseline_keep(r->sum);
    return 0;
}

static int apply(struct in_store_work *w, struct err *e)
{
    struct run *r = w->r;
    if (run_steps(w, e) != 0) {
        return blame_step(w, e);
    }
    w->evidence.pre = baseline_digest(r->sum);
    if (check_invariants(w, e) != 0 || observe(w, e) != 0 ||
        (w->back != NULL && restored_judge(&w->run, w->back, true, w->o, e) != 0)) {
        return blame(w, "it could not be looked at", e);
    }
    return gates_judge(&w->run, w->b, w->o) ? record(w, e) : blame_gates(w, e);
}

/* What is seen of what stands, but for what holds a secret: that is written nowhere. */
static void look_back(struct in_store_work *w)
{
    struct outcome *o = w->o;
    struct err ignored = {0};
    if (!o->observed && o->failure.code != ERR_LEAK) {
        o->observed = observe(w, &ignored) == 0 && gates_secret(w->r, &o->seen) == NULL;
    }
}

/* A failure leaves a receipt too. In doubt the next build asks. */
static void fail(struct in_store_work *w)
{
    struct outcome *o = w->o;
    bool is_interrupted = o->failure.code == ERR_INTERRUPTED || o->failure.code == ERR_TERMINATED;
    if (o->result == RUN_IN_DOUBT) {
        return;
    }
    o->result = is_interrupted ? RUN_INTERRUPTED : RUN_FAILED;
    look_back(w);
    evidence_of(w->r->a, w->about, o, &w->evidence);
    w->evidence.post = (struct digest){{0}};
    record_failed(w->r, &w->in, w->back != NULL ? ENTRY_ROLLBACK : ENTRY_APPLY, o);
}

/* w has r, x, b, about, back and o. */
static void run_whole(struct in_store_work *w)
{
    char now[CLOCK_TEXT];
    int64_t start = clock_ms();
    struct run *r = w->r;
    *w->o = (struct outcome){0};
    random_uuid(w->o->run_id);
    w->run = *r;
    w->run.base = w->x->base;
    w->stop.position = -1;
    program_of(r->a, w->b->forward, w->b->decl->forward.n, &w->program);
    if (w->back != NULL) {
        journal_leaves(r->a, &w->program, w->back->before, w->back->n_before);
    }
    w->in =
        (struct receipt_input){.kind = w->back != NULL ? "db_rollback" : "db_migration",
                               .bundle = w->about,
                               .store = w->x->store->ops->name,
                               .outcome = w->o,
                               .evidence = &w->evidence,
                               .started_at = arena_strdup(r->a, clock_text(clock_unix_us(), now)),
                               .notes = ""};
    if (apply(w, &w->o->failure) != 0) {
        fail(w);
    }
    w->o->elapsed_ms = clock_ms() - start;
}

void run_in_store(struct run *r, const struct in_store *x, const struct step *s, struct outcome *o)
{
    struct in_store_work w = {.r = r, .x = x, .b = s->bundle, .about = s->bundle, .o = o};
    run_whole(&w);
}

void run_rollback_in_store(struct run *r, const struct in_store *x, const struct taking_back *t,
                           struct outcome *o)
{
    struct decl decl;
    struct bundle b;
    rollback_view(t, &decl, &b);
    decl.command = t->bundle->decl->command; /* a program, for as long as one may run */
    struct in_store_work w = {.r = r, .x = x, .b = &b, .about = t->bundle, .back = t, .o = o};
    run_whole(&w);
}
