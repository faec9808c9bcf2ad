/* What the ledger remembers of a generation on its way. */
#include <string.h>

#include "doc/canon.h"
#include "run/projection_parts.h"

const char *run_source_key(struct arena *a, const struct projection_source *s)
{
    return part_source_text(a, s->dataset, s->version, s->asset, s->into);
}

const char *version_column(const struct projection_source *s)
{
    for (size_t i = 0; i < s->n_columns; i++) {
        if (s->column[i].kind == SOURCE_VERSION) {
            return s->column[i].column;
        }
    }
    return NULL;
}

void mapped_columns(struct arena *a, const struct projection_source *s, struct names *out)
{
    *out = (struct names){0};
    for (size_t i = 0; i < s->n_columns; i++) {
        ARENA_GROW(a, out->v, out->n, out->cap);
        out->v[out->n++] = s->column[i].column;
    }
}

static void read_indexes(struct making *m, const struct doc *list)
{
    struct arena *a = m->r->a;
    for (size_t i = 0; i < doc_len(list); i++) {
        const struct doc *d = list->item[i];
        ARENA_GROW(a, m->indexes.v, m->indexes.n, m->indexes.cap);
        m->indexes.v[m->indexes.n++] =
            (struct index_def){.table = doc_str(d, "table", ""),
                               .name = doc_str(d, "name", ""),
                               .definition = doc_str(d, "definition", "")};
    }
}

static void read_loads(struct making *m, const struct doc *loads)
{
    for (size_t i = 0; i < m->p->n_sources; i++) {
        struct loaded *l = &m->loaded[i];
        const struct doc *d = doc_get(loads, l->key);
        const char *sum = doc_str(d, "sum", "");
        l->is_done = d != NULL;
        l->copied = doc_yes(d, "copied", false);
        l->rows = doc_num(d, "rows", 0);
        l->ms = doc_num(d, "ms", 0);
        l->content = (struct content){.rows = -1};
        if (sum[0] != '\0' && digest_parse(sum, &l->content.sum) == 0) {
            l->content.rows = l->rows;
        }
    }
}

static void read_partial(struct making *m, const struct doc *partial)
{
    for (size_t i = 0; i < m->p->n_sources; i++) {
        struct loaded *l = &m->loaded[i];
        const struct doc *list = doc_get(partial, l->key);
        for (size_t k = 0; k < doc_len(list); k++) {
            ARENA_GROW(m->r->a, l->partial, l->n_partial, l->cap_partial);
            l->partial[l->n_partial++] = (struct account_partial){
                doc_str(list->item[k], "column", ""), doc_num(list->item[k], "records", 0)};
        }
    }
}

void facts_read(struct making *m)
{
    const struct doc *f = m->g.facts;
    m->loaded = ARENA_ARRAY(m->r->a, struct loaded, m->p->n_sources + 1);
    for (size_t i = 0; i < m->p->n_sources; i++) {
        m->loaded[i].key = run_source_key(m->r->a, &m->p->source[i]);
    }
    m->acl = doc_str(f, "acl", NULL);
    m->horizon = doc_str(f, "horizon", NULL);
    m->is_indexed = doc_yes(f, "indexed", false);
    m->made_ms = doc_num(f, "ms", 0);
    m->size = doc_num(f, "bytes", 0);
    m->read = doc_num(f, "read", m->is_wanted ? m->job->step->in->artifact_bytes : 0);
    (void)!digest_parse(doc_str(f, "structure", ""), &m->structure); /* zero: not live yet */
    m->tables = (struct doc *)doc_get(f, "tables");
    read_indexes(m, doc_get(f, "indexes"));
    read_loads(m, doc_get(f, "loads"));
    read_partial(m, doc_get(f, "partial"));
}

/* With all that is needed to compute the fingerprint again when the declaration says something else. */
static struct doc *load_doc(struct arena *a, const struct projection_source *s,
                            const struct loaded *l)
{
    struct names filled;
    char text[DIGEST_TEXT];
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "rows", doc_int(a, l->rows));
    doc_put(a, d, "ms", doc_int(a, l->ms));
    doc_put(a, d, "copied", doc_bool(a, l->copied));
    doc_put(a, d, "into", doc_text(a, s->into));
    if (version_column(s) != NULL) {
        doc_put(a, d, "by", doc_text(a, version_column(s)));
        doc_put(a, d, "version", doc_text(a, s->version));
    }
    mapped_columns(a, s, &filled);
    doc_put(a, d, "filled", names_doc(a, &filled));
    if (l->content.rows >= 0) {
        doc_put(a, d, "sum", doc_text(a, digest_text(&l->content.sum, text)));
    }
    return d;
}

/* Known before anything is loaded, and needed for the receipt whoever goes on with the generation. */
static void put_partial(struct making *m, struct doc *f)
{
    struct arena *a = m->r->a;
    struct doc *partial = doc_new(a, DOC_MAP);
    for (size_t i = 0; i < m->p->n_sources; i++) {
        const struct loaded *l = &m->loaded[i];
        struct doc *list =
            l->n_partial > 0 ? doc_put(a, partial, l->key, doc_new(a, DOC_LIST)) : NULL;
        for (size_t k = 0; k < l->n_partial; k++) {
            struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
            doc_put(a, d, "column", doc_text(a, l->partial[k].column));
            doc_put(a, d, "records", doc_int(a, l->partial[k].records));
        }
    }
    if (partial->n > 0) {
        doc_put(a, f, "partial", partial);
    }
}

static struct doc *facts_doc(struct making *m)
{
    struct arena *a = m->r->a;
    char text[DIGEST_TEXT];
    struct doc *f = doc_new(a, DOC_MAP);
    doc_put(a, f, "format", doc_text(a, "kfmig.generation.v1"));
    if (m->acl != NULL) {
        doc_put(a, f, "acl", doc_text(a, m->acl));
    }
    if (m->horizon != NULL) {
        doc_put(a, f, "horizon", doc_text(a, m->horizon));
    }
    if (m->chosen_against != NULL) {
        doc_put(a, f, "chosen_against", doc_text(a, m->chosen_against));
    }
    doc_put(a, f, "indexed", doc_bool(a, m->is_indexed));
    doc_put(a, f, "ms", doc_int(a, m->made_ms));
    doc_put(a, f, "bytes", doc_int(a, m->size));
    doc_put(a, f, "read", doc_int(a, m->read));
    if (!digest_is_zero(&m->structure)) {
        doc_put(a, f, "structure", doc_text(a, digest_text(&m->structure, text)));
    }
    if (m->tables != NULL) {
        doc_put(a, f, "tables", m->tables);
    }
    struct doc *indexes = doc_put(a, f, "indexes", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < m->indexes.n; i++) {
        struct doc *d = doc_push(a, indexes, doc_new(a, DOC_MAP));
        doc_put(a, d, "table", doc_text(a, m->indexes.v[i].table));
        doc_put(a, d, "name", doc_text(a, m->indexes.v[i].name));
        doc_put(a, d, "definition", doc_text(a, m->indexes.v[i].definition));
    }
    put_partial(m, f);
    struct doc *loads = doc_put(a, f, "loads", doc_new(a, DOC_MAP));
    for (size_t i = 0; i < m->p->n_sources; i++) {
        if (m->loaded[i].is_done) {
            doc_put(a, loads, m->loaded[i].key, load_doc(a, &m->p->source[i], &m->loaded[i]));
        }
    }
    return f;
}

int facts_put(struct making *m, struct err *e)
{
    struct making *of = making_lead(m);
    of->g.facts = facts_doc(of);
    return ledger_generation_put(making_session(m), &of->g, e);
}
