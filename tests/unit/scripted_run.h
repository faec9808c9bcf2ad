/* A run of src/run against a scripted server: one migration of one statement, and the lines that every scenario shares. */
#ifndef KFMIG_TESTS_UNIT_SCRIPTED_RUN_H
#define KFMIG_TESTS_UNIT_SCRIPTED_RUN_H

#include "base/clock.h"
#include "base/tell.h"
#include "run/run.h"
#include "scripted_pq.h"
#include "tap.h"

/* What no scenario is about: the session's hygiene, settings, savepoints. They come before what is asked once. */
#define ALWAYS                                                                                     \
    "~ @pg_pin_query -> rows 1\n"                                                                  \
    "~ DEALLOCATE ALL -> DEALLOCATE ALL\n"                                                         \
    "~ @postgis_clean_close_all -> CLOSE CURSOR ALL\n"                                             \
    "~ @postgis_clean_reset_all -> RESET\n"                                                        \
    "~ @postgis_clean_unlisten -> UNLISTEN\n"                                                      \
    "~ @postgis_clean_discard_* -> DISCARD\n"                                                      \
    "~ @run_clock -> rows 2026-01-02T03:04:05.000006Z\n"                                           \
    "~ @postgis_begin_settings -> rows 1 | 2 | 3\n"                                                \
    "~ @postgis_pin_* -> SAVEPOINT\n"                                                              \
    "~ @postgis_observe_flush -> rows\n"                                                           \
    "~ @postgis_observe_mark -> rows\n"                                                            \
    "~ @postgis_observe_counters -> rows\n"                                                        \
    "~ @postgis_observe_locks -> rows ledger | 0 | 0 |  |  | untouched | f | 0 | 0 |  |  |  |  | " \
    " | 0 | 0 | 0 | f | f | f ; "                                                                  \
    "id | 0 | 0 |  |  | 702 | f | 0 | 0 |  |  |  |  |  | 0 | 0 | 0 | f | f | f\n"                  \
    "~ @postgis_observe_state -> rows 700 | u u | t | t | f | 2026-01-02T03:04:05.000006Z | "      \
    "NULL\n"                                                                                       \
    "~ @postgis_observe_powers -> rows f | f | NULL | NULL | NULL\n"                               \
    "~ @postgis_observe_powers_since_15 -> rows f\n"                                               \
    "~ @ledger_read_witness -> rows 0:0\n"                                                         \
    "~ @postgis_witness* -> rows 1:1 | 0/16B3 | 700\n"                                             \
    "~ @postgis_* -> rows\n"

#define CONNECT "connect -> ok\n"
/* A transaction begins: the work lock is had, the observer knows where it stands. */
#define BEGUN                                                                                      \
    "@postgis_begin -> BEGIN\n"                                                                    \
    "@ledger_work_begin -> rows t | 700 | u u | n | on\n"                                          \
    "@postgis_observe_begin -> rows 700 | u u | t | NULL\n"
#define STATEMENT "INSERT INTO t VALUES (1) -> INSERT 0 1\n"
#define SETTLED "@postgis_observe_settle -> SET CONSTRAINTS\n"
/* The entry, guarded: same transaction, same users, the run's lock, the work lock, the epoch; the head moves. */
#define GUARD(answer) "@ledger_record_begin -> SET\n@ledger_record_guard -> rows " answer " | \n"
#define WRITTEN(result)                                                                            \
    "@ledger_record_head -> UPDATE 1\n"                                                            \
    "@ledger_record_entry(1, M-1, apply, " result ", *, *, *) -> INSERT 0 1\n"                     \
    "@ledger_record_receipt -> INSERT 0 1\n"                                                       \
    "@ledger_record_blobs -> INSERT 0 1\n"                                                         \
    "@ledger_record_end -> SET\n"
#define RECORDED(result) GUARD("t | t | t | t | t") WRITTEN(result)
#define ROLLED_BACK "ROLLBACK -> ROLLBACK\n"
/* Connected again: the run's lock, nobody works any more, a new epoch. */
#define RECONNECTED                                                                                \
    "connect -> ok\n"                                                                              \
    "@ledger_lock_try -> rows t\n"                                                                 \
    "@ledger_lock_work_is_free -> rows t\n"                                                        \
    "@ledger_lock_lease -> rows 8\n"
/* A failure's own transaction, once the session is known to hold the lock. */
#define STILL_LOCKED "@ledger_lock_held -> rows t\n"
#define FAILURE_RECORDED "BEGIN -> BEGIN\n" RECORDED("failed") "COMMIT -> COMMIT\n"
#define INTERRUPTION STILL_LOCKED "BEGIN -> BEGIN\n" RECORDED("interrupted") "COMMIT -> COMMIT\n"

/* Everything that a run needs. n_*: what was heard. stop_at: on_wait() says stop at that call, 0 never. */
struct scene {
    struct arena a;
    struct pg *pg;
    struct env env;
    struct domains domains;
    struct world world;
    struct identity id;
    struct merkle merkle;
    struct catalog base;
    struct baseline sum;
    struct run_actor actor;
    struct ear ear;
    struct pg_wait wait;
    struct run run;
    struct decl decl;
    struct script script;
    struct statement statement;
    struct artifact forward;
    struct bundle bundle;
    struct step step;
    struct outcome o;
    int n_retries, n_resolving, n_waits, stop_at;
    int64_t paused_ms;
};

static inline bool scene_wait(void *ctx)
{
    struct scene *t = ctx;
    return ++t->n_waits == t->stop_at;
}

static inline void scene_hear(void *ctx, const struct tell *heard)
{
    struct scene *t = ctx;
    t->n_retries += heard->kind == TELL_RETRY ? 1 : 0;
    t->n_resolving += heard->kind == TELL_RESOLVING ? 1 : 0;
    t->paused_ms += heard->kind == TELL_RETRY ? heard->ms : 0;
    if (heard->kind != TELL_TICK) {
        pq_note("* %s %s %s %s:%d %zu/%zu %lld ms %lld rows %s %s %s", tell_name(heard->kind),
                heard->target != NULL ? heard->target : "-", heard->what != NULL ? heard->what : "",
                heard->path != NULL ? heard->path : "", heard->line, heard->at, heard->n,
                (long long)heard->ms, (long long)heard->rows,
                heard->severity != NULL ? heard->severity : "",
                heard->sqlstate != NULL ? heard->sqlstate : "",
                heard->fault != NULL ? heard->fault->msg : "");
    }
}

/* What came of it, as lines of pq_said(). */
static inline void scene_note_outcome(const struct outcome *o)
{
    const struct err *e = &o->failure;
    pq_note("= result %d, entry %lld, statement %d, %lld ms, %s, %s", (int)o->result,
            (long long)o->sequence, o->failed_statement, (long long)o->elapsed_ms,
            o->observed ? "observed" : "not observed", o->owed.p != NULL ? "owed" : "not owed");
    pq_note("= code %d %s %s:%d:%d: %s | %s", (int)e->code, e->sqlstate, e->where.path,
            e->where.line, e->where.col, e->msg, e->hint);
    for (size_t i = 0; i < o->gates.n; i++) {
        const struct finding *f = &o->gates.v[i];
        pq_note("= gate %s %s %s:%d %s | %s | %s | %s", f->rule, f->passed ? "pass" : "FAIL",
                f->path, f->line, f->subject, f->text, f->hint, f->fix);
    }
}

static inline enum err_code scene_stops(void *ctx)
{
    return scene_wait(ctx) ? ERR_INTERRUPTED : ERR_NONE;
}

static inline int scene_connect(struct scene *t, struct err *e)
{
    struct secret dsn = {0};
    struct pg_options o = {.wait = {0, scene_wait, t}};
    secret_set(&dsn, "postgresql://tester@db.example/kfm");
    int rc = pg_open(&t->pg, &dsn, &o, e);
    secret_wipe(&dsn);
    return rc;
}

/* As flow/ does it: another session, the lock again. */
static inline int scene_reconnect(void *ctx, struct err *e)
{
    struct scene *t = ctx;
    struct lock_wait wait = {0};
    pg_close(t->pg);
    t->pg = NULL;
    return scene_connect(t, e) != 0 ? -1
                                    : ledger_lock(t->pg, "run", "tester", &wait, &t->run.epoch, e);
}

/* One more, beside the first. */
static inline int scene_open_another(void *ctx, struct pg **out, struct err *e)
{
    struct scene *t = ctx;
    struct pg *was = t->pg;
    int rc = scene_connect(t, e);
    *out = rc == 0 ? t->pg : NULL;
    t->pg = was;
    return rc;
}

static inline void scene_declare(struct scene *t, const char *sql)
{
    t->statement = (struct statement){.kind = STATEMENT_PLAIN,
                                      .text = bytes_str(sql),
                                      .line = 1,
                                      .col = 1,
                                      .tag = "INSERT",
                                      .why = "",
                                      .hint = "",
                                      .analysed = true};
    t->script = (struct script){.path = "migrations/postgis/M-1/forward.sql",
                                .bytes = bytes_str(sql),
                                .forms = &t->statement,
                                .n = 1};
    t->forward = (struct artifact){.path = t->script.path, .bytes = bytes_str(sql)};
    t->decl = (struct decl){.id = "M-1",
                            .type = "postgis",
                            .intent = "",
                            .change_class = "",
                            .approval_reference = "",
                            .runner = "native",
                            .limits = limits_none,
                            .lock_timeout_ms = 5000,
                            .idle_timeout_ms = 60000,
                            .lock_retries = 3};
    t->decl.forward = (struct artifacts){&t->forward, 1, 1};
    t->decl.file =
        (struct artifact){.path = "migrations/postgis/M-1/migration.yml", .bytes = bytes_str("x")};
    t->bundle = (struct bundle){.id = "M-1",
                                .dir = "migrations/postgis/M-1",
                                .folder = "migrations/postgis",
                                .status = "approved",
                                .decl = &t->decl,
                                .forward = &t->script};
    t->step.bundle = &t->bundle;
}

/* The n-th question is answered so, and the m-th so; 0: none is. */
static inline void scene_open_failing(struct scene *t, const char *script, int n, const char *first,
                                      int m, const char *second)
{
    struct err e = {0};
    *t = (struct scene){
        .env = {.name = "dev"},
        .world = {.reachable = true, .why_not = "", .has_ledger = true, .instance = "uuid"},
        .actor = {
            .type = "human", .id = "tester", .commit_sha = "", .pr = "", .tool_version = "0.0.0"}};
    t->id = (struct identity){.has_ledger = true,
                              .uuid = "7f0c8b1e-0000-4000-8000-000000000001",
                              .environment = "dev",
                              .version = 150018,
                              .database = "kfm",
                              .role = "u"};
    t->base = (struct catalog){.a = &t->a, .by_text = {.a = &t->a}, .by_oid = {.a = &t->a}};
    baseline_begin(&t->sum, &(struct object_rows){0}, &t->domains, 15);
    t->ear = (struct ear){t, scene_hear, scene_stops};
    t->wait = (struct pg_wait){0, scene_wait, t};
    scene_declare(t, "INSERT INTO t VALUES (1)");
    pq_script(script);
    if (n > 0) {
        pq_fail(n, first);
    }
    if (m > 0) {
        pq_fail(m, second);
    }
    t->run = (struct run){.pg = &t->pg,
                          .a = &t->a,
                          .env = &t->env,
                          .domains = &t->domains,
                          .world = &t->world,
                          .id = &t->id,
                          .merkle = &t->merkle,
                          .base = &t->base,
                          .sum = &t->sum,
                          .epoch = 7,
                          .actor = &t->actor,
                          .ear = &t->ear,
                          .wait = &t->wait,
                          .reconnect = scene_reconnect,
                          .reconnect_ctx = t};
    if (scene_connect(t, &e) != 0) {
        printf("# not connected: %s\n", e.msg);
    }
}

static inline void scene_open(struct scene *t, const char *script)
{
    scene_open_failing(t, script, 0, NULL, 0, NULL);
}

static inline void scene_close(struct scene *t)
{
    pg_close(t->pg);
    baseline_release(&t->sum);
    arena_release(&t->a);
}

#endif
