/* What an account says of a projection's generation. */
#include "run/projection_drop.h"
#include "run/projection_parts.h"

static void add_files(struct arena *a, const struct dataset_files *files,
                      struct account_inputs *inputs)
{
    for (size_t i = 0; i < files->n; i++) {
        const struct dataset_file *f = &files->v[i];
        if (account_inputs_find(inputs, f->path) == NULL) {
            account_inputs_add(a, inputs, f->path, &f->digest, true);
        }
    }
}

static struct account_source source_of(const struct projection_source *s, const struct loaded *l)
{
    bool is_known = l->content.rows >= 0;
    return (struct account_source){.dataset = s->dataset,
                                   .version = s->version,
                                   .asset = s->asset,
                                   .into = s->into,
                                   .rows = is_known ? l->content.rows : -1,
                                   .fingerprint = is_known ? l->content.sum : (struct digest){{0}},
                                   .copied = l->copied,
                                   .partial = l->partial,
                                   .n_partial = l->n_partial};
}

struct doc *account_dropped(struct arena *a, const struct dropping *d)
{
    struct doc *doc = doc_new(a, DOC_MAP);
    doc_put(a, doc, "projection", doc_text(a, d->bundle->id));
    doc_put(a, doc, "digest", doc_digest(a, &d->bundle->checksum));
    doc_put(a, doc, "schemas", names_doc(a, &d->bundle->schemas));
    struct doc *generations = doc_put(a, doc, "generations", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < d->n; i++) {
        struct doc *g = doc_push(a, generations, doc_new(a, DOC_MAP));
        doc_put(a, g, "generation", doc_int(a, d->generation[i].number));
        doc_put(a, g, "state", doc_text(a, generation_state_text(d->generation[i].state)));
        doc_put(a, g, "digest", doc_digest(a, &d->generation[i].digest));
    }
    doc_put(a, doc, "migrations", names_doc(a, &d->migrations));
    return doc;
}

void account_of_making(struct arena *a, const struct making *m, struct account *out)
{
    size_t n = m->is_wanted ? m->p->n_sources : 0;
    struct account_generation *g = ARENA_NEW(a, struct account_generation);
    struct digest made = parts_digest(&m->g.parts);
    bool is_made_so = digest_eq(&made, &m->g.digest); /* an older kfmig had another formula */
    *g = (struct account_generation){.name = m->p->name,
                                     .schema = m->p->schema,
                                     .number = m->g.number,
                                     .digest = m->g.digest,
                                     .content = m->g.content,
                                     .parts = is_made_so ? parts_doc(a, &m->g.parts) : NULL,
                                     .sources = ARENA_ARRAY(a, struct account_source, n + 1),
                                     .n_sources = n};
    for (size_t i = 0; i < m->g.parts.n; i++) {
        named_digests_add(a, &g->components, part_text(a, &m->g.parts.v[i]),
                          &m->g.parts.v[i].digest);
    }
    for (size_t i = 0; i < n; i++) {
        g->sources[i] = source_of(&m->p->source[i], &m->loaded[i]);
        add_files(a, &m->job->datasets[i]->artifacts, &out->inputs);
        add_files(a, &m->job->datasets[i]->catalogs, &out->inputs);
    }
    g->tiles = m->tiles;
    out->generation = g;
    for (size_t i = 0; i < m->job->n_chain; i++) {
        named_digests_add(a, &out->migrations, m->job->chain[i]->id, &m->job->chain[i]->checksum);
    }
}
