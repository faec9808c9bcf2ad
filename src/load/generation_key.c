/* The generation digest: the definition stands in load/generation_key.h. */
#include "load/generation_key.h"

#include <stdlib.h>
#include <string.h>

static struct bytes digest_bytes(const struct digest *d)
{
    return bytes_of((const char *)d->b, sizeof d->b);
}

static void add(struct arena *a, struct components *out, const char *name, struct digest digest)
{
    ARENA_GROW(a, out->v, out->n, out->cap);
    out->v[out->n++] = (struct component){name, digest};
}

static struct digest source_digest_of(struct arena *a, const struct source_facts *f)
{
    struct digester *d = digester_open("kfmig.source.v1");
    digester_field(d, "artifact", digest_bytes(&f->artifact));
    digester_field(d, "srid", bytes_str(arena_printf(a, "%d", f->srid)));
    digester_field(d, "format", bytes_str(f->format));
    return digester_close(d);
}

static int by_column(const void *a, const void *b)
{
    return strcmp((*(const struct mapping *const *)a)->column,
                  (*(const struct mapping *const *)b)->column);
}

static void add_column(struct digester *d, const struct mapping *m)
{
    static const char *const kinds[] = {"path", "const", "version", "evidence", "point"};
    digester_field(d, "column", bytes_str(m->column));
    digester_field(d, "kind", bytes_str(kinds[m->kind]));
    digester_field(d, m->text != NULL ? "text" : "none", bytes_str(m->text != NULL ? m->text : ""));
    if (m->kind == SOURCE_POINT) {
        digester_field(d, "x", bytes_str(m->x));
        digester_field(d, "y", bytes_str(m->y));
    }
}

static struct digest mapping_digest_of(struct arena *a, const struct projection_source *s,
                                       const struct source_facts *f)
{
    const struct mapping **v = ARENA_ARRAY(a, const struct mapping *, s->n_columns + 1);
    struct digester *d = digester_open("kfmig.mapping.v1");
    for (size_t i = 0; i < s->n_columns; i++) {
        v[i] = &s->column[i];
    }
    qsort(v, s->n_columns, sizeof *v, by_column);
    digester_field(d, "into", bytes_str(s->into));
    digester_field(d, "ring_order", bytes_str(s->any_ring_order ? "any" : "rfc7946"));
    digester_field(d, "evidence_ref", bytes_str(f->evidence_ref));
    for (size_t i = 0; i < s->n_columns; i++) {
        add_column(d, v[i]);
    }
    return digester_close(d);
}

static struct digest text_digest(const char *domain, const char *text)
{
    struct digester *d = digester_open(domain);
    digester_field(d, "text", bytes_str(text));
    return digester_close(d);
}

struct digest generation_digest(const struct components *list)
{
    struct digester *d = digester_open("kfmig.generation.v1");
    for (size_t i = 0; i < list->n; i++) {
        digester_field(d, list->v[i].name, digest_bytes(&list->v[i].digest));
    }
    return digester_close(d);
}

struct digest generation_key(struct arena *a, const struct projection *p,
                             const struct bundle *const *chain, size_t n_chain,
                             const struct source_facts *facts, const char *proj,
                             struct components *out)
{
    *out = (struct components){0};
    for (size_t i = 0; i < n_chain; i++) {
        add(a, out, arena_printf(a, "migration %s", chain[i]->id), chain[i]->checksum);
    }
    for (size_t i = 0; i < p->n_sources; i++) {
        const struct projection_source *s = &p->source[i];
        const char *name = arena_printf(a, "%s/%s#%s", s->dataset, s->version, s->asset);
        add(a, out, arena_printf(a, "source %s", name), source_digest_of(a, &facts[i]));
        add(a, out, arena_printf(a, "mapping %s", name), mapping_digest_of(a, s, &facts[i]));
    }
    add(a, out, "rule", text_digest("kfmig.rule.v1", arena_printf(a, "%d", LOADER_RULES)));
    if (proj != NULL) {
        add(a, out, "proj", text_digest("kfmig.proj.v1", proj));
    }
    return generation_digest(out);
}
