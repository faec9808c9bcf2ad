/* layer: evidence */
/* What receipts claim, computed anew: of the two real ones in registry/fixtures, and of each with one thing changed. */
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doc/canon.h"
#include "doc/json.h"
#include "evidence/receipt.h"
#include "evidence/verify_claims.h"

#define HOME "migrations/postgis/PG-MIG-2026-03-02-09/"
#define OTHER "\"sha256:5555555555555555555555555555555555555555555555555555555555555555\""
#define MADE "checksum is not that of its declaration and inputs"
#define BUNDLE "bundle digest is not that of its declaration and inputs"
#define PARTS "digest of its generation is not that of its parts"
#define SOURCES "content of its generation is not that of its sources"

static struct arena arena;

static const char step[] =
    "{\"run_id\":\"r\",\"claim\":{\"inputs\":[{\"uri\":\"payload\",\"digest\":" OTHER
    ",\"kept\":false}],\"outputs\":[],\"gates\":[],\"journal\":{\"at\":1,\"how\":\"ran\","
    "\"key\":" OTHER
    ",\"object\":\"o\",\"store\":\"s\",\"verb\":\"v\",\"before\":null,\"proof\":" OTHER "}}}";

static const struct change {
    const char *name;
    const char *receipt; /* the middle of a fixture's name, or the text itself */
    const char *path;    /* of the claim: what is changed; a number is a place in a list */
    const char *to;      /* JSON; NULL: taken out */
    const char *words;   /* "": nothing is found */
    size_t n_unproven;
} changes[] = {
    {"a migration", "declared", "gates", "[]", "", 0},
    {"checksum", "declared", "checksum", OTHER, MADE, 0},
    {"no digest", "declared", "checksum", "\"sha256:12\"", "checksum is not that of its receipt",
     0},
    {"bundle digest", "declared", "bundle_digest", OTHER, BUNDLE, 0},
    {"limit", "declared", "declaration.limits.max_row_backfill", "1", MADE, 0},
    {"no limits", "declared", "declaration.limits", "{}", MADE, 0},
    {"scope", "declared", "declaration.scope.allowed_schemas", "[\"a\"]", MADE, 0},
    {"empty list given", "declared", "declaration.scope.allowed_tables", "[]", MADE, 0},
    {"empty list that counts nowhere", "declared", "declaration.scope.references", "[]", BUNDLE, 0},
    {"order of a scope", "declared", "declaration.scope.forbidden_schemas",
     "[\"audit\",\"governance\"]", BUNDLE, 0},
    {"runner", "declared", "declaration.runner.tool", "\"psql\"", MADE, 0},
    {"rollback", "declared", "declaration.requires_rollback", "false", MADE, 0},
    {"after load", "declared", "declaration.rebuild", "\"after-load\"", MADE, 0},
    {"rebuilds", "declared", "declaration.rebuilds", "[\"v\"]", MADE, 0},
    {"intent", "declared", "declaration.intent", "\"x\"", BUNDLE, 0},
    {"notes", "declared", "notes_digest", OTHER, BUNDLE, 0},
    {"no notes", "declared", "notes_digest", "null", BUNDLE, 0},
    {"forward", "declared", "inputs.1.digest", OTHER, MADE, 0},
    {"rollback file", "declared", "inputs.2.digest", OTHER, MADE, 0},
    {"invariant", "declared", "inputs.3.digest", OTHER, MADE, 0},
    {"name", "declared", "inputs.1.uri", "\"" HOME "g.sql\"", MADE, 0},
    {"another folder", "declared", "inputs.1.uri", "\"x/forward.sql\"", "", 1},
    {"no declaration file", "declared", "inputs.0.uri", "\"" HOME "m.yml\"", "", 1},
    {"no inputs", "declared", "inputs", "[]", "", 1},
    {"an older kfmig", "declared", "declaration", NULL, "", 1},
    {"fewer inputs than declared", "declared", "inputs",
     "[{\"uri\":\"" HOME "migration.yml\",\"digest\":" OTHER "}]", MADE, 0},
    {"invariants", "declared", "validation.invariants", "[]",
     "results of invariants is not that of its receipt", 0},
    {"baseline", "declared", "baselines.pre", OTHER, "baseline before is not that of its receipt",
     0},
    {"baseline after", "declared", "baselines.post", "null",
     "baseline after is not that of its receipt", 0},
    {"diff", "declared", "diff", OTHER, "diff is not that of its receipt", 0},
    {"output", "declared", "outputs.0.digest", OTHER,
     "baselines/pre.json is not that of its receipt", 0},
    {"a generation", "generation", "gates", "[]", "", 0},
    {"part", "generation", "projection.parts.0.digest", OTHER, PARTS, 0},
    {"kind of a part", "generation", "projection.parts.0.part", "\"x\"", PARTS, 0},
    {"id of a part", "generation", "projection.parts.0.id", "\"x\"", PARTS, 0},
    {"parts that older versions did not say", "generation", "projection.parts", NULL, "", 1},
    {"rows", "generation", "projection.sources.0.rows", "1", SOURCES, 0},
    {"rows of nobody knows what", "generation", "projection.sources.0.rows", "null", "", 1},
    {"no sources", "generation", "projection.sources", "[]", "", 1},
    {"fingerprint", "generation", "projection.sources.1.fingerprint", OTHER, SOURCES, 0},
    {"content", "generation", "projection.content", OTHER, SOURCES, 0},
    {"no content", "generation", "projection.content", "null", "", 0},
    {"digest", "generation", "projection.digest", OTHER, PARTS, 0},
    {"no digest of a generation", "generation", "projection.digest", "null",
     "checksum is not that of its generation", 0},
    {"file", "generation", "inputs.0.digest", OTHER, "bundle digest is not that of its declaration",
     0},
    {"a step", step, "gates", "[]", "", 0},
    {"key", step, "journal.key", "null", "key is not that of its receipt", 0},
    {"payload", step, "inputs.0.digest", "null", "payload is not that of its receipt", 0},
    {"before", step, "journal.before", OTHER, "digest before is not that of its receipt", 0},
    {"proof", step, "journal.proof", "null", "proof is not that of its receipt", 0},
    {"a renaming", "{\"claim\":{\"rename\":{\"checksum\":null}}}", "rename.checksum", OTHER,
     "checksum is not that of its receipt", 0},
    {"nothing is claimed", "{}", "x", NULL, "", 0},
};

static struct doc *receipt_of(const char *name)
{
    struct err e = {0};
    struct bytes text = bytes_str(name);
    const char *src = getenv("KFMIG_SRC");
    int fd = open(src != NULL ? src : ".", O_RDONLY | O_DIRECTORY);
    if (name[0] != '{') {
        const char *path =
            arena_printf(&arena, "registry/fixtures/valid/run_receipt--%s.json", name);
        if (file_read(&arena, fd, path, 1 << 20, &text, NULL, &e) != 0) {
            printf("# %s\n", e.msg);
        }
    }
    (void)close(fd);
    return json_read(&arena, text, "receipt", &e);
}

static struct digest at(const struct doc *d, const char *path)
{
    struct digest out;
    (void)!receipt_read_digest(doc_find(d, path), &out);
    return out;
}

/* The entry that the receipt belongs to, before anything is changed. */
static struct entry entry_of(const struct doc *receipt)
{
    struct buf invariants = {0};
    const struct doc *claim = doc_get(receipt, "claim");
    const struct doc *journal = doc_get(claim, "journal");
    const struct doc *results = doc_find(claim, "validation.invariants");
    struct entry en = {.sequence = 2,
                       .checksum = at(claim, "checksum"),
                       .bundle_digest = at(claim, "bundle_digest"),
                       .pre = at(claim, "baselines.pre"),
                       .post = at(claim, "baselines.post"),
                       .diff = at(claim, "diff")};
    if (journal != NULL) {
        en.checksum = at(journal, "key");
        en.bundle_digest = at(doc_get(claim, "inputs")->item[0], "digest");
        en.post = at(journal, "proof");
    }
    if (results != NULL) {
        canon_write(&invariants, results);
        en.invariants = digest_of(buf_bytes(&invariants));
    }
    buf_release(&invariants);
    return en;
}

/* Walks all of path but its last step, which *last then is. */
static struct doc *walk(struct doc *d, const char *path, const char **last)
{
    size_t n = strcspn(path, ".");
    while (d != NULL && path[n] == '.') {
        const char *name = arena_strndup(&arena, path, n);
        size_t i = (size_t)strtol(name, NULL, 10);
        bool is_place = d->type == DOC_LIST && i < d->n;
        d = d->type == DOC_MAP ? doc_get(d, name) : is_place ? d->item[i] : NULL;
        path += n + 1;
        n = strcspn(path, ".");
    }
    *last = path;
    return d;
}

static void apply(struct doc *claim, const struct change *c)
{
    struct err e = {0};
    const char *last = NULL;
    struct doc *d = walk(claim, c->path, &last);
    if (d != NULL && c->to != NULL) {
        doc_put(&arena, d, last, json_read(&arena, bytes_str(c->to), "value", &e));
    }
    for (size_t i = 0; d != NULL && c->to == NULL && i < d->n; i++) {
        if (strcmp(d->key[i]->text.p, last) == 0) {
            d->key[i] = doc_text(&arena, "taken out");
        }
    }
}

/* In both, so that only what they are made of can tell. */
static void agree(const struct doc *claim, struct entry *en, const char *path)
{
    en->checksum = strcmp(path, "checksum") == 0 || strcmp(path, "projection.digest") == 0
                       ? at(claim, path)
                       : en->checksum;
    en->bundle_digest = strcmp(path, "bundle_digest") == 0 ? at(claim, path) : en->bundle_digest;
}

static void check(const struct change *c)
{
    struct verified v = {.n_entries = 0};
    struct doc *receipt = receipt_of(c->receipt);
    struct doc *claim = doc_get(receipt, "claim");
    struct entry en = entry_of(receipt);
    bool has = c->words[0] == '\0';
    if (claim != NULL) {
        apply(claim, c);
        if (c->to != NULL && strcmp(c->to, OTHER) == 0) {
            agree(claim, &en, c->path);
        }
    }
    verify_claims(&v, &arena, &en, receipt);
    const char *words = arena_printf(&arena, "entry 2: %s", c->words);
    for (size_t i = 0; i < v.findings.n; i++) {
        const struct finding *f = &v.findings.v[i];
        has = has || (strcmp(f->text, words) == 0 && strcmp(f->rule, "claim") == 0);
    }
    bool good = has && (v.n_found == 0) == (c->words[0] == '\0') && v.n_unproven == c->n_unproven;
    for (size_t i = 0; i < v.findings.n && !good; i++) {
        printf("# %s\n", v.findings.v[i].text);
    }
    ok(good, c->name);
}

int main(void)
{
    const int n = sizeof changes / sizeof changes[0];
    tap_plan(n);
    for (int i = 0; i < n; i++) {
        check(&changes[i]);
    }
    arena_release(&arena);
    return tap_done();
}
