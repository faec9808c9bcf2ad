/* What the linter found, and its rules. */
#include <string.h>

#include "report/report.h"
#include "report/words.h"

/* --- text ------------------------------------------------------------------------------------------- */

static enum paint paint_of(enum severity s)
{
    return s == SEVERITY_ERROR ? PAINT_BAD : s == SEVERITY_WARNING ? PAINT_BUSY : PAINT_DIM;
}

enum { SOURCE_MOST = 160 };

/* The line, and a caret below what it is about. A line that is very long is left out. */
static void put_source(struct buf *out, const struct lint_found *f)
{
    const struct finding *x = &f->finding;
    size_t n = strlen(f->source);
    if (n > SOURCE_MOST || n == 0) {
        return;
    }
    struct buf number = {0};
    buf_printf(&number, "%5d", x->line);
    buf_printf(out, "%s | ", buf_str(&number));
    words_safe(out, f->source);
    buf_printf(out, "\n%*s | ", (int)number.n, "");
    size_t col = (size_t)x->col - 1 < n ? (size_t)x->col - 1 : 0;
    size_t end = f->end_col > x->col ? (size_t)f->end_col - 1 : col + 1;
    for (size_t i = 0; i < words_columns(f->source, col); i++) {
        buf_putc(out, ' ');
    }
    buf_putc(out, '^');
    for (size_t i = 1; i < words_columns(f->source + col, (end < n ? end : n) - col); i++) {
        buf_putc(out, '~');
    }
    buf_putc(out, '\n');
    buf_release(&number);
}

static void put_found(struct buf *out, const struct style *st, const struct lint_found *f)
{
    const struct finding *x = &f->finding;
    words_where(out, x->path, x->line, x->col);
    buf_puts(out, ": ");
    words_paint(out, st, paint_of(x->severity), severity_text(x->severity), 0);
    buf_printf(out, ": %s: ", x->rule);
    words_safe(out, x->text);
    buf_putc(out, '\n');
    put_source(out, f);
    buf_puts(out, x->waived_by[0] != '\0' ? "      let through: " : "      instead: ");
    words_safe(out, x->waived_by[0] != '\0' ? x->waived_by : x->hint);
    buf_putc(out, '\n');
}

static bool is_shown(const struct style *st, const struct finding *x)
{
    return st->verbose || (x->severity != SEVERITY_NOTE && x->waived_by[0] == '\0');
}

static void put_counts(struct buf *out, const struct style *st, const struct lint_result *r)
{
    words_count(out, r->n_files, "file");
    buf_puts(out, ", ");
    words_count(out, r->n_statements, "statement");
    buf_puts(out, ": ");
    words_count(out, r->n_error, "error");
    buf_puts(out, ", ");
    words_count(out, r->n_warning, "warning");
    buf_puts(out, ", ");
    words_count(out, r->n_note, "note");
    if (r->n_waived > 0) {
        buf_printf(out, ", %zu let through", r->n_waived);
    }
    buf_puts(out, r->n_note + r->n_waived > 0 && !st->verbose ? " (-v shows all)\n" : "\n");
}

void report_lint(struct buf *out, const struct style *st, const struct lint_report *o)
{
    for (size_t i = 0; i < o->result->n; i++) {
        if (is_shown(st, &o->result->v[i].finding)) {
            put_found(out, st, &o->result->v[i]);
        }
    }
    if (o->n_fixed > 0) {
        words_count(out, o->n_fixed, "change");
        buf_puts(out, " made in files\n");
    }
    if (o->has_kept) {
        words_count(out, o->n_kept, "finding");
        buf_puts(out, " kept in the baseline\n");
    }
    put_counts(out, st, o->result);
}

/* --- document --------------------------------------------------------------------------------------- */

static struct doc *found_doc(struct arena *a, const struct lint_found *f)
{
    const struct finding *x = &f->finding;
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "rule", doc_text(a, x->rule));
    doc_put(a, d, "severity", doc_text(a, severity_text(x->severity)));
    doc_put(a, d, "path", words_doc(a, x->path));
    doc_put(a, d, "line", doc_int(a, x->line));
    doc_put(a, d, "column", doc_int(a, x->col));
    doc_put(a, d, "subject", words_doc(a, x->subject));
    doc_put(a, d, "message", words_doc(a, x->text));
    doc_put(a, d, "instead", words_doc(a, x->hint));
    doc_put(a, d, "waived_by", words_doc(a, x->waived_by));
    doc_put(a, d, "mark", doc_digest(a, &f->mark));
    return d;
}

struct doc *report_lint_doc(struct arena *a, const struct lint_report *o)
{
    const struct lint_result *r = o->result;
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "files", doc_int(a, (int64_t)r->n_files));
    doc_put(a, d, "statements", doc_int(a, (int64_t)r->n_statements));
    doc_put(a, d, "errors", doc_int(a, (int64_t)r->n_error));
    doc_put(a, d, "warnings", doc_int(a, (int64_t)r->n_warning));
    doc_put(a, d, "notes", doc_int(a, (int64_t)r->n_note));
    doc_put(a, d, "waived", doc_int(a, (int64_t)r->n_waived));
    doc_put(a, d, "fixed", doc_int(a, (int64_t)o->n_fixed));
    struct doc *list = doc_put(a, d, "findings", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < r->n; i++) {
        doc_push(a, list, found_doc(a, &r->v[i]));
    }
    return d;
}

/* --- the rules -------------------------------------------------------------------------------------- */

void report_lint_rules(struct buf *out)
{
    for (int i = 0; i < LINTS; i++) {
        const struct lint_rule *r = lint_rule((enum hazard)i);
        buf_printf(out, "%-32s %s  %s\n", r->id, r->severities, r->what);
    }
}

static void put_majors(struct buf *out, const struct lint_rule *r)
{
    if (r->from > 0) {
        buf_printf(out, "PostgreSQL %d and later", r->from);
    } else {
        buf_puts(out, "all that kfmig knows");
    }
}

/* "squawk: a; pgls: b" as it stands in the table. */
static void put_also(struct buf *out, const char *also)
{
    for (const char *p = also; *p != '\0'; p++) {
        buf_puts(out, *p == ' ' ? ", " : *p == ':' ? " " : "");
        if (*p != ' ' && *p != ':') {
            buf_putc(out, *p);
        }
    }
}

void report_lint_page(struct buf *out, enum hazard rule)
{
    const struct lint_rule *r = lint_rule(rule);
    buf_printf(out, "# %s\n\n%s %s\n\n", r->id, r->what, r->why);
    buf_printf(out, "**Instead:** %s.\n\n", r->instead);
    buf_puts(out, "| class | A | B | C | D |\n|---|---|---|---|---|\n| severity |");
    for (char class = 'A'; class <= 'D'; class ++) {
        buf_printf(out, " %s |", severity_text(lint_severity(rule, class)));
    }
    buf_puts(out, "\n\nServers: ");
    put_majors(out, r);
    buf_puts(out, ".");
    if (r->also[0] != '\0') {
        buf_puts(out, " Elsewhere it is ");
        put_also(out, r->also);
        buf_puts(out, ".");
    }
    if (r->bad != NULL) {
        buf_printf(out, "\n\nFound in:\n\n```sql\n%s\n```", r->bad);
    }
    buf_printf(out, "\n\nNot in:\n\n```sql\n%s\n```\n\n", r->good);
    buf_printf(out,
               "To let it through, before the statement: `-- kfmig:allow %s REASON`. The reason "
               "stands in the receipt.\n",
               r->id);
}
