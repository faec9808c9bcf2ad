/* What a recovery has made, and what it could not, from its document. */
#include "report/report.h"

static void print_same(struct buf *out, const struct doc *d)
{
    const struct doc *list = doc_get(d, "projections");
    for (size_t i = 0; i < doc_len(list); i++) {
        const struct doc *x = list->item[i];
        int64_t same_as = doc_num(x, "same_as", 0);
        if (same_as > 0 && doc_str(x, "content", "")[0] != '\0') {
            buf_printf(out, "%s: same content as ledger entry %lld of the lost ledger\n",
                       doc_str(x, "name", ""), (long long)same_as);
        } else {
            buf_printf(out, "%s: nothing tells what the lost one held\n", doc_str(x, "name", ""));
        }
    }
}

static void print_history(struct buf *out, const struct doc *lost)
{
    int64_t last = doc_num(doc_get(lost, "cites"), "sequence", 0);
    const struct doc *missing = doc_get(lost, "receipts_missing");
    if (last == 0) {
        buf_puts(out, "  the history: no earlier ledger is known\n");
        return;
    }
    if (missing == NULL || missing->type != DOC_TEXT) {
        buf_printf(out,
                   "  the receipts of the lost ledger's %lld entries, but for exported ones: no "
                   "receipt sink is declared\n",
                   (long long)last);
    } else if (missing->text.n > 0) {
        buf_printf(out, "  receipts that the sink lacks: entries %s of the lost ledger\n",
                   missing->text.p);
    }
    buf_printf(out, "  whatever came after entry %lld of the lost ledger: nobody knows of it\n",
               (long long)last);
}

static void print_rows(struct buf *out, const struct doc *list, const char *why)
{
    for (size_t i = 0; i < doc_len(list); i++) {
        buf_printf(out, "  rows of %s: %s\n", list->item[i]->text.p, why);
    }
}

void report_recovery(struct buf *out, const struct doc *d)
{
    print_same(out, d);
    buf_puts(out, "not recovered:\n");
    print_history(out, doc_get(d, "lost"));
    print_rows(out, doc_get(d, "uncounted_tables"), "cannot be counted");
    print_rows(out, doc_get(d, "empty_tables"), "no migration makes any");
    buf_puts(out, "  rows outside of projections that were not made by migrations\n");
    buf_printf(out, "%s: %s in %.1f s\n", doc_str(d, "environment", ""),
               doc_yes(d, "resumed", false) ? "recovered (gone on with)" : "recovered",
               (double)doc_num(doc_get(d, "timings"), "total_ms", 0) / 1000.0);
}
