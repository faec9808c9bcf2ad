/* What differs between a ledger's sum of objects and the database, for people and as JSON. */
#include "report/words.h"

static void put_side(struct buf *out, const struct style *st, const char *sign, const char *facet,
                     const char *value, size_t width)
{
    if (value == NULL) {
        return;
    }
    buf_puts(out, "  ");
    words_paint(out, st, sign[0] == '-' ? PAINT_BAD : PAINT_GOOD, sign, 2);
    words_cell(out, facet, value[0] != '\0' ? width : 0);
    words_safe(out, value);
    buf_putc(out, '\n');
}

static void put_object(struct buf *out, const struct style *st, const struct drift_detail *x)
{
    size_t width = 0;
    for (size_t i = 0; i < x->n; i++) {
        size_t n = words_width(x->v[i].facet) + 2;
        width = n > width ? n : width;
    }
    words_paint(out, st, PAINT_BOLD, x->drift->text, 0);
    buf_printf(out, " %s outside kfmig", words_change(x->drift));
    if (x->drift->last_writer[0] != '\0') {
        buf_puts(out, "; last written by ");
        words_safe(out, x->drift->last_writer);
        buf_printf(out, " (ledger entry %lld)", (long long)x->drift->sequence);
    }
    buf_putc(out, '\n');
    for (size_t i = 0; i < x->n; i++) {
        put_side(out, st, "-", x->v[i].facet, x->v[i].was, width);
        put_side(out, st, "+", x->v[i].facet, x->v[i].now, width);
    }
}

void report_diff(struct buf *out, const struct style *st, const char *env,
                 const struct drift_detail *v, size_t n)
{
    words_safe(out, env);
    if (n == 0) {
        buf_puts(out, ": the database is as its ledger says\n");
        return;
    }
    buf_puts(out, ": ");
    words_count(out, n, "object");
    buf_printf(out, " differ%s from what the ledger expects (-), as it stands there (+)\n",
               n == 1 ? "s" : "");
    for (size_t i = 0; i < n; i++) {
        buf_putc(out, '\n');
        put_object(out, st, &v[i]);
    }
}

struct doc *report_diff_doc(struct arena *a, const char *env, const struct drift_detail *v,
                            size_t n)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "environment", words_doc(a, env));
    struct doc *list = doc_put(a, d, "differences", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < n; i++) {
        const struct drift *x = v[i].drift;
        struct doc *row = doc_push(a, list, words_drift(a, x));
        struct doc *facets = doc_put(a, row, "facets", doc_new(a, DOC_LIST));
        for (size_t k = 0; k < v[i].n; k++) {
            struct doc *f = doc_push(a, facets, doc_new(a, DOC_MAP));
            doc_put(a, f, "facet", words_doc(a, v[i].v[k].facet));
            doc_put(a, f, "was", words_doc(a, v[i].v[k].was));
            doc_put(a, f, "now", words_doc(a, v[i].v[k].now));
        }
    }
    return d;
}
