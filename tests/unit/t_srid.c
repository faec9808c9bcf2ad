/* layer: sql */
/* Which reference systems SQL text declares: from the parse tree, whatever stands in comments and strings. */
#include "sql/script.h"
#include "sql/srid.h"
#include "tap.h"

static const struct {
    const char *text, *srids; /* "?": the parser does not know the text */
} rows[] = {
    {"CREATE TABLE t (g geometry(Point, 4326))", "4326"},
    {"CREATE TABLE t (g GEOMETRY ( MultiPolygonZ,26914 ), h geography(Point, 4326))", "26914 4326"},
    {"CREATE TABLE t (g \"geometry\"(Point /* geometry(Point, 3857) */, 26914))", "26914"},
    {"CREATE TABLE t (g public.geometry(Point, 4326)[], h geometry(Point, 4326))", "4326"},
    {"ALTER TABLE t ADD COLUMN g geometry(Point, 3857)", "3857"},
    {"ALTER TABLE t ALTER COLUMN g TYPE geometry(Point, 3857) USING ST_Transform(g, 3857)", "3857"},
    {"CREATE DOMAIN place AS geometry(Point, 32614)", "32614"},
    {"CREATE TABLE t AS SELECT ST_Transform(g, 3857)::geometry(Point, 3857) AS g FROM s", "3857"},
    {"SELECT AddGeometryColumn('app', 't', 'g', 26914, 'POINT', 2)", "26914"},
    {"SELECT AddGeometryColumn('t', 'g', 0, 'POINT', 2)", ""},
    {"CREATE TABLE t (g geometry, h geometry(Point), i geometry(Point, 0), k numeric(10, 2))", ""},
    {"-- CREATE TABLE t (g geometry(Point, 26914))\nCREATE TABLE t (g geometry(Point, 4326))",
     "4326"},
    {"/* geometry(Point, 26914) /* geometry(Point, 3857) */ */ CREATE TABLE t (a int)", ""},
    {"COMMENT ON TABLE t IS 'was geometry(Point, 26914)'", ""},
    {"CREATE TABLE t (a text DEFAULT $$geometry(Point, 26914)$$)", ""},
    {"CREATE TABLE t (\"geometry(Point, 26914)\" int)", ""},
    {"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1; -- geometry(Point, 26914)'", ""},
    {"CREATE TABLE t (a int); CREATE TABLE u (g geometry(Point, 4326))", "4326"},
    {"CREATE TABLE t (a int, b numeric(26914))", ""},
    {"CREATE TABLE t (g geometry NOT NULL, h geography[])", ""},
    {"CREATE TABLE t (g geometry /* of wells */ (Point, 26914))", "26914"},
    {"CREATE TABLE t (g geography -- of wells\n\t(Point, 4326))", "4326"},
    {"CREATE TABLE TABLE (g geometry(Point, 4326))", "?"},
    {"", ""},
};
enum { N_ROWS = sizeof rows / sizeof *rows };

int main(void)
{
    tap_plan(N_ROWS);
    for (size_t i = 0; i < N_ROWS; i++) {
        struct arena a = {0};
        struct srids found;
        struct buf text = {0};
        srids_of(&a, bytes_str(rows[i].text), &found);
        for (size_t k = 0; k < found.n; k++) {
            buf_printf(&text, "%s%d", k > 0 ? " " : "", found.v[k]);
        }
        is_str(found.is_complete ? buf_str(&text) : "?", rows[i].srids, rows[i].text);
        buf_release(&text);
        arena_release(&a);
    }
    script_shutdown();
    return tap_done();
}
