/* layer: sql */
/* What Alembic renders, cut into one script a revision; the files that it is made of. */
#include "sql/alembic.h"
#include "tap.h"

#include <string.h>

static struct arena a;

#define TABLE                                                                                      \
    "CREATE TABLE alembic_version (\n    version_num VARCHAR(32) NOT NULL, \n    CONSTRAINT "      \
    "alembic_version_pkc PRIMARY KEY (version_num)\n);\n\n"
#define ROW(n) "INSERT INTO alembic_version (version_num) VALUES ('" n "')"

static const char together[] =
    "BEGIN;\n\n" TABLE "-- Running upgrade  -> a\n\nCREATE TABLE t (id int);\n\n" ROW(
        "a") " RETURNING alembic_version.version_num;\n\n"
             "-- Running upgrade a -> b\n\nCOMMIT;\n\nCREATE INDEX CONCURRENTLY i ON t "
             "(id);\n\nBEGIN;\n\n"
             "UPDATE alembic_version SET version_num='b' WHERE alembic_version.version_num = "
             "'a';\n\n"
             "-- Running upgrade a -> c\n\nINSERT INTO t VALUES (1);\n\n" ROW(
                 "c") ";\n\n"
                      "-- Running upgrade b, c -> d\n\n"
                      "DELETE FROM alembic_version WHERE alembic_version.version_num = 'c';\n\n"
                      "UPDATE alembic_version SET version_num='d' WHERE "
                      "alembic_version.version_num = 'b';\n\nCOMMIT;\n\n";

/* Each in a transaction of its own: BEGIN stands before the marker. */
static const char each[] =
    "BEGIN;\n\n" TABLE "-- Running upgrade  -> a\n\nCREATE TABLE t (id int);\n\n" ROW(
        "a") ";\n\nCOMMIT;\n\nBEGIN;\n\n"
             "-- Running upgrade a -> b\n\nSELECT 1;\n\nUPDATE alembic_version SET version_num='b' "
             "WHERE alembic_version.version_num = 'a';\n\nCOMMIT;\n\n";

static const char back[] =
    "BEGIN;\n\n-- Running downgrade b -> a\n\nDROP INDEX i;\n\n"
    "UPDATE alembic_version SET version_num='a' WHERE alembic_version.version_num = 'b';\n\n"
    "-- Running downgrade a -> \n\nDROP TABLE t;\n\n"
    "DELETE FROM alembic_version WHERE alembic_version.version_num = 'a';\n\nCOMMIT;\n\n";

static void read_text(const char *text, bool is_up, const char *table, struct alembic_steps *out)
{
    struct err e = {0};
    ok(alembic_read(&a, "upgrade", bytes_str(text), is_up, table, out, &e) == 0, e.msg);
}

static void is_up(const struct alembic_steps *l, size_t i, const char *id, const char *want)
{
    struct buf out = {0};
    struct names after = {0};
    if (id != NULL) {
        names_add(&a, &after, id);
    }
    alembic_write_up(&out, l, i, "", &after);
    is_str(buf_str(&out), want, l->v[i].rev);
    buf_release(&out);
}

static void test_together(void)
{
    struct alembic_steps l;
    read_text(together, true, NULL, &l);
    is_int((int)l.n, 4, "all revisions");
    is_str(l.table, "alembic_version", "the table of versions");
    is_up(&l, 0, NULL,
          "-- [KFM_MIGRATION]\n-- depends_on: []\n-- [/KFM_MIGRATION]\nCREATE TABLE IF NOT EXISTS "
          "alembic_version (\n    version_num VARCHAR(32) NOT NULL, \n    CONSTRAINT "
          "alembic_version_pkc PRIMARY KEY (version_num)\n);\nCREATE TABLE t (id int);\n\n" ROW(
              "a") ";\n");
    is_up(
        &l, 1, "a_first",
        "-- [KFM_MIGRATION]\n-- depends_on: [\"a_first\"]\n-- [/KFM_MIGRATION]\nBEGIN;\nCOMMIT;\n\n"
        "CREATE INDEX CONCURRENTLY i ON t (id);\n\nBEGIN;\n\nDELETE FROM alembic_version WHERE "
        "version_num IN ('a');\n" ROW("b") ";\nCOMMIT;\n");
    is_up(&l, 2, "a_first",
          "-- [KFM_MIGRATION]\n-- depends_on: [\"a_first\"]\n-- [/KFM_MIGRATION]\nINSERT INTO t "
          "VALUES "
          "(1);\n\nDELETE FROM alembic_version WHERE version_num IN ('a');\n" ROW("c") ";\n");
    is_up(&l, 3, NULL,
          "-- [KFM_MIGRATION]\n-- depends_on: []\n-- [/KFM_MIGRATION]\nDELETE FROM alembic_version "
          "WHERE version_num IN ('b', 'c');\n" ROW("d") ";\n");
}

static void test_each(void)
{
    struct alembic_steps l;
    read_text(each, true, NULL, &l);
    is_int((int)l.n, 2, "each in its own transaction");
    is_str(l.v[0].body, "CREATE TABLE t (id int);", "which is none of its statements");
    is_str(l.v[1].body, "SELECT 1;", "nor of the last one's");
    ok(!l.v[0].is_apart && !l.v[1].is_apart, "they do not leave it");
}

static void test_back(void)
{
    struct alembic_steps up;
    struct alembic_steps l;
    struct buf out = {0};
    read_text(each, true, NULL, &up);
    read_text(back, false, up.table, &l);
    alembic_write_down(&out, &up, &l.v[0], true);
    is_str(buf_str(&out),
           "DROP INDEX i;\n\nDELETE FROM alembic_version WHERE version_num = 'b';\nINSERT INTO "
           "alembic_version (version_num) VALUES ('a') ON CONFLICT DO NOTHING;\n",
           "one is taken back");
    buf_release(&out);
    alembic_write_down(&out, &up, &l.v[1], true);
    is_str(buf_str(&out),
           "DROP TABLE t;\n\nDELETE FROM alembic_version WHERE version_num = 'a';\nDROP TABLE "
           "alembic_version;\n",
           "with the first the table goes");
    buf_release(&out);
    alembic_write_down(&out, &up, &l.v[1], false);
    ok(strstr(buf_str(&out), "DROP TABLE alembic_version") == NULL, "unless there are other roots");
    buf_release(&out);
}

static void test_wrong(void)
{
    struct alembic_steps l;
    struct err e = {0};
    ok(alembic_read(&a, "x", bytes_str("-- Running upgrade  -> a\n\nSELECT 1;\n"), true, NULL, &l,
                    &e) != 0 &&
           e.code == ERR_CONFIG && strstr(e.msg, "table of versions") != NULL,
       "without a table of versions");
    e = (struct err){0};
    ok(alembic_read(&a, "x",
                    bytes_str(TABLE "-- Running upgrade  -> a\n-- Running upgrade  -> a\n"), true,
                    NULL, &l, &e) != 0 &&
           e.where.line == 7 && strstr(e.msg, "twice") != NULL,
       "a revision twice");
    ok(alembic_read(&a, "x", bytes_str(""), true, NULL, &l, &e) == 0 && l.n == 0, "no revision");
    ok(alembic_read(&a, "x", bytes_str("-- Running upgrade of a thing\n"), true, NULL, &l, &e) ==
               0 &&
           l.n == 0,
       "a comment that begins alike");
}

static void test_files(void)
{
    struct alembic_file f;
    const char *other = NULL;
    alembic_file_read(&a,
                      bytes_str("\"\"\"x\n\n[KFM_MIGRATION]\nowner: ada\n# -- ticket: \"#1\"\n"
                                "[/KFM_MIGRATION]\n\"\"\"\nrevision: str = 'a1' # 'no'\n"
                                "down_revision = 'b'\ndepends_on = ('c', \"d\")\n"),
                      &f);
    is_str(f.rev, "a1", "its revision");
    is_str(f.header, "-- owner: ada\n-- ticket: \"#1\"\n", "its header");
    ok(f.depends_on.n == 2 && strcmp(f.depends_on.v[1], "d") == 0, "what else it needs");
    alembic_file_read(&a, bytes_str("import revision\nrevisions = 'x'\n"), &f);
    ok(f.rev == NULL, "no revision");
    is_str(alembic_location(&a,
                            bytes_str("[alembic]\n# script_location = no\nscript_location = "
                                      "%(here)s/db/alembic\n"),
                            &other),
           "db/alembic", "where its scripts are");
    ok(other == NULL, "and nothing else");
    ok(alembic_location(&a, bytes_str("version_locations = a b\n"), &other) == NULL &&
           other != NULL,
       "what is not read is said");
}

int main(void)
{
    tap_plan(7 + 5 + 5 + 4 + 7);
    test_together();
    test_each();
    test_back();
    test_wrong();
    test_files();
    arena_release(&a);
    return tap_done();
}
