/* Errors and faults as text and JSON. */
#include <string.h>

#include "report/quote.h"
#include "report/words.h"

static void put_place(struct buf *out, const char *path, int line, int col)
{
    words_where(out, path, line, col);
    buf_puts(out, path[0] != '\0' ? ": " : "");
}

static void put_extra(struct buf *out, const struct style *st, const char *label, const char *text)
{
    if (text[0] != '\0') {
        buf_puts(out, "  ");
        words_paint(out, st, PAINT_DIM, label, 0);
        buf_puts(out, ": ");
        words_safe(out, text);
        buf_putc(out, '\n');
    }
}

void report_err(struct buf *out, const struct style *st, const struct err *e,
                const struct bytes *source)
{
    words_paint(out, st, PAINT_BAD, "kfmig:", 0);
    buf_putc(out, ' ');
    put_place(out, e->where.path, e->where.line, e->where.col);
    words_safe(out, e->msg);
    bool is_stopped = e->code == ERR_INTERRUPTED || e->code == ERR_TERMINATED;
    if (e->sqlstate[0] != '\0' && !is_stopped && strstr(e->msg, e->sqlstate) == NULL) {
        buf_printf(out, " (SQLSTATE %s%s%s)", e->sqlstate, e->condition[0] != '\0' ? " " : "",
                   e->condition);
    }
    buf_putc(out, '\n');
    if (source != NULL) {
        quote_caret(out, st, *source, e->where.line, e->where.col);
    }
    put_extra(out, st, "server", e->detail);
    if (e->object[0] != '\0' && strstr(e->msg, e->object) == NULL) {
        put_extra(out, st, "object", e->object);
    }
    put_extra(out, st, "hint", e->hint);
}

void report_findings(struct buf *out, const struct style *st, const struct findings *l)
{
    size_t n = 0;
    const struct finding *first = findings_stopping(l, &n);
    if (n < 2) {
        put_extra(out, st, "admitted by", n == 1 ? first->fix : "");
        return;
    }
    for (size_t i = 0; i < l->n; i++) {
        const struct finding *f = &l->v[i];
        if (finding_stops(f)) {
            buf_puts(out, "  ");
            words_paint(out, st, PAINT_BAD, f->rule, 0);
            buf_puts(out, ": ");
            words_safe(out, f->text);
            buf_puts(out, f->fix[0] != '\0' ? "; admitted by " : "");
            words_safe(out, f->fix);
            buf_putc(out, '\n');
        }
    }
}

struct doc *words_error(struct arena *a, const struct err *e)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "code", doc_text(a, err_name(e->code)));
    doc_put(a, d, "message", words_doc(a, e->msg));
    doc_put(a, d, "where", words_place(a, e->where.path, e->where.line, e->where.col));
    doc_put(a, d, "hint", words_doc(a, e->hint));
    doc_put(a, d, "sqlstate", words_doc(a, e->sqlstate));
    return d;
}

struct doc *words_gates(struct arena *a, const struct findings *gates)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < gates->n; i++) {
        const struct finding *f = &gates->v[i];
        if (finding_stops(f)) {
            struct doc *x = doc_push(a, list, doc_new(a, DOC_MAP));
            doc_put(a, x, "rule", words_doc(a, f->rule));
            doc_put(a, x, "subject", words_doc(a, f->subject));
            doc_put(a, x, "text", words_doc(a, f->text));
            doc_put(a, x, "fix", words_doc(a, f->fix));
        }
    }
    return list;
}

static struct doc *err_doc(struct arena *a, const struct err *e)
{
    struct doc *root = doc_new(a, DOC_MAP);
    doc_put(a, root, "error", words_error(a, e));
    return root;
}

void report_err_json(struct buf *out, const struct err *e)
{
    struct arena a = {0};
    report_json(out, err_doc(&a, e));
    arena_release(&a);
}

/* kind: "error", "finding" or "warning". */
static void put_fault(struct buf *out, const struct style *st, const char *kind,
                      const struct finding *f)
{
    put_place(out, f->path, f->line, f->col);
    words_paint(out, st, strcmp(kind, "error") == 0 ? PAINT_BAD : PAINT_BUSY, kind, 0);
    buf_puts(out, ": ");
    words_safe(out, f->text);
    buf_putc(out, '\n');
    put_extra(out, st, "hint", f->hint);
}

static void put_count(struct buf *out, size_t n, const char *kind)
{
    if (n > 0) {
        words_count(out, n, strcmp(kind, "error") == 0 ? "fault" : kind);
        buf_putc(out, '\n');
    }
}

void report_faults(struct buf *out, const struct style *st, const struct err_list *l,
                   const char *kind)
{
    struct err_list sorted = {0};
    for (size_t i = 0; i < l->n; i++) {
        err_list_add(&sorted, &l->v[i]);
    }
    err_list_sort(&sorted);
    for (size_t i = 0; i < sorted.n; i++) {
        const struct err *e = &sorted.v[i];
        put_fault(out, st, kind,
                  &(struct finding){.path = e->where.path,
                                    .line = e->where.line,
                                    .col = e->where.col,
                                    .text = e->msg,
                                    .hint = e->hint});
    }
    put_count(out, sorted.n, kind);
    err_list_release(&sorted);
}

/* --- a project that was checked --------------------------------------------------------------------- */

static void put_list(struct buf *out, const struct style *st, const char *kind,
                     const struct findings *l)
{
    for (size_t i = 0; i < l->n; i++) {
        put_fault(out, st, kind, &l->v[i]);
    }
    put_count(out, l->n, kind);
}

void report_check(struct buf *out, const struct style *st, const struct check_report *r)
{
    put_list(out, st, "error", r->faults);
    put_list(out, st, "finding", r->findings);
    put_list(out, st, "warning", r->warnings);
    if (r->is_fixed) {
        buf_puts(out, "registry/migrations.v1.json was corrected\n");
    }
    if (r->faults->n + r->findings->n == 0) {
        words_count(out, r->n_migrations, "migration");
        buf_puts(out, " checked: no faults\n");
    }
}

static struct doc *number_or_null(struct arena *a, int n)
{
    return n > 0 ? doc_int(a, n) : doc_new(a, DOC_NULL);
}

/* code: what the exit status would be for this alone. */
static struct doc *list_doc(struct arena *a, const struct findings *l, enum err_code code)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < l->n; i++) {
        const struct finding *f = &l->v[i];
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, d, "rule", doc_text(a, f->rule));
        doc_put(a, d, "severity", doc_text(a, severity_text(f->severity)));
        doc_put(a, d, "code", doc_text(a, err_name(code)));
        doc_put(a, d, "subject", words_doc(a, f->subject));
        doc_put(a, d, "message", words_doc(a, f->text));
        doc_put(a, d, "path", words_doc(a, f->path));
        doc_put(a, d, "line", number_or_null(a, f->line));
        doc_put(a, d, "column", number_or_null(a, f->col));
        doc_put(a, d, "hint", words_doc(a, f->hint));
    }
    return list;
}

struct doc *report_check_doc(struct arena *a, const struct check_report *r)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "migrations", doc_int(a, (int64_t)r->n_migrations));
    doc_put(a, d, "faults", list_doc(a, r->faults, ERR_CONFIG));
    doc_put(a, d, "findings", list_doc(a, r->findings, ERR_PREFLIGHT));
    doc_put(a, d, "warnings", list_doc(a, r->warnings, ERR_CONFIG));
    doc_put(a, d, "fixed", doc_bool(a, r->is_fixed));
    return d;
}
