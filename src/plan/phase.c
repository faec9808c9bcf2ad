/* The stages of projections: names, states. */
#include <string.h>

#include "plan/plan.h"

enum { PARTS_FIXED = PHASES - 1 }; /* without the loads */

int plan_parts(const struct projection *p)
{
    return (int)p->n_sources + PARTS_FIXED;
}

enum phase plan_phase(const struct projection *p, int part)
{
    int n = (int)p->n_sources;
    return part == 0 ? PHASE_SCHEMA : part <= n ? PHASE_LOAD : (enum phase)(part - n + 1);
}

int plan_part_publish(const struct projection *p)
{
    return plan_parts(p) - 2;
}

static const char *load_text(struct arena *a, const struct projection *p, size_t source)
{
    const struct projection_source *s = &p->source[source];
    bool versions = false;
    bool assets = false;
    for (size_t i = 0; i < p->n_sources; i++) {
        const struct projection_source *other = &p->source[i];
        if (i != source && strcmp(other->dataset, s->dataset) == 0) {
            versions = true;
            assets |= strcmp(other->version, s->version) == 0;
        }
    }
    return !versions ? arena_printf(a, "load:%s", s->dataset)
           : !assets ? arena_printf(a, "load:%s/%s", s->dataset, s->version)
                     : arena_printf(a, "load:%s/%s#%s", s->dataset, s->version, s->asset);
}

const char *plan_part_text(struct arena *a, const struct projection *p, int part)
{
    static const char *const text[] = {
        [PHASE_SCHEMA] = "schema",   [PHASE_INDEX] = "index",     [PHASE_VALIDATE] = "validate",
        [PHASE_PUBLISH] = "publish", [PHASE_RECEIPT] = "receipt", [PHASE_LOAD] = "load"};
    enum phase kind = plan_phase(p, part);
    return kind == PHASE_LOAD ? load_text(a, p, (size_t)part - 1) : text[kind];
}

const char *plan_projection_text(struct arena *a, const struct plan *p, const struct step *x,
                                 int part)
{
    const char *name = x->in->p->name;
    return part < 0
               ? arena_printf(a, "%s/%s", p->env->name, name)
               : arena_printf(a, "%s/%s@%s", p->env->name, name, plan_part_text(a, x->in->p, part));
}

enum plan_state plan_part_state(const struct step *x, int part)
{
    bool behind = x->action == ACTION_PUBLISH && part < plan_part_publish(x->in->p);
    return behind ? STATE_CURRENT : x->state;
}

int plan_find_projection(const struct plan *p, const char *name)
{
    for (size_t i = 0; i < p->n_projections; i++) {
        if (strcmp(p->projections[i].in->p->name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}
