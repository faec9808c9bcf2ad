/* Backfills: which marks make one of a statement, what they say, what is sent for a range, and why others are refused. */
#include <string.h>

#include "base/clock.h"
#include "script/language.h"
#include "sql/script.h"
#include "tap.h"

#define UPDATE "UPDATE app.t SET a = 1 WHERE id > :from AND id <= :to"
#define MARK "-- kfmig:backfill {table: app.t, key: [id]}\n"
#define SAID "app.t(id) 5000 0 start 10000 0: "
#define SENT "UPDATE app.t SET a = 1 WHERE id > $1::int AND id <= $2::int"

/* said: "schema.table(key) rows pause bound lag waits[ verify]: text for a range", or "- why"; "none": no statement is marked. */
struct backfill_case {
    const char *sql, *said;
};

/* clang-format off */
static const struct backfill_case cases[] = {
    {MARK UPDATE, SAID SENT},
    {UPDATE, "error 1:35 psql variable \":from\" has no value here"},
    {"SELECT 1;\n" MARK UPDATE ";\nSELECT 2", SAID SENT},
    {"  --   kfmig:backfill {table: app.t, key: [id]}\n" UPDATE, SAID SENT},
    {MARK "-- fill it\n" UPDATE, SAID SENT},
    {"-- kfmig:backfill {table: app.t,\n--   key: [id]}\n-- fill it\n" UPDATE, SAID SENT},
    {"-- kfmig:backfill\n--   table: app.t\n--   key: [id]\n" UPDATE, SAID SENT},
    {"-- kfmig:backfill {table: t, key: id}\n" UPDATE, ".t(id) 5000 0 start 10000 0: " SENT},
    {"-- kfmig:backfill {\"table\":\"app.t\",\"key\":[\"id\"],\"rows\":7,\"pause\":\"100ms\",\"bound\":\"end\"}\n" UPDATE, "app.t(id) 7 100 end 10000 0: " SENT},
    {"-- kfmig:backfill {table: app.t, key: [id], bound: [\"7\"], thresholds: {replication_lag: 2s, lock_waits: 3}, verify: 'SELECT 1 {'}\n" UPDATE, "- the backfill's verify is not one query"},
    {"-- kfmig:backfill {table: app.t, key: [id], bound: [\"7\"], thresholds: {replication_lag: 2s, lock_waits: 3}, verify: 'SELECT 1'}\n" UPDATE, "app.t(id) 5000 0 given 2000 3 verify: " SENT},
    {"SELECT '\n-- kfmig:backfill {}\n'; " "SELECT 1", "none"},
    {"SELECT 1 /* -- kfmig:backfill */", "none"},
    {"SELECT 1 -- kfmig:backfill {}\n;", "none"},
    {"-- kfmig:backfilled\nSELECT 1", "none"},
    {"SELECT 1;\n" MARK, "error 2:4 no statement follows the mark of a backfill"},
    {MARK "UPDATE app.t AS x SET a = 1 WHERE b AND (:from < x.id AND :to >= x.\"id\")", SAID "UPDATE app.t AS x SET a = 1 WHERE b AND ($1::int < x.id AND $2::int >= x.\"id\")"},
    {MARK "DELETE FROM app.t WHERE id<=:to AND id>:from", SAID "DELETE FROM app.t WHERE id<=$2::int AND id>$1::int"},
    {MARK "INSERT INTO app.u SELECT * FROM app.t WHERE id > :from AND id <= :to", SAID "INSERT INTO app.u SELECT * FROM app.t WHERE id > $1::int AND id <= $2::int"},
    {MARK "MERGE INTO app.u USING (SELECT * FROM app.t WHERE id > :from AND id <= :to) s ON u.id = s.id WHEN MATCHED THEN DELETE", SAID "MERGE INTO app.u USING (SELECT * FROM app.t WHERE id > $1::int AND id <= $2::int) s ON u.id = s.id WHEN MATCHED THEN DELETE"},
    {MARK "WITH r AS (SELECT id FROM app.t WHERE id > :from AND id <= :to) DELETE FROM app.u USING r WHERE r.id = u.id", SAID "WITH r AS (SELECT id FROM app.t WHERE id > $1::int AND id <= $2::int) DELETE FROM app.u USING r WHERE r.id = u.id"},
    {MARK "UPDATE app.t SET a = ':from' WHERE id > :from AND id <= :to", SAID "UPDATE app.t SET a = ':from' WHERE id > $1::int AND id <= $2::int"},
    {"-- kfmig:backfill {table: app.t, key: [a, b]}\nDELETE FROM app.t WHERE (a, b) > :from AND (a, b) <= :to", "app.t(a,b) 5000 0 start 10000 0: DELETE FROM app.t WHERE (a, b) > ROW($1::int,$2::text) AND (a, b) <= ROW($3::int,$4::text)"},
    {"-- kfmig:backfill {table: app.t, key: [a, b]}\nDELETE FROM app.t WHERE ROW(a, b) > :from AND ROW(b, a) <= :to", "- :from and :to are not compared with the same columns"},
    {"-- kfmig:backfill {table: app.t, key: [b, a]}\nDELETE FROM app.t WHERE (a, b) > :from AND (a, b) <= :to", "- its statement compares :from and :to with other columns than those of its key"},
    {MARK "UPDATE app.t SET a = 1 WHERE id > :from", "- :from and :to have to stand in it exactly once each"},
    {MARK "UPDATE app.t SET a = :to WHERE id > :from AND id <= :to", "- :from and :to have to stand in it exactly once each"},
    {MARK "UPDATE app.t SET a = 1 WHERE id >= :from AND id <= :to", "- its WHERE does not go from :from (exclusive) to :to (inclusive): both have to be compared there, by AND"},
    {MARK "UPDATE app.t SET a = 1 WHERE id > :from AND id < :to", "- its WHERE does not go from :from (exclusive) to :to (inclusive): both have to be compared there, by AND"},
    {MARK "UPDATE app.t SET a = 1 WHERE NOT (id > :from AND id <= :to)", "- its WHERE does not go from :from (exclusive) to :to (inclusive): both have to be compared there, by AND"},
    {MARK "UPDATE app.t SET a = 1 WHERE id > :from AND id <= :to OR a = 2", "- its WHERE does not go from :from (exclusive) to :to (inclusive): both have to be compared there, by AND"},
    {MARK "UPDATE app.t SET a = 1 FROM app.u WHERE t.id > :from AND EXISTS (SELECT 1 WHERE t.id <= :to)", "- its WHERE does not go from :from (exclusive) to :to (inclusive): both have to be compared there, by AND"},
    {MARK "UPDATE app.t SET a = 1 WHERE id + 1 > :from AND id + 1 <= :to", "- :from and :to are not compared with the same columns"},
    {MARK "UPDATE app.t SET id = 1 WHERE id > :from AND id <= :to", "- its statement changes the key that it goes by"},
    {MARK "UPDATE app.u SET id = 1 WHERE id > :from AND id <= :to", SAID "UPDATE app.u SET id = 1 WHERE id > $1::int AND id <= $2::int"},
    {MARK "UPDATE app.t SET a = $1 WHERE id > :from AND id <= :to", "- it has parameters of its own"},
    {MARK "SELECT 1 FROM app.t WHERE id > :from AND id <= :to", "- a backfill's statement is an UPDATE, INSERT, DELETE or MERGE"},
    {MARK "TRUNCATE app.t", "- a backfill's statement is an UPDATE, INSERT, DELETE or MERGE"},
    {MARK "UPDATE app.t SETS a = 1 WHERE id > :from AND id <= :to", "- a backfill's statement has to be known to the parser"},
    {"BEGIN;\n" MARK UPDATE ";\nCOMMIT", "- a backfill cannot run between BEGIN and COMMIT: each batch has its own"},
    {"-- kfmig:backfill [1]\n" UPDATE, "- the mark of a backfill is followed by no map"},
    {"-- kfmig:backfill {\n" UPDATE, "- the mark of a backfill cannot be read: a value is missing here"},
    {"-- kfmig:backfill {key: [id]}\n" UPDATE, "- the backfill does not name its table"},
    {"-- kfmig:backfill {table: a.b.c, key: [id]}\n" UPDATE, "- the backfill does not name its table"},
    {"-- kfmig:backfill {table: app.t}\n" UPDATE, "- the backfill does not name the columns of its key"},
    {"-- kfmig:backfill {table: app.t, key: [[id]]}\n" UPDATE, "- \"key\" of the backfill is no list of texts"},
    {"-- kfmig:backfill {table: app.t, key: [id], speed: 9}\n" UPDATE, "- a backfill has no \"speed\""},
    {"-- kfmig:backfill {table: app.t, key: [id], rows: 0}\n" UPDATE, "- \"rows\" of the backfill is no number from 1 to 1000000"},
    {"-- kfmig:backfill {table: app.t, key: [id], rows: 1e3}\n" UPDATE, "- \"rows\" of the backfill is no number from 1 to 1000000"},
    {"-- kfmig:backfill {table: app.t, key: [id], pause: 5}\n" UPDATE, "- \"pause\" of the backfill is no time up to 24h"},
    {"-- kfmig:backfill {table: app.t, key: [id], pause: 25h}\n" UPDATE, "- \"pause\" of the backfill is no time up to 24h"},
    {"-- kfmig:backfill {table: app.t, key: [id], bound: middle}\n" UPDATE, "- the backfill's bound is neither start nor end nor a list of values"},
    {"-- kfmig:backfill {table: app.t, key: [id], bound: [\"1\", \"2\"]}\n" UPDATE, "- the backfill's bound has not as many values as its key has columns"},
    {"-- kfmig:backfill {table: app.t, key: [id], thresholds: 5}\n" UPDATE, "- the backfill's thresholds are no map"},
    {"-- kfmig:backfill {table: app.t, key: [id], thresholds: {lag: 5s}}\n" UPDATE, "- a backfill has no \"lag\""},
    {"-- kfmig:backfill {table: app.t, key: [id], verify: 'SELECT 1; SELECT 2'}\n" UPDATE, "- the backfill's verify is not one query"},
};
/* clang-format on */

static const struct statement *marked_in(const struct script *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->forms[i].range != NULL) {
            return &s->forms[i];
        }
    }
    return NULL;
}

static const char *said(struct arena *a, const char *sql)
{
    static const char *types[] = {"int", "text"};
    struct script s;
    struct err e = {0};
    if (language_parse(a, "f.sql", bytes_str(sql), &s, &e) != 0) {
        return arena_printf(a, "error %d:%d %s", e.where.line, e.where.col, e.msg);
    }
    const struct statement *st = marked_in(&s);
    if (st == NULL) {
        return "none";
    }
    const struct backfill *b = st->backfill;
    if (b == NULL) {
        return arena_printf(a, "- %s", st->why);
    }
    const char *key = b->key.v[0];
    for (size_t i = 1; i < b->key.n; i++) {
        key = arena_printf(a, "%s,%s", key, b->key.v[i]);
    }
    const struct names of = {.v = types, .n = b->key.n};
    return arena_printf(a, "%s.%s(%s) %lld %lld %s %lld %lld%s: %s", b->schema, b->table, key,
                        (long long)b->rows, (long long)b->pause_ms, backfill_bound_text(b->bound),
                        (long long)b->lag_ms, (long long)b->waits,
                        b->verify != NULL ? " verify" : "",
                        backfill_text(a, st->text, st->range, &of, false).p);
}

static const struct backfill *backfill_in(struct arena *a, const char *sql,
                                          const struct statement **st)
{
    struct script *s = ARENA_NEW(a, struct script);
    struct err e = {0};
    if (language_parse(a, "f.sql", bytes_str(sql), s, &e) != 0 || s->n == 0) {
        return NULL;
    }
    *st = &s->forms[s->n - 1];
    return (*st)->backfill;
}

/* The first range has its first row, too. */
static void test_first(void)
{
    static const char *types[] = {"int"};
    struct arena a = {0};
    const struct names of = {.v = types, .n = 1};
    const struct statement *st = NULL;
    const struct backfill *b = backfill_in(&a, MARK UPDATE, &st);
    ok(b != NULL, "a backfill");
    is_str(backfill_text(&a, st->text, st->range, &of, true).p,
           "UPDATE app.t SET a = 1 WHERE id >= $1::int AND id <= $2::int", "from its first row on");
    b = backfill_in(&a, MARK "DELETE FROM app.t WHERE :from<id AND id <= :to", &st);
    ok(b != NULL, "one turned round");
    is_str(backfill_text(&a, st->text, st->range, &of, true).p,
           "DELETE FROM app.t WHERE $1::int<=id AND id <= $2::int", "from its first row on");
    arena_release(&a);
}

/* How fast it goes may change half-way; what it does may not. */
static void test_identity(void)
{
    static const struct {
        const char *mark, *statement;
        bool same;
    } others[] = {
        {"-- kfmig:backfill {table: app.t, key: [id], rows: 9, pause: 1s}\n", UPDATE, true},
        {"-- kfmig:backfill {table: app.t, key: [id], thresholds: {lock_waits: 1}}\n", UPDATE,
         true},
        {"-- kfmig:backfill {table: app.t, key: [id], bound: start}\n", UPDATE, true},
        {"-- kfmig:backfill {table: app.t, key: [id], bound: end}\n", UPDATE, false},
        {"-- kfmig:backfill {table: app.t, key: [id], bound: ['3']}\n", UPDATE, false},
        {"-- kfmig:backfill {table: app.t, key: [id], verify: SELECT 1}\n", UPDATE, false},
        {"-- kfmig:backfill {table: t, key: [id]}\n", UPDATE, false},
        {MARK, "UPDATE app.t SET a = 2 WHERE id > :from AND id <= :to", false},
    };
    struct arena a = {0};
    const struct statement *st = NULL;
    const struct backfill *b = backfill_in(&a, MARK UPDATE, &st);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const char *sql = arena_printf(&a, "%s%s", others[i].mark, others[i].statement);
        const struct backfill *x = backfill_in(&a, sql, &st);
        ok(x != NULL && b != NULL && bytes_eq(b->identity, x->identity) == others[i].same,
           others[i].statement);
    }
    arena_release(&a);
}

static void test_spans(void)
{
    static const struct {
        const char *text;
        int64_t ms;
    } spans[] = {{"0", 0},
                 {"100ms", 100},
                 {"5s", 5000},
                 {"2min", 120000},
                 {"1h", 3600000},
                 {"5", -1},
                 {"", -1},
                 {"s", -1},
                 {"5d", -1},
                 {"5 s", -1},
                 {"-5s", -1},
                 {"0s", 0},
                 {"999999999ms", 999999999},
                 {"1234567890ms", -1}};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        is_int(clock_span_ms(spans[i].text), spans[i].ms, spans[i].text);
    }
}

int main(void)
{
    tap_plan((int)(sizeof cases / sizeof *cases) + 4 + 8 + 14);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a = {0};
        is_str(said(&a, cases[i].sql), cases[i].said, arena_printf(&a, "case %zu", i + 1));
        arena_release(&a);
    }
    test_first();
    test_identity();
    test_spans();
    script_shutdown();
    return tap_done();
}
