/* kfmig gc: drop generations that nothing needs. */
#include "cli/arguments.h"
#include "cli/verb.h"
#include "flow/collect.h"
#include "flow/given_up.h"

/* --- what was given up -------------------------------------------------------------------------------- */

static const char *joined(struct arena *a, const struct names *l)
{
    const char *text = "";
    for (size_t i = 0; i < l->n; i++) {
        text = arena_printf(a, "%s%s%s", text, i > 0 ? ", " : "", l->v[i]);
    }
    return text;
}

static void show_one(const struct invocation *s, const struct given_up *g)
{
    size_t n = g->step->in->n;
    verb_note(
        s,
        "  %s: schema%s %s with all that is in %s: %zu generation%s, %zu live object%s, %lld KiB",
        g->name, g->schemas.n == 1 ? "" : "s", joined(s->a, &g->schemas),
        g->schemas.n == 1 ? "it" : "them", n, n == 1 ? "" : "s", g->n_objects,
        g->n_objects == 1 ? "" : "s", (long long)((g->bytes + 1023) / 1024));
    if (g->migrations.n > 0) {
        verb_note(s, "    applied no longer afterwards: %s", joined(s->a, &g->migrations));
    }
    if (g->pending.n > 0) {
        verb_note(s, "    still here, the next build applies them as ordinary migrations: %s",
                  joined(s->a, &g->pending));
    }
    for (size_t i = 0; i < g->in_the_way.n; i++) {
        verb_note(s, "    in the way: %s %s", g->in_the_way.v[i].object, g->in_the_way.v[i].detail);
    }
    for (size_t i = 0; i < g->drifted.n; i++) {
        verb_note(s, "    drifted: %s", g->drifted.v[i]);
    }
}

/* Rows go: every environment wants a yes. */
static int confirm_drop(struct invocation *s, const struct given_ups *l, bool *is_confirmed,
                        struct err *e)
{
    *is_confirmed = s->req->apply;
    if (writing_may(&s->site, e) != 0 || given_up_may(&s->site, l, e) != 0 ||
        verb_ask(s, arena_printf(s->a, "Drop these schemas in %s?", s->site.env->name), "dropped",
                 is_confirmed, e) != 0) {
        return -1;
    }
    if (*is_confirmed) {
        return 0;
    }
    err_set(e, ERR_PREFLIGHT, "schemas would be dropped: nothing was");
    return err_hint(e, "add --apply once what is shown above may go");
}

static int gc_given_up(struct invocation *s, const struct request *req, struct result *r,
                       struct err *e)
{
    struct given_ups l;
    struct writing_order order = verb_order(req);
    const char *env = s->site.env->name;
    const char *name = req->given_up[0] != '\0' ? req->given_up : NULL;
    if (given_up_find(&s->site, name, &l, e) != 0) {
        return -1;
    }
    result_begin(r, &s->site);
    r->more = doc_new(s->a, DOC_MAP);
    doc_put(s->a, r->more, "given_up", given_up_doc(&s->site, &l));
    if (l.n == 0) {
        result_end(r, &s->site);
        verb_note(s, "%s: no projection was given up", env);
        return 0;
    }
    for (size_t i = 0; i < l.n; i++) {
        show_one(s, &l.v[i]);
    }
    if (req->dry_run) {
        verb_note(s, "%s: nothing was dropped", env);
        return 0;
    }
    if (confirm_drop(s, &l, &order.is_confirmed, e) != 0 ||
        given_up_drop(&s->site, name, &l, &order, r, e) != 0) {
        return -1;
    }
    verb_note(s, "%s: %zu given up and dropped, %zu failed", env, r->n_done[RESULT_DROP],
              r->n_failed);
    return 0;
}

/* --- what nothing needs ------------------------------------------------------------------------------- */

static int check_options(const struct request *req, struct err *e)
{
    if (req->given_up != NULL && req->all) {
        return err_set(e, ERR_CONFIG,
                       "--all is about declared projections, --given-up about others");
    }
    if (req->given_up == NULL && req->dry_run) {
        return err_set(e, ERR_CONFIG, "--dry-run is for --given-up");
    }
    return 0;
}

static int gc(struct invocation *s, const struct request *req, struct result *r, struct err *e)
{
    struct arguments args;
    const struct writing_order order = verb_order(req);
    size_t total = 0;
    if (check_options(req, e) != 0 || invocation_open(s, req, false, e) != 0 ||
        arguments_resolve(s, &args, e) != 0 || arguments_known(&args, e) != 0 ||
        invocation_plan(s, args.env, true, e) != 0) {
        return -1;
    }
    if (req->given_up != NULL) {
        return gc_given_up(s, req, r, e);
    }
    bool has_ledger = s->site.id.has_ledger;
    result_begin(r, &s->site);
    if (collect(&s->site, req->all, &order, r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < r->n; i++) {
        total += r->v[i].n;
    }
    if (has_ledger) {
        verb_note(s, "%s: %zu generation%s dropped", args.env->name, total, total == 1 ? "" : "s");
    } else {
        verb_note(s, "%s: nothing to collect", args.env->name);
    }
    return 0;
}

static int run(const struct request *req)
{
    return verb_run(req, gc);
}

static const char *const gc_options[] = {"all",       "given-up", "dry-run", "apply",
                                         "intent",    "pr",       "links",   "notes",
                                         "lock-wait", "progress", NULL};
static const struct example gc_examples[] = {
    {"kfmig gc dev", "drop what `retain` does not keep"},
    {"kfmig gc dev --all", "drop every generation that is neither live nor wanted"},
    {"kfmig gc dev --given-up --dry-run",
     "what is left of projections that are declared no longer"},
    {"kfmig gc dev --given-up=parcels --apply", "drop the schemas of that one"},
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
        "neither live nor wanted. A generation that something outside of it depends on stays.\n"
        "\n"
        "With --given-up it is about projections that have generations there and no declaration "
        "any "
        "more (it was removed or renamed, or lists other environments only): all of their schemas "
        "are dropped, the live one too, in one guarded transaction per projection with all gates "
        "of a migration, an entry and a receipt that name what is gone. It says first what that "
        "is, and does it with --apply or a person's yes, in every environment. Refused where "
        "something outside depends on it, or where the schema has drifted.",
    .options = gc_options,
    .examples = gc_examples,
    .run = run,
};
