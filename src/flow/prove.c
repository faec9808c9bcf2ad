/* Proving migrations on throwaway databases. */
#include "flow/prove.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "flow/prove_parts.h"

enum { JOBS_USUAL = 4 };

/* --- where -------------------------------------------------------------------------------------------- */

/* What is provided comes from the environment, or from the first that has an embedded server. */
static void provide_from(struct test_run *p)
{
    const struct project *project = p->s->project;
    for (size_t i = 0; i < project->n_env && !p->s->env->embedded; i++) {
        if (project->env[i].embedded) {
            p->env.extensions = project->env[i].extensions;
            p->env.roles = project->env[i].roles;
            return;
        }
    }
}

static void make_env(struct test_run *p)
{
    p->env = *p->s->env;
    p->env.is_protected = false;
    p->env.approval = APPROVAL_NONE;
    p->env.evidence = EVIDENCE_NONE;
    p->env.durability = DURABILITY_BATCH;
    p->env.requires = (struct names){0};
    p->env.operations = NULL;
    for (int k = 0; k < STORE_COUNT; k++) {
        p->env.store[k] = store_can((enum store_kind)k, STORE_HOLDS_LEDGER);
    }
    provide_from(p);
    p->env.implicit = false;
    p->env.embedded = p->o->server_ref == NULL;
    p->env.dsn_ref = p->o->server_ref;
}

/* --- which -------------------------------------------------------------------------------------------- */

static bool is_meant(const struct prove_options *o, const char *id)
{
    for (size_t i = 0; i < o->n_targets; i++) {
        size_t n = strcspn(o->targets[i], "@");
        if (strlen(id) == n && strncmp(o->targets[i], id, n) == 0) {
            return true;
        }
    }
    return o->n_targets == 0;
}

/* Those of the store that holds the ledger, in their order. What runs inside generations is proven
 * by a drill. */
static int list(struct test_run *p, struct err *e)
{
    struct arena *a = p->s->a;
    struct project *project = p->s->project;
    struct plan_order order;
    struct proofs *out = p->out;
    if (plan_order(a, site_bundles(a, project), project->n_bundle, &order, e) != 0) {
        return -1;
    }
    out->v = ARENA_ARRAY(a, struct proof, order.n + 1);
    p->by_id = (struct table){.a = a};
    struct proof_found *found = jobs_share(a, (order.n + 1) * sizeof *found);
    out->whole = jobs_share(a, sizeof *out->whole);
    if (found == NULL || out->whole == NULL) {
        return err_set(e, ERR_INTERNAL, "there is no memory for %zu proofs", order.n);
    }
    for (size_t i = 0; i < order.n; i++) {
        const struct bundle *b = order.v[i].bundle;
        if (b->projection != NULL || b->store == STORE_COUNT || !p->env.store[b->store]) {
            continue;
        }
        struct proof *x = &out->v[out->n];
        *x = (struct proof){.id = b->id, .bundle = b, .because = "", .found = &found[out->n]};
        out->n++;
        (void)table_puts(&p->by_id, x->id, x);
    }
    return 0;
}

static void choose(struct test_run *p)
{
    struct proofs *out = p->out;
    for (size_t i = 0; i < out->n; i++) {
        struct proof *x = &out->v[i];
        x->is_wanted = is_meant(p->o, x->id) && (!x->is_cached || p->o->all);
        if (x->is_wanted) {
            p->last = i + 1;
            x->is_cached = false;
            *x->found = (struct proof_found){.down = DOWN_UNTRIED};
        }
    }
}

/* --- how ---------------------------------------------------------------------------------------------- */

static int make_database(struct test_run *p, struct chain *c, struct err *e)
{
    int64_t start = clock_ms();
    int rc = drill_create(&p->base, p->o->template, c->name, e);
    p->out->database_ms += clock_ms() - start;
    return rc;
}

void prove_tell(const struct test_run *p, const struct proof *x, size_t at)
{
    enum proof_part part = proof_decisive(x);
    const struct tell t = {.kind = TELL_DONE,
                           .target = x->id,
                           .what = part == PROOF_PARTS ? "proven"
                                                       : proof_end_text(x->found->part[part].end),
                           .ms = proof_ms(x),
                           .at = at,
                           .n = p->last};
    if (x->is_wanted) {
        tell(&p->s->ear, &t);
    }
}

/* Where the parts of v[0..last) begin that n processes prove in the same time: to apply one costs
 * 1, to prove it 3, and who begins at k applies k. */
static size_t cut(size_t last, int64_t n, int64_t i)
{
    double all = 0;
    double part = 0;
    double left = 1;
    for (int64_t k = 0; k < n; k++) {
        part += k < i ? left / 3 : 0;
        all += left / 3;
        left -= left / 3;
    }
    return i == n ? last : (size_t)((double)last * part / all);
}

static int64_t jobs_of(const struct test_run *p)
{
    int64_t n = p->o->jobs;
    if (n <= 0) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        n = cores < 1 ? 1 : cores > JOBS_USUAL ? JOBS_USUAL : cores;
    }
    return n > CHAINS_MOST ? CHAINS_MOST : n;
}

static struct chain *chain_of(struct test_run *p, bool is_fresh, size_t from, size_t to)
{
    struct chain *c = ARENA_NEW(p->s->a, struct chain);
    *c = (struct chain){.p = p, .is_fresh = is_fresh, .from = from, .to = to};
    return c;
}

/* The fresh one, and one for each part that has anything to prove: what comes before that, it only
 * applies. */
static size_t divide(struct test_run *p, int64_t n_parts, struct chain **v)
{
    size_t n = 0;
    size_t from = 0;
    v[n++] = chain_of(p, true, 0, p->last);
    for (int64_t i = 1; i <= n_parts; i++) {
        size_t to = cut(p->last, n_parts, i);
        bool any = false;
        for (size_t k = from; k < to; k++) {
            any |= p->out->v[k].is_wanted;
        }
        if (any) {
            v[n++] = chain_of(p, false, from, to);
            from = to;
        }
    }
    return n;
}

/* The fresh one first; where there are no jobs, one after the other. */
static int run_chains(struct test_run *p, struct chain *const *v, size_t n, struct err *e)
{
    if (p->has_jobs) {
        return jobs_run(p, v, n, e);
    }
    for (size_t i = 0; i < n; i++) {
        if (chain_run(v[i], e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Each on a database of its own, which is gone afterwards, whatever comes. */
static int try_chains(struct test_run *p, struct err *e)
{
    struct chain *v[CHAINS_MOST];
    int64_t jobs = jobs_of(p);
    size_t n = divide(p, jobs < 2 ? 1 : jobs - 1, v);
    int rc = 0;
    p->has_jobs = jobs > 1;
    p->out->jobs = p->has_jobs ? (int64_t)n : 1;
    for (size_t i = 0; i < n && rc == 0; i++) {
        rc = make_database(p, v[i], e);
    }
    rc = rc == 0 ? run_chains(p, v, n, e) : rc;
    for (size_t i = 0; i < n; i++) {
        if (v[i]->name[0] != '\0' && drill_drop(&p->base, v[i]->name, &v[i]->late) != 0 &&
            rc == 0) {
            *e = v[i]->late;
            rc = -1;
        }
    }
    return rc;
}

/* What was proven earlier says nothing of a run in which it was only applied again, unless that failed. */
static void keep_known(const struct proof *x, const struct proof_found *known)
{
    if (x->is_cached && proof_decisive(x) == PROOF_PARTS) {
        *x->found = *known;
    }
}

/* Where the rollback of an earlier one leaves another order of columns, what comes after it has that, too. */
static void compare_chains(struct test_run *p)
{
    bool in_order = true;
    for (size_t i = 0; i < p->last && in_order; i++) {
        struct proof *x = &p->out->v[i];
        if (x->is_wanted) {
            proof_compare(x, PROOF_UP, PROOF_FRESH, "than on an empty database");
        }
        in_order = x->found->down != DOWN_ORDER && proof_decisive(x) == PROOF_PARTS;
    }
}

static int try_all(struct test_run *p, struct err *e)
{
    struct arena *a = p->s->a;
    size_t n = p->out->n;
    struct proof_found *known = ARENA_ARRAY(a, struct proof_found, n + 1);
    for (size_t i = 0; i < n; i++) {
        known[i] = *p->out->v[i].found;
        if (i < p->last && p->out->v[i].is_cached) {
            *p->out->v[i].found = (struct proof_found){.down = DOWN_UNTRIED};
        }
    }
    int rc = try_chains(p, e);
    compare_chains(p);
    for (size_t i = 0; i < n; i++) {
        keep_known(&p->out->v[i], &known[i]);
    }
    return rc;
}

static int begin(struct test_run *p, struct err *e)
{
    struct site *s = p->s;
    size_t n = 0;
    site_init(&p->base, s->a, s->project, NULL, &s->ear, &p->env,
              &(struct site_options){.verb = s->o.verb, .self = s->o.self, .words = s->o.words});
    if (seeds_read(s, &p->seeds, e) != 0 || workload_read(s, &p->workload, e) != 0 ||
        list(p, e) != 0 || site_connect(&p->base, e) != 0 || drill_sweep(&p->base, &n, e) != 0) {
        return -1;
    }
    if (n > 0) {
        tell_note(&s->ear, "dropped %zu database%s that killed runs left", n, n == 1 ? "" : "s");
    }
    p->out->statements = p->workload.names;
    p->out->n_statements = p->workload.n;
    int version = pg_server_version(p->base.pg);
    p->out->server = arena_printf(s->a, "PostgreSQL %d.%d, %s", version / 10000, version % 10000,
                                  p->env.embedded ? "embedded" : p->o->server_ref);
    keys_find(p, version);
    choose(p);
    return 0;
}

static enum err_code worst_of_whole(const struct proof_whole *w)
{
    enum err_code worst = w->second == PROOF_BAD ? ERR_VALIDATE : ERR_NONE;
    for (size_t i = 0; i < w->n_notes; i++) {
        worst = err_worse(worst, w->notes[i].fault.code);
    }
    return worst;
}

/* A fault of the whole is to be found by the next run, too: that one has to try something. */
int prove(struct site *s, const struct prove_options *o, struct proofs *out, struct err *e)
{
    int64_t start = clock_ms();
    struct test_run *p = ARENA_NEW(s->a, struct test_run);
    *out = (struct proofs){.environment = s->env->name, .server = "", .limit_ms = o->limit_ms};
    *p = (struct test_run){.s = s, .o = o, .out = out};
    make_env(p);
    int rc = begin(p, e);
    if (rc == 0 && p->last > 0) {
        rc = try_all(p, e);
    }
    enum err_code whole = out->whole != NULL ? worst_of_whole(out->whole) : ERR_NONE;
    if (rc == 0 && whole == ERR_NONE) {
        keys_keep(p);
    }
    site_close(&p->base);
    proofs_count(out);
    out->worst = err_worse(out->worst, whole);
    out->ms = clock_ms() - start;
    return rc;
}
