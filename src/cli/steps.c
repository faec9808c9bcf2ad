/* The steps of a plan, one after another. */
#include "cli/steps.h"

#include <stdio.h>

#include "cli/archive.h"
#include "cli/output.h"
#include "cli/projections.h"
#include "evidence/export.h"
#include "evidence/state.h"

void tally_worsen(struct tally *t, enum err_code code)
{
    t->worst = err_worse(t->worst, code);
}

int steps_may_write(struct session *s, struct err *e)
{
    const struct identity *id = &s->link.id;
    if (id->read_only) {
        err_set(e, ERR_PREFLIGHT, "environment \"%s\" is read-only for role %s", s->link.env->name,
                id->role);
        return err_hint(e, "connect as the role that owns the schema kfmig");
    }
    if (s->link.env->is_protected && id->superuser) {
        err_set(e, ERR_PREFLIGHT,
                "role %s is a superuser; protected environment \"%s\" refuses one", id->role,
                s->link.env->name);
        return err_hint(e, "run migrations as an ordinary role that owns its objects");
    }
    return 0;
}

void steps_print_blocked(struct session *s)
{
    struct buf out = {0};
    struct style st = output_style(s->req, stderr);
    report_plan(&out, &st, &s->plan);
    (void)fputs(buf_str(&out), stderr);
    buf_release(&out);
}

/* Evidence follows the ledger, never leads: what cannot be written now is owed and found missing by the next plan. */
static void export_step(struct session *s, const struct step *step, struct tally *t)
{
    struct err e = {0};
    if (s->link.env->evidence == EVIDENCE_NONE) {
        return;
    }
    const struct history *h = past_get(&s->link.past, step->bundle->id);
    if (h == NULL || h->applied == NULL) {
        return;
    }
    struct archive r = archive_of(s, &s->link);
    if (export_bundle(&r, h->applied, step->bundle, r.dirfd, step->bundle->dir, r.env->evidence,
                      &e) != 0) {
        tell_fault(&s->ear, &e);
        tell_note(&s->ear, "%s is applied; its evidence is owed, `kfmig build %s` writes it",
                  step->bundle->id, s->link.env->name);
        tally_worsen(t, ERR_VALIDATE);
        return;
    }
    t->n_exported++;
}

static bool waits_for_failed(const struct session *s, const struct step *step, const bool *failed)
{
    for (size_t i = 0; i < step->n_upstream; i++) {
        if (failed[step->upstream[i]] || s->plan.v[step->upstream[i]].state == STATE_BLOCKED) {
            return true;
        }
    }
    return false;
}

/* as: how a good end is called where it is more than done, "". */
static void tell_end(struct work_frame *w, const char *target, const char *as,
                     const struct outcome *o)
{
    bool is_good = o->result == RUN_SUCCESS;
    w->done += is_good;
    tell(&w->s->ear, &(struct tell){.kind = is_good ? TELL_DONE : TELL_FAILED,
                                    .target = target,
                                    .what = as,
                                    .at = w->done,
                                    .n = w->total,
                                    .ms = o->elapsed_ms,
                                    .fault = is_good ? NULL : &o->failure,
                                    .gates = is_good ? NULL : &o->gates,
                                    .sequence = o->sequence,
                                    .run_id = o->run_id});
}

/* A fact of this run, so that exports and the next steps see it without asking again. */
static void remember_fact(struct session *s, const struct step *step, const struct outcome *o)
{
    if (o->sequence == 0) {
        return;
    }
    struct fact f = {.sequence = o->sequence,
                     .subject = step->bundle->id,
                     .result = o->result == RUN_SUCCESS ? "success" : "failed",
                     .run_id = arena_strdup(s->a, o->run_id),
                     .finished_at = "",
                     .checksum = step->bundle->checksum};
    past_add(s->a, &s->link.past, &f);
}

static bool run_step(struct work_frame *w, const struct step *step, struct tally *t)
{
    struct outcome o;
    struct err e = {0};
    struct generation grown;
    bool grows = projections_grown(w->s, step, &grown);
    work_tell_begin(w, step->bundle->id);
    w->run.live_after = grows ? &grown : NULL;
    run_migration(&w->run, step, &o);
    w->run.live_after = NULL;
    if (o.result == RUN_SUCCESS && grows) {
        projections_remember(w->s, step, &grown);
    }
    if (o.result == RUN_SUCCESS) {
        t->n_applied++;
    } else {
        t->n_failed++;
        tally_worsen(t, o.failure.code == ERR_NONE ? ERR_APPLY : o.failure.code);
    }
    tell_end(w, step->bundle->id, "", &o);
    remember_fact(w->s, step, &o);
    if (o.owed.p != NULL && work_owe(w, &o, &e) != 0) {
        tell_fault(&w->s->ear, &e);
    }
    /* Committed evidence of the same content stays: it is a fact too, whichever database it came from. */
    struct archive r = archive_of(w->s, &w->s->link);
    if (o.result == RUN_SUCCESS && evidence_state(&r, step->bundle) != EXPORT_DONE) {
        export_step(w->s, step, t);
    }
    return o.result == RUN_SUCCESS;
}

static bool must_stop(const struct session *s, const struct tally *t)
{
    if (ear_stops(&s->ear) != ERR_NONE || t->worst == ERR_DOUBT || s->link.pg == NULL ||
        !pg_is_alive(s->link.pg)) {
        return true;
    }
    if (t->n_failed > 0 && !s->req->keep_going) {
        return true;
    }
    return s->req->steps > 0 && (int64_t)t->n_applied >= s->req->steps;
}

static bool upstream_failed(const struct plan *p, const struct step *x, const bool *failed)
{
    for (size_t i = 0; i < x->n_upstream; i++) {
        if (failed[x->upstream[i]] || p->v[x->upstream[i]].state == STATE_BLOCKED) {
            return true;
        }
    }
    return false;
}

static void run_one_projection(const struct steps *r, const struct step *x)
{
    struct work_frame *w = r->w;
    struct tally *t = r->t;
    struct session *s = w->s;
    struct projection_job job;
    struct outcome o = {0};
    struct err e = {0};
    const char *name = x->in->p->name;
    work_tell_begin(w, name);
    if (projections_job(s, x, &job, &e) != 0) {
        t->n_failed++;
        tally_worsen(t, e.code);
        tell_fault(&s->ear, &e);
        return;
    }
    if (r->before != NULL) {
        r->before(r->ctx, x, &job);
    }
    run_projection(&w->run, &job, &o);
    if (r->after != NULL) {
        r->after(r->ctx, x, &o);
    }
    tell_end(w, name, "published", &o);
    if (o.result == RUN_SUCCESS) {
        t->n_published++;
        return;
    }
    t->n_failed++;
    tally_worsen(t, o.failure.code == ERR_NONE ? ERR_APPLY : o.failure.code);
    if (o.owed.p != NULL && work_owe(w, &o, &e) != 0) {
        tell_fault(&s->ear, &e);
    }
}

static void run_projections(const struct steps *r, const bool *failed)
{
    const struct plan *p = &r->w->s->plan;
    for (size_t i = 0; i < p->n_projections && !must_stop(r->w->s, r->t); i++) {
        const struct step *x = &p->projections[i];
        if (r->wants != NULL && !r->wants(r->ctx, x)) {
            continue;
        }
        if (!x->selected || (x->action != ACTION_REBUILD && x->action != ACTION_PUBLISH)) {
            continue;
        }
        if (upstream_failed(p, x, failed)) {
            r->t->n_skipped++;
            continue;
        }
        run_one_projection(r, x);
    }
}

void steps_run(const struct steps *r)
{
    struct work_frame *w = r->w;
    struct tally *t = r->t;
    struct plan *p = &w->s->plan;
    bool *failed = ARENA_ARRAY(w->s->a, bool, p->n_migrations + 1);
    for (size_t i = 0; i < p->n_migrations && !must_stop(w->s, t); i++) {
        struct step *step = &p->v[i];
        if (!step->selected) {
            continue;
        }
        if (step->action == ACTION_EXPORT) {
            export_step(w->s, step, t);
        } else if (step->action == ACTION_APPLY && waits_for_failed(w->s, step, failed)) {
            failed[i] = true;
            t->n_skipped++;
        } else if (step->action == ACTION_APPLY) {
            failed[i] = !run_step(w, step, t);
        }
    }
    run_projections(r, failed);
}
