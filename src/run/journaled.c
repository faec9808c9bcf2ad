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
    return x->w->c->store->ops->stands(x->w->c->store, &x->p->v[x->at], before, e);
}

static int progress(void *ctx, struct bytes cursor, struct err *e)
{
    const struct passing *x = ctx;
    return journal_progress(x->w->journal, x->step, cursor, e);
}

static int run(void *ctx, const struct journal_step *step, struct bytes cursor, struct err *e)
{
    struct passing *x = ctx;
    x->step = step;
    const struct store_flight f = {
        .from = x->at, .to = x->at + 1, .cursor = cursor, .progress = progress, .ctx = x};
    return x->w->c->store->ops->run(x->w->c, x->p, &f, x->stop, e);
}

static int verify(void *ctx, const struct journal_step *step, const struct digest *before,
                  enum standing *out, struct digest *proof, struct err *e)
{
    const struct passing *x = ctx;
    (void)step;
    return x->w->c->store->ops->verify(x->w->c->store, &x->p->v[x->at], before, out, proof, e);
}

static int clean(void *ctx, const struct journal_step *step, const struct digest *before,
                 struct err *e)
{
    const struct passing *x = ctx;
    (void)step;
    return x->w->c->store->ops->clean(x->w->c->store, &x->p->v[x->at], before, e);
}

static int run_step(struct passing *x, enum journal_end *end, struct err *e)
{
    const struct store_step *s = &x->p->v[x->at];
    const struct journal_step step = {.subject = x->w->subject,
                                      .store = x->w->c->store->ops->name,
                                      .verb = s->verb,
                                      .object = s->object,
                                      .at = (int64_t)x->at + 1,
                                      .payload = digest_of(s->text),
                                      .text = s->text};
    const struct journal_effect effect = {.ctx = x,
                                          .look = look,
                                          .run = run,
                                          .verify = verify,
                                          .clean =
                                              x->w->c->store->ops->clean != NULL ? clean : NULL};
    return journal_effect(x->w->journal, &step, &effect, end, e);
}

int run_journaled(const struct journaled *w, const struct program *p, struct journaled_count *n,
                  struct store_stop *stop, struct err *e)
{
    *n = (struct journaled_count){0};
    for (size_t i = 0; i < p->n; i++) {
        struct passing x = {.w = w, .p = p, .at = i, .stop = stop};
        enum journal_end end = JOURNAL_VOID;
        *stop = (struct store_stop){.step = i, .position = -1};
        if (run_step(&x, &end, e) != 0) {
            return -1;
        }
        n->n_ran += end == JOURNAL_RAN ? 1 : 0;
        n->n_adopted += end == JOURNAL_ADOPTED ? 1 : 0;
        n->n_stood += end == JOURNAL_STOOD ? 1 : 0;
    }
    return 0;
}
