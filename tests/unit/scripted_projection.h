/* A projection of one table from two dataset versions, on a model of the server (scripted_held.h). */
#ifndef KFMIG_TESTS_UNIT_SCRIPTED_PROJECTION_H
#define KFMIG_TESTS_UNIT_SCRIPTED_PROJECTION_H

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "run/projection.h"
#include "scripted_held.h"
#include "scripted_run.h"

enum { FILES = 3 };

/* --- whatever is asked is answered well: two rows each, of which every fingerprint is the same */

#define FINGERPRINT                                                                                \
    "0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | " \
    "0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 7"
#define OTHER_FINGERPRINT                                                                          \
    "0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | " \
    "0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 8"
#define WELL                                                                                       \
    "~ connect -> ok\n"                                                                            \
    "~ @postgis_begin -> BEGIN\n"                                                                  \
    "~ BEGIN -> BEGIN\n"                                                                           \
    "~ COMMIT -> COMMIT\n"                                                                         \
    "~ ROLLBACK -> ROLLBACK\n"                                                                     \
    "~ SAVEPOINT kfmig_rehearsal -> SAVEPOINT\n"                                                   \
    "~ ROLLBACK TO SAVEPOINT kfmig_rehearsal -> ROLLBACK\n"                                        \
    "~ @ledger_work_begin -> rows t | 700 | u u | n | on\n"                                        \
    "~ @ledger_record_guard -> rows t | t | t | t | t | \n"                                        \
    "~ @ledger_record_head -> UPDATE 1\n"                                                          \
    "~ @ledger_record_* -> INSERT 0 1\n"                                                           \
    "~ @ledger_lock_lease -> rows 8\n"                                                             \
    "~ @ledger_lock_holder -> rows\n"                                                              \
    "~ @ledger_lock_* -> rows t\n"                                                                 \
    "~ @ledger_find_run -> ask\n"                                                                  \
    "~ @ledger_generation_found -> rows t\n"                                                       \
    "~ @ledger_generation_list -> ask\n"                                                           \
    "~ @ledger_generation_next_number -> ask\n"                                                    \
    "~ @ledger_generation_put_row -> INSERT 0 1\n"                                                 \
    "~ @ledger_generation_drop -> UPDATE 1\n"                                                      \
    "~ @postgis_generation_schemas -> ask\n"                                                       \
    "~ @postgis_generation_indexes_found -> ask\n"                                                 \
    "~ @postgis_generation_indexes(wells__g1, *) -> rows " INDEXES(                                \
        "1") "\n"                                                                                  \
             "~ @postgis_generation_indexes(wells__g2, *) -> rows " INDEXES(                       \
                 "2") "\n"                                                                         \
                      "~ @postgis_generation_indexes(wells__g3, *) -> rows " INDEXES(              \
                          "3") "\n"                                                                \
                               "~ @postgis_generation_settle -> rows ANALYZE pts\n"                \
                               "~ @postgis_generation_size -> rows 8192\n"                         \
                               "~ @postgis_generation_horizon -> rows 9 now\n"                     \
                               "~ @postgis_generation_old_snapshots -> rows\n"                     \
                               "~ @postgis_generation_relations -> rows {1} | DO lock\n"           \
                               "~ @postgis_generation_columns -> rows id | int4 | "                \
                               "int4send(t.id)\n"                                                  \
                               "~ @postgis_generation_geometry -> rows t.geom | public. | 1\n"     \
                               "~ @postgis_generation_copied -> rows id | id | t.id | f\n"         \
                               "~ @postgis_generation_copy_settings -> rows was\n"                 \
                               "~ @postgis_generation_fillings -> rows\n"                          \
                               "~ @postgis_generation_spare -> rows 9\n"                           \
                               "~ @postgis_load_columns -> rows "                                  \
                               "id | integer | int4 | -1 | t | f | f | NULL | NULL | NULL | -1 | " \
                               "f ; "                                                              \
                               "version | text | text | -1 | t | f | f | NULL | NULL | NULL | -1 " \
                               "| f "                                                              \
                               "; "                                                                \
                               "geom | public.geometry(Point,4326) | geometry | 1 | f | f | f | "  \
                               "geometry | "                                                       \
                               "public.geometry(Point,4326) | NULL | -1 | f\n"                     \
                               "~ @postgis_catalog_schemas -> rows 2615 | 9001 | schema |  | "     \
                               "wells | owner | kfmig\n"                                           \
                               "~ @postgis_observe_begin -> rows 700 | u u | t | NULL\n"           \
                               "~ @postgis_observe_settle -> SET CONSTRAINTS\n"                    \
                               "~ SELECT public.postgis_typmod_srid* -> rows 4326\n"               \
                               "~ SELECT count(*), sum(get_byte* -> rows 2 | " FINGERPRINT "\n"    \
                               "~ SELECT count(*), count(*) - count(g)* -> rows 2 | 0 | 0 | 0 | "  \
                               "0 | -97 | 38 | -96 | 39\n"                                         \
                               "~ SELECT count(*) FROM (SELECT 1 FROM* -> rows 0\n"                \
                               "~ SELECT count(*) FROM * -> rows 4\n"                              \
                               "~ SELECT 1 FROM pts WHERE bad -> rows\n"                           \
                               "~ CREATE SCHEMA * -> CREATE SCHEMA\n"                              \
                               "~ ALTER SCHEMA * -> ALTER SCHEMA\n"                                \
                               "~ DROP SCHEMA * -> DROP SCHEMA\n"                                  \
                               "~ CREATE TABLE pts* -> CREATE TABLE\n"                             \
                               "~ CREATE INDEX * -> CREATE INDEX\n"                                \
                               "~ DROP INDEX * -> DROP INDEX\n"                                    \
                               "~ COPY * -> copy\n"                                                \
                               "~ copy end -> COPY 2\n"                                            \
                               "~ copy fail -> error 57014\n"                                      \
                               "~ INSERT INTO * -> INSERT 0 2\n"                                   \
                               "~ DELETE FROM * -> ask\n"                                          \
                               "~ ANALYZE pts -> ANALYZE\n"                                        \
                               "~ DO lock -> DO\n"
#define INDEX(g, name)                                                                             \
    "pts | " name " | CREATE INDEX " name " ON wells__g" g ".pts (" name ") | DROP INDEX " name
#define INDEXES(g) INDEX(g, "pts_geom") " ; " INDEX(g, "pts_id")

/* --- the projection */

struct build {
    struct scene t;
    struct server server;
    struct projection p;
    struct projection_source source[VERSIONS];
    struct mapping mapping[VERSIONS][3];
    const char *unique;
    struct dataset dataset[VERSIONS];
    const struct dataset *datasets[VERSIONS];
    struct dataset_file file[VERSIONS];
    struct dataset_place place;
    struct projection_input in;
    struct generations now;
    struct step step;
    struct projection_job job;
    struct bundle *chain[1];
    struct statement asks;
    struct script invariant;
    struct artifact invariant_file;
    bool has_crew, is_older; /* older: another version of the second dataset is wanted */
};

static char build_folder[] = "/tmp/kfmig-scripted-XXXXXX";
/* One per version; then what nothing reads, although it holds the same. */
static const char *const build_files[FILES] = {"v1.csv", "v2.csv", "v1.bin"};
static int build_dirfd = -1;
static const char build_csv[] = "id,lon,lat\n1,-97,38\n2,-96,39\n";

_Noreturn static inline void build_folder_fails(const char *what)
{
    printf("Bail out! %s: %s\n", build_folder, what);
    exit(1);
}

static inline void build_folder_make(void)
{
    if (mkdtemp(build_folder) == NULL) {
        build_folder_fails("no folder");
    }
    build_dirfd = open(build_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < FILES; i++) {
        int fd = openat(build_dirfd, build_files[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (write(fd, build_csv, sizeof build_csv - 1) != (ssize_t)sizeof build_csv - 1) {
            build_folder_fails("no artifact");
        }
        (void)close(fd);
    }
}

static inline void build_folder_remove(void)
{
    for (int i = 0; i < FILES; i++) {
        (void)unlinkat(build_dirfd, build_files[i], 0);
    }
    (void)close(build_dirfd);
    (void)rmdir(build_folder);
}

static inline void build_source(struct build *b, int i)
{
    static const char *const versions[VERSIONS] = {"2026-01", "2026-02"};
    const char *version = i == 1 && b->is_older ? "2026-00" : versions[i];
    b->mapping[i][0] = (struct mapping){.column = "id", .kind = SOURCE_PATH, .text = "id"};
    b->mapping[i][1] = (struct mapping){.column = "version", .kind = SOURCE_VERSION};
    b->mapping[i][2] =
        (struct mapping){.column = "geom", .kind = SOURCE_POINT, .x = "lon", .y = "lat"};
    b->unique = "id";
    b->source[i] = (struct projection_source){.dataset = "wells",
                                              .version = version,
                                              .asset = "features",
                                              .into = "pts",
                                              .column = b->mapping[i],
                                              .n_columns = 3,
                                              .unique = {&b->unique, 1, 1},
                                              .line = 5 + i,
                                              .col = 7};
    b->file[i] = (struct dataset_file){.name = "features",
                                       .path = build_files[i],
                                       .media_type = "text/csv",
                                       .digest = digest_of(bytes_str(build_csv)),
                                       .size = sizeof build_csv - 1,
                                       .srid = 4326};
    b->dataset[i] = (struct dataset){.slug = "wells",
                                     .id = version,
                                     .path = "catalog.json",
                                     .artifacts = {&b->file[i], 1, 1},
                                     .has_count = true,
                                     .count = ROWS,
                                     .has_bbox = true,
                                     .bbox = {-97, 38, -96, 39},
                                     .evidence_ref = "dcat://wells"};
    b->datasets[i] = &b->dataset[i];
}

static inline void build_declare(struct build *b)
{
    struct scene *t = &b->t;
    scene_declare(t, "CREATE TABLE pts (id int)");
    t->statement.tag = "CREATE TABLE";
    t->decl.forward.v = &t->forward;
    for (int i = 0; i < VERSIONS; i++) {
        build_source(b, i);
    }
    b->asks = (struct statement){.kind = STATEMENT_PLAIN,
                                 .text = bytes_str("SELECT 1 FROM pts WHERE bad"),
                                 .line = 1,
                                 .col = 1,
                                 .tag = "SELECT",
                                 .why = "",
                                 .hint = "",
                                 .analysed = true};
    b->invariant = (struct script){.path = "registry/projections/wells/none_bad.sql",
                                   .bytes = b->asks.text,
                                   .forms = &b->asks,
                                   .n = 1};
    b->invariant_file = (struct artifact){.path = b->invariant.path, .bytes = b->asks.text};
    b->p = (struct projection){
        .name = "wells",
        .schema = "wells",
        .keep_generations = 1,
        .keep_seconds = 3600,
        .snapshot_wait_ms = 1000,
        .source = b->source,
        .n_sources = VERSIONS,
        .counts_from_catalog = true,
        .extents_from_catalog = true,
        .tolerance = 0.001,
        .invariants = {&b->invariant_file, 1, 1},
        .file = {.path = "registry/projections/wells.yml", .bytes = bytes_str("x")}};
    b->chain[0] = &t->bundle;
    b->place = (struct dataset_place){.a = &t->a, .dirfd = build_dirfd};
}

static inline struct part build_part(enum part_kind kind, const struct projection_source *s)
{
    struct part p = part_of_source(kind, s);
    p.digest = digest_of(bytes_str(s->version));
    return p;
}

/* What the declaration wants. */
static inline void build_parts(struct build *b)
{
    struct arena *a = &b->t.a;
    parts_add(
        a, &b->in.parts,
        (struct part){.kind = PART_MIGRATION, .id = "M-1", .digest = digest_of(bytes_str("M-1"))});
    for (int i = 0; i < VERSIONS; i++) {
        parts_add(a, &b->in.parts, build_part(PART_SOURCE, &b->source[i]));
        parts_add(a, &b->in.parts, build_part(PART_MAPPING, &b->source[i]));
    }
    b->in.digest = parts_digest(&b->in.parts);
}

/* A scene whose server holds what b->server.is says; faults as of scene_open_failing(). lines: before those
 * that answer well. */
static inline void build_open(struct build *b, const char *lines, int n, const char *first, int m,
                              const char *second)
{
    static char script[32768];
    (void)snprintf(script, sizeof script, "%s%s%s", lines, WELL, ALWAYS);
    scene_open_failing(&b->t, script, n, first, m, second);
    b->server.in_transaction = false;
    memset(b->server.has_begun, 0, sizeof b->server.has_begun);
    memset(b->server.has_failed, 0, sizeof b->server.has_failed);
    memset(b->server.beside, 0, sizeof b->server.beside);
    pq_model(server_hears, &b->server);
    build_declare(b);
    b->in = (struct projection_input){.p = &b->p};
    build_parts(b);
    b->t.run.open = b->has_crew ? scene_open_another : NULL;
    b->t.run.jobs = 2;
}

static inline void build_close(struct build *b)
{
    scene_close(&b->t);
}

static inline void build_forget(struct build *b)
{
    arena_release(&b->server.a);
    b->server = (struct server){0};
}

/* The step as the plan would have it, from what the ledger says. 0, or -1: it could not be asked. */
static inline int build_plan(struct build *b, struct err *e)
{
    b->step = (struct step){.kind = STEP_PROJECTION, .in = &b->in};
    if (ledger_generations(b->t.pg, &b->t.a, &b->now, e) != 0) {
        return -1;
    }
    b->in.v = b->now.v;
    b->in.n = b->now.n;
    for (size_t i = 0; i < b->now.n; i++) {
        const struct generation *g = &b->now.v[i];
        bool wanted = digest_eq(&g->digest, &b->in.digest);
        b->step.live = g->state == GENERATION_LIVE ? g : b->step.live;
        b->step.next = g->state != GENERATION_LIVE && wanted ? g : b->step.next;
    }
    b->job = (struct projection_job){.step = &b->step,
                                     .datasets = b->datasets,
                                     .place = &b->place,
                                     .chain = b->chain,
                                     .n_chain = 1,
                                     .invariants = &b->invariant};
    return 0;
}

/* A build that runs to its end, whatever that is, on what the server holds. */
static inline void build_before(struct build *b, const char *lines, bool is_older)
{
    struct err e = {0};
    b->is_older = is_older;
    build_open(b, lines, 0, NULL, 0, NULL);
    if (build_plan(b, &e) != 0) {
        printf("# %s\n", e.msg);
    }
    run_projection(&b->t.run, &b->job, &b->t.o);
    build_close(b);
    b->is_older = false;
}

/* What a server may hold before: generation 1 live, of an older version of the second dataset; then a second
 * one that could not be loaded, or published; or was, so that 1 is kept; or a schema that no generation
 * accounts for. */
enum holding { HOLDS_NOTHING, HOLDS_LIVE, HOLDS_LOADING, HOLDS_READY, HOLDS_KEPT, HOLDS_FOREIGN };

static inline void build_holding(struct build *b, enum holding what)
{
    build_forget(b);
    if (what == HOLDS_FOREIGN) {
        b->server.is.schema[0] = (struct held_schema){.name = "wells", .rows = VERSIONS * ROWS};
        b->server.is.n_schemas = 1;
        b->server.is_foreign = true;
    }
    if (what == HOLDS_NOTHING || what == HOLDS_FOREIGN) {
        return;
    }
    build_before(b, "", true);
    if (what == HOLDS_LOADING) {
        build_before(b, "~ COPY * -> error 53100\n", false);
    } else if (what == HOLDS_READY) {
        build_before(b, "~ @postgis_generation_old_snapshots -> rows session 5\n", false);
    } else if (what == HOLDS_KEPT) {
        build_before(b, "", false);
    }
    b->server.is.n_entries = 0;
}

#endif
