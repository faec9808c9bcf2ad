/* Drawing tiles. */
#include "run/tiles_draw.h"

#include <math.h>
#include <stdlib.h>

#include "store/postgis/tiles.h"
#include "store/tiles/pmtiles.h"

/* A zoom of so many is a mistake: 22 over a continent. */
enum { MOST_ASKED = 64 << 20 };
static const double most_latitude = 85.051128779806604;

/* Ids of tiles of one zoom, ascending. */
struct wanted_tiles {
    uint64_t *v;
    size_t n, cap;
};

struct drawing {
    struct making *m;
    struct tile_source src;
    struct pmtiles *out;
    struct wanted_tiles now, next; /* of this zoom and of the next one */
    struct buf mvt[TILES_AT_ONCE];
};

static int want(struct wanted_tiles *l, uint64_t id, struct err *e)
{
    if (l->n == MOST_ASKED) {
        err_set(e, ERR_VALIDATE, "there are more than %d tiles to look at in one zoom", MOST_ASKED);
        return err_hint(e, "lower \"zooms\"");
    }
    if (l->n == l->cap) {
        l->cap = l->cap > 0 ? 2 * l->cap : 256;
        l->v = mem_realloc(l->v, l->cap * sizeof *l->v);
    }
    l->v[l->n++] = id;
    return 0;
}

static int by_id(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* --- the first zoom --------------------------------------------------------------------------------- */

/* Shares of the world's width, from the west and from the north. */
static double share_x(double longitude)
{
    return (longitude + 180) / 360;
}

static double share_y(double latitude)
{
    double at = fmax(fmin(latitude, most_latitude), -most_latitude) * M_PI / 180;
    return (1 - asinh(tan(at)) / M_PI) / 2;
}

static uint32_t clamp(double at, int z)
{
    double most = ldexp(1, z) - 1;
    return (uint32_t)fmax(0, fmin(floor(at), most));
}

static int want_first(struct drawing *d, int z, struct err *e)
{
    double margin = 0;
    const double *b = d->src.bounds;
    const struct tiling *t = d->src.t;
    for (size_t i = 0; i < t->n_layers; i++) {
        margin = fmax(margin, (double)t->layer[i].buffer / t->layer[i].extent);
    }
    double n = ldexp(1, z);
    uint32_t east = clamp(share_x(b[2]) * n + margin, z);
    uint32_t south = clamp(share_y(b[1]) * n + margin, z);
    for (uint32_t x = clamp(share_x(b[0]) * n - margin, z); x <= east; x++) {
        for (uint32_t y = clamp(share_y(b[3]) * n - margin, z); y <= south; y++) {
            if (want(&d->now, tile_id((struct tile){z, x, y}), e) != 0) {
                return -1;
            }
        }
    }
    qsort(d->now.v, d->now.n, sizeof *d->now.v, by_id);
    return 0;
}

/* --- zoom by zoom ----------------------------------------------------------------------------------- */

static bool is_stopped(const struct drawing *d, struct err *e)
{
    enum err_code why = ear_stops(d->m->r->ear);
    if (why == ERR_NONE) {
        return false;
    }
    (void)err_set(e, why, "interrupted while %s was drawn", d->m->p->name);
    return true;
}

static int want_quarters(struct drawing *d, uint64_t id, int z, struct err *e)
{
    uint64_t first = tile_first(z + 1) + 4 * (id - tile_first(z));
    for (uint64_t i = 0; i < 4; i++) {
        if (want(&d->next, first + i, e) != 0) {
            return -1;
        }
    }
    return 0;
}

static int draw_some(struct drawing *d, int z, const uint64_t *ids, size_t n, struct err *e)
{
    struct tile t[TILES_AT_ONCE];
    uint32_t x[TILES_AT_ONCE];
    uint32_t y[TILES_AT_ONCE];
    int64_t rows[TILES_AT_ONCE];
    for (size_t i = 0; i < n; i++) {
        t[i] = tile_of_id(ids[i]);
        x[i] = t[i].x;
        y[i] = t[i].y;
    }
    if (is_stopped(d, e) || tiles_read(&d->src, z, x, y, n, d->mvt, rows, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        if (d->mvt[i].n > 0 && pmtiles_add(d->out, t[i], buf_bytes(&d->mvt[i]), e) != 0) {
            return -1;
        }
        if (rows[i] > 0 && z < d->src.t->max_zoom && want_quarters(d, ids[i], z, e) != 0) {
            return -1;
        }
    }
    return 0;
}

static int draw_zoom(struct drawing *d, int z, struct err *e)
{
    making_phase(d->m, arena_printf(d->m->r->a, "tiles of zoom %d", z));
    for (size_t i = 0; i < d->now.n; i += TILES_AT_ONCE) {
        size_t n = d->now.n - i < TILES_AT_ONCE ? d->now.n - i : TILES_AT_ONCE;
        if (draw_some(d, z, d->now.v + i, n, e) != 0) {
            return -1;
        }
    }
    struct wanted_tiles done = d->now;
    d->now = d->next;
    d->next = (struct wanted_tiles){.v = done.v, .cap = done.cap};
    return 0;
}

static int draw_all(struct drawing *d, struct err *e)
{
    const struct tiling *t = d->src.t;
    int rc = d->src.bounds[0] <= d->src.bounds[2] ? want_first(d, t->min_zoom, e) : 0;
    for (int z = t->min_zoom; z <= t->max_zoom && rc == 0; z++) {
        rc = draw_zoom(d, z, e);
    }
    if (rc == 0 && pmtiles_added(d->out) == 0) {
        err_set(e, ERR_VALIDATE, "there is nothing to be seen in any tile of %s", d->m->p->name);
        return err_hint(e, "its layers have no row with a geometry in these zooms");
    }
    return rc;
}

/* --- what readers are told --------------------------------------------------------------------------- */

static struct doc *layer_doc(struct arena *a, const struct tile_layer *l)
{
    struct doc *d = doc_new(a, DOC_MAP);
    struct doc *fields = doc_new(a, DOC_MAP);
    doc_put(a, d, "id", doc_text(a, l->name));
    for (size_t i = 0; i < l->attributes.n; i++) {
        doc_put(a, fields, l->attributes.v[i], doc_text(a, ""));
    }
    doc_put(a, d, "fields", fields);
    doc_put(a, d, "minzoom", doc_int(a, l->min_zoom));
    doc_put(a, d, "maxzoom", doc_int(a, l->max_zoom));
    return d;
}

static struct doc *metadata(struct arena *a, const struct projection *p)
{
    struct doc *d = doc_new(a, DOC_MAP);
    struct doc *layers = doc_new(a, DOC_LIST);
    doc_put(a, d, "name", doc_text(a, p->name));
    doc_put(a, d, "type", doc_text(a, "overlay"));
    if (p->tiling->attribution != NULL) {
        doc_put(a, d, "attribution", doc_text(a, p->tiling->attribution));
    }
    for (size_t i = 0; i < p->tiling->n_layers; i++) {
        doc_push(a, layers, layer_doc(a, &p->tiling->layer[i]));
    }
    doc_put(a, d, "vector_layers", layers);
    return d;
}

static void release(struct drawing *d)
{
    pmtiles_release(d->out);
    free(d->now.v);
    free(d->next.v);
    for (size_t i = 0; i < TILES_AT_ONCE; i++) {
        buf_release(&d->mvt[i]);
    }
}

int tiles_draw(struct making *m, const char *from, int fd, const char *path, struct tileset *set,
               struct err *e)
{
    struct drawing d = {.m = m};
    d.out = pmtiles_begin(fd, path);
    int rc = tiles_open(making_session(m), m->r->a, from, m->p->tiling, &d.src, e);
    if (rc == 0) {
        rc = draw_all(&d, e);
    }
    tiles_close(&d.src);
    if (rc == 0) {
        for (int i = 0; i < 4; i++) {
            double most = i % 2 == 0 ? 180 : most_latitude;
            set->bounds[i] = fmax(-most, fmin(most, d.src.bounds[i]));
        }
        rc = pmtiles_finish(d.out, metadata(m->r->a, m->p), set, e);
    }
    release(&d);
    return rc;
}
