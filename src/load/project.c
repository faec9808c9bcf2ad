/* Finding a project and reading all of it. */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "load/bundle.h"
#include "load/bundles.h"
#include "load/depends.h"
#include "load/environments.h"
#include "load/operations.h"
#include "load/projections.h"
#include "load/registry.h"
#include "load/text.h"

/* --- finding ------------------------------------------------------------------------------------ */

static bool is_project(int dirfd)
{
    struct stat st;
    return fstatat(dirfd, ENVIRONMENTS_PATH, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
           (fstatat(dirfd, "migrations", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode)) ||
           (fstatat(dirfd, "backend/db/migrations", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISDIR(st.st_mode));
}

int load_find(struct arena *a, const char *start, int *dirfd, const char **root, struct err *e)
{
    char *path = realpath(start, NULL);
    if (path == NULL) {
        (void)err_errno(e, ERR_CONFIG, "cannot open the directory \"%s\"", start);
        return err_hint(e, "name a directory that exists");
    }
    for (;;) {
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0 && is_project(fd)) {
            *dirfd = fd;
            *root = arena_strdup(a, path);
            free(path);
            return 0;
        }
        if (fd >= 0) {
            (void)close(fd);
        }
        char *slash = strrchr(path, '/');
        if (slash == NULL || path[1] == '\0') {
            break;
        }
        slash[slash == path ? 1 : 0] = '\0';
    }
    free(path);
    (void)err_set(e, ERR_CONFIG,
                  "no project here: neither \"%s\" nor a folder above it has " ENVIRONMENTS_PATH
                  " or migrations/",
                  start);
    return err_hint(e, "change to the project's directory, or make one with `kfmig init`");
}

/* --- reading ------------------------------------------------------------------------------------ */

static bool is_folder(const struct project *p, const char *path)
{
    struct stat st;
    return fstatat(p->dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* Without data_roots, those of the usual folders that are there. */
static void check_roots(struct project *p)
{
    static const char *const usual[] = {"registry/data", "data"};
    if (p->roots.n > 0) {
        return;
    }
    p->roots.v = ARENA_ARRAY(p->a, const char *, 2);
    for (size_t i = 0; i < 2; i++) {
        if (is_folder(p, usual[i])) {
            p->roots.v[p->roots.n++] = usual[i];
        }
    }
}

static void read_environments(struct project *p)
{
    struct environments found = {.layout = LAYOUT_COUNT};
    struct text_file file;
    int rc = text_read(p->a, p->dirfd, ENVIRONMENTS_PATH, LIMIT_YAML, NULL, &file, &p->faults);
    p->has_environments_file = rc != 1;
    if (rc == 1) {
        environments_implicit(p->a, &found);
    } else if (rc == 0 && file.is_text) {
        size_t n_faults = p->faults.n;
        environments_read(p->a, file.bytes, ENVIRONMENTS_PATH, &found, &p->faults);
        text_drop_echoes(&file, &p->faults, n_faults);
    }
    p->env = found.env;
    p->n_env = found.n;
    p->default_env = found.preset;
    p->domains = found.domains;
    p->sink = found.sink;
    p->layout = found.layout;
    p->alembic = found.alembic;
    p->roots = found.roots;
    for (size_t i = 0; i < p->n_env; i++) {
        operations_check_files(&p->env[i], p->dirfd, ENVIRONMENTS_PATH, &p->faults);
    }
    check_roots(p);
}

void load_checks(struct project *p, enum check c)
{
    p->faults.rule = p->warnings.rule = check_rule(c);
}

void load_environments(struct project *p)
{
    if (!p->has_environments) {
        load_checks(p, CHECK_ENVIRONMENTS);
        read_environments(p);
        p->has_environments = true;
    }
}

int load_project(struct project *p, struct cache *cache, struct err *e)
{
    struct table known = {.a = p->a};
    load_environments(p);
    if (p->alembic != NULL && p->render != NULL && p->render(p, p->render_ctx, e) != 0) {
        return -1;
    }
    load_checks(p, CHECK_DECLARATION);
    if (bundles_read(p, cache, &known, e) != 0) {
        return -1;
    }
    load_checks(p, CHECK_REGISTRY);
    registry_read(p, cache);
    load_checks(p, CHECK_ORDER);
    depends_check(p, &known);
    load_checks(p, CHECK_PROJECTION);
    projections_read(p);
    return 0;
}

void load_release(struct project *p)
{
    err_list_release(&p->faults);
    err_list_release(&p->warnings);
    if (p->dirfd >= 0) {
        (void)close(p->dirfd);
        p->dirfd = -1;
    }
}

const struct env *load_env(const struct project *p, const char *name)
{
    for (size_t i = 0; i < p->n_env; i++) {
        if (strcmp(p->env[i].name, name) == 0) {
            return &p->env[i];
        }
    }
    return NULL;
}

/* --- one bundle in full --------------------------------------------------------------------------- */

static int changed(const struct bundle *b, struct err *e)
{
    (void)err_at(e, ERR_PREFLIGHT, b->file != NULL ? b->file : b->dir, 0, 0,
                 "the files of \"%s\" changed while kfmig ran", b->id);
    return err_hint(e, "run kfmig again when nobody edits them");
}

struct kept_defaults {
    const struct doc *d;
    struct stamp used;
};

/* defaults.yml of a folder, read anew only where it looks different. */
static const struct doc *defaults_of(struct project *p, const char *folder, struct err_list *faults)
{
    struct stamp now;
    struct kept_defaults *kept = table_gets(&p->defaults, folder);
    const char *path = arena_printf(p->a, "%s/" DEFAULTS_NAME, folder);
    if (kept != NULL && used_look(p->dirfd, path, &now) == 0 && stamp_eq(&kept->used, &now)) {
        return kept->d;
    }
    size_t n_faults = faults->n;
    struct kept_defaults read;
    read.d = flat_defaults(p->a, p->dirfd, folder, &read.used, faults);
    if (faults->n == n_faults) {
        p->defaults.a = p->a;
        (void)table_puts(&p->defaults, folder, arena_dup(p->a, &read, sizeof read));
    }
    return read.d;
}

int load_decl(struct project *p, struct bundle *b, struct err *e)
{
    return load_decl_into(p, b, p->a, e);
}

int load_decl_into(struct project *p, struct bundle *b, struct arena *a, struct err *e)
{
    if (b->decl != NULL) {
        return 0;
    }
    if (b->is_illegible) {
        *e = b->faults[0];
        return -1;
    }
    struct bundle again;
    struct err_list faults = {0};
    struct err_list warnings = {0};
    struct used used = {.a = a};
    struct bundle_place at = bundle_place_of(b);
    struct flat_folder beside = {.defaults =
                                     b->file != NULL ? defaults_of(p, b->folder, &faults) : NULL};
    struct bundle_reader r = {a, p->dirfd, true, &used, &faults, &warnings, &beside, b->values};
    bundle_read(&r, &at, &again);
    bool same = faults.n == 0 && digest_eq(&again.checksum, &b->checksum) &&
                digest_eq(&again.bundle_digest, &b->bundle_digest);
    err_list_release(&faults);
    err_list_release(&warnings);
    if (!same) {
        return changed(b, e);
    }
    b->decl = again.decl;
    return 0;
}
