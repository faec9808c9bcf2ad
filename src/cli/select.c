/* What the verbs that only look share. */
#include "cli/select.h"

int select_env(struct invocation *s, const struct request *req, struct arguments *out,
               struct err *e)
{
    if (invocation_open(s, req, false, e) != 0 || arguments_resolve(s, out, e) != 0) {
        return -1;
    }
    return invocation_plan(s, out->env, false, e);
}

int select_plan(struct invocation *s, const struct request *req, struct err *e)
{
    struct arguments args;
    if (select_env(s, req, &args, e) != 0) {
        return -1;
    }
    return plan_restrict(&s->site.plan, args.targets, args.n_targets, e);
}

int select_target(struct invocation *s, const struct arguments *args, struct selected *out,
                  struct err *e)
{
    struct target t;
    struct subjects all = arguments_subjects(&s->project, s->a);
    *out = (struct selected){.step = -1, .stage = STAGE_COUNT, .projection = -1, .part = -1};
    if (args->n_targets == 0) {
        return 0;
    }
    if (args->n_targets > 1) {
        return err_set(e, ERR_CONFIG, "`kfmig %s` takes one target, not %zu", s->req->command->name,
                       args->n_targets);
    }
    if (plan_target(args->targets[0], s->project.env, s->project.n_env, &all, s->a, &t, e) != 0) {
        return -1;
    }
    if (t.projection >= 0) {
        out->projection = plan_find_projection(&s->site.plan, all.projections[t.projection]->name);
        out->part = t.part;
    } else {
        out->step = plan_find(&s->site.plan, all.bundles[t.bundle]->id);
        out->stage = t.stage;
    }
    return 0;
}
