/* The plan as a document: what plan_digest covers. Never costs, times or locks; never what is said of
 * the plan itself (approvals, waivers, confirmations), which names its digest: giving one does not void
 * it. */
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

/* The receipts of the required environments that let it in, by their digests: another run of the same
 * there is other evidence, and what else happens there is none. */
static void put_promotion(struct arena *a, const struct plan *p, const struct step *s,
                          struct doc *d)
{
    struct doc *list = NULL;
    for (size_t i = 0; i < p->world->n_upstream && s->action != ACTION_NONE; i++) {
        const struct fact *f = step_promoted(s, &p->world->upstream[i]);
        if (f == NULL) {
            continue;
        }
        list = list != NULL ? list : doc_put(a, d, "promotion", doc_new(a, DOC_LIST));
        struct doc *one = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, one, "environment", doc_text(a, p->world->upstream[i].env));
        doc_put(a, one, "receipt", doc_digest(a, &f->receipt));
    }
}

/* Approvals of what it runs; those of the plan are no part of it. */
static void put_approvals(struct arena *a, const struct step *s, struct doc *d)
{
    bool counts = s->action != ACTION_NONE && s->approved.n > 0;
    struct doc *list = counts ? doc_put(a, d, "approvals", doc_new(a, DOC_LIST)) : NULL;
    for (size_t i = 0; counts && i < s->approved.n; i++) {
        doc_push(a, list, doc_digest(a, &s->approved.v[i]->statement_digest));
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
    put_promotion(a, p, s, d);
    put_approvals(a, s, d);
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

static bool store_changes(const struct plan *p, enum store_kind k)
{
    for (size_t i = 0; i < p->n_migrations; i++) {
        const struct step *s = &p->v[i];
        if (s->selected && s->action != ACTION_NONE && s->bundle->store == k) {
            return true;
        }
    }
    return false;
}

/* Who looks for it at what is to be changed: what was agreed on was seen with those eyes. */
static void put_probes(struct arena *a, const struct plan *p, struct doc *d)
{
    struct doc *of = NULL;
    for (int k = 0; k < STORE_COUNT; k++) {
        const struct digest *eyes = &p->world->store[k].eyes;
        if (!digest_is_zero(eyes) && store_changes(p, (enum store_kind)k)) {
            of = of != NULL ? of : doc_put(a, d, "probes", doc_new(a, DOC_MAP));
            doc_put(a, of, store_text((enum store_kind)k), doc_digest(a, eyes));
        }
    }
}

struct doc *plan_doc(struct arena *a, const struct plan *p)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "format", doc_text(a, "kfmig.plan.v2"));
    doc_put(a, d, "rules", doc_int(a, PLAN_RULES));
    doc_put(a, d, "environment", doc_text(a, p->env->name));
    doc_put(a, d, "instance",
            p->world->instance[0] != '\0' ? doc_text(a, p->world->instance) : doc_new(a, DOC_NULL));
    struct doc *ledger = doc_put(a, d, "ledger", doc_new(a, DOC_MAP));
    doc_put(a, ledger, "position", doc_int(a, p->past->position));
    doc_put(a, ledger, "leaf", doc_digest(a, &p->past->leaf));
    doc_put(a, d, "managed", doc_digest(a, &p->past->managed));
    doc_put(a, d, "existing", doc_int(a, p->world->n_existing));
    doc_put(a, d, "drift", drift_doc(a, p->world));
    doc_put(a, d, "approval", doc_text(a, approval_text(p->env->approval)));
    doc_put(a, d, "selection", names_doc(a, &p->selection));
    put_probes(a, p, d);
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
