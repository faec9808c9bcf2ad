/* Deferred indexes, when the rows are there. Sorting keeps one processor of the server busy for
 * each index: several are built at once. */
#include <string.h>

#include "base/fault.h"
#include "run/projection_parts.h"
#include "run/queries.h"

enum { CREW = 4 };

/* A session of the crew; at: the index it is building, in order of the missing ones. */
struct hand {
    struct pg *s;
    size_t at;
};

struct crew {
    struct making *m;
    struct index_defs missing;
    struct hand hand[CREW];
    size_t n, next;
};

int indexes_here(struct making *m, struct err *e)
{
    struct pg *s = making_session(m);
    struct index_defs missing = {0};
    if (generation_index_missing(s, m->r->a, m->hidden, &m->indexes, &missing, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < missing.n; i++) {
        if (generation_index_start(s, m->r->a, m->hidden, &missing.v[i], e) != 0 ||
            pg_end(s, e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Each hand holds the work lock while it works, so that nobody takes over from a run that died
 * while its server still builds. */
static int begin(struct crew *c, struct hand *h, struct err *e)
{
    struct pg_rows *work = NULL;
    struct guard guard;
    h->at = c->next++;
    postgis_begin_add(h->s);
    ledger_work_add(h->s, &c->m->p->name, &work);
    postgis_deadlines_add(h->s, c->m->r->a, &(struct deadlines){.lock_ms = 5000});
    const struct index_def *x = &c->missing.v[h->at];
    if (pg_batch_run(h->s, NULL, e) != 0 ||
        ledger_work_done(h->s, work, c->m->r->a, &guard, e) != 0) {
        return -1;
    }
    return generation_index_start(h->s, c->m->r->a, c->m->hidden, x, e);
}

/* The lock is asked for by the run's own session, which has nothing else to do meanwhile. */
static int commit(struct crew *c, struct hand *h, struct err *e)
{
    bool held = false;
    struct err f = {0};
    if (ledger_lock_check(making_session(c->m), c->m->r->epoch, &held, e) != 0) {
        return -1;
    }
    if (!held) {
        return err_set(e, ERR_LOCKED, "another run has taken over the environment");
    }
    if (tx_commit(h->s, NULL, &f) != TX_ENDED) {
        err_set(e, ERR_PREFLIGHT, "%s: index %s was not committed: %s", c->m->p->name,
                c->missing.v[h->at].name, f.condition[0] != '\0' ? f.condition : "no answer");
        return err_hint(e, "run the same command again: it goes on with what is missing");
    }
    return FAULT(GENERATION_INDEX) ? execution_injected(e) : 0;
}

static int build(struct crew *c, struct err *e)
{
    struct pg *v[CREW];
    size_t running = 0;
    for (size_t i = 0; i < c->n; i++) {
        v[i] = c->hand[i].s;
        if (begin(c, &c->hand[i], e) != 0) {
            return -1;
        }
        running++;
    }
    while (running > 0) {
        size_t i = 0;
        pg_any(v, c->n, &i);
        struct hand *h = &c->hand[i];
        if (pg_end(h->s, e) != 0 || commit(c, h, e) != 0) {
            return -1;
        }
        running--;
        if (c->next < c->missing.n) {
            if (begin(c, h, e) != 0) {
                return -1;
            }
            running++;
        }
    }
    return 0;
}

/* Fewer hands are no failure: where no other session is to be had, the run's own does it. */
static void gather(struct crew *c)
{
    struct run *r = c->m->r;
    struct err ignored = {0};
    while (c->n < CREW && c->n < c->missing.n && r->open != NULL &&
           r->open(r->reconnect_ctx, &c->hand[c->n].s, &ignored) == 0) {
        c->n++;
    }
}

static void dismiss(struct crew *c)
{
    for (size_t i = 0; i < c->n; i++) {
        pg_close(c->hand[i].s);
    }
}

int indexes_together(struct making *m, struct err *e)
{
    struct crew c = {.m = m};
    if (generation_index_missing(making_session(m), m->r->a, m->hidden, &m->indexes, &c.missing,
                                 e) != 0) {
        return -1;
    }
    if (c.missing.n < 2) {
        return 0;
    }
    gather(&c);
    int rc = c.n >= 2 ? build(&c, e) : 0;
    dismiss(&c);
    return rc;
}
