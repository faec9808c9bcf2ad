/* in-toto statements over ledger entries. */
#include "attest/statement.h"

#include <string.h>

#include "doc/canon.h"
#include "doc/json.h"

static const char statement_type[] = "https://in-toto.io/Statement/v1";
static const char predicate_type[] = "urn:kfmig:schema:entry.v1";

static void put_subject(struct arena *a, struct doc *list, const char *name, const struct digest *d)
{
    char text[DIGEST_TEXT];
    if (digest_is_zero(d)) {
        return;
    }
    struct doc *row = doc_push(a, list, doc_new(a, DOC_MAP));
    struct doc *digests = doc_put(a, row, "digest", doc_new(a, DOC_MAP));
    doc_put(a, digests, "sha256", doc_text(a, digest_text(d, text) + strlen("sha256:")));
    doc_put(a, row, "name", doc_text(a, name));
}

/* As exports call them, and the leaf of the ledger's tree. */
static struct doc *subjects_of(struct arena *a, const struct entry *en)
{
    struct doc *list = doc_new(a, DOC_LIST);
    put_subject(a, list, arena_printf(a, "ledger/%lld.leaf", (long long)en->sequence), &en->leaf);
    put_subject(a, list, "receipts/run_receipt.json", &en->receipt);
    put_subject(a, list, "checksum", &en->checksum);
    put_subject(a, list, "bundle", &en->bundle_digest);
    put_subject(a, list, "baselines/pre.json", &en->pre);
    put_subject(a, list, "baselines/post.json", &en->post);
    put_subject(a, list, "diffs/summary.json", &en->diff);
    put_subject(a, list, "invariants", &en->invariants);
    return list;
}

void attested_write(struct buf *out, const struct entry *en)
{
    struct arena a = {0};
    struct buf text = {0};
    struct err e = {0};
    entry_write(&text, en);
    struct doc *predicate = json_read(&a, buf_bytes(&text), "entry", &e);
    if (predicate == NULL) {
        BUG("an entry that is no JSON");
    }
    struct doc *d = doc_new(&a, DOC_MAP);
    doc_put(&a, d, "_type", doc_text(&a, statement_type));
    doc_put(&a, d, "predicate", predicate);
    doc_put(&a, d, "predicateType", doc_text(&a, predicate_type));
    doc_put(&a, d, "subject", subjects_of(&a, en));
    canon_write(out, d);
    buf_release(&text);
    arena_release(&a);
}

static bool is_text_of(struct bytes payload, const struct entry *en)
{
    struct buf again = {0};
    attested_write(&again, en);
    bool same = bytes_eq(buf_bytes(&again), payload);
    buf_release(&again);
    return same;
}

int attested_read(struct arena *a, struct bytes payload, const char *path, struct entry *out,
                  struct err *e)
{
    struct err why = {0};
    struct buf text = {0};
    const struct doc *d = json_read(a, payload, path, &why);
    const struct doc *predicate = doc_get(d, "predicate");
    *out = (struct entry){.sequence = 0};
    if (predicate == NULL || strcmp(doc_str(d, "predicateType", ""), predicate_type) != 0) {
        return err_at(e, ERR_INTEGRITY, path, 0, 0,
                      "what was signed is no statement about a ledger entry");
    }
    canon_write(&text, predicate);
    char *copy = arena_strndup(a, buf_str(&text), text.n);
    struct bytes entry = bytes_of(copy, text.n);
    buf_release(&text);
    if (entry_read(a, entry, out, &why) != 0 || !is_text_of(payload, out)) {
        return err_at(e, ERR_INTEGRITY, path, 0, 0,
                      "what was signed is not written as kfmig writes a statement");
    }
    return 0;
}
