/* layer: site scripted */
/* A required environment that cannot be asked, and the signed receipts that it left: when they stand in for it. */
#include "scripted_site.h"

#include "attest/deliver.h"
#include "attest/keys.h"
#include "evidence/sink.h"
#include "evidence_files.h"
#include "evidence_ledger.h"
#include "load/checker.h"
#include "signing_key.h"

static struct arena arena;
static struct setting t;
static struct memory m;

static const char *key_row(void)
{
    struct ed25519_key *k = signing_key(&arena, 1);
    struct ed25519_public p = ed25519_public_of(k);
    struct digest id = ed25519_id(&p);
    struct buf text = {0};
    char name[DIGEST_TEXT];
    ed25519_public_write(&text, &p);
    const char *row = arena_printf(&arena,
                                   "{\"format\":\"kfmig.keys.v1\",\"keys\":[{\"key\":\"%s\","
                                   "\"public_key\":\"%s\",\"environment\":\"dev\",\"from\":1}]}",
                                   digest_text(&id, name), buf_str(&text));
    buf_release(&text);
    ed25519_close(k);
    return row;
}

/* dev's ledger of three migrations, delivered and signed into files_path/sink, as another machine did. */
static bool sign(const char *id)
{
    struct err e = {0};
    struct env env = {.name = "dev", .attest_key = "secret/key.pem"};
    files_clear();
    memory_begin(&m, &arena);
    (void)memory_migration(&m, id, "SELECT 1;");
    (void)memory_migration(&m, "M-8", "SELECT 2;");
    struct archive r = {.ledger = memory_source(&m),
                        .env = &env,
                        .id = &m.id,
                        .entries = &m.entries,
                        .dirfd = files_fd,
                        .sink = "sink",
                        .schema = checker_schema};
    files_put("secret/key.pem", signing_pem(&arena, 1));
    (void)fchmodat(files_fd, "secret/key.pem", 0600, 0);
    files_put(KEYS_PATH, key_row());
    bool good = sink_deliver(&r, &e) == 0 && attest_deliver(&r, &e) == 0;
    if (!good) {
        printf("# %s\n", e.msg);
    }
    return good;
}

static void seen(const char *uuid, int n)
{
    struct kept was;
    kept_make(&was, uuid, n);
    setting_remember_of(&t, "dev", &was);
}

static void seen_less(void)
{
    static struct site s;
    struct entry last = {.finished_at = MOMENT};
    struct merkle tree = {0};
    merkle_add(&tree, &m.entries.v[0].leaf);
    s = t.s;
    s.env = load_env(&t.l.p, "dev");
    s.id =
        (struct identity){.has_ledger = true, .size = 1, .uuid = UUID, .root = merkle_root(&tree)};
    s.entries = (struct entries){&last, 1, 1};
    site_remember(&s);
}

static void seen_otherwise(void)
{
    seen(UUID, 2);
}

static void seen_more(void)
{
    seen(UUID, 3);
}

static void seen_another(void)
{
    seen(OTHER_UUID, 1);
}

static void no_keys(void)
{
    project_put(KEYS_PATH, "{\"format\":\"kfmig.keys.v1\",\"keys\":[]}");
}

static void another_receipt(void)
{
    char command[256];
    (void)snprintf(command, sizeof command, "for f in %s/sink/dev/*/00000001-*; do echo >>$f; done",
                   files_path);
    (void)(system(command) == 0); /* NOLINT(cert-env33-c): a test's own words */
}

#define WHO "connect -> ok\n" IDENTIFY ENTRIES
#define NOT "connection refused by db.example:5432; nor do its signed receipts stand in for it: "

static const struct {
    const char *name;
    void (*with)(void);
    const char *words; /* all of them, or a part where it was neither asked nor read */
} rows[] = {
    {"signed receipts stand in", NULL, "files n 2 facts 2"},
    {"they continue what was seen here", seen_less, "files n 2 facts 2"},
    {"another ledger was seen here", seen_another, NOT},
    {"another ledger is told", seen_another,
     "is of another ledger than the last run here saw, " OTHER_UUID},
    {"more was seen here", seen_more,
     "ends with entry 2 of the ledger, the last run here saw entry 3"},
    {"something else was seen here", seen_otherwise,
     "is no continuation of the ledger that the last run here saw"},
    {"no key may sign", no_keys, "no key of registry/keys.v1.json signed its checkpoint"},
    {"a receipt is another", another_receipt, "is not the receipt that was signed"},
};
enum { N = sizeof rows / sizeof *rows };

static void play(size_t i)
{
    struct err e = {0};
    char left[1024] = "";
    bool good = sign("M-1");
    setting_project(arena_printf(&arena, "receipts: {sink: \"%s/sink\"}\n", files_path));
    project_put(KEYS_PATH, key_row());
    setting_open(&t, "live", LEDGER_UUID, 2);
    if (rows[i].with != NULL) {
        rows[i].with();
    }
    setting_play(&t, WHO "connect -> words Connection refused\n" LOOKED);
    int rc = site_plan(&t.s, true, &e);
    const struct upstream *u = t.s.world.upstream;
    if (rc == 0 && u->reachable) {
        (void)snprintf(left, sizeof left, "%s n %lld facts %zu",
                       u->files != NULL ? "files" : "asked", (long long)u->n, u->past->by_id.n);
    } else {
        (void)snprintf(left, sizeof left, "%s", rc == 0 ? u->why_not : e.msg);
    }
    good = good && rc == 0 && strstr(left, rows[i].words) != NULL;
    setting_close(&t);
    if (!ok(pq_played() && good, rows[i].name)) {
        printf("# %d: %s\n", rc, left);
    }
}

int main(void)
{
    if (!files_begin()) {
        return 1;
    }
    int rc = setting_each(N, play);
    files_end();
    arena_release(&arena);
    return rc;
}
