/* The plan as a document: what plan_digest covers. Never costs, times or locks. */
#include "doc/canon.h"
#include "plan/plan.h"

static struct doc *digest_doc(struct arena *a, const struct digest *d)
{
    char text[DIGEST_TEXT];
    return digest_is_zero(d) ? doc_new(a, DOC_NULL) : doc_text(a, digest_text(d, text));
}

static struct doc *step_doc(struct arena *a, const struct plan *p, const struct step *s)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "target", doc_text(a, plan_target_text(a, p, s, STAGE_APPLY)));
    doc_put(a, d, "action", doc_text(a, plan_action_text(s->action)));
    doc_put(a, d, "key", digest_doc(a, &s->bundle->checksum));
    doc_put(a, d, "decision", doc_text(a, plan_state_text(s->state)));
    struct doc *reasons = doc_put(a, d, "reasons", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < s->n_reasons; i++) {
        doc_push(a, reasons, doc_text(a, reason_text(s->reasons[i].code)));
    }
    return d;
}

static struct doc *projection_doc(struct arena *a, const struct plan *p,
                                  const struct projection_step *x)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "target",
            doc_text(a, plan_projection_text(a, p, x, plan_part_publish(x->in->p))));
    doc_put(a, d, "action", doc_text(a, plan_action_text(x->action)));
    doc_put(a, d, "key", digest_doc(a, &x->in->digest));
    doc_put(a, d, "decision", doc_text(a, plan_state_text(x->state)));
    struct doc *reasons = doc_put(a, d, "reasons", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < x->n_reasons; i++) {
        doc_push(a, reasons, doc_text(a, reason_text(x->reasons[i].code)));
    }
    return d;
}

static struct doc *drift_doc(struct arena *a, const struct world *w)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < w->n_drift; i++) {
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, d, "object", doc_text(a, w->drift[i].text));
        doc_put(a, d, "now", digest_doc(a, &w->drift[i].now));
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
        doc_put(a, d, "root", u->reachable ? digest_doc(a, &u->past->root) : doc_new(a, DOC_NULL));
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
    doc_put(a, ledger, "root", digest_doc(a, &p->past->root));
    doc_put(a, d, "managed", digest_doc(a, &p->past->managed));
    doc_put(a, d, "existing", doc_int(a, p->world->n_existing));
    doc_put(a, d, "drift", drift_doc(a, p->world));
    doc_put(a, d, "promotion", promotion_doc(a, p->world));
    doc_put(a, d, "approval", doc_text(a, approval_text(p->env->approval)));
    struct doc *selection = doc_put(a, d, "selection", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < p->selection.n; i++) {
        doc_push(a, selection, doc_text(a, p->selection.v[i]));
    }
    struct doc *steps = doc_put(a, d, "steps", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < p->n; i++) {
        if (p->v[i].selected) {
            doc_push(a, steps, step_doc(a, p, &p->v[i]));
        }
    }
    if (p->n_projections > 0) {
        struct doc *list = doc_put(a, d, "projections", doc_new(a, DOC_LIST));
        for (size_t i = 0; i < p->n_projections; i++) {
            if (p->projections[i].selected) {
                doc_push(a, list, projection_doc(a, p, &p->projections[i]));
            }
        }
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
