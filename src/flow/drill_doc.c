/* What a drill found, as documents. */
#include "flow/drill_parts.h"
#include "site/projected.h"

static void put_files(struct arena *a, struct doc *list, struct table *seen,
                      const struct dataset_files *files)
{
    char text[DIGEST_TEXT];
    for (size_t i = 0; i < files->n; i++) {
        if (table_gets(seen, files->v[i].path) != NULL) {
            continue;
        }
        struct doc *x = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, x, "uri", doc_text(a, files->v[i].path));
        doc_put(a, x, "digest", doc_text(a, digest_text(&files->v[i].digest, text)));
        doc_put(a, x, "kept", doc_bool(a, false));
        table_puts(seen, files->v[i].path, x);
    }
}

struct doc *drill_inputs_doc(const struct drill *d)
{
    const struct site *s = d->live;
    struct doc *list = doc_new(s->a, DOC_LIST);
    struct table seen = {.a = s->a};
    for (size_t i = 0; i < s->n_projected; i++) {
        const struct projected *x = &s->projected[i];
        if (!meant_in_database(&d->o->meant, s->env, x->input.p)) {
            continue;
        }
        for (size_t k = 0; k < x->input.p->n_sources; k++) {
            if (x->dataset[k] != NULL) {
                put_files(s->a, list, &seen, &x->dataset[k]->artifacts);
                put_files(s->a, list, &seen, &x->dataset[k]->catalogs);
            }
        }
    }
    return list;
}

struct doc *drill_findings_doc(const struct drill *d)
{
    struct arena *a = d->live->a;
    struct doc *f = doc_new(a, DOC_MAP);
    doc_put(a, f, "same", doc_bool(a, d->structure != NULL && d->n_different == 0));
    doc_put(a, f, "lost", recover_lost_doc(a, &d->r));
    doc_put(a, f, "migrations", recover_migrations_doc(a, d->live));
    doc_put(a, f, "projections", d->projections);
    doc_put(a, f, "structure", d->structure != NULL ? d->structure : doc_new(a, DOC_NULL));
    doc_put(a, f, "rows_not_recovered", d->tables);
    return f;
}

struct doc *drill_timings_doc(const struct drill *d)
{
    struct doc *t = recover_timings_doc(d->live->a, &d->r);
    doc_put(d->live->a, t, "compare_ms", doc_int(d->live->a, d->compare_ms));
    return t;
}
