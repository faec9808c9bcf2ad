/* A bundle gets another id. */
#include "load/rename.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doc/yaml.h"
#include "load/bundles.h"
#include "load/depends.h"
#include "load/header.h"
#include "load/meta.h"
#include "load/registry.h"
#include "load/text.h"

enum { ID_MAX = 100 };

int rename_check_id(const char *id, struct err *e)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t n = strlen(id);
    if (n > 0 && n <= ID_MAX && strspn(id, allowed) == n && strchr("._-", id[0]) == NULL) {
        return 0;
    }
    err_set(e, ERR_CONFIG, "\"%s\" cannot be a migration's id", id);
    return err_hint(e, "letters, digits, '.', '_' and '-', at most %d, the first a letter or digit",
                    ID_MAX);
}

/* --- declarations ----------------------------------------------------------------------------------- */

/* One file on its way: replacements are made from the end, so that places before stay true. */
struct edit {
    struct buf text;
    const char *old, *id;
    size_t n_done;
};

static size_t offset_of(const struct buf *text, int line, int col)
{
    size_t at = 0;
    while (--line > 0) {
        const char *end = memchr(text->p + at, '\n', text->n - at);
        if (end == NULL) {
            return text->n;
        }
        at = (size_t)(end - text->p) + 1;
    }
    at += (size_t)col - 1;
    return at < text->n ? at : text->n;
}

/* The scalar at d, which reads old. -1: it is written in a way that cannot be replaced. */
static int replace(struct edit *x, const struct doc *d, struct err *e)
{
    size_t n = strlen(x->old);
    size_t at = offset_of(&x->text, d->line, d->col);
    at += at < x->text.n && strchr("'\"", x->text.p[at]) != NULL;
    if (x->text.n - at < n || memcmp(x->text.p + at, x->old, n) != 0) {
        return err_at(e, ERR_CONFIG, d->path, d->line, d->col,
                      "the id stands here in a spelling that cannot be replaced: write \"%s\"",
                      x->id);
    }
    struct buf out = {0};
    buf_add(&out, x->text.p, at);
    buf_puts(&out, x->id);
    buf_add(&out, x->text.p + at + n, x->text.n - at - n);
    buf_release(&x->text);
    x->text = out;
    x->n_done++;
    return 0;
}

static bool reads(const struct doc *d, const char *text)
{
    return d != NULL && d->type == DOC_TEXT && strcmp(d->text.p, text) == 0;
}

/* d: what text says, with the places in it; own: the key of its own id. */
static int rename_in(struct buf *text, const struct doc *d, const char *key, const char *old,
                     const char *id, struct err *e)
{
    struct edit x = {.old = old, .id = id};
    int rc = 0;
    buf_add(&x.text, text->p, text->n);
    const struct doc *own = doc_get(d, key);
    const struct doc *list = doc_get(d, "depends_on");
    for (size_t i = doc_len(list); i-- > 0 && rc == 0;) {
        rc = reads(list->item[i], old) ? replace(&x, list->item[i], e) : 0;
    }
    /* The id may stand before or behind the list: its line and column are the same. */
    if (rc == 0 && reads(own, old)) {
        rc = replace(&x, own, e);
    }
    if (rc == 0 && x.n_done > 0) {
        buf_clear(text);
        buf_add(text, x.text.p, x.text.n);
    }
    buf_release(&x.text);
    return rc;
}

int rename_text(struct buf *text, const char *path, const char *old, const char *id, struct err *e)
{
    struct arena a = {0};
    const struct doc *d = yaml_read(&a, buf_bytes(text), path, e);
    int rc = d != NULL ? rename_in(text, d, "migration_id", old, id, e) : -1;
    arena_release(&a);
    return rc;
}

/* The same of a flat migration's header. */
static int rename_header(struct buf *text, const char *path, enum layout layout, const char *old,
                         const char *id, struct err *e)
{
    struct arena a = {0};
    struct err_list faults = {0};
    const struct doc *d = header_read(&a, buf_bytes(text), path, layout_row(layout), &faults);
    int rc = d != NULL ? rename_in(text, d, "id", old, id, e)
                       : err_set(e, ERR_CONFIG, "the header of %s cannot be read", path);
    err_list_release(&faults);
    arena_release(&a);
    return rc;
}

static int edit_declaration(const struct project *p, const struct bundle *b, const char *old,
                            const char *id, struct err *e)
{
    struct arena a = {0};
    struct bytes was;
    struct buf text = {0};
    const char *path = bundle_file(&a, b);
    int rc = file_read(&a, p->dirfd, path, LIMIT_SCRIPT, &was, NULL, e);
    if (rc == 0) {
        buf_add(&text, was.p, was.n);
        rc = b->file != NULL ? rename_header(&text, path, b->layout, old, id, e)
                             : rename_text(&text, path, old, id, e);
        if (rc == 0 && !bytes_eq(was, buf_bytes(&text))) {
            rc = file_write(p->dirfd, path, buf_bytes(&text), 0666, e);
        }
    }
    buf_release(&text);
    arena_release(&a);
    return rc < 0 ? -1 : 0;
}

static bool concerns(const struct bundle *b, const char *old)
{
    return strcmp(b->id, old) == 0 || names_have(&b->depends_on, old);
}

/* --- the folder ------------------------------------------------------------------------------------- */

/* Half of it may have been done by hand: then its folder is called so already. */
static const char *destination(struct arena *a, const struct bundle *b, const char *id)
{
    if (b->file != NULL) {
        return arena_printf(a, "%s/%s%s", b->folder, id,
                            b->file + strlen(b->folder) + 1 + strlen(b->id));
    }
    const char *to = arena_printf(a, "%s/%s", b->folder, id);
    return strcmp(to, b->dir) == 0 ? NULL : to;
}

static int check_free(const struct project *p, const struct bundle *b, const char *id,
                      struct err *e)
{
    struct arena a = {0};
    struct stamp stamp = {0};
    struct err ignored = {0};
    const char *to = destination(&a, b, id);
    int rc = 0;
    if (to != NULL && file_stamp(p->dirfd, to, &stamp, &ignored) != 1) {
        rc = err_at(e, ERR_CONFIG, to, 0, 0, "it is there already: nothing was moved to it");
    }
    arena_release(&a);
    return rc;
}

/* What is not there was moved by a run that died behind that. */
static int move_one(const struct project *p, const char *from, const char *to, struct err *e)
{
    return renameat(p->dirfd, from, p->dirfd, to) == 0 || errno == ENOENT
               ? 0
               : err_errno(e, ERR_PREFLIGHT, "cannot rename \"%s\"", from);
}

/* The file that makes it a migration last. */
static int move_flat(const struct project *p, const struct bundle *b, const char *id, struct err *e)
{
    struct arena a = {0};
    const char *down = arena_printf(&a, "%s/%s", b->folder, layout_down(&a, b->layout, b->id));
    const char *to = arena_printf(&a, "%s/%s", b->folder, layout_down(&a, b->layout, id));
    int rc = move_one(p, down, to, e);
    rc = rc == 0 ? move_one(p, b->dir, arena_printf(&a, "%s/" META_NAME "/%s", b->folder, id), e)
                 : rc;
    rc = rc == 0 ? move_one(p, b->file, destination(&a, b, id), e) : rc;
    arena_release(&a);
    return rc;
}

static int move_folder(const struct project *p, const struct bundle *b, const char *id,
                       struct err *e)
{
    struct arena a = {0};
    const char *to = destination(&a, b, id);
    int rc = 0;
    if (b->file != NULL) {
        rc = move_flat(p, b, id, e);
    } else if (to != NULL && renameat(p->dirfd, b->dir, p->dirfd, to) != 0) {
        rc = err_errno(e, ERR_PREFLIGHT, "cannot rename the folder \"%s\"", b->dir);
    }
    arena_release(&a);
    return rc;
}

bool rename_alters(struct project *p, struct bundle *b, const char *old)
{
    struct err ignored = {0};
    if (b->file == NULL || !concerns(b, old) || load_decl(p, b, &ignored) != 0) {
        return false;
    }
    const struct doc *own = doc_get(b->decl->document, "migration_id");
    return names_have(&b->depends_on, old) || own->line > 1 || own->col > 1;
}

/* A flat migration stays one of its layout. */
static int check_form(struct arena *a, const struct bundle *b, const char *id, struct err *e)
{
    struct layout_name name;
    const char *path = destination(a, b, id) + strlen(b->folder) + 1;
    if (b->file == NULL || (layout_name_parse(a, path, &name) && name.layout == b->layout)) {
        return 0;
    }
    if (bundle_is_repeatable(b)) {
        err_set(e, ERR_CONFIG, "%s is a repeatable definition, which is called as its file is",
                b->id);
        return err_hint(e, "rename its file, then `kfmig rename %s %s` tells the ledgers", b->id,
                        id);
    }
    if (b->layout == LAYOUT_ALEMBIC) {
        err_set(e, ERR_CONFIG, "%s is a revision of Alembic's, which is called as its file is",
                b->id);
        return err_hint(e,
                        "rename its file of versions/, then `kfmig rename %s %s` tells the "
                        "ledgers",
                        b->id, id);
    }
    err_set(e, ERR_CONFIG, "\"%s\" is no id of layout %s, which %s is in", id,
            layout_row(b->layout)->name, b->id);
    return err_hint(e, "one of its files is called like %s", layout_row(b->layout)->example);
}

/* --- whether the rest still has an order -------------------------------------------------------------- */

static int by_order(const void *a, const void *b)
{
    return bundle_compare(a, b);
}

/* b as it will be. Every id that it depends on is put into known. */
static void as_renamed(struct arena *a, struct bundle *b, const char *old, const char *id,
                       struct table *known)
{
    struct layout_name name;
    if (strcmp(b->id, old) == 0) {
        b->id = id;
        if (b->file != NULL &&
            layout_name_parse(a, destination(a, b, id) + strlen(b->folder) + 1, &name)) {
            b->number = name.number;
        }
    }
    b->depends_on = names_copy(a, &b->depends_on);
    for (size_t i = 0; i < b->depends_on.n; i++) {
        const char **at = &b->depends_on.v[i];
        *at = strcmp(*at, old) == 0 ? id : *at;
        (void)table_puts(known, *at, b);
    }
}

/* The project as it will be, in a; its faults are to be released. */
static void shadow(struct arena *a, const struct project *p, const char *old, const char *id,
                   struct project *out)
{
    struct table known = {.a = a};
    *out = *p;
    out->a = a;
    out->bundle = arena_dup(a, p->bundle, p->n_bundle * sizeof *p->bundle);
    out->by_id = (struct table){.a = a};
    out->faults = (struct err_list){0};
    for (size_t i = 0; i < out->n_bundle; i++) {
        as_renamed(a, &out->bundle[i], old, id, &known);
    }
    for (size_t i = 0, n; i < out->n_bundle; i += n) {
        n = 1;
        while (i + n < out->n_bundle && out->bundle[i + n].folder == out->bundle[i].folder) {
            n++;
        }
        qsort(&out->bundle[i], n, sizeof *out->bundle, by_order);
    }
    for (size_t i = 0; i < out->n_bundle; i++) {
        (void)table_puts(&out->by_id, out->bundle[i].id, &out->bundle[i]);
    }
    depends_check(out, &known);
}

/* One without depends_on waits for the one before it, which is another where its id is another. */
static int check_order(const struct project *p, const char *old, const char *id, struct err *e)
{
    struct arena a = {0};
    struct project after;
    int rc = 0;
    shadow(&a, p, old, id, &after);
    if (after.faults.n > 0) {
        rc = err_set(e, ERR_CONFIG, "called \"%s\" it would wait for itself: %s", id,
                     after.faults.v[0].msg);
        (void)err_hint(e,
                       "write depends_on into the declaration of each that waits for the one "
                       "before it, or take an id that sorts as \"%s\" does; nothing was moved",
                       old);
    }
    err_list_release(&after.faults);
    arena_release(&a);
    return rc;
}

int load_rename(struct project *p, const char *old, const char *id, bool *moved, struct err *e)
{
    const struct bundle *from = table_gets(&p->by_id, old);
    const struct bundle *to = table_gets(&p->by_id, id);
    const char *kept = to != NULL ? to->dir + strlen(to->folder) + 1 : "";
    bool is_half = from == NULL && to != NULL && to->file == NULL &&
                   strcmp(kept, old) == 0; /* its id is the new one, its folder not */
    *moved = is_half || (from != NULL && to == NULL);
    if (from == NULL && to == NULL) {
        err_set(e, ERR_CONFIG, "there is no migration \"%s\" to rename", old);
        return err_hint(e, "`kfmig status` lists them");
    }
    if (from != NULL && to != NULL) {
        return 0;
    }
    if (from != NULL && to == NULL && check_form(p->a, from, id, e) != 0) {
        return -1;
    }
    if (from != NULL && to == NULL && check_order(p, old, id, e) != 0) {
        return -1;
    }
    if (*moved && check_free(p, from != NULL ? from : to, id, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < p->n_bundle; i++) {
        const struct bundle *b = &p->bundle[i];
        if (concerns(b, old) && edit_declaration(p, b, old, id, e) != 0) {
            return -1;
        }
    }
    if (registry_rename(p, old, id, e) != 0) {
        return -1;
    }
    return *moved ? move_folder(p, from != NULL ? from : to, id, e) : 0;
}
