/* The steps of a plan, one after another. */
#include "flow/steps.h"

#include "evidence/export.h"
#include "evidence/state.h"
#include "flow/built.h"
#include "flow/contact.h"
#include "flow/durable.h"
#include "flow/job.h"
#include "flow/prune.h"
#include "flow/tiles.h"
#include "model/segment.h"
#include "run/in_store.h"
#include "run/segmented.h"
#include "site/pending.h"

/* Evidence follows the ledger, never leads: what cannot be written now is owed and found missing by the next
 * plan. again: it was applied before this run. */
static void export_step(struct writing *w, const struct step *step, bool again)
{
    struct site *s = w->site;
    struct err e = {0};
    const struct history *h = past_get(&s->past, step->bundle->id);
    if (s->env->evidence == EVIDENCE_NONE || h == NULL || h->applied == NULL) {
        return;
    }
    struct archive r = site_archive(s);
    struct result_row row = {.action = RESULT_EXPORT,
                             .target = step->bundle->id,
                             .sequence = h->applied->sequence,
                             .run_id = h->applied->run_id,
                             .key = step->bundle->checksum};
    struct sums sums;
    sums_begin(&sums, &r.ledger, h->applied->sequence);
    int rc = export_bundle(&r, &sums, h->applied, step->bundle, r.dirfd, step->bundle->dir,
                           r.env->evidence, &e);
    sums_release(&sums);
    if (rc != 0) {
        tell_fault(&s->ear, &e);
        tell_note(&s->ear, "%s is applied; its evidence is owed, `kfmig build %s` writes it",
                  step->bundle->id, s->env->name);
        e.code = ERR_VALIDATE;
        row.failure = arena_dup(s->a, &e, sizeof e);
    }
    if (again || row.failure != NULL) {
        (void)result_add(w->result, s->a, &row);
    }
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

/* A fact of this run, so that exports and the next steps see it without asking again. */
static void remember_fact(struct site *s, const struct step *step, const struct outcome *o)
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
    past_add(s->a, &s->past, &f);
}

/* In the store that holds the ledger effect and entry are one transaction, where its statements can
 * run in one; else the journal stands between them. */
static void apply(struct writing *w, const struct step *step, struct outcome *o)
{
    struct site *s = w->site;
    enum store_kind k = step->bundle->store;
    const struct in_store x = {
        .store = s->store[k].store, .base = &s->store[k].base, .past = &s->entries};
    if (store_can(k, STORE_HOLDS_LEDGER) && !segments_any(step->bundle)) {
        w->is_loose = true;
        run_migration(&w->run, step, o);
        return;
    }
    durable_settle(w); /* what it does cannot be taken back with what went before it */
    if (store_can(k, STORE_HOLDS_LEDGER)) {
        run_segmented(&w->run, &s->entries, step, o);
    } else if (contact_store(w, k, &o->failure) == 0) {
        run_in_store(&w->run, &x, step, o);
    } else {
        o->result = RUN_FAILED;
    }
}

/* Of a definition that was built with another text: how it was, for what it makes no more. */
static int find_was(struct writing *w, const struct step *step, struct err *e)
{
    struct site *s = w->site;
    const struct bundle *b = step->bundle;
    const struct history *h = bundle_is_repeatable(b) ? past_get(&s->past, b->id) : NULL;
    w->run.was = NULL;
    if (h == NULL || h->applied == NULL || digest_eq(&h->applied->checksum, &b->checksum)) {
        return 0;
    }
    struct bundle *was = ARENA_NEW(s->a, struct bundle);
    *was = (struct bundle){
        .id = b->id, .store = b->store, .layout = b->layout, .dir = b->dir, .folder = b->folder};
    if (built_gone(s, h->applied, was, e) != 0) {
        return -1;
    }
    w->run.was = was;
    return 0;
}

/* made: by the id of a definition that a migration of this run made again, that migration's step. */
static bool run_step(struct writing *w, const struct step *step, struct table *made)
{
    struct outcome o = {0};
    struct generation grown;
    bool grows = job_grown(w->site, step, &grown);
    writing_begin(w, step->bundle->id);
    w->run.live_after = grows ? &grown : NULL;
    if (pending_take(w->site, step->bundle, &o.failure) == 0 &&
        find_was(w, step, &o.failure) == 0) {
        apply(w, step, &o);
    } else {
        o.result = RUN_FAILED;
    }
    w->run.live_after = NULL;
    w->run.was = NULL;
    bool is_good = o.result == RUN_SUCCESS;
    if (is_good && grows) {
        job_remember(w->site, step, &grown);
    }
    const struct result_row row = {
        .action = RESULT_APPLY, .target = step->bundle->id, .key = step->bundle->checksum};
    writing_end(w, row, "", &o);
    remember_fact(w->site, step, &o);
    for (size_t i = 0; i < o.rebuilt.n && is_good; i++) {
        (void)table_puts(made, o.rebuilt.v[i], (void *)(uintptr_t)step);
    }
    if (is_good && o.own != NULL) {
        arena_release(o.own);
    }
    pending_leave(w->site, step->bundle, !is_good);
    return is_good;
}

/* Was a definition made again of its present text by that migration, so that nothing is left to do? Not where
 * what it stands on, or another definition below it, ran behind that. */
static const struct step *made_with(const struct writing *w, const struct step *step,
                                    const struct table *made, const bool *recorded)
{
    const struct plan *p = &w->site->plan;
    const struct step *by = table_gets(made, step->bundle->id);
    const struct history *h = past_get(&w->site->past, step->bundle->id);
    if (by == NULL || h == NULL || h->applied == NULL ||
        !digest_eq(&h->applied->checksum, &step->bundle->checksum)) {
        return NULL;
    }
    for (size_t i = 0; i < step->n_upstream; i++) {
        size_t up = (size_t)step->upstream[i];
        if (&p->v[up] > by && p->v[up].action == ACTION_APPLY && !recorded[up]) {
            return NULL;
        }
    }
    return by;
}

/* Its own step is an entry, and nothing runs twice. */
static bool record_step(struct writing *w, const struct step *step, const struct step *by)
{
    struct outcome o = {0};
    const struct bundle *b = step->bundle;
    const struct result_row row = {.action = RESULT_APPLY, .target = b->id, .key = b->checksum};
    const char *notes = arena_printf(w->site->a, "made again with %s", by->bundle->id);
    writing_begin(w, b->id);
    if (run_record_found(&w->run, b, NULL, NULL, 0, notes, &o, &o.failure) != 0) {
        o.result = RUN_FAILED;
    }
    writing_end(w, row, notes, &o);
    remember_fact(w->site, step, &o);
    return o.result == RUN_SUCCESS;
}

/* Of steps that are on disk. Committed evidence of the same content stays: it is a fact too, whichever
 * database it came from. */
static void export_all(struct writing *w, const struct step *const *v, size_t *n)
{
    if (w->n_held > 0) {
        return;
    }
    for (size_t i = 0; i < *n; i++) {
        struct archive r = site_archive(w->site);
        if (evidence_state(&r, v[i]->bundle) != EXPORT_DONE) {
            export_step(w, v[i], false);
        }
    }
    *n = 0;
}

bool steps_held(struct writing *w)
{
    struct site *s = w->site;
    const struct findings held = site_held_by_time(s);
    const struct finding *first = findings_stopping(&held, NULL);
    if (w->is_unheld || first == NULL) {
        return false;
    }
    w->is_closed = true;
    tell_warning(&s->ear, "%s: %s; what is left was not begun", s->env->name, first->text);
    result_worsen(w->result, ERR_PREFLIGHT);
    return true;
}

static bool must_stop(const struct steps *r)
{
    const struct site *s = r->w->site;
    const struct result *done = r->w->result;
    if (ear_stops(&s->ear) != ERR_NONE || done->worst == ERR_DOUBT || r->w->is_lost ||
        !pg_is_alive(s->pg)) {
        return true;
    }
    if (r->w->is_closed || (done->n_failed > 0 && !r->keep_going)) {
        return true;
    }
    return r->most > 0 && (int64_t)(done->n_done[RESULT_APPLY] + r->w->n_held) >= r->most;
}

static void run_one_projection(const struct steps *r, const struct step *x)
{
    struct writing *w = r->w;
    if (x->in->p->tiling != NULL) {
        tiles_build(w, x, false, "published");
        return;
    }
    struct projection_job job;
    struct outcome o = {0};
    struct err e = {0};
    struct result_row row = {
        .action = RESULT_PUBLISH, .target = x->in->p->name, .key = x->in->digest};
    writing_begin(w, row.target);
    if (job_make(w->site, x, &job, &e) != 0) {
        tell_fault(&w->site->ear, &e);
        row.failure = arena_dup(w->site->a, &e, sizeof e);
        (void)result_add(w->result, w->site->a, &row);
        return;
    }
    if (r->before != NULL) {
        r->before(r->ctx, x, &job);
    }
    run_projection(&w->run, &job, &o);
    if (r->after != NULL) {
        r->after(r->ctx, x, &o);
    }
    writing_end(w, row, "published", &o);
}

static void run_projections(const struct steps *r, bool *failed)
{
    const struct plan *p = &r->w->site->plan;
    for (size_t i = 0; i < p->n_projections && !must_stop(r); i++) {
        const struct step *x = &p->projections[i];
        if (r->wants != NULL && !r->wants(r->ctx, x)) {
            continue;
        }
        if (!x->selected || (x->action != ACTION_REBUILD && x->action != ACTION_PUBLISH)) {
            continue;
        }
        if (upstream_failed(p, x, failed)) {
            failed[p->n_migrations + i] = true;
            r->w->result->n_skipped++;
            continue;
        }
        if (steps_held(r->w)) {
            return;
        }
        size_t n_failed = r->w->result->n_failed;
        run_one_projection(r, x);
        failed[p->n_migrations + i] = r->w->result->n_failed > n_failed;
    }
}

static bool may_go_on(const void *ctx)
{
    const struct steps *r = ctx;
    return !must_stop(r) && !steps_held(r->w);
}

/* Evidence and projections follow what is on disk. */
void steps_run(const struct steps *r)
{
    struct writing *w = r->w;
    struct plan *p = &w->site->plan;
    bool *failed = ARENA_ARRAY(w->site->a, bool, p->n_steps + 1);
    bool *recorded = ARENA_ARRAY(w->site->a, bool, p->n_migrations + 1);
    const struct step **done = ARENA_ARRAY(w->site->a, const struct step *, p->n_migrations + 1);
    struct table made = {.a = w->site->a};
    size_t n_done = 0;
    for (size_t i = 0; i < p->n_migrations && !must_stop(r); i++) {
        const struct step *step = &p->v[i];
        if (!step->selected) {
            continue;
        }
        if (step->action == ACTION_EXPORT) {
            export_step(w, step, true);
        } else if (step->action == ACTION_APPLY && upstream_failed(p, step, failed)) {
            failed[i] = true;
            w->result->n_skipped++;
        } else if (step->action == ACTION_APPLY && !steps_held(r->w)) {
            const struct step *by = made_with(w, step, &made, recorded);
            recorded[i] = by != NULL;
            failed[i] = by != NULL ? !record_step(w, step, by) : !run_step(w, step, &made);
            if (!failed[i]) {
                done[n_done++] = step;
            }
            export_all(w, done, &n_done);
        }
    }
    prune_all(w, may_go_on, r);
    durable_settle(w);
    export_all(w, done, &n_done);
    run_projections(r, failed);
}
