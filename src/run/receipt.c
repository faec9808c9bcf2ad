/* Receipts: who, when, where around a deterministic claim. */
#include "run/receipt.h"

#include <string.h>

#include "doc/canon.h"
#include "run/projection_parts.h"

const char *result_text(enum run_result result)
{
    static const char *const text[] = {"success", "failed", "interrupted", "in-doubt"};
    return text[result];
}

static struct doc *text_or_null(struct arena *a, const char *s)
{
    return s == NULL || s[0] == '\0' ? doc_new(a, DOC_NULL) : doc_text(a, s);
}

static struct doc *names_doc(struct arena *a, const struct names *n)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < n->n; i++) {
        doc_push(a, list, doc_text(a, n->v[i]));
    }
    return list;
}

static void put_inputs(struct arena *a, struct doc *list, struct doc *checksums,
                       const struct artifacts *files)
{
    for (size_t i = 0; i < files->n; i++) {
        const struct artifact *f = &files->v[i];
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, d, "uri", doc_text(a, f->path));
        doc_put(a, d, "digest", evidence_digest(a, &f->digest));
        doc_put(a, checksums, f->path, evidence_digest(a, &f->digest));
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
    doc_put(a, d, "digest", evidence_digest(a, digest));
    doc_put(a, d, "media_type", doc_text(a, type));
}

static struct doc *outputs_doc(struct arena *a, const struct evidence_set *ev)
{
    struct doc *list = doc_new(a, DOC_LIST);
    put_output(a, list, "baselines/pre.json", &ev->pre, "application/json");
    put_output(a, list, "baselines/post.json", &ev->post, "application/json");
    put_output(a, list, "diffs/summary.json", &ev->diff.digest, "application/json");
    put_output(a, list, "diffs/touched.csv", &ev->touched.digest, "text/csv");
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

static struct doc *gates_doc(struct arena *a, const struct outcome *o)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < o->gates.n; i++) {
        const struct finding *g = &o->gates.v[i];
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, d, "gate", doc_text(a, g->rule));
        doc_put(a, d, "result", doc_text(a, finding_result(g)));
        doc_put(a, d, "detail", doc_text(a, g->text));
        if (g->waived_by[0] != '\0') {
            doc_put(a, d, "waived_by", doc_text(a, g->waived_by));
        }
    }
    return list;
}

static struct doc *validation_doc(struct arena *a, const struct outcome *o)
{
    struct doc *d = doc_new(a, DOC_MAP);
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < o->gates.n; i++) {
        const struct finding *g = &o->gates.v[i];
        if (strncmp(g->rule, "invariant ", 10) == 0) {
            struct doc *v = doc_push(a, list, doc_new(a, DOC_MAP));
            doc_put(a, v, "file", doc_text(a, g->rule + 10));
            doc_put(a, v, "result", doc_text(a, finding_result(g)));
        }
    }
    doc_put(a, d, "status", doc_text(a, o->result == RUN_SUCCESS ? "pass" : "fail"));
    doc_put(a, d, "invariants", list);
    return d;
}

static struct doc *policy_doc(struct arena *a, const struct run *r, const struct bundle *b)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "approval", doc_text(a, approval_text(r->env->approval)));
    struct doc *protected = doc_put(a, d, "protected", doc_new(a, DOC_MAP));
    doc_put(a, protected, "schemas", names_doc(a, &r->domains->schemas));
    doc_put(a, protected, "tables", names_doc(a, &r->domains->tables));
    doc_put(a, protected, "roles", names_doc(a, &r->domains->roles));
    if (b != NULL) {
        doc_put(a, d, "change_class", text_or_null(a, b->decl->change_class));
        doc_put(a, d, "required_reviewers", names_doc(a, &b->decl->reviewers));
    }
    return d;
}

static struct doc *claim_doc(struct arena *a, const struct run *r, const struct receipt_input *in,
                             struct doc *checksums)
{
    struct doc *d = doc_new(a, DOC_MAP);
    struct doc *inputs = doc_put(a, d, "inputs", doc_new(a, DOC_LIST));
    const struct bundle *b = in->bundle;
    if (b != NULL) {
        doc_put(a, d, "checksum", evidence_digest(a, &b->checksum));
        doc_put(a, d, "bundle_digest", evidence_digest(a, &b->bundle_digest));
        doc_put(a, d, "scope", scope_doc(a, &b->decl->scope));
        doc_put(a, d, "limits", evidence_limits(a, b, in->outcome));
        struct artifacts own = {NULL, 0, 0};
        struct artifact file = b->decl->file;
        if (file.path != NULL) {
            own = (struct artifacts){&file, 1, 1};
        }
        put_inputs(a, inputs, checksums, &own);
        put_inputs(a, inputs, checksums, &b->decl->forward);
        put_inputs(a, inputs, checksums, &b->decl->rollback);
        put_inputs(a, inputs, checksums, &b->decl->invariants);
    }
    doc_put(a, d, "outputs", outputs_doc(a, in->evidence));
    struct doc *baselines = doc_put(a, d, "baselines", doc_new(a, DOC_MAP));
    doc_put(a, baselines, "pre", evidence_digest(a, &in->evidence->pre));
    doc_put(a, baselines, "post", evidence_digest(a, &in->evidence->post));
    doc_put(a, d, "diff", evidence_digest(a, &in->evidence->diff.digest));
    doc_put(a, d, "gates", gates_doc(a, in->outcome));
    doc_put(a, d, "validation", validation_doc(a, in->outcome));
    doc_put(a, d, "policy", policy_doc(a, r, b));
    return d;
}

static struct doc *failure_doc(struct arena *a, const struct outcome *o)
{
    struct doc *d = doc_new(a, DOC_MAP);
    const struct err *e = &o->failure;
    doc_put(a, d, "code", doc_text(a, err_name(e->code)));
    doc_put(a, d, "statement",
            o->failed_statement > 0 ? doc_int(a, o->failed_statement) : doc_new(a, DOC_NULL));
    doc_put(a, d, "file", text_or_null(a, e->where.path));
    doc_put(a, d, "line", e->where.line > 0 ? doc_int(a, e->where.line) : doc_new(a, DOC_NULL));
    doc_put(a, d, "column", e->where.col > 0 ? doc_int(a, e->where.col) : doc_new(a, DOC_NULL));
    doc_put(a, d, "sqlstate", text_or_null(a, e->sqlstate));
    doc_put(a, d, "condition", text_or_null(a, e->condition));
    doc_put(a, d, "object", text_or_null(a, e->object));
    return d;
}

static struct doc *target_doc(struct arena *a, const struct run *r, const struct bundle *b)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "environment", doc_text(a, r->env->name));
    doc_put(a, d, "db", doc_text(a, r->id->database));
    const struct names *schemas = b != NULL ? &b->decl->scope.allowed_schemas : NULL;
    doc_put(a, d, "schema",
            text_or_null(a, schemas != NULL && schemas->n > 0 ? schemas->v[0] : NULL));
    doc_put(a, d, "server_version", doc_int(a, r->id->version));
    return d;
}

static void put_people(struct arena *a, struct doc *d, const struct run *r)
{
    struct doc *actor = doc_put(a, d, "actor", doc_new(a, DOC_MAP));
    doc_put(a, actor, "type", doc_text(a, r->actor->type));
    doc_put(a, actor, "id", doc_text(a, r->actor->id));
    struct doc *repo = doc_put(a, d, "repo", doc_new(a, DOC_MAP));
    doc_put(a, repo, "commit_sha", text_or_null(a, r->actor->commit_sha));
    doc_put(a, repo, "pr", text_or_null(a, r->actor->pr));
    struct doc *tool = doc_put(a, d, "tool", doc_new(a, DOC_MAP));
    doc_put(a, tool, "name", doc_text(a, "kfmig"));
    doc_put(a, tool, "version", doc_text(a, r->actor->tool_version));
}

static void put_drill(struct arena *a, const struct drill_record *drill, struct doc *d)
{
    struct doc *claim = doc_get(d, "claim");
    struct doc *inputs = doc_get(claim, "inputs");
    struct doc *checksums = doc_get(d, "checksums");
    for (size_t i = 0; i < doc_len(drill->inputs); i++) {
        const struct doc *x = doc_push(a, inputs, drill->inputs->item[i]);
        doc_put(a, checksums, doc_str(x, "uri", ""), doc_text(a, doc_str(x, "digest", "")));
    }
    doc_put(a, claim, "drill", drill->findings);
    doc_put(a, d, "migrations", drill->migrations);
    doc_put(a, d, "timings", drill->timings);
}

struct doc *receipt_doc(struct arena *a, const struct run *r, const struct receipt_input *in)
{
    struct doc *d = doc_new(a, DOC_MAP);
    const struct bundle *b = in->bundle;
    doc_put(a, d, "format", doc_text(a, "kfmig.run_receipt.v1"));
    doc_put(a, d, "run_id", doc_text(a, in->outcome->run_id));
    doc_put(a, d, "run_kind", doc_text(a, in->kind));
    doc_put(a, d, "environment", doc_text(a, r->env->name));
    doc_put(a, d, "result", doc_text(a, result_text(in->outcome->result)));
    doc_put(a, d, "started_at", doc_text(a, in->started_at));
    doc_put(a, d, "finished_at", doc_text(a, in->finished_at));
    put_people(a, d, r);
    doc_put(a, d, "target", target_doc(a, r, b));
    struct doc *checksums = doc_new(a, DOC_MAP);
    doc_put(a, d, "claim", claim_doc(a, r, in, checksums));
    doc_put(a, d, "checksums", checksums);
    struct doc *migrations = doc_put(a, d, "migrations", doc_new(a, DOC_LIST));
    if (in->drill != NULL) {
        put_drill(a, in->drill, d);
    } else if (in->making != NULL) {
        making_receipt(a, in->making, d);
    } else if (b != NULL) {
        doc_put(a, d, "migration_id", doc_text(a, b->id));
        struct doc *m = doc_push(a, migrations, doc_new(a, DOC_MAP));
        doc_put(a, m, "id", doc_text(a, b->id));
        doc_put(a, m, "sha256", evidence_digest(a, &b->checksum));
    }
    doc_put(a, d, "notes", doc_text(a, in->notes));
    doc_put(a, d, "links", doc_new(a, DOC_MAP));
    if (in->outcome->failure.code != ERR_NONE) {
        doc_put(a, d, "failure", failure_doc(a, in->outcome));
    }
    return d;
}

struct bytes receipt_seal(struct arena *a, struct doc *receipt, const char *instance,
                          int64_t sequence, const struct digest *previous)
{
    struct doc *ledger = doc_new(a, DOC_MAP);
    doc_put(a, ledger, "instance", doc_text(a, instance));
    doc_put(a, ledger, "sequence", doc_int(a, sequence));
    doc_put(a, ledger, "previous", evidence_digest(a, previous));
    doc_put(a, receipt, "ledger", ledger);
    struct buf text = {0};
    canon_write(&text, receipt);
    struct bytes out = bytes_of(arena_dup(a, buf_str(&text), text.n), text.n);
    buf_release(&text);
    return out;
}
