/* What the plan does not need, and people want to see beside it. */
#include "site/site.h"

void site_ask_around(struct site *s)
{
    struct err ignored = {0};
    if (s->pg == NULL || !s->world.has_ledger) {
        return;
    }
    struct fact **f = ARENA_ARRAY(s->a, struct fact *, s->plan.n_steps + 1);
    size_t n = 0;
    for (size_t i = 0; i < s->plan.n_steps; i++) {
        const struct history *h = s->plan.v[i].history;
        if (s->plan.v[i].selected && h != NULL && h->last != NULL) {
            f[n++] = h->last;
        }
    }
    if (ledger_running(s->pg, s->a, &s->world.running, &ignored) == 0) {
        (void)(ledger_runs(s->pg, s->a, f, n, &ignored) == 0);
    }
}
