/* What is to be done about a migration, and why. */
#include <string.h>

#include "model/variables.h"
#include "plan/projection.h"
#include "plan/twin.h"

static const char *entry_name(struct plan *p, const struct fact *f)
{
    return arena_printf(p->a, "ledger entry %lld", (long long)f->sequence);
}

static const char *stands_words(struct arena *a, const struct begun *b)
{
    static const char *const stands[STANDING_COUNT] = {
        [STANDS_ABSENT] = "stands not yet",
        [STANDS_THERE] = "stands, not recorded yet",
        [STANDS_PARTLY] = "stands in part",
        [STANDS_FOREIGN] = "is neither what stood there before nor what it makes"};
    return b->standing == STANDS_FOREIGN && b->seen != NULL
               ? arena_printf(a, "%s: %s", stands[b->standing], b->seen)
               : stands[b->standing];
}

static void decide_begun(struct plan *p, struct step *s, const struct begun *b)
{
    struct reason *r = step_give(p, s,
                                 b->undoes                       ? REASON_BACK_BEGUN
                                 : b->is_otherwise               ? REASON_BEGUN_OTHERWISE
                                 : b->standing == STANDS_FOREIGN ? REASON_IN_DOUBT
                                                                 : REASON_BEGUN);
    r->cause = arena_printf(p->a, "ledger entry %lld", (long long)b->sequence);
    r->now = step_digest(p, &s->bundle->checksum);
    r->detail = b->is_otherwise ? arena_printf(p->a, "by run %s", b->run_id)
                : b->at == b->n
                    ? arena_printf(p->a, "all %zu steps stand, and it is not recorded as %s", b->n,
                                   b->undoes ? "taken back" : "applied")
                    : arena_printf(p->a, "step %zu of %zu (%s %s) %s%s", b->at + 1, b->n, b->verb,
                                   b->object, stands_words(p->a, b),
                                   b->batches == 0 ? ""
                                                   : arena_printf(p->a, ": %lld batch%s, %lld rows",
                                                                  (long long)b->batches,
                                                                  b->batches == 1 ? "" : "es",
                                                                  (long long)b->rows));
}

/* The same id is applied here: it is a fact, current or changed since. */
static void decide_applied(struct plan *p, struct step *s)
{
    const struct fact *f = s->history->applied;
    const struct begun *begun = world_begun(p->world, s->bundle->id);
    if (begun != NULL && begun->undoes) {
        decide_begun(p, s, begun);
        return;
    }
    if (!digest_eq(&f->checksum, &s->bundle->checksum)) {
        struct reason *r = step_give(p, s, REASON_CHECKSUM_MISMATCH);
        s->moved = twin_moved(p, s);
        r->cause = entry_name(p, f);
        r->was = step_digest(p, &f->checksum);
        r->now = step_digest(p, &s->bundle->checksum);
        r->detail = arena_printf(p->a, "%sapplied at %s by run %s",
                                 s->bundle->only_line_ends ? "only line ends differ; " : "",
                                 f->finished_at, f->run_id);
        if (s->moved != NULL) {
            r->detail = arena_printf(p->a, "%s; that content is here as %s", r->detail, s->moved);
        }
        r->path = bundle_file(p->a, s->bundle);
        return;
    }
    if (s->exported == EXPORT_MISSING) {
        step_give(p, s, REASON_OUTPUT_MISSING)->cause =
            arena_printf(p->a, "%s/receipts", s->bundle->dir);
        s->action = ACTION_EXPORT;
    } else if (s->exported == EXPORT_ALTERED) {
        step_give(p, s, REASON_OUTPUT_ALTERED)->cause =
            arena_printf(p->a, "%s/receipts", s->bundle->dir);
        s->action = ACTION_EXPORT;
    }
    struct reason *r = step_give(p, s, REASON_CURRENT);
    r->cause = entry_name(p, f);
    r->now = step_digest(p, &f->checksum);
    r->detail = arena_printf(p->a, "applied at %s by run %s", f->finished_at, f->run_id);
    const char *was = "";
    const struct variable *x = plan_revalued(p->world, s->bundle, &was);
    if (x != NULL) {
        plan_give_value(p, step_give(p, s, REASON_OTHER_VALUE), x, was);
    }
}

static void check_registry(struct plan *p, struct step *s)
{
    if (p->env->is_protected && s->bundle->status == NULL && !bundle_is_repeatable(s->bundle)) {
        step_give(p, s, REASON_UNREGISTERED)->cause = "registry/migrations.v1.json";
    }
}

static void give_faults(struct plan *p, struct step *s)
{
    for (size_t i = 0; i < s->bundle->n_faults; i++) {
        reason_from_fault(p->a, step_give(p, s, REASON_SCRIPT_FAULT), &s->bundle->faults[i]);
    }
}

/* True: it touches a protected domain. */
static bool check_static(struct plan *p, struct step *s)
{
    give_faults(p, s);
    if (s->bundle->decl == NULL || s->bundle->forward == NULL) {
        s->class = s->bundle->let_go;
        return false;
    }
    bool is_protected = false;
    struct reason *found = NULL;
    size_t n = 0;
    plan_judge(p->a, s->bundle, p->domains, p->world->lineage, &found, &n);
    for (size_t i = 0; i < n; i++) {
        is_protected = is_protected || found[i].code == REASON_PROTECTED_DOMAIN;
        if (!gate_waives(p, s, found[i].code)) {
            *step_give(p, s, found[i].code) = found[i];
        }
    }
    gate_roles(p, s);
    s->class = bundle_class(p->a, s->bundle);
    return is_protected;
}

static bool touches_object(const struct touch *t, const struct object *o)
{
    if (t->object.kind == OBJ_SCHEMA && t->effect == EFFECT_DROP) {
        return strcmp(t->object.name, o->schema) == 0 || object_eq(&t->object, o);
    }
    if (t->object.kind != o->kind) {
        return false;
    }
    if (t->object.schema[0] != '\0' && strcmp(t->object.schema, o->schema) != 0) {
        return false;
    }
    /* A function is named without its arguments in SQL text. */
    size_t n = strlen(t->object.name);
    return strncmp(t->object.name, o->name, n) == 0 && (o->name[n] == '\0' || o->name[n] == '(');
}

/* A copy in a. */
static const struct touch *touch_in(struct arena *a, const struct script *script,
                                    const struct object *o)
{
    struct statement_room room;
    for (size_t k = 0; k < script->n; k++) {
        const struct touches *list = &script_at(script, k, &room)->touches;
        for (size_t t = 0; t < list->n; t++) {
            if (touches_object(&list->v[t], o)) {
                return arena_dup(a, &list->v[t], sizeof list->v[t]);
            }
        }
    }
    return NULL;
}

static const struct touch *first_touch(struct arena *a, const struct step *s,
                                       const struct object *o, const char **path)
{
    for (size_t i = 0; i < s->bundle->decl->forward.n; i++) {
        const struct touch *t = touch_in(a, &s->bundle->forward[i], o);
        if (t != NULL) {
            *path = s->bundle->forward[i].path;
            return t;
        }
    }
    return NULL;
}

/* Static, so a lower bound; the run compares what a migration really touched with the same list before
 * COMMIT. */
static void check_drift(struct plan *p, struct step *s)
{
    if (s->bundle->decl == NULL || s->bundle->forward == NULL) {
        return;
    }
    for (size_t i = 0; i < p->world->n_drift; i++) {
        const struct drift *d = &p->world->drift[i];
        const char *path = NULL;
        const struct touch *t = first_touch(p->a, s, &d->object, &path);
        if (t == NULL) {
            continue;
        }
        struct reason *r = step_give(p, s, REASON_DRIFT);
        r->cause = d->text;
        r->was = step_digest(p, &d->was);
        r->now = step_digest(p, &d->now);
        r->detail = d->last_writer[0] != '\0'
                        ? arena_printf(p->a, "last written by %s (ledger entry %lld)",
                                       d->last_writer, (long long)d->sequence)
                        : "no migration ever wrote it";
        r->path = path;
        r->line = t->line;
        r->col = t->col;
    }
}

/* A file that arrived late: an applied one of its folder sorts after it. */
static void check_lateness(struct plan *p, struct step *s)
{
    const struct bundle *const *last = table_gets(&p->newest, s->bundle->folder);
    const struct bundle *newest = last != NULL ? *last : NULL;
    if (s->bundle->has_depends || bundle_is_repeatable(s->bundle) || newest == NULL ||
        bundle_compare(s->bundle, newest) > 0) {
        return;
    }
    struct reason *r =
        step_give(p, s, p->env->is_protected ? REASON_OUT_OF_ORDER : REASON_OUT_OF_ORDER_NOTE);
    r->cause = arena_printf(p->a, "%s/%s@apply", p->env->name, newest->id);
    r->detail = arena_printf(p->a, "%s is already applied", newest->id);
}

/* What an operator took back stays so: a build does not undo what a person did. */
static bool stays_back(struct plan *p, struct step *s)
{
    const struct fact *f = s->history != NULL ? s->history->undone : NULL;
    if (f == NULL || s->is_named || !digest_eq(&f->checksum, &s->bundle->checksum)) {
        return false;
    }
    struct reason *r = step_give(p, s, REASON_ROLLED_BACK);
    r->cause = entry_name(p, f);
    r->now = step_digest(p, &f->checksum);
    r->detail = arena_printf(p->a, "taken back at %s by run %s", f->finished_at, f->run_id);
    return true;
}

void migration_gates(struct plan *p, struct step *s)
{
    gate_adoption(p, s);
    bool is_protected = check_static(p, s);
    gate_promotion(p, s);
    gate_approval(p, s, is_protected);
    check_registry(p, s);
    gate_lacks(p, s, s->bundle);
    gate_lint(p, s, s->bundle);
    gate_policy(p, s);
    gate_deploy(p, s, s->bundle);
    check_drift(p, s);
    check_lateness(p, s);
    gate_upstream(p, s);
}

static void decide_pending(struct plan *p, struct step *s)
{
    const struct fact *last = s->history != NULL ? s->history->last : NULL;
    const struct begun *begun = world_begun(p->world, s->bundle->id);
    if (twin_holds(p, s) || stays_back(p, s)) {
        return;
    }
    if (begun != NULL) {
        decide_begun(p, s, begun);
    } else if (last != NULL && strcmp(last->result, "interrupted") == 0) {
        struct reason *r = step_give(p, s, REASON_INTERRUPTED);
        r->cause = entry_name(p, last);
        r->detail = arena_printf(p->a, "run %s ended at %s", last->run_id, last->finished_at);
    } else {
        struct reason *r = step_give(p, s, REASON_NEVER_BUILT);
        r->now = step_digest(p, &s->bundle->checksum);
        if (last != NULL) {
            r->cause = entry_name(p, last);
            r->detail =
                last == s->history->undone
                    ? arena_printf(p->a, "taken back at %s", last->finished_at)
                    : arena_printf(p->a, "the last run %s at %s", last->result, last->finished_at);
        }
    }
    s->action = ACTION_APPLY;
    migration_gates(p, s);
}

void migration_decide(struct plan *p, struct step *s)
{
    bool excluded = false;
    if (s->bundle->is_absent) {
        absent_decide(p, s);
        return;
    }
    if (s->bundle->is_illegible) { /* applied or not: what it is now cannot be told */
        give_faults(p, s);
        return;
    }
    const struct projection_input *x = projection_of(p, s->bundle, &excluded);
    if (x != NULL && x->p->is_absent) {
        undeclared_member(p, s, x);
    } else if (x != NULL && (excluded || !generation_grows(x) || !generation_lacks(x, s->bundle))) {
        projection_member(p, s, x, excluded);
    } else if (x == NULL && bundle_is_repeatable(s->bundle)) {
        repeatable_decide(p, s);
    } else if (x == NULL && s->history != NULL && s->history->applied != NULL) {
        decide_applied(p, s);
    } else {
        decide_pending(p, s);
    }
}
