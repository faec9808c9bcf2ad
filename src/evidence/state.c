/* Which exports are missing or altered. */
#include "evidence/state.h"

#include <string.h>

#include "doc/json.h"
#include "evidence/pointer.h"
#include "evidence/receipt.h"
#include "model/object_set.h"

enum { FILE_MAX = 64 * 1024 * 1024 };

static enum export_state state_in_bundle(const struct bundle *b)
{
    if (!b->has_evidence || !digest_eq(&b->evidence_checksum, &b->checksum)) {
        return EXPORT_MISSING;
    }
    return b->evidence_intact ? EXPORT_DONE : EXPORT_ALTERED;
}

/* Read a file of the project: EXPORT_DONE if that could be done at all. */
static enum export_state read_file(const struct archive *r, struct arena *a, const char *path,
                                   struct bytes *out)
{
    struct err e = {0};
    int rc = file_read(a, r->dirfd, path, FILE_MAX, out, NULL, &e);
    return rc == 0 ? EXPORT_DONE : rc == 1 ? EXPORT_MISSING : EXPORT_ALTERED;
}

static enum export_state state_of_list(const struct archive *r, struct arena *a, const char *path,
                                       struct bytes baseline)
{
    struct bytes lines;
    struct err e = {0};
    enum export_state state = read_file(r, a, object_list_path(a, path), &lines);
    return state != EXPORT_DONE                          ? state
           : object_list_check(baseline, lines, &e) == 0 ? EXPORT_DONE
                                                         : EXPORT_ALTERED;
}

/* "diffs/summary.json" of a receipt stands in diffs/ENV/summary.json. */
static enum export_state state_of_output(const struct archive *r, struct arena *a,
                                         const struct bundle *b, const struct doc *receipt,
                                         const struct doc *output)
{
    struct bytes text;
    struct digest want;
    const char *uri = doc_str(output, "uri", "");
    size_t n = strcspn(uri, "/");
    const char *path = arena_printf(a, "%s/%.*s/%s%s", b->dir, (int)n, uri, r->env->name, uri + n);
    enum export_state state = read_file(r, a, path, &text);
    if (state != EXPORT_DONE) {
        return state;
    }
    struct digest have = digest_of(text);
    if (digest_parse(doc_str(output, "digest", ""), &want) != 0 || !digest_eq(&have, &want)) {
        return EXPORT_ALTERED;
    }
    return object_list_wanted(receipt, uri) ? state_of_list(r, a, path, text) : EXPORT_DONE;
}

static enum export_state state_in_folder(const struct archive *r, struct arena *a,
                                         const struct bundle *b)
{
    struct err e = {0};
    struct bytes text;
    struct digest named;
    const char *path = arena_printf(a, "%s/receipts/%s/run_receipt.json", b->dir, r->env->name);
    enum export_state state = read_file(r, a, path, &text);
    if (state != EXPORT_DONE) {
        return state;
    }
    const struct doc *receipt = json_read(a, text, path, &e);
    if (receipt_read_digest(doc_find(receipt, "claim.checksum"), &named) != 0 ||
        !digest_eq(&named, &b->checksum)) {
        return EXPORT_ALTERED;
    }
    const struct doc *outputs = doc_find(receipt, "claim.outputs");
    for (size_t i = 0; state == EXPORT_DONE && i < doc_len(outputs); i++) {
        state = state_of_output(r, a, b, receipt, outputs->item[i]);
    }
    return state;
}

static enum export_state state_of_pointer(const struct archive *r, struct arena *a,
                                          const struct bundle *b, const struct fact *f)
{
    struct err e = {0};
    struct bytes text;
    struct pointer p;
    const char *path = arena_printf(a, "%s/receipts/receipt_ref.json", b->dir);
    enum export_state state = read_file(r, a, path, &text);
    if (state != EXPORT_DONE) {
        return state;
    }
    return pointer_read(a, text, path, &p, &e) == 0 && digest_eq(&p.sha256, &f->receipt)
               ? EXPORT_DONE
               : EXPORT_ALTERED;
}

/* What was applied once more after it was taken back has another receipt: one of this ledger from before does
 * not stand for it; one of another database does. */
static enum export_state state_again(const struct archive *r, struct arena *a,
                                     const struct bundle *b, const struct fact *f)
{
    struct err e = {0};
    struct bytes text;
    const char *sub =
        r->env->evidence == EVIDENCE_FOLDER ? arena_printf(a, "%s/", r->env->name) : "";
    const char *path = arena_printf(a, "%s/receipts/%srun_receipt.json", b->dir, sub);
    enum export_state state = read_file(r, a, path, &text);
    struct digest have = state == EXPORT_DONE ? digest_of(text) : f->receipt;
    if (state != EXPORT_DONE || digest_eq(&have, &f->receipt)) {
        return state;
    }
    const struct doc *receipt = json_read(a, text, path, &e);
    const char *instance = doc_str(doc_find(receipt, "ledger"), "instance", "");
    return strcmp(instance, r->id->uuid) == 0 ? EXPORT_ALTERED : EXPORT_DONE;
}

enum export_state evidence_state(const struct archive *r, const struct bundle *b)
{
    struct arena a = {0};
    const struct history *h = past_get(r->past, b->id);
    if (h == NULL || h->applied == NULL || r->env->evidence == EVIDENCE_NONE) {
        return EXPORT_DONE;
    }
    enum export_state state = r->env->evidence == EVIDENCE_BUNDLE ? state_in_bundle(b)
                              : r->env->evidence == EVIDENCE_FOLDER
                                  ? state_in_folder(r, &a, b)
                                  : state_of_pointer(r, &a, b, h->applied);
    if (state == EXPORT_DONE && h->applied->is_again && r->env->evidence != EVIDENCE_POINTER) {
        state = state_again(r, &a, b, h->applied);
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
