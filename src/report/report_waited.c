/* A server that was waited for. */
#include "report/report.h"
#include "report/words.h"

void report_waited(struct buf *out, const struct waited *w)
{
    words_safe(out, w->environment);
    buf_printf(out, ": PostgreSQL %d answers, database \"", w->version / 10000);
    words_safe(out, w->database);
    buf_printf(out, "\", %s; after %.1f s\n", w->has_ledger ? "with a ledger" : "without a ledger",
               (double)w->ms / 1000.0);
}

struct doc *report_waited_doc(struct arena *a, const struct waited *w)
{
    struct doc *x = doc_new(a, DOC_MAP);
    doc_put(a, x, "environment", doc_text(a, w->environment));
    doc_put(a, x, "database", doc_name(a, w->database));
    doc_put(a, x, "server_version", doc_int(a, w->version));
    doc_put(a, x, "has_ledger", doc_bool(a, w->has_ledger));
    doc_put(a, x, "tries", doc_int(a, w->tries));
    doc_put(a, x, "waited_ms", doc_int(a, w->ms));
    return x;
}
