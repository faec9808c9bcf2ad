/* kfmig plan */
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/select.h"

static int print(const struct request *req, struct invocation *s)
{
    const struct plan *p = &s->site.plan;
    struct buf out = {0};
    struct style st = output_style(req, stdout);
    /* Only JSON tells of receipts. */
    site_ask_around(&s->site,
                    AROUND_ROWS | AROUND_LINT | (req->format == FORMAT_JSON ? AROUND_RUNS : 0), -1);
    if (req->format == FORMAT_JSON) {
        report_json(&out, report_plan_doc(s->a, p));
    } else if (req->format == FORMAT_MARKDOWN) {
        report_plan_markdown(&out, p);
    } else {
        report_plan(&out, &st, p);
    }
    int status = output_result(req, &out);
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
        const struct plan *p = &s.site.plan;
        status = print(req, &s);
        if (status == 0 && p->n_state[STATE_BLOCKED] > p->n_awaits) {
            status = err_status(ERR_PREFLIGHT);
        } else if (status == 0 && req->exit_code &&
                   p->n_apply + p->n_export + p->n_rebuild + p->world->n_drift + p->n_absent > 0) {
            status = err_status(ERR_DIFFERENT);
        }
    }
    invocation_close(&s);
    return status;
}

static const char *const takes[] = {"exit-code", "prune", "lock-wait", NULL};
static const struct example examples[] = {
    {"kfmig plan prod", "what `kfmig build prod` would do, and its plan digest"},
    {"kfmig plan prod --format=markdown", "the same for a pull request"},
    {"kfmig plan dev --exit-code",
     "for scripts: 0 nothing to do, 10 something to do, 1 something is blocked"},
    {NULL, NULL},
};

const struct command command_plan = {
    .name = "plan",
    .synopsis = "[ENV] [TARGET...]",
    .summary = "Show what build would do, and why.",
    .description = "Shows which migrations build would apply, which evidence it would export, and "
                   "what is blocked, with the reason for each; "
                   "for what would run also every statement and the locks it takes. Nothing is "
                   "changed anywhere.\n\n"
                   "The plan digest covers the project, the ledger and the database as they are "
                   "now: `kfmig build ENV --plan=DIGEST` runs "
                   "exactly this plan or nothing.\n\n"
                   "With TARGETs only those and what they need are planned. Exits with 1 if "
                   "something planned is blocked. With --exit-code with 10 if something would run, "
                   "was changed outside kfmig, or is applied and not here.\n\n"
                   "Where another session holds a lock on what has to be read, it says whose, "
                   "waits as long as --lock-wait says, and then exits with 1.",
    .options = takes,
    .examples = examples,
    .run = run,
    .formats = 1U << FORMAT_MARKDOWN,
};
