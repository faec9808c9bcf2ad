/* What a JSON file is, by its members, and which version of which dataset it speaks of. */
#include <string.h>

#include "data/catalog.h"

const char *catalog_kind_text(enum catalog_kind k)
{
    static const char *const texts[KIND_COUNT] = {
        [KIND_MANIFEST] = "the promotion manifest",
        [KIND_RECORD] = "the registry record",
        [KIND_VERSION] = "the DatasetVersion",
        [KIND_STAC] = "STAC",
        [KIND_DCAT] = "DCAT",
        [KIND_PROV] = "PROV",
        [KIND_RUNTIME] = "the runtime metadata",
        [KIND_CHECKSUMS] = "the checksums",
    };
    return texts[k];
}

bool catalog_is_dcat(const struct doc *node)
{
    return ld_is(node, "dcat:Dataset") || doc_get(node, "dcat:distribution") != NULL;
}

static bool is_map(const struct doc *d)
{
    return d != NULL && d->type == DOC_MAP;
}

/* Either PROV-O in JSON-LD, or PROV-JSON. A DCAT dataset that is a prov:Entity too remains DCAT. */
static bool is_prov(const struct doc *node)
{
    bool is_entity =
        ld_is(node, "prov:Entity") && !catalog_is_dcat(node) && !ld_is(node, "dcat:Distribution");
    return is_entity || ld_is(node, "prov:Activity") || ld_is(node, "prov:Bundle") ||
           (is_map(doc_get(node, "entity")) && is_map(doc_get(node, "activity")));
}

static bool is_stac(const struct doc *root)
{
    const char *type = catalog_member(root, "type");
    return doc_get(root, "stac_version") != NULL && type != NULL &&
           (strcmp(type, "Feature") == 0 || strcmp(type, "Collection") == 0);
}

unsigned catalog_classify(struct arena *a, const struct doc *root)
{
    const char *object = catalog_member(root, "object_type");
    if (doc_get(root, "kfm_promotion_manifest_version") != NULL) {
        return KIND_BIT(KIND_MANIFEST);
    }
    if (object != NULL && strcmp(object, "DatasetVersion") == 0) {
        return KIND_BIT(KIND_VERSION);
    }
    if (doc_get(root, "payload") != NULL && doc_get(root, "dataset_version_id") != NULL) {
        return KIND_BIT(KIND_RECORD);
    }
    if (is_stac(root)) {
        return KIND_BIT(KIND_STAC);
    }
    struct ld_nodes nodes;
    unsigned kinds = 0;
    ld_nodes(a, root, &nodes);
    for (size_t i = 0; i < nodes.n; i++) {
        kinds |= catalog_is_dcat(nodes.v[i]) ? KIND_BIT(KIND_DCAT) : 0;
        kinds |= is_prov(nodes.v[i]) ? KIND_BIT(KIND_PROV) : 0;
    }
    return kinds;
}

static const struct doc *id_member(const struct doc *map)
{
    const struct doc *d = doc_get(map, "kfm:dataset_version_id");
    return ld_value(d != NULL ? d : doc_get(map, "dataset_version_id"));
}

const struct doc *catalog_id_of(struct arena *a, const struct doc *root, unsigned kinds)
{
    if ((kinds & KIND_BIT(KIND_VERSION)) != 0) {
        return doc_get(root, "id");
    }
    const struct doc *id = id_member(root);
    if (id == NULL && (kinds & KIND_BIT(KIND_STAC)) != 0) {
        id = id_member(doc_get(root, "properties"));
    }
    struct ld_nodes nodes = {0};
    if (id == NULL && (kinds & (KIND_BIT(KIND_DCAT) | KIND_BIT(KIND_PROV))) != 0) {
        ld_nodes(a, root, &nodes);
    }
    for (int only_main = 1; only_main >= 0 && id == NULL; only_main--) {
        for (size_t i = 0; i < nodes.n && id == NULL; i++) {
            bool is_main = catalog_is_dcat(nodes.v[i]) || ld_is(nodes.v[i], "prov:Bundle") ||
                           ld_is(nodes.v[i], "prov:Activity");
            id = is_main || only_main == 0 ? id_member(nodes.v[i]) : NULL;
        }
    }
    return id;
}

static const char *dataset_member(const struct doc *map)
{
    static const char *const keys[] = {"dataset_slug", "kfm:dataset_slug", "dataset_id",
                                       "kfm:dataset_id"};
    const char *found = NULL;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && found == NULL; i++) {
        found = catalog_text(ld_value(doc_get(map, keys[i])));
    }
    return found == NULL ? NULL : id_slug(found);
}

const char *catalog_slug_of(struct arena *a, const struct doc *root, unsigned kinds)
{
    const char *slug = dataset_member(root);
    struct ld_nodes nodes = {0};
    if (slug == NULL && (kinds & KIND_BIT(KIND_DCAT)) != 0) {
        ld_nodes(a, root, &nodes);
    }
    for (size_t i = 0; i < nodes.n && slug == NULL; i++) {
        slug = catalog_is_dcat(nodes.v[i]) ? dataset_member(nodes.v[i]) : NULL;
    }
    return slug;
}
