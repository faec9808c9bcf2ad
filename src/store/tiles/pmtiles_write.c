/* Writing PMTiles. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file_open.h"
#include "base/table.h"
#include "doc/canon.h"
#include "store/tiles/gzip.h"
#include "store/tiles/pmtiles_parts.h"

enum { LEAF_ENTRIES = 4096 };

/* Where the bytes of a tile stand. */
struct content_place {
    struct digest digest;
    uint64_t offset;
    uint32_t length;
};

struct pmtiles {
    struct arena a;
    int fd;
    const char *path;
    struct pmtiles_entries entries;
    struct table by_content; /* digest of a tile -> struct content_place */
    uint64_t at;             /* of the next tile, in the tiles' section */
    struct digester *content;
    struct tileset set;
    struct buf packed;
};

struct pmtiles *pmtiles_begin(int fd, const char *path)
{
    struct pmtiles *w = mem_alloc(sizeof *w);
    *w = (struct pmtiles){.fd = fd, .path = path, .content = digester_open(NULL)};
    w->by_content.a = &w->a;
    return w;
}

void pmtiles_release(struct pmtiles *w)
{
    if (w == NULL) {
        return;
    }
    if (w->content != NULL) {
        (void)digester_close(w->content);
    }
    buf_release(&w->packed);
    arena_release(&w->a);
    free(w);
}

static int write_at(const struct pmtiles *w, uint64_t at, struct bytes data, struct err *e)
{
    while (data.n > 0) {
        ssize_t n = pwrite(w->fd, data.p, data.n, (off_t)at);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return file_fail(e, "write", w->path);
        }
        data.p += n;
        data.n -= (size_t)n;
        at += (uint64_t)n;
    }
    return 0;
}

/* --- tiles ------------------------------------------------------------------------------------------ */

/* The place of these bytes, which are written if no tile had them before. */
static const struct content_place *keep(struct pmtiles *w, const struct digest *digest,
                                        struct bytes raw, struct err *e)
{
    struct bytes key = bytes_of((const char *)digest->b, sizeof digest->b);
    struct content_place *x = table_get(&w->by_content, key);
    if (x != NULL) {
        return x;
    }
    x = ARENA_NEW(&w->a, struct content_place);
    buf_clear(&w->packed);
    gzip_pack(raw, &w->packed);
    *x = (struct content_place){*digest, w->at, (uint32_t)w->packed.n};
    if (write_at(w, PMTILES_ROOM + w->at, buf_bytes(&w->packed), e) != 0) {
        return NULL;
    }
    w->at += w->packed.n;
    w->set.contents++;
    key.p = (const char *)x->digest.b;
    (void)table_put(&w->by_content, key, x);
    return x;
}

int pmtiles_add(struct pmtiles *w, struct tile t, struct bytes raw, struct err *e)
{
    uint64_t id = tile_id(t);
    const struct digest digest = digest_of(raw);
    const struct content_place *x = keep(w, &digest, raw, e);
    struct pmtiles_entries *l = &w->entries;
    struct pmtiles_entry *last = l->n > 0 ? &l->v[l->n - 1] : NULL;
    if (x == NULL) {
        return -1;
    }
    tileset_hash(w->content, t, &digest);
    tileset_count(&w->set, t);
    if (last != NULL && last->offset == x->offset && last->id + last->run == id) {
        last->run++;
        return 0;
    }
    ARENA_GROW(&w->a, l->v, l->n, l->cap);
    l->v[l->n++] = (struct pmtiles_entry){id, x->offset, x->length, 1};
    return 0;
}

int64_t pmtiles_added(const struct pmtiles *w)
{
    return w->set.addressed;
}

/* --- the rest --------------------------------------------------------------------------------------- */

static void pack_directory(const struct pmtiles_entry *v, size_t n, struct buf *out)
{
    struct buf raw = {0};
    pmtiles_directory_put(v, n, &raw);
    gzip_pack(buf_bytes(&raw), out);
    buf_release(&raw);
}

/* As leaves of so many entries each, with a root that names them. */
static void pack_leaves(struct pmtiles *w, size_t each, struct buf *root, struct buf *leaves)
{
    struct pmtiles_entries names = {0};
    const struct pmtiles_entries *l = &w->entries;
    for (size_t i = 0; i < l->n; i += each) {
        size_t at = leaves->n;
        size_t n = l->n - i < each ? l->n - i : each;
        pack_directory(l->v + i, n, leaves);
        ARENA_GROW(&w->a, names.v, names.n, names.cap);
        names.v[names.n++] = (struct pmtiles_entry){l->v[i].id, at, (uint32_t)(leaves->n - at), 0};
    }
    pack_directory(names.v, names.n, root);
}

/* The root has to stand within the first bytes of the file, with the header. */
static void pack_directories(struct pmtiles *w, struct buf *root, struct buf *leaves)
{
    pack_directory(w->entries.v, w->entries.n, root);
    for (size_t each = LEAF_ENTRIES; root->n > PMTILES_ROOM - PMTILES_HEADER; each *= 2) {
        buf_clear(root);
        buf_clear(leaves);
        pack_leaves(w, each, root, leaves);
    }
}

static struct bytes pack_metadata(struct pmtiles *w, const struct doc *metadata)
{
    struct buf text = {0};
    canon_write(&text, metadata);
    buf_clear(&w->packed);
    gzip_pack(buf_bytes(&text), &w->packed);
    buf_release(&text);
    return buf_bytes(&w->packed);
}

static struct pmtiles_header header_of(const struct pmtiles *w, const struct tileset *set)
{
    struct pmtiles_header h = {.addressed = (uint64_t)set->addressed,
                               .entries = (uint64_t)set->entries,
                               .contents = (uint64_t)set->contents,
                               .is_clustered = true,
                               .inner = PMTILES_GZIP,
                               .outer = PMTILES_GZIP,
                               .type = PMTILES_MVT,
                               .min_zoom = (uint8_t)set->min_zoom,
                               .max_zoom = (uint8_t)set->max_zoom,
                               .data = {PMTILES_ROOM, w->at}};
    for (int i = 0; i < 4; i++) {
        h.bounds[i] = (int32_t)lround(set->bounds[i] * 1e7);
    }
    return h;
}

int pmtiles_finish(struct pmtiles *w, const struct doc *metadata, struct tileset *set,
                   struct err *e)
{
    struct buf root = {0};
    struct buf leaves = {0};
    uint8_t head[PMTILES_HEADER];
    memcpy(w->set.bounds, set->bounds, sizeof set->bounds);
    *set = w->set;
    set->entries = (int64_t)w->entries.n;
    set->content = digester_close(w->content);
    w->content = NULL;
    pack_directories(w, &root, &leaves);
    struct bytes about = pack_metadata(w, metadata);
    struct pmtiles_header h = header_of(w, set);
    h.root = (struct pmtiles_section){PMTILES_HEADER, root.n};
    h.metadata = (struct pmtiles_section){h.data.at + h.data.n, about.n};
    h.leaves = (struct pmtiles_section){h.metadata.at + h.metadata.n, leaves.n};
    set->bytes = (int64_t)(h.leaves.at + h.leaves.n);
    pmtiles_header_put(&h, head);
    int rc = write_at(w, h.metadata.at, about, e) != 0 ||
                     write_at(w, h.leaves.at, buf_bytes(&leaves), e) != 0 ||
                     write_at(w, h.root.at, buf_bytes(&root), e) != 0 ||
                     write_at(w, 0, bytes_of((const char *)head, sizeof head), e) != 0
                 ? -1
                 : 0;
    buf_release(&root);
    buf_release(&leaves);
    return rc;
}
