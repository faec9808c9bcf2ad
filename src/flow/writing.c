/* The ritual around everything that writes to an environment. */
#include "flow/writing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/deliver.h"
#include "attest/signer.h"
#include "base/clock.h"
#include "base/fault.h"
#include "evidence/sink.h"
#include "flow/consent.h"
#include "flow/contact.h"
#include "flow/durable.h"
#include "flow/owed.h"
#include "flow/said.h"
#include "site/repo.h"
#include "site/witness.h"

enum { RECONNECT_MS = 30000, RECONNECT_PAUSE_MS = 200 };

const char writing_found[] = "first contact: the database as it was found is the starting baseline";

/* --- who runs, and the lock ------------------------------------------------------------------------- */

static int fill_actor(struct writing *w, struct err *e)
{
    struct site *s = w->site;
    w->actor.commit_sha = repo_commit(s->a, s->project->dirfd);
    w->actor.tool_version = KFMIG_VERSION;
    return said_read(s->a, s->o.said, &w->actor, e);
}

static int take_lock(struct writing *w, struct err *e)
{
    struct site *s = w->site;
    struct lock_wait wait = {.timeout_ms = w->lock_wait_ms, .ear = &s->ear};
    const char *holder =
        arena_printf(s->a, "%s %s, process %ld", w->actor.id, s->o.verb, (long)getpid());
    if (ledger_lock(s->pg, w->run_id, holder, &wait, &w->run.epoch, e) != 0) {
        return -1;
    }
    w->locked = true;
    w->backend_pid = pg_backend_pid(s->pg);
    return 0;
}

/* --- when the connection is gone -------------------------------------------------------------------- */

/* The first signal after this has begun ends it: what came of the run is then in doubt, and the next one
 * asks. One that came before has ended the run, and is no reason not to find out how: it is tried once, for
 * as long as connecting may take. */
static int connect_again(struct writing *w, bool once, struct err *e)
{
    struct site *s = w->site;
    int64_t until = clock_ms() + RECONNECT_MS;
    for (;;) {
        pg_close(s->pg);
        s->pg = NULL;
        if (site_connect(s, e) == 0) {
            return 0;
        }
        if (!once && ear_stops(&s->ear) != ERR_NONE) {
            return err_set(e, ERR_INTERRUPTED, "interrupted while connecting again");
        }
        if (once || clock_ms() >= until || e->code == ERR_CONFIG) {
            return -1;
        }
        clock_sleep_ms(RECONNECT_PAUSE_MS);
    }
}

/* What is known of it stays where it cannot be asked. */
static int identify_again(struct site *s, struct err *e)
{
    struct identity now;
    if (ledger_identify(s->pg, &now, e) != 0) {
        return -1;
    }
    if ((s->id.uuid[0] != '\0' && strcmp(s->id.uuid, now.uuid) != 0) || now.in_recovery) {
        /* Nothing of that one may be remembered, nor come into the sink. */
        pg_close(s->pg);
        s->pg = NULL;
        return err_set(e, ERR_PREFLIGHT, "another database answers now");
    }
    s->id = now;
    return 0;
}

/* Before there was a ledger there is no lock, and no uuid to tell one database from another: where it is, is
 * all that is known of it. */
static int link_again(struct writing *w, bool once, struct err *e)
{
    struct site *s = w->site;
    bool had_ledger = s->id.uuid[0] != '\0';
    w->locked = false;
    if (connect_again(w, once, e) != 0 || identify_again(s, e) != 0) {
        return -1;
    }
    if (!had_ledger) {
        return 0;
    }
    if (ledger_evict(s->pg, w->run_id, w->backend_pid, e) != 0 || take_lock(w, e) != 0) {
        return -1;
    }
    return identify_again(s, e);
}

/* Called by the run when its connection is gone: connect again within a bounded time, be sure it is the same
 * database, take the lock again. */
static int reconnect(void *ctx, struct err *e)
{
    struct writing *w = ctx;
    struct ear ear = w->site->ear;
    bool once = ear_stops(&ear) != ERR_NONE;
    w->site->ear.stops = once ? NULL : ear.stops;
    int rc = link_again(w, once, e);
    w->site->ear = ear;
    return rc;
}

static int open_beside(void *ctx, struct pg **out, struct err *e)
{
    const struct writing *w = ctx;
    return site_open(w->site, out, e);
}

static void fill_run(struct writing *w)
{
    struct site *s = w->site;
    w->wait = (struct pg_wait){.on_wait = durable_wait, .ctx = w};
    w->place = (struct launch_place){.dirfd = s->project->dirfd,
                                     .root = s->project->root,
                                     .env = s->env->name,
                                     .conninfo = &s->dsn,
                                     .roots = &s->project->roots};
    w->run = (struct run){.pg = &s->pg,
                          .a = s->a,
                          .env = s->env,
                          .domains = &s->project->domains,
                          .world = &s->world,
                          .plan = &s->plan,
                          .id = &s->id,
                          .sum = &w->sum,
                          .merkle = &s->merkle,
                          .base = &s->catalog,
                          .actor = &w->actor,
                          .observer = {.a = s->a},
                          .ear = &w->site->watch.front,
                          .wait = &w->wait,
                          .reconnect = reconnect,
                          .open = open_beside,
                          .jobs = s->o.jobs,
                          .reconnect_ctx = w,
                          .place = &w->place};
}

/* --- debts ------------------------------------------------------------------------------------------- */

/* Receipts that an earlier run could not deliver come first: no new work while one is owed. */
static int pay(struct writing *w, struct err *e)
{
    struct site *s = w->site;
    size_t n = 0;
    if (s->o.dbname != NULL) {
        return 0;
    }
    if (owed_pay(s, &w->run, &n, e) != 0) {
        return -1;
    }
    if (n == 0) {
        return 0;
    }
    tell_note(&s->ear, "%s: recorded %zu receipt%s that an earlier run could not deliver",
              s->env->name, n, n == 1 ? "" : "s");
    return site_refresh(s, e);
}

/* --- the plan --------------------------------------------------------------------------------------- */

static int refuse_moved(const struct site *s, struct err *e)
{
    err_set(e, ERR_PREFLIGHT, "the plan moved between review and lock: nothing was run");
    return err_hint(e, "look at `kfmig plan %s` and run the build again", s->env->name);
}

/* What the reviewed plan says of the ledger and of what stands there. First contact moves that, and nothing
 * else of a plan: it makes no fact. */
struct reviewed {
    struct past past;
    struct world world;
    char instance[37];
    bool is_first;
};

static void review(const struct site *s, struct reviewed *out)
{
    *out = (struct reviewed){.past = {.managed = s->past.managed},
                             .world = {.n_existing = s->world.n_existing},
                             .is_first = !s->id.has_ledger || s->id.size == 1};
    memcpy(out->instance, s->world.instance, strlen(s->world.instance) + 1);
}

/* The digest of the plan that s has now; after first contact: as it would be had that not been. What stands
 * there is what was found then. */
static struct digest digest_now(const struct site *s, const struct reviewed *was, bool is_first)
{
    struct plan p = s->plan;
    struct past past = s->past;
    struct world world = s->world;
    if (was->is_first && is_first) {
        past.managed = was->past.managed;
        world.instance = was->instance;
        world.n_existing = site_count_existing(s);
        p.past = &past;
        p.world = &world;
    }
    return plan_digest(&p);
}

int writing_reviewed(const struct site *s, const char *plan_digest_text, struct err *e)
{
    char text[DIGEST_TEXT];
    if (plan_digest_text == NULL) {
        return 0;
    }
    struct digest d = plan_digest(&s->plan);
    if (strcmp(digest_text(&d, text), plan_digest_text) == 0) {
        return 0;
    }
    err_set(e, ERR_PREFLIGHT, "the plan is %s now, not %s: something moved since it was reviewed",
            text, plan_digest_text);
    return err_hint(e, "`kfmig plan %s` shows the present plan", s->env->name);
}

/* --- the ritual ------------------------------------------------------------------------------------- */

/* By a setting, as its owner may have made it for a while; the role is not at fault. */
static int refuse_read_only(const struct site *s, struct err *e)
{
    const char *from = "";
    if (ledger_read_only_from(s->pg, &from, e) != 0) {
        return -1;
    }
    if (from[0] == '\0') {
        err_set(e, ERR_PREFLIGHT, "environment \"%s\" is read-only for role %s", s->env->name,
                s->id.role);
        return err_hint(e, "connect to the primary itself, in a session that may write");
    }
    err_set(e, ERR_PREFLIGHT,
            "environment \"%s\" is read-only: default_transaction_read_only is on, set %s",
            s->env->name, from);
    return err_hint(e, "turn it off there, once whoever turned it on agrees");
}

/* Who can hide what a migration does from the gates makes none of them hold. */
static int refuse_powers(const struct site *s, struct err *e)
{
    struct powers p;
    if (postgis_powers(s->pg, s->a, &p, e) != 0) {
        return -1;
    }
    if (!p.is_super && !p.sets_counters) {
        return 0;
    }
    err_set(e, ERR_PREFLIGHT, "role %s may %s; protected environment \"%s\" refuses one that may",
            s->id.role,
            p.is_super ? "become a superuser" : "switch track_counts off, which counts rows",
            s->env->name);
    return err_hint(e, p.is_super ? "run migrations as a role that is no member of a superuser"
                                  : "take SET on the parameter track_counts from the role, and "
                                    "from those it is a member of");
}

int writing_may(const struct site *s, struct err *e)
{
    const struct identity *id = &s->id;
    if (id->read_only) {
        return refuse_read_only(s, e);
    }
    if (s->env->is_protected && id->superuser) {
        err_set(e, ERR_PREFLIGHT,
                "role %s is a superuser; protected environment \"%s\" refuses one", id->role,
                s->env->name);
        return err_hint(e, "run migrations as an ordinary role that owns its objects");
    }
    return s->env->is_protected ? refuse_powers(s, e) : 0;
}

int writing_held(struct site *s, const char *done, struct err *e)
{
    size_t n = 0;
    const struct finding *first = findings_stopping(site_held(s), &n);
    if (first == NULL) {
        return 0;
    }
    for (const struct finding *f = first + 1; n > 1 && f < s->world.held->v + s->world.held->n;
         f++) {
        if (finding_stops(f)) {
            tell_warning(&s->ear, "%s: %s", s->env->name, f->text);
        }
    }
    err_set(e, ERR_PREFLIGHT, "%s: %s; nothing was %s", s->env->name, first->text, done);
    return err_hint(e, "%s", first->hint);
}

static int refuse(struct writing *w, const struct writing_order *o, struct err *e)
{
    struct site *s = w->site;
    if (s->env->is_protected && !o->is_confirmed) {
        err_set(e, ERR_PREFLIGHT, "environment \"%s\" is protected: nothing was %s", s->env->name,
                o->done);
        return err_hint(e, "%s", o->hint);
    }
    if (!s->id.has_ledger && o->baseline == NULL) {
        return site_no_ledger(s->env, arena_printf(s->a, "nothing was %s", o->done), e);
    }
    struct archive a = site_archive(s);
    if (writing_may(s, e) != 0 || writing_reviewed(s, o->plan_digest, e) != 0 ||
        signer_ready(&a, e) != 0) {
        return -1;
    }
    return !w->is_unheld && writing_held(s, o->done, e) != 0 ? -1
                                                             : consent_hold(s, o, &w->actor, e);
}

static int open_frame(struct writing *w, const struct writing_order *o, struct err *e)
{
    struct site *s = w->site;
    random_uuid(w->run_id);
    fill_run(w);
    if (fill_actor(w, e) != 0) {
        return -1;
    }
    if (!s->id.has_ledger && contact_ledger(w, o->baseline, e) != 0) {
        return -1;
    }
    s->looks_ahead = s->o.dbname == NULL;
    if (take_lock(w, e) != 0 ||
        (s->project->n_projection > 0 && ledger_generations_create(s->pg, e) != 0) ||
        site_refresh(s, e) != 0 || contact_baseline(w, o->baseline, e) != 0 || pay(w, e) != 0 ||
        site_replan(s, true, e) != 0 || consent_last(s, &w->actor, o->done, e) != 0) {
        return -1;
    }
    baseline_release(&w->sum);
    baseline_begin(&w->sum, &s->sum, &s->project->domains, s->id.version / 10000);
    return plan_restrict(&s->plan, o->targets, o->n_targets, e);
}

/* The cache, checkpoint and witness are brought up to date; failures here harm nobody and are not
 * reported. */
static void close_frame(struct writing *w)
{
    struct site *s = w->site;
    struct err ignored = {0};
    durable_close(w);
    baseline_release(&w->sum);
    if (!pg_is_alive(s->pg)) {
        return;
    }
    if (w->locked) {
        (void)!ledger_unlock(s->pg, &ignored);
        w->locked = false;
    }
    if (site_see_end(s, &ignored) == 0 && site_await(s, &ignored) == 0) {
        site_remember(s);
        /* What somebody else did meanwhile nobody has looked at; what was forgiven may be settled. */
        if (s->world.n_drift + s->world.n_forgiven == 0 && w->run.base != NULL &&
            witness_alone(s)) {
            site_witness(s);
        }
    }
}

/* Under the lock, in every environment, also at first contact. */
static int hold_to(const struct writing *w, const struct writing_order *o,
                   const struct digest *reviewed, const struct reviewed *was, struct err *e)
{
    if (o->plan_digest == NULL && !o->is_held) {
        return 0;
    }
    struct digest now = digest_now(w->site, was, w->is_first);
    return digest_eq(&now, reviewed) ? 0 : refuse_moved(w->site, e);
}

/* A ledger whose fingerprints are of an older format gets those of the newest for every object, where nothing
 * drifted: both were read in one snapshot, under the lock. */
static int record_anew(struct writing *w, struct err *e)
{
    struct site *s = w->site;
    const struct adoption what = {
        .notes = "fingerprints of another format; the same objects",
        .reason = "format",
        .keeps_writers = true,
        .format = LEDGER_FORMAT,
    };
    struct outcome o;
    size_t n = 0;
    if (s->ahead.a == NULL || s->world.n_drift > 0) {
        return 0;
    }
    s->catalog = s->ahead;
    s->ahead = (struct catalog){0};
    if (run_adopt(&w->run, &s->sum, &what, &n, &o, e) != 0 ||
        ledger_objects(s->pg, 0, s->a, &s->sum, e) != 0) {
        return -1;
    }
    s->id.format = LEDGER_FORMAT;
    s->world.format = LEDGER_FORMAT;
    tell_note(&s->ear,
              "%s: fingerprints of %zu object%s recorded anew in format %d; ledger entry %lld",
              s->env->name, n, n == 1 ? "" : "s", LEDGER_FORMAT, (long long)o.sequence);
    return 0;
}

int writing(struct site *s, const struct writing_order *o, struct result *r, struct err *e)
{
    struct writing w = {.site = s,
                        .result = r,
                        .lock_wait_ms = o->lock_wait_ms,
                        .is_unheld = o->is_unheld || s->o.dbname != NULL};
    struct digest reviewed = plan_digest(&s->plan);
    struct reviewed was;
    if (refuse(&w, o, e) != 0) {
        result_worsen(r, e->code);
        return -1;
    }
    review(s, &was);
    r->has_plan = true;
    r->plan_digest = reviewed;
    int rc = FAULT(PLAN_REVIEWED)
                 ? err_set(e, ERR_PREFLIGHT, "nothing was %s: fault point", o->done)
                 : open_frame(&w, o, e);
    if (rc == 0) {
        rc = hold_to(&w, o, &reviewed, &was, e);
    }
    if (rc == 0) {
        rc = record_anew(&w, e);
    }
    if (rc == 0) {
        rc = o->work(&w, o->ctx, e);
    }
    close_frame(&w);
    if (rc != 0) {
        result_worsen(r, e->code);
    }
    result_end(r, s);
    return rc;
}

/* --- what it leaves --------------------------------------------------------------------------------- */

void result_begin(struct result *r, const struct site *s)
{
    *r = (struct result){.verb = s->o.verb, .environment = s->env->name, .ms = clock_ms()};
}

static void deliver(struct result *r, const struct site *s)
{
    struct err e = {0};
    struct archive a = site_archive(s);
    if (!pg_is_alive(s->pg)) {
        return;
    }
    if (sink_deliver(&a, &e) != 0 || attest_deliver(&a, &e) != 0) {
        tell_fault(&s->ear, &e);
        result_worsen(r, e.code == ERR_INTEGRITY ? ERR_INTEGRITY : ERR_VALIDATE);
    }
}

static bool was_done(const struct result *r, enum result_action action, const char *target)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct result_row *row = &r->v[i];
        if (row->action == action && row->failure == NULL && strcmp(row->target, target) == 0) {
            return true;
        }
    }
    return false;
}

/* Migrations inside the generations that this run published: they waited for that alone. */
static size_t n_inside(const struct result *r, const struct plan *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_projections && r->n_done[RESULT_PUBLISH] > 0; i++) {
        const struct step *x = &p->projections[i];
        if (!was_done(r, RESULT_PUBLISH, x->in->p->name)) {
            continue;
        }
        for (size_t k = 0; k < x->n_members; k++) {
            const struct step *m = &p->v[x->members[k]];
            n += m->selected && m->state == STATE_STALE && m->action == ACTION_NONE;
        }
    }
    return n;
}

/* What the plan had that is in no other count. */
static void count_left(struct result *r, const struct plan *p)
{
    const struct plan_idle idle = plan_idle(p);
    size_t planned = p->n_apply + p->n_rebuild + p->n_export;
    size_t n = r->n_failed + r->n_skipped;
    size_t inside = n_inside(r, p);
    r->n_current = p->n_state[STATE_CURRENT] + inside + r->n_as_before;
    r->left = (struct result_left){.blocked = p->n_state[STATE_BLOCKED],
                                   .waiting = idle.waiting - inside,
                                   .not_here = idle.not_here,
                                   .not_applicable = idle.not_applicable};
    for (size_t i = 0; i < r->n; i++) {
        bool owes = r->v[i].action == RESULT_EXPORT && r->v[i].failure != NULL;
        r->left.not_exported += owes && !was_done(r, RESULT_APPLY, r->v[i].target);
    }
    n += r->left.not_exported + r->n_done[RESULT_APPLY] + r->n_done[RESULT_PUBLISH] +
         r->n_done[RESULT_EXPORT] + r->n_as_before;
    r->left.not_run = planned > n ? planned - n : 0;
}

void result_ledger(struct result *r, const struct site *s)
{
    if (s->id.has_ledger) {
        r->instance = arena_strdup(s->a, s->id.uuid);
        r->size = s->id.size;
        r->root = s->id.root;
    }
    r->ms = clock_ms() - r->ms;
}

void result_end(struct result *r, struct site *s)
{
    deliver(r, s);
    count_left(r, &s->plan);
    if (r->worst == ERR_NONE) {
        site_settle(s, false);
    }
    result_ledger(r, s);
}

void writing_begin(const struct writing *w, const char *target)
{
    tell(&w->site->watch.front, &(struct tell){.kind = TELL_BEGIN,
                                               .target = target,
                                               .at = w->total > 0 ? w->done + 1 : 0,
                                               .n = w->total});
}

void writing_say(struct writing *w, const struct result_row *row, const char *as, size_t at)
{
    (void)result_add(w->result, w->site->a, row);
    if (row->failure == NULL && as == NULL) {
        return;
    }
    tell(&w->site->watch.front,
         &(struct tell){.kind = row->failure == NULL ? TELL_DONE : TELL_FAILED,
                        .target = row->target,
                        .what = as,
                        .at = at,
                        .n = w->total,
                        .ms = row->ms,
                        .fault = row->failure,
                        .gates = row->gates,
                        .sequence = row->sequence,
                        .run_id = row->run_id});
}

void writing_end(struct writing *w, struct result_row row, const char *as, const struct outcome *o)
{
    struct site *s = w->site;
    struct err e = {0};
    bool is_good = o->result == RUN_SUCCESS;
    w->done += is_good;
    row.sequence = o->sequence;
    row.run_id = arena_strdup(s->a, o->run_id);
    row.ms = o->elapsed_ms;
    if (is_good && w->is_loose && s->env->durability == DURABILITY_BATCH) {
        durable_hold(w, &row, as);
        return;
    }
    if (!is_good) {
        row.failure = arena_dup(s->a, &o->failure, sizeof o->failure);
        row.gates = arena_dup(s->a, &o->gates, sizeof o->gates);
    }
    if (w->n_held > 0) {
        durable_settle(w);
    }
    writing_say(w, &row, as, w->done);
    if (o->owed.p != NULL && owed_keep(s, o, &e) != 0) {
        tell_fault(&s->ear, &e);
    }
}
