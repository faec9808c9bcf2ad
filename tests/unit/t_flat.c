/* layer: load */
/* Flat migrations as they are read: each layout, each form of header, and what contradicts what, with its place. */
#include "tap.h"

#include "doc/doc.h"
#include "load/row.h"
#include "project.h"

#define DB "migrations/db/"
#define STAMP "20260225_1200__add_widgets_table"
#define HEADER(more)                                                                               \
    "-- [KFM_MIGRATION]\n-- id: " STAMP "\n-- owner: ada\n-- ticket: T-1\n" more                   \
    "-- [/KFM_MIGRATION]\nCREATE TABLE app.t ();\n"

enum { FILES_MOST = 6 };
struct file {
    const char *path, *text;
};

static void put_files(const struct file *v)
{
    project_start();
    for (size_t i = 0; i < FILES_MOST && v[i].path != NULL; i++) {
        project_put(v[i].path, v[i].text);
    }
}

/* --- bad input: one clear error each ---------------------------------------------------------------- */

#define TABLE "CREATE TABLE app.t ();\n"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"

/* clang-format off */
static const struct {
    const char *name;
    struct file files[FILES_MOST];
    const char *want;
} bad[] = {
    {"a number twice in one layout", {{DB "001_a.up.sql", TABLE}, {DB "1_b.up.sql", TABLE}},
     DB "1_b.up.sql the number 1 is used twice: here and in " DB "001_a.up.sql\n"},
    {"a number twice across layouts", {{DB "0007__a.sql", TABLE}, {DB "V7__b.sql", TABLE}},
     DB "V7__b.sql the number 7 is used twice: here and in " DB "0007__a.sql\n"},
    {"a stamp twice", {{DB "20260225_1200__a.sql", TABLE}, {DB "20260225_1200__b.up.sql", TABLE}},
     DB "20260225_1200__b.up.sql the number 202602251200 is used twice: here and in " DB "20260225_1200__a.sql\n"},
    {"an id twice in two folders", {{DB "0007__a.sql", TABLE}, {"migrations/postgis/0007__a.sql", TABLE}},
     DB "0007__a.sql:1:1 the id \"0007__a\" is used twice: here and in migrations/postgis/0007__a.sql:1:1\n"},
    {"a down without up", {{DB "027_x.down.sql", TABLE}},
     DB "027_x.down.sql it undoes a migration 027_x, which is not here\n"},
    {"an undo without what it undoes", {{DB "V1__x.sql", TABLE}, {DB "U2__y.sql", TABLE}},
     DB "U2__y.sql it undoes a migration V2__y, which is not here\n"},
    {"a down in down/ without up", {{DB "down/0001__x.down.sql", TABLE}},
     DB "down/0001__x.down.sql it undoes a migration 0001__x, which is not here\n"},
    {"a down where its layout has none", {{DB "0001__x.sql", TABLE}, {DB "0001__x.down.sql", TABLE}},
     DB "0001__x.down.sql what undoes " DB "0001__x.sql stands elsewhere in its layout\n"},
    {"a header with another id", {{DB STAMP ".sql", "-- [KFM_MIGRATION]\n-- id: 20260225_1200__other\n-- [/KFM_MIGRATION]\n"}},
     DB STAMP ".sql:2:8 the header says \"20260225_1200__other\", but the file is called " STAMP ".sql\n"},
    {"a first line with another name", {{DB "0010__a.sql", "-- 0020__b.sql\n-- Risk: low\n" TABLE}},
     DB "0010__a.sql:1:4 the header says \"0020__b\", but the file is called 0010__a.sql\n"},
    {"a header without an end", {{DB STAMP ".sql", "\n-- [KFM_MIGRATION]\n-- id: x\n" TABLE}},
     DB STAMP ".sql:2:1 the header has no end\n"},
    {"a header that is no YAML", {{DB STAMP ".sql", "-- [KFM_MIGRATION]\n-- id: [\n-- [/KFM_MIGRATION]\n"}},
     DB STAMP ".sql:3:1 a value is missing here\n"},
    {"the words of the template", {{DB STAMP ".sql", HEADER("-- risk: low|medium|high\n")}},
     DB STAMP ".sql:5:10 \"risk\": a text is not allowed\n"},
    {"a rollback of the template", {{DB STAMP ".sql", HEADER("-- rollback: down|compensating|manual\n")}},
     DB STAMP ".sql:5:14 \"rollback\": a text is not allowed\n"},
    {"an unknown word", {{DB STAMP ".sql", HEADER("-- ownr: ada\n")}},
     DB STAMP ".sql:5:4 unknown key \"ownr\" in the header of flat migrations\n"},
    {"rollback down without a file", {{DB STAMP ".up.sql", HEADER("-- rollback: down\n")}},
     DB STAMP ".up.sql:5:14 \"rollback\" is \"down\", but there is no " STAMP ".down.sql\n"},
    {"rollback compensating without a file", {{DB STAMP ".up.sql", HEADER("-- rollback: compensating\n")}},
     DB STAMP ".up.sql:5:14 \"rollback\" is \"compensating\", but there is no " STAMP ".down.sql\n"},
    {"rollback manual without notes", {{DB STAMP ".up.sql", HEADER("-- rollback: manual\n")}},
     DB STAMP ".up.sql:5:14 \"rollback\" is \"manual\", but notes are missing\n"},
    {"rollback manual with a file", {{DB STAMP ".up.sql", HEADER("-- rollback: manual\n-- notes: x\n")}, {DB STAMP ".down.sql", "DROP TABLE app.t;\n"}},
     DB STAMP ".up.sql:5:14 \"rollback\" is \"manual\", but there is " STAMP ".down.sql\n"},
    {"rollback scripted, as reference 003 has it, without a file", {{DB "0010__a.sql", "-- Risk: low  Rollback: scripted\n" TABLE}},
     DB "0010__a.sql:1:25 \"rollback\" is \"scripted\", but there is no down/0010__a.down.sql\n"},
    {"a scope of another form", {{DB STAMP ".sql", HEADER("-- scope: {allowed_schemas: app}\n")}},
     DB STAMP ".sql:5:29 \"scope.allowed_schemas\": expected a list, found the text \"app\"\n"},
    {"a name that is no id", {{DB "001_a b.up.sql", TABLE}},
     DB "001_a b.up.sql:1:1 \"migration_id\": does not match the pattern ^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$\n"},
    {"a file that only looks like one", {{DB "027_x.sql", TABLE}},
     DB "027_x.sql it is called as no layout calls a migration\n"},
    {"a repeatable without a name", {{DB "R__.sql", TABLE}},
     DB "R__.sql it is called as no layout calls a migration\n"},
    {"a repeatable with what is done once", {{DB "R__views.sql", "CREATE VIEW v AS SELECT 1;\nCREATE TABLE app.t ();\n"}},
     DB "R__views.sql:2:1 CREATE TABLE: a repeatable definition holds views, functions, triggers, policies and rules, and what is said of them\n"},
    {"a repeatable that defines nothing", {{DB "R__views.sql", "-- to come\n"}},
     DB "R__views.sql:1:1 the file defines nothing\n"},
    {"a repeatable that is taken back", {{DB "R__v.sql", "-- [KFM_MIGRATION]\n-- rollback: down\n-- [/KFM_MIGRATION]\nCREATE VIEW v AS SELECT 1;\n"}},
     DB "R__v.sql:2:14 nothing takes a repeatable definition back\n"},
    {"a repeatable after nobody", {{DB "R__v.sql", "CREATE VIEW v AS SELECT 1;\n  --  kfmig:after none, nobody\n"}},
     DB "R__v.sql:2:19 \"v\" depends on \"none\", which does not exist\n" DB "R__v.sql:2:25 \"v\" depends on \"nobody\", which does not exist\n"},
    {"a repeatable twice", {{DB "R__v.sql", "CREATE VIEW v AS SELECT 1;\n"}, {"migrations/postgis/repeatable/v.sql", "CREATE VIEW v AS SELECT 1;\n"}},
     "migrations/postgis/repeatable/v.sql:1:1 the id \"v\" is used twice: here and in " DB "R__v.sql:1:1\n"},
    {"a number in a folder of definitions", {{"migrations/postgis/repeatable/001_a.down.txt", TABLE}, {"migrations/postgis/repeatable/a.sql", "TRUNCATE app.t;\n"}},
     "migrations/postgis/repeatable/a.sql:1:1 TRUNCATE TABLE: a repeatable definition holds views, functions, triggers, policies and rules, and what is said of them\n"},
    {"a dependency that is not here", {{DB STAMP ".sql", HEADER("-- depends_on: [V1__x]\n")}},
     DB STAMP ".sql:5:17 \"" STAMP "\" depends on \"V1__x\", which does not exist\n"},
    {"the marks of a merge", {{DB "001_a.up.sql", "<<<<<<< ours\n" TABLE}},
     DB "001_a.up.sql:1:1 the marks of a merge: two branches have a migration 001_a, or changed one\n"},
    {"checksums that lie", {{DB "001_a.up.sql", TABLE}, {DB "meta/checksums.txt", "# sums\n" ZERO "  001_a.up.sql\n"}},
     DB "meta/checksums.txt:2:1 " DB "001_a.up.sql has another SHA-256 than this line says\n"},
    {"checksums that lie about what undoes", {{DB "001_a.up.sql", TABLE}, {DB "001_a.down.sql", "DROP TABLE app.t;\n"}, {DB "meta/checksums.txt", ZERO " *001_a.down.sql\n"}},
     DB "meta/checksums.txt:1:1 " DB "001_a.down.sql has another SHA-256 than this line says\n"},
    {"checksums that are none", {{DB "001_a.up.sql", TABLE}, {DB "meta/checksums.txt", "abc\n"}},
     DB "meta/checksums.txt:1:1 a line is \"<sha256>  PATH\", and each path stands once\n"},
    {"a manifest that lies", {{DB "001_a.up.sql", TABLE}, {DB "meta/manifest.json", "{\"version\": 1, \"migrations\": [\n{\"id\": \"001_a\", \"order\": 1, \"files\": [\n{\"path\": \"001_a.up.sql\", \"sha256\": \"" ZERO "\"}]}]}"}},
     DB "meta/manifest.json:3:36 " DB "001_a.up.sql has another SHA-256 than the manifest says\n"},
    {"a manifest with a file that is none", {{DB "001_a.up.sql", TABLE}, {DB "meta/manifest.json", "{\"version\": 1, \"migrations\": [\n{\"id\": \"001_a\", \"order\": 1, \"files\": [\n{\"path\": \"x.sql\", \"sha256\": \"" ZERO "\"}]}]}"}},
     DB "meta/manifest.json:3:10 the manifest gives 001_a a file x.sql, which is none of it\n"},
    {"a manifest that is no JSON", {{DB "001_a.up.sql", TABLE}, {DB "meta/manifest.json", "{"}},
     DB "meta/manifest.json:1:2 "},
    {"defaults with what is no default", {{DB "001_a.up.sql", TABLE}, {DB "defaults.yml", "owner: ada\nid: x\n"}},
     DB "defaults.yml:2:1 \"id\" is no default: each migration has its own\n"},
    {"defaults with an unknown word", {{DB "001_a.up.sql", TABLE}, {DB "defaults.yml", "colour: red\n"}},
     DB "defaults.yml:1:1 unknown key \"colour\" in the header of flat migrations\n"},
    {"defaults of another form, said once", {{DB "001_a.up.sql", TABLE}, {DB "002_b.up.sql", TABLE}, {DB "defaults.yml", "limits: {max_row_backfill: many}\n"}},
     DB "defaults.yml:1:28 \"limits.max_row_backfill\": expected a whole number, found the text \"many\"\n"},
    {"a secret in a header", {{DB STAMP ".sql", HEADER("-- notes: postgresql://u:hunter2@h/d\n")}},
     DB STAMP ".sql:5:11 a connection string stands in the file\n"},
};
/* clang-format on */

static void test_bad(void)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct loaded l;
        struct buf text = {0};
        bool hints = true;
        put_files(bad[i].files);
        project_load(&l, false);
        project_words(&l.p.faults, &text);
        size_t n = strlen(bad[i].want);
        bool is_begun = bad[i].want[n - 1] != '\n' && strncmp(buf_str(&text), bad[i].want, n) == 0;
        is_str(is_begun ? bad[i].want : buf_str(&text), bad[i].want, bad[i].name);
        for (size_t k = 0; k < l.p.faults.n; k++) {
            hints = hints && l.p.faults.v[k].hint[0] != '\0';
        }
        ok(hints, "and it says what to do");
        buf_release(&text);
        project_unload(&l);
    }
}

/* --- what is read ----------------------------------------------------------------------------------- */

static const char *names_listed(struct arena *a, const struct names *l)
{
    const char *text = "";
    for (size_t i = 0; i < l->n; i++) {
        text = arena_printf(a, "%s%s%s", text, i > 0 ? "," : "", l->v[i]);
    }
    return text;
}

/* "id; intent; owners; rollback; schemas; limits; what it lacks; window" */
static const char *told(struct loaded *l, struct bundle *b)
{
    struct err e = {0};
    struct arena *a = &l->a;
    if (load_decl(&l->p, b, &e) != 0) {
        return arena_printf(a, "not read: %s", e.msg);
    }
    const struct decl *d = b->decl;
    const char *lacks = "";
    for (int i = 0; i < LACK_COUNT; i++) {
        if ((b->lacks & 1U << i) != 0) {
            lacks = arena_printf(a, "%s %s", lacks, lack_key((enum lack)i));
        }
    }
    return arena_printf(
        a, "%s; %s; %s; %s; %s%s; %lld/%lld/%lld;%s%s%s\n", b->id, d->intent,
        names_listed(a, &d->reviewers),
        d->rollback.n > 0      ? d->rollback.v[0].path
        : d->requires_rollback ? "?"
                               : "-",
        names_listed(a, &d->scope.allowed_schemas), d->scope.is_open ? "+" : "",
        (long long)d->limits.max_table_count_touched, (long long)d->limits.max_index_count_delta,
        (long long)d->limits.max_row_backfill, lacks, b->wants_window ? " window" : "",
        b->deploy[0] != '\0' ? arena_printf(a, " waits for %s", b->deploy) : "");
}

/* clang-format off */
static const struct {
    const char *name;
    struct file files[FILES_MOST];
    const char *want;
} good[] = {
    {"reference 001 as it is printed, with its blanks filled in",
     {{DB STAMP ".up.sql", "-- [KFM_MIGRATION]\n-- id: " STAMP "\n-- owner: TBD\n-- ticket: TBD\n-- risk: low\n-- rollout: requires-maintenance-window\n"
       "-- rollback: down\n-- dialect: TBD\n-- [/KFM_MIGRATION]\nCREATE TABLE app.w ();\n"}, {DB STAMP ".down.sql", "DROP TABLE app.w;\n"}},
     STAMP "; add widgets table; TBD; " DB STAMP ".down.sql; app; 1/0/0; owner ticket window\n"},
    {"a stamp without a header", {{DB STAMP ".sql", "CREATE TABLE app.w ();\n"}},
     STAMP "; add widgets table; TBD; -; app; 1/0/0; owner ticket requires_rollback\n"},
    {"scope and limits of a header", {{DB STAMP ".sql", "-- [KFM_MIGRATION]\n-- owner: ada\n-- ticket: \"#7\"\n-- rollback: manual\n-- notes: nothing is lost\n"
       "-- scope:\n--   allowed_schemas: [app, pub]\n-- limits: {max_row_backfill: 9}\n-- [/KFM_MIGRATION]\nDO $$ BEGIN END $$;\n"}},
     STAMP "; add widgets table; ada; -; app,pub; -1/-1/9;\n"},
    {"a deployment that it waits for", {{DB STAMP ".sql", "-- [KFM_MIGRATION]\n-- owner: ada\n-- ticket: T\n-- rollback: none\n-- notes: x\n-- requires_deploy: app/v2.1\n-- [/KFM_MIGRATION]\nCREATE TABLE app.w ();\n"}},
     STAMP "; add widgets table; ada; -; app; 1/0/0; waits for app/v2.1\n"},
    {"CRLF", {{DB STAMP ".sql", "-- [KFM_MIGRATION]\r\n-- owner: ada\r\n-- ticket: T\r\n-- rollback: none\r\n-- notes: x\r\n-- [/KFM_MIGRATION]\r\nCREATE TABLE app.w ();\r\n"}},
     STAMP "; add widgets table; ada; -; app; 1/0/0;\n"},
    {"reference 003 as it is printed", {{DB "0010__schemas.sql", "-- 0010__schemas.sql\n-- Purpose: the schema of the index\n-- Risk: low  Rollback: none\n-- Notes: runs at once\n\nBEGIN;\n\n"
       "CREATE SCHEMA IF NOT EXISTS kfm_index;\nCOMMIT;\n"}},
     "0010__schemas; the schema of the index; TBD; -; kfm_index; 0/0/0;\n"},
    {"scripted", {{DB "0010__a.sql", "-- Risk: high\tRollback: x\n-- Rollback: scripted\nCREATE TABLE app.w ();\n"}, {DB "down/0010__a.down.sql", "DROP TABLE app.w;\n"}},
     "not read: "},
    {"reference 004 as it is printed", {{DB "027_add_user_preferences.up.sql", "-- Add user preferences table\nCREATE TABLE user_preferences (id BIGSERIAL PRIMARY KEY);\nCREATE INDEX idx_u ON user_preferences(id);\n"},
       {DB "027_add_user_preferences.down.sql", "DROP TABLE IF EXISTS user_preferences;\n"}},
     "027_add_user_preferences; add user preferences; TBD; " DB "027_add_user_preferences.down.sql; public; 1/2/0;\n"},
    {"a versioned one with its undo", {{DB "V000123__add_v.sql", "CREATE TABLE app.v ();\n"}, {DB "U000123__add_v.sql", "DROP TABLE app.v;\n"}},
     "V000123__add_v; add v; TBD; " DB "U000123__add_v.sql; app; 1/0/0;\n"},
    {"what the text does not tell stays open", {{DB "1_x.up.sql", "DO $$ BEGIN EXECUTE 'x'; END $$;\n"}, {DB "1_x.down.sql", "SELECT 1;\n"}},
     "1_x; x; TBD; " DB "1_x.down.sql; public+; -1/-1/-1; scope limits\n"},
    {"rows that nobody counted", {{DB "1_x.up.sql", "CREATE TABLE app.t (a int); INSERT INTO app.t SELECT 1 FROM pg_class;\n"}, {DB "1_x.down.sql", "DROP TABLE app.t;\n"}},
     "1_x; x; TBD; " DB "1_x.down.sql; app; 1/0/-1; limits\n"},
    {"a text that cannot be split", {{DB "1_x.up.sql", "SELECT 'x;\n"}, {DB "1_x.down.sql", "SELECT 1;\n"}},
     "1_x; x; TBD; " DB "1_x.down.sql; public+; -1/-1/-1; scope limits\n"},
    {"defaults", {{DB "1_x.up.sql", "DO $$ BEGIN EXECUTE 'x'; END $$;\n"}, {DB "1_x.down.sql", "SELECT 1;\n"},
       {DB "defaults.yml", "owner: ops\nscope: {allowed_schemas: [app]}\nlimits: {max_row_backfill: 5}\nrollout: requires-maintenance-window\n"}},
     "1_x; x; ops; " DB "1_x.down.sql; app; -1/-1/5; window\n"},
    {"a header before defaults", {{DB "1_x.up.sql", "-- [KFM_MIGRATION]\n-- owner: ada\n-- scope: {allowed_schemas: [own]}\n-- [/KFM_MIGRATION]\nDO $$ BEGIN EXECUTE 'x'; END $$;\n"}, {DB "1_x.down.sql", "SELECT 1;\n"},
       {DB "defaults.yml", "owner: ops\nscope: {allowed_schemas: [app]}\nlimits: {max_row_backfill: 5}\n"}},
     "1_x; x; ada; " DB "1_x.down.sql; own; -1/-1/5;\n"},
    {"another folder", {{"backend/db/migrations/027_x.up.sql", "CREATE TABLE app.t ();\n"}, {"backend/db/migrations/027_x.down.sql", "DROP TABLE app.t;\n"}, {"migrations/postgis/README.md", ""}},
     "027_x; x; TBD; backend/db/migrations/027_x.down.sql; app; 1/0/0;\n"},
    {"a definition is what it is called", {{DB "R__active_widgets.sql", "CREATE VIEW app.v AS SELECT 1;\n"}, {"migrations/postgis/repeatable/sums.sql", "CREATE VIEW app.w AS SELECT 1;\n"}},
     "active_widgets; active widgets; TBD; -; app; 0/0/0;\nsums; sums; TBD; -; app; 0/0/0;\n"},
    {"all layouts and bundles in one folder", {{"migrations/postgis/V10__d.sql", "CREATE TABLE app.a ();\n"}, {"migrations/postgis/9_c.up.sql", "CREATE TABLE app.b ();\n"},
       {"migrations/postgis/20260225_1200__e.sql", "CREATE TABLE app.c ();\n"}, {"migrations/postgis/0001__b.sql", "CREATE TABLE app.d ();\n"}},
     "0001__b; b; TBD; -; app; 1/0/0; requires_rollback\n9_c; c; TBD; -; app; 1/0/0; requires_rollback\nV10__d; d; TBD; -; app; 1/0/0; requires_rollback\n"
     "20260225_1200__e; e; TBD; -; app; 1/0/0; owner ticket requires_rollback\n"},
};
/* clang-format on */

static void test_good(void)
{
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct loaded l;
        const char *text = "";
        put_files(good[i].files);
        for (int again = 0; again < 2; again++) { /* from the files, then from the cache */
            project_load(&l, true);
            text = l.p.faults.n > 0 ? "not read: " : "";
            for (size_t k = 0; k < l.p.n_bundle && l.p.faults.n == 0; k++) {
                text = arena_printf(&l.a, "%s%s", text, told(&l, &l.p.bundle[k]));
            }
            is_str(text, good[i].want, again == 0 ? good[i].name : "and again");
            project_unload(&l);
        }
    }
}

/* --- digests ---------------------------------------------------------------------------------------- */

static struct digest checksum_of(const struct file *files, bool whole)
{
    struct loaded l;
    struct digest d = {{0}};
    put_files(files);
    project_load(&l, false);
    if (l.p.n_bundle == 1 && l.p.faults.n == 0) {
        d = whole ? l.p.bundle[0].bundle_digest : l.p.bundle[0].checksum;
    }
    project_unload(&l);
    return d;
}

/* What an applied migration is known by: not its name, nor what the folder says of all. */
static void test_digests(void)
{
    const struct file plain[FILES_MOST] = {{DB "1_x.up.sql", TABLE},
                                           {DB "1_x.down.sql", "DROP TABLE app.t;\n"}};
    const struct file renamed[FILES_MOST] = {{DB "V2__y.sql", TABLE},
                                             {DB "U2__y.sql", "DROP TABLE app.t;\n"}};
    const struct file scoped[FILES_MOST] = {
        {DB "1_x.up.sql", TABLE},
        {DB "1_x.down.sql", "DROP TABLE app.t;\n"},
        {DB "defaults.yml", "scope: {allowed_schemas: [app]}\n"}};
    const struct file altered[FILES_MOST] = {{DB "1_x.up.sql", TABLE},
                                             {DB "1_x.down.sql", "DROP TABLE app.t ;\n"}};
    const struct file single[FILES_MOST] = {{DB "1_x.up.sql", TABLE}};
    struct digest c = checksum_of(plain, false);
    struct digest other = checksum_of(renamed, false);
    ok(!digest_is_zero(&c) && digest_eq(&c, &other), "the checksum holds no name");
    other = checksum_of(scoped, false);
    ok(digest_eq(&c, &other), "nor what defaults.yml says");
    other = checksum_of(altered, false);
    ok(!digest_eq(&c, &other), "it holds what undoes");
    other = checksum_of(single, false);
    ok(!digest_eq(&c, &other), "and whether there is such a file");
    c = checksum_of(plain, true);
    other = checksum_of(scoped, true);
    ok(!digest_is_zero(&c) && !digest_eq(&c, &other), "an approval binds to defaults.yml too");
}

/* --- the cache -------------------------------------------------------------------------------------- */

#define FORGED "forged!!"

/* before, where it has a path, is there when all is remembered; text of after NULL: the file goes. */
static const struct {
    struct file before, after;
} changes[] = {
    {.after = {DB "1_original.up.sql", "CREATE TABLE app.other ();\n"}},
    {.after = {DB "1_original.down.sql", "DROP TABLE app.u;\n"}},
    {.after = {DB "defaults.yml", "owner: ops\n"}},
    {.after = {DB "meta/checksums.txt", ZERO "  1_original.up.sql\n"}},
    {.after = {DB "meta/manifest.json", "{"}},
    {.after = {DB "meta/1_original/receipts/run_receipt.json", "{"}},
    {{DB "1_original.down.sql", "DROP TABLE app.t;\n"}, {DB "1_original.down.sql", NULL}},
    {{DB "defaults.yml", "owner: ops\n"}, {DB "defaults.yml", "owner: ada\n"}},
    {{DB "defaults.yml", "owner: ops\n"}, {DB "defaults.yml", NULL}},
    {{DB "meta/checksums.txt", "# none\n"},
     {DB "meta/checksums.txt", ZERO "  1_original.up.sql\n"}},
};

/* The row of the migration, which calls it so, says FORGED instead: who believes it, tells that. */
static void forge(void)
{
    static const char intent[] = "\0original";
    struct arena a = {0};
    struct bytes row = {0};
    (void)project_cached(ROW_BUNDLE, DB "1_original.up.sql", &a, &row);
    char *at = row.n > 0 ? memmem(row.p, row.n, intent, sizeof intent) : NULL;
    if (at != NULL) {
        struct cache *c = cache_open(project_fd, project_path);
        memcpy(at + 1, FORGED, strlen(FORGED));
        cache_put(c, ROW_BUNDLE, bytes_str(DB "1_original.up.sql"), row);
        cache_close(c);
    }
    arena_release(&a);
}

struct seen {
    struct digest digest;
    size_t n_words;
    bool is_forged;
};

static struct seen look(void)
{
    struct loaded l;
    struct seen out = {0};
    project_load(&l, true);
    if (l.p.n_bundle == 1) {
        out.digest = l.p.bundle[0].bundle_digest;
        out.is_forged = strcmp(l.p.bundle[0].intent, FORGED) == 0;
    }
    out.n_words = l.p.faults.n + l.p.warnings.n;
    project_unload(&l);
    return out;
}

/* Whatever of it comes, changes or goes is seen, though all was remembered. */
static void test_cache(void)
{
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        const struct file files[FILES_MOST] = {{DB "1_original.up.sql", TABLE}, changes[i].before};
        const char *path = changes[i].after.path;
        put_files(files);
        project_warm_up(ROW_BUNDLE, DB "1_original.up.sql");
        forge();
        struct seen before = look();
        ok(before.is_forged, "what is remembered is believed");
        if (changes[i].after.text != NULL) {
            project_put(path, changes[i].after.text);
        } else {
            (void)unlinkat(project_fd, path, 0);
        }
        struct seen after = look();
        ok(!after.is_forged, "and no longer when a file is another");
        ok(!digest_eq(&before.digest, &after.digest) || before.n_words != after.n_words, path);
    }
}

/* A declaration read again holds to defaults.yml as it was loaded, however many were read before. */
static void test_defaults_change(void)
{
    const struct file files[FILES_MOST] = {{DB "1_a.up.sql", TABLE},
                                           {DB "2_b.up.sql", TABLE},
                                           {DB "3_c.up.sql", TABLE},
                                           {DB "defaults.yml", "owner: ops\n"}};
    struct loaded l;
    struct err e = {0};
    put_files(files);
    project_load(&l, false);
    is_int(load_decl(&l.p, &l.p.bundle[0], &e), 0, "with defaults.yml as it was loaded");
    is_int(load_decl(&l.p, &l.p.bundle[1], &e), 0, "and a second one");
    is_str(doc_str(l.p.bundle[1].decl->document, "owner", ""), "ops", "of which both have a word");
    project_put(DB "defaults.yml", "owner: somebody\n");
    is_int(load_decl(&l.p, &l.p.bundle[2], &e), -1, "but not with another");
    is_str(e.msg, "the files of \"3_c\" changed while kfmig ran", "which is told");
    (void)unlinkat(project_fd, DB "defaults.yml", 0);
    is_int(load_decl(&l.p, &l.p.bundle[2], &e), -1, "nor without it");
    project_unload(&l);
}

/* What is wrong beside the migrations is told each time, whatever is remembered of them. */
static void test_faulty_beside(void)
{
    const struct file files[FILES_MOST] = {{DB "1_original.up.sql", TABLE},
                                           {"migrations/postgis/2_other.up.sql", TABLE},
                                           {DB "meta/manifest.json", "{"}};
    struct loaded l;
    put_files(files);
    project_warm_up(ROW_BUNDLE, "migrations/postgis/2_other.up.sql");
    for (int i = 0; i < 2; i++) {
        project_load(&l, true);
        is_int(l.p.faults.n, 1, "a manifest that cannot be read is a fault each time");
        project_unload(&l);
    }
}

int main(void)
{
    tap_plan((int)(2 * (sizeof bad / sizeof *bad) + 2 * (sizeof good / sizeof *good) + 5 +
                   3 * (sizeof changes / sizeof *changes) + 2 + 6));
    test_bad();
    test_good();
    test_digests();
    test_cache();
    test_faulty_beside();
    test_defaults_change();
    project_remove();
    return tap_done();
}
