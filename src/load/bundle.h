/* One migration, a bundle or a flat one, read from its files. */
#ifndef KFMIG_LOAD_BUNDLE_H
#define KFMIG_LOAD_BUNDLE_H

#include "load/flat.h"
#include "load/used.h"
#include "model/decl.h"

/* Where a migration stands. dir and folder are relative to the project: "migrations/postgis/ID",
 * "migrations/postgis"; as of struct bundle. */
struct bundle_place {
    const char *dir, *folder;
    const char *id; /* as the folder, or the file, is called */
    const char *type;
    enum store_kind store;
    enum layout layout;
    const char *file; /* of a flat one; else NULL */
    uint64_t number;
};
/* Where b stands, of which no more has to be known. */
struct bundle_place bundle_place_of(const struct bundle *b);

/* Everything that reading needs besides. All that is read lives in a. beside: of its folder; may be
 * NULL for a bundle. */
struct bundle_reader {
    struct arena *a;
    int dirfd;
    bool keep_bytes; /* of the artifacts */
    struct used *used;
    struct err_list *faults, *warnings;
    const struct flat_folder *beside;
    const struct variables *values; /* of the environment it is read for; NULL: of none */
};

/* Read and check a bundle. out->decl is set where the declaration keeps to its schema, even if
 * other faults were found; without it only out->dir, folder and id (as the declaration gives it,
 * else the folder's name) mean something. Digests count only if no fault was added. */
void bundle_read(const struct bundle_reader *r, const struct bundle_place *at, struct bundle *out);

#endif
