/* The plan: every step decided in the order of the walk, then restricted to what is asked for. */
#include <string.h>

#include "plan/order.h"
#include "plan/projection.h"
#include "plan/step_kind.h"

/* The last applied one of each folder, for late arrivals. What runs inside generations does so again and
 * again: it is never too late. */
static void find_newest(struct plan *p, const struct plan_input *in)
{
    p->newest = (struct table){.a = p->a};
    for (size_t i = 0; i < in->order->n; i++) {
        const struct bundle *b = in->order->v[i].bundle;
        bool counts = b->projection == NULL && !b->is_absent && !bundle_is_repeatable(b);
        const struct history *h = counts ? past_get(in->past, b->id) : NULL;
        if (h != NULL && h->applied != NULL) {
            const struct bundle **newest = table_gets(&p->newest, b->folder);
            if (newest == NULL) {
                newest = ARENA_NEW(p->a, const struct bundle *);
                *newest = b;
                table_puts(&p->newest, b->folder, newest);
            }
            *newest = bundle_compare(b, *newest) > 0 ? b : *newest;
        }
    }
}

bool plan_needs_scripts(const struct plan_input *in, const struct bundle *b)
{
    if (b->store == STORE_COUNT || !store_row(b->store)->has_engine || !in->env->store[b->store] ||
        !in->world->reachable || b->projection != NULL) {
        return false;
    }
    const struct history *h = past_get(in->past, b->id);
    return h == NULL || h->applied == NULL || (in->defines && bundle_is_repeatable(b));
}

static void count_states(struct plan *p)
{
    memset(p->n_state, 0, sizeof p->n_state);
    p->n_apply = p->n_export = p->n_rebuild = p->n_awaits = 0;
    for (size_t i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->v[i];
        if (s->selected) {
            p->n_state[s->state]++;
            p->n_awaits += s->awaits;
            p->n_apply += s->action == ACTION_APPLY || s->action == ACTION_PRUNE;
            p->n_export += s->action == ACTION_EXPORT;
            p->n_rebuild += s->action == ACTION_REBUILD || s->action == ACTION_PUBLISH;
        }
    }
}

struct plan_idle plan_idle(const struct plan *p)
{
    struct plan_idle n = {0};
    for (size_t i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->v[i];
        n.waiting += s->selected && s->state == STATE_STALE && s->action == ACTION_NONE;
        n.not_here += s->selected && s->state == STATE_NOT_APPLICABLE && step_is_absent(s);
    }
    n.not_applicable = p->n_state[STATE_NOT_APPLICABLE] - n.not_here;
    return n;
}

static void begin_steps(struct plan *p, const struct plan_input *in)
{
    p->n_migrations = in->order->n;
    p->n_projections = in->n_projections;
    p->n_steps = p->n_migrations + p->n_projections;
    p->v = ARENA_ARRAY(p->a, struct step, p->n_steps + 1);
    p->projections = p->v + p->n_migrations;
    for (size_t i = 0; i < in->order->n; i++) {
        const struct ordered *o = &in->order->v[i];
        p->v[i] = (struct step){.kind = STEP_MIGRATION,
                                .bundle = o->bundle,
                                .upstream = o->upstream,
                                .n_upstream = o->n_upstream,
                                .order_only = o->order_only,
                                .exported = in->exports != NULL && !o->bundle->is_absent
                                                ? in->exports[o->index]
                                                : EXPORT_DONE,
                                .selected = true};
        p->n_absent += o->bundle->is_absent;
    }
}

int plan_make(struct arena *a, const struct plan_input *in, struct plan *out, struct err *e)
{
    *out = (struct plan){.a = a,
                         .env = in->env,
                         .past = in->past,
                         .world = in->world,
                         .domains = in->domains,
                         .prunes = in->prunes};
    begin_steps(out, in);
    find_newest(out, in);
    if (projections_begin(out, in, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < out->n_steps; i++) {
        step_decide(out, &out->v[i]);
    }
    count_states(out);
    return 0;
}

int plan_find(const struct plan *p, const char *id)
{
    for (size_t i = 0; i < p->n_migrations; i++) {
        if (strcmp(p->v[i].bundle->id, id) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* What the targets stand for, before anything is selected: marks per step and per projection. */
struct choice {
    bool *steps, *projections;
    bool *chains; /* projections whose members are marked */
};

/* A chain runs as a whole or not at all. */
static void choose_chain(const struct plan *p, int projection, struct choice *c)
{
    const struct step *x = &p->projections[projection];
    for (size_t i = 0; i < x->n_members && !c->chains[projection]; i++) {
        c->steps[x->members[i]] = true;
    }
    c->chains[projection] = true;
}

static const char *choose(const struct plan *p, const struct target *t, struct choice *c)
{
    if (t->projection >= 0) {
        c->projections[t->projection] = true;
        choose_chain(p, t->projection, c);
        return p->projections[t->projection].in->p->name;
    }
    const char *of = p->v[t->bundle].bundle->projection;
    int chain = of != NULL ? plan_find_projection(p, of) : -1;
    c->steps[t->bundle] = true;
    if (chain >= 0) {
        choose_chain(p, chain, c);
    }
    return p->v[t->bundle].bundle->id;
}

struct subjects plan_all_subjects(const struct plan *p)
{
    const struct bundle **bundles = ARENA_ARRAY(p->a, const struct bundle *, p->n_migrations + 1);
    const struct projection **projections =
        ARENA_ARRAY(p->a, const struct projection *, p->n_projections + 1);
    for (size_t i = 0; i < p->n_migrations; i++) {
        bundles[i] = p->v[i].bundle;
    }
    for (size_t i = 0; i < p->n_projections; i++) {
        projections[i] = p->projections[i].in->p;
    }
    struct subjects all = {bundles, p->n_migrations, projections, p->n_projections, {0}};
    plan_subjects(p->a, &all);
    return all;
}

/* True: what is decided about it may be another thing now. */
static bool name_step(struct step *s)
{
    enum reason_code code = s->reasons[0].code;
    bool waits =
        code == REASON_APPLIED_TWIN || code == REASON_RESEMBLES || code == REASON_ROLLED_BACK;
    s->is_named = true;
    return waits;
}

int plan_restrict(struct plan *p, const char *const *targets, size_t n, struct err *e)
{
    if (n == 0) {
        return 0;
    }
    bool again = false;
    struct subjects all = plan_all_subjects(p);
    struct choice c = {.steps = ARENA_ARRAY(p->a, bool, p->n_migrations + 1),
                       .projections = ARENA_ARRAY(p->a, bool, p->n_projections + 1),
                       .chains = ARENA_ARRAY(p->a, bool, p->n_projections + 1)};
    p->selection = (struct names){ARENA_ARRAY(p->a, const char *, n), n, n};
    for (size_t i = 0; i < n; i++) {
        struct target t;
        if (plan_target(targets[i], p->env, 1, &all, p->a, &t, e) != 0) {
            return -1;
        }
        p->selection.v[i] = choose(p, &t, &c);
        again = (t.bundle >= 0 && name_step(&p->v[t.bundle])) || again;
    }
    for (size_t i = 0; i < p->n_steps && again; i++) {
        step_decide(p, &p->v[i]);
    }
    order_select(p, c.steps);
    projections_select(p, c.projections);
    count_states(p);
    return 0;
}

enum plan_state plan_stage_state(const struct step *s, enum stage stage)
{
    if (stage == STAGE_DECLARATION) {
        return STATE_CURRENT; /* a declaration with a fault never gets into a plan */
    }
    if (s->action == ACTION_EXPORT && stage != STAGE_RECEIPT) {
        return STATE_CURRENT;
    }
    return s->state;
}

size_t plan_chain(const struct plan *p, int step, int *out, size_t cap)
{
    size_t n = 0;
    while (step >= 0 && n < cap) {
        out[n++] = step;
        const struct step *s = &p->v[step];
        step = -1;
        for (size_t i = 0; i < s->n_reasons && step < 0; i++) {
            /* a step can be waiting for another for a reason that is not its decisive one */
            if (s->reasons[i].step >= 0 && reason_state(s->reasons[i].code) == s->state) {
                step = s->reasons[i].step;
            }
        }
    }
    return n;
}
