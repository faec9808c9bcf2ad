/* Receipts, written: who, when, where around a deterministic claim. */
#include "evidence/receipt.h"

#include <string.h>

#include "doc/canon.h"
#include "evidence/baseline.h"

static struct doc *text_or_null(struct arena *a, const char *s)
{
    return s[0] == '\0' ? doc_new(a, DOC_NULL) : doc_text(a, s);
}

static struct doc *name_doc(struct arena *a, const struct account *x, const char *s)
{
    return x->has_plain_names ? doc_text(a, s) : doc_name(a, s);
}

static struct doc *count_or_null(struct arena *a, int64_t v)
{
    return v < 0 ? doc_new(a, DOC_NULL) : doc_int(a, v);
}

struct doc *receipt_limits(struct arena *a, const struct limits *declared,
                           const struct limits *observed)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (int i = 0; limit_key(i) != NULL; i++) {
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, d, "limit", doc_text(a, limit_key(i)));
        doc_put(a, d, "declared", count_or_null(a, limit_value(declared, i)));
        doc_put(a, d, "observed", count_or_null(a, limit_value(observed, i)));
    }
    return list;
}

static void put_inputs(struct arena *a, const struct account_inputs *inputs, struct doc *list,
                       struct doc *checksums)
{
    for (size_t i = 0; i < inputs->n; i++) {
        const struct account_input *f = &inputs->v[i];
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, d, "uri", doc_text(a, f->uri));
        doc_put(a, d, "digest", doc_digest(a, &f->digest));
        if (f->is_data) {
            doc_put(a, d, "kept", doc_bool(a, false));
        }
        doc_put(a, checksums, f->uri, doc_digest(a, &f->digest));
    }
}

static void put_output(struct arena *a, struct doc *list, const char *uri,
                       const struct digest *digest, const char *type)
{
    if (digest_is_zero(digest)) {
        return;
    }
    struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
    doc_put(a, d, "uri", doc_text(a, uri));
    doc_put(a, d, "digest", doc_digest(a, digest));
    doc_put(a, d, "media_type", doc_text(a, type));
}

static struct doc *outputs_doc(struct arena *a, const struct account *x)
{
    struct doc *list = doc_new(a, DOC_LIST);
    put_output(a, list, "baselines/pre.json", &x->pre, "application/json");
    put_output(a, list, "baselines/post.json", &x->post, "application/json");
    put_output(a, list, "diffs/summary.json", &x->diff, "application/json");
    put_output(a, list, "diffs/touched.csv", &x->touched, "text/csv");
    return list;
}

static void put_names(struct arena *a, struct doc *d, const char *key, const struct names *n)
{
    if (n->n > 0) {
        doc_put(a, d, key, names_doc(a, n));
    }
}

static struct doc *scope_doc(struct arena *a, const struct scope *s)
{
    struct doc *d = doc_new(a, DOC_MAP);
    put_names(a, d, "allowed_schemas", &s->allowed_schemas);
    put_names(a, d, "allowed_tables", &s->allowed_tables);
    put_names(a, d, "forbidden_schemas", &s->forbidden_schemas);
    put_names(a, d, "forbidden_tables", &s->forbidden_tables);
    put_names(a, d, "references", &s->references);
    put_names(a, d, "allowed_extensions", &s->allowed_extensions);
    put_names(a, d, "allowed_global", &s->allowed_global);
    return d;
}

static struct doc *gates_doc(struct arena *a, const struct account *x)
{
    const struct findings *gates = &x->gates;
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < gates->n; i++) {
        const struct finding *g = &gates->v[i];
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, d, "gate", doc_text(a, g->rule));
        doc_put(a, d, "result", doc_text(a, finding_result(g)));
        doc_put(a, d, "detail", name_doc(a, x, g->text));
        if (!g->passed && g->path[0] != '\0') {
            const char *at = g->line > 0 ? arena_printf(a, ":%d:%d", g->line, g->col) : "";
            doc_put(a, d, "place", doc_text(a, arena_printf(a, "%s%s", g->path, at)));
        }
        if (g->waived_by[0] != '\0') {
            doc_put(a, d, "waived_by", doc_text(a, g->waived_by));
        }
    }
    return list;
}

static void put_residue(struct arena *a, struct doc *d, const struct account *x)
{
    struct doc *list = x->residue.n > 0 ? doc_put(a, d, "residue", doc_new(a, DOC_LIST)) : NULL;
    for (size_t i = 0; i < x->residue.n; i++) {
        (void)doc_push(a, list, name_doc(a, x, x->residue.v[i]));
    }
}

struct doc *receipt_invariants(struct arena *a, const struct findings *gates)
{
    static const char mark[] = "invariant ";
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < gates->n; i++) {
        const struct finding *g = &gates->v[i];
        if (strncmp(g->rule, mark, sizeof mark - 1) == 0) {
            struct doc *v = doc_push(a, list, doc_new(a, DOC_MAP));
            doc_put(a, v, "file", doc_text(a, g->rule + sizeof mark - 1));
            doc_put(a, v, "result", doc_text(a, finding_result(g)));
        }
    }
    return list;
}

static struct doc *validation_doc(struct arena *a, const struct account *x)
{
    struct doc *d = doc_new(a, DOC_MAP);
    bool is_good = strcmp(x->result, "success") == 0;
    doc_put(a, d, "status", doc_text(a, is_good ? "pass" : "fail"));
    doc_put(a, d, "invariants", receipt_invariants(a, &x->gates));
    return d;
}

static struct doc *policy_doc(struct arena *a, const struct account *x)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "approval", doc_text(a, approval_text(x->approval)));
    struct doc *protected = doc_put(a, d, "protected", doc_new(a, DOC_MAP));
    doc_put(a, protected, "schemas", names_doc(a, &x->protected_domains.schemas));
    doc_put(a, protected, "tables", names_doc(a, &x->protected_domains.tables));
    doc_put(a, protected, "roles", names_doc(a, &x->protected_domains.roles));
    if (x->has_declaration) {
        doc_put(a, d, "change_class", text_or_null(a, x->declaration.change_class));
        doc_put(a, d, "required_reviewers", names_doc(a, &x->declaration.reviewers));
    }
    return d;
}

static struct doc *sources_doc(struct arena *a, const struct account_generation *g)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < g->n_sources; i++) {
        const struct account_source *s = &g->sources[i];
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, d, "dataset", doc_text(a, s->dataset));
        doc_put(a, d, "dataset_version_id", doc_text(a, s->version));
        doc_put(a, d, "asset", doc_text(a, s->asset));
        doc_put(a, d, "into", doc_text(a, s->into));
        doc_put(a, d, "rows", count_or_null(a, s->rows));
        doc_put(a, d, "fingerprint", doc_digest(a, &s->fingerprint));
        doc_put(a, d, "copied", doc_bool(a, s->copied));
        struct doc *partial =
            s->n_partial > 0 ? doc_put(a, d, "partial", doc_new(a, DOC_LIST)) : NULL;
        for (size_t k = 0; k < s->n_partial; k++) {
            struct doc *c = doc_push(a, partial, doc_new(a, DOC_MAP));
            doc_put(a, c, "column", doc_text(a, s->partial[k].column));
            doc_put(a, c, "records", doc_int(a, s->partial[k].records));
        }
    }
    return list;
}

/* A claim's own document, lent to the tree that is being written. */
static void put_lent(struct arena *a, struct doc *d, const char *key, const struct doc *v)
{
    if (v != NULL) {
        doc_put(a, d, key, arena_dup(a, v, sizeof *v));
    }
}

static struct doc *generation_doc(struct arena *a, const struct account_generation *g)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "name", doc_text(a, g->name));
    doc_put(a, d, "schema", doc_text(a, g->schema));
    doc_put(a, d, "generation", g->number > 0 ? doc_int(a, g->number) : doc_new(a, DOC_NULL));
    doc_put(a, d, "digest", doc_digest(a, &g->digest));
    doc_put(a, d, "content", doc_digest(a, &g->content));
    struct doc *components = doc_put(a, d, "components", doc_new(a, DOC_MAP));
    for (size_t i = 0; i < g->components.n; i++) {
        const struct named_digest *c = &g->components.v[i];
        doc_put(a, components, c->name, doc_digest(a, &c->digest));
    }
    put_lent(a, d, "parts", g->parts);
    doc_put(a, d, "sources", sources_doc(a, g));
    put_lent(a, d, "tiles", g->tiles);
    return d;
}

static void put_allowed(struct arena *a, struct doc *d, const struct account *x)
{
    const struct allowances *l = &x->declaration.allowed;
    struct doc *list = l->n > 0 ? doc_put(a, d, "allowed", doc_new(a, DOC_LIST)) : NULL;
    for (size_t i = 0; i < l->n; i++) {
        const struct allowance *one = &l->v[i];
        struct doc *m = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, m, "rule", name_doc(a, x, one->rule));
        doc_put(a, m, "place", doc_text(a, arena_printf(a, "%s:%d", one->path, one->line)));
        doc_put(a, m, "reason", name_doc(a, x, one->reason));
    }
}

/* What bundle digest and checksum are made of, besides the inputs. */
static void put_declaration(struct arena *a, struct doc *d, const struct account *x)
{
    doc_put(a, d, "checksum", doc_digest(a, &x->declaration.checksum));
    doc_put(a, d, "bundle_digest", doc_digest(a, &x->declaration.bundle_digest));
    if (x->declaration.document != NULL) {
        put_lent(a, d, "declaration", x->declaration.document);
        doc_put(a, d, "notes_digest", doc_digest(a, &x->declaration.notes));
    }
    put_allowed(a, d, x);
    doc_put(a, d, "scope", scope_doc(a, &x->declaration.scope));
    doc_put(a, d, "limits", receipt_limits(a, &x->declaration.declared, &x->declaration.observed));
}

static struct doc *claim_doc(struct arena *a, const struct account *x, struct doc *checksums)
{
    struct doc *d = doc_new(a, DOC_MAP);
    struct doc *inputs = doc_put(a, d, "inputs", doc_new(a, DOC_LIST));
    if (x->has_declaration) {
        put_declaration(a, d, x);
    }
    put_inputs(a, &x->inputs, inputs, checksums);
    doc_put(a, d, "outputs", outputs_doc(a, x));
    struct doc *baselines = doc_put(a, d, "baselines", doc_new(a, DOC_MAP));
    doc_put(a, baselines, "pre", doc_digest(a, &x->pre));
    doc_put(a, baselines, "post", doc_digest(a, &x->post));
    if (x->baseline_format > 1 && (!digest_is_zero(&x->pre) || !digest_is_zero(&x->post))) {
        doc_put(a, baselines, "format", doc_text(a, baseline_format_text(x->baseline_format)));
    }
    doc_put(a, d, "diff", doc_digest(a, &x->diff));
    doc_put(a, d, "gates", gates_doc(a, x));
    put_residue(a, d, x);
    doc_put(a, d, "validation", validation_doc(a, x));
    doc_put(a, d, "policy", policy_doc(a, x));
    if (x->generation != NULL) {
        doc_put(a, d, "projection", generation_doc(a, x->generation));
    }
    if (x->reason[0] != '\0') {
        doc_put(a, d, "reason", doc_text(a, x->reason));
    }
    put_lent(a, d, "approvals", x->approvals);
    put_lent(a, d, "rebuilt", x->rebuilt);
    put_lent(a, d, "variables", x->variables);
    put_lent(a, d, "drill", x->drill);
    put_lent(a, d, "recovery", x->recovery);
    put_lent(a, d, "rename", x->rename);
    put_lent(a, d, "replaces", x->replaces);
    put_lent(a, d, "confirm", x->confirm);
    put_lent(a, d, "deploy", x->deploy);
    put_lent(a, d, "backup", x->backup);
    put_lent(a, d, "dropped", x->dropped);
    put_lent(a, d, "precaution", x->precaution);
    return d;
}

static struct doc *failure_doc(struct arena *a, const struct account *x)
{
    const struct account_failure *f = &x->failure;
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "code", doc_text(a, f->code));
    doc_put(a, d, "statement", f->statement > 0 ? doc_int(a, f->statement) : doc_new(a, DOC_NULL));
    doc_put(a, d, "file", text_or_null(a, f->path));
    doc_put(a, d, "line", f->line > 0 ? doc_int(a, f->line) : doc_new(a, DOC_NULL));
    doc_put(a, d, "column", f->col > 0 ? doc_int(a, f->col) : doc_new(a, DOC_NULL));
    doc_put(a, d, "sqlstate", text_or_null(a, f->sqlstate));
    doc_put(a, d, "condition", text_or_null(a, f->condition));
    doc_put(a, d, "object",
            f->object[0] == '\0' ? doc_new(a, DOC_NULL) : name_doc(a, x, f->object));
    return d;
}

static void put_people(struct arena *a, struct doc *d, const struct account *x)
{
    struct doc *actor = doc_put(a, d, "actor", doc_new(a, DOC_MAP));
    doc_put(a, actor, "type", doc_text(a, x->actor_type));
    doc_put(a, actor, "id", doc_text(a, x->actor_id));
    struct doc *repo = doc_put(a, d, "repo", doc_new(a, DOC_MAP));
    doc_put(a, repo, "commit_sha", text_or_null(a, x->commit_sha));
    doc_put(a, repo, "pr", text_or_null(a, x->pr));
    struct doc *tool = doc_put(a, d, "tool", doc_new(a, DOC_MAP));
    doc_put(a, tool, "name", doc_text(a, "kfmig"));
    doc_put(a, tool, "version", doc_text(a, x->tool_version));
    struct doc *target = doc_put(a, d, "target", doc_new(a, DOC_MAP));
    doc_put(a, target, "environment", doc_text(a, x->environment));
    if (x->environment_kind[0] != '\0') {
        doc_put(a, target, "kind", doc_text(a, x->environment_kind));
    }
    doc_put(a, target, "db", name_doc(a, x, x->database));
    doc_put(a, target, "schema", text_or_null(a, x->schema));
    doc_put(a, target, "server_version", doc_int(a, x->server_version));
    if (x->store[0] != '\0') {
        doc_put(a, target, "store", doc_text(a, x->store));
    }
}

struct doc *receipt_people(struct arena *a, const struct account *x)
{
    struct doc *d = doc_new(a, DOC_MAP);
    if (!x->has_plain_names) {
        doc_put(a, d, "names", doc_text(a, NAMES_ENCODED));
    }
    put_people(a, d, x);
    return d;
}

/* What whoever made the run says of it. */
static void put_said(struct arena *a, struct doc *d, const struct account *x)
{
    doc_put(a, d, "notes", doc_text(a, x->notes));
    if (x->intent[0] != '\0') {
        doc_put(a, d, "intent", doc_text(a, x->intent));
    }
    struct doc *links = doc_put(a, d, "links", doc_new(a, DOC_MAP));
    for (size_t i = 0; i < x->links.n; i++) {
        doc_put(a, links, x->links.v[i].name, doc_text(a, x->links.v[i].url));
    }
}

struct doc *receipt_people_said(struct arena *a, const struct account *x)
{
    struct doc *d = receipt_people(a, x);
    put_said(a, d, x);
    return d;
}

struct doc *receipt_write(struct arena *a, const struct account *x)
{
    struct doc *d = doc_new(a, DOC_MAP);
    struct doc *checksums = doc_new(a, DOC_MAP);
    doc_put(a, d, "format", doc_text(a, "kfmig.run_receipt.v1"));
    if (!x->has_plain_names) {
        doc_put(a, d, "names", doc_text(a, NAMES_ENCODED));
    }
    doc_put(a, d, "run_id", doc_text(a, x->run_id));
    doc_put(a, d, "run_kind", doc_text(a, x->kind));
    doc_put(a, d, "environment", doc_text(a, x->environment));
    doc_put(a, d, "result", doc_text(a, x->result));
    doc_put(a, d, "started_at", doc_text(a, x->started_at));
    doc_put(a, d, "finished_at", doc_text(a, x->finished_at));
    put_people(a, d, x);
    doc_put(a, d, "claim", claim_doc(a, x, checksums));
    doc_put(a, d, "checksums", checksums);
    if (x->migration_id[0] != '\0') {
        doc_put(a, d, "migration_id", doc_text(a, x->migration_id));
    }
    struct doc *migrations = doc_put(a, d, "migrations", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < x->migrations.n; i++) {
        struct doc *m = doc_push(a, migrations, doc_new(a, DOC_MAP));
        doc_put(a, m, "id", doc_text(a, x->migrations.v[i].name));
        doc_put(a, m, "sha256", doc_digest(a, &x->migrations.v[i].digest));
    }
    put_said(a, d, x);
    if (x->failure.code != NULL) {
        doc_put(a, d, "failure", failure_doc(a, x));
    }
    put_lent(a, d, "timings", x->timings);
    return d;
}

struct bytes receipt_seal(struct arena *a, struct doc *receipt, const char *instance,
                          int64_t sequence, const struct digest *previous)
{
    struct doc *ledger = doc_put(a, receipt, "ledger", doc_new(a, DOC_MAP));
    doc_put(a, ledger, "instance", doc_text(a, instance));
    doc_put(a, ledger, "sequence", doc_int(a, sequence));
    doc_put(a, ledger, "previous", doc_digest(a, previous));
    struct buf text = {0};
    canon_write(&text, receipt);
    struct bytes out = bytes_of(arena_dup(a, buf_str(&text), text.n), text.n);
    buf_release(&text);
    return out;
}
