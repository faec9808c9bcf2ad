/* What holds an environment back now: its windows, freezes and checklist; what a person or CI recorded. */
#include <string.h>

#include "model/operations.h"
#include "site/site.h"

struct moment {
    struct arena *a;
    int64_t now;
};

static const struct clock_local *local(void *ctx, const char *zone)
{
    const struct moment *m = ctx;
    struct clock_local *at = ARENA_NEW(m->a, struct clock_local);
    return clock_local(m->now, zone, at) == 0 ? at : NULL;
}

struct findings site_held_by_time(const struct site *s)
{
    struct findings out = {0};
    struct moment m = {s->a, clock_unix_us()};
    operations_judge(s->a, operations_of(s->env), local, &m, &out);
    return out;
}

bool site_is_confirmed(const struct site *s, const char *item, const struct digest *plan)
{
    for (size_t i = s->entries.n; i > 0; i--) {
        const struct entry *en = &s->entries.v[i - 1];
        if (en->kind == ENTRY_CONFIRM && digest_eq(&en->checksum, plan) &&
            strcmp(en->subject, item) == 0 && strcmp(en->result, "success") == 0) {
            return true;
        }
    }
    return false;
}

struct names site_deployed(const struct site *s)
{
    struct names out = {0};
    for (size_t i = 0; i < s->entries.n; i++) {
        const struct entry *en = &s->entries.v[i];
        if (en->kind == ENTRY_DEPLOY && strcmp(en->result, "success") == 0 &&
            !names_have(&out, en->subject)) {
            ARENA_GROW(s->a, out.v, out.n, out.cap);
            out.v[out.n++] = en->subject;
        }
    }
    return out;
}

/* What makes preflight plan what s has, and not another thing. */
static const char *planned_words(const struct site *s)
{
    const char *text = s->env->name;
    for (size_t i = 0; i < s->plan.selection.n; i++) {
        text = arena_printf(s->a, "%s %s", text, s->plan.selection.v[i]);
    }
    return s->o.prunes ? arena_printf(s->a, "%s --prune", text) : text;
}

static void judge_checklist(const struct site *s, struct findings *out)
{
    const struct names *list = &operations_of(s->env)->checklist;
    if (list->n == 0) {
        return;
    }
    const struct digest plan = plan_digest(&s->plan);
    for (size_t i = 0; i < list->n; i++) {
        if (site_is_confirmed(s, list->v[i], &plan)) {
            finding_pass(s->a, out, "checklist");
            continue;
        }
        struct finding *f = finding_fail(s->a, out, "checklist",
                                         "nobody has confirmed \"%s\" for this plan", list->v[i]);
        f->subject = list->v[i];
        f->hint = arena_printf(s->a, "whoever knows: `kfmig preflight %s --confirm=\"%s\"`",
                               planned_words(s), list->v[i]);
    }
}

const struct findings *site_held(struct site *s)
{
    struct findings *out = ARENA_NEW(s->a, struct findings);
    *out = site_held_by_time(s);
    judge_checklist(s, out);
    s->world.held = out;
    return out;
}
