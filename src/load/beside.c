/* Files beside flat migrations, read no more often than they change. */
#include "load/beside.h"

#include <string.h>

#include "load/row.h"

void beside_look(struct beside *b, int dirfd, const char *folder)
{
    static const char *const names[BESIDE_FILES] = {DEFAULTS_NAME, MANIFEST_NAME, CHECKSUMS_NAME};
    b->folder = folder;
    for (int i = 0; i < BESIDE_FILES; i++) {
        struct arena a = {0};
        const char *path = arena_printf(&a, "%s/%s", folder, names[i]);
        b->is_uncertain = used_look(dirfd, path, &b->used[i]) != 0 || b->is_uncertain;
        arena_release(&a);
    }
}

void beside_read(struct beside *b, struct project *p)
{
    int64_t started = used_now();
    size_t n_faults = p->faults.n;
    b->said.defaults = flat_defaults(p->a, p->dirfd, b->folder, &b->used[0], &p->faults);
    load_checks(p, CHECK_META);
    meta_read(p->a, p->dirfd, b->folder, &b->meta, &p->faults);
    load_checks(p, CHECK_DECLARATION);
    memcpy(b->used + 1, b->meta.used, sizeof b->meta.used);
    b->said.meta = &b->meta;
    b->is_uncertain = b->is_uncertain || p->faults.n > n_faults ||
                      !used_is_settled(b->used, BESIDE_FILES, started);
}

void beside_put(const struct beside *b, struct buf *row)
{
    struct hint now = used_hint(b->used, BESIDE_FILES);
    row_put(row, &now, sizeof now);
}

bool beside_take(const struct beside *b, struct bytes *row)
{
    struct hint now = used_hint(b->used, BESIDE_FILES);
    if (b->is_uncertain || row->n < sizeof now || memcmp(row->p, &now, sizeof now) != 0) {
        return false;
    }
    *row = bytes_of(row->p + sizeof now, row->n - sizeof now);
    return true;
}
