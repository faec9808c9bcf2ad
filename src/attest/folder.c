/* Where attestations stand. */
#include "attest/folder.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/envelope.h"
#include "evidence/sink.h"

enum { ATTEST_MAX = 1024 * 1024 };

static const struct {
    const char *folder, *ending;
} parts[ATTEST_PARTS] = {
    [ATTESTATIONS] = {"attestations", ENVELOPE_ENDING},
    [PROOFS] = {"proofs", PROOF_ENDING},
    [CHECKPOINTS] = {"checkpoints", GROWTH_ENDING},
};

size_t positions_find(const struct positions *l, int64_t number)
{
    size_t from = 0;
    size_t to = l->n;
    while (from < to) {
        size_t mid = from + (to - from) / 2;
        if (l->v[mid] < number) {
            from = mid + 1;
        } else {
            to = mid;
        }
    }
    return from < l->n && l->v[from] == number ? from : l->n;
}

bool positions_have(const struct positions *l, int64_t number)
{
    return positions_find(l, number) < l->n;
}

const char *attest_path(const struct attest_folder *f, struct arena *a, enum attest_part part,
                        int64_t number)
{
    return arena_printf(a, "%s/%s/%08lld%s", f->path, parts[part].folder, (long long)number,
                        parts[part].ending);
}

static int by_number(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x;
    int64_t b = *(const int64_t *)y;
    return (a > b) - (a < b);
}

/* Of a file that has the name that attest_path() gives it; 0: of none. */
static int64_t number_of(const struct attest_folder *f, struct arena *a, enum attest_part part,
                         const char *name)
{
    long long n = strtoll(name, NULL, 10);
    const char *path = n > 0 ? attest_path(f, a, part, n) : "";
    return strcmp(strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : "", name) == 0 ? n : 0;
}

static int list_part(struct attest_folder *f, struct arena *a, enum attest_part part, struct err *e)
{
    struct file_names names = {0};
    struct positions *l = &f->parts[part];
    const char *folder = arena_printf(a, "%s/%s", f->path, parts[part].folder);
    if (file_list(a, f->dirfd, folder, &names, e) < 0) {
        return -1;
    }
    for (size_t i = 0; i < names.n; i++) {
        int64_t n = number_of(f, a, part, names.v[i].name);
        if (n > 0) {
            ARENA_GROW(a, l->v, l->n, l->cap);
            l->v[l->n++] = n;
        }
    }
    if (l->n > 1) {
        qsort(l->v, l->n, sizeof *l->v, by_number); /* by name nine digits come before eight */
    }
    return 0;
}

int attest_folder_open(const struct archive *r, const char *instance, struct arena *a,
                       struct attest_folder *out, struct err *e)
{
    *out = (struct attest_folder){
        .dirfd = sink_root(r->sink, r->dirfd),
        .path = arena_printf(a, "%s/%s", sink_folder(a, r->sink, r->env->name), instance)};
    if (out->dirfd < 0) {
        return err_errno(e, ERR_PREFLIGHT, "cannot open the folder of the receipt sink");
    }
    for (int i = 0; i < ATTEST_PARTS; i++) {
        if (list_part(out, a, (enum attest_part)i, e) != 0) {
            attest_folder_close(out);
            return -1;
        }
    }
    return 0;
}

void attest_folder_close(struct attest_folder *f)
{
    if (f->dirfd >= 0) {
        (void)close(f->dirfd);
        f->dirfd = -1;
    }
}

int attest_read(const struct attest_folder *f, struct arena *a, enum attest_part part,
                int64_t number, struct bytes *out, struct err *e)
{
    const char *path = attest_path(f, a, part, number);
    int rc = file_read(a, f->dirfd, path, ATTEST_MAX, out, NULL, e);
    return rc == 1 ? err_at(e, ERR_INTEGRITY, path, 0, 0, "is not there") : rc;
}
