/* One bundle's folder, read from its files. */
#ifndef KFMIG_LOAD_BUNDLE_H
#define KFMIG_LOAD_BUNDLE_H

#include "load/used.h"
#include "model/decl.h"

/* Where a bundle stands. dir and folder are relative to the project: "migrations/postgis/ID",
 * "migrations/postgis". */
struct bundle_place {
    const char *dir, *folder;
    const char *id; /* the folder's own name */
    const char *type;
    enum store_kind store;
};

/* Everything that reading needs besides. All that is read lives in a. */
struct bundle_reader {
    struct arena *a;
    int dirfd;
    bool keep_bytes; /* of the artifacts */
    struct used *used;
    struct err_list *faults, *warnings;
};

/* Read and check a bundle. out->decl is set where the declaration keeps to its schema, even if
 * other faults were found; without it only out->dir, folder and id (as the declaration gives it,
 * else the folder's name) mean something. Digests count only if no fault was added. */
void bundle_read(const struct bundle_reader *r, const struct bundle_place *at, struct bundle *out);

#endif
