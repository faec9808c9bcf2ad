/* What stands between a projection and the generation it wants: its policy, the gates of the environment, what comes before. */
#include <string.h>

#include "plan/projection.h"

void projection_check_rebuild(struct plan *p, struct projection_step *x)
{
    const struct projection *decl = x->in->p;
    for (size_t i = 0; x->in->script_faults != NULL && i < x->in->script_faults->n; i++) {
        reason_from_fault(p->a, projection_give(p, x, REASON_SCRIPT_FAULT),
                          &x->in->script_faults->v[i]);
    }
    if (x->in->has_dml != NULL) {
        struct reason *r = projection_give(p, x, REASON_CHAIN_HAS_DML);
        r->cause = x->in->has_dml;
        r->path = x->in->has_dml;
        r->detail = "on the empty tables of a new generation it would silently do nothing";
    }
    if (decl->policy != PROJECTION_IN_PLACE || x->live == NULL ||
        digest_is_zero(&x->live->digest)) {
        return;
    }
    const struct part *changed = parts_migration_gone(&x->live->parts, &x->in->parts);
    if (changed != NULL) {
        struct reason *r = projection_give(p, x, REASON_IN_PLACE);
        r->cause = decl->file.path;
        r->detail = part_text(p->a, changed);
        r->path = decl->file.path;
        r->line = decl->line;
        r->col = decl->col;
    }
}

/* Everything in the schema of a new generation is new, so that no domain protects it. */
static bool is_guarded(const struct domains *d, const char *schema)
{
    size_t n = strlen(schema);
    for (size_t i = 0; i < d->tables.n; i++) {
        const char *dot = strchr(d->tables.v[i], '.');
        if (dot == NULL ||
            ((size_t)(dot - d->tables.v[i]) == n && strncmp(d->tables.v[i], schema, n) == 0)) {
            return true;
        }
    }
    return names_have(&d->schemas, schema);
}

/* What a generation runs for the first time is looked at like any migration that is to be applied. */
static void check_members(struct plan *p, struct projection_step *x)
{
    bool guarded = is_guarded(p->domains, x->in->p->schema);
    for (size_t i = 0; i < x->n_members; i++) {
        const struct bundle *b = p->v[x->members[i]].bundle;
        struct reason *found = NULL;
        size_t n = 0;
        if (p->env->is_protected && b->status == NULL) {
            struct reason *r = projection_give(p, x, REASON_UNREGISTERED);
            r->cause = "registry/migrations.v1.json";
            r->detail = b->id;
        }
        if (b->decl != NULL && b->forward != NULL) {
            plan_judge(p->a, b, p->domains, &found, &n);
        }
        for (size_t k = 0; k < n; k++) {
            if (guarded && found[k].code == REASON_PROTECTED_DOMAIN) {
                continue; /* the run compares with what is really there */
            }
            *projection_give(p, x, found[k].code) = found[k];
        }
    }
}

static void check_approval(struct plan *p, struct projection_step *x)
{
    if (p->env->approval == APPROVAL_SIGNATURE) {
        struct reason *r = projection_give(p, x, REASON_APPROVAL_MISSING);
        r->cause = x->in->p->file.path;
        r->now = projection_digest(p, &x->in->digest);
        r->detail =
            arena_printf(p->a, "%s wants a signature over the generation's digest", p->env->name);
    }
}

static const char *promotion_lacks(struct plan *p, const struct projection_step *x,
                                   const struct upstream *u, const struct fact *f)
{
    return !u->reachable ? arena_printf(p->a, "%s could not be asked: %s", u->env, u->why_not)
           : f != NULL   ? arena_printf(p->a, "%s has another generation", u->env)
           : !projection_is_for(x->in->p, u->env)
               ? arena_printf(p->a, "it is not declared for %s", u->env)
               : arena_printf(p->a, "not published in %s", u->env);
}

/* Every publication is an entry of its ledger, with the generation's digest as checksum. */
static void check_promotion(struct plan *p, struct projection_step *x)
{
    for (size_t i = 0; i < p->world->n_upstream; i++) {
        const struct upstream *u = &p->world->upstream[i];
        const struct history *h = u->reachable ? past_get(u->past, x->in->p->name) : NULL;
        const struct fact *f = h != NULL ? h->applied : NULL;
        if (f != NULL && digest_eq(&f->checksum, &x->in->digest)) {
            continue;
        }
        struct reason *r = projection_give(p, x, REASON_NOT_PROMOTED);
        r->cause = arena_printf(p->a, "%s/%s@receipt", u->env, x->in->p->name);
        r->was = f != NULL ? projection_digest(p, &f->checksum) : "";
        r->now = projection_digest(p, &x->in->digest);
        r->detail = promotion_lacks(p, x, u, f);
    }
}

/* The rows and their indexes, and as much again for the WAL that says so. */
static void check_space(struct plan *p, struct projection_step *x)
{
    int64_t needed = 2 * x->cost.bytes;
    bool is_begun = x->next != NULL && x->next->state == GENERATION_LOADING;
    if (x->in->free_bytes < 0 || needed <= x->in->free_bytes || is_begun) {
        return;
    }
    struct reason *r = projection_give(p, x, REASON_NO_SPACE);
    r->cause = "the database";
    r->detail = arena_printf(p->a, "it needs about %.1f MB, %.1f MB are free", (double)needed / 1e6,
                             (double)x->in->free_bytes / 1e6);
}

void projection_check_gates(struct plan *p, struct projection_step *x)
{
    if (p->env->is_protected && !p->world->has_ledger && p->world->n_existing > 0) {
        struct reason *r = projection_give(p, x, REASON_NOT_ADOPTED);
        r->cause = "the database";
        r->detail = arena_printf(p->a, "%lld objects found", (long long)p->world->n_existing);
    }
    if (x->action == ACTION_REBUILD) {
        check_members(p, x);
        check_space(p, x);
    }
    check_approval(p, x);
    check_promotion(p, x);
}

void projection_check_upstream(struct plan *p, struct projection_step *x)
{
    for (size_t i = 0; i < x->n_upstream; i++) {
        const struct step *s = &p->v[x->upstream[i]];
        if (s->state != STATE_BLOCKED && s->action != ACTION_APPLY) {
            continue;
        }
        struct reason *r = projection_give(
            p, x, s->state == STATE_BLOCKED ? REASON_UPSTREAM_BLOCKED : REASON_UPSTREAM_PENDING);
        r->step = x->upstream[i];
        r->cause = plan_target_text(p->a, p, s, STAGE_APPLY);
    }
}
