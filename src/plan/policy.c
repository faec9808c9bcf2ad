/* What an environment's policy says of a migration that is to run, by its text. */
#include "model/operations.h"
#include "plan/gates.h"
#include "plan/step_kind.h"

struct policing {
    struct plan *p;
    struct step *s;
    const struct policy_rule *r;
};

static const char *words(const struct policing *x, const char *what)
{
    return arena_printf(x->p->a, "policy %s: %s%s%s", x->r->id, what,
                        x->r->why[0] != '\0' ? "; " : "", x->r->why);
}

static void give_deed(const struct policing *x, const struct script *script, const struct touch *t)
{
    struct arena *a = x->p->a;
    bool is_warning = x->r->effect == POLICY_WARN;
    struct reason *r = step_give(x->p, x->s, is_warning ? REASON_POLICY_NOTE : REASON_POLICY);
    r->cause = script->path;
    r->now = x->r->id;
    r->detail =
        words(x, arena_printf(a, "%s of %s", effect_text(t->effect), object_text(a, &t->object)));
    r->path = script->path;
    r->line = t->line;
    r->col = t->col;
}

/* The first deed of each file is told: one is enough to stop it. Rows are those of the whole statement. */
static void judge_script(const struct policing *x, const struct script *script)
{
    struct statement_room room;
    for (size_t k = 0; k < script->n; k++) {
        const struct statement *st = script_repeats(script, k) ? NULL : script_at(script, k, &room);
        for (size_t i = 0; st != NULL && i < st->touches.n; i++) {
            const struct touch *t = &st->touches.v[i];
            if (!t->maybe && policy_meets(x->r, t, st->rows)) {
                give_deed(x, script, t);
                return;
            }
        }
    }
}

static void judge_needs(const struct policing *x)
{
    const struct bundle *b = x->s->bundle;
    enum policy_need lacks = policy_lacks(x->r, b->decl);
    if (lacks == POLICY_NEEDS) {
        return;
    }
    struct reason *r = step_give(x->p, x->s, REASON_POLICY);
    r->cause = r->path = bundle_file(x->p->a, b);
    r->now = x->r->id;
    r->detail = words(x, arena_printf(x->p->a, "it has no %s: %s", policy_need_text(lacks),
                                      policy_need_hint(lacks)));
}

void gate_policy(struct plan *p, struct step *s)
{
    const struct bundle *b = s->bundle;
    const struct policy *all = &operations_of(p->env)->policy;
    for (size_t i = 0; i < all->n && b->decl != NULL && b->forward != NULL; i++) {
        const struct policing x = {p, s, &all->v[i]};
        if (!policy_is_about(x.r, s->class)) {
            continue;
        }
        if (x.r->effect == POLICY_REQUIRE) {
            judge_needs(&x);
        }
        for (size_t k = 0; k < b->decl->forward.n && x.r->effect != POLICY_REQUIRE; k++) {
            judge_script(&x, &b->forward[k]);
        }
    }
}
