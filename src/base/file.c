/* Files, read side: stamps, opening beneath a root without following symlinks, reading whole files,
 * listings. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_open.h"

enum { READ_ATTEMPTS = 4 };

static struct stamp stamp_of(const struct stat *st)
{
    return (struct stamp){
        .size = (uint64_t)st->st_size,
        .mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
        .ctime_ns = (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec,
        .ino = (uint64_t)st->st_ino,
    };
}

static const char *kind_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return "a directory";
    case S_IFLNK:
        return "a symlink";
    case S_IFIFO:
        return "a FIFO";
    case S_IFSOCK:
        return "a socket";
    default:
        return "a device";
    }
}

static int not_regular(struct err *e, const char *path, mode_t mode)
{
    (void)err_set(e, ERR_CONFIG, "\"%s\" is %s, not a regular file", path, kind_of(mode));
    return err_hint(e, "put a regular file there");
}

bool stamp_eq(const struct stamp *a, const struct stamp *b)
{
    return a->size == b->size && a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns &&
           a->ino == b->ino;
}

int file_stamp(int dirfd, const char *path, struct stamp *out, struct err *e)
{
    struct stat st;
    if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            *out = (struct stamp){0};
            return 1;
        }
        return file_fail(e, "look at", path);
    }
    if (!S_ISREG(st.st_mode)) {
        return not_regular(e, path, st.st_mode);
    }
    *out = stamp_of(&st);
    return 0;
}

int file_program(struct stamp *out)
{
    struct stat st;
    if (stat("/proc/self/exe", &st) != 0) {
        return -1;
    }
    *out = stamp_of(&st);
    return 0;
}

/* Reads until the end or n bytes, whichever is first. */
static ssize_t read_upto(int fd, char *to, size_t n)
{
    size_t at = 0;
    while (at < n) {
        ssize_t got = pread(fd, to + at, n - at, (off_t)at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -1;
        }
        if (got == 0) {
            break;
        }
        at += (size_t)got;
    }
    return (ssize_t)at;
}

static int too_large(struct err *e, const char *path, size_t limit)
{
    (void)err_set(e, ERR_CONFIG, "\"%s\" is too large: the limit is %zu bytes", path, limit);
    return err_hint(e, "split the file, or move the data out of it");
}

/* One attempt: 0, -1, or 1 when the file changed under the reader. */
static int read_once(struct arena *a, int fd, const char *path, size_t limit, struct bytes *out,
                     struct stamp *stamp, struct err *e)
{
    struct stat before;
    struct stat after;
    if (fstat(fd, &before) != 0) {
        return file_fail(e, "read", path);
    }
    if (!S_ISREG(before.st_mode)) {
        return not_regular(e, path, before.st_mode);
    }
    if ((uint64_t)before.st_size > limit) {
        return too_large(e, path, limit);
    }
    size_t size = (size_t)before.st_size;
    char *p = arena_array(a, 1, size + 1);
    ssize_t got = read_upto(fd, p, size + 1);
    if (got < 0 || fstat(fd, &after) != 0) {
        return file_fail(e, "read", path);
    }
    struct stamp first = stamp_of(&before);
    struct stamp last = stamp_of(&after);
    if ((size_t)got != size || !stamp_eq(&first, &last)) {
        return 1;
    }
    *out = bytes_of(p, size);
    if (stamp != NULL) {
        *stamp = first;
    }
    return 0;
}

static int read_settled(struct arena *a, int fd, const char *path, size_t limit, struct bytes *out,
                        struct stamp *stamp, struct err *e)
{
    struct arena_mark mark = arena_mark(a);
    for (int i = 0; i < READ_ATTEMPTS; i++) {
        int rc = read_once(a, fd, path, limit, out, stamp, e);
        if (rc <= 0) {
            return rc;
        }
        arena_reset(a, mark);
    }
    (void)err_set(e, ERR_PREFLIGHT, "\"%s\" keeps changing while it is read", path);
    return err_hint(e, "wait until nothing writes to the file any more, then run kfmig again");
}

int file_read(struct arena *a, int dirfd, const char *path, size_t limit, struct bytes *out,
              struct stamp *stamp, struct err *e)
{
    if (path[0] == '/') {
        (void)err_set(e, ERR_CONFIG, "\"%s\" is an absolute path", path);
        return err_hint(e, "write the path relative to its folder");
    }
    int fd = file_open(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, e);
    if (fd == FILE_ABSENT) {
        return 1;
    }
    if (fd < 0) {
        return -1;
    }
    int rc = read_settled(a, fd, path, limit, out, stamp, e);
    (void)close(fd);
    return rc;
}

int file_read_given(struct arena *a, const char *path, size_t limit, struct bytes *out,
                    struct err *e)
{
    const char *slash = strrchr(path, '/');
    const char *dir = slash == NULL   ? "."
                      : slash == path ? "/"
                                      : arena_strndup(a, path, (size_t)(slash - path));
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return err_errno(e, ERR_CONFIG, "cannot open the directory \"%s\"", dir);
    }
    int rc = file_read(a, fd, slash != NULL ? slash + 1 : path, limit, out, NULL, e);
    (void)close(fd);
    return rc == 1 ? err_set(e, ERR_CONFIG, "no file \"%s\"", path) : rc;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct file_name *)a)->name, ((const struct file_name *)b)->name);
}

/* Some file systems do not say in the listing what an entry is. DT_UNKNOWN: it is gone. */
static unsigned char type_of(DIR *dir, const struct dirent *entry)
{
    if (entry->d_type != DT_UNKNOWN) {
        return entry->d_type;
    }
    struct stat st;
    if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return DT_UNKNOWN;
    }
    return (unsigned char)IFTODT(st.st_mode);
}

static int list_open(struct arena *a, DIR *dir, const char *path, struct file_names *out,
                     struct err *e)
{
    struct file_names names = {0};
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL) {
            break;
        }
        unsigned char type = type_of(dir, entry);
        if (type == DT_UNKNOWN || strcmp(entry->d_name, ".") == 0 ||
            strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        ARENA_GROW(a, names.v, names.n, names.cap);
        names.v[names.n++] = (struct file_name){arena_strdup(a, entry->d_name), type};
    }
    if (errno != 0) {
        return file_fail(e, "list", path);
    }
    if (names.n > 1) {
        qsort(names.v, names.n, sizeof *names.v, compare_names);
    }
    *out = names;
    return 0;
}

int file_list(struct arena *a, int dirfd, const char *path, struct file_names *out, struct err *e)
{
    int fd = file_open(dirfd, path[0] == '\0' ? "." : path, O_RDONLY | O_DIRECTORY, e);
    if (fd == FILE_ABSENT) {
        *out = (struct file_names){0};
        return 1;
    }
    if (fd < 0) {
        return -1;
    }
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        int rc = file_fail(e, "list", path);
        (void)close(fd);
        return rc;
    }
    int rc = list_open(a, dir, path, out, e);
    (void)closedir(dir);
    return rc;
}
