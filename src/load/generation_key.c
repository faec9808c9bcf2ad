/* The generation digest: the definition stands in load/generation_key.h. */
#include "load/generation_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bytes digest_bytes(const struct digest *d)
{
    return bytes_of((const char *)d->b, sizeof d->b);
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
    if (s->empty != EMPTY_REFUSE) { /* what stood before the key was known */
        digester_field(d, "empty", bytes_str(s->empty == EMPTY_KEEP ? "keep" : "null"));
    }
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

static int by_name(const void *a, const void *b)
{
    const struct projection_source *x = *(const struct projection_source *const *)a;
    const struct projection_source *y = *(const struct projection_source *const *)b;
    int d = strcmp(x->dataset, y->dataset);
    d = d != 0 ? d : strcmp(x->version, y->version);
    d = d != 0 ? d : strcmp(x->asset, y->asset);
    return d != 0 ? d : strcmp(x->into, y->into);
}

/* Two declarations that list the same sources in another order want the same rows. */
static void add_sources(struct arena *a, const struct projection *p,
                        const struct source_facts *facts, struct parts *out)
{
    const struct projection_source **v =
        ARENA_ARRAY(a, const struct projection_source *, p->n_sources + 1);
    for (size_t i = 0; i < p->n_sources; i++) {
        v[i] = &p->source[i];
    }
    qsort(v, p->n_sources, sizeof *v, by_name);
    for (size_t i = 0; i < p->n_sources; i++) {
        const struct projection_source *s = v[i];
        const struct source_facts *f = &facts[s - p->source];
        struct part part = part_of_source(PART_SOURCE, s);
        part.digest = source_digest_of(a, f);
        parts_add(a, out, part);
        part = part_of_source(PART_MAPPING, s);
        part.digest = mapping_digest_of(a, s, f);
        parts_add(a, out, part);
    }
}

int generation_parts(struct arena *a, const struct projection *p, const struct bundle *const *chain,
                     size_t n_chain, const struct source_facts *facts, const char *proj,
                     struct parts *out, struct err *e)
{
    *out = (struct parts){0};
    for (size_t i = 0; i < n_chain; i++) {
        parts_add(a, out,
                  (struct part){
                      .kind = PART_MIGRATION, .id = chain[i]->id, .digest = chain[i]->checksum});
    }
    add_sources(a, p, facts, out);
    const char *rules = arena_printf(a, "%d", LOADER_RULES);
    parts_add(a, out,
              (struct part){.kind = PART_RULE, .digest = text_digest("kfmig.rule.v1", rules)});
    if (proj != NULL) {
        parts_add(a, out,
                  (struct part){.kind = PART_PROJ, .digest = text_digest("kfmig.proj.v1", proj)});
    }
    const struct part *twice = parts_twice(out);
    if (twice != NULL) {
        return err_at(e, ERR_CONFIG, p->file.path, p->line, p->col,
                      "projection \"%s\" is made of \"%s\" twice", p->name, part_text(a, twice));
    }
    return 0;
}

/* --- tiles ------------------------------------------------------------------------------------------ */

static struct digest upstream_digest_of(const struct generation *from)
{
    struct digester *d = digester_open("kfmig.upstream.v1");
    digester_field(d, "content", digest_bytes(&from->content));
    for (size_t i = 0; i < from->parts.n; i++) {
        const struct part *part = &from->parts.v[i];
        if (part->kind == PART_MIGRATION) {
            digester_field(d, "migration", bytes_str(part->id));
            digester_field(d, "checksum", digest_bytes(&part->digest));
        }
    }
    return digester_close(d);
}

static void add_number(struct digester *d, const char *name, int value)
{
    char text[16];
    int n = snprintf(text, sizeof text, "%d", value);
    digester_field(d, name, bytes_of(text, (size_t)n));
}

static void add_tile_layer(struct digester *d, const struct tile_layer *l)
{
    digester_field(d, "layer", bytes_str(l->name));
    digester_field(d, "sql", digest_bytes(&l->sql.digest));
    digester_field(d, "key", bytes_str(l->key));
    digester_field(d, "geometry", bytes_str(l->geometry));
    for (size_t i = 0; i < l->attributes.n; i++) {
        digester_field(d, "attribute", bytes_str(l->attributes.v[i]));
    }
    add_number(d, "extent", l->extent);
    add_number(d, "buffer", l->buffer);
    add_number(d, "min_zoom", l->min_zoom);
    add_number(d, "max_zoom", l->max_zoom);
}

static struct digest tiling_digest_of(const struct projection *p)
{
    const struct tiling *t = p->tiling;
    struct digester *d = digester_open("kfmig.tiles.v1");
    digester_field(d, "name", bytes_str(p->name));
    add_number(d, "min_zoom", t->min_zoom);
    add_number(d, "max_zoom", t->max_zoom);
    digester_field(d, "attribution", bytes_str(t->attribution != NULL ? t->attribution : ""));
    for (size_t i = 0; i < t->n_layers; i++) {
        add_tile_layer(d, &t->layer[i]);
    }
    return digester_close(d);
}

void generation_parts_of_tiles(struct arena *a, const struct projection *p,
                               const struct generation *from, const char *engines,
                               struct parts *out)
{
    const char *rules = arena_printf(a, "tiles %d, %s", TILE_RULES, engines);
    *out = (struct parts){0};
    parts_add(a, out,
              (struct part){.kind = PART_UPSTREAM,
                            .id = from->projection,
                            .digest = upstream_digest_of(from)});
    parts_add(a, out, (struct part){.kind = PART_TILES, .digest = tiling_digest_of(p)});
    parts_add(a, out,
              (struct part){.kind = PART_RULE, .digest = text_digest("kfmig.rule.v1", rules)});
}
