/* The generations of a projection. */
#include "report/words.h"

struct doc *report_generations(struct buf *out, struct arena *a, const char *env,
                               const struct step *x)
{
    char text[DIGEST_TEXT];
    struct doc *d = doc_new(a, DOC_MAP);
    struct doc *v = doc_put(a, d, "generations", doc_new(a, DOC_LIST));
    doc_put(a, d, "environment", doc_text(a, env));
    doc_put(a, d, "projection", doc_text(a, x->in->p->name));
    for (size_t i = 0; i < x->in->n; i++) {
        const struct generation *g = &x->in->v[i];
        struct doc *row = doc_push(a, v, doc_new(a, DOC_MAP));
        doc_put(a, row, "generation", doc_int(a, g->number));
        doc_put(a, row, "state", doc_text(a, generation_state_text(g->state)));
        doc_put(a, row, "changed_at", doc_text(a, g->changed_at));
        doc_put(a, row, "digest", doc_digest(a, &g->digest));
        doc_put(a, row, "content", doc_digest(a, &g->content));
        buf_printf(out, "%-4lld %-8s %s  content %s\n", (long long)g->number,
                   generation_state_text(g->state), g->changed_at,
                   digest_is_zero(&g->content) ? "-" : digest_text(&g->content, text));
    }
    return d;
}
