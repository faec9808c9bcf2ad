/* layer: run */
/* Tiles: their ids, the bytes of directories, whole files written and read, what is wrong with broken ones, and the names that files have. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/tiles/gzip.h"
#include "store/tiles/pmtiles_parts.h"
#include "store/tiles/tilefile.h"
#include "tap.h"

static struct arena arena;

/* --- ids: as the specification and other programs have them ---------------------------------------------- */

static const struct {
    struct tile tile;
    uint64_t id;
} ids[] = {
    {{0, 0, 0}, 0}, {{1, 0, 0}, 1},  {{1, 0, 1}, 2},  {{1, 1, 1}, 3},  {{1, 1, 0}, 4},
    {{2, 0, 0}, 5}, {{2, 3, 2}, 16}, {{2, 3, 0}, 20}, {{3, 0, 0}, 21}, {{12, 3423, 1763}, 19078479},
};
enum { N_IDS = sizeof ids / sizeof *ids, ID_TESTS = N_IDS + 4 };

static void test_ids(void)
{
    bool is_back = true;
    bool is_quarter = true;
    for (int i = 0; i < N_IDS; i++) {
        is_int(tile_id(ids[i].tile), ids[i].id, "an id that is known");
    }
    for (uint64_t id = 0; id < tile_first(7); id++) {
        struct tile t = tile_of_id(id);
        is_back &= tile_id(t) == id && t.x >> t.z == 0 && t.y >> t.z == 0;
        struct tile up = {t.z - 1, t.x / 2, t.y / 2};
        is_quarter &= t.z == 0 || (id - tile_first(t.z)) / 4 == tile_id(up) - tile_first(up.z);
    }
    ok(is_back, "from a tile to its id and back");
    ok(is_quarter, "the quarters of a tile follow each other");
    struct tile last = tile_of_id(tile_first(TILES_MOST_ZOOM + 1) - 1);
    is_int(last.z, TILES_MOST_ZOOM, "the highest zoom");
    is_int(tile_id(last), tile_first(TILES_MOST_ZOOM + 1) - 1, "and its last tile");
}

/* --- directories: worked examples that other programs accept ---------------------------------------------- */

static const struct {
    const char *name;
    struct pmtiles_entry v[3];
    size_t n;
    const char *hex;
} directories[] = {
    {"one tile", {{0, 0, 39, 1}}, 1, "0100012701"},
    {"a run, and one that follows", {{0, 0, 39, 5}, {5, 39, 39, 1}}, 2, "020005050127270100"},
    {"a leaf, and bytes that another has",
     {{0, 0, 300, 0}, {200, 0, 300, 1}},
     2,
     "0200c8010001ac02ac020101"},
};
static const char *const broken_directories[] = {
    "",                             /* nothing */
    "00",                           /* no entry */
    "0100",                         /* cut off */
    "010001270100",                 /* something behind it */
    "0100012700",                   /* the first follows nothing */
    "0100010001",                   /* an empty tile */
    "02000001012727010100",         /* an id twice */
    "ff00012701",                   /* more entries than there is room for */
    "01ffffffffffffffffff7f012701", /* an id that is none */
};
enum {
    N_DIRECTORIES = sizeof directories / sizeof *directories,
    N_BROKEN_DIRECTORIES = sizeof broken_directories / sizeof *broken_directories,
    DIRECTORY_TESTS = 3 * N_DIRECTORIES + N_BROKEN_DIRECTORIES
};

static struct bytes from_hex(const char *hex)
{
    size_t n = strlen(hex) / 2;
    uint8_t *out = arena_alloc(&arena, n + 1);
    (void)!hex_decode(hex, n, out);
    return bytes_of((const char *)out, n);
}

static void test_directories(void)
{
    struct pmtiles_entries found;
    for (int i = 0; i < N_DIRECTORIES; i++) {
        char hex[64] = "";
        struct buf raw = {0};
        pmtiles_directory_put(directories[i].v, directories[i].n, &raw);
        hex_encode((const uint8_t *)raw.p, raw.n, hex);
        is_str(hex, directories[i].hex, directories[i].name);
        is_int(pmtiles_directory_get(&arena, buf_bytes(&raw), &found), 0, "it is read");
        ok(found.n == directories[i].n &&
               memcmp(found.v, directories[i].v, found.n * sizeof *found.v) == 0,
           "as it was written");
        buf_release(&raw);
    }
    for (int i = 0; i < N_BROKEN_DIRECTORIES; i++) {
        is_int(pmtiles_directory_get(&arena, from_hex(broken_directories[i]), &found), -1,
               broken_directories[i]);
    }
}

/* --- whole files ------------------------------------------------------------------------------------------ */

static int new_file(void)
{
    char name[] = "/tmp/t_pmtiles.XXXXXX";
    int fd = mkstemp(name);
    (void)unlink(name);
    return fd;
}

static const struct doc *metadata(void)
{
    struct doc *d = doc_new(&arena, DOC_MAP);
    doc_put(&arena, d, "vector_layers", doc_new(&arena, DOC_LIST));
    return d;
}

/* Tiles with ids from first on, n of them, step apart; kinds: how many different ones. */
static int write_file(int fd, uint64_t first, uint64_t step, int n, int kinds, struct tileset *set)
{
    struct err e = {0};
    struct pmtiles *w = pmtiles_begin(fd, "a.pmtiles");
    int rc = 0;
    *set = (struct tileset){.bounds = {-102.05, 36.99, -94.58, 40.01}};
    for (int i = 0; i < n && rc == 0; i++) {
        char text[32];
        int len = snprintf(text, sizeof text, "tile %d", i % kinds);
        uint64_t by_chance =
            step > 3 ? (((uint32_t)i * (uint32_t)i * 2654435761U) >> 13) % step : 0;
        rc = pmtiles_add(w, tile_of_id(first + (uint64_t)i * step + by_chance),
                         bytes_of(text, (size_t)len), &e);
    }
    rc = rc == 0 ? pmtiles_finish(w, metadata(), set, &e) : rc;
    pmtiles_release(w);
    return rc;
}

struct seen {
    uint64_t n, last;
    bool ascends, is_right;
    int kinds;
};

static bool see(void *ctx, struct tile t, struct bytes raw)
{
    struct seen *s = ctx;
    char text[32];
    uint64_t id = tile_id(t);
    int len = snprintf(text, sizeof text, "tile %d", (int)(s->n % (uint64_t)s->kinds));
    s->ascends &= s->n == 0 || id > s->last;
    s->is_right &= bytes_eq(raw, bytes_of(text, (size_t)len));
    s->last = id;
    s->n++;
    return true;
}

static const struct {
    const char *name;
    uint64_t first, step;
    int n, kinds;
    int64_t entries, contents;
    bool has_leaves;
} files[] = {
    {"one tile", 0, 1, 1, 1, 1, 1, false},
    {"one content for all", 0, 1, 85, 1, 1, 1, false},
    {"two contents in turn", 5, 1, 16, 2, 16, 2, false},
    {"gaps", 21, 3, 20, 1, 20, 1, false},
    {"many, with leaves", 1365, 64, 60000, 59999, 60000, 59999, true},
};
enum { N_FILES = sizeof files / sizeof *files, FILE_TESTS = 9 * N_FILES };

static void test_file(int i)
{
    struct err e = {0};
    struct tileset made;
    struct tileset found;
    struct seen s = {.ascends = true, .is_right = true, .kinds = files[i].kinds};
    uint8_t head[PMTILES_HEADER];
    struct pmtiles_header h = {0};
    int fd = new_file();
    is_int(write_file(fd, files[i].first, files[i].step, files[i].n, files[i].kinds, &made), 0,
           files[i].name);
    is_int(pmtiles_read(fd, "a.pmtiles", INT64_MAX, see, &s, &found, &e), 0, "it is read");
    is_int(s.n, files[i].n, "all of it");
    ok(s.ascends && s.is_right, "in order, each with its bytes");
    is_int(found.entries, files[i].entries, "runs are one entry");
    is_int(found.contents, files[i].contents, "each content stands once");
    ok(digest_eq(&made.content, &found.content) && made.bytes == found.bytes &&
           made.addressed == found.addressed && made.min_zoom == found.min_zoom &&
           made.max_zoom == found.max_zoom && found.bounds[0] == -102.05,
       "the same is known of it as when it was made");
    ok(pread(fd, head, sizeof head, 0) == PMTILES_HEADER && pmtiles_header_get(head, &h) == 0 &&
           (h.leaves.n > 0) == files[i].has_leaves,
       "with leaves where the root has no room");
    ok(h.is_clustered &&
           (int64_t)(PMTILES_ROOM + h.metadata.n + h.leaves.n + h.data.n) == made.bytes,
       "nothing stands between its sections");
    (void)close(fd);
}

static void test_content(void)
{
    struct err e = {0};
    struct tileset set;
    char text[DIGEST_TEXT];
    int fd = new_file();
    struct pmtiles *w = pmtiles_begin(fd, "a.pmtiles");
    set = (struct tileset){.bounds = {0, 0, 1, 1}};
    is_int(pmtiles_add(w, (struct tile){1, 1, 0}, bytes_str("abc"), &e), 0, "a tile");
    is_int(pmtiles_added(w), 1, "that counts");
    is_int(pmtiles_finish(w, metadata(), &set, &e), 0, "and nothing else");
    pmtiles_release(w);
    const struct digest want = digest_of(
        bytes_str("1/1/0 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"));
    ok(digest_eq(&want, &set.content), digest_text(&set.content, text));
    (void)close(fd);
}

/* --- broken files ------------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    long at; /* from the end, where negative */
    int n;
    uint64_t value;
    const char *words;
} broken[] = {
    {"another magic", 0, 1, 'Q', "does not begin as PMTiles of version 3 do"},
    {"another version", 7, 1, 2, "does not begin as PMTiles of version 3 do"},
    {"tiles that are not compressed", 98, 1, 1, "not vector tiles compressed with gzip"},
    {"images", 99, 1, 2, "not vector tiles compressed with gzip"},
    {"a root beyond the end", 16, 8, 1 << 20, "a section ends behind the file"},
    {"data beyond the end", 64, 8, UINT64_MAX, "a section ends behind the file"},
    {"data that is shorter", 64, 8, 8, "an entry points beyond its section"},
    {"a root that is no gzip", 127, 1, 0, "what should be compressed with gzip is not"},
    {"a tile that is no gzip", 16384, 1, 0, "what should be compressed with gzip is not"},
    {"more tiles than there are", 72, 8, 99, "more or fewer tiles"},
    {"other entries", 80, 8, 99, "more or fewer tiles"},
    {"other contents", 88, 8, 99, "more or fewer tiles"},
    {"another zoom", 101, 1, 9, "other zooms than its header says"},
};
enum { N_BROKEN = sizeof broken / sizeof *broken, BROKEN_TESTS = 2 * N_BROKEN + 4 };

static void test_broken(void)
{
    struct tileset set;
    for (int i = 0; i < N_BROKEN; i++) {
        struct err e = {0};
        uint8_t bytes[8];
        int fd = new_file();
        (void)write_file(fd, 0, 1, 21, 3, &set);
        for (int k = 0; k < 8; k++) {
            bytes[k] = (uint8_t)(broken[i].value >> (8 * k));
        }
        (void)!pwrite(fd, bytes, (size_t)broken[i].n, broken[i].at);
        is_int(pmtiles_read(fd, "b.pmtiles", INT64_MAX, NULL, NULL, &set, &e), -1, broken[i].name);
        ok(strstr(e.msg, broken[i].words) != NULL && e.code == ERR_INTEGRITY, e.msg);
        (void)close(fd);
    }
    struct err e = {0};
    int fd = new_file();
    is_int(pmtiles_read(fd, "b.pmtiles", INT64_MAX, NULL, NULL, &set, &e), -1, "nothing at all");
    ok(strstr(e.msg, "it is cut off") != NULL, e.msg);
    (void)close(fd);
    fd = open("/dev/full", O_RDWR);
    is_int(write_file(fd, 0, 1, 1, 1, &set), -1, "a full disk");
    (void)close(fd);
    struct buf out = {.limit = 10};
    struct buf packed = {0};
    gzip_pack(bytes_str("more than ten bytes"), &packed);
    is_int(gzip_unpack(buf_bytes(&packed), &out), -1, "more than is wanted");
    buf_release(&out);
    buf_release(&packed);
}

/* --- files made to be read for long ------------------------------------------------------------------------ */

/* depth: 1, the entries are of tiles; 2, of leaves. */
static const struct {
    const char *name;
    int depth, n;
    struct pmtiles_entry v[2];
    const char *words; /* "": it is read, where five tiles were made */
} endless[] = {
    {"as many as were made", 1, 1, {{0, 0, 0, 5}}, ""},
    {"one more", 1, 1, {{0, 0, 0, 6}}, "more tiles than were made"},
    {"a run of four thousand millions", 1, 1, {{0, 0, 0, UINT32_MAX}}, "more tiles than"},
    {"the same bytes twice", 1, 2, {{0, 0, 0, 1}, {2, 0, 0, 1}}, ""},
    {"some of the same bytes", 1, 2, {{0, 0, 0, 1}, {2, 0, 7, 1}}, "tiles overlap"},
    {"others that overlap", 1, 2, {{0, 0, 0, 1}, {2, 1, 9, 1}}, "is not"},
    {"a leaf twice", 2, 2, {{0, 0, 0, 0}, {2, 0, 0, 0}}, "directories overlap"},
};
enum { N_ENDLESS = sizeof endless / sizeof *endless, ENDLESS_TESTS = 2 * N_ENDLESS };

static void put_section(int fd, struct pmtiles_section *s, struct bytes raw, uint64_t *at)
{
    struct buf packed = {0};
    gzip_pack(raw, &packed);
    *s = (struct pmtiles_section){*at, packed.n};
    (void)!pwrite(fd, packed.p, packed.n, (off_t)*at);
    *at += packed.n;
    buf_release(&packed);
}

static void put_directory(int fd, struct pmtiles_section *s, const struct pmtiles_entry *v,
                          size_t n, uint64_t *at)
{
    struct buf raw = {0};
    pmtiles_directory_put(v, n, &raw);
    put_section(fd, s, buf_bytes(&raw), at);
    buf_release(&raw);
}

/* One tile, and a leaf that names it; an entry without a length gets that of what it names. */
static void write_endless(int fd, int i)
{
    uint8_t head[PMTILES_HEADER];
    uint64_t at = PMTILES_HEADER;
    struct pmtiles_entry v[2];
    struct pmtiles_header h = {.entries = (uint64_t)endless[i].n,
                               .contents = 1,
                               .inner = PMTILES_GZIP,
                               .outer = PMTILES_GZIP,
                               .type = PMTILES_MVT,
                               .max_zoom = 1};
    put_section(fd, &h.data, bytes_str("a tile"), &at);
    put_directory(fd, &h.leaves, &(struct pmtiles_entry){0, 0, (uint32_t)h.data.n, 1}, 1, &at);
    const struct pmtiles_section *named = endless[i].depth == 1 ? &h.data : &h.leaves;
    memcpy(v, endless[i].v, sizeof v);
    for (int k = 0; k < endless[i].n; k++) {
        v[k].length = v[k].length > 0 ? v[k].length : (uint32_t)named->n;
        h.addressed += v[k].run;
    }
    put_directory(fd, &h.root, v, (size_t)endless[i].n, &at);
    pmtiles_header_put(&h, head);
    (void)!pwrite(fd, head, sizeof head, 0);
}

static void test_endless(void)
{
    for (int i = 0; i < N_ENDLESS; i++) {
        struct err e = {0};
        struct tileset set;
        int fd = new_file();
        write_endless(fd, i);
        bool is_read = endless[i].words[0] == '\0';
        is_int(pmtiles_read(fd, "e.pmtiles", 5, NULL, NULL, &set, &e), is_read ? 0 : -1,
               endless[i].name);
        ok(is_read ? set.contents == 1 : strstr(e.msg, endless[i].words) != NULL, e.msg);
        (void)close(fd);
    }
}

/* --- names of files ---------------------------------------------------------------------------------------- */

static int make(const struct tile_place *p, int64_t generation, int kinds)
{
    struct err e = {0};
    struct tileset set;
    int fd = -1;
    int rc = tilefile_begin(p, generation, &fd, &e);
    rc = rc == 0 ? write_file(fd, 0, 1, 5, kinds, &set) : rc;
    rc = rc == 0 ? tilefile_keep(p, generation, fd, &e) : rc;
    (void)close(fd);
    return rc;
}

static int count_files(const char *folder)
{
    char command[128];
    int n = -1;
    (void)snprintf(command, sizeof command, "ls -A %s/deep/tiles | wc -l", folder);
    FILE *f = popen(command, "r");
    if (f != NULL && fscanf(f, "%d", &n) != 1) {
        n = -1;
    }
    (void)pclose(f);
    return n;
}

enum { NAME_TESTS = 19 };

static void test_names(void)
{
    char folder[] = "/tmp/t_pmtiles_d.XXXXXX";
    struct err e = {0};
    struct digest one;
    struct digest live;
    struct tileset set;
    int64_t size = 0;
    int fd = -1;
    int dir = mkdtemp(folder) != NULL ? open(folder, O_RDONLY | O_DIRECTORY) : -1;
    const struct tile_place p = {dir, "deep/tiles", "wells"};
    is_str(tilefile_path(&arena, &p, 0), "deep/tiles/wells.pmtiles", "what readers open");
    is_str(tilefile_path(&arena, &p, 3), "deep/tiles/wells__g3.pmtiles", "a generation");
    is_int(tilefile_digest(&p, 0, &live, &size, &e), 1, "there is none yet");
    is_int(tilefile_read(&p, 0, 5, &set, &e), 1, "nor anything to read");
    is_int(tilefile_drop(&p, 1, &e), 0, "nor to drop");
    is_int(make(&p, 1, 1), 0, "one is made");
    is_int(tilefile_digest(&p, 0, &live, &size, &e), 1, "which readers do not find");
    is_int(tilefile_publish(&p, 1, &e), 0, "before it is published");
    is_int(tilefile_publish(&p, 1, &e), 0, "which is done again at will");
    ok(tilefile_digest(&p, 0, &live, &size, &e) == 0 &&
           tilefile_digest(&p, 1, &one, &size, &e) == 0 && digest_eq(&live, &one),
       "then it is what they find");
    is_int(count_files(folder), 2, "and nothing else stands there");
    is_int(tilefile_begin(&p, 2, &fd, &e), 0, "another is begun");
    (void)close(fd);
    tilefile_abandon(&p, 2);
    is_int(count_files(folder), 2, "and given up");
    ok(make(&p, 2, 2) == 0 && tilefile_publish(&p, 2, &e) == 0, "another is published");
    ok(tilefile_digest(&p, 0, &live, &size, &e) == 0 && !digest_eq(&live, &one), "and found");
    ok(tilefile_digest(&p, 1, &live, &size, &e) == 0 && digest_eq(&live, &one),
       "the old one stays");
    ok(tilefile_read(&p, 0, 5, &set, &e) == 0 && set.addressed == 5, "it is read");
    ok(tilefile_drop(&p, 1, &e) == 0 && count_files(folder) == 2, "until it is dropped");
    is_int(tilefile_publish(&p, 1, &e), -1, "what is gone cannot be published");
    char command[64];
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    (void)!system(command);
    (void)close(dir);
}

int main(void)
{
    tap_plan(ID_TESTS + DIRECTORY_TESTS + FILE_TESTS + 4 + BROKEN_TESTS + ENDLESS_TESTS +
             NAME_TESTS);
    test_ids();
    test_directories();
    for (int i = 0; i < N_FILES; i++) {
        test_file(i);
    }
    test_content();
    test_broken();
    test_endless();
    test_names();
    arena_release(&arena);
    return tap_done();
}
