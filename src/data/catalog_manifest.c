/* Promotion manifests and registry records: the files that make a version, and say what it consists of. */
#include <string.h>
#include <strings.h>

#include "data/catalog.h"

/* A member that has to be a list of maps; faults are added for what is not. */
static const struct doc *list_of(struct dataset_catalog *c, const struct doc *map, const char *key)
{
    const struct doc *list = doc_get(map, key);
    if (list == NULL || list->type != DOC_LIST) {
        CATALOG_FAULT(c, CODE_SHAPE, list != NULL ? list : map, "\"%s\" has to be a list", key);
        return NULL;
    }
    return list;
}

/* path and digest of one entry. -1 with a fault. */
static int read_entry(struct dataset_catalog *c, enum catalog_kind kind, const struct doc *entry,
                      const char *beside, struct claim *out)
{
    const struct doc *at = doc_get(entry, "path");
    if (at == NULL) {
        CATALOG_FAULT(c, CODE_SHAPE, entry, "\"path\" is missing");
        return -1;
    }
    const char *path = NULL;
    if (catalog_path_needed(c, at, beside, &path) != 0 || claim_read(c, kind, entry, out) != 0) {
        return -1;
    }
    out->path = path;
    if (!out->has_digest) {
        CATALOG_FAULT(c, CODE_DIGEST_MISSING, entry, "\"%s\"", path);
        return -1;
    }
    return 0;
}

static bool is_one_of(const char *text, const char *const *list)
{
    for (size_t i = 0; list[i] != NULL; i++) {
        if (strcasecmp(text, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* A decision in words counts; without one its id has to stand for it: promotion itself says "allowed". */
static void read_decision(struct dataset_catalog *c, const struct doc *root)
{
    static const char *const allowed[] = {"allow", "allowed", NULL};
    const struct doc *policy = doc_get(root, "policy");
    const struct doc *decision = doc_get(policy, "decision");
    const char *text = catalog_text(decision);
    const char *id = catalog_member(policy, "decision_id");
    if (decision != NULL && (text == NULL || !is_one_of(text, allowed))) {
        CATALOG_FAULT(c, CODE_DECISION_DENIED, decision, "\"decision\" has to be \"allow\"");
    } else if (decision == NULL && (id == NULL || id[0] == '\0')) {
        CATALOG_FAULT(c, CODE_DECISION_MISSING, policy != NULL ? policy : root,
                      "\"decision_id\" is missing");
    }
    fact_label(c, doc_get(policy, "policy_label"));
}

static void read_promotion(struct dataset_catalog *c, const struct doc *root)
{
    static const char *const passed[] = {"pass", "passed", NULL};
    const char *version = catalog_member(root, "kfm_promotion_manifest_version");
    const struct doc *qa = doc_get(root, "qa");
    const char *status = catalog_member(qa, "status");
    if (version == NULL || strcmp(version, "v1") != 0) {
        const struct doc *at = doc_get(root, "kfm_promotion_manifest_version");
        CATALOG_FAULT(c, CODE_VERSION_UNKNOWN, at != NULL ? at : root,
                      "\"kfm_promotion_manifest_version\" has to be \"v1\"");
    }
    if (status == NULL || !is_one_of(status, passed)) {
        CATALOG_FAULT(c, CODE_QA_FAILED, qa != NULL ? qa : root,
                      "\"qa.status\" has to be \"pass\"");
    }
    read_decision(c, root);
    fact_spec_hash(c, doc_get(root, "spec_hash"));
}

void manifest_read(struct dataset_catalog *c, const struct source_file *f)
{
    const char *beside = path_folder(c->a, f->path);
    const struct doc *list = list_of(c, f->root, "artifacts");
    for (size_t i = 0; list != NULL && i < list->n; i++) {
        struct claim said;
        if (read_entry(c, KIND_MANIFEST, list->item[i], beside, &said) == 0) {
            claim_take(c, &said, true);
        }
    }
    read_promotion(c, f->root);
}

void manifest_catalogs(struct dataset_catalog *c, const struct source_file *f)
{
    const char *beside = path_folder(c->a, f->path);
    const struct doc *list = list_of(c, f->root, "catalogs");
    for (size_t i = 0; list != NULL && i < list->n; i++) {
        struct claim said;
        if (read_entry(c, KIND_MANIFEST, list->item[i], beside, &said) == 0) {
            claim_record(c, &said);
        }
    }
    size_t n = c->recorded.n;
    for (size_t i = 0; i < n; i++) {
        (void)catalog_source_read(c, c->recorded.rows[i].key.p, 0);
    }
}

static void check_status(struct dataset_catalog *c, const struct doc *root)
{
    static const char *const usable[] = {"current", "active", "superseded", NULL};
    const struct doc *at = doc_get(root, "record_status");
    const char *status = catalog_text(at);
    if (at != NULL && (status == NULL || !is_one_of(status, usable))) {
        CATALOG_FAULT(c, CODE_RECORD_STATUS, at,
                      "\"record_status\" has to be current, active or superseded");
    }
}

void record_read(struct dataset_catalog *c, const struct source_file *f)
{
    const struct doc *payload = doc_get(f->root, "payload");
    struct claim said;
    if (payload == NULL || payload->type != DOC_MAP) {
        CATALOG_FAULT(c, CODE_SHAPE, payload != NULL ? payload : f->root,
                      "\"payload\" has to be an object");
    } else {
        if (read_entry(c, KIND_RECORD, payload, path_folder(c->a, f->path), &said) == 0) {
            claim_take(c, &said, true);
        }
        fact_count(c, doc_get(payload, "feature_count"));
    }
    check_status(c, f->root);
    fact_spec_hash(c, doc_get(f->root, "spec_hash"));
    fact_rights(c, doc_get(f->root, "rights_status"));
    fact_license(c, doc_get(f->root, "license"));
    fact_license(c, doc_get(doc_get(f->root, "source"), "source_license_statement"));
    fact_sensitivity(c, doc_get(f->root, "sensitivity_status"));
    fact_label(c, doc_get(f->root, "policy_label"));
}
