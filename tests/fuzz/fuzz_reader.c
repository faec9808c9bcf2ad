/* layer: data */
/* Any bytes as an artifact: refused with code and place, or records whose values are what they say; the same in pieces of any size and
 * under gzip and zstd; and each value fits a column in binary exactly if it does in text.
 * Three bytes in front: format and how it is wrapped; rules for geometries; how large the pieces are. */
#include "fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "data/column.h"
#include "data/ewkb.h"

enum { N_HEAD = 3, RECORDS_CONVERTED = 4, SIZE_MAX_TRIED = 1 << 20 };
enum wrap { WRAP_NONE, WRAP_GZIP, WRAP_ZSTD, WRAP_GZIP_TWICE, N_WRAPS };

static const struct wanted_value from_json[] = {
    {.path = "properties.id"},
    {.path = "geometry", .as_geometry = true},
    {.path = "properties"},
    {.path = "properties.a.b"},
    {.point_x = "properties.x", .point_y = "properties.y"},
    {.path = "geometry"},
};
static const struct wanted_value from_csv[] = {
    {.path = "id"},    {.path = "geom", .as_geometry = true}, {.path = "a"},
    {.path = "b\\.c"}, {.point_x = "x", .point_y = "y"},      {.path = "geom"},
};
enum { N_WANTED = sizeof from_json / sizeof *from_json };

static const struct geometry_rules rules[] = {
    {.srid = 4326},
    {.srid = 4326, .any_ring_order = true},
    {.srid = 5070, .promote = true},
    {.srid = 4326, .dims = 2},
    {.srid = 4326, .dims = 3, .promote = true},
    {.srid = 5070, .dims = 3, .is_m = true, .any_ring_order = true},
    {.srid = 3857, .dims = 4},
    {.srid = 4326, .any_ring_order = true, .empty = EMPTY_KEEP},
    {.srid = 5070, .promote = true, .empty = EMPTY_KEEP},
    {.srid = 4326, .empty = EMPTY_NULL},
};
enum { N_RULES = sizeof rules / sizeof *rules };

#define COLUMN(k, ...)                                                                             \
    {                                                                                              \
        .name = "c", .kind = COLUMN_##k, .type = #k, __VA_ARGS__                                   \
    }
static const struct column columns[] = {
    COLUMN(BOOL, .max_chars = 0),
    COLUMN(INT2, .max_chars = 0),
    COLUMN(INT4, .not_null = true),
    COLUMN(INT8, .max_chars = 0),
    COLUMN(FLOAT4, .max_chars = 0),
    COLUMN(FLOAT8, .max_chars = 0),
    COLUMN(NUMERIC, .max_chars = 0),
    COLUMN(NUMERIC, .precision = 10, .scale = 3),
    COLUMN(NUMERIC, .precision = 3, .scale = -2),
    COLUMN(TEXT, .max_chars = 0),
    COLUMN(TEXT, .max_chars = 5),
    COLUMN(UUID, .max_chars = 0),
    COLUMN(DATE, .max_chars = 0),
    COLUMN(TIMESTAMP, .max_chars = 0),
    COLUMN(TIMESTAMPTZ, .lost_digits = 3),
    COLUMN(TIME, .max_chars = 0),
    COLUMN(JSON, .max_chars = 0),
    COLUMN(JSONB, .max_chars = 0),
    COLUMN(BYTEA, .max_chars = 0),
    COLUMN(GEOMETRY, .takes_geometry = true, .any_dims = true),
    COLUMN(GEOMETRY, .takes_geometry = true, .geometry_type = GEOMETRY_MULTI_POLYGON, .srid = 4326),
    COLUMN(OTHER, .max_chars = 0),
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

struct input {
    enum data_format format;
    const struct wanted_value *wanted;
    const struct geometry_rules *rules;
    const char *data;
    size_t n;
};

static void must(bool is_so)
{
    if (!is_so) {
        abort();
    }
}

/* ---- files */

static int folder = -1;
static char folder_path[] = "/tmp/kfmig-fuzz-XXXXXX";

static void remove_folder(void)
{
    (void)unlinkat(folder, "data", 0);
    (void)rmdir(folder_path);
}

static void put_file(const void *p, size_t n)
{
    if (folder < 0) {
        must(mkdtemp(folder_path) != NULL);
        folder = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        (void)atexit(remove_folder);
    }
    int fd = openat(folder, "data", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(fd >= 0 && write(fd, p, n) == (ssize_t)n && close(fd) == 0);
}

static size_t gzip(const char *p, size_t n, unsigned char *out, size_t room)
{
    z_stream z = {0};
    must(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)p;
    z.avail_in = (unsigned)n;
    z.next_out = out;
    z.avail_out = (unsigned)room;
    must(deflate(&z, Z_FINISH) == Z_STREAM_END);
    (void)deflateEnd(&z);
    return room - z.avail_out;
}

/* As the file lies: bytes of one frame, or of two one behind the other. */
static void put_wrapped(enum wrap wrap, const char *p, size_t n)
{
    size_t room = 2 * (n + n / 100 + 1024);
    unsigned char *out = mem_alloc(room);
    size_t half = wrap == WRAP_GZIP_TWICE ? n / 2 : n;
    size_t size = 0;
    if (wrap == WRAP_ZSTD) {
        size = ZSTD_compress(out, room, p, n, 1);
        must(!ZSTD_isError(size));
    } else {
        size = gzip(p, half, out, room);
        size += wrap == WRAP_GZIP_TWICE ? gzip(p + half, n - half, out + size, room - size) : 0;
    }
    put_file(out, size);
    free(out);
}

/* ---- what comes out */

static bool is_number_text(struct bytes t)
{
    for (size_t i = 0; i < t.n; i++) {
        if (strchr("0123456789+-.eE", t.p[i]) == NULL || t.p[i] == '\0') {
            return false;
        }
    }
    return t.n > 0 && (t.p[0] == '-' || (t.p[0] >= '0' && t.p[0] <= '9'));
}

/* Well-formed UTF-8 without NUL: what a server takes as text. */
static bool is_text(struct bytes t)
{
    size_t i = 0;
    while (i < t.n) {
        unsigned char c = (unsigned char)t.p[i];
        size_t more = c < 0x80 ? 0 : c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : 1;
        if (c == 0 || (c >= 0x80 && c < 0xC2) || c > 0xF4 || i + more >= t.n) {
            return false;
        }
        for (size_t k = 1; k <= more; k++) {
            if (((unsigned char)t.p[i + k] & 0xC0) != 0x80) {
                return false;
            }
        }
        i += more + 1;
    }
    return true;
}

/* A geometry that was made is one that would be taken. */
static void check_geometry(const struct input *in, const struct value *v)
{
    struct buf again = {0};
    int type = 0;
    must(ewkb_take(&again, v->text, &type, in->rules) == NULL);
    must(type == v->type && bytes_eq(buf_bytes(&again), v->text));
    buf_release(&again);
}

static void check_value(const struct input *in, const struct value *v)
{
    switch (v->kind) {
    case VALUE_ABSENT:
    case VALUE_NULL:
        must(v->text.n == 0);
        break;
    case VALUE_GEOMETRY:
        check_geometry(in, v);
        break;
    case VALUE_NUMBER:
        must(is_number_text(v->text));
        break;
    case VALUE_BOOL:
        must(bytes_eq(v->text, bytes_str("true")) || bytes_eq(v->text, bytes_str("false")));
        break;
    case VALUE_TEXT:
    case VALUE_JSON:
        must(is_text(v->text));
        break;
    }
}

static uint32_t big_endian(const char *p, size_t n)
{
    uint32_t x = 0;
    for (size_t i = 0; i < n; i++) {
        x = x << 8 | (unsigned char)p[i];
    }
    return x;
}

/* One field in a row of binary COPY: the counts are of what follows. */
static void check_binary(const struct copy_writer *w)
{
    must(w->out.n >= 6 && big_endian(w->out.p, 2) == 1);
    uint32_t size = big_endian(w->out.p + 2, 4);
    must(size == UINT32_MAX ? w->out.n == 6 : w->out.n == 6 + (size_t)size);
}

/* One line without a tab, which no reader of COPY could take for several. */
static void check_line(const struct copy_writer *w)
{
    must(w->out.n >= 1 && w->out.p[w->out.n - 1] == '\n');
    must(memchr(w->out.p, '\n', w->out.n - 1) == NULL && memchr(w->out.p, '\t', w->out.n) == NULL &&
         memchr(w->out.p, '\r', w->out.n) == NULL && memchr(w->out.p, '\0', w->out.n) == NULL);
}

static void check_refusal(const struct err *e, int64_t most)
{
    static const char place[] = "byte ";
    must(e->code == ERR_CONFIG && e->hint[0] != '\0' && strcmp(e->where.path, "data") == 0);
    if (strncmp(e->msg, place, strlen(place)) == 0) {
        long long byte = strtoll(e->msg + strlen(place), NULL, 10);
        must(byte >= 0 && byte <= most);
    }
}

static int convert(const struct source *s, const struct record *r, const struct column *c,
                   size_t wanted, bool is_csv, bool is_binary)
{
    struct err e = {0};
    struct column_value from = {.wanted = wanted};
    struct copy_writer w = {
        .column = c, .from = &from, .n = 1, .is_binary = is_binary, .is_csv = is_csv};
    int rc = copy_row(&w, s, r, &e);
    if (rc != 0) {
        must(w.out.n == 0);
        check_refusal(&e, INT64_MAX);
    } else if (is_binary) {
        check_binary(&w);
    } else {
        check_line(&w);
    }
    copy_release(&w);
    return rc;
}

static void check_conversions(const struct input *in, const struct source *s,
                              const struct record *r)
{
    for (size_t i = 0; i < N_WANTED; i++) {
        for (size_t k = 0; k < N_COLUMNS; k++) {
            bool is_csv = in->format == FORMAT_CSV;
            int as_text = convert(s, r, &columns[k], i, is_csv, false);
            must(columns[k].kind == COLUMN_OTHER ||
                 convert(s, r, &columns[k], i, is_csv, true) == as_text);
        }
    }
}

static void add_record(struct buf *out, const struct record *r)
{
    buf_printf(out, "%lld@%lld", (long long)r->number, (long long)r->offset);
    for (size_t i = 0; i < N_WANTED; i++) {
        const struct value *v = &r->v[i];
        buf_printf(out, " %d/%d@%lld:%zu:", (int)v->kind, v->type,
                   (long long)(v->kind > VALUE_NULL ? v->offset : 0), v->text.n);
        buf_add(out, v->text.p, v->text.n);
    }
    buf_putc(out, '\n');
}

/* Read the file, and write down all that was read and why it ended. Everything is checked on the way if is_first. Returns whether it
 * ended as it should. */
static bool read_file(const struct input *in, size_t chunk, bool is_first, struct buf *out)
{
    struct source s;
    struct err e = {0};
    struct record r;
    int rc = source_open(&s, folder, "data", &e);
    must(rc == 0);
    source_chunk(&s, chunk);
    struct reader *reader = reader_open(in->format, &s, in->wanted, N_WANTED, in->rules);
    while ((rc = reader_next(reader, &r, &e)) > 0) {
        for (size_t i = 0; i < N_WANTED && is_first; i++) {
            check_value(in, &r.v[i]);
        }
        if (is_first && r.number <= RECORDS_CONVERTED) {
            check_conversions(in, &s, &r);
        }
        add_record(out, &r);
    }
    if (rc < 0) {
        check_refusal(&e, source_offset(&s, s.end));
        buf_puts(out, e.msg);
    }
    reader_close(reader);
    source_close(&s);
    return rc == 0;
}

static bool is_compressed(const char *p, size_t n)
{
    return n >= 2 &&
           (memcmp(p, "\x1F\x8B", 2) == 0 || (n >= 4 && memcmp(p, "\x28\xB5\x2F\xFD", 4) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t chunks[] = {1, 2, 3, 7, 16, 61, 4096, SOURCE_CHUNK};
    if (size < N_HEAD || size > SIZE_MAX_TRIED) {
        return 0;
    }
    enum wrap wrap = (enum wrap)(data[0] / 3 % N_WRAPS);
    struct input in = {.format = (enum data_format)(data[0] % 3),
                       .rules = &rules[data[1] % N_RULES],
                       .data = (const char *)data + N_HEAD,
                       .n = size - N_HEAD};
    struct buf whole = {0};
    struct buf pieces = {0};
    in.wanted = in.format == FORMAT_CSV ? from_csv : from_json;
    put_file(in.data, in.n);
    bool is_good = read_file(&in, SOURCE_CHUNK, true, &whole);
    bool is_packed = is_compressed(in.data, in.n);
    if (wrap != WRAP_NONE && !is_packed) {
        put_wrapped(wrap, in.data, in.n);
    }
    size_t chunk = chunks[data[2] % (sizeof chunks / sizeof *chunks)];
    must(read_file(&in, chunk, false, &pieces) == is_good);
    /* How much of a damaged stream comes out before the damage is noticed depends on the pieces. */
    must((is_packed && !is_good) || bytes_eq(buf_bytes(&whole), buf_bytes(&pieces)));
    buf_release(&whole);
    buf_release(&pieces);
    return 0;
}
