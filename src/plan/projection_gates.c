/* What stands between a projection and the generation it wants: its policy, the gates of the environment,
 * what comes before. */
#include <string.h>

#include "plan/gates.h"
#include "plan/projection.h"
#include "plan/step_kind.h"

void projection_check_rebuild(struct plan *p, struct step *x)
{
    const struct projection *decl = x->in->p;
    for (size_t i = 0; x->in->script_faults != NULL && i < x->in->script_faults->n; i++) {
        reason_from_fault(p->a, step_give(p, x, REASON_SCRIPT_FAULT), &x->in->script_faults->v[i]);
    }
    if (x->in->has_dml != NULL) {
        struct reason *r = step_give(p, x, REASON_CHAIN_HAS_DML);
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
        struct reason *r = step_give(p, x, REASON_IN_PLACE);
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
static void check_members(struct plan *p, struct step *x)
{
    bool guarded = is_guarded(p->domains, x->in->p->schema);
    for (size_t i = 0; i < x->n_members; i++) {
        const struct bundle *b = p->v[x->members[i]].bundle;
        struct reason *found = NULL;
        size_t n = 0;
        if (p->env->is_protected && b->status == NULL) {
            struct reason *r = step_give(p, x, REASON_UNREGISTERED);
            r->cause = "registry/migrations.v1.json";
            r->detail = b->id;
        }
        gate_lacks(p, x, b);
        gate_deploy(p, x, b);
        if (b->decl != NULL && b->forward != NULL) {
            plan_judge(p->a, b, p->domains, p->world->lineage, &found, &n);
        }
        for (size_t k = 0; k < n; k++) {
            if (guarded && found[k].code == REASON_PROTECTED_DOMAIN) {
                continue; /* the run compares with what is really there */
            }
            *step_give(p, x, found[k].code) = found[k];
        }
    }
}

/* The rows and their indexes, and as much again for the WAL that says so. */
static void check_space(struct plan *p, struct step *x)
{
    int64_t needed = 2 * x->cost.bytes;
    bool is_begun = x->next != NULL && x->next->state == GENERATION_LOADING;
    if (x->in->free_bytes < 0 || needed <= x->in->free_bytes || is_begun) {
        return;
    }
    struct reason *r = step_give(p, x, REASON_NO_SPACE);
    r->cause = "the database";
    r->detail = arena_printf(p->a, "it needs about %.1f MB, %.1f MB are free", (double)needed / 1e6,
                             (double)x->in->free_bytes / 1e6);
}

void projection_check_gates(struct plan *p, struct step *x)
{
    gate_adoption(p, x);
    if (x->action == ACTION_REBUILD) {
        check_members(p, x);
        check_space(p, x);
    }
    gate_approval(p, x, false);
    gate_promotion(p, x);
}
