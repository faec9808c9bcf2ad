/* What is to be done about each projection, and why. */
#include "plan/projection.h"

#include <stdlib.h>
#include <string.h>

#include "plan/step_kind.h"

bool projection_is_for(const struct projection *x, const char *env)
{
    return !x->has_environments || names_have(&x->environments, env);
}

const struct projection_input *projection_of(const struct plan *p, const struct bundle *b,
                                             bool *excluded)
{
    const struct projection_input *x =
        b->projection != NULL ? table_gets(&p->by_name, b->projection) : NULL;
    *excluded = x != NULL && !projection_is_for(x->p, p->env->name);
    return x;
}

/* --- members ---------------------------------------------------------------------------------------- */

/* What readers see was made with this content; a schema that kfmig did not build itself only has the ledger's
 * word for it. */
bool projection_is_in_live(struct plan *p, struct step *s, const struct projection_input *x,
                           const struct digest **was)
{
    const struct fact *f = s->history != NULL ? s->history->applied : NULL;
    const struct generation *live = generation_live(x);
    const struct part *c = live != NULL ? parts_migration(&live->parts, s->bundle->id) : NULL;
    bool built = live != NULL && !digest_is_zero(&live->digest);
    const struct digest *d = c != NULL ? &c->digest : f != NULL && !built ? &f->checksum : NULL;
    *was = d;
    if (d == NULL || !digest_eq(d, &s->bundle->checksum)) {
        return false;
    }
    struct reason *r = step_give(p, s, REASON_CURRENT);
    r->cause = c != NULL ? arena_printf(p->a, "%s of %s", generation_name(p, live), x->p->name)
                         : arena_printf(p->a, "ledger entry %lld", (long long)f->sequence);
    r->now = step_digest(p, d);
    return true;
}

void projection_member(struct plan *p, struct step *s, const struct projection_input *x,
                       bool excluded)
{
    const struct digest *was = NULL;
    if (excluded) {
        step_give(p, s, REASON_NOT_IN_ENVIRONMENT)->cause = x->p->file.path;
        return;
    }
    if (projection_is_in_live(p, s, x, &was)) {
        return;
    }
    struct reason *r = step_give(p, s, REASON_IN_GENERATION);
    r->cause = arena_printf(p->a, "%s/%s@publish", p->env->name, x->p->name);
    r->was = was != NULL ? step_digest(p, was) : "";
    r->now = step_digest(p, &s->bundle->checksum);
    r->path = bundle_file(p->a, s->bundle);
}

/* --- decisions -------------------------------------------------------------------------------------- */

void projection_give_faults(struct plan *p, struct step *x)
{
    const struct err_list *l = x->in->faults;
    enum reason_code code = x->in->p->tiling != NULL ? REASON_TILES_FAULT : REASON_CATALOG_FAULT;
    for (size_t i = 0; l != NULL && i < l->n; i++) {
        reason_from_fault(p->a, step_give(p, x, code), &l->v[i]);
    }
    if (x->n_reasons == 0) {
        step_give(p, x, code)->detail = "its digest is not known";
    }
}

static bool is_inside(const struct object *o, const char *schema)
{
    return strcmp(o->schema, schema) == 0 ||
           (o->kind == OBJ_SCHEMA && strcmp(o->name, schema) == 0);
}

/* The live generation is what is wanted, but not as it was published. */
static void give_drift(struct plan *p, struct step *x)
{
    for (size_t i = 0; i < p->world->n_drift; i++) {
        const struct drift *d = &p->world->drift[i];
        if (is_inside(&d->object, x->in->p->schema)) {
            struct reason *r = step_give(p, x, REASON_GENERATION_ALTERED);
            r->cause = d->text;
            r->was = step_digest(p, &d->was);
            r->now = step_digest(p, &d->now);
        }
    }
}

static bool is_switched_back(const struct step *x)
{
    char text[DIGEST_TEXT];
    const char *against = x->live != NULL ? doc_str(x->live->facts, "chosen_against", "") : "";
    return !x->is_named && x->live != NULL && x->live->is_chosen &&
           strcmp(against, digest_text(&x->in->digest, text)) == 0;
}

/* Why what readers see is not what is wanted. */
static void give_difference(struct plan *p, struct step *x)
{
    if (x->live != NULL && !digest_is_zero(&x->live->digest)) {
        generation_changes(p, x);
        return;
    }
    struct reason *r = step_give(p, x, REASON_NEVER_BUILT);
    r->now = step_digest(p, &x->in->digest);
    r->cause = x->live != NULL ? generation_name(p, x->live) : "";
    r->detail =
        x->live != NULL || x->in->has_schema
            ? "the schema that is there was not built from catalogs; it is kept as a generation"
            : "";
}

static void give_next(struct plan *p, struct step *x)
{
    static const enum reason_code codes[GENERATION_STATES] = {
        [GENERATION_LOADING] = REASON_GENERATION_PENDING,
        [GENERATION_READY] = REASON_PUBLISH_PENDING,
        [GENERATION_KEPT] = REASON_GENERATION_KEPT};
    struct reason *r = step_give(p, x, codes[x->next->state]);
    r->cause = generation_name(p, x->next);
    r->now = step_digest(p, &x->in->digest);
}

void projection_decide_wanted(struct plan *p, struct step *x, bool same)
{
    bool made = x->next != NULL && x->next->state != GENERATION_LOADING;
    if (!same && !made) {
        give_difference(p, x);
    }
    if (x->next != NULL) {
        give_next(p, x);
    }
    x->action = made ? ACTION_PUBLISH : ACTION_REBUILD;
    if (!made) {
        projection_check_rebuild(p, x);
    }
    projection_check_gates(p, x);
    gate_upstream(p, x);
}

/* One that was made on purpose although the live one has its digest, and could not be published yet. */
static bool is_to_be_published(const struct step *x)
{
    return x->next != NULL && x->next->state == GENERATION_READY &&
           x->next->number > x->live->number;
}

/* Nothing of its own is to be done: with the last of these it is what is wanted. */
static void give_growth(struct plan *p, struct step *x)
{
    for (size_t i = 0; i < x->n_members; i++) {
        const struct step *s = &p->v[x->members[i]];
        if (!generation_lacks(x->in, s->bundle)) {
            continue;
        }
        struct reason *r = step_give(
            p, x, s->state == STATE_BLOCKED ? REASON_UPSTREAM_BLOCKED : REASON_UPSTREAM_PENDING);
        r->step = x->members[i];
        r->cause = step_target_text(p->a, p, s);
    }
}

bool projection_is_current(struct plan *p, struct step *x, bool same)
{
    if (same && x->n_reasons == 0 && !is_to_be_published(x)) {
        struct reason *r = step_give(p, x, REASON_CURRENT);
        r->cause = generation_name(p, x->live);
        r->now = step_digest(p, &x->in->digest);
        r->detail = arena_printf(p->a, "published at %s", x->live->changed_at);
        return true;
    }
    if (!same && is_switched_back(x)) {
        struct reason *r = step_give(p, x, REASON_SWITCHED_BACK);
        r->cause = generation_name(p, x->live);
        r->was = step_digest(p, &x->live->digest);
        r->now = step_digest(p, &x->in->digest);
        return true;
    }
    return false;
}

void projection_decide(struct plan *p, struct step *x)
{
    if (x->in->p->is_absent) {
        undeclared_decide(p, x);
        return;
    }
    if (x->in->p->tiling != NULL) {
        tiling_decide(p, x);
        return;
    }
    if (undeclared_hinders(p, x)) {
        return;
    }
    if (digest_is_zero(&x->in->digest)) {
        projection_give_faults(p, x);
        return;
    }
    bool same = x->live != NULL && digest_eq(&x->live->digest, &x->in->digest);
    if (same) {
        give_drift(p, x);
    }
    if (projection_is_current(p, x, same)) {
        return;
    }
    if (generation_grows(x->in)) {
        give_growth(p, x);
        return;
    }
    projection_decide_wanted(p, x, same);
}

/* --- all of them ------------------------------------------------------------------------------------ */

/* Where each chain's members stand in one array: those of projection i from first[i] to first[i + 1]. */
struct members {
    int *of;    /* per step: the projection it is a member of, or -1 */
    int *first; /* n_projections + 1 */
    int *seen;  /* per step: the last projection, plus 1, that it was found to come before */
};

static void count_members(struct plan *p, struct members *m)
{
    m->of = ARENA_ARRAY(p->a, int, p->n_migrations + 1);
    m->first = ARENA_ARRAY(p->a, int, p->n_projections + 2);
    m->seen = ARENA_ARRAY(p->a, int, p->n_migrations + 1);
    for (size_t i = 0; i < p->n_migrations; i++) {
        const char *name = p->v[i].bundle->projection;
        const struct projection_input *in = name != NULL ? table_gets(&p->by_name, name) : NULL;
        m->of[i] = in != NULL ? (int)(in - p->inputs) : -1;
        if (in != NULL) {
            m->first[m->of[i] + 1]++;
        }
    }
    for (size_t i = 0; i < p->n_projections; i++) {
        m->first[i + 1] += m->first[i];
        p->projections[i].members =
            ARENA_ARRAY(p->a, int, (size_t)(m->first[i + 1] - m->first[i]) + 1);
    }
    for (size_t i = 0; i < p->n_migrations; i++) {
        if (m->of[i] >= 0) {
            struct step *x = &p->projections[m->of[i]];
            x->members[x->n_members++] = (int)i;
        }
    }
}

static int by_position(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* The one that its tables are read from, if it is made from another. */
static void find_source(struct plan *p, struct step *x)
{
    const struct tiling *t = x->in->p->tiling;
    int at = t != NULL ? plan_find_projection(p, t->from) : -1;
    if (at >= 0) {
        x->upstream = ARENA_ARRAY(p->a, int, 1);
        x->upstream[x->n_upstream++] = (int)p->n_migrations + at;
    }
}

/* What stands outside and comes before a member, in the order of the walk. */
static void find_upstream(struct plan *p, struct members *m, int projection)
{
    struct step *x = &p->projections[projection];
    size_t cap = 0;
    for (size_t i = 0; i < x->n_members; i++) {
        const struct step *s = &p->v[x->members[i]];
        for (size_t k = 0; k < s->n_upstream; k++) {
            int at = s->upstream[k];
            if (m->of[at] != projection && m->seen[at] != projection + 1) {
                m->seen[at] = projection + 1;
                ARENA_GROW(p->a, x->upstream, x->n_upstream, cap);
                x->upstream[x->n_upstream++] = at;
            }
        }
    }
    if (x->n_upstream > 1) {
        qsort(x->upstream, x->n_upstream, sizeof *x->upstream, by_position);
    }
}

static int check_outsider(struct plan *p, const struct step *s, struct err *e)
{
    const struct bundle *b = s->bundle;
    for (size_t k = 0; b->has_depends && k < s->n_upstream; k++) {
        const struct bundle *on = p->v[s->upstream[k]].bundle;
        bool same = b->projection != NULL && on->projection != NULL &&
                    strcmp(b->projection, on->projection) == 0;
        if (on->projection == NULL || same) {
            continue;
        }
        err_at(e, ERR_CONFIG, bundle_file(p->a, b), b->depends_line, 1,
               "\"%s\" depends on \"%s\", which runs inside projection \"%s\"", b->id, on->id,
               on->projection);
        return err_hint(e, "what is outside a rebuilt schema cannot depend on it: move the "
                           "migration into the projection's schema, or remove the dependency");
    }
    return 0;
}

static double ratio(const struct doc *facts, const struct step *x)
{
    int64_t read = doc_num(facts, "read", 0);
    return read > 0 && x->in->artifact_bytes > 0 ? (double)x->in->artifact_bytes / (double)read : 1;
}

static bool cost_from(const struct projection_input *in, struct step *x)
{
    const struct generation *live = generation_live(in);
    int64_t ms = live != NULL ? doc_num(live->facts, "ms", 0) : 0;
    if (ms <= 0) {
        return false;
    }
    double f = ratio(live->facts, x);
    x->cost = (struct cost){.ms = (int64_t)((double)ms * f),
                            .bytes = (int64_t)((double)doc_num(live->facts, "bytes", 0) * f),
                            .basis = in->p->name};
    return true;
}

static void find_cost(struct plan *p, struct step *x)
{
    x->cost = (struct cost){.ms = -1, .bytes = x->in->artifact_bytes};
    bool found = cost_from(x->in, x);
    for (size_t i = 0; i < p->n_projections && !found; i++) {
        const struct projection_input *other = &p->inputs[i];
        bool is_like = (other->p->tiling != NULL) == (x->in->p->tiling != NULL);
        found = is_like && cost_from(other, x);
    }
}

int projections_begin(struct plan *p, const struct plan_input *in, struct err *e)
{
    struct members m;
    p->inputs = in->projections;
    p->by_name = (struct table){.a = p->a};
    for (size_t i = 0; i < p->n_projections; i++) {
        const struct projection_input *x = &in->projections[i];
        table_puts(&p->by_name, x->p->name, (void *)(uintptr_t)x);
        p->projections[i] =
            (struct step){.kind = STEP_PROJECTION, .in = x, .class = 'D', .selected = true};
        p->n_absent += x->p->is_absent;
    }
    for (size_t i = 0; i < p->n_migrations && p->n_projections > 0; i++) {
        if (check_outsider(p, &p->v[i], e) != 0) {
            return -1;
        }
    }
    count_members(p, &m);
    for (size_t i = 0; i < p->n_projections; i++) {
        struct step *x = &p->projections[i];
        x->live = generation_live(x->in);
        x->next = generation_next(x->in);
        find_cost(p, x);
        find_upstream(p, &m, (int)i);
        find_source(p, x);
    }
    return 0;
}

void projections_select(struct plan *p, const bool *roots)
{
    for (size_t i = 0; i < p->n_projections; i++) {
        struct step *x = &p->projections[i];
        x->is_named |= roots[i];
        /* What blocks the environment is never out of sight. */
        x->selected = x->is_named || (x->in->p->is_absent && p->env->is_protected);
        if (x->is_named && x->reasons[0].code == REASON_SWITCHED_BACK) {
            step_decide(p, x);
        }
        for (size_t k = 0; k < x->n_members; k++) {
            x->selected |= p->v[x->members[k]].selected;
        }
    }
    for (size_t i = 0; i < p->n_projections; i++) {
        struct step *x = &p->projections[i];
        for (size_t k = 0; k < x->n_upstream && x->selected && x->in->p->tiling != NULL; k++) {
            p->v[x->upstream[k]].selected = true;
        }
    }
}
