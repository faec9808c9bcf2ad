/* kfmig gc: drop generations that nothing needs. */
#include "cli/arguments.h"
#include "cli/verb.h"
#include "flow/collect.h"

static int gc(struct invocation *s, const struct request *req, struct result *r, struct err *e)
{
    struct arguments args;
    const struct writing_order order = verb_order(req);
    size_t total = 0;
    if (invocation_open(s, req, false, e) != 0 || arguments_resolve(s, &args, e) != 0 ||
        arguments_known(&args, e) != 0 || invocation_plan(s, args.env, true, e) != 0) {
        return -1;
    }
    bool has_ledger = s->site.id.has_ledger;
    result_begin(r, &s->site);
    if (collect(&s->site, req->all, &order, r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < r->n; i++) {
        total += r->v[i].n;
    }
    if (has_ledger) {
        verb_note(s, "%s: %zu generation%s dropped", args.env->name, total, total == 1 ? "" : "s");
    } else {
        verb_note(s, "%s: nothing to collect", args.env->name);
    }
    return 0;
}

static int run(const struct request *req)
{
    return verb_run(req, gc);
}

static const char *const gc_options[] = {"all",   "apply",     "intent",   "pr", "links",
                                         "notes", "lock-wait", "progress", NULL};
static const struct example gc_examples[] = {
    {"kfmig gc dev", "drop what `retain` does not keep"},
    {"kfmig gc dev --all", "drop every generation that is neither live nor wanted"},
    {NULL, NULL},
};
const struct command command_gc = {
    .name = "gc",
    .synopsis = "[ENV]",
    .summary = "Drop generations of projections that nothing needs.",
    .description =
        "Drops unfinished generations that are not wanted any more, and kept ones beyond what the "
        "declaration retains; with "
        "--all every one that is\n"
        "neither live nor wanted. A generation that something outside of it depends on stays.",
    .options = gc_options,
    .examples = gc_examples,
    .run = run,
};
