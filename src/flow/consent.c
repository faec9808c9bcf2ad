/* Signatures beside a plan. */
#include "flow/consent.h"

#include <string.h>

#include "flow/approve.h"
#include "site/approvals.h"

enum { RUN_LASTS_MS = 24 * 3600 * 1000 };

struct consent {
    struct site *s;
    const struct writing_order *o;
    struct digest digest;
    const struct approval **v; /* those that counted */
    size_t n, cap;
};

static bool is_kept(const struct consent *c, const struct approval *x)
{
    for (size_t i = 0; i < c->n; i++) {
        if (digest_eq(&c->v[i]->statement_digest, &x->statement_digest) &&
            digest_eq(&c->v[i]->signature_digest, &x->signature_digest)) {
            return true;
        }
    }
    return false;
}

/* One that lets in the plan and what is waived with it stands in a receipt once. */
static void keep(struct consent *c, const struct approval_verdict *v)
{
    for (size_t i = 0; i < v->n; i++) {
        if (!is_kept(c, v->v[i])) {
            ARENA_GROW(c->s->a, c->v, c->n, c->cap);
            c->v[c->n++] = v->v[i];
        }
    }
}

static int refuse(const struct consent *c, const char *what, const char *waives, const char *lacks,
                  struct err *e)
{
    char text[DIGEST_TEXT];
    const char *env = c->s->env->name;
    (void)digest_text(&c->digest, text);
    err_set(e, ERR_PREFLIGHT, "environment \"%s\" wants signatures over %s: %s; nothing was %s",
            env, what, lacks, c->o->done);
    return err_hint(e, "`kfmig approve %s --plan=%s%s%s` signs it", env, text,
                    waives != NULL ? " --waive=" : "", waives != NULL ? waives : "");
}

static int hold_to(struct consent *c, const struct approval_want *want, const char *what,
                   struct err *e)
{
    struct approval_verdict v;
    if (want->n == 0 && want->roles.n == 0) {
        return 0;
    }
    approvals_judge(c->s->a, &c->s->approvals, &c->digest, c->s->env, want, &v);
    keep(c, &v);
    return v.lacks == NULL ? 0 : refuse(c, what, want->waives, v.lacks, e);
}

/* --- the plan, and what is waived with it -------------------------------------------------------------- */

static int hold_plan(struct consent *c, struct err *e)
{
    struct site *s = c->s;
    struct approval_want want;
    bool is_signed = s->env->approval == APPROVAL_SIGNATURE;
    approval_wants_plan(s->a, s->env, NULL, &want);
    if (c->o->is_unplanned) { /* what it runs nobody signed as a bundle */
        approval_wants(s->a, s->env, &approval_rule_of(s->env)->plan, NULL, false, &want);
    }
    return is_signed ? hold_to(c, &want, c->o->is_unplanned ? "what is taken back" : "the plan", e)
                     : 0;
}

static int hold_waivers(struct consent *c, struct err *e)
{
    for (size_t i = 0; i < c->o->waives.n; i++) {
        struct approval_want want;
        const char *waiver = c->o->waives.v[i];
        approval_wants_plan(c->s->a, c->s->env, waiver, &want);
        if (c->s->env->is_protected &&
            hold_to(c, &want, arena_printf(c->s->a, "the plan that name --%s", waiver), e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- who runs it -------------------------------------------------------------------------------------- */

static int refuse_runner(const struct consent *c, const char *who, const char *why, struct err *e)
{
    err_set(e, ERR_PREFLIGHT, "%s may not run environment \"%s\": %s; nothing was %s", who,
            c->s->env->name, why, c->o->done);
    err_hint(e, "--key=FILE, or KFMIG_KEY: the key of a person with one of the roles %s",
             names_text(c->s->a, &approval_rule_of(c->s->env)->runners));
    return -1;
}

static bool has_any(const struct names *roles, const struct names *of)
{
    for (size_t i = 0; i < of->n; i++) {
        if (names_have(roles, of->v[i])) {
            return true;
        }
    }
    return false;
}

/* Who signs that he runs it has let in nothing of it: with others' signatures alone there must be
 * enough, and the plan was made so (site/approvals.h). */
static int show_runner(struct consent *c, struct err *e)
{
    struct site *s = c->s;
    const struct names *runners = &approval_rule_of(s->env)->runners;
    struct approve_wish w = {.key = s->o.key, .lasts_ms = RUN_LASTS_MS};
    struct approval *x = ARENA_NEW(s->a, struct approval);
    if (s->o.key == NULL) {
        return runners->n == 0 ? 0
                               : refuse_runner(c, "whoever this is", "no key shows who it is", e);
    }
    if (runners->n == 0 && s->env->approval != APPROVAL_SIGNATURE) {
        return 0;
    }
    w.what.kind = APPROVES_RUN;
    w.what.subject = s->o.verb;
    w.what.digest = c->digest;
    names_add(s->a, &w.what.environments, s->env->name);
    if (approve_sign(s->a, s->project->dirfd, &w, &s->ear, x, e) != 0) {
        return -1;
    }
    if (runners->n > 0 && !has_any(&x->roles, runners)) {
        return refuse_runner(c, x->person, "none of that person's roles may", e);
    }
    if (s->approvals.runner == NULL || strcmp(s->approvals.runner, x->person) != 0) {
        return refuse_runner(c, x->person, "the key is not the one whose public part was read", e);
    }
    const struct approval_verdict one = {(const struct approval *[]){x}, 1, NULL};
    keep(c, &one);
    return 0;
}

int consent_hold(struct site *s, const struct writing_order *o, struct run_actor *actor,
                 struct err *e)
{
    struct consent c = {.s = s, .o = o};
    if (s->o.dbname != NULL) {
        return 0; /* a throwaway database */
    }
    c.digest = o->signs != NULL ? *o->signs : plan_digest(&s->plan);
    bool asks = s->env->approval == APPROVAL_SIGNATURE || o->waives.n > 0;
    if (asks && approvals_look_at(s, &c.digest, e) != 0) {
        return -1;
    }
    if ((o->signs != NULL && hold_plan(&c, e) != 0) || hold_waivers(&c, e) != 0 ||
        show_runner(&c, e) != 0) {
        return -1;
    }
    actor->signed_for = c.v;
    actor->n_signed_for = c.n;
    return c.n > 0 ? approvals_moment(s, e) : 0;
}

int consent_last(struct site *s, const struct run_actor *actor, const char *done, struct err *e)
{
    const char *why = NULL;
    if (approvals_last(s, actor->signed_for, actor->n_signed_for, &why, e) != 0) {
        return -1;
    }
    if (why == NULL) {
        return 0;
    }
    err_set(e, ERR_PREFLIGHT, "environment \"%s\": %s; nothing was %s", s->env->name, why, done);
    return err_hint(e,
                    "have it signed again; the clocks here and at the server may be five minutes "
                    "apart at most");
}
