/* What stands beneath folders, by what the file system says of it: path, size, times, inode.
 * Owns: looking at all of it, and telling what is otherwise. Nothing is opened but folders, no symlink is
 * followed. */
#ifndef KFMIG_BASE_STAMPS_H
#define KFMIG_BASE_STAMPS_H

#include "base/file.h"

struct stamped {
    const char *path;
    struct stamp is;
    unsigned mode;
};
struct stamps {
    struct stamped *v; /* sorted by path */
    size_t n, cap;
};
/* All beneath the n roots of dirfd; one that is not there has nothing beneath it. In a. -1 with
 * ERR_PREFLIGHT: it cannot be looked at, or there are more than 4 million files. */
int stamps_take(struct arena *a, int dirfd, const char *const *roots, size_t n, struct stamps *out,
                struct err *e) MUST_CHECK;
/* How many differ, of those before and those after. *first, *what (static): one of them, and "changed",
 * "added" or "removed". Folders count as their entries do. */
size_t stamps_differ(const struct stamps *before, const struct stamps *after, const char **first,
                     const char **what);

#endif
