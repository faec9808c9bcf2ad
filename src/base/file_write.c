/* Files, write side: a reader sees the old or the new content and never a part; folders are made on
 * the way. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/file_open.h"

enum { TEMP_NAME = 32 };

static int write_all(int fd, struct bytes data)
{
    while (data.n > 0) {
        ssize_t n = write(fd, data.p, data.n);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -1;
        }
        data.p += n;
        data.n -= (size_t)n;
    }
    return 0;
}

/* File systems that cannot fsync a directory answer EINVAL; nothing is lost by that. */
static int sync_dir(int fd)
{
    return fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP ? 0 : -1;
}

/* The descriptor is closed on every path: a file system may report a failed write only then. */
static int fill_temp(int fd, struct bytes data)
{
    int rc = write_all(fd, data);
    if (rc == 0 && FAULT(FILE_TEMP)) {
        errno = EIO;
        rc = -1;
    }
    if (rc == 0) {
        rc = fsync(fd);
    }
    int number = errno;
    if (close(fd) != 0 && rc == 0) {
        return -1;
    }
    errno = number;
    return rc;
}

static int rename_temp(int dir, const char *temp, const char *name)
{
    if (FAULT(FILE_RENAME)) {
        errno = EIO;
        return -1;
    }
    return renameat(dir, temp, dir, name);
}

static int write_in(int dir, const char *name, struct bytes data, unsigned mode)
{
    uint8_t noise[8];
    char hex[17];
    char temp[TEMP_NAME];
    random_bytes(noise, sizeof noise);
    hex_encode(noise, sizeof noise, hex);
    (void)snprintf(temp, sizeof temp, ".kfmig-%s.tmp", hex);
    int fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)mode);
    if (fd < 0) {
        return -1;
    }
    if (fill_temp(fd, data) != 0 || rename_temp(dir, temp, name) != 0) {
        int number = errno;
        (void)unlinkat(dir, temp, 0);
        errno = number;
        return -1;
    }
    return sync_dir(dir);
}

/* Length of the part of path that names its folder; 0: the folder is dirfd itself. */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return 0;
    }
    return slash == path ? 1 : (size_t)(slash - path);
}

/* Opens the folder, making it if it is missing. */
static int open_folder(int dirfd, const char *folder, struct err *e)
{
    int fd = file_open(dirfd, folder, O_RDONLY | O_DIRECTORY, e);
    if (fd != FILE_ABSENT) {
        return fd;
    }
    if (file_mkdirs(dirfd, folder, 0777, e) != 0) {
        return -1;
    }
    fd = file_open(dirfd, folder, O_RDONLY | O_DIRECTORY, e);
    if (fd == FILE_ABSENT) {
        errno = ENOENT;
        return file_fail(e, "write into", folder);
    }
    return fd;
}

/* Who judges what is written; the one state of this file. */
static file_judge *judge_of_all;

void file_judge_by(file_judge *judge)
{
    judge_of_all = judge;
}

static int ask_judge(const char *path, struct bytes data, struct err *e)
{
    file_judge *judge = judge_of_all;
    judge_of_all = NULL;
    int rc = judge != NULL ? judge(path, data, e) : 0;
    judge_of_all = judge;
    return rc;
}

int file_write(int dirfd, const char *path, struct bytes data, unsigned mode, struct err *e)
{
    char folder[PATH_MAX];
    size_t n = folder_length(path);
    const char *name = n == 0 ? path : strrchr(path, '/') + 1;
    if (file_check_path(path, e) != 0) {
        return -1;
    }
    if (*name == '\0' || strcmp(name, ".") == 0) {
        return err_set(e, ERR_CONFIG, "\"%s\" names no file", path);
    }
    if (n >= sizeof folder) {
        errno = ENAMETOOLONG;
        return file_fail(e, "write", path);
    }
    memcpy(folder, n == 0 ? "." : path, n == 0 ? 1 : n);
    folder[n == 0 ? 1 : n] = '\0';
    int dir = ask_judge(path, data, e) != 0 ? -1 : open_folder(dirfd, folder, e);
    if (dir < 0) {
        return -1;
    }
    int rc = write_in(dir, name, data, mode) == 0 ? 0 : file_fail(e, "write", path);
    (void)close(dir);
    return rc;
}

static int open_parent(int dirfd, char *path, struct err *e)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path) {
        return file_open(dirfd, slash == NULL ? "." : "/", O_RDONLY | O_DIRECTORY, e);
    }
    *slash = '\0';
    int fd = file_open(dirfd, path, O_RDONLY | O_DIRECTORY, e);
    *slash = '/';
    return fd;
}

/* Makes the last folder of path, whose parents exist. The new name is made durable as a file's
 * would be. */
static int make_one(int dirfd, char *path, unsigned mode, struct err *e)
{
    int dir = open_parent(dirfd, path, e);
    if (dir == FILE_ABSENT) {
        errno = ENOENT;
        return file_fail(e, "make the folder", path);
    }
    if (dir < 0) {
        return -1;
    }
    const char *slash = strrchr(path, '/');
    int rc = mkdirat(dir, slash == NULL ? path : slash + 1, (mode_t)mode);
    if (rc == 0) {
        rc = sync_dir(dir);
    } else if (errno == EEXIST) {
        rc = 0;
    }
    if (rc != 0) {
        (void)file_fail(e, "make the folder", path);
    }
    (void)close(dir);
    return rc;
}

static int is_there(int dirfd, const char *path, struct err *e)
{
    int fd = file_open(dirfd, path, O_PATH | O_DIRECTORY, e);
    if (fd >= 0) {
        (void)close(fd);
        return 1;
    }
    return fd == FILE_ABSENT ? 0 : -1;
}

int file_mkdirs(int dirfd, const char *path, unsigned mode, struct err *e)
{
    char part[PATH_MAX];
    size_t n = strlen(path);
    if (n >= sizeof part) {
        errno = ENAMETOOLONG;
        return file_fail(e, "make the folder", path);
    }
    memcpy(part, path, n + 1);
    while (n > 1 && part[n - 1] == '/') {
        part[--n] = '\0';
    }
    int rc = is_there(dirfd, part, e);
    for (size_t i = 1; i <= n && rc == 0; i++) {
        bool is_end = i == n || (part[i] == '/' && part[i - 1] != '/');
        if (!is_end) {
            continue;
        }
        char next = part[i];
        part[i] = '\0';
        rc = is_there(dirfd, part, e);
        if (rc == 0) {
            rc = make_one(dirfd, part, mode, e);
        } else if (rc == 1 && i < n) {
            rc = 0;
        }
        part[i] = next;
    }
    return rc < 0 ? -1 : 0;
}
