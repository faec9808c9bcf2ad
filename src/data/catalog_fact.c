/* What sources say about a version: its identity, rights, sensitivity and policy. What is not said, or is
 * not known, stops. */
#include <string.h>
#include <strings.h>

#include "data/catalog.h"
#include "data/moment.h"

static bool is_said(const struct doc *at)
{
    return at != NULL && at->type != DOC_NULL;
}

/* NULL: not said, or a fault was added. */
static const char *text_of(struct dataset_catalog *c, const struct doc *at)
{
    if (!is_said(at)) {
        return NULL;
    }
    const char *text = catalog_text(ld_value(at));
    if (text == NULL || text[0] == '\0') {
        CATALOG_FAULT(c, CODE_SHAPE, at, "a text is expected");
        return NULL;
    }
    return text;
}

int fact_instant(struct dataset_catalog *c, const struct doc *at, const char *what, int64_t *us)
{
    const char *why;
    if (at == NULL || at->type == DOC_NULL) {
        return 0;
    }
    if (catalog_text(at) == NULL || moment_instant(at->text, us, &why) != 0 || *us == INT64_MAX ||
        *us == INT64_MIN) {
        CATALOG_FAULT(c, CODE_TEMPORAL_TIMEZONE, at, "\"%s\"", what);
        return -1;
    }
    return 1;
}

void fact_id(struct dataset_catalog *c, const struct doc *at)
{
    const char *id = text_of(c, at);
    if (id != NULL && strcmp(id, c->id) != 0) {
        CATALOG_FAULT(c, CODE_ID_MISMATCH, at, "the version is \"%s\"", c->id);
    }
}

void fact_slug(struct dataset_catalog *c, const struct doc *at)
{
    const char *slug = text_of(c, at);
    if (slug != NULL && !id_slug_eq(id_slug(slug), c->slug)) {
        CATALOG_FAULT(c, CODE_DATASET_MISMATCH, at, "the dataset is \"%s\"", c->slug);
    }
}

void fact_spec_hash(struct dataset_catalog *c, const struct doc *at)
{
    struct digest now;
    struct digest then;
    const char *text = text_of(c, at);
    if (text == NULL) {
        return;
    }
    if (catalog_digest(text, &now) != 0) {
        CATALOG_FAULT(c, CODE_DIGEST_MALFORMED, at,
                      "64 lower-case hexadecimal digits are expected");
    } else if (digest_is_zero(&now)) {
        CATALOG_FAULT(c, CODE_PLACEHOLDER, at, "it stands for no specification");
    } else if (c->spec_hash == NULL) {
        c->spec_hash = text;
    } else if (catalog_digest(c->spec_hash, &then) != 0 || !digest_eq(&now, &then)) {
        CATALOG_FAULT(c, CODE_SPEC_HASH_MISMATCH, at, "another source gives another one");
    }
}

/* --- statuses in words ---------------------------------------------------------------------------- */

enum verdict { VERDICT_NONE, VERDICT_OPEN, VERDICT_RESTRICTED, VERDICT_UNKNOWN, VERDICT_DENIED };

/* Words of statuses; the worst of a text's words counts. */
static const struct {
    const char *word;
    enum verdict verdict;
} words[] = {
    {"public", VERDICT_OPEN},          {"generalize", VERDICT_OPEN},
    {"generalized", VERDICT_OPEN},     {"restricted", VERDICT_RESTRICTED},
    {"sensitive", VERDICT_RESTRICTED}, {"controlled", VERDICT_RESTRICTED},
    {"internal", VERDICT_RESTRICTED},  {"embargoed", VERDICT_RESTRICTED},
    {"private", VERDICT_RESTRICTED},   {"confidential", VERDICT_RESTRICTED},
    {"unknown", VERDICT_UNKNOWN},      {"unclear", VERDICT_UNKNOWN},
    {"unresolved", VERDICT_UNKNOWN},   {"undetermined", VERDICT_UNKNOWN},
    {"unreviewed", VERDICT_UNKNOWN},   {"unspecified", VERDICT_UNKNOWN},
    {"pending", VERDICT_UNKNOWN},      {"tbd", VERDICT_UNKNOWN},
    {"todo", VERDICT_UNKNOWN},         {"denied", VERDICT_DENIED},
    {"deny", VERDICT_DENIED},          {"prohibited", VERDICT_DENIED},
    {"forbidden", VERDICT_DENIED},     {"refused", VERDICT_DENIED},
    {"revoked", VERDICT_DENIED},       {"quarantine", VERDICT_DENIED},
    {"quarantined", VERDICT_DENIED},
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(const char *p, size_t n, const char *word)
{
    return strlen(word) == n && strncasecmp(p, word, n) == 0;
}

static enum verdict verdict_of_word(const char *p, size_t n)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (is_word(p, n, words[i].word)) {
            return words[i].verdict;
        }
    }
    return VERDICT_NONE;
}

/* "public" counts only as the first word: what is "not-public" is not. A review that is required is not
 * done. */
static enum verdict verdict_of(const char *text)
{
    enum verdict worst = VERDICT_NONE;
    bool has_review = false;
    bool is_first = true;
    for (const char *p = text; *p != '\0';) {
        size_t n = 0;
        while (is_letter(p[n])) {
            n++;
        }
        enum verdict v = verdict_of_word(p, n);
        v = has_review && is_word(p, n, "required") ? VERDICT_UNKNOWN : v;
        v = v == VERDICT_OPEN && !is_first ? VERDICT_NONE : v;
        worst = v > worst ? v : worst;
        has_review = has_review || is_word(p, n, "review");
        is_first = is_first && n == 0;
        p += n > 0 ? n : 1;
    }
    return worst;
}

void fact_license(struct dataset_catalog *c, const struct doc *at)
{
    const char *text = text_of(c, at);
    if (text == NULL) {
        return;
    }
    if (verdict_of(text) == VERDICT_UNKNOWN) {
        CATALOG_FAULT(c, CODE_LICENSE_UNKNOWN, at, "it says so itself");
    }
    c->license = c->license != NULL ? c->license : text;
}

void fact_rights(struct dataset_catalog *c, const struct doc *at)
{
    const char *text = text_of(c, at);
    if (text == NULL) {
        return;
    }
    enum verdict v = verdict_of(text);
    if (v == VERDICT_DENIED) {
        CATALOG_FAULT(c, CODE_RIGHTS_DENIED, at, "it says so");
    } else if (v == VERDICT_UNKNOWN) {
        CATALOG_FAULT(c, CODE_RIGHTS_UNKNOWN, at, "it says so itself");
    }
    c->rights = c->rights != NULL ? c->rights : text;
}

void fact_sensitivity(struct dataset_catalog *c, const struct doc *at)
{
    const char *text = text_of(c, at);
    if (text == NULL) {
        return;
    }
    enum verdict v = verdict_of(text);
    if (v == VERDICT_DENIED) {
        CATALOG_FAULT(c, CODE_SENSITIVITY_DENIED, at, "it says so");
    } else if (v == VERDICT_UNKNOWN || v == VERDICT_NONE) {
        CATALOG_FAULT(c, CODE_SENSITIVITY_UNKNOWN, at,
                      "it has to begin with \"public\" or say \"restricted\"");
    }
    c->is_restricted = c->is_restricted || v != VERDICT_OPEN;
    c->sensitivity = c->sensitivity != NULL ? c->sensitivity : text;
}

/* The controlled list of policy labels (docs/catalogs.md). */
static enum verdict verdict_of_label(const char *label)
{
    static const struct {
        const char *label;
        enum verdict verdict;
    } labels[] = {
        {"public", VERDICT_OPEN},           {"public_generalized", VERDICT_OPEN},
        {"restricted", VERDICT_RESTRICTED}, {"restricted_sensitive_location", VERDICT_RESTRICTED},
        {"internal", VERDICT_RESTRICTED},   {"embargoed", VERDICT_RESTRICTED},
        {"quarantine", VERDICT_DENIED},
    };
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        if (strcmp(label, labels[i].label) == 0) {
            return labels[i].verdict;
        }
    }
    return VERDICT_UNKNOWN;
}

void fact_label(struct dataset_catalog *c, const struct doc *at)
{
    const char *text = text_of(c, at);
    if (text == NULL) {
        return;
    }
    enum verdict v = verdict_of_label(text);
    c->has_label = true;
    c->is_restricted = c->is_restricted || v != VERDICT_OPEN;
    if (v == VERDICT_UNKNOWN) {
        CATALOG_FAULT(c, CODE_POLICY_UNKNOWN, at, "it is not in the list");
    } else if (v == VERDICT_DENIED) {
        CATALOG_FAULT(c, CODE_POLICY_DENIED, at, "the label says so");
    } else if (c->policy_label == NULL) {
        c->policy_label = text;
    } else if (strcmp(c->policy_label, text) != 0) {
        CATALOG_FAULT(c, CODE_POLICY_MISMATCH, at, "another source gives another one");
    }
}

/* A registry record stands for itself: its own rights and sensitivity are what there is. */
void facts_close(struct dataset_catalog *c, const struct doc *at)
{
    bool is_record = c->form == DATASET_REGISTERED;
    if (c->is_partial) {
        c->is_bad = true;
        return;
    }
    if (is_record && c->rights == NULL) {
        CATALOG_FAULT(c, CODE_RIGHTS_UNKNOWN, at, "\"rights_status\" is missing");
    }
    if (is_record && c->sensitivity == NULL) {
        CATALOG_FAULT(c, CODE_SENSITIVITY_UNKNOWN, at, "\"sensitivity_status\" is missing");
    }
    if (!is_record && c->license == NULL && c->rights == NULL) {
        CATALOG_FAULT(c, CODE_LICENSE_UNKNOWN, at, "neither DCAT nor STAC says it");
    }
    if (!is_record && !c->has_label) {
        CATALOG_FAULT(c, CODE_POLICY_UNKNOWN, at, "no source says it");
    }
}
