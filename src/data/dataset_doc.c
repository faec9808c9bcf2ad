/* A dataset version as a document. */
#include "data/dataset_doc.h"

#include <stdlib.h>

static struct doc *number_or_null(struct arena *a, bool is_known, int64_t v)
{
    return is_known ? doc_int(a, v) : doc_new(a, DOC_NULL);
}

const char *dataset_real(struct arena *a, double v)
{
    const char *text = "";
    for (int digits = 15; digits <= 17; digits++) {
        text = arena_printf(a, "%.*g", digits, v);
        if (strtod(text, NULL) == v) {
            break;
        }
    }
    return text;
}

static struct doc *extent_doc(struct arena *a, const struct dataset *d)
{
    if (d->is_restricted) {
        return doc_text(a, "withheld");
    }
    struct doc *list = doc_new(a, d->has_bbox ? DOC_LIST : DOC_NULL);
    for (int i = 0; d->has_bbox && i < 4; i++) {
        (void)doc_push(a, list, doc_text(a, dataset_real(a, d->bbox[i])));
    }
    return list;
}

static struct doc *file_doc(struct arena *a, const struct dataset_file *f)
{
    char text[DIGEST_TEXT];
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "path", doc_safe(a, f->path));
    doc_put(a, d, "digest", doc_text(a, digest_text(&f->digest, text)));
    doc_put(a, d, "size", number_or_null(a, f->size >= 0, f->size));
    return d;
}

static struct doc *artifacts_doc(struct arena *a, const struct dataset *d,
                                 const struct table *failed)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < d->artifacts.n; i++) {
        const struct dataset_file *f = &d->artifacts.v[i];
        struct doc *row = doc_push(a, list, file_doc(a, f));
        doc_put(a, row, "name", doc_safe(a, f->name));
        doc_put(a, row, "media_type", doc_safe(a, f->media_type));
        doc_put(a, row, "crs", doc_safe(a, f->crs));
        doc_put(a, row, "srid", number_or_null(a, f->srid != 0, f->srid));
        if (failed != NULL) {
            doc_put(a, row, "verified", doc_bool(a, table_gets(failed, f->path) == NULL));
        }
    }
    return list;
}

struct doc *dataset_doc(struct arena *a, const struct dataset *d, const struct table *failed)
{
    struct doc *row = doc_new(a, DOC_MAP);
    doc_put(a, row, "dataset", doc_safe(a, d->slug));
    doc_put(a, row, "id", doc_safe(a, d->id));
    doc_put(a, row, "form", doc_text(a, dataset_form_text(d->form)));
    doc_put(a, row, "path", doc_safe(a, d->path));
    doc_put(a, row, "evidence_ref", doc_safe(a, d->evidence_ref));
    doc_put(a, row, "features", number_or_null(a, d->has_count, d->count));
    doc_put(a, row, "extent", extent_doc(a, d));
    doc_put(a, row, "restricted", doc_bool(a, d->is_restricted));
    doc_put(a, row, "spec_hash", doc_safe(a, d->spec_hash));
    doc_put(a, row, "license", doc_safe(a, d->license));
    doc_put(a, row, "rights", doc_safe(a, d->rights));
    doc_put(a, row, "sensitivity", doc_safe(a, d->sensitivity));
    doc_put(a, row, "policy_label", doc_safe(a, d->policy_label));
    doc_put(a, row, "artifacts", artifacts_doc(a, d, failed));
    struct doc *catalogs = doc_put(a, row, "catalogs", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < d->catalogs.n; i++) {
        (void)doc_push(a, catalogs, file_doc(a, &d->catalogs.v[i]));
    }
    return row;
}
