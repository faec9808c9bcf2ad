/* Receipts that no ledger took. */
#include "flow/owed.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/leftovers.h"

enum { OWED_MAX = 1024 * 1024 * 1024 }; /* what owed_write() may write */

/* Whatever its size: what is too large to be recorded must still be found. */
static bool holds(int dirfd, const char *path, const char *mark)
{
    struct stat st;
    bool found = false;
    int fd = openat(dirfd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0) {
        size_t n = (size_t)st.st_size;
        void *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p != MAP_FAILED) {
            found = memmem(p, n, mark, strlen(mark)) != NULL;
            (void)munmap(p, n);
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return found;
}

/* The owed receipts of this environment, as paths; other environments' debts stay where they are. */
static int find_owed(const struct site *s, struct names *out, struct err *e)
{
    struct file_names names = {0};
    *out = (struct names){0};
    int rc = file_list(s->a, s->project->dirfd, "state/owed", &names, e);
    for (size_t i = 0; rc == 0 && i < names.n; i++) {
        size_t n = strlen(names.v[i].name);
        const char *path = arena_printf(s->a, "state/owed/%s", names.v[i].name);
        if (names.v[i].type != DT_REG || n < 5 || strcmp(names.v[i].name + n - 5, ".json") != 0) {
            continue;
        }
        const char *mark = arena_printf(s->a, "\"environment\":\"%s\"", s->env->name);
        if (holds(s->project->dirfd, path, mark)) {
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

/* A receipt that can never be recorded must not hold up the environment for ever; nor may it be lost. */
static int set_aside(const struct site *s, const char *path, const struct err *why, struct err *e)
{
    const char *to = arena_printf(s->a, "state/owed/aside/%s", path + strlen("state/owed/"));
    if (file_mkdirs(s->project->dirfd, "state/owed/aside", 0777, e) != 0) {
        return -1;
    }
    if (renameat(s->project->dirfd, path, s->project->dirfd, to) != 0) {
        return err_errno(e, ERR_PREFLIGHT, "cannot move %s", path);
    }
    tell_warning(&s->ear, "%s: an owed receipt cannot be recorded and was set aside as %s: %s",
                 s->env->name, to, why->msg);
    return 0;
}

static int pay_one(const struct site *s, struct run *r, const char *path, size_t *n, struct err *e)
{
    struct bytes text;
    struct stat st;
    struct err why = {0};
    enum owed_fate fate = OWED_UNREADABLE;
    if (fstatat(s->project->dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > OWED_MAX) {
        (void)err_set(&why, ERR_CONFIG, "it has %lld bytes, and may have 1 GiB",
                      (long long)st.st_size);
    } else if (file_read(s->a, s->project->dirfd, path, OWED_MAX, &text, NULL, &why) != 0 ||
               run_pay(r, text, &fate, &why) != 0) {
        *e = why;
        return -1;
    }
    if (fate == OWED_UNREADABLE) {
        return set_aside(s, path, &why, e);
    }
    *n += fate == OWED_PAID;
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
    if (file_write(s->project->dirfd, path, o->owed, 0600, e) != 0) {
        return -1;
    }
    tell_warning(&s->ear,
                 "%s: the ledger did not take the receipt; it is kept in state/owed, and the next "
                 "build records it",
                 s->env->name);
    return 0;
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
