/* Generations against what the declaration wants: which is live, which comes next, what differs. */
#include <string.h>

#include "plan/projection.h"

#define MIGRATION "migration "

const char *generation_name(struct plan *p, const struct generation *g)
{
    return arena_printf(p->a, "generation %lld", (long long)g->number);
}

const struct generation *generation_live(const struct projection_input *in)
{
    for (size_t i = 0; i < in->n; i++) {
        if (in->v[i].state == GENERATION_LIVE) {
            return &in->v[i];
        }
    }
    return NULL;
}

const struct generation *generation_next(const struct projection_input *in)
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

const struct component *generation_component(const struct components *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++) {
        if (strcmp(list->v[i].name, name) == 0) {
            return &list->v[i];
        }
    }
    return NULL;
}

static bool differs(const struct components *other, const struct component *c)
{
    const struct component *o = generation_component(other, c->name);
    return o == NULL || !digest_eq(&o->digest, &c->digest);
}

static bool is_source(struct plan *p, const struct projection_source *s, const char *name)
{
    const char *text = arena_printf(p->a, "%s/%s#%s", s->dataset, s->version, s->asset);
    const char *blank = strchr(name, ' ');
    return blank != NULL && strcmp(blank + 1, text) == 0;
}

/* Where a part is declared: a source at its version, a migration in its bundle, everything else in the projection. */
static void place(struct plan *p, struct projection_step *x, struct reason *r)
{
    const struct projection *decl = x->in->p;
    r->path = decl->file.path;
    r->line = decl->line;
    r->col = decl->col;
    for (size_t i = 0; i < decl->n_sources; i++) {
        if (is_source(p, &decl->source[i], r->cause)) {
            r->line = decl->source[i].line;
            r->col = decl->source[i].col;
        }
    }
    for (size_t i = 0; i < x->n_members; i++) {
        const struct bundle *b = p->v[x->members[i]].bundle;
        if (strncmp(r->cause, MIGRATION, strlen(MIGRATION)) == 0 &&
            strcmp(r->cause + strlen(MIGRATION), b->id) == 0) {
            r->path = arena_printf(p->a, "%s/migration.yml", b->dir);
            r->line = r->col = 0;
        }
    }
}

static void give_change(struct plan *p, struct projection_step *x, const struct component *was,
                        const struct component *now)
{
    struct reason *r = projection_give(p, x, REASON_INPUT_CHANGED);
    r->cause = now != NULL ? now->name : was->name;
    r->was = was != NULL ? projection_digest(p, &was->digest) : "";
    r->now = now != NULL ? projection_digest(p, &now->digest) : "";
    place(p, x, r);
}

void generation_changes(struct plan *p, struct projection_step *x)
{
    const struct components *was = &x->live->components;
    const struct components *now = &x->in->components;
    for (size_t i = 0; i < now->n; i++) {
        if (differs(was, &now->v[i])) {
            give_change(p, x, generation_component(was, now->v[i].name), &now->v[i]);
        }
    }
    for (size_t i = 0; i < was->n; i++) {
        if (generation_component(now, was->v[i].name) == NULL) {
            give_change(p, x, &was->v[i], NULL);
        }
    }
}

static const char *chain_change(const struct components *of, const struct components *against)
{
    for (size_t i = 0; i < of->n; i++) {
        if (strncmp(of->v[i].name, MIGRATION, strlen(MIGRATION)) == 0 &&
            differs(against, &of->v[i])) {
            return of->v[i].name;
        }
    }
    return NULL;
}

const char *generation_chain_change(const struct projection_step *x)
{
    return chain_change(&x->live->components, &x->in->components);
}

static bool is_migration(const struct component *c)
{
    return strncmp(c->name, MIGRATION, strlen(MIGRATION)) == 0;
}

bool generation_grows(const struct projection_input *in)
{
    const struct generation *live = generation_live(in);
    const struct generation *next = generation_next(in);
    if (in->p->policy != PROJECTION_IN_PLACE || live == NULL || digest_is_zero(&live->digest) ||
        digest_is_zero(&in->digest) || digest_eq(&live->digest, &in->digest) ||
        (next != NULL && next->state != GENERATION_LOADING)) {
        return false;
    }
    for (size_t i = 0; i < live->components.n; i++) {
        if (differs(&in->components, &live->components.v[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < in->components.n; i++) {
        if (!is_migration(&in->components.v[i]) &&
            differs(&live->components, &in->components.v[i])) {
            return false;
        }
    }
    return true;
}

bool generation_lacks(struct plan *p, const struct projection_input *in, const struct bundle *b)
{
    const struct generation *live = generation_live(in);
    return live == NULL || generation_component(&live->components,
                                                arena_printf(p->a, MIGRATION "%s", b->id)) == NULL;
}
