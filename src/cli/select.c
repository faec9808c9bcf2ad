/* What the verbs that only look share. */
#include "cli/select.h"

int select_env(struct invocation *s, const struct request *req, struct arguments *out,
               struct err *e)
{
    if (invocation_open(s, req, false, e) != 0 || arguments_resolve(s, out, e) != 0) {
        return -1;
    }
    return arguments_plan(s, out, false, e);
}

int select_plan(struct invocation *s, const struct request *req, struct err *e)
{
    struct arguments args;
    if (select_env(s, req, &args, e) != 0) {
        return -1;
    }
    return arguments_restrict(s, &args, e);
}

int select_target(struct invocation *s, const struct arguments *args, struct selected *out,
                  struct err *e)
{
    struct target t;
    struct subjects all = plan_all_subjects(&s->site.plan);
    *out = (struct selected){.step = -1, .stage = STAGE_COUNT, .projection = -1, .part = -1};
    if (args->n_targets == 0) {
        return 0;
    }
    if (args->n_targets > 1) {
        return err_set(e, ERR_CONFIG, "`kfmig %s` takes one target, not %zu", s->req->command->name,
                       args->n_targets);
    }
    if (plan_target(args->targets[0], s->project.env, s->project.n_env, &all, s->a, &t, e) != 0) {
        *e = args->unknown.code != ERR_NONE ? args->unknown : *e;
        return -1;
    }
    *out = (struct selected){
        .step = t.bundle, .stage = t.stage, .projection = t.projection, .part = t.part};
    return 0;
}
