/* Exported files against their receipts, and those against the ledger. */
#include "evidence/verify_exports.h"

#include <string.h>

#include "evidence/pointer.h"
#include "evidence/receipts.h"
#include "model/object_set.h"

enum { FILE_MAX = 64 * 1024 * 1024 };

static const char missing[] = "missing: `kfmig receipt export` writes it";

/* One look at a project's exports. */
struct look {
    const struct archive *r;
    struct arena *a; /* of the findings */
    struct verified *v;
};

#define find(x, path, ...) verify_found((x)->v, (x)->a, "export", (path), __VA_ARGS__)

/* The list beside an exported baseline against the baseline. */
static void check_list(struct look *x, struct arena *a, const char *path, struct bytes baseline)
{
    struct bytes lines;
    struct err e = {0};
    int rc = file_read(a, x->r->dirfd, path, FILE_MAX, &lines, NULL, &e);
    if (rc == 1) {
        find(x, path, "missing, though the baseline beside it is about it");
    } else if (rc != 0 || object_list_check(baseline, lines, &e) != 0) {
        find(x, path, "%s", e.msg);
    }
}

/* One exported file against the digest that the exported receipt names. */
static void check_file(struct look *x, const char *path, const char *digest, bool has_list)
{
    struct arena a = {0};
    struct err e = {0};
    struct bytes text;
    struct digest want;
    int rc = file_read(&a, x->r->dirfd, path, FILE_MAX, &text, NULL, &e);
    if (rc < 0) {
        find(x, path, "%s", e.msg);
    } else if (rc == 1) {
        find(x, path, "missing, though its receipt names it");
    } else {
        struct digest have = digest_of(text);
        if (digest_parse(digest, &want) != 0 || !digest_eq(&have, &want)) {
            find(x, path, "not as its receipt says");
        } else if (has_list) {
            check_list(x, &a, object_list_path(&a, path), text);
        }
    }
    arena_release(&a);
}

/* sub: "" or "ENV/", the folder within baselines/, diffs/ and receipts/. */
static void check_files(struct look *x, struct arena *a, const struct bundle *b, const char *sub,
                        const struct doc *receipt)
{
    const struct doc *outputs = doc_find(receipt, "claim.outputs");
    for (size_t i = 0; i < doc_len(outputs); i++) {
        const char *uri = doc_str(outputs->item[i], "uri", "");
        size_t n = strcspn(uri, "/");
        if (uri[n] == '/') {
            check_file(x, arena_printf(a, "%s/%.*s/%s%s", b->dir, (int)n, uri, sub, uri + n + 1),
                       doc_str(outputs->item[i], "digest", ""), object_list_wanted(receipt, uri));
        }
    }
}

static void check_receipt(struct look *x, const struct bundle *b, const struct fact *f,
                          const char *sub)
{
    struct arena a = {0};
    struct err e = {0};
    struct bytes body;
    struct doc *receipt = NULL;
    const char *path = arena_printf(&a, "%s/receipts/%srun_receipt.json", b->dir, sub);
    int rc = file_read(&a, x->r->dirfd, path, FILE_MAX, &body, NULL, &e);
    if (rc == 0) {
        rc = receipts_parse(&a, body, f->sequence, &receipt, &e);
    }
    if (rc != 0) {
        find(x, path, "%s", rc < 0 ? e.msg : missing);
    } else {
        struct digest have = digest_of(body);
        const char *instance = doc_str(doc_get(receipt, "ledger"), "instance", "");
        bool is_ours = strcmp(instance, x->r->id->uuid) == 0;
        x->v->n_exports += is_ours;
        x->v->n_foreign += !is_ours;
        if (is_ours && !digest_eq(&have, &f->receipt)) {
            find(x, path, "not the receipt of ledger entry %lld", (long long)f->sequence);
        }
        check_files(x, &a, b, sub, receipt);
    }
    arena_release(&a);
}

/* receipts/receipt_ref.json: only what this ledger wrote can be compared with it. */
static void check_pointer(struct look *x, const struct bundle *b, const struct fact *f)
{
    struct arena a = {0};
    struct err e = {0};
    struct bytes text;
    struct pointer p;
    const char *path = arena_printf(&a, "%s/receipts/receipt_ref.json", b->dir);
    int rc = file_read(&a, x->r->dirfd, path, FILE_MAX, &text, NULL, &e);
    if (rc == 0) {
        rc = pointer_read(&a, text, path, &p, &e);
    }
    if (rc != 0) {
        find(x, path, "%s", rc < 0 ? e.msg : missing);
    } else {
        bool is_ours = strcmp(p.uri, pointer_uri(&a, x->r->id->uuid, f->sequence)) == 0;
        x->v->n_exports += is_ours;
        x->v->n_foreign += !is_ours;
        if (is_ours && !digest_eq(&p.sha256, &f->receipt)) {
            find(x, path, "does not name the receipt of ledger entry %lld", (long long)f->sequence);
        }
    }
    arena_release(&a);
}

void verify_exports(const struct archive *r, struct arena *a, struct verified *v)
{
    struct look x = {r, a, v};
    const struct env *env = r->env;
    const char *sub = env->evidence == EVIDENCE_FOLDER ? arena_printf(a, "%s/", env->name) : "";
    for (size_t i = 0; i < r->n_bundles && env->evidence != EVIDENCE_NONE; i++) {
        const struct bundle *b = &r->bundles[i];
        const struct history *h = past_get(r->past, b->id);
        if (h == NULL || h->applied == NULL) {
            continue;
        }
        if (env->evidence == EVIDENCE_POINTER) {
            check_pointer(&x, b, h->applied);
        } else {
            check_receipt(&x, b, h->applied, sub);
        }
    }
}
