/* What is to be done about each projection, and why. */
#include "plan/projection.h"

#include <string.h>

static struct reason *add(struct arena *a, struct reason **v, size_t *n, size_t *cap,
                          enum reason_code code)
{
    ARENA_GROW(a, *v, *n, *cap);
    struct reason *r = &(*v)[(*n)++];
    *r = (struct reason){.code = code, .cause = "", .was = "", .now = "", .detail = "", .step = -1};
    return r;
}

static struct reason *give(struct plan *p, struct projection_step *x, enum reason_code code)
{
    return add(p->a, &x->reasons, &x->n_reasons, &x->cap_reasons, code);
}

static const char *digest_string(struct plan *p, const struct digest *d)
{
    char text[DIGEST_TEXT];
    return digest_is_zero(d) ? "" : arena_strdup(p->a, digest_text(d, text));
}

static const char *generation_name(struct plan *p, const struct generation *g)
{
    return arena_printf(p->a, "generation %lld", (long long)g->number);
}

static bool is_for(const struct projection *x, const struct env *env)
{
    return !x->has_environments || names_have(&x->environments, env->name);
}

const struct projection_input *projection_of(const struct plan_input *in, const struct bundle *b,
                                             bool *excluded)
{
    *excluded = false;
    for (size_t i = 0; b->projection != NULL && i < in->n_projections; i++) {
        const struct projection_input *x = &in->projections[i];
        if (strcmp(x->p->name, b->projection) == 0) {
            *excluded = !is_for(x->p, in->env);
            return x;
        }
    }
    return NULL;
}

static const struct generation *live_of(const struct projection_input *in)
{
    for (size_t i = 0; i < in->n; i++) {
        if (in->v[i].state == GENERATION_LIVE) {
            return &in->v[i];
        }
    }
    return NULL;
}

/* The generation begun, made or kept for the wanted digest: the furthest, then the newest. */
static const struct generation *next_of(const struct projection_input *in)
{
    const struct generation *best = NULL;
    for (size_t i = 0; i < in->n; i++) {
        const struct generation *g = &in->v[i];
        if (g->state != GENERATION_LIVE && !digest_is_zero(&in->digest) &&
            digest_eq(&g->digest, &in->digest) &&
            (best == NULL || g->state != GENERATION_LOADING || best->state == GENERATION_LOADING)) {
            best = g;
        }
    }
    return best;
}

static const struct component *component_of(const struct components *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++) {
        if (strcmp(list->v[i].name, name) == 0) {
            return &list->v[i];
        }
    }
    return NULL;
}

/* --- members ---------------------------------------------------------------------------------------- */

void projection_member(struct plan *p, const struct plan_input *in, struct step *s,
                       const struct projection_input *x, bool excluded)
{
    (void)in;
    if (excluded) {
        struct reason *r =
            add(p->a, &s->reasons, &s->n_reasons, &s->cap_reasons, REASON_NOT_IN_ENVIRONMENT);
        r->cause = x->p->file.path;
        return;
    }
    const struct fact *f = s->history != NULL ? s->history->applied : NULL;
    const struct generation *live = live_of(x);
    const char *name = arena_printf(p->a, "migration %s", s->bundle->id);
    const struct component *c = live != NULL ? component_of(&live->components, name) : NULL;
    if (c != NULL && digest_eq(&c->digest, &s->bundle->checksum)) {
        struct reason *r = add(p->a, &s->reasons, &s->n_reasons, &s->cap_reasons, REASON_CURRENT);
        r->cause = arena_printf(p->a, "%s of %s", generation_name(p, live), x->p->name);
        r->now = digest_string(p, &s->bundle->checksum);
        return;
    }
    if (c == NULL && f != NULL && digest_eq(&f->checksum, &s->bundle->checksum)) {
        struct reason *r = add(p->a, &s->reasons, &s->n_reasons, &s->cap_reasons, REASON_CURRENT);
        r->cause = arena_printf(p->a, "ledger entry %lld", (long long)f->sequence);
        r->now = digest_string(p, &f->checksum);
        return;
    }
    struct reason *r = add(p->a, &s->reasons, &s->n_reasons, &s->cap_reasons, REASON_IN_GENERATION);
    r->cause = arena_printf(p->a, "%s/%s@schema", p->env->name, x->p->name);
    r->was = c != NULL   ? digest_string(p, &c->digest)
             : f != NULL ? digest_string(p, &f->checksum)
                         : "";
    r->now = digest_string(p, &s->bundle->checksum);
    r->path = arena_printf(p->a, "%s/migration.yml", s->bundle->dir);
}

/* --- decisions -------------------------------------------------------------------------------------- */

static void add_changes(struct plan *p, struct projection_step *x)
{
    const struct components *was = &x->live->components;
    const struct components *now = &x->in->components;
    for (size_t i = 0; i < now->n; i++) {
        const struct component *c = component_of(was, now->v[i].name);
        if (c == NULL || !digest_eq(&c->digest, &now->v[i].digest)) {
            struct reason *r = give(p, x, REASON_INPUT_CHANGED);
            r->cause = now->v[i].name;
            r->was = c != NULL ? digest_string(p, &c->digest) : "";
            r->now = digest_string(p, &now->v[i].digest);
            r->path = x->in->p->file.path;
            r->line = x->in->p->line;
            r->col = x->in->p->col;
        }
    }
    for (size_t i = 0; i < was->n; i++) {
        if (component_of(now, was->v[i].name) == NULL) {
            struct reason *r = give(p, x, REASON_INPUT_CHANGED);
            r->cause = was->v[i].name;
            r->was = digest_string(p, &was->v[i].digest);
            r->path = x->in->p->file.path;
            r->line = x->in->p->line;
            r->col = x->in->p->col;
        }
    }
}

static void add_faults(struct plan *p, struct projection_step *x)
{
    const struct err_list *l = x->in->faults;
    for (size_t i = 0; l != NULL && i < l->n; i++) {
        struct reason *r = give(p, x, REASON_CATALOG_FAULT);
        r->cause = arena_strdup(p->a, l->v[i].where.path);
        r->detail = arena_strdup(p->a, l->v[i].msg);
        r->path = r->cause[0] != '\0' ? r->cause : NULL;
        r->line = l->v[i].where.line;
        r->col = l->v[i].where.col;
    }
    if (x->n_reasons == 0) {
        give(p, x, REASON_CATALOG_FAULT)->detail = "its digest is not known";
    }
}

static bool chain_changed(const struct projection_step *x)
{
    const struct components *was = &x->live->components;
    const struct components *now = &x->in->components;
    size_t n[2] = {0, 0};
    for (size_t i = 0; i < now->n; i++) {
        if (strncmp(now->v[i].name, "migration ", strlen("migration ")) == 0) {
            const struct component *c = component_of(was, now->v[i].name);
            if (c == NULL || !digest_eq(&c->digest, &now->v[i].digest)) {
                return true;
            }
            n[0]++;
        }
    }
    for (size_t i = 0; i < was->n; i++) {
        n[1] += strncmp(was->v[i].name, "migration ", strlen("migration ")) == 0 ? 1 : 0;
    }
    return n[0] != n[1];
}

/* What forbids making a new generation although one is wanted. */
static void check_rebuild(struct plan *p, struct projection_step *x)
{
    if (x->in->has_dml != NULL) {
        struct reason *r = give(p, x, REASON_CHAIN_HAS_DML);
        r->cause = x->in->has_dml;
        r->path = x->in->has_dml;
        r->detail = "on the empty tables of a new generation it would silently do nothing";
    }
    if (x->in->p->policy == PROJECTION_IN_PLACE && x->live != NULL &&
        !digest_is_zero(&x->live->digest) && chain_changed(x)) {
        struct reason *r = give(p, x, REASON_IN_PLACE);
        r->cause = x->in->p->file.path;
        r->path = x->in->p->file.path;
        r->line = x->in->p->line;
        r->col = x->in->p->col;
    }
}

static const struct drift *drift_inside(const struct plan *p, const char *schema)
{
    for (size_t i = 0; i < p->world->n_drift; i++) {
        const struct object *o = &p->world->drift[i].object;
        if (strcmp(o->schema, schema) == 0 ||
            (o->kind == OBJ_SCHEMA && strcmp(o->name, schema) == 0)) {
            return &p->world->drift[i];
        }
    }
    return NULL;
}

static bool is_switched_back(const struct projection_step *x)
{
    char text[DIGEST_TEXT];
    const char *against = x->live != NULL ? doc_str(x->live->facts, "chosen_against", "") : "";
    return !x->is_named && x->live != NULL && x->live->is_chosen &&
           !digest_eq(&x->live->digest, &x->in->digest) &&
           strcmp(against, digest_text(&x->in->digest, text)) == 0;
}

static void decide_wanted(struct plan *p, struct projection_step *x)
{
    if (x->next != NULL && x->next->state != GENERATION_LOADING) {
        struct reason *r = give(p, x,
                                x->next->state == GENERATION_READY ? REASON_PUBLISH_PENDING
                                                                   : REASON_GENERATION_KEPT);
        r->cause = generation_name(p, x->next);
        r->now = digest_string(p, &x->in->digest);
        x->action = ACTION_PUBLISH;
        return;
    }
    if (x->live == NULL || digest_is_zero(&x->live->digest)) {
        struct reason *r = give(p, x, REASON_NEVER_BUILT);
        r->now = digest_string(p, &x->in->digest);
        r->cause = x->live != NULL ? generation_name(p, x->live) : "";
        r->detail =
            x->live != NULL || x->in->has_schema
                ? "the schema that is there was not built from catalogs; it is kept as a generation"
                : "";
    } else {
        add_changes(p, x);
    }
    if (x->next != NULL) {
        struct reason *r = give(p, x, REASON_GENERATION_PENDING);
        r->cause = generation_name(p, x->next);
        r->now = digest_string(p, &x->in->digest);
    }
    x->action = ACTION_REBUILD;
    check_rebuild(p, x);
}

static void check_upstream(struct plan *p, struct projection_step *x)
{
    int last = x->n_members > 0 ? x->members[x->n_members - 1] : (int)p->n;
    for (int i = 0; i < last; i++) {
        const struct step *s = &p->v[i];
        bool is_member = s->bundle->projection != NULL;
        if (!is_member && (s->state == STATE_BLOCKED || s->action == ACTION_APPLY)) {
            struct reason *r =
                give(p, x,
                     s->state == STATE_BLOCKED ? REASON_UPSTREAM_BLOCKED : REASON_UPSTREAM_PENDING);
            r->step = i;
            r->cause = plan_target_text(p->a, p, s, STAGE_APPLY);
            if (s->state == STATE_BLOCKED) {
                return;
            }
        }
    }
}

static void check_gates(struct plan *p, struct projection_step *x)
{
    if (p->env->approval == APPROVAL_SIGNATURE) {
        struct reason *r = give(p, x, REASON_APPROVAL_MISSING);
        r->cause = x->in->p->file.path;
        r->now = digest_string(p, &x->in->digest);
        r->detail =
            arena_printf(p->a, "%s wants a signature over the generation's digest", p->env->name);
    }
    for (size_t i = 0; i < p->world->n_upstream; i++) {
        const struct upstream *u = &p->world->upstream[i];
        const struct history *h = u->reachable ? past_get(u->past, x->in->p->name) : NULL;
        const struct fact *f = h != NULL ? h->applied : NULL;
        if (f != NULL && digest_eq(&f->checksum, &x->in->digest)) {
            continue;
        }
        struct reason *r = give(p, x, REASON_NOT_PROMOTED);
        r->cause = arena_printf(p->a, "%s/%s@receipt", u->env, x->in->p->name);
        r->was = f != NULL ? digest_string(p, &f->checksum) : "";
        r->now = digest_string(p, &x->in->digest);
        r->detail = !u->reachable
                        ? arena_printf(p->a, "%s could not be asked: %s", u->env, u->why_not)
                    : f == NULL ? arena_printf(p->a, "not published in %s", u->env)
                                : arena_printf(p->a, "%s has another generation", u->env);
    }
}

static void decide(struct plan *p, struct projection_step *x)
{
    const struct projection *decl = x->in->p;
    const struct drift *d = drift_inside(p, decl->schema);
    if (!is_for(decl, p->env)) {
        give(p, x, REASON_NOT_IN_ENVIRONMENT)->cause = decl->file.path;
        return;
    }
    if (!p->env->store[decl->store]) {
        give(p, x, REASON_NO_STORE)->cause = "registry/environments.v1.yml";
        return;
    }
    if (!p->world->reachable) {
        struct reason *r = give(p, x, REASON_UNREACHABLE);
        r->cause = arena_printf(p->a, "store postgis of %s", p->env->name);
        r->detail = p->world->why_not;
        return;
    }
    if (digest_is_zero(&x->in->digest)) {
        add_faults(p, x);
        return;
    }
    if (x->live != NULL && digest_eq(&x->live->digest, &x->in->digest) && d == NULL) {
        struct reason *r = give(p, x, REASON_CURRENT);
        r->cause = generation_name(p, x->live);
        r->now = digest_string(p, &x->in->digest);
        r->detail = arena_printf(p->a, "published at %s", x->live->changed_at);
        return;
    }
    if (is_switched_back(x)) {
        struct reason *r = give(p, x, REASON_SWITCHED_BACK);
        r->cause = generation_name(p, x->live);
        r->was = digest_string(p, &x->live->digest);
        r->now = digest_string(p, &x->in->digest);
        return;
    }
    if (x->live != NULL && digest_eq(&x->live->digest, &x->in->digest)) {
        struct reason *r = give(p, x, REASON_GENERATION_ALTERED);
        r->cause = d->text;
        r->was = digest_string(p, &d->was);
        r->now = digest_string(p, &d->now);
        x->action = ACTION_REBUILD;
        check_rebuild(p, x);
    } else {
        decide_wanted(p, x);
    }
    check_gates(p, x);
    check_upstream(p, x);
}

/* Blocking reasons first; otherwise as they were found. */
static void settle(struct projection_step *x)
{
    for (size_t i = 1; i < x->n_reasons; i++) {
        struct reason r = x->reasons[i];
        size_t k = i;
        while (k > 0 && reason_state(x->reasons[k - 1].code) != STATE_BLOCKED &&
               reason_state(r.code) == STATE_BLOCKED) {
            x->reasons[k] = x->reasons[k - 1];
            k--;
        }
        x->reasons[k] = r;
    }
    x->state = reason_state(x->reasons[0].code);
    if (x->state != STATE_STALE) {
        x->action = ACTION_NONE;
    }
}

static void find_members(struct plan *p, struct projection_step *x)
{
    x->members = ARENA_ARRAY(p->a, int, p->n + 1);
    for (size_t i = 0; i < p->n; i++) {
        const char *of = p->v[i].bundle->projection;
        if (of != NULL && strcmp(of, x->in->p->name) == 0) {
            x->members[x->n_members++] = (int)i;
        }
    }
}

/* Objects outside of a schema that is rebuilt cannot depend on what is in it. */
static int check_outsiders(struct plan *p, struct err *e)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct bundle *b = p->v[i].bundle;
        for (size_t k = 0; b->projection == NULL && b->has_depends && k < p->v[i].n_upstream; k++) {
            const struct bundle *on = p->v[p->v[i].upstream[k]].bundle;
            if (on->projection != NULL) {
                err_at(e, ERR_CONFIG, arena_printf(p->a, "%s/migration.yml", b->dir),
                       b->depends_line, 1,
                       "\"%s\" depends on \"%s\", which runs inside projection \"%s\"", b->id,
                       on->id, on->projection);
                return err_hint(e, "what is outside a rebuilt schema cannot depend on it: move the "
                                   "migration into the "
                                   "projection's schema, or remove the dependency");
            }
        }
    }
    return 0;
}

int projections_decide(struct plan *p, const struct plan_input *in, struct err *e)
{
    p->n_projections = in->n_projections;
    p->inputs = in->projections;
    p->projections = ARENA_ARRAY(p->a, struct projection_step, in->n_projections + 1);
    if (in->n_projections > 0 && check_outsiders(p, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < in->n_projections; i++) {
        struct projection_step *x = &p->projections[i];
        *x = (struct projection_step){.in = &in->projections[i], .selected = true};
        x->live = live_of(x->in);
        x->next = next_of(x->in);
        x->last_ms = x->live != NULL ? doc_num(x->live->facts, "ms", -1) : -1;
        x->last_bytes = x->live != NULL ? doc_num(x->live->facts, "bytes", -1) : -1;
        find_members(p, x);
        decide(p, x);
        settle(x);
    }
    projections_count(p);
    return 0;
}

void projections_count(struct plan *p)
{
    p->n_rebuild = 0;
    for (size_t i = 0; i < p->n_projections; i++) {
        const struct projection_step *x = &p->projections[i];
        if (x->selected) {
            p->n_state[x->state]++;
            p->n_rebuild += x->action == ACTION_REBUILD || x->action == ACTION_PUBLISH;
        }
    }
}

/* A projection that is asked for brings its members and what comes before them; members that are asked for bring the projection. */
void projections_select(struct plan *p, const int *roots, size_t n)
{
    for (size_t i = 0; i < p->n_projections; i++) {
        struct projection_step *x = &p->projections[i];
        x->selected = false;
        for (size_t k = 0; k < n; k++) {
            x->is_named |= roots[k] == (int)i;
        }
        x->selected = x->is_named;
        if (x->is_named && x->reasons[0].code == REASON_SWITCHED_BACK) {
            x->n_reasons = 0;
            decide(p, x);
            settle(x);
        }
        for (size_t k = 0; k < x->n_members; k++) {
            x->selected |= p->v[x->members[k]].selected;
        }
    }
}

int plan_projection(const char *text, const struct projection_input *v, size_t n)
{
    const char *slash = strchr(text, '/');
    const char *name = slash != NULL ? slash + 1 : text;
    size_t length = strcspn(name, "@");
    for (size_t i = 0; i < n; i++) {
        if (strlen(v[i].p->name) == length && strncmp(v[i].p->name, name, length) == 0) {
            return (int)i;
        }
    }
    return -1;
}
