/* Positional arguments: environment and targets. */
#include "cli/arguments.h"

#include <string.h>

struct subjects arguments_subjects(const struct project *p, struct arena *a)
{
    const struct bundle **bundles = ARENA_ARRAY(a, const struct bundle *, p->n_bundle + 1);
    const struct projection **projections =
        ARENA_ARRAY(a, const struct projection *, p->n_projection + 1);
    for (size_t i = 0; i < p->n_bundle; i++) {
        bundles[i] = &p->bundle[i];
    }
    for (size_t i = 0; i < p->n_projection; i++) {
        projections[i] = &p->projection[i];
    }
    struct subjects all = {bundles, p->n_bundle, projections, p->n_projection, {0}};
    plan_subjects(a, &all);
    return all;
}

static const char *full_name(struct arena *a, const struct subjects *all, const struct target *t)
{
    if (t->projection >= 0) {
        const struct projection *p = all->projections[t->projection];
        return t->part < 0 ? p->name
                           : arena_printf(a, "%s@%s", p->name, plan_part_text(a, p, t->part));
    }
    const char *id = all->bundles[t->bundle]->id;
    return t->stage == STAGE_COUNT ? id : arena_printf(a, "%s@%s", id, stage_text(t->stage));
}

/* What was wrong with the arguments says more than what came of it. */
static int arguments_fault(const struct arguments *args, struct err *e)
{
    if (args->unknown.code != ERR_NONE) {
        *e = args->unknown;
    }
    return -1;
}

static int take_target(struct invocation *s, const struct subjects *all, struct arguments *out,
                       const char *text, struct err *e)
{
    struct target t;
    int rc = plan_target(text, s->project.env, s->project.n_env, all, s->a, &t, e);
    if (t.env != NULL) {
        const struct env *env = load_env(&s->project, t.env);
        if (out->env != NULL && out->env != env) {
            err_set(e, ERR_CONFIG, "\"%s\" is in environment \"%s\", but \"%s\" was named before",
                    text, t.env, out->env->name);
            return err_hint(e, "one run works on one environment");
        }
        out->env = env;
        text += strlen(t.env) + 1;
    }
    bool is_unknown = rc != 0 && t.bundle < 0 && t.projection < 0;
    if (rc != 0 && !is_unknown) {
        return -1;
    }
    if (is_unknown && out->unknown.code == ERR_NONE) {
        out->unknown = *e;
    }
    out->targets[out->n_targets++] = is_unknown ? text : full_name(s->a, all, &t);
    return 0;
}

int arguments_plan(struct invocation *s, const struct arguments *args, bool want_server,
                   struct err *e)
{
    return invocation_plan(s, args->env, want_server, e) == 0 ? 0 : arguments_fault(args, e);
}

int arguments_restrict(struct invocation *s, const struct arguments *args, struct err *e)
{
    return plan_restrict(&s->site.plan, args->targets, args->n_targets, e) == 0
               ? 0
               : arguments_fault(args, e);
}

int arguments_known(const struct arguments *args, struct err *e)
{
    if (args->unknown.code != ERR_NONE) {
        *e = args->unknown;
        return -1;
    }
    return 0;
}

/* The first word may have been meant as an environment. */
static void hint_environment(const struct invocation *s, const char *text, struct err *e)
{
    for (size_t i = 0; i < s->project.n_env; i++) {
        if (text_is_near(bytes_str(text), bytes_str(s->project.env[i].name))) {
            e->hint[0] = '\0';
            (void)err_hint(e, "did you mean environment \"%s\"?", s->project.env[i].name);
            return;
        }
    }
}

int arguments_resolve(struct invocation *s, struct arguments *out, struct err *e)
{
    const struct request *req = s->req;
    *out = (struct arguments){.targets = ARENA_ARRAY(s->a, const char *, req->n_args + 1)};
    size_t first = 0;
    if (req->n_args > 0) {
        out->env = load_env(&s->project, req->args[0]);
        first = out->env != NULL ? 1 : 0;
    }
    struct subjects all = {0};
    if (first < req->n_args) {
        all = arguments_subjects(&s->project, s->a);
    }
    for (size_t i = first; i < req->n_args; i++) {
        int rc = take_target(s, &all, out, req->args[i], e);
        struct err *fault = rc != 0 ? e : &out->unknown;
        if (i == 0 && fault->code != ERR_NONE) {
            hint_environment(s, req->args[0], fault);
        }
        if (rc != 0) {
            return -1;
        }
    }
    /* A lone word that is neither: say what it could have been, as an environment. */
    if (req->n_args > first && first == 0 && s->project.n_bundle + s->project.n_projection == 0) {
        (void)!invocation_env(s, req->args[0], &out->env, &out->unknown);
    }
    return out->env != NULL ? 0 : invocation_env(s, NULL, &out->env, e);
}
