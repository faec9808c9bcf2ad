/* What a receipt says of other entries. docs/audit.md has the same in words. */
#include "evidence/verify_links.h"

#include <string.h>

#include "evidence/receipt.h"
#include "evidence/verify_exports.h"

struct linked {
    struct verified *v;
    struct arena *a; /* of the findings */
    const struct verify_others *l;
    const struct entry *en;
    const struct doc *claim;
};

static void differs(const struct linked *k, const char *what, const char *from)
{
    verify_found(k->v, k->a, "claim", "", "entry %lld: %s is not that of %s",
                 (long long)k->en->sequence, what, from);
}

/* The entry in that place, if it stands before this one. */
static const struct entry *entry_before(const struct linked *k, int64_t sequence)
{
    bool is_before = sequence > 0 && sequence < k->en->sequence;
    return is_before ? &k->l->entries->v[sequence - 1] : NULL;
}

/* --- a projection that was given up ------------------------------------------------------------------- */

static void check_dropped(const struct linked *k, const struct doc *dropped)
{
    struct arena x = {0};
    struct names migrations = {0};
    const struct doc *list = doc_get(dropped, "migrations");
    const struct doc *generations = doc_get(dropped, "generations");
    for (size_t i = 0; i < doc_len(list); i++) {
        names_add(&x, &migrations, list->item[i]->type == DOC_TEXT ? list->item[i]->text.p : "");
    }
    if (strcmp(drop_subject(&x, doc_str(dropped, "projection", ""), &migrations), k->en->subject) !=
        0) {
        differs(k, "subject", "its receipt");
    }
    for (size_t i = 0; i < doc_len(generations); i++) {
        const struct doc *g = generations->item[i];
        if (strcmp(doc_str(g, "state", ""), "live") == 0 &&
            strcmp(doc_str(g, "digest", ""), doc_str(dropped, "digest", "")) != 0) {
            differs(k, "digest of its live generation", "what was dropped");
        }
    }
    arena_release(&x);
}

/* --- a step that a person settled --------------------------------------------------------------------- */

/* The newest entry of these kinds before this one that is about the same step; NULL: there is none. */
static const struct entry *find_step(const struct linked *k, bool with_done)
{
    for (int64_t at = k->en->sequence - 1; at > 0; at--) {
        const struct entry *en = &k->l->entries->v[at - 1];
        bool is_its = en->kind == ENTRY_INTENT || (with_done && en->kind == ENTRY_DONE);
        if (is_its && digest_eq(&en->checksum, &k->en->checksum) &&
            strcmp(en->subject, k->en->subject) == 0) {
            return en;
        }
    }
    return NULL;
}

/* As it is proven: what was seen, or that nothing was; and not at all where it did not happen. */
static bool is_proven_by(const struct linked *k, bool is_applied, const struct doc *stands)
{
    struct digest want = {{0}};
    if (is_applied && receipt_read_digest(stands, &want) != 0) {
        return false;
    }
    if (is_applied && digest_is_zero(&want)) {
        want = digest_of(bytes_str("gone"));
    }
    return digest_eq(&want, &k->en->post);
}

static void check_resolve(const struct linked *k)
{
    const struct doc *said = doc_get(k->claim, "resolve");
    const char *as = doc_str(said, "as", "");
    if (strcmp(as, doc_str(doc_get(k->claim, "journal"), "how", "")) != 0) {
        differs(k, "how it was settled", "what was said");
    }
    if (!is_proven_by(k, strcmp(as, "applied") == 0, doc_get(said, "stands"))) {
        differs(k, "proof", "what was seen");
    }
    if (find_step(k, true) == NULL) {
        differs(k, "step", "an entry before it");
    }
}

/* --- the backup before a run -------------------------------------------------------------------------- */

/* One that has no entry was made outside, or of rows only: what is said of it is held to nothing. */
static void check_precaution(const struct linked *k)
{
    struct digest said;
    const struct doc *d = doc_get(k->claim, "precaution");
    const struct doc *at = doc_get(d, "entry");
    if (at == NULL || at->type == DOC_NULL) {
        return;
    }
    const struct entry *backup = entry_before(k, doc_num(d, "entry", 0));
    bool is_its = backup != NULL && backup->kind == ENTRY_BACKUP &&
                  strcmp(backup->result, "success") == 0 &&
                  receipt_read_digest(doc_get(d, "digest"), &said) == 0 &&
                  digest_eq(&said, &backup->checksum);
    if (!is_its) {
        differs(k, "the backup before it", "its entry");
    }
}

/* --- another text of the same effect ----------------------------------------------------------------- */

static void check_replaces(const struct linked *k, const struct doc *said)
{
    struct digest was;
    const struct entry *en = entry_before(k, doc_num(said, "sequence", 0));
    bool is_its = en != NULL && en->kind == ENTRY_APPLY && strcmp(en->result, "success") == 0 &&
                  receipt_read_digest(doc_get(said, "checksum"), &was) == 0 &&
                  digest_eq(&was, &en->checksum);
    if (!is_its) {
        differs(k, "the text that it replaces", "its entry");
    }
}

/* --- the batches of a backfill ------------------------------------------------------------------------ */

static const struct backfill_batches *batches_of(const struct verify_others *l,
                                                 const struct entry *intent)
{
    for (size_t i = 0; intent != NULL && i < l->n_batches; i++) {
        if (l->batches[i].intent == intent->sequence) {
            return &l->batches[i];
        }
    }
    return NULL;
}

static void check_batches(const struct linked *k, const struct doc *said)
{
    struct digest digest = {{0}};
    int64_t n = doc_num(said, "count", 0);
    const struct backfill_batches *b = batches_of(k->l, find_step(k, false));
    bool is_read = receipt_read_digest(doc_get(said, "digest"), &digest) == 0;
    bool is_same = b != NULL ? b->n == n && b->rows == doc_num(said, "rows", 0) && is_read &&
                                   digest_eq(&digest, &b->digest)
                             : n == 0;
    if (!is_same) {
        differs(k, "what it says of its batches", "kfmig.batch");
    }
}

void verify_batches(struct verified *v, struct arena *a, const struct verify_others *l,
                    int64_t size)
{
    int64_t n = (int64_t)l->entries->n;
    for (size_t i = 0; i < l->n_batches; i++) {
        int64_t at = l->batches[i].intent;
        bool is_there = at > 0 && at <= n && l->entries->v[at - 1].kind == ENTRY_INTENT;
        bool is_newer = at > n && at <= size;
        if (!is_there && !is_newer) {
            verify_found(v, a, "claim", "", "entry %lld, which has batches, began none",
                         (long long)at);
        }
    }
}

void verify_links(struct verified *v, struct arena *a, const struct verify_others *l,
                  const struct entry *en, const struct doc *receipt)
{
    struct linked k = {v, a, l, en, doc_get(receipt, "claim")};
    const struct doc *dropped = doc_get(k.claim, "dropped");
    const struct doc *batches = doc_find(k.claim, "journal.batches");
    if (dropped != NULL) {
        check_dropped(&k, dropped);
    }
    if (en->kind == ENTRY_RESOLVE) {
        check_resolve(&k);
    }
    check_precaution(&k);
    if (doc_get(k.claim, "replaces") != NULL) {
        check_replaces(&k, doc_get(k.claim, "replaces"));
    }
    if (batches != NULL) {
        check_batches(&k, batches);
    }
}
