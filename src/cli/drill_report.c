/* What a drill says: in its receipt, and to whoever ran it. */
#include "cli/drill.h"
#include "cli/output.h"

struct doc *drill_findings_doc(const struct drill *d)
{
    struct arena *a = d->live->a;
    struct doc *f = doc_new(a, DOC_MAP);
    doc_put(a, f, "same", doc_bool(a, d->structure != NULL && d->n_different == 0));
    doc_put(a, f, "lost", recovery_lost_doc(a, &d->r));
    doc_put(a, f, "migrations", recovery_migrations_doc(a, d->live));
    doc_put(a, f, "projections", d->projections);
    doc_put(a, f, "structure", d->structure != NULL ? d->structure : doc_new(a, DOC_NULL));
    doc_put(a, f, "rows_not_recovered", d->tables);
    return f;
}

struct doc *drill_timings_doc(const struct drill *d)
{
    struct doc *t = recovery_timings_doc(d->live->a, &d->r);
    doc_put(d->live->a, t, "compare_ms", doc_int(d->live->a, d->compare_ms));
    return t;
}

static void print_sources(const struct drill *d, struct buf *out)
{
    for (size_t i = 0; i < doc_len(d->projections); i++) {
        const struct doc *p = d->projections->item[i];
        const struct doc *sources = doc_get(p, "sources");
        for (size_t k = 0; k < doc_len(sources); k++) {
            const struct doc *x = sources->item[k];
            buf_printf(out, "%s  %s: %s\n", doc_str(p, "name", ""), doc_str(x, "source", ""),
                       doc_yes(x, "same", false) ? "the same rows" : "DIFFERENT ROWS");
        }
    }
}

static void print_structure(const struct drill *d, struct buf *out)
{
    const struct doc *list = doc_get(d->structure, "different");
    buf_printf(out, "structure: %s\n", d->n_objects == 0 ? "the same" : "DIFFERENT");
    for (size_t i = 0; i < doc_len(list); i++) {
        buf_printf(out, "  %s: %s\n", doc_str(list->item[i], "object", ""),
                   doc_str(list->item[i], "change", ""));
    }
}

static void print_rows(const struct drill *d, struct buf *out)
{
    if (d->n_rows > 0) {
        buf_puts(out, "rows outside of projections that would not come back:\n");
    }
    for (size_t i = 0; i < doc_len(d->tables); i++) {
        const struct doc *x = d->tables->item[i];
        buf_printf(out, "  %s: %lld live, %lld rebuilt\n", doc_str(x, "table", ""),
                   (long long)doc_num(x, "live_rows", -1),
                   (long long)doc_num(x, "rebuilt_rows", -1));
    }
}

static void print_times(const struct drill *d, struct buf *out)
{
    const struct recovery *r = &d->r;
    buf_printf(out, "time: database %lld ms, prerequisites %lld ms", (long long)r->database_ms,
               (long long)r->prerequisites_ms);
    for (size_t i = 0; i < r->n_rebuilt; i++) {
        buf_printf(out, ", %s %lld ms", r->rebuilt[i].p->name, (long long)r->rebuilt[i].ms);
    }
    buf_printf(out, ", comparing %lld ms; %lld ms in all\n", (long long)d->compare_ms,
               (long long)r->total_ms);
}

void drill_print(const struct drill *d, const struct outcome *o)
{
    struct session *s = d->live;
    struct buf out = {0};
    if (s->req->format == FORMAT_JSON) {
        struct doc *x = doc_new(s->a, DOC_MAP);
        doc_put(s->a, x, "environment", doc_text(s->a, s->link.env->name));
        doc_put(s->a, x, "run_id", doc_text(s->a, o->run_id));
        doc_put(s->a, x, "sequence", doc_int(s->a, o->sequence));
        doc_put(s->a, x, "drill", drill_findings_doc(d));
        doc_put(s->a, x, "timings", drill_timings_doc(d));
        (void)output_json(s->req, x);
        return;
    }
    print_sources(d, &out);
    print_structure(d, &out);
    print_rows(d, &out);
    print_times(d, &out);
    buf_printf(&out, "%s: %s; ledger entry %lld, run %s\n", s->link.env->name,
               d->n_different == 0 ? "the drill gave the same" : "the drill gave something else",
               (long long)o->sequence, o->run_id);
    (void)output_result(s->req, &out);
    buf_release(&out);
}
