/* layer: evidence */
/* Exported files held to their schemas, and to entries that the ledger has where what they are of is not applied. */
#include "tap.h"

#include "doc/json.h"
#include "evidence/export.h"
#include "evidence/verify_exports.h"
#include "evidence_files.h"
#include "evidence_ledger.h"

static struct arena arena;
static const char *asked[8]; /* schemas, in order */
static size_t n_asked;

/* Three migrations in the ledger; the second has a bundle. */
struct scene {
    struct memory m;
    struct env env;
    struct archive r;
    struct past past;
    struct bundle bundle;
    struct verified v;
    struct err e;
};

/* Of whatever name: documents have no member "odd" but a number. */
static const struct schema *toy(const char *name)
{
    static const char text[] = "{\"properties\":{\"odd\":{\"type\":\"integer\"}}}";
    struct err e = {0};
    asked[n_asked++] = name;
    return schema_compile(&arena, json_read(&arena, bytes_str(text), "toy", &e), &e);
}

static void scene_begin(struct scene *s, enum evidence mode, bool is_applied)
{
    *s = (struct scene){.env = {.name = "dev", .evidence = mode},
                        .bundle = {.id = "M-2", .dir = "migrations/M-2"}};
    memory_begin(&s->m, &arena);
    for (int i = 1; i <= 3; i++) {
        (void)memory_migration(&s->m, arena_printf(&arena, "M-%d", i), "SELECT 1;");
    }
    struct fact f = {.sequence = 2,
                     .subject = "M-2",
                     .result = "success",
                     .run_id = s->m.entries.v[1].run_id,
                     .finished_at = "",
                     .receipt = s->m.entries.v[1].receipt};
    if (is_applied) {
        past_add(&arena, &s->past, &f);
    }
    s->r = (struct archive){.ledger = memory_source(&s->m),
                            .env = &s->env,
                            .id = &s->m.id,
                            .entries = &s->m.entries,
                            .past = &s->past,
                            .dirfd = files_fd,
                            .bundles = &s->bundle,
                            .n_bundles = 1,
                            .schema = toy};
    n_asked = 0;
    struct sums sums;
    sums_begin(&sums, &s->r.ledger, f.sequence);
    if (mode != EVIDENCE_NONE &&
        export_bundle(&s->r, &sums, &f, &s->bundle, files_fd, s->bundle.dir, mode, &s->e) != 0) {
        printf("# %s\n", s->e.msg);
    }
    sums_release(&sums);
}

#define HOME "migrations/M-2/"
#define RECEIPT HOME "receipts/run_receipt.json"
#define FILED HOME "receipts/dev/run_receipt.json"
#define POINTER HOME "receipts/receipt_ref.json"
#define R(uuid, n, more) "{\"ledger\":{\"instance\":\"" uuid "\",\"sequence\":" n "}" more "}"
#define P(uuid, n, more)                                                                           \
    "{\"sequence\":" n ",\"sha256\":\"x\",\"uri\":\"kfmig:ledger:" uuid ":" n "\"" more "}"
#define ODD ",\"odd\":\"x\""
#define ODDLY(name) "not as " name " says: \"odd\": expected a whole number, found "

/* file: is written with this text after everything was exported; NULL: as it is. finds: "PATH: WORDS|" for each finding; all of it, in order.
 * schemas: those that were asked for, each with a blank behind it. counted: files of this ledger and of others. */
static const struct {
    enum evidence mode;
    bool is_applied;
    const char *name, *file, *text, *finds, *schemas;
    int counted;
} cases[] = {
    {EVIDENCE_BUNDLE, true, "evidence of a bundle", NULL, NULL, "",
     "run_receipt.v1 baseline.v2 baseline.v2 diff_summary.v1 ", 10},
    {EVIDENCE_FOLDER, true, "the same in the environment's folder", NULL, NULL, "",
     "run_receipt.v1 baseline.v2 baseline.v2 diff_summary.v1 ", 10},
    {EVIDENCE_POINTER, true, "a pointer", NULL, NULL, "", "receipt_ref.v1 ", 10},
    {EVIDENCE_NONE, true, "none", RECEIPT, R(UUID, "9", ODD), "", "", 0},

    /* what schemas say */
    {EVIDENCE_BUNDLE, true, "a receipt with an odd member", RECEIPT, R(UUID, "2", ODD),
     RECEIPT ": " ODDLY("run_receipt.v1") "the text \"x\"|" RECEIPT
                                          ": not the receipt of ledger entry 2|",
     "run_receipt.v1 ", 10},
    {EVIDENCE_BUNDLE, true, "one of another ledger", RECEIPT, R("another", "2", ODD),
     RECEIPT ": " ODDLY("run_receipt.v1") "the text \"x\"|", "run_receipt.v1 ", 1},
    {EVIDENCE_FOLDER, true, "one in the environment's folder", FILED, R("another", "2", ODD),
     FILED ": " ODDLY("run_receipt.v1") "the text \"x\"|", "run_receipt.v1 ", 1},
    {EVIDENCE_POINTER, true, "a pointer with an odd member", POINTER, P("another", "2", ODD),
     POINTER ": " ODDLY("receipt_ref.v1") "the text \"x\"|", "receipt_ref.v1 ", 1},
    {EVIDENCE_BUNDLE, true, "a baseline with an odd member", HOME "baselines/pre.json",
     "{\"format\":\"kfmig.baseline.v2\"" ODD "}",
     HOME "baselines/pre.json: " ODDLY(
         "baseline.v2") "the text \"x\"|" HOME "baselines/pre.json: not as its receipt says|",
     "run_receipt.v1 baseline.v2 baseline.v2 diff_summary.v1 ", 10},
    {EVIDENCE_BUNDLE, true, "one of the format before", HOME "baselines/post.json",
     "{\"format\":\"kfmig.baseline.v1\"}", HOME "baselines/post.json: not as its receipt says|",
     "run_receipt.v1 baseline.v2 baseline.v1 diff_summary.v1 ", 10},
    {EVIDENCE_BUNDLE, true, "one of no format", HOME "baselines/post.json", "{}",
     HOME "baselines/post.json: not as its receipt says|",
     "run_receipt.v1 baseline.v2 baseline.v2 diff_summary.v1 ", 10},
    {EVIDENCE_BUNDLE, true, "a diff with an odd member", HOME "diffs/summary.json", "{\"odd\":[]}",
     HOME "diffs/summary.json: " ODDLY(
         "diff_summary.v1") "a list|" HOME "diffs/summary.json: not as its receipt says|",
     "run_receipt.v1 baseline.v2 baseline.v2 diff_summary.v1 ", 10},
    {EVIDENCE_BUNDLE, true, "a diff that is no document", HOME "diffs/summary.json", "{",
     HOME "diffs/summary.json: not as its receipt says|", "run_receipt.v1 baseline.v2 baseline.v2 ",
     10},

    /* of what is not applied */
    {EVIDENCE_BUNDLE, false, "not applied: what it had", NULL, NULL, "",
     "run_receipt.v1 baseline.v2 baseline.v2 diff_summary.v1 ", 10},
    {EVIDENCE_FOLDER, false, "not applied: in the environment's folder", NULL, NULL, "",
     "run_receipt.v1 baseline.v2 baseline.v2 diff_summary.v1 ", 10},
    {EVIDENCE_POINTER, false, "not applied: a pointer", NULL, NULL, "", "receipt_ref.v1 ", 10},
    {EVIDENCE_NONE, false, "not applied: nothing", NULL, NULL, "", "", 0},
    {EVIDENCE_NONE, false, "not applied: a receipt of an entry that is gone", RECEIPT,
     R(UUID, "9", ""), RECEIPT ": of entry 9, the ledger has 3 entries|", "run_receipt.v1 ", 10},
    {EVIDENCE_NONE, false, "not applied: the next one", RECEIPT, R(UUID, "4", ""),
     RECEIPT ": of entry 4, the ledger has 3 entries|", "run_receipt.v1 ", 10},
    {EVIDENCE_NONE, false, "not applied: of no entry", RECEIPT, R(UUID, "0", ""),
     RECEIPT ": of entry 0, the ledger has 3 entries|", "run_receipt.v1 ", 10},
    {EVIDENCE_NONE, false, "not applied: of the last one, and another", RECEIPT, R(UUID, "3", ""),
     RECEIPT ": not the receipt of ledger entry 3|", "run_receipt.v1 ", 10},
    {EVIDENCE_NONE, false, "not applied: in the environment's folder, and gone", FILED,
     R(UUID, "9", ""), FILED ": of entry 9, the ledger has 3 entries|", "run_receipt.v1 ", 10},
    {EVIDENCE_NONE, false, "not applied: a pointer to an entry that is gone", POINTER,
     P(UUID, "9", ""), POINTER ": of entry 9, the ledger has 3 entries|", "receipt_ref.v1 ", 10},
    {EVIDENCE_NONE, false, "not applied: a pointer to another receipt", POINTER, P(UUID, "2", ""),
     POINTER ": does not name the receipt of ledger entry 2|", "receipt_ref.v1 ", 10},
    {EVIDENCE_POINTER, true, "a pointer to another entry", POINTER, P(UUID, "3", ""),
     POINTER ": does not name the receipt of ledger entry 2|", "receipt_ref.v1 ", 10},
    {EVIDENCE_NONE, false, "not applied: a receipt of another ledger", RECEIPT,
     R("another", "9", ODD), "", "", 0},
    {EVIDENCE_NONE, false, "not applied: a pointer to another ledger", POINTER,
     P("another", "9", ODD), "", "", 0},
    {EVIDENCE_NONE, false, "not applied: no pointer", POINTER, "[]",
     POINTER ": not a pointer to a receipt|", "", 0},
};

static void found(const struct verified *v, struct buf *out)
{
    for (size_t i = 0; i < v->findings.n; i++) {
        buf_printf(out, "%s: %s|", v->findings.v[i].path, v->findings.v[i].text);
    }
}

static void play(size_t i)
{
    struct scene s;
    struct buf finds = {0};
    struct buf schemas = {0};
    files_clear();
    scene_begin(&s, cases[i].mode, cases[i].is_applied);
    if (cases[i].file != NULL) {
        files_put(cases[i].file, cases[i].text);
    }
    verify_exports(&s.r, &s.m.entries, &arena, &s.v);
    found(&s.v, &finds);
    for (size_t k = 0; k < n_asked; k++) {
        buf_printf(&schemas, "%s ", asked[k]);
    }
    is_str(buf_str(&finds), cases[i].finds, cases[i].name);
    is_str(buf_str(&schemas), cases[i].schemas, "schemas");
    is_int(10 * (int)s.v.n_exports + (int)s.v.n_foreign, cases[i].counted, "counted");
    buf_release(&finds);
    buf_release(&schemas);
}

/* What a run writes while one looks is right, and nothing is held to schemas that are not there. */
static void meanwhile(void)
{
    struct scene s;
    files_clear();
    scene_begin(&s, EVIDENCE_NONE, false);
    files_put(RECEIPT, R(UUID, "5", ODD));
    s.m.id.size = 5;
    s.r.schema = NULL;
    verify_exports(&s.r, &s.m.entries, &arena, &s.v);
    is_int((int)s.v.n_found, 0, "of an entry that was written meanwhile");
    s.m.id.size = 4;
    verify_exports(&s.r, &s.m.entries, &arena, &s.v);
    is_int((int)s.v.n_found, 1, "of one that was not");
}

/* Of what is not applied, any entry may be exported: the first one, too. */
static void first(void)
{
    struct scene s;
    char digest[DIGEST_TEXT];
    files_clear();
    scene_begin(&s, EVIDENCE_NONE, false);
    files_put(POINTER,
              arena_printf(&arena,
                           "{\"sequence\":1,\"sha256\":\"%s\",\"uri\":\"kfmig:ledger:" UUID ":1\"}",
                           digest_text(&s.m.entries.v[0].receipt, digest)));
    verify_exports(&s.r, &s.m.entries, &arena, &s.v);
    is_int((int)s.v.n_found, 0, "a pointer to the first entry");
    is_int((int)s.v.n_exports, 1, "is counted");
}

static void doubted(void)
{
    struct scene s;
    struct buf finds = {0};
    files_clear();
    scene_begin(&s, EVIDENCE_NONE, false);
    s.r.doubt = "the ledger has 3 entries, the last run saw 5";
    ok(verify_ledger(&s.r, &arena, &s.v, &s.e) == 0, "a ledger that is doubted is looked at");
    found(&s.v, &finds);
    is_str(buf_str(&finds), ": the ledger has 3 entries, the last run saw 5|", "and says so");
    is_str(s.v.findings.v[0].rule, "trust", "by its rule");
    buf_release(&finds);
}

int main(void)
{
    const size_t n = sizeof cases / sizeof *cases;
    tap_plan(3 * (int)n + 7);
    if (!files_begin()) {
        return 1;
    }
    for (size_t i = 0; i < n; i++) {
        play(i);
    }
    meanwhile();
    first();
    doubted();
    files_end();
    arena_release(&arena);
    return tap_done();
}
