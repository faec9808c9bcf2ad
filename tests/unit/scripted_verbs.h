/* A project with two migrations, a projection and its chain, on a whole server (scripted_cluster.h); the verbs
 * that write to it, and what may be said of each run. */
#ifndef KFMIG_TESTS_UNIT_SCRIPTED_VERBS_H
#define KFMIG_TESTS_UNIT_SCRIPTED_VERBS_H

#include "dataset_cases.h"
#include "flow/adopt.h"
#include "flow/collect.h"
#include "flow/converge.h"
#include "flow/drill.h"
#include "flow/owed.h"
#include "flow/recover.h"
#include "flow/switch.h"
#include "scripted_cluster.h"

/* --- the project ------------------------------------------------------------------------------------ */

/* The declaration of a migration. more: further lines of it. */
static inline void verbs_declare(const char *id, const char *schema, const char *more)
{
    char path[256];
    char text[1024];
    (void)snprintf(path, sizeof path, "migrations/postgis/%s/migration.yml", id);
    (void)snprintf(text, sizeof text,
                   "migration_id: %s\ntype: postgis\nintent: \"Test\"\n"
                   "scope: {allowed_schemas: [%s]}\nlimits: {max_table_count_touched: 1}\n"
                   "requires_rollback: true\n"
                   "approvals: {required_reviewers: [ada], change_class: schema-only}\n"
                   "runner: {tool: native}\n%s"
                   "artifacts: {forward: [forward.sql], rollback: [rollback.sql]}\n",
                   id, schema, more);
    project_put(path, text);
}

static inline void verbs_migration(const char *id, const char *schema, const char *sql)
{
    char path[256];
    verbs_declare(id, schema, "");
    (void)snprintf(path, sizeof path, "migrations/postgis/%s/forward.sql", id);
    project_put(path, sql);
    (void)snprintf(path, sizeof path, "migrations/postgis/%s/rollback.sql", id);
    project_put(path, "SELECT 1;\n");
}

#define WELLS_FILE "registry/projections/wells.yml"

/* more: further lines of the projection, at its top. */
static inline void verbs_projection(const char *more)
{
    char text[1024];
    (void)snprintf(
        text, sizeof text,
        "projection: wells\nstore: postgis\nschema: wells\n%ssources:\n"
        "  - dataset: wells\n    version: " WELLS_ID "\n    asset: features\n    into: pts\n"
        "    columns: {version: $dataset_version_id, name: properties.name, geom: geometry}\n"
        "validate: {counts: catalog, extents: {from: catalog}, invariants: [none_bad.sql]}\n",
        more);
    project_put(WELLS_FILE, text);
    project_put("registry/projections/wells/none_bad.sql",
                "SELECT 1 FROM wells.pts WHERE name = '';\n");
}

/* is_older: another text of the chain, hence another generation. */
static inline void verbs_chain(bool is_older)
{
    verbs_migration("C-1", "wells",
                    is_older ? "CREATE TABLE wells.pts (name text, version text, geom "
                               "public.geometry(Point, 4326));\n"
                             : "CREATE TABLE wells.pts (name text, version text, geom "
                               "public.geometry(Point, 4326)); -- newer\n");
}

static inline void verbs_project(void)
{
    project_start();
    project_put("registry/environments.v1.yml",
                "environments:\n"
                "  dev: {evidence: none, stores: {postgis: {dsn_ref: T_DEV}}}\n"
                "default_environment: dev\n");
    (void)setenv("T_DEV", "postgresql://tester@db.example/kfm", 1);
    (void)setenv("KFMIG_ACTOR", "ann", 1);
    place_fd = dup(project_fd);
    fixture_write(&wells, NULL);
    (void)close(place_fd);
    place_fd = -1;
    verbs_migration("M-1", "app", "INSERT INTO app.t VALUES (1);\n");
    verbs_migration("M-2", "app", "INSERT INTO app.t VALUES (2);\n");
    verbs_projection("");
    verbs_chain(false);
}

/* --- a run ------------------------------------------------------------------------------------------ */

/* heard, and what came of it: rc, e, r; n_holders: sessions that held the run's lock when the verb ended. */
struct run_of {
    struct loaded l;
    struct arena a;
    struct cluster cluster;
    struct heard heard;
    struct ear ear;
    struct site s;
    struct result r;
    struct err e;
    int rc, n_holders;
};

static inline enum err_code run_of_stops(void *ctx)
{
    struct run_of *t = ctx;
    return t->cluster.is_stopped ? ERR_INTERRUPTED : ERR_NONE;
}

static inline void run_of_hear(void *ctx, const struct tell *heard)
{
    struct run_of *t = ctx;
    if (t->heard.n < sizeof t->heard.text - 1024) {
        heard_hear(&t->heard, heard);
    }
}

typedef int act(struct run_of *t);

/* lines: before what is answered well. The n-th and the m-th question go wrong. */
static inline void run_of_play(struct run_of *t, act *does, const char *lines, int n,
                               const char *first, int m, const char *second)
{
    static char script[32768];
    arena_release(&t->a);
    for (size_t i = 0; i < t->l.p.n_bundle; i++) {
        t->l.p.bundle[i].forward = NULL; /* it was parsed into the former run's arena */
    }
    t->e = (struct err){0};
    t->heard.n = 0;
    t->heard.text[0] = '\0';
    t->ear = (struct ear){t, run_of_hear, run_of_stops};
    cluster_rest(&t->cluster);
    (void)snprintf(script, sizeof script, "%s%s%s%s", lines, CLUSTER, WELL, ALWAYS);
    pq_script(script);
    if (n > 0) {
        pq_fail(n, first);
    }
    if (m > 0) {
        pq_fail(m, second);
    }
    pq_model(cluster_hears, &t->cluster);
    site_init(&t->s, &t->a, &t->l.p, t->l.cache, &t->ear, load_env(&t->l.p, "dev"),
              &(struct site_options){.verb = "build", .self = "/bin/false"});
    result_begin(&t->r, &t->s);
    t->rc = does(t);
    t->n_holders = cluster_holders(&t->cluster);
    site_close(&t->s);
}

/* What came of it, one behind another: the error and its hint, what the verb itself put out (own), what was
 * heard, the rows of the result. */
static inline const char *run_of_text(const struct run_of *t, const char *own)
{
    static char text[32768];
    size_t n = (size_t)snprintf(text, sizeof text, "%s; %s\n%s%s%s", t->e.msg, t->e.hint, own,
                                own[0] != '\0' ? "\n" : "", t->heard.text);
    for (size_t i = 0; i < t->r.n; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, ", %s %s",
                              result_action_text(t->r.v[i].action), t->r.v[i].target);
    }
    return text;
}

/* The server as the run left it, with its arenas: t has none any more. */
static inline void run_of_leave(struct run_of *t, struct cluster *out)
{
    *out = t->cluster;
    memset(&t->cluster, 0, sizeof t->cluster);
}

/* --- the verbs. As cli/ does it: the plan first, then the verb on it */

static inline int plan_first(struct run_of *t)
{
    if (site_plan(&t->s, true, &t->e) != 0) {
        result_worsen(&t->r, t->e.code);
        return -1;
    }
    return 0;
}

static inline int builds(struct run_of *t)
{
    const struct converge_options o = {.order = {.is_confirmed = true}};
    return plan_first(t) != 0 || converge_blocked(&t->s, &o, &t->r, &t->e) != 0
               ? -1
               : converge(&t->s, &o, &t->r, &t->e);
}

static const struct meant meant_all = {.all = true};
static const struct writing_order order_confirmed = {.is_confirmed = true};

static inline int rebuilds(struct run_of *t)
{
    return plan_first(t) != 0 ? -1 : rebuild(&t->s, &meant_all, &order_confirmed, &t->r, &t->e);
}

static inline int switches(struct run_of *t)
{
    return plan_first(t) != 0
               ? -1
               : switch_to(&t->s, "wells", "1", true, &order_confirmed, &t->r, &t->e);
}

static inline int collects(struct run_of *t)
{
    return plan_first(t) != 0 ? -1 : collect(&t->s, true, &order_confirmed, &t->r, &t->e);
}

static inline int adopts(struct run_of *t)
{
    return plan_first(t) != 0 ? -1 : adopt(&t->s, &order_confirmed, &t->r, &t->e);
}

static const struct recover_options recover_all = {.meant = {.all = true}, .is_confirmed = true};

static inline int recovers(struct run_of *t)
{
    return recover(&t->s, &recover_all, &t->r, &t->e);
}

static inline int drills(struct run_of *t)
{
    return drill(&t->s, &recover_all, &t->r, &t->e);
}

#endif
