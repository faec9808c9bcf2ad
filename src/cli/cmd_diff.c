/* kfmig diff: the database against what its ledger says. */
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/select.h"

static int diff(struct invocation *s, const struct request *req, struct err *e)
{
    struct arguments args;
    struct buf out = {0};
    if (invocation_open(s, req, false, e) != 0 || arguments_resolve(s, &args, e) != 0 ||
        arguments_known(&args, e) != 0 || invocation_plan(s, args.env, true, e) != 0) {
        return -1;
    }
    if (args.n_targets > 0) {
        return err_set(e, ERR_CONFIG, "`kfmig diff` takes an environment, no targets");
    }
    if (!s->site.world.has_ledger) {
        err_set(e, ERR_PREFLIGHT, "environment \"%s\" has no ledger yet: nothing is expected there",
                args.env->name);
        return err_hint(e, "`kfmig build %s` makes it", args.env->name);
    }
    size_t n = 0;
    const struct drift_detail *v = site_details(&s->site, &n);
    struct style st = output_style(req, stdout);
    report_diff(&out, &st, args.env->name, v, n);
    int status = req->format == FORMAT_JSON
                     ? output_json(req, report_diff_doc(s->a, args.env->name, v, n))
                     : output_result(req, &out);
    buf_release(&out);
    return status == 0 && n > 0 ? err_status(ERR_DIFFERENT) : status;
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

static const struct example examples[] = {
    {"kfmig diff prod", "what was changed there outside kfmig, object by object"},
    {NULL, NULL},
};

const struct command command_diff = {
    .name = "diff",
    .synopsis = "[ENV]",
    .summary = "Show what differs between a database and its ledger.",
    .description =
        "For every object that is not as the ledger's sum of objects says: what changed of it, "
        "line "
        "by line, as it is expected (-) and as it stands there (+), and which migration wrote it "
        "last. Expressions, bodies and comments are told by their digests. Nothing is changed "
        "anywhere.\n\n"
        "Exits with 10 if anything differs, with 0 if nothing does. `kfmig adopt` accepts what "
        "stands there.",
    .examples = examples,
    .run = run,
};
