/* kfmig preflight: look at an environment before it is changed; and how postflight runs. */
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "flow/inspect.h"

static int print(struct invocation *s, const struct inspection *x, struct err *e)
{
    struct buf out = {0};
    const char *path = inspect_path(&s->site, x);
    struct style st = output_style(s->req, stdout);
    const struct doc *d = report_inspection_doc(s->a, x);
    if (inspect_keep(&s->site, path, d, e) != 0) {
        return -1;
    }
    report_inspection(&out, &st, x);
    int rc = verb_print(s->req, &out, d, e);
    verb_note(s, "%s: the report is %s", x->env, path);
    return rc;
}

static int confirm(struct invocation *s, const struct arguments *args, struct err *e)
{
    struct result done;
    struct writing_order order = verb_order(s->req);
    if (s->req->confirm == NULL) {
        return writing_reviewed(&s->site, s->req->plan_digest, e);
    }
    order.targets = args->targets;
    order.n_targets = args->n_targets;
    order.plan_digest = s->req->plan_digest;
    result_begin(&done, &s->site);
    return inspect_confirm(&s->site, s->req->confirm, &order, &done, e);
}

static int look(struct invocation *s, const struct request *req, struct result *r, struct err *e)
{
    struct arguments args;
    struct inspection x;
    struct err found = {0};
    const struct inspect_options o = {.is_after = req->command == &command_postflight,
                                      .counts_all = req->verify,
                                      .expect = req->expect};
    if (invocation_open(s, req, false, e) != 0 || arguments_resolve(s, &args, e) != 0) {
        return -1;
    }
    if (arguments_plan(s, &args, true, &found) != 0) {
        if (inspect_refused(&s->site, &o, &found, &x, e) != 0) {
            return -1;
        }
    } else if (arguments_restrict(s, &args, e) != 0 || confirm(s, &args, e) != 0 ||
               inspect(&s->site, &o, &x, e) != 0) {
        return -1;
    }
    if (print(s, &x, e) != 0) {
        return -1;
    }
    if (found.code != ERR_NONE || inspect_verdict(&x, &found) != 0) {
        result_worsen(r, found.code);
        (void)output_fault(req, s->project.dirfd, &found);
    }
    return 0;
}

int preflight_run(const struct request *req)
{
    return verb_run(req, look);
}

static const char *const takes[] = {"expect", "confirm", "plan",      "prune",    "intent", "pr",
                                    "links",  "notes",   "lock-wait", "progress", NULL};
static const struct example examples[] = {
    {"kfmig preflight prod", "may what is pending be run there now?"},
    {"kfmig preflight prod --expect=PG-MIG-2026-02-28-01", "that one is the last applied there"},
    {"kfmig preflight prod --confirm=\"on-call assigned,comms posted\"",
     "a person confirms these items of the checklist, for this plan"},
    {NULL, NULL},
};
const struct command command_preflight = {
    .name = "preflight",
    .synopsis = "[ENV] [TARGET...]",
    .summary = "Look whether an environment may be changed now.",
    .description =
        "Asks the database, the ledger and the clock everything that a runbook asks before a "
        "change, and runs the declared probes; docs/operations.md lists the checks. What is too "
        "much is in `thresholds:` of the environment. What cannot be known is said so, and stands "
        "in the way like a failure.\n\n"
        "The report goes to standard output and, as JSON, to state/logs. Nothing is changed, but "
        "that --confirm records items of the checklist in the ledger, for the present plan and no "
        "other. Exits with 1 if anything stands in the way; a warning does not.",
    .options = takes,
    .examples = examples,
    .run = preflight_run,
};
