/* Receipts, read back into the account that they were written from. */
#include <stdlib.h>
#include <string.h>

#include "evidence/baseline.h"
#include "evidence/receipt.h"

/* One receipt on its way; bad: a digest that is none, by the name of its member. */
struct reading {
    struct arena *a;
    const struct doc *receipt;
    const char *bad;
};

int receipt_read_digest(const struct doc *d, struct digest *out)
{
    *out = (struct digest){{0}};
    if (d == NULL || d->type == DOC_NULL) {
        return 0;
    }
    return d->type == DOC_TEXT ? digest_parse(d->text.p, out) : -1;
}

static bool has_plain_names(const struct doc *document)
{
    return strcmp(doc_str(document, "names", ""), NAMES_ENCODED) != 0;
}

const char *receipt_name(struct arena *a, const struct doc *document, const char *text)
{
    struct buf out = {0};
    if (strchr(text, '%') == NULL || has_plain_names(document)) {
        return text;
    }
    text_decode(&out, bytes_str(text));
    const char *name = arena_strdup(a, buf_str(&out));
    buf_release(&out);
    return name;
}

static const char *name_at(struct reading *g, const struct doc *map, const char *key)
{
    return receipt_name(g->a, g->receipt, doc_str(map, key, ""));
}

static struct digest digest_at(struct reading *g, const struct doc *map, const char *key)
{
    struct digest d;
    if (receipt_read_digest(doc_get(map, key), &d) != 0) {
        g->bad = key;
    }
    return d;
}

static struct names names_at(struct arena *a, const struct doc *map, const char *key)
{
    const struct doc *list = doc_get(map, key);
    struct names out = {0};
    for (size_t i = 0; i < doc_len(list); i++) {
        if (list->type == DOC_LIST && list->item[i]->type == DOC_TEXT) {
            ARENA_GROW(a, out.v, out.n, out.cap);
            out.v[out.n++] = list->item[i]->text.p;
        }
    }
    return out;
}

void receipt_read_limits(const struct doc *list, struct limits *declared, struct limits *observed)
{
    *declared = *observed = limits_none;
    for (size_t i = 0; i < doc_len(list); i++) {
        const struct doc *d = list->item[i];
        for (int k = 0; limit_key(k) != NULL; k++) {
            if (strcmp(doc_str(d, "limit", ""), limit_key(k)) == 0) {
                limit_set(declared, k, doc_num(d, "declared", -1));
                limit_set(observed, k, doc_num(d, "observed", -1));
            }
        }
    }
}

struct scope receipt_read_scope(struct arena *a, const struct doc *d)
{
    return (struct scope){.has_schemas = doc_get(d, "allowed_schemas") != NULL,
                          .has_tables = doc_get(d, "allowed_tables") != NULL,
                          .allowed_schemas = names_at(a, d, "allowed_schemas"),
                          .allowed_tables = names_at(a, d, "allowed_tables"),
                          .forbidden_schemas = names_at(a, d, "forbidden_schemas"),
                          .forbidden_tables = names_at(a, d, "forbidden_tables"),
                          .references = names_at(a, d, "references"),
                          .allowed_extensions = names_at(a, d, "allowed_extensions"),
                          .allowed_global = names_at(a, d, "allowed_global")};
}

/* The number behind the last colon of text, which ends there then; 0: there is none. */
static int number_behind(char *text)
{
    char *colon = strrchr(text, ':');
    if (colon == NULL || colon[1] == '\0' || colon[1 + strspn(colon + 1, "0123456789")] != '\0') {
        return 0;
    }
    *colon = '\0';
    return (int)strtol(colon + 1, NULL, 10);
}

/* "path:line:col", or the path alone. */
static void place_at(struct reading *g, const char *text, struct finding *f)
{
    char *path = arena_strdup(g->a, text);
    f->col = number_behind(path);
    f->line = number_behind(path);
    f->path = path;
}

static struct findings gates_at(struct reading *g, const struct doc *list)
{
    struct findings out = {0};
    for (size_t i = 0; i < doc_len(list); i++) {
        const struct doc *d = list->item[i];
        const char *rule = doc_str(d, "gate", "");
        const char *text = name_at(g, d, "detail");
        if (strcmp(doc_str(d, "result", ""), "pass") == 0) {
            finding_pass(g->a, &out, rule); /* an older kfmig gave some of these a text */
        } else {
            struct finding *f =
                finding_fail(g->a, &out, rule, "%s", text[0] != '\0' ? text : "failed");
            f->waived_by = doc_str(d, "waived_by", "");
            place_at(g, doc_str(d, "place", ""), f);
        }
    }
    return out;
}

static struct account_inputs inputs_at(struct reading *g, const struct doc *list)
{
    struct account_inputs out = {0};
    for (size_t i = 0; i < doc_len(list); i++) {
        const struct doc *d = list->item[i];
        struct digest digest = digest_at(g, d, "digest");
        account_inputs_add(g->a, &out, doc_str(d, "uri", ""), &digest, !doc_yes(d, "kept", true));
    }
    return out;
}

/* The digest of the output with that name; zero: there is none. */
static struct digest output_at(struct reading *g, const struct doc *list, const char *uri)
{
    for (size_t i = 0; i < doc_len(list); i++) {
        if (strcmp(doc_str(list->item[i], "uri", ""), uri) == 0) {
            return digest_at(g, list->item[i], "digest");
        }
    }
    return (struct digest){{0}};
}

static struct account_source source_at(struct reading *g, const struct doc *d)
{
    const struct doc *partial = doc_get(d, "partial");
    size_t n = doc_len(partial);
    struct account_partial *v = ARENA_ARRAY(g->a, struct account_partial, n + 1);
    for (size_t i = 0; i < n; i++) {
        v[i] = (struct account_partial){doc_str(partial->item[i], "column", ""),
                                        doc_num(partial->item[i], "records", 0)};
    }
    return (struct account_source){.dataset = doc_str(d, "dataset", ""),
                                   .version = doc_str(d, "dataset_version_id", ""),
                                   .asset = doc_str(d, "asset", ""),
                                   .into = doc_str(d, "into", ""),
                                   .rows = doc_num(d, "rows", -1),
                                   .fingerprint = digest_at(g, d, "fingerprint"),
                                   .copied = doc_yes(d, "copied", false),
                                   .partial = v,
                                   .n_partial = n};
}

/* Of what ought to be a map. */
static size_t n_members(const struct doc *d)
{
    return d != NULL && d->type == DOC_MAP ? doc_len(d) : 0;
}

static const struct account_generation *generation_at(struct reading *g, const struct doc *d)
{
    if (d == NULL) {
        return NULL;
    }
    struct account_generation *out = ARENA_NEW(g->a, struct account_generation);
    const struct doc *components = doc_get(d, "components");
    const struct doc *sources = doc_get(d, "sources");
    *out = (struct account_generation){.name = doc_str(d, "name", ""),
                                       .schema = doc_str(d, "schema", ""),
                                       .number = doc_num(d, "generation", 0),
                                       .digest = digest_at(g, d, "digest"),
                                       .content = digest_at(g, d, "content"),
                                       .parts = doc_get(d, "parts"),
                                       .n_sources = doc_len(sources)};
    for (size_t i = 0; i < n_members(components); i++) {
        const char *name = components->key[i]->text.p;
        struct digest digest = digest_at(g, components, name);
        named_digests_add(g->a, &out->components, name, &digest);
    }
    out->sources = ARENA_ARRAY(g->a, struct account_source, out->n_sources + 1);
    for (size_t i = 0; i < out->n_sources; i++) {
        out->sources[i] = source_at(g, sources->item[i]);
    }
    return out;
}

static struct allowances allowed_at(struct reading *g, const struct doc *list)
{
    struct allowances out = {0};
    for (size_t i = 0; i < doc_len(list); i++) {
        const struct doc *d = list->item[i];
        char *path = arena_strdup(g->a, doc_str(d, "place", ""));
        int line = number_behind(path);
        ARENA_GROW(g->a, out.v, out.n, out.cap);
        out.v[out.n++] =
            (struct allowance){path, line, name_at(g, d, "rule"), name_at(g, d, "reason")};
    }
    return out;
}

static void read_declaration(struct reading *g, const struct doc *claim, struct account *out)
{
    const struct doc *policy = doc_get(claim, "policy");
    out->has_declaration = doc_get(claim, "scope") != NULL;
    out->declaration.checksum = digest_at(g, claim, "checksum");
    out->declaration.bundle_digest = digest_at(g, claim, "bundle_digest");
    out->declaration.document = doc_get(claim, "declaration");
    out->declaration.notes = digest_at(g, claim, "notes_digest");
    out->declaration.allowed = allowed_at(g, doc_get(claim, "allowed"));
    out->declaration.scope = receipt_read_scope(g->a, doc_get(claim, "scope"));
    receipt_read_limits(doc_get(claim, "limits"), &out->declaration.declared,
                        &out->declaration.observed);
    out->declaration.change_class = doc_str(policy, "change_class", "");
    out->declaration.reviewers = names_at(g->a, policy, "required_reviewers");
    out->approval = approval_parse(doc_str(policy, "approval", ""));
    const struct doc *domains = doc_get(policy, "protected");
    out->protected_domains = (struct domains){.schemas = names_at(g->a, domains, "schemas"),
                                              .tables = names_at(g->a, domains, "tables"),
                                              .roles = names_at(g->a, domains, "roles")};
}

static void read_claim(struct reading *g, const struct doc *claim, struct account *out)
{
    const struct doc *outputs = doc_get(claim, "outputs");
    const struct doc *baselines = doc_get(claim, "baselines");
    out->reason = doc_str(claim, "reason", "");
    read_declaration(g, claim, out);
    out->inputs = inputs_at(g, doc_get(claim, "inputs"));
    out->pre = digest_at(g, baselines, "pre");
    out->post = digest_at(g, baselines, "post");
    out->baseline_format =
        baseline_format_parse(doc_str(baselines, "format", baseline_format_text(1)));
    out->diff = digest_at(g, claim, "diff");
    out->touched = output_at(g, outputs, "diffs/touched.csv");
    out->gates = gates_at(g, doc_get(claim, "gates"));
    out->residue = names_at(g->a, claim, "residue");
    for (size_t i = 0; i < out->residue.n; i++) {
        out->residue.v[i] = receipt_name(g->a, g->receipt, out->residue.v[i]);
    }
    out->generation = generation_at(g, doc_get(claim, "projection"));
    out->approvals = doc_get(claim, "approvals");
    out->rebuilt = doc_get(claim, "rebuilt");
    out->variables = doc_get(claim, "variables");
    out->drill = doc_get(claim, "drill");
    out->recovery = doc_get(claim, "recovery");
    out->rename = doc_get(claim, "rename");
    out->replaces = doc_get(claim, "replaces");
    out->confirm = doc_get(claim, "confirm");
    out->deploy = doc_get(claim, "deploy");
    out->backup = doc_get(claim, "backup");
    out->dropped = doc_get(claim, "dropped");
    out->precaution = doc_get(claim, "precaution");
}

static void read_failure(struct reading *g, const struct doc *d, struct account_failure *out)
{
    *out = (struct account_failure){.code = doc_str(d, "code", NULL),
                                    .statement = (int)doc_num(d, "statement", 0),
                                    .path = doc_str(d, "file", ""),
                                    .line = (int)doc_num(d, "line", 0),
                                    .col = (int)doc_num(d, "column", 0),
                                    .sqlstate = doc_str(d, "sqlstate", ""),
                                    .condition = doc_str(d, "condition", ""),
                                    .object = name_at(g, d, "object")};
}

static void read_people(struct reading *g, const struct doc *d, struct account *out)
{
    const struct doc *actor = doc_get(d, "actor");
    const struct doc *repo = doc_get(d, "repo");
    const struct doc *target = doc_get(d, "target");
    out->actor_type = doc_str(actor, "type", "");
    out->actor_id = doc_str(actor, "id", "");
    out->commit_sha = doc_str(repo, "commit_sha", "");
    out->pr = doc_str(repo, "pr", "");
    out->tool_version = doc_str(doc_get(d, "tool"), "version", "");
    out->environment_kind = doc_str(target, "kind", "");
    out->database = name_at(g, target, "db");
    out->schema = doc_str(target, "schema", "");
    out->server_version = doc_num(target, "server_version", 0);
    out->store = doc_str(target, "store", "");
}

static void read_position(struct reading *g, const struct doc *ledger, struct account *out)
{
    out->instance = doc_str(ledger, "instance", "");
    out->sequence = doc_num(ledger, "sequence", 0);
    out->previous = digest_at(g, ledger, "previous");
}

static void read_migrations(struct reading *g, const struct doc *list, struct account *out)
{
    for (size_t i = 0; i < doc_len(list); i++) {
        struct digest digest = digest_at(g, list->item[i], "sha256");
        named_digests_add(g->a, &out->migrations, doc_str(list->item[i], "id", ""), &digest);
    }
}

static struct links links_at(struct arena *a, const struct doc *d)
{
    struct links out = {0};
    for (size_t i = 0; i < n_members(d); i++) {
        const char *name = d->key[i]->text.p;
        ARENA_GROW(a, out.v, out.n, out.cap);
        out.v[out.n++] = (struct link){name, doc_str(d, name, "")};
    }
    return out;
}

int receipt_read(struct arena *a, const struct doc *receipt, struct account *out, struct err *e)
{
    struct reading g = {.a = a, .receipt = receipt};
    if (strcmp(doc_str(receipt, "format", ""), "kfmig.run_receipt.v1") != 0) {
        return err_set(e, ERR_INTEGRITY, "not a receipt");
    }
    *out = (struct account){.kind = doc_str(receipt, "run_kind", ""),
                            .has_plain_names = has_plain_names(receipt),
                            .run_id = doc_str(receipt, "run_id", ""),
                            .environment = doc_str(receipt, "environment", ""),
                            .result = doc_str(receipt, "result", ""),
                            .started_at = doc_str(receipt, "started_at", ""),
                            .finished_at = doc_str(receipt, "finished_at", ""),
                            .migration_id = doc_str(receipt, "migration_id", ""),
                            .timings = doc_get(receipt, "timings"),
                            .intent = doc_str(receipt, "intent", ""),
                            .notes = doc_str(receipt, "notes", ""),
                            .links = links_at(a, doc_get(receipt, "links"))};
    read_people(&g, receipt, out);
    read_claim(&g, doc_get(receipt, "claim"), out);
    read_failure(&g, doc_get(receipt, "failure"), &out->failure);
    read_migrations(&g, doc_get(receipt, "migrations"), out);
    read_position(&g, doc_get(receipt, "ledger"), out);
    return g.bad == NULL
               ? 0
               : err_set(e, ERR_INTEGRITY, "member \"%s\" of the receipt is no digest", g.bad);
}
