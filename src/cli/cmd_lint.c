/* kfmig lint: what is dangerous about migrations, without a database. */
#include <string.h>

#include "cli/commands.h"
#include "cli/invocation.h"
#include "cli/output.h"
#include "flow/lint.h"

static int print_doc(const struct request *req, const struct doc *d)
{
    struct buf out = {0};
    report_json(&out, d);
    int status = output_result(req, &out);
    buf_release(&out);
    return status;
}

static int print(const struct request *req, struct arena *a, const struct linted *l)
{
    struct buf out = {0};
    struct style st = output_style(req, stdout);
    const struct lint_report o = {.result = &l->result,
                                  .n_fixed = l->n_fixed,
                                  .n_kept = l->n_kept,
                                  .has_kept = req->write_baseline,
                                  .version = KFMIG_VERSION};
    if (req->format == FORMAT_JSON) {
        return print_doc(req, report_lint_doc(a, &o));
    }
    if (req->format == FORMAT_SARIF) {
        return print_doc(req, report_lint_sarif(a, &o));
    }
    if (req->format == FORMAT_GITHUB) {
        report_lint_github(&out, &o);
    } else if (req->format == FORMAT_JUNIT) {
        report_lint_junit(&out, &o);
    } else {
        report_lint(&out, &st, &o);
    }
    int status = output_result(req, &out);
    buf_release(&out);
    return status;
}

static int print_rules(const struct request *req)
{
    struct buf out = {0};
    report_lint_rules(&out);
    int status = output_manual(req, &out);
    buf_release(&out);
    return status;
}

static int explain(const struct request *req)
{
    struct buf out = {0};
    struct err e = {0};
    enum hazard rule = lint_named(req->explain);
    if (rule == LINTS) {
        err_set(&e, ERR_CONFIG, "there is no rule \"%s\"", req->explain);
        (void)err_hint(&e, "`kfmig lint --rules` lists them");
        return output_error(req, -1, &e);
    }
    report_lint_page(&out, rule);
    int status = output_manual(req, &out);
    buf_release(&out);
    return status;
}

static int exit_status(const struct request *req, const struct linted *l)
{
    bool is_bad = l->result.n_error > 0 || (req->strict && l->result.n_warning > 0);
    return is_bad && !req->write_baseline ? err_status(ERR_PREFLIGHT) : 0;
}

static int run(const struct request *req)
{
    struct invocation s = {0};
    struct err e = {0};
    struct linted found;
    int status;
    const struct lint_wish w = {.ids = req->args,
                                .n_ids = req->n_args,
                                .all = req->all,
                                .writes_baseline = req->write_baseline,
                                .fixes = req->fix,
                                .since = req->changed_since,
                                .server = (int)req->server_version};
    if (req->rules || req->explain != NULL) {
        return req->rules ? print_rules(req) : explain(req);
    }
    if (invocation_open(&s, req, true, &e) != 0 || lint_project(&s.project, &w, &found, &e) != 0) {
        status = output_error(req, s.project.dirfd, &e);
    } else {
        if (s.project.faults.n > 0) {
            output_warning(req,
                           "the project has faults, and what they are about is not linted: `kfmig "
                           "check` tells them");
        }
        status = print(req, s.a, &found);
        status = status == 0 ? exit_status(req, &found) : status;
    }
    invocation_close(&s);
    return status;
}

static const char *const takes[] = {"all",   "changed-since",  "server-version",
                                    "fix",   "write-baseline", "strict",
                                    "rules", "explain",        NULL};
static const struct example examples[] = {
    {"kfmig lint", "what is not applied yet, as the registry says"},
    {"kfmig lint 02-28-01 --server-version=17", "one migration, for servers of that major"},
    {"kfmig lint --changed-since=origin/main --format=github", "what a pull request changes"},
    {"kfmig lint --explain=set-not-null-scans", "why, and what to write instead"},
    {NULL, NULL},
};

const struct command command_lint = {
    .name = "lint",
    .synopsis = "[MIGRATION...]",
    .summary = "Find what is dangerous about migrations, without a database.",
    .description =
        "Reads the SQL of migrations in the order in which they run and tells what would block "
        "others, write tables anew, break programs, lose rows, weaken privileges or differ from "
        "server to server, and what to write instead. What a migration makes itself, or an earlier "
        "one of the same plan, nobody uses yet: locks on it are no matter. What the registry calls "
        "executed is read for what it made, and judged with --all only.\n\n"
        "How severe a finding is depends on the declared class (class: A to D, or risk:), and "
        "where there is none on what the migration does. A comment before the statement lets a "
        "rule through: -- kfmig:allow RULE REASON; the reason stands in the receipt. -- "
        "squawk-ignore is understood. --write-baseline keeps what is found in "
        "registry/lint.v1.json: from then on only what is new is told.\n\n"
        "--fix puts those changes into the files that are local to their text. Notes are shown "
        "with "
        "-v. Exits with 1 if there are errors, with --strict also for warnings.",
    .options = takes,
    .examples = examples,
    .run = run,
    .formats = 1U << FORMAT_SARIF | 1U << FORMAT_GITHUB | 1U << FORMAT_JUNIT,
};
