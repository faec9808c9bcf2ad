/* layer: site scripted */
/* What is asked of one environment besides its plan, line by line: what pending migrations do, what preflight wants to know, users' queries,
 * how far rows reach, what backs it up, what stands there as a dump; and what its entries say of holds, backups and deployments. */
#include "model/operations.h"
#include "scripted_site.h"
#include "site/backup.h"
#include "site/dump.h"
#include "site/inspect.h"

static struct setting t;
static char left[8192];
static size_t n_left;

__attribute__((format(printf, 1, 2))) static void say(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    n_left += (size_t)vsnprintf(left + n_left, sizeof left - n_left, fmt, args);
    va_end(args);
}

/* --- what pending migrations do */

static void say_deeds(void)
{
    struct inspect_wanted w = {.env = t.s.env};
    inspect_deeds(&t.s, &w);
    for (size_t i = 0; i < w.n_deeds; i++) {
        const struct inspect_deed *d = &w.deeds[i];
        say("%s%s%s%s %s.%s", i > 0 ? ", " : "", d->deed, d->step[0] != '\0' ? " of " : "", d->step,
            d->schema, d->name);
    }
    for (size_t i = 0; i < w.extensions->n; i++) {
        say("; extension %s", w.extensions->v[i]);
    }
    say("%s", w.concurrently ? "; concurrently" : "");
}

static int deeds(struct err *e)
{
    int rc = site_plan(&t.s, true, e);
    if (rc == 0) {
        say_deeds();
    }
    return rc;
}

static int deeds_unselected(struct err *e)
{
    int rc = site_plan(&t.s, true, e);
    for (size_t i = 0; i < t.s.plan.n_steps; i++) {
        t.s.plan.v[i].selected = false;
    }
    say_deeds();
    return rc;
}

/* Of a plan made by hand: a projection to be made anew, one that is not, and a migration whose scripts nobody read. */
static int deeds_of_projections(struct err *e)
{
    static struct projection p = {.name = "wells", .schema = "wells"};
    static struct projection_input in = {.p = &p};
    static struct bundle unread = {.id = "M-9"};
    static struct step v[3];
    (void)e;
    v[0] = (struct step){.kind = STEP_PROJECTION, .action = ACTION_REBUILD, .in = &in};
    v[1] = (struct step){.kind = STEP_PROJECTION, .in = &in};
    v[2] = (struct step){.bundle = &unread, .selected = true, .state = STATE_STALE};
    t.s.plan.v = v;
    t.s.plan.n_steps = 3;
    say_deeds();
    return 0;
}

/* --- what preflight and postflight ask */

static int inspected(bool is_after, struct err *e)
{
    struct inspection x = {.is_after = is_after};
    int rc = site_plan(&t.s, true, e) != 0 ? -2 : site_inspect(&t.s, &x, e);
    for (int i = 0; rc == 0 && i < INSPECTS; i++) {
        say("%s", x.was_asked[i] ? inspect_row((enum inspect)i)->id : "");
        say("%s", x.was_asked[i] ? " " : "");
    }
    for (size_t i = 0; i < x.found.n; i++) {
        say("%s: %s;", x.found.v[i].rule, x.found.v[i].text);
    }
    return rc;
}

static int before(struct err *e)
{
    return inspected(false, e);
}

static int after(struct err *e)
{
    return inspected(true, e);
}

static int keys(struct err *e)
{
    struct inspect_key *v = NULL;
    size_t n = 0;
    int rc = site_connect(&t.s, e) != 0 ? -2 : site_keys(&t.s, true, &v, &n, e);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        say("%s (%s) ", v[i].name, v[i].words);
    }
    return rc;
}

static int query(struct err *e)
{
    bool denied = false;
    int64_t rows = 0;
    const struct inspect_query q = {.role = "reader", .sql = bytes_str("SELECT 1")};
    int rc = site_connect(&t.s, e) != 0 ? -2 : site_query(&t.s, q, &denied, &rows, e);
    say("%s, %lld rows", denied ? "denied" : "not denied", (long long)rows);
    return rc;
}

static int measure(struct err *e)
{
    static struct mapping columns[3] = {
        {.column = "source_version", .kind = SOURCE_VERSION}, {.column = "id"}, {.column = "geom"}};
    static struct projection_source source = {
        .into = "pts", .version = "2026-01", .column = columns, .n_columns = 3};
    static struct projection p = {.name = "wells", .schema = "wells", .source = &source};
    struct extent_facts out = {0};
    int rc = site_connect(&t.s, e) != 0 ? -2 : site_measure(&t.s, &p, 0, &out, e);
    say("%lld rows, %s", (long long)out.rows, out.has_extent ? "somewhere" : "nowhere");
    return rc;
}

/* --- backups and dumps */

static int schemas(struct err *e)
{
    static const char *wanted[] = {"app", "gone"};
    const struct names list = {wanted, 2, 2};
    struct names out = {0};
    int rc = site_connect(&t.s, e) != 0 ? -2 : site_schemas(&t.s, &list, &out, e);
    for (size_t i = 0; rc == 0 && i < out.n; i++) {
        say("%s ", out.v[i]);
    }
    return rc;
}

static int snapshot(struct err *e)
{
    const char *id = "";
    int rc = site_connect(&t.s, e) != 0 ? -2 : site_export_snapshot(&t.s, &id, e);
    say("%s", id);
    return rc;
}

static int dump(struct err *e)
{
    struct dumped out = {0};
    int rc = site_plan(&t.s, true, e) != 0 ? -2 : site_dump(&t.s, &out, e);
    say("%s, %d:", rc == 0 ? out.environment : "", out.major);
    for (size_t i = 0; rc == 0 && i < out.n; i++) {
        say(" %s", out.v[i].object);
    }
    return rc;
}

/* --- what entries say */

static struct entry entries[8];
static struct digest confirmed;

static void add_entry(enum entry_kind kind, const char *subject, const char *result)
{
    struct entries *l = &t.s.entries;
    l->v = entries;
    entries[l->n++] =
        (struct entry){.kind = kind, .subject = subject, .result = result, .checksum = confirmed};
}

static int deployed(struct err *e)
{
    (void)e;
    add_entry(ENTRY_DEPLOY, "v1", "success");
    add_entry(ENTRY_DEPLOY, "v2", "failed");
    add_entry(ENTRY_APPLY, "v3", "success");
    add_entry(ENTRY_DEPLOY, "v1", "success");
    add_entry(ENTRY_DEPLOY, "v4", "success");
    const struct names l = site_deployed(&t.s);
    for (size_t i = 0; i < l.n; i++) {
        say("%s ", l.v[i]);
    }
    return 0;
}

static int backed_up(struct err *e)
{
    (void)e;
    say("%s ", site_last_backup(&t.s, false) == NULL ? "none" : "one");
    add_entry(ENTRY_BACKUP, "drill", "success");
    add_entry(ENTRY_BACKUP, "drill", "failed");
    add_entry(ENTRY_BACKUP, "plan", "success");
    add_entry(ENTRY_APPLY, "drill", "success");
    say("%s %s", site_last_backup(&t.s, false)->subject,
        site_last_backup(&t.s, true) == &entries[0] ? "the drill" : "another");
    return 0;
}

static void say_held(void)
{
    const struct findings *l = site_held(&t.s);
    for (size_t i = 0; i < l->n; i++) {
        say("%s %s%s%s; ", l->v[i].rule, l->v[i].passed ? "pass" : l->v[i].subject,
            l->v[i].passed ? "" : ": ", l->v[i].text);
    }
    say("%s", t.s.world.held == l ? "" : "and not kept");
}

static void operate(struct operations *out)
{
    static const char *items[] = {"comms posted", "on call"};
    *out = *operations_of(&(struct env){.name = "dev"});
    out->checklist = (struct names){items, 2, 2};
    t.l.p.env[0].operations = out;
}

static int checklist(struct err *e)
{
    static struct operations o;
    if (site_plan(&t.s, true, e) != 0) {
        return -1;
    }
    operate(&o);
    t.s.entries.n = 0;
    confirmed = plan_digest(&t.s.plan);
    add_entry(ENTRY_CONFIRM, "comms posted", "success");
    add_entry(ENTRY_CONFIRM, "on call", "failed");
    add_entry(ENTRY_DEPLOY, "on call", "success");
    add_entry(ENTRY_CONFIRM, "on call", "success");
    entries[3].checksum = digest_of(bytes_str("another plan"));
    say_held();
    return 0;
}

static int frozen(struct err *e)
{
    static struct operations o;
    static struct freeze v[] = {{20000101, 20991231, "UTC", "", "2000-01-01 to 2099-12-31"},
                                {20000101, 20991231, "Nowhere/Land", "", "a zone of nobody's"}};
    (void)e;
    operate(&o);
    o.checklist.n = 0;
    o.freezes = v;
    o.n_freezes = 2;
    say_held();
    return 0;
}

/* --- the scenarios */

#define CONNECT "connect -> ok\n"
#define NEW CONNECT NO_LEDGER LOOKED_NO_LEDGER
#define KNOWN CONNECT IDENTIFY ENTRIES LOOKED
#define SNAPSHOT(ms) "@postgis_look_begin -> BEGIN\n@postgis_look_waits(" ms ") -> rows 1\n"
#define ROLLED_BACK "ROLLBACK -> ROLLBACK\n"
#define OURS "write kfmig.entry, write kfmig.lease"
#define ASKED(first)                                                                               \
    first " versions long_transactions blocking_locks prepared_transactions invalid_indexes "      \
          "replication_lag replication_slots "
#define ID "id | integer | int4 | -1 | t | f | f | NULL | NULL | NULL | -1 | f"
#define GEOMETRY                                                                                   \
    "geom | public.geometry(Point,4326) | geometry | 1 | f | f | f | geometry | "                  \
    "public.geometry(Point,4326) | NULL | -1 | f"

/* clang-format off */
static const struct {
    const char *name, *uuid, *forward; /* M-1's script; NULL: as it is */
    const char *script;
    int (*act)(struct err *e);
    int rc;
    enum err_code code;
    const char *words;
} scenarios[] = {
    {"a database without a ledger gets its schema", "", NULL, NEW, deeds, 0, ERR_NONE, "schema kfmig., make app."},
    {"one with a ledger is written to", LEDGER_UUID, NULL, KNOWN, deeds, 0, ERR_NONE, OURS ", make app."},
    {"each deed once", LEDGER_UUID, "CREATE TABLE app.t ();\nCREATE TABLE app.u ();\n", KNOWN, deeds, 0, ERR_NONE, OURS ", make app."},
    {"a schema and an extension", LEDGER_UUID, "CREATE SCHEMA other;\nCREATE EXTENSION postgis;\n", KNOWN, deeds, 0, ERR_NONE, OURS ", schema other.other; extension postgis"},
    {"what is altered and dropped is to be owned, and is locked", LEDGER_UUID, "ALTER TABLE app.t ADD n int;\nDROP VIEW app.v;\n", KNOWN, deeds, 0, ERR_NONE,
     OURS ", own app.t, lock of M-1 app.t, own app.v, lock of M-1 app.v"},
    {"what is written anew", LEDGER_UUID, "ALTER TABLE app.t ALTER n TYPE bigint;\n", KNOWN, deeds, 0, ERR_NONE, OURS ", own app.t, lock of M-1 app.t, rewrite app.t"},
    {"what is written and read", LEDGER_UUID, "INSERT INTO app.t SELECT n FROM app.s;\n", KNOWN, deeds, 0, ERR_NONE, OURS ", write app.t, read app.s, lock of M-1 app.t, lock of M-1 app.s"},
    {"sequences that are used are nobody's business", LEDGER_UUID, "SELECT setval('app.s', 1);\n", KNOWN, deeds, 0, ERR_NONE, OURS ", lock of M-1 app.s"},
    {"concurrently", LEDGER_UUID, "CREATE INDEX CONCURRENTLY i ON app.t (n);\n", KNOWN, deeds, 0, ERR_NONE, OURS ", own app.t, lock of M-1 app.t; concurrently"},
    {"what is not selected does nothing", LEDGER_UUID, NULL, KNOWN, deeds_unselected, 0, ERR_NONE, OURS},
    {"a generation's schema", "", NULL, "", deeds_of_projections, 0, ERR_NONE, "schema kfmig., schema wells__g."},

    {"before: all is well", LEDGER_UUID, NULL, KNOWN, before, 0, ERR_NONE, ASKED("clock privileges")},
    {"before: something stands in the way", LEDGER_UUID, NULL, KNOWN "@postgis_inspect_slots(*) -> rows fail | slot s | it holds back\n", before, 0, ERR_NONE, ASKED("clock privileges") "replication_slots: it holds back;"},
    {"before: the server goes", LEDGER_UUID, NULL, KNOWN "@postgis_inspect_slots -> cut\n", before, -1, ERR_PREFLIGHT, "was lost"},
    {"after: what is to be run is not asked", LEDGER_UUID, NULL, KNOWN, after, 0, ERR_NONE, ASKED("clock")},

    {"foreign keys", LEDGER_UUID, NULL, CONNECT "@postgis_inspect_keys(t) -> rows a_fk | not validated | SELECT 1\n", keys, 0, ERR_NONE, "a_fk (not validated) "},
    {"foreign keys are not told", LEDGER_UUID, NULL, CONNECT "@postgis_inspect_keys -> error 42501\n", keys, -1, ERR_PREFLIGHT, "insufficient_privilege"},
    {"a user's query", LEDGER_UUID, NULL, CONNECT SNAPSHOT("*") "SET LOCAL statement_timeout = * -> SET\nSET LOCAL ROLE \"reader\" -> SET\nSELECT 1 -> rows 1 ; 2\n" ROLLED_BACK, query, 0, ERR_NONE, "not denied, 2 rows"},
    {"a user's query is denied", LEDGER_UUID, NULL, CONNECT SNAPSHOT("*") "SET LOCAL statement_timeout = * -> SET\nSET LOCAL ROLE \"reader\" -> SET\nSELECT 1 -> error 42501\n" ROLLED_BACK, query, 0, ERR_APPLY, "denied, 0 rows"},

    {"how far rows reach", LEDGER_UUID, NULL, CONNECT SNAPSHOT("*") "@postgis_load_columns(wells, pts) -> rows " ID " ; " GEOMETRY "\n@postgis_generation_geometry(wells, pts, geom) -> rows t.geom | public. | 1\nSELECT public.postgis_typmod_srid(1) -> rows 4326\n"
     "SELECT count(*), count(*) - count(g)* -> rows 2 | 0 | 0 | 0 | 0 | 0 | 0 | 1 | 1\n" ROLLED_BACK, measure, 0, ERR_NONE, "2 rows, somewhere"},
    {"rows without a geometry", LEDGER_UUID, NULL, CONNECT SNAPSHOT("*") "@postgis_load_columns(wells, pts) -> rows " ID "\nSELECT count(*)* -> rows 2\n" ROLLED_BACK,
     measure, 0, ERR_NONE, "2 rows, nowhere"},
    {"the table is not to be seen", LEDGER_UUID, NULL, CONNECT SNAPSHOT("*") "@postgis_load_columns -> error 42501\n" ROLLED_BACK, measure, -1, ERR_PREFLIGHT, "insufficient_privilege"},
    {"the snapshot is not to be had", LEDGER_UUID, NULL, CONNECT "@postgis_look_begin -> cut\n", measure, -1, ERR_PREFLIGHT, "was lost"},

    {"schemas that are there, with those of partitions", LEDGER_UUID, NULL, CONNECT "@site_backup_about({\"app\",\"gone\"}) -> rows app ; parts\n", schemas, 0, ERR_NONE, "app parts "},
    {"schemas are not told", LEDGER_UUID, NULL, CONNECT "@site_backup_about -> cut\n", schemas, -1, ERR_PREFLIGHT, "was lost"},
    {"a snapshot for others", LEDGER_UUID, NULL, CONNECT SNAPSHOT("30000ms") "@site_backup_snapshot -> rows 00-1\n", snapshot, 0, ERR_NONE, "00-1"},
    {"no snapshot for others", LEDGER_UUID, NULL, CONNECT SNAPSHOT("30000ms") "@site_backup_snapshot -> error 25001\n", snapshot, -1, ERR_PREFLIGHT, "active_sql_transaction"},
    {"a dump has what is somebody's", LEDGER_UUID, NULL, "~ @postgis_catalog_schemas* -> rows 2615 | 1 | schema |  | app | owner | kfm ; 2615 | 2 | schema |  | public | owner | kfm\n" KNOWN LOOKED, dump, 0, ERR_NONE,
     "dev, 15: schema app"},
    {"a dump cannot be read", LEDGER_UUID, NULL, KNOWN "@postgis_look_begin -> cut\n", dump, -1, ERR_PREFLIGHT, "was lost"},

    {"deployments that were recorded, each once", LEDGER_UUID, NULL, "", deployed, 0, ERR_NONE, "v1 v4 "},
    {"the last good backup, and the last good drill", LEDGER_UUID, NULL, "", backed_up, 0, ERR_NONE, "none plan the drill"},
    {"what was confirmed for this plan", LEDGER_UUID, NULL, KNOWN, checklist, 0, ERR_NONE, "checklist pass; checklist on call: nobody has confirmed \"on call\" for this plan; "},
    {"a freeze, and a zone that nobody knows", LEDGER_UUID, NULL, "", frozen, 0, ERR_NONE,
     "freeze : changes are frozen from 2000-01-01 to 2099-12-31; freeze Nowhere/Land: this machine does not know the time zone \"Nowhere/Land\", so nobody knows; "},
};
/* clang-format on */
enum { N = sizeof scenarios / sizeof *scenarios };

static void play(size_t i)
{
    struct err e = {0};
    left[0] = '\0';
    n_left = 0;
    setting_project("");
    if (scenarios[i].forward != NULL) {
        project_put("migrations/postgis/M-1/forward.sql", scenarios[i].forward);
    }
    setting_open(&t, "dev", scenarios[i].uuid, 3);
    setting_play(&t, scenarios[i].script);
    int rc = scenarios[i].act(&e);
    if (rc != 0) {
        (void)snprintf(left, sizeof left, "%s; %s", e.msg, e.hint);
    }
    bool good = setting_left(left, rc, &e, scenarios[i].rc, scenarios[i].code, scenarios[i].words);
    setting_close(&t);
    ok(pq_played() && good, scenarios[i].name);
}

int main(void)
{
    return setting_each(N, play);
}
