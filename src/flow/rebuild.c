/* Making projections again. */
#include "flow/rebuild.h"

#include <string.h>

#include "flow/job.h"
#include "flow/tiles.h"

static bool uses(const struct projection *p, const char *version)
{
    for (size_t i = 0; version != NULL && i < p->n_sources; i++) {
        if (strcmp(p->source[i].version, version) == 0) {
            return true;
        }
    }
    return false;
}

bool meant_is(const struct meant *m, const struct env *env, const struct projection *p)
{
    return !p->is_absent && (!p->has_environments || names_have(&p->environments, env->name)) &&
           env->store[p->store] && (m->projection == NULL || strcmp(m->projection, p->name) == 0) &&
           (m->all || uses(p, m->dataset_version));
}

bool meant_in_database(const struct meant *m, const struct env *env, const struct projection *p)
{
    return p->tiling == NULL && meant_is(m, env, p);
}

/* What is meant and can be rebuilt; *blocked: one that cannot, or NULL. */
static size_t count_meant(const struct site *s, const struct meant *m, const struct step **blocked)
{
    size_t n = 0;
    *blocked = NULL;
    for (size_t i = 0; i < s->plan.n_projections; i++) {
        const struct step *x = &s->plan.projections[i];
        if (meant_is(m, s->env, x->in->p) && x->state != STATE_NOT_APPLICABLE) {
            *blocked = x->state == STATE_BLOCKED ? x : *blocked;
            n++;
        }
    }
    return n;
}

static int refuse_none(const struct site *s, const struct meant *m, struct err *e)
{
    if (m->all) {
        return err_set(e, ERR_CONFIG, "no projection is declared for %s", s->env->name);
    }
    err_set(e, ERR_CONFIG, "no projection of %s uses dataset version \"%s\"", s->env->name,
            m->dataset_version);
    return err_hint(e, "`kfmig dataset list` shows the versions; --all rebuilds every projection");
}

int rebuild_check(const struct site *s, const struct meant *m, struct err *e)
{
    const struct step *blocked;
    if (count_meant(s, m, &blocked) == 0) {
        return refuse_none(s, m, e);
    }
    if (blocked != NULL) {
        err_set(e, ERR_PREFLIGHT, "projection %s is blocked: %s", blocked->in->p->name,
                reason_sentence(blocked->reasons[0].code));
        return err_hint(e, "`kfmig why %s/%s` explains", s->env->name, blocked->in->p->name);
    }
    return 0;
}

static int refuse_pending(const struct site *s, struct err *e)
{
    if (s->plan.n_apply == 0) {
        return 0;
    }
    err_set(e, ERR_PREFLIGHT, "%zu migration%s of %s not applied yet", s->plan.n_apply,
            s->plan.n_apply == 1 ? " is" : "s are", s->env->name);
    return err_hint(e, "`kfmig build %s` applies them, and builds the projections behind them",
                    s->env->name);
}

/* -1: it could not even begin. A failure is in the result. */
static int rebuild_one(struct writing *w, struct step *x, struct err *e)
{
    struct site *s = w->site;
    struct projection_job job;
    struct outcome o = {0};
    struct result_row row = {
        .action = RESULT_PUBLISH, .target = x->in->p->name, .key = x->in->digest};
    if (x->in->p->tiling != NULL) {
        tiles_build(w, x, true, "rebuilt and published");
        return 0;
    }
    writing_begin(w, row.target);
    if (job_make(s, x, &job, e) != 0) {
        return -1;
    }
    job.fresh = true;
    run_projection(&w->run, &job, &o);
    writing_end(w, row, "rebuilt and published", &o);
    return 0;
}

static int work(struct writing *w, void *ctx, struct err *e)
{
    const struct meant *m = ctx;
    struct site *s = w->site;
    int rc = 0;
    for (size_t i = 0; rc == 0 && w->result->n_failed == 0 && i < s->plan.n_projections; i++) {
        struct step *x = &s->plan.projections[i];
        if (meant_is(m, s->env, x->in->p) && x->state != STATE_NOT_APPLICABLE &&
            x->state != STATE_BLOCKED) {
            rc = rebuild_one(w, x, e);
        }
    }
    return rc;
}

int rebuild(struct site *s, const struct meant *m, const struct writing_order *o, struct result *r,
            struct err *e)
{
    struct meant mine = *m;
    struct writing_order order = *o;
    order.done = "rebuilt";
    order.hint = "add --apply";
    order.baseline = writing_found;
    order.work = work;
    order.ctx = &mine;
    if (rebuild_check(s, m, e) != 0 || refuse_pending(s, e) != 0) {
        result_worsen(r, e->code);
        return -1;
    }
    return writing(s, &order, r, e);
}
