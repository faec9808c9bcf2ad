/* Stamps of files and folders. */
#include "load/used.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

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

int64_t used_newest(const struct used *u)
{
    int64_t newest = 0;
    for (size_t i = 0; i < u->n; i++) {
        newest = u->stamp[i].mtime_ns > newest ? u->stamp[i].mtime_ns : newest;
        newest = u->stamp[i].ctime_ns > newest ? u->stamp[i].ctime_ns : newest;
    }
    return newest;
}
