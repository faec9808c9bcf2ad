/* What a recovery found and made, as documents. */
#include "flow/recover.h"

struct doc *recover_lost_doc(struct arena *a, const struct recovery *r)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "cites", checkpoint_doc(a, &r->cites));
    doc_put(a, d, "receipts_missing",
            r->lost.has_sink && r->cites.sequence > 0 ? doc_text(a, lost_positions(a, &r->lost))
                                                      : doc_new(a, DOC_NULL));
    return d;
}

struct doc *recover_migrations_doc(struct arena *a, const struct site *s)
{
    char text[DIGEST_TEXT];
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < s->plan.n_migrations; i++) {
        const struct bundle *b = s->plan.v[i].bundle;
        if (s->plan.v[i].state != STATE_NOT_APPLICABLE) {
            struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
            doc_put(a, d, "id", doc_text(a, b->id));
            doc_put(a, d, "sha256", doc_text(a, digest_text(&b->checksum, text)));
        }
    }
    return list;
}

struct doc *recover_timings_doc(struct arena *a, const struct recovery *r)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "database_ms", doc_int(a, r->database_ms));
    doc_put(a, d, "prerequisites_ms",
            doc_int(a, r->prerequisites_ms > 0 ? r->prerequisites_ms : 0));
    struct doc *list = doc_put(a, d, "projections", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < r->n_rebuilt; i++) {
        struct doc *x = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, x, "name", doc_text(a, r->rebuilt[i].p->name));
        doc_put(a, x, "ms", doc_int(a, r->rebuilt[i].ms));
    }
    doc_put(a, d, "total_ms", doc_int(a, r->total_ms));
    return d;
}

/* Whose rows no migration makes, and whose rows could not be counted. */
static void put_tables(struct arena *a, struct doc *d, const struct recovery *r)
{
    struct doc *empty = doc_put(a, d, "empty_tables", doc_new(a, DOC_LIST));
    struct doc *uncounted = doc_put(a, d, "uncounted_tables", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < r->n_tables; i++) {
        if (r->tables[i].rows <= 0) {
            doc_push(a, r->tables[i].rows < 0 ? uncounted : empty, doc_text(a, r->tables[i].text));
        }
    }
}

struct doc *recover_doc(struct arena *a, const struct recovery *r)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "environment", doc_text(a, r->s->env->name));
    doc_put(a, d, "result", doc_text(a, r->result->worst == ERR_NONE ? "success" : "failed"));
    doc_put(a, d, "resumed", doc_bool(a, r->is_resumed));
    doc_put(a, d, "lost", recover_lost_doc(a, r));
    struct doc *list = doc_put(a, d, "projections", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < r->n_rebuilt; i++) {
        const struct rebuilt *b = &r->rebuilt[i];
        struct doc *x = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, x, "name", doc_text(a, b->p->name));
        doc_put(a, x, "digest", doc_digest(a, &b->generation));
        doc_put(a, x, "content", doc_digest(a, &b->content));
        doc_put(a, x, "sequence", b->sequence > 0 ? doc_int(a, b->sequence) : doc_new(a, DOC_NULL));
        doc_put(a, x, "same_as",
                b->lost != NULL ? doc_int(a, b->lost->sequence) : doc_new(a, DOC_NULL));
    }
    put_tables(a, d, r);
    doc_put(a, d, "timings", recover_timings_doc(a, r));
    return d;
}
