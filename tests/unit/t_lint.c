/* layer: lint */
/* The linter: each rule's own examples, what a plan knows, what comments let through, classes, marks. */
#include "tap.h"

#include <stdio.h>
#include <string.h>

#include "lint/lint.h"
#include "sql/script.h"

static struct arena arena;

static const char now_mark[] = "-- now\n";

/* What is found in a text; what stands before "-- now" is applied already. */
static struct lint_result lint_as(const char *text, char class, int server)
{
    struct err e = {0};
    struct lint_result out;
    struct lint *l = lint_begin(&arena, &(struct lint_options){.server = server});
    const char *now = strstr(text, now_mark);
    const char *past = now != NULL ? arena_strndup(&arena, text, (size_t)(now - text)) : "";
    struct lint_file f = {.path = "migrations/a.sql", .subject = "A", .part = LINT_PAST};
    text = now != NULL ? now + strlen(now_mark) : text;
    f.text = bytes_str(past);
    if (lint_read(l, &f, &e) != 0) {
        printf("# %s:%d:%d: %s\n", e.where.path, e.where.line, e.where.col, e.msg);
    }
    f = (struct lint_file){
        "migrations/b.sql", "B", bytes_str(text), LINT_ASKED, class, false, false};
    if (lint_read(l, &f, &e) != 0) {
        printf("# %s:%d:%d: %s\n", e.where.path, e.where.line, e.where.col, e.msg);
    }
    lint_end(l, NULL, NULL, &out);
    return out;
}

static struct lint_result lint_text(const char *text)
{
    return lint_as(text, 0, 0);
}

/* "id id;", each with "!" where it is let through. */
static const char *ids_of(const struct lint_result *r)
{
    const char *all = "";
    for (size_t i = 0; i < r->n; i++) {
        all = arena_printf(&arena, "%s%s%s%s", all, i > 0 ? " " : "", lint_rule(r->v[i].rule)->id,
                           r->v[i].finding.waived_by[0] != '\0' ? "!" : "");
    }
    return all;
}

static const struct lint_found *find(const struct lint_result *r, enum hazard rule)
{
    for (size_t i = 0; i < r->n; i++) {
        if (r->v[i].rule == rule) {
            return &r->v[i];
        }
    }
    static const struct lint_found none = {.end_col = -1};
    return &none;
}

static bool has(const struct lint_result *r, enum hazard rule)
{
    return find(r, rule)->end_col >= 0;
}

/* --- the table -------------------------------------------------------------------------------------- */

#define NAMED(...) arena_printf(&arena, __VA_ARGS__)

static void test_examples(void)
{
    for (int i = 0; i < LINTS; i++) {
        const struct lint_rule *rule = lint_rule((enum hazard)i);
        struct lint_result r;
        if (rule->bad != NULL) {
            r = lint_text(rule->bad);
            ok(has(&r, (enum hazard)i),
               NAMED("%s finds what breaks it (%s)", rule->id, ids_of(&r)));
        }
        r = lint_text(rule->good);
        ok(!has(&r, (enum hazard)i), NAMED("%s lets be what does not (%s)", rule->id, ids_of(&r)));
        ok(lint_named(rule->id) == (enum hazard)i, NAMED("%s is found by its id", rule->id));
        ok(strlen(rule->severities) == 4 && strspn(rule->severities, "EWN") == 4,
           NAMED("%s has a severity for each class", rule->id));
    }
    ok(lint_named("no-such-rule") == LINTS, "there is no such rule");
}

/* --- what else is known ----------------------------------------------------------------------------- */

/* want: exactly the rules found, in order; "" none. */
static const struct {
    const char *text, *want, *name;
} cases[] = {
    {"CREATE TABLE s.a (id bigint PRIMARY KEY, n int); CREATE INDEX a1 ON s.a (n); "
     "ALTER TABLE s.a ADD COLUMN m int NOT NULL; ALTER TABLE s.a ALTER n SET NOT NULL; DROP TABLE "
     "s.a;",
     "", "a table of its own is nobody else's"},
    {"CREATE TEMP TABLE t (n int); CREATE INDEX ON t (n); UPDATE t SET n = 1; DROP TABLE t;",
     "index-without-name", "a temporary table is nobody else's"},
    {"-- applied before\nCREATE TABLE s.a (id bigint PRIMARY KEY, n int);\n-- now\n"
     "CREATE INDEX a1 ON s.a (n);",
     "index-blocks-writes", "a table that is applied is in use"},
    {"-- applied before\nCREATE TABLE s.a (id bigint PRIMARY KEY, n int); CREATE INDEX a1 ON s.a "
     "(n);\n-- now\n"
     "ALTER TABLE s.a ADD CONSTRAINT f FOREIGN KEY (n) REFERENCES s.b (id) NOT VALID; "
     "ALTER TABLE s.a VALIDATE CONSTRAINT f;",
     "", "an index that is applied serves a foreign key"},
    {"ALTER TABLE s.a ADD COLUMN b bigint REFERENCES s.b (id);", "",
     "a foreign key of a column that is NULL throughout reads no rows"},
    {"ALTER TABLE s.a ADD COLUMN b bigint DEFAULT 1 REFERENCES s.b (id);", "foreign-key-scans",
     "one of a column with a default does"},
    {"ALTER TABLE s.a ADD COLUMN at timestamptz DEFAULT now();", "",
     "a default that is the same for all rows is kept beside the table"},
    {"ALTER TABLE s.a ADD COLUMN n int DEFAULT s.next();", "add-column-volatile-default",
     "a function that nobody knows may differ"},
    {"BEGIN; ALTER TABLE s.a ADD COLUMN n int; COMMIT; UPDATE s.a SET n = 1 WHERE id = 3;", "",
     "a lock ends with its transaction"},
    {"ALTER TABLE s.a DROP COLUMN n, ALTER m TYPE text;",
     "class-undeclared change-column-type drop-column", "each command of ALTER TABLE"},
    {"DROP INDEX CONCURRENTLY s.i;", "", "DROP INDEX CONCURRENTLY"},
    {"ALTER TABLE s.a RENAME TO b; ALTER TABLE s.b ADD COLUMN n int;",
     "class-undeclared rename-relation", "under its new name it is the same table"},
    {"SET LOCAL search_path = s; CREATE TABLE a (id bigint PRIMARY KEY);", "",
     "a name without a schema, where search_path is set"},
    {"CREATE OR REPLACE VIEW s.v AS SELECT id FROM s.a; DROP VIEW s.v;",
     "class-undeclared drop-object", "what may have been there before is in use"},
    {"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA s TO app; REVOKE ALL ON SCHEMA s FROM PUBLIC;", "",
     "harmless privileges"},
    {"CREATE TABLE s.a (id bigint PRIMARY KEY) PARTITION BY RANGE (id); "
     "CREATE TABLE s.a1 PARTITION OF s.a FOR VALUES FROM (1) TO (2);",
     "", "a partition has the key of its parent"},
    {"COMMENT ON TABLE s.a IS 'x'; ANALYZE s.a; SELECT 1;", "", "what is harmless"},
    {"INSERT INTO s.a (id) VALUES (1), (2) ON CONFLICT DO NOTHING;", "", "rows that are named"},
    {"ALTER TABLE s.a ADD CONSTRAINT c NOT NULL n;", "set-not-null-scans",
     "NOT NULL as a constraint"},
    {"ALTER DOMAIN s.d DROP CONSTRAINT c; ALTER TYPE s.t SET SCHEMA u; ALTER TYPE s.p DROP "
     "ATTRIBUTE b;",
     "class-undeclared drop-constraint move-to-schema drop-column", "domains and types"},
    {"COPY s.a (n) FROM STDIN;\n1\n\\.\n", "", "rows that stand behind their COPY"},
    {"SELECT 1; ROLLBACK;", "session-escape", "what kfmig refuses"},
    {"UPDATE s.a SET g = ST_SetSRID() WHERE id = 1;", "", "a call without what it needs"},
    {"UPDATE s.a SET g = ST_SetSRID(g, 4326) WHERE id = 1;", "set-srid-relabels",
     "coordinates that are called otherwise"},
    {"", "", "nothing"},
    {"-- only a comment\n", "", "a comment"},
};

static void test_cases(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lint_result r = lint_text(cases[i].text);
        is_str(ids_of(&r), cases[i].want, cases[i].name);
    }
}

/* --- comments --------------------------------------------------------------------------------------- */

static const struct {
    const char *text, *want, *name;
} marks[] = {
    {"-- kfmig:allow index-blocks-writes it is small\nCREATE INDEX i ON s.a (n);",
     "index-blocks-writes!", "a comment before the statement"},
    {"CREATE INDEX i ON s.a (n); -- kfmig:allow index-blocks-writes it is small\n",
     "index-blocks-writes!", "one behind it, in its last line"},
    {"CREATE INDEX i\n  -- kfmig:allow index-blocks-writes it is small\n  ON s.a (n);",
     "index-blocks-writes!", "one within it"},
    {"-- kfmig:allow index-blocks-writes it is small\nCREATE INDEX i ON s.a (n);\nCREATE INDEX k "
     "ON s.b (n);",
     "index-blocks-writes! index-blocks-writes", "it is for one statement"},
    {"-- kfmig:allow index-blocks-writes\nCREATE INDEX i ON s.a (n);",
     "allow-without-reason index-blocks-writes", "a reason is wanted"},
    {"-- kfmig:allow index-blocks it is small\nCREATE INDEX i ON s.a (n);",
     "allow-unknown-rule index-blocks-writes", "the rule has to exist"},
    {"-- kfmig:allow drop-table it is small\nCREATE INDEX i ON s.a (n);",
     "allow-unused index-blocks-writes", "and to be broken"},
    {"-- kfmig:allow-data states\n-- kfmig:allow-unparsed\nSELECT 1;", "", "those of others"},
    {"-- squawk-ignore require-concurrent-index-creation\nCREATE INDEX i ON s.a (n);",
     "index-blocks-writes!", "squawk's comment"},
    {"-- squawk-ignore ban-drop-table, require-concurrent-index-creation\nCREATE INDEX i ON s.a "
     "(n);",
     "index-blocks-writes!", "with several names"},
    {"-- squawk-ignore\nCREATE INDEX i ON s.a (n);", "index-blocks-writes!", "without a name"},
    {"-- squawk-ignore ban-drop-table\nCREATE INDEX i ON s.a (n);", "index-blocks-writes",
     "with another name"},
    {"-- squawk-ignore-file\nCREATE INDEX i ON s.a (n);\nCREATE INDEX k ON s.a (m);",
     "index-blocks-writes! index-blocks-writes!", "for the whole file"},
};

static void test_marks(void)
{
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        struct lint_result r = lint_text(marks[i].text);
        is_str(ids_of(&r), marks[i].want, marks[i].name);
    }
    struct lint_result r = lint_text(marks[0].text);
    is_str(r.v[0].finding.waived_by, "it is small", "the reason is what lets it through");
    ok(r.n_waived == 1 && r.n_warning == 0, "it counts as let through");
}

/* --- classes, servers, places, marks ---------------------------------------------------------------- */

static void test_classes(void)
{
    static const char drop[] = "DROP TABLE s.a;";
    static const char rows[] = "UPDATE s.a SET n = 1 WHERE id = 1;";
    struct lint_result r = lint_as(drop, 'A', 0);
    is_str(ids_of(&r), "class-too-low drop-table", "one of class A that drops");
    is_str(r.v[0].finding.text, "class A is declared, and it drops what is there, which is class C",
           "what it is");
    ok(find(&r, LINT_DROP_TABLE)->finding.severity == SEVERITY_ERROR, "an error in class A");
    r = lint_as(drop, 'C', 0);
    is_str(ids_of(&r), "drop-table", "one of class C that drops");
    ok(r.v[0].finding.severity == SEVERITY_WARNING, "a warning in class C");
    r = lint_as(rows, 'A', 0);
    is_str(ids_of(&r), "class-too-low", "one of class A that writes rows");
    r = lint_as(rows, 'B', 0);
    is_str(ids_of(&r), "", "one of class B that writes rows");
    r = lint_as("FROBNICATE s.a;", 'B', 0);
    is_str(ids_of(&r), "class-too-low unknown-statement", "what is unknown is as strict as C");
}

/* The class is that of the whole migration, told at its first file. */
static void test_class_of_files(void)
{
    struct err e = {0};
    struct lint_result r;
    const struct lint_options o = {0, NULL};
    struct lint *l = lint_begin(&arena, &o);
    const struct lint_file f[] = {
        {"a.sql", "A", bytes_str("ALTER TABLE s.t ADD COLUMN n int;"), LINT_ASKED, 'A', false,
         false},
        {"b.sql", "A", bytes_str("DROP TABLE s.t;"), LINT_ASKED, 'A', false, false},
        {"c.sql", "C", bytes_str("ALTER TABLE s.u ADD COLUMN n int;"), LINT_ASKED, 'A', false,
         false}};
    bool is_read = lint_read(l, &f[0], &e) == 0 && lint_read(l, &f[1], &e) == 0 &&
                   lint_read(l, &f[2], &e) == 0;
    lint_end(l, NULL, NULL, &r);
    size_t n = 0;
    for (size_t i = 0; i < r.n; i++) {
        n += r.v[i].rule == LINT_CLASS_TOO_LOW;
    }
    const struct lint_found *found = find(&r, LINT_CLASS_TOO_LOW);
    ok(is_read && n == 1 && found != NULL && strcmp(found->finding.path, "a.sql") == 0 &&
           strcmp(found->migration, "A") == 0,
       "the class of a migration of two files is told once");
}

static void test_servers(void)
{
    static const char late[] = "ALTER TABLE s.o DETACH PARTITION s.p;";
    struct lint_result r = lint_as(late, 0, 13);
    ok(!has(&r, LINT_DETACH_BLOCKS), "13 has no DETACH CONCURRENTLY");
    r = lint_as(late, 0, 14);
    ok(has(&r, LINT_DETACH_BLOCKS), "14 has");
}

static void test_places(void)
{
    struct lint_result r =
        lint_text("SELECT 1;\n\nCREATE TABLE s.a (\n  id bigint PRIMARY KEY,\n  j json\n);\n");
    ok(r.n == 1 && r.v[0].finding.line == 5 && r.v[0].finding.col == 5, "where the type stands");
    is_str(r.v[0].source, "  j json", "the line");
    ok(r.v[0].end_col == 9, "where it ends");
    ok(r.v[0].edit.text != NULL && strcmp(r.v[0].edit.text, "jsonb") == 0 &&
           r.v[0].edit.end - r.v[0].edit.at == 4,
       "jsonb can be put there");
    r = lint_text("CREATE UNIQUE INDEX i ON s.a (n);");
    ok(r.v[0].edit.at == 19 && strcmp(r.v[0].edit.text, " CONCURRENTLY") == 0,
       "CONCURRENTLY can be put in");
    r = lint_text("BEGIN; CREATE INDEX i ON s.a (n); COMMIT;");
    ok(find(&r, LINT_INDEX_BLOCKS)->edit.text == NULL, "not between BEGIN and COMMIT");
    r = lint_text("CREATE TABLE s.a (id bigint PRIMARY KEY, at timestamp without time zone);");
    ok(find(&r, LINT_TIMESTAMP)->edit.text == NULL, "not where a type is many words");
}

static void test_identity(void)
{
    struct lint_result a = lint_text("CREATE INDEX i ON s.a (n);\nCREATE INDEX i ON s.a (n);");
    struct lint_result b = lint_text("\n\n-- more\nCREATE   INDEX i\n ON s.a (n);");
    ok(digest_eq(&a.v[0].mark, &b.v[0].mark), "another line and other blanks are the same finding");
    ok(!digest_eq(&a.v[0].mark, &a.v[1].mark), "two of the same words are two findings");
    struct lint_result c = lint_text("CREATE INDEX i ON s.a (m);");
    ok(!digest_eq(&a.v[0].mark, &c.v[0].mark), "other words are another one");
}

static bool knows_all(void *ctx, const struct digest *mark)
{
    (void)mark;
    return ctx != NULL;
}

static void test_baseline(void)
{
    struct err e = {0};
    struct lint_result r;
    struct lint *l = lint_begin(&arena, &(struct lint_options){.server = 0});
    const struct lint_file f = {"a.sql", "A",  bytes_str("DROP VIEW s.v;"), LINT_ASKED, 'C',
                                false,   false};
    ok(lint_read(l, &f, &e) == 0, "it is read");
    lint_end(l, knows_all, &e, &r);
    ok(r.n == 1 && r.n_waived == 1, "what the baseline has is let through");
    is_str(r.v[0].finding.waived_by, "the baseline", "by the baseline");
}

static void test_unreadable(void)
{
    struct err e = {0};
    struct lint_result r;
    struct lint *l = lint_begin(&arena, &(struct lint_options){.server = 0});
    const struct lint_file f = {"a.sql", "A",  bytes_str("SELECT 1;\nSELECT 'x;"), LINT_ASKED, 0,
                                false,   false};
    ok(lint_read(l, &f, &e) != 0 && e.where.line == 2, "a text that cannot be split says where");
    lint_end(l, NULL, NULL, &r);
    ok(r.n_files == 1, "the file counts");
}

int main(void)
{
    int n = 4 * LINTS + 1 + (int)(sizeof cases / sizeof *cases + sizeof marks / sizeof *marks) + 28;
    for (int i = 0; i < LINTS; i++) {
        n -= lint_rule((enum hazard)i)->bad == NULL;
    }
    tap_plan(n);
    test_examples();
    test_cases();
    test_marks();
    test_classes();
    test_class_of_files();
    test_servers();
    test_places();
    test_identity();
    test_baseline();
    test_unreadable();
    script_shutdown();
    arena_release(&arena);
    return tap_done();
}
