/* The journal: what its entries say, and writing them. */
#include "ledger/journal.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "doc/canon.h"
#include "ledger/parts.h"
#include "ledger/queries.h"

/* A subject that has steps. fact: sequence of the newest entry that made or undid a fact of it:
 * steps done before are done with. */
struct journal_subject {
    const char *name;
    int64_t fact;
};

/* What rolling back the open transaction takes back: the last batch in it. */
struct undo {
    struct journal_row *row; /* NULL: nothing to take back */
    struct journal_row was;
    struct merkle merkle;
};

struct journal {
    struct arena *a;
    const struct journal_run *run;
    struct table rows;     /* key (32 bytes): struct journal_row */
    struct table subjects; /* name: struct journal_subject */
    struct undo undo;
};

const char *journal_end_text(enum journal_end end)
{
    static const char *const text[] = {"ran", "adopted", "stood", "void"};
    return text[end];
}

struct digest journal_key(const struct journal_step *step)
{
    uint8_t at[8];
    for (size_t i = 0; i < sizeof at; i++) {
        at[i] = (uint8_t)((uint64_t)step->at >> (8 * (sizeof at - 1 - i)));
    }
    struct digester *d = digester_open("kfmig.journal.v1");
    digester_field(d, "subject", bytes_str(step->subject));
    digester_field(d, "store", bytes_str(step->store));
    digester_field(d, "verb", bytes_str(step->verb));
    digester_field(d, "object", bytes_str(step->object));
    digester_field(d, "at", bytes_of((const char *)at, sizeof at));
    digester_field(d, "payload", bytes_of((const char *)step->payload.b, sizeof step->payload.b));
    return digester_close(d);
}

struct journal_step journal_step_of(const char *subject, const char *store, const struct program *p,
                                    size_t at)
{
    const struct store_step *s = &p->v[at];
    return (struct journal_step){.subject = subject,
                                 .store = store,
                                 .verb = s->verb,
                                 .object = s->object,
                                 .at = (int64_t)at + 1,
                                 .payload = digest_of(s->text),
                                 .text = s->text};
}

struct journal_step journal_step_of_segment(const char *subject, const char *store,
                                            const struct segments *l, size_t at)
{
    const struct segment *x = &l->v[at];
    return (struct journal_step){.subject = subject,
                                 .store = store,
                                 .verb = x->verb,
                                 .object = x->object,
                                 .at = (int64_t)at + 1,
                                 .payload = digest_of(x->text),
                                 .text = x->text};
}

/* --- reading --- */

static struct bytes key_bytes(const struct digest *key)
{
    return bytes_of((const char *)key->b, sizeof key->b);
}

static struct journal_row *row_of(const struct journal *j, const struct digest *key)
{
    return table_get(&j->rows, key_bytes(key));
}

static struct journal_row *row_add(struct journal *j, const struct digest *key, const char *subject)
{
    struct journal_row *row = row_of(j, key);
    if (row == NULL) {
        row = ARENA_NEW(j->a, struct journal_row);
        row->key = *key;
        row->subject = arena_strdup(j->a, subject);
        table_put(&j->rows, key_bytes(&row->key), row);
    }
    if (table_gets(&j->subjects, subject) == NULL) {
        struct journal_subject *s = ARENA_NEW(j->a, struct journal_subject);
        s->name = row->subject;
        table_puts(&j->subjects, s->name, s);
    }
    return row;
}

static void take_intent(struct journal *j, const struct entry *en)
{
    struct journal_row *row = row_add(j, &en->checksum, en->subject);
    row->run_id = arena_strdup(j->a, en->run_id);
    row->intent = en->sequence;
    row->is_open = true;
    row->is_done = false;
    row->before = en->pre;
    row->proof = row->cursor = row->kept = (struct digest){{0}};
    row->done = 0;
}

static void take_batch(struct journal *j, const struct entry *en)
{
    struct journal_row *row = row_of(j, &en->checksum);
    if (row != NULL && row->is_open) {
        row->cursor = en->bundle_digest;
    }
}

/* Its end, by the entry sequence: it stands, with that proof and what is kept; or it did not happen. */
static void close_row(struct journal_row *row, bool is_done, int64_t sequence,
                      const struct digest *proof, const struct digest *kept)
{
    row->is_open = false;
    row->is_done = is_done;
    row->done = is_done ? sequence : 0;
    row->proof = *proof;
    row->kept = is_done ? *kept : (struct digest){{0}};
}

static void take_done(struct journal *j, const struct entry *en)
{
    struct journal_row *row = row_of(j, &en->checksum);
    bool is_done = strcmp(en->result, "success") == 0;
    if (row == NULL || !row->is_open) { /* a transaction: no intent */
        row = row_add(j, &en->checksum, en->subject);
        row->run_id = arena_strdup(j->a, en->run_id);
        row->intent = en->sequence;
        row->before = en->pre;
    }
    close_row(row, is_done, en->sequence, &en->post, &en->bundle_digest);
}

static void take_resolve(struct journal *j, const struct entry *en)
{
    struct journal_row *row = row_of(j, &en->checksum);
    if (row != NULL && strcmp(en->result, "success") == 0) {
        close_row(row, !digest_is_zero(&en->post), en->sequence, &en->post, &en->bundle_digest);
    }
}

/* A subject that was applied, or taken back, begins anew: steps that were done before it count no more. */
static void take_fact(const struct journal *j, const struct entry *en)
{
    struct journal_subject *s = table_gets(&j->subjects, en->subject);
    if (s != NULL && strcmp(en->result, "success") == 0) {
        s->fact = en->sequence;
    }
}

static void take(struct journal *j, const struct entry *en)
{
    if (en->kind == ENTRY_INTENT) {
        take_intent(j, en);
    } else if (en->kind == ENTRY_BATCH) {
        take_batch(j, en);
    } else if (en->kind == ENTRY_DONE) {
        take_done(j, en);
    } else if (en->kind == ENTRY_RESOLVE) {
        take_resolve(j, en);
    } else if (j->subjects.n > 0 && entry_kind_fact(en->kind) != FACT_NONE) {
        take_fact(j, en);
    }
}

struct journal *journal_open(struct arena *a, const struct journal_run *run,
                             const struct entries *past)
{
    struct journal *j = ARENA_NEW(a, struct journal);
    *j = (struct journal){.a = a, .run = run, .rows = {.a = a}, .subjects = {.a = a}};
    for (size_t i = 0; i < past->n; i++) {
        take(j, &past->v[i]);
    }
    for (size_t i = 0; i < j->rows.n; i++) {
        struct journal_row *row = j->rows.rows[i].value;
        const struct journal_subject *s = table_gets(&j->subjects, row->subject);
        row->is_done = row->is_done && row->intent > s->fact;
    }
    return j;
}

bool journal_is_reachable(const struct journal *j)
{
    return *j->run->pg != NULL;
}

const struct journal_row *journal_find(const struct journal *j, const struct digest *key)
{
    return row_of(j, key);
}

static int by_intent(const void *a, const void *b)
{
    const struct journal_row *const *x = a;
    const struct journal_row *const *y = b;
    return ((*x)->intent > (*y)->intent) - ((*x)->intent < (*y)->intent);
}

/* subject NULL: of all. with_done: not only those that are open. */
static size_t select_rows(const struct journal *j, struct arena *a, const char *subject,
                          bool with_done, const struct journal_row ***v)
{
    size_t n = 0;
    *v = ARENA_ARRAY(a, const struct journal_row *, j->rows.n + 1);
    for (size_t i = 0; i < j->rows.n; i++) {
        const struct journal_row *row = j->rows.rows[i].value;
        bool is_its = subject == NULL || strcmp(row->subject, subject) == 0;
        if (is_its && (row->is_open || (with_done && row->is_done))) {
            (*v)[n++] = row;
        }
    }
    if (n > 0) {
        qsort(*v, n, sizeof **v, by_intent);
    }
    return n;
}

size_t journal_unfinished(const struct journal *j, struct arena *a, const struct journal_row ***v)
{
    return select_rows(j, a, NULL, false, v);
}

size_t journal_halfway(const struct journal *j, struct arena *a, const struct journal_row ***v)
{
    return select_rows(j, a, NULL, true, v);
}

size_t journal_begun(const struct journal *j, struct arena *a, const char *subject,
                     const struct journal_row ***v)
{
    return select_rows(j, a, subject, true, v);
}

int journal_cursor(const struct journal *j, const struct journal_row *row, struct arena *a,
                   struct bytes *out, struct err *e)
{
    bool found = false;
    *out = (struct bytes){NULL, 0};
    if (digest_is_zero(&row->cursor)) {
        return 0;
    }
    if (ledger_blob(*j->run->pg, &row->cursor, a, out, &found, e) != 0) {
        return -1;
    }
    if (!found) {
        return err_set(e, ERR_INTEGRITY, "the ledger lacks the cursor of %s, entry %lld",
                       row->subject, (long long)row->intent);
    }
    return 0;
}

/* --- writing --- */

/* One entry to be written. how: NULL but for a done. text: bundle_digest's, kept as an input text;
 * p NULL: not kept. guard: of the open transaction that it becomes part of; NULL: none. */
struct note {
    enum entry_kind kind;
    struct guard *guard;
    const char *result, *how;
    const struct journal_step *step;
    struct digest key, before, proof, payload;
    struct bytes text;
    const struct journal_settling *settling; /* of a resolve; else NULL */
};

static struct doc *put(struct arena *a, struct doc *map, const char *key, const char *value)
{
    return doc_put(a, map, key, value == NULL ? doc_new(a, DOC_NULL) : doc_text(a, value));
}

static struct doc *input_doc(struct arena *a, const struct note *n)
{
    char text[DIGEST_TEXT];
    struct doc *d = doc_new(a, DOC_MAP);
    bool is_end = n->kind == ENTRY_DONE || n->kind == ENTRY_RESOLVE;
    bool keeps_changes = is_end && n->text.p != NULL;
    put(a, d, "uri", n->kind == ENTRY_BATCH ? "cursor" : keeps_changes ? "changes" : "payload");
    put(a, d, "digest", digest_text(&n->payload, text));
    doc_put(a, d, "kept", doc_bool(a, n->text.p != NULL));
    return d;
}

/* What a person saw there, and says of it. */
static void put_settling(struct arena *a, struct doc *claim, const struct journal_settling *x)
{
    char text[DIGEST_TEXT];
    struct doc *d = doc_put(a, claim, "resolve", doc_new(a, DOC_MAP));
    put(a, d, "as", x->is_applied ? "applied" : "absent");
    doc_put(a, d, "seen", doc_name(a, x->seen));
    put(a, d, "stands", digest_is_zero(&x->stands) ? NULL : digest_text(&x->stands, text));
}

static struct doc *claim_doc(struct arena *a, const struct note *n)
{
    char text[DIGEST_TEXT];
    struct doc *d = doc_new(a, DOC_MAP);
    doc_push(a, doc_put(a, d, "inputs", doc_new(a, DOC_LIST)), input_doc(a, n));
    doc_put(a, d, "outputs", doc_new(a, DOC_LIST));
    doc_put(a, d, "gates", doc_new(a, DOC_LIST));
    struct doc *step = doc_put(a, d, "journal", doc_new(a, DOC_MAP));
    doc_put(a, step, "at", doc_int(a, n->step->at));
    put(a, step, "how", n->how);
    put(a, step, "key", digest_text(&n->key, text));
    doc_put(a, step, "object", doc_name(a, n->step->object));
    put(a, step, "store", n->step->store);
    put(a, step, "verb", n->step->verb);
    put(a, step, "before", digest_is_zero(&n->before) ? NULL : digest_text(&n->before, text));
    put(a, step, "proof", digest_is_zero(&n->proof) ? NULL : digest_text(&n->proof, text));
    if (n->kind == ENTRY_DONE && n->step->batches != NULL) {
        struct doc *b = doc_put(a, step, "batches", doc_new(a, DOC_MAP));
        doc_put(a, b, "count", doc_int(a, n->step->batches->n));
        doc_put(a, b, "rows", doc_int(a, n->step->batches->rows));
        put(a, b, "digest", digest_text(&n->step->batches->digest, text));
    }
    if (n->settling != NULL) {
        put_settling(a, d, n->settling);
    }
    return d;
}

static struct doc *receipt_doc(struct arena *a, const struct journal_run *run, const struct note *n,
                               const struct entry *en)
{
    char text[DIGEST_TEXT];
    struct doc *d = doc_new(a, DOC_MAP);
    for (size_t i = 0; i < doc_len(run->about); i++) {
        doc_put(a, d, run->about->key[i]->text.p, run->about->item[i]);
    }
    put(a, d, "format", "kfmig.run_receipt.v1");
    put(a, d, "names", NAMES_ENCODED);
    put(a, d, "run_id", en->run_id);
    put(a, d, "run_kind", entry_kind_text(en->kind));
    put(a, d, "environment", en->environment);
    put(a, d, "result", en->result);
    put(a, d, "started_at", en->finished_at);
    put(a, d, "finished_at", en->finished_at);
    struct doc *ledger = doc_put(a, d, "ledger", doc_new(a, DOC_MAP));
    put(a, ledger, "instance", en->instance);
    doc_put(a, ledger, "sequence", doc_int(a, en->sequence));
    put(a, ledger, "previous", digest_text(&en->previous, text));
    doc_put(a, d, "claim", claim_doc(a, n));
    return d;
}

/* The transaction is open; *now: the server's clock. */
static int record(const struct journal *j, struct arena *a, const struct note *n, const char *now,
                  int64_t *sequence, struct err *e)
{
    const struct journal_run *run = j->run;
    struct entry en = {.kind = n->kind,
                       .subject = n->step->subject,
                       .result = n->result,
                       .run_id = run->run_id,
                       .finished_at = now,
                       .checksum = n->key,
                       .bundle_digest = n->payload,
                       .pre = n->before,
                       .post = n->proof};
    ledger_next(run->id, run->merkle, &en);
    const struct doc *receipt = receipt_doc(a, run, n, &en);
    struct buf body = {0};
    canon_write(&body, receipt);
    en.receipt = digest_of(buf_bytes(&body));
    struct blob text = {n->payload, n->text};
    struct recording r = {.entry = &en,
                          .receipt = buf_bytes(&body),
                          .blobs = &text,
                          .n_blobs = n->text.p == NULL ? 0 : 1,
                          .epoch = run->epoch};
    struct guard none = {.xid = NULL};
    int rc = ledger_record(*run->pg, &r, n->guard != NULL ? n->guard : &none, run->merkle, e);
    buf_release(&body);
    *sequence = en.sequence;
    return rc;
}

static int begin(struct pg *s, bool is_own, struct arena *a, const char **now, struct err *e)
{
    struct pg_rows *r = NULL;
    if (is_own) {
        pg_batch_add(s, &ledger_journal_begin, NULL, 0, NULL);
    }
    pg_batch_add(s, &ledger_journal_clock, NULL, 0, &r);
    if (pg_batch_run(s, NULL, e) != 0) {
        return -1;
    }
    *now = arena_strdup(a, pg_text(r, 0, 0));
    pg_rows_free(r);
    return 0;
}

static int commit(struct pg *s, const struct note *n, struct err *e)
{
    enum ending end = tx_commit(s, NULL, e);
    if (end == TX_UNKNOWN) {
        (void)err_set(e, ERR_DOUBT,
                      "the connection went while the %s of %s was written to the journal",
                      entry_kind_text(n->kind), n->step->subject);
        return err_hint(e, "run again: the next run reads what is true");
    }
    return end == TX_ENDED ? 0 : -1;
}

/* Writes the entry: in the open transaction, or in one of its own. */
static int note_write(const struct journal *j, const struct note *n, int64_t *sequence,
                      struct err *e)
{
    struct arena a = {0};
    struct pg *s = *j->run->pg;
    struct merkle before = *j->run->merkle;
    const char *now = NULL;
    bool is_own = pg_tx(s) != PG_TX_OPEN;
    int rc = begin(s, is_own, &a, &now, e);
    if (rc == 0) {
        rc = record(j, &a, n, now, sequence, e);
    }
    if (rc == 0 && is_own) {
        rc = commit(s, n, e);
    }
    if (rc != 0) {
        *j->run->merkle = before;
    }
    if (rc != 0 && is_own) {
        tx_roll_back(s);
    }
    arena_release(&a);
    return rc;
}

static void must_be(bool is_so)
{
    if (!is_so) {
        BUG("a step of the journal is not in the state that this needs");
    }
}

int journal_intend(struct journal *j, const struct journal_step *step, const struct digest *before,
                   struct err *e)
{
    int64_t sequence = 0;
    struct note n = {.kind = ENTRY_INTENT,
                     .result = "success",
                     .step = step,
                     .key = journal_key(step),
                     .before = *before,
                     .payload = step->payload,
                     .text = step->text};
    const struct journal_row *row = row_of(j, &n.key);
    must_be(row == NULL || (!row->is_open && !row->is_done));
    must_be(pg_tx(*j->run->pg) != PG_TX_OPEN);
    if (note_write(j, &n, &sequence, e) != 0) {
        return -1;
    }
    take_intent(j, &(struct entry){.sequence = sequence,
                                   .subject = step->subject,
                                   .run_id = j->run->run_id,
                                   .checksum = n.key,
                                   .pre = *before});
    return FAULT(JOURNAL_INTENDED) ? err_set(e, ERR_APPLY, "not begun: fault point") : 0;
}

int journal_progress(struct journal *j, const struct journal_step *step, struct bytes cursor,
                     struct err *e)
{
    int64_t sequence = 0;
    struct note n = {.kind = ENTRY_BATCH,
                     .result = "success",
                     .step = step,
                     .key = journal_key(step),
                     .payload = digest_of(cursor),
                     .text = cursor};
    struct journal_row *row = row_of(j, &n.key);
    must_be(row != NULL && row->is_open);
    struct undo undo = {row, *row, *j->run->merkle};
    bool is_part = pg_tx(*j->run->pg) == PG_TX_OPEN;
    if (note_write(j, &n, &sequence, e) != 0) {
        return -1;
    }
    j->undo = is_part ? undo : (struct undo){0};
    row->cursor = n.payload;
    return FAULT(JOURNAL_BATCH) ? err_set(e, ERR_APPLY, "stopped behind a batch: fault point") : 0;
}

void journal_rolled_back(struct journal *j)
{
    if (j->undo.row != NULL) {
        *j->undo.row = j->undo.was;
        *j->run->merkle = j->undo.merkle;
    }
    j->undo = (struct undo){0};
}

/* What a done says of its text: that one's digest stands where else its payload's does. */
static void keep(struct note *n, struct bytes text)
{
    n->text = text;
    n->payload = text.p != NULL ? digest_of(text) : n->step->payload;
}

static void take_note(struct journal_row *row, const struct note *n, int64_t sequence)
{
    close_row(row, strcmp(n->result, "success") == 0, sequence, &n->proof, &n->payload);
}

int journal_record(struct journal *j, const struct journal_step *step, const struct digest *before,
                   const struct digest *proof, struct bytes kept, struct guard *g, struct err *e)
{
    int64_t sequence = 0;
    struct note n = {.kind = ENTRY_DONE,
                     .guard = g,
                     .result = "success",
                     .how = journal_end_text(JOURNAL_RAN),
                     .step = step,
                     .key = journal_key(step),
                     .before = *before,
                     .proof = *proof};
    struct journal_row *row = row_add(j, &n.key, step->subject);
    must_be(!row->is_open && !row->is_done);
    must_be(pg_tx(*j->run->pg) == PG_TX_OPEN);
    struct undo undo = {row, *row, *j->run->merkle};
    keep(&n, kept);
    if (note_write(j, &n, &sequence, e) != 0) {
        return -1;
    }
    j->undo = undo;
    row->run_id = j->run->run_id;
    row->intent = sequence;
    row->before = *before;
    take_note(row, &n, sequence);
    return 0;
}

int journal_kept(const struct journal *j, const struct journal_row *row, struct arena *a,
                 struct bytes *out, struct err *e)
{
    bool found = false;
    *out = (struct bytes){NULL, 0};
    return digest_is_zero(&row->kept) ? 0 : ledger_blob(*j->run->pg, &row->kept, a, out, &found, e);
}

int journal_done(struct journal *j, const struct journal_step *step, enum journal_end how,
                 const struct digest *proof, struct bytes kept, struct err *e)
{
    int64_t sequence = 0;
    struct note n = {.kind = ENTRY_DONE,
                     .result = how == JOURNAL_VOID ? "failed" : "success",
                     .how = journal_end_text(how),
                     .step = step,
                     .key = journal_key(step),
                     .proof = *proof};
    struct journal_row *row = row_of(j, &n.key);
    must_be(row != NULL && row->is_open);
    must_be(pg_tx(*j->run->pg) != PG_TX_OPEN);
    n.before = row->before;
    keep(&n, kept);
    if (note_write(j, &n, &sequence, e) != 0) {
        return -1;
    }
    take_note(row, &n, sequence);
    return 0;
}

int journal_resolve(struct journal *j, const struct journal_row *at,
                    const struct journal_step *step, const struct journal_settling *x,
                    int64_t *sequence, struct err *e)
{
    struct journal_row *row = row_of(j, &at->key);
    struct note n = {.kind = ENTRY_RESOLVE,
                     .result = "success",
                     .how = x->is_applied ? "applied" : "absent",
                     .step = step,
                     .key = at->key,
                     .settling = x};
    const struct digest gone = digest_of(bytes_str("gone"));
    must_be(row != NULL && (row->is_open || row->is_done) && pg_tx(*j->run->pg) != PG_TX_OPEN);
    n.before = row->before;
    n.proof = !x->is_applied ? n.proof : digest_is_zero(&x->stands) ? gone : x->stands;
    keep(&n, x->kept);
    if (note_write(j, &n, sequence, e) != 0) {
        return -1;
    }
    close_row(row, x->is_applied, *sequence, &n.proof, &n.payload);
    return FAULT(RESOLVE_RECORDED) ? err_set(e, ERR_APPLY, "stopped behind it: fault point") : 0;
}
