/* layer: store */
/* run: needs=postgres,postgis */
/* Which tables of a generation have to be filled one after the other, by what stands in their way; how many sessions are to spare. */
#include "generation_server.h"

static const char *const base[] = {
    "CREATE SCHEMA k",
    "CREATE TABLE k.a (version text NOT NULL, id text NOT NULL, n int DEFAULT 0 CHECK (n >= 0), "
    "geom geometry(Point, 4326) "
    "CHECK (st_isvalid(geom)), PRIMARY KEY (version, id))",
    "CREATE TABLE k.b (version text NOT NULL, id text NOT NULL, of text, n serial)",
    "CREATE FUNCTION other.f(i int) RETURNS bool LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT i > 0; "
    "END",
    "CREATE FUNCTION other.fires() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'",
    "CREATE DOMAIN other.checked AS int CHECK (other.f(VALUE))",
    "CREATE DOMAIN other.plain AS int CHECK (VALUE > 0)",
    "CREATE DOMAIN other.second AS other.plain",
};

/* One change to k.a and k.b, undone; what is then said of a and of b: "alone", "shares", and the tables that they are checked with. */
static const struct {
    const char *setup, *a, *b;
} cases[] = {
    {"SELECT 1", "", ""},
    {"ALTER TABLE k.a ADD UNIQUE (id)", "shares", ""},
    {"ALTER TABLE k.a ADD UNIQUE (id, version)", "", ""},
    {"CREATE UNIQUE INDEX ON k.a (id) INCLUDE (version)", "shares", ""},
    {"CREATE UNIQUE INDEX ON k.a ((lower(version)))", "shares", ""},
    {"ALTER TABLE k.a ADD EXCLUDE USING gist (geom WITH &&)", "shares", ""},
    {"ALTER TABLE k.a DROP CONSTRAINT a_pkey", "", ""},
    {"ALTER TABLE k.b RENAME version TO release", "", ""},
    {"ALTER TABLE k.b RENAME version TO release;;ALTER TABLE k.b ADD UNIQUE (id)", "", "shares"},
    {"ALTER TABLE k.b ADD FOREIGN KEY (version, of) REFERENCES k.a", "b", "a"},
    {"ALTER TABLE k.a ADD FOREIGN KEY (version, id) REFERENCES k.a", "a", ""},
    {"CREATE TABLE k.l (id text PRIMARY KEY);;ALTER TABLE k.b ADD FOREIGN KEY (of) REFERENCES k.l",
     "", ""},
    {"ALTER TABLE k.a ADD CHECK (other.f(n))", "alone", ""},
    {"ALTER TABLE k.a ALTER n SET DEFAULT other.f(1)::int", "alone", ""},
    {"CREATE INDEX ON k.a (other.f(n))", "alone", ""},
    {"ALTER TABLE k.a ADD m other.checked", "alone", ""},
    {"ALTER TABLE k.a ADD m other.plain", "", ""},
    {"ALTER TABLE k.a ADD m other.second", "alone", ""},
    {"CREATE TRIGGER t BEFORE INSERT ON k.b FOR EACH ROW EXECUTE FUNCTION other.fires()", "",
     "alone"},
    {"CREATE RULE r AS ON DELETE TO k.b DO ALSO NOTHING", "", "alone"},
    {"ALTER TABLE k.b ENABLE ROW LEVEL SECURITY", "", "alone"},
    {"CREATE TABLE k.c () INHERITS (k.b)", "", "alone"},
    {"DROP TABLE k.b;;CREATE TABLE k.b (version text, id text) PARTITION BY LIST (version)", "",
     "alone"},
};
enum { N_CASES = sizeof cases / sizeof *cases };

static const char *said(const struct fills *f)
{
    const char *text =
        arena_printf(&arena, "%s%s", f->alone ? "alone" : "", f->shares ? "shares" : "");
    for (size_t i = 0; i < f->with.n; i++) {
        text = arena_printf(&arena, "%s%s%s", text, text[0] != '\0' ? " " : "", f->with.v[i]);
    }
    return text;
}

static void run_parts(const char *setup)
{
    char *text = arena_strdup(&arena, setup);
    for (char *next = text; next != NULL;) {
        char *end = strstr(next, ";;");
        if (end != NULL) {
            *end = '\0';
        }
        run(owner, next);
        next = end != NULL ? end + 2 : NULL;
    }
}

static void test_case(int i)
{
    struct fills f[3] = {
        {.table = "a", .column = "version"},
        {.table = "b", .column = strstr(cases[i].setup, "release") != NULL ? "release" : "version"},
        {.table = "a", .column = "version"}};
    command(owner, "BEGIN");
    run_parts(cases[i].setup);
    must(generation_fillings(owner, &arena, "k", f, 3, &e), cases[i].setup);
    command(owner, "ROLLBACK");
    is_str(said(&f[0]), cases[i].a, arena_printf(&arena, "%s: a", cases[i].setup));
    is_str(said(&f[1]), cases[i].b, arena_printf(&arena, "%s: b", cases[i].setup));
    is_str(said(&f[2]), cases[i].a, "a once more");
}

static void test_without_version(void)
{
    struct fills f[1] = {{.table = "b"}};
    must(generation_fillings(owner, &arena, "k", f, 1, &e), "without a version");
    is_str(said(&f[0]), "shares", "rows that nothing tells apart");
}

static void test_spare(void)
{
    int64_t n = 0;
    must(generation_spare_sessions(owner, &n, &e), "spare");
    int64_t most = strtoll(value(owner, "SELECT current_setting('max_connections')"), NULL, 10);
    ok(n > 0 && n < most, "less than all");
    run(admin, "ALTER ROLE kfmig CONNECTION LIMIT 4");
    int64_t own = strtoll(
        value(admin, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'kfmig'"), NULL, 10);
    must(generation_spare_sessions(owner, &n, &e), "spare");
    is_int(n, 4 - own, "as many as the role may have");
    run(admin, "ALTER ROLE kfmig CONNECTION LIMIT -1");
}

int main(int argc, char **argv)
{
    int status = 0;
    if (server_watch(argc, argv, &status)) {
        return status;
    }
    tap_plan(N_CASES * 3 + 3);
    generation_up();
    run_all(owner, base, sizeof base / sizeof *base);
    for (int i = 0; i < N_CASES; i++) {
        test_case(i);
    }
    test_without_version();
    test_spare();
    return generation_down() ? tap_done() : 1;
}
