/* layer: site scripted */
/* Drift as SQL, both ways: the texts that a database is asked for, those that the ledger has only digests of, and what is withheld. */
#include "scripted_site.h"

static struct setting t;

/* The digests of 'x'::text and of 'y'::text. */
static char digest_x[DIGEST_TEXT], digest_y[DIGEST_TEXT];

/* was, now: of app.t, "facet%value,facet%value" with "x" and "y" for the digests: <x>, <y>; NULL: it is not there. */
struct drift_case {
    const char *name, *was, *now;
    const char *columns; /* what the database answers for its columns, behind the owner */
    const char *undo, *keep;
};

#define COLUMN(type, expression)                                                                   \
    "~ @postgis_catalog_columns* -> rows 5000 | 1 | note | " type " | f |  | " expression          \
    " | 0 | NULL\n"
#define ANY "~ @postgis_catalog_columns* -> rows\n"
/* clang-format off */
static const struct drift_case cases[] = {
    {"a type", "column note%text,owner%ann", "column note%date,owner%ann", COLUMN("date", "NULL"),
     "ALTER TABLE app.t ALTER COLUMN note TYPE text USING note::text", "ALTER TABLE app.t ALTER COLUMN note TYPE date USING note::date"},
    {"a default that stands there", "column note%text,owner%ann", "column note%text default <x>,owner%ann", COLUMN("text", "'x'::text"),
     "ALTER TABLE app.t ALTER COLUMN note DROP DEFAULT", "ALTER TABLE app.t ALTER COLUMN note SET DEFAULT 'x'::text"},
    {"a default that is gone", "column note%text default <x>,owner%ann", "column note%text,owner%ann", COLUMN("text", "NULL"),
     "?column note: no statement says it from what the ledger keeps", "ALTER TABLE app.t ALTER COLUMN note DROP DEFAULT"},
    {"a default that is another", "column note%text default <x>,owner%ann", "column note%text default <y>,owner%ann", COLUMN("text", "'y'::text"),
     "?column note: no statement says it from what the ledger keeps", "ALTER TABLE app.t ALTER COLUMN note SET DEFAULT 'y'::text"},
    {"the same default beside another type", "column note%text default <x>,owner%ann", "column note%character varying(9) default <x>,owner%ann",
     COLUMN("character varying(9)", "'x'::text"),
     "ALTER TABLE app.t ALTER COLUMN note TYPE text USING note::text", "ALTER TABLE app.t ALTER COLUMN note TYPE character varying(9) USING note::character varying(9)"},
    {"a renamed column keeps what is known of it", "column old%text default <x>,owner%ann", "column note%text default <x>,owner%ann", COLUMN("text", "'x'::text"),
     "ALTER TABLE app.t DROP COLUMN note; ALTER TABLE app.t ADD COLUMN old text DEFAULT 'x'::text", "ALTER TABLE app.t ADD COLUMN note text DEFAULT 'x'::text; ALTER TABLE app.t DROP COLUMN old"},
    {"as many texts as digests, or none is known", "column note%text default <x>,owner%ann", "column note%text default <y>,owner%ann", COLUMN("text", "NULL"),
     "?column note: no statement says it from what the ledger keeps", "ALTER TABLE app.t ALTER COLUMN note DROP DEFAULT"},
    {"what is not read again is known by its digest", "column note%text,owner%ann", "column note%text default <x>,owner%ann", ANY,
     "ALTER TABLE app.t ALTER COLUMN note DROP DEFAULT", "?column note: no statement says it from what the ledger keeps"},
    {"a secret is withheld", "column note%text,owner%ann", "column note%text default <x>,owner%ann", COLUMN("text", "'AKIAQ3EGRSTUVWXYZ2AB'::text"),
     "ALTER TABLE app.t ALTER COLUMN note DROP DEFAULT", "?column note: withheld: it holds what looks like an AWS access key"},
    {"it appeared", NULL, "column note%text,column_order%note,owner%ann", COLUMN("text", "NULL"),
     "DROP TABLE app.t", "CREATE TABLE app.t (note text); ALTER TABLE app.t OWNER TO ann"},
    {"it vanished", "column note%text,column_order%note,owner%ann", NULL, ANY,
     "CREATE TABLE app.t (note text); ALTER TABLE app.t OWNER TO ann", "DROP TABLE app.t"},
    {"a comment", "owner%ann", "comment%<x>,owner%ann", "~ @postgis_catalog_notes* -> rows 1259 | 5000 |  |  |  | comment | \001dwhy\002\n",
     "COMMENT ON TABLE app.t IS NULL", "COMMENT ON TABLE app.t IS 'why'"},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases, MOST = 6 };

/* <x> and <y> as digests; % and , as tab and newline where they divide facets. */
static const char *definition(const char *text)
{
    struct buf b = {0};
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '<') {
            buf_puts(&b, p[1] == 'x' ? digest_x : digest_y);
            p += 2;
        } else {
            buf_putc(&b, *p == '%' ? '\t' : *p == ',' ? '\n' : *p);
        }
    }
    buf_putc(&b, '\n');
    const char *out = arena_strdup(t.s.a, buf_str(&b));
    buf_release(&b);
    return out;
}

static void stand(const char *text)
{
    struct object o = {OBJ_TABLE, "app", "t", NULL};
    struct facet *v = ARENA_ARRAY(t.s.a, struct facet, MOST);
    size_t n = 0;
    char *rest = arena_strdup(t.s.a, definition(text));
    for (char *line = strsep(&rest, "\n"); line != NULL && line[0] != '\0';
         line = strsep(&rest, "\n")) {
        v[n].name = strsep(&line, "\t");
        v[n++].value = line;
    }
    struct catalog_object *made = catalog_add(&t.s.catalog, o, v, n);
    made->classid = 1259;
    made->objid = 5000;
}

static const char *say(const struct sql_line *v, size_t n)
{
    struct buf b = {0};
    for (size_t i = 0; i < n; i++) {
        buf_puts(&b, i > 0 ? "; " : "");
        if (v[i].sql != NULL) {
            buf_puts(&b, v[i].sql);
        } else {
            buf_printf(&b, "?%s: %s", v[i].facet, v[i].open);
        }
    }
    const char *out = arena_strdup(t.s.a, buf_str(&b));
    buf_release(&b);
    return out;
}

static struct drift drifted(const struct drift_case *c)
{
    struct drift d = {
        .text = "table app.t", .object = {OBJ_TABLE, "app", "t", NULL}, .last_writer = ""};
    d.was = c->was != NULL ? digest_of(bytes_str("was")) : d.was;
    d.now = c->now != NULL ? digest_of(bytes_str("now")) : d.now;
    return d;
}

static int ask(const struct drift_case *c, const char *script, struct drift_sql *out, struct err *e)
{
    static struct object_row row;
    static struct drift d;
    setting_open(&t, "dev", LEDGER_UUID, 3);
    setting_play(&t, script);
    d = drifted(c);
    t.s.catalog =
        (struct catalog){.a = t.s.a, .format = 2, .by_text = {.a = t.s.a}, .by_oid = {.a = t.s.a}};
    if (c->now != NULL) {
        stand(c->now);
    }
    catalog_seal(&t.s.catalog);
    row = (struct object_row){.object = "table app.t",
                              .definition = c->was != NULL ? definition(c->was) : ""};
    t.s.sum = (struct object_rows){&row, c->was != NULL, 0};
    t.s.world.drift = &d;
    t.s.world.n_drift = 1;
    (void)snprintf(t.s.id.database, sizeof t.s.id.database, "kfm");
    (void)snprintf(t.s.id.role, sizeof t.s.id.role, "kfm");
    if (site_connect(&t.s, e) != 0) {
        return -1;
    }
    size_t n = 0;
    const struct drift_detail *v = site_details(&t.s, &n);
    return site_drift_sql(&t.s, v, n, out, e);
}

static void play(size_t i)
{
    const struct drift_case *c = &cases[i];
    struct err e = {0};
    struct drift_sql sql = {0};
    char script[2048];
    setting_project("");
    (void)snprintf(script, sizeof script,
                   "connect -> ok\n~ @postgis_catalog_relations* -> rows " RELATION_ROW(
                       "5000", "app", "t", "ann") "\n%s",
                   c->columns);
    int rc = ask(c, script, &sql, &e);
    is_str(rc == 0 ? say(sql.undo, sql.n_undo) : e.msg, c->undo, c->name);
    is_str(rc == 0 ? say(sql.keep, sql.n_keep) : e.msg, c->keep, c->name);
    setting_close(&t);
    ok(pq_played(), c->name);
}

static void cannot_be_asked(void)
{
    struct err e = {0};
    struct drift_sql sql;
    setting_project("");
    int rc = ask(&cases[0], "connect -> ok\n@postgis_pin_begin -> cut\n", &sql, &e);
    setting_close(&t);
    ok(rc == -1 && e.code == ERR_PREFLIGHT && pq_played(), "a database that cannot be asked");
}

int main(void)
{
    struct digest x = digest_of(bytes_str("'x'::text"));
    struct digest y = digest_of(bytes_str("'y'::text"));
    (void)digest_text(&x, digest_x);
    (void)digest_text(&y, digest_y);
    tap_plan(3 * N + 1);
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    cannot_be_asked();
    project_remove();
    return tap_done();
}
