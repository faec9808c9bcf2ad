/* layer: evidence */
/* Evidence as files: what each mode writes, what of it is owed, what a ledger cannot give. */
#include "tap.h"

#include <unistd.h>

#include "doc/json.h"
#include "evidence/changes.h"
#include "evidence/export.h"
#include "evidence/pointer.h"
#include "evidence/receipts.h"
#include "evidence/state.h"
#include "evidence_files.h"
#include "evidence_ledger.h"

static struct arena arena;

/* Two migrations; only the second is looked at. */
struct scene {
    struct memory m;
    struct env env;
    struct archive r;
    struct past past;
    struct bundle bundle;
    struct doc *receipt;
    struct fact fact;
    struct err e;
};

static int baselines; /* their format; 0: the newest */

static void scene_begin(struct scene *s, enum evidence mode)
{
    *s = (struct scene){.env = {.name = "dev", .evidence = mode},
                        .bundle = {.id = "M-2", .dir = "migrations/M-2"}};
    memory_begin(&s->m, &arena);
    s->m.baselines = baselines;
    (void)memory_migration(&s->m, "M-1", "SELECT 1;");
    s->receipt = memory_migration(&s->m, "M-2", "SELECT 2;");
    const struct entry *en = &s->m.entries.v[1];
    s->fact = (struct fact){.sequence = 2,
                            .subject = "M-2",
                            .result = "success",
                            .run_id = en->run_id,
                            .finished_at = "",
                            .receipt = en->receipt};
    past_add(&arena, &s->past, &s->fact);
    s->bundle.checksum = s->m.blobs[3].digest;
    s->r = (struct archive){.ledger = memory_source(&s->m),
                            .env = &s->env,
                            .id = &s->m.id,
                            .entries = &s->m.entries,
                            .past = &s->past,
                            .dirfd = files_fd,
                            .bundles = &s->bundle,
                            .n_bundles = 1};
}

static int write_all(struct scene *s)
{
    struct sums sums;
    sums_begin(&sums, &s->r.ledger, s->fact.sequence);
    int rc = export_bundle(&s->r, &sums, &s->fact, &s->bundle, files_fd, s->bundle.dir,
                           s->env.evidence, &s->e);
    sums_release(&sums);
    return rc;
}

static struct bytes text_of(const char *name)
{
    struct bytes got = {NULL, 0};
    struct err e = {0};
    if (file_read(&arena, files_fd, name, 1 << 20, &got, NULL, &e) != 0) {
        got = bytes_str("(missing)");
    }
    return got;
}

/* How many regular files stand there. */
static int count_files(void)
{
    FILE *f = popen(arena_printf(&arena, "find %s/migrations -type f | wc -l", files_path), "r");
    int n = -1;
    if (f != NULL && fscanf(f, "%d", &n) != 1) {
        n = -1;
    }
    return f != NULL && pclose(f) == 0 ? n : -1;
}

/* The list beside each baseline of the newest format is the one it is about. */
static void check_lists(const char *sub, bool has_them)
{
    static const char *const names[] = {"pre", "post"};
    for (size_t i = 0; i < 2; i++) {
        struct err e = {0};
        const char *path =
            arena_printf(&arena, "migrations/M-2/baselines/%s%s.json", sub, names[i]);
        const char *list = object_list_path(&arena, path);
        ok(has_them ? object_list_check(text_of(path), text_of(list), &e) == 0
                    : bytes_eq(text_of(list), bytes_str("(missing)")),
           list);
    }
}

static void check_outputs(struct scene *s, const char *sub, bool has_lists)
{
    static const char *const uris[][2] = {{"baselines", "pre.json"},
                                          {"baselines", "post.json"},
                                          {"diffs", "summary.json"},
                                          {"diffs", "touched.csv"}};
    const struct doc *outputs = doc_find(s->receipt, "claim.outputs");
    for (size_t i = 0; i < 4; i++) {
        char digest[DIGEST_TEXT];
        const char *path =
            arena_printf(&arena, "migrations/M-2/%s/%s%s", uris[i][0], sub, uris[i][1]);
        struct digest d = digest_of(text_of(path));
        is_str(digest_text(&d, digest), doc_str(outputs->item[i], "digest", ""), path);
    }
    const char *path = arena_printf(&arena, "migrations/M-2/receipts/%srun_receipt.json", sub);
    ok(bytes_eq(text_of(path), s->m.receipts.v[1].body), path);
    check_lists(sub, has_lists);
    is_int(count_files(), has_lists ? 7 : 5, "and nothing else");
}

static void test_modes(void)
{
    struct scene s;
    scene_begin(&s, EVIDENCE_BUNDLE);
    files_put("migrations/M-2/diffs/.kfmig-0123456789abcdef.tmp", "of a killed run");
    is_int(write_all(&s), 0, "a bundle");
    check_outputs(&s, "", true);
    files_clear();
    scene_begin(&s, EVIDENCE_FOLDER);
    is_int(write_all(&s), 0, "a folder");
    check_outputs(&s, "dev/", true);
    files_clear();
    baselines = 1;
    scene_begin(&s, EVIDENCE_BUNDLE);
    baselines = 0;
    is_int(write_all(&s), 0, "a bundle of an older version");
    check_outputs(&s, "", false);
    files_clear();
    scene_begin(&s, EVIDENCE_POINTER);
    is_int(write_all(&s), 0, "a pointer");
    is_int(count_files(), 1, "one file");
    struct bytes text = text_of("migrations/M-2/receipts/receipt_ref.json");
    const struct doc *d = json_read(&arena, text, "pointer", &s.e);
    char digest[DIGEST_TEXT];
    is_str(doc_str(d, "format", ""), "kfmig.receipt_ref.v1", "its format");
    is_str(doc_str(d, "uri", ""), "kfmig:ledger:" UUID ":2", "where the receipt is");
    is_str(doc_str(d, "sha256", ""), digest_text(&s.m.entries.v[1].receipt, digest),
           "what it hashes to");
    is_str(doc_str(d, "migration_id", ""), "M-2", "whose it is");
    is_str(doc_str(d, "run_id", ""), s.fact.run_id, "which run");
    is_str(doc_str(d, "environment", ""), "dev", "where");
    is_int(doc_num(d, "sequence", 0), 2, "its position");
    files_clear();
}

static void test_pointer(void)
{
    struct pointer got;
    struct err e = {0};
    struct pointer p = {.migration_id = "M-2",
                        .environment = "dev",
                        .run_id = "r",
                        .uri = pointer_uri(&arena, UUID, 7),
                        .sequence = 7,
                        .sha256 = digest_of(bytes_str("x"))};
    ok(pointer_read(&arena, pointer_write(&arena, &p), "ref", &got, &e) == 0, "a pointer is read");
    ok(strcmp(got.migration_id, p.migration_id) == 0 &&
           strcmp(got.environment, p.environment) == 0 && strcmp(got.run_id, p.run_id) == 0,
       "whose it is");
    ok(strcmp(got.uri, p.uri) == 0 && got.sequence == 7 && digest_eq(&got.sha256, &p.sha256),
       "where it points");
    ok(pointer_read(&arena, bytes_str("[]"), "x/ref", &got, &e) == -1 &&
           strcmp(e.where.path, "x/ref") == 0,
       "a list is none");
    ok(pointer_read(&arena, bytes_str("{}"), "ref", &got, &e) == 0 && digest_is_zero(&got.sha256) &&
           got.uri[0] == '\0',
       "one that says nothing");
}

static void check_refused(struct scene *s, const char *name, const char *says)
{
    if (!ok(write_all(s) == -1 && s->e.code == ERR_INTEGRITY && strstr(s->e.msg, says) != NULL,
            name)) {
        printf("# %s\n", s->e.msg);
    }
    ok(count_files() <= 5 &&
           bytes_eq(text_of("migrations/M-2/receipts/run_receipt.json"), bytes_str("(missing)")),
       "no receipt is written");
    files_clear();
}

static void test_refused(void)
{
    struct scene s;
    scene_begin(&s, EVIDENCE_BUNDLE);
    files_put("migrations/x", "");
    s.bundle.id = "M-9";
    check_refused(&s, "a receipt about another", "the receipt of ledger entry 2 is not about M-9");
    scene_begin(&s, EVIDENCE_BUNDLE);
    files_put("migrations/x", "");
    s.m.receipts.v[1].body.n--;
    check_refused(&s, "an altered receipt",
                  "the receipt of ledger entry 2 is not the one that the entry names");
    scene_begin(&s, EVIDENCE_BUNDLE);
    files_put("migrations/x", "");
    s.m.receipts.n = 1;
    check_refused(&s, "no receipt", "ledger entry 2 has no receipt");
    scene_begin(&s, EVIDENCE_BUNDLE);
    files_put("migrations/x", "");
    s.m.blobs[4].digest.b[0] ^= 1;
    check_refused(&s, "a text is missing", "the ledger lacks diffs/summary.json of entry 2");
    scene_begin(&s, EVIDENCE_BUNDLE);
    files_put("migrations/x", "");
    s.m.objects[0].fingerprint.b[0] ^= 1;
    check_refused(&s, "another past",
                  "baselines/pre.json of ledger entry 2 is not what its receipt names");
}

static void test_receipts(void)
{
    struct scene s;
    struct bytes body = {NULL, 0};
    struct doc *d = NULL;
    const struct digest any = {{0}};
    scene_begin(&s, EVIDENCE_NONE);
    ok(receipts_read(&s.r.ledger, &arena, &s.fact, &d, &s.e) == 0, "a receipt by its fact");
    is_str(doc_str(d, "run_id", ""), s.fact.run_id, "is that of the run");
    s.m.receipts.v[1].body = bytes_str("{");
    ok(receipts_body(&s.r.ledger, &arena, 2, s.fact.run_id, &any, &body, &s.e) == 0 &&
           bytes_eq(body, bytes_str("{")),
       "unchecked where no digest is known");
    ok(receipts_parse(&arena, body, 2, &d, &s.e) == -1 && s.e.code == ERR_INTEGRITY &&
           strstr(s.e.msg, "the receipt of ledger entry 2 is no JSON") != NULL,
       "no JSON");
    ok(receipts_read(&s.r.ledger, &arena, &s.fact, &d, &s.e) == -1 &&
           strstr(s.e.hint, "kfmig receipt verify") != NULL,
       "and the hint");
}

static void is_state(struct scene *s, enum export_state want, const char *name)
{
    is_int(evidence_state(&s->r, &s->bundle), want, name);
}

static void test_state_files(enum evidence mode, const char *receipt, const char *diff)
{
    struct scene s;
    scene_begin(&s, mode);
    is_state(&s, EXPORT_MISSING, "owed before it is written");
    (void)!write_all(&s);
    is_state(&s, EXPORT_DONE, "done when it is");
    if (diff != NULL) {
        files_put(diff, "{}");
        is_state(&s, EXPORT_ALTERED, "an altered diff");
        (void)unlinkat(files_fd, diff, 0);
        is_state(&s, EXPORT_MISSING, "a missing diff");
    }
    files_put(receipt, "{}");
    is_state(&s, EXPORT_ALTERED, "a receipt that names nothing");
    files_put(receipt, "{");
    is_state(&s, EXPORT_ALTERED, "a receipt that is no JSON");
    (void)unlinkat(files_fd, receipt, 0);
    is_state(&s, EXPORT_MISSING, "a missing receipt");
    (void)!write_all(&s);
    s.bundle.checksum.b[0] ^= 1;
    s.past = (struct past){0};
    s.fact.receipt.b[0] ^= 1;
    past_add(&arena, &s.past, &s.fact);
    is_state(&s, EXPORT_ALTERED, "that of other content");
    files_clear();
}

static void test_state(void)
{
    struct scene s;
    scene_begin(&s, EVIDENCE_NONE);
    is_state(&s, EXPORT_DONE, "nothing is wanted");
    ok(evidence_states(&s.r, &arena) == NULL, "of nobody");
    scene_begin(&s, EVIDENCE_BUNDLE);
    is_state(&s, EXPORT_MISSING, "a bundle without evidence");
    s.bundle.has_evidence = s.bundle.evidence_intact = true;
    s.bundle.evidence_checksum = s.bundle.checksum;
    is_state(&s, EXPORT_DONE, "with it");
    s.bundle.evidence_intact = false;
    is_state(&s, EXPORT_ALTERED, "with altered files");
    s.bundle.evidence_checksum.b[0] ^= 1;
    is_state(&s, EXPORT_MISSING, "with that of other content");
    is_int(evidence_states(&s.r, &arena)[0], EXPORT_MISSING, "in the list too");
    s.bundle.id = "M-7";
    is_state(&s, EXPORT_DONE, "what is not applied owes nothing");
    test_state_files(EVIDENCE_FOLDER, "migrations/M-2/receipts/dev/run_receipt.json",
                     "migrations/M-2/diffs/dev/summary.json");
    test_state_files(EVIDENCE_POINTER, "migrations/M-2/receipts/receipt_ref.json", NULL);
}

static struct artifact artifact_of(const char *path, const char *text)
{
    struct bytes b = bytes_str(text);
    return (struct artifact){path, digest_of(b), b};
}

static void test_changes(void)
{
    struct scene s;
    struct file_change *c = NULL;
    size_t n = 0;
    scene_begin(&s, EVIDENCE_NONE);
    struct artifact files[] = {artifact_of("migrations/M-2/forward.sql", "SELECT 2;")};
    struct artifact more[] = {artifact_of("migrations/M-2/rollback.sql", "SELECT 0;")};
    struct decl d = {.forward = {files, 1, 1}};
    ok(changes_find(&s.r.ledger, &arena, &s.fact, &d, &c, &n, &s.e) == 0 && n == 0,
       "nothing changed");
    files[0] = artifact_of("migrations/M-2/forward.sql", "SELECT 9;");
    d.rollback = (struct artifacts){more, 1, 1};
    ok(changes_find(&s.r.ledger, &arena, &s.fact, &d, &c, &n, &s.e) == 0 && n == 2,
       "one changed, one is new");
    is_str(c[0].path, "migrations/M-2/forward.sql", "the changed one");
    is_str(c[0].old_excerpt, "SELECT 2;", "as it was");
    is_str(c[0].new_excerpt, "SELECT 9;", "as it is");
    is_str(c[1].path, "migrations/M-2/rollback.sql", "the new one");
    is_str(c[1].was, "", "was not there");
    s.m.blobs[3].digest.b[0] ^= 1;
    ok(changes_find(&s.r.ledger, &arena, &s.fact, &d, &c, &n, &s.e) == 0 && c[0].first_line == 0 &&
           c[0].old_excerpt == NULL,
       "without the old text no lines");
    d.forward.n = 0;
    ok(changes_find(&s.r.ledger, &arena, &s.fact, &d, &c, &n, &s.e) == 0 && n == 2 &&
           c[0].now[0] == '\0',
       "one is gone");
    s.m.unreadable = s.m.entries.v[1].receipt;
    s.m.receipts.n = 0;
    ok(changes_find(&s.r.ledger, &arena, &s.fact, &d, &c, &n, &s.e) == -1 &&
           s.e.code == ERR_INTEGRITY,
       "no receipt");
}

int main(void)
{
    tap_plan(5 + 13 + 10 + 10 + 5 + 8 + 8 + 6 + 10 + 4 + 9);
    if (!files_begin()) {
        return 1;
    }
    test_modes();
    test_pointer();
    test_refused();
    test_receipts();
    test_state();
    test_changes();
    files_end();
    arena_release(&arena);
    return tap_done();
}
