/* What is to be done about each migration, and why: the decision, from facts alone. */
#include <stdlib.h>
#include <string.h>

#include "plan/order.h"
#include "plan/plan.h"
#include "plan/projection.h"

static struct reason *give(struct plan *p, struct step *s, enum reason_code code)
{
    ARENA_GROW(p->a, s->reasons, s->n_reasons, s->cap_reasons);
    struct reason *r = &s->reasons[s->n_reasons++];
    *r = (struct reason){.code = code, .cause = "", .was = "", .now = "", .detail = "", .step = -1};
    return r;
}

static const char *digest_string(struct plan *p, const struct digest *d)
{
    char text[DIGEST_TEXT];
    return arena_strdup(p->a, digest_text(d, text));
}

static const char *entry_name(struct plan *p, const struct fact *f)
{
    return arena_printf(p->a, "ledger entry %lld", (long long)f->sequence);
}

/* The same id is applied here: it is a fact, current or changed since. */
static void decide_applied(struct plan *p, struct step *s, enum export_state exported)
{
    const struct fact *f = s->history->applied;
    if (!digest_eq(&f->checksum, &s->bundle->checksum)) {
        struct reason *r = give(p, s, REASON_CHECKSUM_MISMATCH);
        r->cause = entry_name(p, f);
        r->was = digest_string(p, &f->checksum);
        r->now = digest_string(p, &s->bundle->checksum);
        r->detail = arena_printf(p->a, "applied at %s by run %s", f->finished_at, f->run_id);
        r->path = arena_printf(p->a, "%s/migration.yml", s->bundle->dir);
        return;
    }
    if (exported == EXPORT_MISSING) {
        give(p, s, REASON_OUTPUT_MISSING)->cause =
            arena_printf(p->a, "%s/receipts", s->bundle->dir);
        s->action = ACTION_EXPORT;
    } else if (exported == EXPORT_ALTERED) {
        give(p, s, REASON_OUTPUT_ALTERED)->cause =
            arena_printf(p->a, "%s/receipts", s->bundle->dir);
        s->action = ACTION_EXPORT;
    }
    struct reason *r = give(p, s, REASON_CURRENT);
    r->cause = entry_name(p, f);
    r->now = digest_string(p, &f->checksum);
    r->detail = arena_printf(p->a, "applied at %s by run %s", f->finished_at, f->run_id);
}

static void check_promotion(struct plan *p, struct step *s)
{
    for (size_t i = 0; i < p->world->n_upstream; i++) {
        const struct upstream *u = &p->world->upstream[i];
        const char *target = arena_printf(p->a, "%s/%s@receipt", u->env, s->bundle->id);
        if (!u->reachable) {
            struct reason *r = give(p, s, REASON_NOT_PROMOTED);
            r->cause = target;
            r->detail = arena_printf(p->a, "%s could not be asked: %s", u->env, u->why_not);
            continue;
        }
        const struct history *h = past_get(u->past, s->bundle->id);
        const struct fact *f = h != NULL ? h->applied : NULL;
        if (f != NULL && digest_eq(&f->checksum, &s->bundle->checksum)) {
            continue;
        }
        struct reason *r = give(p, s, REASON_NOT_PROMOTED);
        r->cause = target;
        r->was = f != NULL ? digest_string(p, &f->checksum) : "";
        r->now = digest_string(p, &s->bundle->checksum);
        r->detail = f == NULL ? arena_printf(p->a, "not applied in %s", u->env)
                              : arena_printf(p->a, "%s has it with other content", u->env);
    }
}

static void check_approval(struct plan *p, struct step *s)
{
    if (p->env->approval != APPROVAL_SIGNATURE) {
        return;
    }
    struct reason *r = give(p, s, REASON_APPROVAL_MISSING);
    r->cause = arena_printf(p->a, "%s/migration.yml", s->bundle->dir);
    r->now = digest_string(p, &s->bundle->bundle_digest);
    r->detail = arena_printf(p->a, "%s wants a signature over the bundle digest", p->env->name);
}

static void check_registry(struct plan *p, struct step *s)
{
    if (p->env->is_protected && s->bundle->status == NULL) {
        give(p, s, REASON_UNREGISTERED)->cause = "registry/migrations.v1.json";
    }
}

static void check_static(struct plan *p, const struct plan_input *in, struct step *s)
{
    if (s->bundle->decl == NULL || s->bundle->forward == NULL) {
        return;
    }
    for (size_t i = 0; i < s->bundle->n_faults; i++) {
        reason_from_fault(p->a, give(p, s, REASON_SCRIPT_FAULT), &s->bundle->faults[i]);
    }
    struct reason *found = NULL;
    size_t n = 0;
    plan_judge(p->a, s->bundle, in->domains, &found, &n);
    for (size_t i = 0; i < n; i++) {
        *give(p, s, found[i].code) = found[i];
    }
    s->risk_class = plan_risk_class(s->bundle);
}

static bool touches_object(const struct touch *t, const struct object *o)
{
    if (t->object.kind == OBJ_SCHEMA && t->effect == EFFECT_DROP) {
        return strcmp(t->object.name, o->schema) == 0 || object_eq(&t->object, o);
    }
    if (t->object.kind != o->kind) {
        return false;
    }
    if (t->object.schema[0] != '\0' && strcmp(t->object.schema, o->schema) != 0) {
        return false;
    }
    /* A function is named without its arguments in SQL text. */
    size_t n = strlen(t->object.name);
    return strncmp(t->object.name, o->name, n) == 0 && (o->name[n] == '\0' || o->name[n] == '(');
}

static const struct touch *touch_in(const struct script *script, const struct object *o)
{
    for (size_t k = 0; k < script->n; k++) {
        const struct touches *list = &script->v[k].touches;
        for (size_t t = 0; t < list->n; t++) {
            if (touches_object(&list->v[t], o)) {
                return &list->v[t];
            }
        }
    }
    return NULL;
}

static const struct touch *first_touch(const struct step *s, const struct object *o,
                                       const char **path)
{
    for (size_t i = 0; i < s->bundle->decl->forward.n; i++) {
        const struct touch *t = touch_in(&s->bundle->forward[i], o);
        if (t != NULL) {
            *path = s->bundle->forward[i].path;
            return t;
        }
    }
    return NULL;
}

/* Static, so a lower bound; the run compares what a migration really touched with the same list before COMMIT. */
static void check_drift(struct plan *p, struct step *s)
{
    if (s->bundle->decl == NULL || s->bundle->forward == NULL) {
        return;
    }
    for (size_t i = 0; i < p->world->n_drift; i++) {
        const struct drift *d = &p->world->drift[i];
        const char *path = NULL;
        const struct touch *t = first_touch(s, &d->object, &path);
        if (t == NULL) {
            continue;
        }
        struct reason *r = give(p, s, REASON_DRIFT);
        r->cause = d->text;
        r->was = digest_is_zero(&d->was) ? "" : digest_string(p, &d->was);
        r->now = digest_is_zero(&d->now) ? "" : digest_string(p, &d->now);
        r->detail = d->last_writer[0] != '\0'
                        ? arena_printf(p->a, "last written by %s (ledger entry %lld)",
                                       d->last_writer, (long long)d->sequence)
                        : "no migration ever wrote it";
        r->path = path;
        r->line = t->line;
        r->col = t->col;
    }
}

/* A file that arrived late: an applied one of its folder sorts after it. newest: greatest applied id of the folder. */
static void check_lateness(struct plan *p, struct step *s, const char *newest)
{
    if (s->bundle->has_depends || newest == NULL || strcmp(s->bundle->id, newest) > 0) {
        return;
    }
    struct reason *r =
        give(p, s, p->env->is_protected ? REASON_OUT_OF_ORDER : REASON_OUT_OF_ORDER_NOTE);
    r->cause = arena_printf(p->a, "%s/%s@apply", p->env->name, newest);
    r->detail = arena_printf(p->a, "%s is already applied", newest);
}

static void check_upstream(struct plan *p, struct step *s)
{
    for (size_t i = 0; i < s->n_upstream; i++) {
        const struct step *u = &p->v[s->upstream[i]];
        if (u->state != STATE_BLOCKED && u->action != ACTION_APPLY) {
            continue;
        }
        struct reason *r = give(
            p, s, u->state == STATE_BLOCKED ? REASON_UPSTREAM_BLOCKED : REASON_UPSTREAM_PENDING);
        r->step = s->upstream[i];
        r->cause = plan_target_text(p->a, p, u, STAGE_APPLY);
    }
}

static void decide_pending(struct plan *p, const struct plan_input *in, struct step *s,
                           const char *newest)
{
    const struct fact *last = s->history != NULL ? s->history->last : NULL;
    if (last != NULL && strcmp(last->result, "interrupted") == 0) {
        struct reason *r = give(p, s, REASON_INTERRUPTED);
        r->cause = entry_name(p, last);
        r->detail = arena_printf(p->a, "run %s ended at %s", last->run_id, last->finished_at);
    } else {
        struct reason *r = give(p, s, REASON_NEVER_BUILT);
        r->now = digest_string(p, &s->bundle->checksum);
        if (last != NULL) {
            r->cause = entry_name(p, last);
            r->detail =
                arena_printf(p->a, "the last run %s at %s", last->result, last->finished_at);
        }
    }
    s->action = ACTION_APPLY;
    if (p->world->n_existing > 0 && !p->world->has_ledger && p->env->is_protected) {
        struct reason *r = give(p, s, REASON_NOT_ADOPTED);
        r->cause = "the database";
        r->detail = arena_printf(p->a, "%lld objects found", (long long)p->world->n_existing);
    }
    check_static(p, in, s);
    check_promotion(p, s);
    check_approval(p, s);
    check_registry(p, s);
    check_drift(p, s);
    check_lateness(p, s, newest);
    check_upstream(p, s);
}

/* Blocking reasons first, then stale ones, each in the order of reason.def; the sort is stable. */
static void settle(struct step *s)
{
    for (size_t i = 1; i < s->n_reasons; i++) {
        struct reason r = s->reasons[i];
        size_t k = i;
        while (k > 0 && reason_state(s->reasons[k - 1].code) != STATE_BLOCKED &&
               reason_state(r.code) == STATE_BLOCKED) {
            s->reasons[k] = s->reasons[k - 1];
            k--;
        }
        s->reasons[k] = r;
    }
    s->state = reason_state(s->reasons[0].code);
    if (s->state != STATE_STALE) {
        s->action = ACTION_NONE;
    }
}

static void decide_step(struct plan *p, const struct plan_input *in, struct step *s,
                        enum export_state exported, const char *newest)
{
    bool excluded = false;
    const struct projection_input *x = projection_of(p, s->bundle, &excluded);
    s->history = past_get(p->past, s->bundle->id);
    if (s->bundle->store == STORE_COUNT || !p->env->store[s->bundle->store]) {
        give(p, s, REASON_NO_STORE)->cause = "registry/environments.v1.yml";
    } else if (!p->world->reachable) {
        struct reason *r = give(p, s, REASON_UNREACHABLE);
        r->cause = arena_printf(p->a, "store postgis of %s", p->env->name);
        r->detail = p->world->why_not;
    } else if (x != NULL && (excluded || !generation_grows(x) || !generation_lacks(x, s->bundle))) {
        projection_member(p, s, x, excluded);
    } else if (x == NULL && s->history != NULL && s->history->applied != NULL) {
        decide_applied(p, s, exported);
    } else {
        decide_pending(p, in, s, newest);
    }
    settle(s);
}

/* The greatest applied id of each folder, for late arrivals. What runs inside generations does so again and again: it is never too late. */
static void find_newest(struct arena *a, const struct plan_input *in, struct table *newest)
{
    newest->a = a;
    for (size_t i = 0; i < in->order->n; i++) {
        const struct bundle *b = in->order->v[i].bundle;
        const struct history *h = b->projection == NULL ? past_get(in->past, b->id) : NULL;
        if (h != NULL && h->applied != NULL) {
            const char *old = table_gets(newest, b->folder);
            if (old == NULL || strcmp(b->id, old) > 0) {
                table_puts(newest, b->folder, arena_strdup(a, b->id));
            }
        }
    }
}

bool plan_needs_scripts(const struct plan_input *in, const struct bundle *b)
{
    if (b->store != STORE_POSTGIS || !in->env->store[STORE_POSTGIS] || !in->world->reachable ||
        b->projection != NULL) {
        return false;
    }
    const struct history *h = past_get(in->past, b->id);
    return h == NULL || h->applied == NULL;
}

static void count_states(struct plan *p)
{
    memset(p->n_state, 0, sizeof p->n_state);
    p->n_apply = 0;
    p->n_export = 0;
    for (size_t i = 0; i < p->n; i++) {
        if (p->v[i].selected) {
            p->n_state[p->v[i].state]++;
            p->n_apply += p->v[i].action == ACTION_APPLY;
            p->n_export += p->v[i].action == ACTION_EXPORT;
        }
    }
}

static void begin_steps(struct plan *p, const struct plan_order *order)
{
    p->n = order->n;
    p->v = ARENA_ARRAY(p->a, struct step, order->n + 1);
    for (size_t i = 0; i < order->n; i++) {
        const struct ordered *o = &order->v[i];
        p->v[i] = (struct step){.bundle = o->bundle,
                                .upstream = o->upstream,
                                .n_upstream = o->n_upstream,
                                .order_only = o->order_only,
                                .selected = true};
    }
}

int plan_make(struct arena *a, const struct plan_input *in, struct plan *out, struct err *e)
{
    *out = (struct plan){
        .a = a, .env = in->env, .past = in->past, .world = in->world, .domains = in->domains};
    struct table newest = {0};
    begin_steps(out, in->order);
    projections_begin(out, in);
    find_newest(a, in, &newest);
    for (size_t i = 0; i < out->n; i++) {
        struct step *s = &out->v[i];
        enum export_state exported =
            in->exports != NULL ? in->exports[in->order->v[i].index] : EXPORT_DONE;
        decide_step(out, in, s, exported, table_gets(&newest, s->bundle->folder));
    }
    count_states(out);
    return projections_decide(out, e);
}

int plan_find(const struct plan *p, const char *id)
{
    for (size_t i = 0; i < p->n; i++) {
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
    const struct projection_step *x = &p->projections[projection];
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

static struct subjects subjects_of(const struct plan *p)
{
    const struct bundle **bundles = ARENA_ARRAY(p->a, const struct bundle *, p->n + 1);
    const struct projection **projections =
        ARENA_ARRAY(p->a, const struct projection *, p->n_projections + 1);
    for (size_t i = 0; i < p->n; i++) {
        bundles[i] = p->v[i].bundle;
    }
    for (size_t i = 0; i < p->n_projections; i++) {
        projections[i] = p->projections[i].in->p;
    }
    struct subjects all = {bundles, p->n, projections, p->n_projections, {0}};
    plan_subjects(p->a, &all);
    return all;
}

int plan_restrict(struct plan *p, const char *const *targets, size_t n, struct err *e)
{
    if (n == 0) {
        return 0;
    }
    struct subjects all = subjects_of(p);
    struct choice c = {.steps = ARENA_ARRAY(p->a, bool, p->n + 1),
                       .projections = ARENA_ARRAY(p->a, bool, p->n_projections + 1),
                       .chains = ARENA_ARRAY(p->a, bool, p->n_projections + 1)};
    p->selection = (struct names){ARENA_ARRAY(p->a, const char *, n), n, n};
    for (size_t i = 0; i < n; i++) {
        struct target t;
        if (plan_target(targets[i], p->env, 1, &all, p->a, &t, e) != 0) {
            return -1;
        }
        p->selection.v[i] = choose(p, &t, &c);
    }
    order_select(p, c.steps);
    projections_select(p, c.projections);
    count_states(p);
    projections_count(p);
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
