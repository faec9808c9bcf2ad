/* A small plan, built by hand, for tests of the reports. */
#ifndef KFMIG_TESTS_UNIT_REPORT_CASES_H
#define KFMIG_TESTS_UNIT_REPORT_CASES_H

#include "report/report.h"
#include "tap.h"

#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"

static const struct style plain = {.color = false};
static const struct style verbose = {.verbose = true};

/* A small project: 01 is applied, 02 pending with one statement, 03 depends on 02, 04's file was changed after it was applied. */
struct world_of_tests {
    struct arena a;
    struct env env;
    struct past past, staging;
    struct world world;
    struct upstream upstream;
    struct bundle bundle[4];
    struct decl decl;
    struct artifact file;
    struct script script;
    struct statement statement[2];
    struct table_lock lock;
    struct step step[4];
    struct reason reason[8];
    int up[4];
    struct plan plan;
};

static inline struct digest digest_byte(unsigned char b)
{
    struct digest d = {{0}};
    d.b[31] = b;
    return d;
}

static inline struct reason reason(enum reason_code code, const char *cause, const char *detail)
{
    return (struct reason){
        .code = code, .cause = cause, .was = "", .now = "", .detail = detail, .step = -1};
}

static inline void set_step(struct world_of_tests *w, int i, const char *id, enum plan_state state,
                            enum plan_action action, struct reason r)
{
    w->bundle[i] = (struct bundle){.id = id,
                                   .store = STORE_POSTGIS,
                                   .dir = arena_printf(&w->a, "migrations/postgis/%s", id),
                                   .folder = "migrations/postgis",
                                   .checksum = digest_byte((unsigned char)(i + 1)),
                                   .bundle_digest = digest_byte((unsigned char)(i + 0x11))};
    w->reason[i] = r;
    w->up[i] = i - 1;
    w->step[i] = (struct step){.bundle = &w->bundle[i],
                               .state = state,
                               .action = action,
                               .reasons = &w->reason[i],
                               .n_reasons = 1,
                               .upstream = &w->up[i],
                               .n_upstream = i > 0,
                               .order_only = true,
                               .selected = true};
}

static inline void apply(struct world_of_tests *w, struct past *past, int i, const char *result,
                         unsigned char checksum)
{
    struct fact f = {.sequence = i + 2,
                     .subject = w->bundle[i].id,
                     .result = result,
                     .run_id = "run-1",
                     .finished_at = "2026-03-02T00:00:00.000000Z",
                     .checksum = digest_byte(checksum),
                     .receipt = digest_byte(0x77),
                     .pre = digest_byte(0x71),
                     .post = digest_byte(0x72)};
    past_add(&w->a, past, &f);
    w->step[i].history = past_get(past, w->bundle[i].id);
}

static inline void count(struct plan *p)
{
    p->n_apply = p->n_export = 0;
    memset(p->n_state, 0, sizeof p->n_state);
    for (size_t i = 0; i < p->n_migrations; i++) {
        p->n_state[p->v[i].state]++;
        p->n_apply += p->v[i].action == ACTION_APPLY;
        p->n_export += p->v[i].action == ACTION_EXPORT;
    }
}

static inline void setup(struct world_of_tests *w, size_t n)
{
    *w = (struct world_of_tests){.env = {.name = "dev", .store = {true}}};
    w->past = (struct past){.by_id = {.a = &w->a}};
    w->staging = (struct past){.by_id = {.a = &w->a}};
    w->world =
        (struct world){.reachable = true, .has_ledger = true, .why_not = "", .instance = "i"};
    set_step(w, 0, "PG-01", STATE_CURRENT, ACTION_NONE,
             reason(REASON_CURRENT, "ledger entry 2", "applied at T by run R"));
    apply(w, &w->past, 0, "success", 1);
    set_step(w, 1, "PG-02", STATE_STALE, ACTION_APPLY, reason(REASON_NEVER_BUILT, "", ""));
    w->file = (struct artifact){.path = "migrations/postgis/PG-02/forward.sql",
                                .digest = digest_byte(0xaa)};
    w->decl = (struct decl){.forward = {&w->file, 1, 1}};
    w->lock = (struct table_lock){{OBJ_TABLE, "s", "t", NULL}, 8};
    w->statement[0] = (struct statement){.tag = "ALTER TABLE",
                                         .line = 3,
                                         .col = 1,
                                         .analysed = true,
                                         .locks = &w->lock,
                                         .n_locks = 1};
    w->statement[1] =
        (struct statement){.tag = "DO", .line = 5, .col = 1, .analysed = true, .opaque = true};
    w->script = (struct script){.path = w->file.path, .forms = w->statement, .n = 2};
    w->bundle[1].decl = &w->decl;
    w->bundle[1].forward = &w->script;
    w->step[1].class = 'A';
    set_step(w, 2, "PG-03", STATE_STALE, ACTION_APPLY,
             reason(REASON_UPSTREAM_PENDING, "dev/PG-02@apply", ""));
    w->reason[2].step = 1;
    w->step[2].order_only = false;
    set_step(w, 3, "PG-04", STATE_BLOCKED, ACTION_NONE,
             reason(REASON_CHECKSUM_MISMATCH, "ledger entry 5", "applied at T by run R"));
    apply(w, &w->past, 3, "success", 0x40);
    w->reason[3].was = "sha256:1";
    w->reason[3].now = "sha256:2";
    w->plan = (struct plan){.a = &w->a,
                            .env = &w->env,
                            .past = &w->past,
                            .world = &w->world,
                            .v = w->step,
                            .n_steps = n,
                            .n_migrations = n};
    count(&w->plan);
}

static inline char *digest_of_plan(struct world_of_tests *w)
{
    char text[DIGEST_TEXT];
    struct digest d = plan_digest(&w->plan);
    return arena_strdup(&w->a, digest_text(&d, text));
}

#endif
