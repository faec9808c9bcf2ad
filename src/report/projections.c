/* Projections in plan, status and why. */
#include <string.h>

#include "report/why.h"
#include "report/words.h"

static const char *choice(const struct step *x)
{
    return x->action == ACTION_REBUILD   ? "a new generation beside the old one, then a switch"
           : x->action == ACTION_PUBLISH ? "only a switch"
                                         : "";
}

void words_projection_reason(struct buf *out, const struct reason *r)
{
    buf_puts(out, reason_sentence(r->code));
    if (r->detail[0] != '\0') {
        buf_puts(out, ": ");
        words_safe(out, r->detail);
    }
    if (r->path != NULL && r->line > 0 && reason_state(r->code) == STATE_BLOCKED) {
        buf_puts(out, " (");
        words_safe(out, r->path);
        buf_printf(out, ":%d:%d)", r->line, r->col);
    } else if (r->cause[0] != '\0') {
        buf_puts(out, " (");
        words_safe(out, r->cause);
        buf_putc(out, ')');
    }
}

void words_projection_way(struct buf *out, const struct step *x)
{
    buf_puts(out, choice(x));
    if (x->action != ACTION_REBUILD) {
        return;
    }
    if (x->cost.ms < 0) {
        buf_printf(out, "; not measured yet (%.1f MB of artifacts)", (double)x->cost.bytes / 1e6);
        return;
    }
    buf_printf(out, "; about %.1f s and %.1f MB, going by ", (double)x->cost.ms / 1e3,
               (double)x->cost.bytes / 1e6);
    words_safe(out, strcmp(x->cost.basis, x->in->p->name) == 0 ? "the last one" : x->cost.basis);
}

void words_projection(struct buf *out, const struct style *st, const struct step *x, size_t width)
{
    bool first = true;
    words_verb(out, st, x);
    words_cell(out, x->in->p->name, width);
    for (size_t i = 0; i < x->n_reasons; i++) {
        bool waits = x->reasons[i].code == REASON_UPSTREAM_PENDING && !first;
        if (reason_state(x->reasons[i].code) != x->state || (waits && !st->verbose)) {
            continue;
        }
        if (!first) {
            buf_printf(out, "%*s", (int)(VERB_WIDTH + 2 + width), "");
        }
        words_projection_reason(out, &x->reasons[i]);
        buf_putc(out, '\n');
        first = false;
    }
    if (x->action != ACTION_NONE) {
        buf_printf(out, "%*s", (int)(VERB_WIDTH + 2 + width), "");
        words_projection_way(out, x);
        buf_putc(out, '\n');
    }
}

/* What a stage's output hashes to: a load: its source, validate: the rows, receipt: itself, the others: the
 * generation. Zero: not there yet. */
static struct digest output_of(const struct plan *p, const struct step *x, int part)
{
    struct digest none = {{0}};
    const struct history *h = past_get(p->past, x->in->p->name);
    const struct generation *made = x->action == ACTION_PUBLISH ? x->next : x->live;
    struct part of;
    const struct part *source = NULL;
    switch (plan_phase(x->in->p, part)) {
    case PHASE_LOAD:
        of = part_of_source(PART_SOURCE, &x->in->p->source[part - 1]);
        source = parts_find(&x->in->parts, &of);
        return source != NULL ? source->digest : none;
    case PHASE_VALIDATE:
        return made != NULL && plan_part_state(x, part) == STATE_CURRENT ? made->content : none;
    case PHASE_RECEIPT:
        return h != NULL && h->applied != NULL ? h->applied->receipt : none;
    case PHASE_SCHEMA:
    case PHASE_INDEX:
    case PHASE_PUBLISH:
    case PHASES:
        break;
    }
    return x->in->digest;
}

static void put_parts(struct buf *out, const struct style *st, const struct plan *p,
                      const struct step *x)
{
    struct arena a = {0};
    size_t width = 0;
    for (int part = 0; part < plan_parts(x->in->p); part++) {
        size_t n = words_width(plan_projection_text(&a, p, x, part));
        width = n > width ? n : width;
    }
    for (int part = 0; part < plan_parts(x->in->p); part++) {
        char text[DIGEST_TEXT];
        struct digest d = output_of(p, x, part);
        buf_puts(out, "    ");
        words_state(out, st, plan_part_state(x, part), 16);
        words_cell(out, plan_projection_text(&a, p, x, part), width + 2);
        words_paint(out, st, PAINT_DIM, digest_is_zero(&d) ? "-" : digest_text(&d, text), 0);
        buf_putc(out, '\n');
    }
    arena_release(&a);
}

void words_projection_status(struct buf *out, const struct style *st, const struct plan *p,
                             const struct step *x, size_t id_width)
{
    words_cell(out, x->in->p->name, id_width);
    words_step_state(out, st, x, 16);
    if (x->live != NULL) {
        buf_printf(out, "generation %lld  ", (long long)x->live->number);
        words_safe(out, x->live->changed_at);
    } else {
        buf_puts(out, "no generation");
    }
    if (x->state != STATE_CURRENT) {
        buf_puts(out, "  ");
        buf_puts(out, reason_sentence(x->reasons[0].code));
    }
    buf_putc(out, '\n');
    if (st->verbose) {
        put_parts(out, st, p, x);
    }
}

/* --- JSON ------------------------------------------------------------------------------------------- */

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

/* None of the reasons is about a stage that the waiting generation has behind it. */
static struct doc *made_doc(struct arena *a, const struct step *x)
{
    struct reason r = {.code = REASON_CURRENT,
                       .cause = arena_printf(a, "generation %lld", (long long)x->next->number),
                       .was = "",
                       .now = "",
                       .detail = "made and proven",
                       .step = -1};
    return reason_doc(a, &r);
}

static struct doc *target_doc(struct arena *a, const struct plan *p, const struct step *x, int part)
{
    const struct history *h = past_get(p->past, x->in->p->name);
    const struct fact *last = h != NULL ? h->last : NULL;
    enum plan_state state = plan_part_state(x, part);
    struct digest output = output_of(p, x, part);
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "target", words_doc(a, plan_projection_text(a, p, x, part)));
    doc_put(a, d, "kind", doc_text(a, step_kind_text(x)));
    doc_put(a, d, "state", doc_text(a, plan_state_text(state)));
    doc_put(a, d, "decision",
            doc_text(a, plan_action_text(state == STATE_STALE ? x->action : ACTION_NONE)));
    struct doc *reasons = doc_put(a, d, "reasons", doc_new(a, DOC_LIST));
    if (state != x->state) {
        doc_push(a, reasons, made_doc(a, x));
    }
    for (size_t i = 0; i < x->n_reasons && state == x->state; i++) {
        doc_push(a, reasons, reason_doc(a, &x->reasons[i]));
    }
    doc_put(a, d, "output", doc_digest(a, &output));
    doc_put(a, d, "receipt", last != NULL ? doc_digest(a, &last->receipt) : doc_new(a, DOC_NULL));
    doc_put(a, d, "last_result", last != NULL ? doc_text(a, last->result) : doc_new(a, DOC_NULL));
    if (plan_phase(x->in->p, part) == PHASE_PUBLISH) {
        words_put_step(a, d, x);
    }
    return d;
}

void words_projection_targets(struct arena *a, const struct plan *p, struct doc *list)
{
    for (size_t i = 0; i < p->n_projections; i++) {
        const struct step *x = &p->projections[i];
        for (int part = 0; part < plan_parts(x->in->p) && x->selected; part++) {
            doc_push(a, list, target_doc(a, p, x, part));
        }
    }
}

/* --- why -------------------------------------------------------------------------------------------- */

void why_put_parts(struct buf *out, const struct generation *g)
{
    struct arena a = {0};
    if (g->parts.n > 0) {
        buf_puts(out, "  built from\n");
    }
    for (size_t i = 0; i < g->parts.n; i++) {
        char text[DIGEST_TEXT];
        buf_puts(out, "    ");
        words_safe(out, part_text(&a, &g->parts.v[i]));
        buf_printf(out, "  %s\n", digest_text(&g->parts.v[i].digest, text));
    }
    arena_release(&a);
}

void why_put_generation(struct buf *out, const struct step *x, const struct reason *r)
{
    char text[DIGEST_TEXT];
    const struct generation *g = x->state == STATE_CURRENT ? x->live : x->next;
    why_put_pair(out, "digest", r->now);
    if (g == NULL) {
        return;
    }
    why_put_pair(out, "content", digest_is_zero(&g->content) ? "" : digest_text(&g->content, text));
    why_put_parts(out, g);
}
