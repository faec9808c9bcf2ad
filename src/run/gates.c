/* What must hold before COMMIT: judged from what was observed, never from what was declared to happen. */
#include "run/gates.h"

#include <string.h>

#include "model/leak.h"
#include "model/operations.h"
#include "model/scope.h"
#include "run/account.h"

static bool had_object(const struct run *r, const struct touch *t)
{
    if (table_gets(&r->base->by_text, object_text(r->a, &t->object)) != NULL) {
        return true;
    }
    if (t->object.schema[0] == '\0') {
        return false;
    }
    struct object schema = {OBJ_SCHEMA, "", t->object.schema, t->object.store};
    return table_gets(&r->base->by_text, object_text(r->a, &schema)) != NULL;
}

static enum verdict verdict_on(const struct run *r, const struct bundle *b, const struct outcome *o,
                               const struct touch *t)
{
    return scope_admits(&b->decl->scope, r->domains, o->seen.lineage, t, had_object(r, t));
}

bool gates_reach(struct run *r, const struct bundle *b, const struct outcome *o)
{
    for (size_t i = 0; i < o->seen.touches.n; i++) {
        if (verdict_on(r, b, o, &o->seen.touches.v[i]) != VERDICT_OK) {
            return true;
        }
    }
    return false;
}

void gates_trace(struct run *r, const struct bundle *b, const struct ways *ways, struct outcome *o)
{
    for (size_t i = 0; i < o->seen.touches.n; i++) {
        struct touch *t = &o->seen.touches.v[i];
        if (verdict_on(r, b, o, t) != VERDICT_OK) {
            way_find(r->a, b->forward, b->decl->forward.n, ways, o->seen.lineage, t);
        }
    }
}

/* ", in statement 2 (forward.sql:7) through trigger t of app.a"; "" where it is not known. */
static const char *told_by(struct arena *a, const struct bundle *b, const struct touch *t)
{
    if (t->path == NULL) {
        return "";
    }
    const char *base = bundle_base(b);
    size_t n = strlen(base);
    bool inside = strncmp(t->path, base, n) == 0 && t->path[n] == '/';
    bool by_way = t->through != NULL && t->through[0] != '\0';
    return arena_printf(a, ", in statement %d (%s:%d)%s%s", t->statement + 1,
                        inside ? t->path + n + 1 : t->path, t->line, by_way ? " through " : "",
                        by_way ? t->through : "");
}

/* What is let through by approvals that name it; who gave them stands in the finding. */
static void waive(struct run *r, const struct bundle *b, bool is_protected, const char *waiver,
                  struct finding *f)
{
    struct approval_verdict v;
    const struct approvals *all = r->world->approvals;
    if (all == NULL || all->n == 0) {
        return;
    }
    approvals_of(r->a, all, r->env, b, is_protected, waiver, &v);
    if (v.lacks == NULL) {
        f->waived_by = arena_printf(r->a, "approval of %s", approval_persons(r->a, &v));
    }
}

/* One finding per touch that is not admitted, with the line of migration.yml that would admit it. */
static bool judge_touch(struct run *r, const struct bundle *b, const struct touch *t,
                        enum verdict which, struct outcome *o)
{
    const struct scope *scope = &b->decl->scope;
    const struct lineage *family = o->seen.lineage;
    bool existed = had_object(r, t);
    enum verdict v = verdict_on(r, b, o, t);
    bool is_protected = v == VERDICT_PROTECTED;
    if (v == VERDICT_OK || is_protected != (which == VERDICT_PROTECTED)) {
        return true;
    }
    struct finding *f =
        finding_fail(r->a, &o->gates, is_protected ? "protected" : "scope", "%s of %s%s: %s",
                     effect_text(t->effect), lineage_text(r->a, family, &t->object),
                     told_by(r->a, b, t), scope_rule(scope, r->domains, family, t, existed));
    f->subject = object_text(r->a, &t->object);
    f->fix = scope_fix(r->a, scope, r->domains, family, t, existed);
    f->path = b->decl->file.path != NULL ? b->decl->file.path : "";
    f->line = f->path[0] != '\0' ? b->scope_line : 0;
    if (is_protected) {
        waive(r, b, true, APPROVAL_PROTECTED, f);
    }
    f->hint =
        is_protected
            ? "existing objects of a protected domain change only with signed approvals that name "
              "it: "
              "`kfmig approve ID --waive=protected`"
            : arena_printf(r->a,
                           "narrow the migration, or widen its scope in %s and have that reviewed",
                           bundle_declares_in(b));
    return false;
}

static void judge_touches(struct run *r, const struct bundle *b, enum verdict which,
                          struct outcome *o)
{
    bool admitted = true;
    for (size_t i = 0; i < o->seen.touches.n; i++) {
        admitted = judge_touch(r, b, &o->seen.touches.v[i], which, o) && admitted;
    }
    if (admitted) {
        finding_pass(r->a, &o->gates, which == VERDICT_PROTECTED ? "protected" : "scope");
    }
}

/* " of table app.t, table app.u"; "" where it is not known. */
static const char *uncounted(struct arena *a, const struct observation *seen)
{
    struct buf text = {0};
    for (size_t i = 0; i < seen->n_uncounted; i++) {
        buf_printf(&text, "%s%s", i == 0 ? " of " : ", ", seen->uncounted[i]->text);
    }
    const char *kept = arena_strdup(a, buf_str(&text));
    buf_release(&text);
    return kept;
}

static void judge_limits(struct run *r, const struct bundle *b, struct outcome *o)
{
    const struct limits observed = limits_observed(&o->seen);
    for (int i = 0; limit_key(i) != NULL; i++) {
        long long declared = limit_value(&b->decl->limits, i);
        long long seen = limit_value(&observed, i);
        const char *name = arena_printf(r->a, "limit %s", limit_key(i));
        struct finding *f = NULL;
        if (declared < 0) {
            continue;
        }
        if (seen == ROWS_UNKNOWN) {
            f = finding_fail(r->a, &o->gates, name,
                             "declared %lld, and the rows removed%s could not be counted", declared,
                             uncounted(r->a, &o->seen));
            f->hint =
                "this role may not lock the table or see all of its rows, or the migration writes "
                "outside the database and cannot run twice; remove them with a plain statement";
        } else if (seen > declared) {
            f = finding_fail(r->a, &o->gates, name, "declared %lld, observed %lld", declared, seen);
            f->fix = arena_printf(r->a, "limits.%s: %lld", limit_key(i), seen);
        } else {
            finding_pass(r->a, &o->gates, name);
            continue;
        }
        if (f->hint[0] == '\0') {
            f->hint = arena_printf(
                r->a, "raise the limit in %s and have that reviewed, or split the migration",
                bundle_declares_in(b));
        }
        f->path = b->decl->file.path != NULL ? b->decl->file.path : "";
        waive(r, b, false, APPROVAL_LIMITS, f);
    }
}

static const struct drift *drift_of(const struct world *w, const char *text)
{
    for (size_t i = 0; i < w->n_drift; i++) {
        if (strcmp(w->drift[i].text, text) == 0) {
            return &w->drift[i];
        }
    }
    return NULL;
}

/* Nothing is built on what somebody changed behind kfmig's back. */
static void judge_drift(struct run *r, struct outcome *o)
{
    bool untouched = true;
    for (size_t i = 0; i < o->seen.touches.n && r->world->n_drift > 0; i++) {
        const struct touch *t = &o->seen.touches.v[i];
        const char *text = object_text(r->a, &t->object);
        const struct drift *d = t->effect == EFFECT_READ ? NULL : drift_of(r->world, text);
        if (d == NULL) {
            continue;
        }
        struct finding *f =
            finding_fail(r->a, &o->gates, "drift", "%s was changed outside kfmig%s%s", text,
                         d->last_writer[0] != '\0' ? " after " : "", d->last_writer);
        f->subject = text;
        f->hint = "`kfmig adopt ENV` accepts the database as it stands, with a receipt";
        untouched = false;
    }
    for (size_t i = 0; i < o->seen.taken_along.n; i++) {
        const char *text = o->seen.taken_along.v[i];
        struct finding *f = finding_fail(r->a, &o->gates, "drift",
                                         "%s was dropped along, which another session committed "
                                         "while this ran, or just before",
                                         text);
        f->subject = text;
        f->hint = "run it again: the plan then tells it as a change outside kfmig";
        untouched = false;
    }
    if (untouched) {
        finding_pass(r->a, &o->gates, "drift");
    }
}

static void judge_observation(struct run *r, struct outcome *o)
{
    if (!o->seen.ledger_touched) {
        finding_pass(r->a, &o->gates, "ledger");
    } else {
        finding_fail(r->a, &o->gates, "ledger", "schema kfmig was read or written")->hint =
            "a migration may not read or write schema kfmig";
    }
    if (o->seen.unsettled) {
        finding_fail(
            r->a, &o->gates, "observation",
            "deferred triggers defer themselves again: after 16 rounds some are still to run "
            "in COMMIT")
            ->hint =
            "what a trigger defers has to come to an end; do it in statements of the migration";
    }
    if (o->seen.unreconciled == NULL && !o->seen.unsettled) {
        finding_pass(r->a, &o->gates, "observation");
    } else if (o->seen.unreconciled != NULL) {
        finding_fail(r->a, &o->gates, "observation", "%s", o->seen.unreconciled)->hint =
            "a change that cannot be named is refused; make it with a plain statement";
    }
}

const struct leak *gates_secret(const struct run *r, const struct observation *seen)
{
    const struct leak *found = NULL;
    for (size_t i = 0; found == NULL && i < seen->touches.n; i++) {
        found = leak_in(LEAK_NAME, object_text(r->a, &seen->touches.v[i].object));
    }
    for (size_t i = 0; found == NULL && i < seen->n_changes; i++) {
        const struct change *c = &seen->changes[i];
        found = leak_in(LEAK_NAME, c->before == NULL ? NULL : c->before->text);
        if (found == NULL && c->after != NULL) {
            found = leak_in(LEAK_NAME, c->after->text);
            found = found != NULL ? found : leak_in(LEAK_NAME, catalog_lines(r->a, c->after));
        }
    }
    return found;
}

static bool breaks_policy(struct run *r, const struct bundle *b, const struct policy_rule *rule,
                          const struct touch *t, struct outcome *o)
{
    if (!policy_meets(rule, t, policy_rows(t))) {
        return false;
    }
    struct finding *f =
        finding_fail(r->a, &o->gates, arena_printf(r->a, "policy %s", rule->id), "%s of %s%s%s%s",
                     effect_text(t->effect), object_text(r->a, &t->object), told_by(r->a, b, t),
                     rule->why[0] != '\0' ? ": " : "", rule->why);
    f->subject = object_text(r->a, &t->object);
    f->severity = rule->effect == POLICY_WARN ? SEVERITY_WARNING : SEVERITY_ERROR;
    f->hint = "policy in registry/environments.v1.yml has the rule";
    return true;
}

/* What texts say that they do the plan has judged: here is what was really done, by code, triggers and
 * cascades, too. One finding for each rule. */
static void judge_policy(struct run *r, const struct bundle *b, struct outcome *o)
{
    const struct policy *all = &operations_of(r->env)->policy;
    const char class = all->n > 0 ? bundle_class(r->a, b) : 'A';
    for (size_t i = 0; i < all->n; i++) {
        const struct policy_rule *rule = &all->v[i];
        bool broken = false;
        if (rule->effect == POLICY_REQUIRE || !policy_is_about(rule, class)) {
            continue;
        }
        for (size_t k = 0; k < o->seen.touches.n && !broken; k++) {
            broken = breaks_policy(r, b, rule, &o->seen.touches.v[k], o);
        }
        if (!broken) {
            finding_pass(r->a, &o->gates, arena_printf(r->a, "policy %s", rule->id));
        }
    }
}

/* What would be written holds a secret: then nothing that was seen is written, in the receipt of the failure
 * neither. */
static bool judge_secrets(struct run *r, const struct bundle *b, struct outcome *o)
{
    const struct leak *found = gates_secret(r, &o->seen);
    if (found == NULL) {
        return true;
    }
    o->gates.n = 0;
    o->observed = false;
    finding_fail(r->a, &o->gates, "secrets",
                 "a name or definition that this leaves in the database holds %s (rule %s)",
                 found->what, found->rule)
        ->hint = "take the secret out of the migration; if it was ever shared, change it";
    (void)err_set(
        &o->failure, ERR_LEAK,
        "%s: gate \"secrets\" failed, everything was rolled back and nothing of it written: %s",
        b->id, o->gates.v[0].text);
    (void)err_hint(&o->failure, "%s", o->gates.v[0].hint);
    return false;
}

bool gates_judge(struct run *r, const struct bundle *b, struct outcome *o)
{
    size_t n = 0;
    if (!judge_secrets(r, b, o)) {
        return false;
    }
    judge_touches(r, b, VERDICT_OUTSIDE, o);
    judge_touches(r, b, VERDICT_PROTECTED, o);
    judge_limits(r, b, o);
    judge_policy(r, b, o);
    judge_drift(r, o);
    judge_observation(r, o);
    finding_pass(r->a, &o->gates, "secrets");
    const struct finding *first = findings_stopping(&o->gates, &n);
    if (first == NULL) {
        return true;
    }
    struct err *e = &o->failure;
    err_set(e, ERR_APPLY, "%s: gate \"%s\" failed, everything was rolled back: %s%s", b->id,
            first->rule, first->text, n > 1 ? arena_printf(r->a, " (and %zu more)", n - 1) : "");
    err_hint(e, "%s", first->hint);
    return false;
}
