/* Evidence of a migration as files, made from the ledger. */
#include "evidence/export.h"

#include <string.h>

#include "base/fault.h"
#include "base/leftovers.h"
#include "evidence/baseline.h"
#include "evidence/pointer.h"
#include "evidence/receipts.h"

/* What a receipt may name: nothing else is ever written, whatever a ledger says. */
static const char *const uris[] = {"baselines/pre.json", "baselines/post.json",
                                   "diffs/summary.json", "diffs/touched.csv"};

static void names_of(struct arena *a, const struct doc *list, struct names *out)
{
    *out = (struct names){.v = ARENA_ARRAY(a, const char *, doc_len(list) + 1)};
    for (size_t i = 0; i < doc_len(list); i++) {
        if (list->item[i]->type == DOC_TEXT) {
            out->v[out->n++] = list->item[i]->text.p;
        }
    }
}

/* Which domains were protected when the migration ran: policy may have changed since. */
static struct domains domains_of(struct arena *a, const struct doc *receipt)
{
    const struct doc *d = doc_find(receipt, "claim.policy.protected");
    struct domains out;
    names_of(a, doc_get(d, "schemas"), &out.schemas);
    names_of(a, doc_get(d, "tables"), &out.tables);
    names_of(a, doc_get(d, "roles"), &out.roles);
    return out;
}

/* Which format the receipt's baselines have; 0: none that is known here. */
static int format_of(const struct doc *receipt)
{
    return baseline_format_parse(
        doc_str(doc_find(receipt, "claim.baselines"), "format", baseline_format_text(1)));
}

static bool is_baseline(const char *uri)
{
    return strncmp(uri, "baselines/", 10) == 0;
}

static struct bytes taken(struct arena *a, struct buf *text)
{
    struct bytes out = bytes_of(arena_dup(a, buf_str(text), text->n), text->n);
    buf_release(text);
    return out;
}

/* A baseline is not kept: it is the ledger's sum of objects before or after an entry. lines: the list that
 * goes with it, p NULL where there is none; may be NULL. */
static int make_baseline(struct sums *sums, struct arena *a, const struct doc *receipt,
                         int64_t sequence, const char *uri, struct bytes *out, struct bytes *lines,
                         struct err *e)
{
    struct object_rows rows;
    struct baseline *b = NULL;
    struct domains d = domains_of(a, receipt);
    struct buf text = {0};
    struct buf list = {0};
    int major = (int)(doc_num(doc_get(receipt, "target"), "server_version", 0) / 10000);
    int64_t upto = strcmp(uri, "baselines/pre.json") == 0 ? sequence - 1 : sequence;
    int format = format_of(receipt);
    if (format == 0) {
        return err_set(
            e, ERR_INTEGRITY,
            "the baselines of ledger entry %lld have a format that this kfmig does not know",
            (long long)sequence);
    }
    if (sums_at(sums, upto, &d, major, &b, e) != 0) {
        return -1;
    }
    if (format == 1) {
        baseline_rows(b, a, &rows);
        baseline_write_v1(&text, &rows, &d, major);
    } else {
        baseline_write(&text, b);
        if (lines != NULL) {
            baseline_lines(&list, b);
            *lines = taken(a, &list);
        }
    }
    *out = taken(a, &text);
    return 0;
}

static bool is_known(const char *uri)
{
    for (size_t i = 0; i < sizeof uris / sizeof uris[0]; i++) {
        if (strcmp(uris[i], uri) == 0) {
            return true;
        }
    }
    return false;
}

bool export_is_text(const char *uri)
{
    return is_known(uri) && !is_baseline(uri);
}

/* lines: as in make_baseline(). */
static int make_output(struct sums *sums, struct arena *a, const struct doc *receipt,
                       int64_t sequence, const struct doc *output, struct bytes *out,
                       struct bytes *lines, struct err *e)
{
    const struct ledger_source *l = sums->l;
    struct digest want;
    bool found = false;
    const char *uri = doc_str(output, "uri", "");
    if (!is_known(uri) || digest_parse(doc_str(output, "digest", ""), &want) != 0) {
        return err_set(
            e, ERR_INTEGRITY,
            "the receipt of ledger entry %lld names an output \"%s\" that no migration has",
            (long long)sequence, uri);
    }
    if (is_baseline(uri)) {
        if (make_baseline(sums, a, receipt, sequence, uri, out, lines, e) != 0) {
            return -1;
        }
    } else if (l->blob(l->ctx, &want, a, out, &found, e) != 0) {
        return -1;
    } else if (!found) {
        return err_set(e, ERR_INTEGRITY, "the ledger lacks %s of entry %lld", uri,
                       (long long)sequence);
    }
    struct digest have = digest_of(*out);
    if (!digest_eq(&have, &want)) {
        return err_set(e, ERR_INTEGRITY, "%s of ledger entry %lld is not what its receipt names",
                       uri, (long long)sequence);
    }
    return 0;
}

int export_output(struct sums *sums, struct arena *a, const struct doc *receipt, int64_t sequence,
                  const struct doc *output, struct bytes *out, struct err *e)
{
    return make_output(sums, a, receipt, sequence, output, out, NULL, e);
}

static int write_file(int dirfd, const char *path, struct bytes text, struct err *e)
{
    if (FAULT(EXPORT_WRITE)) {
        return err_set(e, ERR_PREFLIGHT, "cannot write \"%s\": fault injected", path);
    }
    return file_write(dirfd, path, text, 0666, e);
}

/* "diffs/summary.json" below prefix; with env in a folder of its own: "diffs/ENV/summary.json". */
static const char *path_of(struct arena *a, const char *prefix, const char *env, const char *uri)
{
    const char *slash = strchr(uri, '/');
    return env == NULL
               ? arena_printf(a, "%s/%s", prefix, uri)
               : arena_printf(a, "%s/%.*s/%s%s", prefix, (int)(slash - uri), uri, env, slash);
}

static int write_outputs(struct sums *sums, struct arena *a, const struct doc *receipt,
                         int64_t sequence, int dirfd, const char *prefix, const char *env,
                         struct err *e)
{
    const struct doc *outputs = doc_find(receipt, "claim.outputs");
    for (size_t i = 0; i < doc_len(outputs); i++) {
        struct bytes text = {NULL, 0};
        struct bytes lines = {NULL, 0};
        const char *path = path_of(a, prefix, env, doc_str(outputs->item[i], "uri", ""));
        if (make_output(sums, a, receipt, sequence, outputs->item[i], &text, &lines, e) != 0 ||
            write_file(dirfd, path, text, e) != 0 ||
            (lines.p != NULL && write_file(dirfd, object_list_path(a, path), lines, e) != 0)) {
            return -1;
        }
    }
    return 0;
}

/* The body is in the ledger only. */
static int write_pointer(struct arena *a, const struct doc *receipt, struct bytes body,
                         int64_t sequence, int dirfd, const char *prefix, struct err *e)
{
    const char *instance = doc_str(doc_get(receipt, "ledger"), "instance", "");
    struct pointer p = {.migration_id = doc_str(receipt, "migration_id", ""),
                        .environment = doc_str(receipt, "environment", ""),
                        .run_id = doc_str(receipt, "run_id", ""),
                        .uri = pointer_uri(a, instance, sequence),
                        .sequence = sequence,
                        .sha256 = digest_of(body)};
    return write_file(dirfd, path_of(a, prefix, NULL, "receipts/receipt_ref.json"),
                      pointer_write(a, &p), e);
}

static void clear_folders(struct arena *a, int dirfd, const char *prefix, const char *env)
{
    static const char *const folders[] = {"baselines/", "diffs/", "receipts/"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        const char *path = path_of(a, prefix, env, folders[i]);
        leftovers_remove(a, dirfd, arena_strndup(a, path, strlen(path) - 1));
    }
}

int export_bundle(const struct archive *r, struct sums *sums, const struct fact *f,
                  const struct bundle *b, int dirfd, const char *prefix, enum evidence mode,
                  struct err *e)
{
    struct arena a = {0};
    struct bytes body;
    struct doc *receipt = NULL;
    const char *env = mode == EVIDENCE_FOLDER ? r->env->name : NULL;
    int rc = -1;
    if (receipts_body(&r->ledger, &a, f->sequence, f->run_id, &f->receipt, &body, e) != 0 ||
        receipts_parse(&a, body, f->sequence, &receipt, e) != 0) {
        goto out;
    }
    if (strcmp(doc_str(receipt, "migration_id", ""), b->id) != 0) {
        err_set(e, ERR_INTEGRITY, "the receipt of ledger entry %lld is not about %s",
                (long long)f->sequence, b->id);
        goto out;
    }
    clear_folders(&a, dirfd, prefix, env);
    if (mode == EVIDENCE_POINTER) {
        rc = write_pointer(&a, receipt, body, f->sequence, dirfd, prefix, e);
        goto out;
    }
    if (write_outputs(sums, &a, receipt, f->sequence, dirfd, prefix, env, e) == 0) {
        rc = write_file(dirfd, path_of(&a, prefix, env, "receipts/run_receipt.json"), body, e);
    }
out:
    arena_release(&a);
    return rc;
}
