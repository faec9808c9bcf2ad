/* Why a dataset version is current or blocked, as text and as JSON. */
#include "report/report.h"
#include "report/words.h"

static const char *target_of(struct arena *a, const struct dataset_report *r)
{
    return arena_printf(a, "%s@%s", r->name, r->artifacts ? "artifacts" : "catalog");
}

static const char *state_of(const struct dataset_report *r)
{
    return plan_state_text(r->faults->n > 0 ? STATE_BLOCKED : STATE_CURRENT);
}

/* f: NULL: it is current. */
static struct doc *link_doc(struct arena *a, const struct dataset_report *r, const struct err *f)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "target", words_doc(a, target_of(a, r)));
    doc_put(a, d, "code",
            doc_text(a, reason_text(f != NULL ? REASON_CATALOG_FAULT : REASON_CURRENT)));
    doc_put(a, d, "cause", words_doc(a, f != NULL ? f->where.path : r->path));
    doc_put(a, d, "was", doc_new(a, DOC_NULL));
    doc_put(a, d, "now", doc_new(a, DOC_NULL));
    doc_put(a, d, "detail", words_doc(a, f != NULL ? f->msg : ""));
    doc_put(a, d, "where",
            f != NULL ? words_place(a, f->where.path, f->where.line, f->where.col)
                      : doc_new(a, DOC_NULL));
    return d;
}

struct doc *report_dataset_doc(struct arena *a, const struct dataset_report *r)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "target", words_doc(a, target_of(a, r)));
    doc_put(a, d, "state", doc_text(a, state_of(r)));
    struct doc *chain = doc_put(a, d, "chain", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < r->faults->n; i++) {
        doc_push(a, chain, link_doc(a, r, &r->faults->v[i]));
    }
    if (r->faults->n == 0) {
        doc_push(a, chain, link_doc(a, r, NULL));
    }
    return d;
}

static void put_fault(struct buf *out, const char *target, const struct err *f)
{
    words_safe(out, target);
    buf_puts(out, " <- ");
    words_safe(out, f->where.path);
    if (f->where.line > 0) {
        buf_printf(out, ":%d:%d", f->where.line, f->where.col);
    }
    buf_printf(out, "\n  %s: ", reason_text(REASON_CATALOG_FAULT));
    words_safe(out, f->msg);
    buf_puts(out, "\n  next: ");
    words_safe(out, f->hint[0] != '\0' ? f->hint : "restore the version as it was promoted");
    buf_putc(out, '\n');
}

static void put_current(struct buf *out, const char *target, const struct dataset_report *r)
{
    words_safe(out, target);
    buf_puts(out, " <- ");
    words_safe(out, r->path);
    buf_puts(out, r->artifacts ? "\n  current: every artifact is as the catalog says\n"
                               : "\n  current: complete, and its catalogs agree\n");
    for (size_t i = 0; i < r->files.n; i++) {
        char text[DIGEST_TEXT];
        buf_printf(out, "  artifact  %s  ", digest_text(&r->files.v[i].digest, text));
        words_safe(out, r->files.v[i].name);
        buf_putc(out, '\n');
    }
    for (size_t i = 0; i < r->users.n; i++) {
        buf_puts(out, "  used by   ");
        words_safe(out, r->users.v[i]);
        buf_putc(out, '\n');
    }
    buf_puts(out, "  next: ");
    if (r->artifacts) {
        buf_puts(out, "nothing to do\n");
    } else {
        buf_puts(out, "`kfmig why ");
        words_safe(out, r->name);
        buf_puts(out, "@artifacts` compares every byte\n");
    }
}

void report_dataset(struct buf *out, const struct dataset_report *r)
{
    struct arena a = {0};
    const char *target = target_of(&a, r);
    words_safe(out, target);
    buf_printf(out, " is %s\n", state_of(r));
    for (size_t i = 0; i < r->faults->n; i++) {
        buf_putc(out, '\n');
        put_fault(out, target, &r->faults->v[i]);
    }
    if (r->faults->n == 0) {
        buf_putc(out, '\n');
        put_current(out, target, r);
    }
    arena_release(&a);
}
