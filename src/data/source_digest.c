/* Digests of whole files, in constant memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_open.h"
#include "data/source.h"

enum { BLOCK = 1024 * 1024 };

static struct stamp stamp_of(const struct stat *st)
{
    return (struct stamp){.size = (uint64_t)st->st_size,
                          .mtime_ns = st->st_mtim.tv_sec * 1000000000LL + st->st_mtim.tv_nsec,
                          .ctime_ns = st->st_ctim.tv_sec * 1000000000LL + st->st_ctim.tv_nsec,
                          .ino = st->st_ino};
}

static int add_all(int fd, const char *path, struct digester *h, int64_t size,
                   bool (*on_bytes)(void *ctx, int64_t done, int64_t size), void *ctx,
                   int64_t *done, struct err *e)
{
    char *block = mem_alloc(BLOCK);
    int rc = 0;
    *done = 0;
    for (;;) {
        ssize_t n = read(fd, block, BLOCK);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            rc = n < 0 ? file_fail(e, "read", path) : 0;
            break;
        }
        digester_raw(h, bytes_of(block, (size_t)n));
        *done += n;
        if (on_bytes != NULL && on_bytes(ctx, *done, size)) {
            rc = err_set(e, ERR_INTERRUPTED, "interrupted while %s was read", path);
            break;
        }
    }
    free(block);
    return rc;
}

int source_digest(int dirfd, const char *path,
                  bool (*on_bytes)(void *ctx, int64_t done, int64_t size), void *ctx,
                  struct file_facts *out, struct err *e)
{
    struct stat before;
    struct stat after;
    int64_t done = 0;
    *out = (struct file_facts){0};
    if (file_check_path(path, e) != 0) {
        return -1;
    }
    int fd = file_open(dirfd, path, O_RDONLY | O_NONBLOCK, e);
    if (fd < 0) {
        return fd == FILE_ABSENT ? 1 : -1;
    }
    struct digester *h = digester_open(NULL);
    int rc = fstat(fd, &before) != 0 ? file_fail(e, "look at", path) : 0;
    if (rc == 0 && !S_ISREG(before.st_mode)) {
        rc = err_at(e, ERR_CONFIG, path, 0, 0, "is no regular file");
    }
    if (rc == 0) {
        rc = add_all(fd, path, h, (int64_t)before.st_size, on_bytes, ctx, &done, e);
    }
    if (rc == 0 && fstat(fd, &after) != 0) {
        rc = file_fail(e, "look at", path);
    }
    out->digest = digester_close(h);
    (void)close(fd);
    if (rc != 0) {
        return -1;
    }
    struct stamp a = stamp_of(&before);
    struct stamp b = stamp_of(&after);
    if (!stamp_eq(&a, &b) || done != (int64_t)after.st_size) {
        return err_at(e, ERR_PREFLIGHT, path, 0, 0, "changed while it was read");
    }
    out->size = (uint64_t)done;
    out->stamp = b;
    return 0;
}
