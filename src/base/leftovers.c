/* Temporary files of killed runs. */
#include "base/leftovers.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static bool is_leftover(const struct file_name *f)
{
    size_t n = strlen(f->name);
    return f->type == DT_REG && n == strlen(".kfmig-0123456789abcdef.tmp") &&
           strncmp(f->name, ".kfmig-", 7) == 0 && strcmp(f->name + n - 4, ".tmp") == 0;
}

void leftovers_remove(struct arena *a, int dirfd, const char *folder)
{
    struct err ignored = {0};
    struct file_names names = {0};
    if (file_list(a, dirfd, folder, &names, &ignored) != 0) {
        return;
    }
    for (size_t i = 0; i < names.n; i++) {
        if (is_leftover(&names.v[i])) {
            (void)unlinkat(dirfd, arena_printf(a, "%s/%s", folder, names.v[i].name), 0);
        }
    }
}
