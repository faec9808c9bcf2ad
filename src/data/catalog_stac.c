/* STAC collections and items (STAC 1.x): assets, extents, labels. */
#include <string.h>
#include <strings.h>

#include "data/catalog.h"

/* Without roles an asset is data. */
static bool has_data_role(const struct doc *asset)
{
    const struct doc *roles = doc_get(asset, "roles");
    for (size_t i = 0; i < doc_len(roles); i++) {
        const char *role = catalog_text(roles->item[i]);
        if (role != NULL && strcmp(role, "data") == 0) {
            return true;
        }
    }
    return doc_len(roles) == 0;
}

/* An asset without a digest is an artifact only if it says that it is data, or if others say so. */
static void read_asset(struct dataset_catalog *c, const struct doc *key, const struct doc *asset,
                       const struct doc *item, const char *beside)
{
    struct claim said;
    const struct doc *href = doc_get(asset, "href");
    struct digest address;
    bool has_digest = claim_has_digest(asset);
    const char *path = NULL;
    if (href == NULL) {
        CATALOG_FAULT(c, CODE_SHAPE, asset, "\"href\" is missing");
        return;
    }
    if (claim_read(c, KIND_STAC, asset, &said) != 0) {
        return;
    }
    if (catalog_content_address(href, &address)) {
        said.digest = said.has_digest ? said.digest : address;
        said.has_digest = true;
        claim_take(c, &said, false);
        return;
    }
    const char *text = catalog_text(href);
    bool is_link =
        !has_digest && (!has_data_role(asset) || (text != NULL && strstr(text, "://") != NULL));
    if (is_link || catalog_href_needed(c, href, beside, &path) != 0) {
        return;
    }
    said.name = key->text.p;
    said.path = path;
    if (said.srid == 0 && fact_crs(c, doc_get(item, "properties"), &said.crs, &said.srid) != 0) {
        return;
    }
    claim_take(c, &said, c->form == DATASET_CATALOGED && has_data_role(asset));
}

static void read_assets(struct dataset_catalog *c, const struct doc *root, const char *beside)
{
    const struct doc *assets = doc_get(root, "assets");
    if (assets == NULL) {
        return;
    }
    if (assets->type != DOC_MAP) {
        CATALOG_FAULT(c, CODE_SHAPE, assets, "\"assets\" has to be an object");
        return;
    }
    for (size_t i = 0; i < assets->n; i++) {
        if (assets->item[i]->type == DOC_MAP) {
            read_asset(c, assets->key[i], assets->item[i], root, beside);
        } else {
            CATALOG_FAULT(c, CODE_SHAPE, assets->item[i], "an asset has to be an object");
        }
    }
}

/* Labels and states stand at the top or among the properties, with or without "kfm:". */
static void read_statements(struct dataset_catalog *c, const struct doc *map)
{
    static const struct {
        const char *key;
        void (*take)(struct dataset_catalog *c, const struct doc *at);
    } members[] = {
        {"kfm:dataset_version_id", fact_id}, {"dataset_version_id", fact_id},
        {"kfm:dataset_slug", fact_slug},     {"kfm:dataset_id", fact_slug},
        {"kfm:policy_label", fact_label},    {"policy_label", fact_label},
        {"license", fact_license},           {"kfm:rights_status", fact_rights},
        {"rights_status", fact_rights},      {"kfm:sensitivity", fact_sensitivity},
        {"sensitivity", fact_sensitivity},
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        members[i].take(c, doc_get(map, members[i].key));
    }
    const struct doc *state = doc_get(map, "kfm:release_state");
    state = state != NULL ? state : doc_get(map, "release_state");
    const char *text = catalog_text(state);
    if (text != NULL && strcasecmp(text, "withdrawn") == 0) {
        CATALOG_FAULT(c, CODE_RECORD_STATUS, state, "STAC says so");
    }
}

/* A window of time: both ends may be open, and it may not end before it starts. */
static void check_window(struct dataset_catalog *c, const struct doc *start, const struct doc *end,
                         const char *start_name, const char *end_name)
{
    int64_t from = 0;
    int64_t to = 0;
    bool has_start = fact_instant(c, start, start_name, &from) > 0;
    bool has_end = fact_instant(c, end, end_name, &to) > 0;
    if (has_start && has_end && from > to) {
        CATALOG_FAULT(c, CODE_TEMPORAL_ORDER, end, "a window ends before it starts");
    }
}

/* STAC item specification, "Properties Object": an item without one time has a window with both ends. */
static void check_item_times(struct dataset_catalog *c, const struct doc *properties)
{
    static const char *const others[] = {"created", "updated", "published", "expires"};
    const struct doc *at = doc_get(properties, "datetime");
    const struct doc *start = doc_get(properties, "start_datetime");
    const struct doc *end = doc_get(properties, "end_datetime");
    int64_t us = 0;
    (void)fact_instant(c, at, "datetime", &us);
    check_window(c, start, end, "start_datetime", "end_datetime");
    bool is_window =
        start != NULL && start->type != DOC_NULL && end != NULL && end->type != DOC_NULL;
    if (at != NULL && at->type == DOC_NULL && !is_window) {
        CATALOG_FAULT(c, CODE_TEMPORAL_TIMEZONE, at,
                      "\"datetime\" is null without \"start_datetime\" and \"end_datetime\"");
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        (void)fact_instant(c, doc_get(properties, others[i]), others[i], &us);
    }
}

/* STAC collection specification, "Temporal Extent Object": one end may be open. */
static void check_interval(struct dataset_catalog *c, const struct doc *pair)
{
    const struct doc *start = pair->item[0];
    const struct doc *end = pair->item[1];
    if (start->type == DOC_NULL && end->type == DOC_NULL) {
        CATALOG_FAULT(c, CODE_SHAPE, pair, "an interval is open at both ends");
        return;
    }
    check_window(c, start, end, "interval", "interval");
}

static void check_intervals(struct dataset_catalog *c, const struct doc *intervals)
{
    if (intervals == NULL) {
        return;
    }
    if (intervals->type != DOC_LIST || intervals->n == 0) {
        CATALOG_FAULT(c, CODE_SHAPE, intervals, "\"interval\" has to be a list of pairs");
        return;
    }
    for (size_t i = 0; i < intervals->n; i++) {
        const struct doc *pair = intervals->item[i];
        if (pair->type != DOC_LIST || pair->n != 2) {
            CATALOG_FAULT(c, CODE_SHAPE, pair, "an interval has to be a pair of times or nulls");
        } else {
            check_interval(c, pair);
        }
    }
}

void stac_read(struct dataset_catalog *c, const struct source_file *f)
{
    const struct doc *root = f->root;
    const char *version = catalog_member(root, "stac_version");
    const char *type = catalog_member(root, "type");
    if (version == NULL || strncmp(version, "1.", 2) != 0) {
        CATALOG_FAULT(c, CODE_VERSION_UNKNOWN, doc_get(root, "stac_version"),
                      "\"stac_version\" has to be 1.x");
    }
    read_statements(c, root);
    read_statements(c, doc_get(root, "properties"));
    if (type != NULL && strcmp(type, "Feature") == 0) {
        fact_item_box(c, doc_get(root, "bbox"));
        check_item_times(c, doc_get(root, "properties"));
    } else {
        const struct doc *boxes = doc_find(root, "extent.spatial.bbox");
        fact_box(c, doc_len(boxes) > 0 && boxes->type == DOC_LIST ? boxes->item[0] : boxes);
        check_intervals(c, doc_find(root, "extent.temporal.interval"));
    }
    read_assets(c, root, path_folder(c->a, f->path));
}
