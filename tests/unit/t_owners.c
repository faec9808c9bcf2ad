/* layer: load */
/* CODEOWNERS: which rule fits a path, and whose names are one. */
#include "tap.h"

#include "load/owners.h"
#include "project.h"

static struct arena arena;

/* What a file says of a path: its owners, "" where it says nothing. */
static const char *said(const char *text, const char *path)
{
    struct owners l;
    struct err_list faults = {0};
    project_start();
    project_put("CODEOWNERS", text);
    owners_load(&arena, project_fd, &l, &faults);
    const struct owner_rule *r = owners_of(&l, path);
    const char *out = r == NULL ? "" : names_text(&arena, &r->owners);
    out = faults.n > 0 ? faults.v[0].msg : out;
    err_list_release(&faults);
    return out;
}

/* clang-format off */
static const struct {
    const char *name, *pattern, *path;
    bool fits;
} rows[] = {
    {"everything", "*", "migrations/postgis/M-1/migration.yml", true},
    {"a name at any depth", "migration.yml", "migrations/postgis/M-1/migration.yml", true},
    {"an ending", "*.yml", "migrations/postgis/M-1/migration.yml", true},
    {"another ending", "*.sql", "migrations/postgis/M-1/migration.yml", false},
    {"a folder at any depth", "postgis/", "migrations/postgis/M-1/migration.yml", true},
    {"a folder is no file", "migration.yml/", "migrations/postgis/M-1/migration.yml", false},
    {"a folder from the root", "/migrations/", "migrations/postgis/M-1/migration.yml", true},
    {"not beneath another", "/postgis/", "migrations/postgis/M-1/migration.yml", false},
    {"a folder without a slash behind", "/migrations/postgis", "migrations/postgis/M-1/migration.yml", true},
    {"a path in the middle is from the root", "postgis/M-1", "migrations/postgis/M-1/migration.yml", false},
    {"a star is one level", "migrations/*", "migrations/postgis/M-1/migration.yml", false},
    {"and fits there", "migrations/postgis/M-1/*", "migrations/postgis/M-1/migration.yml", true},
    {"a star in between", "/migrations/*/M-1/", "migrations/postgis/M-1/migration.yml", true},
    {"two stars ahead", "**/M-1", "migrations/postgis/M-1/migration.yml", true},
    {"two stars in between", "/migrations/**/migration.yml", "migrations/postgis/M-1/migration.yml", true},
    {"two stars at the end", "/migrations/**", "migrations/postgis/M-1/migration.yml", true},
    {"two stars of nothing", "/migrations/**/postgis/", "migrations/postgis/M-1/migration.yml", true},
    {"any character", "/migrations/postgis/M-?/", "migrations/postgis/M-1/migration.yml", true},
    {"the letter's case counts", "/Migrations/", "migrations/postgis/M-1/migration.yml", false},
    {"stars that have to be tried again", "/migrations/*s*i*/M-*1/", "migrations/postgis/M-1/migration.yml", true},
    {"stars that end too early", "/migrations/*s*x/", "migrations/postgis/M-1/migration.yml", false},
    {"a star of nothing", "/migrations/postgis*/", "migrations/postgis/M-1/migration.yml", true},
    {"many stars", "/migrations/p*o*s*t*g*i*s*z/", "migrations/postgis/M-1/migration.yml", false},
    {"a blank in a name", "/my\\ folder/", "my folder/a.sql", true},
};
/* clang-format on */
enum { N = sizeof rows / sizeof *rows };

static void test_file(void)
{
    is_str(said("* @org/all\n/migrations/ @org/data @ann # and others\n", "migrations/a.sql"),
           "@org/data, @ann", "the last one counts");
    is_str(said("/migrations/ @org/data\n/migrations/a.sql\n", "migrations/a.sql"), "",
           "a rule that names nobody takes owners away");
    is_str(said("\n  # a comment\n\t\n/x/ @a\r\n", "x/y"), "@a", "blank lines and comments");
    is_str(said("[Section] @a\n* @b\n", "x"), "", "sections are not understood");
    is_str(said("* @b\n^[Section]\n", "x"), "", "nor optional ones");
    is_str(said("* @b\n\x01\n", "x")[0] != '\0' ? "told" : "", "told", "what is no text");
}

static bool same(const char *owners, const char *list)
{
    struct owner_rule r = {.pattern = "*"};
    struct doc *d = doc_new(&arena, DOC_LIST);
    char *rest = arena_strdup(&arena, owners);
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " ")) {
        names_add(&arena, &r.owners, word);
    }
    rest = arena_strdup(&arena, list);
    for (char *word = strsep(&rest, " "); word != NULL && *word != '\0';
         word = strsep(&rest, " ")) {
        doc_push(&arena, d, doc_text(&arena, word));
    }
    return owners_same(&r, d);
}

static void test_same(void)
{
    ok(same("@org/data @ann", "ann data"), "in another order, without the organisation");
    ok(same("@org/data", "@org/data"), "the same words");
    ok(same("ann@example.org", "ann@example.org"), "an address");
    ok(!same("@org/data @ann", "data"), "one more");
    ok(!same("@org/data", "data ann"), "one fewer");
    ok(!same("@org/data", "kfm-platform"), "others");
    ok(!same("@org/data", ""), "nobody");
}

static void test_places(void)
{
    struct owners l;
    struct err_list faults = {0};
    project_start();
    owners_load(&arena, project_fd, &l, &faults);
    ok(l.path == NULL && l.n == 0 && owners_of(&l, "x") == NULL, "there is none");
    project_put("docs/CODEOWNERS", "* @c\n");
    project_put(".github/CODEOWNERS", "* @a\n");
    owners_load(&arena, project_fd, &l, &faults);
    is_str(l.path, ".github/CODEOWNERS", "the first place counts");
    err_list_release(&faults);
}

int main(void)
{
    tap_plan(N + 6 + 7 + 2);
    for (size_t i = 0; i < N; i++) {
        const char *text = arena_printf(&arena, "%s @a\n", rows[i].pattern);
        is_str(said(text, rows[i].path), rows[i].fits ? "@a" : "", rows[i].name);
    }
    test_file();
    test_same();
    test_places();
    project_remove();
    arena_release(&arena);
    return tap_done();
}
