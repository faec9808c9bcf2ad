/* What a run tells of itself. */
#include "run/account.h"

#include "model/leak.h"
#include "model/variables.h"
#include "run/projection_parts.h"

const char *result_text(enum run_result result)
{
    static const char *const text[] = {"success", "failed", "interrupted", "in-doubt"};
    return text[result];
}

static const char *text_of(const char *s)
{
    return s != NULL ? s : "";
}

static void add_files(struct arena *a, struct account_inputs *l, const struct artifacts *files)
{
    for (size_t i = 0; i < files->n; i++) {
        account_inputs_add(a, l, files->v[i].path, &files->v[i].digest, false);
    }
}

/* What stands there in spite of a rule, as its author wants it. */
static void add_allowed(struct arena *a, const struct decl *d, struct allowances *out)
{
    const struct artifacts *lists[] = {&d->forward, &d->rollback, &d->invariants};
    allow_list(a, d->file.path, d->file.bytes, out);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        for (size_t k = 0; k < lists[i]->n; k++) {
            allow_list(a, lists[i]->v[k].path, lists[i]->v[k].bytes, out);
        }
    }
    allow_list(a, d->notes.path, d->notes.bytes, out);
}

static void add_declaration(struct arena *a, const struct bundle *b, const struct outcome *o,
                            struct account *out)
{
    const struct decl *d = b->decl;
    out->has_declaration = true;
    out->variables = b->variables.n > 0 ? variables_doc(a, &b->variables, b->values) : NULL;
    out->schema = d->scope.allowed_schemas.n > 0 ? text_of(d->scope.allowed_schemas.v[0]) : "";
    out->declaration.checksum = b->checksum;
    out->declaration.bundle_digest = b->bundle_digest;
    out->declaration.document = d->document;
    out->declaration.notes = d->notes.path != NULL ? d->notes.digest : (struct digest){{0}};
    out->declaration.scope = d->scope;
    out->declaration.declared = d->limits;
    out->declaration.observed = o->observed ? limits_observed(&o->seen) : limits_none;
    out->declaration.change_class = text_of(d->change_class);
    out->declaration.reviewers = d->reviewers;
    add_allowed(a, d, &out->declaration.allowed);
    if (d->file.path != NULL && b->file == NULL) { /* a flat file is its own declaration */
        account_inputs_add(a, &out->inputs, d->file.path, &d->file.digest, false);
    }
    add_files(a, &out->inputs, &d->forward);
    add_files(a, &out->inputs, &d->rollback);
    add_files(a, &out->inputs, &d->invariants);
}

static void add_drill(struct arena *a, const struct drill_record *drill, struct account *out)
{
    struct digest digest;
    for (size_t i = 0; i < doc_len(drill->inputs); i++) {
        const struct doc *d = drill->inputs->item[i];
        (void)!receipt_read_digest(doc_get(d, "digest"), &digest);
        account_inputs_add(a, &out->inputs, doc_str(d, "uri", ""), &digest,
                           !doc_yes(d, "kept", true));
    }
    for (size_t i = 0; i < doc_len(drill->migrations); i++) {
        const struct doc *d = drill->migrations->item[i];
        (void)!receipt_read_digest(doc_get(d, "sha256"), &digest);
        named_digests_add(a, &out->migrations, doc_str(d, "id", ""), &digest);
    }
    out->drill = drill->findings;
    out->timings = drill->timings;
}

static struct account_failure failure_of(const struct outcome *o)
{
    const struct err *e = &o->failure;
    return (struct account_failure){.code = e->code != ERR_NONE ? err_name(e->code) : NULL,
                                    .statement = o->failed_statement,
                                    .path = e->where.path,
                                    .line = e->where.line,
                                    .col = e->where.col,
                                    .sqlstate = e->sqlstate,
                                    .condition = e->condition,
                                    .object =
                                        leak_in(LEAK_NAME, e->object) != NULL ? "" : e->object};
}

static const struct doc *renaming_doc(struct arena *a, const struct renaming *x)
{
    char text[DIGEST_TEXT];
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "from", doc_text(a, x->old));
    doc_put(a, d, "to", doc_text(a, x->id));
    doc_put(a, d, "sequence", doc_int(a, x->sequence));
    doc_put(a, d, "checksum", doc_text(a, digest_text(&x->checksum, text)));
    return d;
}

static const struct doc *confirmation_doc(struct arena *a, const struct confirmation *x)
{
    char text[DIGEST_TEXT];
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "item", doc_text(a, x->item));
    doc_put(a, d, "plan", doc_text(a, digest_text(&x->plan, text)));
    return d;
}

static const struct doc *deployment_doc(struct arena *a, const char *tag)
{
    char text[DIGEST_TEXT];
    const struct digest digest = digest_of(bytes_str(tag));
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "tag", doc_text(a, tag));
    doc_put(a, d, "digest", doc_text(a, digest_text(&digest, text)));
    return d;
}

static const struct doc *rebuilt_doc(struct arena *a, const struct rebuilding *l)
{
    char text[DIGEST_TEXT];
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < l->n; i++) {
        const struct bundle *b = l->v[i];
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, d, "definition", doc_text(a, b->id));
        doc_put(a, d, "sha256", doc_text(a, digest_text(&b->decl->forward.v[0].digest, text)));
    }
    return list;
}

struct approval_verdict account_signed(struct arena *a, const struct run *r,
                                       const struct receipt_input *in)
{
    struct approval_verdict out = {.n = 0};
    const struct approvals *all = r->world != NULL ? r->world->approvals : NULL;
    if (in->making != NULL) {
        approvals_over(a, all, &in->making->g.digest, r->env, &out);
    } else if (in->bundle != NULL && in->dropping == NULL) {
        approvals_over(a, all, &in->bundle->bundle_digest, r->env, &out);
    }
    const struct approval **v =
        ARENA_ARRAY(a, const struct approval *, out.n + r->actor->n_signed_for + 1);
    for (size_t i = 0; i < out.n; i++) {
        v[i] = out.v[i];
    }
    for (size_t i = 0; i < r->actor->n_signed_for; i++) {
        v[out.n++] = r->actor->signed_for[i];
    }
    out.v = v;
    return out;
}

static struct doc *approval_doc(struct arena *a, const struct approval *x)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "kind", doc_text(a, approval_kind_text(x->kind)));
    doc_put(a, d, "digest", doc_digest(a, &x->digest));
    doc_put(a, d, "person", doc_text(a, x->person));
    doc_put(a, d, "roles", names_doc(a, &x->roles));
    doc_put(a, d, "key", doc_text(a, x->key));
    doc_put(a, d, "waives", names_doc(a, &x->waives));
    doc_put(a, d, "signed_at", doc_text(a, x->signed_at));
    doc_put(a, d, "statement", doc_digest(a, &x->statement_digest));
    doc_put(a, d, "signature", doc_digest(a, &x->signature_digest));
    return d;
}

/* NULL: nobody signed for it. */
static const struct doc *approvals_doc(struct arena *a, const struct run *r,
                                       const struct receipt_input *in)
{
    const struct approval_verdict v = account_signed(a, r, in);
    if (v.n == 0) {
        return NULL;
    }
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "signers", doc_digest(a, &r->world->approvals->signers_digest));
    doc_put(a, d, "judged_at", doc_text(a, r->world->approvals->at));
    struct doc *list = doc_put(a, d, "signed", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < v.n; i++) {
        doc_push(a, list, approval_doc(a, v.v[i]));
    }
    return d;
}

/* What kfmig says of the run, then what who made it says. */
static const char *notes_of(struct arena *a, const char *ours, const char *theirs)
{
    return ours[0] == '\0'     ? theirs
           : theirs[0] == '\0' ? ours
                               : arena_printf(a, "%s; %s", ours, theirs);
}

static struct doc *replaces_doc(struct arena *a, const struct fact *f)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "sequence", doc_int(a, f->sequence));
    doc_put(a, d, "checksum", doc_digest(a, &f->checksum));
    return d;
}

/* What only runs of one kind tell. */
static void add_documents(struct arena *a, const struct run *r, const struct receipt_input *in,
                          struct account *out)
{
    out->approvals = approvals_doc(a, r, in);
    out->rename = in->renaming != NULL ? renaming_doc(a, in->renaming) : NULL;
    out->replaces = in->replaces != NULL ? replaces_doc(a, in->replaces) : NULL;
    out->confirm = in->confirmation != NULL ? confirmation_doc(a, in->confirmation) : NULL;
    out->deploy = in->deployed != NULL ? deployment_doc(a, in->deployed) : NULL;
    out->backup = in->backup != NULL ? in->backup->claim : NULL;
    out->rebuilt = in->rebuilt != NULL && in->rebuilt->n > 0 ? rebuilt_doc(a, in->rebuilt) : NULL;
    out->dropped = in->dropping != NULL ? account_dropped(a, in->dropping) : NULL;
}

void account_of(struct arena *a, const struct run *r, const struct receipt_input *in,
                struct account *out)
{
    const struct outcome *o = in->outcome;
    *out = (struct account){.kind = in->kind,
                            .run_id = o->run_id,
                            .environment = r->env->name,
                            .environment_kind = env_kind_text(r->env->kind),
                            .result = result_text(o->result),
                            .started_at = in->started_at,
                            .finished_at = text_of(in->finished_at),
                            .actor_type = r->actor->type,
                            .actor_id = r->actor->id,
                            .commit_sha = text_of(r->actor->commit_sha),
                            .pr = text_of(r->actor->pr),
                            .tool_version = r->actor->tool_version,
                            .database = r->id->database,
                            .schema = "",
                            .store = text_of(in->store),
                            .server_version = r->id->version,
                            .migration_id = "",
                            .pre = in->evidence->pre,
                            .post = in->evidence->post,
                            .baseline_format = BASELINE_FORMAT,
                            .diff = in->evidence->diff.digest,
                            .touched = in->evidence->touched.digest,
                            .gates = o->gates,
                            .residue = o->observed ? o->seen.unsensed : (struct names){0},
                            .approval = r->env->approval,
                            .protected_domains = *r->domains,
                            .failure = failure_of(o),
                            .reason = in->reason != NULL ? in->reason : "",
                            .intent = text_of(r->actor->intent),
                            .notes = notes_of(a, in->notes, text_of(r->actor->notes)),
                            .links = r->actor->links,
                            .precaution = in->backup == NULL ? r->actor->precaution : NULL,
                            .instance = ""};
    if (in->bundle != NULL) {
        add_declaration(a, in->bundle, o, out);
    }
    add_documents(a, r, in, out);
    if (in->drill != NULL) {
        add_drill(a, in->drill, out);
    } else if (in->making != NULL) {
        account_of_making(a, in->making, out);
    } else if (in->bundle != NULL && in->dropping == NULL) {
        out->migration_id = in->bundle->id;
        named_digests_add(a, &out->migrations, in->bundle->id, &in->bundle->checksum);
    }
}
