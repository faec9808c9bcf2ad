/* What a drill showed, from its document. */
#include "report/report.h"

static void print_sources(struct buf *out, const struct doc *projections)
{
    for (size_t i = 0; i < doc_len(projections); i++) {
        const struct doc *p = projections->item[i];
        const struct doc *sources = doc_get(p, "sources");
        for (size_t k = 0; k < doc_len(sources); k++) {
            const struct doc *x = sources->item[k];
            buf_printf(out, "%s  %s: %s\n", doc_str(p, "name", ""), doc_str(x, "source", ""),
                       doc_yes(x, "same", false) ? "the same rows" : "DIFFERENT ROWS");
        }
    }
}

static void print_structure(struct buf *out, const struct doc *structure)
{
    const struct doc *list = doc_get(structure, "different");
    buf_printf(out, "structure: %s\n",
               doc_num(structure, "n_different", 0) == 0 ? "the same" : "DIFFERENT");
    for (size_t i = 0; i < doc_len(list); i++) {
        buf_printf(out, "  %s: %s\n", doc_str(list->item[i], "object", ""),
                   doc_str(list->item[i], "change", ""));
    }
}

static void print_rows(struct buf *out, const struct doc *tables)
{
    if (doc_len(tables) > 0) {
        buf_puts(out, "rows outside of projections that would not come back:\n");
    }
    for (size_t i = 0; i < doc_len(tables); i++) {
        const struct doc *x = tables->item[i];
        buf_printf(out, "  %s: %lld live, %lld rebuilt\n", doc_str(x, "table", ""),
                   (long long)doc_num(x, "live_rows", -1),
                   (long long)doc_num(x, "rebuilt_rows", -1));
    }
}

static void print_times(struct buf *out, const struct doc *t)
{
    const struct doc *list = doc_get(t, "projections");
    buf_printf(out, "time: database %lld ms, prerequisites %lld ms",
               (long long)doc_num(t, "database_ms", 0),
               (long long)doc_num(t, "prerequisites_ms", 0));
    for (size_t i = 0; i < doc_len(list); i++) {
        buf_printf(out, ", %s %lld ms", doc_str(list->item[i], "name", ""),
                   (long long)doc_num(list->item[i], "ms", 0));
    }
    buf_printf(out, ", comparing %lld ms; %lld ms in all\n", (long long)doc_num(t, "compare_ms", 0),
               (long long)doc_num(t, "total_ms", 0));
}

void report_drill(struct buf *out, const struct doc *d)
{
    const struct doc *found = doc_get(d, "drill");
    print_sources(out, doc_get(found, "projections"));
    print_structure(out, doc_get(found, "structure"));
    print_rows(out, doc_get(found, "rows_not_recovered"));
    print_times(out, doc_get(d, "timings"));
    buf_printf(out, "%s: %s; ledger entry %lld, run %s\n", doc_str(d, "environment", ""),
               doc_yes(found, "same", false) ? "the drill gave the same"
                                             : "the drill gave something else",
               (long long)doc_num(d, "sequence", 0), doc_str(d, "run_id", ""));
}
