/* layer: evidence */
/* Receipts: written from an account and read back into the same one; those of the repository read and
 * write to the same bytes. */
#include "tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "doc/json.h"
#include "evidence/receipt.h"

#define LIST(...)                                                                                  \
    {                                                                                              \
        (const char *[]){__VA_ARGS__}, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), 0   \
    }

static struct arena arena;

static struct digest digest_byte(unsigned char b)
{
    struct digest d = {{0}};
    d.b[0] = b;
    return d;
}

/* --- the same? --- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_names(const struct names *a, const struct names *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++) {
        same = same_text(a->v[i], b->v[i]);
    }
    return same;
}

static bool same_links(const struct links *a, const struct links *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++) {
        same = same_text(a->v[i].name, b->v[i].name) && same_text(a->v[i].url, b->v[i].url);
    }
    return same;
}

static bool same_scope(const struct scope *a, const struct scope *b)
{
    return a->has_schemas == b->has_schemas && a->has_tables == b->has_tables &&
           same_names(&a->allowed_schemas, &b->allowed_schemas) &&
           same_names(&a->allowed_tables, &b->allowed_tables) &&
           same_names(&a->forbidden_schemas, &b->forbidden_schemas) &&
           same_names(&a->forbidden_tables, &b->forbidden_tables) &&
           same_names(&a->references, &b->references) &&
           same_names(&a->allowed_extensions, &b->allowed_extensions) &&
           same_names(&a->allowed_global, &b->allowed_global);
}

static bool same_limits(const struct limits *a, const struct limits *b)
{
    bool same = true;
    for (int i = 0; limit_key(i) != NULL; i++) {
        same = same && limit_value(a, i) == limit_value(b, i);
    }
    return same;
}

static bool same_digests(const struct named_digests *a, const struct named_digests *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++) {
        same = same_text(a->v[i].name, b->v[i].name) && digest_eq(&a->v[i].digest, &b->v[i].digest);
    }
    return same;
}

static bool same_inputs(const struct account_inputs *a, const struct account_inputs *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++) {
        same = same_text(a->v[i].uri, b->v[i].uri) && a->v[i].is_data == b->v[i].is_data &&
               digest_eq(&a->v[i].digest, &b->v[i].digest);
    }
    return same;
}

static bool same_gates(const struct findings *a, const struct findings *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++) {
        const struct finding *x = &a->v[i];
        const struct finding *y = &b->v[i];
        same = same_text(x->rule, y->rule) && x->passed == y->passed &&
               same_text(x->text, y->text) && same_text(x->waived_by, y->waived_by) &&
               x->severity == y->severity;
    }
    return same;
}

static bool same_partial(const struct account_source *a, const struct account_source *b)
{
    bool same = a->n_partial == b->n_partial;
    for (size_t i = 0; same && i < a->n_partial; i++) {
        same = strcmp(a->partial[i].column, b->partial[i].column) == 0 &&
               a->partial[i].records == b->partial[i].records;
    }
    return same;
}

static bool same_source(const struct account_source *a, const struct account_source *b)
{
    return same_text(a->dataset, b->dataset) && same_text(a->version, b->version) &&
           same_text(a->asset, b->asset) && same_text(a->into, b->into) && a->rows == b->rows &&
           digest_eq(&a->fingerprint, &b->fingerprint) && a->copied == b->copied &&
           same_partial(a, b);
}

static bool same_doc(const struct doc *a, const struct doc *b)
{
    return a == NULL || b == NULL ? a == b : doc_eq(a, b);
}

static bool same_generation(const struct account_generation *a, const struct account_generation *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    bool same = same_text(a->name, b->name) && same_text(a->schema, b->schema) &&
                a->number == b->number && digest_eq(&a->digest, &b->digest) &&
                digest_eq(&a->content, &b->content) && same_doc(a->parts, b->parts) &&
                same_digests(&a->components, &b->components) && a->n_sources == b->n_sources;
    for (size_t i = 0; same && i < a->n_sources; i++) {
        same = same_source(&a->sources[i], &b->sources[i]);
    }
    return same;
}

static bool same_allowed(const struct allowances *a, const struct allowances *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++) {
        same = same_text(a->v[i].path, b->v[i].path) && a->v[i].line == b->v[i].line &&
               same_text(a->v[i].rule, b->v[i].rule) && same_text(a->v[i].reason, b->v[i].reason);
    }
    return same;
}

static bool same_failure(const struct account_failure *a, const struct account_failure *b)
{
    return same_text(a->code, b->code) &&
           (a->code == NULL ||
            (a->statement == b->statement && same_text(a->path, b->path) && a->line == b->line &&
             a->col == b->col && same_text(a->sqlstate, b->sqlstate) &&
             same_text(a->condition, b->condition) && same_text(a->object, b->object)));
}

static void is_head(const struct account *a, const struct account *b)
{
    ok(same_text(a->kind, b->kind) && same_text(a->run_id, b->run_id) &&
           same_text(a->result, b->result) && same_text(a->migration_id, b->migration_id),
       "kind, run, result, migration");
    ok(same_text(a->started_at, b->started_at) && same_text(a->finished_at, b->finished_at),
       "times");
    ok(same_text(a->actor_type, b->actor_type) && same_text(a->actor_id, b->actor_id) &&
           same_text(a->commit_sha, b->commit_sha) && same_text(a->pr, b->pr) &&
           same_text(a->tool_version, b->tool_version),
       "who, with what");
    ok(same_text(a->environment, b->environment) &&
           same_text(a->environment_kind, b->environment_kind) && same_text(a->store, b->store) &&
           same_text(a->database, b->database) && same_text(a->schema, b->schema) &&
           a->server_version == b->server_version,
       "where");
    ok(same_digests(&a->migrations, &b->migrations), "migrations");
    ok(same_failure(&a->failure, &b->failure), "failure");
    ok(same_text(a->intent, b->intent) && same_text(a->notes, b->notes) &&
           same_links(&a->links, &b->links),
       "intent, notes, links");
    ok(same_text(a->instance, b->instance) && a->sequence == b->sequence &&
           digest_eq(&a->previous, &b->previous),
       "the position");
}

static void is_claim(const struct account *a, const struct account *b)
{
    ok(a->has_declaration == b->has_declaration &&
           digest_eq(&a->declaration.checksum, &b->declaration.checksum) &&
           digest_eq(&a->declaration.bundle_digest, &b->declaration.bundle_digest) &&
           same_doc(a->declaration.document, b->declaration.document) &&
           same_allowed(&a->declaration.allowed, &b->declaration.allowed) &&
           digest_eq(&a->declaration.notes, &b->declaration.notes) &&
           same_scope(&a->declaration.scope, &b->declaration.scope),
       "the declaration");
    ok(same_limits(&a->declaration.declared, &b->declaration.declared) &&
           same_limits(&a->declaration.observed, &b->declaration.observed),
       "limits");
    ok(same_text(a->declaration.change_class, b->declaration.change_class) &&
           same_names(&a->declaration.reviewers, &b->declaration.reviewers) &&
           a->approval == b->approval &&
           same_names(&a->protected_domains.schemas, &b->protected_domains.schemas) &&
           same_names(&a->protected_domains.tables, &b->protected_domains.tables) &&
           same_names(&a->protected_domains.roles, &b->protected_domains.roles),
       "policy");
    ok(same_inputs(&a->inputs, &b->inputs), "inputs");
    ok(digest_eq(&a->pre, &b->pre) && digest_eq(&a->post, &b->post) &&
           digest_eq(&a->diff, &b->diff) && digest_eq(&a->touched, &b->touched),
       "outputs");
    ok(same_gates(&a->gates, &b->gates), "gates");
    ok(same_generation(a->generation, b->generation), "the generation");
    ok(same_doc(a->drill, b->drill) && same_doc(a->recovery, b->recovery) &&
           same_doc(a->timings, b->timings),
       "claims of their own");
}

enum { N_SAME = 16 };

static bool write_and_read(const struct account *x, struct account *out, struct doc **d)
{
    struct err e = {0};
    *d = receipt_write(&arena, x);
    struct bytes text = receipt_seal(&arena, *d, x->instance, x->sequence, &x->previous);
    *d = json_read(&arena, text, "receipt", &e);
    bool good = *d != NULL && receipt_read(&arena, *d, out, &e) == 0;
    if (!good) {
        printf("# %s\n", e.msg);
    }
    return good;
}

static void check_same(const struct account *x, const char *name)
{
    struct account got;
    struct doc *d = NULL;
    printf("# %s\n", name);
    if (!write_and_read(x, &got, &d)) {
        got = (struct account){.kind = ""};
    }
    is_head(x, &got);
    is_claim(x, &got);
}

/* Everything that a run of nothing has. */
static struct account least(const char *kind)
{
    return (struct account){
        .kind = kind,
        .run_id = "r",
        .environment = "dev",
        .environment_kind = "",
        .store = "",
        .result = "success",
        .started_at = "s",
        .finished_at = "f",
        .actor_type = "human",
        .actor_id = "somebody",
        .commit_sha = "",
        .pr = "",
        .tool_version = "0",
        .database = "db",
        .schema = "",
        .migration_id = "",
        .declaration = {.declared = limits_none, .observed = limits_none, .change_class = ""},
        .reason = "",
        .intent = "",
        .notes = "",
        .instance = ""};
}

static const struct scope whole_scope = {.has_schemas = true,
                                         .has_tables = true,
                                         .allowed_schemas = LIST("app", "ä\"b"),
                                         .allowed_tables = LIST("t"),
                                         .forbidden_schemas = LIST("audit"),
                                         .forbidden_tables = LIST("secret", "x.y"),
                                         .references = LIST("r"),
                                         .allowed_extensions = LIST("postgis"),
                                         .allowed_global = LIST("role:x")};
static const struct names reviewers = LIST("a", "b");
static const struct domains governed = {
    .schemas = LIST("gov"), .tables = LIST("x.t"), .roles = LIST("auditor")};

static struct link links[] = {{"chat", "https://chat.example/a?b=1"},
                              {"run", "https://ci.example/run/1"}};

static struct account migration(void)
{
    struct account x = least("db_migration");
    struct digest d = digest_byte(7);
    x.migration_id = x.schema = "M-1";
    x.environment_kind = "stage";
    x.store = "search";
    x.commit_sha = "abc";
    x.pr = "12";
    x.intent = "why: \"ä\"";
    x.notes = "what else";
    x.links = (struct links){.v = links, .n = sizeof links / sizeof *links};
    x.has_declaration = true;
    x.declaration.checksum = digest_byte(1);
    x.declaration.bundle_digest = digest_byte(2);
    x.declaration.document = doc_new(&arena, DOC_MAP);
    x.declaration.notes = digest_byte(9);
    allow_list(&arena, "m/forward.sql",
               bytes_str("-- kfmig:allow jwt \xc3\xa4 100% sample\n\n-- kfmig:allow-unparsed\n"),
               &x.declaration.allowed);
    x.declaration.scope = whole_scope;
    x.declaration.declared.max_row_backfill = 0;
    x.declaration.observed = (struct limits){3, 2, 1};
    x.declaration.change_class = "schema";
    x.declaration.reviewers = reviewers;
    account_inputs_add(&arena, &x.inputs, "m/forward.sql", &d, false);
    account_inputs_add(&arena, &x.inputs, "m/data.csv", &d, true);
    x.pre = digest_byte(3);
    x.post = digest_byte(4);
    x.diff = digest_byte(5);
    x.touched = digest_byte(6);
    finding_pass(&arena, &x.gates, "invariant invariants/a.sql");
    finding_pass(&arena, &x.gates, "scope");
    x.approval = APPROVAL_REVIEW;
    x.protected_domains = governed;
    named_digests_add(&arena, &x.migrations, "M-1", &d);
    x.server_version = 150005;
    x.instance = "11111111-2222-4333-8444-555555555555";
    x.sequence = 12;
    x.previous = digest_byte(8);
    return x;
}

static struct account failed(void)
{
    struct account x = migration();
    x.result = "failed";
    x.post = (struct digest){{0}};
    finding_fail(&arena, &x.gates, "scope", "create of table b.t");
    finding_fail(&arena, &x.gates, "scope", "create of table b.\"100%%\xff\x7fü\n\"");
    finding_fail(&arena, &x.gates, "obstacles", "a view")->waived_by = "fallback: atomic";
    x.approval = APPROVAL_SIGNATURE;
    x.failure = (struct account_failure){.code = "apply",
                                         .statement = 2,
                                         .path = "m/forward.sql",
                                         .line = 3,
                                         .col = 4,
                                         .sqlstate = "23505",
                                         .condition = "unique_violation",
                                         .object = "t_pkey"};
    return x;
}

static struct account projection(void)
{
    static struct account_source sources[2];
    static struct account_partial partial[] = {{"depth", 499}, {"name", 1}};
    static struct account_generation g;
    struct account x = migration();
    struct digest d = digest_byte(9);
    x.kind = "projection_publish";
    x.migration_id = "";
    sources[0] =
        (struct account_source){"wells", "2026-02", "rows", "pts", 500, d, true, partial, 2};
    sources[1] =
        (struct account_source){"wells", "2026-03", "rows", "pts", -1, {{0}}, false, NULL, 0};
    g = (struct account_generation){.name = "wells",
                                    .parts = doc_new(&arena, DOC_LIST),
                                    .schema = "app",
                                    .number = 3,
                                    .digest = d,
                                    .content = d,
                                    .sources = sources,
                                    .n_sources = 2};
    named_digests_add(&arena, &g.components, "migration M-1", &d);
    named_digests_add(&arena, &g.components, "rule", &x.pre);
    x.generation = &g;
    return x;
}

static struct account drill(void)
{
    struct account x = least("drill");
    struct err e = {0};
    x.drill = json_read(&arena, bytes_str("{\"same\":true,\"list\":[1,\"a\",null]}"), "d", &e);
    x.timings = json_read(&arena, bytes_str("{\"database_ms\":12}"), "d", &e);
    x.recovery = json_read(&arena, bytes_str("{\"cites\":null}"), "d", &e);
    return x;
}

/* --- the repository's own --- */

static void check_file(int dirfd, const char *path)
{
    struct bytes body;
    struct err e = {0};
    struct account x;
    bool good = file_read(&arena, dirfd, path, 1 << 24, &body, NULL, &e) == 0;
    const struct doc *d = good ? json_read(&arena, body, path, &e) : NULL;
    good = d != NULL && receipt_read(&arena, d, &x, &e) == 0;
    if (good) {
        struct bytes again =
            receipt_seal(&arena, receipt_write(&arena, &x), x.instance, x.sequence, &x.previous);
        good = bytes_eq(body, again);
    }
    if (!ok(good, path)) {
        printf("# %s\n", e.msg);
    }
}

static size_t receipts_of_the_repository(int dirfd, struct names *out)
{
    struct file_names all = {0};
    struct err e = {0};
    if (file_list(&arena, dirfd, "migrations/postgis", &all, &e) != 0) {
        return 0;
    }
    for (size_t i = 0; i < all.n; i++) {
        const char *path =
            arena_printf(&arena, "migrations/postgis/%s/receipts/run_receipt.json", all.v[i].name);
        if (faccessat(dirfd, path, R_OK, 0) == 0) {
            ARENA_GROW(&arena, out->v, out->n, out->cap);
            out->v[out->n++] = path;
        }
    }
    return out->n;
}

/* --- what is none --- */

static void check_refused(const char *text, const char *says)
{
    struct account x;
    struct err e = {0};
    const struct doc *d = json_read(&arena, bytes_str(text), "receipt", &e);
    ok(d != NULL && receipt_read(&arena, d, &x, &e) == -1 && e.code == ERR_INTEGRITY &&
           strstr(e.msg, says) != NULL,
       says);
}

static void check_old(void)
{
    static const char text[] = "{\"format\":\"kfmig.run_receipt.v1\",\"claim\":{\"gates\":[{"
                               "\"gate\":\"copy a/b\",\"result\":"
                               "\"pass\",\"detail\":\"the copied rows "
                               "differ\"},{\"gate\":\"x\",\"result\":\"fail\",\"detail\":"
                               "\"\"}]}}";
    struct account x;
    struct err e = {0};
    const struct doc *d = json_read(&arena, bytes_str(text), "receipt", &e);
    ok(d != NULL && receipt_read(&arena, d, &x, &e) == 0 && x.gates.n == 2, "an older kfmig's");
    is_str(x.gates.v[0].text, "", "what passed says nothing, though it once did");
    ok(!x.gates.v[1].passed, "what failed without a word has failed");
    is_str(x.run_id, "", "what is not there is empty");
    ok(x.failure.code == NULL && x.generation == NULL && !x.has_declaration, "or not there");
}

int main(void)
{
    struct names files = {0};
    const char *src = getenv("KFMIG_SRC");
    int dirfd = open(src != NULL ? src : ".", O_RDONLY | O_DIRECTORY);
    size_t n = receipts_of_the_repository(dirfd, &files);
    tap_plan(5 * N_SAME + (int)n + 1 + 3 + 5);
    struct account x = least("adopt");
    check_same(&x, "an adoption");
    x = migration();
    check_same(&x, "a migration");
    x = failed();
    check_same(&x, "a failure");
    x = projection();
    check_same(&x, "a projection");
    x = drill();
    check_same(&x, "a drill");
    ok(n >= 7, "the repository has receipts");
    for (size_t i = 0; i < n; i++) {
        check_file(dirfd, files.v[i]);
    }
    check_refused("{\"format\":\"x\"}", "not a receipt");
    check_refused("{\"format\":\"kfmig.run_receipt.v1\",\"claim\":{\"diff\":\"sha256:1\"}}",
                  "member \"diff\" of the receipt is no digest");
    check_refused("{\"format\":\"kfmig.run_receipt.v1\",\"ledger\":{\"previous\":5}}",
                  "member \"previous\" of the receipt is no digest");
    check_old();
    (void)close(dirfd);
    arena_release(&arena);
    return tap_done();
}
