/* Stamps of files and folders. */
#include "load/used.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

enum { SETTLED_NS = 50 * 1000 * 1000 };

void used_add(struct used *u, const char *path, const struct stamp *stamp)
{
    size_t cap = u->cap;
    ARENA_GROW(u->a, u->path, u->n, cap);
    ARENA_GROW(u->a, u->stamp, u->n, u->cap);
    u->path[u->n] = path;
    u->stamp[u->n++] = *stamp;
}

static int64_t nanoseconds(const struct timespec *t)
{
    return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

int used_look(int dirfd, const char *path, struct stamp *out)
{
    struct stat st;
    *out = (struct stamp){0};
    if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
    }
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
        return -1;
    }
    /* A folder's size is the file system's own business. */
    out->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
    out->mtime_ns = nanoseconds(&st.st_mtim);
    out->ctime_ns = nanoseconds(&st.st_ctim);
    out->ino = (uint64_t)st.st_ino;
    return 0;
}

struct hint used_hint(const struct stamp *v, size_t n)
{
    return hint_of(bytes_of((const char *)v, n * sizeof *v));
}

/* Not clock_unix_us(), which tests may freeze: it is compared with what the kernel writes. */
int64_t used_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

bool used_is_settled(const struct stamp *v, size_t n, int64_t started)
{
    int64_t newest = 0;
    for (size_t i = 0; i < n; i++) {
        newest = v[i].mtime_ns > newest ? v[i].mtime_ns : newest;
        newest = v[i].ctime_ns > newest ? v[i].ctime_ns : newest;
    }
    return newest <= started - SETTLED_NS;
}
