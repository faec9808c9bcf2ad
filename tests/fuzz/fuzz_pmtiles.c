/* layer: run */
/* Any bytes as a PMTiles file: refused, or what is told of it is so; never more than so many tiles, nor so long. One byte in front: even,
 * the rest is the file; odd, the rest is what directories and tile are made of, and they are packed as they must be:
 * three counts for the header, zooms, and how long root and leaves are. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/tiles/gzip.h"
#include "store/tiles/pmtiles_parts.h"

enum { MOST = 500, N_HEAD = 7 };

struct told {
    int64_t n, most;
    uint64_t last;
};

static void must(bool is_so)
{
    if (!is_so) {
        abort();
    }
}

static int new_file(void)
{
    char path[] = "/tmp/kfmig-fuzz-XXXXXX";
    int fd = mkstemp(path);
    must(fd >= 0 && unlink(path) == 0);
    return fd;
}

static void put(int fd, uint64_t at, const void *p, size_t n)
{
    must(pwrite(fd, p, n, (off_t)at) == (ssize_t)n);
}

static void put_section(int fd, struct pmtiles_section *s, const uint8_t *p, size_t n, uint64_t *at)
{
    struct buf packed = {0};
    gzip_pack(bytes_of((const char *)p, n), &packed);
    *s = (struct pmtiles_section){*at, packed.n};
    put(fd, *at, packed.p, packed.n);
    *at += packed.n;
    buf_release(&packed);
}

static void put_made(int fd, const uint8_t *data, size_t n)
{
    uint8_t head[PMTILES_HEADER];
    uint64_t at = PMTILES_HEADER;
    const uint8_t *rest = data + N_HEAD;
    size_t left = n - N_HEAD;
    size_t root = data[5] < left ? data[5] : left;
    size_t leaves = data[6] < left - root ? data[6] : left - root;
    struct pmtiles_header h = {.addressed = data[0],
                               .entries = data[1],
                               .contents = data[2],
                               .min_zoom = data[3],
                               .max_zoom = data[4],
                               .inner = PMTILES_GZIP,
                               .outer = PMTILES_GZIP,
                               .type = PMTILES_MVT};
    put_section(fd, &h.root, rest, root, &at);
    put_section(fd, &h.leaves, rest + root, leaves, &at);
    put_section(fd, &h.data, rest + root + leaves, left - root - leaves, &at);
    pmtiles_header_put(&h, head);
    put(fd, 0, head, sizeof head);
}

static bool see(void *ctx, struct tile t, struct bytes raw)
{
    struct told *told = ctx;
    uint64_t id = tile_id(t);
    must(raw.p != NULL || raw.n == 0);
    must(t.z <= TILES_MOST_ZOOM && t.x >> t.z == 0 && t.y >> t.z == 0);
    must(told->n == 0 || id > told->last);
    told->last = id;
    return ++told->n < told->most;
}

static void check(int fd, int rc, const struct tileset *set, const struct err *e)
{
    struct err ignored = {0};
    struct tileset again;
    struct told told = {.most = INT64_MAX};
    must(rc == 0 || (e->code == ERR_INTEGRITY && e->msg[0] != '\0'));
    int twice = pmtiles_read(fd, "p", MOST, see, &told, &again, &ignored);
    must(twice == rc && told.n <= MOST && told.n == again.addressed);
    if (rc == 0) {
        must(digest_eq(&again.content, &set->content) && again.contents == set->contents);
        must(set->addressed == told.n && set->contents <= set->entries && set->entries <= told.n);
        must(set->min_zoom <= set->max_zoom && set->max_zoom <= TILES_MOST_ZOOM);
    }
    told = (struct told){.most = 1};
    must(pmtiles_read(fd, "p", MOST, see, &told, &again, &ignored) == 0 || rc != 0);
    must(told.n <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = {0};
    struct tileset set;
    if (size < 1 + N_HEAD) {
        return 0;
    }
    int fd = new_file();
    if (data[0] % 2 == 0) {
        put(fd, 0, data + 1, size - 1);
    } else {
        put_made(fd, data + 1, size - 1);
    }
    int rc = pmtiles_read(fd, "p", MOST, NULL, NULL, &set, &e);
    check(fd, rc, &set, &e);
    (void)close(fd);
    return 0;
}
