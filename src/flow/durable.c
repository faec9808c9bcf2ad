/* Holding back what was committed and is not on disk. */
#include "flow/durable.h"

#include <string.h>

#include "base/clock.h"
#include "base/fault.h"

enum { HOLD_MS = 500 };

static void release(struct writing *w, const struct held_end *h)
{
    writing_say(w, &h->row, h->as, h->at);
}

static void release_all(struct writing *w)
{
    for (size_t i = 0; i < w->n_held; i++) {
        release(w, &w->held[i]);
    }
    w->n_held = 0;
}

/* What the server makes of a commit, for the result. */
static void note_levels(struct writing *w, const struct barrier *b)
{
    struct result *r = w->result;
    r->durability = durability_text(w->site->env->durability);
    r->commits = arena_strdup(w->site->a, b->commits);
    r->syncs = b->syncs;
}

/* It was committed, and its entry is not there, or nobody can say. */
static void give_up(struct writing *w, struct held_end *h, enum ending end)
{
    struct err *e = ARENA_NEW(w->site->a, struct err);
    if (end == TX_UNDONE) {
        (void)err_set(e, ERR_APPLY,
                      "%s: it was committed, and a crash of the server took it and its entry away "
                      "before they were on disk: nothing of it is applied",
                      h->row.target);
        h->row.run_id = NULL;
    } else {
        (void)err_set(
            e, ERR_DOUBT,
            "%s: it was committed, and the connection was lost before it was on disk: the "
            "outcome is not known yet",
            h->row.target);
    }
    (void)err_hint(e, "run the same command again");
    h->row.failure = e;
    h->row.sequence = 0;
    w->done--;
    release(w, h);
}

/* One by one, on a session made anew under the lock; a crash takes the last ones. */
static void say_what_is_left(struct writing *w, bool is_known)
{
    struct site *s = w->site;
    struct err ignored = {0};
    for (size_t i = 0; i < w->n_held; i++) {
        struct held_end *h = &w->held[i];
        enum ending end = is_known ? ledger_settle(s->pg, h->row.run_id, &ignored) : TX_UNKNOWN;
        if (end == TX_ENDED) {
            release(w, h);
        } else {
            w->is_lost = true;
            give_up(w, h, end);
        }
    }
    w->n_held = 0;
    if (is_known && w->is_lost) {
        (void)!site_refresh(s, &ignored);
    }
}

/* Where the server refuses it, or nobody heard, it is taken again on a session made anew: one that stands
 * there under the lock, and asks the ledger. With nothing held nobody needs to know. */
static int take_barrier(struct writing *w, struct barrier *b)
{
    struct site *s = w->site;
    struct err e = {0};
    if (s->pg == NULL || (w->n_held == 0 && !pg_is_alive(s->pg))) {
        return -1;
    }
    if (!FAULT(BARRIER) && ledger_barrier(s->pg, b, &e) == 0 && !FAULT(BARRIER_PASSED)) {
        return 0;
    }
    return w->n_held == 0 || w->run.reconnect(w, &e) != 0 ? -1 : ledger_barrier(s->pg, b, &e);
}

/* A signal that ended the run is no reason not to find out how. */
void durable_settle(struct writing *w)
{
    struct site *s = w->site;
    struct ear ear = s->ear;
    struct barrier b;
    if (!w->is_loose) {
        return;
    }
    s->ear.stops = NULL;
    bool is_known = take_barrier(w, &b) == 0;
    struct digest root = merkle_root(&s->merkle);
    if (is_known && b.size == s->merkle.size && digest_eq(&b.root, &root)) {
        release_all(w);
    } else {
        say_what_is_left(w, is_known);
    }
    s->ear = ear;
    if (is_known) {
        note_levels(w, &b);
    }
    w->is_loose = false;
}

void durable_hold(struct writing *w, const struct result_row *row, const char *as)
{
    struct arena *a = w->site->a;
    if (w->n_held == 0) {
        w->held_ms = clock_ms();
    }
    ARENA_GROW(a, w->held, w->n_held, w->cap_held);
    w->held[w->n_held++] = (struct held_end){*row, as, w->done};
    if (clock_ms() - w->held_ms >= HOLD_MS) {
        durable_settle(w);
    }
}

/* That the last one's entry is there behind the barrier, seen by the session that took it, shows that no
 * crash came between. */
static void settle_beside(struct writing *w)
{
    struct err ignored = {0};
    struct barrier b;
    if (w->beside == NULL && (w->run.open == NULL || w->run.open(w, &w->beside, &ignored) != 0)) {
        w->has_none_beside = true;
        return;
    }
    w->held_ms = clock_ms(); /* not at every tick, where it does not work */
    if (ledger_barrier(w->beside, &b, &ignored) == 0 &&
        ledger_settle(w->beside, w->held[w->n_held - 1].row.run_id, &ignored) == TX_ENDED) {
        release_all(w);
    }
}

bool durable_wait(void *ctx)
{
    struct writing *w = ctx;
    const struct pg_wait *watch = &w->site->watch.wait;
    bool stops = watch->on_wait(watch->ctx);
    if (w->n_held > 0 && !w->has_none_beside && !stops && clock_ms() - w->held_ms >= HOLD_MS) {
        settle_beside(w);
    }
    return stops;
}

void durable_close(struct writing *w)
{
    pg_close(w->beside);
    w->beside = NULL;
}
