/* kfmig switch: which generation of a projection readers see. */
#include "flow/switch.h"

#include "cli/output.h"
#include "cli/verb.h"

static int list(const struct invocation *s, const struct step *x)
{
    struct buf out = {0};
    const struct doc *d = report_generations(&out, s->a, s->site.env->name, x);
    int status =
        s->req->format == FORMAT_JSON ? output_json(s->req, d) : output_result(s->req, &out);
    buf_release(&out);
    return status;
}

static int change(struct invocation *s, const char *name, const char *number, struct result *r,
                  struct err *e)
{
    const struct writing_order order = verb_order(s->req);
    result_begin(r, &s->site);
    if (switch_to(&s->site, name, number, s->req->verify, &order, r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < r->n && r->n_failed == 0; i++) {
        const struct result_row *x = &r->v[i];
        verb_note(s, "%s: generation %lld is live, %lld ms; ledger entry %lld, run %s", name,
                  (long long)x->generation, (long long)x->ms, (long long)x->sequence, x->run_id);
    }
    return 0;
}

static int switch_verb(struct invocation *s, const struct request *req, struct result *r,
                       struct err *e)
{
    if (invocation_open(s, req, false, e) != 0) {
        return -1;
    }
    const struct env *env = req->n_args > 0 ? load_env(&s->project, req->args[0]) : NULL;
    size_t at = env != NULL ? 1 : 0;
    if (req->n_args == at || req->n_args > at + 2) {
        err_set(e, ERR_CONFIG, "`kfmig switch` needs a projection, and at most a generation");
        return err_hint(e, "kfmig switch [ENV] PROJECTION [N]");
    }
    if ((env == NULL && invocation_env(s, NULL, &env, e) != 0) ||
        invocation_plan(s, env, true, e) != 0) {
        return -1;
    }
    const char *name = req->args[at];
    int found = plan_find_projection(&s->site.plan, name);
    if (found < 0) {
        err_set(e, ERR_CONFIG, "no projection \"%s\"", name);
        return err_hint(e, "registry/projections declares them");
    }
    if (!s->site.id.has_ledger) {
        return site_no_ledger(env, "no generation was built there", e);
    }
    const struct step *x = &s->site.plan.projections[found];
    if (req->n_args == at + 1) {
        result_worsen(r, list(s, x) == 0 ? ERR_NONE : ERR_PREFLIGHT);
        return 0;
    }
    return switch_target(x, req->args[at + 1], e) != NULL ? change(s, name, req->args[at + 1], r, e)
                                                          : -1;
}

static int run(const struct request *req)
{
    return verb_run(req, switch_verb);
}

static const char *const switch_options[] = {"verify", "apply",     "intent",   "pr", "links",
                                             "notes",  "lock-wait", "progress", NULL};
static const struct example switch_examples[] = {
    {"kfmig switch dev feature_index", "the generations that are there"},
    {"kfmig switch dev feature_index 1", "readers see generation 1 again"},
    {"kfmig switch dev feature_index 1 --verify", "only if every row is the one that was proven"},
    {NULL, NULL},
};
const struct command command_switch = {
    .name = "switch",
    .synopsis = "[ENV] PROJECTION [N]",
    .summary = "List the generations of a projection, or publish a kept one.",
    .description =
        "Without N: the generations that stand in the database. With N: that generation is live "
        "again, after its\n"
        "structure and the number of its rows were compared with what was proven; with --verify "
        "its content, too.\n"
        "What is switched to by hand stays: build reports the projection as blocked "
        "(switched_back) "
        "until its\n"
        "declaration changes.",
    .options = switch_options,
    .examples = switch_examples,
    .run = run,
};
