/* layer: site scripted */
/* Projections of an environment, line by line: their datasets, what the generation that is wanted is made of, the generations that are
 * there, what stands of them in the catalogs. */
#include "dataset_cases.h"
#include "scripted_site.h"

static struct setting t;

#define WELLS "registry/projections/wells.yml"
#define M1 "migrations/postgis/M-1/"

/* --- the project */

static void declare(const char *head, const char *dataset, const char *version, const char *asset)
{
    char text[1024];
    (void)snprintf(
        text, sizeof text,
        "projection: wells\nstore: postgis\nschema: app\n%ssources:\n"
        "  - dataset: %s\n    version: %s\n    asset: %s\n    into: pts\n"
        "    columns: {version: $dataset_version_id, id: properties.name, geom: geometry}\n"
        "validate: {counts: catalog}\n",
        head, dataset, version, asset);
    project_put(WELLS, text);
}

static void usual(void)
{
    declare("", "wells", WELLS_ID, "features");
}

static void elsewhere(void)
{
    declare("environments: [live]\n", "wells", WELLS_ID, "features");
}

static void no_version(void)
{
    declare("", "wells", "2026-02.00000000", "features");
}

static void no_asset(void)
{
    declare("", "wells", WELLS_ID, "shapes");
}

static void other_srid(void)
{
    usual();
    project_put(M1 "forward.sql",
                "CREATE SCHEMA app;\nCREATE TABLE app.pts (geom geometry(Point, 3857));\n");
}

static void changes_rows(void)
{
    usual();
    project_put(M1 "forward.sql",
                "CREATE SCHEMA app;\nCREATE TABLE app.pts (id int);\nUPDATE app.pts SET id = 1;\n");
}

static void unreadable_script(void)
{
    usual();
    project_put(M1 "forward.sql", "CREATE SCHEMA app;\nSELECT 'no end;\n");
}

/* It may belong to the chain or not. */
static void unreadable_declaration(void)
{
    usual();
    project_put("migrations/postgis/M-2/migration.yml", "[");
}

/* --- the scenarios. words: all that describe() says, or of the error */

#define CONNECT "connect -> ok\n"
#define WHO CONNECT IDENTIFY ENTRIES
#define SNAPSHOT LOOK OBJECTS("") "COMMIT -> COMMIT\n"
#define FOUND "@ledger_generation_found -> rows t\n"
#define LIST(rows) FOUND "@ledger_generation_list -> rows" rows "\n"
#define D "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define GENERATION(number, state)                                                                  \
    " wells | " number " | " state " | " D " | NULL | {\"parts\":[]} | " MOMENT
#define SCHEMAS(a, b)                                                                              \
    "~ @postgis_catalog_schemas* -> rows 2615 | 1 | schema |  | " a " | owner | kfm ; "            \
    "2615 | 2 | schema |  | " b " | owner | kfm\n"

/* clang-format off */
static const struct {
    const char *name;
    int n; /* entries; -1: no ledger */
    void (*with)(void);
    const char *script;
    enum err_code code;
    const char *words;
} scenarios[] = {
    {"no ledger", -1, usual, CONNECT NO_LEDGER LOOKED_NO_LEDGER, ERR_NONE, "known 4 parts, 1 of the chain, 0 generations; rebuild, objects 0"},
    {"no generation yet", 3, usual, WHO SNAPSHOT LIST("") LIST(""), ERR_NONE, "known 4 parts, 1 of the chain, 0 generations; rebuild, objects 0"},
    {"a generation is live, of something else", 3, usual, SCHEMAS("app", "app__g2") WHO SNAPSHOT LIST(GENERATION("1", "live") " ;" GENERATION("2", "kept")) LIST(GENERATION("1", "live") " ;" GENERATION("2", "kept")), ERR_NONE, "known 4 parts, 1 of the chain, 2 generations, schema; rebuild, objects 1"},
    {"a ledger of before there were generations", 3, usual, WHO SNAPSHOT "2x @ledger_generation_found -> rows f\n", ERR_NONE, "known 4 parts, 1 of the chain, 0 generations; rebuild, objects 0"},
    {"the generations are not told", 3, usual, WHO SNAPSHOT FOUND "@ledger_generation_list -> cut\n", ERR_PREFLIGHT, "was lost"},
    {"the generations are not told the second time", 3, usual, WHO SNAPSHOT LIST("") FOUND "@ledger_generation_list -> cut\n", ERR_PREFLIGHT, "was lost"},
    {"not for this environment", 3, elsewhere, WHO SNAPSHOT LIST("") LIST(""), ERR_NONE, "unknown 0 parts, 1 of the chain, 0 generations; none, objects 0"},
    {"a version that is nowhere", 3, no_version, WHO SNAPSHOT LIST("") LIST(""), ERR_NONE, "unknown 0 parts, 1 of the chain, 0 generations, there is no dataset version 2026-02.00000000 of wells beneath the data roots; `kfmig dataset list` shows the versions that are there; none, objects 0"},
    {"an asset that the version has not", 3, no_asset, WHO SNAPSHOT LIST("") LIST(""), ERR_NONE, "unknown 0 parts, 1 of the chain, 0 generations, dataset version 2026-02.1a2b3c4d has no asset \"shapes\"; `kfmig dataset show 2026-02.1a2b3c4d` lists its assets; none, objects 0"},
    {"a column of another SRID: the server's PROJ counts", 3, other_srid, WHO SNAPSHOT LIST("") LIST("") "@postgis_proj_schema -> rows ext\nSELECT \"ext\".postgis_proj_version() -> rows 9.1.1\n", ERR_NONE, "known 5 parts, 1 of the chain, 0 generations, PROJ sha256:d469bd94; rebuild, objects 0"},
    {"a column of another SRID, and no PostGIS", 3, other_srid, WHO SNAPSHOT LIST("") LIST("") "@postgis_proj_schema -> rows\n", ERR_NONE, "known 5 parts, 1 of the chain, 0 generations, PROJ sha256:a7740b69; rebuild, objects 0"},
    {"a chain that changes rows", 3, changes_rows, WHO SNAPSHOT LIST("") LIST(""), ERR_NONE, "known 4 parts, 1 of the chain, 0 generations, changes rows: migrations/postgis/M-1/forward.sql; none, objects 0"},
    {"a declaration that cannot be read", 3, unreadable_declaration, WHO SNAPSHOT LIST("") LIST(""), ERR_NONE, "unknown 0 parts, 1 of the chain, 0 generations, a value is missing here; write one, or put this text in quotes; none, objects 0"},
    {"a script that has no end", 3, unreadable_script, WHO SNAPSHOT LIST("") LIST(""), ERR_NONE, "known 4 parts, 1 of the chain, 0 generations, script: unterminated quoted string; none, objects 0"},
};
/* clang-format on */

enum { N = sizeof scenarios / sizeof *scenarios };

/* What was found of the projection, as words. */
static void describe(char *out, size_t size)
{
    const struct projection_input *in = &t.s.input.projections[0];
    char text[DIGEST_TEXT];
    size_t n = (size_t)snprintf(out, size, "%s %zu parts, %zu of the chain, %zu generations%s",
                                digest_is_zero(&in->digest) ? "unknown" : "known", in->parts.n,
                                t.s.projected[0].n_chain, in->n, in->has_schema ? ", schema" : "");
    for (size_t i = 0; i < in->parts.n; i++) {
        n += (size_t)(in->parts.v[i].kind == PART_PROJ
                          ? snprintf(out + n, size - n, ", PROJ %.15s",
                                     digest_text(&in->parts.v[i].digest, text))
                          : 0);
    }
    n += (size_t)(in->has_dml != NULL
                      ? snprintf(out + n, size - n, ", changes rows: %s", in->has_dml)
                      : 0);
    n += (size_t)(in->faults->n > 0 ? snprintf(out + n, size - n, ", %s; %s", in->faults->v[0].msg,
                                               in->faults->v[0].hint)
                                    : 0);
    n += (size_t)(in->script_faults != NULL && in->script_faults->n > 0
                      ? snprintf(out + n, size - n, ", script: %s", in->script_faults->v[0].msg)
                      : 0);
    (void)snprintf(out + n, size - n, "; %s, objects %zu",
                   plan_action_text(t.s.plan.projections[0].action), t.s.catalog.n);
}

static void play(size_t i)
{
    setting_project("");
    project_put(M1 "forward.sql",
                "CREATE SCHEMA app;\nCREATE TABLE app.pts (version text, id text, geom "
                "geometry(Point, 4326));\n");
    place_fd = dup(project_fd);
    fixture_write(&wells, NULL);
    (void)close(place_fd);
    scenarios[i].with();
    setting_open(&t, "dev", scenarios[i].n < 0 ? "" : LEDGER_UUID, scenarios[i].n);
    setting_play(&t, scenarios[i].script);
    setting_planned(&t, describe, scenarios[i].code, scenarios[i].words, scenarios[i].name);
}

int main(void)
{
    return setting_each(N, play);
}
