/* The plan as a document: what plan_digest covers. Never costs, times or locks. */
#include "doc/canon.h"
#include "model/variables.h"
#include "plan/plan.h"

/* What is to be put into its texts: another value is another plan. */
static void put_values(struct arena *a, const struct step *s, struct doc *d)
{
    const struct bundle *b = s->kind == STEP_MIGRATION ? s->bundle : NULL;
    if (b != NULL && b->variables.n > 0 && s->action == ACTION_APPLY) {
        doc_put(a, d, "variables", variables_doc(a, &b->variables, b->values));
    }
}

static struct doc *step_doc(struct arena *a, const struct plan *p, const struct step *s)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "target", doc_text(a, step_target_text(a, p, s)));
    doc_put(a, d, "action", doc_text(a, plan_action_text(s->action)));
    doc_put(a, d, "key", doc_digest(a, step_key(s)));
    doc_put(a, d, "decision", doc_text(a, plan_state_text(s->state)));
    put_values(a, s, d);
    struct doc *reasons = doc_put(a, d, "reasons", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < s->n_reasons; i++) {
        doc_push(a, reasons, doc_text(a, reason_text(s->reasons[i].code)));
    }
    return d;
}

/* The selected ones of n steps. */
static void put_steps(struct arena *a, const struct plan *p, const struct step *v, size_t n,
                      struct doc *list)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i].selected) {
            doc_push(a, list, step_doc(a, p, &v[i]));
        }
    }
}

static struct doc *drift_doc(struct arena *a, const struct world *w)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < w->n_drift; i++) {
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, d, "object", doc_text(a, w->drift[i].text));
        doc_put(a, d, "now", doc_digest(a, &w->drift[i].now));
    }
    return list;
}

/* What the required environments said: a change there is a change of the plan's evidence. */
static struct doc *promotion_doc(struct arena *a, const struct world *w)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < w->n_upstream; i++) {
        const struct upstream *u = &w->upstream[i];
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, d, "environment", doc_text(a, u->env));
        doc_put(a, d, "root", u->reachable ? doc_digest(a, &u->past->root) : doc_new(a, DOC_NULL));
    }
    return list;
}

struct doc *plan_doc(struct arena *a, const struct plan *p)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "format", doc_text(a, "kfmig.plan.v1"));
    doc_put(a, d, "rules", doc_int(a, PLAN_RULES));
    doc_put(a, d, "environment", doc_text(a, p->env->name));
    doc_put(a, d, "instance",
            p->world->instance[0] != '\0' ? doc_text(a, p->world->instance) : doc_new(a, DOC_NULL));
    struct doc *ledger = doc_put(a, d, "ledger", doc_new(a, DOC_MAP));
    doc_put(a, ledger, "size", doc_int(a, p->past->size));
    doc_put(a, ledger, "root", doc_digest(a, &p->past->root));
    doc_put(a, d, "managed", doc_digest(a, &p->past->managed));
    doc_put(a, d, "existing", doc_int(a, p->world->n_existing));
    doc_put(a, d, "drift", drift_doc(a, p->world));
    doc_put(a, d, "promotion", promotion_doc(a, p->world));
    doc_put(a, d, "approval", doc_text(a, approval_text(p->env->approval)));
    struct doc *selection = doc_put(a, d, "selection", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < p->selection.n; i++) {
        doc_push(a, selection, doc_text(a, p->selection.v[i]));
    }
    put_steps(a, p, p->v, p->n_migrations, doc_put(a, d, "steps", doc_new(a, DOC_LIST)));
    if (p->n_projections > 0) {
        struct doc *list = doc_put(a, d, "projections", doc_new(a, DOC_LIST));
        put_steps(a, p, p->projections, p->n_projections, list);
    }
    return d;
}

struct digest plan_digest(const struct plan *p)
{
    struct arena a = {0};
    struct digest d = canon_digest(plan_doc(&a, p));
    arena_release(&a);
    return d;
}
