/* Generations against what the declaration wants: which is live, which comes next, what differs. */
#include <string.h>

#include "plan/projection.h"
#include "plan/step_kind.h"

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

/* Where a part is declared: a source at its version, a migration in its bundle, everything else in the
 * projection. */
static void place(struct plan *p, struct step *x, const struct part *part, struct reason *r)
{
    const struct projection *decl = x->in->p;
    r->path = decl->file.path;
    r->line = decl->line;
    r->col = decl->col;
    for (size_t i = 0; i < decl->n_sources; i++) {
        struct part of = part_of_source(part->kind, &decl->source[i]);
        if (part_subject(part->kind) == PART_BY_TABLE && part_is_same(part, &of)) {
            r->line = decl->source[i].line;
            r->col = decl->source[i].col;
        }
    }
    for (size_t i = 0; i < x->n_members && part->kind == PART_MIGRATION; i++) {
        const struct bundle *b = p->v[x->members[i]].bundle;
        if (strcmp(part->id, b->id) == 0) {
            r->path = bundle_file(p->a, b);
            r->line = r->col = 0;
        }
    }
}

static void give_change(struct plan *p, struct step *x, const struct part *was,
                        const struct part *now)
{
    const struct part *part = now != NULL ? now : was;
    struct reason *r =
        step_give(p, x, part->kind == PART_RULE ? REASON_RULE_CHANGED : REASON_INPUT_CHANGED);
    r->cause = part_text(p->a, part);
    r->was = was != NULL ? step_digest(p, &was->digest) : "";
    r->now = now != NULL ? step_digest(p, &now->digest) : "";
    place(p, x, part, r);
}

/* The same parts, and yet another digest. */
static void give_order(struct plan *p, struct step *x)
{
    struct reason *r = step_give(p, x, REASON_INPUT_CHANGED);
    r->cause = x->in->p->file.path;
    r->was = step_digest(p, &x->live->digest);
    r->now = step_digest(p, &x->in->digest);
    r->detail = "its migrations run in another order";
    r->path = x->in->p->file.path;
    r->line = x->in->p->line;
    r->col = x->in->p->col;
}

/* Of which table it was is not known: nothing can be said about it, but that the rules are others now. */
static bool is_vague(const struct part *was)
{
    return was != NULL && part_subject(was->kind) == PART_BY_TABLE && was->table == NULL;
}

void generation_changes(struct plan *p, struct step *x)
{
    const struct parts *was = &x->live->parts;
    const struct parts *now = &x->in->parts;
    size_t n = x->n_reasons;
    for (size_t i = 0; i < now->n; i++) {
        const struct part *before = parts_find(was, &now->v[i]);
        if (!parts_have(was, &now->v[i]) && !is_vague(before)) {
            give_change(p, x, before, &now->v[i]);
        }
    }
    for (size_t i = 0; i < was->n; i++) {
        if (parts_find(now, &was->v[i]) == NULL) {
            give_change(p, x, &was->v[i], NULL);
        }
    }
    if (x->n_reasons == n) {
        give_order(p, x);
    }
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
    for (size_t i = 0; i < live->parts.n; i++) {
        if (!parts_have(&in->parts, &live->parts.v[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < in->parts.n; i++) {
        const struct part *part = &in->parts.v[i];
        if (part->kind != PART_MIGRATION && !parts_have(&live->parts, part)) {
            return false;
        }
    }
    return in->parts.n > live->parts.n; /* equally many: only their order is another */
}

bool generation_lacks(const struct projection_input *in, const struct bundle *b)
{
    const struct generation *live = generation_live(in);
    return live == NULL || parts_migration(&live->parts, b->id) == NULL;
}
