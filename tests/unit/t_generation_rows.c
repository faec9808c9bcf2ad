/* layer: store */
/* run: needs=postgres,postgis */
/* Indexes put off and found missing, sequences and views settled, extents measured. */
#include <math.h>

#include "generation_server.h"

static const char *const indexed[] = {
    "CREATE SCHEMA h",
    "CREATE TABLE h.t (id int PRIMARY KEY, a text UNIQUE, b int, c int NOT NULL, g geometry, "
    "EXCLUDE USING gist (g WITH &&))",
    "CREATE TABLE h.u (a int)",
    "CREATE TABLE h.x (a int)",
    "CREATE TABLE h.p (a int, d date NOT NULL) PARTITION BY RANGE (d)",
    "CREATE TABLE h.p1 PARTITION OF h.p FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
    "CREATE FUNCTION h.f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1'",
    "CREATE INDEX z_plain ON h.t (b)",
    "CREATE INDEX \"A \"\"quoted\"\"\" ON h.t (b DESC NULLS LAST, c) INCLUDE (id) WITH (fillfactor "
    "= 70) WHERE b > 1",
    "CREATE UNIQUE INDEX unique_one ON h.t (b, c)",
    "CREATE INDEX spatial ON h.t USING gist (g)",
    "CREATE INDEX expression ON h.t (lower(a) COLLATE \"C\" text_pattern_ops)",
    "CREATE INDEX own_function ON h.t (h.f(b))",
    "CREATE INDEX of_u ON h.u (a)",
    "CREATE INDEX of_x ON h.x (a)",
    "CREATE INDEX of_p ON h.p (a)",
    "CREATE INDEX of_p1 ON h.p1 (d)",
    "CREATE INDEX commented ON h.t (b)",
    "COMMENT ON INDEX h.commented IS 'x'",
    "CREATE INDEX clustered ON h.u (a)",
    "ALTER TABLE h.u CLUSTER ON clustered",
    "CREATE UNIQUE INDEX identity ON h.t (c)",
    "ALTER TABLE h.t REPLICA IDENTITY USING INDEX identity",
    "CREATE INDEX targeted ON h.t ((b + 1))",
    "ALTER INDEX h.targeted ALTER COLUMN 1 SET STATISTICS 7",
    "CREATE UNIQUE INDEX referenced ON h.t (b)",
    "CREATE TABLE h.r (b int REFERENCES h.t (b))",
};

static const char *indexes_text(const struct index_defs *l)
{
    struct buf b = {0};
    for (size_t i = 0; i < l->n; i++) {
        buf_printf(&b, "%s%s%s", i > 0 ? ", " : "", l->v[i].is_valid ? "" : "!", l->v[i].name);
    }
    const char *text = arena_strdup(&arena, buf_str(&b));
    buf_release(&b);
    return text;
}

static const char *missing_of(const struct index_defs *wanted)
{
    struct index_defs missing;
    must(generation_index_missing(owner, &arena, "h", wanted, &missing, &e), "missing");
    return indexes_text(&missing);
}

static void test_indexes(void)
{
    struct index_defs defs;
    struct index_defs none;
    const struct names tables = NAMES("t", "u", "p", "p1", "r", "nothing");
    run_all(owner, indexed, sizeof indexed / sizeof *indexed);
    struct catalog before = state();
    command(owner, "BEGIN");
    must(generation_defer_indexes(owner, &arena, "h", &tables, &defs, &e), "defer");
    command(owner, "COMMIT");
    is_str(indexes_text(&defs),
           "A \"quoted\", expression, of_p1, of_u, own_function, spatial, unique_one, z_plain",
           "what pg_get_indexdef() can make again is put off, in order of name");
    is_str(
        value(owner,
              "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = "
              "'h'::regnamespace AND relkind IN ('i', 'I')"),
        "clustered commented identity of_p of_x p1_a_idx referenced t_a_key t_g_excl t_pkey "
        "targeted",
        "the rest stands");
    is_str(defs.v[0].table, "t", "the table is told");
    ok(strcmp(defs.v[0].definition, "CREATE INDEX \"A \"\"quoted\"\"\" ON h.t USING btree (b DESC "
                                    "NULLS LAST, c) INCLUDE (id) "
                                    "WITH (fillfactor='70') WHERE (b > 1)") == 0,
       "and the definition, names with their schemas");
    is_str(missing_of(&defs), indexes_text(&defs), "all of them are missing");
    for (size_t i = 0; i + 1 < defs.n; i++) {
        run(owner, defs.v[i].definition);
    }
    is_str(missing_of(&defs), "z_plain", "then the one that was not made");
    run(admin, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'h.spatial'::regclass");
    is_str(missing_of(&defs), "!spatial, z_plain", "and an invalid one, marked");
    run(admin, "UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'h.spatial'::regclass");
    run(owner, "CREATE INDEX z_plain ON h.t (c)");
    is_str(missing_of(&defs), "!z_plain", "another one under its name is none");
    run(owner, "DROP INDEX h.z_plain");
    run(owner, defs.v[defs.n - 1].definition);
    is_str(missing_of(&defs), "", "then nothing is missing");
    struct catalog after = state();
    is_str(difference(&arena, &before, &after), "", "made again, everything is as it was");
    command(owner, "BEGIN");
    must(generation_defer_indexes(owner, &arena, "h", &no_names, &none, &e), "defer");
    command(owner, "ROLLBACK");
    is_int((long long)none.n, 0, "no tables, no indexes");
}

/* The next value of a sequence, without taking it: the transaction is not committed, but nextval() would be. */
static const char *next_of(const char *sequence)
{
    return value_of(owner,
                    "SELECT CASE WHEN is_called THEN last_value + (SELECT seqincrement FROM "
                    "pg_sequence WHERE seqrelid = "
                    "'%s'::regclass) ELSE last_value END FROM %s",
                    sequence, sequence);
}

static const struct {
    const char *column, *value, *sequence, *want, *what;
} sequences[] = {
    {"serial bigserial", "41", "s.t_serial_seq", "42", "past the highest value"},
    {"id int GENERATED BY DEFAULT AS IDENTITY", "7", "s.t_id_seq", "8", "identity by default"},
    {"id2 int GENERATED ALWAYS AS IDENTITY (INCREMENT 10)", "25", "s.t_id2_seq", "35",
     "steps of ten"},
    {"down int GENERATED BY DEFAULT AS IDENTITY (INCREMENT -1)", "-5", "s.t_down_seq", "-6",
     "counting down"},
    {"small int GENERATED BY DEFAULT AS IDENTITY (MAXVALUE 100)", "100", "s.t_small_seq", "101",
     "used up"},
    {"beyond int GENERATED BY DEFAULT AS IDENTITY (MAXVALUE 100)", "4000", "s.t_beyond_seq", "1",
     "values that it will never give do not count"},
    {"low int GENERATED BY DEFAULT AS IDENTITY (START 50)", "3", "s.t_low_seq", "50", "never back"},
    {"num numeric DEFAULT nextval('s.free')", "12.5", "s.free", "13",
     "a default's sequence that no column owns"},
    {"empty int", "NULL", "s.t_empty_seq", "1", "no value at all"},
};
enum { N_SEQUENCES = sizeof sequences / sizeof *sequences };

static void make_sequences(void)
{
    struct buf columns = {0};
    struct buf values = {0};
    for (int i = 0; i < N_SEQUENCES; i++) {
        buf_printf(&columns, ", %s", sequences[i].column);
        buf_printf(&values, ", %s", sequences[i].value);
    }
    run(owner, "CREATE SCHEMA s");
    run(owner, "CREATE SEQUENCE s.free");
    run(owner, "CREATE SEQUENCE s.unused START 5");
    run_of(owner, "CREATE TABLE s.t (x text%s)", buf_str(&columns));
    run(owner, "CREATE SEQUENCE s.t_empty_seq OWNED BY s.t.empty");
    run_of(owner, "INSERT INTO s.t OVERRIDING SYSTEM VALUE VALUES ('x'%s)", buf_str(&values));
    buf_release(&columns);
    buf_release(&values);
}

static void test_sequences(void)
{
    make_sequences();
    command(owner, "BEGIN");
    must(generation_settle(owner, &arena, "s", &e), "settle");
    command(owner, "ROLLBACK");
    is_str(next_of("s.t_serial_seq"), "1", "rolled back, sequences are where they were");
    command(owner, "BEGIN");
    must(generation_settle(owner, &arena, "s", &e), "settle");
    command(owner, "COMMIT");
    for (int i = 0; i < N_SEQUENCES; i++) {
        is_str(next_of(sequences[i].sequence), sequences[i].want, sequences[i].what);
    }
    is_str(next_of("s.unused"), "5", "a sequence that nobody uses stays");
    is_str(value(owner, "INSERT INTO s.t (x) VALUES ('y')"), "2200H",
           "one that is used up says so");
    run(owner, "UPDATE s.t SET serial = 40");
    must(generation_settle(owner, &arena, "s", &e), "settle");
    is_str(next_of("s.t_serial_seq"), "43", "again: never back (one number was taken in vain)");
    run(owner, "ALTER TABLE s.t ENABLE ROW LEVEL SECURITY");
    run(owner, "ALTER TABLE s.t FORCE ROW LEVEL SECURITY");
    ok(generation_settle(owner, &arena, "s", &e) == -1 && strcmp(e.sqlstate, "42501") == 0,
       "values that a policy hides are not passed over");
    run(owner, "ALTER TABLE s.t NO FORCE ROW LEVEL SECURITY");
    is_str(value(owner, "SELECT seqstart || ' ' || seqmax FROM pg_sequence WHERE seqrelid = "
                        "'s.t_low_seq'::regclass"),
           "50 2147483647", "what was declared stays");
}

/* Names in an order that is not that of reading. */
static const char *const views[] = {
    "CREATE SCHEMA m",
    "CREATE TABLE m.t (a int, d date NOT NULL DEFAULT '2020-01-01') PARTITION BY RANGE (d)",
    "CREATE TABLE m.part PARTITION OF m.t FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
    "CREATE TABLE m.plain (a int)",
    "CREATE MATERIALIZED VIEW m.z AS SELECT count(*) AS n FROM m.t",
    "CREATE VIEW m.v AS SELECT n + 1 AS n FROM m.z",
    "CREATE VIEW other.w AS SELECT n FROM m.v",
    "CREATE MATERIALIZED VIEW m.y AS SELECT n + 1 AS n FROM other.w",
    "CREATE FUNCTION m.f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT n + 1 FROM m.y; END",
    "CREATE MATERIALIZED VIEW m.x AS SELECT m.f() AS n",
    "CREATE MATERIALIZED VIEW m.a AS SELECT x.n + y.n + z.n AS n FROM m.x, m.y, m.z",
    "CREATE MATERIALIZED VIEW m.\"NO data\" AS SELECT n FROM m.a WITH NO DATA",
    "INSERT INTO m.t SELECT g FROM generate_series(1, 100) AS g",
    "INSERT INTO m.plain SELECT g FROM generate_series(1, 100) AS g",
};

static void test_views(void)
{
    run_all(owner, views, sizeof views / sizeof *views);
    command(owner, "BEGIN");
    must(generation_settle(owner, &arena, "m", &e), "settle");
    command(owner, "COMMIT");
    is_str(value(owner, "SELECT concat_ws(' ', z.n, y.n, x.n, a.n, d.n) FROM m.z, m.y, m.x, m.a, "
                        "m.\"NO data\" AS d"),
           "100 102 103 305 305",
           "materialized views are refreshed in the order in which they read one another");
    is_str(value(owner, "SELECT string_agg(relname || ' ' || reltuples, ', ' ORDER BY relname "
                        "COLLATE \"C\") FROM pg_class "
                        "WHERE relnamespace = 'm'::regnamespace AND relkind IN ('r', 'p', 'm')"),
           "NO data 1, a 1, part 100, plain 100, t 100, x 1, y 1, z 1", "everything is analyzed");
    command(owner, "BEGIN");
    run(owner, "ALTER TABLE m.plain RENAME TO \"pl ain\"");
    run(owner, "CREATE MATERIALIZED VIEW m.broken AS SELECT a, 1 / (a - 7) FROM m.\"pl ain\" WITH "
               "NO DATA");
    ok(generation_settle(owner, &arena, "m", &e) == -1 && strcmp(e.sqlstate, "22012") == 0,
       "a view that cannot be filled is a failure");
    command(owner, "ROLLBACK");
}

static void measure(const char *table, const char *column, const char *version,
                    struct extent_facts *out)
{
    command(owner, "BEGIN");
    must(generation_extent(owner, &arena, ROWS("x", table, version == NULL ? NULL : "v", version),
                           column, out, &e),
         "extent");
    command(owner, "COMMIT");
}

static const char *counts(const struct extent_facts *f)
{
    return arena_printf(&arena, "rows %lld null %lld empty %lld invalid %lld other %lld srid %d%s",
                        (long long)f->rows, (long long)f->n_null, (long long)f->n_empty,
                        (long long)f->n_invalid, (long long)f->n_other_srid, f->srid,
                        f->has_extent ? "" : " nowhere");
}

static const char *box(const struct extent_facts *f)
{
    return arena_printf(&arena, "%.17g %.17g %.17g %.17g", f->bbox[0], f->bbox[1], f->bbox[2],
                        f->bbox[3]);
}

static const char *const places[] = {
    "CREATE SCHEMA x",
    "CREATE TABLE x.t (v text, g geometry(Geometry, 4326))",
    "INSERT INTO x.t VALUES ('a', 'SRID=4326;POINT(-97.123456789012345 38.1)'), ('a', "
    "'SRID=4326;POINT(-94.6 39.9)'), ('a', NULL),"
    " ('a', 'SRID=4326;POLYGON EMPTY'), ('b', 'SRID=4326;POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))'),"
    " ('p', 'SRID=4326;POLYGON((0.1 0.1, 0.7 0.1, 0.7 0.9, 0.1 0.1))')",
    "CREATE TABLE x.albers (g geometry(Point, 5070))",
    "INSERT INTO x.albers SELECT ST_Transform(ST_SetSRID(ST_MakePoint(x, y), 4326), 5070) FROM "
    "(VALUES (-98.5, 38.5), (-95, 39)) AS p "
    "(x, y)",
    "CREATE TABLE x.mixed (g geometry)",
    ("INSERT INTO x.mixed VALUES ('SRID=4326;POINT(1 2)'), ('SRID=3857;POINT(0 0)'), ('POINT(500 "
     "500)'), ('SRID=3857;POINT EMPTY')"),
    "CREATE TABLE x.geog (g geography)",
    "INSERT INTO x.geog VALUES ('POINT(10 20)'), ('LINESTRING(1 2, 3 4)')",
    "CREATE DOMAIN x.place AS geometry(Point, 4326)",
    "CREATE TABLE x.\"Odd t\" (\"G g\" x.place, n int)",
    "INSERT INTO x.\"Odd t\" VALUES ('SRID=4326;POINT(3 4)', 1), ('SRID=4326;POINT(5 6)', 2)",
    "CREATE TABLE x.empty (g geometry(Point, 4326))",
    "CREATE TABLE x.zero (g geometry)",
    "INSERT INTO x.zero VALUES ('POINT(1 1)')",
};

static void test_extents(void)
{
    struct extent_facts f;
    run_all(owner, places, sizeof places / sizeof *places);
    measure("t", "g", "a", &f);
    is_str(counts(&f), "rows 4 null 1 empty 1 invalid 0 other 0 srid 4326",
           "points, one NULL, one empty");
    is_str(box(&f), "-97.123456789012351 38.100000000000001 -94.599999999999994 39.899999999999999",
           "their extent, exactly");
    measure("t", "g", "b", &f);
    is_str(counts(&f), "rows 1 null 0 empty 0 invalid 1 other 0 srid 4326", "a bow tie is invalid");
    measure("t", "g", "p", &f);
    is_str(box(&f),
           "0.10000000000000001 0.10000000000000001 0.69999999999999996 0.90000000000000002",
           "the extent of an area is exact too");
    measure("t", "g", NULL, &f);
    is_str(counts(&f), "rows 6 null 1 empty 1 invalid 1 other 0 srid 4326", "all versions");
    measure("t", "g", "c", &f);
    is_str(counts(&f), "rows 0 null 0 empty 0 invalid 0 other 0 srid 4326 nowhere",
           "a version without rows");
    measure("t", NULL, "a", &f);
    is_str(counts(&f), "rows 4 null 0 empty 0 invalid 0 other 0 srid 0 nowhere",
           "no geometry column: rows");
    measure("t", "v", NULL, &f);
    is_str(counts(&f), "rows 6 null 0 empty 0 invalid 0 other 0 srid 0 nowhere",
           "a column that is no geometry: rows");
    measure("albers", "g", NULL, &f);
    is_str(counts(&f), "rows 2 null 0 empty 0 invalid 0 other 0 srid 5070", "another SRID");
    ok(fabs(f.bbox[0] + 98.5) < 1e-9 && fabs(f.bbox[1] - 38.5) < 1e-9 &&
           fabs(f.bbox[2] + 95) < 1e-9 && fabs(f.bbox[3] - 39) < 1e-9,
       "is transformed");
    measure("mixed", "g", NULL, &f);
    is_str(counts(&f), "rows 4 null 0 empty 1 invalid 0 other 2 srid 3857",
           "mixed SRIDs are counted");
    is_str(box(&f), "0 0 1 2", "and none is no place");
    measure("geog", "g", NULL, &f);
    is_str(counts(&f), "rows 2 null 0 empty 0 invalid 0 other 0 srid 4326", "geography");
    is_str(box(&f), "1 2 10 20", "and its extent");
    command(owner, "BEGIN");
    must(generation_extent(owner, &arena, ROWS("x", "Odd t", "n", "2"), "G g", &f, &e), "extent");
    command(owner, "COMMIT");
    is_str(counts(&f), "rows 1 null 0 empty 0 invalid 0 other 0 srid 4326",
           "odd names, a domain, a number as version");
    is_str(box(&f), "5 6 5 6", "and where it is");
    measure("empty", "g", NULL, &f);
    is_str(counts(&f), "rows 0 null 0 empty 0 invalid 0 other 0 srid 4326 nowhere",
           "an empty table");
    measure("zero", "g", NULL, &f);
    is_str(counts(&f), "rows 1 null 0 empty 0 invalid 0 other 1 srid 0 nowhere",
           "no SRID anywhere");
    command(owner, "BEGIN");
    ok(generation_extent(owner, &arena, ROWS("x", "nothing", NULL, NULL), "g", &f, &e) == -1,
       "a table that is not there");
    command(owner, "ROLLBACK");
}

int main(int argc, char **argv)
{
    int status = 0;
    if (server_watch(argc, argv, &status)) {
        return status;
    }
    tap_plan(11 + (6 + N_SEQUENCES) + 3 + 19);
    generation_up();
    test_indexes();
    test_sequences();
    test_views();
    test_extents();
    return generation_down() ? tap_done() : 1;
}
