/* layer: load */
/* What a projection's digest is made of: what makes another one, what does not, and that no part stands in it twice. */
#include "load/generation_key.h"
#include "tap.h"

static struct mapping columns[2];
static struct projection_source sources[3];
static struct source_facts facts[3];
static struct projection wells;

static void set_up(void)
{
    static struct mapping first = {.column = "id", .kind = SOURCE_PATH, .text = "properties.id"};
    static struct mapping second = {.column = "origin", .kind = SOURCE_CONST, .text = "survey"};
    columns[0] = first;
    columns[1] = second;
    for (size_t i = 0; i < 3; i++) {
        sources[i] = (struct projection_source){.dataset = i < 2 ? "wells" : "roads",
                                                .version = "2026-02.a",
                                                .asset = "f",
                                                .into = i == 0 ? "pts" : "marks",
                                                .column = columns,
                                                .n_columns = i == 0 ? 2 : 1};
        facts[i] = (struct source_facts){.srid = 4326, .format = "geojson", .evidence_ref = "e"};
        facts[i].artifact.b[0] = i < 2 ? 1 : 2;
    }
    wells = (struct projection){.name = "wells",
                                .source = sources,
                                .n_sources = 3,
                                .file = {.path = "registry/projections/wells.yml"},
                                .line = 1,
                                .col = 1};
}

static const char *key(struct arena *a, const char *proj)
{
    struct parts parts;
    struct err e = {0};
    char text[DIGEST_TEXT];
    if (generation_parts(a, &wells, NULL, 0, facts, proj, &parts, &e) != 0) {
        return "";
    }
    struct digest d = parts_digest(&parts);
    return arena_strdup(a, digest_text(&d, text));
}

static void swap(size_t i, size_t k)
{
    struct projection_source s = sources[i];
    struct source_facts f = facts[i];
    sources[i] = sources[k];
    facts[i] = facts[k];
    sources[k] = s;
    facts[k] = f;
}

static void on_order(void)
{
    swap(0, 2);
    swap(1, 2);
}
static void on_columns(void)
{
    columns[0] = (struct mapping){.column = "origin", .kind = SOURCE_CONST, .text = "survey"};
    columns[1] = (struct mapping){.column = "id", .kind = SOURCE_PATH, .text = "properties.id"};
    sources[1].column = sources[2].column = &columns[1];
}
static void on_policy(void)
{
    wells.policy = PROJECTION_IN_PLACE;
    wells.file.digest.b[0] = 9;
}
static void on_table(void)
{
    sources[0].into = "marks2";
}
/* The two mappings of one asset, each into the table of the other. */
static void on_exchange(void)
{
    sources[0].into = "marks";
    sources[1].into = "pts";
}
static void on_text(void)
{
    columns[1].text = "archive";
}
static void on_artifact(void)
{
    facts[2].artifact.b[0] = 3;
}
static void on_srid(void)
{
    facts[0].srid = 26914;
}
static void on_evidence(void)
{
    facts[0].evidence_ref = "f";
}
static void on_rings(void)
{
    sources[2].any_ring_order = true;
}

static void on_empty_kept(void)
{
    sources[2].empty = EMPTY_KEEP;
}
static void on_empty_null(void)
{
    sources[2].empty = EMPTY_NULL;
}

static void try_differences(void)
{
    static const struct {
        void (*change)(void);
        bool same;
        const char *name;
    } rows[] = {
        {on_order, true, "the order of sources"},
        {on_columns, true, "the order of columns"},
        {on_policy, true, "policy and form"},
        {on_table, false, "a table"},
        {on_exchange, false, "tables exchanged"},
        {on_text, false, "what a column is filled with"},
        {on_artifact, false, "the artifact"},
        {on_srid, false, "its SRID"},
        {on_evidence, false, "the evidence's name"},
        {on_rings, false, "the order of rings"},
        {on_empty_kept, false, "empty geometries kept"},
        {on_empty_null, false, "empty geometries NULL"},
    };
    struct arena a = {0};
    set_up();
    const char *was = key(&a, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        set_up();
        rows[i].change();
        const char *now = key(&a, NULL);
        ok(now[0] != '\0' && (strcmp(was, now) == 0) == rows[i].same, rows[i].name);
    }
    set_up();
    ok(strcmp(key(&a, "9.1"), was) != 0, "that something is transformed");
    ok(strcmp(key(&a, "9.1"), key(&a, "9.2")) != 0, "and by which PROJ");
    arena_release(&a);
}

static void try_parts(void)
{
    static const char *const want[] = {"source roads/2026-02.a#f>marks",
                                       "mapping roads/2026-02.a#f>marks",
                                       "source wells/2026-02.a#f>marks",
                                       "mapping wells/2026-02.a#f>marks",
                                       "source wells/2026-02.a#f>pts",
                                       "mapping wells/2026-02.a#f>pts",
                                       "rule",
                                       "proj"};
    struct arena a = {0};
    struct parts parts;
    struct err e = {0};
    set_up();
    is_int(generation_parts(&a, &wells, NULL, 0, facts, "9.1", &parts, &e), 0, "a key");
    for (size_t i = 0; i < 8; i++) {
        is_str(i < parts.n ? part_text(&a, &parts.v[i]) : "", want[i], "a part, in its place");
    }
    arena_release(&a);
}

static void try_twice(void)
{
    struct arena a = {0};
    struct parts parts;
    struct err e = {0};
    set_up();
    sources[0].into = "marks";
    is_int(generation_parts(&a, &wells, NULL, 0, facts, NULL, &parts, &e), -1, "one part twice");
    is_str(e.msg, "projection \"wells\" is made of \"source wells/2026-02.a#f>marks\" twice",
           "is a fault that names it");
    is_str(e.where.path, "registry/projections/wells.yml", "and its file");
    arena_release(&a);
}

int main(void)
{
    tap_plan(14 + 9 + 3);
    try_differences();
    try_parts();
    try_twice();
    return tap_done();
}
