/* From an environment's declaration to the plan for it. */
#include "site/site.h"

#include <string.h>

#include "evidence/receipts.h"
#include "evidence/state.h"
#include "load/checker.h"
#include "site/absent.h"
#include "site/approvals.h"
#include "site/definitions.h"
#include "site/halfway.h"
#include "site/linted.h"
#include "site/pending.h"
#include "site/projected.h"
#include "site/stores.h"
#include "site/undeclared.h"
#include "site/upstream.h"
#include "site/values.h"
#include "site/witness.h"

void site_init(struct site *s, struct arena *a, struct project *project, struct cache *cache,
               const struct ear *ear, const struct env *env, const struct site_options *o)
{
    *s = (struct site){.a = a,
                       .project = project,
                       .cache = cache,
                       .ear = *ear,
                       .o = *o,
                       .env = env,
                       .world = {.why_not = "", .server_said = "", .hint = "", .instance = ""}};
    watch_init(&s->watch, &s->ear, s);
}

struct archive site_archive(const struct site *s)
{
    return (struct archive){.ledger = ledger_source_of(s->pg),
                            .env = s->env,
                            .id = &s->id,
                            .entries = &s->entries,
                            .past = &s->past,
                            .dirfd = s->project->dirfd,
                            .bundles = s->project->bundle,
                            .n_bundles = s->project->n_bundle,
                            .sink = s->o.dbname == NULL ? s->project->sink : NULL,
                            .doubt = s->doubt,
                            .schema = checker_schema};
}

int site_receipt(const struct site *s, const char *id, struct doc **out, struct err *e)
{
    struct ledger_source l = ledger_source_of(s->pg);
    const struct history *h = past_get(&s->past, id);
    struct err why = {0};
    *out = NULL;
    if (h == NULL || h->applied == NULL || receipts_read(&l, s->a, h->applied, out, &why) == 0 ||
        why.code == ERR_INTEGRITY) {
        return 0;
    }
    *e = why;
    return -1;
}

static int look_at_world(struct site *s, bool full, struct err *e)
{
    s->world.reachable = true;
    /* A ledger with nothing but its contact says nothing yet of what stands there: it comes to its baseline
     * as one that is not there does. */
    s->world.has_ledger = s->id.has_ledger && s->id.size > 1;
    s->world.instance = s->id.uuid;
    s->world.moved = site_moved(s);
    s->world.format = site_format(s);
    s->world.newest_format = LEDGER_FORMAT;
    s->world.n_drift = s->world.n_forgiven = 0;
    s->world.lineage = NULL;
    if (!full && s->world.has_ledger && site_unmoved(s)) {
        witness_begin(s);
        return 0;
    }
    if (!full && s->world.has_ledger && site_catalogs_unmoved(s)) {
        witness_begin(s);
        site_witness(s);
        return 0;
    }
    if (!site_look_again(s) && site_look(s, e) != 0) {
        return -1;
    }
    witness_begin(s);
    if (!s->world.has_ledger) {
        s->world.n_existing = site_count_existing(s);
        return 0;
    }
    s->world.n_existing = 0;
    if (site_find_drift(s, e) != 0) {
        return -1;
    }
    if (s->world.n_drift == 0) {
        site_witness(s);
    }
    return 0;
}

const struct bundle *const *site_bundles(struct arena *a, const struct project *p)
{
    const struct bundle **v = ARENA_ARRAY(a, const struct bundle *, p->n_bundle + 1);
    for (size_t i = 0; i < p->n_bundle; i++) {
        v[i] = &p->bundle[i];
    }
    return v;
}

/* Once more where the ledger knows of migrations that are not here. */
static int complete_plan(struct site *s, struct arena *a, const struct bundle *const *here,
                         struct err *e)
{
    const struct bundle *absent = NULL;
    size_t n = 0;
    bool found = false;
    struct plan_order order;
    if (absent_find(s, &absent, &n, &found, e) != 0) {
        return -1;
    }
    if (!found) {
        return 0;
    }
    size_t n_here = s->project->n_bundle;
    const struct bundle **all = ARENA_ARRAY(s->a, const struct bundle *, n_here + n + 1);
    memcpy(all, here, n_here * sizeof *all);
    for (size_t i = 0; i < n; i++) {
        all[n_here + i] = &absent[i];
    }
    if (plan_order(a, all, n_here + n, &order, e) != 0) {
        return -1;
    }
    s->input.order = arena_dup(a, &order, sizeof order);
    return plan_make(a, &s->input, &s->plan, e);
}

/* The one under the lock is the last that anybody asks for: where no plan is shown the one before it goes. */
static struct arena *plan_arena(struct site *s)
{
    return s->o.scripts_most == 0 ? s->a : arena_within(s->a);
}

/* The order comes first: what is wanted of a projection depends on the order of its chain. */
static int make_plan(struct site *s, struct err *e)
{
    struct arena *a = plan_arena(s);
    struct arena *before = s->plan.a;
    struct plan_order order;
    s->input = (struct plan_input){.env = s->env,
                                   .domains = &s->project->domains,
                                   .past = &s->past,
                                   .world = &s->world,
                                   .prunes = s->o.prunes};
    struct archive r = site_archive(s);
    s->input.exports = evidence_states(&r, s->a);
    s->world.deployed = site_deployed(s);
    if (generations_read(s, e) != 0) {
        return -1;
    }
    undeclared_find(s);
    if (values_bind(s, e) != 0 || values_look(s, e) != 0 || definitions_look(s, e) != 0) {
        return -1;
    }
    const struct bundle *const *here = undeclared_bundles(s);
    if (pending_load(s, e) != 0 || stores_look(s, e) != 0 || halfway_find(s, e) != 0 ||
        plan_order(a, here, s->project->n_bundle, &order, e) != 0) {
        return -1;
    }
    s->input.order = arena_dup(a, &order, sizeof order);
    if (s->env->is_protected && site_lint(s, &order, e) != 0) {
        return -1;
    }
    if (s->project->n_projection + s->n_undeclared > 0 && projected_look(s, &order, e) != 0) {
        return -1;
    }
    if (approvals_look(s, e) != 0 || plan_make(a, &s->input, &s->plan, e) != 0 ||
        complete_plan(s, a, here, e) != 0) {
        return -1;
    }
    if (before != NULL && before != s->a) {
        arena_release(before);
    }
    return 0;
}

/* Whoever else holds a lock is told, and that nothing but waiting came of it. */
static int explain_wait(const struct site *s, struct err *e)
{
    if (strcmp(e->sqlstate, "55P03") == 0) {
        (void)err_wrap(e, ERR_PREFLIGHT,
                       "what stands in environment \"%s\" could not be read: another session kept "
                       "a lock for longer than --lock-wait",
                       s->env->name);
    }
    watch_explain(&s->watch, e);
    return -1;
}

int site_replan(struct site *s, bool full, struct err *e)
{
    if (look_at_world(s, full, e) != 0) {
        return explain_wait(s, e);
    }
    stores_ask(s);
    return make_plan(s, e);
}

int site_no_ledger(const struct env *env, const char *then, struct err *e)
{
    const char *name = env->name;
    (void)err_set(e, ERR_PREFLIGHT, "environment \"%s\" has no ledger yet: %s", name, then);
    return env->is_protected
               ? err_hint(e, "`kfmig adopt %s` makes it, and takes the database as it stands", name)
               : err_hint(e, "`kfmig build %s` makes it; `kfmig adopt %s`, too, and runs nothing",
                          name, name);
}

int site_plan(struct site *s, bool want_server, struct err *e)
{
    s->world = (struct world){.why_not = "", .server_said = "", .hint = "", .instance = ""};
    s->linted_at = 0;
    if (!s->env->store[store_of_ledger()]) {
        return make_plan(s, e);
    }
    if (site_link(s, e) != 0) {
        bool unreachable = s->pg == NULL && e->code == ERR_PREFLIGHT;
        if (want_server || !unreachable) {
            return -1;
        }
        s->world.why_not = arena_strdup(s->a, e->msg);
        s->world.server_said = arena_strdup(s->a, e->detail);
        s->world.hint = arena_strdup(s->a, e->hint);
        return make_plan(s, e);
    }
    site_ask_upstreams(s);
    int rc = site_replan(s, false, e);
    watch_over(&s->watch);
    if (rc != 0 || site_trust_planned(s, e) != 0) {
        return -1;
    }
    site_remember(s);
    return 0;
}

void site_close(struct site *s)
{
    projected_release(s);
    site_leave(s);
    pending_close(s);
}
