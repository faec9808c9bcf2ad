/* layer: evidence */
/* The sink: what it lacks is delivered, what it has is compared with the ledger. */
#include "tap.h"

#include <sys/stat.h>
#include <unistd.h>

#include "evidence/sink.h"
#include "evidence/verify_sink.h"
#include "evidence_files.h"
#include "evidence_ledger.h"

static struct arena arena;

static bool is_known; /* to the sink: what sink_check() said last */

struct scene {
    struct memory m;
    struct env env;
    struct archive r;
    struct err e;
};

static void scene_begin(struct scene *s, const char *sink)
{
    *s = (struct scene){.env = {.name = "dev"}};
    memory_begin(&s->m, &arena);
    (void)memory_migration(&s->m, "M-1", "SELECT 1;");
    (void)memory_migration(&s->m, "M-2", "SELECT 2;");
    (void)memory_migration(&s->m, "M-3", "SELECT 3;");
    s->r = (struct archive){.ledger = memory_source(&s->m),
                            .env = &s->env,
                            .id = &s->m.id,
                            .entries = &s->m.entries,
                            .dirfd = files_fd,
                            .sink = sink};
}

/* sink/dev/UUID/0000000N-RUN.json */
static const char *name_of(struct scene *s, size_t n)
{
    return arena_printf(&arena, "sink/dev/" UUID "/%08zu-%s.json", n,
                        s->m.receipts.v[n - 1].run_id);
}

static bool holds(const char *name, struct bytes want)
{
    struct bytes got = {NULL, 0};
    struct err e = {0};
    return file_read(&arena, files_fd, name, 1 << 20, &got, NULL, &e) == 0 && bytes_eq(got, want);
}

static bool is_there(const char *name)
{
    return faccessat(files_fd, name, F_OK, 0) == 0;
}

/* Counts the receipts that are read, and where reading began. */
static int64_t began_after, n_read;
static int counting(void *ctx, int64_t after, receipt_fn *each, void *each_ctx, struct err *e)
{
    began_after = after;
    n_read++;
    return memory_receipts(ctx, after, each, each_ctx, e);
}

static void test_deliver(void)
{
    struct scene s;
    scene_begin(&s, "sink");
    s.r.ledger.receipts = counting;
    is_int(sink_deliver(&s.r, &s.e), 0, "the first delivery");
    for (size_t i = 1; i <= 3; i++) {
        ok(holds(name_of(&s, i), s.m.receipts.v[i - 1].body), "the receipt as it was hashed");
    }
    is_int(began_after, 0, "read from the first");
    is_int(sink_deliver(&s.r, &s.e), 0, "the second delivery");
    is_int(n_read, 1, "asks the ledger for nothing");
    files_put(name_of(&s, 3), "kept");
    (void)unlinkat(files_fd, name_of(&s, 2), 0);
    is_int(sink_deliver(&s.r, &s.e), 0, "one was taken away");
    is_int(began_after, 1, "read from there");
    ok(holds(name_of(&s, 2), s.m.receipts.v[1].body), "it is there again");
    ok(holds(name_of(&s, 3), bytes_str("kept")), "what is there is left alone");
    files_clear();
    s.m.id.size = 2;
    ok(sink_deliver(&s.r, &s.e) == 0 && is_there(name_of(&s, 2)) && !is_there(name_of(&s, 3)),
       "no further than the entries that are known");
    files_clear();
}

static void test_nothing(void)
{
    struct scene s;
    scene_begin(&s, NULL);
    ok(sink_deliver(&s.r, &s.e) == 0 && sink_check(&s.r, &is_known, &s.e) == 0 && !is_known,
       "no sink");
    s.r.sink = "sink";
    s.m.id.has_ledger = false;
    ok(sink_deliver(&s.r, &s.e) == 0 && sink_check(&s.r, &is_known, &s.e) == 0 && !is_there("sink"),
       "no ledger");
    s.m.id.has_ledger = true;
    ok(sink_check(&s.r, &is_known, &s.e) == 0 && !is_known,
       "an empty sink says nothing against a ledger");
    files_put("sink", "a file");
    ok(sink_deliver(&s.r, &s.e) == -1, "a file in its place");
    (void)unlinkat(files_fd, "sink", 0);
    files_put("sink/dev/" UUID, "a file");
    ok(sink_deliver(&s.r, &s.e) == -1, "a file in the folder's place");
    files_clear();
}

static void test_absolute(void)
{
    struct scene s;
    scene_begin(&s, arena_printf(&arena, "%s/sink", files_path));
    ok(sink_deliver(&s.r, &s.e) == 0 && is_there(name_of(&s, 1)),
       "an absolute path is taken as it is");
    is_str(sink_folder(&arena, "/var/sink", "prod"), "var/sink/prod", "beneath the root");
    is_str(sink_folder(&arena, "sink", "prod"), "sink/prod", "beneath the project");
    files_clear();
}

static void test_unwritable(void)
{
    struct scene s;
    scene_begin(&s, "sink");
    files_put("sink/dev/" UUID "/x", "");
    /* A folder where the second receipt has to go. */
    if (mkdirat(files_fd, name_of(&s, 2), 0777) != 0) {
        printf("# cannot make a folder\n");
    }
    ok(sink_deliver(&s.r, &s.e) == 0, "a folder of that name counts as delivered");
    files_clear();
    files_put("sink/dev/" UUID "/x", "");
    (void)memory_migration(&s.m, "M-4", "SELECT 4;");
    s.m.receipts.v[3].run_id = arena_printf(&arena, "%0300d", 1);
    ok(sink_deliver(&s.r, &s.e) == -1 && s.e.code == ERR_VALIDATE,
       "what cannot be written is owed: ERR_VALIDATE");
    ok(is_there(name_of(&s, 3)), "what came before it is there");
    files_clear();
}

static void check_check(const char *file, const char *text, const char *name, const char *says)
{
    struct scene s;
    scene_begin(&s, "sink");
    files_put(arena_printf(&arena, "sink/dev/" UUID "/%s", file), text);
    int rc = sink_check(&s.r, &is_known, &s.e);
    if (says == NULL) {
        is_int(rc, 0, name);
    } else if (!ok(rc == -1 && strstr(s.e.msg, says) != NULL, name)) {
        printf("# %d %s\n", rc, s.e.msg);
    }
    files_clear();
}

static void test_check(void)
{
    struct scene s;
    scene_begin(&s, "sink");
    ok(sink_deliver(&s.r, &s.e) == 0 && sink_check(&s.r, &is_known, &s.e) == 0 && is_known,
       "a sink and its ledger");
    s.m.id.size = 2;
    ok(sink_check(&s.r, &is_known, &s.e) == -1 && s.e.code == ERR_INTEGRITY,
       "a ledger that went back");
    is_str(s.e.msg, "the ledger of \"dev\" has 2 entries, the sink has receipts up to 3",
           "says so");
    is_str(s.e.hint, "was the database restored from a backup? what happened since is in sink",
           "and the hint");
    s.m.id.size = 3;
    s.m.entries.v[0].leaf = merkle_leaf(bytes_str("another"));
    ok(sink_check(&s.r, &is_known, &s.e) == -1 && s.e.code == ERR_INTEGRITY,
       "a ledger that forked");
    is_str(s.e.msg,
           "the ledger of \"dev\" is not the one that receipt 3 in the sink was taken from",
           "says so");
    files_clear();
    check_check("00000002-x.json", "{\"ledger\":{\"previous\":null}}", "no root before",
                "receipt 2 in the sink");
    check_check("00000002-x.json", "{\"ledger\":{\"previous\":\"sha256:1\"}}",
                "a root that is none", "receipt 2 in the sink");
    check_check("00000002-x.json", "{", "a receipt that is no JSON", "");
    check_check("notes.txt", "", "other files are nobody's", NULL);
    check_check("0-x.json", "", "position 0 is none", NULL);
    check_check("12.json", "", "a number without a run is none", NULL);
}

/* --- the sink is held to the ledger ----------------------------------------------------------------- */

static void is_altered(struct scene *s)
{
    files_put(name_of(s, 2), "{}");
}

static void is_missing(struct scene *s)
{
    (void)unlinkat(files_fd, name_of(s, 3), 0);
}

static void is_unreadable(struct scene *s)
{
    (void)unlinkat(files_fd, name_of(s, 1), 0);
    (void)mkdirat(files_fd, name_of(s, 1), 0777);
}

static void is_beyond(struct scene *s)
{
    (void)s;
    files_put("sink/dev/" UUID "/00000009-x.json", "{}");
}

static void is_written_meanwhile(struct scene *s)
{
    is_beyond(s);
    s->m.id.size = 9;
}

static void is_anything_else(struct scene *s)
{
    (void)s;
    files_put("sink/dev/" UUID "/notes.txt", "");
    files_put("sink/dev/" UUID "/12.json", "");
    files_put("sink/dev/" UUID "/0-x.json", "");
}

static void is_no_folder(struct scene *s)
{
    (void)s;
    files_clear();
    files_put("sink", "a file");
}

static void is_none(struct scene *s)
{
    s->r.sink = NULL;
}

/* found: what is found, each behind the last part of its path; "": nothing. */
static const struct held_case {
    const char *name;
    void (*make)(struct scene *);
    size_t n_sunk, n_found;
    const char *found;
} held_cases[] = {
    {"as it was delivered", NULL, 3, 0, ""},
    {"no sink", is_none, 0, 0, ""},
    {"an altered receipt", is_altered, 2, 1, "not the receipt of ledger entry 2"},
    {"a missing one", is_missing, 2, 1,
     "lacks the receipt of ledger entry 3: the next run delivers it"},
    {"one that cannot be read", is_unreadable, 2, 1, "00000001"},
    {"one of no entry", is_beyond, 3, 1, "has a receipt of entry 9, the ledger has 3 entries"},
    {"one of an entry that was made meanwhile", is_written_meanwhile, 3, 0, ""},
    {"files that are nobody's", is_anything_else, 3, 0, ""},
    {"a file in its place", is_no_folder, 0, 1, "sink/dev"},
};

static void check_held(const struct held_case *c)
{
    struct scene s;
    struct verified v = {.n_found = 0};
    scene_begin(&s, "sink");
    int rc = sink_deliver(&s.r, &s.e);
    if (c->make != NULL) {
        c->make(&s);
    }
    verify_sink(&s.r, &s.m.entries, &arena, &v);
    const char *text = v.findings.n > 0 ? v.findings.v[0].text : "";
    bool is_right = rc == 0 && v.n_sunk == c->n_sunk && v.n_found == c->n_found &&
                    (v.n_found == 0 ? c->found[0] == '\0' : strstr(text, c->found) != NULL) &&
                    (v.n_found == 0 || strcmp(v.findings.v[0].rule, "sink") == 0);
    if (!ok(is_right, c->name)) {
        printf("# %zu right, %zu found: %s\n", v.n_sunk, v.n_found, text);
    }
    files_clear();
}

static void test_held(void)
{
    for (size_t i = 0; i < sizeof held_cases / sizeof *held_cases; i++) {
        check_held(&held_cases[i]);
    }
}

int main(void)
{
    tap_plan(35 + 9);
    if (!files_begin()) {
        return 1;
    }
    test_deliver();
    test_nothing();
    test_absolute();
    test_unwritable();
    test_check();
    test_held();
    files_end();
    arena_release(&arena);
    return tap_done();
}
