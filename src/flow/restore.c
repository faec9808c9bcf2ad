/* A bundle's files put back as they were when it was applied. */
#include "flow/restore.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "evidence/texts.h"
#include "load/rename.h"

enum { TEXT_MAX = 64 * 1024 * 1024, HERE_MAX = 4096 };

static bool is_as_it_was(const struct site *s, const char *dir, const struct artifact *f)
{
    struct arena a = {0};
    struct bytes now;
    struct err ignored = {0};
    const char *path = arena_printf(&a, "%s/%s", dir, f->path);
    bool same = file_read(&a, s->project->dirfd, path, TEXT_MAX, &now, NULL, &ignored) == 0 &&
                bytes_eq(now, f->bytes);
    arena_release(&a);
    return same;
}

/* Its declaration names it as it was called then. */
static int call_by_id(struct site *s, struct restoring *x, const char *old, struct err *e)
{
    for (size_t i = 0; i < x->files.n && strcmp(old, x->id) != 0; i++) {
        struct artifact *f = &x->files.v[i];
        struct buf text = {0};
        if (strcmp(f->path, "migration.yml") != 0) {
            continue;
        }
        buf_add(&text, f->bytes.p, f->bytes.n);
        int rc = rename_text(&text, f->path, old, x->id, e);
        f->bytes = bytes_of(arena_dup(s->a, buf_str(&text), text.n), text.n);
        buf_release(&text);
        if (rc != 0) {
            return -1;
        }
    }
    return 0;
}

/* Flat files are called by their id. */
static void call_files_by_id(struct site *s, struct restoring *x, const char *old)
{
    struct layout_name name;
    for (size_t i = 0; i < x->files.n; i++) {
        struct artifact *f = &x->files.v[i];
        if (!layout_name_parse(s->a, f->path, &name) || strcmp(name.id, old) != 0) {
            continue;
        }
        f->path = name.is_down ? layout_down(s->a, name.layout, x->id)
                               : arena_printf(s->a, "%s%s", x->id, f->path + strlen(old));
    }
}

/* The file that a definition stands in now; b NULL: as that was called, with its id. */
static void call_definition_by_id(struct site *s, struct restoring *x, const struct bundle *b)
{
    for (size_t i = 0; i < x->files.n; i++) {
        struct artifact *f = &x->files.v[i];
        const char *was = layout_definition(s->a, f->path, true);
        size_t n = was != NULL ? strlen(f->path) - strlen(was) - strlen(".sql") : 0;
        f->path = b != NULL ? b->file + strlen(b->folder) + 1
                            : arena_printf(s->a, "%.*s%s.sql", (int)n, f->path, x->id);
    }
}

int restore_read(struct site *s, const char *id, struct restoring *out, struct err *e)
{
    const struct history *h = past_get(&s->past, id);
    const struct bundle *b = table_gets(&s->project->by_id, id);
    struct ledger_source l = ledger_source_of(s->pg);
    if (h == NULL || h->applied == NULL || !h->applied->is_migration) {
        err_set(e, ERR_PREFLIGHT, "no migration %s is applied in \"%s\"", id, s->env->name);
        return err_hint(e, "`kfmig receipt list %s` shows what its ledger knows", s->env->name);
    }
    *out = (struct restoring){
        .id = id, .dir = b != NULL ? b->dir : arena_printf(s->a, "migrations/postgis/%s", id)};
    const char *folder = NULL;
    if (texts_read(&l, s->a, h->applied, &out->files, &folder, e) != 0) {
        return -1;
    }
    if (folder != NULL) {
        out->dir = b != NULL && b->file != NULL ? b->folder : folder;
        if (h->applied->is_definition) {
            call_definition_by_id(s, out, b);
        } else {
            call_files_by_id(s, out, h->applied->recorded_as);
        }
    } else if (call_by_id(s, out, h->applied->recorded_as, e) != 0) {
        return -1;
    }
    out->is_there = ARENA_ARRAY(s->a, bool, out->files.n + 1);
    for (size_t i = 0; i < out->files.n; i++) {
        out->is_there[i] = is_as_it_was(s, out->dir, &out->files.v[i]);
    }
    return 0;
}

int restore_write(const struct site *s, const struct restoring *x, struct err *e)
{
    for (size_t i = 0; i < x->files.n; i++) {
        const char *path = arena_printf(s->a, "%s/%s", x->dir, x->files.v[i].path);
        if (!x->is_there[i] &&
            file_write(s->project->dirfd, path, x->files.v[i].bytes, 0666, e) != 0) {
            return -1;
        }
    }
    return 0;
}

static const char *state_of(const struct restoring *x, size_t i, bool is_written)
{
    return x->is_there[i] ? "is as it was" : is_written ? "written" : "differs";
}

void restore_put(struct buf *out, const struct restoring *x, bool is_written)
{
    for (size_t i = 0; i < x->files.n; i++) {
        const struct artifact *f = &x->files.v[i];
        buf_printf(out, is_written ? "%s/%s: %s\n" : "==> %s/%s (%s) <==\n", x->dir, f->path,
                   state_of(x, i, is_written));
        if (!is_written) {
            buf_add(out, f->bytes.p, f->bytes.n);
        }
    }
}

struct doc *restore_doc(struct arena *a, const struct restoring *x, bool is_written)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "migration_id", doc_text(a, x->id));
    struct doc *files = doc_put(a, d, "files", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < x->files.n; i++) {
        const struct artifact *f = &x->files.v[i];
        char digest[DIGEST_TEXT];
        struct doc *row = doc_push(a, files, doc_new(a, DOC_MAP));
        doc_put(a, row, "path", doc_text(a, arena_printf(a, "%s/%s", x->dir, f->path)));
        doc_put(a, row, "digest", doc_text(a, digest_text(&f->digest, digest)));
        doc_put(a, row, "state", doc_text(a, state_of(x, i, is_written)));
    }
    return d;
}

int restore_destination(struct arena *a, const char *to, int dirfd, int *out, struct err *e)
{
    const char *given = to;
    if (to == NULL) {
        *out = dirfd;
        return 0;
    }
    if (to[0] != '/') {
        char here[HERE_MAX];
        if (getcwd(here, sizeof here) == NULL) {
            return err_errno(e, ERR_PREFLIGHT, "cannot find the current directory");
        }
        to = arena_printf(a, "%s/%s", here, to);
    }
    if (file_mkdirs(AT_FDCWD, to, 0777, e) != 0) {
        return -1;
    }
    *out = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *out >= 0 ? 0 : err_errno(e, ERR_PREFLIGHT, "cannot open the directory \"%s\"", given);
}
