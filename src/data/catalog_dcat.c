/* DCAT datasets with their distributions, and PROV entities. */
#include <string.h>

#include "data/catalog.h"

static bool is_known(const struct doc *d)
{
    return d != NULL && d->type != DOC_NULL;
}

/* Where a distribution is: its file, else the page that leads to it. */
static const struct doc *address_of(const struct doc *node)
{
    const struct doc *at = ld_value(ld_get(node, "dcat:downloadURL"));
    return at != NULL ? at : ld_value(ld_get(node, "dcat:accessURL"));
}

static void read_distribution(struct dataset_catalog *c, const struct doc *node, const char *beside)
{
    struct claim said;
    struct digest address;
    const struct doc *at = address_of(node);
    const char *path = NULL;
    if (claim_read(c, KIND_DCAT, node, &said) != 0) {
        return;
    }
    if (catalog_content_address(at, &address)) {
        said.digest = said.has_digest ? said.digest : address;
        said.has_digest = true;
    } else if (is_known(at) && (said.has_digest || ld_get(node, "dcat:downloadURL") != NULL)) {
        enum path_result r = catalog_path(c, at, beside, &path);
        if (r == PATH_URL && said.has_digest) {
            CATALOG_FAULT(c, CODE_PATH_SCHEME, at, "kfmig reads files of the project only");
        } else if (r == PATH_ABSENT) {
            CATALOG_FAULT(c, CODE_FILE_MISSING, at, "\"%s\"", at->text.p);
        }
        if (r != PATH_FOUND) {
            return;
        }
    }
    said.path = path;
    if (path != NULL || said.has_digest) {
        claim_take(c, &said, false);
    }
}

static void read_distributions(struct dataset_catalog *c, const struct ld_nodes *nodes,
                               const struct doc *list, const char *beside)
{
    size_t n = list->type == DOC_LIST ? list->n : 1;
    for (size_t i = 0; i < n; i++) {
        const struct doc *node = ld_follow(nodes, list->type == DOC_LIST ? list->item[i] : list);
        if (node != NULL && node->type == DOC_MAP) {
            read_distribution(c, node, beside);
        }
    }
}

static void read_dataset(struct dataset_catalog *c, const struct ld_nodes *nodes,
                         const struct doc *node, const char *beside)
{
    fact_id(c, doc_get(node, "kfm:dataset_version_id"));
    fact_id(c, doc_get(node, "dataset_version_id"));
    fact_slug(c, doc_get(node, "kfm:dataset_id"));
    fact_slug(c, doc_get(node, "kfm:dataset_slug"));
    fact_label(c, doc_get(node, "kfm:policy_label"));
    fact_license(c, ld_get(node, "dct:license"));
    fact_license(c, ld_get(node, "dct:rights"));
    const struct doc *list = ld_get(node, "dcat:distribution");
    if (is_known(list)) {
        read_distributions(c, nodes, list, beside);
    }
}

void dcat_read(struct dataset_catalog *c, const struct source_file *f)
{
    struct ld_nodes nodes;
    const char *beside = path_folder(c->a, f->path);
    ld_nodes(c->a, f->root, &nodes);
    for (size_t i = 0; i < nodes.n; i++) {
        if (catalog_is_dcat(nodes.v[i])) {
            read_dataset(c, &nodes, nodes.v[i], beside);
        }
    }
}

/* --- PROV --------------------------------------------------------------------------------------- */

/* Where an entity says it is. Its "@id" is a name, not a place. */
static const struct doc *location_of(const struct doc *node)
{
    static const char *const keys[] = {"prov:atLocation", "prov:location", "path", "href",
                                       "dcat:downloadURL"};
    const struct doc *at = NULL;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && !is_known(at); i++) {
        at = ld_value(ld_get(node, keys[i]));
    }
    return at;
}

/* Entities are also inputs, which are none of our business: only what stands for an artifact by its path
 * or by its digest is looked at. */
static void read_entity(struct dataset_catalog *c, const struct doc *node, const char *beside)
{
    struct claim said = {
        .kind = KIND_PROV, .size = -1, .place = node->path, .line = node->line, .col = node->col};
    struct digest address;
    const struct doc *at = location_of(node);
    const char *path = NULL;
    bool has_address = catalog_content_address(at, &address) ||
                       catalog_content_address(doc_get(node, "@id"), &address);
    enum path_result r = is_known(at) ? catalog_path(c, at, beside, &path) : PATH_URL;
    if (r == PATH_FOUND && claim_is_artifact(c, path)) {
        if (claim_read(c, KIND_PROV, node, &said) == 0) {
            said.path = path;
            claim_take(c, &said, false);
        }
    } else if (r == PATH_URL && (claim_find_digest(node, &said.digest) || has_address)) {
        said.digest = claim_has_digest(node) ? said.digest : address;
        said.has_digest = true;
        claim_take(c, &said, false);
    }
}

static void walk(struct dataset_catalog *c, const struct doc *d, const char *beside)
{
    struct digest ignored;
    if (d->type == DOC_MAP &&
        (claim_has_digest(d) || catalog_content_address(doc_get(d, "@id"), &ignored))) {
        read_entity(c, d, beside);
    }
    for (size_t i = 0; i < doc_len(d); i++) {
        if (strcmp(d->type == DOC_MAP ? d->key[i]->text.p : "", "@graph") != 0) {
            walk(c, d->item[i], beside);
        }
    }
}

void prov_read(struct dataset_catalog *c, const struct source_file *f)
{
    struct ld_nodes nodes;
    const char *beside = path_folder(c->a, f->path);
    fact_id(c, doc_get(f->root, "kfm:dataset_version_id"));
    ld_nodes(c->a, f->root, &nodes);
    for (size_t i = 0; i < nodes.n; i++) {
        if (!catalog_is_dcat(nodes.v[i]) && !ld_is(nodes.v[i], "dcat:Distribution")) {
            walk(c, nodes.v[i], beside);
        }
    }
}
