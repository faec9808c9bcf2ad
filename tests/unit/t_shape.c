/* layer: evidence */
/* Receipts in the shapes that others read. */
#include "tap.h"

#include "doc/canon.h"
#include "doc/json.h"
#include "evidence/shape.h"
#include "evidence_files.h"
#include "evidence_ledger.h"

static struct arena arena;

#define H_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define H_B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define H_C "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define X_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define X_R "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"

/* A migration that two people let in, one of them twice; its rollback file is its forward file. */
static const char migration[] =
    "{\"actor\":{\"id\":\"github:jo doe\",\"type\":\"human\"},"
    "\"checksums\":{\"m/forward.sql\":\"" H_A "\"},"
    "\"claim\":{\"approvals\":{\"signed\":[{\"person\":\"ann\"},{\"person\":\"b%o\"},{\"person\":"
    "\"ann\"}]},"
    "\"baselines\":{\"post\":\"" H_C "\",\"pre\":\"" H_B "\"},"
    "\"inputs\":[{\"digest\":\"" H_A "\",\"uri\":\"m/forward.sql\"},{\"digest\":\"" H_A
    "\",\"uri\":\"m/rollback.sql\"},{\"digest\":\"" H_A "\",\"uri\":\"m/forward.sql\"}],"
    "\"outputs\":[{\"digest\":\"" H_B
    "\",\"media_type\":\"application/json\",\"uri\":\"baselines/pre.json\"},"
    "{\"digest\":\"" H_C
    "\",\"media_type\":\"application/json\",\"uri\":\"baselines/post.json\"}]},"
    "\"environment\":\"prod-a\",\"finished_at\":\"2026-03-02T00:10:00.000000Z\","
    "\"ledger\":{\"instance\":\"i1\",\"sequence\":7},\"links\":{\"logs\":\"https://x\"},"
    "\"migration_id\":\"M-1\",\"migrations\":[{\"id\":\"M-1\",\"sha256\":\"" H_A
    "\"}],\"notes\":null,"
    "\"repo\":{\"commit_sha\":\"c0\",\"pr\":null},\"result\":\"success\",\"run_id\":\"r1\","
    "\"run_kind\":\"db_migration\",\"started_at\":\"2026-03-02T00:00:00.000000Z\","
    "\"target\":{\"db\":\"kfm\",\"environment\":\"prod-a\",\"kind\":\"stage\",\"schema\":null},"
    "\"tool\":{\"name\":\"kfmig\",\"version\":\"1\"}}";

/* As little as a receipt can say. */
static const char drop[] = "{\"actor\":{\"id\":\"ci\",\"type\":\"workflow\"},\"environment\":"
                           "\"dev\",\"result\":\"in-doubt\","
                           "\"run_id\":\"r2\",\"run_kind\":\"projection_drop\",\"target\":{\"db\":"
                           "\"kfm\",\"environment\":\"dev\"},"
                           "\"tool\":{\"name\":\"kfmig\",\"version\":\"1\"}}";

static const char runbook_wanted[] =
    "{\"actor\":{\"id\":\"github:jo "
    "doe\",\"type\":\"human\"},\"ended_at\":\"2026-03-02T00:10:00.000000Z\","
    "\"links\":{\"logs\":\"https://x\"},\"migrations\":[{\"id\":\"M-1\",\"sha256\":\"" X_A
    "\"}],\"notes\":null,"
    "\"repo\":{\"commit_sha\":\"c0\",\"pr\":null},\"result\":\"success\",\"run_id\":\"r1\","
    "\"run_kind\":\"db_migration\",\"started_at\":\"2026-03-02T00:00:00.000000Z\","
    "\"target\":{\"db\":\"kfm\",\"environment\":\"prod-a\",\"schema\":null}}";

static const char ci_wanted[] =
    "{\"applied_at\":\"2026-03-02T00:10:00.000000Z\",\"checksums\":{\"m/forward.sql\":\"" X_A "\"},"
    "\"db_target\":\"staging\",\"git_sha\":\"c0\",\"migration_id\":\"M-1\",\"result\":\"success\","
    "\"tool\":\"kfmig 1\"}";

static const char runbook_of_drop[] =
    "{\"actor\":{\"id\":\"ci\",\"type\":\"workflow\"},\"ended_at\":null,\"links\":null,"
    "\"migrations\":[],\"notes\":null,"
    "\"repo\":null,\"result\":\"failed\",\"run_id\":\"r2\",\"run_kind\":\"projection_drop\","
    "\"started_at\":null,"
    "\"target\":{\"db\":\"kfm\",\"environment\":\"dev\",\"schema\":null}}";

static struct doc *receipt_of(const char *text)
{
    struct err e = {0};
    struct doc *d = json_read(&arena, bytes_str(text), "receipt", &e);
    if (d == NULL) {
        printf("# %s\n", e.msg);
    }
    return d;
}

/* The receipt in the shape, as canonical JSON; or why not. */
static const char *shaped(const char *name, struct doc *receipt)
{
    struct err e = {0};
    struct buf out = {0};
    struct doc *d = NULL;
    struct digest digest;
    (void)digest_parse("sha256:" X_R, &digest);
    const struct receipt_shape *s = shape_find(name, &e);
    if (s == NULL || shape_of(s, &arena, receipt, &digest, &d, &e) != 0) {
        return arena_printf(&arena, "%s: %s", e.msg, e.hint);
    }
    canon_write(&out, d);
    const char *text = arena_strndup(&arena, buf_str(&out), out.n);
    buf_release(&out);
    return text;
}

static int count(const char *text, const char *part)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, part)) != NULL; p++) {
        n++;
    }
    return n;
}

/* How often each part stands in the document. */
static const struct {
    const char *name, *part;
    int n;
} in_prov[] = {
    {"one activity, which is the entry",
     "{\"@id\":\"urn:kfmig:ledger:i1:7\",\"@type\":\"prov:Activity\"", 1},
    {"its run", "\"kfmig:run\":{\"@id\":\"urn:uuid:r1\"}", 1},
    {"its times are of XML Schema",
     "\"prov:startedAtTime\":{\"@type\":\"xsd:dateTime\",\"@value\":\"2026-03-02T00:00:00."
     "000000Z\"}",
     1},
    {"the same content is used once", "\"prov:used\":[{\"@id\":\"kfm://artifact/" H_A "\"}]", 1},
    {"and one entity, by both its names", "\"rdfs:label\":[\"m/forward.sql\",\"m/rollback.sql\"]",
     1},
    {"what comes out is generated", "\"prov:wasGeneratedBy\":[{\"@id\":\"urn:kfmig:ledger:i1:7\"}]",
     3},
    {"the structure after comes of the one before",
     "\"prov:wasDerivedFrom\":[{\"@id\":\"kfm://artifact/" H_B "\"}]", 1},
    {"the receipt is an entity", "\"rdfs:label\":[\"receipts/run_receipt.json\"]", 1},
    {"whoever ran it, in an IRI",
     "{\"@id\":\"urn:kfmig:agent:github:jo%20doe\",\"@type\":\"prov:Person\",\"rdfs:label\":"
     "\"github:jo doe\"}",
     1},
    {"kfmig acted for them",
     "\"prov:actedOnBehalfOf\":[{\"@id\":\"urn:kfmig:agent:github:jo%20doe\"}]", 1},
    {"who signed twice approved once", "\"prov:hadRole\":{\"@id\":\"kfmig:approver\"}", 2},
    {"a name with a per cent sign makes an IRI, too",
     "{\"@id\":\"urn:kfmig:signer:b%25o\",\"@type\":\"prov:Person\",\"rdfs:label\":\"b%o\"}", 1},
    {"and is one person", "\"rdfs:label\":\"ann\"", 1},
};

static void test_files(void)
{
    struct memory m;
    struct err e = {0};
    memory_begin(&m, &arena);
    (void)memory_migration(&m, "M-1", "SELECT 1;");
    const struct entry *en = &m.entries.v[0];
    struct fact f = {.sequence = 1, .subject = "M-1", .run_id = en->run_id, .receipt = en->receipt};
    struct ledger_source l = memory_source(&m);
    const struct receipt_shape *s = shape_find("prov", &e);
    struct bytes got = {NULL, 0};
    ok(shape_export(s, &l, &f, files_fd, "m/M-1", &e) == 0, "a file of a shape: written");
    ok(file_read(&arena, files_fd, "m/M-1/receipts/prov.jsonld", 1 << 20, &got, NULL, &e) == 0 &&
           json_read(&arena, got, "prov", &e) != NULL,
       "a file of a shape: beside the receipt");
    f.receipt.b[0] ^= 1;
    ok(shape_export(s, &l, &f, files_fd, "m/M-2", &e) == -1 && e.code == ERR_INTEGRITY,
       "a file of a shape: not of a receipt that was altered");
}

int main(void)
{
    struct doc *full = receipt_of(migration);
    struct doc *bare = receipt_of(drop);
    tap_plan(5 + (int)(sizeof in_prov / sizeof *in_prov) + 2 + 3);
    if (!files_begin()) {
        return 1;
    }
    is_str(shaped("runbook", full), runbook_wanted, "reference 000's members");
    is_str(shaped("ci", full), ci_wanted, "reference 001's members");
    is_str(shaped("runbook", bare), runbook_of_drop,
           "what is no success is failed, what is not known is null");
    is_str(shaped("ci", bare),
           "the shape \"ci\" is of migrations, and this receipt is of a projection_drop: "
           "--shape=prov and --shape=runbook have a place for every receipt",
           "reference 001's has no place for what is no migration");
    is_str(shaped("slsa", full),
           "there is no shape \"slsa\" of receipts: --shape is one of: prov, runbook, ci",
           "one that nobody knows");
    const char *prov = shaped("prov", full);
    for (size_t i = 0; i < sizeof in_prov / sizeof *in_prov; i++) {
        is_int(count(prov, in_prov[i].part), in_prov[i].n, in_prov[i].name);
    }
    const char *least = shaped("prov", bare);
    is_int(count(least, "prov:startedAtTime") + count(least, "prov:used"), 0,
           "what a receipt does not say is left out");
    is_int(count(least, "\"@type\":\"prov:SoftwareAgent\""), 2, "a workflow is no person");
    test_files();
    files_clear();
    files_end();
    arena_release(&arena);
    return tap_done();
}
