/* layer: load */
/* The registry against the bundles, and mending it. */
#include "tap.h"

#include "project.h"

#define PATH "registry/migrations.v1.json"

static void check(bool fix, const char *warnings, bool fixed, const char *text, const char *name)
{
    struct loaded l;
    struct err e = {0};
    struct buf seen = {0};
    bool was_fixed = !fixed;
    project_load(&l, false);
    is_int(load_registry_check(&l.p, fix, &was_fixed, &e), 0, name);
    err_list_sort(&l.p.warnings);
    for (size_t i = 0; i < l.p.warnings.n; i++) {
        const struct err *w = &l.p.warnings.v[i];
        buf_printf(&seen, "%s:%d:%d %s\n", w->where.path, w->where.line, w->where.col, w->msg);
    }
    is_str(buf_str(&seen), warnings, "its warnings");
    is_int(was_fixed, fixed, "was it mended?");
    struct bytes found = {"", 0};
    (void)file_read(&l.a, project_fd, PATH, 1 << 20, &found, NULL, &e);
    is_str(found.p, text, "the file");
    buf_release(&seen);
    project_unload(&l);
}

#define B1                                                                                         \
    "{\"id\": \"B-1\", \"type\": \"postgis\", \"owners\": [\"zoe\"], \"status\": \"merged\", "     \
    "\"notes\": \"n\"}"
static const char wrong[] =
    "{\"version\": 1, \"migrations\": [\n"
    "{\"id\": \"Z-9\", \"type\": \"search\", \"owners\": [], \"status\": \"superseded\"},\n" B1
    ",\n"
    "{\"id\": \"A-1\", \"type\": \"graph\", \"owners\": [\"bob\"], \"status\": \"approved\"}]}\n";
static const char mended[] =
    "{\n  \"migrations\": [\n"
    "    {\n      \"id\": \"A-1\",\n      \"owners\": [\n        \"bob\"\n      ],\n"
    "      \"status\": \"approved\",\n      \"type\": \"postgis\"\n    },\n"
    "    {\n      \"id\": \"B-1\",\n      \"notes\": \"n\",\n      \"owners\": [\n        "
    "\"zoe\"\n      ],\n"
    "      \"status\": \"merged\",\n      \"type\": \"postgis\"\n    },\n"
    "    {\n      \"id\": \"C-1\",\n      \"owners\": [\n        \"ada\"\n      ],\n"
    "      \"status\": \"draft\",\n      \"type\": \"postgis\"\n    },\n"
    "    {\n      \"id\": \"Z-9\",\n      \"owners\": [],\n"
    "      \"status\": \"superseded\",\n      \"type\": \"search\"\n    }\n"
    "  ],\n  \"version\": 1\n}\n";
static const char first[] =
    "{\n  \"migrations\": [\n"
    "    {\n      \"id\": \"A-1\",\n      \"owners\": [\n        \"ada\"\n      ],\n"
    "      \"status\": \"draft\",\n      \"type\": \"postgis\"\n    }\n"
    "  ],\n  \"version\": 1\n}\n";

static void test_differences(void)
{
    project_start();
    project_bundle("A-1", "");
    project_bundle("B-1", "");
    project_bundle("C-1", "");
    project_put(PATH, wrong);
    check(false,
          "migrations/postgis/C-1/migration.yml:1:1 \"C-1\" is not in registry/migrations.v1.json\n"
          "registry/migrations.v1.json:2:8 \"Z-9\" is registered, but no bundle has this id\n"
          "registry/migrations.v1.json:4:23 \"A-1\" is registered as graph, but its bundle is of "
          "type postgis\n",
          false, wrong, "differences are warnings");
    check(true,
          "registry/migrations.v1.json:2:8 \"Z-9\" is registered, but no bundle has this id\n",
          true, mended, "what can be mended is mended");
    check(true,
          "registry/migrations.v1.json:29:13 \"Z-9\" is registered, but no bundle has this id\n",
          false, mended, "a second time there is nothing to mend");
}

static void test_absent(void)
{
    project_start();
    project_put("migrations/README.md", "");
    check(false, "", false, "", "no bundles and no registry");
    project_put("migrations/postgis/repeatable/v.sql", "CREATE VIEW app.v AS SELECT 1;\n");
    check(false, "", false, "", "a definition is not registered");
    project_bundle("A-1", "");
    check(false,
          "registry/migrations.v1.json:0:0 there is no registry: 1 migration is not registered\n",
          false, "", "no registry");
    check(true, "", true, first, "it is written");
    check(false, "", false, first, "and then it is right");
}

static void test_faults(void)
{
    project_start();
    project_bundle("A-1", "");
    project_put(PATH, "{\"version\": 1, \"migrations\": [{}]}");
    check(true, "", false, "{\"version\": 1, \"migrations\": [{}]}",
          "a registry with faults is not touched");
    project_start();
    project_bundle("A-1", "");
    (void)renameat(project_fd, "migrations/postgis/A-1", project_fd, "migrations/postgis/A-2");
    project_put(PATH, "{\"version\": 1, \"migrations\": []}");
    check(
        true,
        "migrations/postgis/A-2/migration.yml:1:1 \"A-1\" is not in registry/migrations.v1.json\n",
        false, "{\"version\": 1, \"migrations\": []}",
        "a bundle whose id is not its folder's name is not added");
}

int main(void)
{
    tap_plan(4 * 10);
    test_differences();
    test_absent();
    test_faults();
    project_remove();
    return tap_done();
}
