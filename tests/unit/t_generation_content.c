/* layer: store */
/* run: needs=postgres,postgis */
/* The content fingerprint, which columns it leaves out, and copied rows. */
#include "generation_server.h"

static const char *text_of(const struct content *c)
{
    char d[DIGEST_TEXT];
    return arena_printf(&arena, "%lld %s", (long long)c->rows, digest_text(&c->sum, d));
}

/* In a transaction of its own; "" after a refusal. */
static const char *print(struct pg *s, const char *schema, const char *table,
                         const char *version_column, const char *version,
                         const struct names *leave_out)
{
    const struct row_set rows = {schema, table, version_column, version};
    struct content c = {0};
    command(s, "BEGIN");
    e = (struct err){0};
    int rc = generation_fingerprint(s, &arena, &rows, leave_out, &c, &e);
    command(s, "ROLLBACK");
    return rc == 0 ? text_of(&c) : "";
}

static const char *print_all(const char *schema, const char *table)
{
    return print(owner, schema, table, NULL, NULL, &no_names);
}

/* As the server adds: all 32 bytes are one number. */
static void content_add(struct content *to, const struct content *more)
{
    unsigned carry = 0;
    to->rows += more->rows;
    for (int i = 31; i >= 0; i--) {
        carry += (unsigned)to->sum.b[i] + more->sum.b[i];
        to->sum.b[i] = (uint8_t)(carry & UINT8_MAX);
        carry >>= 8;
    }
}

/* Written down here once more, so that the form itself cannot change unseen: computed from bytes made by hand. */
static void test_form(void)
{
    static const uint8_t rows[2][18] = {
        {1, 0, 0, 0, 4, 0, 0, 0, 7, 1, 0, 0, 0, 2, 'h', 'i'}, /* a = 7, b = 'hi' */
        {0, 1, 0, 0, 0, 0},                                   /* a is NULL, b = '' */
    };
    static const size_t sizes[2] = {16, 6};
    struct content want = {0};
    struct digester *d = digester_open("kfmig.rows.v1");
    digester_field(d, "a", bytes_str("int4"));
    digester_field(d, "b", bytes_str("text"));
    struct digest shape = digester_close(d);
    for (int i = 0; i < 2; i++) {
        uint8_t row[32 + 18];
        memcpy(row, shape.b, 32);
        memcpy(row + 32, rows[i], sizes[i]);
        struct content one = {1, digest_of(bytes_of((const char *)row, 32 + sizes[i]))};
        content_add(&want, &one);
    }
    run(owner, "CREATE TABLE other.form (b text, a int)");
    is_str(print_all("other", "form"),
           "0 sha256:0000000000000000000000000000000000000000000000000000000000000000",
           "no rows sum to 0");
    run(owner, "INSERT INTO other.form VALUES ('hi', 7), ('', NULL)");
    is_str(print_all("other", "form"), text_of(&want), "two rows, as computed by hand");
}

static const char *const typed[] = {
    "CREATE TYPE %s.mood AS ENUM ('ok', 'sad')",
    "CREATE TYPE %s.pair AS (x int, y text)",
    "CREATE DOMAIN %s.short AS varchar(10)",
    "CREATE DOMAIN %s.shorter AS %s.short CHECK (length(value) < 5)",
    "CREATE TYPE %s.span AS RANGE (subtype = float8)",
};
enum { N_TYPED = sizeof typed / sizeof *typed };

/* Every type's values, and another value that must not pass for it. */
static const struct {
    const char *type, *value, *other;
} types[] = {
    {"bool", "true", "false"},
    {"int2", "1", "2"},
    {"int4", "-1", "1"},
    {"int8", "9007199254740993", "9007199254740992"},
    {"float4", "1.1", "1.1000001"},
    {"float8", "0.1", "0.10000000000000002"},
    {"float8", "0", "'-0'"},
    {"numeric", "1.0", "1.00"},
    {"numeric(10, 2)", "1.5", "1.51"},
    {"text", "''", "' '"},
    {"varchar(5)", "'a'", "'A'"},
    {"char(3)", "'a'", "'b'"},
    {"name", "'a'", "'b'"},
    {"\"char\"", "'a'", "'b'"},
    {"bytea", "'\\x00'", "'\\x0000'"},
    {"uuid", "'00000000-0000-0000-0000-000000000001'", "'00000000-0000-0000-0000-000000000002'"},
    {"date", "'2020-01-01'", "'2020-01-02'"},
    {"time", "'12:00'", "'12:00:00.000001'"},
    {"timetz", "'12:00+00'", "'13:00+01'"},
    {"timestamp", "'2020-01-01 00:00'", "'infinity'"},
    {"timestamptz", "'2020-01-01 00:00+00'", "'2020-01-01 00:00+01'"},
    {"interval", "'1 day'", "'24 hours'"},
    {"json", "'{\"a\": 1}'", "'{\"a\":1}'"},
    {"jsonb", "'{\"a\": 1}'", "'{\"a\": 2}'"},
    {"xml", "'<a/>'", "'<b/>'"},
    {"inet", "'10.0.0.1'", "'10.0.0.1/31'"},
    {"bit(3)", "'101'", "'100'"},
    {"money", "'1.00'", "'1.01'"},
    {"point", "'(1,2)'", "'(2,1)'"},
    {"tsvector", "'a b'", "'a'"},
    {"int4[]", "'{1,2}'", "'{2,1}'"},
    {"text[]", "'{NULL}'", "'{\"NULL\"}'"},
    {"timestamptz[]", "'{2020-01-01 00:00+00}'", "'{2020-01-01 00:00+01}'"},
    {"float8[]", "'{0.1}'", "'{0.10000000000000002}'"},
    {"money[]", "'{1.00}'", "'{1.01}'"},
    {"bytea[]", "'{\"\\\\x00\"}'", "'{\"\\\\x01\"}'"},
    {"interval[]", "'{1 day}'", "'{24 hours}'"},
    {"int4range", "'[1,5)'", "'[1,6)'"},
    {"regclass", "'pg_class'", "'pg_type'"},
    {"oidvector", "'1 2'", "'2 1'"},
    {"typed.mood", "'ok'", "'sad'"},
    {"typed.mood[]", "'{ok}'", "'{sad}'"},
    {"typed.pair", "'(1,a)'", "'(1,b)'"},
    {"typed.shorter", "'a'", "'b'"},
    {"typed.span", "'[1,2)'", "'[1,2]'"},
    {"geometry", "ST_MakePoint(1, 2)", "ST_SetSRID(ST_MakePoint(1, 2), 4326)"},
    {"geometry(Point, 4326)", "ST_SetSRID(ST_MakePoint(1, 2), 4326)",
     "ST_SetSRID(ST_MakePoint(1, 2.0000000000000004), 4326)"},
    {"geometry", "ST_GeomFromText('POINT EMPTY')", "ST_GeomFromText('POINT Z (0 0 0)')"},
    {"geography", "'POINT(1 2)'", "'POINT(1 3)'"},
};
enum { N_TYPES = sizeof types / sizeof *types };

/* Session settings of the wildest kind, and a path in which everything means something else. */
static const char *const wild[] = {
    "SET DateStyle = 'German'",       "SET IntervalStyle = 'sql_standard'",
    "SET TimeZone = 'Asia/Tokyo'",    "SET extra_float_digits = -5",
    "SET bytea_output = 'escape'",    "SET xmlbinary = 'hex'",
    "SET xmloption = 'document'",     "SET lc_monetary = 'C.UTF-8'",
    "SET quote_all_identifiers = on", "SET standard_conforming_strings = off",
    "SET array_nulls = off",          "SET search_path = typed, evil, public, pg_catalog",
    "SET enable_seqscan = off",       "SET jit_above_cost = 0",
};
static const char *const evil[] = {
    "CREATE SCHEMA evil",
    "CREATE FUNCTION evil.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT '\\x00'::bytea $$",
    "CREATE FUNCTION evil.get_byte(bytea, int) RETURNS int LANGUAGE sql AS $$ SELECT 0 $$",
    "CREATE FUNCTION evil.textsend(text) RETURNS bytea LANGUAGE sql AS $$ SELECT '\\x00'::bytea $$",
    ("CREATE FUNCTION evil.cat(bytea, bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT "
     "'\\x00'::bytea "
     "$$"),
    "CREATE OPERATOR evil.|| (leftarg = bytea, rightarg = bytea, function = evil.cat)",
};

static void make_typed(struct pg *s)
{
    run(s, "CREATE SCHEMA typed");
    for (int i = 0; i < N_TYPED; i++) {
        struct buf b = {0};
        for (const char *p = typed[i]; *p != '\0'; p++) {
            if (p[0] == '%') {
                buf_puts(&b, "typed");
                p++;
            } else {
                buf_putc(&b, *p);
            }
        }
        run(s, buf_str(&b));
        buf_release(&b);
    }
}

static void fill_type(struct pg *s, int i, const char *value_text)
{
    run(s, "DROP TABLE IF EXISTS typed.one");
    run_of(s, "CREATE TABLE typed.one (v %s)", types[i].type);
    run_of(s, "INSERT INTO typed.one VALUES (NULL), (%s)", value_text);
}

/* The second server has other oids and the wild settings. */
static void test_types(struct pg *twin)
{
    for (int i = 0; i < N_TYPES; i++) {
        const char *name = arena_printf(&arena, "%s %s", types[i].type, types[i].value);
        fill_type(owner, i, types[i].value);
        const char *here = print_all("typed", "one");
        fill_type(twin, i, types[i].value);
        run_all(twin, wild, sizeof wild / sizeof *wild);
        const char *there = print(twin, "typed", "one", NULL, NULL, &no_names);
        run(twin, "RESET ALL");
        is_str(there, here, arena_printf(&arena, "%s: the same elsewhere", name));
        fill_type(owner, i, types[i].other);
        const char *changed = print_all("typed", "one");
        ok(here[0] == '2' && changed[0] == '2' && strcmp(here, changed) != 0,
           arena_printf(&arena, "%s: %s is something else", name, types[i].other));
    }
}

static void test_order(struct pg *twin)
{
    static const char *const one[] = {
        "CREATE TABLE other.t (id int, \"Name\" text, geom geometry(Point, 4326), v text)",
        "INSERT INTO other.t SELECT g, 'n' || g, ST_SetSRID(ST_MakePoint(g, g), 4326), 'v' || g % "
        "2 FROM "
        "generate_series(1, 1000) AS g",
    };
    static const char *const two[] = {
        "CREATE TABLE other.t (gone int, v text, geom geometry(Point, 4326), \"Name\" text)",
        "ALTER TABLE other.t DROP COLUMN gone",
        "ALTER TABLE other.t ADD COLUMN id int",
        "INSERT INTO other.t SELECT 'v' || g % 2, ST_SetSRID(ST_MakePoint(g, g), 4326), 'n' || g, "
        "g FROM "
        "generate_series(1000, 1, -1) AS g",
    };
    run_all(owner, one, sizeof one / sizeof *one);
    run(twin, "CREATE SCHEMA other");
    run_all(twin, two, sizeof two / sizeof *two);
    const char *all = print_all("other", "t");
    is_str(print(twin, "other", "t", NULL, NULL, &no_names), all,
           "another order of rows and columns, another server: the same");
    run(twin, "ALTER SCHEMA other RENAME TO \"x y\"");
    is_str(print(twin, "x y", "t", NULL, NULL, &no_names), all,
           "the schema's name is not part of it");
    run(twin, "SET max_parallel_workers_per_gather = 0");
    run(owner, "ALTER TABLE other.t SET (parallel_workers = 2)");
    is_str(print_all("other", "t"), all, "nor is working in parallel");
    struct content v0 = {0};
    struct content v1 = {0};
    command(owner, "BEGIN");
    must(generation_fingerprint(owner, &arena, ROWS("other", "t", "v", "v0"), &no_names, &v0, &e),
         "v0");
    must(generation_fingerprint(owner, &arena, ROWS("other", "t", "v", "v1"), &no_names, &v1, &e),
         "v1");
    command(owner, "COMMIT");
    ok(v0.rows == 500 && v1.rows == 500, "versions are told apart");
    content_add(&v0, &v1);
    is_str(text_of(&v0), all, "and add up to the whole");
    is_str(print(owner, "other", "t", "id", "7", &no_names),
           print(owner, "other", "t", "Name", "n7", &no_names),
           "a version column of any type and name");
    const struct names out = NAMES("geom");
    const char *without = print(owner, "other", "t", NULL, NULL, &out);
    ok(strcmp(without, all) != 0, "a column left out is another fingerprint");
    run(owner, "UPDATE other.t SET geom = NULL");
    is_str(print(owner, "other", "t", NULL, NULL, &out), without, "and its values do not count");
}

static void test_changes(void)
{
    static const struct {
        const char *sql, *what;
    } changes[] = {
        {"UPDATE other.c SET a = 'b' WHERE id = 1", "a changed value"},
        {"UPDATE other.c SET b = set_bit(b, 0, 1) WHERE id = 3", "one bit"},
        {"UPDATE other.c SET a = '' WHERE a IS NULL", "NULL is not ''"},
        {"UPDATE other.c SET a = 'x', c = NULL WHERE id = 2", "a value in the next column"},
        {"DELETE FROM other.c WHERE id = 1", "a row less"},
        {"INSERT INTO other.c SELECT * FROM other.c WHERE id = 1", "a row twice"},
        {"UPDATE other.c SET id = CASE id WHEN 1 THEN 2 WHEN 2 THEN 1 ELSE id END",
         "values swapped among rows"},
        {"ALTER TABLE other.c RENAME COLUMN a TO d", "a renamed column"},
        {"ALTER TABLE other.c ALTER COLUMN id TYPE int8", "another type"},
        {"ALTER TABLE other.c ADD COLUMN e int", "a column more"},
    };
    run(owner, "CREATE TABLE other.c (id int, a text, b bytea, c text)");
    run(owner, "INSERT INTO other.c VALUES (1, 'a', '\\x00', 'x'), (2, NULL, '\\x', 'x'), (3, "
               "'ab', '\\x00', NULL)");
    const char *was = print_all("other", "c");
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct content c = {0};
        command(owner, "BEGIN");
        run(owner, changes[i].sql);
        must(generation_fingerprint(owner, &arena, ROWS("other", "c", NULL, NULL), &no_names, &c,
                                    &e),
             "fingerprint");
        ok(strcmp(text_of(&c), was) != 0, changes[i].what);
        command(owner, "ROLLBACK");
    }
    run(owner, "INSERT INTO other.c SELECT * FROM other.c");
    const char *twice = print_all("other", "c");
    run(owner, "INSERT INTO other.c SELECT * FROM other.c");
    ok(strcmp(twice, was) != 0 && strcmp(print_all("other", "c"), twice) != 0 && twice[0] == '6',
       "rows that are there twice do not cancel each other");
}

static void test_refusals(void)
{
    static const struct pg_sql encoding = {"test_settings",
                                           "SELECT concat_ws(' ', current_setting('row_security'), "
                                           "current_setting('TimeZone'), current_setting('jit'))"};
    is_str(print_all("other", "nothing"), "", "a table that is not there");
    ok(e.code == ERR_PREFLIGHT && strstr(e.msg, "other.nothing") != NULL, "is named");
    run(owner, "CREATE TABLE other.hiding (a int)");
    run(owner, "INSERT INTO other.hiding VALUES (1), (2)");
    run(owner, "ALTER TABLE other.hiding ENABLE ROW LEVEL SECURITY");
    run(owner, "ALTER TABLE other.hiding FORCE ROW LEVEL SECURITY");
    run(owner, "CREATE POLICY one ON other.hiding USING (a = 1)");
    is_str(print_all("other", "hiding"), "", "rows hidden by a policy are no fewer rows");
    is_str(e.sqlstate, "42501", "but refused");
    command(owner, "BEGIN");
    struct content c = {0};
    const char *before = server_ask(&e, owner, &encoding, NULL);
    before = arena_strdup(&arena, before);
    must(generation_fingerprint(owner, &arena, ROWS("other", "t", NULL, NULL), &no_names, &c, &e),
         "fingerprint");
    is_str(server_ask(&e, owner, &encoding, NULL), before,
           "the session's settings are as they were");
    command(owner, "COMMIT");
    must(generation_fingerprint(owner, &arena, ROWS("other", "t", NULL, NULL), &no_names, &c, &e),
         "fingerprint");
    ok(pg_tx(owner) == PG_TX_IDLE && c.rows == 1000, "without a transaction it takes its own");
    ok(generation_fingerprint(owner, &arena, ROWS("other", "hiding", NULL, NULL), &no_names, &c,
                              &e) == -1 &&
           pg_tx(owner) == PG_TX_IDLE,
       "and ends it after a refusal");
}

static const char *volatile_of(const char *table, const struct names *filled)
{
    struct names out;
    struct buf b = {0};
    must(generation_volatile_columns(owner, &arena, "other", table, filled, &out, &e), "volatile");
    for (size_t i = 0; i < out.n; i++) {
        buf_printf(&b, "%s%s", i > 0 ? " " : "", out.v[i]);
    }
    const char *text = arena_strdup(&arena, buf_str(&b));
    buf_release(&b);
    return text;
}

static void test_volatile(void)
{
    static const char *const made[] = {
        "CREATE SEQUENCE other.numbers",
        "CREATE FUNCTION other.constant() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION other.looked_up() RETURNS int STABLE LANGUAGE sql AS 'SELECT 1'",
        "CREATE DOMAIN other.stamp AS timestamptz DEFAULT now()",
        "CREATE DOMAIN other.plain AS int DEFAULT 3",
        "CREATE TABLE other.v (serial bigserial, id int GENERATED ALWAYS AS IDENTITY, at "
        "timestamptz DEFAULT "
        "now(), today date DEFAULT CURRENT_DATE, who text DEFAULT CURRENT_USER, rnd float8 DEFAULT "
        "random() * 2, "
        "num int DEFAULT nextval('other.numbers'), uid uuid DEFAULT gen_random_uuid(), looked int "
        "DEFAULT "
        "other.looked_up(), dom other.stamp, \"Age\" interval DEFAULT age(timestamptz "
        "'2000-01-01'), deep int DEFAULT CASE WHEN "
        "abs(-1) = 1 THEN 1 + (extract(year FROM clock_timestamp()))::int ELSE 0 END, "
        "c1 int DEFAULT 1, c2 text DEFAULT lower('X'), c3 int DEFAULT other.constant(), c4 "
        "other.plain, c5 "
        "timestamptz DEFAULT '2020-01-01', c6 text, c7 text DEFAULT 'funcid 1299 now()', "
        "made text GENERATED ALWAYS AS (id::text || c6) STORED, kept int GENERATED ALWAYS AS (c1 * "
        "2) STORED)",
    };
    run_all(owner, made, sizeof made / sizeof *made);
    is_str(volatile_of("v", &no_names), "Age at deep dom id looked num rnd serial today uid who",
           "columns that fill themselves anew, in order");
    const struct names filled = NAMES("at", "id", "serial");
    is_str(volatile_of("v", &filled), "Age deep dom looked num rnd today uid who",
           "but for those that the loader fills");
    is_str(volatile_of("c", &no_names), "", "a table without");
    struct names out;
    must(generation_volatile_columns(owner, &arena, "other", "v", &no_names, &out, &e), "volatile");
    run(owner, "INSERT INTO other.v (c6) VALUES ('a'), ('b')");
    const char *was = print(owner, "other", "v", NULL, NULL, &out);
    run(owner, "TRUNCATE other.v");
    run(owner, "INSERT INTO other.v (c6) VALUES ('a'), ('b')");
    is_str(print(owner, "other", "v", NULL, NULL, &out), was,
           "left out, and with them what is generated from them, filling again gives the same");
    run(owner, "UPDATE other.v SET c1 = 5");
    ok(was[0] == '2' && strcmp(print(owner, "other", "v", NULL, NULL, &out), was) != 0,
       "other values count");
}

static const char *const copied[] = {
    "CREATE TYPE %s.mood AS ENUM ('ok', 'sad')",
    "CREATE DOMAIN %s.small AS int CHECK (value < 100)",
    "CREATE TABLE %s.t (id int GENERATED ALWAYS AS IDENTITY, v text, m %s.mood, ms %s.mood[], s "
    "%s.small, f float8, at "
    "timestamptz, made text DEFAULT 'made', twice int GENERATED ALWAYS AS (s * 2) STORED, g "
    "geometry)",
};

static void test_copy(void)
{
    const char *acl = NULL;
    const char *kept = NULL;
    int64_t rows = 0;
    const struct names columns = NAMES("v", "m", "ms", "s", "f", "at", "g");
    const struct names with_id = NAMES("id", "v");
    const struct names wrong = NAMES("v", "nothing");
    const char *one = make("copied", 1, copied, 3, &acl);
    publish("copied", 0, one, acl, &kept);
    run(owner, "INSERT INTO copied.t (v, m, ms, s, f, at, g) SELECT 'v' || g % 2, 'sad', "
               "'{ok,sad}', g, 0.1 + g, now(), "
               "ST_MakePoint(g, g) FROM generate_series(1, 10) AS g");
    const char *two = make("copied", 2, copied, 3, &acl);
    run_all(owner, wild, sizeof wild / sizeof *wild);
    command(owner, "BEGIN");
    must(generation_copy(owner, &arena, ROWS("copied", "t", "v", "v1"), two, &columns, &rows, &e),
         "copy");
    is_str(
        value(
            owner,
            "SELECT concat_ws(' ', current_setting('DateStyle'), current_setting('row_security'), "
            "current_setting('extra_float_digits'))"),
        "German, DMY on -5", "settings are put back");
    command(owner, "COMMIT");
    run(owner, "RESET ALL");
    is_int(rows, 5, "the rows of one version are copied");
    const struct names left = NAMES("id");
    is_str(print(owner, two, "t", "v", "v1", &left), print(owner, "copied", "t", "v", "v1", &left),
           "and are the same, enumerations of the schema's own included");
    is_str(value(owner, "SELECT string_agg(DISTINCT made || twice / s, ' ') FROM copied__g2.t"),
           "made2", "other columns take their defaults");
    command(owner, "BEGIN");
    must(generation_copy(owner, &arena, ROWS("copied", "t", NULL, NULL), two, &columns, &rows, &e),
         "copy");
    is_int(rows, 10, "all rows, without a version");
    run(owner, "TRUNCATE copied__g2.t");
    must(generation_copy(owner, &arena, ROWS("copied", "t", "v", "v0"), two, &with_id, &rows, &e),
         "copy");
    is_str(value(owner, "SELECT string_agg(id::text, ' ' ORDER BY id) FROM copied__g2.t"),
           "2 4 6 8 10", "an identity is copied if it is named");
    ok(generation_copy(owner, &arena, ROWS("copied", "t", NULL, NULL), two, &wrong, &rows, &e) ==
               -1 &&
           e.code == ERR_PREFLIGHT && strstr(e.msg, "nothing") != NULL,
       "a column that is not there is named");
    command(owner, "ROLLBACK");
    run(owner, "ALTER TABLE copied.t ENABLE ROW LEVEL SECURITY");
    run(owner, "ALTER TABLE copied.t FORCE ROW LEVEL SECURITY");
    command(owner, "BEGIN");
    ok(generation_copy(owner, &arena, ROWS("copied", "t", NULL, NULL), two, &columns, &rows, &e) ==
               -1 &&
           strcmp(e.sqlstate, "42501") == 0,
       "rows that a policy hides are not left behind");
    command(owner, "ROLLBACK");
}

/* Another server altogether. */
static struct embedded *far;
static struct secret far_where;
static char far_dir[32];

static struct pg *far_session(const char *keywords)
{
    struct secret s = {NULL};
    secret_set(&s, arena_printf(&arena, "%s %s", far_where.opaque, keywords));
    struct pg *out = server_connect(&s, &e);
    secret_wipe(&s);
    must(out == NULL ? -1 : 0, "connect");
    return out;
}

static struct pg *far_up(void)
{
    far = server_begin(far_dir, &far_where);
    must(far == NULL ? -1 : 0, "another server");
    struct pg *far_admin = far_session(ADMIN);
    run(far_admin, "CREATE TABLE padding (a int, b text)"); /* other oids */
    run(far_admin, "CREATE SCHEMA gis");
    run(far_admin, "CREATE EXTENSION postgis SCHEMA gis");
    run(far_admin, "GRANT USAGE ON SCHEMA gis TO PUBLIC");
    run(far_admin, "ALTER DATABASE kfmig SET search_path = public, gis");
    run_all(far_admin, evil, sizeof evil / sizeof *evil);
    run(far_admin, "GRANT USAGE ON SCHEMA evil TO PUBLIC");
    pg_close(far_admin);
    return far_session("");
}

int main(int argc, char **argv)
{
    int status = 0;
    if (server_watch(argc, argv, &status)) {
        return status;
    }
    tap_plan(2 + 2 * N_TYPES + 8 + 11 + 7 + 5 + 8);
    generation_up();
    struct pg *twin = far_up();
    make_typed(owner);
    make_typed(twin);
    test_form();
    test_types(twin);
    test_order(twin);
    test_changes();
    test_refusals();
    test_volatile();
    test_copy();
    pg_close(twin);
    bool good = server_end(far_dir, far, &far_where);
    return generation_down() && good ? tap_done() : 1;
}
