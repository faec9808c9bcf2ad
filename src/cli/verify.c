/* Is everything that the ledger and the exported files say consistent? */
#include "cli/verify.h"

#include <string.h>

#include "cli/export.h"
#include "cli/receipts.h"
#include "doc/json.h"

enum { FILE_MAX = 64 * 1024 * 1024 };

/* One pass. */
struct pass {
    struct session *s;
    struct verified *v;
    struct table seen; /* digests of texts that were looked at: text -> the pass */
};

static void PRINTF_LIKE(3, 4) find(struct pass *p, const char *path, const char *fmt, ...)
{
    struct buf text = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    err_list_addf(&p->v->findings, ERR_INTEGRITY, path, 0, 0, "", "%s", buf_str(&text));
    buf_release(&text);
}

/* Each entry cites the root of the tree before it; together they give the root that the database reports. */
static void check_tree(struct pass *p)
{
    const struct link *l = &p->s->link;
    struct merkle m = {0};
    for (size_t i = 0; i < l->entries.n; i++) {
        const struct entry *en = &l->entries.v[i];
        struct digest before = merkle_root(&m);
        struct digest leaf = merkle_leaf(en->text);
        if (en->sequence != (int64_t)i + 1) {
            find(p, "", "entry %zu of the ledger calls itself %lld", i + 1,
                 (long long)en->sequence);
        }
        if (!digest_eq(&before, &en->previous)) {
            find(p, "",
                 "entry %lld does not follow the entries before it: its previous root is another",
                 (long long)en->sequence);
        }
        if (strcmp(en->instance, l->id.uuid) != 0 ||
            strcmp(en->environment, l->id.environment) != 0) {
            find(p, "", "entry %lld belongs to another ledger (%s, %s)", (long long)en->sequence,
                 en->environment, en->instance);
        }
        merkle_add(&m, &leaf);
        p->v->n_entries++;
    }
    struct digest root = merkle_root(&m);
    if (!digest_eq(&root, &l->id.root)) {
        find(p, "", "the entries do not hash to the root that the database reports");
    }
}

static void check_text(struct pass *p, const struct doc *text, int64_t sequence, const char *kind)
{
    const char *digest = doc_str(text, "digest", "");
    const char *uri = doc_str(text, "uri", "");
    struct digest want;
    struct bytes found_text;
    bool found = false;
    struct err e = {0};
    struct arena a = {0};
    if (!doc_yes(text, "kept", true)) {
        return;
    }
    if (digest_parse(digest, &want) != 0) {
        find(p, "", "entry %lld: %s %s has no digest", (long long)sequence, kind, uri);
    } else if (table_gets(&p->seen, digest) == NULL) {
        table_puts(&p->seen, arena_strdup(p->s->a, digest), p);
        if (ledger_blob(p->s->link.pg, &want, &a, &found_text, &found, &e) != 0) {
            find(p, "", "entry %lld: %s %s could not be read: %s", (long long)sequence, kind, uri,
                 e.msg);
        } else if (!found) {
            find(p, "", "entry %lld: the ledger lacks the text of %s %s", (long long)sequence, kind,
                 uri);
        } else {
            struct digest have = digest_of(found_text);
            if (!digest_eq(&have, &want)) {
                find(p, "", "entry %lld: the text of %s %s was altered", (long long)sequence, kind,
                     uri);
            }
        }
        p->v->n_blobs++;
    }
    arena_release(&a);
}

static void check_outputs(struct pass *p, const struct doc *receipt, int64_t sequence)
{
    const struct doc *outputs = doc_find(receipt, "claim.outputs");
    for (size_t i = 0; i < doc_len(outputs); i++) {
        struct arena a = {0};
        struct bytes text;
        struct err e = {0};
        if (export_output(p->s, &a, receipt, sequence, outputs->item[i], &text, &e) != 0) {
            find(p, "", "%s", e.msg);
        }
        arena_release(&a);
    }
}

static void check_receipt(struct pass *p, const struct entry *en, struct bytes body)
{
    struct arena a = {0};
    struct doc *receipt = NULL;
    struct err e = {0};
    struct digest digest = digest_of(body);
    p->v->n_receipts++;
    if (!digest_eq(&digest, &en->receipt)) {
        find(p, "", "entry %lld: its receipt was altered", (long long)en->sequence);
    } else if (receipts_parse(&a, body, en->sequence, &receipt, &e) != 0) {
        find(p, "", "%s", e.msg);
    } else {
        if (strcmp(doc_str(receipt, "run_id", ""), en->run_id) != 0 ||
            strcmp(doc_str(receipt, "result", ""), en->result) != 0 ||
            doc_num(doc_get(receipt, "ledger"), "sequence", 0) != en->sequence) {
            find(p, "", "entry %lld: its receipt is that of another run", (long long)en->sequence);
        }
        const struct doc *inputs = doc_find(receipt, "claim.inputs");
        for (size_t i = 0; i < doc_len(inputs); i++) {
            check_text(p, inputs->item[i], en->sequence, "input");
        }
        check_outputs(p, receipt, en->sequence);
    }
    arena_release(&a);
}

/* The tree covers an entry's text; the columns that repeat parts of it are what SQL looks at. */
static int check_columns(struct pass *p, struct err *e)
{
    int64_t *v = NULL;
    size_t n = 0;
    if (ledger_columns(p->s->link.pg, p->s->a, &v, &n, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        find(p, "", "the columns of entry %lld are not what its text says", (long long)v[i]);
    }
    return 0;
}

static int check_receipts(struct pass *p, struct err *e)
{
    const struct entries *entries = &p->s->link.entries;
    struct receipt_rows rows = {0};
    if (ledger_receipts(p->s->link.pg, 0, NULL, p->s->a, &rows, e) != 0) {
        return -1;
    }
    const struct receipt_row **by_sequence =
        ARENA_ARRAY(p->s->a, const struct receipt_row *, entries->n + 1);
    for (size_t i = 0; i < rows.n; i++) {
        int64_t sequence = rows.v[i].sequence;
        if (sequence < 1 || (size_t)sequence > entries->n) {
            find(p, "", "receipt %lld belongs to no entry", (long long)sequence);
        } else {
            by_sequence[sequence - 1] = &rows.v[i];
        }
    }
    for (size_t i = 0; i < entries->n; i++) {
        if (by_sequence[i] == NULL) {
            find(p, "", "entry %zu has no receipt", i + 1);
        } else {
            check_receipt(p, &entries->v[i], by_sequence[i]->body);
        }
    }
    return 0;
}

/* One exported file against the digest that the exported receipt names. */
static void check_file(struct pass *p, struct arena *a, const char *path, const char *digest)
{
    struct err e = {0};
    struct bytes text;
    struct digest want;
    int rc = file_read(a, p->s->project.dirfd, path, FILE_MAX, &text, NULL, &e);
    if (rc < 0) {
        find(p, path, "%s", e.msg);
    } else if (rc == 1) {
        find(p, path, "missing, though its receipt names it");
    } else {
        struct digest have = digest_of(text);
        if (digest_parse(digest, &want) != 0 || !digest_eq(&have, &want)) {
            find(p, path, "not as its receipt says");
        }
    }
}

/* Evidence may come from another database that applied the same content; then only its own consistency can be checked. */
static void check_exported(struct pass *p, const struct bundle *b, const struct fact *f,
                           const char *sub)
{
    struct arena a = {0};
    struct err e = {0};
    struct bytes body;
    struct doc *receipt = NULL;
    const char *path = arena_printf(&a, "%s/receipts/%srun_receipt.json", b->dir, sub);
    int rc = file_read(&a, p->s->project.dirfd, path, FILE_MAX, &body, NULL, &e);
    if (rc == 0) {
        p->v->n_exports++;
        rc = receipts_parse(&a, body, f->sequence, &receipt, &e);
    }
    if (rc < 0) {
        find(p, path, "%s", e.msg);
    }
    if (rc == 0) {
        struct digest have = digest_of(body);
        bool ours =
            strcmp(doc_str(doc_get(receipt, "ledger"), "instance", ""), p->s->link.id.uuid) == 0;
        if (ours && !digest_eq(&have, &f->receipt)) {
            find(p, path, "not the receipt of ledger entry %lld", (long long)f->sequence);
        }
        const struct doc *outputs = doc_find(receipt, "claim.outputs");
        for (size_t i = 0; i < doc_len(outputs); i++) {
            const char *uri = doc_str(outputs->item[i], "uri", "");
            size_t n = strcspn(uri, "/");
            if (uri[n] == '/') {
                check_file(p, &a,
                           arena_printf(&a, "%s/%.*s/%s%s", b->dir, (int)n, uri, sub, uri + n + 1),
                           doc_str(outputs->item[i], "digest", ""));
            }
        }
    }
    arena_release(&a);
}

/* receipts/receipt_ref.json: only what this ledger wrote can be compared with it. */
static void check_pointer(struct pass *p, const struct bundle *b, const struct fact *f)
{
    struct arena a = {0};
    struct err e = {0};
    struct bytes text;
    struct digest named;
    const char *path = arena_printf(&a, "%s/receipts/receipt_ref.json", b->dir);
    int rc = file_read(&a, p->s->project.dirfd, path, FILE_MAX, &text, NULL, &e);
    const struct doc *d = rc == 0 ? json_read(&a, text, path, &e) : NULL;
    p->v->n_exports += rc == 0;
    if (rc < 0 || (rc == 0 && d == NULL)) {
        find(p, path, "%s", e.msg);
    } else if (rc == 0 &&
               strcmp(doc_str(d, "uri", ""), export_uri(&a, p->s->link.id.uuid, f->sequence)) ==
                   0 &&
               (digest_parse(doc_str(d, "sha256", ""), &named) != 0 ||
                !digest_eq(&named, &f->receipt))) {
        find(p, path, "does not name the receipt of ledger entry %lld", (long long)f->sequence);
    }
    arena_release(&a);
}

static void check_exports(struct pass *p)
{
    const struct env *env = p->s->link.env;
    const char *sub =
        env->evidence == EVIDENCE_FOLDER ? arena_printf(p->s->a, "%s/", env->name) : "";
    for (size_t i = 0; i < p->s->project.n_bundle && env->evidence != EVIDENCE_NONE; i++) {
        const struct bundle *b = &p->s->project.bundle[i];
        const struct history *h = past_get(&p->s->link.past, b->id);
        if (h == NULL || h->applied == NULL) {
            continue;
        }
        if (env->evidence == EVIDENCE_POINTER) {
            check_pointer(p, b, h->applied);
        } else {
            check_exported(p, b, h->applied, sub);
        }
    }
}

int verify_ledger(struct session *s, struct verified *v, struct err *e)
{
    struct pass p = {.s = s, .v = v, .seen = {.a = s->a}};
    struct link *l = &s->link;
    *v = (struct verified){.n_entries = 0};
    /* As the database has them: cached copies would hide what was altered there. */
    if (ledger_entries(l->pg, &l->id, NULL, s->a, &l->entries, &l->merkle, e) != 0) {
        return -1;
    }
    check_tree(&p);
    if (check_columns(&p, e) != 0 || check_receipts(&p, e) != 0) {
        return -1;
    }
    check_exports(&p);
    return 0;
}
