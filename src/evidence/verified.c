/* What an audit found, as a document and as the last lines of a text. */
#include "evidence/verify.h"

struct doc *verified_doc(struct arena *a, const char *env, const struct verified *v)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "environment", doc_text(a, env));
    doc_put(a, d, "entries", doc_int(a, (int64_t)v->n_entries));
    doc_put(a, d, "attested", doc_int(a, (int64_t)v->n_attested));
    doc_put(a, d, "checkpoints", doc_int(a, (int64_t)v->n_checkpoints));
    doc_put(a, d, "exports", doc_int(a, (int64_t)v->n_exports));
    doc_put(a, d, "foreign", doc_int(a, (int64_t)v->n_foreign));
    doc_put(a, d, "sunk", doc_int(a, (int64_t)v->n_sunk));
    doc_put(a, d, "unproven", doc_int(a, (int64_t)v->n_unproven));
    struct doc *findings = doc_put(a, d, "findings", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < v->findings.n; i++) {
        const struct finding *f = &v->findings.v[i];
        struct doc *row = doc_push(a, findings, doc_new(a, DOC_MAP));
        doc_put(a, row, "rule", doc_text(a, f->rule));
        doc_put(a, row, "path", f->path[0] != '\0' ? doc_text(a, f->path) : doc_new(a, DOC_NULL));
        doc_put(a, row, "message", doc_text(a, f->text));
    }
    return d;
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

void verified_put(struct buf *out, const char *env, const struct verified *v, bool has_sink)
{
    buf_printf(out,
               "%s: %zu entr%s, %zu receipt%s, %zu input text%s, %zu exported receipt%s verified%s"
               "\n",
               env, v->n_entries, v->n_entries == 1 ? "y" : "ies", v->n_receipts,
               plural(v->n_receipts), v->n_blobs, plural(v->n_blobs), v->n_exports,
               plural(v->n_exports), v->n_found == 0 ? ": all as they should be" : "");
    if (v->n_foreign > 0) {
        buf_printf(out, "%zu of another ledger, not verified\n", v->n_foreign);
    }
    if (has_sink) {
        buf_printf(out, "%zu in the sink\n", v->n_sunk);
    }
    if (v->n_checkpoints > 0) {
        buf_printf(out, "%zu attested in %zu checkpoint%s\n", v->n_attested, v->n_checkpoints,
                   plural(v->n_checkpoints));
    }
    if (v->n_unproven > 0) {
        buf_printf(out,
                   "%zu claims not computed: their receipts do not say what they are made of\n",
                   v->n_unproven);
    }
}
