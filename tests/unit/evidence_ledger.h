/* A ledger that stands in memory, as a struct ledger_source: for tests of src/evidence without a server. */
#ifndef KFMIG_TESTS_UNIT_EVIDENCE_LEDGER_H
#define KFMIG_TESTS_UNIT_EVIDENCE_LEDGER_H

#include <stdlib.h>
#include <string.h>

#include "doc/canon.h"
#include "evidence/archive.h"
#include "evidence/baseline.h"

#define UUID "11111111-2222-4333-8444-555555555555"

/* What stands in it may be spoiled after it was made, row by row. odd: what it finds itself. */
struct memory {
    struct arena *a;
    struct identity id;
    struct merkle tree;
    struct entries entries;
    struct receipt_rows receipts;
    struct blob blobs[64];
    size_t n_blobs;
    struct object_row objects[64];
    size_t n_objects;
    struct ledger_fault odd[4];
    size_t n_odd;
    struct digest unreadable;
    struct backfill_batches batches[4];
    size_t n_batches;
    int baselines;   /* format of the next migration's; 0: the newest */
    int64_t n_asked; /* texts and objects that were asked for */
};

static inline int memory_identity(void *ctx, struct identity *out, struct err *e)
{
    struct memory *m = ctx;
    (void)e;
    *out = m->id;
    return 0;
}

static inline int memory_entries(void *ctx, struct arena *a, struct identity *id,
                                 struct entries *out, struct err *e)
{
    struct memory *m = ctx;
    (void)a;
    (void)e;
    *id = m->id;
    *out = m->entries;
    return 0;
}

static inline int memory_receipts(void *ctx, int64_t after, receipt_fn *each, void *each_ctx,
                                  struct err *e)
{
    struct memory *m = ctx;
    for (size_t i = 0; i < m->receipts.n; i++) {
        if (m->receipts.v[i].sequence > after && each(each_ctx, &m->receipts.v[i], e) != 0) {
            return -1;
        }
    }
    return 0;
}

static inline int memory_receipt(void *ctx, int64_t after, const char *run_id, struct arena *a,
                                 struct receipt_rows *out, struct err *e)
{
    struct memory *m = ctx;
    (void)e;
    *out = (struct receipt_rows){0};
    for (size_t i = 0; i < m->receipts.n; i++) {
        const struct receipt_row *row = &m->receipts.v[i];
        if (row->sequence > after && (run_id == NULL || strcmp(row->run_id, run_id) == 0)) {
            ARENA_GROW(a, out->v, out->n, out->cap);
            out->v[out->n++] = *row;
        }
    }
    return 0;
}

static inline int memory_blob(void *ctx, const struct digest *d, struct arena *a, struct bytes *out,
                              bool *found, struct err *e)
{
    struct memory *m = ctx;
    (void)a;
    *found = false;
    m->n_asked++;
    if (digest_eq(d, &m->unreadable)) {
        return err_set(e, ERR_PREFLIGHT, "the connection is gone");
    }
    for (size_t i = 0; i < m->n_blobs && !*found; i++) {
        *found = digest_eq(d, &m->blobs[i].digest);
        *out = m->blobs[i].bytes;
    }
    return 0;
}

static inline int memory_changes(void *ctx, int64_t after, int64_t upto, struct arena *a,
                                 struct object_rows *out, struct err *e)
{
    struct memory *m = ctx;
    (void)e;
    *out = (struct object_rows){.v = ARENA_ARRAY(a, struct object_row, m->n_objects + 1)};
    m->n_asked++;
    for (size_t i = 0; i < m->n_objects; i++) {
        if (m->objects[i].sequence > after && m->objects[i].sequence <= upto) {
            out->v[out->n++] = m->objects[i];
        }
    }
    return 0;
}

static inline int memory_objects(void *ctx, int64_t upto, struct arena *a, struct object_rows *out,
                                 struct err *e)
{
    return memory_changes(ctx, INT64_MIN, upto == 0 ? INT64_MAX : upto, a, out, e);
}

static inline int memory_faults(void *ctx, const struct merkle *tree, const struct entries *all,
                                struct arena *a, struct ledger_fault **v, size_t *n, struct err *e)
{
    (void)all;
    struct memory *m = ctx;
    (void)tree;
    (void)a;
    (void)e;
    *v = m->odd;
    *n = m->n_odd;
    return 0;
}

/* One that cannot be read is left out: it came while the others were read. */
static inline int memory_blobs(void *ctx, blob_fn *each, void *each_ctx, struct err *e)
{
    struct memory *m = ctx;
    for (size_t i = 0; i < m->n_blobs; i++) {
        if (!digest_eq(&m->blobs[i].digest, &m->unreadable) &&
            each(each_ctx, &m->blobs[i], e) != 0) {
            return -1;
        }
    }
    return 0;
}

static inline int memory_batches(void *ctx, struct arena *a, struct backfill_batches **v, size_t *n,
                                 struct err *e)
{
    struct memory *m = ctx;
    (void)a;
    (void)e;
    *v = m->batches;
    *n = m->n_batches;
    return 0;
}

static inline struct ledger_source memory_source(struct memory *m)
{
    return (struct ledger_source){.ctx = m,
                                  .identity = memory_identity,
                                  .entries = memory_entries,
                                  .receipts = memory_receipts,
                                  .receipt = memory_receipt,
                                  .blob = memory_blob,
                                  .objects = memory_objects,
                                  .changes = memory_changes,
                                  .faults = memory_faults,
                                  .blobs = memory_blobs,
                                  .batches = memory_batches};
}

static inline void memory_begin(struct memory *m, struct arena *a)
{
    *m = (struct memory){.a = a};
    m->id = (struct identity){.has_ledger = true, .uuid = UUID, .environment = "dev"};
    m->id.root = merkle_root(&m->tree);
}

/* A text of the ledger; returns its digest as receipts write it. */
static inline const char *memory_text(struct memory *m, const char *text)
{
    char digest[DIGEST_TEXT];
    struct blob *b = &m->blobs[m->n_blobs++];
    b->bytes = bytes_str(text);
    b->digest = digest_of(b->bytes);
    return arena_strdup(m->a, digest_text(&b->digest, digest));
}

static inline void memory_output(struct memory *m, struct doc *outputs, const char *uri,
                                 const char *digest)
{
    struct doc *d = doc_push(m->a, outputs, doc_new(m->a, DOC_MAP));
    doc_put(m->a, d, "uri", doc_text(m->a, uri));
    doc_put(m->a, d, "digest", doc_text(m->a, digest));
}

static inline const char *memory_baseline(struct memory *m, int64_t upto)
{
    static const struct domains none;
    struct object_rows rows = {0};
    struct baseline b;
    char digest[DIGEST_TEXT];
    struct err e = {0};
    if (upto > 0) {
        (void)!memory_objects(m, upto, m->a, &rows, &e);
    }
    struct digest d;
    if (m->baselines == 1) {
        struct buf text = {0};
        baseline_write_v1(&text, &rows, &none, 15);
        d = digest_of(buf_bytes(&text));
        buf_release(&text);
    } else {
        baseline_begin(&b, &rows, &none, 15);
        d = baseline_digest(&b);
        baseline_release(&b);
    }
    return arena_strdup(m->a, digest_text(&d, digest));
}

static inline struct digest memory_digest(const struct doc *map, const char *key)
{
    struct digest d;
    return digest_parse(doc_str(map, key, ""), &d) == 0 ? d : (struct digest){{0}};
}

/* What an entry repeats of its receipt. */
static inline void memory_repeat(struct entry *en, const struct doc *claim)
{
    const struct doc *outputs = doc_get(claim, "outputs");
    en->checksum = memory_digest(claim, "checksum");
    en->bundle_digest = memory_digest(claim, "bundle_digest");
    for (size_t i = 0; i < doc_len(outputs); i++) {
        const char *uri = doc_str(outputs->item[i], "uri", "");
        struct digest d = memory_digest(outputs->item[i], "digest");
        en->pre = strcmp(uri, "baselines/pre.json") == 0 ? d : en->pre;
        en->post = strcmp(uri, "baselines/post.json") == 0 ? d : en->post;
        en->diff = strcmp(uri, "diffs/summary.json") == 0 ? d : en->diff;
    }
}

/* Write the receipt of the last entry again as it is now, and hash the entries again: consistent with
 * itself, whatever it says. */
static inline void memory_seal(struct memory *m, const struct doc *receipt)
{
    struct entry *en = &m->entries.v[m->entries.n - 1];
    struct buf text = {0};
    memory_repeat(en, doc_get(receipt, "claim"));
    canon_write(&text, receipt);
    struct bytes body = bytes_of(arena_dup(m->a, buf_str(&text), text.n), text.n);
    m->receipts.v[m->receipts.n - 1].body = body;
    en->receipt = digest_of(body);
    buf_clear(&text);
    entry_write(&text, en);
    en->text = bytes_of(arena_dup(m->a, buf_str(&text), text.n), text.n);
    en->leaf = merkle_leaf(en->text);
    buf_release(&text);
    m->tree = (struct merkle){0};
    for (size_t i = 0; i < m->entries.n; i++) {
        struct digest leaf = merkle_leaf(m->entries.v[i].text);
        merkle_add(&m->tree, &leaf);
    }
    m->id.size = m->tree.size;
    m->id.root = merkle_root(&m->tree);
}

/* One migration: it made table app.ID and read one input, forward.sql with sql. Returns the receipt, to be
 * changed and sealed again. */
static inline struct doc *memory_migration(struct memory *m, const char *id, const char *sql)
{
    struct arena *a = m->a;
    struct doc *r = doc_new(a, DOC_MAP);
    int64_t sequence = (int64_t)m->entries.n + 1;
    const char *run_id = arena_printf(a, "00000000-0000-4000-8000-%012lld", (long long)sequence);
    m->objects[m->n_objects++] = (struct object_row){
        arena_printf(a, "table app.\"%s\"", id), digest_of(bytes_str(id)), "", sequence, sequence};
    doc_put(a, r, "run_id", doc_text(a, run_id));
    doc_put(a, r, "migration_id", doc_text(a, id));
    doc_put(a, r, "environment", doc_text(a, "dev"));
    doc_put(a, r, "result", doc_text(a, "success"));
    struct doc *target = doc_put(a, r, "target", doc_new(a, DOC_MAP));
    doc_put(a, target, "server_version", doc_int(a, 150005));
    struct doc *claim = doc_put(a, r, "claim", doc_new(a, DOC_MAP));
    struct doc *inputs = doc_put(a, claim, "inputs", doc_new(a, DOC_LIST));
    struct doc *input = doc_push(a, inputs, doc_new(a, DOC_MAP));
    doc_put(a, input, "uri", doc_text(a, arena_printf(a, "migrations/%s/forward.sql", id)));
    doc_put(a, input, "digest", doc_text(a, memory_text(m, sql)));
    doc_put(a, claim, "checksum", doc_text(a, doc_str(input, "digest", "")));
    struct doc *outputs = doc_put(a, claim, "outputs", doc_new(a, DOC_LIST));
    memory_output(m, outputs, "baselines/pre.json", memory_baseline(m, sequence - 1));
    memory_output(m, outputs, "baselines/post.json", memory_baseline(m, sequence));
    memory_output(m, outputs, "diffs/summary.json",
                  memory_text(m, arena_printf(a, "{\"of\":\"%s\"}", id)));
    memory_output(m, outputs, "diffs/touched.csv", memory_text(m, arena_printf(a, "%s\n", id)));
    if (m->baselines != 1) {
        struct doc *baselines = doc_put(a, claim, "baselines", doc_new(a, DOC_MAP));
        doc_put(a, baselines, "format", doc_text(a, baseline_format_text(BASELINE_FORMAT)));
    }
    struct doc *ledger = doc_put(a, r, "ledger", doc_new(a, DOC_MAP));
    char previous[DIGEST_TEXT];
    struct digest root = merkle_root(&m->tree);
    doc_put(a, ledger, "instance", doc_text(a, UUID));
    doc_put(a, ledger, "sequence", doc_int(a, sequence));
    doc_put(a, ledger, "previous", doc_text(a, digest_text(&root, previous)));
    ARENA_GROW(a, m->entries.v, m->entries.n, m->entries.cap);
    m->entries.v[m->entries.n++] = (struct entry){.sequence = sequence,
                                                  .kind = ENTRY_APPLY,
                                                  .subject = id,
                                                  .result = "success",
                                                  .run_id = run_id,
                                                  .finished_at = "2026-11-29T00:00:00.000000Z",
                                                  .environment = "dev",
                                                  .instance = UUID,
                                                  .previous = root};
    ARENA_GROW(a, m->receipts.v, m->receipts.n, m->receipts.cap);
    m->receipts.v[m->receipts.n++] = (struct receipt_row){sequence, run_id, {NULL, 0}};
    memory_seal(m, r);
    return r;
}

#endif
