/* How much memory a long file takes as long as it is kept, and while it is read: at most three bytes for each of
 * its own, the text included, and a constant; whatever its statements are like. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sql/script.h"
#include "tap.h"

/* A sanitizer brings an allocator of its own, which keeps what is freed: then only the statements count. */
#ifdef __SANITIZE_ADDRESS__
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

/* Over and over again; #: a number. */
static const struct {
    const char *name, *text;
} cases[] = {
    {"the shortest", "SELECT;"},
    {"very short", "SELECT 1;\n"},
    {"two in turn", "SELECT 1;\nSET a.b = 1;\n"},
    {"search_path again and again", "SET search_path = app, public;\nSELECT 1;\n"},
    {"rows of one table", "INSERT INTO app.a VALUES (#);\n"},
    {"rows of two tables in turn", "INSERT INTO a VALUES (#);\nINSERT INTO b VALUES (#);\n"},
    {"calls", "SELECT f(#);\nSELECT setval('app.s', #);\n"},
    {"updates and deletes", "UPDATE app.a SET n = # WHERE n = 1;\nDELETE FROM b WHERE n = #;\n"},
    {"blocks", "BEGIN;\nINSERT INTO a VALUES (#);\nCOMMIT;\n"},
    {"temporary tables", "CREATE TEMP TABLE t (n int);\nDROP TABLE t;\n"},
    {"code", "DO $$ BEGIN PERFORM #; END $$;\n"},
    {"refused ones", "ROLLBACK;\nSELECT # FROM a.b;\n"},
    {"middling ones", "INSERT INTO app.a (id, name, place) VALUES (#, 'a name of some length', "
                      "'and a place that is longer than its name'), (#, 'b', 'c');\n"},
    {"each another table", "DROP TABLE app.a#;\n"},
    {"each another, of any length", "DROP TABLE a#, \"B #\";\n"},
    {"made, filled and dropped", "CREATE TABLE a# (n int);\nINSERT INTO a# VALUES (1);\n"
                                 "UPDATE a# SET n = 2;\nDROP TABLE a#;\n"},
    {"joins of two", "INSERT INTO a# SELECT * FROM b#;\n"},
    {"each another key", "CREATE TABLE b# (n int PRIMARY KEY, m int REFERENCES app.c);\n"},
    {"each another index", "CREATE INDEX i# ON app.a# (n);\n"},
    {"comments on each", "COMMENT ON COLUMN app.a#.n IS 'n';\n"},
    {"views", "CREATE VIEW v# AS SELECT n FROM a#;\n"},
    {"functions", "CREATE FUNCTION f#() RETURNS int LANGUAGE sql AS 'SELECT 1';\n"},
    {"sequences", "CREATE SEQUENCE s#;\nSELECT setval('s#', 5);\n"},
    {"schemas", "CREATE SCHEMA s#;\n"},
    {"renamed", "ALTER TABLE a# RENAME TO b#;\n"},
    {"defaults", "ALTER TABLE a# ALTER n SET DEFAULT #;\n"},
    {"columns", "ALTER TABLE a# ADD COLUMN m int;\n"},
    {"owners", "ALTER TABLE a# OWNER TO kfm;\n"},
    {"granted", "GRANT SELECT ON a# TO kfm;\n"},
    {"partitions", "CREATE TABLE p# PARTITION OF app.t FOR VALUES IN (#);\n"},
    {"comments on things", "COMMENT ON TABLE app.a IS 'it is number #, and has been for long';\n"},
};
enum { N_CASES = sizeof cases / sizeof cases[0], SMALL = 300 * 1000, LARGE = 3 * SMALL };

static void fill(struct buf *out, const char *text, size_t size)
{
    for (size_t n = 0; out->n < size; n++) {
        for (const char *p = text; *p != '\0'; p++) {
            if (*p == '#') {
                buf_printf(out, "%zu", n);
            } else {
                buf_putc(out, *p);
            }
        }
    }
}

/* What is allocated for it, and stays, in bytes: the text, too. */
static size_t kept(const struct buf *text, size_t *n_statements)
{
    struct arena a = {0};
    struct err e = {0};
    struct script s;
    struct mallinfo2 before = mallinfo2();
    *n_statements = script_parse(&a, "t.sql", buf_bytes(text), &s, &e) == 0 ? s.n : 0;
    struct mallinfo2 after = mallinfo2();
    arena_release(&a);
    return after.uordblks + after.hblkhd - before.uordblks - before.hblkhd + text->n;
}

/* What a process of its own has at most, in bytes. */
static size_t most(const struct buf *text, size_t *n_statements)
{
    int ends[2];
    struct rusage used;
    size_t n = 0;
    if (pipe(ends) != 0) {
        return 0;
    }
    pid_t child = fork();
    if (child == 0) {
        struct arena a = {0};
        struct err e = {0};
        struct script s;
        n = script_parse(&a, "t.sql", buf_bytes(text), &s, &e) == 0 ? s.n : 0;
        _exit(write(ends[1], &n, sizeof n) == (ssize_t)sizeof n ? 0 : 1);
    }
    int status = 1;
    (void)!read(ends[0], &n, sizeof n);
    close(ends[0]);
    close(ends[1]);
    if (wait4(child, &status, 0, &used) != child || status != 0) {
        return 0;
    }
    *n_statements = n;
    return (size_t)used.ru_maxrss * 1024;
}

static void fill_long(struct buf *out, size_t size)
{
    while (out->n < size) {
        buf_printf(out, "INSERT INTO a VALUES ('%0200000d');\n", 1);
    }
}

static void fill_one(struct buf *out, size_t size)
{
    buf_puts(out, "INSERT INTO a VALUES (0)");
    fill(out, ", (#)", size);
    buf_puts(out, ";\n");
}

static void fill_case(struct buf *out, size_t i, size_t size)
{
    if (i < N_CASES) {
        fill(out, cases[i].text, size);
    } else if (i == N_CASES) {
        fill_long(out, size);
    } else {
        fill_one(out, size);
    }
}

static void test_kept(size_t i, const char *name)
{
    size_t n_small = 0, n_large = 0;
    struct buf small = {0}, large = {0};
    fill_case(&small, i, SMALL);
    fill_case(&large, i, LARGE);
    size_t low = kept(&small, &n_small);
    size_t high = kept(&large, &n_large);
    double rate = ((double)high - (double)low) / (double)(large.n - small.n);
    bool is_bounded = low > small.n && rate >= 1.0 && rate <= 3.0;
    ok(n_small > 0 && (n_large > n_small || i > N_CASES) && (is_bounded || SANITIZED), name);
    printf("# %s: %zu statements, %.2f bytes a byte\n", name, n_large, rate);
    buf_release(&small);
    buf_release(&large);
}

/* A piece's tokens and trees are the constant. */
static void test_most(size_t i, const char *name)
{
    enum { CONSTANT = 64 * 1024 * 1024 };
    size_t n = 0;
    struct buf text = {0};
    fill_case(&text, i, (size_t)4 * LARGE);
    size_t high = most(&text, &n);
    bool is_bounded = high > text.n && high <= 3 * text.n + CONSTANT;
    ok(n > 10000 && (is_bounded || SANITIZED), name);
    printf("# %s: %zu statements, %.1f MB for %.1f\n", name, n, (double)high / 1e6,
           (double)text.n / 1e6);
    buf_release(&text);
}

/* --- what statements of a long file say ------------------------------------------------------------- */

static bool is_object(const struct object *x, const struct object *y)
{
    return object_eq(x, y) && strcmp(x->schema, y->schema) == 0 && strcmp(x->name, y->name) == 0;
}

static bool same_roles(const struct role_needs *x, const struct role_needs *y)
{
    bool same = (x == NULL) == (y == NULL) && (x == NULL || x->n == y->n);
    for (size_t i = 0; same && x != NULL && i < x->n; i++) {
        same = strcmp(x->v[i].name, y->v[i].name) == 0 && x->v[i].joined == y->v[i].joined;
    }
    return same;
}

static bool same_lists(const struct statement *x, const struct statement *y)
{
    bool same = x->touches.n == y->touches.n && x->n_locks == y->n_locks && x->n_kin == y->n_kin &&
                same_roles(x->roles, y->roles);
    for (size_t i = 0; same && i < x->touches.n; i++) {
        same = is_object(&x->touches.v[i].object, &y->touches.v[i].object) &&
               x->touches.v[i].effect == y->touches.v[i].effect;
    }
    for (size_t i = 0; same && i < x->n_locks; i++) {
        same = is_object(&x->locks[i].object, &y->locks[i].object) &&
               x->locks[i].level == y->locks[i].level;
    }
    for (size_t i = 0; same && i < x->n_kin; i++) {
        same = is_object(&x->kin[i].child, &y->kin[i].child) &&
               is_object(&x->kin[i].parent, &y->kin[i].parent);
    }
    return same;
}

static bool same_said(const struct statement *x, const struct statement *y)
{
    return bytes_eq(x->text, y->text) && strcmp(x->tag, y->tag) == 0 && x->quiet == y->quiet &&
           x->opaque == y->opaque && x->destructive == y->destructive && x->rows == y->rows &&
           x->index_delta == y->index_delta && x->rewrites == y->rewrites && same_lists(x, y);
}

/* One that says again what an earlier one said has its touches where that one stands. */
static bool has_its_place(const struct script *s, size_t i, const struct statement *st)
{
    int line = 1;
    for (size_t at = 0; at < st->offset; at++) {
        line += s->bytes.p[at] == '\n';
    }
    bool has = st->line == line && s->bytes.p + st->offset == st->text.p;
    for (size_t t = 0; t < st->touches.n && !script_repeats(s, i); t++) {
        has = has && st->touches.v[t].line == line;
    }
    return has;
}

/* Alone, as a file of its own. */
static bool is_as_alone(struct arena *a, const struct script *s, size_t i)
{
    struct statement_room room, again;
    struct err e = {0};
    struct script one;
    const struct statement *st = script_at(s, i, &room);
    if (script_parse(a, "t.sql", st->text, &one, &e) != 0 || one.n != 1) {
        return false;
    }
    const struct statement *alone = script_at(&one, 0, &again);
    return same_said(st, alone) && same_said(script_keep(a, s, i), alone) &&
           has_its_place(s, i, st);
}

/* Every few statements, of those that stand by themselves, and the last. */
static void test_said(size_t i)
{
    enum { STEP = 397 };
    struct arena a = {0};
    struct err e = {0};
    struct script s;
    struct buf text = {0};
    size_t n = 0, n_good = 0;
    fill(&text, cases[i].text, SMALL);
    if (script_parse(&a, "t.sql", buf_bytes(&text), &s, &e) == 0) {
        for (size_t k = 0; k < s.n; k = k + STEP < s.n || k == s.n - 1 ? k + STEP : s.n - 1) {
            n++;
            n_good += is_as_alone(&a, &s, k);
        }
    }
    ok(n > 5 && n_good == n, cases[i].name);
    arena_release(&a);
    buf_release(&text);
}

/* What is made of one's own is of that one only, and has its names. */
static void test_own(void)
{
    struct arena a = {0};
    struct err e = {0};
    struct script s;
    struct buf text = {0};
    struct statement_room room, other;
    buf_puts(&text, "ALTER TYPE app.e ADD VALUE 'x';\n");
    fill(&text, "DROP TABLE a#;\n", SMALL);
    bool good = script_parse(&a, "t.sql", buf_bytes(&text), &s, &e) == 0 && s.n > 700;
    if (good) {
        script_own(&s, 700)->ends_transaction = true;
        const struct statement *st = script_at(&s, 700, &room);
        good = st->ends_transaction && strcmp(st->touches.v[0].object.name, "a699") == 0 &&
               strcmp(st->locks[0].object.name, "a699") == 0 && !script_repeats(&s, 700) &&
               !script_at(&s, 701, &other)->ends_transaction;
    }
    ok(good, "one's own");
    arena_release(&a);
    buf_release(&text);
}

int main(void)
{
    static const char *const together[] = {"temporary tables", "refused ones", "blocks"};
    tap_plan(N_CASES + 2 + 2 + N_CASES - 3 + 1);
    for (size_t i = 0; i < N_CASES; i++) {
        bool is_alone = true;
        for (size_t k = 0; k < sizeof together / sizeof *together; k++) {
            is_alone = is_alone && strcmp(cases[i].name, together[k]) != 0;
        }
        if (is_alone) {
            test_said(i);
        }
    }
    test_own();
    for (size_t i = 0; i < N_CASES; i++) {
        test_kept(i, cases[i].name);
    }
    test_kept(N_CASES, "long ones");
    test_kept(N_CASES + 1, "one of very many rows");
    test_most(1, "very short: while it is read");
    test_most(4, "rows of one table: while it is read");
    script_shutdown();
    return tap_done();
}
