/* layer: ledger scripted */
/* What a ledger tells of single entries: their runs, asked once and remembered by the receipt's digest; what objects were before them; the
 * server's versions; the rows of one store. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/ledger.h"
#include "scripted_pq.h"
#include "tap.h"

#define OPEN                                                                                       \
    "connect       -> ok pid=7\n"                                                                  \
    "@pg_pin_query -> rows 1\n"
#define FAILED                                                                                     \
    "3 | ann | 2026-01-02 | 1500 | apply | forward.sql | 23505 | unique_violation | table a.t | "  \
    "4 | 5 | 6 | scope: create of table a.t | Adds wells | 77"
#define SPARSE                                                                                     \
    "4 | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | "     \
    "NULL "                                                                                        \
    "| NULL"
#define ANSWER FAILED " ; " SPARSE

enum { PLANNED = 36 };

static struct arena arena;
static struct err e;
static struct cache *cache;
static char root_path[] = "/tmp/kfmig-t-runs-XXXXXX";
static int root;

static struct pg *begin(const char *script)
{
    struct pg *s = NULL;
    struct secret dsn = {0};
    struct pg_options o = {0};
    pq_script(script);
    e = (struct err){0};
    secret_set(&dsn, "postgresql://tester@db.example/kfm");
    int rc = pg_open(&s, &dsn, &o, &e);
    secret_wipe(&dsn);
    if (rc != 0) {
        abort();
    }
    return s;
}

/* --- runs */

static struct fact facts[2];
static struct fact *of[2] = {&facts[0], &facts[1]};

/* They are asked for anew: that with number 3 has a receipt, that with number 4 none. */
static int ask(const char *script, struct cache *c)
{
    struct pg *s = begin(script);
    facts[0] = (struct fact){.sequence = 3, .receipt = digest_of(bytes_str("three"))};
    facts[1] = (struct fact){.sequence = 4};
    int rc = ledger_runs(s, c, &arena, of, 2, &e);
    pg_close(s);
    return rc;
}

static bool is(const char *got, const char *want)
{
    return strcmp(got, want) == 0;
}

static bool is_failed_run(const struct fact_run *r)
{
    return r != NULL && is(r->actor, "ann") && is(r->started_at, "2026-01-02") && r->ms == 1500 &&
           r->code != NULL && is(r->code, "apply") && is(r->path, "forward.sql") &&
           is(r->sqlstate, "23505") && is(r->condition, "unique_violation") &&
           is(r->object, "table a.t") && r->statement == 4 && r->line == 5 && r->col == 6 &&
           is(r->gates, "scope: create of table a.t") && is(r->intent, "Adds wells") &&
           is(r->pr, "77");
}

static bool is_sparse_run(const struct fact_run *r)
{
    return r != NULL && is(r->actor, "") && is(r->started_at, "") && r->ms == -1 &&
           r->code == NULL && is(r->path, "") && is(r->sqlstate, "") && is(r->condition, "") &&
           is(r->object, "") && r->statement == 0 && r->line == 0 && r->col == 0 &&
           is(r->gates, "") && is(r->intent, "") && is(r->pr, "");
}

static void test_runs(void)
{
    is_int(ask(OPEN "@ledger_read_runs({\"3\",\"4\"}) -> rows " ANSWER "\n", NULL), 0, "two runs");
    ok(pq_played(), "in one question");
    ok(is_failed_run(facts[0].run), "one that failed, with all that is said of it");
    ok(is_sparse_run(facts[1].run), "one of which nothing is said");
    is_int(ask(OPEN "@ledger_read_runs -> rows " SPARSE "\n", NULL), 0, "a row is missing");
    ok(pq_played() && facts[0].run == NULL && is_sparse_run(facts[1].run), "and is not known");
    is_int(ask(OPEN "@ledger_read_runs -> rows 9"
                    " | NULL | NULL | NULL | NULL | NULL | NULL | "
                    "NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL\n",
               NULL),
           0, "a row of another");
    ok(pq_played() && facts[0].run == NULL && facts[1].run == NULL, "is nobody's");
    is_int(ask(OPEN "@ledger_read_runs -> error 57014\n", NULL), -1, "a question that fails");
    ok(pq_played() && is(e.sqlstate, "57014"), "is told");
}

static void test_remembered(void)
{
    struct digest key = digest_of(bytes_str("three"));
    struct bytes name = bytes_of((const char *)key.b, sizeof key.b);
    struct bytes row;
    is_int(ask(OPEN "@ledger_read_runs({\"3\",\"4\"}) -> rows " ANSWER "\n", cache), 0,
           "with a cache");
    ok(pq_played() && is_failed_run(facts[0].run), "they are asked for once");
    is_int(ask(OPEN "@ledger_read_runs({\"4\"}) -> rows " SPARSE "\n", cache), 0, "and then");
    ok(pq_played(), "only what has no receipt");
    ok(is_failed_run(facts[0].run), "what was remembered is the same");
    ok(is_sparse_run(facts[1].run), "beside what was asked for");
    ok(cache_get(cache, "run", name, &arena, &row), "it is kept by the receipt's digest");
    struct bytes cut = bytes_of(row.p, row.n - 3);
    cache_put(cache, "run", name, cut);
    is_int(ask(OPEN "@ledger_read_runs({\"3\",\"4\"}) -> rows " ANSWER "\n", cache), 0,
           "one too short");
    ok(pq_played() && is_failed_run(facts[0].run), "is asked for again");
    cache_put(cache, "run", name, bytes_of("", 0));
    is_int(ask(OPEN "@ledger_read_runs({\"3\",\"4\"}) -> rows " ANSWER "\n", cache), 0,
           "and an empty one");
    ok(pq_played() && is_failed_run(facts[0].run), "too");
    static const char absent[] = "=ann\0-\0=7\0-\0-\0-\0-\0-\0-\0-\0-\0-\0-\0=9";
    cache_put(cache, "run", name, bytes_of(absent, sizeof absent));
    is_int(ask(OPEN "@ledger_read_runs({\"4\"}) -> rows " SPARSE "\n", cache), 0, "one with gaps");
    const struct fact_run *r = facts[0].run;
    ok(pq_played() && r != NULL && is(r->actor, "ann") && is(r->started_at, "") && r->ms == 7 &&
           r->code == NULL && is(r->intent, "") && is(r->pr, "9"),
       "is what it says, to the last column");
}

/* --- objects */

#define SUM "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void test_before(void)
{
    const int64_t numbers[] = {5, 6};
    struct objects_before b = {0};
    struct pg *s = begin(OPEN "@ledger_read_before({\"5\",\"6\"}) -> rows "
                              "5 | table a.t | NULL | NULL | NULL | NULL ; "
                              "5 | table a.u | " SUM " | 2 | " SUM " | ~written\t7 ; "
                              "6 | view a.v | NULL | 3 | " SUM " | columns a ~written 9\n");
    is_int(ledger_before(s, numbers, 2, &arena, &b, &e), 0, "what objects were before entries");
    pg_close(s);
    ok(pq_played() && b.n == 3, "three of them");
    ok(b.n == 3 && b.v[0].entry == 5 && is(b.v[0].before.object, "table a.t") &&
           digest_is_zero(&b.v[0].left) && b.v[0].before.definition == NULL &&
           b.v[0].before.sequence == 0,
       "one that was not there");
    ok(b.n == 3 && !digest_is_zero(&b.v[1].left) && b.v[1].before.sequence == 2 &&
           b.v[1].before.written == 7 && !digest_is_zero(&b.v[1].before.fingerprint),
       "one whose definition says who wrote it");
    ok(b.n == 3 && b.v[2].entry == 6 && b.v[2].before.written == 3 &&
           is(b.v[2].before.definition, "columns a ~written 9"),
       "one whose definition only has those words");
    s = begin(OPEN "@ledger_read_before -> rows 5 | t | NULL | 2 | no digest | x ; 6 | u | NULL | "
                   "NULL | NULL | NULL\n");
    is_int(ledger_before(s, numbers, 2, &arena, &b, &e), -1, "a fingerprint that is none");
    pg_close(s);
    ok(pq_played(), "is refused");
    is_str(object_written(&arena, "x\n", 12), "x\n~written\t12\n",
           "who wrote it is a line of its own");
}

static void test_versions(void)
{
    const int64_t numbers[] = {5, 6};
    struct server_versions v = {0};
    struct pg *s =
        begin(OPEN "@ledger_read_versions({\"5\",\"6\"}) -> rows 5 | 150004 ; 6 | 160002\n");
    is_int(ledger_server_versions(s, &arena, numbers, 2, &v, &e), 0, "versions of the server");
    pg_close(s);
    ok(pq_played() && server_version_of(&v, 5) == 150004 && server_version_of(&v, 6) == 160002 &&
           server_version_of(&v, 4) == 0 && server_version_of(&v, 7) == 0,
       "by entry, and none of others");
}

static const char *names_of(const struct object_rows *all, const char *store)
{
    const char *text = "";
    struct object_rows some = object_rows_of(&arena, all, store);
    for (size_t i = 0; i < some.n; i++) {
        text = arena_printf(&arena, "%s%s;", text, some.v[i].object);
    }
    return text;
}

static void test_stores(void)
{
    struct object_row rows[] = {{.object = "search: index a"},
                                {.object = "search: index b"},
                                {.object = "sea: index c"},
                                {.object = "table a.t"}};
    const struct object_rows all = {rows, 4, 4};
    is_str(names_of(&all, "search"), "search: index a;search: index b;", "objects of a store");
    is_str(names_of(&all, "sea"), "sea: index c;", "whose name another's begins with");
    is_str(names_of(&all, NULL), "table a.t;", "and of that of the ledger");
}

int main(void)
{
    tap_plan(PLANNED);
    root = mkdtemp(root_path) == NULL ? -1 : open(root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cache = cache_open(root, root_path);
    test_runs();
    test_remembered();
    test_before();
    test_versions();
    test_stores();
    cache_close(cache);
    (void)unlinkat(root, "state/kfmig.db", 0);
    (void)unlinkat(root, "state/kfmig.db-wal", 0);
    (void)unlinkat(root, "state/kfmig.db-shm", 0);
    (void)unlinkat(root, "state", AT_REMOVEDIR);
    (void)rmdir(root_path);
    arena_release(&arena);
    return tap_done();
}
