/* layer: data
 * How long it takes to read an artifact to its end, beside a memcpy() of what it holds: read_artifact FILE ROUNDS.
 * Prints per round the bytes (decoded), and the microseconds of: memcpy, decoding alone, every record, every record as a row of binary COPY. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "data/column.h"

enum { N = 2, FULL = 256 * 1024 };

static const struct wanted_value in_json[N] = {{.path = "properties.id"},
                                               {.path = "geometry", .as_geometry = true}};
static const struct wanted_value in_csv[N] = {{.path = "id"}, {.point_x = "lon", .point_y = "lat"}};
static const struct column columns[N] = {
    {.name = "id", .kind = COLUMN_TEXT, .not_null = true},
    {.name = "geom", .kind = COLUMN_GEOMETRY, .takes_geometry = true, .srid = 4326}};
static const struct column_value from[N] = {{.wanted = 0}, {.wanted = 1}};

static void die(const struct err *e)
{
    (void)fprintf(stderr, "read_artifact: %s: %s\n", e->where.path, e->msg);
    exit(1);
}

static int64_t now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void open_or_die(struct source *s, const char *path)
{
    struct err e = {0};
    if (source_open(s, AT_FDCWD, path, &e) != 0) {
        die(&e);
    }
}

/* Both sides are touched first: no page is made while the clock runs. */
static int64_t copy_us(size_t n)
{
    char *a = mem_alloc(n + 1);
    char *b = mem_alloc(n + 1);
    memset(a, 'a', n);
    memset(b, 'b', n);
    int64_t start = now_us();
    memcpy(b, a, n);
    int64_t took = now_us() - start;
    took += b[n / 2] == 'b'; /* it has to be done */
    free(a);
    free(b);
    return took;
}

static int64_t decode_us(const char *path, int64_t *bytes)
{
    struct err e = {0};
    struct source s;
    int rc;
    int64_t start = now_us();
    open_or_die(&s, path);
    while ((rc = source_more(&s, &e)) > 0) {
        s.p = s.end;
    }
    *bytes = source_offset(&s, s.end);
    source_close(&s);
    if (rc < 0) {
        die(&e);
    }
    return now_us() - start;
}

static int64_t read_us(const char *path, enum data_format format, bool as_rows)
{
    struct err e = {0};
    struct source s;
    struct record record;
    const struct geometry_rules rules = {.srid = 4326, .dims = 2};
    struct copy_writer w = {
        .column = columns, .from = from, .n = N, .is_binary = true, .is_csv = format == FORMAT_CSV};
    int rc;
    int64_t start = now_us();
    open_or_die(&s, path);
    struct reader *r = reader_open(format, &s, format == FORMAT_CSV ? in_csv : in_json, N, &rules);
    while ((rc = reader_next(r, &record, &e)) > 0 &&
           (!as_rows || (rc = copy_row(&w, &s, &record, &e)) == 0)) {
        if (w.out.n >= FULL) {
            buf_clear(&w.out);
        }
    }
    if (rc < 0) {
        die(&e);
    }
    reader_close(r);
    source_close(&s);
    copy_release(&w);
    return now_us() - start;
}

int main(int argc, char **argv)
{
    enum data_format format;
    if (argc != 3 || data_format_of(NULL, argv[1], &format) != 0) {
        (void)fprintf(stderr, "usage: read_artifact FILE ROUNDS\n");
        return 2;
    }
    for (long i = strtol(argv[2], NULL, 10); i > 0; i--) {
        int64_t bytes = 0;
        int64_t decoded = decode_us(argv[1], &bytes);
        printf("%lld %lld %lld", (long long)bytes, (long long)copy_us((size_t)bytes),
               (long long)decoded);
        printf(" %lld", (long long)read_us(argv[1], format, false));
        printf(" %lld\n", (long long)read_us(argv[1], format, true));
    }
    return 0;
}
