/* From one target to its root causes: the links. */
#include "report/why.h"

#include <string.h>

#include "report/words.h"

static void add(struct arena *a, struct links_why *l, struct link_why link)
{
    ARENA_GROW(a, l->v, l->n, l->cap);
    l->v[l->n++] = link;
}

static const char *subject_of(const struct link_why *link)
{
    return step_name(link->step);
}

/* What the ledger of a required environment says about this migration or projection, if anything. */
static const struct fact *promotion_fact(const struct plan *p, const struct link_why *link,
                                         const char **env)
{
    for (size_t i = 0; i < p->world->n_upstream; i++) {
        const struct upstream *u = &p->world->upstream[i];
        size_t n = strlen(u->env);
        if (!u->reachable || strncmp(link->reason->cause, u->env, n) != 0 ||
            link->reason->cause[n] != '/') {
            continue;
        }
        const struct history *h = past_get(u->past, subject_of(link));
        *env = u->env;
        return h == NULL ? NULL : h->applied != NULL ? h->applied : h->last;
    }
    return NULL;
}

/* The link, and behind it what another environment says. */
static void add_reason(struct arena *a, const struct plan *p, struct link_why link,
                       struct links_why *out)
{
    add(a, out, link);
    if (link.reason->code != REASON_NOT_PROMOTED) {
        return;
    }
    const char *env = NULL;
    const struct fact *f = promotion_fact(p, &link, &env);
    if (f != NULL) {
        link.target = link.reason->cause;
        link.fact = f;
        link.fact_env = env;
        add(a, out, link);
    }
}

static void add_step(struct arena *a, const struct plan *p, const struct step *s, enum stage stage,
                     size_t depth, struct links_why *out)
{
    const char *target = plan_target_text(a, p, s, stage);
    for (size_t i = 0; i < s->n_reasons; i++) {
        if (words_reason_counts(s, stage, &s->reasons[i])) {
            struct link_why link = {
                .target = target, .step = s, .reason = &s->reasons[i], .depth = depth};
            add_reason(a, p, link, out);
        }
    }
}

/* A reason that no step has: a stage that is done in something that is not. */
static const struct reason *made(struct arena *a, const char *cause, const struct digest *now,
                                 const char *detail)
{
    char text[DIGEST_TEXT];
    struct reason *r = ARENA_NEW(a, struct reason);
    *r = (struct reason){.code = REASON_CURRENT,
                         .cause = cause,
                         .was = "",
                         .now = arena_strdup(a, digest_text(now, text)),
                         .detail = detail,
                         .step = -1};
    return r;
}

static void add_declaration(struct arena *a, const struct plan *p, const struct step *s,
                            struct links_why *out)
{
    add(a, out,
        (struct link_why){.target = plan_target_text(a, p, s, STAGE_DECLARATION),
                          .step = s,
                          .reason = made(a, bundle_file(a, s->bundle), &s->bundle->bundle_digest,
                                         "read and valid")});
}

static void add_chain(struct arena *a, const struct plan *p, int step, enum stage stage,
                      struct links_why *out)
{
    int *chain = ARENA_ARRAY(a, int, p->n_migrations + 1);
    size_t n = plan_chain(p, step, chain, p->n_migrations);
    for (size_t i = 0; i < n; i++) {
        add_step(a, p, &p->v[chain[i]], i == 0 ? stage : STAGE_APPLY, out->n_steps++, out);
    }
}

/* One that is made from another is explained by that one, too. */
static void add_projection(struct arena *a, const struct plan *p, const struct step *x, int part,
                           struct links_why *out)
{
    struct link_why link = {.target = plan_projection_text(a, p, x, part),
                            .step = x,
                            .phase = plan_phase(x->in->p, part),
                            .depth = out->n_steps++};
    enum plan_state state = plan_part_state(x, part);
    if (state != x->state) {
        const char *cause = arena_printf(a, "generation %lld", (long long)x->next->number);
        link.reason = made(a, cause, &x->next->digest, "made and proven");
        add(a, out, link);
        return;
    }
    int from = -1;
    for (size_t i = 0; i < x->n_reasons; i++) {
        const struct reason *r = &x->reasons[i];
        if (reason_state(r->code) == state) {
            link.reason = r;
            add_reason(a, p, link, out);
            from = from < 0 ? r->step : from;
        }
    }
    if (from < 0 && x->in->p->tiling != NULL && x->n_upstream > 0) {
        from = x->upstream[0]; /* what is in its tiles comes from there */
    }
    if (from >= 0 && p->v[from].kind == STEP_PROJECTION) {
        add_projection(a, p, &p->v[from], plan_part_publish(p->v[from].in->p), out);
    } else if (from >= 0) {
        add_chain(a, p, from, STAGE_APPLY, out);
    }
}

/* Where the chain of migrations ends in one that runs inside a generation, the projection decides. */
static const struct step *leads_to(const struct plan *p, const struct links_why *l)
{
    const struct link_why *last = l->n > 0 ? &l->v[l->n - 1] : NULL;
    if (last == NULL || last->step->kind == STEP_PROJECTION ||
        last->reason->code != REASON_IN_GENERATION) {
        return NULL;
    }
    int at = plan_find_projection(p, last->step->bundle->projection);
    return at < 0 ? NULL : &p->projections[at];
}

void why_links(struct arena *a, const struct plan *p, int step, enum stage stage,
               struct links_why *out)
{
    *out = (struct links_why){0};
    const struct step *s = &p->v[step];
    if (stage == STAGE_DECLARATION) {
        out->n_steps = 1;
        add_declaration(a, p, s, out);
        return;
    }
    /* The chain of steps explains the step's own state; a target that is current in a step that is not needs
     * no chain. */
    if (plan_stage_state(s, stage) != s->state) {
        out->n_steps = 1;
        add_step(a, p, s, stage, 0, out);
        return;
    }
    add_chain(a, p, step, stage, out);
    const struct step *x = leads_to(p, out);
    if (x != NULL) {
        add_projection(a, p, x, plan_part_publish(x->in->p), out);
    }
}

void why_links_projection(struct arena *a, const struct plan *p, int projection, int part,
                          struct links_why *out)
{
    *out = (struct links_why){0};
    add_projection(a, p, &p->projections[projection], part, out);
}
