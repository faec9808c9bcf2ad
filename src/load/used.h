/* Which files and folders a bundle was made from, and how they looked: a cached bundle is good
 * while they look the same. */
#ifndef KFMIG_LOAD_USED_H
#define KFMIG_LOAD_USED_H

#include "base/digest.h"
#include "base/file.h"

/* Paths are relative to the folder that the bundle's folder stands in: "ID", "ID/forward.sql". */
struct used {
    struct arena *a;
    const char **path;
    struct stamp *stamp;
    size_t n, cap;
    bool
        is_uncertain; /* something could not be looked at: nothing may be concluded from the stamps */
};

/* Remember how path looked when it was read; both are copied. */
void used_add(struct used *u, const char *path, const struct stamp *stamp);

/* How dirfd/path looks, be it a file, a folder or absent (all zero); symlinks are not followed. 0,
 * or -1: it is something else, or cannot be looked at. */
int used_look(int dirfd, const char *path, struct stamp *out);

/* One number for a list of stamps. */
struct hint used_hint(const struct stamp *v, size_t n);

/* Nanoseconds since 1970, by the clock that files are stamped with. */
int64_t used_now(void);
/* Was none of them changed shortly before started, when reading them began? A later edit within the same
 * tick of the file system's clock would leave the stamps as they are. */
bool used_is_settled(const struct stamp *v, size_t n, int64_t started);

#endif
