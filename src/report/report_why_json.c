/* Why a target is in its state, as JSON. */
#include "report/why.h"
#include "report/words.h"

static struct doc *link_doc(struct arena *a, const struct link_why *l)
{
    struct doc *d = doc_new(a, DOC_MAP);
    const struct reason *r = l->reason;
    doc_put(a, d, "target", words_doc(a, l->target));
    if (l->fact != NULL) {
        doc_put(a, d, "code", words_doc(a, l->fact->result));
        doc_put(a, d, "cause",
                words_doc(a, arena_printf(a, "ledger entry %lld of %s",
                                          (long long)l->fact->sequence, l->fact_env)));
        doc_put(a, d, "was", doc_new(a, DOC_NULL));
        doc_put(a, d, "now", doc_digest(a, &l->fact->checksum));
        doc_put(a, d, "detail",
                words_doc(a, arena_printf(a, "finished at %s by run %s", l->fact->finished_at,
                                          l->fact->run_id)));
        doc_put(a, d, "where", doc_new(a, DOC_NULL));
        return d;
    }
    doc_put(a, d, "code", doc_text(a, reason_text(r->code)));
    doc_put(a, d, "cause", words_doc(a, r->cause));
    doc_put(a, d, "was", words_doc(a, r->was));
    doc_put(a, d, "now", words_doc(a, r->now));
    doc_put(a, d, "detail", words_doc(a, r->detail));
    doc_put(a, d, "where", words_place(a, r->path, r->line, r->col));
    return d;
}

static struct doc *change_doc(struct arena *a, const struct file_change *c)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "path", words_doc(a, c->path));
    doc_put(a, d, "was", words_doc(a, c->was));
    doc_put(a, d, "now", words_doc(a, c->now));
    doc_put(a, d, "first_line",
            c->first_line > 0 ? doc_int(a, c->first_line) : doc_new(a, DOC_NULL));
    doc_put(a, d, "last_line", c->last_line > 0 ? doc_int(a, c->last_line) : doc_new(a, DOC_NULL));
    return d;
}

static struct doc *why_doc(struct arena *a, const struct plan *p, const struct step *s,
                           const char *target, enum plan_state state, const struct links_why *links,
                           const struct file_change *changes, size_t n_changes)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "target", words_doc(a, target));
    doc_put(a, d, "state", doc_text(a, plan_state_text(state)));
    words_put_running(a, d, p);
    words_put_versions(a, d, p);
    words_put_step(a, d, s);
    struct doc *chain = doc_put(a, d, "chain", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < links->n; i++) {
        doc_push(a, chain, link_doc(a, &links->v[i]));
    }
    struct doc *files = doc_put(a, d, "files", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < n_changes; i++) {
        doc_push(a, files, change_doc(a, &changes[i]));
    }
    return d;
}

struct doc *report_why_doc(struct arena *a, const struct plan *p, int step, enum stage stage,
                           const struct file_change *changes, size_t n_changes)
{
    struct links_why links;
    const struct step *s = &p->v[step];
    why_links(a, p, step, stage, &links);
    return why_doc(a, p, s, plan_target_text(a, p, s, stage), plan_stage_state(s, stage), &links,
                   changes, n_changes);
}

struct doc *report_why_projection_doc(struct arena *a, const struct plan *p, int projection,
                                      int part, const struct file_change *changes, size_t n_changes)
{
    struct links_why links;
    const struct step *x = &p->projections[projection];
    why_links_projection(a, p, projection, part, &links);
    return why_doc(a, p, x, plan_projection_text(a, p, x, part), plan_part_state(x, part), &links,
                   changes, n_changes);
}
