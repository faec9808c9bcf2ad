/* Artifacts against what their catalog says of them. */
#include <string.h>

#include "data/catalog_code.h"
#include "data/dataset.h"
#include "data/source.h"

const struct dataset_file *dataset_artifact(const struct dataset *d, const char *name)
{
    for (size_t i = 0; i < d->artifacts.n; i++) {
        if (strcmp(d->artifacts.v[i].name, name) == 0) {
            return &d->artifacts.v[i];
        }
    }
    return NULL;
}

static int verify_one(const struct dataset_place *p, const struct dataset_file *f,
                      bool (*on_bytes)(void *ctx, int64_t done, int64_t size), void *ctx,
                      struct err_list *faults)
{
    struct err e = {0};
    struct file_facts facts;
    int rc = source_digest(p->dirfd, f->path, on_bytes, ctx, &facts, &e);
    if (rc < 0 && e.code == ERR_INTERRUPTED) {
        err_list_add(faults, &e);
    } else if (rc < 0) {
        catalog_fault_path(faults, CODE_UNREADABLE, f->path, 0, "%s", e.msg);
    } else if (rc > 0) {
        catalog_fault_path(faults, CODE_FILE_MISSING, f->path, 0, "\"%s\"", f->path);
    } else if (f->size >= 0 && (uint64_t)f->size != facts.size) {
        catalog_fault_path(faults, CODE_ARTIFACT_SIZE, f->path, 0, "\"%s\"", f->path);
    } else if (!digest_eq(&f->digest, &facts.digest)) {
        catalog_fault_path(faults, CODE_ARTIFACT_ALTERED, f->path, 0, "\"%s\"", f->path);
    } else {
        return 0;
    }
    return rc < 0 && e.code == ERR_INTERRUPTED ? 1 : -1;
}

int dataset_verify(const struct dataset_place *p, const struct dataset *d, const char *name,
                   bool (*on_bytes)(void *ctx, int64_t done, int64_t size), void *ctx,
                   struct err_list *faults)
{
    int rc = 0;
    bool is_found = name == NULL;
    for (size_t i = 0; i < d->artifacts.n && rc <= 0; i++) {
        const struct dataset_file *f = &d->artifacts.v[i];
        if (name != NULL && strcmp(f->name, name) != 0) {
            continue;
        }
        int one = verify_one(p, f, on_bytes, ctx, faults);
        rc = one != 0 ? one : rc;
        is_found = true;
    }
    if (!is_found) {
        err_list_addf(faults, ERR_CONFIG, d->path, 0, 0, "`kfmig dataset show` lists its artifacts",
                      "version \"%s\" has no artifact \"%s\"", d->id, name);
    }
    return rc == 0 && is_found ? 0 : -1;
}
