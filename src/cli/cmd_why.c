/* kfmig why */
#include <string.h>

#include "cli/changes.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/select.h"

/* Without a stage the one that has something to tell: the receipt if only its export is owed, else apply. */
static enum stage default_stage(const struct step *s, enum stage stage)
{
    if (stage != STAGE_COUNT) {
        return stage;
    }
    return s->action == ACTION_EXPORT ? STAGE_RECEIPT : STAGE_APPLY;
}

/* The root of the chain, if it is blocked because its files changed after it was applied. */
static int mismatch_of(struct session *s, int step)
{
    int *chain = ARENA_ARRAY(s->a, int, s->plan.n + 1);
    size_t n = plan_chain(&s->plan, step, chain, s->plan.n);
    const struct step *root = &s->plan.v[chain[n - 1]];
    return root->reasons[0].code == REASON_CHECKSUM_MISMATCH ? chain[n - 1] : -1;
}

static int explain(struct session *s, const struct arguments *args, struct buf *out, struct err *e)
{
    int step = -1;
    enum stage stage;
    struct file_change *changes = NULL;
    size_t n = 0;
    int projection = args->n_targets == 1
                         ? plan_projection(args->targets[0], s->plan.inputs, s->plan.n_projections)
                         : -1;
    if (projection >= 0) {
        struct style style = output_style(s->req, stdout);
        if (s->req->format == FORMAT_JSON) {
            report_why_projection_json(out, &s->plan, projection);
        } else {
            report_why_projection(out, &style, &s->plan, projection);
        }
        return 0;
    }
    if (select_step(s, args, &step, &stage, e) != 0) {
        return -1;
    }
    if (step < 0) {
        err_set(e, ERR_CONFIG, "`kfmig why` needs a target");
        return err_hint(e, "`kfmig status %s` lists them", args->env->name);
    }
    stage = default_stage(&s->plan.v[step], stage);
    struct bundle *b = table_gets(&s->project.by_id, s->plan.v[step].bundle->id);
    int changed = stage == STAGE_DECLARATION ? -1 : mismatch_of(s, step);
    if (load_decl(&s->project, b, e) != 0 ||
        (changed >= 0 && changes_find(s, &s->plan.v[changed], &changes, &n, e) != 0)) {
        return -1;
    }
    struct style st = output_style(s->req, stdout);
    if (s->req->format == FORMAT_JSON) {
        report_why_json(out, &s->plan, step, stage, changes, n);
    } else {
        report_why(out, &st, &s->plan, step, stage, changes, n);
    }
    return 0;
}

static int run(const struct request *req)
{
    struct session s = {0};
    struct arguments args;
    struct err e = {0};
    struct buf out = {0};
    int status;
    if (select_env(&s, req, &args, &e) != 0 || explain(&s, &args, &out, &e) != 0) {
        status = output_error(req, s.project.dirfd, &e);
    } else {
        status = output_result(req, &out);
    }
    buf_release(&out);
    session_close(&s);
    return status;
}

static const struct example examples[] = {
    {"kfmig why prod/PG-MIG-2026-02-28-01@apply", "why that target is current, stale or blocked"},
    {"kfmig why 02-28-01",
     "the same for the one migration whose id has that part, in the default environment"},
    {NULL, NULL},
};

const struct command command_why = {
    .name = "why",
    .synopsis = "[ENV] TARGET",
    .summary = "Explain the state of a target, down to the root cause.",
    .description = "Follows the chain from TARGET to what is behind its state: the file and the "
                   "lines that changed, the digests as they were "
                   "and are, the ledger entry, the object in the database, the other environment. "
                   "Each block ends with what to do "
                   "next. Nothing is changed anywhere.\n\n"
                   "TARGET is [ENV/]ID[@STAGE]; a part of ID that fits only one migration is "
                   "enough. Without a stage it is `apply`, or "
                   "`receipt` if only the export of the evidence is owed.",
    .examples = examples,
    .run = run,
};
