/* layer: store */
/* run: needs=postgres limit=300 */
/* Artifacts into tables of a real server with PostGIS: what columns are, what a mapping must be, rows, transformed coordinates, refusals, progress. */
#include <fcntl.h>

#include "store/postgis/load.h"
#include "store_server.h"

enum { PLANNED = 112 + 2 * 26 + 1 + 36 + 4 * 15 + 8 + 2 + 2 + 1, MANY = 30000 };

#define COUNT(v) ((int)(sizeof(v) / sizeof *(v)))

static char dir[32];
static int dirfd_of_data;

static const char *const fixture[] = {
    "CREATE SCHEMA app",
    "CREATE TYPE app.mood AS ENUM ('sad', 'ok')",
    "CREATE TYPE app.geometry AS ENUM ('round', 'flat')",
    "CREATE DOMAIN app.place AS gis.geometry(Point, 4326) NOT NULL",
    "CREATE DOMAIN app.code AS text DEFAULT 'none' NOT NULL",
    "CREATE DOMAIN app.inner_code AS app.code",
    "CREATE DOMAIN app.tags AS text[]",
    "CREATE DOMAIN app.short AS text CHECK (length(value) < 4)",
    "CREATE TABLE app.kinds (a int2 NOT NULL, b varchar(7), c char(3), d numeric(6, 2), e numeric,"
    " f timestamptz(3), g time(0), h timestamp, i int[], j app.mood, k app.inner_code,"
    " l bigint GENERATED ALWAYS AS IDENTITY, m int GENERATED ALWAYS AS (a * 2) STORED,"
    " n int NOT NULL DEFAULT 7, o \"char\", p app.geometry)",
    "ALTER TABLE app.kinds ADD gone int",
    "ALTER TABLE app.kinds DROP gone",
    "CREATE TABLE app.shapes (a gis.geometry, b gis.geometry(Point), c gis.geometry(Geometry, "
    "4326),"
    " d gis.geometry(PointZ, 5070), e gis.geometry(LineStringM, 4326),"
    " f gis.geometry(MultiPolygonZM, 3857), g gis.geometry(GeometryCollection),"
    " h gis.geometry(CurvePolygon, 4326), i gis.geography, j gis.geography(LineString, 4269),"
    " k app.place)",
    "CREATE VIEW app.seen AS SELECT 1 AS a",
    "CREATE TABLE app.feature (fid text PRIMARY KEY, version text NOT NULL, evidence text,"
    " pop int, ratio numeric(6, 3), seen timestamptz, tags jsonb, ok bool,"
    " geom gis.geometry(MultiPolygon, 4326), label gis.geometry(Point, 4326),"
    " note text NOT NULL DEFAULT 'none', id bigint GENERATED ALWAYS AS IDENTITY,"
    " size int GENERATED ALWAYS AS (length(fid)) STORED)",
    "CREATE TABLE app.albers (fid text, mood app.mood, geom gis.geometry(Point, 5070))",
    "CREATE TABLE app.mercator (fid text, id bigint GENERATED ALWAYS AS IDENTITY,"
    " geom gis.geometry(Point, 3857), same gis.geometry(Point, 4326), round gis.geography)",
    "CREATE TABLE app.globe (fid text, geom gis.geography(Point))",
    "CREATE TABLE app.places (fid text, geom app.place)",
    "CREATE TABLE app.unknown (geom gis.geometry(Point, 999999))",
    "CREATE TABLE app.picky (fid text)",
    "CREATE FUNCTION app.pick() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN IF new.fid = ''2'' THEN RETURN NULL; END IF; RETURN new; END'",
    "CREATE TRIGGER pick BEFORE INSERT ON app.picky FOR EACH ROW EXECUTE FUNCTION app.pick()",
    "CREATE TABLE app.many (n int PRIMARY KEY, geom gis.geometry(Point, 4326))",
};

#define POINT_1_2 "{\"type\":\"Point\",\"coordinates\":[1,2]}"
#define SQUARE "[[[-97,38],[-96,38],[-96,39],[-97,39],[-97,38]]]"

static const struct {
    const char *name, *text;
} artifacts[] = {
    {"counties.geojson",
     "{\"type\":\"FeatureCollection\",\"features\":[\n"
     "{\"type\":\"Feature\",\"id\":7,\"properties\":{\"geoid\":\"20001\",\"pop\":12,\"ratio\":1."
     "250,"
     "\"seen\":\"2026-03-01T06:00:00-06:00\",\"tags\":{\"a\":[1,2]},\"x\":-96.5,\"y\":38.5,"
     "\"ok\":true},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":" SQUARE "}},\n"
     "{\"type\":\"Feature\",\"properties\":{\"geoid\":\"20003\",\"pop\":null,\"tags\":\"t\","
     "\"x\":1,\"y\":2,\"ok\":false},\"geometry\":{\"type\":\"MultiPolygon\",\"coordinates\":"
     "[" SQUARE "]}}\n]}\n"},
    {"wrong.geojson", "{\"type\":\"FeatureCollection\",\"features\":[\n"
                      "{\"type\":\"Feature\",\"properties\":{\"geoid\":\"20001\",\"pop\":1},"
                      "\"geometry\":null},\n"
                      "{\"type\":\"Feature\",\"properties\":{\"geoid\":\"20003\",\"pop\":4242.5},"
                      "\"geometry\":null}]}"},
    {"names.geojson",
     "{\"type\":\"FeatureCollection\",\"features\":[\n"
     "{\"type\":\"Feature\",\"properties\":{\"geoid\":\"a\",\"name.en\":\"Dot\",\"a\":{\"b\":\"c\"}"
     ","
     "\"x\":1,\"$v\":\"d\",\"b\\\\s\":\"e\",\"\":\"f\",\"null\":null},\"geometry\":" POINT_1_2
     "},\n"
     "{\"type\":\"Feature\",\"properties\":{\"geoid\":\"b\",\"y\":2},\"geometry\":null}]}"},
    {"none.geojson", "{\"type\":\"FeatureCollection\",\"features\":[]}"},
    {"points.csv", "fid,lon,lat,mood\n"
                   "a,-98.5,39.25,ok\n"
                   "b,-94.625,37.0,sad\n"
                   "\"c,\"\"x\"\"\",-102,40,\n"},
    {"rows.ndjson", "{\"fid\":\"1\"}\n{\"fid\":\"2\"}\n{\"fid\":\"3\"}\n"},
    {"twice.ndjson", "{\"fid\":\"1\"}\n{\"fid\":\"canary\"}\n{\"fid\":\"canary\"}\n"},
    {"albers.csv", "fid,x,y\nq,0,0\nr,-217000.5,1700000.25\n"},
};

#define PATH(c, p)                                                                                 \
    {                                                                                              \
        .column = (c), .kind = SOURCE_PATH, .text = (p), .line = 9, .col = 3                       \
    }
#define CONST(c, t)                                                                                \
    {                                                                                              \
        .column = (c), .kind = SOURCE_CONST, .text = (t), .line = 9, .col = 3                      \
    }
#define POINT(c, px, py)                                                                           \
    {                                                                                              \
        .column = (c), .kind = SOURCE_POINT, .x = (px), .y = (py), .line = 9, .col = 3             \
    }
#define OTHER(c, k)                                                                                \
    {                                                                                              \
        .column = (c), .kind = SOURCE_##k, .line = 9, .col = 3                                     \
    }

#define MAPPINGS 12
static struct projection_source from;

static struct load_source source_of(const char *path, enum data_format format, const char *into,
                                    struct mapping *m, size_t n)
{
    from = (struct projection_source){.dataset = "counties",
                                      .version = "2026-02.1a2b3c4d",
                                      .asset = "features",
                                      .into = into,
                                      .column = m,
                                      .n_columns = n,
                                      .line = 5,
                                      .col = 7};
    return (struct load_source){.from = &from,
                                .declared_in = "registry/projections/p.yml",
                                .dirfd = dirfd_of_data,
                                .path = path,
                                .format = format,
                                .srid = 4326,
                                .evidence_ref = "dcat://counties@2026-02.1a2b3c4d"};
}

static struct load *plan(struct pg *s, const struct load_source *in, struct err_list *faults)
{
    struct column *c = NULL;
    size_t n = 0;
    must(load_columns(s, &arena, "app", in->from->into, &c, &n, NULL, &e), in->from->into);
    return load_plan(&arena, in, c, n, faults);
}

static struct load *plan_well(struct pg *s, const struct load_source *in)
{
    struct err_list faults = {0};
    struct load *l = plan(s, in, &faults);
    for (size_t i = 0; i < faults.n; i++) {
        server_explain(&faults.v[i]);
    }
    must(l == NULL ? -1 : 0, "plan");
    return l;
}

static const char *ask(struct pg *s, const char *sql)
{
    struct pg_rows *r = NULL;
    must(pg_run(s, sql, NULL, 0, &r, &e), sql);
    const char *text = pg_rows_n(r) == 0 ? "(no row)" : arena_strdup(&arena, pg_text(r, 0, 0));
    pg_rows_free(r);
    return text;
}

static int load_in_transaction(struct pg *s, const struct load *l, const struct load_watch *w,
                               int64_t *rows)
{
    char tag[64];
    struct err ignored;
    *rows = -1;
    e = (struct err){0};
    must(pg_command(s, "BEGIN", NULL, NULL, &e), "BEGIN");
    int rc = load_copy(s, &arena, "app", l, w, rows, &e);
    int end = pg_command(s, rc == 0 ? "COMMIT" : "ROLLBACK", tag, NULL, &ignored);
    return end != 0 ? -2 : rc;
}

static const struct {
    const char *name;
    struct column want;
} kinds[] = {
    {"a", {.kind = COLUMN_INT2, .not_null = true}},
    {"b", {.kind = COLUMN_TEXT, .max_chars = 7}},
    {"c", {.kind = COLUMN_TEXT, .max_chars = 3}},
    {"d", {.kind = COLUMN_NUMERIC, .precision = 6, .scale = 2}},
    {"e", {.kind = COLUMN_NUMERIC}},
    {"f", {.kind = COLUMN_TIMESTAMPTZ, .lost_digits = 3}},
    {"g", {.kind = COLUMN_TIME, .lost_digits = 6}},
    {"h", {.kind = COLUMN_TIMESTAMP}},
    {"i", {.kind = COLUMN_OTHER}},
    {"j", {.kind = COLUMN_OTHER}},
    {"k", {.kind = COLUMN_OTHER, .not_null = true, .has_default = true}},
    {"l", {.kind = COLUMN_INT8, .not_null = true, .has_default = true}},
    {"m", {.kind = COLUMN_INT4, .has_default = true, .is_generated = true}},
    {"n", {.kind = COLUMN_INT4, .not_null = true, .has_default = true}},
    {"o", {.kind = COLUMN_OTHER}},
    {"p", {.kind = COLUMN_OTHER}},
};

#define GEO(k, t, s, ...)                                                                          \
    {                                                                                              \
        .kind = COLUMN_##k, .takes_geometry = true, .geometry_type = (t), .srid = (s), __VA_ARGS__ \
    }

static const struct {
    const char *name;
    struct column want;
} shapes[] = {
    {"a", GEO(GEOMETRY, 0, 0, .any_dims = true)},
    {"b", GEO(GEOMETRY, 1, 0, .any_dims = false)},
    {"c", GEO(GEOMETRY, 0, 4326, .any_dims = false)},
    {"d", GEO(GEOMETRY, 1, 5070, .has_z = true)},
    {"e", GEO(GEOMETRY, 2, 4326, .has_m = true)},
    {"f", GEO(GEOMETRY, 6, 3857, .has_z = true, .has_m = true)},
    {"g", GEO(GEOMETRY, 7, 0, .any_dims = false)},
    {"h", GEO(GEOMETRY, 8, 4326, .any_dims = false)},
    {"i", GEO(OTHER, 0, 4326, .any_dims = true)},
    {"j", GEO(OTHER, 2, 4269, .any_dims = false)},
    {"k", GEO(OTHER, 1, 4326, .not_null = true)},
};

static bool is_like(const struct column *got, const char *name, const struct column *want)
{
    struct column x = *want;
    x.name = got->name;
    x.type = got->type;
    return strcmp(got->name, name) == 0 && x.kind == got->kind && x.not_null == got->not_null &&
           x.has_default == got->has_default && x.is_generated == got->is_generated &&
           x.max_chars == got->max_chars && x.precision == got->precision &&
           x.scale == got->scale && x.lost_digits == got->lost_digits &&
           x.takes_geometry == got->takes_geometry && x.geometry_type == got->geometry_type &&
           x.srid == got->srid && x.any_dims == got->any_dims && x.has_z == got->has_z &&
           x.has_m == got->has_m;
}

static void test_columns(struct pg *s)
{
    struct column *c = NULL;
    size_t n = 0;
    bool all = true;
    must(load_columns(s, &arena, "app", "kinds", &c, &n, &all, &e), "columns");
    is_int(n, COUNT(kinds), "all columns, without the dropped one");
    for (int i = 0; i < COUNT(kinds); i++) {
        ok(is_like(&c[i], kinds[i].name, &kinds[i].want), c[i].type);
    }
    ok(!all, "some have no binary form known here");
    is_str(c[3].type, "numeric(6,2)", "types are named as the server does");
    must(load_columns(s, &arena, "app", "shapes", &c, &n, NULL, &e), "columns");
    is_int(n, COUNT(shapes), "all geometries");
    for (int i = 0; i < COUNT(shapes); i++) {
        ok(is_like(&c[i], shapes[i].name, &shapes[i].want), c[i].type);
    }
    must(load_columns(s, &arena, "app", "many", &c, &n, &all, &e), "columns");
    ok(all, "all of a plain table's columns have a binary form");
    is_int(load_columns(s, &arena, "app", "missing", &c, &n, &all, &e), 1, "no such table");
    is_int(load_columns(s, &arena, "nowhere", "many", &c, &n, &all, &e), 1, "no such schema");
    is_int(load_columns(s, &arena, "app", "seen", &c, &n, &all, &e), 1, "a view is no table");
}

static void test_faults(struct pg *s)
{
    static const char *const want[] = {
        "table \"feature\" has no column \"fidd\"",
        "column \"size\" of table \"feature\" is generated and takes no value",
        "column \"pop\": this is no number",
        "column \"label\": this is no geometry",
        "column \"evidence\" is text, and x and y make a point",
        "column \"geom\" takes a geometry, and the coordinate reference system of asset "
        "\"features\" is unknown",
        "column \"note\": this is NULL, and the column is NOT NULL",
        "column \"fid\" of table \"feature\" is NOT NULL without a default, and nothing is mapped "
        "to it",
        "column \"version\" of table \"feature\" is NOT NULL without a default, and nothing is "
        "mapped to it",
    };
    struct mapping m[] = {PATH("fidd", "id"),          PATH("size", "properties.size"),
                          CONST("pop", "canary"),      CONST("label", "POINT(1 2)"),
                          POINT("evidence", "x", "y"), PATH("geom", "geometry"),
                          CONST("note", NULL)};
    struct load_source in = source_of("x", FORMAT_GEOJSON, "feature", m, COUNT(m));
    struct err_list faults = {0};
    in.srid = 0;
    ok(plan(s, &in, &faults) == NULL, "a mapping full of faults");
    is_int(faults.n, COUNT(want), "all of them are found");
    for (int i = 0; i < COUNT(want); i++) {
        bool is_there = (size_t)i < faults.n;
        is_str(is_there ? faults.v[i].msg : "", want[i], "fault");
        int line = strstr(want[i], "nothing is mapped") != NULL ? 5 : 9;
        ok(is_there && faults.v[i].code == ERR_CONFIG && faults.v[i].where.line == line &&
               strcmp(faults.v[i].where.path, "registry/projections/p.yml") == 0,
           "with its place");
    }
    err_list_release(&faults);
}

static const char feature_sql[] =
    "SELECT string_agg(concat_ws('|', fid, version, evidence, pop, ratio, seen, tags, ok,"
    " gis.st_asewkt(geom), gis.st_asewkt(label), note, id, size), E'\\n' ORDER BY fid) FROM "
    "app.feature";

static void test_geojson(struct pg *s)
{
    struct mapping m[] = {
        PATH("fid", "properties.geoid"),   OTHER("version", VERSION),
        OTHER("evidence", EVIDENCE),       PATH("pop", "properties.pop"),
        PATH("ratio", "properties.ratio"), PATH("seen", "properties.seen"),
        PATH("tags", "properties.tags"),   PATH("ok", "properties.ok"),
        PATH("geom", "geometry"),          POINT("label", "properties.x", "properties.y"),
        CONST("note", "it's\ta \\ note")};
    struct load_source in = source_of("counties.geojson", FORMAT_GEOJSON, "feature", m, COUNT(m));
    const struct load *l = plan_well(s, &in);
    int64_t rows = 0;
    is_int(load_dry(l, NULL, &rows, &e), 0, "a dry run");
    is_int(rows, 2, "reads every record");
    is_str(ask(s, "SELECT count(*) FROM app.feature"), "0", "and writes nothing");
    is_int(load_in_transaction(s, l, NULL, &rows), 0, "the load");
    is_int(rows, 2, "writes them");
    is_str(ask(s, feature_sql),
           "20001|2026-02.1a2b3c4d|dcat://counties@2026-02.1a2b3c4d|12|1.250|2026-03-01 "
           "12:00:00+00|{\"a\": [1, 2]}|t|SRID=4326;MULTIPOLYGON(((-97 38,-96 38,-96 39,-97 39,-97 "
           "38)))|SRID=4326;POINT(-96.5 38.5)|it's\ta \\ note|1|5\n"
           "20003|2026-02.1a2b3c4d|dcat://counties@2026-02.1a2b3c4d|\"t\"|f|SRID=4326;MULTIPOLYGON("
           "((-97 38,-96 38,-96 39,-97 39,-97 38)))|SRID=4326;POINT(1 2)|it's\ta \\ note|2|5",
           "as the artifact says");
    is_int(load_in_transaction(s, l, NULL, &rows), -1, "a second time");
    ok(e.code == ERR_APPLY && strcmp(e.sqlstate, "23505") == 0, "the key is taken");
    is_str(ask(s, "SELECT count(*) FROM app.feature"), "2", "and nothing changes");
}

/* What no record has is a mistake, with the names that are there; what some have is NULL in the others. */
static const struct {
    const char *path;
    const char *want; /* what it gives in the two rows; NULL: no record has it */
    const char *artifact, *into, *column;
} matches[] = {
    {"properties.geoid", "a b", "names.geojson", "picky", "fid"},
    {"properties.name\\.en", "Dot -", "names.geojson", "picky", "fid"},
    {"properties.a.b", "c -", "names.geojson", "picky", "fid"},
    {"properties.\\$v", "d -", "names.geojson", "picky", "fid"},
    {"properties.b\\\\s", "e -", "names.geojson", "picky", "fid"},
    {"properties.", "f -", "names.geojson", "picky", "fid"},
    {"properties.null", "- -", "names.geojson", "picky", "fid"},
    {"properties.y", "- 2", "names.geojson", "picky", "fid"},
    {"type", "Feature Feature", "names.geojson", "picky", "fid"},
    {"properties.geiod", NULL, "names.geojson", "picky", "fid"},
    {"geoid", NULL, "names.geojson", "picky", "fid"},
    {"properties.GEOID", NULL, "names.geojson", "picky", "fid"},
    {"Properties.geoid", NULL, "names.geojson", "picky", "fid"},
    {"properties.a.0.b", NULL, "names.geojson", "picky", "fid"},
    {"properties.name.en", NULL, "names.geojson", "picky", "fid"},
    {"properties.geoid.", NULL, "names.geojson", "picky", "fid"},
    {"properties.geoid.x", NULL, "names.geojson", "picky", "fid"},
    {".properties.geoid", NULL, "names.geojson", "picky", "fid"},
    {"id", NULL, "names.geojson", "picky", "fid"},
    {"geom", NULL, "names.geojson", "albers", "geom"},
    {"Geometry", NULL, "names.geojson", "albers", "geom"},
    {"properties.geometry", NULL, "names.geojson", "albers", "geom"},
    {"properties.geoid", NULL, "rows.ndjson", "picky", "fid"},
    {"FID", NULL, "rows.ndjson", "picky", "fid"},
    {"fid", "1 2", "rows.ndjson", "picky", "fid"},
    {"whatever", "", "none.geojson", "picky", "fid"},
};

static const char names_hint[] =
    "the first record has: type, properties.geoid, properties.name\\.en, properties.a, "
    "properties.x, "
    "properties.\\$v, properties.b\\\\s, properties., properties.null, geometry";

static void test_matches(struct pg *s)
{
    for (int i = 0; i < COUNT(matches); i++) {
        const char *want = matches[i].want;
        bool is_ndjson = strstr(matches[i].artifact, ".ndjson") != NULL;
        struct mapping m[] = {PATH(matches[i].column, matches[i].path)};
        struct load_source in =
            source_of(matches[i].artifact, is_ndjson ? FORMAT_NDJSON : FORMAT_GEOJSON,
                      matches[i].into, m, COUNT(m));
        const struct load *l = plan_well(s, &in);
        int64_t rows = 0;
        run(s, "TRUNCATE app.picky");
        run(s, "ALTER TABLE app.picky DISABLE TRIGGER ALL");
        e = (struct err){0};
        is_int(load_in_transaction(s, l, NULL, &rows), want != NULL ? 0 : -1, matches[i].path);
        if (want != NULL) {
            const char *got = ask(s, "SELECT coalesce(string_agg(coalesce(fid, '-'), ' ' ORDER BY "
                                     "ctid), '') FROM app.picky WHERE fid IS DISTINCT FROM '3'");
            is_str(got, want, "what the rows have");
            continue;
        }
        const char *said =
            arena_printf(&arena, "column \"%s\": none of the %d records of \"%s\" has \"%s\"",
                         m[0].column, is_ndjson ? 3 : 2, matches[i].artifact, matches[i].path);
        ok(e.code == ERR_CONFIG && strcmp(e.msg, said) == 0 && e.where.line == 9 &&
               strcmp(e.where.path, "registry/projections/p.yml") == 0 &&
               strcmp(e.hint, is_ndjson ? "the first record has: fid" : names_hint) == 0,
           said);
    }
    run(s, "TRUNCATE app.picky");
    run(s, "ALTER TABLE app.picky ENABLE TRIGGER ALL");
    struct mapping p[] = {POINT("geom", "properties.x", "properties.z")};
    struct load_source in = source_of("names.geojson", FORMAT_GEOJSON, "globe", p, COUNT(p));
    int64_t rows = 0;
    is_int(load_dry(plan_well(s, &in), NULL, &rows, &e), -1, "half a point");
}

/* JSON arrays become arrays, each element as its own type; NULL for want: refused, with those words. */
static const struct {
    const char *type, *json, *want, *why;
} arrays[] = {
    {"text[]", "[\"x\",\"y\"]", "{x,y}", NULL},
    {"text[]", "[]", "{}", NULL},
    {"text[]", "null", "-", NULL},
    {"text[]", "[\"a,b\",\"{c}\",\"d\\\"e\",\"f\\\\g\",\"\",\"NULL\",\" h\",null]",
     "{\"a,b\",\"{c}\",\"d\\\"e\",\"f\\\\g\",\"\",\"NULL\",\" h\",NULL}", NULL},
    {"text[]", "[\"a\\tb\\nc\"]", "{\"a\tb\nc\"}", NULL},
    {"text[]", "[1,true,1.50]", "{1,true,1.50}", NULL},
    {"text[]", "[[\"a\",\"b\"],[\"c\",\"d\"]]", "{{a,b},{c,d}}", NULL},
    {"text[]", "\"{a,b}\"", "{a,b}", NULL},
    {"varchar(3)[]", "[\"abc\"]", "{abc}", NULL},
    {"varchar(3)[]", "[\"abcd\"]", NULL, "this text has more characters than the column takes"},
    {"int[]", "[1,-2,3e1]", "{1,-2,30}", NULL},
    {"int[]", "[[1],[2]]", "{{1},{2}}", NULL},
    {"int[]", "[1,\"x\"]", NULL, "this is no number"},
    {"int[]", "[1.5]", NULL, "this number is no integer"},
    {"int2[]", "[32768]", NULL, "this number is out of range"},
    {"int[]", "[[1,2],[3]]", NULL, "arrays within this array have different lengths"},
    {"int[]", "[1,[2]]", NULL, "elements and arrays stand side by side in this array"},
    {"int[]", "[[1],2]", NULL, "elements and arrays stand side by side in this array"},
    {"int[]", "[[1],[[2]]]", NULL, "elements and arrays stand side by side in this array"},
    {"int[]", "[[]]", NULL, "an array within this array is empty"},
    {"int[]", "[[[[[[[1]]]]]]]", NULL, "this array has more than 6 dimensions"},
    {"int[]", "{\"a\":1}", NULL, "this is an object, and the column takes an array"},
    {"int[]", "[{\"a\":1}]", NULL,
     "an object stands in this array, and the column's elements take none"},
    {"bigint[]", "[9223372036854775807]", "{9223372036854775807}", NULL},
    {"bool[]", "[true,false,null]", "{t,f,NULL}", NULL},
    {"bool[]", "[\"yes\"]", NULL, "this is neither true nor false"},
    {"float8[]", "[0.1,-5e-324]", "{0.1,-5e-324}", NULL},
    {"numeric(4,2)[]", "[1.25]", "{1.25}", NULL},
    {"numeric(4,2)[]", "[1.255]", NULL,
     "this number has more digits after the point than the column's scale"},
    {"date[]", "[\"2026-03-01\"]", "{2026-03-01}", NULL},
    {"date[]", "[\"2026-02-30\"]", NULL, "the calendar has no such day"},
    {"uuid[]", "[\"00112233-4455-6677-8899-aabbccddeeff\"]",
     "{00112233-4455-6677-8899-aabbccddeeff}", NULL},
    {"jsonb[]", "[\"a\",1]", "{\"\\\"a\\\"\",1}", NULL},
    {"app.mood[]", "[\"ok\",\"sad\"]", "{ok,sad}", NULL},
    {"app.tags", "[\"a\"]", "{a}", NULL},
    {"app.tags", "[{}]", NULL,
     "an object stands in this array, and the column's elements take none"},
};

static void test_arrays(struct pg *s)
{
    for (int i = 0; i < COUNT(arrays); i++) {
        struct mapping m[] = {PATH("v", "v")};
        struct load_source in = source_of("array.ndjson", FORMAT_NDJSON, "arrays", m, COUNT(m));
        int64_t rows = 0;
        const char *text = arena_printf(&arena, "{\"v\":%s}\n", arrays[i].json);
        must(file_write(dirfd_of_data, "array.ndjson", bytes_str(text), 0600, &e), "artifact");
        run(s, arena_printf(&arena, "CREATE TABLE app.arrays (v %s)", arrays[i].type));
        int rc = load_in_transaction(s, plan_well(s, &in), NULL, &rows);
        if (arrays[i].want != NULL) {
            is_str(rc == 0 ? ask(s, "SELECT coalesce(v::text, '-') FROM app.arrays") : e.msg,
                   arrays[i].want, arrays[i].json);
        } else {
            const char *said = strstr(e.msg, "\"v\": ");
            is_str(rc == -1 && said != NULL ? said + 5 : e.msg, arrays[i].why, arrays[i].json);
        }
        run(s, "DROP TABLE app.arrays");
    }
}

/* What only the server can refuse is told with the record's place, never with its value. column "": the row as a whole. */
static const struct {
    const char *column, *value, *condition;
    enum err_code code;
    bool names_column;
} refusals[] = {
    {"v inet", "canary", "invalid_text_representation (22P02)", ERR_CONFIG, true},
    {"v interval", "canary", "invalid_datetime_format (22007)", ERR_CONFIG, true},
    {"v int[]", "{1,canary}", "invalid_text_representation (22P02)", ERR_CONFIG, true},
    {"v int4range", "[5,1]", "data_exception (22000)", ERR_CONFIG, true},
    {"v bit(3)", "1111", "string_data_length_mismatch (22026)", ERR_CONFIG, true},
    {"v macaddr", "canary", "invalid_text_representation (22P02)", ERR_CONFIG, true},
    {"v tsvector", "'canary", "syntax_error (42601)", ERR_CONFIG, true},
    {"v regclass", "canary", "undefined_table (42P01)", ERR_CONFIG, true},
    {"v jsonpath", "$.canary(", "syntax_error (42601)", ERR_CONFIG, true},
    {"v app.mood", "canary", "invalid_text_representation (22P02)", ERR_CONFIG, true},
    {"v app.short", "canary", "check_violation (23514)", ERR_APPLY, true},
    {"v text CHECK (v <> 'canary')", "canary", "check_violation (23514)", ERR_APPLY, false},
    {"v text UNIQUE", "10.0.0.1", "unique_violation (23505)", ERR_APPLY, false},
    {"v text PRIMARY KEY", "10.0.0.1", "unique_violation (23505)", ERR_APPLY, false},
    {"v text REFERENCES app.feature", "canary", "foreign_key_violation (23503)", ERR_APPLY, false},
};

static const char *first_value(int i)
{
    static const char *const fit[] = {
        "10.0.0.1", "1 day",    "{1}", "[1,5]", "101", "08:00:2b:01:02:03",
        "a",        "pg_class", "$",   "ok",    "a"};
    return i < COUNT(fit) ? fit[i] : "10.0.0.1";
}

static void test_refusals(struct pg *s)
{
    for (int i = 0; i < COUNT(refusals); i++) {
        struct mapping m[] = {PATH("id", "id"), PATH("v", "v")};
        struct load_source in = source_of("array.ndjson", FORMAT_NDJSON, "refuses", m, COUNT(m));
        int64_t rows = 0;
        const char *text =
            arena_printf(&arena, "{\"id\":\"a\",\"v\":\"%s\"}\n{\"id\":\"b\",\"v\":\"%s\"}\n",
                         first_value(i), refusals[i].value);
        int byte = (int)(strchr(text, '\n') - text) + 1;
        must(file_write(dirfd_of_data, "array.ndjson", bytes_str(text), 0600, &e), "artifact");
        run(s, arena_printf(&arena, "CREATE TABLE app.refuses (id text, %s)", refusals[i].column));
        const struct load *l = plan_well(s, &in);
        is_int(load_dry(l, NULL, &rows, &e), 0, refusals[i].column);
        is_int(load_in_transaction(s, l, NULL, &rows), -1, "the server refuses it");
        /* Constraints that are looked at when the statement ends have no row. */
        bool has_row = strstr(refusals[i].condition, "23503") == NULL;
        const char *said =
            has_row
                ? arena_printf(&arena, "byte %d, record 2%s: the server refused this %s: %s",
                               byte + (refusals[i].names_column ? 14 : 0),
                               refusals[i].names_column ? ", \"v\"" : "",
                               refusals[i].names_column ? "value" : "row", refusals[i].condition)
                : arena_printf(&arena, "the server refused the rows: %s", refusals[i].condition);
        is_str(e.msg, said, "with its place");
        ok(e.code == refusals[i].code && strstr(e.hint, "canary") == NULL &&
               strstr(e.detail, "canary") == NULL &&
               strcmp(e.where.path, has_row ? "array.ndjson" : "") == 0,
           "in the artifact");
        run(s, "DROP TABLE app.refuses");
    }
}

/* Columns of geometries, what the artifact has for them, and what is loaded, or why not. */
static const struct {
    const char *name, *columns, *a, *b;
    enum empty_rule empty;
    const char *want;
} shaped[] = {
    {"M beside Z", "a gis.geometry(PointM, 4326), b gis.geometry(PointZ, 4326)", "POINT M (1 2 3)",
     "POINT Z (1 2 3)", EMPTY_REFUSE, "POINT M (1 2 3) POINT Z (1 2 3)"},
    {"Z beside M", "a gis.geometry(PointZ, 4326), b gis.geometry(PointM, 4326)", "POINT Z (1 2 3)",
     "POINT M (1 2 3)", EMPTY_REFUSE, "POINT Z (1 2 3) POINT M (1 2 3)"},
    {"Z beside XY", "a gis.geometry(PointZ, 4326), b gis.geometry(Point, 4326)", "POINT Z (1 2 3)",
     "POINT(1 2)", EMPTY_REFUSE, "POINT Z (1 2 3) POINT(1 2)"},
    {"Z where all are XY", "a gis.geometry(Point, 4326), b gis.geometry(Point, 4326)", "POINT(1 2)",
     "POINT Z (1 2 3)", EMPTY_REFUSE,
     "byte 17, record 1: the WKT has other dimensions than the column, or than what it is part of"},
    {"M where all are Z", "a gis.geometry(PointZ, 4326), b gis.geometry(PointZ, 4326)",
     "POINT Z (1 2 3)", "POINT M (1 2 3)", EMPTY_REFUSE,
     "byte 22, record 1: the WKT has other dimensions than the column, or than what it is part of"},
    {"an empty one that is kept", "a gis.geometry(Point, 4326), b gis.geometry", "POINT EMPTY",
     "POINT(1 2)", EMPTY_KEEP, "POINT EMPTY POINT(1 2)"},
    {"an empty one that is NULL", "a gis.geometry(Point, 4326), b gis.geometry", "POINT EMPTY",
     "POINT(1 2)", EMPTY_NULL, "- POINT(1 2)"},
    {"an empty one that is refused", "a gis.geometry(Point, 4326), b gis.geometry", "POINT EMPTY",
     "POINT(1 2)", EMPTY_REFUSE,
     "byte 4, record 1: the geometry is empty (POINT EMPTY): the source's `empty:` says if it is "
     "taken"},
};

static void test_shaped(struct pg *s)
{
    for (int i = 0; i < COUNT(shaped); i++) {
        struct mapping m[] = {PATH("a", "a"), PATH("b", "b")};
        struct load_source in = source_of("array.ndjson", FORMAT_CSV, "shaped", m, COUNT(m));
        int64_t rows = 0;
        from.empty = shaped[i].empty;
        must(file_write(
                 dirfd_of_data, "array.ndjson",
                 bytes_str(arena_printf(&arena, "a,b\n\"%s\",\"%s\"\n", shaped[i].a, shaped[i].b)),
                 0600, &e),
             "artifact");
        run(s, arena_printf(&arena, "CREATE TABLE app.shaped (%s)", shaped[i].columns));
        int rc = load_in_transaction(s, plan_well(s, &in), NULL, &rows);
        const char *got =
            rc != 0 ? e.msg
                    : ask(s, "SELECT coalesce(gis.st_astext(a), '-') || ' ' || gis.st_astext(b) "
                             "FROM app.shaped");
        is_str(got, shaped[i].want, shaped[i].name);
        run(s, "DROP TABLE app.shaped");
    }
}

struct partial {
    int calls;
    const char *column;
    int64_t found, rows;
};

static void on_partial(void *ctx, const struct mapping *m, int64_t found, int64_t rows)
{
    struct partial *p = ctx;
    *p = (struct partial){p->calls + 1, m->column, found, rows};
}

/* A value of the mapping is in every row; one of the artifact is told of where some have none. */
static void test_partial(struct pg *s)
{
    struct mapping m[] = {CONST("note", "x"), PATH("fid", "properties.geoid"),
                          PATH("pop", "properties.y"), OTHER("version", VERSION)};
    struct load_source in = source_of("names.geojson", FORMAT_GEOJSON, "feature", m, COUNT(m));
    struct partial p = {0};
    const struct load_watch watch = {.on_partial = on_partial, .ctx = &p};
    int64_t rows = 0;
    is_int(load_dry(plan_well(s, &in), &watch, &rows, &e), 0, "a member that one of two has");
    ok(p.calls == 1 && strcmp(p.column, "pop") == 0 && p.found == 1 && p.rows == 2,
       "is told, and nothing else");
}

/* A value that stands in the declaration: the server refuses it where the record begins. */
static void test_refused_constant(struct pg *s)
{
    struct mapping m[] = {CONST("v", "canary"), PATH("fid", "fid")};
    struct load_source in = source_of("rows.ndjson", FORMAT_NDJSON, "fixed", m, COUNT(m));
    int64_t rows = 0;
    run(s, "CREATE TABLE app.fixed (fid text, v inet)");
    is_int(load_in_transaction(s, plan_well(s, &in), NULL, &rows), -1, "a constant of no use");
    is_str(e.msg,
           "byte 0, record 1, \"v\": the server refused this value: "
           "invalid_text_representation (22P02)",
           "is told with the record's place");
    run(s, "DROP TABLE app.fixed");
}

static void test_wrong(struct pg *s)
{
    struct mapping m[] = {PATH("fid", "properties.geoid"), OTHER("version", VERSION),
                          PATH("pop", "properties.pop")};
    struct load_source in = source_of("wrong.geojson", FORMAT_GEOJSON, "feature", m, COUNT(m));
    const struct load *l = plan_well(s, &in);
    int64_t rows = 0;
    run(s, "TRUNCATE app.feature");
    is_int(load_dry(l, NULL, &rows, &e), -1, "a wrong value is found dry");
    ok(e.code == ERR_CONFIG &&
           strstr(e.msg, "record 2, \"pop\": this number is no integer") != NULL,
       "with its place");
    is_str(e.where.path, "wrong.geojson", "in the artifact");
    is_str(e.hint, "the column's type is integer", "and what the column is");
    ok(strstr(e.msg, "4242") == NULL, "without the value");
    is_int(load_in_transaction(s, l, NULL, &rows), -1, "and in the load");
    ok(strstr(e.msg, "record 2, \"pop\"") != NULL, "alike");
    is_str(ask(s, "SELECT count(*) FROM app.feature"), "0", "which leaves nothing");
    in.path = "missing.geojson";
    is_int(load_dry(l, NULL, &rows, &e), -1, "no artifact");
    is_int(e.code, ERR_CONFIG, "is a fault");
    is_int(load_in_transaction(s, l, NULL, &rows), -1, "also in the load");
    is_int(pg_tx(s), PG_TX_IDLE, "the session goes on");
}

static void test_text_and_stage(struct pg *s)
{
    struct mapping m[] = {PATH("fid", "fid"), PATH("mood", "mood"), POINT("geom", "lon", "lat")};
    struct load_source in = source_of("points.csv", FORMAT_CSV, "albers", m, COUNT(m));
    int64_t rows = 0;
    const struct load *l = plan_well(s, &in);
    is_int(load_dry(l, NULL, &rows, &e), 0, "a dry run with an enum");
    is_int(load_in_transaction(s, l, NULL, &rows), 0, "is a load as text, and 4326 becomes 5070");
    is_int(rows, 3, "three rows");
    is_str(ask(s,
               "SELECT string_agg(concat_ws('|', a.fid, a.mood, gis.st_srid(a.geom)), ' ' ORDER BY "
               "a.fid) FROM app.albers AS a"),
           "a|ok|5070 b|sad|5070 c,\"x\"|5070", "with their text");
    is_str(ask(s, "SELECT count(*) FROM app.albers AS a JOIN (VALUES ('a', -98.5, 39.25), ('b', "
                  "-94.625, 37.0), ('c,\"x\"', -102, 40)) AS w (fid, x, y) ON w.fid = a.fid"
                  " AND gis.st_asbinary(a.geom) = gis.st_asbinary(gis.st_transform("
                  "gis.st_setsrid(gis.st_makepoint(w.x, w.y), 4326), 5070))"),
           "3", "and the coordinates of ST_Transform, to the last bit");
    is_str(ask(s, "SELECT count(*) FROM pg_class WHERE relname LIKE 'kfmig_stage%'"), "0",
           "the staging table is gone");
    struct mapping two[] = {PATH("fid", "fid"), CONST("id", "77"), POINT("geom", "lon", "lat"),
                            POINT("same", "lon", "lat"), POINT("round", "lon", "lat")};
    in = source_of("points.csv", FORMAT_CSV, "mercator", two, COUNT(two));
    is_int(load_in_transaction(s, plan_well(s, &in), NULL, &rows), 0,
           "4326 becomes 3857 beside a column that keeps it");
    is_str(ask(s, "SELECT count(*) FROM app.mercator WHERE id = 77 AND gis.st_srid(geom) = 3857"
                  " AND gis.st_asbinary(geom) = gis.st_asbinary(gis.st_transform(same, 3857))"
                  " AND gis.st_asbinary(same) = gis.st_asbinary(round::gis.geometry)"),
           "3", "as ST_Transform does");
    struct mapping globe[] = {PATH("fid", "fid"), POINT("geom", "x", "y")};
    in = source_of("albers.csv", FORMAT_CSV, "globe", globe, COUNT(globe));
    in.srid = 5070;
    is_int(load_in_transaction(s, plan_well(s, &in), NULL, &rows), 0, "5070 into a geography");
    is_str(ask(s, "SELECT count(*) FROM app.globe WHERE gis.st_asbinary(geom::gis.geometry) = "
                  "gis.st_asbinary(gis.st_transform(CASE fid WHEN 'q' THEN "
                  "'SRID=5070;POINT(0 0)'::gis.geometry ELSE 'SRID=5070;POINT(-217000.5 "
                  "1700000.25)'::gis.geometry END, 4326))"),
           "2", "becomes longitude and latitude");
    in.from = &from;
    from.into = "places";
    is_int(load_in_transaction(s, plan_well(s, &in), NULL, &rows), 0, "and a domain over geometry");
    is_str(ask(s, "SELECT count(*) FROM app.places WHERE gis.st_srid(geom) = 4326"), "2", "too");
}

static void test_stage_faults(struct pg *s)
{
    struct mapping m[] = {POINT("geom", "x", "y")};
    struct load_source in = source_of("albers.csv", FORMAT_CSV, "unknown", m, COUNT(m));
    int64_t rows = 0;
    in.srid = 5070;
    is_int(load_in_transaction(s, plan_well(s, &in), NULL, &rows), -1, "an SRID nobody knows");
    ok(e.code == ERR_PREFLIGHT && strstr(e.msg, "SRID 999999") != NULL, "is named");
    from.into = "albers";
    in.srid = 3857;
    run(s, "CREATE FUNCTION app.no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'");
    run(s, "CREATE TRIGGER no BEFORE INSERT ON app.albers FOR EACH ROW EXECUTE FUNCTION app.no()");
    is_int(load_in_transaction(s, plan_well(s, &in), NULL, &rows), -1,
           "a trigger behind the staging table");
    ok(e.code == ERR_APPLY && strstr(e.msg, "took 0 of 2 rows") != NULL, "is noticed");
}

static void test_server_refusals(struct pg *s)
{
    struct mapping m[] = {PATH("fid", "fid")};
    struct load_source in = source_of("rows.ndjson", FORMAT_NDJSON, "picky", m, COUNT(m));
    int64_t rows = 0;
    is_int(load_in_transaction(s, plan_well(s, &in), NULL, &rows), -1, "a trigger that drops rows");
    ok(e.code == ERR_APPLY && strstr(e.msg, "took 2 of 3 rows of \"rows.ndjson\"") != NULL,
       "is noticed");
    struct mapping two[] = {PATH("fid", "fid"), OTHER("version", VERSION)};
    in = source_of("twice.ndjson", FORMAT_NDJSON, "feature", two, COUNT(two));
    is_int(load_dry(plan_well(s, &in), NULL, &rows, &e), 0, "what only the server can know");
    is_int(load_in_transaction(s, plan_well(s, &in), NULL, &rows), -1, "it refuses");
    ok(strcmp(e.sqlstate, "23505") == 0 && strstr(e.msg, "canary") == NULL &&
           strstr(e.detail, "canary") == NULL,
       "and no value is repeated");
    is_str(e.object, "table app.feature, constraint feature_pkey", "but names are");
}

struct heard {
    int calls, stop_at;
    int64_t rows, done, size;
    bool is_monotonic;
};

static bool on_progress(void *ctx, int64_t rows, int64_t done, int64_t size)
{
    struct heard *h = ctx;
    h->is_monotonic = h->is_monotonic && rows >= h->rows && done >= h->done && done <= size;
    h->rows = rows;
    h->done = done;
    h->size = size;
    return ++h->calls == h->stop_at;
}

static bool stop_now(void *ctx)
{
    bool *stop = ctx;
    return *stop;
}

static void test_many(struct pg *s)
{
    struct mapping m[] = {PATH("n", "n"), POINT("geom", "x", "y")};
    struct load_source in = source_of("many.ndjson", FORMAT_NDJSON, "many", m, COUNT(m));
    const struct load *l = plan_well(s, &in);
    struct heard h = {.is_monotonic = true};
    const struct load_watch watch = {.on_progress = on_progress, .ctx = &h};
    struct buf b = {0};
    int64_t rows = 0;
    for (int i = 1; i <= MANY; i++) {
        buf_printf(&b, "{\"n\":%d,\"x\":%d.25,\"y\":-%d.125}\n", i, i % 180, i % 90);
    }
    must(file_write(dirfd_of_data, "many.ndjson", buf_bytes(&b), 0600, &e), "artifact");
    is_int(load_dry(l, &watch, &rows, &e), 0, "many records, dry");
    is_int(rows, MANY, "all of them");
    ok(h.calls > 0 && h.is_monotonic && h.rows == MANY && h.done == (int64_t)b.n &&
           h.size == h.done,
       "progress ends at the end");
    h = (struct heard){.is_monotonic = true};
    is_int(load_in_transaction(s, l, &watch, &rows), 0, "and loaded");
    ok(h.is_monotonic && h.rows == MANY && h.done == (int64_t)b.n, "with progress");
    is_str(ask(s, "SELECT count(*) || ' ' || sum(n) || ' ' || count(*) FILTER (WHERE "
                  "gis.st_x(geom) = n % 180 + 0.25 AND gis.st_y(geom) = -(n % 90) - 0.125) FROM "
                  "app.many"),
           "30000 450015000 30000", "each where it belongs");
    run(s, "TRUNCATE app.many");
    h = (struct heard){.stop_at = 1};
    is_int(load_dry(l, &watch, &rows, &e), -1, "progress can stop a dry run");
    is_int(e.code, ERR_INTERRUPTED, "which is then interrupted");
    is_str(e.msg, "interrupted while loading \"many.ndjson\"", "and says at what");
    h = (struct heard){.stop_at = 1};
    is_int(load_in_transaction(s, l, &watch, &rows), -1, "and a load");
    is_int(e.code, ERR_INTERRUPTED, "likewise");
    is_str(ask(s, "SELECT count(*) FROM app.many"), "0", "of which nothing stays");
    buf_release(&b);
}

/* The session's own on_wait; the last row waits for a lock that nobody gives up. */
static void test_interrupt(struct pg *s)
{
    bool stop = false;
    struct pg_options o = {.application_name = "kfmig unit test"};
    o.wait = (struct pg_wait){0, stop_now, &stop};
    struct pg *other = server_connect_with(&where, &o, &e);
    struct mapping m[] = {PATH("n", "n")};
    struct load_source in = source_of("many.ndjson", FORMAT_NDJSON, "many", m, COUNT(m));
    const struct load *l = plan_well(s, &in);
    int64_t rows = 0;
    must(other == NULL ? -1 : 0, "connect");
    must(pg_command(s, "BEGIN", NULL, NULL, &e), "BEGIN");
    run(s, "INSERT INTO app.many VALUES (1)");
    stop = true;
    is_int(load_in_transaction(other, l, NULL, &rows), -1, "a load that waits for a lock");
    is_int(e.code, ERR_INTERRUPTED, "is interrupted by the session's on_wait");
    pg_close(other);
    must(pg_command(s, "ROLLBACK", NULL, NULL, &e), "ROLLBACK");
}

static void make_data(void)
{
    must(server_folder(dir, 0700) ? 0 : -1, "a folder");
    dirfd_of_data = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(dirfd_of_data < 0 ? -1 : 0, "its descriptor");
    for (int i = 0; i < COUNT(artifacts); i++) {
        must(file_write(dirfd_of_data, artifacts[i].name, bytes_str(artifacts[i].text), 0600, &e),
             "an artifact");
    }
}

static void remove_data(void)
{
    for (int i = 0; i < COUNT(artifacts); i++) {
        (void)unlinkat(dirfd_of_data, artifacts[i].name, 0);
    }
    (void)unlinkat(dirfd_of_data, "array.ndjson", 0);
    (void)unlinkat(dirfd_of_data, "many.ndjson", 0);
    (void)close(dirfd_of_data);
    (void)rmdir(dir);
}

int main(int argc, char **argv)
{
    int status = 0;
    if (server_watch(argc, argv, &status)) {
        return status;
    }
    tap_plan(PLANNED);
    server = server_begin(server_dir, &where);
    if (server == NULL) {
        return 1;
    }
    struct pg *admin = session(ADMIN);
    struct pg *s = session("");
    run(admin, "CREATE SCHEMA gis AUTHORIZATION kfmig");
    run(admin, "CREATE EXTENSION postgis SCHEMA gis");
    pg_close(admin);
    run_all(s, fixture, COUNT(fixture));
    make_data();
    test_columns(s);
    test_faults(s);
    test_geojson(s);
    test_matches(s);
    test_arrays(s);
    test_refusals(s);
    test_shaped(s);
    test_partial(s);
    test_refused_constant(s);
    test_wrong(s);
    test_text_and_stage(s);
    test_stage_faults(s);
    test_server_refusals(s);
    test_many(s);
    test_interrupt(s);
    remove_data();
    pg_close(s);
    ok(server_down(), "the server goes away");
    arena_release(&arena);
    return tap_done();
}
