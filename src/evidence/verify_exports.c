/* Exported files against their receipts, and those against the ledger. */
#include "evidence/verify_exports.h"

#include <string.h>

#include "doc/json.h"
#include "evidence/pointer.h"
#include "evidence/receipts.h"
#include "model/object_set.h"

enum { FILE_MAX = 64 * 1024 * 1024 };

static const char missing[] = "missing: `kfmig receipt export` writes it";

/* One look at a project's exports. */
struct look {
    const struct archive *r;
    const struct entries *entries;
    struct arena *a; /* of the findings */
    struct verified *v;
};

#define find(x, path, ...) verify_found((x)->v, (x)->a, "export", (path), __VA_ARGS__)

/* A document against the schema of its format. What it lacks or has too much of is one finding each. */
static void check_schema(struct look *x, const char *path, const char *name, struct doc *d)
{
    struct arena a = {0};
    struct err_list faults = {0};
    if (x->r->schema != NULL && name != NULL && d != NULL) {
        (void)schema_check(&a, x->r->schema(name), d, &faults);
    }
    for (size_t i = 0; i < faults.n; i++) {
        find(x, path, "not as %s says: %s", name, faults.v[i].msg);
    }
    err_list_release(&faults);
    arena_release(&a);
}

/* Of a file that a receipt names; NULL: it is no document, or of a format that has no schema. */
static const char *schema_of(const char *uri, const struct doc *d)
{
    static const char *const names[] = {"baseline.v1", "baseline.v2", "diff_summary.v1"};
    const char *format = doc_str(d, "format", "");
    size_t n = sizeof names / sizeof names[0];
    bool is_diff = strcmp(uri, "diffs/summary.json") == 0;
    if (is_diff || strncmp(uri, "baselines/", 10) != 0) {
        return is_diff ? names[n - 1] : NULL;
    }
    for (size_t i = 0; i < n - 1; i++) {
        if (strncmp(format, "kfmig.", 6) == 0 && strcmp(format + 6, names[i]) == 0) {
            return names[i];
        }
    }
    return names[n - 2]; /* which says what is wrong with it */
}

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
static void check_file(struct look *x, const char *path, const struct doc *output, bool has_list)
{
    struct arena a = {0};
    const char *uri = doc_str(output, "uri", "");
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
        struct doc *d = schema_of(uri, NULL) != NULL ? json_read(&a, text, path, &e) : NULL;
        check_schema(x, path, schema_of(uri, d), d);
        if (digest_parse(doc_str(output, "digest", ""), &want) != 0 || !digest_eq(&have, &want)) {
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
                       outputs->item[i], object_list_wanted(receipt, uri));
        }
    }
}

/* What a run writes and exports meanwhile is right. */
static bool is_beyond(const struct look *x, int64_t sequence)
{
    struct identity now;
    struct err e = {0};
    const struct ledger_source *l = &x->r->ledger;
    return (size_t)sequence > x->entries->n &&
           (l->identity(l->ctx, &now, &e) != 0 || sequence > now.size);
}

/* receipt: what a file of this ledger says that entry sequence has, or is it. f: the entry that it must be
 * of; NULL: any one that there is. denies: the word for a file that is of another. */
static void check_entry(struct look *x, const char *path, const char *denies, const struct fact *f,
                        int64_t sequence, const struct digest *receipt)
{
    int64_t n = f != NULL ? f->sequence : sequence;
    bool is_entry = n >= 1 && (size_t)n <= x->entries->n;
    if (f != NULL ? !digest_eq(receipt, &f->receipt)
                  : is_entry && !digest_eq(receipt, &x->entries->v[n - 1].receipt)) {
        find(x, path, "%s the receipt of ledger entry %lld", denies, (long long)n);
    } else if (f == NULL && (n < 1 || is_beyond(x, n))) {
        find(x, path, "of entry %lld, the ledger has %zu entries", (long long)n, x->entries->n);
    }
}

static void count(struct look *x, bool is_ours)
{
    x->v->n_exports += is_ours;
    x->v->n_foreign += !is_ours;
}

/* Read what is exported in a bundle: 0; -1: it is missing, which is a finding where f, what it is exported
 * of, is known, or cannot be read, which always is. */
static int read_export(struct look *x, struct arena *a, const char *path, const struct fact *f,
                       struct bytes *out)
{
    struct err e = {0};
    int rc = file_read(a, x->r->dirfd, path, FILE_MAX, out, NULL, &e);
    if (rc < 0 || (rc == 1 && f != NULL)) {
        find(x, path, "%s", rc < 0 ? e.msg : missing);
    }
    return rc == 0 ? 0 : -1;
}

/* f NULL: b is not applied here, and only what is of this ledger is looked at. sub: as in check_files(). */
static void check_receipt(struct look *x, struct arena *a, const struct bundle *b,
                          const struct fact *f, const char *sub)
{
    struct err e = {0};
    struct bytes body;
    struct doc *receipt = NULL;
    const char *path = arena_printf(a, "%s/receipts/%srun_receipt.json", b->dir, sub);
    if (read_export(x, a, path, f, &body) != 0) {
        return;
    }
    if (receipts_parse(a, body, f != NULL ? f->sequence : 0, &receipt, &e) != 0) {
        find(x, path, "%s", e.msg);
        return;
    }
    struct digest have = digest_of(body);
    const struct doc *ledger = doc_get(receipt, "ledger");
    bool is_ours = strcmp(doc_str(ledger, "instance", ""), x->r->id->uuid) == 0;
    if (f != NULL || is_ours) {
        count(x, is_ours);
        check_schema(x, path, "run_receipt.v1", receipt);
        check_files(x, a, b, sub, receipt);
    }
    if (is_ours) {
        check_entry(x, path, "not", f, doc_num(ledger, "sequence", 0), &have);
    }
}

/* receipts/receipt_ref.json: only what this ledger wrote can be compared with it. f as above. */
static void check_pointer(struct look *x, struct arena *a, const struct bundle *b,
                          const struct fact *f)
{
    struct err e = {0};
    struct bytes text;
    struct pointer p;
    const char *path = arena_printf(a, "%s/receipts/receipt_ref.json", b->dir);
    if (read_export(x, a, path, f, &text) != 0) {
        return;
    }
    if (pointer_read(a, text, path, &p, &e) != 0) {
        find(x, path, "%s", e.msg);
        return;
    }
    const char *uuid = x->r->id->uuid;
    const char *uri = pointer_uri(a, uuid, f != NULL ? f->sequence : p.sequence);
    const char *ours = pointer_uri(a, uuid, 0);
    bool is_ours = strncmp(p.uri, ours, strlen(ours) - 1) == 0;
    if (strcmp(p.uri, uri) != 0) {
        p.sha256 = (struct digest){{0}};
    }
    if (f != NULL || is_ours) {
        count(x, is_ours);
        check_schema(x, path, "receipt_ref.v1", json_read(a, text, path, &e));
    }
    if (is_ours) {
        check_entry(x, path, "does not name", f, p.sequence, &p.sha256);
    }
}

void verify_exports(const struct archive *r, const struct entries *entries, struct arena *a,
                    struct verified *v)
{
    struct look x = {r, entries, a, v};
    enum evidence wanted = r->env->evidence;
    for (size_t i = 0; i < r->n_bundles; i++) {
        struct arena own = {0};
        const struct bundle *b = &r->bundles[i];
        const struct history *h = past_get(r->past, b->id);
        const struct fact *f = h != NULL ? h->applied : NULL;
        if (f == NULL || wanted == EVIDENCE_BUNDLE) {
            check_receipt(&x, &own, b, f, "");
        }
        if (f == NULL || wanted == EVIDENCE_FOLDER) {
            check_receipt(&x, &own, b, f, arena_printf(&own, "%s/", r->env->name));
        }
        if (f == NULL || wanted == EVIDENCE_POINTER) {
            check_pointer(&x, &own, b, f);
        }
        arena_release(&own);
    }
}
