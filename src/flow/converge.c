/* Converging an environment. */
#include "flow/converge.h"

#include "flow/backup.h"
#include "flow/owed.h"
#include "flow/steps.h"

enum { ABSENT_SHOWN = 3 };

bool converge_has_work(const struct site *s)
{
    bool records_anew = world_is_old(&s->world) && s->world.n_drift == 0 && !s->env->is_protected;
    return s->plan.n_apply + s->plan.n_export + s->plan.n_rebuild > 0 || owed_any(s) ||
           records_anew;
}

/* What is blocked, and how many of it by nothing worse than SQL that cannot be run, whose faults are
 * collected. */
struct blocked {
    size_t n, n_scripts;
    struct err_list faults;
};

static void add_blocked(struct blocked *o, const struct reason *r, const struct bundle *b,
                        const struct err_list *faults)
{
    o->n++;
    o->n_scripts += r->code == REASON_SCRIPT_FAULT;
    for (size_t i = 0; r->code == REASON_SCRIPT_FAULT && faults != NULL && i < faults->n; i++) {
        err_list_add(&o->faults, &faults->v[i]);
    }
    if (r->code == REASON_SCRIPT_FAULT && b != NULL) {
        plan_script_faults(b, &o->faults);
    }
}

/* What only the ledger knows stands in the way of all that is here. */
static void find_absent(const struct plan *p, struct blocked *o)
{
    for (size_t i = 0; i < p->n_steps && p->n_absent > 0; i++) {
        if (step_is_absent(&p->v[i]) && p->v[i].state == STATE_BLOCKED) {
            add_blocked(o, &p->v[i].reasons[0], NULL, NULL);
        }
    }
}

static void find_blocked(const struct plan *p, int64_t left, struct blocked *o)
{
    find_absent(p, o);
    for (size_t i = 0; i < p->n_migrations; i++) {
        const struct step *x = &p->v[i];
        if (step_is_absent(x)) {
            continue;
        }
        if (x->selected && x->state == STATE_BLOCKED && !x->awaits) {
            add_blocked(o, &x->reasons[0], x->bundle, NULL);
        } else if (x->selected && x->action == ACTION_APPLY && --left == 0) {
            return;
        }
    }
    for (size_t i = 0; i < p->n_projections; i++) {
        const struct step *x = &p->projections[i];
        if (x->selected && x->state == STATE_BLOCKED && !x->awaits && !step_is_absent(x)) {
            add_blocked(o, &x->reasons[0], NULL, x->in->script_faults);
        }
    }
}

/* Definitions whose files are gone, all in one line. */
static void say_gone(const struct site *s)
{
    const struct plan *p = &s->plan;
    const char *names = "";
    size_t n = 0;
    for (size_t i = 0; i < p->n_migrations && p->n_absent > 0; i++) {
        const struct step *x = &p->v[i];
        if (step_is_absent(x) && x->reasons[0].code == REASON_DEFINITION_GONE &&
            n++ < ABSENT_SHOWN) {
            names = arena_printf(s->a, "%s%s%s", names, n > 1 ? ", " : "", step_name(x));
        }
    }
    if (n > 0) {
        tell_warning(&s->ear,
                     "%s: %zu definition%s, no file here (%s%s): --prune drops what %s made",
                     s->env->name, n, n == 1 ? "" : "s", names, n > ABSENT_SHOWN ? ", ..." : "",
                     n == 1 ? "it" : "they");
    }
}

/* What only the ledger knows stops nothing here, and is never passed over in silence. */
static void say_absent(const struct site *s)
{
    const struct plan *p = &s->plan;
    size_t n = 0;
    say_gone(s);
    for (size_t i = 0; i < p->n_steps && p->n_absent > 0; i++) {
        const struct step *x = &p->v[i];
        if (step_is_absent(x) && x->state == STATE_NOT_APPLICABLE &&
            x->reasons[0].code != REASON_DEFINITION_GONE && n++ < ABSENT_SHOWN) {
            tell_warning(&s->ear, "%s: %s: %s", s->env->name, step_name(x), x->reasons[0].detail);
        }
    }
    if (n > ABSENT_SHOWN) {
        tell_warning(&s->ear, "%s: %zu more are applied and not here; `kfmig status %s` names them",
                     s->env->name, n - ABSENT_SHOWN, s->env->name);
    }
}

/* What waits for a deployment stops nothing else, and is never passed over in silence. */
static void say_awaiting(const struct site *s)
{
    const struct plan *p = &s->plan;
    for (size_t i = 0; i < p->n_steps && p->n_awaits > 0; i++) {
        const struct step *x = &p->v[i];
        for (size_t k = 0; k < x->n_reasons && x->selected && x->awaits; k++) {
            const struct reason *r = &x->reasons[k];
            if (r->code == REASON_AWAITS_DEPLOY) {
                tell_warning(&s->ear, "%s: %s is held back: %s; `kfmig deployed %s %s` records it",
                             s->env->name, step_name(x), r->detail, s->env->name, r->now);
            }
        }
    }
}

int converge_blocked(struct site *s, const struct converge_options *o, struct result *r,
                     struct err *e)
{
    struct blocked b = {.n = 0};
    say_absent(s);
    say_awaiting(s);
    find_blocked(&s->plan, o->most, &b);
    enum err_code code = b.n_scripts > 0 ? ERR_CONFIG : ERR_PREFLIGHT;
    if (b.n_scripts < b.n) {
        tell(&s->ear, &(struct tell){.kind = TELL_BLOCKED, .n = b.n, .plan = &s->plan});
    }
    tell_faults(&s->ear, &b.faults);
    err_list_release(&b.faults);
    if (b.n == 0) {
        return converge_has_work(s) && !o->forces ? writing_held(s, "run", e) : 0;
    }
    result_worsen(r, code);
    if (o->keep_going) {
        return 0;
    }
    err_set(e, code, "%zu target%s blocked; nothing was run", b.n, b.n == 1 ? " is" : "s are");
    return err_hint(e, "`kfmig why TARGET` explains; -k runs what is not blocked");
}

/* What --force let through. */
static void add_forced(struct site *s, struct backup_needs *needs)
{
    const struct findings *held = needs->is_forced ? site_held(s) : NULL;
    for (size_t i = 0; held != NULL && i < held->n; i++) {
        if (!held->v[i].passed) {
            ARENA_GROW(s->a, needs->forced.v, needs->forced.n, needs->forced.cap);
            needs->forced.v[needs->forced.n++] =
                arena_printf(s->a, "%s: %s", held->v[i].rule, held->v[i].text);
        }
    }
}

static int work(struct writing *w, void *ctx, struct err *e)
{
    const struct converge_options *o = ctx;
    struct backup_needs needs = {.skips = o->skips_backup, .is_forced = o->forces};
    add_forced(w->site, &needs);
    backup_needs_of(w->site, o->most, &needs);
    if (backup_before(w, &needs, e) != 0) {
        return -1;
    }
    w->total = w->site->plan.n_apply + w->site->plan.n_rebuild;
    result_expect(w->result, w->site->a, w->total);
    steps_run(&(struct steps){.w = w, .keep_going = o->keep_going, .most = o->most});
    return 0;
}

static void waive(struct arena *a, bool is_wanted, const char *word, struct names *l)
{
    if (is_wanted) {
        names_add(a, l, word);
    }
}

int converge(struct site *s, const struct converge_options *o, struct result *r, struct err *e)
{
    struct converge_options mine = *o;
    struct writing_order order = o->order;
    if (!converge_has_work(s)) {
        int rc = writing_reviewed(s, order.plan_digest, e);
        result_end(r, s);
        return rc;
    }
    order.done = "run";
    order.hint = "review the plan above, then add --apply, or better --apply --plan=DIGEST";
    order.baseline = writing_found;
    order.is_held = s->env->is_protected;
    order.is_unheld = o->forces;
    const struct digest digest = plan_digest(&s->plan);
    order.signs = &digest;
    waive(s->a, o->forces, APPROVAL_FORCE, &order.waives);
    waive(s->a, o->skips_backup, APPROVAL_SKIP_BACKUP, &order.waives);
    order.work = work;
    order.ctx = &mine;
    return writing(s, &order, r, e);
}
