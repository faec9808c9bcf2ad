/* layer: data */
/* Any bytes as one of the catalog files of a project with two sound versions: what comes out is sound, or there are faults with code and place. The
 * first byte says which file. */
#include "fuzz.h"

#include <math.h>

#include "../unit/dataset_cases.h"

#define WELLS_DATA "registry/data/processed/wells/" WELLS_ID
#define WELLS_CATALOG "registry/data/catalog/wells/" WELLS_ID
#define SPRINGS_NAME "kfm--dataset-version--water--springs--2026-01"

static const char *const targets[] = {
    WELLS_CATALOG "/promotion_manifest.v1.json",
    WELLS_CATALOG "/dcat.jsonld",
    WELLS_CATALOG "/stac/collection.json",
    WELLS_CATALOG "/stac/items/wells-1.json",
    WELLS_CATALOG "/prov/bundle.jsonld",
    WELLS_DATA "/checksums.v1.json",
    WELLS_DATA "/sha256sums.txt",
    WELLS_DATA "/runtime_metadata.v1.json",
    "data/registry/dataset_versions/springs.json",
    "data/catalog/stac/items/springs/" SPRINGS_NAME "/one.json",
    "data/catalog/dcat/datasets/springs@" SPRINGS_NAME ".jsonld",
    "data/catalog/prov/bundles/springs@" SPRINGS_NAME ".jsonld",
    "data/registry/datasets/record.json",
};
enum { N_TARGETS = sizeof targets / sizeof targets[0] };

static void check_faults(const struct err_list *faults)
{
    for (size_t i = 0; i < faults->n; i++) {
        const struct err *e = &faults->v[i];
        if (e->msg[0] != '[' || e->hint[0] == '\0' || e->where.path[0] == '\0' ||
            (e->code != ERR_CONFIG && e->code != ERR_PREFLIGHT)) {
            abort();
        }
    }
}

static void check_file(const struct dataset_file *f)
{
    struct stat st;
    if (f->name[0] == '\0' || f->path[0] == '/' || strstr(f->path, "..") != NULL ||
        digest_is_zero(&f->digest) || f->size < -1 || f->srid < 0 ||
        fstatat(place_fd, f->path, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode)) {
        abort();
    }
}

static void check_dataset(const struct dataset *d)
{
    bool is_box = d->bbox[0] <= d->bbox[2] && d->bbox[1] <= d->bbox[3] && fabs(d->bbox[0]) <= 180 &&
                  fabs(d->bbox[2]) <= 180 && fabs(d->bbox[1]) <= 90 && fabs(d->bbox[3]) <= 90;
    if (d->artifacts.n == 0 || d->catalogs.n == 0 || d->id[0] == '\0' || d->slug[0] == '\0' ||
        (d->has_bbox && !is_box) || (d->has_count && d->count < 0) ||
        (d->policy_label == NULL && d->form != DATASET_REGISTERED)) {
        abort();
    }
    for (size_t i = 0; i < d->artifacts.n; i++) {
        check_file(&d->artifacts.v[i]);
    }
}

static bool is_listed(const struct dataset_list *l, const struct dataset *d)
{
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->v[i]->id, d->id) == 0 && strcmp(l->v[i]->slug, d->slug) == 0) {
            return true;
        }
    }
    return false;
}

static void check_all(void)
{
    static const char *const roots[] = {"registry/data", "data"};
    static const char *const ids[] = {WELLS_ID, SPRINGS_ID};
    struct arena a = {0};
    struct err_list faults = {0};
    struct dataset_place p = {.a = &a, .dirfd = place_fd, .root = roots, .n_roots = 2};
    struct dataset_list l;
    dataset_list(&p, &l, &faults);
    check_faults(&faults);
    for (size_t i = 0; i < l.n; i++) {
        check_dataset(l.v[i]);
    }
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct err_list found = {0};
        struct dataset *d = NULL;
        int rc = dataset_find(&p, NULL, ids[i], &d, &found);
        check_faults(&found);
        bool is_consistent = rc == 0  ? d != NULL && found.n == 0 && is_listed(&l, d)
                             : rc < 0 ? d == NULL && found.n > 0
                                      : d == NULL && found.n == 0;
        if (!is_consistent) {
            abort();
        }
        err_list_release(&found);
    }
    err_list_release(&faults);
    arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    if (place_fd < 0) {
        (void)atexit(place_remove);
        place_start();
        fixture_write(&wells, NULL);
        fixture_write(&springs, NULL);
    }
    const char *path = targets[data[0] % N_TARGETS];
    place_write(path, (const char *)data + 1, size - 1);
    check_all();
    (void)unlinkat(place_fd, path, 0);
    fixture_write(&wells, NULL);
    fixture_write(&springs, NULL);
    return 0;
}
