/* layer: plan */
/* The class of a migration: what its statements do, what it made itself, what it declares, where it runs; and what each class asks for. */
#include "tap.h"

#include "doc/yaml.h"
#include "model/class.h"
#include "plan/plan.h"
#include "plan/wants.h"
#include "sql/script.h"

static struct arena arena;

/* clang-format off */
static const struct {
    const char *sql;
    char class;
    const char *why, *name;
} cases[] = {
    {"CREATE TABLE s.a (id bigint PRIMARY KEY); CREATE INDEX i ON s.b (x);", 'A', "", "what adds"},
    {"ALTER TABLE s.a ADD COLUMN n int; ALTER TABLE s.a DROP CONSTRAINT c; DROP INDEX s.i;", 'A', "", "what nobody names"},
    {"DROP POLICY p ON s.a; DROP STATISTICS s.st; ALTER INDEX s.i RENAME TO j;", 'A', "", "parts that programs do not name"},
    {"INSERT INTO s.a VALUES (1);", 'B', "writes rows", "a row"},
    {"UPDATE s.a SET n = 1 WHERE id = 1; DELETE FROM s.a WHERE id = 2;", 'B', "writes rows", "some rows"},
    {"CREATE TABLE s.a (id int); INSERT INTO s.a VALUES (1); DROP TABLE s.a;", 'A', "", "what it made itself"},
    {"CREATE TABLE s.a (id int); DROP TABLE s.a, s.b;", 'C', "drops what is there", "what it made itself, and something else"},
    {"CREATE OR REPLACE VIEW s.v AS SELECT 1; DROP VIEW s.v;", 'C', "drops what is there", "what may have been there before"},
    {"CREATE TEMP TABLE t (id int); INSERT INTO t VALUES (1); DROP TABLE t; TRUNCATE t;", 'C', "removes all rows of a table", "a table that a temporary one hid"},
    {"CREATE TEMP TABLE t (id int); TRUNCATE t; ALTER TABLE t RENAME TO u; DROP TABLE u;", 'A', "", "a temporary table"},
    {"DELETE FROM s.a;", 'C', "removes all rows of a table", "every row"},
    {"ALTER TABLE s.a DROP COLUMN b;", 'C', "drops what is there", "a column"},
    {"ALTER TABLE s.a ALTER COLUMN b TYPE bigint;", 'C', "gives a column another type", "a type"},
    {"ALTER TABLE s.a RENAME COLUMN b TO c;", 'C', "gives another name or schema to what programs name", "the name of a column"},
    {"ALTER TABLE s.a SET SCHEMA t;", 'C', "gives another name or schema to what programs name", "a schema"},
    {"ALTER TYPE s.e RENAME VALUE 'a' TO 'b';", 'C', "gives another name or schema to what programs name", "the name of a value"},
    {"ALTER TABLE s.a RENAME TO b; DROP TABLE s.b;", 'C', "drops what is there", "a new name is nothing new"},
    {"DO $$ BEGIN DROP TABLE s.a; END $$;", 'C', "drops what is there", "code that runs"},
    {"CREATE FUNCTION s.f() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM s.a; END;", 'A', "", "code that is stored"},
    {"FROBNICATE s.a;", 'U', "holds what the grammar does not know", "what is unknown"},
    {"UPDATE s.a SET n = 1; FROBNICATE s.a;", 'U', "holds what the grammar does not know", "what is unknown, and more"},
    {"FROBNICATE s.a; DROP VIEW s.v;", 'C', "drops what is there", "what breaks, and what is unknown"},
};
/* clang-format on */

static struct script read_text(const char *sql)
{
    struct script s;
    struct err e = {0};
    if (script_parse(&arena, "t.sql", bytes_str(sql), &s, &e) != 0) {
        printf("# %s\n", e.msg);
    }
    return s;
}

static void test_texts(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct statement_room room;
        struct class_tally t = {.a = &arena};
        struct script s = read_text(cases[i].sql);
        for (size_t k = 0; k < s.n; k++) {
            class_add(&t, script_at(&s, k, &room));
        }
        char got = class_tallied(&t);
        if (got != cases[i].class) {
            printf("# %c\n", got);
        }
        ok(got == cases[i].class, cases[i].name);
        is_str(class_why(&t), cases[i].why, arena_printf(&arena, "why: %s", cases[i].name));
    }
}

/* --- of a bundle -------------------------------------------------------------------------------------- */

static struct decl decl;
static struct script forward;
static struct bundle bundle;

static void begin(const char *sql, const char *yaml)
{
    struct err e = {0};
    static struct artifact file = {.path = "forward.sql"};
    forward = read_text(sql);
    decl = (struct decl){.forward = {&file, 1, 1},
                         .runner = "native",
                         .approval_reference = "",
                         .document = yaml_read(&arena, bytes_str(yaml), "migration.yml", &e)};
    bundle =
        (struct bundle){.id = "M-1", .decl = &decl, .forward = &forward, .requires_rollback = true};
}

static void test_declared(void)
{
    begin("CREATE TABLE s.a ();", "a: 1\n");
    ok(bundle_class(&arena, &bundle) == 'A', "nothing is declared");
    begin("CREATE TABLE s.a ();", "class: C\n");
    ok(bundle_class(&arena, &bundle) == 'C', "more is declared");
    begin("DROP TABLE s.a;", "risk: low\n");
    ok(bundle_class(&arena, &bundle) == 'C', "less is declared");
    begin("DROP TABLE s.a;", "class: D\n");
    ok(bundle_class(&arena, &bundle) == 'C', "D outside of a projection is nothing");
    bundle.projection = "wells";
    ok(bundle_class(&arena, &bundle) == 'D', "inside of one all is rebuilt");
    begin("FROBNICATE s.a;", "a: 1\n");
    bundle.projection = "wells";
    ok(bundle_class(&arena, &bundle) == 'U', "what is unknown is so there, too");
    begin("CREATE TABLE s.a ();", "a: 1\n");
    bundle.n_faults = 1;
    ok(bundle_class(&arena, &bundle) == 'U', "one that cannot be run");
    begin("DROP TABLE s.a;", "a: 1\n");
    bundle.n_faults = 1;
    ok(bundle_class(&arena, &bundle) == 'C', "one that cannot be run, and breaks");
}

static void test_order(void)
{
    ok(class_stricter('A', 'B') == 'B' && class_stricter('C', 'B') == 'C', "the stricter one");
    ok(class_stricter('C', 'U') == 'U' && class_stricter('D', 'B') == 'D', "unknown, and rebuilt");
    ok(class_as_strict('U') == 'C' && class_as_strict('D') == 'D', "unknown is as strict as C");
    is_str(class_text('D'), "D", "as text");
    is_str(class_text('U'), "unknown", "unknown, as text");
    ok(!class_wants_reference('A') && class_wants_reference('B') && class_wants_reference('D') &&
           class_wants_reference('U'),
       "all but A want a reference");
}

/* --- what it asks for --------------------------------------------------------------------------------- */

static const char *wanted(char class)
{
    static const char *const names[] = {"reference",  "alternative", "rollback", "apart",
                                        "monitoring", "runtime",     "locks"};
    const char *all = "";
    unsigned bits = bundle_wants(&bundle, class);
    for (int i = 0; i < WANT_COUNT; i++) {
        all = (bits & 1U << i) != 0 ? arena_printf(&arena, "%s%s ", all, names[i]) : all;
    }
    return all;
}

static void test_wants(void)
{
    begin("DROP TABLE s.a;", "a: 1\n");
    is_str(wanted('A'), "", "class A asks for nothing");
    is_str(wanted('C'), "reference rollback monitoring runtime locks ",
           "class C, of one that says nothing");
    is_str(wanted('D'), "reference rollback ", "class D");
    decl.approval_reference = "ADR 7";
    decl.notes.bytes = bytes_str(
        "# It\n\n## Monitoring\n\nRuntime: 3 s, see the lock log\nAfter a Rollback: nothing\n");
    is_str(wanted('C'), "locks ", "what stands in no heading is not said");
    decl.notes.bytes = bytes_str("## What to watch\n## Duration\n### Risk\n## Rollback");
    is_str(wanted('C'), "", "other words for it");
    begin("UPDATE s.a SET n = 1;", "ticket: TBD\n");
    is_str(wanted('B'), "reference rollback monitoring runtime locks ",
           "a ticket to be done is none");
    bundle.lacks = 1U << LACK_TICKET;
    ok(strstr(wanted('B'), "reference") == NULL, "what is told as open is not told twice");
    begin("UPDATE s.a SET n = 1;", "ticket: T-1\n");
    bundle.file = "migrations/db/0001__a.sql";
    is_str(wanted('B'), "", "a flat file has no notes beside it");
    begin("CREATE INDEX CONCURRENTLY i ON s.a (x);", "a: 1\n");
    is_str(wanted('A'), "apart ", "more than one transaction");
    decl.notes.bytes = bytes_str("## Why not transactional\n");
    is_str(wanted('A'), "", "and why");
    begin("CREATE TABLE s.a ();", "a: 1\n");
    bundle.requires_rollback = false;
    is_str(wanted('A'), "alternative ", "what cannot be undone wants another way");
    decl.notes.bytes = bytes_str("What instead: dual write\n");
    is_str(wanted('A'), "", "and has one");
    bundle.definition = (const struct definition *)&bundle;
    is_str(wanted('C'), "", "a repeatable definition owes nothing");
    is_str(want_text(&arena, WANT_REFERENCE, 'U'),
           "it is of class unknown, and no plan, ADR or issue stands behind it", "by its class");
    is_str(want_text(&arena, WANT_ALTERNATIVE, 'A'),
           "nothing undoes it, and its notes name no alternative", "by what it is");
    ok(want_row(WANT_REFERENCE)->is_refused && !want_row(WANT_LOCKS)->is_refused,
       "a reference is refused, a heading told");
}

int main(void)
{
    tap_plan(2 * (int)(sizeof cases / sizeof *cases) + 30);
    test_texts();
    test_declared();
    test_order();
    test_wants();
    arena_release(&arena);
    return tap_done();
}
