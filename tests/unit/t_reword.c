/* layer: flow */
/* Which statements of two texts have to be the same, as no structure shows what they do. */
#include "flow/reword.h"
#include <string.h>

#include "sql/script.h"
#include "tap.h"

static struct arena arena;

/* was, now: texts of forward files, divided by "|". line: of now, where the first one differs. */
static const struct {
    const char *name, *was, *now;
    int line;
    bool same;
} cases[] = {
    {"the same", "CREATE TABLE t (a int);", "CREATE TABLE t (a int);", 0, true},
    {"other structure", "CREATE TABLE t (a int);", "CREATE TABLE t (a int PRIMARY KEY);", 0, true},
    {"other structure, dropped", "DROP TABLE t;", "DROP TABLE u;", 1, false},
    {"the same rows", "INSERT INTO t VALUES (1);", "-- one\nINSERT INTO t VALUES (1);", 0, true},
    {"other rows", "INSERT INTO t VALUES (1);", "\nINSERT INTO t VALUES (2);", 2, false},
    {"rows fewer", "INSERT INTO t VALUES (1);", "CREATE TABLE u ();", 0, false},
    {"rows more", "CREATE TABLE u ();", "CREATE TABLE u ();\nUPDATE t SET a = 1;", 2, false},
    {"rows in another order", "DELETE FROM t; UPDATE t SET a = 1;",
     "UPDATE t SET a = 1; DELETE FROM t;", 1, false},
    {"other lines of a COPY", "COPY t FROM STDIN;\n1\n\\.\n", "COPY t FROM STDIN;\n2\n\\.\n", 1,
     false},
    {"other code", "DO $$ BEGIN END $$;", "DO $$ BEGIN PERFORM 1; END $$;", 1, false},
    {"another call", "SELECT f(1);", "SELECT f(2);", 1, false},
    {"a sequence set otherwise", "SELECT setval('s', 1);", "SELECT setval('s', 2);", 1, false},
    {"rows in another file", "CREATE TABLE t ();|DELETE FROM t;",
     "DELETE FROM t;|CREATE TABLE t ();", 0, true},
    {"an empty file between", "DELETE FROM t;|TRUNCATE t;", "DELETE FROM t;||TRUNCATE t;", 0, true},
    {"a table emptied", "CREATE TABLE t ();", "CREATE TABLE t ();\n\nTRUNCATE t;", 3, false},
    {"a column of another type", "ALTER TABLE t ALTER a TYPE int USING 1;",
     "ALTER TABLE t ALTER a TYPE int USING 2;", 1, false},
    {"a table of rows", "CREATE TABLE t AS SELECT 1 AS a;", "CREATE TABLE t AS SELECT 2 AS a;", 1,
     false},
};
enum { N = sizeof cases / sizeof *cases, FILES = 4 };

static size_t parse(const char *text, struct script *out)
{
    size_t n = 0;
    for (const char *at = text;; at++) {
        struct err e = {0};
        size_t len = strcspn(at, "|");
        struct bytes one = bytes_of(arena_strndup(&arena, at, len), len);
        if (script_parse(&arena, "forward.sql", one, &out[n++], &e) != 0) {
            printf("# %s\n", e.msg);
        }
        at += len;
        if (*at == '\0') {
            return n;
        }
    }
}

int main(void)
{
    tap_plan(2 * N);
    for (size_t i = 0; i < N; i++) {
        struct script was[FILES] = {0};
        struct script now[FILES] = {0};
        int line = 0;
        size_t n_was = parse(cases[i].was, was);
        size_t n_now = parse(cases[i].now, now);
        bool same = reword_same_rows(was, n_was, now, n_now, &line);
        ok(same == cases[i].same, cases[i].name);
        is_int(same ? 0 : line, same ? 0 : cases[i].line, "the place of it");
    }
    arena_release(&arena);
    script_shutdown();
    return tap_done();
}
