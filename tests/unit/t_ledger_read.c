/* layer: ledger */
/* run: needs=postgres */
/* Reading entries with and without a cache, and what an altered ledger or cache leads to. */
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger_server.h"

enum { PLANNED = 66, SIZE = 51 };

static char root_path[64];
static struct cache *cache;

static int read_all(struct pg *s, struct cache *c, struct entries *all)
{
    struct identity id = identify(s);
    struct merkle m;
    e = (struct err){0};
    return ledger_entries(s, &id, c, &arena, all, &m, &e);
}

/* Did the last reading do without the server? */
static bool asked_nothing(struct pg *s)
{
    return strcmp(pg_last_query(s), "ledger_identify_full") == 0;
}

static bool is_right(const struct entries *all, size_t n)
{
    bool good = all->n == n;
    for (size_t i = 0; i < all->n && good; i++) {
        good = all->v[i].sequence == (int64_t)i + 1 &&
               (i == 0 || strncmp(all->v[i].subject, "M", 1) == 0);
    }
    return good;
}

static struct bytes name_of(int sequence)
{
    char *name = arena_alloc(&arena, 8);
    name[7] = (char)sequence;
    return bytes_of(name, 8);
}

static const char *kind_of(struct pg *s)
{
    struct identity id = identify(s);
    return arena_printf(&arena, "ledger:%s", id.uuid);
}

static void test_cached(struct pg *s)
{
    struct entries all;
    is_int(read_all(s, cache, &all), 0, "the first reading");
    ok(is_right(&all, SIZE) && !asked_nothing(s), "asks the server");
    is_int(read_all(s, cache, &all), 0, "the second one");
    ok(is_right(&all, SIZE) && asked_nothing(s), "does without");
    is_int(read_all(s, NULL, &all), 0, "without a cache");
    ok(is_right(&all, SIZE) && !asked_nothing(s), "the server is asked");
}

static void count_row(void *ctx, struct bytes name, struct bytes value)
{
    (void)name, (void)value;
    ++*(int *)ctx;
}

static void test_tail(struct runner *r)
{
    struct entries all;
    struct bytes row;
    int n = 0;
    struct identity before = identify(r->s);
    record_alone(r, "M-tail", "run");
    is_int(read_all(r->s, cache, &all), 0, "one entry more");
    ok(is_right(&all, SIZE + 1) && !asked_nothing(r->s), "is asked for");
    is_int(read_all(r->s, cache, &all), 0, "and the next time");
    ok(asked_nothing(r->s), "it is in the cache");
    cache_each(cache, kind_of(r->s), count_row, &n);
    is_int(n, SIZE + 1, "which has a row per entry");
    bool has_row = cache_get(cache, kind_of(r->s), name_of(7), &arena, &row);
    struct digest leaf = merkle_leaf(has_row ? row : bytes_of("", 0));
    ok(has_row && digest_eq(&leaf, &all.v[6].leaf) && all.v[6].text.p == NULL,
       "named by its sequence, holding its text, which does not stay");
    struct merkle m;
    struct identity now = identify(r->s);
    is_int(ledger_entries_pass(r->s, &now, NULL, &m, &e), 0, "without keeping any");
    struct digest root = merkle_root(&m);
    ok(m.size == SIZE + 1 && digest_eq(&root, &now.root), "the tree is the same");
    is_int(ledger_entries(r->s, &before, cache, &arena, &all, &m, &e), 0,
           "an older state of the ledger");
    ok(is_right(&all, SIZE) && m.size == SIZE, "is read from a newer cache");
    n = 0;
    cache_each(cache, kind_of(r->s), count_row, &n);
    is_int(n, SIZE + 1, "which stays");
}

/* Whatever stands in the cache, the entries are the server's, and the cache is good again afterwards. */
static void spoil(struct pg *s, int sequence, struct bytes value, const char *what)
{
    struct entries all;
    cache_put(cache, kind_of(s), name_of(sequence), value);
    ok(read_all(s, cache, &all) == 0 && is_right(&all, SIZE + 1) && !asked_nothing(s), what);
    ok(read_all(s, cache, &all) == 0 && is_right(&all, SIZE + 1) && asked_nothing(s), "and mended");
}

static void test_spoilt(struct pg *s)
{
    struct entries all;
    struct buf forged = {0};
    must(read_all(s, cache, &all), "entries");
    struct entry en = all.v[9];
    en.run_id = "forged";
    entry_write(&forged, &en);
    spoil(s, 10, buf_bytes(&forged), "a forged entry in the cache is not believed");
    spoil(s, 10, bytes_of(NULL, 0), "a missing one is fetched");
    spoil(s, 1, bytes_of(NULL, 0), "a missing first one too");
    spoil(s, SIZE + 1, bytes_of(NULL, 0), "and a missing last one");
    spoil(s, 10, bytes_str("{}"), "garbage is not believed");
    spoil(s, 10, bytes_str(""), "nor nothing");
    spoil(s, 10, all.v[10].text, "nor an entry in another's place");
    buf_release(&forged);
}

/* The same while the ledger grew: neither the cache nor the ledger's tail alone is wrong. */
static void test_spoilt_and_grown(struct runner *r)
{
    struct entries all;
    struct buf forged = {0};
    must(read_all(r->s, cache, &all), "entries");
    struct entry en = all.v[3];
    en.subject = "Mforged";
    entry_write(&forged, &en);
    record_alone(r, "M-grown", "run");
    cache_put(cache, kind_of(r->s), name_of(4), buf_bytes(&forged));
    is_int(read_all(r->s, cache, &all), 0, "a forged entry and a new one");
    ok(is_right(&all, SIZE + 2) && strcmp(all.v[3].subject, "Mforged") != 0, "all is read again");
    ok(read_all(r->s, cache, &all) == 0 && asked_nothing(r->s), "and mended");
    buf_release(&forged);
}

/* Run sql as a superuser with the triggers off; reading must then find it out, and undo must mend it. */
static void tamper(struct pg *admin, struct pg *s, const char *sql, const char *undo)
{
    struct entries all;
    run(admin, sql);
    int rc = read_all(s, NULL, &all);
    if (!ok(rc == -1 && e.code == ERR_INTEGRITY && e.hint[0] != '\0', sql)) {
        server_explain(&e);
    }
    run(admin, undo);
    must(read_all(s, NULL, &all), undo);
}

static void test_tampered(struct pg *s)
{
    struct pg *admin = session(ADMIN);
    struct entries all;
    run(admin, "ALTER TABLE kfmig.entry DISABLE TRIGGER append_only");
    run(admin, "ALTER TABLE kfmig.receipt DROP CONSTRAINT IF EXISTS receipt_seq_fkey");
    run(admin, "CREATE TABLE public.saved AS SELECT * FROM kfmig.entry");
    run(admin, "GRANT SELECT ON public.saved TO kfmig");
#define RESTORE                                                                                    \
    "INSERT INTO kfmig.entry SELECT * FROM public.saved ON CONFLICT (seq) DO UPDATE SET text = "   \
    "excluded.text"
    tamper(admin, s, "UPDATE kfmig.entry SET text = replace(text, 'M7', 'M8') WHERE seq = 8",
           RESTORE);
    tamper(admin, s, "UPDATE kfmig.entry SET text = text || ' ' WHERE seq = 8", RESTORE);
    tamper(admin, s, "UPDATE kfmig.entry SET text = '' WHERE seq = 53", RESTORE);
    tamper(admin, s, "DELETE FROM kfmig.entry WHERE seq = 20", RESTORE);
    tamper(admin, s, "DELETE FROM kfmig.entry WHERE seq = 53", RESTORE);
    tamper(admin, s,
           "UPDATE kfmig.entry e SET text = o.text FROM public.saved o WHERE e.seq IN (8, 9) AND "
           "o.seq = 17 - e.seq",
           RESTORE);
    tamper(admin, s, "UPDATE kfmig.head SET size = 52", "UPDATE kfmig.head SET size = 53");
    tamper(admin, s,
           "UPDATE kfmig.head SET root = sha256(root), frontier = ARRAY[root] || frontier",
           "UPDATE kfmig.head SET root = frontier[1], frontier = frontier[2:]");
    tamper(admin, s,
           "UPDATE kfmig.instance SET uuid = '6f9619ff-8b86-4011-b42d-00cf4fc964ff', environment = "
           "uuid::text",
           "UPDATE kfmig.instance SET uuid = environment::uuid, environment = 'dev'");
    run(admin, "DELETE FROM kfmig.entry WHERE seq > 20");
    is_int(read_all(s, cache, &all), 0, "a cache that hashes to the root needs no server");
    run(admin, RESTORE);
    pg_close(admin);
}

static void test_broken(struct pg *s)
{
    struct pg *admin = session(ADMIN);
    struct identity id;
    struct bytes text;
    bool found = false;
    run(admin, "UPDATE kfmig.instance SET format = 3");
    ok(ledger_identify(s, &id, &e) == -1 && e.code == ERR_PREFLIGHT, "a newer format is refused");
    run(admin, "UPDATE kfmig.instance SET format = 2");
    run(admin, "DELETE FROM kfmig.lease");
    ok(ledger_identify(s, &id, &e) == -1 && e.code == ERR_INTEGRITY,
       "a missing lease is an altered ledger");
    run(admin, "INSERT INTO kfmig.lease VALUES (true, 9, '', '', now())");
    run(admin, "DELETE FROM kfmig.instance");
    ok(ledger_identify(s, &id, &e) == -1 && e.code == ERR_INTEGRITY, "so is a missing instance");
    is_int(ledger_create(s, "dev", &e), 0, "and making it again changes nothing");
    ok(ledger_identify(s, &id, &e) == -1, "of that");
    run(admin, "ALTER TABLE kfmig.blob DROP CONSTRAINT blob_check");
    run(admin, "INSERT INTO kfmig.blob VALUES (sha256('good'), 'evil')");
    struct digest d = digest_of(bytes_str("good"));
    ok(ledger_blob(s, &d, &arena, &text, &found, &e) == -1 && e.code == ERR_INTEGRITY,
       "an altered input text is refused");
    pg_close(admin);
}

/* --- receipts, one after another --- */

enum { LARGE = 3 * 1024 * 1024, N_LARGE = 40, N_SMALL = 300, FIRST = 1000 };

/* What was handed out. stop_at: the sequence at which reading is ended; 0: none. */
struct walk {
    struct pg *s;
    int64_t last, n, bytes, stop_at;
    bool in_order, is_whole, asks;
};

static int walk_one(void *ctx, const struct receipt_row *row, struct err *why)
{
    struct walk *w = ctx;
    struct bytes text;
    bool found = false;
    struct digest d = digest_of(bytes_str("good"));
    w->in_order = w->in_order && row->sequence > w->last && strcmp(row->run_id, "walk") == 0;
    w->is_whole = w->is_whole && row->body.p[0] == 'x' && row->body.p[row->body.n - 1] == 'x';
    w->last = row->sequence;
    w->n++;
    w->bytes += (int64_t)row->body.n;
    if (w->asks && w->n % 50 == 1) {
        struct arena a = {0};
        (void)!ledger_blob(w->s, &d, &a, &text, &found, why); /* the session is free in between */
        arena_release(&a);
    }
    return row->sequence == w->stop_at ? err_set(why, ERR_INTERRUPTED, "enough") : 0;
}

static struct walk walk(struct pg *s, int64_t after, int64_t stop_at, int *rc)
{
    struct walk w = {.s = s, .last = after, .stop_at = stop_at, .in_order = true, .is_whole = true};
    w.asks = stop_at == 0;
    e = (struct err){0};
    *rc = ledger_receipts_each(s, after, walk_one, &w, &e);
    return w;
}

static long peak_kb(void)
{
    struct rusage u;
    (void)getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

/* Receipts of 120 MiB together, and many small ones behind them. */
static void test_walk(struct pg *s)
{
    struct pg *admin = session(ADMIN);
    int rc = 0;
    run(admin, "ALTER TABLE kfmig.receipt DROP CONSTRAINT IF EXISTS receipt_seq_fkey");
    run(admin, arena_printf(&arena,
                            "INSERT INTO kfmig.receipt SELECT n, 'walk', "
                            "sha256(repeat('x', %d)::bytea), repeat('x', %d) FROM "
                            "generate_series(%d, %d) n",
                            LARGE, LARGE, FIRST + 1, FIRST + N_LARGE));
    run(admin, arena_printf(&arena,
                            "INSERT INTO kfmig.receipt SELECT n, 'walk', sha256('x'), 'x' FROM "
                            "generate_series(%d, %d) n",
                            FIRST + N_LARGE + 1, FIRST + N_LARGE + N_SMALL));
    long before = peak_kb();
    struct walk w = walk(s, FIRST, 0, &rc);
    long grown = peak_kb() - before;
    is_int(rc, 0, "receipts of 120 MiB");
    is_int(w.n, N_LARGE + N_SMALL, "each of them");
    is_int(w.bytes, (long long)LARGE * N_LARGE + N_SMALL, "with all its bytes");
    ok(w.in_order && w.is_whole, "in order and whole");
    if (!ok(grown < 40 * 1024, "a few MiB of them at a time")) {
        printf("# grew by %ld KiB\n", grown);
    }
    w = walk(s, FIRST + N_LARGE + N_SMALL - 2, 0, &rc);
    is_int(w.n, 2, "only those after a sequence");
    w = walk(s, FIRST, FIRST + 7, &rc);
    ok(rc == -1 && e.code == ERR_INTERRUPTED && w.n == 7, "until enough is said");
    w = walk(s, FIRST + N_LARGE + N_SMALL, 0, &rc);
    ok(rc == 0 && w.n == 0, "none after the last");
    pg_close(admin);
}

/* --- texts, one after another --- */

/* n_evil: texts that are not what their digest says. */
struct texts {
    struct digest last;
    int64_t n, bytes, n_evil, stop_at;
    bool in_order;
};

static int one_text(void *ctx, const struct blob *text, struct err *why)
{
    struct texts *t = ctx;
    struct digest is = digest_of(text->bytes);
    t->in_order = t->in_order && memcmp(t->last.b, text->digest.b, sizeof t->last.b) < 0;
    t->last = text->digest;
    t->bytes += (int64_t)text->bytes.n;
    t->n_evil += !digest_eq(&is, &text->digest);
    return ++t->n == t->stop_at ? err_set(why, ERR_INTERRUPTED, "enough") : 0;
}

/* Some of 3 MiB among 3,000 small ones, so that windows end for their size and for their number; one is altered. */
static void test_texts(struct pg *s)
{
    enum { N_TEXTS = 3000, N_LARGE_TEXTS = 6 };
    struct pg *admin = session(ADMIN);
    struct texts t = {.in_order = true};
    run(admin, "ALTER TABLE kfmig.blob DISABLE TRIGGER append_only");
    run(admin, "DELETE FROM kfmig.blob");
    run(admin, arena_printf(&arena,
                            "INSERT INTO kfmig.blob SELECT sha256(b), b FROM (SELECT "
                            "convert_to(repeat('x', CASE WHEN n <= %d THEN %d ELSE 0 END) || "
                            "'text ' || n, 'UTF8') AS b FROM generate_series(1, %d) n) t",
                            N_LARGE_TEXTS, LARGE, N_TEXTS));
    run(admin, "INSERT INTO kfmig.blob VALUES (sha256('good'), 'evil')");
    is_int(ledger_blobs_each(s, one_text, &t, &e), 0, "all texts");
    is_int(t.n, N_TEXTS + 1, "each of them");
    ok(t.in_order, "in order of digests, none twice");
    ok(t.bytes > (int64_t)LARGE * N_LARGE_TEXTS + N_TEXTS * 5, "with all their bytes");
    is_int(t.n_evil, 1, "as they stand there, altered or not");
    t = (struct texts){.in_order = true, .stop_at = 1500};
    ok(ledger_blobs_each(s, one_text, &t, &e) == -1 && e.code == ERR_INTERRUPTED && t.n == 1500,
       "until enough is said");
    pg_close(admin);
}

int main(int argc, char **argv)
{
    int status = 0;
    if (server_watch(argc, argv, &status)) {
        return status;
    }
    tap_plan(PLANNED);
    if (ok(server_up(), "a server of our own")) {
        (void)snprintf(root_path, sizeof root_path, "%s/project", server_dir);
        must(mkdir(root_path, 0700), "mkdir");
        int root = open(root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct pg *s = session("");
        must(ledger_create(s, "dev", &e), "create");
        struct runner r = runner_start("");
        for (int i = 2; i <= SIZE; i++) {
            record_alone(&r, arena_printf(&arena, "M%d", i - 1), "run");
        }
        cache = cache_open(root, root_path);
        test_cached(s);
        cache_close(cache);
        cache = cache_open(root, root_path);
        test_tail(&r);
        test_spoilt(s);
        test_spoilt_and_grown(&r);
        test_tampered(s);
        test_broken(s);
        test_walk(s);
        test_texts(s);
        cache_close(cache);
        pg_close(r.s);
        pg_close(s);
        (void)close(root);
    }
    ok(server_down(), "the server is gone");
    arena_release(&arena);
    return tap_done();
}
