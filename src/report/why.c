/* From one target to its root causes: the links. */
#include "report/why.h"

#include <string.h>

#include "report/words.h"

static void add(struct arena *a, struct links_why *l, struct link_why link)
{
    ARENA_GROW(a, l->v, l->n, l->cap);
    l->v[l->n++] = link;
}

/* What the ledger of a required environment says about this migration, if anything. */
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
        const struct history *h = past_get(u->past, link->step->bundle->id);
        *env = u->env;
        return h == NULL ? NULL : h->applied != NULL ? h->applied : h->last;
    }
    return NULL;
}

static void add_step(struct arena *a, const struct plan *p, const struct step *s, enum stage stage,
                     size_t depth, struct links_why *out)
{
    const char *target = plan_target_text(a, p, s, stage);
    for (size_t i = 0; i < s->n_reasons; i++) {
        if (!words_reason_counts(s, stage, &s->reasons[i])) {
            continue;
        }
        struct link_why link = {
            .target = target, .step = s, .reason = &s->reasons[i], .depth = depth};
        add(a, out, link);
        if (s->reasons[i].code != REASON_NOT_PROMOTED) {
            continue;
        }
        const char *env = NULL;
        const struct fact *f = promotion_fact(p, &link, &env);
        if (f != NULL) {
            link.target = s->reasons[i].cause;
            link.fact = f;
            link.fact_env = env;
            add(a, out, link);
        }
    }
}

static void add_declaration(struct arena *a, const struct plan *p, const struct step *s,
                            struct links_why *out)
{
    char text[DIGEST_TEXT];
    struct reason *r = ARENA_NEW(a, struct reason);
    *r = (struct reason){.code = REASON_CURRENT,
                         .cause = arena_printf(a, "%s/migration.yml", s->bundle->dir),
                         .was = "",
                         .now = arena_strdup(a, digest_text(&s->bundle->bundle_digest, text)),
                         .detail = "read and valid",
                         .step = -1};
    add(a, out,
        (struct link_why){
            .target = plan_target_text(a, p, s, STAGE_DECLARATION), .step = s, .reason = r});
}

void why_links(struct arena *a, const struct plan *p, int step, enum stage stage,
               struct links_why *out)
{
    *out = (struct links_why){.n_steps = 1};
    const struct step *s = &p->v[step];
    if (stage == STAGE_DECLARATION) {
        add_declaration(a, p, s, out);
        return;
    }
    /* The chain of steps explains the step's own state; a target that is current in a step that is not needs no chain. */
    if (plan_stage_state(s, stage) != s->state) {
        add_step(a, p, s, stage, 0, out);
        return;
    }
    int *chain = ARENA_ARRAY(a, int, p->n);
    out->n_steps = plan_chain(p, step, chain, p->n);
    for (size_t i = 0; i < out->n_steps; i++) {
        add_step(a, p, &p->v[chain[i]], i == 0 ? stage : STAGE_APPLY, i, out);
    }
}
