/* A phase of a generation worked at by several sessions, the hands of a crew: piece by piece, each in a
 * transaction of its own, committed one at a time.
 * What one hand runs into stops all of them. What comes of it is for the run's own session to find out, which
 * then goes on alone, in order: so what is said does not depend on how many there were, nor on which was
 * faster. */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "run/projection_parts.h"

/* FEW_BYTES: of artifacts; with fewer, opening sessions costs more than they save. */
enum { LOOK_MS = 5, JOBS_USUAL = 8, FEW_BYTES = 8 * 1024 * 1024 };

enum piece { PIECE_OPEN, PIECE_BEGUN, PIECE_DONE };

/* A session of the crew, and the generation as seen from it. rows, read, size: of what it loads. */
struct hand {
    struct crew *crew;
    struct pg *s;
    struct run r;
    struct making m;
    struct pg_wait wait;
    int64_t rows, read, size;
    struct err failure;
};

struct crew {
    struct making *lead;
    const struct crew_work *work;
    enum piece *piece;
    struct hand hand[TASKS_MOST];
    size_t n;
    int64_t began, made_ms; /* the phase, and how long the generation took before it */
    bool is_over;           /* a hand has failed */
};

struct making *making_lead(struct making *m)
{
    return m->hand != NULL ? m->hand->crew->lead : m;
}

int64_t making_made(const struct making *m, int64_t ms)
{
    const struct crew *c = m->hand != NULL ? m->hand->crew : NULL;
    return c != NULL ? c->made_ms + clock_ms() - c->began : m->made_ms + ms;
}

bool making_stops(const struct making *m)
{
    return ear_stops(m->r->ear) != ERR_NONE || making_is_given_up(m);
}

void making_give_up(struct making *m)
{
    if (m->hand != NULL) {
        m->hand->crew->is_over = true;
    }
}

bool making_is_given_up(const struct making *m)
{
    return m->hand != NULL && m->hand->crew->is_over;
}

/* All of what the hands load. */
void making_tells(const struct making *m, int64_t rows, int64_t done, int64_t size)
{
    struct tell t = {
        .kind = TELL_LOADING, .target = m->p->name, .rows = rows, .done = done, .size = size};
    if (m->hand != NULL) {
        const struct crew *c = m->hand->crew;
        m->hand->rows = rows;
        m->hand->read = done;
        m->hand->size = size;
        t.rows = t.done = t.size = 0;
        for (size_t i = 0; i < c->n; i++) {
            t.rows += c->hand[i].rows;
            t.done += c->hand[i].read;
            t.size += c->hand[i].size;
        }
    }
    tell(m->r->ear, &t);
}

static bool hand_stops(void *ctx)
{
    const struct hand *h = ctx;
    return making_stops(&h->m);
}

static bool may_begin(const struct crew *c, size_t i)
{
    const struct crew_work *w = c->work;
    for (size_t k = 0; k < i && w->waits != NULL; k++) {
        if (c->piece[k] != PIECE_DONE && w->waits(w->ctx, i, k)) {
            return false;
        }
    }
    return true;
}

/* The first piece that may begin; n: none. *is_left: one has not begun yet. */
static size_t next(const struct crew *c, bool *is_left)
{
    *is_left = false;
    for (size_t i = 0; i < c->work->n; i++) {
        if (c->piece[i] == PIECE_OPEN) {
            *is_left = true;
            if (may_begin(c, i)) {
                return i;
            }
        }
    }
    return c->work->n;
}

static void work(void *ctx, size_t at)
{
    struct crew *c = ctx;
    struct hand *h = &c->hand[at];
    bool is_left = true;
    while (is_left && !c->is_over) {
        size_t i = next(c, &is_left);
        if (i == c->work->n) {
            (void)tasks_poll(NULL, is_left ? LOOK_MS : 0);
            continue;
        }
        c->piece[i] = PIECE_BEGUN;
        if (c->work->one(&h->m, c->work->ctx, i, &h->failure) != 0) {
            c->is_over = true;
            return;
        }
        c->piece[i] = PIECE_DONE;
    }
}

bool crew_may(const struct making *m, size_t n)
{
    const struct run *r = m->r;
    bool is_wanted = r->jobs > 1 || (r->jobs == 0 && m->job->step->in->artifact_bytes >= FEW_BYTES);
    return n > 1 && is_wanted && r->open != NULL;
}

/* As many as were asked for, else as there are processors; at most one for each piece, and half of what the
 * server can still take. */
static int64_t wanted(const struct crew *c)
{
    const struct run *r = c->lead->r;
    struct err ignored = {0};
    int64_t spare = 0;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t n = processors > JOBS_USUAL ? JOBS_USUAL : processors;
    n = r->jobs > 0 ? r->jobs : n;
    n = n > TASKS_MOST ? TASKS_MOST : n;
    n = (size_t)n > c->work->n ? (int64_t)c->work->n : n;
    if (n < 2 || generation_spare_sessions(making_session(c->lead), &spare, &ignored) != 0) {
        return 0;
    }
    return n > spare / 2 ? spare / 2 : n;
}

static void hire(struct crew *c, struct pg *s)
{
    struct hand *h = &c->hand[c->n++];
    *h = (struct hand){.crew = c, .s = s, .r = *c->lead->r, .m = *c->lead};
    h->wait = (struct pg_wait){.on_wait = hand_stops, .ctx = h};
    h->r.pg = &h->s;
    h->r.wait = &h->wait;
    h->m.r = &h->r;
    h->m.hand = h;
    pg_heed(s, &h->wait);
}

/* Fewer hands are no failure. */
static void gather(struct crew *c)
{
    const struct run *r = c->lead->r;
    struct err ignored = {0};
    struct pg *s = NULL;
    for (int64_t n = wanted(c); n >= 2 && (int64_t)c->n < n; s = NULL) {
        if (r->open(r->reconnect_ctx, &s, &ignored) != 0) {
            return;
        }
        hire(c, s);
    }
}

/* What they were given ids for was this run's doing. */
static void dismiss(struct crew *c)
{
    for (size_t i = 0; i < c->n; i++) {
        for (int64_t k = 0; k < pg_ids_ours(c->hand[i].s); k++) {
            pg_id_is_ours(making_session(c->lead));
        }
        pg_close(c->hand[i].s);
    }
}

/* The failure to tell: of those that were not only told to stop, the first hand's. */
static const struct hand *failed(const struct crew *c)
{
    const struct hand *found = NULL;
    for (size_t i = 0; i < c->n; i++) {
        const struct err *e = &c->hand[i].failure;
        if (e->code != ERR_NONE && (found == NULL || found->failure.code == ERR_INTERRUPTED)) {
            found = &c->hand[i];
        }
    }
    return found;
}

/* What the server has refused, and every hand's transaction is known to have been rolled back. Where a hand's
 * connection is lost nobody knows what its server still does. */
static bool may_go_on(const struct crew *c, const struct hand *h)
{
    for (size_t i = 0; i < c->n; i++) {
        if (!pg_is_alive(c->hand[i].s)) {
            return false;
        }
    }
    return h->failure.sqlstate[0] != '\0' && ear_stops(c->lead->r->ear) == ERR_NONE;
}

/* Whoever finds a generation begun has no time yet at which its own work began. */
static int note_start(struct making *m, struct err *e)
{
    if (m->started_at != NULL) {
        return 0;
    }
    int rc = making_begin(m, e);
    making_roll_back(m);
    return rc;
}

static int run_all(struct crew *c, struct err *e)
{
    c->began = clock_ms();
    c->made_ms = c->lead->made_ms;
    tasks_run(c->n, work, c);
    const struct hand *h = failed(c);
    if (h == NULL) {
        return 0;
    }
    *e = h->failure;
    return may_go_on(c, h) ? 1 : -1;
}

int crew_run(struct making *m, const struct crew_work *w, struct err *e)
{
    struct crew *c = ARENA_NEW(m->r->a, struct crew);
    *c = (struct crew){.lead = m, .work = w};
    c->piece = ARENA_ARRAY(m->r->a, enum piece, w->n + 1);
    for (size_t i = 0; i < w->n; i++) {
        c->piece[i] = w->is_done != NULL && w->is_done(w->ctx, i) ? PIECE_DONE : PIECE_OPEN;
    }
    if (note_start(m, e) != 0) {
        return -1;
    }
    gather(c);
    int rc = c->n >= 2 ? run_all(c, e) : 1;
    dismiss(c);
    if (rc == 1) {
        *e = (struct err){0};
    }
    return rc;
}
