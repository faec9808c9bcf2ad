/* What preflight and postflight found. */
#include <stdio.h>
#include <string.h>

#include "report/report.h"
#include "report/words.h"

static const char *kind_of(const struct inspection *x)
{
    return x->is_after ? "postflight" : "preflight";
}

static enum paint paint_of(const char *result)
{
    return strcmp(result, "pass") == 0      ? PAINT_GOOD
           : strcmp(result, "-") == 0       ? PAINT_DIM
           : strcmp(result, "warning") == 0 ? PAINT_BUSY
                                            : PAINT_BAD;
}

/* --- text ------------------------------------------------------------------------------------------- */

static void put_finding(struct buf *out, const struct finding *f)
{
    buf_puts(out, "      ");
    words_safe(out, f->subject);
    buf_puts(out, f->subject[0] != '\0' ? ": " : "");
    buf_puts(out, f->is_unknown ? "not known: " : "");
    words_safe(out, f->text);
    buf_putc(out, '\n');
    if (f->hint[0] != '\0') {
        buf_puts(out, "        ");
        words_safe(out, f->hint);
        buf_putc(out, '\n');
    }
}

static void put_check(struct buf *out, const struct style *st, const struct inspection *x,
                      enum inspect i)
{
    const struct inspect_row *row = inspect_row(i);
    const char *result = inspect_result(x, i);
    if (strcmp(result, "-") == 0 && !st->verbose) {
        return;
    }
    buf_puts(out, "  ");
    words_paint(out, st, paint_of(result), result, 9);
    words_cell(out, row->id, 24);
    buf_printf(out, "%s\n", row->asks);
    for (size_t k = 0; k < x->found.n; k++) {
        const struct finding *f = &x->found.v[k];
        if (!f->passed && strcmp(f->rule, row->id) == 0) {
            put_finding(out, f);
        }
    }
}

static void put_figures(struct buf *out, const struct inspection *x)
{
    for (size_t i = 0; i < x->n_figures; i++) {
        const struct inspect_figure *f = &x->figures[i];
        buf_puts(out, "  ");
        words_safe(out, f->probe->command);
        buf_printf(out, ": %s, %lld ms\n", f->figure != NULL ? f->figure : "no figure",
                   (long long)f->ms);
    }
}

static size_t count_results(const struct inspection *x, const char *a, const char *b)
{
    size_t n = 0;
    for (int i = 0; i < INSPECTS; i++) {
        const char *result = inspect_result(x, (enum inspect)i);
        n += strcmp(result, a) == 0 || strcmp(result, b) == 0;
    }
    return n;
}

void report_inspection(struct buf *out, const struct style *st, const struct inspection *x)
{
    buf_printf(out, "%s of ", kind_of(x));
    words_safe(out, x->env);
    if (x->database[0] != '\0') {
        buf_puts(out, ": database ");
        words_safe(out, x->database);
        buf_puts(out, ", role ");
        words_safe(out, x->role);
        buf_printf(out, ", PostgreSQL %d.%d", x->server_version / 10000, x->server_version % 10000);
    }
    if (x->has_plan) {
        buf_printf(out, "; %zu to run, %zu blocked, %zu applied", x->pending, x->blocked,
                   x->applied);
    }
    buf_puts(out, "\n\n");
    for (int i = 0; i < INSPECTS; i++) {
        if ((inspect_row((enum inspect)i)->when &
             (unsigned)(x->is_after ? WHEN_AFTER : WHEN_BEFORE)) != 0) {
            put_check(out, st, x, (enum inspect)i);
        }
    }
    put_figures(out, x);
    buf_printf(out, "\n%zu passed, %zu failed, %zu warning%s\n", count_results(x, "pass", "pass"),
               count_results(x, "fail", "unknown"), count_results(x, "warning", "warning"),
               count_results(x, "warning", "warning") == 1 ? "" : "s");
}

/* --- document --------------------------------------------------------------------------------------- */

static struct doc *check_doc(struct arena *a, const struct inspection *x, enum inspect i)
{
    const struct inspect_row *row = inspect_row(i);
    const char *result = inspect_result(x, i);
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "check", doc_text(a, row->id));
    doc_put(a, d, "result", doc_text(a, strcmp(result, "-") == 0 ? "not-applicable" : result));
    doc_put(a, d, "asks", doc_text(a, row->asks));
    struct doc *list = doc_put(a, d, "findings", doc_new(a, DOC_LIST));
    for (size_t k = 0; k < x->found.n; k++) {
        const struct finding *f = &x->found.v[k];
        if (!f->passed && strcmp(f->rule, row->id) == 0) {
            doc_push(a, list, words_finding(a, f));
        }
    }
    return d;
}

static struct doc *figure_doc(struct arena *a, const struct inspect_figure *f)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "command", doc_text(a, f->probe->command));
    doc_put(a, d, "figure", words_doc(a, f->figure));
    doc_put(a, d, "ms", doc_int(a, f->ms));
    return d;
}

static void put_place(struct arena *a, struct doc *d, const struct inspection *x)
{
    doc_put(a, d, "kind", doc_text(a, kind_of(x)));
    doc_put(a, d, "timestamp", doc_text(a, x->timestamp));
    doc_put(a, d, "environment", doc_text(a, x->env));
    doc_put(a, d, "protected", doc_bool(a, x->is_protected));
    doc_put(a, d, "database", words_doc(a, x->database));
    doc_put(a, d, "role", words_doc(a, x->role));
    doc_put(a, d, "instance", words_doc(a, x->instance));
    doc_put(a, d, "server_version", doc_int(a, x->server_version));
}

struct doc *report_inspection_doc(struct arena *a, const struct inspection *x)
{
    struct doc *d = doc_new(a, DOC_MAP);
    put_place(a, d, x);
    doc_put(a, d, "plan_digest", doc_digest(a, &x->plan));
    doc_put(a, d, "schema_checksum", doc_digest(a, &x->checksum));
    doc_put(a, d, "last_applied", words_doc(a, x->last_applied));
    doc_put(a, d, "migrations_applied", doc_int(a, (int64_t)x->applied));
    doc_put(a, d, "pending_migrations", doc_int(a, (int64_t)x->pending));
    doc_put(a, d, "blocked_migrations", doc_int(a, (int64_t)x->blocked));
    doc_put(a, d, "dirty_migrations", doc_int(a, (int64_t)x->dirty));
    doc_put(a, d, "validation_passed", doc_bool(a, inspect_stopping(x, NULL) == NULL));
    struct doc *checks = doc_put(a, d, "checks", doc_new(a, DOC_LIST));
    for (int i = 0; i < INSPECTS; i++) {
        if ((inspect_row((enum inspect)i)->when &
             (unsigned)(x->is_after ? WHEN_AFTER : WHEN_BEFORE)) != 0) {
            doc_push(a, checks, check_doc(a, x, (enum inspect)i));
        }
    }
    struct doc *figures = doc_put(a, d, "figures", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < x->n_figures; i++) {
        doc_push(a, figures, figure_doc(a, &x->figures[i]));
    }
    return d;
}
