/* kfmig rebuild: make projections again from their catalogs and artifacts alone. */
#include <string.h>

#include "cli/archive.h"
#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/projections.h"
#include "cli/recovery.h"
#include "cli/signals.h"

static bool is_meant(const struct session *s, const struct step *x)
{
    return recovery_means(s->req, s->link.env, x->in->p);
}

/* What is meant and can be rebuilt; *blocked: one that cannot, or NULL. */
static size_t count_meant(struct session *s, const struct step **blocked)
{
    size_t n = 0;
    *blocked = NULL;
    for (size_t i = 0; i < s->plan.n_projections; i++) {
        const struct step *x = &s->plan.projections[i];
        if (!is_meant(s, x) || x->state == STATE_NOT_APPLICABLE) {
            continue;
        }
        *blocked = x->state == STATE_BLOCKED ? x : *blocked;
        n++;
    }
    return n;
}

static int refuse(struct session *s, size_t n, const struct step *blocked, struct err *e)
{
    if (n == 0 && s->req->all) {
        return err_set(e, ERR_CONFIG, "no projection is declared for %s", s->link.env->name);
    }
    if (n == 0) {
        err_set(e, ERR_CONFIG, "no projection of %s uses dataset version \"%s\"", s->link.env->name,
                s->req->dataset_version);
        return err_hint(e,
                        "`kfmig dataset list` shows the versions; --all rebuilds every projection");
    }
    err_set(e, ERR_PREFLIGHT, "projection %s is blocked: %s", blocked->in->p->name,
            reason_sentence(blocked->reasons[0].code));
    return err_hint(e, "`kfmig why %s/%s` explains", s->link.env->name, blocked->in->p->name);
}

static int rebuild_one(struct work_frame *w, struct step *x, struct err *e)
{
    struct session *s = w->s;
    struct projection_job job;
    struct outcome o;
    work_tell_begin(w, x->in->p->name);
    if (projections_job(s, x, &job, e) != 0) {
        return -1;
    }
    job.fresh = true;
    run_projection(&w->run, &job, &o);
    if (o.result == RUN_SUCCESS) {
        tell_note(&s->ear, "%s  rebuilt and published, %lld ms; ledger entry %lld, run %s",
                  x->in->p->name, (long long)o.elapsed_ms, (long long)o.sequence, o.run_id);
        return 0;
    }
    *e = o.failure;
    if (o.owed.p != NULL) {
        struct err late = {0};
        if (work_owe(w, &o, &late) != 0) {
            tell_fault(&s->ear, &late);
        }
    }
    return -1;
}

static int rebuild_here(struct session *s, const struct arguments *args, struct err *e)
{
    const struct request *req = s->req;
    struct work_frame w;
    struct err late = {0};
    const struct step *blocked;
    if (session_plan(s, args->env, true, e) != 0) {
        return -1;
    }
    size_t n = count_meant(s, &blocked);
    if (n == 0 || blocked != NULL) {
        return refuse(s, n, blocked, e);
    }
    if (req->dry_run) {
        for (size_t i = 0; i < s->plan.n_projections; i++) {
            if (is_meant(s, &s->plan.projections[i])) {
                tell_note(&s->ear, "would rebuild %s", s->plan.projections[i].in->p->name);
            }
        }
        return 0;
    }
    if (s->link.env->is_protected && !req->apply) {
        err_set(e, ERR_PREFLIGHT, "environment \"%s\" is protected: nothing was rebuilt",
                args->env->name);
        return err_hint(e, "add --apply");
    }
    if (s->plan.n_apply > 0) {
        err_set(e, ERR_PREFLIGHT, "%zu migration%s of %s not applied yet", s->plan.n_apply,
                s->plan.n_apply == 1 ? " is" : "s are", args->env->name);
        return err_hint(e, "`kfmig build %s` applies them, and builds the projections behind them",
                        args->env->name);
    }
    int rc = work_open(&w, s, work_found, e);
    for (size_t i = 0; rc == 0 && i < s->plan.n_projections; i++) {
        struct step *x = &s->plan.projections[i];
        if (is_meant(s, x) && x->state != STATE_NOT_APPLICABLE && x->state != STATE_BLOCKED) {
            rc = rebuild_one(&w, x, e);
        }
    }
    work_close(&w);
    if (archive_deliver(s, &late) != 0) {
        tell_fault(&s->ear, &late);
    }
    return rc;
}

static int check_options(const struct request *req, struct err *e)
{
    if (req->dataset_version == NULL && !req->all) {
        err_set(e, ERR_CONFIG, "`kfmig rebuild` needs --dataset-version=ID, or --all");
        return err_hint(e, "`kfmig dataset list` shows the versions that are there");
    }
    if (req->new_database && req->drill) {
        err_set(e, ERR_CONFIG, "--new-database and --drill exclude each other");
        return err_hint(e, "a drill makes a throwaway database of its own");
    }
    if (req->template_db != NULL && !req->new_database && !req->drill) {
        err_set(e, ERR_CONFIG, "--template goes with --new-database or --drill");
        return err_hint(e, "without them no database is created");
    }
    return 0;
}

/* What failed on the way was said there; the status is the worst of it. */
static int recover(struct session *s, const struct env *env, enum err_code *worst, struct err *e)
{
    struct recovery r = {0};
    if (recovery_new_database(s, env, &r, e) != 0) {
        return -1;
    }
    *worst = r.t.worst;
    if (r.s == NULL) {
        return 0; /* --dry-run */
    }
    if (s->req->format == FORMAT_JSON) {
        (void)output_json(s->req, recovery_doc(s->a, &r));
    } else if (r.t.worst == ERR_NONE) {
        recovery_print(&r);
    }
    return 0;
}

static int rebuild(struct session *s, const struct request *req, enum err_code *worst,
                   struct err *e)
{
    struct arguments args;
    if (session_project(s, req, false, e) != 0 || check_options(req, e) != 0 ||
        arguments_resolve(s, &args, e) != 0) {
        return -1;
    }
    if (req->template_db != NULL && args.env->embedded) {
        err_set(e, ERR_CONFIG, "the embedded server of \"%s\" takes no --template", args.env->name);
        return err_hint(e, "what its databases need is declared under provision");
    }
    if (req->new_database) {
        return recover(s, args.env, worst, e);
    }
    return req->drill ? drill_run(s, args.env, e) : rebuild_here(s, &args, e);
}

static int run(const struct request *req)
{
    struct session s = {0};
    struct err e = {0};
    enum err_code worst = ERR_NONE;
    signals_catch();
    int rc = rebuild(&s, req, &worst, &e);
    int status = rc == 0 ? err_status(worst) : output_error(req, s.project.dirfd, &e);
    session_close(&s);
    return signals_seen() != 0 ? 128 + signals_seen() : status;
}

static const char *const rebuild_options[] = {
    "dataset-version", "all",   "projection", "new-database", "drill", "template",
    "dry-run",         "apply", "lock-wait",  "progress",     NULL};
static const struct example rebuild_examples[] = {
    {"kfmig rebuild prod --dataset-version=2026-03.41bf996d",
     "every projection that uses that version, into a new generation"},
    {"kfmig rebuild --all --dry-run", "which projections would be made again"},
    {"kfmig rebuild prod --all --new-database --apply", "the database was lost: make it again"},
    {"kfmig rebuild prod --all --drill --apply", "would it come back, the same, and how fast?"},
    {NULL, NULL},
};
const struct command command_rebuild = {
    .name = "rebuild",
    .synopsis = "[ENV]",
    .summary = "Make projections again from catalogs and artifacts alone.",
    .description =
        "Makes a new generation of every projection that uses the dataset version, "
        "whether it seems current or not: "
        "the chain in an empty\n"
        "schema, all rows from the artifacts whose digests the catalog names, nothing "
        "from the generation that is "
        "live. It is proven,\n"
        "published like any other generation, and leaves a receipt that names every "
        "input by digest.\n"
        "\n"
        "With --new-database the environment's database is missing or empty. It is "
        "created if need be; then all\n"
        "migrations outside of projections are applied, and the projections made. The "
        "first entry of the new ledger\n"
        "cites the last checkpoint of the lost one that the receipt sink, exported "
        "receipts or the cache tell. Where the\n"
        "sink tells what a projection held, it must hold the same (else exit 3). What "
        "cannot be recovered is listed.\n"
        "Interrupted, the same command, or build, goes on.\n"
        "\n"
        "With --drill all of that happens in a throwaway database beside the live one. "
        "Rows and structure are compared,\n"
        "the database is dropped, and the live ledger gets an entry with a receipt. Exit "
        "0: the same; 3: something differs.",
    .options = rebuild_options,
    .examples = rebuild_examples,
    .run = run,
};
