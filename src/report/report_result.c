/* What a verb that writes has done. */
#include "model/result.h"

#include "report/words.h"

static struct doc *row_doc(struct arena *a, const struct result_row *row)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "target", words_doc(a, row->target));
    doc_put(a, d, "action", doc_text(a, result_action_text(row->action)));
    doc_put(a, d, "sequence", row->sequence > 0 ? doc_int(a, row->sequence) : doc_new(a, DOC_NULL));
    doc_put(a, d, "run_id", words_doc(a, row->sequence > 0 ? row->run_id : NULL));
    doc_put(a, d, "key", words_digest(a, &row->key));
    doc_put(a, d, "ms", doc_int(a, row->ms));
    if (row->generation > 0) {
        doc_put(a, d, "generation", doc_int(a, row->generation));
        doc_put(a, d, "content", words_digest(a, &row->content));
    }
    if (row->action == RESULT_ADOPT || row->action == RESULT_RETIRE) {
        doc_put(a, d, row->action == RESULT_ADOPT ? "objects" : "generations",
                doc_int(a, (int64_t)row->n));
    }
    if (row->failure != NULL) {
        doc_put(a, d, "error", words_error(a, row->failure));
    }
    if (row->gates != NULL) {
        doc_put(a, d, "gates", words_gates(a, row->gates));
    }
    return d;
}

static struct doc *rows_doc(struct arena *a, const struct result *r, bool failed)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < r->n; i++) {
        if ((r->v[i].failure != NULL) == failed) {
            doc_push(a, list, row_doc(a, &r->v[i]));
        }
    }
    return list;
}

static struct doc *ledger_doc(struct arena *a, const struct result *r)
{
    if (r->instance == NULL) {
        return doc_new(a, DOC_NULL);
    }
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "instance", doc_text(a, r->instance));
    doc_put(a, d, "size", doc_int(a, r->size));
    doc_put(a, d, "root", words_digest(a, &r->root));
    return d;
}

struct doc *report_result_doc(struct arena *a, const struct result *r, const struct err *failure)
{
    struct doc *d = doc_new(a, DOC_MAP);
    for (size_t i = 0; i < doc_len(r->more); i++) {
        doc_put(a, d, r->more->key[i]->text.p, r->more->item[i]);
    }
    if (r->verb != NULL) {
        doc_put(a, d, "verb", doc_text(a, r->verb));
        doc_put(a, d, "environment", doc_text(a, r->environment));
        doc_put(a, d, "ran", rows_doc(a, r, false));
        doc_put(a, d, "failed", rows_doc(a, r, true));
        doc_put(a, d, "skipped", doc_int(a, (int64_t)r->n_skipped));
        doc_put(a, d, "current", doc_int(a, (int64_t)r->n_current));
        doc_put(a, d, "plan_digest",
                r->has_plan ? words_digest(a, &r->plan_digest) : doc_new(a, DOC_NULL));
        doc_put(a, d, "ledger", ledger_doc(a, r));
        doc_put(a, d, "ms", doc_int(a, r->ms));
    }
    if (failure != NULL) {
        doc_put(a, d, "error", words_error(a, failure));
    }
    return d;
}

void report_result(struct buf *out, const struct result *r)
{
    const size_t *n = r->n_done;
    buf_printf(out, "%s: %zu applied", r->environment, n[RESULT_APPLY]);
    if (n[RESULT_PUBLISH] > 0) {
        buf_printf(out, ", %zu published", n[RESULT_PUBLISH]);
    }
    if (r->n_failed > 0) {
        buf_printf(out, ", %zu failed", r->n_failed);
    }
    if (r->n_skipped > 0) {
        buf_printf(out, ", %zu skipped", r->n_skipped);
    }
    if (n[RESULT_EXPORT] > 0) {
        buf_printf(out, ", %zu exported again", n[RESULT_EXPORT]);
    }
    buf_printf(out, ", %zu current; %.1f s", r->n_current, (double)r->ms / 1000.0);
}
