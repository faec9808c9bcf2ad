/* Projections of tiles within a run. */
#include "flow/tiles.h"

#include <string.h>

#include "run/tiles.h"
#include "site/tiling.h"

/* What is wanted once everything before it has run: the plan may have been made without knowing. */
static int make_job(struct site *s, const struct step *x, struct tiles_job *job, struct err *e)
{
    const struct projection *p = x->in->p;
    const struct projection *from = tiling_from(s->project, p);
    struct generations now = {0};
    if (from == NULL || ledger_generations(s->pg, s->a, &now, e) != 0) {
        return from != NULL ? -1 : err_set(e, ERR_CONFIG, "%s is made from nothing", p->name);
    }
    const struct generation *live = generations_live(&now, from->name);
    if (live == NULL) {
        err_set(e, ERR_PREFLIGHT, "%s, which %s is made from, is not built", from->name, p->name);
        return err_hint(e, "`kfmig build %s` builds both", s->env->name);
    }
    *job = (struct tiles_job){.step = x, .place = tiling_place(s, p), .from = from->schema};
    if (tiling_parts(s, p, live, &job->parts, e) != 0) {
        return -1;
    }
    job->digest = parts_digest(&job->parts);
    return 0;
}

/* The same content as before stops the change here. */
static bool is_as_before(const struct step *x, const struct tiles_job *job)
{
    return !job->fresh && x->live != NULL && x->in->altered == NULL &&
           digest_eq(&x->live->digest, &job->digest);
}

void tiles_build(struct writing *w, const struct step *x, bool fresh, const char *done)
{
    struct site *s = w->site;
    struct tiles_job job;
    struct outcome o = {0};
    struct err e = {0};
    struct result_row row = {.action = RESULT_PUBLISH, .target = x->in->p->name};
    writing_begin(w, row.target);
    if (make_job(s, x, &job, &e) != 0) {
        tell_fault(&s->ear, &e);
        row.failure = arena_dup(s->a, &e, sizeof e);
        (void)result_add(w->result, s->a, &row);
        return;
    }
    job.fresh = fresh;
    if (is_as_before(x, &job)) {
        tell_note(&s->ear, "%s: what it is made from has the same content as before; it stays",
                  row.target);
        w->result->n_as_before++;
        return;
    }
    row.key = job.digest;
    run_tiles(&w->run, &job, &o);
    writing_end(w, row, done, &o);
}

void tiles_switch(struct writing *w, const struct step *x, const struct generation *to,
                  struct outcome *o)
{
    const struct tiles_job job = {.step = x,
                                  .place = tiling_place(w->site, x->in->p),
                                  .from = "",
                                  .parts = to->parts,
                                  .digest = to->digest,
                                  .to = to};
    run_tiles(&w->run, &job, o);
}

int tiles_collect(struct writing *w, const struct step *x, bool all, size_t *n, struct err *e)
{
    struct tile_place place = tiling_place(w->site, x->in->p);
    *n = 0;
    return place.folder != NULL ? run_tiles_retire(&w->run, x, &place, all, n, e) : 0;
}
