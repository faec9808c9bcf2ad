/* Projections that only the ledger knows: what they, their members and what is declared in their place
 * say. */
#include <string.h>

#include "plan/projection.h"
#include "plan/step_kind.h"

static const char *run_text(struct plan *p, const char *projection)
{
    const struct history *h = past_get(p->past, projection);
    return h != NULL && h->applied != NULL
               ? arena_printf(p->a, " at %s by run %s", h->applied->finished_at, h->applied->run_id)
               : "";
}

const char *undeclared_text(struct plan *p, const struct generation *live)
{
    return arena_printf(p->a, "published%s", run_text(p, live->projection));
}

/* What is declared over its schema may be what it is called now. */
static const struct projection *successor(const struct plan *p, const struct projection *absent)
{
    for (size_t i = 0; i < p->n_projections; i++) {
        const struct projection *x = p->inputs[i].p;
        if (!x->is_absent && strcmp(x->schema, absent->schema) == 0) {
            return x;
        }
    }
    return NULL;
}

void undeclared_decide(struct plan *p, struct step *x)
{
    const struct projection *now = successor(p, x->in->p);
    const struct generation *g = x->live != NULL ? x->live : &x->in->v[x->in->n - 1];
    struct reason *r = step_give(p, x,
                                 x->live == NULL        ? REASON_BEGUN_NOT_HERE
                                 : p->env->is_protected ? REASON_ABSENT
                                                        : REASON_ABSENT_NOTE);
    const char *what = x->live == NULL
                           ? arena_printf(p->a, "begun at %s, not published", g->changed_at)
                           : undeclared_text(p, x->live);
    r->cause = generation_name(p, g);
    r->was = x->in->p->name;
    r->detail = arena_printf(p->a, "%s, no declaration here", what);
    if (now != NULL) {
        r->now = now->name;
        r->detail =
            arena_printf(p->a, "%s; its schema is that of %s: renamed?", r->detail, now->name);
    }
}

void undeclared_member(struct plan *p, struct step *s, const struct projection_input *x)
{
    const struct digest *was = NULL;
    if (projection_is_in_live(p, s, x, &was)) {
        return;
    }
    struct reason *r = step_give(p, s, REASON_NOT_DECLARED);
    r->cause = x->p->file.path;
    r->was = was != NULL ? step_digest(p, was) : "";
    r->now = step_digest(p, &s->bundle->checksum);
    r->path = bundle_file(p->a, s->bundle);
    r->detail = x->p->schema[0] != '\0'
                    ? arena_printf(p->a, "schema %s holds generations of %s, and there is no %s",
                                   x->p->schema, x->p->name, x->p->file.path)
                    : arena_printf(p->a, "it is part of %s, and there is no %s", x->p->name,
                                   x->p->file.path);
}

static void give_at_declaration(struct plan *p, struct step *x, enum reason_code code,
                                const struct generation *g, const char *detail)
{
    const struct projection *decl = x->in->p;
    struct reason *r = step_give(p, x, code);
    r->cause = generation_name(p, g);
    r->was = code == REASON_SCHEMA_TAKEN ? g->projection : g->schema;
    r->now = code == REASON_SCHEMA_TAKEN ? decl->name : decl->schema;
    r->detail = detail;
    r->path = decl->file.path;
    r->line = decl->line;
    r->col = decl->col;
}

bool undeclared_hinders(struct plan *p, struct step *x)
{
    const char *schema = x->in->p->schema;
    for (size_t i = 0; i < x->in->n; i++) {
        const struct generation *g = &x->in->v[i];
        if (g->schema != NULL && strcmp(g->schema, schema) != 0) {
            give_at_declaration(p, x, REASON_SCHEMA_CHANGED, g,
                                arena_printf(p->a, "they stand in %s", g->schema));
            return true;
        }
    }
    for (size_t i = 0; i < p->n_projections && x->in->n == 0; i++) {
        const struct projection_input *in = &p->inputs[i];
        if (in->p->is_absent && strcmp(in->p->schema, schema) == 0) {
            give_at_declaration(
                p, x, REASON_SCHEMA_TAKEN, &in->v[in->n - 1],
                arena_printf(p->a, "%s has generations there: renamed?", in->p->name));
            return true;
        }
    }
    return false;
}
