/* layer: flow */
/* run: needs=postgres,postgis majors limit=600 */
/* What `kfmig new --from` would write, tried: each migration of draft_cases.def runs within the scope and limits that are read off its
 * text, observed and judged as a build does it, or is told beforehand to be refused or left open. */
#include <pg_query.h>

#include "model/scope.h"
#include "run/gates.h"
#include "script/draft.h"
#include "script/language.h"
#include "store_server.h"

enum { OWNER, SUPER, POSTGIS = 99 };
/* Added to who runs it: majors older than that do not know it; POSTGIS: servers without that. */
#define SINCE(major) ((major)*2)

struct draft_case {
    int who;
    const char *sql;
    const char *expected;
};

static const struct draft_case cases[] = {
#include "draft_cases.def"
};

enum { N_CASES = sizeof cases / sizeof *cases, LEAST_PERCENT = 97 };

struct tally {
    int refused, tried, passed, told, unknown;
};

static const char *const postgis_admin[] = {
    "CREATE EXTENSION postgis SCHEMA public",
    "GRANT ALL ON TABLE public.spatial_ref_sys TO kfmig",
};

static const char *const more_admin[] = {
    "ALTER ROLE kfmig SET search_path = public",
    "CREATE ROLE idle",
    "GRANT idle TO kfmig WITH ADMIN OPTION",
    "CREATE USER MAPPING FOR bob SERVER loop",
    "GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO kfmig",
    "CREATE FOREIGN DATA WRAPPER w0",
    "CREATE SERVER bare_server FOREIGN DATA WRAPPER postgres_fdw",
    "ALTER SERVER bare_server OWNER TO kfmig",
    "CREATE FOREIGN TABLE public.remote (a int) SERVER loop",
    "ALTER FOREIGN TABLE public.remote OWNER TO kfmig",
    "CREATE FUNCTION public.evt() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
    "CREATE EVENT TRIGGER et0 ON sql_drop WHEN TAG IN ('DROP EXTENSION') EXECUTE FUNCTION "
    "public.evt()",
    "CREATE SUBSCRIPTION sub0 CONNECTION 'host=/nope dbname=x' PUBLICATION p WITH (connect = "
    "false, "
    "slot_name = NONE)",
    "CREATE SCHEMA hollow AUTHORIZATION kfmig",
};

static const char *const more_owner[] = {
    "CREATE TABLE app.a (id int PRIMARY KEY, b int UNIQUE, c text)",
    "INSERT INTO app.a VALUES (1, 1, 'x'), (2, 2, 'y'), (3, 3, 'z')",
    "CREATE TABLE app.kid (id int, a_id int REFERENCES app.a ON DELETE CASCADE ON UPDATE CASCADE)",
    "INSERT INTO app.kid VALUES (1, 1), (2, 1)",
    "CREATE TABLE app.empty (a int)",
    "CREATE TABLE app.ref2 (name text NOT NULL)",
    "CREATE TABLE app.indexed (u int NOT NULL)",
    "CREATE UNIQUE INDEX indexed_u ON app.indexed (u)",
    "CREATE TABLE app.loner (x int)",
    "CREATE TYPE app.lonely AS (a int)",
    "CREATE TYPE app.pair_ab AS (a int, b text)",
    "CREATE TABLE app.log (id int, d date, PRIMARY KEY (id, d)) PARTITION BY RANGE (d)",
    "CREATE TABLE app.log20 PARTITION OF app.log FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
    "CREATE TABLE app.log_rest PARTITION OF app.log DEFAULT",
    "INSERT INTO app.log VALUES (1, '2020-05-05'), (2, '2019-05-05')",
    "CREATE TABLE app.loose (id int NOT NULL, d date NOT NULL)",
    "CREATE TABLE app.triggered (x int)",
    ("CREATE FUNCTION app.fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO app.empty "
     "VALUES (1); RETURN new; END'"),
    "CREATE TRIGGER fill AFTER INSERT ON app.triggered FOR EACH ROW EXECUTE FUNCTION app.fill()",
    "CREATE TABLE app.ruled (x int)",
    "CREATE RULE also AS ON INSERT TO app.ruled DO ALSO INSERT INTO app.empty VALUES (new.x)",
    "CREATE VIEW app.va AS SELECT * FROM app.a",
    "CREATE TABLE public.bare2 (id int)",
    "CREATE FUNCTION app.pair_int(app.pair) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE PROCEDURE app.proc() LANGUAGE sql AS 'DELETE FROM app.empty'",
    "CREATE TABLE app.free (a int NOT NULL, b text, c text)",
    "INSERT INTO app.free VALUES (1, 'x')",
    "CREATE CONVERSION app.conv0 FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
    "CREATE FUNCTION app.evt() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
};

static const char *const postgis_owner[] = {
    "CREATE TABLE app.geo (id int, g geometry(Point, 4326))",
    "INSERT INTO app.geo VALUES (1, ST_Point(1, 2, 4326))",
};

static const char *const last_admin[] = {
    "CREATE OPERATOR FAMILY app.fam USING btree",
    "CREATE OPERATOR CLASS app.cls FOR TYPE int USING btree AS OPERATOR 3 =, FUNCTION 1 "
    "btint4cmp(int, int)",
    "CREATE FUNCTION app.tf(internal) RETURNS internal LANGUAGE internal IMMUTABLE STRICT AS "
    "'textsend'",
};

static struct observer_memory memory;

/* What is left open, as migration.yml says it. */
static const char *told(const struct draft *d)
{
    static const char *const parts[DRAFT_PARTS] = {"tables", "indexes", "rows",
                                                   "hidden", "unseen",  "reach"};
    const char *text = "";
    for (int i = 0; i < DRAFT_PARTS; i++) {
        if (d->open[i].path != NULL) {
            text = arena_printf(&arena, "%s %s", text, parts[i]);
        }
    }
    return text;
}

static const char *refused(const struct script *s)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct statement *st = &s->forms[i];
        if (st->kind == STATEMENT_CONTROL || st->kind == STATEMENT_REFUSED ||
            st->kind == STATEMENT_NO_TRANSACTION) {
            return arena_printf(&arena, "refused: %s", st->why);
        }
        if (!st->analysed) {
            return "refused: unknown";
        }
    }
    return NULL;
}

static int send_rows(struct pg *s, const struct statement *st)
{
    int64_t n = 0;
    const char *sql = arena_strndup(&arena, st->text.p, st->text.n);
    return pg_copy_start(s, sql, &e) != 0 || pg_copy_put(s, st->data, NULL, &e) != 0 ||
                   pg_copy_finish(s, NULL, &n, &e) != 0
               ? -1
               : 0;
}

static int run_script(struct pg *s, struct observer *o, const struct script *script)
{
    for (size_t i = 0; i < script->n; i++) {
        const struct statement *st = &script->forms[i];
        if (st->kind != STATEMENT_PLAIN) {
            continue;
        }
        if ((st->counts_rows_before &&
             observer_count_before(o, s, &st->touches, st->cascade, &e) != 0) ||
            (st->data.p != NULL ? send_rows(s, st)
                                : pg_statement(s, st->text, NULL, NULL, NULL, &e)) != 0) {
            return -1;
        }
    }
    return 0;
}

/* The rules that did not hold, each once. */
static const char *failures(const struct findings *l)
{
    const char *text = "";
    for (size_t i = 0; i < l->n; i++) {
        if (!l->v[i].passed && strstr(text, l->v[i].rule) == NULL) {
            text = arena_printf(&arena, "%s %s", text, l->v[i].rule);
        }
    }
    return text;
}

static const char *outcome_of(struct pg *s, const struct catalog *base, const struct script *script,
                              const struct draft *d)
{
    char tag[64];
    static const struct domains no_domains;
    static const struct world world;
    struct catalog stands = *base;
    struct bundle b = {.id = "M", .decl = &d->decl, .forward = script};
    struct outcome o = {.result = RUN_SUCCESS};
    const struct env env = {.name = "dev"};
    struct run r = {
        .a = &arena, .env = &env, .base = &stands, .domains = &no_domains, .world = &world};
    const char *text;
    observer_before_add(s);
    must(pg_batch_run(s, NULL, &e), "before");
    must(pg_command(s, "BEGIN", tag, NULL, &e), "BEGIN");
    struct observer *seer = observer_new(&arena, &memory);
    observer_start_add(seer, s);
    must(pg_batch_run(s, NULL, &e), "start");
    must(observer_start_done(seer, &e), "start");
    if (run_script(s, seer, script) != 0 || observer_finish(seer, s, &stands, &o.seen, &e) != 0) {
        text = arena_printf(&arena, "server: %s %s", e.msg, e.detail);
    } else {
        text = gates_judge(&r, &b, &o) ? "passes"
                                       : arena_printf(&arena, "fails:%s", failures(&o.gates));
    }
    must(pg_command(s, "ROLLBACK", tag, NULL, &e), "ROLLBACK");
    must(server_run(&e, s, "RESET ALL"), "RESET ALL");
    return text;
}

static const char *seen_of(struct pg *s, const struct catalog *base, const char *sql)
{
    struct script script;
    struct draft d;
    if (language_parse(&arena, "forward.sql", bytes_str(sql), &script, &e) != 0) {
        return arena_printf(&arena, "fault: %s", e.msg);
    }
    const char *text = refused(&script);
    if (text != NULL) {
        return text;
    }
    draft_make(&arena, &script, 1, &d);
    text = outcome_of(s, base, &script, &d);
    return told(&d)[0] != '\0' ? arena_printf(&arena, "%s; open:%s", text, told(&d)) : text;
}

/* DRAFT_PRINT=1 prints the rows anew, as they are seen. */
static void test_case(struct pg *s, const struct catalog *base, const struct draft_case *c,
                      struct tally *tally)
{
    const char *seen = seen_of(s, base, c->sql);
    if (getenv("DRAFT_PRINT") != NULL) {
        printf("@%s %s\x01%s\x02\n", c->who % 2 == OWNER ? "OWNER" : "SUPER", c->sql, seen);
    }
    bool refused = strncmp(seen, "refused", strlen("refused")) == 0;
    bool passes = strncmp(seen, "passes", strlen("passes")) == 0;
    tally->refused += refused;
    tally->tried += !refused;
    tally->passed += passes;
    tally->told += !refused && !passes && strstr(seen, "; open:") != NULL;
    char *name = arena_strdup(&arena, c->sql);
    for (char *p = strchr(name, '\n'); p != NULL; p = strchr(p, '\n')) {
        *p = ' ';
    }
    is_str(seen, c->expected, name);
}

static bool has_postgis(struct pg *s)
{
    static const struct pg_sql asks = {
        "postgis", "SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'"};
    struct pg_rows *r = NULL;
    must(pg_query(s, &asks, NULL, 0, &r, &e), "ask for PostGIS");
    bool has = pg_rows_n(r) > 0;
    pg_rows_free(r);
    return has;
}

/* The server, and the grammar that reads the text, know it. */
static bool is_known(const struct draft_case *c, int major, bool postgis)
{
    int grammar = PG_VERSION_NUM / 10000;
    int since = c->who / 2;
    return since == POSTGIS ? postgis : since <= major && since <= grammar;
}

static void stand(struct pg *sessions[2], bool postgis)
{
    size_t n = postgis ? sizeof postgis_admin / sizeof *postgis_admin : 0;
    run_all(sessions[SUPER], postgis_admin, n);
    run_all(sessions[SUPER], more_admin, sizeof more_admin / sizeof *more_admin);
    run_all(sessions[OWNER], more_owner, sizeof more_owner / sizeof *more_owner);
    run_all(sessions[OWNER], postgis_owner, n);
    run_all(sessions[SUPER], last_admin, sizeof last_admin / sizeof *last_admin);
    pg_close(sessions[OWNER]);
    sessions[OWNER] = session(""); /* settings of its role hold from here */
}

int main(int argc, char **argv)
{
    struct pg *sessions[2] = {NULL, NULL};
    int status = 0;
    struct catalog base;
    struct tally tally = {0};
    if (server_watch(argc, argv, &status)) {
        return status;
    }
    server_up(&sessions[OWNER], &sessions[SUPER]);
    int major = pg_server_version(sessions[OWNER]) / 10000;
    bool postgis = has_postgis(sessions[SUPER]);
    for (int i = 0; i < N_CASES; i++) {
        tally.unknown += !is_known(&cases[i], major, postgis);
    }
    tap_plan(N_CASES - tally.unknown + 3);
    ok(getenv("KFMIG_PG_BINDIR") != NULL || postgis, "this machine's own server has PostGIS");
    stand(sessions, postgis);
    must(catalog_read(sessions[OWNER], CATALOG_FORMAT, &arena, &base, &e), "read");
    for (int i = 0; i < N_CASES; i++) {
        struct arena_mark m = arena_mark(&arena);
        if (is_known(&cases[i], major, postgis)) {
            test_case(sessions[cases[i].who % 2], &base, &cases[i], &tally);
        }
        arena_reset(&arena, m);
    }
    printf("# PostgreSQL %d: %d migrations, %d more that it does not know: %d refused by their "
           "text, %d tried, %d pass within what was written, %d do not and were told to be open\n",
           major, N_CASES - tally.unknown, tally.unknown, tally.refused, tally.tried, tally.passed,
           tally.told);
    is_int(tally.tried - tally.passed, tally.told, "whatever does not pass was told beforehand");
    ok(100 * tally.passed >= LEAST_PERCENT * tally.tried, "as many as promised pass");
    pg_close(sessions[OWNER]);
    pg_close(sessions[SUPER]);
    arena_release(&arena);
    return server_down() ? tap_done() : 1;
}
