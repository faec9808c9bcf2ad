/* kfmig check: everything that can be said about a project without a database. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/invocation.h"
#include "cli/output.h"
#include "flow/check.h"

static int print(const struct request *req, struct arena *a, const struct checked *c)
{
    struct buf out = {0};
    struct style st = output_style(req, stdout);
    const struct check_report r = {.faults = &c->faults,
                                   .findings = &c->findings,
                                   .warnings = &c->warnings,
                                   .n_migrations = c->n_migrations,
                                   .is_fixed = c->is_fixed};
    if (req->format == FORMAT_JSON) {
        report_json(&out, report_check_doc(a, &r));
    } else {
        report_check(&out, &st, &r);
    }
    int status = output_result(req, &out);
    buf_release(&out);
    return status;
}

static int exit_status(const struct checked *c)
{
    return c->faults.n > 0     ? err_status(ERR_CONFIG)
           : c->findings.n > 0 ? err_status(ERR_PREFLIGHT)
                               : 0;
}

static int run(const struct request *req)
{
    struct invocation s = {0};
    struct err e = {0};
    struct checked found;
    int status;
    const char *ci = getenv("CI"); /* where a reader decides by the exit status */
    bool is_strict = ci != NULL && strcmp(ci, "true") == 0;
    if (req->n_args > 0) {
        err_set(&e, ERR_CONFIG, "`kfmig check` takes no arguments: it checks the whole project");
        return output_error(req, -1, &e);
    }
    if (invocation_open(&s, req, true, &e) != 0 ||
        check_project(&s.project, s.cache, is_strict, req->fix, &found, &e) != 0) {
        status = output_error(req, s.project.dirfd, &e);
    } else {
        status = print(req, s.a, &found);
        status = status == 0 ? exit_status(&found) : status;
    }
    invocation_close(&s);
    return status;
}

static const char *const takes[] = {"fix", NULL};
static const struct example examples[] = {
    {"kfmig check", "all faults of the project, for people and editors"},
    {"kfmig check --fix", "also add missing entries to registry/migrations.v1.json"},
    {NULL, NULL},
};

const struct command command_check = {
    .name = "check",
    .synopsis = "",
    .summary = "Find all faults of the project, without a database.",
    .description =
        "Reads every declaration, script and registry file and reports everything that is wrong "
        "with FILE:LINE:COLUMN and what to do: "
        "faults (a declaration that cannot be used), findings (a script that would exceed its "
        "declared scope, limits or "
        "a protected domain) and warnings. A migration that the registry calls executed, and of "
        "which the bundle has neither receipt nor pointer, is a warning, and a finding where the "
        "variable CI is true. A status that falls behind the receipts that are kept in receipts/ "
        "(the "
        "furthest kind of environment with a success) is a warning, which --fix mends; what a "
        "person says "
        "beyond that, rolled_back or superseded, stays.\n\n"
        "Exits with 5 if there are faults, else with 1 if there are findings, else with 0.",
    .options = takes,
    .examples = examples,
    .run = run,
};
