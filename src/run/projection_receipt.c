/* What a receipt says of a projection's generation. */
#include "run/projection_parts.h"

static void put_digest(struct arena *a, struct doc *d, const char *key, const struct digest *digest)
{
    char text[DIGEST_TEXT];
    doc_put(a, d, key,
            digest_is_zero(digest) ? doc_new(a, DOC_NULL) : doc_text(a, digest_text(digest, text)));
}

static void put_files(struct arena *a, const struct dataset_files *files, struct doc *inputs,
                      struct doc *checksums)
{
    for (size_t i = 0; i < files->n; i++) {
        const struct dataset_file *f = &files->v[i];
        if (doc_get(checksums, f->path) != NULL) {
            continue;
        }
        struct doc *d = doc_push(a, inputs, doc_new(a, DOC_MAP));
        doc_put(a, d, "uri", doc_text(a, f->path));
        put_digest(a, d, "digest", &f->digest);
        doc_put(a, d, "kept", doc_bool(a, false)); /* data: the ledger has no copy */
        put_digest(a, checksums, f->path, &f->digest);
    }
}

static struct doc *sources_doc(struct arena *a, const struct making *m)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < m->p->n_sources && m->is_wanted; i++) {
        const struct projection_source *s = &m->p->source[i];
        const struct loaded *l = &m->loaded[i];
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, d, "dataset", doc_text(a, s->dataset));
        doc_put(a, d, "dataset_version_id", doc_text(a, s->version));
        doc_put(a, d, "asset", doc_text(a, s->asset));
        doc_put(a, d, "into", doc_text(a, s->into));
        doc_put(a, d, "rows",
                l->content.rows >= 0 ? doc_int(a, l->content.rows) : doc_new(a, DOC_NULL));
        put_digest(a, d, "fingerprint",
                   l->content.rows >= 0 ? &l->content.sum : &(struct digest){{0}});
        doc_put(a, d, "copied", doc_bool(a, l->copied));
    }
    return list;
}

static struct doc *components_doc(struct arena *a, const struct parts *list)
{
    struct doc *d = doc_new(a, DOC_MAP);
    for (size_t i = 0; i < list->n; i++) {
        put_digest(a, d, part_text(a, &list->v[i]), &list->v[i].digest);
    }
    return d;
}

void making_receipt(struct arena *a, const struct making *m, struct doc *receipt)
{
    struct doc *claim = doc_get(receipt, "claim");
    struct doc *checksums = doc_get(receipt, "checksums");
    struct doc *migrations = doc_get(receipt, "migrations");
    struct doc *d = doc_put(a, claim, "projection", doc_new(a, DOC_MAP));
    doc_put(a, d, "name", doc_text(a, m->p->name));
    doc_put(a, d, "schema", doc_text(a, m->p->schema));
    doc_put(a, d, "generation", m->g.number > 0 ? doc_int(a, m->g.number) : doc_new(a, DOC_NULL));
    put_digest(a, d, "digest", &m->g.digest);
    put_digest(a, d, "content", &m->g.content);
    doc_put(a, d, "components", components_doc(a, &m->g.parts));
    doc_put(a, d, "sources", sources_doc(a, m));
    for (size_t i = 0; i < m->p->n_sources && m->is_wanted; i++) {
        put_files(a, &m->job->datasets[i]->artifacts, doc_get(claim, "inputs"), checksums);
        put_files(a, &m->job->datasets[i]->catalogs, doc_get(claim, "inputs"), checksums);
    }
    for (size_t i = 0; i < m->job->n_chain; i++) {
        struct doc *x = doc_push(a, migrations, doc_new(a, DOC_MAP));
        doc_put(a, x, "id", doc_text(a, m->job->chain[i]->id));
        put_digest(a, x, "sha256", &m->job->chain[i]->checksum);
    }
}
