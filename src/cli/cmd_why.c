/* kfmig why */
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/select.h"
#include "cli/signals.h"
#include "cli/why_dataset.h"
#include "evidence/changes.h"

/* Without a stage the one that has something to tell: the receipt if only its export is owed, else apply. */
static enum stage default_stage(const struct step *s, enum stage stage)
{
    if (stage != STAGE_COUNT) {
        return stage;
    }
    return s->action == ACTION_EXPORT ? STAGE_RECEIPT : STAGE_APPLY;
}

/* The root of the chain, if it is blocked because its files changed after it was applied. */
static int mismatch_of(struct invocation *s, int step)
{
    int *chain = ARENA_ARRAY(s->a, int, s->site.plan.n_migrations + 1);
    size_t n = plan_chain(&s->site.plan, step, chain, s->site.plan.n_migrations);
    const struct step *root = &s->site.plan.v[chain[n - 1]];
    return root->reasons[0].code == REASON_CHECKSUM_MISMATCH ? chain[n - 1] : -1;
}

/* Which files differ, where the chain that begins at step ends in such a migration. */
static int find_changes(struct invocation *s, int step, struct file_change **changes, size_t *n,
                        struct err *e)
{
    int changed = step >= 0 ? mismatch_of(s, step) : -1;
    *n = 0;
    if (changed < 0) {
        return 0;
    }
    const struct step *at = &s->site.plan.v[changed];
    struct bundle *b = table_gets(&s->project.by_id, at->bundle->id);
    struct ledger_source ledger = ledger_source_of(s->site.pg);
    return load_decl(&s->project, b, e) != 0
               ? -1
               : changes_find(&ledger, s->a, at->history->applied, b->decl, changes, n, e);
}

static int explain_migration(struct invocation *s, const struct selected *at, struct buf *out,
                             struct err *e)
{
    struct file_change *changes = NULL;
    size_t n = 0;
    enum stage stage = default_stage(&s->site.plan.v[at->step], at->stage);
    struct bundle *b = table_gets(&s->project.by_id, s->site.plan.v[at->step].bundle->id);
    if (b == NULL && stage == STAGE_DECLARATION) {
        stage = STAGE_APPLY; /* only the ledger knows it */
    }
    if ((b != NULL && load_decl(&s->project, b, e) != 0) ||
        find_changes(s, stage == STAGE_DECLARATION ? -1 : at->step, &changes, &n, e) != 0) {
        return -1;
    }
    struct style st = output_style(s->req, stdout);
    if (s->req->format == FORMAT_JSON) {
        report_json(out, report_why_doc(s->a, &s->site.plan, at->step, stage, changes, n));
    } else {
        report_why(out, &st, &s->site.plan, at->step, stage, changes, n);
    }
    return 0;
}

/* The migration outside that keeps it from being built, if that is what is in the way. */
static int waits_for(const struct step *x)
{
    for (size_t i = 0; i < x->n_reasons; i++) {
        if (x->reasons[i].step >= 0 && reason_state(x->reasons[i].code) == x->state) {
            return x->reasons[i].step;
        }
    }
    return -1;
}

static int explain_projection(struct invocation *s, const struct selected *at, struct buf *out,
                              struct err *e)
{
    struct file_change *changes = NULL;
    size_t n = 0;
    const struct step *x = &s->site.plan.projections[at->projection];
    int part = at->part >= 0 ? at->part : plan_part_publish(x->in->p);
    if (find_changes(s, waits_for(x), &changes, &n, e) != 0) {
        return -1;
    }
    struct style st = output_style(s->req, stdout);
    if (s->req->format == FORMAT_JSON) {
        report_json(
            out, report_why_projection_doc(s->a, &s->site.plan, at->projection, part, changes, n));
    } else {
        report_why_projection(out, &st, &s->site.plan, at->projection, part, changes, n);
    }
    return 0;
}

static int explain(struct invocation *s, const struct arguments *args, struct buf *out,
                   struct err *e)
{
    struct selected at;
    if (select_target(s, args, &at, e) != 0) {
        return -1;
    }
    site_ask_around(&s->site, AROUND_RUNS,
                    at.projection >= 0 ? (int)s->site.plan.n_migrations + at.projection : at.step);
    if (at.projection >= 0) {
        return explain_projection(s, &at, out, e);
    }
    if (at.step >= 0) {
        return explain_migration(s, &at, out, e);
    }
    err_set(e, ERR_CONFIG, "`kfmig why` needs a target");
    return err_hint(e, "`kfmig status %s` lists them", args->env->name);
}

static int explain_any(struct invocation *s, const struct request *req, struct buf *out,
                       struct err *e)
{
    struct arguments args;
    if (req->n_args == 1 && is_dataset_target(req->args[0])) {
        signals_catch();
        return explain_dataset(s, req, req->args[0], out, e);
    }
    return select_env(s, req, &args, e) != 0 ? -1 : explain(s, &args, out, e);
}

static int run(const struct request *req)
{
    struct invocation s = {0};
    struct err e = {0};
    struct buf out = {0};
    int status;
    if (explain_any(&s, req, &out, &e) != 0) {
        status = output_error(req, s.project.dirfd, &e);
    } else {
        status = output_result(req, &out);
    }
    buf_release(&out);
    invocation_close(&s);
    return status;
}

static const char *const takes[] = {"lock-wait", NULL};
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
    .description =
        "Follows the chain from TARGET to what is behind its state: the file and the "
        "lines that changed, the digests as they were "
        "and are, the ledger entry, the object in the database, the other environment. "
        "Each block ends with what to do "
        "next. Nothing is changed anywhere.\n\n"
        "TARGET is [ENV/]ID[@STAGE], ID a migration's or a projection's; a part of it that "
        "fits only one is enough. Without a stage it is `apply`, or "
        "`receipt` if only the export of the evidence is owed; `publish` of a projection. "
        "A migration that runs inside generations leads to its projection. "
        "dataset:DATASET/ID[@catalog] is a version's catalog, dataset:DATASET/ID@artifacts its "
        "files, "
        "all of which are read.",
    .options = takes,
    .examples = examples,
    .run = run,
};
