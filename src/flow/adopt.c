/* Accepting a database as it stands. */
#include "flow/adopt.h"

#include "flow/contact.h"

static const char notes[] = "accepted as it stood, by kfmig adopt";

bool adopt_has_work(const struct site *s)
{
    return !s->world.has_ledger || s->world.n_drift > 0 || s->id.size <= 1 || contact_has_work(s);
}

/* Drift of the store that holds the ledger. */
static bool has_moved(const struct site *s)
{
    bool moved = false;
    for (size_t i = 0; i < s->world.n_drift; i++) {
        moved = moved || s->world.drift[i].object.store == NULL;
    }
    return moved;
}

/* At first contact the starting baseline is what was adopted. */
static int work(struct writing *w, void *ctx, struct err *e)
{
    (void)ctx;
    struct site *s = w->site;
    struct outcome o = w->first;
    size_t n = w->n_adopted;
    size_t n_stores = 0;
    bool others = contact_has_work(s);
    const struct adopted what = {.sum = &s->sum, .found = &s->catalog};
    if (!w->is_first && (has_moved(s) || !others) &&
        run_adopt(&w->run, &what, notes, &n, &o, e) != 0) {
        return -1;
    }
    if (contact_adopt(w, notes, &n_stores, &o, e) != 0) {
        return -1;
    }
    n += n_stores;
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
