/* Is everything that the ledger and the exported files say consistent? */
#include "evidence/verify.h"

#include <stdarg.h>
#include <string.h>

#include "doc/json.h"
#include "evidence/export.h"
#include "evidence/receipts.h"
#include "evidence/verify_claims.h"
#include "evidence/verify_exports.h"
#include "evidence/verify_links.h"
#include "evidence/verify_signed.h"
#include "evidence/verify_sink.h"

enum { KEPT_MAX = 1000 };

/* One pass over a ledger. a: what lives as long as the result. */
struct pass {
    const struct archive *r;
    struct arena *a;
    struct verified *v;
    struct identity id;
    struct entries entries;
    struct sums sums;   /* of the ledger's objects, for outputs */
    struct table texts; /* all that stood there: digest as text -> one of the two words */
    struct table seen;  /* digests of texts that were looked at: text -> the pass */
    struct table named; /* digests of all texts that anything names */
    struct verify_others others;
    int64_t next;    /* the entry whose receipt comes next */
    int64_t *beyond; /* receipts behind the last entry that was read */
    size_t n_beyond, cap_beyond;
};

void verify_found(struct verified *v, struct arena *a, const char *rule, const char *path,
                  const char *fmt, ...)
{
    struct buf text = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    v->n_found++;
    if (v->findings.n < KEPT_MAX) {
        finding_fail(a, &v->findings, rule, "%s", buf_str(&text))->path = arena_strdup(a, path);
    }
    buf_release(&text);
}

#define find(p, rule, ...) verify_found((p)->v, (p)->a, (rule), "", __VA_ARGS__)

static void held(struct pass *p, size_t n)
{
    p->v->n_held = n > p->v->n_held ? n : p->v->n_held;
}

/* Its text is none that kfmig writes: what it says is not known. */
static bool is_unread(const struct entry *en)
{
    return en->result[0] == '\0';
}

/* The entry in place i + 1, against the root of the tree before it. */
static void check_entry(struct pass *p, size_t i, const struct digest *before)
{
    const struct entry *en = &p->entries.v[i];
    if (is_unread(en)) {
        struct arena a = {0};
        struct entry again;
        struct err e = {0};
        if (entry_read(&a, en->text, &again, &e) != 0) {
            find(p, "tree", "entry %zu: %s", i + 1, e.msg);
        }
        arena_release(&a);
        return;
    }
    if (en->sequence != (int64_t)i + 1) {
        find(p, "tree", "entry %zu of the ledger calls itself %lld", i + 1,
             (long long)en->sequence);
    }
    if (!digest_eq(before, &en->previous)) {
        find(p, "tree",
             "entry %zu does not follow the entries before it: its previous root is another",
             i + 1);
    }
    if (strcmp(en->instance, p->id.uuid) != 0 || strcmp(en->environment, p->id.environment) != 0) {
        find(p, "tree", "entry %zu belongs to another ledger (%s, %s)", i + 1, en->environment,
             en->instance);
    }
}

/* A run that goes on meanwhile writes entries behind those that the head counted: the next look's. */
static int check_count(struct pass *p, struct err *e)
{
    const struct ledger_source *l = &p->r->ledger;
    struct identity now = p->id;
    int64_t n = (int64_t)p->entries.n;
    if (n > p->id.size && l->identity(l->ctx, &now, e) != 0) {
        return -1;
    }
    if (n > p->id.size && now.size >= n) {
        p->entries.n = (size_t)p->id.size;
    } else if (n != p->id.size) {
        find(p, "tree", "the head counts %lld entries, there are %lld", (long long)p->id.size,
             (long long)n);
    }
    return 0;
}

/* Each entry cites the root of the tree before it; together they give the root that the database reports. */
static void check_tree(struct pass *p, struct merkle *m)
{
    for (size_t i = 0; i < p->entries.n; i++) {
        struct digest before = merkle_root(m);
        check_entry(p, i, &before);
        merkle_add(m, &p->entries.v[i].leaf);
        p->v->n_entries++;
    }
    struct digest root = merkle_root(m);
    if (!digest_eq(&root, &p->id.root)) {
        find(p, "tree", "the entries do not hash to the root that the database reports");
    }
}

/* The tree covers an entry's text; the columns that repeat parts of it, and the tables beside it, are what
 * SQL looks at. */
static int check_tables(struct pass *p, const struct merkle *m, struct err *e)
{
    const struct ledger_source *l = &p->r->ledger;
    struct ledger_fault *v = NULL;
    size_t n = 0;
    if (l->faults(l->ctx, m, &p->entries, p->a, &v, &n, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        find(p, v[i].rule, "%s", v[i].words);
    }
    return 0;
}

static void remember(struct pass *p, const struct digest *d)
{
    char text[DIGEST_TEXT];
    if (!digest_is_zero(d)) {
        table_puts(&p->named, arena_strdup(p->a, digest_text(d, text)), p);
    }
}

/* What an entry names itself: results of invariants, the payload of a step of the journal. */
static void remember_entries(struct pass *p)
{
    for (size_t i = 0; i < p->entries.n; i++) {
        const struct entry *en = &p->entries.v[i];
        remember(p, &en->diff);
        remember(p, &en->invariants);
        remember(p, &en->bundle_digest);
    }
}

/* --- texts ----------------------------------------------------------------------------------------- */

/* What was found out about a text. */
static char is_sound[] = "sound";
static char is_altered[] = "altered";

static int next_text(void *ctx, const struct blob *text, struct err *e)
{
    struct pass *p = ctx;
    char name[DIGEST_TEXT];
    struct digest have = digest_of(text->bytes);
    (void)e;
    held(p, text->bytes.n);
    table_puts(&p->texts, arena_strdup(p->a, digest_text(&text->digest, name)),
               digest_eq(&have, &text->digest) ? is_sound : is_altered);
    return 0;
}

static const char *state_of(const struct pass *p, const struct digest *d)
{
    char text[DIGEST_TEXT];
    return table_gets(&p->texts, digest_text(d, text));
}

/* Texts that stood there before the entries were read, and that nothing names. What an altered receipt does
 * not name any more is no finding of its own. */
static void check_texts(struct pass *p)
{
    bool is_good = p->v->n_found == 0;
    remember_entries(p);
    for (size_t i = 0; i < p->texts.n && is_good; i++) {
        const char *text = p->texts.rows[i].key.p;
        if (table_gets(&p->named, text) == NULL) {
            find(p, "text", "no receipt names the text %s", text);
        }
    }
}

/* A text that did not stand there when all were read: that of a run which goes on meanwhile, or none. */
static void check_lacking(struct pass *p, const char *what, const char *uri,
                          const struct digest *want, int64_t sequence)
{
    const struct ledger_source *l = &p->r->ledger;
    struct arena a = {0};
    struct err e = {0};
    struct bytes text = {NULL, 0};
    bool found = false;
    if (l->blob(l->ctx, want, &a, &text, &found, &e) != 0) {
        find(p, "input", "entry %lld: %s%s could not be read: %s", (long long)sequence, what, uri,
             e.msg);
    } else if (!found) {
        find(p, "input", "entry %lld: the ledger lacks the text of %s%s", (long long)sequence, what,
             uri);
    }
    held(p, text.n);
    arena_release(&a);
}

/* A text that the ledger should hold, once however many receipts name it: "input ", "forward.sql". Is it the
 * first time? */
static bool check_kept(struct pass *p, const char *what, const char *uri, const struct digest *want,
                       int64_t sequence)
{
    char digest[DIGEST_TEXT];
    if (table_gets(&p->seen, digest_text(want, digest)) != NULL) {
        return false;
    }
    table_puts(&p->seen, arena_strdup(p->a, digest), p);
    const char *state = state_of(p, want);
    if (state == NULL) {
        check_lacking(p, what, uri, want, sequence);
    } else if (state == is_altered) {
        find(p, "input", "entry %lld: the text of %s%s was altered", (long long)sequence, what,
             uri);
    }
    return true;
}

static void check_inputs(struct pass *p, const struct doc *receipt, int64_t sequence)
{
    const struct doc *inputs = doc_find(receipt, "claim.inputs");
    for (size_t i = 0; i < doc_len(inputs); i++) {
        const struct doc *d = inputs->item[i];
        const char *digest = doc_str(d, "digest", "");
        const char *uri = doc_str(d, "uri", "");
        struct digest want;
        if (!doc_yes(d, "kept", true)) {
            continue; /* data: the ledger never had a copy */
        }
        table_puts(&p->named, arena_strdup(p->a, digest), p);
        if (digest_parse(digest, &want) != 0) {
            find(p, "input", "entry %lld: input %s has no digest", (long long)sequence, uri);
        } else {
            p->v->n_blobs += check_kept(p, "input ", uri, &want, sequence);
        }
    }
}

struct signed_of {
    struct pass *p;
    int64_t sequence;
};

static void next_signed(void *ctx, const char *what, const struct digest *digest)
{
    const struct signed_of *of = ctx;
    remember(of->p, digest);
    (void)check_kept(of->p, what, "", digest, of->sequence);
}

static void check_signed(struct pass *p, const struct entry *en, const struct doc *receipt)
{
    struct signed_of of = {p, en->sequence};
    if (doc_find(receipt, "claim.approvals") != NULL) {
        signed_texts(receipt, next_signed, &of);
        verify_signed(&p->r->ledger, p->v, p->a, en, receipt);
    }
}

static void check_outputs(struct pass *p, const struct doc *receipt, int64_t sequence)
{
    const struct doc *outputs = doc_find(receipt, "claim.outputs");
    for (size_t i = 0; i < doc_len(outputs); i++) {
        struct arena a = {0};
        struct bytes text = {NULL, 0};
        struct err e = {0};
        const char *digest = doc_str(outputs->item[i], "digest", "");
        table_puts(&p->named, arena_strdup(p->a, digest), p);
        if (export_is_text(doc_str(outputs->item[i], "uri", "")) &&
            table_gets(&p->texts, digest) == is_sound) {
            continue;
        }
        if (export_output(&p->sums, &a, receipt, sequence, outputs->item[i], &text, &e) != 0) {
            find(p, "output", "%s", e.msg);
        }
        held(p, text.n);
        arena_release(&a);
    }
}

/* What has another form says nothing that could be computed anew, and must not pass for that. */
static void check_form(struct pass *p, struct arena *a, const struct entry *en, struct doc *receipt)
{
    struct err_list faults = {0};
    if (p->r->schema != NULL) {
        (void)schema_check(a, p->r->schema("run_receipt.v1"), receipt, &faults);
    }
    if (faults.n > 0) {
        find(p, "receipt", "entry %lld: its receipt is not of the form of a receipt: %s",
             (long long)en->sequence, faults.v[0].msg);
    }
    err_list_release(&faults);
}

static void check_receipt(struct pass *p, const struct entry *en, struct bytes body)
{
    struct arena a = {0};
    struct doc *receipt = NULL;
    struct err e = {0};
    struct digest digest = digest_of(body);
    p->v->n_receipts++;
    held(p, body.n);
    if (!digest_eq(&digest, &en->receipt)) {
        find(p, "receipt", "entry %lld: its receipt was altered", (long long)en->sequence);
    } else if (receipts_parse(&a, body, en->sequence, &receipt, &e) != 0) {
        find(p, "receipt", "%s", e.msg);
    } else {
        if (strcmp(doc_str(receipt, "run_id", ""), en->run_id) != 0 ||
            strcmp(doc_str(receipt, "result", ""), en->result) != 0 ||
            doc_num(doc_get(receipt, "ledger"), "sequence", 0) != en->sequence) {
            find(p, "receipt", "entry %lld: its receipt is that of another run",
                 (long long)en->sequence);
        }
        check_form(p, &a, en, receipt);
        verify_claims(p->v, p->a, en, receipt);
        verify_links(p->v, p->a, &p->others, en, receipt);
        check_inputs(p, receipt, en->sequence);
        check_signed(p, en, receipt);
        check_outputs(p, receipt, en->sequence);
        if (!digest_is_zero(&en->invariants)) {
            (void)check_kept(p, "the results of invariants", "", &en->invariants, en->sequence);
        }
    }
    arena_release(&a);
}

static void check_missing(struct pass *p, int64_t before)
{
    for (; p->next < before; p->next++) {
        find(p, "receipt", "entry %lld has no receipt", (long long)p->next);
    }
}

/* Receipts come in the order of their entries: what is skipped has none. */
static int next_receipt(void *ctx, const struct receipt_row *row, struct err *e)
{
    struct pass *p = ctx;
    (void)e;
    if (row->sequence > (int64_t)p->entries.n) {
        ARENA_GROW(p->a, p->beyond, p->n_beyond, p->cap_beyond);
        p->beyond[p->n_beyond++] = row->sequence;
        return 0;
    }
    if (row->sequence < p->next) {
        find(p, "receipt", "receipt %lld belongs to no entry", (long long)row->sequence);
        return 0;
    }
    check_missing(p, row->sequence);
    const struct entry *en = &p->entries.v[row->sequence - 1];
    if (!is_unread(en)) {
        check_receipt(p, en, row->body);
    }
    p->next++;
    return 0;
}

/* A run that goes on meanwhile writes entries behind those that were read, with their receipts: these are
 * right. */
static int check_beyond(struct pass *p, struct err *e)
{
    const struct ledger_source *l = &p->r->ledger;
    struct identity now;
    if (p->n_beyond == 0) {
        return 0;
    }
    if (l->identity(l->ctx, &now, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < p->n_beyond; i++) {
        if (p->beyond[i] > now.size) {
            find(p, "receipt", "receipt %lld belongs to no entry", (long long)p->beyond[i]);
        }
    }
    return 0;
}

/* Batches behind the entries: what a done among these tells of stood there by then. */
static int read_batches(struct pass *p, struct err *e)
{
    const struct ledger_source *l = &p->r->ledger;
    struct verify_others *o = &p->others;
    struct backfill_batches *batches = NULL;
    struct identity now;
    o->entries = &p->entries;
    if (l->batches(l->ctx, p->a, &batches, &o->n_batches, e) != 0) {
        return -1;
    }
    o->batches = batches;
    if (o->n_batches == 0) {
        return 0;
    }
    if (l->identity(l->ctx, &now, e) != 0) {
        return -1;
    }
    verify_batches(p->v, p->a, o, now.size);
    return 0;
}

int verify_ledger(const struct archive *r, struct arena *a, struct verified *v, struct err *e)
{
    const struct ledger_source *l = &r->ledger;
    struct pass p = {
        .r = r, .a = a, .v = v, .texts = {.a = a}, .seen = {.a = a}, .named = {.a = a}, .next = 1};
    struct merkle m = {0};
    *v = (struct verified){.n_entries = 0};
    /* Texts first: those of a run that goes on meanwhile have their entries later. Entries as the database
     * has them: cached copies would hide what was altered there. */
    if (l->blobs(l->ctx, next_text, &p, e) != 0 ||
        l->entries(l->ctx, a, &p.id, &p.entries, e) != 0) {
        return -1;
    }
    if (r->doubt != NULL) {
        find(&p, "trust", "%s", r->doubt);
    }
    if (check_count(&p, e) != 0) {
        return -1;
    }
    check_tree(&p, &m);
    sums_begin(&p.sums, l, (int64_t)p.entries.n);
    int rc = check_tables(&p, &m, e) != 0 || read_batches(&p, e) != 0
                 ? -1
                 : l->receipts(l->ctx, INT64_MIN, next_receipt, &p, e);
    sums_release(&p.sums);
    if (rc != 0) {
        return -1;
    }
    check_missing(&p, (int64_t)p.entries.n + 1);
    if (check_beyond(&p, e) != 0) {
        return -1;
    }
    check_texts(&p);
    verify_exports(r, &p.entries, a, v);
    verify_sink(r, &p.entries, a, v);
    return 0;
}
