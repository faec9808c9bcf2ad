/* Reading PMTiles: all of a file, trusting nothing in it. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_open.h"
#include "base/table.h"
#include "store/tiles/gzip.h"
#include "store/tiles/pmtiles_parts.h"

enum {
    MOST_DEPTH = 3, /* of directories, as the specification says */
    MOST_DIRECTORY = 16 << 20,
    MOST_TILE = 256 << 20
};

/* What stands at an offset, which is unpacked once: its entries may be many. */
struct read_place {
    uint64_t offset;
    uint32_t length;
    struct digest digest;
};

struct tiles_reading {
    struct arena a;
    int fd;
    const char *path;
    struct pmtiles_header h;
    pmtiles_fn *fn;
    void *ctx;
    struct digester *content;
    struct tileset set;
    struct table places; /* of tiles: offset -> struct read_place */
    int64_t most;        /* tiles */
    uint64_t in_places,
        in_leaves; /* bytes: each belongs to one, or a small file would unpack without end */
    uint64_t next; /* the lowest id that may come */
    struct buf packed, raw; /* of the tile at hand */
    bool is_stopped;
};

static int bad(const struct tiles_reading *r, const char *what, struct err *e)
{
    (void)err_set(e, ERR_INTEGRITY, "\"%s\" is no PMTiles file as kfmig writes it: %s", r->path,
                  what);
    return -1;
}

static int read_at(const struct tiles_reading *r, uint64_t at, char *out, size_t n, struct err *e)
{
    while (n > 0) {
        ssize_t got = pread(r->fd, out, n, (off_t)at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return file_fail(e, "read", r->path);
        }
        if (got == 0) {
            return bad(r, "it is cut off", e);
        }
        out += got;
        n -= (size_t)got;
        at += (uint64_t)got;
    }
    return 0;
}

static bool is_inside(const struct pmtiles_section *s, uint64_t size)
{
    return s->at <= size && s->n <= size - s->at;
}

/* What is compressed at that place of section s, into r->raw. */
static int unpack(struct tiles_reading *r, const struct pmtiles_section *s, uint64_t at, uint64_t n,
                  size_t most, struct err *e)
{
    if (at > s->n || n > s->n - at || n > most) {
        return bad(r, "an entry points beyond its section", e);
    }
    buf_clear(&r->packed);
    buf_clear(&r->raw);
    r->raw.limit = most;
    char *room = mem_alloc((size_t)n + 1);
    int rc = read_at(r, s->at + at, room, (size_t)n, e);
    if (rc == 0 && gzip_unpack(bytes_of(room, (size_t)n), &r->raw) != 0) {
        rc = bad(r, "what should be compressed with gzip is not", e);
    }
    free(room);
    return rc;
}

static int read_header(struct tiles_reading *r, struct err *e)
{
    struct stat st;
    uint8_t head[PMTILES_HEADER];
    if (fstat(r->fd, &st) != 0) {
        return file_fail(e, "read", r->path);
    }
    if (read_at(r, 0, (char *)head, sizeof head, e) != 0) {
        return -1;
    }
    if (pmtiles_header_get(head, &r->h) != 0) {
        return bad(r, "it does not begin as PMTiles of version 3 do", e);
    }
    const struct pmtiles_header *h = &r->h;
    uint64_t size = (uint64_t)st.st_size;
    if (!is_inside(&h->root, size) || !is_inside(&h->metadata, size) ||
        !is_inside(&h->leaves, size) || !is_inside(&h->data, size)) {
        return bad(r, "a section ends behind the file", e);
    }
    if (h->inner != PMTILES_GZIP || h->outer != PMTILES_GZIP || h->type != PMTILES_MVT) {
        return bad(r, "its tiles are not vector tiles compressed with gzip", e);
    }
    r->set.bytes = (int64_t)size;
    return 0;
}

static int read_tile(struct tiles_reading *r, const struct pmtiles_entry *x, struct err *e)
{
    return unpack(r, &r->h.data, x->offset, x->length, MOST_TILE, e);
}

static const struct read_place *add_place(struct tiles_reading *r, const struct pmtiles_entry *x,
                                          struct err *e)
{
    if (read_tile(r, x, e) != 0) {
        return NULL;
    }
    r->in_places += x->length;
    if (r->in_places > r->h.data.n) {
        (void)bad(r, "tiles overlap", e);
        return NULL;
    }
    struct read_place *place = ARENA_NEW(&r->a, struct read_place);
    *place = (struct read_place){x->offset, x->length, digest_of(buf_bytes(&r->raw))};
    (void)table_put(&r->places, bytes_of((const char *)&place->offset, sizeof place->offset),
                    place);
    r->set.contents++;
    return place;
}

/* The place of an entry; where there is somebody to be told, its tile is in r->raw. */
static const struct read_place *find_place(struct tiles_reading *r, const struct pmtiles_entry *x,
                                           struct err *e)
{
    const struct read_place *place =
        table_get(&r->places, bytes_of((const char *)&x->offset, sizeof x->offset));
    if (place == NULL) {
        return add_place(r, x, e);
    }
    if (place->length != x->length) {
        (void)bad(r, "tiles overlap", e);
        return NULL;
    }
    return r->fn == NULL || read_tile(r, x, e) == 0 ? place : NULL;
}

static int check_run(const struct tiles_reading *r, const struct pmtiles_entry *x, struct err *e)
{
    uint64_t end = tile_first(TILES_MOST_ZOOM + 1);
    if (x->id < r->next || x->id >= end || x->run > end - x->id) {
        return bad(r, "ids of tiles do not ascend, or are too high", e);
    }
    return x->run > r->most - r->set.addressed ? bad(r, "it holds more tiles than were made", e)
                                               : 0;
}

static int read_run(struct tiles_reading *r, const struct pmtiles_entry *x, struct err *e)
{
    if (check_run(r, x, e) != 0) {
        return -1;
    }
    const struct read_place *place = find_place(r, x, e);
    if (place == NULL) {
        return -1;
    }
    r->set.entries++;
    r->next = x->id + x->run;
    for (uint32_t i = 0; i < x->run && !r->is_stopped; i++) {
        struct tile t = tile_of_id(x->id + i);
        tileset_count(&r->set, t);
        tileset_hash(r->content, t, &place->digest);
        r->is_stopped = r->fn != NULL && !r->fn(r->ctx, t, buf_bytes(&r->raw));
    }
    return 0;
}

static int read_directory(struct tiles_reading *r, const struct pmtiles_section *s, uint64_t at,
                          uint64_t n, int depth, struct err *e);

/* Each has tiles of its own: one that is named twice would be read for ever. */
static int read_leaf(struct tiles_reading *r, const struct pmtiles_entry *x, int depth,
                     struct err *e)
{
    uint64_t before = r->next;
    r->in_leaves += x->length;
    if (r->in_leaves > r->h.leaves.n) {
        return bad(r, "directories overlap", e);
    }
    if (read_directory(r, &r->h.leaves, x->offset, x->length, depth, e) != 0) {
        return -1;
    }
    return r->next > before || r->is_stopped ? 0 : bad(r, "a directory names no tile", e);
}

static int read_entries(struct tiles_reading *r, const struct pmtiles_entries *l, int depth,
                        struct err *e)
{
    for (size_t i = 0; i < l->n && !r->is_stopped; i++) {
        const struct pmtiles_entry *x = &l->v[i];
        if (x->run > 0 && read_run(r, x, e) != 0) {
            return -1;
        }
        if (x->run == 0 && depth >= MOST_DEPTH) {
            return bad(r, "its directories are too deep", e);
        }
        if (x->run == 0 && read_leaf(r, x, depth + 1, e) != 0) {
            return -1;
        }
    }
    return 0;
}

static int read_directory(struct tiles_reading *r, const struct pmtiles_section *s, uint64_t at,
                          uint64_t n, int depth, struct err *e)
{
    struct arena a = {0};
    struct pmtiles_entries l;
    if (unpack(r, s, at, n, MOST_DIRECTORY, e) != 0) {
        return -1;
    }
    int rc = pmtiles_directory_get(&a, buf_bytes(&r->raw), &l) == 0
                 ? read_entries(r, &l, depth, e)
                 : bad(r, "a directory cannot be read", e);
    arena_release(&a);
    return rc;
}

static int check_counts(const struct tiles_reading *r, struct err *e)
{
    const struct pmtiles_header *h = &r->h;
    const struct tileset *s = &r->set;
    if ((int64_t)h->addressed != s->addressed || (int64_t)h->entries != s->entries ||
        (int64_t)h->contents != s->contents) {
        return bad(r, "it holds more or fewer tiles than its header says", e);
    }
    return h->min_zoom != s->min_zoom || h->max_zoom != s->max_zoom
               ? bad(r, "its tiles have other zooms than its header says", e)
               : 0;
}

static int read_all(struct tiles_reading *r, struct err *e)
{
    if (read_header(r, e) != 0 || read_directory(r, &r->h.root, 0, r->h.root.n, 1, e) != 0) {
        return -1;
    }
    return r->is_stopped ? 0 : check_counts(r, e);
}

int pmtiles_read(int fd, const char *path, int64_t most, pmtiles_fn *fn, void *ctx,
                 struct tileset *set, struct err *e)
{
    struct tiles_reading r = {
        .fd = fd, .path = path, .most = most, .fn = fn, .ctx = ctx, .content = digester_open(NULL)};
    r.places.a = &r.a;
    int rc = read_all(&r, e);
    r.set.content = digester_close(r.content);
    for (int i = 0; i < 4; i++) {
        r.set.bounds[i] = r.h.bounds[i] / 1e7;
    }
    *set = r.set;
    buf_release(&r.packed);
    buf_release(&r.raw);
    arena_release(&r.a);
    return rc;
}
