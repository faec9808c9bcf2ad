/* Receipts in the shapes that others read. */
#include "evidence/shape.h"

#include <string.h>

#include "doc/canon.h"
#include "evidence/receipts.h"

/* One receipt on its way into a shape. */
struct shaping {
    struct arena *a;
    const struct doc *receipt;
    const struct digest *digest;
};

struct receipt_shape {
    const char *name, *path;
    struct doc *(*make)(const struct shaping *s);
    bool of_migrations; /* of one that ran forward, and has no place for anything else */
};

static struct doc *copied(const struct shaping *s, const char *dotted)
{
    struct doc *d = doc_find(s->receipt, dotted);
    return d != NULL ? d : doc_new(s->a, DOC_NULL);
}

static const char *hex_of(const char *digest)
{
    size_t n = strlen("sha256:");
    return strncmp(digest, "sha256:", n) == 0 ? digest + n : digest;
}

static bool succeeded(const struct shaping *s)
{
    return strcmp(doc_str(s->receipt, "result", ""), "success") == 0;
}

/* What an IRI may not hold is written %XX, a "%" too: nobody has to know what was encoded before. */
static const char *in_iri(struct arena *a, const char *text)
{
    struct buf out = {0};
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= '0' && *p <= '9') || strchr("-._~:@/+", *p) != NULL;
        buf_printf(&out, plain ? "%c" : "%%%02X", *p);
    }
    const char *iri = arena_strndup(a, buf_str(&out), out.n);
    buf_release(&out);
    return iri;
}

/* Content is named by its digest, as the references do: the same bytes are the same entity wherever they
 * stand. */
static const char *content_iri(struct arena *a, const char *digest)
{
    return arena_printf(a, "kfm://artifact/%s", digest);
}

/* The node of that name: there already, or made. */
static struct doc *node(struct arena *a, struct doc *graph, const char *iri, const char *type)
{
    for (size_t i = 0; i < doc_len(graph); i++) {
        if (strcmp(doc_str(graph->item[i], "@id", ""), iri) == 0) {
            return graph->item[i];
        }
    }
    struct doc *d = doc_push(a, graph, doc_new(a, DOC_MAP));
    doc_put(a, d, "@id", doc_text(a, iri));
    doc_put(a, d, "@type", doc_text(a, type));
    return d;
}

static struct doc *link_to(struct arena *a, const char *iri)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "@id", doc_text(a, iri));
    return d;
}

static void put_links(struct arena *a, struct doc *at, const char *key, const char *iri)
{
    struct doc *list = doc_get(at, key);
    list = list != NULL ? list : doc_put(a, at, key, doc_new(a, DOC_LIST));
    for (size_t i = 0; i < doc_len(list); i++) {
        if (strcmp(doc_str(list->item[i], "@id", ""), iri) == 0) {
            return;
        }
    }
    doc_push(a, list, link_to(a, iri));
}

static void put_time(struct arena *a, struct doc *at, const char *key, const char *moment)
{
    if (moment[0] == '\0') {
        return;
    }
    struct doc *d = doc_put(a, at, key, doc_new(a, DOC_MAP));
    doc_put(a, d, "@type", doc_text(a, "xsd:dateTime"));
    doc_put(a, d, "@value", doc_text(a, moment));
}

/* The node of some content, which goes by every name that it has. */
static struct doc *entity(struct arena *a, struct doc *graph, const char *digest, const char *uri)
{
    struct doc *d = node(a, graph, content_iri(a, digest), "prov:Entity");
    struct doc *labels = doc_get(d, "rdfs:label");
    if (labels == NULL) {
        doc_put(a, d, "kfmig:sha256", doc_text(a, hex_of(digest)));
        labels = doc_put(a, d, "rdfs:label", doc_new(a, DOC_LIST));
    }
    for (size_t i = 0; i < doc_len(labels); i++) {
        if (strcmp(labels->item[i]->text.p, uri) == 0) {
            return d;
        }
    }
    doc_push(a, labels, doc_text(a, uri));
    return d;
}

static void put_inputs(const struct shaping *s, struct doc *graph, struct doc *activity)
{
    const struct doc *list = doc_find(s->receipt, "claim.inputs");
    for (size_t i = 0; i < doc_len(list); i++) {
        const char *digest = doc_str(list->item[i], "digest", "");
        (void)entity(s->a, graph, digest, doc_str(list->item[i], "uri", ""));
        put_links(s->a, activity, "prov:used", content_iri(s->a, digest));
    }
}

static void generated(const struct shaping *s, struct doc *entity, const char *activity)
{
    put_links(s->a, entity, "prov:wasGeneratedBy", activity);
}

/* The structure after it comes of the one before it. */
static void put_outputs(const struct shaping *s, struct doc *graph, const char *activity)
{
    const struct doc *list = doc_find(s->receipt, "claim.outputs");
    const char *before = doc_str(doc_find(s->receipt, "claim.baselines"), "pre", "");
    for (size_t i = 0; i < doc_len(list); i++) {
        const char *digest = doc_str(list->item[i], "digest", "");
        const char *uri = doc_str(list->item[i], "uri", "");
        struct doc *d = entity(s->a, graph, digest, uri);
        doc_put(s->a, d, "kfmig:mediaType",
                doc_text(s->a, doc_str(list->item[i], "media_type", "")));
        generated(s, d, activity);
        if (strcmp(uri, "baselines/post.json") == 0 && before[0] != '\0' &&
            strcmp(before, digest) != 0) {
            put_links(s->a, d, "prov:wasDerivedFrom", content_iri(s->a, before));
        }
    }
}

static void put_associated(const struct shaping *s, struct doc *activity, const char *agent,
                           const char *role)
{
    struct arena *a = s->a;
    put_links(a, activity, "prov:wasAssociatedWith", agent);
    struct doc *list = doc_get(activity, "prov:qualifiedAssociation");
    list = list != NULL ? list
                        : doc_put(a, activity, "prov:qualifiedAssociation", doc_new(a, DOC_LIST));
    struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
    doc_put(a, d, "@type", doc_text(a, "prov:Association"));
    doc_put(a, d, "prov:agent", link_to(a, agent));
    doc_put(a, d, "prov:hadRole", link_to(a, role));
}

/* Who ran it, with what, and who signed that it may run. */
static void put_agents(const struct shaping *s, struct doc *graph, struct doc *activity)
{
    struct arena *a = s->a;
    const struct doc *actor = doc_get(s->receipt, "actor");
    const struct doc *tool = doc_get(s->receipt, "tool");
    const struct doc *signed_by = doc_find(s->receipt, "claim.approvals.signed");
    const char *id = arena_printf(a, "urn:kfmig:agent:%s", in_iri(a, doc_str(actor, "id", "")));
    bool human = strcmp(doc_str(actor, "type", ""), "human") == 0;
    struct doc *who = node(a, graph, id, human ? "prov:Person" : "prov:SoftwareAgent");
    doc_put(a, who, "rdfs:label", doc_text(a, doc_str(actor, "id", "")));
    put_associated(s, activity, id, "kfmig:runner");
    const char *program =
        arena_printf(a, "urn:kfmig:tool:%s:%s", in_iri(a, doc_str(tool, "name", "")),
                     in_iri(a, doc_str(tool, "version", "")));
    struct doc *what = node(a, graph, program, "prov:SoftwareAgent");
    doc_put(a, what, "rdfs:label",
            doc_text(a, arena_printf(a, "%s %s", doc_str(tool, "name", ""),
                                     doc_str(tool, "version", ""))));
    put_links(a, what, "prov:actedOnBehalfOf", id);
    put_associated(s, activity, program, "kfmig:tool");
    for (size_t i = 0; i < doc_len(signed_by); i++) {
        const char *person = doc_str(signed_by->item[i], "person", "");
        const char *iri = arena_printf(a, "urn:kfmig:signer:%s", in_iri(a, person));
        struct doc *d = node(a, graph, iri, "prov:Person");
        if (doc_get(d, "rdfs:label") == NULL) {
            doc_put(a, d, "rdfs:label", doc_text(a, person));
            put_associated(s, activity, iri, "kfmig:approver");
        }
    }
}

static struct doc *context_of(struct arena *a)
{
    static const char *const prefixes[][2] = {{"kfmig", "urn:kfmig:term:"},
                                              {"prov", "http://www.w3.org/ns/prov#"},
                                              {"rdfs", "http://www.w3.org/2000/01/rdf-schema#"},
                                              {"xsd", "http://www.w3.org/2001/XMLSchema#"}};
    struct doc *d = doc_new(a, DOC_MAP);
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        doc_put(a, d, prefixes[i][0], doc_text(a, prefixes[i][1]));
    }
    return d;
}

static struct doc *as_prov(const struct shaping *s)
{
    static const char *const told[][2] = {{"kfmig:environment", "environment"},
                                          {"kfmig:migration", "migration_id"},
                                          {"kfmig:result", "result"},
                                          {"kfmig:runKind", "run_kind"},
                                          {"kfmig:commit", "repo.commit_sha"}};
    struct arena *a = s->a;
    char digest[DIGEST_TEXT];
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "@context", context_of(a));
    struct doc *graph = doc_put(a, d, "@graph", doc_new(a, DOC_LIST));
    /* A journaled migration has several entries of one run: each is an activity of its own. */
    const char *iri = arena_printf(
        a, "urn:kfmig:ledger:%s:%lld", doc_str(doc_get(s->receipt, "ledger"), "instance", ""),
        (long long)doc_num(doc_get(s->receipt, "ledger"), "sequence", 0));
    struct doc *activity = node(a, graph, iri, "prov:Activity");
    doc_put(a, activity, "kfmig:run",
            link_to(a, arena_printf(a, "urn:uuid:%s", doc_str(s->receipt, "run_id", ""))));
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        const struct doc *v = doc_find(s->receipt, told[i][1]);
        if (v != NULL && v->type == DOC_TEXT) {
            doc_put(a, activity, told[i][0], doc_textn(a, v->text));
        }
    }
    put_time(a, activity, "prov:startedAtTime", doc_str(s->receipt, "started_at", ""));
    put_time(a, activity, "prov:endedAtTime", doc_str(s->receipt, "finished_at", ""));
    put_agents(s, graph, activity);
    put_inputs(s, graph, activity);
    put_outputs(s, graph, iri);
    generated(s, entity(a, graph, digest_text(s->digest, digest), "receipts/run_receipt.json"),
              iri);
    return d;
}

static struct doc *as_runbook(const struct shaping *s)
{
    static const char *const same[][2] = {{"run_kind", "run_kind"},     {"run_id", "run_id"},
                                          {"started_at", "started_at"}, {"ended_at", "finished_at"},
                                          {"actor", "actor"},           {"repo", "repo"}};
    struct arena *a = s->a;
    struct doc *d = doc_new(a, DOC_MAP);
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        doc_put(a, d, same[i][0], copied(s, same[i][1]));
    }
    struct doc *target = doc_put(a, d, "target", doc_new(a, DOC_MAP));
    doc_put(a, target, "environment", copied(s, "target.environment"));
    doc_put(a, target, "db", copied(s, "target.db"));
    doc_put(a, target, "schema", copied(s, "target.schema"));
    struct doc *list = doc_put(a, d, "migrations", doc_new(a, DOC_LIST));
    const struct doc *ran = doc_get(s->receipt, "migrations");
    for (size_t i = 0; i < doc_len(ran); i++) {
        struct doc *row = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, row, "id", doc_text(a, doc_str(ran->item[i], "id", "")));
        doc_put(a, row, "sha256", doc_text(a, hex_of(doc_str(ran->item[i], "sha256", ""))));
    }
    doc_put(a, d, "result", doc_text(a, succeeded(s) ? "success" : "failed"));
    doc_put(a, d, "notes", copied(s, "notes"));
    doc_put(a, d, "links", copied(s, "links"));
    return d;
}

/* Reference 001's two words for a target; what the environment is called where it declares no kind. */
static const char *db_target(const struct shaping *s)
{
    const struct doc *target = doc_get(s->receipt, "target");
    const char *kind = doc_str(target, "kind", doc_str(target, "environment", ""));
    return strcmp(kind, "stage") == 0 ? "staging" : kind;
}

static struct doc *as_ci(const struct shaping *s)
{
    struct arena *a = s->a;
    struct doc *d = doc_new(a, DOC_MAP);
    const struct doc *tool = doc_get(s->receipt, "tool");
    const struct doc *sums = doc_get(s->receipt, "checksums");
    doc_put(a, d, "migration_id", copied(s, "migration_id"));
    doc_put(a, d, "git_sha", copied(s, "repo.commit_sha"));
    doc_put(a, d, "applied_at", copied(s, "finished_at"));
    doc_put(a, d, "db_target", doc_text(a, db_target(s)));
    doc_put(a, d, "tool",
            doc_text(a, arena_printf(a, "%s %s", doc_str(tool, "name", ""),
                                     doc_str(tool, "version", ""))));
    struct doc *out = doc_put(a, d, "checksums", doc_new(a, DOC_MAP));
    for (size_t i = 0; i < doc_len(sums); i++) {
        const char *file = sums->key[i]->text.p;
        doc_put(a, out, file, doc_text(a, hex_of(doc_str(sums, file, ""))));
    }
    doc_put(a, d, "result", doc_text(a, succeeded(s) ? "success" : "failure"));
    return d;
}

static const struct receipt_shape shapes[] = {
    {"prov", "receipts/prov.jsonld", as_prov, false},
    {"runbook", "receipts/runbook_receipt.json", as_runbook, false},
    {"ci", "receipts/ci_receipt.json", as_ci, true},
};

const struct receipt_shape *shape_find(const char *name, struct err *e)
{
    struct buf known = {0};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        if (strcmp(shapes[i].name, name) == 0) {
            buf_release(&known);
            return &shapes[i];
        }
        buf_printf(&known, "%s%s", i > 0 ? ", " : "", shapes[i].name);
    }
    err_set(e, ERR_CONFIG, "there is no shape \"%s\" of receipts", name);
    (void)err_hint(e, "--shape is one of: %s", buf_str(&known));
    buf_release(&known);
    return NULL;
}

int shape_of(const struct receipt_shape *s, struct arena *a, const struct doc *receipt,
             const struct digest *digest, struct doc **out, struct err *e)
{
    struct shaping x = {a, receipt, digest};
    const char *kind = doc_str(receipt, "run_kind", "");
    if (s->of_migrations && strcmp(kind, "db_migration") != 0) {
        err_set(e, ERR_CONFIG, "the shape \"%s\" is of migrations, and this receipt is of a %s",
                s->name, kind);
        return err_hint(e, "--shape=prov and --shape=runbook have a place for every receipt");
    }
    *out = s->make(&x);
    return 0;
}

int shape_export(const struct receipt_shape *s, const struct ledger_source *l, const struct fact *f,
                 int dirfd, const char *prefix, struct err *e)
{
    struct arena a = {0};
    struct buf text = {0};
    struct bytes body;
    struct doc *receipt = NULL;
    struct doc *shaped = NULL;
    int rc = -1;
    if (receipts_body(l, &a, f->sequence, f->run_id, &f->receipt, &body, e) == 0 &&
        receipts_parse(&a, body, f->sequence, &receipt, e) == 0) {
        struct digest digest = digest_of(body);
        rc = shape_of(s, &a, receipt, &digest, &shaped, e);
    }
    if (rc == 0) {
        canon_pretty(&text, shaped);
        rc = file_write(dirfd, arena_printf(&a, "%s/%s", prefix, s->path), buf_bytes(&text), 0666,
                        e);
    }
    buf_release(&text);
    arena_release(&a);
    return rc;
}
