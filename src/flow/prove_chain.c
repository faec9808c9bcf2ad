/* One throwaway database, and all migrations on it in their order. */
#include <string.h>

#include "flow/drill_parts.h"
#include "flow/prove_parts.h"

/* Of what is told while a chain is tried, what matters: its own lines say the rest. */
static void hear(void *ctx, const struct tell *t)
{
    const struct chain *c = ctx;
    if (t->kind == TELL_WARNING || t->kind == TELL_TICK) {
        tell(&c->p->s->ear, t);
    }
}

static enum err_code stops(void *ctx)
{
    const struct chain *c = ctx;
    return ear_stops(&c->p->s->ear);
}

static void begin_site(struct chain *c, struct site *made)
{
    static const struct checkpoint unknown = {.sequence = 0};
    const struct site *s = c->p->s;
    const struct ear ear = {.ctx = c, .hear = hear, .stops = stops};
    site_init(made, s->a, s->project, NULL, &ear, &c->p->env,
              &(struct site_options){.verb = s->o.verb,
                                     .self = s->o.self,
                                     .dbname = c->name,
                                     .cites = &unknown,
                                     .words = s->o.words});
}

/* --- what is tried ----------------------------------------------------------------------------------- */

bool chain_is_connected(const struct chain *c)
{
    return pg_is_alive(c->made.pg);
}

/* What comes before those that are proven here is only applied, and judged elsewhere. */
static bool try_one(struct chain *c, struct writing *w, size_t i, size_t done)
{
    const struct step *x = &c->made.plan.v[i];
    struct proof *proof = table_gets(&c->p->by_id, x->bundle->id);
    bool is_ours = c->is_fresh || done >= c->from;
    struct proof_found *other = &(struct proof_found){.n_rows = 0};
    struct proof before = *proof;
    before.found = other;
    struct one one = {.c = c,
                      .w = w,
                      .at = i,
                      .x = x,
                      .is_counted = is_ours && proof->is_wanted && !c->is_fresh,
                      .proof = is_ours ? proof : &before};
    one_prove(&one, is_ours && proof->is_wanted);
    if (ear_stops(&c->p->s->ear) != ERR_NONE || !chain_is_connected(c)) {
        return false;
    }
    if (c->is_fresh) {
        return true;
    }
    if (!c->failed[i]) {
        one.proof->found->n_seeds = seeds_load(c, w, proof->id, is_ours);
    }
    if (!chain_is_connected(c)) {
        return false;
    }
    if (one.is_counted) {
        workload_judge(c->workload, proof);
    }
    one.proof->found->is_done = true;
    if (is_ours && !c->p->has_jobs) {
        prove_tell(c->p, proof, done + 1);
    }
    return true;
}

static int try_each(struct chain *c, struct writing *w, struct err *e)
{
    struct site *s = &c->made;
    size_t done = 0;
    for (size_t i = 0; i < s->plan.n_migrations && done < c->to; i++) {
        const char *id = s->plan.v[i].bundle->id;
        if (table_gets(&c->p->by_id, id) == NULL) {
            continue;
        }
        if (!try_one(c, w, i, done)) {
            enum err_code stop = ear_stops(&c->p->s->ear);
            return err_set(e, stop != ERR_NONE ? stop : ERR_PREFLIGHT, "%s while %s was tried",
                           stop != ERR_NONE ? "interrupted" : "the connection was lost", id);
        }
        done++;
    }
    return 0;
}

/* What a session saw of the last one is known once it has ended. */
static int work(struct writing *w, void *ctx, struct err *e)
{
    struct chain *c = ctx;
    c->failed = ARENA_ARRAY(c->made.a, bool, c->made.plan.n_migrations + 1);
    int rc = workload_begin(c, &c->workload, e) != 0 ? -1 : try_each(c, w, e);
    workload_end(c->workload);
    for (size_t i = c->from; i < c->to && c->workload != NULL; i++) {
        if (c->p->out->v[i].is_wanted) {
            workload_judge(c->workload, &c->p->out->v[i]);
        }
    }
    return rc;
}

/* --- the second build --------------------------------------------------------------------------------- */

static void second_fails(struct proof_whole *out, const char *what, const char *why)
{
    out->second = PROOF_BAD;
    (void)err_set(&out->second_fault, ERR_VALIDATE,
                  "a second build on the same database finds something to do: %s %s", what, why);
}

/* All that was applied is current then, and nothing drifted. */
static void judge_second(struct chain *c, const struct site *again)
{
    struct proof_whole *out = c->p->out->whole;
    out->second = PROOF_GOOD;
    for (size_t i = 0; i < again->plan.n_migrations; i++) {
        const struct step *x = &again->plan.v[i];
        const struct proof *p = table_gets(&c->p->by_id, x->bundle->id);
        bool was_applied = p != NULL && p < c->p->out->v + c->p->last &&
                           p->found->part[PROOF_FRESH].end == PROOF_GOOD;
        if (was_applied && x->state != STATE_CURRENT) {
            second_fails(out, p->id, reason_sentence(x->reasons[0].code));
            return;
        }
    }
    if (again->world.n_drift > 0) {
        second_fails(out, again->world.drift[0].text, "is not as the ledger says");
    }
}

static int build_again(struct chain *c, struct err *e)
{
    struct site again;
    begin_site(c, &again);
    int rc = site_plan(&again, true, e) != 0 || site_replan(&again, true, e) != 0 ? -1 : 0;
    if (rc == 0) {
        judge_second(c, &again);
    }
    site_close(&again);
    return rc;
}

/* --- the whole --------------------------------------------------------------------------------------- */

/* What the environment provides before any migration. The embedded server has given it already. */
static int provide(struct chain *c, struct err *e)
{
    struct site l;
    const struct env *env = &c->p->env;
    if (env->embedded || env->extensions.n == 0) {
        return 0;
    }
    begin_site(c, &l);
    int rc = site_connect(&l, e);
    for (size_t i = 0; rc == 0 && i < env->extensions.n; i++) {
        rc = drill_extension(&l, env->extensions.v[i], e);
        if (rc != 0 && pg_is_alive(l.pg)) {
            err_set(e, ERR_PREFLIGHT, "the throwaway database lacks the extension \"%s\"",
                    env->extensions.v[i]);
            err_hint(e,
                     "have an administrator make a template database that has it, and name it with "
                     "--template=DATABASE");
        }
    }
    site_close(&l);
    return rc;
}

int chain_run(struct chain *c, struct err *e)
{
    const struct writing_order order = {.done = "proven",
                                        .hint = "",
                                        .is_confirmed = true,
                                        .is_unheld = true,
                                        .baseline = writing_found,
                                        .lock_wait_ms = c->p->o->lock_wait_ms,
                                        .work = work,
                                        .ctx = c};
    if (provide(c, e) != 0) {
        return -1;
    }
    begin_site(c, &c->made);
    result_begin(&c->result, &c->made);
    int rc =
        site_plan(&c->made, true, e) != 0 || writing(&c->made, &order, &c->result, e) != 0 ? -1 : 0;
    site_close(&c->made);
    if (rc == 0 && c->is_fresh) {
        rc = build_again(c, e);
    } else if (rc == 0 && c->to == c->p->out->n) {
        seeds_left(c);
    }
    return rc;
}
