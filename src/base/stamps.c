/* Stamps of what stands beneath folders. */
#include "base/stamps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES_MOST = 4000000, DEPTH_MOST = 64 };

struct descent {
    struct arena *a;
    int dirfd;
    struct stamps *out;
};

static int64_t ns_of(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int fail(const char *path, struct err *e)
{
    return err_errno(e, ERR_PREFLIGHT, "cannot look at \"%s\"", path);
}

static int walk_folder(struct descent *w, const char *path, int depth, struct err *e);

static int add(struct descent *w, const char *path, int depth, struct err *e)
{
    struct stat st;
    struct stamps *out = w->out;
    if (fstatat(w->dirfd, path, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? 0 : fail(path, e);
    }
    if (out->n == FILES_MOST || depth > DEPTH_MOST) {
        return err_set(e, ERR_PREFLIGHT, "more than %d files, or %d folders in each other: \"%s\"",
                       FILES_MOST, DEPTH_MOST, path);
    }
    if (S_ISDIR(st.st_mode)) {
        return walk_folder(w, path, depth + 1, e);
    }
    ARENA_GROW(w->a, out->v, out->n, out->cap);
    const struct stamp is = {(uint64_t)st.st_size, ns_of(st.st_mtim), ns_of(st.st_ctim), st.st_ino};
    out->v[out->n++] = (struct stamped){path, is, st.st_mode};
    return 0;
}

static int walk_folder(struct descent *w, const char *path, int depth, struct err *e)
{
    struct file_names names;
    int rc = file_list(w->a, w->dirfd, path, &names, e);
    for (size_t i = 0; rc == 0 && i < names.n; i++) {
        rc = add(w, arena_printf(w->a, "%s/%s", path, names.v[i].name), depth, e);
    }
    return rc < 0 ? -1 : 0;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct stamped *)a)->path, ((const struct stamped *)b)->path);
}

int stamps_take(struct arena *a, int dirfd, const char *const *roots, size_t n, struct stamps *out,
                struct err *e)
{
    struct descent w = {a, dirfd, out};
    *out = (struct stamps){0};
    for (size_t i = 0; i < n; i++) {
        if (add(&w, roots[i], 0, e) != 0) {
            return -1;
        }
    }
    if (out->n > 0) {
        qsort(out->v, out->n, sizeof *out->v, by_path);
    }
    return 0;
}

static bool is_same(const struct stamped *x, const struct stamped *y)
{
    return stamp_eq(&x->is, &y->is) && x->mode == y->mode;
}

size_t stamps_differ(const struct stamps *before, const struct stamps *after, const char **first,
                     const char **what)
{
    size_t i = 0;
    size_t k = 0;
    size_t n = 0;
    *first = *what = "";
    while (i < before->n || k < after->n) {
        int order = i == before->n  ? 1
                    : k == after->n ? -1
                                    : strcmp(before->v[i].path, after->v[k].path);
        if ((order != 0 || !is_same(&before->v[i], &after->v[k])) && n++ == 0) {
            *first = order > 0 ? after->v[k].path : before->v[i].path;
            *what = order > 0 ? "added" : order < 0 ? "removed" : "changed";
        }
        i += order <= 0 ? 1 : 0;
        k += order >= 0 ? 1 : 0;
    }
    return n;
}
