/* kfmig build: converge an environment. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/arguments.h"
#include "cli/evidence.h"
#include "cli/export.h"
#include "cli/output.h"
#include "cli/projections.h"
#include "cli/signals.h"
#include "cli/sink.h"
#include "cli/work.h"

/* What a build has done so far. */
struct tally {
    size_t n_applied, n_failed, n_exported, n_skipped, n_published;
    enum err_code worst;
    int64_t started_ms;
};

static void worsen(struct tally *t, enum err_code code)
{
    t->worst = err_worse(t->worst, code);
}

static int check_digest(struct session *s, struct err *e)
{
    char text[DIGEST_TEXT];
    if (s->req->plan_digest == NULL) {
        return 0;
    }
    struct digest d = plan_digest(&s->plan);
    if (strcmp(digest_text(&d, text), s->req->plan_digest) == 0) {
        return 0;
    }
    err_set(e, ERR_PREFLIGHT, "the plan is %s now, not %s: something moved since it was reviewed",
            text, s->req->plan_digest);
    return err_hint(e, "`kfmig plan %s` shows the present plan", s->link.env->name);
}

/* Things about the server that only matter to somebody who is about to write. */
static int check_rights(struct session *s, struct err *e)
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

static void print_plan(struct session *s)
{
    struct buf out = {0};
    struct style st = output_style(s->req, stdout);
    if (s->req->format == FORMAT_JSON) {
        report_plan_json(&out, &s->plan);
    } else {
        report_plan(&out, &st, &s->plan);
    }
    (void)output_result(s->req, &out);
    buf_release(&out);
}

static void print_blocked(struct session *s)
{
    struct buf out = {0};
    struct style st = output_style(s->req, stderr);
    report_plan(&out, &st, &s->plan);
    (void)fputs(buf_str(&out), stderr);
    buf_release(&out);
}

/* A protected environment wants a yes from a person, or --apply. */
static int ask_person(struct session *s, struct err *e)
{
    char line[128] = "";
    const char *name = s->link.env->name;
    if (!s->link.env->is_protected || s->req->apply) {
        return 0;
    }
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        err_set(e, ERR_PREFLIGHT, "environment \"%s\" is protected: nothing was run", name);
        return err_hint(e,
                        "review the plan above, then add --apply, or better --apply --plan=DIGEST");
    }
    (void)fprintf(stderr, "Apply %zu migration%s to %s? Type the environment's name to go on: ",
                  s->plan.n_apply, s->plan.n_apply == 1 ? "" : "s", name);
    (void)fflush(stderr);
    if (fgets(line, sizeof line, stdin) == NULL) {
        line[0] = '\0';
    }
    line[strcspn(line, "\r\n")] = '\0';
    if (strcmp(line, name) != 0) {
        return err_set(e, ERR_PREFLIGHT, "not confirmed: nothing was run");
    }
    return 0;
}

/* Evidence follows the ledger, never leads: what cannot be written now is owed and found missing by the next plan. */
static void export_step(struct session *s, struct step *step, struct tally *t)
{
    struct err e = {0};
    if (s->link.env->evidence == EVIDENCE_NONE) {
        return;
    }
    const struct history *h = past_get(&s->link.past, step->bundle->id);
    if (h == NULL || h->applied == NULL) {
        return;
    }
    if (export_bundle(s, h->applied, step->bundle, s->project.dirfd, step->bundle->dir,
                      s->link.env->evidence, &e) != 0) {
        (void)output_error(s->req, -1, &e);
        output_note(s->req, "%s is applied; its evidence is owed, `kfmig build %s` writes it",
                    step->bundle->id, s->link.env->name);
        worsen(t, ERR_VALIDATE);
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

static void report_outcome(struct work_frame *w, const struct step *step, const struct outcome *o)
{
    struct session *s = w->s;
    progress_clear(&w->progress);
    if (o->result == RUN_SUCCESS) {
        output_note(s->req, "[%zu/%zu] %s  %lld ms", w->progress.done, w->progress.total,
                    step->bundle->id, (long long)o->elapsed_ms);
        return;
    }
    (void)output_error(s->req, s->project.dirfd, &o->failure);
    if (o->sequence > 0) {
        output_note(s->req, "receipt: ledger entry %lld, run %s", (long long)o->sequence,
                    o->run_id);
    }
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

static bool run_step(struct work_frame *w, struct step *step, struct tally *t)
{
    struct outcome o;
    struct err e = {0};
    progress_step(&w->progress, step->bundle->id);
    run_migration(&w->run, step, &o);
    if (o.result == RUN_SUCCESS) {
        w->progress.done++;
        t->n_applied++;
    } else {
        t->n_failed++;
        worsen(t, o.failure.code == ERR_NONE ? ERR_APPLY : o.failure.code);
    }
    report_outcome(w, step, &o);
    remember_fact(w->s, step, &o);
    if (o.owed.p != NULL && work_owe(w, &o, &e) != 0) {
        (void)output_error(w->s->req, -1, &e);
    }
    /* Committed evidence of the same content stays: it is a fact too, whichever database it came from. */
    if (o.result == RUN_SUCCESS &&
        evidence_state(w->s, w->s->link.env, step->bundle) != EXPORT_DONE) {
        export_step(w->s, step, t);
    }
    return o.result == RUN_SUCCESS;
}

static bool must_stop(const struct session *s, const struct tally *t)
{
    if (signals_seen() != 0 || t->worst == ERR_DOUBT || s->link.pg == NULL ||
        !pg_is_alive(s->link.pg)) {
        return true;
    }
    if (t->n_failed > 0 && !s->req->keep_going) {
        return true;
    }
    return s->req->steps > 0 && (int64_t)t->n_applied >= s->req->steps;
}

static bool upstream_failed(const struct plan *p, const struct projection_step *x,
                            const bool *failed)
{
    for (size_t i = 0; i < x->n_upstream; i++) {
        if (failed[x->upstream[i]] || p->v[x->upstream[i]].state == STATE_BLOCKED) {
            return true;
        }
    }
    return false;
}

static void run_one_projection(struct work_frame *w, const struct projection_step *x,
                               struct tally *t)
{
    struct session *s = w->s;
    struct projection_job job;
    struct projection_events events = projections_events(&w->progress);
    struct outcome o = {0};
    struct err e = {0};
    const char *name = x->in->p->name;
    progress_step(&w->progress, name);
    if (projections_job(s, x, &job, &e) != 0) {
        t->n_failed++;
        worsen(t, e.code);
        (void)output_error(s->req, s->project.dirfd, &e);
        return;
    }
    job.events = &events;
    run_projection(&w->run, &job, &o);
    progress_clear(&w->progress);
    if (o.result == RUN_SUCCESS) {
        w->progress.done++;
        t->n_published++;
        output_note(s->req, "[%zu/%zu] %s  published, %lld ms", w->progress.done, w->progress.total,
                    name, (long long)o.elapsed_ms);
        return;
    }
    t->n_failed++;
    worsen(t, o.failure.code == ERR_NONE ? ERR_APPLY : o.failure.code);
    (void)output_error(s->req, s->project.dirfd, &o.failure);
    if (o.sequence > 0) {
        output_note(s->req, "receipt: ledger entry %lld, run %s", (long long)o.sequence, o.run_id);
    }
    if (o.owed.p != NULL && work_owe(w, &o, &e) != 0) {
        (void)output_error(s->req, -1, &e);
    }
}

static void run_projections(struct work_frame *w, const bool *failed, struct tally *t)
{
    const struct plan *p = &w->s->plan;
    for (size_t i = 0; i < p->n_projections && !must_stop(w->s, t); i++) {
        const struct projection_step *x = &p->projections[i];
        if (!x->selected || (x->action != ACTION_REBUILD && x->action != ACTION_PUBLISH)) {
            continue;
        }
        if (upstream_failed(p, x, failed)) {
            t->n_skipped++;
            continue;
        }
        run_one_projection(w, x, t);
    }
}

static void run_steps(struct work_frame *w, struct tally *t)
{
    struct plan *p = &w->s->plan;
    bool *failed = ARENA_ARRAY(w->s->a, bool, p->n + 1);
    for (size_t i = 0; i < p->n && !must_stop(w->s, t); i++) {
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
    run_projections(w, failed, t);
}

static void summarize(struct session *s, const struct tally *t)
{
    double seconds = (double)(clock_ms() - t->started_ms) / 1000.0;
    struct buf out = {0};
    buf_printf(&out, "%s: %zu applied", s->link.env->name, t->n_applied);
    if (t->n_published > 0) {
        buf_printf(&out, ", %zu published", t->n_published);
    }
    if (t->n_failed > 0) {
        buf_printf(&out, ", %zu failed", t->n_failed);
    }
    if (t->n_skipped > 0) {
        buf_printf(&out, ", %zu skipped", t->n_skipped);
    }
    if (t->n_exported > t->n_applied) {
        buf_printf(&out, ", %zu exported again", t->n_exported - t->n_applied);
    }
    buf_printf(&out, ", %zu current; %.1f s", s->plan.n_state[STATE_CURRENT], seconds);
    output_note(s->req, "%s", buf_str(&out));
    buf_release(&out);
}

/* Under the lock: the plan is made again from what is there now, and must still be what was reviewed. */
static int converge(struct session *s, struct tally *t, const char *const *targets,
                    size_t n_targets, struct err *e)
{
    struct work_frame w;
    struct err late = {0};
    struct digest reviewed = plan_digest(&s->plan);
    bool first = !s->link.id.has_ledger || s->link.id.size == 1;
    int rc = work_open(&w, s, first, e);
    if (rc == 0) {
        rc = plan_restrict(&s->plan, targets, n_targets, e);
    }
    if (rc == 0 && s->link.env->is_protected) {
        struct digest now = plan_digest(&s->plan);
        bool moved = !digest_eq(&reviewed, &now) && !first;
        if (moved) {
            err_set(e, ERR_PREFLIGHT, "the plan moved between review and lock: nothing was run");
            rc = err_hint(e, "look at `kfmig plan %s` and run the build again", s->link.env->name);
        }
    }
    if (rc == 0) {
        w.progress.total = s->plan.n_apply + s->plan.n_rebuild;
        run_steps(&w, t);
    }
    work_close(&w);
    if (sink_deliver(s, &s->link, &late) != 0) {
        (void)output_error(s->req, -1, &late);
        worsen(t, ERR_VALIDATE);
    }
    return rc;
}

static int build(struct session *s, const struct request *req, struct tally *t, struct err *e)
{
    struct arguments args;
    if (session_project(s, req, false, e) != 0 || arguments_resolve(s, &args, e) != 0 ||
        session_plan(s, args.env, true, e) != 0 ||
        plan_restrict(&s->plan, args.targets, args.n_targets, e) != 0 || check_digest(s, e) != 0) {
        return -1;
    }
    if (req->dry_run) {
        print_plan(s);
        return 0;
    }
    if (s->plan.n_state[STATE_BLOCKED] > 0) {
        print_blocked(s);
        worsen(t, ERR_PREFLIGHT);
        if (!req->keep_going) {
            err_set(e, ERR_PREFLIGHT, "%zu target%s blocked; nothing was run",
                    s->plan.n_state[STATE_BLOCKED],
                    s->plan.n_state[STATE_BLOCKED] == 1 ? " is" : "s are");
            return err_hint(e, "`kfmig why TARGET` explains; -k runs what is not blocked");
        }
    }
    if (s->plan.n_apply + s->plan.n_export + s->plan.n_rebuild == 0 && !work_owes(s)) {
        output_note(req, "%s: nothing to do (%zu current)", args.env->name,
                    s->plan.n_state[STATE_CURRENT]);
        return 0;
    }
    if (args.env->is_protected) {
        print_plan(s);
    }
    if (check_rights(s, e) != 0 || ask_person(s, e) != 0) {
        return -1;
    }
    int rc = converge(s, t, args.targets, args.n_targets, e);
    if (rc == 0) {
        summarize(s, t);
    }
    return rc;
}

static int run(const struct request *req)
{
    struct session s = {0};
    struct err e = {0};
    struct tally t = {.started_ms = clock_ms()};
    signals_catch();
    int rc = build(&s, req, &t, &e);
    if (rc != 0) {
        worsen(&t, e.code);
        (void)output_error(req, s.project.dirfd, &e);
    }
    session_close(&s);
    /* That something is in doubt is worse news than who stopped it. */
    if (signals_seen() != 0 && t.worst != ERR_DOUBT) {
        return 128 + signals_seen();
    }
    return err_status(t.worst);
}

static const char *const build_options[] = {"dry-run",    "steps",     "plan", "apply",
                                            "keep-going", "lock-wait", NULL};
static const struct example build_examples[] = {
    {"kfmig build dev", "apply what is not applied yet"},
    {"kfmig build dev PG-MIG-2026-02-28-01", "only this migration and what it needs"},
    {"kfmig build prod --apply --plan=sha256:...", "run exactly the plan that was reviewed"},
    {NULL, NULL},
};
const struct command command_build = {
    .name = "build",
    .synopsis = "[ENV] [TARGET...]",
    .summary = "Converge an environment: plan, then run what is stale.",
    .description =
        "Makes the plan, takes the environment's lock, makes the plan again under it and applies "
        "each migration that is not\n"
        "applied yet in one guarded transaction: statements, then everything the transaction did "
        "is observed and compared\n"
        "with scope, limits, protected domains and invariants; only then COMMIT. Whatever fails "
        "rolls back and leaves a\n"
        "failed receipt. Evidence is exported where the environment wants it.\n"
        "\n"
        "With a blocked target nothing runs unless -k is given. A protected environment shows the "
        "plan and asks on a\n"
        "terminal; elsewhere it needs --apply. With nothing to do nothing is written anywhere.",
    .options = build_options,
    .examples = build_examples,
    .run = run,
};
