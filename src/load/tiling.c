/* Projections as vector tiles: from their declarations to plain data. */
#include "load/tiling.h"

#include <string.h>

#include "load/declaration.h"
#include "load/projections.h"
#include "load/text.h"

enum { EXTENT = 4096, BUFFER = 64 };

struct tiling_work {
    struct project *p;
    struct projection *out;
    struct tiling *t;
};

static void read_zooms(const struct tiling_work *w, const struct doc *d, int *min, int *max)
{
    if (d == NULL) {
        return;
    }
    *min = (int)doc_num(d, "min", *min);
    *max = (int)doc_num(d, "max", *max);
    if (*min > *max) {
        doc_fault(&w->p->faults, d, "write {min: 0, max: 8}",
                  "the lowest zoom is %d, and the highest only %d", *min, *max);
    }
}

/* A layer has no zooms that the set has not. */
static void check_zooms(const struct tiling_work *w, const struct doc *d,
                        const struct tile_layer *l)
{
    if (d != NULL && (l->min_zoom < w->t->min_zoom || l->max_zoom > w->t->max_zoom)) {
        doc_fault(&w->p->faults, d, "keep within \"zooms\" of the projection",
                  "layer \"%s\" has zooms %d to %d, and the tiles only %d to %d", l->name,
                  l->min_zoom, l->max_zoom, w->t->min_zoom, w->t->max_zoom);
    }
}

static void read_sql(const struct tiling_work *w, const struct doc *name, struct tile_layer *l)
{
    struct text_file file;
    const char *why = declaration_name_fault(name->text.p);
    const char *path = arena_printf(w->p->a, "%s/%s/%s", PROJECTIONS_PATH, w->out->name,
                                    why == NULL ? name->text.p : "");
    if (why != NULL) {
        doc_fault(&w->p->faults, name, "name a file by its path from registry/projections/NAME/",
                  "the file name \"%s\" %s", name->text.p, why);
        return;
    }
    int rc = text_read(w->p->a, w->p->dirfd, path, LIMIT_YAML, name, &file, &w->p->faults);
    if (rc == 1) {
        doc_fault(&w->p->faults, name, "add the file, or correct its name",
                  "there is no file \"%s\"", path);
    }
    if (rc == 0) {
        l->sql = (struct artifact){path, digest_of(file.bytes), file.bytes};
    }
}

static void check_names(const struct tiling_work *w, const struct doc *d,
                        const struct tile_layer *l)
{
    if (names_have(&l->attributes, l->geometry)) {
        doc_fault(&w->p->faults, doc_get(d, "attributes"), "take it out: it is the geometry",
                  "layer \"%s\" has its geometry \"%s\" among its attributes", l->name,
                  l->geometry);
    }
    for (const struct tile_layer *other = w->t->layer; other < l; other++) {
        if (strcmp(other->name, l->name) == 0) {
            doc_fault(&w->p->faults, doc_get(d, "name"), "give each layer a name of its own",
                      "there are two layers \"%s\"", l->name);
        }
    }
}

static void read_layer(const struct tiling_work *w, const struct doc *d, struct tile_layer *l)
{
    const struct doc *name = doc_get(d, "name");
    *l = (struct tile_layer){.name = name->text.p,
                             .key = doc_str(d, "key", ""),
                             .geometry = doc_str(d, "geometry", "geom"),
                             .attributes = declaration_names(w->p->a, doc_get(d, "attributes")),
                             .extent = (int)doc_num(d, "extent", EXTENT),
                             .buffer = (int)doc_num(d, "buffer", BUFFER),
                             .min_zoom = w->t->min_zoom,
                             .max_zoom = w->t->max_zoom,
                             .line = name->line,
                             .col = name->col};
    read_zooms(w, doc_get(d, "zooms"), &l->min_zoom, &l->max_zoom);
    check_zooms(w, doc_get(d, "zooms"), l);
    read_sql(w, doc_get(d, "sql"), l);
    check_names(w, d, l);
}

/* "a__g3" is what generation 3 of "a" is called. */
static void check_own_name(const struct tiling_work *w, const struct doc *d)
{
    const char *at = strstr(w->out->name, "__g");
    if (at != NULL && at[3] != '\0' && at[3 + strspn(at + 3, "0123456789")] == '\0') {
        doc_fault(&w->p->faults, doc_get(d, "projection"), "give it another name",
                  "\"%s\" is what a generation's file is called", w->out->name);
    }
}

void tiling_read(struct project *p, const struct doc *d, struct projection *out)
{
    const struct doc *from = doc_get(d, "from");
    const struct doc *layers = doc_get(d, "layers");
    struct tiling *t = ARENA_NEW(p->a, struct tiling);
    const struct tiling_work w = {p, out, t};
    *t = (struct tiling){.from = from->text.p,
                         .attribution = doc_str(d, "attribution", NULL),
                         .layer = ARENA_ARRAY(p->a, struct tile_layer, doc_len(layers) + 1),
                         .n_layers = doc_len(layers),
                         .line = from->line,
                         .col = from->col};
    out->tiling = t;
    out->schema = "";
    out->source = ARENA_NEW(p->a, struct projection_source);
    read_zooms(&w, doc_get(d, "zooms"), &t->min_zoom, &t->max_zoom);
    check_own_name(&w, d);
    for (size_t i = 0; i < t->n_layers; i++) {
        read_layer(&w, layers->item[i], &t->layer[i]);
    }
}

void tiling_check_from(struct project *p, const struct projection *x)
{
    const struct projection *from = NULL;
    for (size_t i = 0; x->tiling != NULL && i < p->n_projection; i++) {
        from = strcmp(p->projection[i].name, x->tiling->from) == 0 ? &p->projection[i] : from;
    }
    if (x->tiling != NULL && (from == NULL || from->tiling != NULL)) {
        err_list_addf(&p->faults, ERR_CONFIG, x->file.path, x->tiling->line, x->tiling->col,
                      "name a projection with store: postgis, whose file is in "
                      "registry/projections/",
                      from == NULL ? "there is no projection \"%s\" to make tiles from"
                                   : "projection \"%s\" is itself made of tiles",
                      x->tiling->from);
    }
}
