/* kfmig check: everything that can be said about a project without a database. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/invocation.h"
#include "cli/output.h"
#include "plan/order.h"

/* What check found: faults (exit 5), findings (exit 1: what the scripts would do is not what was
 * declared), warnings. */
struct found {
    struct err_list faults, findings, warnings;
    bool fixed;
};

static void add_all(struct err_list *to, const struct err_list *from)
{
    for (size_t i = 0; i < from->n; i++) {
        err_list_add(to, &from->v[i]);
    }
}

static bool is_listed(const struct err_list *l, const struct err *e)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct err *x = &l->v[i];
        if (x->where.line == e->where.line && strcmp(x->where.path, e->where.path) == 0) {
            return true;
        }
    }
    return false;
}

/* Can everything be put in order? */
static void check_order(struct invocation *s, struct found *f)
{
    struct err e = {0};
    struct plan_order order;
    if (plan_order(s->a, site_bundles(s->a, &s->project), s->project.n_bundle, &order, &e) != 0) {
        err_list_add(&f->faults, &e);
    }
}

static const char *advice(enum reason_code code)
{
    switch ((int)code) {
    case REASON_PROTECTED_DOMAIN:
        return "leave the protected object as it is; policy.protected lists what is protected";
    case REASON_LIMIT_EXCEEDED:
        return "correct the script, or raise the limit in migration.yml";
    default:
        return "correct the script, or widen scope in migration.yml";
    }
}

static void check_bundle(struct invocation *s, struct bundle *b, struct found *f)
{
    struct err e = {0};
    if (load_decl(&s->project, b, &e) != 0) {
        if (!is_listed(&f->faults, &e)) {
            err_list_add(&f->faults, &e);
        }
        return;
    }
    plan_scripts(s->a, b);
    plan_script_faults(b, &f->faults);
    if (b->forward != NULL) {
        plan_unread_faults(b, &f->faults);
        plan_data_faults(b, &f->faults);
        plan_rollback_faults(s->a, b, &f->faults);
    }
}

static void judge_bundle(struct invocation *s, const struct bundle *b, const struct lineage *all,
                         struct found *f)
{
    struct reason *reasons = NULL;
    size_t n = 0;
    if (b->forward != NULL) {
        plan_judge(s->a, b, &s->project.domains, all, &reasons, &n);
    }
    for (size_t i = 0; i < n; i++) {
        const struct reason *r = &reasons[i];
        err_list_addf(&f->findings, ERR_PREFLIGHT, r->path != NULL ? r->path : r->cause, r->line,
                      r->col, advice(r->code), "%s: %s", reason_sentence(r->code), r->detail);
    }
}

/* Whether what they do is in their scope: a part that one of them makes counts to its parent in all. */
static void judge_bundles(struct invocation *s, struct found *f)
{
    struct lineage *all = lineage_new(s->a);
    for (size_t i = 0; i < s->project.n_bundle; i++) {
        plan_lineage(&s->project.bundle[i], NULL, all);
    }
    for (size_t i = 0; i < s->project.n_bundle; i++) {
        judge_bundle(s, &s->project.bundle[i], all, f);
    }
}

static int find(struct invocation *s, const struct request *req, struct found *f, struct err *e)
{
    if (invocation_open(s, req, true, e) != 0) {
        return -1;
    }
    if (load_may_compare(&s->project) &&
        load_registry_check(&s->project, req->fix, &f->fixed, e) != 0) {
        return -1;
    }
    load_approvals_check(&s->project);
    const char *ci = getenv("CI"); /* where a reader decides by the exit status */
    load_executed_check(&s->project,
                        ci != NULL && strcmp(ci, "true") == 0 ? &f->findings : &f->warnings);
    add_all(&f->faults, &s->project.faults);
    add_all(&f->warnings, &s->project.warnings);
    for (size_t i = 0; i < s->project.n_bundle; i++) {
        check_bundle(s, &s->project.bundle[i], f);
    }
    judge_bundles(s, f);
    /* A cycle may close over the default order, which only the plan knows; with other faults it
     * would be said twice. */
    if (f->faults.n == 0) {
        check_order(s, f);
    }
    return 0;
}

static struct doc *text_or_null(struct arena *a, const char *s)
{
    struct buf safe = {0};
    text_safe(&safe, bytes_str(s));
    struct doc *d = safe.n > 0 ? doc_text(a, buf_str(&safe)) : doc_new(a, DOC_NULL);
    buf_release(&safe);
    return d;
}

static struct doc *list_doc(struct arena *a, struct err_list *l)
{
    struct doc *list = doc_new(a, DOC_LIST);
    err_list_sort(l);
    for (size_t i = 0; i < l->n; i++) {
        const struct err *e = &l->v[i];
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, d, "code", doc_text(a, err_name(e->code)));
        doc_put(a, d, "message", text_or_null(a, e->msg));
        doc_put(a, d, "path", text_or_null(a, e->where.path));
        doc_put(a, d, "line", e->where.line > 0 ? doc_int(a, e->where.line) : doc_new(a, DOC_NULL));
        doc_put(a, d, "column", e->where.col > 0 ? doc_int(a, e->where.col) : doc_new(a, DOC_NULL));
        doc_put(a, d, "hint", text_or_null(a, e->hint));
    }
    return list;
}

static int print_json(const struct request *req, struct invocation *s, struct found *f)
{
    struct doc *d = doc_new(s->a, DOC_MAP);
    doc_put(s->a, d, "migrations", doc_int(s->a, (int64_t)s->project.n_bundle));
    doc_put(s->a, d, "faults", list_doc(s->a, &f->faults));
    doc_put(s->a, d, "findings", list_doc(s->a, &f->findings));
    doc_put(s->a, d, "warnings", list_doc(s->a, &f->warnings));
    doc_put(s->a, d, "fixed", doc_bool(s->a, f->fixed));
    return output_json(req, d);
}

static int print_text(const struct request *req, const struct invocation *s, const struct found *f)
{
    struct buf out = {0};
    struct style st = output_style(req, stdout);
    report_faults(&out, &st, &f->faults, "error");
    report_faults(&out, &st, &f->findings, "finding");
    report_faults(&out, &st, &f->warnings, "warning");
    if (f->fixed) {
        buf_puts(&out, "registry/migrations.v1.json was corrected\n");
    }
    size_t n = s->project.n_bundle;
    if (f->faults.n + f->findings.n == 0) {
        buf_printf(&out, "%zu migration%s checked: no faults\n", n, n == 1 ? "" : "s");
    }
    int status = output_result(req, &out);
    buf_release(&out);
    return status;
}

static int exit_status(const struct found *f)
{
    if (f->faults.n > 0) {
        return err_status(ERR_CONFIG);
    }
    return f->findings.n > 0 ? err_status(ERR_PREFLIGHT) : 0;
}

static int run(const struct request *req)
{
    struct invocation s = {0};
    struct err e = {0};
    struct found f = {0};
    int status;
    if (req->n_args > 0) {
        err_set(&e, ERR_CONFIG, "`kfmig check` takes no arguments: it checks the whole project");
        return output_error(req, -1, &e);
    }
    if (find(&s, req, &f, &e) != 0) {
        status = output_error(req, s.project.dirfd, &e);
    } else {
        status = req->format == FORMAT_JSON ? print_json(req, &s, &f) : print_text(req, &s, &f);
        status = status == 0 ? exit_status(&f) : status;
    }
    err_list_release(&f.faults);
    err_list_release(&f.findings);
    err_list_release(&f.warnings);
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
        "variable CI is true.\n\n"
        "Exits with 5 if there are faults, else with 1 if there are findings, else with 0.",
    .options = takes,
    .examples = examples,
    .run = run,
};
