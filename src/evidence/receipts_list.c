/* Entries of a ledger, as people and scripts list them. */
#include "evidence/receipts.h"

static const char *target_of(struct arena *a, const struct entry *en)
{
    const char *stage =
        en->kind == ENTRY_APPLY || en->kind == ENTRY_DEFINE ? "receipt" : entry_kind_text(en->kind);
    return arena_printf(a, "%s/%s@%s", en->environment, en->subject, stage);
}

struct doc *receipts_list_doc(struct arena *a, const struct entry_list *l)
{
    struct doc *d = doc_new(a, DOC_MAP);
    struct doc *rows = doc_put(a, d, "receipts", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < l->n; i++) {
        const struct entry *en = l->v[i];
        struct doc *row = doc_push(a, rows, doc_new(a, DOC_MAP));
        doc_put(a, row, "run_id", doc_text(a, en->run_id));
        doc_put(a, row, "environment", doc_text(a, en->environment));
        doc_put(a, row, "target", doc_text(a, target_of(a, en)));
        doc_put(a, row, "result", doc_text(a, en->result));
        doc_put(a, row, "sequence", doc_int(a, en->sequence));
        doc_put(a, row, "finished_at", doc_text(a, en->finished_at));
    }
    return d;
}

void receipts_put_list(struct buf *out, struct arena *a, const struct entry_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct entry *en = l->v[i];
        buf_printf(out, "%6lld  %-27s  %-11s  %s  ", (long long)en->sequence, en->finished_at,
                   en->result, en->run_id);
        text_safe(out, bytes_str(target_of(a, en)));
        buf_putc(out, '\n');
    }
}
