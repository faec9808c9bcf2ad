/* kfmig build: converge an environment. */
#include <stdio.h>

#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "flow/converge.h"
#include "flow/idle.h"

/* A protected environment shows the plan and wants a yes from a person, or --apply. */
static int confirm(struct invocation *s, bool *is_confirmed, struct err *e)
{
    const struct plan *p = &s->site.plan;
    *is_confirmed = true;
    if (!s->site.env->is_protected) {
        return 0;
    }
    verb_plan(s, s->req->format == FORMAT_JSON ? stderr : stdout);
    if (writing_may(&s->site, e) != 0) {
        return -1;
    }
    const char *question = arena_printf(s->a, "Apply %zu migration%s to %s?", p->n_apply,
                                        p->n_apply == 1 ? "" : "s", p->env->name);
    return verb_confirm(s, question, "run", is_confirmed, e);
}

/* The environment of a build of everything, of which only its end is told, by its declaration; NULL: it is
 * another build, or the arguments are for others to judge. */
static const struct env *whole(const struct invocation *s, const struct request *req)
{
    if (req->asks_more || req->n_args > 1) {
        return NULL;
    }
    return req->n_args == 1 ? load_env(&s->project, req->args[0]) : s->project.default_env;
}

/* Is it known that there is nothing to do? As idle_known(). */
static int is_known(struct invocation *s, const struct request *req, const struct looks *looks,
                    struct result *r, struct err *e)
{
    const struct env *env = whole(s, req);
    if (env == NULL) {
        return 0;
    }
    invocation_site(s, env);
    int known = idle_known(looks, &s->site, r, e);
    if (known > 0) {
        verb_result(s, r, false);
    }
    return known;
}

static int converge_all(struct invocation *s, const struct request *req, struct result *r,
                        bool *is_idle, struct err *e)
{
    struct arguments args;
    struct converge_options o = {.order = verb_order(req),
                                 .keep_going = req->keep_going,
                                 .skips_backup = req->skip_backup,
                                 .forces = req->force,
                                 .most = req->steps > 0 ? req->steps : 0};
    s->shows_no_plan = !req->dry_run;
    if (arguments_resolve(s, &args, e) != 0 || arguments_plan(s, &args, true, e) != 0 ||
        arguments_restrict(s, &args, e) != 0 ||
        writing_reviewed(&s->site, req->plan_digest, e) != 0) {
        return -1;
    }
    if (req->dry_run) {
        verb_plan(s, stdout);
        return 0;
    }
    o.order.plan_digest = req->plan_digest;
    o.order.targets = args.targets;
    o.order.n_targets = args.n_targets;
    result_begin(r, &s->site);
    if (req->steps == 0) {
        result_end(r, &s->site);
        verb_note(s, "%s: nothing was run (--steps=0)", r->environment);
        return 0;
    }
    if (converge_blocked(&s->site, &o, r, e) != 0) {
        return -1;
    }
    *is_idle = !converge_has_work(&s->site);
    if ((!*is_idle && confirm(s, &o.order.is_confirmed, e) != 0) ||
        converge(&s->site, &o, r, e) != 0) {
        return -1;
    }
    verb_result(s, r, !*is_idle);
    return 0;
}

static int build(struct invocation *s, const struct request *req, struct result *r, struct err *e)
{
    struct looks looks;
    bool is_idle = false;
    if (invocation_begin(s, req, e) != 0) {
        return -1;
    }
    idle_begin(&looks, &s->project);
    int known = is_known(s, req, &looks, r, e);
    if (known != 0) {
        return known > 0 ? 0 : -1;
    }
    if (invocation_open(s, req, false, e) != 0 || converge_all(s, req, r, &is_idle, e) != 0) {
        return -1;
    }
    if (is_idle && whole(s, req) != NULL) {
        idle_keep(&looks, &s->site, r);
    }
    return 0;
}

static int run(const struct request *req)
{
    return verb_run(req, build);
}

static const char *const build_options[] = {
    "dry-run", "steps", "plan",  "apply", "keep-going", "prune",     "skip-backup", "force", "key",
    "intent",  "pr",    "links", "notes", "jobs",       "lock-wait", "progress",    NULL};
static const struct example build_examples[] = {
    {"kfmig build dev", "apply what is not applied yet"},
    {"kfmig build dev PG-MIG-2026-02-28-01", "only this migration and what it needs"},
    {"kfmig build prod --apply --plan=sha256:...", "run exactly the plan that was reviewed"},
    {NULL, NULL},
};
const struct command command_build = {
    .name = "build",
    .synopsis = "[ENV] [TARGET...]",
    .summary = "Converge an environment: plan, then run what is stale.",
    .description =
        "Makes the plan, takes the environment's lock, makes the plan again under it and applies "
        "each migration that is not\n"
        "applied yet in one guarded transaction: statements, then everything the transaction did "
        "is observed and compared\n"
        "with scope, limits, protected domains and invariants; only then COMMIT. Whatever fails "
        "rolls back and leaves a\n"
        "failed receipt. Evidence is exported where the environment wants it.\n"
        "\n"
        "With a blocked target nothing runs unless -k is given. A protected environment shows the "
        "plan and asks on a\n"
        "terminal; elsewhere it needs --apply. With nothing to do nothing is written, but for "
        "receipts that the sink lacks.",
    .options = build_options,
    .examples = build_examples,
    .run = run,
};
