/* layer: sql */
/* Which statements are quiet: what runs code, writes rows or leaves something in the session is not. */
#include "sql/script.h"
#include "tap.h"

/* clang-format off */
static const struct {
    enum quiet quiet;
    const char *sql;
} cases[] = {
    {QUIET_MAKES_TABLE, "CREATE TABLE t (id bigint PRIMARY KEY, at timestamptz DEFAULT now(), CHECK (id > 0))"},
    {QUIET_MAKES_TABLE, "CREATE TABLE IF NOT EXISTS app.t ()"},
    {QUIET_MAKES_TABLE, "CREATE UNLOGGED TABLE t (a int)"},
    {QUIET_MAKES_TABLE, "CREATE TABLE t (d date) PARTITION BY RANGE (d)"},
    {QUIET_YES, "CREATE UNIQUE INDEX ON t (a DESC, b) INCLUDE (c)"},
    {QUIET_YES, "CREATE INDEX IF NOT EXISTS i ON t USING gist (g)"},
    {QUIET_YES, "COMMENT ON TABLE t IS 't'"},
    {QUIET_YES, "COMMENT ON FUNCTION f(int) IS NULL"},
    {QUIET_NOT, "CREATE TABLE t PARTITION OF p DEFAULT"},
    {QUIET_NOT, "CREATE TEMP TABLE t (a int)"},
    {QUIET_NOT, "CREATE TABLE pg_temp.t (a int)"},
    {QUIET_NOT, "CREATE TABLE t AS SELECT 1"},
    {QUIET_NOT, "SELECT 1 INTO t"},
    {QUIET_NOT, "CREATE INDEX ON t (f(a))"},
    {QUIET_NOT, "CREATE INDEX ON t (lower(a))"},
    {QUIET_NOT, "CREATE INDEX ON t (a) WHERE f(a)"},
    {QUIET_NOT, "CREATE INDEX ON t (a my.ops)"},
    {QUIET_NOT, "CREATE INDEX CONCURRENTLY ON t (a)"},
    {QUIET_NOT, "ALTER TABLE t ADD COLUMN a int DEFAULT f()"},
    {QUIET_NOT, "CREATE VIEW v AS SELECT 1"},
    {QUIET_NOT, "CREATE SCHEMA s CREATE TABLE t (a int)"},
    {QUIET_NOT, "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'"},
    {QUIET_NOT, "CREATE TRIGGER t BEFORE INSERT ON t EXECUTE FUNCTION f()"},
    {QUIET_NOT, "CREATE EVENT TRIGGER t ON ddl_command_end EXECUTE FUNCTION f()"},
    {QUIET_NOT, "INSERT INTO t VALUES (1)"},
    {QUIET_NOT, "UPDATE t SET a = 1"},
    {QUIET_NOT, "SELECT set_config('search_path', '', false)"},
    {QUIET_NOT, "SELECT pg_advisory_lock(1)"},
    {QUIET_NOT, "SET search_path = app"},
    {QUIET_NOT, "SET LOCAL search_path = app"},
    {QUIET_NOT, "LISTEN x"},
    {QUIET_NOT, "NOTIFY x"},
    {QUIET_NOT, "PREPARE p AS SELECT 1"},
    {QUIET_NOT, "EXECUTE p"},
    {QUIET_NOT, "DECLARE c CURSOR WITH HOLD FOR SELECT 1"},
    {QUIET_NOT, "DO 'BEGIN END'"},
    {QUIET_NOT, "CALL p()"},
    {QUIET_NOT, "COPY t FROM STDIN"},
    {QUIET_NOT, "LOCK TABLE t"},
    {QUIET_NOT, "TRUNCATE t"},
    {QUIET_NOT, "DROP TABLE t"},
    {QUIET_NOT, "GRANT SELECT ON t TO r"},
    {QUIET_NOT, "SET ROLE r"},
    {QUIET_NOT, "COMMIT"},
    {QUIET_NOT, "CREATE TABLE t (a int) NEWER THAN ANY"},
};
/* clang-format on */

enum { N_CASES = sizeof cases / sizeof *cases };

int main(void)
{
    struct arena a = {0};
    tap_plan(N_CASES);
    for (size_t i = 0; i < N_CASES; i++) {
        struct script s = {0};
        struct err e = {0};
        int rc = script_parse(&a, "t.sql", bytes_str(cases[i].sql), &s, &e);
        ok(rc == 0 && s.n == 1 && s.forms[0].quiet == cases[i].quiet, cases[i].sql);
    }
    script_shutdown();
    arena_release(&a);
    return tap_done();
}
