/* kfmig rebuild: make projections again from their catalogs and artifacts alone. */
#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "flow/drill.h"

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

static int rebuild_here(struct invocation *s, const struct recover_options *o, struct result *r,
                        struct err *e)
{
    struct site *site = &s->site;
    const struct writing_order order = verb_order(s->req);
    if (site_plan(site, true, e) != 0) {
        return -1;
    }
    if (!o->dry_run) {
        result_begin(r, site);
        return rebuild(site, &o->meant, &order, r, e);
    }
    if (rebuild_check(site, &o->meant, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < site->plan.n_projections; i++) {
        const struct projection *p = site->plan.projections[i].in->p;
        if (meant_is(&o->meant, site->env, p)) {
            verb_note(s, "would rebuild %s", p->name);
        }
    }
    return 0;
}

/* A recovery and a drill have a report of their own. */
static int make_database(struct invocation *s, const struct recover_options *o, struct result *r,
                         struct err *e)
{
    bool is_drill = s->req->drill;
    struct buf out = {0};
    if (!o->dry_run) {
        result_begin(r, &s->site);
    }
    int rc = is_drill ? drill(&s->site, o, r, e) : recover(&s->site, o, r, e);
    if (r->more == NULL || s->req->format == FORMAT_JSON) {
        return rc;
    }
    if (is_drill) {
        report_drill(&out, r->more);
    } else if (r->worst == ERR_NONE) {
        report_recovery(&out, r->more);
    }
    (void)output_result(s->req, &out);
    buf_release(&out);
    return rc;
}

static int rebuild_verb(struct invocation *s, const struct request *req, struct result *r,
                        struct err *e)
{
    struct arguments args;
    const struct recover_options o = {
        .meant = {req->projection, req->dataset_version, req->all},
        .template = req->template_db,
        .is_confirmed = req->apply,
        .dry_run = req->dry_run,
        .lock_wait_ms = req->lock_wait_ms,
    };
    if (invocation_open(s, req, false, e) != 0 || check_options(req, e) != 0 ||
        arguments_resolve(s, &args, e) != 0 || arguments_known(&args, e) != 0) {
        return -1;
    }
    if (req->template_db != NULL && args.env->embedded) {
        err_set(e, ERR_CONFIG, "the embedded server of \"%s\" takes no --template", args.env->name);
        return err_hint(e, "what its databases need is declared under provision");
    }
    invocation_site(s, args.env);
    return req->new_database || req->drill ? make_database(s, &o, r, e) : rebuild_here(s, &o, r, e);
}

static int run(const struct request *req)
{
    return verb_run(req, rebuild_verb);
}

static const char *const rebuild_options[] = {
    "dataset-version", "all",    "projection", "new-database", "drill", "template", "dry-run",
    "apply",           "intent", "pr",         "links",        "notes", "jobs",     "lock-wait",
    "progress",        NULL};
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
