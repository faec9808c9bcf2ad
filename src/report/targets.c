/* One target of a step as JSON: the element that plan and status share. */
#include "report/words.h"

bool words_reason_counts(const struct step *s, enum stage stage, const struct reason *r)
{
    return reason_state(r->code) == plan_stage_state(s, stage);
}

struct digest words_output(const struct step *s, enum stage stage)
{
    const struct fact *f = s->history != NULL ? s->history->applied : NULL;
    struct digest none = {{0}};
    switch (stage) {
    case STAGE_DECLARATION:
        return s->bundle->bundle_digest;
    case STAGE_PRE:
        return f != NULL ? f->pre : none;
    case STAGE_APPLY:
        return f != NULL ? f->checksum : s->bundle->checksum;
    case STAGE_POST:
        return f != NULL ? f->post : none;
    case STAGE_DIFF:
        return f != NULL ? f->diff : none;
    case STAGE_INVARIANTS:
        return f != NULL ? f->invariants : none;
    case STAGE_RECEIPT:
        return f != NULL ? f->receipt : none;
    case STAGE_COUNT:
        break;
    }
    return none;
}

static struct doc *reason_doc(struct arena *a, const struct reason *r)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "code", doc_text(a, reason_text(r->code)));
    doc_put(a, d, "cause", words_doc(a, r->cause));
    doc_put(a, d, "was", words_doc(a, r->was));
    doc_put(a, d, "now", words_doc(a, r->now));
    doc_put(a, d, "detail", words_doc(a, r->detail));
    doc_put(a, d, "where", words_place(a, r->path, r->line, r->col));
    return d;
}

/* A declaration that got into a plan was read and is valid; none of the step's reasons are about it. */
static struct doc *declaration_reason(struct arena *a, const struct step *s)
{
    char text[DIGEST_TEXT];
    struct reason r = {.code = REASON_CURRENT,
                       .cause = bundle_file(a, s->bundle),
                       .was = "",
                       .now = digest_text(&s->bundle->bundle_digest, text),
                       .detail = "read and valid",
                       .step = -1};
    return reason_doc(a, &r);
}

struct doc *words_target(struct arena *a, const struct plan *p, const struct step *s,
                         enum stage stage)
{
    const struct history *h = s->history;
    bool declared = stage == STAGE_DECLARATION;
    enum plan_state state = plan_stage_state(s, stage);
    enum plan_action action = state == STATE_STALE ? s->action : ACTION_NONE;
    struct digest output = words_output(s, stage);
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "target", words_doc(a, plan_target_text(a, p, s, stage)));
    doc_put(a, d, "kind", doc_text(a, step_kind_text(s)));
    doc_put(a, d, "state", doc_text(a, plan_state_text(state)));
    doc_put(a, d, "decision", doc_text(a, plan_action_text(action)));
    struct doc *reasons = doc_put(a, d, "reasons", doc_new(a, DOC_LIST));
    if (declared) {
        doc_push(a, reasons, declaration_reason(a, s));
    }
    for (size_t i = 0; i < s->n_reasons && !declared; i++) {
        /* What is blocked may have stale reasons too; what is current has only the one. */
        if (state == s->state || words_reason_counts(s, stage, &s->reasons[i])) {
            doc_push(a, reasons, reason_doc(a, &s->reasons[i]));
        }
    }
    doc_put(a, d, "output", doc_digest(a, &output));
    bool has_receipt = !declared && h != NULL && h->last != NULL;
    doc_put(a, d, "receipt", has_receipt ? doc_digest(a, &h->last->receipt) : doc_new(a, DOC_NULL));
    doc_put(a, d, "last_result", has_receipt ? doc_text(a, h->last->result) : doc_new(a, DOC_NULL));
    if (stage == STAGE_APPLY) {
        words_put_step(a, d, s);
    }
    return d;
}
