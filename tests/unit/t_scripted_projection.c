/* layer: run scripted */
/* Making and publishing generations against a model of the server (scripted_held.h): what is said of each
 * run, against which generation readers then see, and which entries the ledger holds. */
#include "said.h"
#include "scripted_projection.h"

static struct build b;

enum act { BUILD, SWITCH, VERIFY };

/* --- other declarations, datasets and surroundings than the common ones */

static void with_crew(void)
{
    b.t.run.open = scene_open_another;
}

static void with_crew_anew(void)
{
    with_crew();
    b.job.fresh = true;
}

static void with_crew_of_one(void)
{
    with_crew_anew();
    b.t.run.jobs = 1;
}

static void with_crew_for_few_bytes(void)
{
    with_crew_anew();
    b.t.run.jobs = 0;
    b.in.artifact_bytes = 8 * 1024 * 1024 - 1;
}

static void with_crew_for_enough_bytes(void)
{
    with_crew_for_few_bytes();
    b.in.artifact_bytes++;
}

static void with_fallback(void)
{
    b.p.fallback = FALLBACK_ATOMIC;
}

static void with_after_load(void)
{
    b.t.decl.after_load = true;
}

static void with_fallback_after_load(void)
{
    with_fallback();
    with_after_load();
}

static void with_carry(void)
{
    b.p.grants = GRANTS_CARRY;
}

static void with_another_count(void)
{
    b.dataset[0].count = 3;
}

static void with_a_smaller_count(void)
{
    b.dataset[0].count = 1;
}

static void without_count(void)
{
    b.dataset[0].has_count = false;
}

static void with_another_extent(void)
{
    b.dataset[1].bbox[3] = 40;
}

static void with_a_secret_extent(void)
{
    with_another_extent();
    b.dataset[1].is_restricted = true;
}

static void without_extent(void)
{
    b.dataset[1].has_bbox = false;
}

static void without_counts(void)
{
    b.p.counts_from_catalog = false;
    b.p.extents_from_catalog = false;
    b.source[0].unique.n = 0;
    with_another_count();
    with_another_extent();
}

static void with_another_digest(void)
{
    b.file[0].digest = digest_of(bytes_str("another"));
}

static void without_asset(void)
{
    b.source[1].asset = "lines";
}

static void with_missing_file(void)
{
    b.file[0].path = "v1.shp";
}

static void with_unknown_format(void)
{
    b.file[0].media_type = "image/png";
    b.file[0].path = "v1.bin";
}

static void with_unknown_column(void)
{
    b.mapping[1][0].column = "number";
}

static void with_two_unknown_columns(void)
{
    with_unknown_column();
    b.mapping[1][2].column = "place";
}

static void known(struct known_content *k, int64_t rows)
{
    static struct known_source source[2];
    source[0] =
        (struct known_source){.key = "none/1#features>pts", .content = {.rows = 9, .sum = {{0}}}};
    source[1] = (struct known_source){.key = "wells/2026-01#features>pts",
                                      .content = {.rows = rows, .sum = {{0}}}};
    source[1].content.sum.b[31] = 7;
    *k = (struct known_content){.whence = "ledger entry 9", .source = source, .n = 2};
    b.job.known = k;
}

static void with_known(void)
{
    static struct known_content k;
    known(&k, ROWS);
}

static void with_other_known(void)
{
    static struct known_content k;
    known(&k, ROWS + 1);
}

static void made_anew(void)
{
    b.job.fresh = true;
}

static void with_makes_schema(void)
{
    static struct touch touch;
    touch = (struct touch){.object = {OBJ_SCHEMA, "", "wells", NULL}, .effect = EFFECT_CREATE};
    b.t.statement.touches = (struct touches){&touch, 1, 1};
    b.t.statement.text = bytes_str("CREATE SCHEMA \"wells\"");
}

static void with_a_long_name(void)
{
    b.p.schema = "a23456789b123456789c123456789d123456789e123456789f123456789";
}

static void with_fallback_and_altered(void)
{
    static struct reason reason;
    reason = (struct reason){.code = REASON_GENERATION_ALTERED};
    with_fallback();
    b.step.reasons = &reason;
    b.step.n_reasons = 1;
}

static void with_fallback_and_another_chain(void)
{
    with_fallback();
    b.in.parts.v[0].digest = digest_of(bytes_str("another M-1"));
}

static void with_fallback_and_schema(void)
{
    with_fallback();
    b.in.has_schema = true;
}

static void without_version(void)
{
    b.mapping[0][1].kind = SOURCE_CONST;
    b.mapping[0][1].text = "2026-01";
}

/* What its rows are made of is another than the live generation's: the source, how it is mapped, the chain, the loader's rules, PROJ. */
static void with_another_source(void)
{
    b.in.parts.v[1].digest = digest_of(bytes_str("another"));
}

static void with_another_mapping(void)
{
    b.in.parts.v[2].digest = digest_of(bytes_str("another"));
}

static void with_another_chain(void)
{
    b.in.parts.v[0].digest = digest_of(bytes_str("another"));
}

static void with_another_rule(void)
{
    parts_add(&b.t.a, &b.in.parts,
              (struct part){.kind = PART_RULE, .digest = digest_of(bytes_str("another"))});
}

static void with_another_proj(void)
{
    parts_add(&b.t.a, &b.in.parts,
              (struct part){.kind = PART_PROJ, .digest = digest_of(bytes_str("another"))});
}

static void stopped(void)
{
    b.t.stop_at = 1;
}

static void with_crew_stopped(void)
{
    with_crew_anew();
    stopped();
}

static void without_sums(void)
{
    with_fallback();
    without_version();
}

/* The ledger's sum: the schema as it was, a table of it that is no more, and somebody else's. */
static void with_sum(void)
{
    static struct object_row known[3];
    known[0] = (struct object_row){"schema wells", digest_of(bytes_str("1")), "", 1, 1};
    known[1] = (struct object_row){"table other.x", digest_of(bytes_str("2")), "", 1, 1};
    known[2] = (struct object_row){"table wells.old", digest_of(bytes_str("3")), "", 1, 1};
    struct object_rows sum = {known, 3, 3};
    baseline_release(&b.t.sum);
    baseline_begin(&b.t.sum, &sum, &b.t.domains, 15);
}

/* --- the scenarios */

#define OBSTACLE                                                                                   \
    "~ @postgis_generation_dependants({\"wells\"}) -> rows dependant | view app.v | table "        \
    "wells.pts\n"
#define FOUR_OBSTACLES                                                                             \
    "~ @postgis_generation_dependants({\"wells\"}) -> rows dependant | view app.v1 | table "       \
    "wells.pts ; "                                                                                 \
    "dependant | view app.v2 | table wells.pts ; dependant | view app.v3 | table wells.pts ; "     \
    "dependant | view app.v4 | table wells.pts\n"
#define FACTS(rows) "~ SELECT count(*), count(*) - count(g)* -> rows " rows "\n"
#define AWAY "~ connect -> words Connection refused\n"
#define PRIVILEGES(is_live)                                                                        \
    "@postgis_generation_privileges -> rows table wells.pts | SELECT to r | " is_live              \
    " | GRANT SELECT ON pts TO r | {r=U/kfmig}\n"
#define GRANTED(is_live) "~ " PRIVILEGES(is_live)

/* live: the generation that readers see at the end, by its number; done, failed: entries of this run. owed:
 * its receipt could not be written. */
#define KEY_REFUSED "COPY * -> error 23503\n"
#define KEYS(answer) "~ @postgis_load_keys -> " answer "\n"
#define WHOLE(answer) "~ @postgis_load_whole -> rows " answer "\n"
#define REFUSED(state)                                                                             \
    "SAVEPOINT kfmig_rows -> SAVEPOINT\nINSERT INTO * -> error " state                             \
    "\nROLLBACK TO SAVEPOINT kfmig_rows -> ROLLBACK\n"
#define TAKEN(n)                                                                                   \
    "SAVEPOINT kfmig_rows -> SAVEPOINT\nINSERT INTO * -> INSERT 0 " n                              \
    "\nSET CONSTRAINTS ALL IMMEDIATE -> SET CONSTRAINTS\nRELEASE SAVEPOINT kfmig_rows -> "         \
    "RELEASE\n"
#define STAGE "~ CREATE UNLOGGED TABLE * -> SELECT 0\n~ ALTER TABLE * -> ALTER TABLE\n"
/* An index is refused; then its table is empty, and filled once more with the index there. */
#define UNINDEXED(refused) refused "~ TRUNCATE * -> TRUNCATE TABLE\n" WHOLE("f") STAGE
/* Row security holds for us. */
#define SECURED                                                                                    \
    "~ @postgis_load_columns -> rows id | integer | int4 | -1 | t | f | f | NULL | NULL | NULL | " \
    "-1 | t ; version | text | text | -1 | t | f | f | NULL | NULL | NULL | -1 | t ; geom | "      \
    "public.geometry(Point,4326) | geometry | 1 | f | f | f | geometry | "                         \
    "public.geometry(Point,4326) | NULL | -1 | t\n"
#define STAGED STAGE "~ SELECT COALESCE(pg_catalog.min* -> "

/* clang-format off */
static const struct {
    const char *name;
    enum holding holds;
    enum act act;
    void (*declare)(void);
    const char *lines;
    enum run_result result;
    enum err_code code;
    const char *words;
    int live, done, failed;
    bool owed;
} scenarios[] = {
    /* the ways that lead there */
    {"a first generation", HOLDS_NOTHING, BUILD, NULL, "", RUN_SUCCESS, ERR_NONE, "", 1, 1, 0, false},
    {"a second one, of which one source is copied", HOLDS_LIVE, BUILD, NULL, "", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"one is gone on with where it was loading", HOLDS_LOADING, BUILD, NULL, "", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"one that is ready is only published", HOLDS_READY, BUILD, NULL, "~ COPY * -> error 42501\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"a new one is made although one is ready", HOLDS_READY, BUILD, made_anew, "", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"over a schema that nobody built", HOLDS_FOREIGN, BUILD, NULL, "", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"indexes by several hands", HOLDS_LIVE, BUILD, with_crew, "", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"a chain that makes the schema itself", HOLDS_NOTHING, BUILD, with_makes_schema, "", RUN_SUCCESS, ERR_NONE, "", 1, 1, 0, false},
    {"files that want the data", HOLDS_LIVE, BUILD, with_after_load, "", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"back to the one before", HOLDS_KEPT, SWITCH, NULL, "", RUN_SUCCESS, ERR_NONE, "", 1, 1, 0, false},
    {"back to the one before, whose content is looked at", HOLDS_KEPT, VERIFY, NULL, "", RUN_SUCCESS, ERR_NONE, "", 1, 1, 0, false},
    {"rows replaced in place", HOLDS_LIVE, BUILD, with_fallback, OBSTACLE, RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"a first generation under its own name", HOLDS_NOTHING, BUILD, with_fallback, "~ @postgis_generation_functions -> rows function f() | index i\n", RUN_SUCCESS, ERR_NONE, "", 1, 1, 0, false},
    {"privileges that only the live one gives would be lost", HOLDS_LIVE, BUILD, NULL, GRANTED("t"), RUN_FAILED, ERR_PREFLIGHT, "wells cannot be published: privilege: table wells.pts, SELECT to r", 1, 0, 1, false},
    {"privileges that only the live one gives are carried over", HOLDS_LIVE, BUILD, with_carry, PRIVILEGES("t") "GRANT SELECT ON pts TO r -> GRANT\n2x @postgis_generation_give(wells, {r=U/kfmig}) -> rows GRANT USAGE\n~ GRANT USAGE -> GRANT\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"privileges that cannot be carried over", HOLDS_LIVE, BUILD, with_carry, PRIVILEGES("t") "GRANT SELECT ON pts TO r -> error 42501\n", RUN_FAILED, ERR_APPLY, "insufficient_privilege", 1, 0, 1, false},
    {"privileges that are new stand in nobody's way", HOLDS_LIVE, BUILD, NULL, GRANTED("f"), RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"what differs from the ledger's sum is recorded, of its own schema", HOLDS_LIVE, BUILD, with_sum, "@ledger_record_objects(1, {\"schema wells\",\"table wells.old\"}, *, *) -> INSERT 0 1\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"a source whose rows cannot be told apart is loaded again", HOLDS_LIVE, BUILD, without_version, "~ INSERT INTO * -> error 42501\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"another source is loaded again", HOLDS_LIVE, BUILD, with_another_source, "~ INSERT INTO * -> error 42501\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"one that is mapped otherwise is loaded again", HOLDS_LIVE, BUILD, with_another_mapping, "~ INSERT INTO * -> error 42501\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"behind another chain everything is loaded again", HOLDS_LIVE, BUILD, with_another_chain, "~ INSERT INTO * -> error 42501\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"by another rule everything is loaded again", HOLDS_LIVE, BUILD, with_another_rule, "~ INSERT INTO * -> error 42501\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"with another PROJ everything is loaded again", HOLDS_LIVE, BUILD, with_another_proj, "~ INSERT INTO * -> error 42501\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},

    /* the proof */
    {"as many rows as the catalog says", HOLDS_LIVE, BUILD, with_another_count, "", RUN_FAILED, ERR_VALIDATE, "wells: count wells/2026-01 failed: the catalog says 3, 2 are there; nothing was published", 1, 0, 1, false},
    {"not more than the catalog says", HOLDS_LIVE, BUILD, with_a_smaller_count, "", RUN_FAILED, ERR_VALIDATE, "wells: count wells/2026-01 failed: the catalog says 1, 2 are there; nothing was published", 1, 0, 1, false},
    {"a catalog that says no count", HOLDS_LIVE, BUILD, without_count, "", RUN_FAILED, ERR_VALIDATE, "count wells/2026-01 failed: the catalog says no count", 1, 0, 1, false},
    {"the extent that the catalog says", HOLDS_LIVE, BUILD, with_another_extent, "", RUN_FAILED, ERR_VALIDATE, "extent wells/2026-02 failed: north: the catalog says 40, it is 39", 1, 0, 1, false},
    {"an extent that begins too far west", HOLDS_LIVE, BUILD, NULL, FACTS("2 | 0 | 0 | 0 | 0 | -98 | 38 | -96 | 39"), RUN_FAILED, ERR_VALIDATE, "extent wells/2026-01 failed: west: the catalog says -97, it is -98; nothing", 1, 0, 1, false},
    {"and not far enough", HOLDS_LIVE, BUILD, NULL, FACTS("2 | 0 | 0 | 0 | 0 | -96.5 | 38 | -96 | 39"), RUN_FAILED, ERR_VALIDATE, "extent wells/2026-01 failed: west: the catalog says -97, it is -96.5; nothing", 1, 0, 1, false},
    {"too far south", HOLDS_LIVE, BUILD, NULL, FACTS("2 | 0 | 0 | 0 | 0 | -97 | 37 | -96 | 39"), RUN_FAILED, ERR_VALIDATE, "extent wells/2026-01 failed: south: the catalog says 38, it is 37; nothing", 1, 0, 1, false},
    {"not far enough", HOLDS_LIVE, BUILD, NULL, FACTS("2 | 0 | 0 | 0 | 0 | -97 | 38.5 | -96 | 39"), RUN_FAILED, ERR_VALIDATE, "extent wells/2026-01 failed: south: the catalog says 38, it is 38.5; nothing", 1, 0, 1, false},
    {"one that ends too far east", HOLDS_LIVE, BUILD, NULL, FACTS("2 | 0 | 0 | 0 | 0 | -97 | 38 | -95 | 39"), RUN_FAILED, ERR_VALIDATE, "extent wells/2026-01 failed: east: the catalog says -96, it is -95; nothing", 1, 0, 1, false},
    {"not far enough east", HOLDS_LIVE, BUILD, NULL, FACTS("2 | 0 | 0 | 0 | 0 | -97 | 38 | -96.5 | 39"), RUN_FAILED, ERR_VALIDATE, "extent wells/2026-01 failed: east: the catalog says -96, it is -96.5; nothing", 1, 0, 1, false},
    {"too far north", HOLDS_LIVE, BUILD, NULL, FACTS("2 | 0 | 0 | 0 | 0 | -97 | 38 | -96 | 40"), RUN_FAILED, ERR_VALIDATE, "extent wells/2026-01 failed: north: the catalog says 39, it is 40; nothing", 1, 0, 1, false},
    {"not far enough north", HOLDS_LIVE, BUILD, NULL, FACTS("2 | 0 | 0 | 0 | 0 | -97 | 38 | -96 | 38.5"), RUN_FAILED, ERR_VALIDATE, "extent wells/2026-01 failed: north: the catalog says 39, it is 38.5; nothing", 1, 0, 1, false},
    {"beyond the tolerance", HOLDS_LIVE, BUILD, NULL, FACTS("2 | 0 | 0 | 0 | 0 | -97.002 | 38 | -96 | 39"), RUN_FAILED, ERR_VALIDATE, "extent wells/2026-01 failed: west: the catalog says -97, it is -97.002; nothing", 1, 0, 1, false},
    {"within the tolerance, on every side", HOLDS_LIVE, BUILD, NULL, FACTS("2 | 0 | 0 | 0 | 0 | -97.0005 | 37.9995 | -95.9995 | 39.0005"), RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"no number", HOLDS_LIVE, BUILD, NULL, FACTS("2 | 0 | 0 | 0 | 0 | NaN | 38 | -96 | 39"), RUN_FAILED, ERR_VALIDATE, "extent wells/2026-01 failed: west: the catalog says -97, it is nan; nothing", 1, 0, 1, false},
    {"a restricted extent is not told", HOLDS_LIVE, BUILD, with_a_secret_extent, "", RUN_FAILED, ERR_VALIDATE, "extent wells/2026-02 failed: the extent is not the catalog's; nothing", 1, 0, 1, false},
    {"a catalog that says no extent", HOLDS_LIVE, BUILD, without_extent, "", RUN_FAILED, ERR_VALIDATE, "extent wells/2026-02 failed: the catalog says no extent", 1, 0, 1, false},
    {"nothing to measure", HOLDS_LIVE, BUILD, NULL, FACTS("2 | 2 | 0 | 0 | 0 | NULL | NULL | NULL | NULL"), RUN_FAILED, ERR_VALIDATE, "extent wells/2026-01 failed: there is nothing to measure", 1, 0, 1, false},
    {"counts and extents that nobody asked for", HOLDS_LIVE, BUILD, without_counts, "", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"geometries that are wrong in every way", HOLDS_LIVE, BUILD, NULL, FACTS("2 | 0 | 3 | 4 | 5 | -97 | 38 | -96 | 39"), RUN_FAILED, ERR_VALIDATE, "geometry wells/2026-01 failed: 4 invalid, 3 empty, 5 of another SRID", 1, 0, 1, false},
    {"geometries that are empty", HOLDS_LIVE, BUILD, NULL, FACTS("2 | 0 | 3 | 0 | 0 | -97 | 38 | -96 | 39"), RUN_FAILED, ERR_VALIDATE, "geometry wells/2026-01 failed: 3 empty; nothing", 1, 0, 1, false},
    {"geometries of another SRID", HOLDS_LIVE, BUILD, NULL, FACTS("2 | 0 | 0 | 0 | 1 | -97 | 38 | -96 | 39"), RUN_FAILED, ERR_VALIDATE, "geometry wells/2026-01 failed: 1 of another SRID; nothing", 1, 0, 1, false},
    {"rows that are there twice", HOLDS_LIVE, BUILD, NULL, "~ SELECT count(*) FROM (SELECT 1 FROM* -> rows 6\n", RUN_FAILED, ERR_VALIDATE, "unique wells/2026-01 failed: 6 are there more than once", 1, 0, 1, false},
    {"an invariant that finds rows", HOLDS_LIVE, BUILD, NULL, "~ SELECT 1 FROM pts WHERE bad -> rows 1\n", RUN_FAILED, ERR_VALIDATE, "invariant none_bad.sql failed: 1 rows returned, none allowed", 1, 0, 1, false},
    {"an invariant that cannot be asked", HOLDS_LIVE, BUILD, NULL, "~ SELECT 1 FROM pts WHERE bad -> error 42P01\n", RUN_FAILED, ERR_APPLY, "undefined_table (42P01)", 1, 0, 1, false},
    {"rows that are known from before", HOLDS_NOTHING, BUILD, with_known, "", RUN_SUCCESS, ERR_NONE, "", 1, 1, 0, false},
    {"rows that are not those of before", HOLDS_NOTHING, BUILD, with_other_known, "", RUN_FAILED, ERR_VALIDATE, "recovered wells/2026-01 failed: the rows are not those of ledger entry 9", 0, 0, 1, false},
    {"a copy that is another once it is proven", HOLDS_LIVE, BUILD, NULL, "SELECT count(*), sum(get_byte* -> rows 2 | " FINGERPRINT "\n~ SELECT count(*), sum(get_byte* -> rows 2 | " OTHER_FINGERPRINT "\n", RUN_FAILED, ERR_VALIDATE, "copy wells/2026-01 failed: the copied rows differ from those that were proven", 1, 0, 1, false},
    {"a copy that is another at once is loaded instead", HOLDS_LIVE, BUILD, NULL, "SELECT count(*), sum(get_byte* -> rows 2 | " OTHER_FINGERPRINT "\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"fewer rows than were proven", HOLDS_READY, BUILD, NULL, "~ SELECT count(*) FROM \"wells__g2\".\"pts\" -> rows 3\n", RUN_FAILED, ERR_VALIDATE, "count pts failed: 4 rows were proven, 3 are there", 1, 0, 1, false},
    {"other rows than were proven", HOLDS_KEPT, VERIFY, NULL, "~ SELECT count(*), sum(get_byte* -> rows 2 | " OTHER_FINGERPRINT "\n", RUN_FAILED, ERR_VALIDATE, "content wells/2026-00#features>pts failed: the rows are not those that were proven", 2, 0, 1, false},
    {"other objects than when it was live", HOLDS_KEPT, SWITCH, NULL, "~ @postgis_catalog_schemas -> rows 2615 | 9001 | schema |  | wells | owner | bob\n", RUN_FAILED, ERR_VALIDATE, "structure failed: its objects are not as they were when it was live", 2, 0, 1, false},

    /* artifacts and mappings, before the first row is sent */
    {"a foreign key that is not kept is looked for", HOLDS_LIVE, BUILD, NULL, KEY_REFUSED KEYS("rows 1 | 1 | id | wells__g2 | kinds | f | id | pg_catalog | =") STAGED "rows 2\n", RUN_FAILED, ERR_APPLY, "record 2, \"id\": the server refused this value: foreign_key_violation (23503)", 1, 0, 1, false},
    {"a foreign key that is not kept, but by nobody", HOLDS_LIVE, BUILD, NULL, KEY_REFUSED KEYS("rows 1 | 1 | id | wells__g2 | pts | t | id | pg_catalog | =") STAGED "rows 0\n", RUN_FAILED, ERR_APPLY, "the server refused COPY: foreign_key_violation (23503)", 1, 0, 1, false},
    {"a foreign key that is not kept, of a column that is not loaded", HOLDS_LIVE, BUILD, NULL, KEY_REFUSED KEYS("rows 1 | 1 | other | wells__g2 | kinds | f | id | pg_catalog | =") STAGED "error 42501\n", RUN_FAILED, ERR_APPLY, "the server refused COPY: foreign_key_violation (23503)", 1, 0, 1, false},
    {"a foreign key that is not kept, and nobody may look", HOLDS_LIVE, BUILD, NULL, KEY_REFUSED KEYS("error 42501") STAGE, RUN_FAILED, ERR_APPLY, "the server refused COPY: foreign_key_violation (23503)", 1, 0, 1, false},
    {"rows that are refused together are bisected", HOLDS_LIVE, BUILD, NULL, "COPY * -> error 23505\n" WHOLE("f") STAGE REFUSED("23505") TAKEN("1"), RUN_FAILED, ERR_APPLY, "record 2: the server refused this row: unique_violation (23505)", 1, 0, 1, false},
    {"rows that are refused at COMMIT, too", HOLDS_LIVE, BUILD, NULL, "COPY * -> copy\ncopy end -> COPY 2\nCOMMIT -> error 23505\n" WHOLE("f") STAGE REFUSED("23505") REFUSED("23505"), RUN_FAILED, ERR_APPLY, "record 1: the server refused this row: unique_violation (23505)", 1, 0, 1, false},
    {"rows that are refused for other reasons then", HOLDS_LIVE, BUILD, NULL, "COPY * -> error 23505\n" WHOLE("f") STAGE REFUSED("23514"), RUN_FAILED, ERR_APPLY, "unique_violation (23505)", 1, 0, 1, false},
    {"rows that are refused no more", HOLDS_LIVE, BUILD, NULL, "COPY * -> error 23505\n" WHOLE("f") STAGE TAKEN("2"), RUN_FAILED, ERR_APPLY, "unique_violation (23505)", 1, 0, 1, false},
    {"rows that are judged as a whole", HOLDS_LIVE, BUILD, NULL, "COPY * -> error P0001\n" WHOLE("t"), RUN_FAILED, ERR_APPLY, "the server refused COPY: raise_exception (P0001)", 1, 0, 1, false},
    {"an artifact that was altered", HOLDS_LIVE, BUILD, with_another_digest, "~ COPY * -> error 42501\n", RUN_FAILED, ERR_PREFLIGHT, "v1.csv", 1, 0, 1, false},
    {"an asset that is not in the catalog", HOLDS_LIVE, BUILD, without_asset, "~ COPY * -> error 42501\n", RUN_FAILED, ERR_CONFIG, "no artifact \"lines\"", 1, 0, 1, false},
    {"an artifact that is not there", HOLDS_LIVE, BUILD, with_missing_file, "~ COPY * -> error 42501\n", RUN_FAILED, ERR_PREFLIGHT, "v1.shp", 1, 0, 1, false},
    {"an asset that nothing reads", HOLDS_LIVE, BUILD, with_unknown_format, "~ COPY * -> error 42501\n", RUN_FAILED, ERR_CONFIG, "no reader for asset \"features\" (image/png)", 1, 0, 1, false},
    {"a table that the chain does not make", HOLDS_LIVE, BUILD, NULL, "~ @postgis_load_columns -> rows\n", RUN_FAILED, ERR_CONFIG, "the chain makes no table \"pts\" in schema wells", 1, 0, 1, false},
    {"a table whose row security holds for us", HOLDS_LIVE, BUILD, NULL, SECURED, RUN_FAILED, ERR_CONFIG, "row security of table \"pts\" holds for the role that loads, too", 1, 0, 1, false},
    {"a column that the table does not have", HOLDS_LIVE, BUILD, with_unknown_column, "", RUN_FAILED, ERR_CONFIG, "\"number\"", 1, 0, 1, false},
    {"two columns that the table does not have", HOLDS_LIVE, BUILD, with_two_unknown_columns, "", RUN_FAILED, ERR_CONFIG, "\"number\"", 1, 0, 1, false},
    {"a schema's name that is too long", HOLDS_NOTHING, BUILD, with_a_long_name, "", RUN_FAILED, ERR_CONFIG, "is too long for a projection", 0, 0, 1, false},

    /* the chain */
    {"a statement of the chain is refused", HOLDS_LIVE, BUILD, NULL, "~ CREATE TABLE pts* -> error 42P07\n", RUN_FAILED, ERR_APPLY, "statement 1 (CREATE TABLE) failed", 1, 0, 1, false},
    {"a deferred constraint of the chain speaks up", HOLDS_LIVE, BUILD, NULL, "~ @postgis_observe_settle -> error 23503\n", RUN_FAILED, ERR_APPLY, "a deferred constraint failed", 1, 0, 1, false},
    {"what the chain did cannot be named", HOLDS_LIVE, BUILD, NULL, "@postgis_observe_catalogs -> rows\n@postgis_observe_counters -> rows 77 | pg_new | 1 | 0 | 0\n", RUN_FAILED, ERR_APPLY, "wells: gate \"scope\" failed, everything was rolled back: alter of unknown pg_new", 1, 0, 1, false},
    {"files that want the data are refused", HOLDS_LIVE, BUILD, with_after_load, "~ CREATE TABLE pts* -> error 42P07\n", RUN_FAILED, ERR_APPLY, "statement 1 (CREATE TABLE) failed", 1, 0, 1, false},

    /* what stands in the way */
    {"what depends on the live one", HOLDS_LIVE, BUILD, NULL, OBSTACLE, RUN_FAILED, ERR_PREFLIGHT, "wells cannot be published: dependant: view app.v, depends on table wells.pts", 1, 0, 1, false},
    {"of many the first three are told", HOLDS_LIVE, BUILD, NULL, FOUR_OBSTACLES, RUN_FAILED, ERR_PREFLIGHT, "view app.v3, depends on table wells.pts; ...", 1, 0, 1, false},
    {"a switch by hand never replaces rows", HOLDS_KEPT, SWITCH, with_fallback, OBSTACLE, RUN_FAILED, ERR_PREFLIGHT, "wells cannot be published: dependant", 2, 0, 1, false},

    /* rows replaced in place */
    {"rows that no dataset explains", HOLDS_LIVE, BUILD, with_fallback, OBSTACLE "~ DELETE FROM * -> DELETE 5\n", RUN_FAILED, ERR_PREFLIGHT, "table wells.pts held 5 rows, its dataset versions explain 4", 1, 0, 1, false},
    {"rows that may not be deleted", HOLDS_LIVE, BUILD, with_fallback, OBSTACLE "~ DELETE FROM * -> error 42501\n", RUN_FAILED, ERR_APPLY, "insufficient_privilege", 1, 0, 1, false},
    {"files that would run twice", HOLDS_LIVE, BUILD, with_fallback_after_load, OBSTACLE, RUN_FAILED, ERR_PREFLIGHT, "its rows cannot be replaced in place: files that run after the load would run twice", 1, 0, 1, false},
    {"a schema that was changed outside", HOLDS_LIVE, BUILD, with_fallback_and_altered, OBSTACLE, RUN_FAILED, ERR_PREFLIGHT, "its schema was changed outside kfmig", 1, 0, 1, false},
    {"a chain that changed", HOLDS_LIVE, BUILD, with_fallback_and_another_chain, OBSTACLE, RUN_FAILED, ERR_PREFLIGHT, "the chain changed, too: migration M-1", 1, 0, 1, false},
    {"a schema that kfmig did not build", HOLDS_FOREIGN, BUILD, with_fallback_and_schema, OBSTACLE, RUN_FAILED, ERR_PREFLIGHT, "kfmig did not build what is there", 0, 0, 1, false},
    {"a schema that was there all of a sudden", HOLDS_FOREIGN, BUILD, with_fallback, OBSTACLE, RUN_FAILED, ERR_PREFLIGHT, "kfmig did not build what is there", 0, 0, 1, false},
    {"rows that are refused in place are bisected", HOLDS_LIVE, BUILD, with_fallback, OBSTACLE "COPY * -> error P0001\n" WHOLE("f") STAGE REFUSED("P0001") TAKEN("1"), RUN_FAILED, ERR_APPLY, "record 2: the server refused this row: raise_exception (P0001)", 1, 0, 1, false},
    {"what was deferred fails in place, and is bisected", HOLDS_LIVE, BUILD, with_fallback, OBSTACLE "15x @postgis_observe_settle -> SET CONSTRAINTS\n@postgis_observe_settle -> error P0001\n" WHOLE("f") STAGE REFUSED("P0001") TAKEN("1"), RUN_FAILED, ERR_APPLY, "record 2: the server refused this row: raise_exception (P0001)", 1, 0, 1, false},
    {"and is not, where nobody may look", HOLDS_LIVE, BUILD, with_fallback, OBSTACLE "15x @postgis_observe_settle -> SET CONSTRAINTS\n@postgis_observe_settle -> error P0001\n" WHOLE("f") "~ CREATE UNLOGGED TABLE * -> error 42501\n", RUN_FAILED, ERR_APPLY, "what was deferred failed: raise_exception (P0001)", 1, 0, 1, false},
    {"a proof that fails in place", HOLDS_LIVE, BUILD, with_fallback, OBSTACLE "~ SELECT 1 FROM pts WHERE bad -> rows 1\n", RUN_FAILED, ERR_VALIDATE, "invariant none_bad.sql failed", 1, 0, 1, false},
    {"rows of a source without versions, in place", HOLDS_LIVE, BUILD, without_sums, OBSTACLE, RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},

    /* indexes by several hands */
    {"only one hand can be had", HOLDS_LIVE, BUILD, with_crew, "connect -> ok\n" AWAY, RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"an index that cannot be made", HOLDS_LIVE, BUILD, with_crew, "~ CREATE INDEX * -> error 53100\n", RUN_FAILED, ERR_APPLY, "disk_full", 1, 0, 1, false},
    {"a starter has the work lock", HOLDS_LIVE, BUILD, with_crew, "~ 2: @ledger_work_begin -> rows f | 700 | u u | n | on\n", RUN_FAILED, ERR_LOCKED, "another run is taking over", 1, 0, 1, false},
    {"the COMMIT of a hand's index is refused", HOLDS_LIVE, BUILD, with_crew, "~ 3: COMMIT -> error 53100\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"an index that does not take a record", HOLDS_LIVE, BUILD, NULL, UNINDEXED("CREATE INDEX * -> error 23505\n") REFUSED("23505") TAKEN("1"), RUN_FAILED, ERR_APPLY, "record 2: the server refused this row: unique_violation (23505)", 1, 0, 1, false},
    {"one of several that does not", HOLDS_LIVE, BUILD, with_crew, UNINDEXED("2x CREATE INDEX * -> error 23505\n") REFUSED("23505") TAKEN("1"), RUN_FAILED, ERR_APPLY, "record 2: the server refused this row: unique_violation (23505)", 1, 0, 1, false},
    {"an index that takes those of one source, and not of the other", HOLDS_LIVE, BUILD, NULL, UNINDEXED("CREATE INDEX * -> error 23505\n") TAKEN("2") REFUSED("23505") TAKEN("1"), RUN_FAILED, ERR_APPLY, "record 2: the server refused this row: unique_violation (23505)", 1, 0, 1, false},
    {"an index that takes them all now", HOLDS_LIVE, BUILD, NULL, UNINDEXED("CREATE INDEX * -> error 23505\n") TAKEN("2") TAKEN("2"), RUN_FAILED, ERR_APPLY, "unique_violation (23505)", 1, 0, 1, false},
    {"an index that is made of no rows, either", HOLDS_LIVE, BUILD, NULL, "2x CREATE INDEX * -> error 22012\n~ TRUNCATE * -> TRUNCATE TABLE\n", RUN_FAILED, ERR_APPLY, "division_by_zero (22012)", 1, 0, 1, false},
    {"an index of a table that may not be emptied", HOLDS_LIVE, BUILD, NULL, "CREATE INDEX * -> error 23505\n~ TRUNCATE * -> error 42501\n", RUN_FAILED, ERR_APPLY, "unique_violation (23505)", 1, 0, 1, false},
    {"one hand's rows are refused: the run's own session says so, in order", HOLDS_LIVE, BUILD, with_crew_anew, "~ 3: copy end -> error 23505\n~ copy end -> error 23505\n" WHOLE("t"), RUN_FAILED, ERR_APPLY, "23505", 1, 0, 1, false},
    {"a hand is refused what the run's own session may", HOLDS_LIVE, BUILD, with_crew_anew, "~ 2: COPY * -> error 42501\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"a hand's connection is lost", HOLDS_LIVE, BUILD, with_crew_anew, "~ 2: COPY * -> cut\n", RUN_FAILED, ERR_PREFLIGHT, "08006", 1, 0, 1, false},
    {"no session is to spare", HOLDS_LIVE, BUILD, with_crew_anew, "~ @postgis_generation_spare -> rows 3\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"nobody says how many are", HOLDS_LIVE, BUILD, with_crew_anew, "~ @postgis_generation_spare -> error 42501\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"what keeps them apart cannot be had", HOLDS_LIVE, BUILD, with_crew_anew, "~ @postgis_generation_fillings -> error 42501\n", RUN_FAILED, ERR_PREFLIGHT, "42501", 1, 0, 1, false},
    {"one source waits for the other", HOLDS_LIVE, BUILD, with_crew_anew, "~ @postgis_generation_fillings -> rows 1 | shares | NULL ; 2 | shares | NULL\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"a source that looks at everything", HOLDS_LIVE, BUILD, with_crew_anew, "~ @postgis_generation_fillings -> rows 1 | alone | NULL\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"a key between the two", HOLDS_LIVE, BUILD, with_crew_anew, "~ @postgis_generation_fillings -> rows 1 | with | pts ; 2 | with | pts\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"one session, as was asked for", HOLDS_LIVE, BUILD, with_crew_of_one, "~ @postgis_generation_fillings -> error 42501\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"one session, as there is little to load", HOLDS_LIVE, BUILD, with_crew_for_few_bytes, "~ @postgis_generation_fillings -> error 42501\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"several, as there is more", HOLDS_LIVE, BUILD, with_crew_for_enough_bytes, "~ @postgis_generation_fillings -> error 42501\n", RUN_FAILED, ERR_PREFLIGHT, "42501", 1, 0, 1, false},
    {"hands that fail to prove", HOLDS_LIVE, BUILD, with_crew_anew, "~ 3: SELECT count(*), sum(get_byte* -> error 53200\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"interrupted while hands load", HOLDS_LIVE, BUILD, with_crew_stopped, "", RUN_INTERRUPTED, ERR_INTERRUPTED, "interrupted", 1, 0, 1, false},
    {"an index that is invalid is made again", HOLDS_LIVE, BUILD, NULL, "@postgis_generation_indexes_found -> rows pts_id | NULL\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},

    /* publishing */
    {"a reader whose snapshot is old", HOLDS_LIVE, BUILD, NULL, "~ @postgis_generation_old_snapshots -> rows session 5\n", RUN_FAILED, ERR_PREFLIGHT, "wells is ready, but not published: session 5 would see an empty or mixed one", 1, 0, 1, false},
    {"a reader who goes on with the old one", HOLDS_LIVE, BUILD, NULL, "~ DO lock -> error 55P03\n~ @postgis_generation_holder -> rows session 6 (psql) | wells__g1.pts\n", RUN_FAILED, ERR_PREFLIGHT, "session 6 (psql) uses wells.pts would see", 1, 0, 1, false},
    {"one who has just ended is waited for", HOLDS_LIVE, BUILD, NULL, "3x DO lock -> error 40P01\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"locks that are refused", HOLDS_LIVE, BUILD, NULL, "~ DO lock -> error 42501\n", RUN_FAILED, ERR_APPLY, "insufficient_privilege", 1, 0, 1, false},
    {"nothing to lock", HOLDS_LIVE, BUILD, NULL, "~ @postgis_generation_relations -> rows\n", RUN_SUCCESS, ERR_NONE, "", 2, 1, 0, false},
    {"interrupted while it waits for snapshots", HOLDS_READY, BUILD, stopped, "~ @postgis_generation_old_snapshots -> rows session 5\n", RUN_INTERRUPTED, ERR_INTERRUPTED, "interrupted while waiting to publish wells", 1, 0, 1, false},
    {"another run has taken over", HOLDS_LIVE, BUILD, NULL, "connect -> ok\n~ @ledger_lock_held -> rows f\n" AWAY, RUN_FAILED, ERR_LOCKED, "another run has taken over the environment", 1, 0, 0, true},
};
/* clang-format on */

enum { N = sizeof scenarios / sizeof *scenarios };

/* Those of which every word to the server is compared. */
static const char *const whole[] = {
    "a second one, of which one source is copied",
    "one is gone on with where it was loading",
    "back to the one before",
    "rows replaced in place",
    "privileges that only the live one gives are carried over",
    "as many rows as the catalog says",
    "what differs from the ledger's sum is recorded, of its own schema",
    "rows that are not those of before",
    "a reader whose snapshot is old",
    "one who has just ended is waited for",
};
enum { N_WHOLE = sizeof whole / sizeof *whole };

static const struct generation *kept(void)
{
    for (size_t i = 0; i < b.now.n; i++) {
        if (b.now.v[i].state == GENERATION_KEPT) {
            return &b.now.v[i];
        }
    }
    return NULL;
}

static void act(enum act what)
{
    if (what == BUILD) {
        run_projection(&b.t.run, &b.job, &b.t.o);
    } else {
        run_switch(&b.t.run, &b.job, kept(), what == VERIFY, &b.t.o);
    }
}

static void play(size_t i)
{
    pq_draw_again();
    struct err e = {0};
    build_holding(&b, scenarios[i].holds);
    build_open(&b, scenarios[i].lines, 0, NULL, 0, NULL);
    bool good = build_plan(&b, &e) == 0;
    if (scenarios[i].declare != NULL) {
        scenarios[i].declare();
    }
    act(scenarios[i].act);
    const struct outcome *o = &b.t.o;
    struct held *is = &b.server.is;
    int done = held_entries(is, "success");
    int failed = is->n_entries - done;
    good = good && o->result == scenarios[i].result && o->failure.code == scenarios[i].code &&
           strstr(o->failure.msg, scenarios[i].words) != NULL &&
           held_live(is) == scenarios[i].live && done == scenarios[i].done &&
           failed == scenarios[i].failed && (o->owed.p != NULL) == scenarios[i].owed &&
           (o->sequence != 0) == (done + failed > 0) && b.server.n_lies == 0;
    if (!good) {
        printf("# result %d, code %d, live %d, done %d, failed %d, owed %d, entry %lld: %s\n",
               (int)o->result, (int)o->failure.code, held_live(is), done, failed, o->owed.p != NULL,
               (long long)o->sequence, o->failure.msg);
    }
    scene_note_outcome(o);
    build_close(&b);
    good = pq_played() && good;
    ok(good, scenarios[i].name);
    if (said_whole(whole, N_WHOLE, scenarios[i].name)) {
        ok(said_as(scenarios[i].name, pq_said()), "and every word of it to the server");
    }
}

int main(void)
{
    build_folder_make();
    tap_plan(N + N_WHOLE);
    said_open("projection");
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    said_close();
    build_forget(&b);
    build_folder_remove();
    return tap_done();
}
