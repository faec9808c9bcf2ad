/* A project and what is known about its database, built by hand, for tests of the plan. */
#ifndef KFMIG_TESTS_UNIT_PLAN_CASES_H
#define KFMIG_TESTS_UNIT_PLAN_CASES_H

#include <stdlib.h>

#include "plan/plan.h"
#include "tap.h"

enum { MOST = 16 };

/* A small project and what is known about its database. */
struct stage_set {
    struct arena *a;
    struct bundle b[MOST];
    const struct bundle *order[MOST];
    size_t n;
    struct env env;
    struct domains domains;
    struct past past;
    struct world world;
    enum export_state exports[MOST];
    bool prunes;
    struct projection_input in[2];
    size_t n_in;
    struct projection p[2];
    struct generation g[2][4];
    struct projection_source source[3];
    struct err_list faults;
    struct script script;
    struct statement statement;
    struct touch touch;
    struct decl decl;
};

static inline struct digest digest_from(const char *s)
{
    return digest_of(bytes_str(s));
}

static inline void set_up(struct stage_set *t, struct arena *a)
{
    *t = (struct stage_set){.a = a};
    t->env = (struct env){.name = "dev", .approval = APPROVAL_REVIEW, .store = {true}};
    t->world =
        (struct world){.reachable = true, .why_not = "", .has_ledger = true, .instance = "uuid"};
    t->past.by_id.a = a;
}

/* depends: NULL for the default order, else ids separated by blanks. */
static inline struct bundle *add(struct stage_set *t, const char *id, const char *depends)
{
    struct bundle *b = &t->b[t->n];
    *b = (struct bundle){.id = id,
                         .dir = arena_printf(t->a, "migrations/postgis/%s", id),
                         .folder = "migrations/postgis",
                         .checksum = digest_from(id),
                         .status = "approved",
                         .depends_line = 7};
    if (depends != NULL) {
        b->has_depends = true;
        b->depends_on.v = ARENA_ARRAY(t->a, const char *, MOST);
        char *rest = arena_strdup(t->a, depends);
        for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " ")) {
            if (word[0] != '\0') {
                b->depends_on.v[b->depends_on.n++] = word;
            }
        }
    }
    t->order[t->n] = b;
    t->n++;
    return b;
}

static inline void happened(struct stage_set *t, const char *id, const char *result,
                            const char *content)
{
    struct fact f = {.sequence = ++t->past.position,
                     .subject = id,
                     .result = result,
                     .run_id = "run",
                     .finished_at = "2026-01-01T00:00:00.000000Z",
                     .checksum = digest_from(content)};
    past_add(t->a, &t->past, &f);
}

static inline int make(struct stage_set *t, struct plan *p, struct err *e)
{
    struct plan_order order;
    struct plan_input in = {.env = &t->env,
                            .domains = &t->domains,
                            .order = &order,
                            .past = &t->past,
                            .world = &t->world,
                            .projections = t->in,
                            .n_projections = t->n_in,
                            .exports = t->exports,
                            .prunes = t->prunes};
    int rc = plan_order(t->a, t->order, t->n, &order, e);
    return rc == 0 ? plan_make(t->a, &in, p, e) : rc;
}

static inline const char *order_of(struct arena *a, const struct plan *p)
{
    struct buf text = {0};
    for (size_t i = 0; i < p->n_migrations; i++) {
        buf_printf(&text, "%s%s", i > 0 ? " " : "", p->v[i].bundle->id);
    }
    const char *out = arena_strdup(a, buf_str(&text));
    buf_release(&text);
    return out;
}

/* Situations that concern migrations and projections alike. */
static inline void on_unreachable(struct stage_set *t)
{
    t->world.reachable = false;
    t->world.why_not = "no server";
}

static inline void on_no_store(struct stage_set *t)
{
    t->env.store[STORE_POSTGIS] = false;
}

static inline void on_signature(struct stage_set *t)
{
    t->env.approval = APPROVAL_SIGNATURE;
}

static inline void on_unadopted(struct stage_set *t)
{
    t->env.is_protected = true;
    t->world.has_ledger = false;
    t->world.n_existing = 3;
}

static inline void on_not_promoted(struct stage_set *t)
{
    static struct upstream u = {.env = "staging", .reachable = false, .why_not = "no server"};
    t->world.upstream = &u;
    t->world.n_upstream = 1;
}

#endif
