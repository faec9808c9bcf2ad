/* Files beside the artifacts: checksums.v1.json, sha256sums.txt, runtime_metadata.v1.json. */
#include <string.h>

#include "data/catalog.h"

enum { HEX_DIGITS = 64 };

/* What the checksums say of an artifact is compared; of other files it is kept until they are read. */
static void take(struct dataset_catalog *c, const struct claim *said)
{
    if (claim_is_artifact(c, said->path)) {
        claim_take(c, said, false);
    } else {
        claim_record(c, said);
        const struct source_file *f = table_gets(&c->files, said->path);
        if (f != NULL && !digest_eq(&f->digest, &said->digest)) {
            CATALOG_FAULT_CLAIM(c, CODE_FILE_ALTERED, said, "\"%s\" by %s", said->path,
                                catalog_kind_text(KIND_CHECKSUMS));
        }
    }
}

/* entry: a digest as text, or a map that holds it. */
static void read_entry(struct dataset_catalog *c, const struct doc *path_at,
                       const struct doc *entry, const char *beside)
{
    struct claim said = {.kind = KIND_CHECKSUMS, .size = -1};
    const char *path = NULL;
    if (entry->type == DOC_MAP) {
        if (claim_read(c, KIND_CHECKSUMS, entry, &said) != 0) {
            return;
        }
    } else {
        const char *text = catalog_text(entry);
        if (text == NULL || catalog_digest(text, &said.digest) != 0) {
            CATALOG_FAULT(c, CODE_DIGEST_MALFORMED, entry,
                          "64 lower-case hexadecimal digits are expected");
            return;
        }
        said.has_digest = true;
    }
    said.place = entry->path;
    said.line = entry->line;
    said.col = entry->col;
    if (!said.has_digest) {
        CATALOG_FAULT(c, CODE_DIGEST_MISSING, entry, "every file of the checksums needs one");
    } else if (catalog_path_needed(c, path_at, beside, &path) == 0) {
        said.path = path;
        take(c, &said);
    }
}

static void read_list(struct dataset_catalog *c, const struct doc *list, const char *beside)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct doc *entry = list->item[i];
        const struct doc *at = list->type == DOC_MAP ? list->key[i] : doc_get(entry, "path");
        if (at == NULL) {
            CATALOG_FAULT(c, CODE_SHAPE, entry, "\"path\" is missing");
        } else {
            read_entry(c, at, entry, beside);
        }
    }
}

/* No shape was ever published: a list of {path, digest}, or a map from path to digest, under one of these
 * names. */
static void read_json(struct dataset_catalog *c, const struct doc *root, const char *beside)
{
    static const char *const keys[] = {"files", "artifacts", "checksums"};
    size_t n = 0;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const struct doc *list = doc_get(root, keys[i]);
        if (list != NULL && (list->type == DOC_LIST || list->type == DOC_MAP)) {
            read_list(c, list, beside);
            n++;
        }
    }
    fact_id(c, doc_get(root, "dataset_version_id"));
    if (n == 0) {
        CATALOG_FAULT(c, CODE_SHAPE, root, "\"files\" has to list paths with their digests");
    }
}

/* "<64 hex>  <path>", as sha256sum writes it; "*" before the path: read in binary mode. */
static void read_line(struct dataset_catalog *c, const struct source_file *f, const char *p,
                      size_t n, int line, const char *beside)
{
    struct doc at = {.type = DOC_TEXT, .path = f->path, .line = line, .col = 1};
    struct doc digest = at;
    bool is_good = n > HEX_DIGITS + 2 && p[HEX_DIGITS] == ' ' &&
                   (p[HEX_DIGITS + 1] == ' ' || p[HEX_DIGITS + 1] == '*');
    if (!is_good) {
        CATALOG_FAULT(c, CODE_SHAPE, &at, "\"<64 digits>  <path>\" is expected");
        return;
    }
    digest.text = bytes_of(arena_strndup(c->a, p, HEX_DIGITS), HEX_DIGITS);
    at.col = HEX_DIGITS + 3;
    at.text =
        bytes_of(arena_strndup(c->a, p + HEX_DIGITS + 2, n - HEX_DIGITS - 2), n - HEX_DIGITS - 2);
    read_entry(c, &at, &digest, beside);
}

static void read_lines(struct dataset_catalog *c, const struct source_file *f, const char *beside)
{
    int line = 1;
    const char *end = f->text.p + f->text.n;
    size_t at = 0;
    const char *what;
    if (text_check(f->text, &at, &what) != 0) {
        CATALOG_FAULT_PATH(c, CODE_MALFORMED, f->path, 0, "%s in the file", what);
        return;
    }
    for (const char *p = f->text.p; p < end; line++) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((stop == NULL ? end : stop) - p);
        if (n > 0 && *p != '#') {
            read_line(c, f, p, n, line, beside);
        }
        p += n + 1;
    }
}

void checksums_read(struct dataset_catalog *c, const struct source_file *f)
{
    const char *beside = path_folder(c->a, f->path);
    if (f->root == NULL) {
        read_lines(c, f, beside);
    } else {
        read_json(c, f->root, beside);
    }
}

void runtime_read(struct dataset_catalog *c, const struct source_file *f)
{
    const struct doc *root = f->root;
    const char *label = doc_get(root, "policy_label") != NULL ? "policy_label" : "kfm:policy_label";
    fact_id(c, doc_get(root, "dataset_version_id"));
    fact_slug(c, doc_get(root, "dataset_slug"));
    fact_box(c, doc_get(root, "bbox"));
    fact_count(c, doc_get(doc_get(root, "counts"), "features"));
    fact_count(c, doc_get(root, "feature_count"));
    fact_label(c, doc_get(root, label));
    (void)fact_crs(c, root, &c->crs, &c->srid);
}
