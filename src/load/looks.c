/* Texts, one after the other: "\1" and a folder, the names of its bundles, behind each what it was made from,
 * as its row has it: "" is its own folder, "/forward.sql" a file in it. */
#include "load/looks.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "load/bundles.h"
#include "load/environments.h"
#include "load/projections.h"
#include "load/registry.h"
#include "load/row.h"

enum { FOLDER_MARK = '\1', PATH_SIZE = 512, PLAIN_MOST = 32 };

struct looks_head {
    uint64_t rules;
    struct hint top, bundles;
};

/* --- what is no bundle ------------------------------------------------------------------------------ */

void looks_begin(int dirfd, struct looks *l)
{
    static const char *const others[] = {"migrations", ENVIRONMENTS_PATH, REGISTRY_PATH,
                                         PROJECTIONS_PATH};
    struct stamp v[PLAIN_MOST];
    size_t n = 0;
    *l = (struct looks){.started = used_now()};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        l->is_uncertain = used_look(dirfd, others[i], &v[n++]) != 0 || l->is_uncertain;
    }
    for (size_t i = 0; bundles_folder(i) != NULL && n < PLAIN_MOST; i++) {
        l->is_uncertain = used_look(dirfd, bundles_folder(i), &v[n++]) != 0 || l->is_uncertain;
    }
    l->is_uncertain = l->is_uncertain || !used_is_settled(v, n, l->started);
    l->top = used_hint(v, n);
}

static bool is_hint(struct hint a, struct hint b)
{
    return a.lo == b.lo && a.hi == b.hi;
}

/* --- bundles ---------------------------------------------------------------------------------------- */

/* One number for those of all bundles, in their order. */
static void chain_add(struct hint *chain, struct hint of)
{
    struct hint both[] = {*chain, of};
    *chain = hint_of(bytes_of((const char *)both, sizeof both));
}

struct encoding {
    const struct project *p;
    struct buf *out;
    struct hint chain;
    const char *folder; /* the last that was named */
    int fd;             /* of it */
    size_t n;           /* bundles so far */
    bool is_good;
};

static bool open_folder(int dirfd, const char *path, int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = openat(dirfd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return *fd >= 0;
}

/* The bundle whose row is called so; NULL: it is none of p's. */
static const struct bundle *bundle_of(const struct project *p, struct bytes name)
{
    const char *slash = memrchr(name.p, '/', name.n);
    size_t at = slash != NULL ? (size_t)(slash - name.p) + 1 : 0;
    const struct bundle *b = table_get(&p->by_id, bytes_of(name.p + at, name.n - at));
    return b != NULL && bytes_eq(bytes_str(b->dir), name) ? b : NULL;
}

static void take_row(void *ctx, struct bytes name, struct bytes row)
{
    struct encoding *w = ctx;
    const struct bundle *b = bundle_of(w->p, name);
    struct hint stamps;
    if (b == NULL || !w->is_good) {
        return;
    }
    if (b->folder != w->folder) {
        buf_putc(w->out, FOLDER_MARK);
        buf_add(w->out, b->folder, strlen(b->folder) + 1);
        w->folder = b->folder;
        w->is_good = open_folder(w->p->dirfd, b->folder, &w->fd);
    }
    buf_add(w->out, b->id, strlen(b->id) + 1);
    w->is_good = w->is_good && row_files(w->fd, row, b, w->out, &stamps);
    if (w->is_good) {
        chain_add(&w->chain, stamps);
        w->n++;
    }
}

static bool has_bundles_only(const struct project *p)
{
    for (size_t i = 0; i < p->n_bundle; i++) {
        if (p->bundle[i].file != NULL) {
            return false;
        }
    }
    return p->n_projection == 0 && p->alembic == NULL && p->faults.n + p->warnings.n == 0;
}

bool looks_encode(const struct project *p, struct cache *cache, const struct looks *begun,
                  struct buf *out)
{
    struct looks now;
    struct encoding w = {.p = p, .out = out, .fd = -1, .is_good = true};
    size_t at = out->n;
    struct looks_head head = {.rules = row_rules(), .top = begun->top};
    looks_begin(p->dirfd, &now);
    if (begun->is_uncertain || !is_hint(begun->top, now.top) || !has_bundles_only(p)) {
        return false;
    }
    buf_add(out, (const char *)&head, sizeof head);
    cache_each(cache, ROW_BUNDLE, take_row, &w);
    if (w.fd >= 0) {
        (void)close(w.fd);
    }
    head.bundles = w.chain;
    memcpy(out->p + at, &head, sizeof head);
    return w.is_good && w.n == p->n_bundle;
}

/* One bundle while its files are looked at. */
struct bundle_look {
    struct stamp v[ROW_FILES_FEW];
    size_t n;
    const char *id;
    struct hint chain;
};

static void end_bundle(struct bundle_look *w)
{
    if (w->id != NULL) {
        chain_add(&w->chain, used_hint(w->v, w->n));
    }
    w->n = 0;
}

static bool look_at(struct bundle_look *w, int fd, const char *rest)
{
    char path[PATH_SIZE];
    size_t n_id = w->id != NULL ? strlen(w->id) : PATH_SIZE;
    size_t n_rest = strlen(rest) + 1;
    if (fd < 0 || w->n == ROW_FILES_FEW || n_id + n_rest > sizeof path) {
        return false;
    }
    memcpy(path, w->id, n_id);
    memcpy(path + n_id, rest, n_rest);
    return used_look(fd, path, &w->v[w->n++]) == 0;
}

bool looks_same(int dirfd, const struct looks *now, struct bytes text)
{
    struct row_reader r = {text.p, text.p + text.n, false};
    struct bundle_look w = {.n = 0};
    struct looks_head head;
    int fd = -1;
    row_take(&r, &head, sizeof head);
    bool good = !r.is_short && head.rules == row_rules() && is_hint(head.top, now->top);
    while (good && r.p < r.end) {
        const char *s = row_take_text(&r);
        if (s[0] == '\0' || s[0] == '/') {
            good = look_at(&w, fd, s);
            continue;
        }
        end_bundle(&w);
        if (s[0] == FOLDER_MARK) {
            good = open_folder(dirfd, s + 1, &fd);
            w.id = NULL;
        } else {
            w.id = s;
        }
    }
    end_bundle(&w);
    if (fd >= 0) {
        (void)close(fd);
    }
    return good && !r.is_short && is_hint(head.bundles, w.chain);
}
