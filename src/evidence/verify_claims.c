/* What a receipt claims, computed anew from what it says that it is made of. docs/audit.md has the same in
 * words. */
#include "evidence/verify_claims.h"

#include <string.h>

#include "doc/canon.h"
#include "evidence/receipt.h"
#include "evidence/verify_exports.h"
#include "model/key.h"
#include "model/part.h"

/* One receipt. x: of this look only. */
struct claimed {
    struct verified *v;
    struct arena *a; /* of the findings */
    const struct entry *en;
    const struct doc *claim;
    struct arena *x;
};

static void differs(const struct claimed *k, const char *what, const char *from)
{
    verify_found(k->v, k->a, "claim", "", "entry %lld: %s is not that of %s",
                 (long long)k->en->sequence, what, from);
}

/* A member that should be the digest d; one that is not there says nothing. */
static void compare(const struct claimed *k, const struct doc *said, const struct digest *d,
                    const char *what, const char *from)
{
    struct digest have;
    if (said != NULL && (receipt_read_digest(said, &have) != 0 || !digest_eq(&have, d))) {
        differs(k, what, from);
    }
}

static const struct doc *output(const struct claimed *k, const char *uri)
{
    const struct doc *list = doc_get(k->claim, "outputs");
    for (size_t i = 0; i < doc_len(list); i++) {
        if (strcmp(doc_str(list->item[i], "uri", ""), uri) == 0) {
            return doc_get(list->item[i], "digest");
        }
    }
    return NULL;
}

/* What stands in the entry and in its receipt. */
static void check_entry(const struct claimed *k)
{
    const struct entry *en = k->en;
    const struct doc *first = doc_get(k->claim, "inputs");
    const struct doc *step = doc_get(k->claim, "journal");
    const char *receipt = "its receipt";
    first = step != NULL && doc_len(first) > 0 ? doc_get(first->item[0], "digest") : NULL;
    const struct {
        const struct doc *said;
        const struct digest *d;
        const char *what;
    } rows[] = {{doc_get(k->claim, "checksum"), &en->checksum, "checksum"},
                {doc_get(k->claim, "bundle_digest"), &en->bundle_digest, "bundle digest"},
                {doc_find(k->claim, "baselines.pre"), &en->pre, "baseline before"},
                {doc_find(k->claim, "baselines.post"), &en->post, "baseline after"},
                {doc_get(k->claim, "diff"), &en->diff, "diff"},
                {output(k, "baselines/pre.json"), &en->pre, "baselines/pre.json"},
                {output(k, "baselines/post.json"), &en->post, "baselines/post.json"},
                {output(k, "diffs/summary.json"), &en->diff, "diffs/summary.json"},
                {doc_find(k->claim, "rename.checksum"), &en->checksum, "checksum"},
                {doc_find(k->claim, "confirm.plan"), &en->checksum, "checksum"},
                {doc_find(k->claim, "deploy.digest"), &en->checksum, "checksum"},
                {doc_find(k->claim, "backup.digest"), &en->checksum, "checksum"},
                {doc_find(k->claim, "dropped.digest"), &en->checksum, "checksum"},
                {doc_get(step, "key"), &en->checksum, "key"},
                {first, &en->bundle_digest, "payload"},
                {doc_get(step, "before"), &en->pre, "digest before"},
                {doc_get(step, "proof"), &en->post, "proof"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        compare(k, rows[i].said, rows[i].d, rows[i].what, receipt);
    }
}

/* What proves a backfill is the digest over its batches, where it has any. */
static void check_batches(const struct claimed *k)
{
    const struct doc *batches = doc_find(k->claim, "journal.batches");
    const char *proof = doc_str(doc_get(k->claim, "journal"), "proof", "");
    if (proof[0] != '\0' && doc_num(batches, "count", 0) > 0 &&
        strcmp(doc_str(batches, "digest", ""), proof) != 0) {
        differs(k, "digest of batches", "its proof");
    }
}

/* What invariants gave stands in the receipt, and as a text of its own. */
static void check_invariants(const struct claimed *k)
{
    const struct doc *said = doc_find(k->claim, "validation.invariants");
    struct buf text = {0};
    if (said != NULL && !digest_is_zero(&k->en->invariants)) {
        canon_write(&text, said);
        struct digest d = digest_of(buf_bytes(&text));
        if (!digest_eq(&d, &k->en->invariants)) {
            differs(k, "results of invariants", "its receipt");
        }
    }
    buf_release(&text);
}

/* --- a migration ------------------------------------------------------------------------------------ */

/* n inputs from *at on, but no more than there are. */
static struct artifacts take(const struct claimed *k, const struct doc *inputs, size_t *at,
                             size_t n)
{
    struct artifacts out = {ARENA_ARRAY(k->x, struct artifact, n + 1), 0, 0};
    for (; out.n < n && *at < doc_len(inputs); ++*at) {
        struct artifact *f = &out.v[out.n++];
        f->path = doc_str(inputs->item[*at], "uri", "");
        (void)!receipt_read_digest(doc_get(inputs->item[*at], "digest"), &f->digest);
    }
    return out;
}

static void read_limits(const struct doc *d, struct limits *out)
{
    *out = limits_none;
    for (int i = 0; limit_key(i) != NULL; i++) {
        limit_set(out, i, doc_num(d, limit_key(i), -1));
    }
}

static const char *receipt_command(const struct doc *d)
{
    const struct doc *runner = doc_get(d, "runner");
    return strcmp(doc_str(runner, "tool", ""), "command") != 0
               ? NULL
               : doc_str(runner, "command", doc_str(runner, "apply", ""));
}

/* How many files the declaration makes of member of it: one, where it has that. */
static size_t made_of(const struct doc *d, const char *member)
{
    return doc_find(d, member) != NULL ? 1 : 0;
}

/* Inputs are migration.yml, where it is no flat migration, then forward (and what it says of a
 * backfill, or of programs) and rollback as the declaration lists them, then invariants. */
static void read_declared(const struct claimed *k, const struct doc *d, bool is_flat,
                          struct decl *out)
{
    const struct doc *inputs = doc_get(k->claim, "inputs");
    size_t at = is_flat ? 0 : 1;
    *out = (struct decl){.scope = receipt_read_scope(k->x, doc_get(d, "scope")),
                         .runner = doc_str(doc_get(d, "runner"), "tool", ""),
                         .command = receipt_command(d),
                         .requires_rollback = doc_yes(d, "requires_rollback", false),
                         .after_load = strcmp(doc_str(d, "rebuild", ""), "after-load") == 0};
    const struct doc *rebuilds = doc_get(d, "rebuilds");
    for (size_t i = 0; i < doc_len(rebuilds) && rebuilds->type == DOC_LIST; i++) {
        if (rebuilds->item[i]->type == DOC_TEXT) {
            names_add(k->x, &out->rebuilds, rebuilds->item[i]->text.p);
        }
    }
    read_limits(doc_get(d, "limits"), &out->limits);
    size_t n_forward = doc_len(doc_find(d, "artifacts.forward"));
    size_t n_rollback = doc_len(doc_find(d, "artifacts.rollback"));
    out->forward =
        take(k, inputs, &at, n_forward + made_of(d, "backfill") + made_of(d, "runner.apply"));
    out->rollback = take(k, inputs, &at, n_rollback + made_of(d, "runner.rollback"));
    out->invariants = take(k, inputs, &at, doc_len(inputs));
    if (receipt_read_digest(doc_get(k->claim, "notes_digest"), &out->notes.digest) == 0 &&
        !digest_is_zero(&out->notes.digest)) {
        out->notes.path = "";
    }
}

/* Is the file that the declaration begins with called so? */
static bool is_first_file(const struct claimed *k, const char *name)
{
    const struct doc *files = doc_find(k->claim, "declaration.artifacts.forward");
    return doc_len(files) > 0 && files->item[0]->type == DOC_TEXT &&
           strcmp(files->item[0]->text.p, name) == 0;
}

/* The folder, which the paths of its files begin with; NULL: they do not. A flat migration and a
 * repeatable definition have no migration.yml. */
static const char *folder_of(const struct claimed *k, bool *is_flat)
{
    static const char name[] = "/migration.yml";
    const struct doc *inputs = doc_get(k->claim, "inputs");
    const char *file = doc_len(inputs) > 0 ? doc_str(inputs->item[0], "uri", "") : "";
    const char *slash = strrchr(file, '/');
    *is_flat = slash != NULL && strcmp(slash, name) != 0 && is_first_file(k, slash + 1);
    if (slash == NULL || (!*is_flat && strcmp(slash, name) != 0)) {
        return NULL;
    }
    size_t n = (size_t)(slash - file);
    for (size_t i = 1; i < doc_len(inputs); i++) {
        const char *uri = doc_str(inputs->item[i], "uri", "");
        if (strncmp(uri, file, n + 1) != 0) {
            return NULL;
        }
    }
    return arena_strndup(k->x, file, n);
}

static void check_declaration(const struct claimed *k)
{
    struct decl d;
    const struct doc *said = doc_get(k->claim, "declaration");
    bool is_flat = false;
    const char *folder = said != NULL ? folder_of(k, &is_flat) : NULL;
    if (said == NULL || folder == NULL) {
        k->v->n_unproven += doc_get(k->claim, "checksum") != NULL;
        return;
    }
    read_declared(k, said, is_flat, &d);
    struct digest checksum = key_checksum(&d, is_flat ? NULL : folder);
    struct digest bundle = key_bundle(&d, said, &checksum);
    compare(k, doc_get(k->claim, "checksum"), &checksum, "checksum", "its declaration and inputs");
    compare(k, doc_get(k->claim, "bundle_digest"), &bundle, "bundle digest",
            "its declaration and inputs");
}

/* --- a generation ----------------------------------------------------------------------------------- */

static void check_parts(const struct claimed *k, const struct doc *generation)
{
    struct parts parts;
    const struct doc *said = doc_get(generation, "digest");
    if (said == NULL || said->type == DOC_NULL) {
        return;
    }
    if (doc_get(generation, "parts") == NULL) {
        k->v->n_unproven++;
    } else if (parts_read(k->x, generation, &parts) != 0) {
        differs(k, "digest of its generation", "its parts");
    } else {
        struct digest d = parts_digest(&parts);
        compare(k, said, &d, "digest of its generation", "its parts");
    }
}

static bool read_content(const struct claimed *k, const struct doc *source,
                         struct part_content *out)
{
    out->rows = doc_num(source, "rows", -1);
    out->source = part_source_text(k->x, doc_str(source, "dataset", ""),
                                   doc_str(source, "dataset_version_id", ""),
                                   doc_str(source, "asset", ""), doc_str(source, "into", NULL));
    return out->rows >= 0 && receipt_read_digest(doc_get(source, "fingerprint"), &out->sum) == 0;
}

/* A generation goes by its digest, and its declaration is a file. */
static void check_generation(const struct claimed *k, const struct doc *generation)
{
    const struct doc *inputs = doc_get(k->claim, "inputs");
    const struct doc *file = doc_len(inputs) > 0 ? doc_get(inputs->item[0], "digest") : NULL;
    compare(k, doc_get(generation, "digest"), &k->en->checksum, "checksum", "its generation");
    compare(k, file, &k->en->bundle_digest, "bundle digest", "its declaration");
}

static void check_content(const struct claimed *k, const struct doc *generation)
{
    const struct doc *said = doc_get(generation, "content");
    const struct doc *sources = doc_get(generation, "sources");
    struct part_content *v = ARENA_ARRAY(k->x, struct part_content, doc_len(sources) + 1);
    size_t n = 0;
    if (said == NULL || said->type == DOC_NULL) {
        return;
    }
    while (n < doc_len(sources) && read_content(k, sources->item[n], &v[n])) {
        n++;
    }
    if (n == 0 || n < doc_len(sources)) {
        k->v->n_unproven++; /* a generation that stood there already */
        return;
    }
    struct digest have = parts_content(v, n);
    compare(k, said, &have, "content of its generation", "its sources");
}

void verify_claims(struct verified *v, struct arena *a, const struct entry *en,
                   const struct doc *receipt)
{
    struct arena x = {0};
    struct claimed k = {v, a, en, doc_get(receipt, "claim"), &x};
    const struct doc *generation = doc_get(k.claim, "projection");
    check_entry(&k);
    check_batches(&k);
    check_invariants(&k);
    if (generation == NULL) {
        check_declaration(&k);
    } else {
        check_generation(&k, generation);
        check_parts(&k, generation);
        check_content(&k, generation);
    }
    arena_release(&x);
}
