/* What stands in the folders beneath the data roots: listings, each made once, through which no symlink is
 * followed. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "data/catalog.h"

struct catalog_folder {
    int rc; /* of file_list() */
    struct file_names names;
    struct err *error; /* NULL unless rc < 0 */
};

const char *path_join(struct arena *a, const char *folder, const char *name)
{
    return folder[0] == '\0' ? arena_strdup(a, name) : arena_printf(a, "%s/%s", folder, name);
}

const char *path_folder(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? "" : arena_strndup(a, path, (size_t)(slash - path));
}

const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

bool path_ends(const char *path, const char *ending)
{
    size_t n = strlen(path);
    size_t n_ending = strlen(ending);
    return n > n_ending && strcmp(path + n - n_ending, ending) == 0;
}

static const struct catalog_folder *folder_of(struct tree *t, const char *path)
{
    struct catalog_folder *f = table_gets(&t->folders, path);
    if (f != NULL) {
        return f;
    }
    struct err e = {0};
    f = ARENA_NEW(t->a, struct catalog_folder);
    f->rc = file_list(t->a, t->dirfd, path, &f->names, &e);
    if (f->rc < 0) {
        f->error = ARENA_NEW(t->a, struct err);
        *f->error = e;
    }
    t->folders.a = t->a;
    (void)table_puts(&t->folders, arena_strdup(t->a, path), f);
    return f;
}

const struct file_names *catalog_tree_list(struct tree *t, const char *path, struct err *e)
{
    const struct catalog_folder *f = folder_of(t, path);
    *e = (struct err){0};
    if (f->rc < 0) {
        *e = *f->error;
    }
    return f->rc == 0 ? &f->names : NULL;
}

static int compare_name(const void *key, const void *name)
{
    return strcmp(key, ((const struct file_name *)name)->name);
}

enum tree_entry tree_look(struct tree *t, const char *path, struct err *e)
{
    struct arena a = {0};
    const struct file_names *l = catalog_tree_list(t, path_folder(&a, path), e);
    arena_release(&a);
    if (l == NULL) {
        return e->code == ERR_NONE     ? TREE_ABSENT
               : e->code == ERR_CONFIG ? TREE_LINK
                                       : TREE_UNREADABLE;
    }
    const struct file_name *name =
        l->n == 0 ? NULL : bsearch(path_name(path), l->v, l->n, sizeof *l->v, compare_name);
    if (name == NULL) {
        return TREE_ABSENT;
    }
    return name->type == DT_REG   ? TREE_REGULAR
           : name->type == DT_DIR ? TREE_FOLDER
           : name->type == DT_LNK ? TREE_LINK
                                  : TREE_OTHER;
}
