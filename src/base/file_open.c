/* Opening files beneath a root: openat2(2) where the kernel has it, folder by folder otherwise. */
#include "base/file_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { RACES = 100 }; /* EAGAIN: something was renamed on the way; ask again this often */

struct advice {
    int number;
    const char *hint;
};

static const struct advice advices[] = {
    {ENOSPC, "free some space on that file system, then run kfmig again"},
    {EDQUOT, "the disk quota is used up: free some space, then run kfmig again"},
    {EROFS,
     "the file system is mounted read-only: remount it, or work in a copy that can be written"},
    {EACCES, "give the user that runs kfmig access to the file and to the folders above it"},
    {EPERM, "give the user that runs kfmig access to the file and to the folders above it"},
    {EIO, "the disk reports an error: check it and the kernel log before running kfmig again"},
    {EFBIG, "raise the limit on the size of files (ulimit -f)"},
    {EMFILE, "raise the limit of open files (ulimit -n)"},
    {ENFILE, "the machine has too many files open: close some"},
    {ENAMETOOLONG, "use a shorter path"},
    {EISDIR, "a folder stands where a file is to be written: move it away"},
    {ENOTDIR, "a file stands where a folder is needed: move it away"},
    {ENOTEMPTY, "a folder stands where a file is to be written: move it away"},
};

int file_fail(struct err *e, const char *verb, const char *path)
{
    int number = errno;
    (void)err_errno(e, ERR_PREFLIGHT, "cannot %s \"%s\"", verb, path);
    for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++) {
        if (advices[i].number == number) {
            return err_hint(e, "%s", advices[i].hint);
        }
    }
    return -1;
}

int file_check_path(const char *path, struct err *e)
{
    if (path[0] == '\0') {
        return err_set(e, ERR_CONFIG, "a file path is empty");
    }
    if (path[0] == '/') {
        return 0;
    }
    for (const char *at = path; *at != '\0';) {
        size_t n = strcspn(at, "/");
        if (n == 2 && memcmp(at, "..", 2) == 0) {
            (void)err_set(e, ERR_CONFIG, "\"%s\" has \"..\" in it", path);
            return err_hint(e, "name the file by a path that only goes down from its folder");
        }
        at += n + strspn(at + n, "/");
    }
    return 0;
}

/* O_DIRECTORY with O_NOFOLLOW calls a symlink "not a directory"; the caller must be able to tell it
 * from a file. */
static int open_component(int dirfd, const char *name, int flags)
{
    int fd = openat(dirfd, name, flags | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOTDIR) {
        struct stat st;
        bool is_link = fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
        errno = is_link ? ELOOP : ENOTDIR;
    }
    return fd;
}

static int open_stepwise(int dirfd, const char *path, int flags)
{
    int at = dirfd;
    for (const char *part = path;;) {
        char name[NAME_MAX + 1];
        size_t n = strcspn(part, "/");
        if (n > NAME_MAX) {
            errno = ENAMETOOLONG;
            break;
        }
        memcpy(name, part, n);
        name[n] = '\0';
        part += n + strspn(part + n, "/");
        bool is_last = *part == '\0';
        int fd = open_component(at, name, is_last ? flags : O_PATH | O_DIRECTORY);
        int number = errno;
        if (at != dirfd) {
            (void)close(at);
        }
        errno = number;
        if (fd < 0 || is_last) {
            return fd;
        }
        at = fd;
    }
    if (at != dirfd) {
        (void)close(at);
        errno = ENAMETOOLONG;
    }
    return -1;
}

static int open_beneath(int dirfd, const char *path, int flags)
{
    static bool is_missing;
    if (is_missing) {
        return open_stepwise(dirfd, path, flags);
    }
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };
    long fd = -1;
    for (int i = 0; i < RACES; i++) {
        fd = syscall(SYS_openat2, dirfd, path, &how, sizeof how);
        if (fd >= 0 || (errno != EINTR && errno != EAGAIN)) {
            break;
        }
    }
    /* Filters of containers answer EPERM for what they do not know. */
    if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
        is_missing = errno == ENOSYS;
        return open_stepwise(dirfd, path, flags);
    }
    return (int)fd;
}

static int refuse_link(struct err *e, const char *path)
{
    (void)err_set(e, ERR_CONFIG, "\"%s\" is a symlink, or leads through one", path);
    return err_hint(e, "replace the symlink by what it points to");
}

int file_open(int dirfd, const char *path, int flags, struct err *e)
{
    if (file_check_path(path, e) != 0) {
        return -1;
    }
    int fd = path[0] == '/' ? open(path, flags | O_CLOEXEC) : open_beneath(dirfd, path, flags);
    if (fd >= 0) {
        return fd;
    }
    if (errno == ENOENT || (errno == ENOTDIR && (flags & O_DIRECTORY) == 0)) {
        return FILE_ABSENT;
    }
    if (errno == ELOOP) {
        return refuse_link(e, path);
    }
    if (errno == ENXIO) {
        (void)err_set(e, ERR_CONFIG, "\"%s\" is a socket or a device, not a regular file", path);
        return err_hint(e, "put a regular file there");
    }
    return file_fail(e, "open", path);
}
