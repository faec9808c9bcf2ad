/* kfmig adopt: accept a database as it stands. */
#include "flow/adopt.h"

#include "flow/found.h"

#include "cli/arguments.h"
#include "cli/verb.h"
#include "report/report.h"

static void print_drift(const struct invocation *s, const struct names *objects)
{
    for (size_t i = 0; i < s->site.world.n_drift; i++) {
        const struct drift *d = &s->site.world.drift[i];
        bool taken = adopt_takes(d, objects, s->req->upgrade);
        verb_note(s, "  %s", report_adoption(s->a, d, taken));
    }
}

static int take(struct invocation *s, const struct names *objects,
                const struct writing_order *order, struct result *r, struct err *e)
{
    const struct request *req = s->req;
    return req->migration != NULL ? found(&s->site, req->migration, order, r, e)
           : objects->n > 0       ? adopt_objects(&s->site, objects, order, r, e)
                                  : (req->upgrade ? adopt_upgrade : adopt)(&s->site, order, r, e);
}

static const char *question(const struct invocation *s, const struct names *objects)
{
    const char *name = s->site.env->name;
    return s->req->migration != NULL
               ? arena_printf(s->a, "Take %s for applied in %s, if it is what stands there?",
                              s->req->migration, name)
           : objects->n > 0 ? arena_printf(s->a, "Accept these of %s as they stand?", name)
                            : arena_printf(s->a, "Accept %s as it stands?", name);
}

static int resolve(struct invocation *s, const struct request *req, struct names *objects,
                   struct err *e)
{
    struct arguments args;
    if (invocation_open(s, req, false, e) != 0 || arguments_resolve(s, &args, e) != 0 ||
        invocation_plan(s, args.env, true, e) != 0) {
        return -1;
    }
    if (args.n_targets > 0 && req->migration != NULL) {
        return err_set(e, ERR_CONFIG,
                       "--migration takes all that the migration makes, and no objects");
    }
    return adopt_find(&s->site, args.targets, args.n_targets, req->upgrade, objects, e);
}

/* A migration that was applied with another text has the present one's checksum as its key. */
static void tell_row(const struct invocation *s, const struct result_row *x)
{
    const char *name = s->site.env->name;
    if (!digest_is_zero(&x->key)) {
        verb_note(s,
                  "%s: %s has its present text from here on, which leaves what was applied; ledger "
                  "entry %lld, run %s",
                  name, x->target, (long long)x->sequence, x->run_id);
        return;
    }
    verb_note(s, "%s: %zu object%s adopted; ledger entry %lld, run %s", name, x->n,
              x->n == 1 ? "" : "s", (long long)x->sequence, x->run_id);
}

static int adopt_verb(struct invocation *s, const struct request *req, struct result *r,
                      struct err *e)
{
    struct names objects = {0};
    struct writing_order order = verb_order(req);
    order.plan_digest = req->plan_digest;
    if (resolve(s, req, &objects, e) != 0) {
        return -1;
    }
    const char *name = s->site.env->name;
    bool has_work = req->migration != NULL || adopt_has_work(&s->site, req->upgrade);
    result_begin(r, &s->site);
    if (has_work) {
        print_drift(s, &objects);
        if (req->dry_run) {
            verb_note(s, "%s: nothing was adopted; `kfmig diff %s` says what of each differs", name,
                      name);
            return 0;
        }
        if (writing_may(&s->site, e) != 0 || writing_reviewed(&s->site, req->plan_digest, e) != 0 ||
            verb_confirm(s, question(s, &objects), "adopted", &order.is_confirmed, e) != 0) {
            return -1;
        }
    }
    if (take(s, &objects, &order, r, e) != 0) {
        return -1;
    }
    if (!has_work) {
        verb_note(s, "%s: nothing to adopt, the database is as the ledger says", name);
    }
    for (size_t i = 0; i < r->n && r->n_failed == 0; i++) {
        tell_row(s, &r->v[i]);
    }
    return 0;
}

static int run(const struct request *req)
{
    return verb_run(req, adopt_verb);
}

static const char *const adopt_options[] = {"upgrade", "migration", "apply",    "dry-run",
                                            "plan",    "intent",    "pr",       "links",
                                            "notes",   "lock-wait", "progress", NULL};
static const struct example adopt_examples[] = {
    {"kfmig adopt prod --apply", "first contact with a database that already holds objects"},
    {"kfmig adopt prod \"table app.t\" app.v --dry-run",
     "of all drift only these; shown, not done"},
    {"kfmig adopt prod --upgrade --apply",
     "after an upgrade of the server: what it reads otherwise"},
    {"kfmig adopt prod --migration=PG-MIG-2026-02-28-01", "what it makes stands there already"},
    {NULL, NULL},
};
const struct command command_adopt = {
    .name = "adopt",
    .synopsis = "[ENV] [OBJECT...]",
    .summary = "Accept a database as it stands as the starting point, with a receipt.",
    .description =
        "Records the difference between what the ledger says and what the database "
        "holds as one ledger entry of kind\n"
        "adopt: at first contact with a protected environment, "
        "or to settle drift that is wanted.\n"
        "With OBJECTs, named as `kfmig diff` does (\"table app.t\", or app.t where that is one), "
        "only these are accepted, as they stood when they were shown, and the rest stays drift. "
        "--dry-run shows what would be recorded. --plan=DIGEST accepts only what `kfmig plan` "
        "showed under that digest, which covers all drift.\n"
        "After the server was upgraded to another major version, --upgrade takes exactly the "
        "objects that the version\n"
        "reads differently, and leaves the rest as drift. Nothing in the database changes "
        "but the ledger.\n\n"
        "With --migration=ID that migration is taken for applied, if everything that it makes "
        "in a throwaway database beside this one stands here just so.\n"
        "Where it is applied with another text, and the environment is not protected, both texts "
        "are tried in throwaway databases, and the present one is taken if they leave the same and "
        "do the same to rows.",
    .options = adopt_options,
    .examples = adopt_examples,
    .run = run,
};
