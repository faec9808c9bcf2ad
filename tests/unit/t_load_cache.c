/* layer: load */
/* Loading with a cache: the same result, and every change is seen; evidence, which depends on more files than any other thing. */
#include "tap.h"

#include "load/looks.h"
#include "load/row.h"
#include "project.h"

#define DIR "migrations/postgis/M-1"
#define FORGED "forged"

static void start(void)
{
    project_start();
    project_bundle("M-1", "depends_on: []\n");
    project_put(DIR "/notes.md", "notes\n");
    project_put(DIR "/invariants/a.sql", "SELECT 1 WHERE false;\n");
}

static bool is_cached(const char *kind, const char *name)
{
    struct arena a = {0};
    struct bytes row;
    bool found = project_cached(kind, name, &a, &row);
    arena_release(&a);
    return found;
}

static bool names_end(const char *name, const char *end)
{
    size_t n = strlen(name);
    return n >= strlen(end) && strcmp(name + n - strlen(end), end) == 0;
}

/* In a row whose stamps fit, what comes from the row and not from the files can be told. */
static void forge(void)
{
    struct loaded l;
    struct arena a = {0};
    struct buf row = {0};
    struct used used = {.a = &a};
    static const char *const paths[] = {"M-1",
                                        "M-1/migration.yml",
                                        "M-1/forward.sql",
                                        "M-1/rollback.sql",
                                        "M-1/invariants",
                                        "M-1/invariants/a.sql",
                                        "M-1/notes.md"};
    int folder = openat(project_fd, "migrations/postgis", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct stamp s;
        (void)used_look(folder, paths[i], &s);
        used_add(&used, paths[i], &s);
    }
    (void)close(folder);
    project_load(&l, false);
    struct bundle b = l.p.bundle[0];
    b.change_class = FORGED;
    row_encode(&row, &b, &used);
    struct cache *c = cache_open(project_fd, project_path);
    cache_put(c, ROW_BUNDLE, bytes_str(DIR), buf_bytes(&row));
    cache_close(c);
    buf_release(&row);
    project_unload(&l);
    arena_release(&a);
}

static bool is_forged(void)
{
    struct loaded l;
    project_load(&l, true);
    bool forged = l.p.n_bundle > 0 && strcmp(l.p.bundle[0].change_class, FORGED) == 0;
    project_unload(&l);
    return forged;
}

/* --- every change is seen --------------------------------------------------------------------------- */

static void no_change(void)
{
}

static void same_size(void)
{
    project_put(DIR "/forward.sql", "CREATE TABLE app.u ();\n");
}

/* The modification time can be set back; the time of the change cannot. */
static void same_size_and_time(void)
{
    struct stat st;
    (void)fstatat(project_fd, DIR "/forward.sql", &st, 0);
    same_size();
    const struct timespec times[] = {st.st_atim, st.st_mtim};
    (void)utimensat(project_fd, DIR "/forward.sql", times, 0);
}

static void replaced(void)
{
    project_put(DIR "/new", "DROP TABLE app.u;\n");
    (void)renameat(project_fd, DIR "/new", project_fd, DIR "/rollback.sql");
}

static void declaration_touched(void)
{
    project_bundle("M-1", "depends_on: []\nlock_retries: 1\n");
}

static void notes_removed(void)
{
    (void)unlinkat(project_fd, DIR "/notes.md", 0);
}

static void notes_edited(void)
{
    project_put(DIR "/notes.md", "NOTES\n");
}

static void invariant_added(void)
{
    project_put(DIR "/invariants/b.sql", "SELECT 2 WHERE false;\n");
}

static void invariant_edited(void)
{
    project_put(DIR "/invariants/a.sql", "SELECT 2 WHERE false;\n");
}

static void receipts_made(void)
{
    project_put(DIR "/receipts/x", "");
}

static void forward_becomes_symlink(void)
{
    (void)renameat(project_fd, DIR "/forward.sql", project_fd, DIR "/real.sql");
    (void)symlinkat("real.sql", project_fd, DIR "/forward.sql");
}

static void forward_removed(void)
{
    (void)unlinkat(project_fd, DIR "/forward.sql", 0);
}

static void bundle_removed(void)
{
    (void)renameat(project_fd, DIR, project_fd, "gone");
}

static const struct change_row {
    const char *name;
    void (*change)(void);
    bool forged;
} changes[] = {
    {"nothing changed: the cache is believed", no_change, true},
    {"an edit of the same size", same_size, false},
    {"an edit of the same size and modification time", same_size_and_time, false},
    {"another file of the same name", replaced, false},
    {"an edited declaration", declaration_touched, false},
    {"notes that are gone", notes_removed, false},
    {"edited notes", notes_edited, false},
    {"a new invariant", invariant_added, false},
    {"an edited invariant", invariant_edited, false},
    {"receipts/ that were not there", receipts_made, false},
    {"a symlink where the file was", forward_becomes_symlink, false},
    {"a file that is gone", forward_removed, false},
    {"a bundle that is gone", bundle_removed, false},
};

static void test_changes(void)
{
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        start();
        forge();
        changes[i].change();
        ok(is_forged() == changes[i].forged, changes[i].name);
    }
}

/* --- the look of all files --------------------------------------------------------------------------- */

static void bundle_added(void)
{
    project_bundle("M-2", "");
}

static void flat_added(void)
{
    project_put("migrations/db/0001_a.up.sql", "CREATE TABLE app.a ();\n");
}

static void old_flat_added(void)
{
    project_put("backend/db/migrations/0001_a.up.sql", "CREATE TABLE app.a ();\n");
}

static void repeatable_added(void)
{
    project_put("migrations/postgis/repeatable/a.sql", "CREATE VIEW app.v AS SELECT 1;\n");
}

static void store_added(void)
{
    project_declare("search", "S-1", "");
}

static void environments_added(void)
{
    project_put("registry/environments.v1.yml", "environments: {}\n");
}

static void registry_added(void)
{
    project_put("registry/migrations.v1.json", "{\"version\": 1, \"migrations\": []}\n");
}

static void projection_added(void)
{
    project_put("registry/projections/wells.yml", "projection: wells\n");
}

static const struct change_row others[] = {
    {"a new bundle", bundle_added, false},
    {"a flat migration", flat_added, false},
    {"one in the other folder of reference 004", old_flat_added, false},
    {"a repeatable definition", repeatable_added, false},
    {"a bundle of another store", store_added, false},
    {"environments", environments_added, false},
    {"a registry", registry_added, false},
    {"a projection", projection_added, false},
};

/* Into *text how the project looks, once its files are old enough. */
static void take_looks(struct buf *text)
{
    bool is_taken = false;
    while (!is_taken) {
        struct loaded l;
        struct looks begun;
        buf_clear(text);
        looks_begin(project_fd, &begun);
        project_load(&l, true);
        is_taken = looks_encode(&l.p, l.cache, &begun, text);
        project_unload(&l);
    }
}

static bool looks_as(struct bytes text)
{
    struct looks now;
    looks_begin(project_fd, &now);
    return looks_same(project_fd, &now, text);
}

static void test_looks(const struct change_row *v, size_t n)
{
    struct buf text = {0};
    for (size_t i = 0; i < n; i++) {
        char name[128];
        start();
        take_looks(&text);
        v[i].change();
        (void)snprintf(name, sizeof name, "%s, by the look of all", v[i].name);
        ok(looks_as(buf_bytes(&text)) == v[i].forged, name);
    }
    buf_release(&text);
}

/* Cut off or changed anywhere, it is no look of this project, and does no harm. */
static void test_odd_looks(void)
{
    struct buf text = {0};
    int believed = 0;
    start();
    project_bundle("M-2", "");
    take_looks(&text);
    bool is_good = looks_as(buf_bytes(&text));
    for (size_t n = 0; n < text.n; n++) {
        char *cut = malloc(n + 1);
        memcpy(cut, text.p, n);
        believed += looks_as(bytes_of(cut, n));
        free(cut);
        text.p[n] = (char)(text.p[n] ^ 4);
        believed += looks_as(buf_bytes(&text));
        text.p[n] = (char)(text.p[n] ^ 4);
    }
    ok(is_good && believed == 0, "a look that is cut off, or of which a byte is another");
    buf_release(&text);
}

/* What changed between the first look and the last is in neither, and what was only just written may yet change. */
static void test_no_looks(void)
{
    struct loaded l;
    struct looks begun;
    struct buf text = {0};
    start();
    take_looks(&text);
    looks_begin(project_fd, &begun);
    project_load(&l, true);
    registry_added();
    ok(!looks_encode(&l.p, l.cache, &begun, &text), "no look where the registry came meanwhile");
    project_unload(&l);
    looks_begin(project_fd, &begun);
    project_load(&l, true);
    ok(!looks_encode(&l.p, l.cache, &begun, &text), "nor where it is new");
    project_unload(&l);
    start();
    take_looks(&text);
    looks_begin(project_fd, &begun);
    project_load(&l, true);
    same_size();
    ok(!looks_encode(&l.p, l.cache, &begun, &text), "nor where a bundle changed meanwhile");
    project_unload(&l);
    start();
    flat_added();
    project_warm_up(ROW_BUNDLE, DIR);
    looks_begin(project_fd, &begun);
    project_load(&l, true);
    ok(!looks_encode(&l.p, l.cache, &begun, &text), "nor of flat migrations");
    project_unload(&l);
    looks_begin(project_fd, &begun);
    project_load(&l, false);
    ok(!looks_encode(&l.p, NULL, &begun, &text), "nor without a cache");
    project_unload(&l);
    buf_release(&text);
}

static struct digest digest_of_first(bool with_cache)
{
    struct loaded l;
    project_load(&l, with_cache);
    struct digest d = l.p.n_bundle > 0 ? l.p.bundle[0].bundle_digest : (struct digest){{0}};
    project_unload(&l);
    return d;
}

static void test_same(void)
{
    struct loaded cold;
    struct loaded warm;
    start();
    project_put("registry/migrations.v1.json",
                "{\"version\": 1, \"migrations\": [{\"id\": \"M-1\", \"type\": \"postgis\", "
                "\"owners\": [], \"status\": "
                "\"merged\"}]}\n");
    project_bundle("M-2", "depends_on: [M-1, M-3]\nlock_retries: 3\n");
    project_bundle("M-3", "depends_on: []\n");
    project_warm_up(ROW_BUNDLE, DIR);
    ok(is_cached(ROW_BUNDLE, DIR), "a bundle is put into the cache when its files are old enough");
    while (!is_cached(ROW_REGISTRY, "registry/migrations.v1.json") ||
           !is_cached(ROW_BUNDLE, "migrations/postgis/M-3")) {
        project_load(&warm, true);
        project_unload(&warm);
    }
    project_load(&cold, false);
    project_load(&warm, true);
    bool same = cold.p.n_bundle == 3 && warm.p.n_bundle == 3;
    for (size_t i = 0; i < 3 && same; i++) {
        const struct bundle *a = &cold.p.bundle[i];
        const struct bundle *b = &warm.p.bundle[i];
        same = strcmp(a->id, b->id) == 0 && strcmp(a->dir, b->dir) == 0 && a->store == b->store &&
               strcmp(a->folder, b->folder) == 0 && digest_eq(&a->checksum, &b->checksum) &&
               digest_eq(&a->bundle_digest, &b->bundle_digest) &&
               a->has_depends == b->has_depends && a->depends_on.n == b->depends_on.n &&
               a->depends_line == b->depends_line && a->requires_rollback == b->requires_rollback &&
               strcmp(a->change_class, b->change_class) == 0 &&
               (a->status == NULL) == (b->status == NULL);
        for (size_t k = 0; k < a->depends_on.n && same; k++) {
            same = strcmp(a->depends_on.v[k], b->depends_on.v[k]) == 0;
        }
    }
    ok(same, "what comes from the cache is what comes from the files");
    is_str(warm.p.bundle[0].status, "merged", "with the registry's statuses");
    struct err e = {0};
    is_int(load_decl(&warm.p, &warm.p.bundle[1], &e), 0,
           "a cached bundle's declaration can be loaded");
    is_int(warm.p.bundle[1].decl->lock_retries, 3, "from its file");
    project_unload(&cold);
    project_unload(&warm);
    project_put("registry/migrations.v1.json", "{\"version\": 1, \"migrations\": []}\n");
    project_load(&warm, true);
    ok(warm.p.bundle[0].status == NULL, "a changed registry is read again");
    project_unload(&warm);
    (void)renameat(project_fd, DIR, project_fd, "gone");
    project_load(&warm, true);
    project_unload(&warm);
    ok(!is_cached(ROW_BUNDLE, DIR), "the row of a bundle that is gone goes too");
}

static void test_not_cached(void)
{
    struct loaded l;
    start();
    project_load(&l, true);
    project_unload(&l);
    ok(!is_cached(ROW_BUNDLE, DIR), "files that were just written are not put into the cache");
    /* Edits as fast as they can be: each is seen. */
    int missed = 0;
    for (int i = 0; i < 300; i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "CREATE TABLE app.t%03d ();\n", i);
        project_put(DIR "/forward.sql", text);
        struct digest warm = digest_of_first(true);
        struct digest cold = digest_of_first(false);
        missed += !digest_eq(&warm, &cold);
    }
    is_int(missed, 0, "300 edits in a row, each of the same size, are all seen");
    start();
    project_put(DIR "/forward.sql", "\xFF");
    project_put("migrations/postgis/M-2/x", "");
    project_bundle("M-3", "depends_on: []\n");
    while (!is_cached(ROW_BUNDLE, "migrations/postgis/M-3")) {
        project_load(&l, true);
        project_unload(&l);
    }
    ok(!is_cached(ROW_BUNDLE, DIR), "a bundle with faults is never put into the cache");
    project_load(&l, true);
    is_int(l.p.faults.n, 2, "so that its faults are found again");
    project_unload(&l);
}

/* Rows as they could stand in a cache that something else wrote: none of them is believed, none does harm. */
static void test_odd_rows(void)
{
    struct arena a = {0};
    struct buf row = {0};
    struct used used = {.a = &a};
    struct stamp s;
    int folder;
    start();
    folder = openat(project_fd, "migrations/postgis", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *many[] = {"x", "y"};
    struct bundle b = {
        .id = "M-1", .change_class = "class", .depends_on = {many, 2, 2}, .has_depends = true};
    (void)used_look(folder, "M-1", &s);
    used_add(&used, "M-1", &s);
    row_encode(&row, &b, &used);
    struct bundle out = {.id = "M-1", .change_class = ""};
    ok(row_decode(&a, folder, "M-1", buf_bytes(&row), &out), "a good row");
    ok(out.depends_on.n == 2 && names_end(out.depends_on.v[1], "y"), "gives what it was made of");
    int believed = 0;
    for (size_t n = 0; n < row.n; n++) {
        char *cut = malloc(n + 1);
        memcpy(cut, row.p, n);
        struct bundle short_out = {.id = "M-1", .change_class = ""};
        believed += row_decode(&a, folder, "M-1", bytes_of(cut, n), &short_out);
        free(cut);
    }
    is_int(believed, 0, "a row that is cut off anywhere is not believed");
    buf_putc(&row, 'x');
    ok(!row_decode(&a, folder, "M-1", buf_bytes(&row), &out), "nor one with something behind it");
    out.store = STORE_GRAPH;
    row.n--;
    ok(!row_decode(&a, folder, "M-1", buf_bytes(&row), &out), "nor one of another store");
    (void)close(folder);
    buf_release(&row);
    arena_release(&a);
}

/* --- evidence --------------------------------------------------------------------------------------- */

static const char empty_digest[] =
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char one_digest[] =
    "sha256:0000000000000000000000000000000000000000000000000000000000000001";

static void put_receipt(const char *id, const char *result, const char *uri, const char *digest)
{
    char text[4096];
    (void)snprintf(
        text, sizeof text,
        "{\"format\":\"kfmig.run_receipt.v1\",\"run_id\":\"11111111-2222-4333-8444-555555555555\","
        "\"run_kind\":\"db_migration\",\"migration_id\":\"%s\",\"environment\":\"dev\",\"result\":"
        "\"%s\","
        "\"started_at\":\"2026-01-01T00:00:00.000000Z\",\"finished_at\":\"2026-01-01T00:00:01."
        "000000Z\","
        "\"actor\":{\"type\":\"human\",\"id\":\"ada\"},\"repo\":{\"commit_sha\":null,\"pr\":null},"
        "\"target\":{\"environment\":\"dev\",\"db\":\"kfm\",\"schema\":null,\"server_version\":"
        "150000},"
        "\"migrations\":[],\"tool\":{\"name\":\"kfmig\",\"version\":\"0\"},"
        "\"ledger\":{\"instance\":\"11111111-2222-4333-8444-555555555555\",\"sequence\":1,"
        "\"previous\":\"%s\"},"
        "\"notes\":\"\",\"links\":{},\"checksums\":{},\"claim\":{\"checksum\":\"%s\",\"bundle_"
        "digest\":\"%s\","
        "\"inputs\":[],\"outputs\":[{\"uri\":\"baselines/"
        "pre.json\",\"digest\":\"%s\",\"media_type\":\"a/b\"},"
        "{\"uri\":\"%s\",\"digest\":\"%s\",\"media_type\":\"a/"
        "b\"}],\"baselines\":{\"pre\":null,\"post\":null},"
        "\"diff\":null,\"scope\":{},\"limits\":[],\"gates\":[],\"validation\":{\"status\":\"pass\","
        "\"invariants\":[]},"
        "\"policy\":{\"approval\":\"none\",\"protected\":{\"schemas\":[],\"tables\":[],\"roles\":[]"
        "}}}}\n",
        id, result, one_digest, one_digest, one_digest, empty_digest, uri, digest);
    project_put(DIR "/receipts/run_receipt.json", text);
}

struct evidence_row {
    const char *name;
    const char *id, *result, *uri, *digest; /* of the receipt; id NULL: none is written */
    const char *other;                      /* text of receipts/run_receipt.json instead */
    bool with_file;                         /* baselines/pre.json is there */
    bool has, intact, all;
    size_t n_warnings;
};

static const struct evidence_row evidence_rows[] = {
    {"no receipts at all", NULL, NULL, NULL, NULL, NULL, true, false, false, false, 0},
    {"a receipt and its files", "M-1", "success", "baselines/pre.json", empty_digest, NULL, true,
     true, true, true, 0},
    {"a file that is missing", "M-1", "success", "baselines/pre.json", empty_digest, NULL, false,
     true, false, false, 0},
    {"a file that was altered", "M-1", "success", "baselines/pre.json", one_digest, NULL, true,
     true, false, true, 0},
    {"a file outside the bundle", "M-1", "success", "../../x", empty_digest, NULL, true, true,
     false, false, 0},
    {"an absolute path", "M-1", "success", "/etc/hosts", empty_digest, NULL, true, true, false,
     false, 0},
    {"a failed run", "M-1", "failed", "baselines/pre.json", empty_digest, NULL, true, false, false,
     false, 0},
    {"another migration's receipt", "M-2", "success", "baselines/pre.json", empty_digest, NULL,
     true, false, false, false, 1},
    {"a receipt that is no JSON", NULL, NULL, NULL, NULL, "{", true, false, false, false, 1},
    {"a receipt of another form", NULL, NULL, NULL, NULL, "{\"format\": 1}", true, false, false,
     false, 1},
    {"a receipt that is no text", NULL, NULL, NULL, NULL, "\xFF", true, false, false, false, 1},
    {"a receipt with a secret", NULL, NULL, NULL, NULL, "{\"x\": \"postgres://h/d\"}", true, false,
     false, false, 1},
};

static void test_evidence_row(const struct evidence_row *r)
{
    struct loaded l;
    start();
    if (r->with_file) {
        project_put(DIR "/baselines/pre.json", "");
    }
    if (r->id != NULL) {
        put_receipt(r->id, r->result, r->uri, r->digest);
    } else if (r->other != NULL) {
        project_put(DIR "/receipts/run_receipt.json", r->other);
    }
    project_load(&l, false);
    const struct bundle *b = &l.p.bundle[0];
    char text[DIGEST_TEXT];
    is_int(b->has_evidence, r->has, r->name);
    is_int(b->evidence_intact, r->intact, "intact?");
    is_int(!digest_is_zero(&b->evidence_files), r->all, "all there?");
    is_str(r->has ? digest_text(&b->evidence_checksum, text) : one_digest, one_digest,
           "for which checksum?");
    is_int(l.p.warnings.n, r->n_warnings, "warnings");
    is_int(l.p.faults.n, 0, "no faults");
    project_unload(&l);
}

static void evidence_of(bool *has, bool *intact)
{
    struct loaded l;
    project_load(&l, true);
    *has = l.p.bundle[0].has_evidence;
    *intact = l.p.bundle[0].evidence_intact;
    project_unload(&l);
}

static void test_evidence_cached(void)
{
    bool has;
    bool intact;
    start();
    project_put(DIR "/receipts/receipt_ref.json", "{}");
    project_warm_up(ROW_BUNDLE, DIR);
    put_receipt("M-1", "success", "baselines/pre.json", empty_digest);
    evidence_of(&has, &intact);
    ok(has && !intact, "a receipt that comes into an old receipts/ is seen");
    project_put(DIR "/baselines/pre.json", "");
    evidence_of(&has, &intact);
    ok(has && intact, "the file that it names, too");
    (void)unlinkat(project_fd, "state/kfmig.db", 0);
    project_warm_up(ROW_BUNDLE, DIR);
    evidence_of(&has, &intact);
    ok(has && intact && is_cached(ROW_BUNDLE, DIR), "evidence is put into the cache");
    project_put(DIR "/baselines/pre.json", "x");
    evidence_of(&has, &intact);
    ok(has && !intact, "an altered file is seen through the cache");
    (void)unlinkat(project_fd, DIR "/receipts/run_receipt.json", 0);
    evidence_of(&has, &intact);
    ok(!has, "a receipt that is gone as well");
}

int main(void)
{
    size_t n_changes = sizeof changes / sizeof changes[0];
    size_t n_others = sizeof others / sizeof others[0];
    size_t n_evidence = sizeof evidence_rows / sizeof evidence_rows[0];
    tap_plan(2 * (int)n_changes + (int)n_others + 6 + 7 + 4 + 5 + 6 * (int)n_evidence + 5);
    test_changes();
    test_looks(changes, n_changes);
    test_looks(others, n_others);
    test_odd_looks();
    test_no_looks();
    test_same();
    test_not_cached();
    test_odd_rows();
    for (size_t i = 0; i < n_evidence; i++) {
        test_evidence_row(&evidence_rows[i]);
    }
    test_evidence_cached();
    project_remove();
    return tap_done();
}
