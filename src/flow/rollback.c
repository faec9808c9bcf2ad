/* Migrations taken back, one after the other. */
#include "flow/rollback.h"

#include "flow/backup.h"
#include "flow/durable.h"
#include "flow/steps.h"
#include "run/in_store.h"

/* shown: what was looked at before the lock was taken. */
struct retreat {
    const struct undo_wish *wish;
    const struct undoing *shown;
    bool skips_backup;
};

/* How a good end is called: what only an order is left of is named. In s->a. */
static const char *end_words(const struct site *s, const struct outcome *o)
{
    const char *text = "taken back";
    for (size_t i = 0, n = 0; i < o->gates.n; i++) {
        const struct finding *f = &o->gates.v[i];
        if (f->waived_by[0] != '\0') {
            text = arena_printf(s->a, "%s%s%s", text,
                                n++ == 0 ? "; only an order is not as before: " : ", ", f->subject);
        }
    }
    return text;
}

/* Does the journal stand around what it does, as no transaction holds it? */
static bool is_journaled(const struct taking_back *back)
{
    return !store_can(back->bundle->store, STORE_HOLDS_LEDGER) || rollback_segmented(back);
}

static void take_back(struct writing *w, const struct taking_back *back)
{
    struct outcome o = {0};
    struct site *s = w->site;
    struct site_store *at = &s->store[back->bundle->store];
    const struct in_store x = {.store = at->store, .base = &at->base, .past = &s->entries};
    writing_begin(w, back->bundle->id);
    if (!store_can(back->bundle->store, STORE_HOLDS_LEDGER)) {
        run_rollback_in_store(&w->run, &x, back, &o);
    } else if (rollback_segmented(back)) {
        run_rollback_segmented(&w->run, &w->site->entries, back, &o);
    } else {
        w->is_loose = true;
        run_rollback(&w->run, back, &o);
    }
    bool is_good = o.result == RUN_SUCCESS;
    const struct result_row row = {
        .action = RESULT_ROLLBACK, .target = back->bundle->id, .key = back->bundle->checksum};
    writing_end(w, row, end_words(w->site, &o), &o);
    if (is_good && o.own != NULL) {
        arena_release(o.own);
    }
}

static bool may_go_on(struct writing *w)
{
    const struct site *s = w->site;
    return ear_stops(&s->ear) == ERR_NONE && w->result->worst == ERR_NONE && !w->is_lost &&
           pg_is_alive(s->pg) && !steps_held(w);
}

static int refuse_moved(const struct site *s, struct err *e)
{
    err_set(e, ERR_PREFLIGHT,
            "what is to be taken back moved between review and lock: nothing was");
    return err_hint(e, "look at `kfmig rollback %s --dry-run` and run it again", s->env->name);
}

/* What was not begun, and nothing else says why: the connection went while nothing of it ran. */
static int refuse_rest(const struct writing *w, const char *id, struct err *e)
{
    const struct site *s = w->site;
    if (w->result->worst != ERR_NONE || ear_stops(&s->ear) != ERR_NONE) {
        return 0;
    }
    err_set(e, ERR_PREFLIGHT,
            "the connection was lost before %s was taken back: what is left was not begun", id);
    return err_hint(e, "run `kfmig rollback %s` again", s->env->name);
}

static int work(struct writing *w, void *ctx, struct err *e)
{
    const struct retreat *t = ctx;
    size_t i = 0;
    struct undoing now;
    if (undo_plan(w->site, t->wish, t->shown, &now, e) != 0) {
        return -1;
    }
    if (!digest_eq(&now.undo.digest, &t->shown->undo.digest)) {
        return refuse_moved(w->site, e);
    }
    struct backup_needs needs = {.v =
                                     ARENA_ARRAY(w->site->a, const struct bundle *, now.undo.n + 1),
                                 .skips = t->skips_backup};
    for (; needs.n < now.undo.n; needs.n++) {
        needs.v[needs.n] = now.back[needs.n].bundle;
    }
    if (backup_before(w, &needs, e) != 0) {
        return -1;
    }
    w->result->plan_digest = now.undo.digest;
    w->total = now.undo.n;
    for (; i < now.undo.n && may_go_on(w); i++) {
        if (is_journaled(&now.back[i])) {
            durable_settle(w); /* what it does cannot be taken back with what went before it */
        }
        if (!may_go_on(w)) {
            break;
        }
        now.back[i].rows = t->shown->back[i].rows;
        now.back[i].n_rows = t->shown->back[i].n_rows;
        take_back(w, &now.back[i]);
    }
    durable_settle(w);
    return i < now.undo.n ? refuse_rest(w, now.back[i].bundle->id, e) : 0;
}

int rollback(struct site *s, const struct undo_wish *w, const struct undoing *u, bool skips_backup,
             const struct writing_order *o, struct result *r, struct err *e)
{
    struct retreat t = {w, u, skips_backup};
    struct writing_order order = *o;
    order.signs = &u->undo.digest;
    order.is_unplanned = true;
    if (skips_backup) {
        names_add(s->a, &order.waives, APPROVAL_SKIP_BACKUP);
    }
    order.done = "taken back";
    order.is_unheld = true; /* what goes wrong is taken back when it does */
    order.hint = "look at what is shown above, then add --apply, or better --apply --plan=DIGEST";
    order.work = work;
    order.ctx = &t;
    int rc = writing(s, &order, r, e);
    r->plan_digest = u->undo.digest;
    r->n_current -=
        r->n_done[RESULT_ROLLBACK] < r->n_current ? r->n_done[RESULT_ROLLBACK] : r->n_current;
    r->left.blocked += r->n_done[RESULT_ROLLBACK]; /* they stay back until they are named */
    return rc;
}
