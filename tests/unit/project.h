/* A project in a temporary directory, for tests of load/. */
#ifndef KFMIG_TESTS_UNIT_PROJECT_H
#define KFMIG_TESTS_UNIT_PROJECT_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "load/load.h"

static char project_path[] = "/tmp/kfmig-t-project-XXXXXX";
static int project_fd = -1;

static inline int project_remove_one(const char *path, const struct stat *st, int flag,
                                     struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static inline void project_remove(void)
{
    if (project_fd >= 0) {
        (void)close(project_fd);
        (void)nftw(project_path, project_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    project_fd = -1;
}

/* An empty one; the former is gone. */
static inline void project_start(void)
{
    bool is_first = project_fd < 0;
    project_remove();
    if (is_first ? mkdtemp(project_path) == NULL : mkdir(project_path, 0700) != 0) {
        abort();
    }
    project_fd = open(project_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static inline void project_write(const char *path, const char *p, size_t n)
{
    char folder[256];
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
        (void)mkdirat(project_fd, folder, 0755);
    }
    int fd = openat(project_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, p, n) != (ssize_t)n) {
        printf("Bail out! cannot write %s\n", path);
        abort();
    }
    (void)close(fd);
}

static inline void project_put(const char *path, const char *text)
{
    project_write(path, text, strlen(text));
}

/* The lines of a declaration after migration_id. more: further lines, or "". */
static inline void project_declare(const char *type, const char *id, const char *more)
{
    char path[256];
    char text[4096];
    (void)snprintf(path, sizeof path, "migrations/%s/%s/migration.yml", type, id);
    (void)snprintf(text, sizeof text,
                   "migration_id: %s\ntype: %s\nintent: \"Test\"\nscope: {allowed_schemas: [app]}\n"
                   "limits: {max_table_count_touched: 1}\nrequires_rollback: true\n"
                   "approvals: {required_reviewers: [ada], change_class: schema-only}\nrunner: "
                   "{tool: native}\n"
                   "artifacts: {forward: [forward.sql], rollback: [rollback.sql]}\n%s",
                   id, type, more);
    project_put(path, text);
}

/* A whole bundle without faults (of a type whose scripts are .sql). */
static inline void project_bundle(const char *id, const char *more)
{
    char path[256];
    project_declare("postgis", id, more);
    (void)snprintf(path, sizeof path, "migrations/postgis/%s/forward.sql", id);
    project_put(path, "CREATE TABLE app.t ();\n");
    (void)snprintf(path, sizeof path, "migrations/postgis/%s/rollback.sql", id);
    project_put(path, "DROP TABLE app.t;\n");
}

struct loaded {
    struct arena a;
    struct project p;
    struct cache *cache;
};

/* Load it; with a cache, one is opened and closed with it. */
static inline void project_load(struct loaded *l, bool with_cache)
{
    struct err e = {0};
    *l = (struct loaded){.a = {0}};
    l->p = (struct project){.a = &l->a, .dirfd = dup(project_fd), .root = project_path};
    l->cache = with_cache ? cache_open(project_fd, project_path) : NULL;
    if (load_project(&l->p, l->cache, &e) != 0) {
        printf("Bail out! %s\n", e.msg);
        abort();
    }
}

static inline void project_unload(struct loaded *l)
{
    cache_close(l->cache);
    load_release(&l->p);
    arena_release(&l->a);
}

/* Faults, or warnings, as lines "path:line:col message" (":line:col" only where known). */
static inline void project_words(struct err_list *l, struct buf *out)
{
    err_list_sort(l);
    for (size_t i = 0; i < l->n; i++) {
        const struct err *e = &l->v[i];
        buf_puts(out, e->where.path);
        if (e->where.line > 0) {
            buf_printf(out, ":%d:%d", e->where.line, e->where.col);
        }
        buf_printf(out, " %s\n", e->msg);
    }
}

/* The row that the project's cache has; false: none. */
static inline bool project_cached(const char *kind, const char *name, struct arena *a,
                                  struct bytes *row)
{
    struct cache *c = cache_open(project_fd, project_path);
    bool found = cache_get(c, kind, bytes_str(name), a, row);
    cache_close(c);
    return found;
}

/* Load until the files are old enough to be put into the cache: the kernel's clock decides, hence
 * no fixed time. */
static inline void project_warm_up(const char *kind, const char *name)
{
    enum { TRIES = 1000000 };
    struct arena a = {0};
    struct bytes row;
    for (int i = 0; i < TRIES && !project_cached(kind, name, &a, &row); i++) {
        struct loaded l;
        project_load(&l, true);
        project_unload(&l);
    }
    arena_release(&a);
}

#endif
