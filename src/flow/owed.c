/* Receipts that no ledger took. */
#include "flow/owed.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "base/leftovers.h"

enum { OWED_MAX = 256 * 1024 * 1024 };

/* The owed receipts of this environment, as paths; other environments' debts stay where they are. */
static int find_owed(const struct site *s, struct names *out, struct err *e)
{
    struct file_names names = {0};
    *out = (struct names){0};
    int rc = file_list(s->a, s->project->dirfd, "state/owed", &names, e);
    for (size_t i = 0; rc == 0 && i < names.n; i++) {
        size_t n = strlen(names.v[i].name);
        const char *path = arena_printf(s->a, "state/owed/%s", names.v[i].name);
        struct bytes text;
        if (names.v[i].type != DT_REG || n < 5 || strcmp(names.v[i].name + n - 5, ".json") != 0) {
            continue;
        }
        if (file_read(s->a, s->project->dirfd, path, OWED_MAX, &text, NULL, e) != 0) {
            return -1;
        }
        const char *mark = arena_printf(s->a, "\"environment\":\"%s\"", s->env->name);
        if (memmem(text.p, text.n, mark, strlen(mark)) != NULL) {
            ARENA_GROW(s->a, out->v, out->n, out->cap);
            out->v[out->n++] = path;
        }
    }
    return rc < 0 ? -1 : 0;
}

bool owed_any(const struct site *s)
{
    struct err ignored = {0};
    struct names owed;
    return find_owed(s, &owed, &ignored) != 0 || owed.n > 0;
}

static int pay_one(const struct site *s, struct run *r, const char *path, size_t *n, struct err *e)
{
    struct bytes text;
    bool paid = false;
    if (file_read(s->a, s->project->dirfd, path, OWED_MAX, &text, NULL, e) != 0 ||
        run_pay(r, text, &paid, e) != 0) {
        return -1;
    }
    *n += paid;
    return unlinkat(s->project->dirfd, path, 0) == 0
               ? 0
               : err_errno(e, ERR_PREFLIGHT, "cannot remove %s", path);
}

int owed_keep(const struct site *s, const struct outcome *o, struct err *e)
{
    if (s->o.dbname != NULL) {
        return 0;
    }
    const char *path = arena_printf(s->a, "state/owed/%s.json", o->run_id);
    return file_write(s->project->dirfd, path, o->owed, 0600, e);
}

int owed_pay(const struct site *s, struct run *r, size_t *n, struct err *e)
{
    struct names owed;
    *n = 0;
    leftovers_remove(s->a, s->project->dirfd, "state/owed");
    if (find_owed(s, &owed, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < owed.n; i++) {
        if (pay_one(s, r, owed.v[i], n, e) != 0) {
            return -1;
        }
    }
    return 0;
}
