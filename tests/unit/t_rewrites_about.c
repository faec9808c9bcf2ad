/* layer: store */
/* run: needs=postgres majors limit=300 */
/* Whether rows are written anew, as the plan says it, against what the server then does: never and surely are held to it. */
#include "sql/script.h"
#include "store_server.h"

static const char *const stands[] = {
    "CREATE DOMAIN app.ruled AS int CHECK (value > 0)",
    "CREATE DOMAIN app.filled AS int NOT NULL DEFAULT 1",
    "CREATE DOMAIN app.bare_dom AS int",
    "CREATE DOMAIN app.over AS app.ruled",
    "CREATE TYPE app.two AS ENUM ('a', 'b')",
    "CREATE TABLE app.w (i int, b bigint, s smallint, t text, v varchar, v5 varchar(5), c char(5), "
    "n numeric, n52 numeric(5, 2), ts timestamp, tz timestamptz, ts3 timestamp(3), d date, ti "
    "time, "
    "bo boolean, u uuid, j json, jb jsonb, x bytea, ia int[], ta text[], e app.two, p app.ruled, "
    "bi bit(4), vb varbit, vb4 varbit(4), f real, o oid, r regclass, na name, iv interval, m "
    "money, "
    "q \"char\", ip inet, ci cidr)",
    "INSERT INTO app.w DEFAULT VALUES",
    "CREATE VIEW app.not_stored AS SELECT 1 AS a",
};

/* clang-format off */
/* What is said before: n never, m maybe, s surely. */
static const struct { const char *command; char want; } cases[] = {
    {"ALTER i TYPE bigint", 's'}, {"ALTER i TYPE int", 'n'}, {"ALTER i TYPE smallint", 's'}, {"ALTER i TYPE text", 's'},
    {"ALTER i TYPE numeric", 's'}, {"ALTER i TYPE oid", 'n'}, {"ALTER o TYPE int USING o::int", 'n'}, {"ALTER o TYPE bigint", 's'},
    {"ALTER o TYPE regclass USING o::regclass", 'n'}, {"ALTER r TYPE oid", 'n'}, {"ALTER r TYPE int USING r::int", 'n'}, {"ALTER i TYPE real", 's'},
    {"ALTER s TYPE int", 's'}, {"ALTER b TYPE int", 's'}, {"ALTER t TYPE varchar", 'n'}, {"ALTER t TYPE varchar(5)", 's'},
    {"ALTER t TYPE text", 'n'}, {"ALTER t TYPE text COLLATE \"C\"", 'n'}, {"ALTER v TYPE text", 'n'}, {"ALTER v TYPE varchar(5)", 's'},
    {"ALTER v5 TYPE varchar(6)", 'n'}, {"ALTER v5 TYPE varchar(5)", 'n'}, {"ALTER v5 TYPE varchar(4)", 's'}, {"ALTER v5 TYPE varchar", 'n'},
    {"ALTER v5 TYPE text", 'n'}, {"ALTER v5 TYPE char(5)", 'm'}, {"ALTER c TYPE char(6)", 's'}, {"ALTER c TYPE char(5)", 'n'},
    {"ALTER c TYPE text", 's'}, {"ALTER c TYPE varchar(5)", 's'}, {"ALTER n TYPE numeric(5, 2)", 's'}, {"ALTER n52 TYPE numeric(6, 2)", 'n'},
    {"ALTER n52 TYPE numeric(5, 2)", 'n'}, {"ALTER n52 TYPE numeric(6, 3)", 's'}, {"ALTER n52 TYPE numeric(4, 2)", 's'}, {"ALTER n52 TYPE numeric(5)", 's'},
    {"ALTER n52 TYPE numeric", 'n'}, {"ALTER n52 TYPE int", 's'}, {"ALTER ts TYPE timestamptz", 'm'}, {"ALTER tz TYPE timestamp", 'm'},
    {"ALTER ts TYPE timestamp(3)", 'm'}, {"ALTER ts3 TYPE timestamp", 'n'}, {"ALTER ts TYPE date", 's'}, {"ALTER d TYPE timestamp", 's'},
    {"ALTER d TYPE timestamptz", 's'}, {"ALTER ti TYPE time(3)", 'm'}, {"ALTER bo TYPE text", 's'}, {"ALTER bo TYPE int USING bo::int", 's'},
    {"ALTER u TYPE text", 's'}, {"ALTER t TYPE uuid USING t::uuid", 's'}, {"ALTER j TYPE jsonb", 's'}, {"ALTER jb TYPE json", 's'},
    {"ALTER j TYPE text", 's'}, {"ALTER t TYPE json USING t::json", 's'}, {"ALTER x TYPE bytea", 'n'}, {"ALTER ia TYPE bigint[]", 'm'},
    {"ALTER ta TYPE varchar[]", 'm'}, {"ALTER ia TYPE int[]", 'n'}, {"ALTER ta TYPE text USING ta::text", 'm'}, {"ALTER e TYPE text", 's'},
    {"ALTER t TYPE app.two USING t::app.two", 's'}, {"ALTER p TYPE int", 'm'}, {"ALTER i TYPE app.ruled", 'm'}, {"ALTER i TYPE app.bare_dom", 'm'},
    {"ALTER bi TYPE bit(5) USING bi::bit(5)", 's'}, {"ALTER vb TYPE varbit(4)", 's'}, {"ALTER vb4 TYPE varbit(5)", 'n'}, {"ALTER vb4 TYPE varbit", 'n'},
    {"ALTER bi TYPE varbit", 'n'}, {"ALTER f TYPE double precision", 's'}, {"ALTER na TYPE text", 's'}, {"ALTER t TYPE name", 's'},
    {"ALTER iv TYPE interval(3)", 'm'}, {"ALTER m TYPE numeric", 's'}, {"ALTER q TYPE text", 's'}, {"ALTER ip TYPE cidr USING ip::cidr", 's'},
    {"ALTER ci TYPE inet", 'n'}, {"ALTER i TYPE bigint USING i + 1", 'm'}, {"ALTER t TYPE text USING upper(t)", 's'}, {"ALTER t TYPE text USING 'x'", 's'},
    {"ALTER i TYPE bigint, ALTER t TYPE varchar", 's'}, {"ALTER t TYPE varchar, ALTER v TYPE text", 'n'},
    {"ADD z int", 'n'}, {"ADD z int DEFAULT 7", 'n'}, {"ADD z text DEFAULT 'x' NOT NULL", 'n'}, {"ADD z timestamptz DEFAULT now()", 'n'},
    {"ADD z uuid DEFAULT gen_random_uuid()", 's'}, {"ADD z timestamptz DEFAULT clock_timestamp()", 's'}, {"ADD z serial", 's'},
    {"ADD z int GENERATED ALWAYS AS IDENTITY", 's'}, {"ADD z int GENERATED ALWAYS AS (i * 2) STORED", 's'}, {"ADD z int DEFAULT 1 + 1", 'm'},
    {"ADD z app.ruled", 's'}, {"ADD z app.ruled DEFAULT 1", 's'}, {"ADD z app.filled", 's'}, {"ADD z app.bare_dom", 'n'}, {"ADD z app.over", 'm'}, {"ADD z app.two DEFAULT 'a'", 'n'},
    {"ADD z int[] DEFAULT '{}'", 'n'}, {"ADD z text DEFAULT current_user", 'n'}, {"SET UNLOGGED", 'm'}, {"DROP i", 'n'}, {"ALTER i SET DEFAULT random() * 9", 'n'},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

static char letter(enum rewrite_verdict v)
{
    return v == REWRITE_SURELY ? 's' : v == REWRITE_MAYBE ? 'm' : v == REWRITE_NEVER ? 'n' : '?';
}

static enum rewrite_verdict said_of(struct pg *s, const struct statement *st)
{
    struct rewrite_question v[4];
    enum rewrite_verdict answers[4];
    const struct rewriting *r = st->rewriting;
    size_t n = 0;
    if (r == NULL) {
        return REWRITE_NEVER;
    }
    for (size_t i = 0; i < r->n + r->surely; i++) {
        v[n++] = (struct rewrite_question){&st->locks[0].object, i < r->n ? &r->v[i] : NULL};
    }
    must(catalog_rewrites(s, &arena, v, n, answers, &e), "ask");
    return rewriting_settle(r, answers);
}

static struct statement *parsed(const char *sql)
{
    struct script script;
    must(script_parse(&arena, "t.sql", bytes_str(sql), &script, &e), sql);
    return script.forms;
}

static const char *storage(struct pg *s)
{
    static const struct pg_sql q = {
        "storage", "SELECT pg_catalog.pg_relation_filenode('app.w'::pg_catalog.regclass)::text"};
    struct pg_rows *r = NULL;
    must(pg_query(s, &q, NULL, 0, &r, &e), "storage");
    const char *text = arena_strdup(&arena, pg_text(r, 0, 0));
    pg_rows_free(r);
    return text;
}

/* What comes of it, and is taken back: s or n; the server's words where it refuses. */
static char done_by(struct pg *s, const char *sql)
{
    char tag[64];
    const char *before = storage(s);
    must(pg_command(s, "BEGIN", tag, NULL, &e), "BEGIN");
    int rc = pg_statement(s, bytes_str(sql), NULL, NULL, NULL, &e);
    if (rc != 0) {
        printf("# %s %s\n", e.msg, e.detail);
    }
    char seen = rc != 0 ? '!' : strcmp(before, storage(s)) == 0 ? 'n' : 's';
    e = (struct err){0};
    must(pg_command(s, "ROLLBACK", tag, NULL, &e), "ROLLBACK");
    return seen;
}

static void test_case(struct pg *s, const char *command, char want)
{
    const char *sql = arena_printf(&arena, "ALTER TABLE app.w %s", command);
    char said = letter(said_of(s, parsed(sql)));
    char seen = done_by(s, sql);
    if (said != want || seen == '!' || (said != 'm' && said != seen)) {
        printf("# said %c, wanted %c, seen %c\n", said, want, seen);
    }
    ok(said == want && seen != '!' && (said == 'm' || said == seen), command);
}

static void test_others(struct pg *s)
{
    static const struct {
        const char *sql;
        char want;
    } v[] = {
        {"ALTER TABLE app.nowhere ADD z serial", 'm'},
        {"ALTER TABLE app.nowhere ALTER a TYPE bigint", 'm'},
        {"ALTER TABLE app.w ALTER nowhere TYPE bigint", 'm'},
        {"ALTER TABLE app.w ALTER i TYPE app.nowhere", 'm'},
        {"ALTER TABLE public.lines ADD z serial", 'n'},
        {"ALTER TABLE public.lines ALTER a TYPE bigint", 'n'},
        {"ALTER TABLE app.parent ALTER id TYPE bigint", 's'},
        {"ALTER TABLE app.parent ADD z serial", 's'},
        {"ALTER TABLE w ADD z serial", 'm'},
        {"SET search_path = app; ALTER TABLE w ADD z serial", 's'},
    };
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        const char *sql = v[i].sql;
        struct script script;
        must(script_parse(&arena, "t.sql", bytes_str(sql), &script, &e), sql);
        char said = letter(said_of(s, &script.forms[script.n - 1]));
        is_int(said, v[i].want, sql);
    }
}

int main(int argc, char **argv)
{
    struct pg *owner = NULL;
    struct pg *admin = NULL;
    int status = 0;
    if (server_watch(argc, argv, &status)) {
        return status;
    }
    tap_plan(N + 10);
    server_up(&owner, &admin);
    run_all(owner, stands, sizeof stands / sizeof *stands);
    for (int i = 0; i < N; i++) {
        test_case(owner, cases[i].command, cases[i].want);
    }
    test_others(owner);
    pg_close(owner);
    pg_close(admin);
    arena_release(&arena);
    return server_down() ? tap_done() : 1;
}
