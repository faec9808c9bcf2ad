/* Which statements may run alone, outside of any transaction, what their texts say, and why others may not. */
#include "model/segment.h"
#include "script/language.h"
#include "sql/script.h"
#include "tap.h"

struct lone_case {
    const char *sql;
    const char *said; /* "KIND schema.name on schema.table ? shape"; or "- why | hint" */
};

/* clang-format off */
static const struct lone_case cases[] = {
    {"CREATE INDEX CONCURRENTLY i ON app.t (a)", "index app.i on app.t: btree (a)"},
    {"CREATE INDEX CONCURRENTLY i ON t (a)", "index .i on .t: btree (a)"},
    {"SET search_path = app; CREATE INDEX CONCURRENTLY i ON t (a)", "index app.i on app.t: btree (a)"},
    {"SET search_path = app, pub; CREATE INDEX CONCURRENTLY i ON t (a)", "index .i on .t: btree (a)"},
    {"CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON app.t (a)", "index app.i on app.t ?: btree (a)"},
    {"CREATE UNIQUE INDEX CONCURRENTLY \"I x\" ON ONLY app.\"T\" (a, lower(b) DESC, c) INCLUDE (d, e) WHERE a > 1", "index app.I x on app.T: unique btree (a,,c) include (d,e) where"},
    {"CREATE INDEX CONCURRENTLY i ON app.t USING gist (geom)", "index app.i on app.t: gist (geom)"},
    {"CREATE INDEX CONCURRENTLY i ON app.t USING gist (ST_Transform(geom, 4326))", "index app.i on app.t: gist ()"},
    {"CREATE INDEX CONCURRENTLY ON app.t (a)", "- an index without a name could not be told apart after a crash | give it a name: CREATE INDEX CONCURRENTLY name ON ..."},
    {"CREATE INDEX CONCURRENTLY i ON app.t (app.f(a))", "- outside of a transaction it would run a function whose effects its text does not name | use functions of the server or of an extension, or leave CONCURRENTLY out"},
    {"CREATE INDEX CONCURRENTLY i ON app.t (a) WHERE app.ok(a)", "- outside of a transaction it would run a function whose effects its text does not name | use functions of the server or of an extension, or leave CONCURRENTLY out"},
    {"CREATE TEMP TABLE x (a int); CREATE INDEX CONCURRENTLY i ON x (a)", "- nobody else sees a temporary table | leave it out, or its CONCURRENTLY"},
    {"CREATE INDEX CONCURRENTLY i ON pg_temp.x (a)", "- nobody else sees a temporary table | leave it out, or its CONCURRENTLY"},
    {"BEGIN; CREATE INDEX CONCURRENTLY i ON app.t (a); COMMIT", "- it cannot run between BEGIN and COMMIT | move it out of the block"},
    {"DROP INDEX CONCURRENTLY app.i", "index app.i on .: "},
    {"DROP INDEX CONCURRENTLY IF EXISTS app.i RESTRICT", "index app.i on . ?: "},
    {"DROP INDEX CONCURRENTLY i", "index .i on .: "},
    {"SET search_path = app; DROP INDEX CONCURRENTLY i", "index app.i on .: "},
    {"DROP INDEX CONCURRENTLY app.i, app.k", "- CONCURRENTLY cannot run in a transaction block | "},
    {"DROP INDEX CONCURRENTLY app.i CASCADE", "- CONCURRENTLY cannot run in a transaction block | "},
    {"REINDEX INDEX CONCURRENTLY app.i", "index app.i on .: "},
    {"REINDEX (CONCURRENTLY) INDEX app.i", "index app.i on .: "},
    {"REINDEX (CONCURRENTLY, TABLESPACE x) INDEX app.i", "index app.i on .: "},
    {"REINDEX TABLE CONCURRENTLY app.t", "table app.t on .: "},
    {"REINDEX SCHEMA CONCURRENTLY app", "schema .app on .: "},
    {"REINDEX SCHEMA app", "schema .app on .: "},
    {"SET search_path = pub; REINDEX SCHEMA app", "schema .app on .: "},
    {"CREATE TEMP TABLE x (a int); REINDEX TABLE CONCURRENTLY x", "- nobody else sees a temporary table | leave it out, or its CONCURRENTLY"},
    {"REINDEX SYSTEM d", "- it renews the indexes of system catalogs, and everybody waits for it meanwhile | "},
    {"REINDEX DATABASE CONCURRENTLY d", "database .d on .: "},
    {"REINDEX DATABASE d", "database .d on .: "},
    {"ALTER TABLE app.t DETACH PARTITION app.p CONCURRENTLY", "table app.p on app.t: "},
    {"ALTER TABLE IF EXISTS app.t DETACH PARTITION app.p CONCURRENTLY", "table app.p on app.t ?: "},
    {"VACUUM app.t", "table app.t on .: "},
    {"VACUUM (FULL, ANALYZE) app.t, u (a)", "table app.t on .: "},
    {"SET search_path = app; VACUUM t", "table app.t on .: "},
    {"VACUUM", "- without a table it goes through whatever the role may, kfmig's and the catalogs' too | name the tables: VACUUM a, b"},
    {"VACUUM (SKIP_LOCKED) app.t", "- it may leave a table or its rows out, and the server calls that success | leave SKIP_LOCKED and PROCESS_MAIN out"},
    {"VACUUM (PROCESS_MAIN false) app.t", "- it may leave a table or its rows out, and the server calls that success | leave SKIP_LOCKED and PROCESS_MAIN out"},
    {"CREATE TEMP TABLE x (a int); VACUUM x", "- nobody else sees a temporary table | leave it out, or its CONCURRENTLY"},
    {"CREATE DATABASE d", "- PostgreSQL runs it outside of transaction blocks only | "},
    {"ALTER SYSTEM SET work_mem = '1GB'", "setting .work_mem on .: 1GB"},
    {"ALTER SYSTEM SET work_mem = 17", "setting .work_mem on .: 17"},
    {"ALTER SYSTEM SET random_page_cost = 1.5", "setting .random_page_cost on .: 1.5"},
    {"ALTER SYSTEM SET track_io_timing = on", "setting .track_io_timing on .: on"},
    {"ALTER SYSTEM SET shared_preload_libraries = 'a', \"B c\"", "setting .shared_preload_libraries on .: a, B c"},
    {"ALTER SYSTEM SET work_mem = DEFAULT", "setting .work_mem on .: "},
    {"ALTER SYSTEM RESET work_mem", "setting .work_mem on .: "},
    {"ALTER SYSTEM RESET ALL", "- it does not say which settings it changes | ALTER SYSTEM RESET each by name"},
    {"CLUSTER", "clustered tables . on .: "},
    {"CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p", "- it creates, drops or reads a replication slot elsewhere | "},
};
/* Where a transaction has to end, a letter for each statement: a apart, v its value is waited for (at the statement or
 * the COMMIT behind which the rest waits), s it sets the session, - none of it. */
static const struct lone_case ends[] = {
    {"ALTER TABLE t VALIDATE CONSTRAINT c", "a"},
    {"ALTER TABLE t VALIDATE CONSTRAINT c, VALIDATE CONSTRAINT d", "a"},
    {"ALTER TABLE t VALIDATE CONSTRAINT c, ALTER x SET DEFAULT 1", "-"},
    {"ALTER TABLE app.m DETACH PARTITION app.p FINALIZE", "a"},
    {"ALTER TABLE app.m DETACH PARTITION app.p", "-"},
    {"BEGIN; ALTER TABLE t VALIDATE CONSTRAINT c; COMMIT; ALTER TABLE t VALIDATE CONSTRAINT d", "---a"},
    {"CREATE TABLE t (x int); ALTER TABLE t VALIDATE CONSTRAINT c", "--"},
    {"CREATE TABLE app.t (x int); ALTER TABLE pub.t VALIDATE CONSTRAINT c", "-a"},
    {"ALTER TYPE e ADD VALUE 'b'; SELECT 'b'::e", "v-"},
    {"ALTER TYPE e ADD VALUE 'b'; SELECT b, 'bc'::e FROM t", "--"},
    {"SELECT 'b'; ALTER TYPE e ADD VALUE 'b'", "--"},
    {"ALTER TYPE e ADD VALUE 'b'; SELECT '{a,b}'::e[]", "v-"},
    {"ALTER TYPE e ADD VALUE 'b'; SELECT $$b$$::e", "v-"},
    {"ALTER TYPE e ADD VALUE 'b'; DO 'BEGIN PERFORM ''b''::e; END'", "v-"},
    {"ALTER TYPE e ADD VALUE 'b';\nCOPY t FROM STDIN;\nb\t1\n\\.\n", "v-"},
    {"ALTER TYPE e ADD VALUE 'b';\nCOPY t FROM STDIN;\nbc\t1\n\\.\n", "--"},
    {"BEGIN; ALTER TYPE e ADD VALUE 'b'; SELECT 1; COMMIT; SELECT 'b'::e", "---v-"},
    {"BEGIN; ALTER TYPE e ADD VALUE 'b'; SELECT 'b'::e; COMMIT", "----"},
    {"BEGIN; SELECT 1; COMMIT; ALTER TYPE e ADD VALUE 'b'; SELECT 'b'::e", "---v-"},
    {"ALTER TYPE e RENAME VALUE 'a' TO 'b'; SELECT 'b'::e", "--"},
    {"SELECT set_config('search_path', 'app', false)", "s"},
    {"SELECT pg_catalog.set_config('a.b', 'c', false), set_config('a.d', 'c', false)", "s"},
    {"SELECT set_config('a.b', 'c', true)", "-"},
    {"SELECT set_config('a.b', 'c', false), f()", "-"},
    {"SELECT set_config('a.b', x, false) FROM t", "-"},
    {"SELECT app.set_config('a.b', 'c', false)", "-"},
};
/* clang-format on */

/* Of what stands behind the first n_before bytes, which are blocks of SELECT. */
static const char *read_ends(struct arena *a, const char *sql, size_t n_before)
{
    struct script s;
    struct err e = {0};
    struct statement_room room;
    char text[16] = "";
    size_t from = 0;
    if (script_parse(a, "a.sql", bytes_str(sql), &s, &e) != 0) {
        return arena_strdup(a, e.msg);
    }
    segments_mark(&s, 1);
    while (s.places != NULL && from < s.n && script_at(&s, from, &room)->offset < n_before) {
        const struct statement *st = script_at(&s, from++, &room);
        if (st->is_apart || st->ends_transaction || st->sets_session) {
            return "what stands before";
        }
    }
    for (size_t i = 0; from + i < s.n && i + 1 < sizeof text; i++) {
        const struct statement *st = script_at(&s, from + i, &room);
        text[i] = st->is_apart ? 'a' : st->ends_transaction ? 'v' : st->sets_session ? 's' : '-';
    }
    return arena_strdup(a, text);
}

/* Behind so many others that the file is a long one, in which like statements share what is known of them. */
static const char *read_long(struct arena *a, const char *sql)
{
    struct buf text = {0};
    while (text.n < (size_t)300 * 1024) {
        buf_puts(&text, "BEGIN;\nSELECT 1;\nCOMMIT;\n");
    }
    size_t n_before = text.n;
    buf_puts(&text, sql);
    const char *whole = arena_strndup(a, text.p, text.n);
    buf_release(&text);
    return read_ends(a, whole, n_before);
}

static const char *said(struct arena *a, const struct statement *st)
{
    const struct lone *l = st->lone;
    if (l == NULL) {
        return arena_printf(a, "- %s | %s", st->why, st->hint);
    }
    return arena_printf(a, "%s %s.%s on %s.%s%s: %s", lone_noun(l->kind), l->schema, l->name,
                        l->table_schema, l->table, l->is_conditional ? " ?" : "", l->shape);
}

/* The last statement that is not plain and no control of a block that is right. */
static const char *read_case(struct arena *a, const char *sql)
{
    struct script s;
    struct err e = {0};
    const char *text = "nothing";
    if (script_parse(a, "a.sql", bytes_str(sql), &s, &e) != 0) {
        return arena_strdup(a, e.msg);
    }
    for (size_t i = 0; i < s.n; i++) {
        if (s.forms[i].why[0] != '\0') {
            text = said(a, &s.forms[i]);
        }
    }
    return text;
}

int main(void)
{
    enum { N = sizeof cases / sizeof *cases, N_ENDS = sizeof ends / sizeof *ends };
    struct arena a = {0};
    tap_plan(N + 2 * N_ENDS + 2);
    for (size_t i = 0; i < N; i++) {
        is_str(read_case(&a, cases[i].sql), cases[i].said, cases[i].sql);
    }
    for (size_t i = 0; i < N_ENDS; i++) {
        is_str(read_ends(&a, ends[i].sql, 0), ends[i].said, ends[i].sql);
        is_str(read_long(&a, ends[i].sql), ends[i].said, ends[i].sql);
    }
    ok(lone_cleans(LONE_CREATE_INDEX) && lone_cleans(LONE_REINDEX_INDEX),
       "half an index is taken away");
    ok(!lone_cleans(LONE_DROP_INDEX) && !lone_cleans(LONE_DETACH_PARTITION),
       "half of a removal is gone on with");
    arena_release(&a);
    script_shutdown();
    return tap_done();
}
