/* layer: cli */
#include "cli/changes.h"
#include "cli/draft.h"
#include "cli/inverse.h"
#include "cli/words.h"
#include "tap.h"

/* Scripts, and the rollback that can be read off them. */
static const struct {
    const char *name, *sql, *inverse;
    size_t n_open;
} inversions[] = {
    {"nothing", "-- only a comment\n", "", 0},
    {"a schema and a table", "CREATE SCHEMA s;\nCREATE TABLE s.t (id int PRIMARY KEY);\n",
     "DROP TABLE s.t;\nDROP SCHEMA s;\n", 0},
    {"what stands on a new table goes with it",
     "CREATE TABLE s.t (id int);\nCREATE INDEX i ON s.t (id);\nINSERT INTO s.t VALUES "
     "(1);\nCOMMENT ON TABLE s.t IS 'x';\nGRANT SELECT ON s.t TO r;\n",
     "DROP TABLE s.t;\n", 0},
    {"an index on an old table, in its schema", "CREATE UNIQUE INDEX \"I x\" ON s.t (id);\n",
     "DROP INDEX s.\"I x\";\n", 0},
    {"an index without a name", "CREATE INDEX ON s.t (id);\n",
     "-- BY HAND: f.sql:1 (CREATE INDEX) has no inverse that can be read off its text; write it "
     "here\n",
     1},
    {"quoted names", "CREATE TABLE \"S\".\"a\"\"b.c\" (id int);\n",
     "DROP TABLE \"S\".\"a\"\"b.c\";\n", 0},
    {"views, sequences, types, domains",
     "CREATE VIEW v AS SELECT 1;\nCREATE SEQUENCE q;\nCREATE TYPE e AS ENUM ('a');\nCREATE DOMAIN "
     "d AS int;\nCREATE MATERIALIZED VIEW m AS SELECT 1;\n",
     "DROP MATERIALIZED VIEW m;\nDROP DOMAIN d;\nDROP TYPE e;\nDROP SEQUENCE q;\nDROP VIEW v;\n",
     0},
    {"an extension", "CREATE EXTENSION IF NOT EXISTS postgis;\n",
     "-- f.sql:1 (CREATE EXTENSION) may find it there already; then this line must go\nDROP "
     "EXTENSION postgis;\n",
     0},
    {"a function", "CREATE FUNCTION s.f(a int) RETURNS int LANGUAGE sql AS $$ SELECT a; $$;\n",
     "DROP FUNCTION s.f;\n", 0},
    {"a replaced function",
     "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';\n",
     "-- f.sql:1 (CREATE FUNCTION) may find it there already; then this line must go\nDROP "
     "FUNCTION f;\n",
     0},
    {"two functions of one name",
     "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';\nCREATE FUNCTION f(a text) "
     "RETURNS int LANGUAGE sql AS 'SELECT 1';\n",
     "-- BY HAND: f.sql:1 (CREATE FUNCTION) has no inverse that can be read off its text; write it "
     "here\n",
     1},
    {"columns, the last first",
     "ALTER TABLE ONLY s.t ADD COLUMN a numeric(10, 2) DEFAULT (1), ADD b int;\n",
     "ALTER TABLE s.t DROP COLUMN b, DROP COLUMN a;\n", 0},
    {"a named constraint", "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);\n",
     "ALTER TABLE t DROP CONSTRAINT c;\n", 0},
    {"a constraint without a name", "ALTER TABLE t ADD CHECK (a > 0);\n",
     "-- BY HAND: f.sql:1 (ALTER TABLE) has no inverse that can be read off its text; write it "
     "here\n",
     1},
    {"one action of two", "ALTER TABLE t ADD COLUMN a int, DROP COLUMN b;\n",
     "-- BY HAND: f.sql:1 (ALTER TABLE) has no inverse that can be read off its text; write it "
     "here\n",
     1},
    {"a column that may be there", "ALTER TABLE t ADD COLUMN IF NOT EXISTS a int;\n",
     "-- f.sql:1 (ALTER TABLE) may find it there already; then this line must go\nALTER TABLE t "
     "DROP COLUMN a;\n",
     0},
    {"rows of an old table", "INSERT INTO t VALUES (1);\n",
     "-- BY HAND: f.sql:1 (INSERT) has no inverse that can be read off its text; write it here\n",
     1},
    {"code", "DO $$ BEGIN NULL; END $$;\n",
     "-- BY HAND: f.sql:1 (DO) has no inverse that can be read off its text; write it here\n", 1},
    {"settings and questions need none", "SET LOCAL lock_timeout = '1s';\nSELECT 1;\n", "", 0},
    {"a block of its own", "BEGIN;\nCREATE TABLE t (id int);\nCOMMIT;\n", "DROP TABLE t;\n", 0},
    {"a temporary table is gone by itself", "CREATE TEMP TABLE t (id int);\n", "", 0},
    {"a trigger and a policy",
     "CREATE TRIGGER g AFTER INSERT ON s.t EXECUTE FUNCTION f();\nCREATE POLICY p ON s.t USING "
     "(true);\nALTER TABLE s.t ENABLE ROW LEVEL SECURITY;\n",
     "ALTER TABLE s.t DISABLE ROW LEVEL SECURITY;\nDROP POLICY p ON s.t;\nDROP TRIGGER g ON s.t;\n",
     0},
    {"comments inside", "CREATE /* a /* b */ TABLE x */ TABLE -- c\n t (id int);\n",
     "DROP TABLE t;\n", 0},
};

static bool read_script(struct arena *a, const char *sql, struct script *out)
{
    struct err e;
    if (script_parse(a, "f.sql", bytes_str(sql), out, &e) != 0) {
        printf("# %s\n", e.msg);
        return false;
    }
    return true;
}

static void test_inversions(void)
{
    for (size_t i = 0; i < sizeof inversions / sizeof inversions[0]; i++) {
        struct arena a = {0};
        struct script s;
        struct buf out = {0};
        size_t n_open = 0;
        if (read_script(&a, inversions[i].sql, &s)) {
            inverse_write(&a, &s, "f.sql", &out, &n_open);
        }
        is_str(buf_str(&out), inversions[i].inverse, inversions[i].name);
        is_int((long long)n_open, (long long)inversions[i].n_open, "statements left to a person");
        buf_release(&out);
        arena_release(&a);
    }
}

static const struct {
    const char *name, *sql, *yml; /* from scope: to requires_rollback: */
    size_t n_hidden;
} drafts[] = {
    {"nothing", NULL,
     "  allowed_schemas:\n    - public\n\nlimits:\n  max_table_count_touched: 0\n  "
     "max_index_count_delta: 0\n  max_row_backfill: 0\n",
     0},
    {"a table with rows",
     "CREATE SCHEMA s;\nCREATE TABLE s.t (id int PRIMARY KEY, \"N\" text);\nINSERT INTO s.t (id, "
     "\"N\") VALUES (1, ')'), (2, '(');\nCREATE INDEX i ON s.t (\"N\");\n",
     "  allowed_schemas:\n    - s\n  allowed_tables:\n    - s.t\n\nlimits:\n  "
     "max_table_count_touched: 1\n  max_index_count_delta: 2\n  max_row_backfill: 2\n",
     0},
    {"rows that are not in the text", "INSERT INTO s.t SELECT 1;\n",
     "  allowed_schemas:\n    - s\n  allowed_tables:\n    - s.t\n\nlimits:\n  "
     "max_table_count_touched: 1\n  max_index_count_delta: 0\n  # max_row_backfill: set it; how "
     "many rows inserted, updated or deleted cannot be read off the SQL\n",
     0},
    {"an extension and a role", "CREATE EXTENSION postgis;\nCREATE ROLE kfm_reader;\n",
     "  allowed_extensions:\n    - postgis\n  allowed_global:\n    - "
     "\"role:kfm_reader\"\n\nlimits:\n  max_table_count_touched: 0\n  max_index_count_delta: 0\n  "
     "max_row_backfill: 0\n",
     0},
    {"code", "DO $$ BEGIN NULL; END $$;\n",
     "  allowed_schemas:\n    - public\n\nlimits:\n  max_table_count_touched: 0\n  "
     "max_index_count_delta: 0\n  # max_row_backfill: set it; how many rows inserted, updated or "
     "deleted cannot be read off the SQL\n",
     1},
    {"a reference out of scope",
     "CREATE TABLE a.t (id int REFERENCES b.u, x int REFERENCES a.t);\n",
     "  allowed_schemas:\n    - a\n  allowed_tables:\n    - a.t\n  references:\n    - "
     "b.u\n\nlimits:\n  max_table_count_touched: 1\n  max_index_count_delta: 0\n  "
     "max_row_backfill: 0\n",
     0},
};

static void test_drafts(void)
{
    for (size_t i = 0; i < sizeof drafts / sizeof drafts[0]; i++) {
        struct arena a = {0};
        struct script s = {0};
        struct draft d;
        struct buf out = {0};
        if (drafts[i].sql != NULL && !read_script(&a, drafts[i].sql, &s)) {
            s.n = 0;
        }
        draft_make(&a, drafts[i].sql != NULL ? &s : NULL, &d);
        d.decl.id = "PG-MIG-2026-02-28-01";
        d.decl.intent = "say \"why\"\\";
        d.decl.change_class = "schema-only";
        draft_write(&out, &d);
        char *from = strstr(buf_str(&out), "scope:\n");
        char *to = strstr(buf_str(&out), "\nrequires_rollback: true\n");
        const char *part =
            from != NULL && to != NULL ? arena_strndup(&a, from + 7, (size_t)(to - from - 7)) : "";
        is_str(part, drafts[i].yml, drafts[i].name);
        is_int((long long)d.n_hidden, (long long)drafts[i].n_hidden,
               "statements that hide what they do");
        ok(strstr(buf_str(&out), "intent: \"say \\\"why\\\"\\\\\"\n") != NULL,
           "the intent is quoted");
        buf_release(&out);
        arena_release(&a);
    }
}

/* Two texts, and what differs between them. */
static const struct {
    const char *name, *was, *now;
    int first, last;
    const char *old_part, *new_part;
} changes[] = {
    {"one line", "a\nb\nc\n", "a\nB\nc\n", 2, 2, "b\n", "B\n"},
    {"a line more", "a\nc\n", "a\nb\nc\n", 2, 2, NULL, "b\n"},
    {"a line less", "a\nb\nc\n", "a\nc\n", 2, 2, "b\n", NULL},
    {"repeated lines", "a\na\n", "a\na\na\n", 3, 3, NULL, "a\n"},
    {"the first line", "x\nb\n", "y\nb\n", 1, 1, "x\n", "y\n"},
    {"no newline at the end", "a\nb", "a\nb\n", 2, 2, "b", "b\n"},
    {"everything", "a\nb\n", "x\ny\nz\nw\n", 1, 4, "a\nb\n", "x\ny\nz\n"},
    {"from nothing", "", "a\n", 1, 1, NULL, "a\n"},
    {"to nothing", "a\n", "", 1, 1, "a\n", NULL},
    {"two places", "a\nb\nc\nd\n", "A\nb\nc\nD\n", 1, 4, "a\nb\nc\n", "A\nb\nc\n"},
};

static void test_changes(void)
{
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct arena a = {0};
        struct file_change c = {0};
        changes_lines(&a, bytes_str(changes[i].was), bytes_str(changes[i].now), &c);
        ok(c.first_line == changes[i].first && c.last_line == changes[i].last, changes[i].name);
        is_str(c.old_excerpt, changes[i].old_part, "the old lines");
        is_str(c.new_excerpt, changes[i].new_part, "the new lines");
        arena_release(&a);
    }
}

static void test_words(void)
{
    struct words w = {bytes_str("a.\"b\".c (E'\\'', $x$ ; $x$, 'it''s') -- end"), 0};
    struct bytes name = words_name(&w);
    ok(name.n == 7 && memcmp(name.p, "a.\"b\".c", 7) == 0, "a dotted name");
    is_int(words_value_rows(&w), 1, "one group, whatever stands in quotes");
    is_int((long long)words_next(&w).n, 0, "nothing after it");
    struct words none = {bytes_str("(a"), 0};
    is_int(words_value_rows(&none), -1, "a group that does not end");
    struct words item = {bytes_str("f(a, b), c"), 0};
    is_int((long long)words_item_end(&item), 7, "a comma in parentheses ends no item");
    struct words dollar = {bytes_str("$1 x"), 0};
    is_int((long long)words_next(&dollar).n, 1, "a dollar that begins no quote");
}

int main(void)
{
    tap_plan(2 * (int)(sizeof inversions / sizeof inversions[0]) +
             3 * (int)(sizeof drafts / sizeof drafts[0]) +
             3 * (int)(sizeof changes / sizeof changes[0]) + 6);
    test_inversions();
    test_drafts();
    test_changes();
    test_words();
    script_shutdown();
    return tap_done();
}
