/* kfmig diff: the database against what its ledger says. */
#include "cli/bundle.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/select.h"
#include "site/against.h"

static int print(const struct request *req, struct buf *out, struct doc *d, bool differs)
{
    int status = req->format == FORMAT_JSON ? output_json(req, d) : output_result(req, out);
    buf_release(out);
    return status == 0 && differs ? err_status(ERR_DIFFERENT) : status;
}

static int against(struct invocation *s, const struct arguments *args, struct err *e)
{
    struct env_comparison c;
    struct buf out = {0};
    const struct env *other = NULL;
    if (args->n_targets > 1 || s->req->new_bundle) {
        return err_set(e, ERR_CONFIG, "`kfmig diff` takes an environment, or two, and no targets%s",
                       s->req->new_bundle ? "; --new goes with one" : "");
    }
    if (invocation_env(s, args->targets[0], &other, e) != 0) {
        return -1;
    }
    invocation_site(s, args->env);
    if (site_against(&s->site, other, &c, e) != 0) {
        return -1;
    }
    struct style st = output_style(s->req, stdout);
    report_comparison(&out, &st, &c);
    return print(s->req, &out, report_comparison_doc(s->a, &c),
                 c.n_subjects + c.n_objects > 0 || c.before != NULL);
}

static int make_bundle(struct invocation *s, const struct drift_detail *v, size_t n,
                       const struct drift_sql *sql, struct err *e)
{
    struct fresh f = {.n_open = 0};
    struct err_list faults = {0};
    int rc = n == 0
                 ? err_set(e, ERR_PREFLIGHT, "nothing differs in \"%s\": there is nothing to write",
                           s->site.env->name)
                 : fresh_drift(s->a, s->site.env, v, n, sql, &f, &faults, e);
    output_faults(s->req, &faults);
    rc = rc == 0 ? bundle_write(s, s->req, &f, e) : rc;
    int status = rc == 0 ? bundle_print(s, s->req, &f) : -1;
    err_list_release(&faults);
    buf_release(&f.rollback);
    return status;
}

static int diff(struct invocation *s, const struct request *req, struct err *e)
{
    struct arguments args;
    struct buf out = {0};
    if (invocation_open(s, req, false, e) != 0 || arguments_resolve(s, &args, e) != 0) {
        return -1;
    }
    if (args.n_targets > 0) {
        return against(s, &args, e);
    }
    if (invocation_plan(s, args.env, true, e) != 0) {
        return -1;
    }
    if (!s->site.world.has_ledger) {
        return site_no_ledger(args.env, "nothing is expected there", e);
    }
    size_t n = 0;
    const struct drift_detail *v = site_details(&s->site, &n);
    struct drift_sql sql;
    if (site_drift_sql(&s->site, v, n, &sql, e) != 0) {
        return -1;
    }
    if (req->new_bundle) {
        return make_bundle(s, v, n, &sql, e);
    }
    struct style st = output_style(req, stdout);
    report_diff(&out, &st, args.env->name, v, n, &sql);
    return print(req, &out, report_diff_doc(s->a, args.env->name, v, n, &sql), n > 0);
}

static int run(const struct request *req)
{
    struct invocation s = {0};
    struct err e = {0};
    int status = diff(&s, req, &e);
    if (status < 0) {
        status = output_error(req, s.a != NULL ? s.project.dirfd : -1, &e);
    }
    invocation_close(&s);
    return status;
}

static const char *const takes[] = {"new", "exit-code", "lock-wait", NULL};
static const struct example examples[] = {
    {"kfmig diff prod", "what was changed there outside kfmig, object by object"},
    {"kfmig diff prod --new", "the same as a migration, for the other environments"},
    {"kfmig diff staging prod", "which migrations are where, and which objects differ"},
    {NULL, NULL},
};

const struct command command_diff = {
    .name = "diff",
    .synopsis = "[ENV [OTHER]]",
    .summary = "Show what differs from the ledger, or between environments.",
    .description =
        "For every object that is not as the ledger's sum of objects says: what changed of it, "
        "line by line, as it is expected (-) and as it stands there (+), which migration wrote it "
        "last, and the statements for either way: `undo` makes it what is expected, `keep` does "
        "the same elsewhere. What only a digest is known of is told by that, and left to be "
        "written by hand. Nothing is changed anywhere.\n\n"
        "With --new a migration is made that does what was done there, within the scope and limits "
        "that it needs; its rollback undoes it. Elsewhere it is built; where it was done already, "
        "`kfmig adopt ENV --migration=ID` takes it for applied.\n\n"
        "With OTHER the ledgers of both environments are compared: migrations that one of them "
        "lacks, or has with another content or in another order, and objects, as the ledgers have "
        "them. Drift of either is not looked for.\n\n"
        "Exits with 10 if anything differs, with 0 if nothing does, also without --exit-code. "
        "`kfmig adopt` accepts what stands there.",
    .options = takes,
    .examples = examples,
    .run = run,
};
