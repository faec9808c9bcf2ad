/* Owed receipts: written when the ledger is out of reach, recorded later under the next position. */
#include "run/owed.h"

#include <string.h>

#include "base/clock.h"
#include "doc/canon.h"
#include "doc/json.h"
#include "run/commit.h"
#include "run/record.h"

/* As text where that gives the same bytes again, else as {"hex":...}. */
static struct doc *blob_doc(struct arena *a, struct bytes text)
{
    struct err ignored = {0};
    struct doc *d = doc_textn(a, text);
    size_t at = 0;
    const char *what = NULL;
    if (canon_check(d, &ignored) == 0 && text_check(text, &at, &what) == 0) {
        return d;
    }
    struct buf hex = {0};
    for (size_t i = 0; i < text.n; i++) {
        buf_printf(&hex, "%02x", (unsigned)(unsigned char)text.p[i]);
    }
    d = doc_new(a, DOC_MAP);
    doc_put(a, d, "hex", doc_textn(a, buf_bytes(&hex)));
    buf_release(&hex);
    return d;
}

/* -1: neither of the two. */
static int blob_text(struct arena *a, const struct doc *d, struct bytes *out)
{
    const char *hex = doc_str(d, "hex", NULL);
    if (hex == NULL) {
        *out = d->text;
        return d->type == DOC_TEXT ? 0 : -1;
    }
    size_t n = strlen(hex) / 2;
    uint8_t *p = arena_alloc(a, n + 1);
    *out = bytes_of((const char *)p, n);
    return strlen(hex) == 2 * n ? hex_decode(hex, n, p) : -1;
}

struct bytes owed_write(struct run *r, const struct receipt_input *in)
{
    char now[CLOCK_TEXT];
    struct receipt_input timed = *in;
    struct evidence_set evidence = *in->evidence;
    size_t n = 0;
    /* It is recorded behind other entries than it was made behind: by then what stood before it may be of
     * another run, or lost with a crash of the server. */
    evidence.pre = (struct digest){0};
    timed.evidence = &evidence;
    timed.finished_at = clock_text(clock_unix_us(), now);
    timed.notes = "recorded late: the ledger could not be reached when the run ended";
    struct account account;
    account_of(r->a, r, &timed, &account);
    struct doc *d = doc_new(r->a, DOC_MAP);
    doc_put(r->a, d, "receipt", receipt_write(r->a, &account));
    struct doc *blobs = doc_put(r->a, d, "blobs", doc_new(r->a, DOC_LIST));
    struct blob *v = record_blobs(r, in, &n);
    for (size_t i = 0; i < n; i++) {
        doc_push(r->a, blobs, blob_doc(r->a, v[i].bytes));
    }
    struct buf text = {0};
    canon_write(&text, d);
    struct bytes out = bytes_of(arena_dup(r->a, buf_str(&text), text.n), text.n);
    buf_release(&text);
    return out;
}

/* What an owed receipt is about, as its entry says it; "": it does not say. */
static const char *subject_of(struct arena *a, const struct account *x)
{
    if (x->dropped == NULL) {
        return x->generation != NULL ? x->generation->name : x->migration_id;
    }
    struct names migrations = {0};
    const struct doc *list = doc_get(x->dropped, "migrations");
    for (size_t i = 0; i < doc_len(list); i++) {
        names_add(a, &migrations, list->item[i]->type == DOC_TEXT ? list->item[i]->text.p : "");
    }
    return drop_subject(a, doc_str(x->dropped, "projection", ""), &migrations);
}

static int entry_from(const struct run *r, const struct doc *receipt, struct entry *en,
                      struct err *e)
{
    struct account x;
    if (receipt_read(r->a, receipt, &x, e) != 0 || strcmp(x.environment, r->env->name) != 0 ||
        x.run_id[0] == '\0' || subject_of(r->a, &x)[0] == '\0') {
        err_set(e, ERR_INTEGRITY, "an owed receipt is damaged or belongs to another environment");
        return -1;
    }
    *en = (struct entry){
        .sequence = r->merkle->size + 1,
        .kind = x.dropped != NULL                      ? ENTRY_DROP
                : x.generation != NULL                 ? ENTRY_PUBLISH
                : strcmp(x.kind, "db_rollback") == 0   ? ENTRY_ROLLBACK
                : strcmp(x.kind, "db_definition") == 0 ? ENTRY_DEFINE
                : strcmp(x.kind, "db_prune") == 0      ? ENTRY_PRUNE
                                                       : ENTRY_APPLY,
        .subject = subject_of(r->a, &x),
        .result = x.result,
        .run_id = x.run_id,
        .finished_at = x.finished_at,
        .environment = x.environment,
        .instance = r->id->uuid,
        .previous = merkle_root(r->merkle),
        .checksum = x.declaration.checksum,
        .bundle_digest = x.declaration.bundle_digest,
        .pre = x.pre,
        .diff = x.diff,
    };
    return 0;
}

static int blobs_from(struct run *r, const struct doc *list, struct recording *out, struct err *e)
{
    struct blob *v = ARENA_ARRAY(r->a, struct blob, doc_len(list) + 1);
    for (size_t i = 0; i < doc_len(list); i++) {
        struct bytes text;
        if (blob_text(r->a, list->item[i], &text) != 0) {
            return err_set(e, ERR_INTEGRITY, "an owed receipt is damaged: text %zu cannot be read",
                           i + 1);
        }
        v[i] = (struct blob){digest_of(text), text};
    }
    out->blobs = v;
    out->n_blobs = doc_len(list);
    return 0;
}

static int pay_new(struct run *r, struct doc *d, const struct recording *texts, struct entry *en,
                   struct err *e)
{
    struct recording record = *texts;
    struct merkle before = *r->merkle;
    struct guard unguarded = {.xid = NULL};
    record.receipt =
        receipt_seal(r->a, doc_get(d, "receipt"), en->instance, en->sequence, &en->previous);
    en->receipt = digest_of(record.receipt);
    const struct commit c = {
        .subject = en->subject, .run_id = en->run_id, .done = "recorded", .before = &before};
    if (postgis_begin_alone(*r->pg, e) != 0) {
        return -1;
    }
    if (record_begin(r, 5000, 60000, 60000, NULL, e) != 0 ||
        ledger_record(*r->pg, &record, &unguarded, r->merkle, e) != 0) {
        *r->merkle = before;
        tx_roll_back(*r->pg);
        return -1;
    }
    return run_commit(r, &c, e) == TX_ENDED ? 0 : -1;
}

int run_pay(struct run *r, struct bytes owed, enum owed_fate *fate, struct err *e)
{
    struct entry en;
    struct receipt_rows rows = {0};
    struct recording record = {.entry = &en, .epoch = r->epoch};
    struct doc *d = json_read_own(r->a, owed, "state/owed", e);
    *fate = OWED_UNREADABLE;
    if (d == NULL || entry_from(r, doc_get(d, "receipt"), &en, e) != 0 ||
        blobs_from(r, doc_get(d, "blobs"), &record, e) != 0) {
        return 0;
    }
    if (ledger_receipts(*r->pg, 0, en.run_id, r->a, &rows, e) != 0) {
        return -1;
    }
    *fate = rows.n > 0 ? OWED_KNOWN : OWED_PAID;
    return rows.n > 0 ? 0 : pay_new(r, d, &record, &en, e);
}
