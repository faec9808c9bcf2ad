/* kfmig rebuild: make projections again from their catalogs and artifacts alone. */
#include <string.h>

#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/projections.h"
#include "cli/signals.h"
#include "cli/sink.h"

static bool uses(const struct projection *p, const char *version)
{
    for (size_t i = 0; i < p->n_sources; i++) {
        if (strcmp(p->source[i].version, version) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_meant(const struct request *req, const struct projection_step *x)
{
    const struct projection *p = x->in->p;
    return (req->projection == NULL || strcmp(req->projection, p->name) == 0) &&
           (req->all || uses(p, req->dataset_version));
}

/* What is meant and can be rebuilt; *blocked: one that cannot, or NULL. */
static size_t count_meant(struct session *s, const struct projection_step **blocked)
{
    size_t n = 0;
    *blocked = NULL;
    for (size_t i = 0; i < s->plan.n_projections; i++) {
        const struct projection_step *x = &s->plan.projections[i];
        if (!is_meant(s->req, x) || x->state == STATE_NOT_APPLICABLE) {
            continue;
        }
        *blocked = x->state == STATE_BLOCKED ? x : *blocked;
        n++;
    }
    return n;
}

static int refuse(struct session *s, size_t n, const struct projection_step *blocked, struct err *e)
{
    if (n == 0 && s->req->all) {
        return err_set(e, ERR_CONFIG, "no projection is declared for %s", s->link.env->name);
    }
    if (n == 0) {
        err_set(e, ERR_CONFIG, "no projection of %s uses dataset version \"%s\"", s->link.env->name,
                s->req->dataset_version);
        return err_hint(e,
                        "`kfmig dataset list` shows the versions; --all rebuilds every projection");
    }
    err_set(e, ERR_PREFLIGHT, "projection %s is blocked: %s", blocked->in->p->name,
            reason_sentence(blocked->reasons[0].code));
    return err_hint(e, "`kfmig why %s/%s` explains", s->link.env->name, blocked->in->p->name);
}

static int rebuild_one(struct work_frame *w, struct projection_step *x, struct err *e)
{
    struct session *s = w->s;
    struct projection_job job;
    struct projection_events events = projections_events(&w->progress);
    struct outcome o;
    progress_step(&w->progress, x->in->p->name);
    if (projections_job(s, x, &job, e) != 0) {
        return -1;
    }
    job.events = &events;
    job.fresh = true;
    run_projection(&w->run, &job, &o);
    progress_clear(&w->progress);
    if (o.result == RUN_SUCCESS) {
        output_note(s->req, "%s  rebuilt and published, %lld ms; ledger entry %lld, run %s",
                    x->in->p->name, (long long)o.elapsed_ms, (long long)o.sequence, o.run_id);
        return 0;
    }
    *e = o.failure;
    if (o.owed.p != NULL) {
        struct err late = {0};
        if (work_owe(w, &o, &late) != 0) {
            (void)output_error(s->req, -1, &late);
        }
    }
    return -1;
}

static int rebuild(struct session *s, const struct request *req, struct err *e)
{
    struct arguments args;
    struct work_frame w;
    struct err late = {0};
    const struct projection_step *blocked;
    if (req->dataset_version == NULL && !req->all) {
        err_set(e, ERR_CONFIG, "`kfmig rebuild` needs --dataset-version=ID, or --all");
        return err_hint(e, "`kfmig dataset list` shows the versions that are there");
    }
    if (session_project(s, req, false, e) != 0 || arguments_resolve(s, &args, e) != 0 ||
        session_plan(s, args.env, true, e) != 0) {
        return -1;
    }
    size_t n = count_meant(s, &blocked);
    if (n == 0 || blocked != NULL) {
        return refuse(s, n, blocked, e);
    }
    if (req->dry_run) {
        for (size_t i = 0; i < s->plan.n_projections; i++) {
            if (is_meant(req, &s->plan.projections[i])) {
                output_note(req, "would rebuild %s", s->plan.projections[i].in->p->name);
            }
        }
        return 0;
    }
    if (s->link.env->is_protected && !req->apply) {
        err_set(e, ERR_PREFLIGHT, "environment \"%s\" is protected: nothing was rebuilt",
                args.env->name);
        return err_hint(e, "add --apply");
    }
    if (s->plan.n_apply > 0) {
        err_set(e, ERR_PREFLIGHT, "%zu migration%s of %s not applied yet", s->plan.n_apply,
                s->plan.n_apply == 1 ? " is" : "s are", args.env->name);
        return err_hint(e, "`kfmig build %s` applies them, and builds the projections behind them",
                        args.env->name);
    }
    int rc = work_open(&w, s, !s->link.id.has_ledger, e);
    for (size_t i = 0; rc == 0 && i < s->plan.n_projections; i++) {
        struct projection_step *x = &s->plan.projections[i];
        if (is_meant(req, x) && x->state != STATE_NOT_APPLICABLE && x->state != STATE_BLOCKED) {
            rc = rebuild_one(&w, x, e);
        }
    }
    work_close(&w);
    if (sink_deliver(s, &s->link, &late) != 0) {
        (void)output_error(req, -1, &late);
    }
    return rc;
}

static int run(const struct request *req)
{
    struct session s = {0};
    struct err e = {0};
    signals_catch();
    int rc = rebuild(&s, req, &e);
    int status = rc == 0 ? 0 : output_error(req, s.project.dirfd, &e);
    session_close(&s);
    return signals_seen() != 0 ? 128 + signals_seen() : status;
}

static const char *const rebuild_options[] = {
    "dataset-version", "all", "projection", "dry-run", "apply", "lock-wait", NULL};
static const struct example rebuild_examples[] = {
    {"kfmig rebuild prod --dataset-version=2026-03.41bf996d",
     "every projection that uses that version, into a new generation"},
    {"kfmig rebuild --all --dry-run", "which projections would be made again"},
    {NULL, NULL},
};
const struct command command_rebuild = {
    .name = "rebuild",
    .synopsis = "[ENV]",
    .summary = "Make projections again from catalogs and artifacts alone.",
    .description = "Makes a new generation of every projection that uses the dataset version, "
                   "whether it seems current or not: "
                   "the chain in an empty\n"
                   "schema, all rows from the artifacts whose digests the catalog names, nothing "
                   "from the generation that is "
                   "live. It is proven,\n"
                   "published like any other generation, and leaves a receipt that names every "
                   "input by digest.",
    .options = rebuild_options,
    .examples = rebuild_examples,
    .run = run,
};
