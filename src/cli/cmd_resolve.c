/* kfmig resolve: what no machine can know is settled by hand. */
#include "flow/resolve.h"

#include "cli/arguments.h"
#include "cli/verb.h"

static int find(struct invocation *s, const struct request *req, enum resolve_as *as,
                const struct begun **out, struct err *e)
{
    struct arguments args;
    struct target t;
    if (resolve_as_read(req->as, as, e) != 0 || invocation_open(s, req, false, e) != 0 ||
        arguments_resolve(s, &args, e) != 0 || arguments_plan(s, &args, true, e) != 0) {
        return -1;
    }
    if (args.n_targets != 1) {
        err_set(e, ERR_CONFIG, "`kfmig resolve` needs one migration");
        return err_hint(e, "kfmig resolve [ENV] TARGET --as=applied|absent");
    }
    struct subjects all = plan_all_subjects(&s->site.plan);
    if (plan_target(args.targets[0], args.env, 1, &all, s->a, &t, e) != 0) {
        return -1;
    }
    if (t.bundle < 0) {
        err_set(e, ERR_CONFIG, "\"%s\" is no migration", args.targets[0]);
        return err_hint(e,
                        "what a projection has begun, the next build goes on with or begins anew");
    }
    return resolve_find(&s->site, s->site.plan.v[t.bundle].bundle->id, out, e);
}

static int resolve_verb(struct invocation *s, const struct request *req, struct result *r,
                        struct err *e)
{
    const struct begun *b = NULL;
    struct writing_order order = verb_order(req);
    enum resolve_as as = RESOLVE_UNSAID;
    if (find(s, req, &as, &b, e) != 0) {
        return -1;
    }
    const char *name = s->site.env->name;
    order.plan_digest = req->plan_digest;
    result_begin(r, &s->site);
    verb_note(s, "%s", resolve_words(&s->site, b));
    if (req->dry_run) {
        verb_note(s, "%s: nothing was resolved", name);
        return 0;
    }
    if (as == RESOLVE_UNSAID) {
        err_set(e, ERR_CONFIG,
                "say what came of it: --as=applied or --as=absent; nothing was resolved");
        return err_hint(e, "--dry-run only shows it");
    }
    const char *question =
        arena_printf(s->a, "Take this of %s for %s in %s?", b->subject, req->as, name);
    if (writing_may(&s->site, e) != 0 || writing_reviewed(&s->site, req->plan_digest, e) != 0 ||
        verb_confirm(s, question, "resolved", &order.is_confirmed, e) != 0) {
        return -1;
    }
    return resolve(&s->site, b, as, &order, r, e);
}

static int run(const struct request *req)
{
    return verb_run(req, resolve_verb);
}

static const char *const takes[] = {"as",    "apply", "dry-run",   "plan",     "intent", "pr",
                                    "links", "notes", "lock-wait", "progress", NULL};
static const struct example examples[] = {
    {"kfmig resolve prod PG-MIG-2026-02-28-01 --dry-run", "what was seen of it, and nothing else"},
    {"kfmig resolve prod PG-MIG-2026-02-28-01 --as=applied --apply",
     "what stands there is what was wanted"},
    {"kfmig resolve dev PG-MIG-2026-02-28-01 --as=absent", "it did not happen: begin anew"},
    {NULL, NULL},
};
const struct command command_resolve = {
    .name = "resolve",
    .synopsis = "[ENV] TARGET",
    .summary = "Settle by hand what no machine can know, with a receipt.",
    .description =
        "What no transaction covers is journaled: where a run was killed the next one asks the "
        "database whether the step that was begun stands, stands in part, or does not, and goes "
        "on. "
        "Where what stands there is somebody else's (`in_doubt`), or what was begun is not what is "
        "declared now (`begun_otherwise`), nobody but a person can tell. This shows what was seen "
        "of it, and takes an answer:\n\n"
        "--as=applied: what stands there counts as done, and the next build goes on behind it, "
        "with all gates at the end. --as=absent: it did not happen, and the next build begins it "
        "anew. In a protected environment a person confirms it, or --apply does.\n\n"
        "The ledger gets an entry of kind resolve with a receipt that says what was seen; nothing "
        "in the database changes besides. What a build can tell by itself is refused. "
        "docs/recovery.md.",
    .options = takes,
    .examples = examples,
    .run = run,
};
