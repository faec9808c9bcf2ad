/* kfmig reset: an unprotected environment's database made anew, and built. */
#include "cli/arguments.h"
#include "cli/verb.h"
#include "flow/converge.h"
#include "flow/reset.h"

static int ask(struct invocation *s, const struct resetting *x, struct err *e)
{
    bool is_confirmed = s->req->yes || x->missing;
    for (size_t i = 0; i < x->others.n; i++) {
        verb_note(s, "%s is connected: %s", s->site.env->name, x->others.v[i]);
    }
    const char *question =
        arena_printf(s->a, "Drop the database %s (%zu migration%s applied) and make it anew?",
                     x->name, x->n_applied, x->n_applied == 1 ? "" : "s");
    if (verb_ask(s, question, "dropped", &is_confirmed, e) != 0) {
        return -1;
    }
    if (is_confirmed) {
        return 0;
    }
    err_set(e, ERR_PREFLIGHT, "reset drops the database %s: nothing was dropped", x->name);
    return err_hint(e, "add --yes");
}

static int reset_verb(struct invocation *s, const struct request *req, struct result *r,
                      struct err *e)
{
    struct arguments args;
    struct resetting x;
    const struct converge_options o = {
        .order = {.is_confirmed = true, .lock_wait_ms = req->lock_wait_ms}};
    if (invocation_open(s, req, false, e) != 0 || arguments_resolve(s, &args, e) != 0 ||
        arguments_known(&args, e) != 0) {
        return -1;
    }
    invocation_site(s, args.env);
    if (reset_look(&s->site, &x, e) != 0 || ask(s, &x, e) != 0 ||
        reset_make(&s->site, &x, req->template_db, req->lock_wait_ms, e) != 0) {
        return -1;
    }
    verb_note(s, "%s: the database %s is empty now%s", args.env->name, x.name,
              x.others.n > 0 ? "; who was connected is cut off" : "");
    if (invocation_plan(s, args.env, true, e) != 0) {
        return -1;
    }
    result_begin(r, &s->site);
    if (converge_blocked(&s->site, &o, r, e) != 0 || converge(&s->site, &o, r, e) != 0) {
        return -1;
    }
    verb_result(s, r, true);
    return 0;
}

static int run(const struct request *req)
{
    return verb_run(req, reset_verb);
}

static const char *const takes[] = {"yes", "template", "lock-wait", "progress", NULL};
static const struct example examples[] = {
    {"kfmig reset dev", "say what there is to lose, ask, then begin from nothing"},
    {NULL, NULL},
};

const struct command command_reset = {
    .name = "reset",
    .synopsis = "[ENV]",
    .summary = "Make the database of an unprotected environment anew, and build it.",
    .description =
        "Drops the database of ENV with everything in it, its ledger too, creates it again and "
        "applies all migrations, as `kfmig build` does in an empty database. It waits for the "
        "lock: "
        "a run that is at work ends first. Other sessions are named, then cut off.\n\n"
        "A protected environment is refused. The role needs CREATEDB and must own the database; "
        "--template says what it is made from, for extensions that the role may not create.",
    .options = takes,
    .examples = examples,
    .run = run,
};
