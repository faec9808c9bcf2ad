/* kfmig deployed: a deployment is recorded, for the migrations that wait for it. */
#include "flow/deployed.h"

#include "cli/verb.h"

static int deployed_verb(struct invocation *s, const struct request *req, struct result *r,
                         struct err *e)
{
    const struct writing_order order = verb_order(req);
    const struct env *env = NULL;
    if (invocation_open(s, req, false, e) != 0) {
        return -1;
    }
    if (req->n_args < 1 || req->n_args > 2) {
        err_set(e, ERR_CONFIG, "`kfmig deployed` needs the tag of one deployment");
        return err_hint(e, "kfmig deployed [ENV] TAG");
    }
    if (invocation_env(s, req->n_args > 1 ? req->args[0] : NULL, &env, e) != 0 ||
        invocation_plan(s, env, true, e) != 0) {
        return -1;
    }
    result_begin(r, &s->site);
    return deployed(&s->site, req->args[req->n_args - 1], &order, r, e);
}

static int run(const struct request *req)
{
    return verb_run(req, deployed_verb);
}

static const char *const takes[] = {"intent",    "pr",       "links", "notes",
                                    "lock-wait", "progress", NULL};
static const struct example examples[] = {
    {"kfmig deployed prod v2.4", "from here on no node of prod runs anything older"},
    {"kfmig deployed prod v2.4 --links=ci=https://ci.example/run/17 --notes=\"all 12 nodes\"",
     "with what shows it, for the receipt"},
    {NULL, NULL},
};
const struct command command_deployed = {
    .name = "deployed",
    .synopsis = "[ENV] TAG",
    .summary = "Record that an application's deployment is out, with a receipt.",
    .description =
        "A migration or backfill that declares `requires_deploy: TAG` is held back until this is "
        "recorded: what it takes away or fills may be used by the old version of the application, "
        "and no database can tell whether that still runs. An operator or CI says so, once in each "
        "environment. `plan`, `why` and `preflight` name what waits; a build runs all the rest.\n\n"
        "The ledger gets one entry of kind deploy, and nothing else changes. A tag that is "
        "recorded stays so; an application that is set back wants a new tag.",
    .options = takes,
    .examples = examples,
    .run = run,
};
