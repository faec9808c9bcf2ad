/* Artifacts as streams: a window over decoded bytes that moves forward. */
#include "data/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/file_open.h"

enum codec { CODEC_NONE, CODEC_GZIP, CODEC_ZSTD };

struct source_state {
    char *path;
    int fd;
    struct stat st;
    enum codec codec;
    z_stream gzip;
    ZSTD_DStream *zstd;
    bool in_frame;      /* compressed data goes on: to end here would be truncation */
    unsigned char *raw; /* compressed bytes, SOURCE_CHUNK */
    size_t raw_at, raw_n;
    int64_t raw_read;
    bool raw_ended;
    char *window;
    size_t cap;
    int64_t base; /* decoded offset of window[0] */
    size_t chunk;
    struct err failure; /* of the source: what failed once gives no more bytes */
};

static int fail(struct source *s, struct err *e, const char *what)
{
    err_at(e, ERR_CONFIG, s->state->path, 0, 0, "%s", what);
    return err_hint(e, "compare the file's digest with its catalog's: `kfmig dataset verify`");
}

/* Bytes of the file as it lies. */
static ssize_t read_raw(struct source *s, void *p, size_t n, struct err *e)
{
    for (;;) {
        ssize_t got = read(s->state->fd, p, n);
        if (got >= 0) {
            s->state->raw_read += got;
            return got;
        }
        if (errno != EINTR) {
            return file_fail(e, "read", s->state->path);
        }
    }
}

static enum codec codec_of(const unsigned char *p, size_t n)
{
    static const unsigned char zstd[] = {0x28, 0xB5, 0x2F, 0xFD};
    if (n >= 2 && p[0] == 0x1F && p[1] == 0x8B) {
        return CODEC_GZIP;
    }
    return n >= sizeof zstd && memcmp(p, zstd, sizeof zstd) == 0 ? CODEC_ZSTD : CODEC_NONE;
}

static int start_codec(struct source *s, struct err *e)
{
    struct source_state *t = s->state;
    t->codec = codec_of(t->raw, t->raw_n);
    if (t->codec == CODEC_GZIP && inflateInit2(&t->gzip, 15 + 16) != Z_OK) {
        t->codec = CODEC_NONE;
        return err_set(e, ERR_INTERNAL, "zlib cannot be started");
    }
    if (t->codec == CODEC_ZSTD) {
        t->zstd = ZSTD_createDStream();
        if (t->zstd == NULL) {
            return err_set(e, ERR_INTERNAL, "zstd cannot be started");
        }
        /* Frames of up to 32 MiB of window: what the zstd program makes without --ultra --long. */
        (void)ZSTD_DCtx_setParameter(t->zstd, ZSTD_d_windowLogMax, 25);
    }
    return 0;
}

int source_open(struct source *s, int dirfd, const char *path, struct err *e)
{
    *s = (struct source){0};
    int fd = file_check_path(path, e) == 0 ? file_open(dirfd, path, O_RDONLY | O_NONBLOCK, e) : -1;
    if (fd == FILE_ABSENT) {
        (void)err_at(e, ERR_CONFIG, path, 0, 0, "there is no such file");
        return err_hint(e, "fetch the artifact, or correct its path in the catalog");
    }
    if (fd < 0) {
        return -1;
    }
    struct source_state *t = mem_alloc(sizeof *t);
    *t = (struct source_state){.path = mem_strdup(path), .fd = fd, .chunk = SOURCE_CHUNK};
    s->state = t;
    t->raw = mem_alloc(SOURCE_CHUNK);
    t->cap = (size_t)2 * SOURCE_CHUNK;
    t->window = mem_alloc(t->cap + 1);
    t->window[0] = '\0';
    s->p = s->end = t->window;
    if (fstat(fd, &t->st) != 0 || !S_ISREG(t->st.st_mode)) {
        (void)err_at(e, ERR_CONFIG, path, 0, 0, "is no regular file");
        source_close(s);
        return -1;
    }
    ssize_t n = read_raw(s, t->raw, SOURCE_CHUNK, e);
    if (n < 0) {
        source_close(s);
        return -1;
    }
    t->raw_n = (size_t)n;
    t->raw_ended = n == 0;
    if (start_codec(s, e) != 0) {
        source_close(s);
        return -1;
    }
    return 0;
}

/* A file that changes while it is read is none whose digest was checked. */
static int check_stamp(struct source *s, struct err *e)
{
    struct stat now;
    const struct stat *was = &s->state->st;
    if (fstat(s->state->fd, &now) != 0) {
        return file_fail(e, "look at", s->state->path);
    }
    if (now.st_size != was->st_size || now.st_mtim.tv_sec != was->st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != was->st_mtim.tv_nsec || s->state->raw_read != was->st_size) {
        return fail(s, e, "changed while it was read");
    }
    return 0;
}

static int refill_raw(struct source *s, struct err *e)
{
    struct source_state *t = s->state;
    if (t->raw_at < t->raw_n || t->raw_ended) {
        return 0;
    }
    ssize_t n = read_raw(s, t->raw, t->chunk < SOURCE_CHUNK ? t->chunk : SOURCE_CHUNK, e);
    if (n < 0) {
        return -1;
    }
    t->raw_at = 0;
    t->raw_n = (size_t)n;
    t->raw_ended = n == 0;
    return 0;
}

/* Returns the bytes decoded into p[0..n), 0 at the end, -1. */
static ssize_t decode_gzip(struct source *s, char *p, size_t n, struct err *e)
{
    struct source_state *t = s->state;
    t->gzip.next_out = (unsigned char *)p;
    t->gzip.avail_out = (unsigned)n;
    while (t->gzip.avail_out == n) {
        if (refill_raw(s, e) != 0) {
            return -1;
        }
        if (t->raw_at == t->raw_n) {
            return t->in_frame ? fail(s, e, "the compressed data ends too early") : 0;
        }
        if (!t->in_frame && inflateReset(&t->gzip) != Z_OK) {
            return fail(s, e, "the compressed data is damaged");
        }
        t->in_frame = true;
        t->gzip.next_in = t->raw + t->raw_at;
        t->gzip.avail_in = (unsigned)(t->raw_n - t->raw_at);
        int rc = inflate(&t->gzip, Z_NO_FLUSH);
        t->raw_at = t->raw_n - t->gzip.avail_in;
        if (rc == Z_STREAM_END) {
            t->in_frame = false;
        } else if (rc != Z_OK && rc != Z_BUF_ERROR) {
            return fail(s, e, "the compressed data is damaged");
        }
    }
    return (ssize_t)(n - t->gzip.avail_out);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): out.dst is written to */
static ssize_t decode_zstd(struct source *s, char *p, size_t n, struct err *e)
{
    struct source_state *t = s->state;
    ZSTD_outBuffer out = {p, n, 0};
    while (out.pos == 0) {
        if (refill_raw(s, e) != 0) {
            return -1;
        }
        if (t->raw_at == t->raw_n) {
            return t->in_frame ? fail(s, e, "the compressed data ends too early") : 0;
        }
        ZSTD_inBuffer in = {t->raw, t->raw_n, t->raw_at};
        size_t rc = ZSTD_decompressStream(t->zstd, &out, &in);
        t->raw_at = in.pos;
        if (ZSTD_isError(rc)) {
            return fail(s, e, "the compressed data is damaged");
        }
        t->in_frame = rc != 0;
    }
    return (ssize_t)out.pos;
}

static ssize_t decode(struct source *s, char *p, size_t n, struct err *e)
{
    struct source_state *t = s->state;
    if (t->codec == CODEC_GZIP) {
        return decode_gzip(s, p, n, e);
    }
    if (t->codec == CODEC_ZSTD) {
        return decode_zstd(s, p, n, e);
    }
    if (t->raw_at < t->raw_n) {
        size_t m = t->raw_n - t->raw_at < n ? t->raw_n - t->raw_at : n;
        memcpy(p, t->raw + t->raw_at, m);
        t->raw_at += m;
        return (ssize_t)m;
    }
    return t->raw_ended ? 0 : read_raw(s, p, n, e);
}

/* Room for a chunk behind what is kept, which moves to the front. */
static int make_room(struct source *s, struct err *e)
{
    struct source_state *t = s->state;
    size_t kept = (size_t)(s->end - s->p);
    size_t at = (size_t)(s->p - t->window);
    if (kept > SOURCE_WINDOW_MAX) {
        return fail(s, e, "a value is longer than 16 MiB");
    }
    if (at > 0) {
        memmove(t->window, s->p, kept);
        t->base += (int64_t)at;
    }
    if (t->cap - kept < SOURCE_CHUNK) {
        t->cap *= 2;
        t->window = mem_realloc(t->window, t->cap + 1);
    }
    s->p = t->window;
    s->end = t->window + kept;
    return 0;
}

/* The only way that bytes come into the window: what is there ends with a 0 whatever became of the
 * decoder, which writes where it likes behind it. */
static ssize_t fill(struct source *s, struct err *e)
{
    struct source_state *t = s->state;
    size_t kept = (size_t)(s->end - s->p);
    size_t room = t->chunk < SOURCE_CHUNK ? t->chunk : SOURCE_CHUNK;
    ssize_t n = decode(s, t->window + kept, room, e);
    s->end += n > 0 ? n : 0;
    t->window[s->end - t->window] = '\0';
    return n;
}

int source_more(struct source *s, struct err *e)
{
    struct source_state *t = s->state;
    if (t->failure.code != ERR_NONE) {
        *e = t->failure;
        return -1;
    }
    ssize_t n = make_room(s, e) == 0 ? fill(s, e) : -1;
    if (n < 0 || (n == 0 && check_stamp(s, e) != 0)) {
        t->failure = *e;
        return -1;
    }
    return n > 0 ? 1 : 0;
}

void source_chunk(struct source *s, size_t bytes)
{
    s->state->chunk = bytes;
}

int64_t source_offset(const struct source *s, const char *at)
{
    return s->state->base + (at - s->state->window);
}

int64_t source_raw_read(const struct source *s)
{
    return s->state->raw_read;
}

int64_t source_raw_size(const struct source *s)
{
    return (int64_t)s->state->st.st_size;
}

const char *source_path(const struct source *s)
{
    return s->state->path;
}

void source_close(struct source *s)
{
    struct source_state *t = s->state;
    if (t == NULL) {
        return;
    }
    if (t->codec == CODEC_GZIP) {
        (void)inflateEnd(&t->gzip);
    }
    (void)ZSTD_freeDStream(t->zstd);
    (void)close(t->fd);
    free(t->raw);
    free(t->window);
    free(t->path);
    free(t);
    *s = (struct source){0};
}
