/* Dataset versions and their catalogs.
 * Owns: finding the catalog of a dataset version beneath the data roots, reading it, and checking that it
 * is complete, that STAC, DCAT and PROV agree, and that rights, sensitivity and policy are known. Must not
 * know databases. Shapes: S promotion_manifest.v1.json with checksums and runtime_metadata; H registry
 * record with "payload"; H DatasetVersion with STAC, DCAT and PROV files (docs/catalogs.md says what is
 * read and what stops). Ids are opaque strings, matched
 * exactly. */
#ifndef KFMIG_DATA_DATASET_H
#define KFMIG_DATA_DATASET_H

#include "data/source.h"
#include "doc/doc.h"

enum dataset_form { DATASET_PROMOTED, DATASET_REGISTERED, DATASET_CATALOGED };
const char *dataset_form_text(
    enum dataset_form f); /* "promotion manifest", "registry record", "catalog files" */

/* One file that a catalog names by digest. path: relative to the project's directory. size -1, media_type
 * NULL: not said. srid: of the asset's CRS (CRS84 is 4326); 0: not said; crs: as written, for messages. */
struct dataset_file {
    const char *name; /* asset name ("features"), else the file's name without endings */
    const char *path;
    const char *media_type;
    struct digest digest;
    int64_t size;
    int srid;
    const char *crs;
};
struct dataset_files {
    struct dataset_file *v;
    size_t n, cap;
};

struct dataset {
    const char *slug;
    const char *id; /* dataset_version_id */
    enum dataset_form form;
    const char *path;               /* of the file that it was found by, relative to the project */
    struct dataset_files artifacts; /* sorted by name */
    struct dataset_files
        catalogs; /* every catalog file read, with its digest, sorted by path: what receipts name */
    bool has_count;
    int64_t count; /* features */
    bool has_bbox;
    double bbox[4];        /* west, south, east, north, in CRS84 */
    const char *spec_hash; /* NULL */
    const char *license, *rights, *sensitivity, *policy_label; /* NULL: not said */
    bool
        is_restricted; /* sensitivity or policy label: extents are only pass or fail, never numbers */
    const char *evidence_ref; /* "dcat://SLUG@ID" */
};

/* Where to look. roots: relative to the project, "registry/data", "data". */
struct dataset_place {
    struct arena *a;
    int dirfd; /* the project's directory */
    const char *const *root;
    size_t n_roots;
};

/* Find version id of dataset slug (slug NULL: any; then more than one match is a fault; "-" and "_" count
 * as the same in it, and of an id like "kfm:dataset:x:y" the last part counts). Everything wrong is added
 * to faults (ERR_CONFIG for what is malformed, ERR_PREFLIGHT for what is missing, disagrees or is
 * unknown), each with file, line, col, a code in square brackets at the beginning of its message
 * ("[CATALOG_DIGEST_MISMATCH] ...") and never a value of restricted data. Catalog files' digests are
 * checked here; artifacts' digests by dataset_verify(). Returns 0 with *out filled, 1 if there is no such
 * version (nothing added), -1 with faults added. */
int dataset_find(const struct dataset_place *p, const char *slug, const char *id,
                 struct dataset **out, struct err_list *faults);

/* Every version beneath the roots, sorted by slug, then id; broken ones are in faults and not in the list.
 * A list of faults ends at 1,000; what is broken is left out of the list nevertheless. */
struct dataset_list {
    struct dataset **v;
    size_t n, cap;
};
/* Fill *out; what is broken adds faults. Reads catalogs. */
void dataset_list(const struct dataset_place *p, struct dataset_list *out, struct err_list *faults);

/* NULL: there is none of that name. */
const struct dataset_file *dataset_artifact(const struct dataset *d, const char *name);

/* Check size and SHA-256 of every artifact (name NULL) or of one (ERR_CONFIG if there is none of that
 * name). on_bytes as for source_digest(). Faults are added, at the artifact's path; ERR_INTERRUPTED
 * without a code. Returns 0 if all are as the catalog says, else -1. */
int dataset_verify(const struct dataset_place *p, const struct dataset *d, const char *name,
                   bool (*on_bytes)(void *ctx, int64_t done, int64_t size), void *ctx,
                   struct err_list *faults) MUST_CHECK;

/* "kfm:dataset-version:sha256:<hex>" recomputed over the eight identity members of a DatasetVersion; NULL
 * if one is missing. */
const char *dataset_version_id(struct arena *a, const struct doc *version);

#endif
