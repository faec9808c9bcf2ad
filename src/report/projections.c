/* Projections in plan, status and why. */
#include <string.h>

#include "report/words.h"

enum { VERB_WIDTH = 9, STAGES = 6 };

static const char *const stages[STAGES] = {"schema",   "load",    "index",
                                           "validate", "publish", "receipt"};

static const char *choice(const struct projection_step *x)
{
    return x->action == ACTION_REBUILD   ? "a new generation beside the old one, then a switch"
           : x->action == ACTION_PUBLISH ? "only a switch"
                                         : "";
}

static void put_reason(struct buf *out, const struct reason *r)
{
    buf_puts(out, reason_sentence(r->code));
    if (r->detail[0] != '\0') {
        buf_puts(out, ": ");
        words_safe(out, r->detail);
    }
    if (r->cause[0] != '\0') {
        buf_puts(out, " (");
        words_safe(out, r->cause);
        buf_putc(out, ')');
    }
}

static void put_cost(struct buf *out, const struct projection_step *x)
{
    if (x->action != ACTION_REBUILD) {
        return;
    }
    if (x->last_ms < 0) {
        buf_puts(out, "; not measured yet");
        return;
    }
    buf_printf(out, "; the last one took %lld.%lld s and has %lld.%lld MB",
               (long long)(x->last_ms / 1000), (long long)(x->last_ms % 1000 / 100),
               (long long)(x->last_bytes / 1000000), (long long)(x->last_bytes % 1000000 / 100000));
}

void words_projection(struct buf *out, const struct style *st, const struct projection_step *x,
                      size_t width)
{
    bool first = true;
    buf_puts(out, "  ");
    if (x->action != ACTION_NONE) {
        words_paint(out, st, PAINT_BUSY, plan_action_text(x->action), VERB_WIDTH);
    } else {
        words_state(out, st, x->state, VERB_WIDTH);
    }
    words_cell(out, x->in->p->name, width);
    for (size_t i = 0; i < x->n_reasons; i++) {
        bool waits = x->reasons[i].code == REASON_UPSTREAM_PENDING && !first;
        if (reason_state(x->reasons[i].code) != x->state || (waits && !st->verbose)) {
            continue;
        }
        if (!first) {
            buf_printf(out, "%*s", (int)(VERB_WIDTH + 2 + width), "");
        }
        put_reason(out, &x->reasons[i]);
        buf_putc(out, '\n');
        first = false;
    }
    if (x->action != ACTION_NONE) {
        buf_printf(out, "%*s%s", (int)(VERB_WIDTH + 2 + width), "", choice(x));
        put_cost(out, x);
        buf_putc(out, '\n');
    }
}

void words_projection_status(struct buf *out, const struct style *st,
                             const struct projection_step *x, size_t id_width)
{
    words_cell(out, x->in->p->name, id_width);
    words_state(out, st, x->state, 16);
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

static void push_target(struct arena *a, const struct plan *p, const struct projection_step *x,
                        const char *stage, struct doc *list)
{
    const struct history *h = past_get(p->past, x->in->p->name);
    const struct fact *last = h != NULL ? h->last : NULL;
    struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
    doc_put(a, d, "target",
            words_doc(a, arena_printf(a, "%s/%s@%s", p->env->name, x->in->p->name, stage)));
    doc_put(a, d, "kind", doc_text(a, "projection"));
    doc_put(a, d, "state", doc_text(a, plan_state_text(x->state)));
    doc_put(a, d, "decision", doc_text(a, plan_action_text(x->action)));
    struct doc *reasons = doc_put(a, d, "reasons", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < x->n_reasons; i++) {
        doc_push(a, reasons, reason_doc(a, &x->reasons[i]));
    }
    doc_put(a, d, "output", words_digest(a, &x->in->digest));
    doc_put(a, d, "receipt", last != NULL ? words_digest(a, &last->receipt) : doc_new(a, DOC_NULL));
    doc_put(a, d, "last_result", last != NULL ? doc_text(a, last->result) : doc_new(a, DOC_NULL));
}

void words_projection_targets(struct arena *a, const struct plan *p, struct doc *list)
{
    for (size_t i = 0; i < p->n_projections; i++) {
        const struct projection_step *x = &p->projections[i];
        for (int k = 0; k < STAGES && x->selected; k++) {
            if (k != 1) {
                push_target(a, p, x, stages[k], list);
                continue;
            }
            for (size_t s = 0; s < x->in->p->n_sources; s++) {
                const struct projection_source *from = &x->in->p->source[s];
                push_target(a, p, x, arena_printf(a, "load:%s/%s", from->dataset, from->version),
                            list);
            }
        }
    }
}

/* --- why -------------------------------------------------------------------------------------------- */

static void put_pair(struct buf *out, const char *label, const char *text)
{
    if (text[0] != '\0') {
        buf_printf(out, "  %-9s ", label);
        words_safe(out, text);
        buf_putc(out, '\n');
    }
}

static void put_next(struct buf *out, const struct plan *p, const struct projection_step *x,
                     const struct reason *r)
{
    static const struct {
        enum reason_code code;
        const char *text;
    } rows[] = {
        {REASON_CURRENT, "nothing to do"},
        {REASON_NOT_IN_ENVIRONMENT, "nothing to do here"},
        {REASON_CATALOG_FAULT, "mend the catalog; `kfmig dataset verify` checks it"},
        {REASON_CHAIN_HAS_DML, "declare `rebuild: after-load` for that migration, so that it runs "
                               "when the data is there"},
        {REASON_IN_PLACE, "set `policy: prefer-rebuild`"},
        {REASON_SWITCHED_BACK,
         "build it by its name, or change the declaration; `kfmig switch` lists the generations"},
        {REASON_APPROVAL_MISSING,
         "a signed approval is needed; or set `approval: review` for the environment"},
        {REASON_NOT_PROMOTED, "publish it there first"},
        {REASON_UNREACHABLE, "start the server or correct its dsn_ref, then ask again"},
        {REASON_UPSTREAM_BLOCKED, "see the cause"},
        {REASON_UPSTREAM_PENDING, "nothing: it runs in the same build, before"},
    };
    buf_puts(out, "  next      ");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].code == r->code) {
            buf_puts(out, rows[i].text);
            buf_putc(out, '\n');
            return;
        }
    }
    buf_printf(out, "`kfmig build %s %s`\n", p->env->name, x->in->p->name);
}

void report_why_projection(struct buf *out, const struct style *st, const struct plan *p, int at)
{
    const struct projection_step *x = &p->projections[at];
    struct arena a = {0};
    words_paint(out, st, PAINT_BOLD,
                arena_printf(&a, "%s/%s@publish", p->env->name, x->in->p->name), 0);
    buf_puts(out, " is ");
    words_state(out, st, x->state, 0);
    buf_putc(out, '\n');
    for (size_t i = 0; i < x->n_reasons; i++) {
        const struct reason *r = &x->reasons[i];
        buf_printf(out, "\n%s: %s\n", reason_text(r->code), reason_sentence(r->code));
        put_pair(out, "cause", r->cause);
        put_pair(out, "was", r->was);
        put_pair(out, "now", r->now);
        put_pair(out, "detail", r->detail);
        if (r->path != NULL) {
            put_pair(out, "where",
                     r->line > 0 ? arena_printf(&a, "%s:%d:%d", r->path, r->line, r->col)
                                 : r->path);
        }
        put_next(out, p, x, r);
    }
    if (x->live != NULL) {
        buf_printf(out, "\ngeneration %lld is live since ", (long long)x->live->number);
        words_safe(out, x->live->changed_at);
        buf_puts(out, ", made from\n");
        for (size_t i = 0; i < x->live->components.n; i++) {
            char text[DIGEST_TEXT];
            buf_puts(out, "  ");
            words_safe(out, x->live->components.v[i].name);
            buf_printf(out, "  %s\n", digest_text(&x->live->components.v[i].digest, text));
        }
    }
    arena_release(&a);
}

void report_why_projection_json(struct buf *out, const struct plan *p, int at)
{
    struct arena a = {0};
    const struct projection_step *x = &p->projections[at];
    const char *target = arena_printf(&a, "%s/%s@publish", p->env->name, x->in->p->name);
    struct doc *d = doc_new(&a, DOC_MAP);
    doc_put(&a, d, "target", words_doc(&a, target));
    doc_put(&a, d, "state", doc_text(&a, plan_state_text(x->state)));
    struct doc *chain = doc_put(&a, d, "chain", doc_new(&a, DOC_LIST));
    for (size_t i = 0; i < x->n_reasons; i++) {
        struct doc *link = doc_push(&a, chain, reason_doc(&a, &x->reasons[i]));
        doc_put(&a, link, "target", words_doc(&a, target));
    }
    doc_put(&a, d, "files", doc_new(&a, DOC_LIST));
    words_json(out, d);
    arena_release(&a);
}
