/* layer: flow */
/* Where `kfmig new` puts a flat migration, which id it gives it behind what is there, and what its two files hold. */
#include "flow/fresh_flat.h"
#include "project.h"
#include "tap.h"

#define DB "migrations/db/"
#define POSTGIS "migrations/postgis/"

static struct loaded l;

/* layout: of registry/environments.v1.yml; NULL: it says none. files: empty ones, blanks between them. */
static void put_project(const char *layout, const char *files)
{
    char text[256];
    project_start();
    (void)snprintf(text, sizeof text,
                   "%s%s%senvironments:\n  dev: {stores: {postgis: {dsn_ref: T_DEV}}}\n"
                   "default_environment: dev\n",
                   layout != NULL ? "layout: " : "", layout != NULL ? layout : "",
                   layout != NULL ? "\n" : "");
    project_put("registry/environments.v1.yml", text);
    for (const char *p = files; *p != '\0';) {
        size_t n = strcspn(p, " ");
        (void)snprintf(text, sizeof text, "%.*s", (int)n, p);
        project_put(text, "CREATE TABLE app.t ();\n");
        p += n + (p[n] != '\0');
    }
}

/* --- where it goes */

/* at: "layout folder". */
static const struct {
    const char *name, *layout, *files, *bundle, *at;
} places[] = {
    {"an empty project keeps bundles", NULL, "", NULL, "bundle migrations/postgis"},
    {"what the environments say", "numbered", "", NULL, "numbered migrations/postgis"},
    {"what the environments say, and not the last one", "versioned", DB "0010__a.sql", NULL,
     "versioned migrations/db"},
    {"as the last one, in its folder", NULL, POSTGIS "027_a.up.sql", NULL,
     "paired migrations/postgis"},
    {"as the last one of all, be there a bundle", NULL, DB "0010__a.sql", "M-1",
     "numbered migrations/db"},
    {"in the folder of the last one of that layout", "numbered", DB "0010__a.sql", "M-1",
     "numbered migrations/db"},
    {"a repeatable definition is no layout of migrations", NULL, POSTGIS "R__a.sql", NULL,
     "bundle migrations/postgis"},
    {"nor is a folder of them", NULL, POSTGIS "repeatable/a.sql", "M-1",
     "bundle migrations/postgis"},
    {"no store but that of the ledger counts", NULL, "migrations/graph/Z-1/migration.yml", NULL,
     "bundle migrations/postgis"},
};
enum { N_PLACES = sizeof places / sizeof *places };

static void place(size_t i)
{
    char got[128];
    put_project(places[i].layout, places[i].files);
    if (places[i].bundle != NULL) {
        project_bundle(places[i].bundle, "");
    }
    if (strstr(places[i].files, "graph") != NULL) {
        project_put("migrations/graph/Z-1/migration.yml", "type: neo4j\n");
    }
    project_load(&l, false);
    const struct fresh_place at = fresh_place(&l.p);
    (void)snprintf(got, sizeof got, "%s %s", layout_row(at.layout)->name, at.folder);
    is_str(got, places[i].at, places[i].name);
    project_unload(&l);
}

/* --- its id */

#define STAMPED LAYOUT_TIMESTAMPED, "migrations/db"
#define VERSIONED LAYOUT_VERSIONED, "migrations/db"
#define NUMBERED LAYOUT_NUMBERED, "migrations/postgis"
#define PAIRED LAYOUT_PAIRED, "migrations/db"
#define SIXTY "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefgh"

/* It is noon of 2026-02-25. */
static const struct {
    const char *name;
    enum layout layout;
    const char *folder, *files, *intent, *id;
} ids[] = {
    {"the first version", VERSIONED, "", "a b", "V000001__a_b"},
    {"the first number", NUMBERED, "", "a b", "0000__a_b"},
    {"the first pair", PAIRED, "", "a b", "001_a_b"},
    {"a stamp of now", STAMPED, "", "a b", "20260225_1200__a_b"},
    {"behind the last version", VERSIONED, DB "V000009__x.sql " DB "V000010__y.sql", "a",
     "V000011__a"},
    {"behind the greatest, wherever it stands", VERSIONED, DB "V10__x.sql " DB "V9__y.sql", "a",
     "V11__a"},
    {"as many digits as the last one has", PAIRED, DB "00041_x.up.sql", "a", "00042_a"},
    {"the next ten", NUMBERED, POSTGIS "0020__x.sql", "a", "0030__a"},
    {"the next ten behind one in between", NUMBERED, POSTGIS "0025__x.sql", "a", "0030__a"},
    {"behind one of another layout, in digits of its own", VERSIONED, DB "0041__x.sql", "a",
     "V000042__a"},
    {"behind one of another layout, in the digits that are there", PAIRED,
     DB "0007_x.up.sql " DB "V41__z.sql", "a", "0042_a"},
    {"what undoes counts, and no other file", VERSIONED,
     DB "U000003__x.sql " DB "notes.txt " DB "V__x.sql", "a", "V000004__a"},
    {"behind a stamp of an hour ago", STAMPED, DB "20260225_1100__x.up.sql", "a",
     "20260225_1200__a"},
    {"a minute behind the stamp of now", STAMPED, DB "20260225_1200__x.up.sql", "a",
     "20260225_1201__a"},
    {"the clock behind a stamp of this evening goes on by whole minutes", STAMPED,
     DB "20260225_1859__x.up.sql", "a", "20260225_1900__a"},
    {"behind the last minute of a day", STAMPED, DB "20260226_2359__x.up.sql", "a",
     "20260227_0000__a"},
    {"behind the last minute of an hour", STAMPED, DB "20270131_0859__x.up.sql", "a",
     "20270131_0900__a"},
    {"behind a stamp of no day that will come", STAMPED, DB "99991231_2300__x.up.sql", "a",
     "99991231_2301__a"},
    {"behind a stamp of tomorrow", STAMPED, DB "20260226_0830__x.up.sql", "a", "20260226_0831__a"},
    {"words that are none of a name", VERSIONED, "", "  Add an index: parcels(geom)!",
     "V000001__add_an_index_parcels_geom"},
    {"no words that a name may hold", VERSIONED, "", "(?) ", "V000001__migration"},
    {"the name of a file, without its ending", VERSIONED, "", "shop.sql", "V000001__shop"},
    {"but .sql in between is a word", VERSIONED, "", "the shop.sql file",
     "V000001__the_shop_sql_file"},
    {"sixty letters are enough", VERSIONED, "", SIXTY "tail", "V000001__" SIXTY},
};
enum { N_IDS = sizeof ids / sizeof *ids };

static void id(size_t i)
{
    struct fresh f = {0};
    struct err e = {0};
    put_project(NULL, ids[i].files);
    project_load(&l, false);
    f.draft.decl.intent = ids[i].intent;
    const struct fresh_place at = {ids[i].layout, ids[i].folder};
    int rc = fresh_flat_id(&l.p, &at, &f, &e);
    is_str(rc == 0 ? f.draft.decl.id : e.msg, ids[i].id, ids[i].name);
    project_unload(&l);
}

static void folder_is_a_file(void)
{
    struct fresh f = {0};
    struct err e = {0};
    put_project(NULL, "migrations");
    f.draft.decl.intent = "a";
    l.p = (struct project){.a = &l.a, .dirfd = dup(project_fd)};
    int rc = fresh_flat_id(&l.p, &(struct fresh_place){VERSIONED}, &f, &e);
    ok(rc == -1 && f.draft.decl.id == NULL && strstr(e.msg, "migrations/db") != NULL,
       "a folder that cannot be listed gives no id");
    (void)close(l.p.dirfd);
    arena_release(&l.a);
}

/* --- its files */

#define HEAD(intent, owner, risk)                                                                  \
    "-- [KFM_MIGRATION]\n-- id: 20260225_1200__a\n-- intent: \"" intent "\"\n-- owner: \"" owner   \
    "\"\n-- ticket: TBD\n-- risk: " risk "\n-- rollout: safe\n-- rollback: down\n-- dialect: "     \
    "postgresql\n-- [/KFM_MIGRATION]\n"
#define SQL "DROP TABLE app.t;\n"

/* sql NULL: there is none. in_the_way: a folder of that name. text NULL: the error holds down. */
static const struct {
    const char *name;
    enum layout layout;
    const char *folder, *id, *intent, *class, *reviewer, *sql;
    const char *up, *text, *down, *in_the_way;
} files[] = {
    {"a stamped one of a table", STAMPED, "20260225_1200__a", "a", "schema-only", "ada", SQL,
     DB "20260225_1200__a.up.sql", HEAD("a", "ada", "low") "\n" SQL, DB "20260225_1200__a.down.sql",
     NULL},
    {"a stamped one that nobody reviews yet", STAMPED, "20260225_1200__a", "a", "backfill", NULL,
     NULL, DB "20260225_1200__a.up.sql", HEAD("a", "TBD", "medium"), DB "20260225_1200__a.down.sql",
     NULL},
    {"words that YAML would read otherwise", STAMPED, "20260225_1200__a", "a \"b\" \\ c\nd",
     "breaking", "ada", NULL, DB "20260225_1200__a.up.sql",
     HEAD("a \\\"b\\\" \\\\ c d", "ada", "high"), DB "20260225_1200__a.down.sql", NULL},
    {"a numbered one, undone in a folder of its own", NUMBERED, "0010__a", "a b", "backfill", "ada",
     SQL, POSTGIS "0010__a.sql",
     "-- 0010__a\n-- Purpose: a b\n-- Risk: medium  Rollback: scripted\n\n" SQL,
     POSTGIS "down/0010__a.down.sql", NULL},
    {"a version", VERSIONED, "V000001__a", "a b", "schema-only", "ada", NULL, DB "V000001__a.sql",
     "-- a b\n", DB "U000001__a.sql", NULL},
    {"a pair", PAIRED, "001_a", "a b", "schema-only", "ada", SQL, DB "001_a.up.sql",
     "-- a b\n\n" SQL, DB "001_a.down.sql", NULL},
    {"what undoes it cannot be written: then it is not, either", PAIRED, "001_a", "a",
     "schema-only", "ada", SQL, DB "001_a.up.sql", NULL, "001_a.down.sql",
     DB "001_a.down.sql/file"},
    {"it cannot be written itself", PAIRED, "001_a", "a", "schema-only", "ada", SQL,
     DB "001_a.up.sql", NULL, "001_a.up.sql", DB "001_a.up.sql/file"},
};
enum { N_FILES = sizeof files / sizeof *files };

/* What the file holds; "-": it cannot be read. */
static const char *text_of(const char *path)
{
    struct bytes text;
    struct err ignored = {0};
    return file_read(&l.a, project_fd, path, 1 << 20, &text, NULL, &ignored) == 0 ? text.p : "-";
}

/* What undoes it names its own file, and lines as they are in there: behind the header. */
static void is_undone(size_t i)
{
    char line[256];
    const char *name = strrchr(files[i].up, '/') + 1;
    const char *down = text_of(files[i].down);
    (void)snprintf(line, sizeof line, "-- Undo %s here, last statement first.\n", name);
    if (files[i].sql != NULL) {
        (void)snprintf(line, sizeof line, "%s:%d (", name,
                       layout_row(files[i].layout)->is_stamped  ? 12
                       : layout_row(files[i].layout)->has_lines ? 5
                                                                : 3);
    }
    bool names_it = strstr(down, line) != NULL && strstr(down, "forward.sql") == NULL;
    is_str(files[i].sql != NULL && names_it ? line : down, line, files[i].name);
}

static void file(size_t i)
{
    char both[256];
    const char *reviewers[] = {files[i].reviewer};
    struct fresh f = {0};
    struct err e = {0};
    put_project(NULL, files[i].in_the_way != NULL ? files[i].in_the_way : "");
    project_load(&l, false);
    f.draft.decl.id = files[i].id;
    f.draft.decl.intent = files[i].intent;
    f.draft.decl.change_class = files[i].class;
    f.draft.decl.reviewers = (struct names){reviewers, reviewers[0] != NULL ? 1 : 0, 1};
    if (files[i].sql != NULL) {
        f.forward = (struct artifact){.path = "in.sql", .bytes = bytes_str(files[i].sql)};
    }
    const struct fresh_place at = {files[i].layout, files[i].folder};
    int rc = fresh_flat_write(&l.p, &at, &f, &e);
    bool is_written = files[i].text != NULL;
    ok(rc == (is_written ? 0 : -1), files[i].name);
    is_str(text_of(files[i].up), is_written ? files[i].text : "-", files[i].name);
    if (is_written) {
        (void)snprintf(both, sizeof both, "%s %s", files[i].up, files[i].down);
        is_str(f.made, both, files[i].name);
        is_undone(i);
    } else {
        ok(strstr(e.msg, files[i].down) != NULL, files[i].name);
        is_str(text_of(files[i].up), "-", files[i].name);
    }
    buf_release(&f.rollback);
    project_unload(&l);
}

int main(void)
{
    tap_plan(N_PLACES + N_IDS + 1 + 4 * N_FILES);
    (void)setenv("KFMIG_NOW", "1772020800", 1);
    for (size_t i = 0; i < N_PLACES; i++) {
        place(i);
    }
    for (size_t i = 0; i < N_IDS; i++) {
        id(i);
    }
    folder_is_a_file();
    for (size_t i = 0; i < N_FILES; i++) {
        file(i);
    }
    project_remove();
    return tap_done();
}
