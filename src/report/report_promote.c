/* What an environment lacks of those that it requires. */
#include "report/advice.h"
#include "report/words.h"

/* Not current there, and to be had from a file: what only the ledger knows nobody promotes. */
static bool is_lacking(const struct step *s)
{
    return s->selected && !step_is_absent(s) &&
           (s->state == STATE_STALE || s->state == STATE_BLOCKED);
}

static bool is_promoted(const struct plan *p, const struct step *s)
{
    bool is = true;
    for (size_t i = 0; i < p->world->n_upstream; i++) {
        is = is && step_promoted(s, &p->world->upstream[i]) != NULL;
    }
    return is;
}

size_t report_unpromoted(const struct plan *p, size_t *n_lacking)
{
    size_t n = 0;
    *n_lacking = 0;
    for (size_t i = 0; i < p->n_steps; i++) {
        bool lacks = is_lacking(&p->v[i]);
        *n_lacking += lacks;
        n += lacks && !is_promoted(p, &p->v[i]);
    }
    return n;
}

/* What stands in an environment and is not in this project, by its ids; in a. */
static struct names not_here(struct arena *a, const struct plan *p, const struct upstream *u)
{
    struct names out = {0};
    struct table here = {.a = a};
    for (size_t i = 0; i < p->n_steps; i++) {
        if (!step_is_absent(&p->v[i])) {
            (void)table_puts(&here, step_name(&p->v[i]), &p->v[i]);
        }
    }
    for (size_t i = 0; u->reachable && i < u->past->by_id.n; i++) {
        const struct history *h = u->past->by_id.rows[i].value;
        if (h->applied != NULL && table_gets(&here, h->applied->subject) == NULL) {
            names_add(a, &out, h->applied->subject);
        }
    }
    return out;
}

/* --- as text ------------------------------------------------------------------------------------------ */

static void put_source(struct buf *out, const struct upstream *u)
{
    buf_puts(out, "  ");
    words_safe(out, u->env);
    if (!u->reachable) {
        buf_puts(out, " could not be asked: ");
        words_safe(out, u->why_not);
    } else {
        buf_puts(out, u->files == NULL ? ": its ledger, asked now" : ": its signed receipts in ");
        words_safe(out, u->files);
        buf_printf(out, ", %lld entr%s", (long long)u->n, u->n == 1 ? "y" : "ies");
        buf_puts(out, u->n > 0 ? ", the last of " : "");
        words_safe(out, u->at);
    }
    if (u->files != NULL) {
        buf_puts(out, "; it could not be asked: ");
        words_safe(out, u->why_not);
    }
    buf_putc(out, '\n');
}

static void put_requirement(struct buf *out, const struct style *st, const struct step *s,
                            const struct upstream *u)
{
    char digest[DIGEST_TEXT];
    struct arena a = {0};
    const struct fact *f = step_promoted(s, u);
    buf_puts(out, "    ");
    words_safe(out, u->env);
    if (f != NULL) {
        buf_printf(out, ": receipt %lld of ", (long long)f->sequence);
        words_safe(out, f->finished_at);
        buf_puts(out, ", ");
        words_paint(out, st, PAINT_DIM, digest_text(&f->receipt, digest), 0);
    } else {
        buf_puts(out, ": ");
        words_paint(out, st, PAINT_BAD,
                    u->reachable ? step_unpromoted(&a, s, u) : "could not be asked", 0);
    }
    buf_putc(out, '\n');
    arena_release(&a);
}

static void put_step(struct buf *out, const struct style *st, const struct plan *p,
                     const struct step *s)
{
    buf_puts(out, "  ");
    words_paint(out, st, is_promoted(p, s) ? PAINT_GOOD : PAINT_BAD,
                is_promoted(p, s) ? "promoted" : "not promoted", 14);
    words_safe(out, step_name(s));
    buf_putc(out, '\n');
    for (size_t i = 0; i < p->world->n_upstream; i++) {
        put_requirement(out, st, s, &p->world->upstream[i]);
    }
    for (size_t i = 0; i < s->n_reasons; i++) {
        enum reason_code code = s->reasons[i].code;
        if (reason_state(code) == STATE_BLOCKED && code != REASON_NOT_PROMOTED) {
            buf_puts(out, "    besides: ");
            words_reason(out, s, &s->reasons[i]);
            buf_putc(out, '\n');
        }
    }
}

static void put_not_here(struct buf *out, const struct plan *p)
{
    struct arena a = {0};
    for (size_t i = 0; i < p->world->n_upstream; i++) {
        const struct names l = not_here(&a, p, &p->world->upstream[i]);
        if (l.n > 0) {
            words_safe(out, p->world->upstream[i].env);
            buf_puts(out, " has what is not in this project: ");
            words_safe(out, names_text(&a, &l));
            buf_putc(out, '\n');
        }
    }
    arena_release(&a);
}

static void put_next(struct buf *out, const struct plan *p, size_t n_unpromoted)
{
    for (size_t i = 0; i < p->world->n_upstream; i++) {
        const struct upstream *u = &p->world->upstream[i];
        if (!u->reachable) {
            advice_unasked(out, u->env);
            buf_putc(out, '\n');
            return;
        }
    }
    buf_puts(out, n_unpromoted > 0 ? "`kfmig why TARGET` explains\n" : "");
}

void report_promote(struct buf *out, const struct style *st, const struct plan *p)
{
    size_t n_lacking = 0;
    size_t n = report_unpromoted(p, &n_lacking);
    words_safe(out, p->env->name);
    buf_printf(out, " lacks %zu, of which %zu %s promoted; it requires\n", n_lacking, n_lacking - n,
               n_lacking - n == 1 ? "is" : "are");
    for (size_t i = 0; i < p->world->n_upstream; i++) {
        put_source(out, &p->world->upstream[i]);
    }
    if (!p->world->reachable) {
        words_unreachable(out, st, p);
    }
    buf_puts(out, n_lacking > 0 ? "\n" : "");
    for (size_t i = 0; i < p->n_steps; i++) {
        if (is_lacking(&p->v[i])) {
            put_step(out, st, p, &p->v[i]);
        }
    }
    put_not_here(out, p);
    put_next(out, p, n);
}

/* --- as a document ------------------------------------------------------------------------------------ */

static struct doc *source_doc(struct arena *a, const struct plan *p, const struct upstream *u)
{
    const char *source = u->files != NULL ? "signed-receipts" : "ledger";
    struct names l = not_here(a, p, u);
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "environment", words_doc(a, u->env));
    doc_put(a, d, "source", words_doc(a, u->reachable ? source : NULL));
    doc_put(a, d, "path", words_doc(a, u->files));
    doc_put(a, d, "entries", u->reachable ? doc_int(a, u->n) : doc_new(a, DOC_NULL));
    doc_put(a, d, "last_at", words_doc(a, u->at));
    doc_put(a, d, "not_asked", words_doc(a, u->why_not));
    struct doc *list = doc_put(a, d, "not_here", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < l.n; i++) {
        doc_push(a, list, words_doc(a, l.v[i]));
    }
    return d;
}

static struct doc *requirement_doc(struct arena *a, const struct step *s, const struct upstream *u)
{
    const struct fact *f = step_promoted(s, u);
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "environment", words_doc(a, u->env));
    doc_put(a, d, "met", doc_bool(a, f != NULL));
    doc_put(a, d, "receipt", f != NULL ? doc_digest(a, &f->receipt) : doc_new(a, DOC_NULL));
    doc_put(a, d, "sequence", f != NULL ? doc_int(a, f->sequence) : doc_new(a, DOC_NULL));
    doc_put(a, d, "finished_at", words_doc(a, f != NULL ? f->finished_at : NULL));
    doc_put(a, d, "lacks", words_doc(a, f != NULL ? NULL : step_unpromoted(a, s, u)));
    return d;
}

static struct doc *target_doc(struct arena *a, const struct plan *p, const struct step *s)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "target", words_doc(a, step_target_text(a, p, s)));
    doc_put(a, d, "state", doc_text(a, plan_state_text(s->state)));
    doc_put(a, d, "key", doc_digest(a, step_key(s)));
    doc_put(a, d, "promoted", doc_bool(a, is_promoted(p, s)));
    struct doc *list = doc_put(a, d, "requirements", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < p->world->n_upstream; i++) {
        doc_push(a, list, requirement_doc(a, s, &p->world->upstream[i]));
    }
    struct doc *reasons = doc_put(a, d, "reasons", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < s->n_reasons; i++) {
        doc_push(a, reasons, doc_text(a, reason_text(s->reasons[i].code)));
    }
    return d;
}

struct doc *report_promote_doc(struct arena *a, const struct plan *p)
{
    size_t n_lacking = 0;
    size_t n = report_unpromoted(p, &n_lacking);
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "environment", words_doc(a, p->env->name));
    doc_put(a, d, "promoted", doc_bool(a, n == 0));
    struct doc *requires = doc_put(a, d, "requires", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < p->world->n_upstream; i++) {
        doc_push(a, requires, source_doc(a, p, &p->world->upstream[i]));
    }
    struct doc *targets = doc_put(a, d, "targets", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < p->n_steps; i++) {
        if (is_lacking(&p->v[i])) {
            doc_push(a, targets, target_doc(a, p, &p->v[i]));
        }
    }
    return d;
}
