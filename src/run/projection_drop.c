/* What is left of a projection that was given up, dropped: a migration's transaction, recorded as what it
 * is. */
#include "run/projection_drop.h"

#include "base/clock.h"
#include "base/fault.h"
#include "run/owed.h"
#include "run/record.h"
#include "run/statements.h"
#include "run/transaction.h"

/* One on its way, and its receipt. */
struct drop_work {
    struct run *r;
    const struct dropping *d;
    struct evidence_set evidence;
    struct receipt_input in;
};

int drop_refuse(struct arena *a, const char *name, const struct obstacles *l, struct err *e)
{
    if (l->n == 0) {
        return 0;
    }
    err_set(e, ERR_PREFLIGHT, "%s cannot be dropped: %s %s%s", name, l->v[0].object, l->v[0].detail,
            l->n == 1 ? "" : arena_printf(a, ", and %zu more", l->n - 1));
    return err_hint(e, "drop what depends on it first, in a migration");
}

/* From here on nobody can make anything that reads its relations: what CASCADE would take along outside of
 * its schemas is seen, and refused, instead. */
static int hold(void *ctx, struct err *e)
{
    struct drop_work *w = ctx;
    struct arena *a = w->r->a;
    struct pg *s = *w->r->pg;
    struct obstacles found;
    const struct bundle *b = w->d->bundle;
    if (generation_hold(s, a, &b->schemas, e) != 0 ||
        generation_dependants(s, a, &b->schemas, &found, e) != 0) {
        return err_wrap(e, ERR_APPLY, "%s was not dropped, nothing was changed: %s", b->id, e->msg);
    }
    return drop_refuse(a, b->id, &found, e);
}

/* Nothing came before it. */
static void add_nothing(void *ctx, struct observation *seen)
{
    (void)ctx;
    (void)seen;
}

static int forget_generations(const struct drop_work *w, struct err *e)
{
    for (size_t i = 0; i < w->d->n; i++) {
        const struct generation *g = &w->d->generation[i];
        if (ledger_generation_remove(*w->r->pg, g->projection, g->number, e) != 0) {
            return -1;
        }
    }
    return FAULT(DROP_RECORDED) ? execution_injected(e) : 0;
}

static int record(void *ctx, struct outcome *o, const struct evidence_set *evidence,
                  const struct object_row *rows, struct guard *guard, struct err *e)
{
    struct drop_work *w = ctx;
    w->evidence = *evidence;
    evidence_of(w->r->a, w->d->bundle, o, &w->evidence);
    w->in.finished_at = o->seen.server_time;
    return record_entry(w->r, &w->in, ENTRY_DROP, rows, o->seen.n_changes, guard, o, e) != 0
               ? -1
               : forget_generations(w, e);
}

/* A failure leaves a receipt too; in doubt it is owed as one: the next run finds out. */
static void fail(struct drop_work *w, struct outcome *o)
{
    bool in_doubt = o->result == RUN_IN_DOUBT;
    bool is_interrupted = o->failure.code == ERR_INTERRUPTED || o->failure.code == ERR_TERMINATED;
    o->result = is_interrupted ? RUN_INTERRUPTED : RUN_FAILED;
    w->evidence = (struct evidence_set){0};
    if (o->observed) {
        w->evidence.pre = baseline_digest(w->r->sum);
    }
    evidence_of(w->r->a, w->d->bundle, o, &w->evidence);
    w->in.finished_at = NULL;
    if (in_doubt) {
        o->owed = owed_write(w->r, &w->in);
        o->result = RUN_IN_DOUBT;
        return;
    }
    record_failed(w->r, &w->in, ENTRY_DROP, o);
}

void run_drop(struct run *r, const struct dropping *d, struct outcome *o)
{
    char now[CLOCK_TEXT];
    int64_t start = clock_ms();
    struct drop_work w = {.r = r, .d = d};
    const struct transaction_part part = {.n = execution_count(d->bundle),
                                          .done = "dropped",
                                          .is_held = true,
                                          .ctx = &w,
                                          .prepare = hold,
                                          .add = add_nothing,
                                          .record = record};
    w.in =
        (struct receipt_input){.kind = "projection_drop",
                               .bundle = d->bundle,
                               .outcome = o,
                               .evidence = &w.evidence,
                               .started_at = arena_strdup(r->a, clock_text(clock_unix_us(), now)),
                               .notes = "",
                               .dropping = d};
    if (!run_transaction(r, d->bundle, &part, o)) {
        fail(&w, o);
    }
    o->elapsed_ms = clock_ms() - start;
}
