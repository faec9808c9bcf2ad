/* kfmig status */
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/select.h"

static int print(const struct request *req, struct invocation *s)
{
    struct buf out = {0};
    struct style st = output_style(req, stdout);
    int status;
    site_ask_around(&s->site, AROUND_RUNS, -1);
    if (req->format == FORMAT_JSON) {
        status = output_json(req, report_status_doc(s->a, &s->site.plan));
    } else {
        report_status(&out, &st, &s->site.plan);
        status = output_result(req, &out);
    }
    buf_release(&out);
    return status;
}

static int run(const struct request *req)
{
    struct invocation s = {0};
    struct err e = {0};
    int status;
    if (select_plan(&s, req, &e) != 0) {
        status = output_error(req, s.project.dirfd, &e);
    } else {
        status = print(req, &s);
        bool unreachable = s.site.plan.env->store[store_of_ledger()] && !s.site.world.reachable;
        const struct plan *p = &s.site.plan;
        bool blocked = req->exit_code && p->n_state[STATE_BLOCKED] > p->n_awaits;
        if (status == 0 && (unreachable || blocked)) {
            status = err_status(ERR_PREFLIGHT);
        } else if (status == 0 && req->exit_code &&
                   s.site.plan.n_state[STATE_STALE] + s.site.world.n_drift + s.site.plan.n_absent >
                       0) {
            status = err_status(ERR_DIFFERENT);
        }
    }
    invocation_close(&s);
    return status;
}

static const char *const takes[] = {"exit-code", "lock-wait", NULL};
static const struct example examples[] = {
    {"kfmig status", "every migration of the default environment"},
    {"kfmig status prod --verbose", "every target of prod with the digest of its output"},
    {NULL, NULL},
};

const struct command command_status = {
    .name = "status",
    .synopsis = "[ENV] [TARGET...]",
    .summary = "Show every target, its state and its last receipt.",
    .description =
        "Shows for every migration whether it is current, stale, blocked or not applicable in ENV "
        "(default: the default "
        "environment), the result of its last run and when that ended.\n\n"
        "A migration's targets (pre, apply, post, diff, invariants, receipt) come from one "
        "transaction and share its state; "
        "--verbose and --json list them one by one with the digests of their outputs.\n\n"
        "Exits with 1 if the database cannot be asked. With --exit-code also with 1 if something "
        "is blocked, and with 10 if "
        "something is stale, was changed outside kfmig, or is applied and not here.",
    .options = takes,
    .examples = examples,
    .run = run,
};
