/* layer: load */
/* The registry against the bundles, and mending it. */
#include "tap.h"

#include "doc/json.h"
#include "load/registry.h"
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

static void test_owners(void)
{
    static const char owned[] =
        "{\n  \"migrations\": [\n"
        "    {\n      \"id\": \"A-1\",\n      \"owners\": [\n        \"data\",\n        \"zoe\"\n"
        "      ],\n      \"status\": \"draft\",\n      \"type\": \"postgis\"\n    }\n"
        "  ],\n  \"version\": 1\n}\n";
    project_start();
    project_bundle("A-1", "");
    project_put("CODEOWNERS", "* @org/all\n/migrations/ @org/data @zoe\n");
    check(true, "", true, owned, "owners are those of CODEOWNERS");
    project_put("CODEOWNERS", "* @org/all\n");
    check(false,
          "registry/migrations.v1.json:5:17 the owners of \"A-1\" are others than in CODEOWNERS:1 "
          "(all)\n",
          false, owned, "others are told");
    check(true,
          "registry/migrations.v1.json:5:17 the owners of \"A-1\" are others than in CODEOWNERS:1 "
          "(all)\n",
          false, owned, "and left as they are");
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

/* --- what a merge leaves */

#define ENTRY(id, status)                                                                          \
    "{\"id\": \"" id "\", \"type\": \"postgis\", \"owners\": [\"ada\"], \"status\": \"" status "\"}"
#define BEGIN "{\"version\": 1, \"migrations\": [\n"
#define END "\n]}\n"
#define OURS "<<<<<<< HEAD\n"
#define BASE "||||||| base\n"
#define OTHER "=======\n"
#define THEIRS ">>>>>>> theirs\n"

/* clang-format off */
static const struct {
    const char *name, *text, *now; /* "id status;" of each entry, NULL: it stays as it is */
} merged[] = {
    {"an entry of each side", BEGIN OURS ENTRY("A-1", "draft") "\n" OTHER ENTRY("B-1", "merged") "\n" THEIRS "]}\n", "A-1 draft;B-1 merged;"},
    {"what stands outside is of both", BEGIN ENTRY("A-1", "draft") ",\n" OURS ENTRY("B-1", "draft") "\n" OTHER ENTRY("B-1", "approved") "\n" THEIRS "]}\n", "A-1 draft;B-1 approved;"},
    {"the one that came further counts, also of ours", BEGIN OURS ENTRY("A-1", "merged") "\n" OTHER ENTRY("A-1", "draft") "\n" THEIRS ",\n" ENTRY("B-1", "draft") END, "A-1 merged;B-1 draft;"},
    {"the base is nobody's", BEGIN OURS ENTRY("A-1", "draft") "\n" BASE ENTRY("A-1", "merged") ",\n" ENTRY("Z-9", "draft") "\n" OTHER ENTRY("B-1", "draft") "\n" THEIRS "]}\n", "A-1 draft;B-1 draft;"},
    {"within one entry", BEGIN "{\"id\": \"A-1\", \"type\": \"postgis\",\n" OURS "\"owners\": [\"ada\"], \"status\": \"draft\"},\n" OTHER "\"owners\": [\"bob\"], \"status\": \"approved\"},\n" THEIRS ENTRY("B-1", "draft") END, "A-1 approved;B-1 draft;"},
    {"brackets and marks in texts", BEGIN OURS "{\"id\": \"A-1\", \"type\": \"postgis\", \"owners\": [\"}{\\\"\"], \"status\": \"draft\"}\n" OTHER THEIRS ",\n" ENTRY("B-1", "draft") END, "A-1 draft;B-1 draft;"},
    {"no entry of what is unsound is taken", BEGIN OURS "{\"id\": \"A-1\", \"luck\": 1},\n{\"status\": \"draft\"},\n" OTHER THEIRS ENTRY("B-1", "draft") END, "A-1 draft;B-1 draft;"},
    {"an entry without an end", BEGIN OURS ENTRY("B-1", "merged") ",\n" OTHER THEIRS "{\"id\": \"A-1\", \"own", "A-1 draft;B-1 merged;"},
    {"no list at all", OURS "{}\n" OTHER THEIRS, "A-1 draft;B-1 draft;"},
    {"an id twice", BEGIN ENTRY("A-1", "draft") ",\n" ENTRY("A-1", "merged") ",\n" ENTRY("B-1", "approved") ",\n" ENTRY("B-1", "draft") END, "A-1 merged;B-1 approved;"},
    {"something else is wrong", BEGIN ENTRY("A-1", "luck") END, NULL},
    {"no JSON, and no merge", BEGIN ENTRY("A-1", "draft"), NULL},
};
/* clang-format on */
enum { N_MERGED = sizeof merged / sizeof *merged };

static const char *statuses_of(struct arena *a, const struct doc *registry)
{
    const char *text = "";
    const struct doc *list = doc_get(registry, "migrations");
    for (size_t i = 0; i < doc_len(list); i++) {
        text = arena_printf(a, "%s%s %s;", text, doc_str(list->item[i], "id", "?"),
                            doc_str(list->item[i], "status", "?"));
    }
    return text;
}

static size_t faults_of(const struct project *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->faults.n; i++) {
        n += strcmp(p->faults.v[i].where.path, PATH) == 0;
    }
    return n;
}

static void test_merged(size_t i)
{
    struct loaded l;
    struct err e = {0};
    struct bytes found = {"", 0};
    bool is_fixed = false;
    project_start();
    project_bundle("A-1", "");
    project_bundle("B-1", "");
    project_put(PATH, merged[i].text);
    project_load(&l, false);
    size_t n = faults_of(&l.p);
    ok(n > 0 && load_may_compare(&l.p), "there are faults, and they are the registry's");
    int rc = load_registry_check(&l.p, false, &is_fixed, &e);
    ok(rc == 0 && !is_fixed && faults_of(&l.p) == n, "nothing is mended unasked");
    rc = load_registry_check(&l.p, true, &is_fixed, &e);
    is_int(is_fixed, merged[i].now != NULL, merged[i].name);
    ok(rc == 0 && faults_of(&l.p) == (merged[i].now == NULL ? n : 0), "and they are gone, or stay");
    (void)file_read(&l.a, project_fd, PATH, 1 << 20, &found, NULL, &e);
    const struct doc *d = merged[i].now != NULL ? json_read(&l.a, found, PATH, &e) : NULL;
    is_str(d != NULL ? statuses_of(&l.a, d) : found.p,
           merged[i].now != NULL ? merged[i].now : merged[i].text, "what stands there now");
    project_unload(&l);
}

/* --- another id */

/* clang-format off */
static const struct {
    const char *name, *text, *now;
} renamed[] = {
    {"an id", BEGIN ENTRY("Z-1", "draft") ",\n" ENTRY("M-1", "merged") END, "M-1 merged;N-1 draft;"},
    {"the new one is there already", BEGIN ENTRY("Z-1", "draft") ",\n" ENTRY("N-1", "merged") END, "N-1 merged;"},
    {"the old one is not", BEGIN ENTRY("M-1", "merged") END, NULL},
    {"what cannot be read is not touched", BEGIN ENTRY("Z-1", "luck") END, NULL},
};
/* clang-format on */
enum { N_RENAMED = sizeof renamed / sizeof *renamed };

static void test_renamed(size_t i)
{
    struct loaded l;
    struct err e = {0};
    struct bytes found = {"", 0};
    project_start();
    project_put(PATH, renamed[i].text);
    project_load(&l, false);
    is_int(registry_rename(&l.p, "Z-1", "N-1", &e), 0, renamed[i].name);
    (void)file_read(&l.a, project_fd, PATH, 1 << 20, &found, NULL, &e);
    const struct doc *d = renamed[i].now != NULL ? json_read(&l.a, found, PATH, &e) : NULL;
    is_str(d != NULL ? statuses_of(&l.a, d) : found.p,
           renamed[i].now != NULL ? renamed[i].now : renamed[i].text, "what stands there now");
    project_unload(&l);
}

int main(void)
{
    tap_plan(4 * 10 + 5 * N_MERGED + 2 * N_RENAMED + 12);
    for (size_t i = 0; i < N_MERGED; i++) {
        test_merged(i);
    }
    for (size_t i = 0; i < N_RENAMED; i++) {
        test_renamed(i);
    }
    test_differences();
    test_absent();
    test_owners();
    test_faults();
    project_remove();
    return tap_done();
}
