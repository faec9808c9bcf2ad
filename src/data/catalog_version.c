/* DatasetVersion objects (KFM's contract "dataset_version" 1.0.0): the id that their members give, and the
 * rules of their stages. */
#include <string.h>

#include "data/catalog.h"
#include "doc/canon.h"

#define ID_PREFIX "kfm:dataset-version:"
#define ID_PROFILE "kfm-dataset-version-id-v1"

/* Numbers' literals would become texts. */
static bool has_literal(const struct doc *d)
{
    bool found = d->type == DOC_TEXT && d->plain;
    for (size_t i = 0; i < doc_len(d) && !found; i++) {
        found = has_literal(d->item[i]);
    }
    return found;
}

const char *dataset_version_id(struct arena *a, const struct doc *version)
{
    static const char *const members[] = {
        "content_digest", "dataset_id", "lifecycle_stage", "representation_kind",
        "source_ref",     "spec_hash",  "temporal",        "version_label",
    };
    struct err ignored;
    char text[DIGEST_TEXT];
    struct doc *subject = doc_new(a, DOC_MAP);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        struct doc *value = doc_get(version, members[i]);
        if (value == NULL) {
            return NULL;
        }
        (void)doc_put(a, subject, members[i], value);
    }
    if (has_literal(subject) || canon_check(subject, &ignored) != 0) {
        return NULL;
    }
    struct digest d = canon_digest(subject);
    return arena_printf(a, ID_PREFIX "%s", digest_text(&d, text));
}

/* --- form --------------------------------------------------------------------------------------- */

static const char *required(struct dataset_catalog *c, const struct doc *map, const char *key)
{
    const struct doc *at = doc_get(map, key);
    const char *text = catalog_text(at);
    if (text == NULL) {
        CATALOG_FAULT(c, CODE_SHAPE, at != NULL ? at : map, "\"%s\" has to be a text", key);
    }
    return text == NULL ? "" : text;
}

static void check_form(struct dataset_catalog *c, const struct doc *root)
{
    static const char *const texts[] = {"version_label", "source_ref", "source_role_ref",
                                        "content_digest"};
    static const char *const maps[] = {"temporal", "rights",     "sensitivity",
                                       "lineage",  "provenance", "governance"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        (void)required(c, root, texts[i]);
    }
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        const struct doc *at = doc_get(root, maps[i]);
        if (at == NULL || at->type != DOC_MAP) {
            CATALOG_FAULT(c, CODE_SHAPE, at != NULL ? at : root, "\"%s\" has to be an object",
                          maps[i]);
        }
    }
    if (strcmp(required(c, root, "schema_version"), "1.0.0") != 0) {
        CATALOG_FAULT(c, CODE_VERSION_UNKNOWN, root, "\"schema_version\" has to be \"1.0.0\"");
    }
    if (strcmp(required(c, root, "identity_profile"), ID_PROFILE) != 0) {
        CATALOG_FAULT(c, CODE_VERSION_UNKNOWN, root,
                      "\"identity_profile\" has to be \"" ID_PROFILE "\"");
    }
}

static void check_id(struct dataset_catalog *c, const struct doc *root)
{
    const struct doc *at = doc_get(root, "id");
    const char *id = required(c, root, "id");
    fact_id(c, at);
    if (strncmp(id, ID_PREFIX "sha256:", strlen(ID_PREFIX "sha256:")) == 0) {
        const char *computed = dataset_version_id(c->a, root);
        if (computed == NULL || strcmp(computed, id) != 0) {
            CATALOG_FAULT(c, CODE_VERSION_ID, at, "it was not computed over these members");
        }
    }
}

static void check_content(struct dataset_catalog *c, const struct doc *root)
{
    const struct doc *at = doc_get(root, "content_digest");
    struct digest d;
    if (catalog_text(at) == NULL) {
        return;
    }
    if (digest_parse(at->text.p, &d) != 0) {
        CATALOG_FAULT(c, CODE_DIGEST_MALFORMED, at,
                      "64 lower-case hexadecimal digits are expected");
    } else if (digest_is_zero(&d)) {
        CATALOG_FAULT(c, CODE_PLACEHOLDER, at, "it stands for no content");
    }
}

/* --- times -------------------------------------------------------------------------------------- */

/* Microseconds; otherwise for null. */
static int64_t instant(struct dataset_catalog *c, const struct doc *map, const char *key,
                       int64_t otherwise)
{
    int64_t us = otherwise;
    return fact_instant(c, doc_get(map, key), key, &us) > 0 ? us : otherwise;
}

static void check_times(struct dataset_catalog *c, const struct doc *root)
{
    const struct doc *temporal = doc_get(root, "temporal");
    const struct doc *window = doc_get(temporal, "effective_window");
    int64_t published = instant(c, temporal, "source_published_at", INT64_MIN);
    int64_t retrieved = instant(c, temporal, "retrieved_at", published);
    int64_t ingested = instant(c, temporal, "ingested_at", retrieved);
    int64_t start = instant(c, window, "start", INT64_MIN);
    int64_t end = instant(c, window, "end", INT64_MAX);
    if (published > retrieved || retrieved > ingested) {
        CATALOG_FAULT(c, CODE_TEMPORAL_ORDER, temporal, "published, retrieved, ingested");
    }
    if (start > end) {
        CATALOG_FAULT(c, CODE_TEMPORAL_ORDER, window, "a window ends before it starts");
    }
}

/* --- references --------------------------------------------------------------------------------- */

static const char *const reference_lists[] = {
    "rights.obligations",         "sensitivity.transform_refs",  "provenance.evidence_refs",
    "provenance.validation_refs", "provenance.run_receipt_refs", "provenance.input_version_refs",
    "lineage.supersedes",         "lineage.correction_refs",
};

static void check_list(struct dataset_catalog *c, const struct doc *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct doc *at = list->item[i];
        if (catalog_text(at) == NULL) {
            CATALOG_FAULT(c, CODE_SHAPE, at, "a reference has to be a text");
            return;
        }
        if (i > 0 && bytes_cmp(list->item[i - 1]->text, at->text) >= 0) {
            CATALOG_FAULT(c, CODE_REFS_NOT_CANONICAL, at, "it stands in the wrong place");
            return;
        }
    }
}

static void check_self(struct dataset_catalog *c, const struct doc *at)
{
    const char *text = catalog_text(at);
    if (text != NULL && strcmp(text, c->id) == 0) {
        CATALOG_FAULT(c, CODE_SELF_REFERENCE, at, "it is the version's own id");
    }
}

static void check_references(struct dataset_catalog *c, const struct doc *root)
{
    static const char *const single[] = {"previous_version_ref", "superseded_by",
                                         "rollback_target"};
    for (size_t i = 0; i < sizeof reference_lists / sizeof reference_lists[0]; i++) {
        const struct doc *list = doc_find(root, reference_lists[i]);
        if (list == NULL) {
            continue;
        }
        if (list->type != DOC_LIST) {
            CATALOG_FAULT(c, CODE_SHAPE, list, "\"%s\" has to be a list", reference_lists[i]);
            continue;
        }
        check_list(c, list);
        for (size_t k = 0; k < list->n; k++) {
            check_self(c, list->item[k]);
        }
    }
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++) {
        check_self(c, doc_get(doc_get(root, "lineage"), single[i]));
    }
}

/* --- stages ------------------------------------------------------------------------------------- */

static bool has_refs(const struct doc *root, const char *dotted)
{
    return doc_len(doc_find(root, dotted)) > 0;
}

static bool is_text(const struct doc *map, const char *key, const char *value)
{
    const char *text = catalog_member(map, key);
    return text != NULL && strcmp(text, value) == 0;
}

static void check_lineage(struct dataset_catalog *c, const struct doc *root)
{
    bool has_previous = catalog_text(doc_find(root, "lineage.previous_version_ref")) != NULL;
    if (is_text(root, "representation_kind", "processed_derivative") &&
        !(has_refs(root, "provenance.input_version_refs") &&
          has_refs(root, "provenance.run_receipt_refs"))) {
        CATALOG_FAULT(c, CODE_PROCESSED_LINEAGE, root, "in \"provenance\"");
    }
    if (is_text(root, "representation_kind", "corrected_version") &&
        !(has_previous && has_refs(root, "lineage.correction_refs"))) {
        CATALOG_FAULT(c, CODE_CORRECTED_LINEAGE, root, "in \"lineage\"");
    }
}

static void check_published(struct dataset_catalog *c, const struct doc *root, bool has_support)
{
    const struct doc *rights = doc_get(root, "rights");
    const struct doc *sensitivity = doc_get(root, "sensitivity");
    if (catalog_member(root, "release_ref") == NULL) {
        CATALOG_FAULT(c, CODE_PUBLISHED_RELEASE, root, "\"release_ref\"");
    }
    if (!is_text(rights, "state", "ALLOWED")) {
        CATALOG_FAULT(c, CODE_PUBLISHED_RIGHTS, root, "\"rights.state\"");
    }
    if (!is_text(sensitivity, "state", "PUBLIC_SAFE")) {
        CATALOG_FAULT(c, CODE_PUBLISHED_SENSITIVITY, root, "\"sensitivity.state\"");
    }
    if (!has_support || !has_refs(root, "provenance.run_receipt_refs")) {
        CATALOG_FAULT(c, CODE_PUBLISHED_SUPPORT, root, "in \"provenance\"");
    }
}

static void check_stage(struct dataset_catalog *c, const struct doc *root)
{
    const char *stage = required(c, root, "lifecycle_stage");
    bool is_published = strcmp(stage, "PUBLISHED") == 0;
    bool is_cataloged = strcmp(stage, "CATALOG") == 0 || strcmp(stage, "TRIPLET") == 0;
    bool has_support =
        has_refs(root, "provenance.evidence_refs") && has_refs(root, "provenance.validation_refs");
    const struct doc *at = doc_get(root, "lifecycle_stage");
    if (at != NULL && !is_published && !is_cataloged) {
        CATALOG_FAULT(c, CODE_STAGE_UNFIT, at, "\"lifecycle_stage\"");
        c->is_partial = true;
    }
    if (is_cataloged && !has_support) {
        CATALOG_FAULT(c, CODE_SUPPORT, root, "in \"provenance\"");
    }
    if (is_published != is_text(root, "representation_kind", "published_version")) {
        CATALOG_FAULT(c, CODE_PUBLISHED_KIND, at != NULL ? at : root, "\"representation_kind\"");
    }
    if (is_published) {
        check_published(c, root, has_support);
    } else if (catalog_member(root, "release_ref") != NULL) {
        CATALOG_FAULT(c, CODE_UNRELEASED, doc_get(root, "release_ref"), "\"release_ref\"");
    }
}

static void check_governance(struct dataset_catalog *c, const struct doc *root)
{
    const struct doc *map = doc_get(root, "governance");
    for (size_t i = 0; i < doc_len(map); i++) {
        const struct doc *at = map->item[i];
        if (at->type != DOC_BOOL || at->flag) {
            CATALOG_FAULT(c, CODE_GOVERNANCE, at, "a member of \"governance\"");
        }
    }
}

/* The states are words of their own; what they do not know is not known. */
static void check_state(struct dataset_catalog *c, const struct doc *root, const char *key,
                        const char *good, enum catalog_code code)
{
    const struct doc *map = doc_get(root, key);
    const char *state = catalog_member(map, "state");
    if (state == NULL) {
        CATALOG_FAULT(c, code, map != NULL ? map : root, "\"%s.state\" is missing", key);
    } else if (strcmp(state, good) != 0 && strcmp(state, "RESTRICTED") != 0 &&
               strcmp(state, "DENIED") != 0 && strcmp(state, "UNKNOWN") != 0 &&
               strcmp(state, "REVIEW_REQUIRED") != 0) {
        CATALOG_FAULT(c, code, map, "\"%s.state\" is no state", key);
    }
}

void version_read(struct dataset_catalog *c, const struct source_file *f)
{
    const struct doc *root = f->root;
    check_form(c, root);
    check_id(c, root);
    check_content(c, root);
    check_times(c, root);
    check_references(c, root);
    check_lineage(c, root);
    check_stage(c, root);
    check_governance(c, root);
    fact_slug(c, doc_get(root, "dataset_id"));
    fact_spec_hash(c, doc_get(root, "spec_hash"));
    check_state(c, root, "rights", "ALLOWED", CODE_RIGHTS_UNKNOWN);
    check_state(c, root, "sensitivity", "PUBLIC_SAFE", CODE_SENSITIVITY_UNKNOWN);
    fact_rights(c, doc_find(root, "rights.state"));
    fact_sensitivity(c, doc_find(root, "sensitivity.state"));
}
