/* A projection's generation: from what the ledger remembers to what readers see. */
#include "run/projection.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/fault.h"
#include "run/commit.h"
#include "run/owed.h"
#include "run/projection_parts.h"
#include "run/queries.h"
#include "run/record.h"

struct pg *making_session(const struct making *m)
{
    return *m->r->pg;
}

void making_phase(const struct making *m, const char *what)
{
    tell(m->r->ear, &(struct tell){.kind = TELL_PHASE, .target = m->p->name, .what = what});
}

int making_begin(struct making *m, struct err *e)
{
    struct pg_rows *work = NULL;
    postgis_clean_add(making_session(m));
    postgis_begin_add(making_session(m));
    ledger_work_add(making_session(m), &m->p->name, &work);
    if (record_begin(m->r, 5000, 0, 0, m->started_at == NULL ? &m->started_at : NULL, e) != 0) {
        return -1;
    }
    return ledger_work_done(making_session(m), work, m->r->a, &m->guard, e);
}

void making_roll_back(struct making *m)
{
    tx_roll_back(making_session(m));
    postgis_let_go(making_session(m));
}

/* The lock is asked for by the session that has it: while a transaction with the work lock is open nobody can
 * have taken it. */
static int check_lock(struct making *m, struct err *e)
{
    bool held = false;
    if (ledger_lock_check(making_session(making_lead(m)), m->r->epoch, &held, e) != 0 || !held) {
        making_roll_back(m);
        return held || e->code != ERR_NONE
                   ? -1
                   : err_set(e, ERR_LOCKED, "another run has taken over the environment");
    }
    return 0;
}

/* A phase leaves no entry, only the generation's row: the next build reads there where to go on, so
 * that nothing needs to be asked. */
int making_commit(struct making *m, struct err *e)
{
    struct err f = {0};
    if (check_lock(m, e) != 0) {
        return -1;
    }
    enum ending end = tx_commit(making_session(m), m->r->wait, &f);
    if (end == TX_ENDED) {
        return 0;
    }
    *e = f;
    if (pg_is_alive(making_session(m))) {
        return err_wrap(e, f.code, "%s: %s", m->p->name, f.msg);
    }
    err_wrap(e, ERR_PREFLIGHT, "%s: the connection was lost while COMMIT was under way",
             m->p->name);
    return err_hint(e, "run the same command again: kfmig asks the ledger where to go on");
}

int making_publish(struct making *m, const struct merkle *before, struct err *e)
{
    const struct commit c = {.subject = m->p->name,
                             .run_id = m->o->run_id,
                             .done = "published",
                             .before = before,
                             .wait = m->r->wait};
    if (check_lock(m, e) != 0) {
        *m->r->merkle = *before;
        return -1;
    }
    return run_commit(m->r, &c, e) == TX_ENDED ? 0 : -1;
}

/* The members as one bundle: their files in order, within the projection's schema. */
static void join_chain(struct making *m, bool after, struct bundle *out)
{
    struct arena *a = m->r->a;
    const struct projection_job *job = m->job;
    struct decl *d = ARENA_NEW(a, struct decl);
    size_t n = 0;
    for (size_t i = 0; i < job->n_chain; i++) {
        n += job->chain[i]->decl->forward.n;
    }
    struct script *scripts = ARENA_ARRAY(a, struct script, n + 1);
    struct names *schemas = &d->scope.allowed_schemas;
    const char *aside = arena_printf(a, "%s__aside", m->p->schema);
    d->forward.v = ARENA_ARRAY(a, struct artifact, n + 1);
    d->scope.has_schemas = true;
    schemas->v = ARENA_ARRAY(a, const char *, 2);
    schemas->v[schemas->n++] = m->p->schema;
    schemas->v[schemas->n++] = aside;
    for (size_t i = 0; i < job->n_chain; i++) {
        const struct decl *from = job->chain[i]->decl;
        if (from->after_load != after) {
            continue;
        }
        for (size_t k = 0; k < from->scope.references.n; k++) {
            struct names *r = &d->scope.references;
            ARENA_GROW(a, r->v, r->n, r->cap);
            r->v[r->n++] = from->scope.references.v[k];
        }
        for (size_t k = 0; k < from->forward.n; k++) {
            scripts[d->forward.n] = job->chain[i]->forward[k];
            d->forward.v[d->forward.n++] = from->forward.v[k];
        }
    }
#define LIMIT(field, key, text) d->limits.field = -1;
    LIMITS(LIMIT)
#undef LIMIT
    d->file = m->p->file;
    d->change_class = "rebuild";
    *out = (struct bundle){.id = m->p->name,
                           .dir = "registry/projections",
                           .store = m->p->store,
                           .checksum = m->g.digest,
                           .bundle_digest = m->p->file.digest,
                           .decl = d,
                           .forward = scripts};
}

static int start(struct making *m, struct run *r, const struct projection_job *job,
                 const struct generation *from, struct outcome *o, struct err *e)
{
    const struct projection_input *in = job->step->in;
    *m = (struct making){.r = r, .job = job, .p = in->p, .o = o};
    if (from != NULL) {
        m->g = *from;
    } else {
        m->g = (struct generation){.projection = in->p->name, .digest = in->digest};
    }
    m->g.schema = in->p->schema;
    m->g.parts = from != NULL && from->parts.n > 0 ? from->parts : in->parts;
    m->is_wanted = from == NULL || digest_eq(&from->digest, &in->digest);
    m->live_number = job->step->live != NULL ? job->step->live->number : 0;
    facts_read(m);
    join_chain(m, false, &m->chain);
    join_chain(m, true, &m->after);
    return from == NULL ? 0 : generation_schema(r->a, in->p->schema, from->number, &m->hidden, e);
}

void making_fail(struct making *m)
{
    struct run *r = m->r;
    struct outcome *o = m->o;
    struct err ignored = {0};
    bool held = false;
    bool in_doubt = o->failure.code == ERR_DOUBT;
    bool interrupted = o->failure.code == ERR_INTERRUPTED || o->failure.code == ERR_TERMINATED;
    o->result = interrupted ? RUN_INTERRUPTED : RUN_FAILED;
    m->evidence = (struct evidence_set){0};
    o->seen = (struct observation){0};
    char now[CLOCK_TEXT];
    if (m->started_at == NULL) {
        m->started_at = arena_strdup(r->a, clock_text(clock_unix_us(), now));
    }
    struct receipt_input in = {.kind = "projection_publish",
                               .bundle = &m->chain,
                               .outcome = o,
                               .evidence = &m->evidence,
                               .started_at = m->started_at,
                               .making = m,
                               .notes = ""};
    /* There is no session any more where connecting again has failed. */
    bool ours = pg_is_alive(making_session(m)) &&
                ledger_lock_check(making_session(m), r->epoch, &held, &ignored) == 0 && held;
    if (in_doubt || (!ours && r->reconnect(r->reconnect_ctx, &ignored) != 0) ||
        record_alone(r, &in, ENTRY_PUBLISH, NULL, 0, o, &ignored) != 0) {
        o->owed = owed_write(r, &in);
    }
    /* An owed receipt is recorded only if the ledger has none of this run, and then it has failed. */
    o->result = in_doubt ? RUN_IN_DOUBT : o->result;
}

static int build_switched(struct making *m, struct err *e)
{
    if (m->g.state != GENERATION_READY && m->g.state != GENERATION_KEPT) {
        if ((m->hidden == NULL && make_schema(m, e) != 0) || make_loads(m, e) != 0 ||
            make_indexes(m, e) != 0 || make_proof(m, e) != 0) {
            return -1;
        }
    } else if (make_rehearsal(m, e) != 0) {
        return -1;
    }
    return make_public(m, false, e);
}

static int build(struct making *m, struct err *e)
{
    m->can_replace = m->p->fallback == FALLBACK_ATOMIC;
    int rc = build_switched(m, e);
    if (rc == 0 || !m->is_obstructed) {
        return rc;
    }
    return run_retire_unfinished(m->r, m->p, NULL, e) == 0 ? make_atomic(m, e) : -1;
}

static void begin_outcome(struct outcome *o)
{
    *o = (struct outcome){0};
    random_uuid(o->run_id);
}

void run_projection(struct run *r, const struct projection_job *job, struct outcome *o)
{
    struct making m;
    size_t n = 0;
    int64_t began = clock_ms();
    begin_outcome(o);
    struct err *e = &o->failure;
    const struct generation *from = job->fresh ? NULL : job->step->next;
    if (start(&m, r, job, from, o, e) != 0 ||
        run_retire_unfinished(r, job->step->in->p, from, e) != 0 || build(&m, e) != 0) {
        making_fail(&m);
    } else {
        (void)!run_retire(r, job->step, false, &n,
                          &(struct err){0}); /* the next build tries again */
    }
    o->elapsed_ms = clock_ms() - began;
}

void run_switch(struct run *r, const struct projection_job *job, const struct generation *to,
                bool verify, struct outcome *o)
{
    struct making m;
    int64_t began = clock_ms();
    begin_outcome(o);
    struct err *e = &o->failure;
    int rc = start(&m, r, job, to, o, e);
    m.verifies = verify;
    if (rc != 0 || make_rehearsal(&m, e) != 0 || make_public(&m, true, e) != 0) {
        making_fail(&m);
    } else {
        (void)!run_conceal(r, m.p, &(struct err){0}); /* the next publication tries again */
    }
    o->elapsed_ms = clock_ms() - began;
}
