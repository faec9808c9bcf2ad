/* kfmig adopt: accept a database as it stands. */
#include "flow/adopt.h"
#include "flow/found.h"

#include "cli/arguments.h"
#include "cli/verb.h"

static void print_drift(const struct invocation *s, bool is_upgrade)
{
    for (size_t i = 0; i < s->site.world.n_drift; i++) {
        const struct drift *d = &s->site.world.drift[i];
        if (is_upgrade && d->from_major == 0) {
            verb_note(s, "  stays drift: %s", d->text);
            continue;
        }
        const char *what = digest_is_zero(&d->was)   ? "appeared"
                           : digest_is_zero(&d->now) ? "vanished"
                           : d->from_major > 0       ? "reads differently:"
                                                     : "changed";
        verb_note(s, "  %s %s%s%s", what, d->text,
                  d->last_writer[0] != '\0' ? ", last written by " : "", d->last_writer);
    }
}

static int adopt_verb(struct invocation *s, const struct request *req, struct result *r,
                      struct err *e)
{
    struct arguments args;
    struct writing_order order = verb_order(req);
    if (invocation_open(s, req, false, e) != 0 || arguments_resolve(s, &args, e) != 0 ||
        arguments_known(&args, e) != 0 || invocation_plan(s, args.env, true, e) != 0) {
        return -1;
    }
    const char *name = args.env->name;
    bool is_upgrade = req->upgrade;
    bool has_work = req->migration != NULL || adopt_has_work(&s->site, is_upgrade);
    result_begin(r, &s->site);
    if (has_work) {
        print_drift(s, is_upgrade);
        const char *question =
            req->migration != NULL
                ? arena_printf(s->a, "Take %s for applied in %s, if it is what stands there?",
                               req->migration, name)
                : arena_printf(s->a, "Accept %s as it stands?", name);
        if (writing_may(&s->site, e) != 0 ||
            verb_confirm(s, question, "adopted", &order.is_confirmed, e) != 0) {
            return -1;
        }
    }
    int rc = req->migration != NULL ? found(&s->site, req->migration, &order, r, e)
                                    : (is_upgrade ? adopt_upgrade : adopt)(&s->site, &order, r, e);
    if (rc != 0) {
        return -1;
    }
    if (!has_work) {
        verb_note(s, "%s: nothing to adopt, the database is as the ledger says", name);
    }
    for (size_t i = 0; i < r->n && r->n_failed == 0; i++) {
        const struct result_row *x = &r->v[i];
        verb_note(s, "%s: %zu object%s adopted; ledger entry %lld, run %s", name, x->n,
                  x->n == 1 ? "" : "s", (long long)x->sequence, x->run_id);
    }
    return 0;
}

static int run(const struct request *req)
{
    return verb_run(req, adopt_verb);
}

static const char *const adopt_options[] = {"upgrade", "migration", "apply",     "intent",   "pr",
                                            "links",   "notes",     "lock-wait", "progress", NULL};
static const struct example adopt_examples[] = {
    {"kfmig adopt prod --apply", "first contact with a database that already holds objects"},
    {"kfmig adopt prod --upgrade --apply",
     "after an upgrade of the server: what it reads otherwise"},
    {"kfmig adopt prod --migration=PG-MIG-2026-02-28-01", "what it makes stands there already"},
    {NULL, NULL},
};
const struct command command_adopt = {
    .name = "adopt",
    .synopsis = "[ENV] [--upgrade]",
    .summary = "Accept a database as it stands as the starting point, with a receipt.",
    .description =
        "Records the difference between what the ledger says and what the database "
        "holds as one ledger entry of kind\n"
        "adopt: at first contact with a protected environment, "
        "or to settle drift that is wanted.\n"
        "After the server was upgraded to another major version, --upgrade takes exactly the "
        "objects that the version\n"
        "reads differently, and leaves the rest as drift. Nothing in the database changes "
        "but the ledger.\n\n"
        "With --migration=ID that migration is taken for applied, if everything that it makes "
        "in a throwaway database beside this one stands here just so.",
    .options = adopt_options,
    .examples = adopt_examples,
    .run = run,
};
