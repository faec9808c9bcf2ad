/* kfmig gc: drop generations that nothing needs. */
#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/projections.h"
#include "cli/signals.h"

static int collect(struct session *s, const struct request *req, struct err *e)
{
    struct arguments args;
    struct work_frame w;
    size_t total = 0;
    if (session_project(s, req, false, e) != 0 || arguments_resolve(s, &args, e) != 0 ||
        session_plan(s, args.env, true, e) != 0) {
        return -1;
    }
    if (s->link.env->is_protected && !req->apply) {
        err_set(e, ERR_PREFLIGHT, "environment \"%s\" is protected: nothing was dropped",
                args.env->name);
        return err_hint(e, "add --apply");
    }
    if (!s->link.id.has_ledger) {
        tell_note(&s->ear, "%s: nothing to collect", args.env->name);
        return 0;
    }
    int rc = work_open(&w, s, NULL, e);
    for (size_t i = 0; rc == 0 && i < s->plan.n_projections; i++) {
        size_t n = 0;
        rc = run_retire(&w.run, &s->plan.projections[i], req->all, &n, e);
        total += n;
    }
    work_close(&w);
    if (rc == 0) {
        tell_note(&s->ear, "%s: %zu generation%s dropped", args.env->name, total,
                  total == 1 ? "" : "s");
    }
    return rc;
}

static int run(const struct request *req)
{
    struct session s = {0};
    struct err e = {0};
    signals_catch();
    int rc = collect(&s, req, &e);
    int status = rc == 0 ? 0 : output_error(req, s.project.dirfd, &e);
    session_close(&s);
    return signals_seen() != 0 ? 128 + signals_seen() : status;
}

static const char *const gc_options[] = {"all", "apply", "lock-wait", "progress", NULL};
static const struct example gc_examples[] = {
    {"kfmig gc dev", "drop what `retain` does not keep"},
    {"kfmig gc dev --all", "drop every generation that is neither live nor wanted"},
    {NULL, NULL},
};
const struct command command_gc = {
    .name = "gc",
    .synopsis = "[ENV]",
    .summary = "Drop generations of projections that nothing needs.",
    .description =
        "Drops unfinished generations that are not wanted any more, and kept ones beyond what the "
        "declaration retains; with "
        "--all every one that is\n"
        "neither live nor wanted. A generation that something outside of it depends on stays.",
    .options = gc_options,
    .examples = gc_examples,
    .run = run,
};
