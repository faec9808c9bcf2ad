/* Adoption, promotion, approval, and what comes before: the same for every kind of step. */
#include "plan/gates.h"

#include "model/finding.h"
#include "model/operations.h"
#include "plan/step_kind.h"
#include "plan/wants.h"

static void give_adoption(struct plan *p, struct step *s, const char *cause, int64_t n)
{
    struct reason *r = step_give(p, s, REASON_NOT_ADOPTED);
    r->cause = cause;
    r->detail = arena_printf(p->a, "%lld object%s found", (long long)n, n == 1 ? "" : "s");
}

void gate_adoption(struct plan *p, struct step *s)
{
    enum store_kind k = step_kind_row(s->kind)->store(s);
    const struct store_world *w = &p->world->store[k];
    if (!p->env->is_protected) {
        return;
    }
    if (!p->world->has_ledger && p->world->n_existing > 0) {
        give_adoption(p, s, "the database", p->world->n_existing);
    }
    if (!store_can(k, STORE_HOLDS_LEDGER) && !w->is_known && w->n_existing > 0) {
        give_adoption(p, s, arena_printf(p->a, "store %s", store_text(k)), w->n_existing);
    }
}

/* What stands there of it, whatever its key. */
static const struct fact *step_elsewhere(const struct step *s, const struct upstream *u)
{
    const struct history *h = u->reachable ? past_get(u->past, step_name(s)) : NULL;
    return h != NULL ? h->applied : NULL;
}

/* Every success is an entry of the other ledger, with the step's key as checksum. */
const struct fact *step_promoted(const struct step *s, const struct upstream *u)
{
    const struct fact *f = step_elsewhere(s, u);
    return f != NULL && digest_eq(&f->checksum, step_key(s)) ? f : NULL;
}

const char *step_unpromoted(struct arena *a, const struct step *s, const struct upstream *u)
{
    const struct step_kind_row *kind = step_kind_row(s->kind);
    if (!u->reachable) {
        return arena_printf(a, "%s could not be asked: %s", u->env, u->why_not);
    }
    if (step_elsewhere(s, u) != NULL) {
        return arena_printf(a, "%s has %s", u->env, kind->other);
    }
    return kind->is_for(s, u->env) ? arena_printf(a, "not %s in %s", kind->done, u->env)
                                   : arena_printf(a, "it is not declared for %s", u->env);
}

void gate_promotion(struct plan *p, struct step *s)
{
    for (size_t i = 0; i < p->world->n_upstream; i++) {
        const struct upstream *u = &p->world->upstream[i];
        if (step_promoted(s, u) != NULL) {
            continue;
        }
        const struct fact *f = step_elsewhere(s, u);
        struct reason *r = step_give(p, s, REASON_NOT_PROMOTED);
        r->cause = arena_printf(p->a, "%s/%s@receipt", u->env, step_name(s));
        r->was = f != NULL ? step_digest(p, &f->checksum) : "";
        r->now = step_digest(p, step_key(s));
        r->detail = step_unpromoted(p->a, s, u);
    }
}

static void add_rules(struct arena *a, const struct findings *l, struct names *out)
{
    for (size_t i = 0; l != NULL && i < l->n; i++) {
        names_add(a, out, l->v[i].rule);
    }
}

/* Of a projection: what the migrations of its chain do anew with each generation. */
static struct names reduced_by(const struct plan *p, const struct step *s)
{
    struct names out = {0};
    add_rules(p->a, plan_needs_governance(p, s), &out);
    for (size_t i = 0; i < s->n_members; i++) {
        add_rules(p->a, plan_needs_governance(p, &p->v[s->members[i]]), &out);
    }
    return out;
}

/* What is left to the repository host's review wants governance's signature alone. */
static void wants_of(const struct plan *p, const struct step *s, bool is_protected, bool reduces,
                     struct approval_want *out)
{
    const struct decl *d = s->bundle != NULL ? s->bundle->decl : NULL;
    *out = (struct approval_want){.n = 0};
    if (p->env->approval == APPROVAL_SIGNATURE) {
        approval_wants(p->a, p->env, d != NULL ? &d->reviewers : NULL,
                       d != NULL ? d->change_class : NULL, is_protected, out);
    }
    if (reduces) {
        names_add(p->a, &out->roles, APPROVAL_GOVERNANCE);
    }
    out->subject = step_kind_row(s->kind)->name(s);
}

void gate_approval(struct plan *p, struct step *s, bool is_protected)
{
    const struct step_kind_row *kind = step_kind_row(s->kind);
    const struct names rules = reduced_by(p, s);
    struct approval_want want;
    s->approved = (struct approval_verdict){.n = 0};
    if (p->env->approval != APPROVAL_SIGNATURE && rules.n == 0) {
        return;
    }
    wants_of(p, s, is_protected, rules.n > 0, &want);
    approvals_judge(p->a, p->world->approvals, kind->signs(s), p->env, &want, &s->approved);
    if (s->approved.lacks != NULL) {
        struct reason *r = step_give(p, s, REASON_APPROVAL_MISSING);
        r->cause = kind->file(p->a, s);
        r->now = step_digest(p, kind->signs(s));
        r->detail =
            arena_printf(p->a, "%s wants signatures over %s: %s%s%s", p->env->name, kind->signed_as,
                         s->approved.lacks, rules.n > 0 ? "; it reduces what is enforced: " : "",
                         names_text(p->a, &rules));
    }
}

bool gate_waives(struct plan *p, const struct step *s, enum reason_code code)
{
    struct approval_verdict v;
    bool is_protected = code == REASON_PROTECTED_DOMAIN;
    if (s->bundle == NULL || (!is_protected && code != REASON_LIMIT_EXCEEDED)) {
        return false;
    }
    approvals_of(p->a, p->world->approvals, p->env, s->bundle, is_protected,
                 is_protected ? APPROVAL_PROTECTED : APPROVAL_LIMITS, &v);
    return v.lacks == NULL;
}

/* What was let go lacked nothing (site/pending.h). */
static void give_wants(struct plan *p, struct step *s, const struct bundle *b)
{
    const bool is_there = p->env->is_protected && b->decl != NULL && b->forward != NULL;
    const char class = is_there ? bundle_class(p->a, b) : 'A';
    const unsigned lacking = is_there ? bundle_wants(b, class) : 0;
    for (int w = 0; w < WANT_COUNT; w++) {
        const struct want_row *row = want_row((enum want)w);
        if (!row->is_refused || (lacking & 1U << w) == 0) {
            continue;
        }
        struct reason *r = step_give(p, s, REASON_LEFT_OPEN);
        r->cause = bundle_file(p->a, b);
        r->now = row->member;
        r->detail = arena_printf(p->a, "%s; %s", want_text(p->a, (enum want)w, class), row->hint);
    }
}

void gate_lacks(struct plan *p, struct step *s, const struct bundle *b)
{
    for (int l = 0; l < LACK_COUNT && p->env->is_protected; l++) {
        if ((b->lacks & 1U << l) != 0) {
            struct reason *r = step_give(p, s, REASON_LEFT_OPEN);
            r->cause = bundle_file(p->a, b);
            r->now = lack_key((enum lack)l);
            r->detail =
                arena_printf(p->a, "%s; %s", lack_text((enum lack)l), lack_hint((enum lack)l));
        }
    }
    give_wants(p, s, b);
    /* Where there are windows, nothing runs outside of them. */
    if (p->env->is_protected && b->wants_window && operations_of(p->env)->n_windows == 0) {
        struct reason *r = step_give(p, s, REASON_LEFT_OPEN);
        r->cause = bundle_file(p->a, b);
        r->now = "windows";
        r->detail = arena_printf(p->a,
                                 "it wants a maintenance window, and %s declares none; declare "
                                 "windows in registry/environments.v1.yml",
                                 p->env->name);
    }
}

void gate_lint(struct plan *p, struct step *s, const struct bundle *b)
{
    const struct findings *l = table_gets(&p->world->linted, b->id);
    for (size_t i = 0; p->env->is_protected && l != NULL && i < l->n; i++) {
        const struct finding *f = &l->v[i];
        if (!finding_stops(f)) {
            continue;
        }
        struct reason *r = step_give(p, s, REASON_LINT);
        r->cause = f->path;
        r->now = f->rule;
        r->detail = arena_printf(p->a, "%s: %s", f->rule, f->text);
        r->path = f->path;
        r->line = f->line;
        r->col = f->col;
    }
}

const struct findings *plan_needs_governance(const struct plan *p, const struct step *s)
{
    bool is_asked = p->env->is_protected && s->kind == STEP_MIGRATION;
    return is_asked ? table_gets(&p->world->reduced, s->bundle->id) : NULL;
}

void gate_deploy(struct plan *p, struct step *s, const struct bundle *b)
{
    if (b->deploy == NULL || b->deploy[0] == '\0' || names_have(&p->world->deployed, b->deploy)) {
        return;
    }
    struct reason *r = step_give(p, s, REASON_AWAITS_DEPLOY);
    r->cause = bundle_file(p->a, b);
    r->now = b->deploy;
    r->detail = arena_printf(p->a, "nobody has recorded that \"%s\" is deployed in %s", b->deploy,
                             p->env->name);
}

void gate_upstream(struct plan *p, struct step *s)
{
    for (size_t i = 0; i < s->n_upstream; i++) {
        const struct step *u = &p->v[s->upstream[i]];
        if (u->state != STATE_BLOCKED && u->action != ACTION_APPLY) {
            continue;
        }
        struct reason *r = step_give(
            p, s, u->state == STATE_BLOCKED ? REASON_UPSTREAM_BLOCKED : REASON_UPSTREAM_PENDING);
        r->step = s->upstream[i];
        r->cause = step_target_text(p->a, p, u);
    }
}
