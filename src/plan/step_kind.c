/* Kinds of steps: what differs between them, and the one way to decide. */
#include "plan/step_kind.h"

#include "plan/projection.h"

static const char *migration_name(const struct step *s)
{
    return s->bundle->id;
}

static const struct digest *migration_key(const struct step *s)
{
    return &s->bundle->checksum;
}

static const struct digest *migration_signs(const struct step *s)
{
    return &s->bundle->bundle_digest;
}

static const char *migration_file(struct arena *a, const struct step *s)
{
    return bundle_file(a, s->bundle);
}

static const char *migration_target(struct arena *a, const struct plan *p, const struct step *s)
{
    return plan_target_text(a, p, s, STAGE_APPLY);
}

static enum store_kind migration_store(const struct step *s)
{
    return s->bundle->store;
}

static bool migration_is_for(const struct step *s, const char *env)
{
    (void)s;
    (void)env;
    return true;
}

static const char *projection_name(const struct step *s)
{
    return s->in->p->name;
}

static const struct digest *projection_key(const struct step *s)
{
    return &s->in->digest;
}

static const char *projection_file(struct arena *a, const struct step *s)
{
    (void)a;
    return s->in->p->file.path;
}

static const char *projection_target(struct arena *a, const struct plan *p, const struct step *s)
{
    return plan_projection_text(a, p, s, plan_part_publish(s->in->p));
}

static enum store_kind projection_store(const struct step *s)
{
    return s->in->p->store;
}

static bool projection_step_is_for(const struct step *s, const char *env)
{
    return projection_is_for(s->in->p, env);
}

static const struct step_kind_row rows[STEP_KINDS] = {
    [STEP_MIGRATION] = {.word = "migration",
                        .done = "applied",
                        .other = "it with other content",
                        .signed_as = "the bundle digest",
                        .name = migration_name,
                        .key = migration_key,
                        .signs = migration_signs,
                        .target = migration_target,
                        .file = migration_file,
                        .store = migration_store,
                        .is_for = migration_is_for,
                        .decide = migration_decide},
    [STEP_PROJECTION] = {.word = "projection",
                         .done = "published",
                         .other = "another generation",
                         .signed_as = "the generation's digest",
                         .name = projection_name,
                         .key = projection_key,
                         .signs = projection_key,
                         .target = projection_target,
                         .file = projection_file,
                         .store = projection_store,
                         .is_for = projection_step_is_for,
                         .decide = projection_decide},
};

const struct step_kind_row *step_kind_row(enum step_kind k)
{
    return &rows[k];
}

const char *step_kind_text(const struct step *s)
{
    bool is_repeatable = s->kind == STEP_MIGRATION && bundle_is_repeatable(s->bundle);
    return is_repeatable ? layout_row(LAYOUT_REPEATABLE)->name : rows[s->kind].word;
}

const char *step_name(const struct step *s)
{
    return rows[s->kind].name(s);
}

bool step_is_absent(const struct step *s)
{
    return s->kind == STEP_MIGRATION ? s->bundle->is_absent : s->in->p->is_absent;
}

const struct digest *step_key(const struct step *s)
{
    return rows[s->kind].key(s);
}

const char *step_target_text(struct arena *a, const struct plan *p, const struct step *s)
{
    return rows[s->kind].target(a, p, s);
}

/* --- deciding --------------------------------------------------------------------------------------- */

struct reason *step_give(struct plan *p, struct step *s, enum reason_code code)
{
    enum { MOST = 2 }; /* of most steps */
    if (s->cap_reasons == 0) {
        s->reasons = ARENA_ARRAY(p->a, struct reason, MOST);
        s->cap_reasons = MOST;
    }
    ARENA_GROW(p->a, s->reasons, s->n_reasons, s->cap_reasons);
    struct reason *r = &s->reasons[s->n_reasons++];
    *r = (struct reason){.code = code, .cause = "", .was = "", .now = "", .detail = "", .step = -1};
    return r;
}

const char *step_digest(struct plan *p, const struct digest *d)
{
    char text[DIGEST_TEXT];
    return digest_is_zero(d) ? "" : arena_strdup(p->a, digest_text(d, text));
}

/* The ledger answers; does the store, and is it the right one? */
static void give_store_obstacle(struct plan *p, struct step *s, enum store_kind store)
{
    const struct store_world *w = &p->world->store[store];
    const char *cause = arena_printf(p->a, "store %s of %s", store_text(store), p->env->name);
    if (!w->reachable) {
        struct reason *r = step_give(p, s, REASON_UNREACHABLE);
        r->cause = cause;
        r->detail = w->why_not != NULL ? w->why_not : "";
    } else if (w->is_other) {
        step_give(p, s, REASON_OTHER_STORE)->cause = cause;
    }
}

/* Can anything be said about it here at all? */
static bool give_obstacle(struct plan *p, struct step *s)
{
    const struct step_kind_row *kind = step_kind_row(s->kind);
    enum store_kind store = kind->store(s);
    if (!kind->is_for(s, p->env->name)) {
        step_give(p, s, REASON_NOT_IN_ENVIRONMENT)->cause = kind->file(p->a, s);
    } else if (store == STORE_COUNT || !p->env->store[store]) {
        step_give(p, s, REASON_NO_STORE)->cause = "registry/environments.v1.yml";
    } else if (!store_row(store)->has_engine &&
               (s->kind != STEP_PROJECTION || !store_row(store)->is_derived)) {
        step_give(p, s, REASON_UNSUPPORTED)->cause = kind->file(p->a, s);
    } else if (!p->world->reachable) {
        struct reason *r = step_give(p, s, REASON_UNREACHABLE);
        r->cause =
            arena_printf(p->a, "store %s of %s", store_text(store_of_ledger()), p->env->name);
        r->detail = p->world->why_not;
    } else if (!store_can(store, STORE_HOLDS_LEDGER)) {
        give_store_obstacle(p, s, store);
    }
    return s->n_reasons > 0;
}

/* Does nothing block it but that a deployment is not recorded yet? */
static bool only_awaits(const struct plan *p, const struct step *s)
{
    for (size_t i = 0; i < s->n_reasons; i++) {
        const struct reason *r = &s->reasons[i];
        bool is_upstream = r->code == REASON_UPSTREAM_BLOCKED && r->step >= 0;
        if (reason_state(r->code) == STATE_BLOCKED && r->code != REASON_AWAITS_DEPLOY &&
            !(is_upstream && p->v[r->step].awaits)) {
            return false;
        }
    }
    return s->state == STATE_BLOCKED;
}

/* Blocking reasons first; otherwise as they were found: the sort is stable. */
static void settle(const struct plan *p, struct step *s)
{
    for (size_t i = 1; i < s->n_reasons; i++) {
        struct reason r = s->reasons[i];
        size_t k = i;
        while (k > 0 && reason_state(s->reasons[k - 1].code) != STATE_BLOCKED &&
               reason_state(r.code) == STATE_BLOCKED) {
            s->reasons[k] = s->reasons[k - 1];
            k--;
        }
        s->reasons[k] = r;
    }
    s->state = reason_state(s->reasons[0].code);
    s->awaits = only_awaits(p, s);
    if (s->state != STATE_STALE) {
        s->action = ACTION_NONE;
    }
}

void step_decide(struct plan *p, struct step *s)
{
    s->n_reasons = 0;
    s->action = ACTION_NONE;
    s->history = past_get(p->past, step_name(s));
    if (!give_obstacle(p, s)) {
        step_kind_row(s->kind)->decide(p, s);
    }
    settle(p, s);
}
