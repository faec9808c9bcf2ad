/* layer: run scripted */
/* Making and publishing a file of tiles against a scripted server: what is asked, what then stands in the folder, and that whatever question goes
 * wrong readers find the old file or the new one. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "run/tiles.h"
#include "scripted_run.h"
#include "store/postgis/tiles.h"

#define MVT "\\x1a0a0a0161280078021a00"

#define TILE_LAYER                                                                                 \
    "~ SELECT pg_catalog.pg_typeof* -> rows geometry | text | numeric\n"                           \
    "~ SELECT pg_catalog.count* -> rows 2 | 2 | 2 | 4326 | 4326\n"                                 \
    "~ SELECT \"public\".ST_XMin* -> rows -102 | 37 | -95 | 40\n"

#define TILES "~ SELECT l0.n, l0.mvt FROM unnest* -> rows 2 | " MVT "\n"

#define LEDGER                                                                                     \
    "~ @ledger_generation_found -> rows t\n"                                                       \
    "~ @ledger_generation_list -> rows\n"                                                          \
    "~ @ledger_generation_next_number -> rows 1\n"                                                 \
    "~ @ledger_generation_put_row -> INSERT 0 1\n"                                                 \
    "~ @ledger_generation_drop -> UPDATE 1\n"                                                      \
    "~ @ledger_work_begin -> rows t | 700 | u u | n | on\n"                                        \
    "~ @ledger_lock_lease -> rows 8\n"                                                             \
    "~ @ledger_lock_* -> rows t\n"                                                                 \
    "~ @ledger_record_guard -> rows t | t | t | t | t | \n"                                        \
    "~ @ledger_record_* -> INSERT 0 1\n"                                                           \
    "~ @ledger_settle* -> rows\n"                                                                  \
    "~ @ledger_* -> rows\n"                                                                        \
    "~ BEGIN* -> BEGIN\n"                                                                          \
    "~ COMMIT -> COMMIT\n"                                                                         \
    "~ ROLLBACK -> ROLLBACK\n"

/* Lines of a test come before those that every test has. */
static const char *script_of(struct arena *a, const char *own)
{
    return arena_printf(a,
                        "connect -> ok\n%s~ @postgis_load_postgis -> rows public\n"
                        "~ @postgis_look_begin -> BEGIN\n~ @postgis_begin -> BEGIN\n"
                        "~ connect -> ok\n" LEDGER TILE_LAYER TILES ALWAYS,
                        own);
}

/* --- one run ------------------------------------------------------------------------------------------------- */

struct tile_scene {
    struct scene t;
    struct projection p;
    struct tiling tiling;
    struct tile_layer layer;
    const char *attribute[2];
    struct projection_input in;
    struct step step;
    struct tiles_job job;
    struct outcome o;
    char folder[64];
    int dir;
};

static void arrange(struct tile_scene *x)
{
    x->attribute[0] = "name";
    x->attribute[1] = "size";
    x->layer =
        (struct tile_layer){.name = "wells",
                            .sql = {"registry/projections/t/l.sql", {{1}}, bytes_str("SELECT 1")},
                            .query = bytes_str("SELECT id, geom, name, size FROM wells"),
                            .key = "id",
                            .geometry = "geom",
                            .attributes = {x->attribute, 2, 2},
                            .extent = 4096,
                            .buffer = 64};
    x->tiling =
        (struct tiling){.from = "wells", .attribution = "us", .layer = &x->layer, .n_layers = 1};
    x->p = (struct projection){.name = "t",
                               .store = STORE_TILES,
                               .schema = "",
                               .tiling = &x->tiling,
                               .file = {"registry/projections/t.yml", {{2}}, bytes_str("x")}};
    x->in = (struct projection_input){.p = &x->p};
    x->step = (struct step){.kind = STEP_PROJECTION, .in = &x->in};
    x->job = (struct tiles_job){.step = &x->step,
                                .place = {x->dir, "tiles", "t"},
                                .from = "app",
                                .digest = digest_of(bytes_str("wanted"))};
}

static void open_scene(struct tile_scene *x, struct arena *a, const char *own, int n,
                       const char *answer)
{
    *x = (struct tile_scene){.folder = "/tmp/t_scripted_tiles.XXXXXX"};
    x->dir = mkdtemp(x->folder) != NULL ? open(x->folder, O_RDONLY | O_DIRECTORY) : -1;
    arrange(x);
    scene_open_failing(&x->t, script_of(a, own), n, answer, 0, NULL);
}

static void close_scene(struct tile_scene *x)
{
    char command[96];
    pg_close(x->t.pg);
    baseline_release(&x->t.sum);
    arena_release(&x->t.a);
    (void)snprintf(command, sizeof command, "rm -rf %s", x->folder);
    (void)!system(command);
    (void)close(x->dir);
}

static bool is_published(const struct tile_scene *x)
{
    struct err e = {0};
    struct tileset set;
    return tilefile_read(&x->job.place, 0, INT64_MAX, &set, &e) == 0;
}

static int count_hidden(const struct tile_scene *x)
{
    char command[128];
    int n = -1;
    (void)snprintf(command, sizeof command, "ls -A %s/tiles 2>/dev/null | grep -c '^[.]'",
                   x->folder);
    FILE *f = popen(command, "r");
    n = f != NULL && fscanf(f, "%d", &n) == 1 ? n : -1;
    (void)pclose(f);
    return n;
}

/* --- what the layers are ------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *own;
    int max_zoom;
    const char *words; /* "": published */
    enum err_code code;
} runs[] = {
    {"one tile", "", 0, "", ERR_NONE},
    {"zooms, as long as there is something to be seen",
     "SELECT l0.n, l0.mvt FROM unnest* -> rows 2 | " MVT "\n"
     "SELECT l0.n, l0.mvt FROM unnest* -> rows 1 | " MVT " ; 0 |  ; 0 | NULL ; 0 | \\x\n"
     "SELECT l0.n, l0.mvt FROM unnest* -> rows 1 | " MVT " ; 1 | " MVT " ; 0 |  ; 0 | \n",
     2, "", ERR_NONE},
    {"nothing to be seen", "SELECT l0.n* -> rows 2 | \n", 0, "nothing to be seen", ERR_VALIDATE},
    {"no row with a geometry", "SELECT \"public\".ST_XMin* -> rows\n", 0, "nothing to be seen",
     ERR_VALIDATE},
    {"no PostGIS", "@postgis_load_postgis -> rows\n", 0, "tiles need PostGIS", ERR_PREFLIGHT},
    {"geography", "SELECT pg_catalog.pg_typeof* -> rows public.geography | text | text\n", 0,
     "is of type public.geography", ERR_VALIDATE},
    {"a key that is null", "SELECT pg_catalog.count* -> rows 3 | 2 | 2 | 4326 | 4326\n", 0,
     "is null in some rows", ERR_VALIDATE},
    {"a key twice", "SELECT pg_catalog.count* -> rows 2 | 2 | 1 | 4326 | 4326\n", 0,
     "is not unique", ERR_VALIDATE},
    {"no SRID", "SELECT pg_catalog.count* -> rows 2 | 2 | 2 | 0 | 4326\n", 0, "have no SRID",
     ERR_VALIDATE},
    {"two SRIDs", "SELECT pg_catalog.count* -> rows 2 | 2 | 2 | 3857 | 4326\n", 0, "several SRIDs",
     ERR_VALIDATE},
    {"another SRID", "SELECT pg_catalog.count* -> rows 2 | 2 | 2 | 5070 | 5070\n", 0, "", ERR_NONE},
    {"metres", "SELECT pg_catalog.count* -> rows 2 | 2 | 2 | 3857 | 3857\n", 0, "", ERR_NONE},
    {"jsonb that is clear",
     "SELECT pg_catalog.pg_typeof* -> rows geometry | jsonb | jsonb\n2x SELECT EXISTS* -> rows f\n",
     0, "", ERR_NONE},
    {"jsonb that is not",
     "SELECT pg_catalog.pg_typeof* -> rows geometry | jsonb | jsonb\nSELECT EXISTS* -> rows t\n", 0,
     "a member of \"name\" has the name of another attribute", ERR_VALIDATE},
    {"a query that the server refuses",
     "SELECT pg_catalog.pg_typeof* -> error 42703 message=column l.name does not exist\n", 0,
     "layer \"wells\" (registry/projections/t/l.sql)", ERR_APPLY},
    {"fewer tiles than were asked for", "SELECT l0.n* -> rows\n", 0,
     "other tiles than it was asked for", ERR_APPLY},
    {"bytes that are none", "SELECT l0.n* -> rows 1 | \\xzz\n", 0, "cannot be read", ERR_APPLY},
    {"a folder that cannot be", "", 0, "tiles", ERR_PREFLIGHT},
};
enum { N_RUNS = sizeof runs / sizeof *runs, TESTS_EACH = 4 };

static void try_run(size_t i)
{
    struct arena a = {0};
    struct tile_scene x;
    open_scene(&x, &a, runs[i].own, 0, NULL);
    x.tiling.max_zoom = x.layer.max_zoom = runs[i].max_zoom;
    if (strcmp(runs[i].name, "a folder that cannot be") == 0) {
        (void)close(openat(x.dir, "tiles", O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
    }
    run_tiles(&x.t.run, &x.job, &x.o);
    bool is_good = runs[i].words[0] == '\0';
    is_int(x.o.result, is_good ? RUN_SUCCESS : RUN_FAILED, runs[i].name);
    ok(x.o.failure.code == runs[i].code && strstr(x.o.failure.msg, runs[i].words) != NULL,
       x.o.failure.msg);
    ok(is_published(&x) == is_good, "what readers find");
    is_int(count_hidden(&x) > 0, false, "nothing is left behind");
    close_scene(&x);
    arena_release(&a);
}

/* --- what was made before ------------------------------------------------------------------------------------- */

static struct doc *facts_of(struct tile_scene *x, int64_t number)
{
    struct err e = {0};
    struct digest d = {{0}};
    int64_t size = 0;
    struct doc *f = doc_new(&x->t.a, DOC_MAP);
    struct doc *file = doc_put(&x->t.a, f, "file", doc_new(&x->t.a, DOC_MAP));
    (void)!tilefile_digest(&x->job.place, number, &d, &size, &e);
    doc_put(&x->t.a, file, "sha256", doc_digest(&x->t.a, &d));
    return f;
}

static void try_made(void)
{
    struct arena a = {0};
    struct tile_scene x;
    size_t n = 0;
    struct err e = {0};
    open_scene(&x, &a, "", 0, NULL);
    run_tiles(&x.t.run, &x.job, &x.o);
    is_int(x.o.result, RUN_SUCCESS, "a file is made");
    struct generation made = {.projection = "t",
                              .number = 1,
                              .state = GENERATION_READY,
                              .digest = x.job.digest,
                              .facts = facts_of(&x, 1)};
    int asked = pq_asked();
    x.step.next = &made;
    run_tiles(&x.t.run, &x.job, &x.o);
    is_int(x.o.result, RUN_SUCCESS, "one that is made is published");
    ok(pq_asked() - asked < asked && strstr(pq_log(), "unnest") != NULL,
       "without drawing it again");
    x.job.to = &made;
    x.step.live = &made;
    run_tiles(&x.t.run, &x.job, &x.o);
    is_int(x.o.result, RUN_SUCCESS, "and by hand");
    is_int(tilefile_drop(&x.job.place, 1, &e), 0, "where its file is gone");
    run_tiles(&x.t.run, &x.job, &x.o);
    ok(x.o.result == RUN_FAILED && strstr(x.o.failure.msg, "is gone, or not as") != NULL,
       x.o.failure.msg);
    x.job.to = NULL;
    x.job.fresh = true;
    x.step.live = NULL;
    run_tiles(&x.t.run, &x.job, &x.o);
    is_int(x.o.result, RUN_SUCCESS, "it can be made anew");
    is_int(run_tiles_retire(&x.t.run, &x.step, &x.job.place, true, &n, &e), 0,
           "nothing is there to drop");
    is_int(n, 0, "so nothing is dropped");
    close_scene(&x);
    arena_release(&a);
}

static const char *rows_of_three(struct arena *a)
{
    const char *form =
        "~ @ledger_generation_list -> rows t | 1 | kept | NULL | NULL | {} | "
        "2001-01-02T03:04:05.000006Z ; "
        "t | 2 | live | NULL | NULL | {} | 2001-01-02T03:04:05.000006Z ; "
        "t | 3 | loading | abababababababababababababababababababababababababababababababab | NULL "
        "| {} | 2001-01-02T03:04:05.000006Z ; "
        "u | 1 | loading | NULL | NULL | {} | 2001-01-02T03:04:05.000006Z\n";
    return arena_strdup(a, form);
}

static void try_retire(void)
{
    struct arena a = {0};
    struct tile_scene x;
    struct err e = {0};
    size_t n = 0;
    open_scene(&x, &a, rows_of_three(&a), 0, NULL);
    is_int(run_tiles_retire(&x.t.run, &x.step, &x.job.place, false, &n, &e), 0, e.msg);
    is_int(n, 2, "what is old and what nobody goes on with is dropped");
    x.p.keep_generations = 1;
    is_int(run_tiles_retire(&x.t.run, &x.step, &x.job.place, false, &n, &e), 0,
           "where one is to stay");
    is_int(n, 1, "only what was begun goes");
    is_int(run_tiles_retire(&x.t.run, &x.step, &x.job.place, true, &n, &e), 0,
           "or all that are not live");
    is_int(n, 2, "go");
    run_tiles(&x.t.run, &x.job, &x.o);
    is_int(x.o.result, RUN_SUCCESS, "what was begun makes way for a new one");
    close_scene(&x);
    arena_release(&a);
}

/* --- every question goes wrong once --------------------------------------------------------------------------- */

static const char *const wrongs[] = {"error 53100", "error 40P01"};
enum { N_WRONGS = sizeof wrongs / sizeof *wrongs };

static void try_sweep(const char *wrong)
{
    bool is_told = true;
    bool is_whole = true;
    bool is_clean = true;
    int n = 1;
    for (int most = 2; n < most; n++) {
        struct arena a = {0};
        struct tile_scene x;
        open_scene(&x, &a, "", n, wrong);
        if (x.t.pg != NULL) {
            run_tiles(&x.t.run, &x.job, &x.o);
            most = pq_asked() > most && n < 400 ? pq_asked() : most;
            is_told &= x.o.result == RUN_SUCCESS || x.o.failure.code != ERR_NONE;
            is_whole &= x.o.result != RUN_SUCCESS || is_published(&x);
            is_clean &= count_hidden(&x) <= 0;
        } else {
            most = n + 2;
        }
        close_scene(&x);
        arena_release(&a);
    }
    printf("# %d questions\n", n);
    ok(n > 20, "questions");
    ok(is_told, wrong);
    ok(is_whole, "a success has a file");
    ok(is_clean, "and nothing is left behind");
}

static void try_interruption(void)
{
    struct arena a = {0};
    struct tile_scene x;
    open_scene(&x, &a, "", 0, NULL);
    x.t.stop_at = x.t.n_waits + 1;
    run_tiles(&x.t.run, &x.job, &x.o);
    printf("# %s\n", x.o.failure.msg);
    is_int(x.o.result, RUN_INTERRUPTED, "a Ctrl-C while tiles are drawn");
    is_int(count_hidden(&x) > 0, false, "leaves nothing behind");
    close_scene(&x);
    arena_release(&a);
}

static void try_versions(void)
{
    struct arena a = {0};
    struct tile_scene x;
    open_scene(&x, &a, "SELECT \"public\".postgis_lib_version()* -> rows 3.3.2 | 3.11.1\n", 0,
               NULL);
    is_str(tiles_versions(x.t.pg, &a), "postgis 3.3.2, geos 3.11.1", "what makes the tiles");
    close_scene(&x);
    open_scene(&x, &a, "@postgis_load_postgis -> rows\n", 0, NULL);
    is_str(tiles_versions(x.t.pg, &a), "", "no PostGIS");
    close_scene(&x);
    arena_release(&a);
}

int main(void)
{
    tap_plan(N_RUNS * TESTS_EACH + 9 + 7 + 4 * N_WRONGS + 2 + 2);
    for (size_t i = 0; i < N_RUNS; i++) {
        try_run(i);
    }
    try_made();
    try_retire();
    for (int i = 0; i < N_WRONGS; i++) {
        try_sweep(wrongs[i]);
    }
    try_interruption();
    try_versions();
    return tap_done();
}
