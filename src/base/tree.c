/* Whole folders. */
#include "base/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int remove_entries(int dirfd, const char *name)
{
    int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    int rc = dir == NULL ? -1 : 0;
    if (dir == NULL && fd >= 0) {
        (void)close(fd);
    }
    for (struct dirent *d = dir == NULL ? NULL : readdir(dir); d != NULL; d = readdir(dir)) {
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0 &&
            tree_remove(fd, d->d_name) != 0) {
            rc = -1;
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    return rc;
}

int tree_remove(int dirfd, const char *name)
{
    if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT) {
        return 0;
    }
    if (errno != EISDIR && errno != EPERM) {
        return -1;
    }
    return remove_entries(dirfd, name) == 0 ? unlinkat(dirfd, name, AT_REMOVEDIR) : -1;
}
