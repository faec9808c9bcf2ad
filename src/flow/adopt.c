/* Accepting a database as it stands. */
#include "flow/adopt.h"

#include "flow/contact.h"

static const struct adoption accepted = {.notes = "accepted as it stood, by kfmig adopt"};
static const struct adoption upgraded = {
    .notes = "read otherwise by another major version of the server, by kfmig adopt --upgrade",
    .reason = "upgrade",
    .keeps_writers = true,
};

bool adopt_has_work(const struct site *s, bool is_upgrade)
{
    return is_upgrade ? s->world.n_upgraded > 0
                      : !s->world.has_ledger || s->world.n_drift > 0 || s->id.size <= 1 ||
                            contact_has_work(s);
}

/* What drifted; of an upgrade only what the server's version explains. */
static struct table taken(const struct site *s, bool is_upgrade)
{
    struct table t = {.a = s->a};
    for (size_t i = 0; i < s->world.n_drift; i++) {
        struct drift *d = &s->world.drift[i];
        if (!is_upgrade || d->from_major > 0) {
            (void)table_puts(&t, d->text, d);
        }
    }
    return t;
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
    const bool *is_upgrade = ctx;
    struct site *s = w->site;
    struct outcome o = w->first;
    size_t n = w->n_adopted;
    size_t n_stores = 0;
    bool others = !*is_upgrade && contact_has_work(s);
    const struct table only = taken(s, *is_upgrade);
    struct adoption what = *is_upgrade ? upgraded : accepted;
    what.only = &only;
    if (!w->is_first && (has_moved(s) || !others) &&
        run_adopt(&w->run, &s->sum, &what, &n, &o, e) != 0) {
        return -1;
    }
    if (others && contact_adopt(w, accepted.notes, &n_stores, &o, e) != 0) {
        return -1;
    }
    n += n_stores;
    s->world.n_drift -= *is_upgrade ? s->world.n_upgraded : s->world.n_drift;
    writing_end(w, (struct result_row){.action = RESULT_ADOPT, .target = s->env->name, .n = n},
                NULL, &o);
    return 0;
}

static int take(struct site *s, const struct writing_order *o, bool is_upgrade, struct result *r,
                struct err *e)
{
    struct writing_order order = *o;
    if (!adopt_has_work(s, is_upgrade)) {
        result_end(r, s);
        return 0;
    }
    order.done = "adopted";
    order.hint = "look at the list above, then add --apply";
    order.baseline = accepted.notes;
    order.work = work;
    order.ctx = &is_upgrade;
    return writing(s, &order, r, e);
}

int adopt(struct site *s, const struct writing_order *o, struct result *r, struct err *e)
{
    return take(s, o, false, r, e);
}

int adopt_upgrade(struct site *s, const struct writing_order *o, struct result *r, struct err *e)
{
    return take(s, o, true, r, e);
}
