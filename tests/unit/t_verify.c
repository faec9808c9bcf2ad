/* layer: evidence */
/* Verification: a ledger that holds together, and every way in which it does not, each told by its rule
 * and its words. */
#include "tap.h"

#include <sys/stat.h>
#include <unistd.h>

#include "doc/canon.h"
#include "evidence/export.h"
#include "evidence/verify.h"
#include "evidence_files.h"
#include "evidence_ledger.h"

static struct arena arena;

/* Three migrations, applied; their bundles stand in migrations/M-N. */
struct scene {
    struct memory m;
    struct env env;
    struct archive r;
    struct past past;
    struct bundle bundles[3];
    struct doc *receipt[3];
    struct err e;
};

static const char *const ids[] = {"M-1", "M-2", "M-3"};

static void scene_begin(struct scene *s, enum evidence mode)
{
    *s = (struct scene){.env = {.name = "dev", .evidence = mode}};
    memory_begin(&s->m, &arena);
    for (size_t i = 0; i < 3; i++) {
        const char *sql = i == 1 ? "SELECT 1;" : arena_printf(&arena, "SELECT %zu;", i);
        s->receipt[i] = memory_migration(&s->m, ids[i], sql);
        s->bundles[i] =
            (struct bundle){.id = ids[i], .dir = arena_printf(&arena, "migrations/%s", ids[i])};
        struct fact f = {.sequence = (int64_t)i + 1,
                         .subject = ids[i],
                         .result = "success",
                         .run_id = s->m.entries.v[i].run_id,
                         .finished_at = "",
                         .receipt = s->m.entries.v[i].receipt};
        past_add(&arena, &s->past, &f);
    }
    s->r = (struct archive){.ledger = memory_source(&s->m),
                            .env = &s->env,
                            .id = &s->m.id,
                            .entries = &s->m.entries,
                            .past = &s->past,
                            .dirfd = files_fd,
                            .bundles = s->bundles,
                            .n_bundles = 3};
}

/* Write everything again from the ledger. */
static bool scene_export(struct scene *s)
{
    bool good = true;
    struct sums sums;
    sums_begin(&sums, &s->r.ledger, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct history *h = past_get(&s->past, ids[i]);
        good = export_bundle(&s->r, &sums, h->applied, &s->bundles[i], files_fd, s->bundles[i].dir,
                             s->env.evidence, &s->e) == 0 &&
               good;
    }
    sums_release(&sums);
    return good;
}

static const char *path_of(const char *name)
{
    return arena_printf(&arena, "%s/%s", files_path, name);
}

/* --- what can be wrong in a ledger: entry 2 of 3, if nothing else is said --- */

static struct entry *second(struct scene *s)
{
    return &s->m.entries.v[1];
}
static void sequence_of_another(struct scene *s)
{
    second(s)->sequence = 7;
}
static void sequence_of_the_first(struct scene *s)
{
    second(s)->sequence = 1;
}
static void previous_of_another(struct scene *s)
{
    second(s)->previous.b[0] ^= 1;
}
static void instance_of_another(struct scene *s)
{
    second(s)->instance = "99999999-2222-4333-8444-555555555555";
}
static void environment_of_another(struct scene *s)
{
    second(s)->environment = "prod";
}
/* As the ledger gives one whose text it cannot read. */
static void text_of_nobody(struct scene *s)
{
    *second(s) = (struct entry){.text = bytes_str("x"),
                                .leaf = merkle_leaf(bytes_str("x")),
                                .subject = "",
                                .result = "",
                                .run_id = ""};
}
static void text_of_a_newer_kind(struct scene *s)
{
    const char *text = arena_strndup(&arena, second(s)->text.p, second(s)->text.n);
    char *kind = strstr(text, "\"kind\":\"apply\"");
    memcpy(kind, "\"kind\":\"appxy\"", strlen("\"kind\":\"appxy\""));
    *second(s) = (struct entry){.text = bytes_str(text),
                                .leaf = merkle_leaf(bytes_str(text)),
                                .subject = "",
                                .result = "",
                                .run_id = ""};
}
static void head_of_fewer(struct scene *s)
{
    s->m.id.size = 2;
}
static void head_of_more(struct scene *s)
{
    s->m.id.size = 4;
}
static void root_of_another(struct scene *s)
{
    s->m.id.root.b[31] ^= 1;
}
static void columns_altered(struct scene *s)
{
    s->m.odd[s->m.n_odd++] =
        (struct ledger_fault){"columns", "the columns of entry 2 are not what its text says"};
}
static void receipt_altered(struct scene *s)
{
    s->m.receipts.v[1].body.n--;
}
/* Its entry names whatever stands there. */
static void name_receipt(struct scene *s, const char *body)
{
    s->m.receipts.v[2].body = bytes_str(body);
    s->m.entries.v[2].receipt = digest_of(bytes_str(body));
}
static void receipt_no_json(struct scene *s)
{
    name_receipt(s, "{\"run_id\":");
}
static void reseal(struct scene *s, const char *key, struct doc *v)
{
    doc_put(&arena, s->receipt[2], key, v);
    memory_seal(&s->m, s->receipt[2]);
}
static void receipt_of_another_run(struct scene *s)
{
    reseal(s, "run_id", doc_text(&arena, "00000000-0000-4000-8000-000000000001"));
}
static void result_swapped(struct scene *s)
{
    reseal(s, "result", doc_text(&arena, "failed"));
}
static void position_swapped(struct scene *s)
{
    struct doc *ledger = doc_get(s->receipt[2], "ledger");
    doc_put(&arena, ledger, "sequence", doc_int(&arena, 2));
    memory_seal(&s->m, s->receipt[2]);
}
static void drop_receipt(struct scene *s, size_t i)
{
    struct receipt_rows *l = &s->m.receipts;
    memmove(&l->v[i], &l->v[i + 1], (l->n - i - 1) * sizeof *l->v);
    l->n--;
}
static void receipt_missing(struct scene *s)
{
    drop_receipt(s, 1);
}
static void first_receipt_missing(struct scene *s)
{
    drop_receipt(s, 0);
}
static void last_receipt_missing(struct scene *s)
{
    drop_receipt(s, 2);
}
static void add_receipt(struct scene *s, int64_t sequence, bool first)
{
    struct receipt_rows *l = &s->m.receipts;
    ARENA_GROW(&arena, l->v, l->n, l->cap);
    l->n++;
    if (first) {
        memmove(&l->v[1], &l->v[0], (l->n - 1) * sizeof *l->v);
    }
    l->v[first ? 0 : l->n - 1] = (struct receipt_row){sequence, "x", bytes_str("{}")};
}
static void receipt_without_entry(struct scene *s)
{
    add_receipt(s, 4, false);
}
static void receipt_before_all(struct scene *s)
{
    add_receipt(s, 0, true);
}
static struct doc *input_of(struct scene *s, size_t i)
{
    return doc_find(s->receipt[i], "claim.inputs")->item[0];
}
static void input_without_digest(struct scene *s)
{
    doc_put(&arena, input_of(s, 2), "digest", doc_text(&arena, "sha256:12"));
    memory_seal(&s->m, s->receipt[2]);
}
/* Texts in the ledger, three to a migration: input, summary, touched. */
static void input_unreadable(struct scene *s)
{
    s->m.unreadable = s->m.blobs[3].digest;
}
static void input_deleted(struct scene *s)
{
    s->m.blobs[3].digest.b[0] ^= 1;
}
static void input_altered(struct scene *s)
{
    s->m.blobs[3].bytes = bytes_str("SELECT 2;");
}
static void output_unknown(struct scene *s)
{
    struct doc *output = doc_find(s->receipt[2], "claim.outputs")->item[3];
    doc_put(&arena, output, "uri", doc_text(&arena, "../../etc/passwd"));
    memory_seal(&s->m, s->receipt[2]);
}
static void output_of_the_future(struct scene *s)
{
    struct doc *baselines = doc_find(s->receipt[2], "claim.baselines");
    doc_put(&arena, baselines, "format", doc_text(&arena, "kfmig.baseline.v9"));
    memory_seal(&s->m, s->receipt[2]);
}
/* By the rules of the format before, they are others. */
static void output_of_the_past(struct scene *s)
{
    struct doc *claim = doc_get(s->receipt[2], "claim");
    doc_put(&arena, claim, "baselines", doc_new(&arena, DOC_NULL));
    memory_seal(&s->m, s->receipt[2]);
}
static void output_without_digest(struct scene *s)
{
    struct doc *output = doc_find(s->receipt[2], "claim.outputs")->item[3];
    doc_put(&arena, output, "digest", doc_text(&arena, ""));
    memory_seal(&s->m, s->receipt[2]);
}
static void output_deleted(struct scene *s)
{
    s->m.blobs[5].digest.b[0] ^= 1;
}
static void output_altered(struct scene *s)
{
    s->m.blobs[4].bytes = bytes_str("{}");
}
static void object_altered(struct scene *s)
{
    s->m.objects[2].fingerprint.b[0] ^= 1;
}
static void object_added_before(struct scene *s)
{
    s->m.objects[2].sequence = 2;
}

struct fault {
    const char *name;
    void (*spoil)(struct scene *s);
    const char *rule, *text;
    size_t n; /* findings in all: one fault may show in several places */
};
static const struct fault faults[] = {
    {"the position of the first", sequence_of_the_first, "tree",
     "entry 2 of the ledger calls itself 1", 4},
    {"an entry that cannot be read", text_of_nobody, "tree",
     "entry 2: an entry of the ledger is not as kfmig writes it, from byte 0 on", 3},
    {"an entry of a kind that is not known", text_of_a_newer_kind, "tree",
     "entry 2: the ledger holds an entry of kind \"appxy\", which this kfmig does not know", 3},
    {"a head that counts too few", head_of_fewer, "tree", "the head counts 2 entries, there are 3",
     1},
    {"a head that counts too many", head_of_more, "tree", "the head counts 4 entries, there are 3",
     1},
    {"a position twice", sequence_of_another, "tree", "entry 2 of the ledger calls itself 7", 4},
    {"an altered root before", previous_of_another, "tree",
     "entry 2 does not follow the entries before it: its previous root is another", 1},
    {"another ledger's entry", instance_of_another, "tree",
     "entry 2 belongs to another ledger (dev, 99999999-2222-4333-8444-555555555555)", 1},
    {"another environment's entry", environment_of_another, "tree",
     "entry 2 belongs to another ledger (prod, " UUID ")", 1},
    {"another root", root_of_another, "tree",
     "the entries do not hash to the root that the database reports", 1},
    {"columns", columns_altered, "columns", "the columns of entry 2 are not what its text says", 1},
    {"an altered receipt", receipt_altered, "receipt", "entry 2: its receipt was altered", 1},
    {"a receipt that is no JSON", receipt_no_json, "receipt",
     "the receipt of ledger entry 3 is no JSON", 1},
    {"a receipt of another run", receipt_of_another_run, "receipt",
     "entry 3: its receipt is that of another run", 1},
    {"a swapped result", result_swapped, "receipt", "entry 3: its receipt is that of another run",
     1},
    {"a swapped position", position_swapped, "receipt",
     "entry 3: its receipt is that of another run", 1},
    {"an entry without receipt", receipt_missing, "receipt", "entry 2 has no receipt", 1},
    {"the first without receipt", first_receipt_missing, "receipt", "entry 1 has no receipt", 1},
    {"the last without receipt", last_receipt_missing, "receipt", "entry 3 has no receipt", 1},
    {"a receipt without entry", receipt_without_entry, "receipt", "receipt 4 belongs to no entry",
     1},
    {"a receipt before all", receipt_before_all, "receipt", "receipt 0 belongs to no entry", 1},
    {"an input without digest", input_without_digest, "input",
     "entry 3: input migrations/M-3/forward.sql has no digest", 1},
    {"an input that cannot be read", input_unreadable, "input",
     "entry 2: input migrations/M-2/forward.sql could not be read: the connection is gone", 1},
    {"a deleted input", input_deleted, "input",
     "entry 2: the ledger lacks the text of input migrations/M-2/forward.sql", 1},
    {"an altered input", input_altered, "input",
     "entry 2: the text of input migrations/M-2/forward.sql was altered", 1},
    {"an output that no migration has", output_unknown, "output",
     "the receipt of ledger entry 3 names an output \"../../etc/passwd\" that no migration has", 1},
    {"a baseline of a format to come", output_of_the_future, "output",
     "the baselines of ledger entry 3 have a format that this kfmig does not know", 2},
    {"a baseline of the format before", output_of_the_past, "output",
     "baselines/pre.json of ledger entry 3 is not what its receipt names", 2},
    {"an output without digest", output_without_digest, "output",
     "the receipt of ledger entry 3 names an output \"diffs/touched.csv\" that no migration has",
     1},
    {"a deleted output", output_deleted, "output", "the ledger lacks diffs/touched.csv of entry 2",
     1},
    {"an altered output", output_altered, "output",
     "diffs/summary.json of ledger entry 2 is not what its receipt names", 1},
    {"an altered object", object_altered, "output",
     "baselines/post.json of ledger entry 3 is not what its receipt names", 1},
    {"an object of another entry", object_added_before, "output",
     "baselines/post.json of ledger entry 2 is not what its receipt names", 2},
};

static bool has(const struct verified *v, const char *rule, const char *path, const char *text)
{
    for (size_t i = 0; i < v->findings.n; i++) {
        const struct finding *f = &v->findings.v[i];
        if (strcmp(f->rule, rule) == 0 && strcmp(f->path, path) == 0 &&
            strncmp(f->text, text, strlen(text)) == 0) {
            return true;
        }
    }
    return false;
}

static void show(const struct verified *v)
{
    for (size_t i = 0; i < v->findings.n; i++) {
        printf("# %s: %s: %s\n", v->findings.v[i].rule, v->findings.v[i].path,
               v->findings.v[i].text);
    }
}

static void check_fault(const struct fault *f)
{
    struct scene s;
    struct verified v;
    scene_begin(&s, EVIDENCE_NONE);
    f->spoil(&s);
    bool good =
        ok(verify_ledger(&s.r, &arena, &v, &s.e) == 0 && has(&v, f->rule, "", f->text), f->name);
    good = is_int(v.n_found, f->n, "and nothing else") && good;
    if (!good) {
        show(&v);
    }
}

static void check_sound(void)
{
    struct scene s;
    struct verified v;
    scene_begin(&s, EVIDENCE_NONE);
    ok(verify_ledger(&s.r, &arena, &v, &s.e) == 0 && v.n_found == 0, "a sound ledger");
    is_int(v.n_entries, 3, "entries");
    is_int(v.n_receipts, 3, "receipts");
    is_int(v.n_blobs, 3, "texts");
    is_int(v.n_exports, 0, "no exports");
    ok(v.n_held >= s.m.receipts.v[2].body.n, "a receipt at least was held");
    /* One text that two receipts name is read once; data has no copy. */
    const char *digest = doc_str(input_of(&s, 1), "digest", "");
    doc_put(&arena, input_of(&s, 2), "digest", doc_text(&arena, digest));
    memory_seal(&s.m, s.receipt[2]);
    ok(verify_ledger(&s.r, &arena, &v, &s.e) == 0 && v.n_found == 1 &&
           strcmp(v.findings.v[0].rule, "text") == 0,
       "a text named twice, and one that nothing names any more");
    is_int(v.n_blobs, 2, "is looked at once");
    doc_put(&arena, input_of(&s, 2), "digest", doc_text(&arena, "sha256:0"));
    doc_put(&arena, input_of(&s, 2), "kept", doc_bool(&arena, false));
    memory_seal(&s.m, s.receipt[2]);
    ok(verify_ledger(&s.r, &arena, &v, &s.e) == 0 && v.n_found == 1 &&
           strcmp(v.findings.v[0].rule, "text") == 0,
       "data is not in a ledger");
}

/* A text that an entry names itself, and no receipt: the payload of a step of the journal. */
static void check_named(void)
{
    for (size_t i = 0; i < 3; i++) {
        struct scene s;
        struct verified v;
        scene_begin(&s, EVIDENCE_NONE);
        (void)memory_text(&s.m, "a payload");
        ok(verify_ledger(&s.r, &arena, &v, &s.e) == 0 && v.n_found == 1, "nothing names it");
        s.m.entries.v[i].bundle_digest = s.m.blobs[s.m.n_blobs - 1].digest;
        ok(verify_ledger(&s.r, &arena, &v, &s.e) == 0 && v.n_found == 0, "an entry does");
    }
}

/* --- exported files --- */

static void foreign(const char *name, const char *with)
{
    files_put(name, with);
}

struct export_fault {
    enum evidence mode;
    const char *name;
    const char *file; /* NULL: nothing is done */
    const char *with; /* its new text; NULL: it is removed; "/": a folder takes its place */
    const char *path; /* of the finding; NULL: none */
    const char *text;
};
#define HOME "migrations/M-2/"
#define POINTER HOME "receipts/receipt_ref.json"
#define POINTS(uuid, sha) "{\"sha256\":\"" sha "\",\"uri\":\"kfmig:ledger:" uuid ":2\"}"
static const struct export_fault export_faults[] = {
    {EVIDENCE_BUNDLE, "a bundle's evidence", NULL, NULL, NULL, ""},
    {EVIDENCE_BUNDLE, "a missing diff", HOME "diffs/summary.json", NULL, HOME "diffs/summary.json",
     "missing, though its receipt names it"},
    {EVIDENCE_BUNDLE, "an altered diff", HOME "diffs/summary.json", "{}", HOME "diffs/summary.json",
     "not as its receipt says"},
    {EVIDENCE_BUNDLE, "an altered baseline", HOME "baselines/pre.json", "{}",
     HOME "baselines/pre.json", "not as its receipt says"},
    {EVIDENCE_BUNDLE, "a missing list of a baseline", HOME "baselines/post.objects.tsv", NULL,
     HOME "baselines/post.objects.tsv", "missing, though the baseline beside it is about it"},
    {EVIDENCE_BUNDLE, "an altered list of a baseline", HOME "baselines/pre.objects.tsv", "",
     HOME "baselines/pre.objects.tsv", "not the objects that the baseline beside it is about"},
    {EVIDENCE_BUNDLE, "a list of a baseline that is none", HOME "baselines/pre.objects.tsv",
     "table app.t\n", HOME "baselines/pre.objects.tsv",
     "line 1 is not an object and its fingerprint, in order"},
    {EVIDENCE_BUNDLE, "a folder in the place of a list", HOME "baselines/pre.objects.tsv", "/",
     HOME "baselines/pre.objects.tsv", "\"" HOME "baselines/pre.objects.tsv\" is a directory"},
    {EVIDENCE_BUNDLE, "a folder where a file should be", HOME "diffs/touched.csv", "/",
     HOME "diffs/touched.csv", "\"migrations/M-2/diffs/touched.csv\" is a directory"},
    {EVIDENCE_BUNDLE, "an exported receipt of this ledger that it does not have",
     HOME "receipts/run_receipt.json", "{\"ledger\":{\"instance\":\"" UUID "\"}}",
     HOME "receipts/run_receipt.json", "not the receipt of ledger entry 2"},
    {EVIDENCE_BUNDLE, "another database's receipt of the same content",
     HOME "receipts/run_receipt.json", "{\"ledger\":{\"instance\":\"another\"}}", NULL, ""},
    {EVIDENCE_BUNDLE, "an exported receipt that is no JSON", HOME "receipts/run_receipt.json", "{",
     HOME "receipts/run_receipt.json", "the receipt of ledger entry 2 is no JSON"},
    {EVIDENCE_BUNDLE, "a missing exported receipt", HOME "receipts/run_receipt.json", NULL,
     HOME "receipts/run_receipt.json", "missing: `kfmig receipt export` writes it"},
    {EVIDENCE_FOLDER, "a folder per environment", NULL, NULL, NULL, ""},
    {EVIDENCE_FOLDER, "an altered diff in an environment's folder", HOME "diffs/dev/touched.csv",
     "", HOME "diffs/dev/touched.csv", "not as its receipt says"},
    {EVIDENCE_FOLDER, "another environment's folder is not looked at",
     HOME "diffs/prod/touched.csv", "x", NULL, ""},
    {EVIDENCE_POINTER, "a pointer", NULL, NULL, NULL, ""},
    {EVIDENCE_POINTER, "a pointer to another receipt", POINTER,
     POINTS(UUID, "sha256:0000000000000000000000000000000000000000000000000000000000000000"),
     POINTER, "does not name the receipt of ledger entry 2"},
    {EVIDENCE_POINTER, "a pointer without a digest", POINTER, POINTS(UUID, "x"), POINTER,
     "does not name the receipt of ledger entry 2"},
    {EVIDENCE_POINTER, "another database's pointer", POINTER, POINTS("another", "x"), NULL, ""},
    {EVIDENCE_POINTER, "a pointer that is no JSON", POINTER, "[", POINTER, ""},
    {EVIDENCE_POINTER, "a missing pointer", POINTER, NULL, POINTER,
     "missing: `kfmig receipt export` writes it"},
    {EVIDENCE_POINTER, "a folder in a pointer's place", POINTER, "/", POINTER,
     "\"" POINTER "\" is a directory"},
};

static void spoil_file(const struct export_fault *f)
{
    if (f->file == NULL) {
        return;
    }
    if (f->with == NULL || strcmp(f->with, "/") == 0) {
        (void)unlinkat(files_fd, f->file, 0);
    } else {
        foreign(f->file, f->with);
    }
    if (f->with != NULL && strcmp(f->with, "/") == 0 && mkdir(path_of(f->file), 0777) != 0) {
        printf("# cannot make %s\n", f->file);
    }
}

static void check_export(const struct export_fault *f)
{
    struct scene s;
    struct verified v;
    files_clear();
    scene_begin(&s, f->mode);
    bool good = scene_export(&s);
    spoil_file(f);
    good = verify_ledger(&s.r, &arena, &v, &s.e) == 0 && good;
    bool as_told =
        f->path == NULL ? v.n_found == 0 : v.n_found == 1 && has(&v, "export", f->path, f->text);
    if (!ok(good && as_told, f->name)) {
        show(&v);
    }
}

static void check_counts(void)
{
    struct scene s;
    struct verified v;
    files_clear();
    scene_begin(&s, EVIDENCE_POINTER);
    ok(scene_export(&s) && verify_ledger(&s.r, &arena, &v, &s.e) == 0, "three pointers");
    is_int(v.n_exports, 3, "are counted");
    s.env.evidence = EVIDENCE_NONE;
    ok(verify_ledger(&s.r, &arena, &v, &s.e) == 0 && v.n_exports == 0, "or not looked at");
}

static void check_said(void)
{
    struct verified v = {.n_entries = 1, .n_receipts = 1, .n_blobs = 2, .n_exports = 1};
    struct buf out = {0};
    verified_put(&out, "dev", &v, false);
    is_str(
        buf_str(&out),
        "dev: 1 entry, 1 receipt, 2 input texts, 1 exported receipt verified: all as they should "
        "be\n",
        "what was looked at");
    out.n = 0;
    v = (struct verified){.n_entries = 2,
                          .n_foreign = 3,
                          .n_sunk = 4,
                          .n_unproven = 5,
                          .n_attested = 6,
                          .n_checkpoints = 1};
    finding_fail(&arena, &v.findings, "export", "is lost")->path = "lost.json";
    v.n_found = 1;
    verified_put(&out, "dev", &v, true);
    is_str(buf_str(&out),
           "dev: 2 entries, 0 receipts, 0 input texts, 0 exported receipts verified\n"
           "3 of another ledger, not verified\n"
           "4 in the sink\n"
           "6 attested in 1 checkpoint\n"
           "5 claims not computed: their receipts do not say what they are made of\n",
           "and what was not");
    out.n = 0;
    canon_write(&out, verified_doc(&arena, "dev", &v));
    is_str(buf_str(&out),
           "{\"attested\":6,\"checkpoints\":1,\"entries\":2,\"environment\":\"dev\",\"exports\":0,"
           "\"findings\":[{\"message\":\"is "
           "lost\","
           "\"path\":\"lost.json\",\"rule\":\"export\"}],\"foreign\":3,\"sunk\":4,\"unproven\":5}",
           "as a document");
    buf_release(&out);
}

/* Of three migrations' outputs two each are texts; all that their baselines take is one look at what changed. */
static void check_asked(void)
{
    struct scene s;
    files_clear();
    scene_begin(&s, EVIDENCE_BUNDLE);
    s.m.n_asked = 0;
    ok(scene_export(&s), "three bundles");
    is_int(s.m.n_asked, 3 * 2 + 1, "are made of one sum of objects, moved on");
}

/* --- a ledger that does not answer, or goes on --- */

/* A ledger that cannot be asked to the end is no sound one, and no unsound one. */
static int no_entries(void *ctx, struct arena *a, struct identity *id, struct entries *out,
                      struct err *e)
{
    (void)ctx, (void)a, (void)id, (void)out;
    return err_set(e, ERR_INTEGRITY, "no entries");
}
static int no_faults(void *ctx, const struct merkle *m, const struct entries *all, struct arena *a,
                     struct ledger_fault **v, size_t *n, struct err *e)
{
    (void)ctx, (void)m, (void)all, (void)a, (void)v, (void)n;
    return err_set(e, ERR_PREFLIGHT, "no faults");
}
static int no_receipts(void *ctx, int64_t after, receipt_fn *each, void *each_ctx, struct err *e)
{
    (void)ctx, (void)after, (void)each, (void)each_ctx;
    return err_set(e, ERR_PREFLIGHT, "no receipts");
}
static int no_changes(void *ctx, int64_t after, int64_t upto, struct arena *a,
                      struct object_rows *out, struct err *e)
{
    (void)ctx, (void)after, (void)upto, (void)a, (void)out;
    return err_set(e, ERR_INTEGRITY, "no objects");
}
static int no_objects(void *ctx, int64_t upto, struct arena *a, struct object_rows *out,
                      struct err *e)
{
    (void)ctx, (void)upto, (void)a, (void)out;
    return err_set(e, ERR_PREFLIGHT, "no objects");
}

/* Another run goes on while this one reads. */
static int grown(void *ctx, struct identity *out, struct err *e)
{
    (void)memory_identity(ctx, out, e);
    out->size = 5;
    return 0;
}
static int no_identity(void *ctx, struct identity *out, struct err *e)
{
    (void)ctx, (void)out;
    return err_set(e, ERR_PREFLIGHT, "no identity");
}

static void check_grown(void)
{
    struct scene s;
    struct verified v;
    scene_begin(&s, EVIDENCE_NONE);
    add_receipt(&s, 4, false);
    add_receipt(&s, 5, false);
    add_receipt(&s, 6, false);
    s.r.ledger.identity = grown;
    ok(verify_ledger(&s.r, &arena, &v, &s.e) == 0 && v.n_found == 1 &&
           has(&v, "receipt", "", "receipt 6 belongs to no entry"),
       "what was written meanwhile is right, what is behind that is not");
    s.r.ledger.identity = no_identity;
    ok(verify_ledger(&s.r, &arena, &v, &s.e) == -1 && strcmp(s.e.msg, "no identity") == 0,
       "where that cannot be asked nothing is said");
}

/* An entry was written behind what the head counted, while the ledger was read. */
static int one_more_by_now(void *ctx, struct identity *out, struct err *e)
{
    struct memory *m = ctx;
    (void)e;
    *out = m->id;
    out->size = 3;
    return 0;
}

static void check_growing(void)
{
    struct scene s;
    struct verified v;
    scene_begin(&s, EVIDENCE_NONE);
    s.m.id.size = 2;
    s.m.id.root = s.m.entries.v[2].previous;
    s.r.ledger.identity = one_more_by_now;
    int rc = verify_ledger(&s.r, &arena, &v, &s.e);
    bool good = rc == 0 && v.n_entries == 2 && v.n_receipts == 2;
    for (size_t i = 0; good && i < v.findings.n; i++) {
        good = strcmp(v.findings.v[i].rule, "text") == 0; /* which were read before it came */
    }
    ok(good, "an entry that came meanwhile is the next look's");
    s.r.ledger.identity = no_identity;
    ok(verify_ledger(&s.r, &arena, &v, &s.e) == -1 && strcmp(s.e.msg, "no identity") == 0,
       "... and where that cannot be asked nothing is said");
}

static void check_unasked(void)
{
    struct scene s;
    struct verified v;
    scene_begin(&s, EVIDENCE_NONE);
    s.r.ledger.entries = no_entries;
    ok(verify_ledger(&s.r, &arena, &v, &s.e) == -1 && strcmp(s.e.msg, "no entries") == 0,
       "entries that cannot be read");
    scene_begin(&s, EVIDENCE_NONE);
    s.r.ledger.faults = no_faults;
    ok(verify_ledger(&s.r, &arena, &v, &s.e) == -1 && strcmp(s.e.msg, "no faults") == 0,
       "what it finds itself that cannot be read");
    scene_begin(&s, EVIDENCE_NONE);
    s.r.ledger.receipts = no_receipts;
    ok(verify_ledger(&s.r, &arena, &v, &s.e) == -1 && strcmp(s.e.msg, "no receipts") == 0,
       "receipts that cannot be read");
    scene_begin(&s, EVIDENCE_NONE);
    s.r.ledger.objects = no_objects;
    s.r.ledger.changes = no_changes;
    ok(verify_ledger(&s.r, &arena, &v, &s.e) == 0 && has(&v, "output", "", "no objects") &&
           v.n_found == 5,
       "every baseline that cannot be made is told");
}

static void check_cap(void)
{
    struct scene s;
    struct verified v;
    scene_begin(&s, EVIDENCE_NONE);
    for (int64_t i = 0; i < 1200; i++) {
        add_receipt(&s, 100 + i, false);
    }
    ok(verify_ledger(&s.r, &arena, &v, &s.e) == 0, "very many findings");
    is_int(v.n_found, 1200, "all are counted");
    is_int(v.findings.n, 1000, "a thousand are kept");
}

int main(void)
{
    const int n_faults = sizeof faults / sizeof faults[0];
    const int n_exports = sizeof export_faults / sizeof export_faults[0];
    tap_plan(2 * n_faults + n_exports + 9 + 6 + 3 + 3 + 4 + 2 + 2 + 3 + 2);
    if (!files_begin()) {
        return 1;
    }
    check_sound();
    for (int i = 0; i < n_faults; i++) {
        check_fault(&faults[i]);
    }
    for (int i = 0; i < n_exports; i++) {
        check_export(&export_faults[i]);
    }
    check_named();
    check_counts();
    check_said();
    check_asked();
    check_cap();
    check_growing();
    check_unasked();
    check_grown();
    files_end();
    arena_release(&arena);
    return tap_done();
}
