/* layer: site */
/* Projections of tiles as they are declared: which queries a layer may have, what they are made from, and what is found where their file should be. */
#include "site/tiling.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cache/cache.h"
#include "load/used.h"
#include "sql/script.h"
#include "store/tiles/pmtiles.h"
#include "tap.h"

/* --- queries ------------------------------------------------------------------------------------------------- */

static const struct {
    const char *sql, *words; /* "": nothing is wrong */
} queries[] = {
    {"SELECT id, geom FROM wells", ""},
    {"SELECT id, geom FROM app.wells WHERE depth > 3", ""},
    {"SELECT w.id, w.geom FROM wells w JOIN app.owners o ON o.id = w.owner", ""},
    {"-- only a comment\n", "layer \"wells\": its file has no query"},
    {"SELECT id, geom FROM wells; SELECT 1", "layer \"wells\": its file has several statements"},
    {"SELECT id geom FROM FROM", "layer \"wells\": a syntax error in its query"},
    {"DELETE FROM app.wells", "layer \"wells\": its query is something else"},
    {"SELECT id, geom INTO app.others FROM app.wells",
     "layer \"wells\": its query is something else"},
    {"SELECT id, geom FROM other.wells", "layer \"wells\": its query reads \"other\".\"wells\""},
    {"WITH x AS (DELETE FROM app.wells RETURNING id, geom) SELECT id, geom FROM x",
     "layer \"wells\": its query does more than read (write)"},
    {"SELECT id, geom FROM wells WHERE depth > random()",
     "layer \"wells\": its query has random(), which gives another answer each time"},
    {"SELECT id, app.shape(geom) AS geom FROM wells",
     "layer \"wells\": its query calls a function whose code nobody has looked at"},
};
enum { N_QUERIES = sizeof queries / sizeof *queries };

static void test_queries(void)
{
    for (size_t i = 0; i < N_QUERIES; i++) {
        struct arena a = {0};
        struct err_list faults = {0};
        struct tile_layer layer[] = {
            {.name = "not_there"}, /* its file is missing, which somebody else has told */
            {.name = "wells", .sql = {"t/wells.sql", {{0}}, bytes_str(queries[i].sql)}}};
        struct tiling tiling = {.from = "wells", .layer = layer, .n_layers = 2};
        const struct projection p = {.name = "t", .tiling = &tiling};
        tiling_queries(&a, &p, "app", &faults);
        is_str(faults.n > 0 ? faults.v[0].msg : "", queries[i].words, queries[i].sql);
        is_int(faults.n > 0 ? layer[1].query.n : layer[1].query.n > 0,
               faults.n > 0 ? layer[1].query.n : 1, "a query that holds is kept");
        err_list_release(&faults);
        arena_release(&a);
    }
}

/* --- the file ------------------------------------------------------------------------------------------------- */

struct tile_scene {
    struct arena a;
    char folder[32];
    struct project project;
    struct env env;
    struct projection p[2];
    struct tiling tiling;
    struct generation live[2];
    struct site site;
    struct projected x;
};

static void arrange(struct tile_scene *t)
{
    *t = (struct tile_scene){.folder = "/tmp/t_tiling.XXXXXX"};
    t->project.dirfd = mkdtemp(t->folder) != NULL ? open(t->folder, O_RDONLY | O_DIRECTORY) : -1;
    t->tiling = (struct tiling){.from = "wells"};
    t->p[0] = (struct projection){.name = "wells", .schema = "app"};
    t->p[1] = (struct projection){.name = "t", .schema = "", .tiling = &t->tiling};
    t->project.projection = t->p;
    t->project.n_projection = 2;
    t->env.place[STORE_TILES][0] = "tiles";
    t->live[0] = (struct generation){.projection = "t", .number = 1, .state = GENERATION_READY};
    t->live[1] = (struct generation){.projection = "t", .number = 2, .state = GENERATION_LIVE};
    t->site = (struct site){
        .a = &t->a, .project = &t->project, .env = &t->env, .generations = {t->live, 2, 2}};
    t->x.input.p = &t->p[1];
}

static void clear(struct tile_scene *t)
{
    char command[64];
    (void)snprintf(command, sizeof command, "rm -rf %s", t->folder);
    (void)!system(command);
    (void)close(t->project.dirfd);
    err_list_release(&t->x.faults);
    arena_release(&t->a);
}

/* The file of generation 2, of one tile of those bytes, as readers find it; what is known of it is known. */
static void publish(struct tile_scene *t, const char *bytes)
{
    struct err e = {0};
    struct tile_place at = tiling_place(&t->site, &t->p[1]);
    struct tileset set = {.bounds = {-1, -1, 1, 1}};
    struct digest file;
    int64_t size = 0;
    int fd = -1;
    struct doc *metadata = doc_new(&t->a, DOC_MAP);
    (void)doc_put(&t->a, metadata, "vector_layers", doc_new(&t->a, DOC_LIST));
    bool is_made = tilefile_begin(&at, 2, &fd, &e) == 0;
    struct pmtiles *w = pmtiles_begin(fd, "t.pmtiles");
    is_made = is_made && pmtiles_add(w, (struct tile){0, 0, 0}, bytes_str(bytes), &e) == 0 &&
              pmtiles_finish(w, metadata, &set, &e) == 0 && tilefile_keep(&at, 2, fd, &e) == 0 &&
              tilefile_publish(&at, 2, &e) == 0 && tilefile_digest(&at, 0, &file, &size, &e) == 0;
    pmtiles_release(w);
    ok(is_made, "a file to look at");
    struct doc *facts = doc_new(&t->a, DOC_MAP);
    struct doc *known = doc_put(&t->a, facts, "file", doc_new(&t->a, DOC_MAP));
    (void)doc_put(&t->a, known, "sha256", doc_digest(&t->a, &file));
    (void)doc_put(&t->a, known, "tiles", doc_int(&t->a, set.addressed));
    t->live[1].facts = facts;
    t->live[1].content = set.content;
}

static void overwrite(const struct tile_scene *t, const char *bytes)
{
    int fd = openat(t->project.dirfd, "tiles/t.pmtiles", O_WRONLY | O_TRUNC);
    ok(fd >= 0 && write(fd, bytes, strlen(bytes)) == (ssize_t)strlen(bytes),
       "a file is written over");
    (void)close(fd);
}

static void found(struct tile_scene *t, const char *want, const char *name)
{
    t->x.input.altered = NULL;
    tiling_look(&t->site, &t->x);
    is_str(t->x.input.altered != NULL ? t->x.input.altered->why : "", want, name);
}

/* How many tiles it has is known, and nothing else. */
static void forget_digest(struct tile_scene *t)
{
    struct doc *facts = doc_new(&t->a, DOC_MAP);
    struct doc *known = doc_put(&t->a, facts, "file", doc_new(&t->a, DOC_MAP));
    (void)doc_put(&t->a, known, "tiles", doc_int(&t->a, 1));
    t->live[1].facts = facts;
}

enum { FILE_TESTS = 12 };

static void test_file(void)
{
    struct tile_scene t;
    arrange(&t);
    found(&t, "it is not there", "nothing stands there");
    publish(&t, "one");
    found(&t, "", "what was published");
    struct digest content = t.live[1].content;
    publish(&t, "another");
    t.live[1].content = content;
    found(&t, "", "a file whose own digest is known is not read");
    forget_digest(&t);
    found(&t, "its tiles are others", "tiles of somebody else");
    ok(t.x.input.altered != NULL && !digest_eq(&t.x.input.altered->now, &content),
       "and which they are is known");
    overwrite(&t, "no tiles");
    found(&t, "it is no file of these tiles", "bytes of somebody else");
    is_str(t.x.input.altered->path, "tiles/t.pmtiles", "and which file that is");
    t.live[1].state = GENERATION_READY;
    found(&t, "", "where nothing is published, nothing is looked for");
    ok(digest_is_zero(&t.x.input.digest),
       "and what it is made of is unknown while its source is not built");
    clear(&t);
}

static void test_from(void)
{
    struct tile_scene t;
    arrange(&t);
    ok(tiling_from(&t.project, &t.p[1]) == &t.p[0], "the projection it is made from");
    t.tiling.from = "nobody";
    ok(tiling_from(&t.project, &t.p[1]) == NULL, "which is not there");
    found(&t, "", "what is made from nothing is not looked at");
    struct err e = {0};
    struct parts parts;
    ok(tiling_parts(&t.site, &t.p[1], &t.live[1], &parts, &e) != 0,
       "a source that kfmig did not build");
    is_str(e.msg, "the generation of \"t\" that is live has no fingerprint of its content",
           "is told");
    clear(&t);
}

/* --- what is remembered of it ----------------------------------------------------------------------------------- */

enum { SEEN_TESTS = 10 };

/* As src/site/tiling.c keeps it: stamp and digest. */
struct row {
    struct stamp stamp;
    struct digest digest;
};

static bool recall(struct tile_scene *t, struct row *out)
{
    struct bytes v;
    bool is_there = cache_get(t->site.cache, "tiles", bytes_str("tiles/t.pmtiles"), &t->a, &v) &&
                    v.n == sizeof *out;
    if (is_there) {
        memcpy(out, v.p, sizeof *out);
    }
    return is_there;
}

/* Long enough ago that a change of it now would show. */
static void settle(const struct tile_scene *t)
{
    struct stamp stamp;
    do {
        (void)used_look(t->project.dirfd, "tiles/t.pmtiles", &stamp);
    } while (!used_is_settled(&stamp, 1, used_now()));
}

static void test_seen(void)
{
    struct tile_scene t;
    struct err e = {0};
    struct row row = {{0}, {{0}}};
    arrange(&t);
    t.site.cache = cache_open(t.project.dirfd, t.folder);
    publish(&t, "one");
    settle(&t);
    found(&t, "", "what was published");
    struct doc *file = doc_get(t.live[1].facts, "file");
    struct digest known = {{0}};
    (void)!digest_parse(doc_str(file, "sha256", ""), &known);
    ok(recall(&t, &row) && digest_eq(&row.digest, &known), "is remembered");
    overwrite(&t, "no tiles");
    settle(&t);
    found(&t, "it is no file of these tiles", "what is remembered of another file does not count");
    ok(recall(&t, &row) && !digest_eq(&row.digest, &known), "and is forgotten");
    is_int(file_stamp(t.project.dirfd, "tiles/t.pmtiles", &row.stamp, &e), 0, "of the same file");
    row.digest = known;
    cache_put(t.site.cache, "tiles", bytes_str("tiles/t.pmtiles"),
              bytes_of((const char *)&row, sizeof row));
    found(&t, "", "it counts: the file is not read");
    overwrite(&t, "no tiles");
    found(&t, "it is no file of these tiles", "until it is written again, were it the same");
    cache_close(t.site.cache);
    clear(&t);
}

int main(void)
{
    tap_plan(2 * N_QUERIES + FILE_TESTS + SEEN_TESTS + 5);
    test_queries();
    test_file();
    test_seen();
    test_from();
    script_shutdown();
    return tap_done();
}
