/* One dataset version while it is put together, for src/data/catalog_*.c and dataset*.c only.
 * Owns: what those files share. A source is one catalog file; a claim is what a source says about one
 * file; a fact is what it says about the version. */
#ifndef KFMIG_DATA_CATALOG_H
#define KFMIG_DATA_CATALOG_H

#include "base/table.h"
#include "data/catalog_code.h"
#include "data/dataset.h"

enum {
    CATALOG_LIMIT = 1024 * 1024,           /* bytes of a catalog file */
    CATALOG_LIST_LIMIT = 16 * 1024 * 1024, /* of a manifest or of checksums */
    CATALOG_DEPTH = 16                     /* folders beneath a data root */
};
#define CATALOG_MANIFEST "promotion_manifest.v1.json"

/* --- folders (catalog_tree.c) ------------------------------------------------------------------- */

/* Listings of folders, each made once. */
struct tree {
    struct arena *a;
    int dirfd;
    struct table folders;
};
enum tree_entry { TREE_ABSENT, TREE_REGULAR, TREE_FOLDER, TREE_LINK, TREE_OTHER, TREE_UNREADABLE };
/* NULL: absent, or not to be listed (then e->code is not ERR_NONE). path "": the project. */
const struct file_names *catalog_tree_list(struct tree *t, const char *path, struct err *e);
/* What stands at path. TREE_LINK also where a folder on the way is one; TREE_UNREADABLE: *e says why. */
enum tree_entry tree_look(struct tree *t, const char *path, struct err *e);
const char *path_join(struct arena *a, const char *folder, const char *name); /* folder may be "" */
const char *path_folder(struct arena *a, const char *path);                   /* "" at the top */
/* Behind the last slash; within path. */
const char *path_name(const char *path);
/* Does path end in ending, with something before it? */
bool path_ends(const char *path, const char *ending);

/* --- ids (catalog_id.c) ------------------------------------------------------------------------- */

/* How folders and files may be named after an id: the id itself (if it can be a name), every character
 * outside [A-Za-z0-9._-] as "--", the same percent-encoded (upper case). */
enum { ID_SPELLINGS = 3 };
struct id_names {
    const char *v[ID_SPELLINGS];
    size_t n;
};
/* The spellings of id, from a. */
struct id_names id_spell(struct arena *a, const char *id);
/* Is name one of them? */
bool id_names_have(const struct id_names *l, struct bytes name);
/* The names in path that may be an id's: its folders; the file without ".json" or ".jsonld", whole and
 * behind its last "@". */
struct id_words {
    struct bytes v[CATALOG_DEPTH + 4];
    size_t n;
};
/* Fill *out; its names are within path. */
void id_words(const char *path, struct id_words *out);
/* "kfm:dataset:water-planning:kwo-rac-regions" -> "kwo-rac-regions"; a slug stays as it is. */
const char *id_slug(const char *dataset_id);
bool id_slug_eq(const char *a, const char *b); /* "-" and "_" count as the same */

/* --- JSON-LD (catalog_ld.c) ---------------------------------------------------------------------- */

/* Text that is text, not a number's literal; NULL otherwise. catalog_member(): of a member. */
const char *catalog_text(const struct doc *d);
const char *catalog_member(const struct doc *map, const char *key);
/* Member "dcat:mediaType", also written "mediaType" or with its full IRI; "dct:" also as "dcterms:". */
struct doc *ld_get(const struct doc *node, const char *key);
const struct doc *
ld_value(const struct doc *d); /* "@value" or "@id", of a list's first item; else d */
/* Is type among the node's "@type"s, however it is written there? */
bool ld_is(const struct doc *node, const char *type);
/* The nodes at the top: the root and its "@graph", or the items of a list. */
struct ld_nodes {
    const struct doc **v;
    size_t n, cap;
    struct table by_id;
};
/* Fill *out, from a; the nodes are root's. */
void ld_nodes(struct arena *a, const struct doc *root, struct ld_nodes *out);
/* The node that ref is or names; NULL if there is none. */
const struct doc *ld_follow(const struct ld_nodes *l, const struct doc *ref);

/* --- sources (catalog_kind.c, catalog_source.c) --------------------------------------------------- */

enum catalog_kind {
    KIND_MANIFEST,
    KIND_RECORD,
    KIND_VERSION,
    KIND_STAC,
    KIND_DCAT,
    KIND_PROV,
    KIND_RUNTIME,
    KIND_CHECKSUMS,
    KIND_COUNT
};
#define KIND_BIT(k) (1U << (k))
const char *catalog_kind_text(enum catalog_kind k); /* "the promotion manifest" */
/* KIND_BITs of what root is by its members; 0: no catalog. */
unsigned catalog_classify(struct arena *a, const struct doc *root);
/* The node with the version's id, and the dataset's slug; NULL where it does not say. */
const struct doc *catalog_id_of(struct arena *a, const struct doc *root, unsigned kinds);
const char *catalog_slug_of(struct arena *a, const struct doc *root, unsigned kinds);
/* "dcat:Dataset", or something with distributions. */
bool catalog_is_dcat(const struct doc *node);

struct source_file {
    const char *path;
    unsigned kinds;
    struct bytes text;
    struct digest digest;
    struct doc *root; /* NULL: no JSON */
    bool is_listed;   /* in the promotion manifest */
};

/* What one source says about one file. path NULL: it is named by its digest alone. size -1, others NULL:
 * not said. */
struct claim {
    enum catalog_kind kind;
    const char *place;
    int line, col;
    const char *name; /* key of a STAC asset */
    const char *path;
    bool has_digest;
    struct digest digest;
    int64_t size;
    const char *media_type;
    const char *crs;
    int srid;
};
struct artifact_claim {
    struct claim said;
    unsigned named; /* KIND_BITs: who gives its digest */
};
/* A digest of a catalog file; next: what another source says of the same. */
struct record_claim {
    struct claim said;
    const struct record_claim *next;
};

struct dataset_catalog {
    struct arena *a;    /* for this version only */
    struct arena *keep; /* for the result */
    struct tree *tree;
    const char *root; /* data root */
    struct err_list *faults;
    const char *slug, *id;
    struct id_names names;
    /* Where the version's files may lie, in the order in which paths are tried. */
    const char **folder;
    size_t n_folders, cap_folders;
    struct table files;     /* struct source_file by path */
    struct table artifacts; /* struct artifact_claim by path */
    struct table by_digest; /* the same, by the bytes of its digest */
    struct table recorded;  /* struct record_claim by path */
    double items[4];        /* the extent of all STAC items */
    double box[4];          /* the first that was declared for the whole */
    int64_t count;
    const char *crs; /* of the whole version */
    const char *spec_hash, *license, *rights, *sensitivity, *policy_label;
    int srid;
    enum dataset_form form;
    /* KIND_BITs: there were faults in such sources, so that what they seem not to name says nothing. */
    unsigned spoiled;
    bool is_bad;
    /* What seems to be missing need not be: a file cannot be read, or the version is not cataloged yet. */
    bool is_partial;
    bool has_items, is_item_open; /* is_item_open: a STAC item without extent */
    bool has_box, has_count;
    bool has_label; /* somebody gave a policy label, known or not */
    bool is_restricted;
};

/* catalog_fault(), remembered in is_bad (a list of faults stops growing). */
#define CATALOG_FAULT(c, code, ...)                                                                \
    ((c)->is_bad = true, catalog_fault((c)->faults, (code), __VA_ARGS__))
/* At the place of a claim. */
#define CATALOG_FAULT_CLAIM(c, code, said, ...)                                                    \
    CATALOG_FAULT(                                                                                 \
        (c), (code),                                                                               \
        (&(struct doc){.path = (said)->place, .line = (said)->line, .col = (said)->col}),          \
        __VA_ARGS__)
#define CATALOG_FAULT_PATH(c, code, path, line, ...)                                               \
    ((c)->is_bad = true, catalog_fault_path((c)->faults, (code), (path), (line), __VA_ARGS__))

/* Where the path at stands: beneath the data root, its parent, the version's folders, beside (the folder
 * of the file that says it). Adds a fault with PATH_REFUSED only: *out is set with PATH_FOUND only. */
enum path_result { PATH_FOUND, PATH_ABSENT, PATH_URL, PATH_REFUSED };
/* *out, from c->a, is relative to the project's directory. Looks at the file system. */
enum path_result catalog_path(struct dataset_catalog *c, const struct doc *at, const char *beside,
                              const char **out);
/* A STAC href: beside first, where ".." is allowed as long as the result stays within the project; then,
 * without "..", as any path. As catalog_path_needed(). */
int catalog_href_needed(struct dataset_catalog *c, const struct doc *at, const char *beside,
                        const char **out);
/* The same for a file that has to be there: -1 with a fault unless it is. */
int catalog_path_needed(struct dataset_catalog *c, const struct doc *at, const char *beside,
                        const char **out);
/* Read path; NULL with a fault. kinds 0: by its content. A path is read once; its digest is compared with
 * those recorded so far. */
struct source_file *catalog_source_read(struct dataset_catalog *c, const char *path,
                                        unsigned kinds);

/* --- claims (catalog_claim.c, catalog_digest.c) ---------------------------------------------------- */

/* "sha256:<hex>", "1220<hex>" or "<hex>", lower case. */
int catalog_digest(const char *text, struct digest *out) MUST_CHECK;
/* "kfm://artifact/sha256:<hex>" */
bool catalog_content_address(const struct doc *at, struct digest *out);
/* Does map have a member that gives a digest, in whatever form? */
bool claim_has_digest(const struct doc *map);
/* A digest that map gives in a known form, without a word about others. */
bool claim_find_digest(const struct doc *map, struct digest *out);
/* Digest, size, media type and CRS from the members of map, place from at. -1 with a fault. */
int claim_read(struct dataset_catalog *c, enum catalog_kind kind, const struct doc *map,
               struct claim *out) MUST_CHECK;
/* Compare with what others said; disagreement is a fault. defines: a file not heard of before is an
 * artifact. */
void claim_take(struct dataset_catalog *c, const struct claim *said, bool defines);
/* Has somebody said that the file at path is an artifact? */
bool claim_is_artifact(const struct dataset_catalog *c, const char *path);
/* A digest of something else than an artifact. */
void claim_record(struct dataset_catalog *c, const struct claim *said);
/* Does every kind of needed name every artifact? */
void claims_close(struct dataset_catalog *c, unsigned needed);
/* The artifacts with their names, sorted by name; two of one name are a fault. */
void claims_result(struct dataset_catalog *c, struct dataset_files *out);

/* --- readers of sources ---------------------------------------------------------------------------- */

void manifest_read(struct dataset_catalog *c, const struct source_file *f); /* catalog_manifest.c */
void manifest_catalogs(struct dataset_catalog *c,
                       const struct source_file *f); /* reads the files it lists */
void record_read(struct dataset_catalog *c, const struct source_file *f);
void checksums_read(struct dataset_catalog *c,
                    const struct source_file *f); /* catalog_checksums.c */
void runtime_read(struct dataset_catalog *c, const struct source_file *f);
void version_read(struct dataset_catalog *c, const struct source_file *f); /* catalog_version.c */
void stac_read(struct dataset_catalog *c, const struct source_file *f);    /* catalog_stac.c */
void dcat_read(struct dataset_catalog *c, const struct source_file *f);    /* catalog_dcat.c */
void prov_read(struct dataset_catalog *c, const struct source_file *f);

/* --- facts (catalog_fact.c, catalog_extent.c); at NULL: not said ------------------------------------ */

/* The version's id, which has to be the one that is looked for. */
void fact_id(struct dataset_catalog *c, const struct doc *at);
/* The dataset's slug, which has to be the one that is looked for. */
void fact_slug(struct dataset_catalog *c, const struct doc *at);
/* The digest of the spec; all that say one have to agree. */
void fact_spec_hash(struct dataset_catalog *c, const struct doc *at);
/* The licence: the first that is said counts. */
void fact_license(struct dataset_catalog *c, const struct doc *at);
/* The state of rights; one that stops is a fault. */
void fact_rights(struct dataset_catalog *c, const struct doc *at);
/* The state of sensitivity; one that stops is a fault, one that is restricted hides extents. */
void fact_sensitivity(struct dataset_catalog *c, const struct doc *at);
/* The policy label; one that is unknown or stops is a fault. */
void fact_label(struct dataset_catalog *c, const struct doc *at);
void facts_close(struct dataset_catalog *c,
                 const struct doc *at); /* what is still unknown; at: the main file */
void fact_count(struct dataset_catalog *c, const struct doc *at);
void fact_box(struct dataset_catalog *c, const struct doc *at);      /* of the whole version */
void fact_item_box(struct dataset_catalog *c, const struct doc *at); /* of one STAC item */
void extent_close(struct dataset_catalog *c, const struct doc *at);
/* A point in time with its zone, in microseconds since 2000-01-01. 1, 0: not said or null, -1: a fault is
 * added. what: the member's name. */
int fact_instant(struct dataset_catalog *c, const struct doc *at, const char *what, int64_t *us);
/* The CRS that map gives, else none; -1 with a fault. */
int fact_crs(struct dataset_catalog *c, const struct doc *map, const char **crs, int *srid);

/* --- index (dataset_index.c) ------------------------------------------------------------------------ */

/* A file that speaks of a version. */
struct catalog_found {
    unsigned kinds;
    const char *root; /* data root */
    const char *path;
    const char *id;   /* NULL: only its place tells */
    const char *slug; /* NULL: not said */
    int line;         /* of the id */
};
struct catalog_founds {
    struct catalog_found *v;
    size_t n, cap;
};
/* One version: the files that can make one, and what else speaks of it. */
struct dataset_candidate {
    const char *slug, *id;                            /* slug NULL: not known yet */
    const struct catalog_found *by[KIND_VERSION + 1]; /* NULL: none */
    struct catalog_founds loose;
    bool is_bad;
};
struct candidates {
    struct dataset_candidate *v;
    size_t n, cap;
};
/* Look beneath the data roots for files that speak of version id (NULL: of any). Faults of what may matter
 * for it are added; returns whether there were. */
bool dataset_index(const struct dataset_place *p, struct tree *t, const char *id,
                   struct candidates *out, struct err_list *faults);

#endif
