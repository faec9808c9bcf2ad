/* A store's steps through the journal. */
#include "run/journaled.h"

/* One step of the program, as the journal's callbacks see it. */
struct passing {
    const struct journaled *w;
    const struct program *p;
    size_t at;
    struct store_stop *stop;
    const struct journal_step *step;
};

static int look(void *ctx, const struct journal_step *step, struct digest *before, struct err *e)
{
    const struct passing *x = ctx;
    (void)step;
    return x->w->store->ops->stands(x->w->store, &x->p->v[x->at], before, e);
}

static int progress(void *ctx, struct bytes cursor, struct err *e)
{
    const struct passing *x = ctx;
    return journal_progress(x->w->journal, x->step, cursor, e);
}

/* What the engine answers to commit() counts as little as what it answers to run(): the journal looks. */
static int run(void *ctx, const struct journal_step *step, struct bytes cursor, struct err *e)
{
    struct passing *x = ctx;
    struct store_change *c = NULL;
    const struct store_ops *ops = x->w->store->ops;
    const struct store_flight f = {
        .from = x->at, .to = x->at + 1, .cursor = cursor, .progress = progress, .ctx = x};
    x->step = step;
    if (ops->begin(x->w->store, x->w->a, &x->w->deadlines, &c, e) != 0) {
        return -1;
    }
    if (ops->run(c, x->p, &f, x->stop, e) != 0) {
        ops->abandon(c);
        return -1;
    }
    return ops->commit(c, e) == TX_ENDED ? 0 : -1;
}

static int verify(void *ctx, const struct journal_step *step, const struct digest *before,
                  enum standing *out, struct digest *proof, struct err *e)
{
    const struct passing *x = ctx;
    (void)step;
    return x->w->store->ops->verify(x->w->store, &x->p->v[x->at], before, out, proof, e);
}

static int clean(void *ctx, const struct journal_step *step, const struct digest *before,
                 struct err *e)
{
    const struct passing *x = ctx;
    (void)step;
    return x->w->store->ops->clean(x->w->store, &x->p->v[x->at], before, e);
}

static int run_step(struct passing *x, enum journal_end *end, struct err *e)
{
    const struct store_ops *ops = x->w->store->ops;
    const struct journal_step step = journal_step_of(x->w->subject, ops->name, x->p, x->at);
    const struct journal_effect effect = {.ctx = x,
                                          .look = look,
                                          .run = run,
                                          .verify = verify,
                                          .clean = ops->clean != NULL ? clean : NULL};
    return journal_effect(x->w->journal, &step, &effect, end, e);
}

static int announce(const struct journaled *w, const struct program *p, size_t at, struct err *e)
{
    const struct store_step *s = &p->v[at];
    if (w->ear == NULL) {
        return 0;
    }
    enum err_code why = ear_stops(w->ear);
    if (why != ERR_NONE) {
        return err_set(e, why, "stopped before %s %s", s->verb, s->object);
    }
    if (s->statement != NULL) {
        tell(w->ear, &(struct tell){.kind = TELL_STATEMENT,
                                    .target = w->subject,
                                    .what = s->verb,
                                    .path = s->script->path,
                                    .line = s->statement->line,
                                    .at = at + 1,
                                    .n = p->n});
    }
    return 0;
}

int run_journaled(const struct journaled *w, const struct program *p, struct journaled_count *n,
                  struct store_stop *stop, struct err *e)
{
    *n = (struct journaled_count){0};
    for (size_t i = 0; i < p->n; i++) {
        struct passing x = {.w = w, .p = p, .at = i, .stop = stop};
        enum journal_end end = JOURNAL_VOID;
        *stop = (struct store_stop){.step = i, .position = -1};
        if (announce(w, p, i, e) != 0 || run_step(&x, &end, e) != 0) {
            return -1;
        }
        n->n_ran += end == JOURNAL_RAN ? 1 : 0;
        n->n_adopted += end == JOURNAL_ADOPTED ? 1 : 0;
        n->n_stood += end == JOURNAL_STOOD ? 1 : 0;
    }
    return 0;
}
