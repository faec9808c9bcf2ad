/* Which generation of a projection readers see. */
#include "flow/switch.h"

#include <stdlib.h>

#include "flow/job.h"
#include "flow/tiles.h"

const struct generation *switch_target(const struct step *x, const char *text, struct err *e)
{
    char *end = NULL;
    long long n = strtoll(text, &end, 10);
    if (step_is_absent(x)) {
        err_set(e, ERR_PREFLIGHT, "projection \"%s\" is not declared here", x->in->p->name);
        err_hint(e, "put %s back", x->in->p->file.path);
        return NULL;
    }
    for (size_t i = 0; end != text && *end == '\0' && i < x->in->n; i++) {
        const struct generation *g = &x->in->v[i];
        if (g->number != n) {
            continue;
        }
        if (g->state == GENERATION_KEPT || g->state == GENERATION_READY) {
            return g;
        }
        err_set(e, ERR_PREFLIGHT, "generation %lld of %s is %s", n, x->in->p->name,
                g->state == GENERATION_LIVE ? "live already" : "not finished");
        return NULL;
    }
    err_set(e, ERR_CONFIG, "%s has no generation \"%s\"", x->in->p->name, text);
    err_hint(e, "`kfmig switch %s` lists those that are kept", x->in->p->name);
    return NULL;
}

struct wish {
    const char *name, *number;
    bool verifies;
};

static int work(struct writing *w, void *ctx, struct err *e)
{
    const struct wish *wish = ctx;
    struct site *s = w->site;
    struct projection_job job;
    struct outcome o = {0};
    int at = plan_find_projection(&s->plan, wish->name);
    const struct step *x = at >= 0 ? &s->plan.projections[at] : NULL;
    if (x == NULL) {
        return err_set(e, ERR_CONFIG, "no projection \"%s\"", wish->name);
    }
    const struct generation *to = switch_target(x, wish->number, e);
    bool is_tiles = x->in->p->tiling != NULL;
    if (to == NULL || (!is_tiles && job_make(s, x, &job, e) != 0)) {
        return -1;
    }
    writing_begin(w, wish->name);
    if (is_tiles) {
        tiles_switch(w, x, to, &o);
    } else {
        run_switch(&w->run, &job, to, wish->verifies, &o);
    }
    const struct result_row row = {.action = RESULT_SWITCH,
                                   .target = wish->name,
                                   .generation = to->number,
                                   .key = to->digest,
                                   .content = to->content};
    writing_end(w, row, NULL, &o);
    return 0;
}

int switch_to(struct site *s, const char *name, const char *number, bool verifies,
              const struct writing_order *o, struct result *r, struct err *e)
{
    struct wish wish = {name, number, verifies};
    struct writing_order order = *o;
    order.done = "switched";
    order.hint = "add --apply";
    order.work = work;
    order.ctx = &wish;
    return writing(s, &order, r, e);
}
