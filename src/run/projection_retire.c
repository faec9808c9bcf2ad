/* Generations that nobody needs any more. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/fault.h"
#include "run/projection_parts.h"
#include "run/record.h"

enum { CONCEAL_MS = 1000 };

static int drop(const struct retiring *t, int64_t number, struct err *e)
{
    struct run *r = t->r;
    const struct projection *p = t->p;
    struct making m = {.r = r, .p = p, .started_at = ""};
    const char *hidden = NULL;
    if (generation_schema(r->a, p->schema, number, &hidden, e) != 0 || making_begin(&m, e) != 0) {
        return -1;
    }
    if (generation_drop(*r->pg, r->a, hidden, e) != 0 ||
        ledger_generation_remove(*r->pg, p->name, number, e) != 0) {
        making_roll_back(&m);
        return -1;
    }
    return making_commit(&m, e);
}

static bool is_unfinished(const struct generation *g)
{
    return g->state == GENERATION_LOADING || g->state == GENERATION_READY;
}

int retire_begun(const struct retiring *t, int64_t but, struct err *e)
{
    struct generations now = {0};
    if (ledger_generations(*t->r->pg, t->r->a, &now, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < now.n; i++) {
        const struct generation *g = &now.v[i];
        if (is_unfinished(g) && strcmp(g->projection, t->p->name) == 0 && g->number != but &&
            t->drop(t, g->number, e) != 0) {
            return -1;
        }
    }
    return 0;
}

int run_retire_unfinished(struct run *r, const struct projection *p, const struct generation *but,
                          struct err *e)
{
    const struct retiring t = {.r = r, .p = p, .drop = drop};
    return retire_begun(&t, but != NULL ? but->number : 0, e);
}

static int64_t age_s(const struct generation *g)
{
    struct tm tm = {0};
    const char *end =
        g->changed_at != NULL ? strptime(g->changed_at, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    return end == NULL ? 0 : clock_unix_us() / 1000000 - (int64_t)timegm(&tm);
}

/* Readers that resolved the name before the switch are through in an instant: that long the privileges stay.
 */
static int wait_for_readers(struct run *r, struct err *e)
{
    const char *horizon = NULL;
    int64_t until = clock_ms() + CONCEAL_MS;
    if (generation_horizon(*r->pg, r->a, &horizon, e) != 0) {
        return -1;
    }
    for (;;) {
        struct old_snapshots old;
        if (generation_old_snapshots(*r->pg, r->a, horizon, &old, e) != 0) {
            return -1;
        }
        if (old.n == 0 || clock_ms() >= until) {
            return 0;
        }
        clock_sleep_ms(10);
    }
}

static int conceal(struct run *r, const struct projection *p, int64_t number, struct err *e)
{
    struct making m = {.r = r, .p = p, .started_at = ""};
    const char *hidden = NULL;
    bool is_exposed = false;
    if (generation_schema(r->a, p->schema, number, &hidden, e) != 0 ||
        generation_exposed(*r->pg, hidden, &is_exposed, e) != 0) {
        return -1;
    }
    if (!is_exposed) {
        return 0;
    }
    if (wait_for_readers(r, e) != 0 || making_begin(&m, e) != 0) {
        return -1;
    }
    if (generation_conceal(*r->pg, hidden, e) != 0) {
        making_roll_back(&m);
        return -1;
    }
    return making_commit(&m, e);
}

int run_conceal(struct run *r, const struct projection *p, struct err *e)
{
    struct generations now = {0};
    if (ledger_generations(*r->pg, r->a, &now, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < now.n; i++) {
        const struct generation *g = &now.v[i];
        if (g->state == GENERATION_KEPT && strcmp(g->projection, p->name) == 0 &&
            conceal(r, p, g->number, e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Is g, which is not live, to stay? Going through a projection's generations from the newest on: *kept, 0 at
 * first, counts those that were published once. */
static bool stays(const struct projection *p, const struct generation *g,
                  const struct digest *wanted, bool all, int64_t *kept)
{
    bool is_wanted = is_unfinished(g) && digest_eq(&g->digest, wanted);
    bool is_kept = !is_unfinished(g) && (*kept < p->keep_generations || age_s(g) < p->keep_seconds);
    *kept += is_unfinished(g) ? 0 : 1;
    return is_wanted || (is_kept && !all);
}

int retire_old(const struct retiring *t, const struct digest *wanted, bool all, size_t *n,
               struct err *e)
{
    struct generations now = {0};
    int64_t kept = 0;
    *n = 0;
    if (ledger_generations(*t->r->pg, t->r->a, &now, e) != 0) {
        return -1;
    }
    for (size_t i = now.n; i-- > 0;) {
        const struct generation *g = &now.v[i];
        if (strcmp(g->projection, t->p->name) != 0 || g->state == GENERATION_LIVE ||
            stays(t->p, g, wanted, all, &kept)) {
            continue;
        }
        if (t->drop(t, g->number, e) != 0) {
            return -1;
        }
        (*n)++;
    }
    return 0;
}

int run_retire(struct run *r, const struct step *step, bool all, size_t *n, struct err *e)
{
    const struct retiring t = {.r = r, .p = step->in->p, .drop = drop};
    return retire_old(&t, &step->in->digest, all, n, e) != 0 ? -1 : run_conceal(r, t.p, e);
}
