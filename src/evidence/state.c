/* Which exports are missing or altered. */
#include "evidence/state.h"

#include <string.h>

#include "doc/json.h"

enum { FILE_MAX = 64 * 1024 * 1024 };

static enum export_state state_in_bundle(const struct bundle *b)
{
    if (!b->has_evidence || !digest_eq(&b->evidence_checksum, &b->checksum)) {
        return EXPORT_MISSING;
    }
    return b->evidence_intact ? EXPORT_DONE : EXPORT_ALTERED;
}

/* A JSON file whose member must be this digest: *d is the file, NULL unless the state is EXPORT_DONE. */
static enum export_state state_in_file(const struct archive *r, struct arena *a, const char *path,
                                       const char *member, const struct digest *want,
                                       struct doc **d)
{
    struct err e = {0};
    struct bytes text;
    struct digest found = {0};
    *d = NULL;
    int rc = file_read(a, r->dirfd, path, FILE_MAX, &text, NULL, &e);
    if (rc != 0) {
        return rc == 1 ? EXPORT_MISSING : EXPORT_ALTERED;
    }
    struct doc *root = json_read(a, text, path, &e);
    const struct doc *v = doc_find(root, member);
    if (v == NULL || v->type != DOC_TEXT || digest_parse(v->text.p, &found) != 0 ||
        !digest_eq(&found, want)) {
        return EXPORT_ALTERED;
    }
    *d = root;
    return EXPORT_DONE;
}

/* "diffs/summary.json" of a receipt stands in diffs/ENV/summary.json. */
static enum export_state state_of_output(const struct archive *r, struct arena *a,
                                         const struct bundle *b, const struct doc *output)
{
    struct err e = {0};
    struct bytes text;
    struct digest want;
    const char *uri = doc_str(output, "uri", "");
    size_t n = strcspn(uri, "/");
    const char *path = arena_printf(a, "%s/%.*s/%s%s", b->dir, (int)n, uri, r->env->name, uri + n);
    int rc = file_read(a, r->dirfd, path, FILE_MAX, &text, NULL, &e);
    if (rc != 0 || digest_parse(doc_str(output, "digest", ""), &want) != 0) {
        return rc == 1 ? EXPORT_MISSING : EXPORT_ALTERED;
    }
    struct digest have = digest_of(text);
    return digest_eq(&have, &want) ? EXPORT_DONE : EXPORT_ALTERED;
}

static enum export_state state_in_folder(const struct archive *r, struct arena *a,
                                         const struct bundle *b)
{
    struct doc *receipt = NULL;
    const char *path = arena_printf(a, "%s/receipts/%s/run_receipt.json", b->dir, r->env->name);
    enum export_state state = state_in_file(r, a, path, "claim.checksum", &b->checksum, &receipt);
    const struct doc *outputs = doc_find(receipt, "claim.outputs");
    for (size_t i = 0; state == EXPORT_DONE && i < doc_len(outputs); i++) {
        state = state_of_output(r, a, b, outputs->item[i]);
    }
    return state;
}

enum export_state evidence_state(const struct archive *r, const struct bundle *b)
{
    struct arena a = {0};
    struct doc *ref = NULL;
    enum export_state state = EXPORT_DONE;
    const struct history *h = past_get(r->past, b->id);
    if (h == NULL || h->applied == NULL || r->env->evidence == EVIDENCE_NONE) {
        return EXPORT_DONE;
    }
    if (r->env->evidence == EVIDENCE_BUNDLE) {
        return state_in_bundle(b);
    }
    if (r->env->evidence == EVIDENCE_FOLDER) {
        state = state_in_folder(r, &a, b);
    } else {
        const char *path = arena_printf(&a, "%s/receipts/receipt_ref.json", b->dir);
        state = state_in_file(r, &a, path, "sha256", &h->applied->receipt, &ref);
    }
    arena_release(&a);
    return state;
}

const enum export_state *evidence_states(const struct archive *r, struct arena *a)
{
    if (r->env->evidence == EVIDENCE_NONE) {
        return NULL;
    }
    enum export_state *v = ARENA_ARRAY(a, enum export_state, r->n_bundles + 1);
    for (size_t i = 0; i < r->n_bundles; i++) {
        v[i] = evidence_state(r, &r->bundles[i]);
    }
    return v;
}
