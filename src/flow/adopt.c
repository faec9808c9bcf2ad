/* Accepting a database as it stands. */
#include "flow/adopt.h"

static const char notes[] = "accepted as it stood, by kfmig adopt";

bool adopt_has_work(const struct site *s)
{
    return !s->world.has_ledger || s->world.n_drift > 0 || s->id.size <= 1;
}

/* At first contact the starting baseline is what was adopted. */
static int work(struct writing *w, void *ctx, struct err *e)
{
    (void)ctx;
    struct site *s = w->site;
    struct outcome o = w->first;
    size_t n = w->n_adopted;
    if (!w->is_first && run_adopt(&w->run, &s->sum, notes, &n, &o, e) != 0) {
        return -1;
    }
    s->world.n_drift = 0;
    writing_end(w, (struct result_row){.action = RESULT_ADOPT, .target = s->env->name, .n = n},
                NULL, &o);
    return 0;
}

int adopt(struct site *s, const struct writing_order *o, struct result *r, struct err *e)
{
    struct writing_order order = *o;
    if (!adopt_has_work(s)) {
        result_end(r, s);
        return 0;
    }
    order.done = "adopted";
    order.hint = "look at the list above, then add --apply";
    order.baseline = notes;
    order.work = work;
    return writing(s, &order, r, e);
}
