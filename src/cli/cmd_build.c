/* kfmig build: converge an environment. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/archive.h"
#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "cli/steps.h"

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
    tell_note(&s->ear, "%s", buf_str(&out));
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
    int rc = work_open(&w, s, work_found, e);
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
        w.total = s->plan.n_apply + s->plan.n_rebuild;
        const struct steps all = {.w = &w, .t = t};
        steps_run(&all);
    }
    work_close(&w);
    if (archive_deliver(s, &late) != 0) {
        tell_fault(&s->ear, &late);
        tally_worsen(t, ERR_VALIDATE);
    }
    return rc;
}

/* What is blocked among the targets that this run would come to, with --steps=N none behind the N-th; and how many of them by
 * nothing worse than SQL that cannot be run, whose faults are collected. */
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

static void find_blocked(const struct session *s, struct blocked *o)
{
    const struct plan *p = &s->plan;
    int64_t left = s->req->steps;
    for (size_t i = 0; i < p->n_migrations; i++) {
        const struct step *x = &p->v[i];
        if (x->selected && x->state == STATE_BLOCKED) {
            add_blocked(o, &x->reasons[0], x->bundle, NULL);
        } else if (x->selected && x->action == ACTION_APPLY && --left == 0) {
            return;
        }
    }
    for (size_t i = 0; i < p->n_projections; i++) {
        const struct step *x = &p->projections[i];
        if (x->selected && x->state == STATE_BLOCKED) {
            add_blocked(o, &x->reasons[0], NULL, x->in->script_faults);
        }
    }
}

/* Faults of files are told with their places, everything else by the plan. Returns 0 with -k, or if there is none. */
static int stop_at_blocked(struct session *s, struct tally *t, struct err *e)
{
    struct blocked o = {.n = 0};
    find_blocked(s, &o);
    enum err_code code = o.n_scripts > 0 ? ERR_CONFIG : ERR_PREFLIGHT;
    if (o.n_scripts < o.n) {
        steps_print_blocked(s);
    }
    if (o.faults.n > 0) {
        output_faults(s->req, &o.faults);
    }
    err_list_release(&o.faults);
    if (o.n == 0) {
        return 0;
    }
    tally_worsen(t, code);
    if (s->req->keep_going) {
        return 0;
    }
    err_set(e, code, "%zu target%s blocked; nothing was run", o.n, o.n == 1 ? " is" : "s are");
    return err_hint(e, "`kfmig why TARGET` explains; -k runs what is not blocked");
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
    if (stop_at_blocked(s, t, e) != 0) {
        return -1;
    }
    if (s->plan.n_apply + s->plan.n_export + s->plan.n_rebuild == 0 && !work_owes(s)) {
        tell_note(&s->ear, "%s: nothing to do (%zu current)", args.env->name,
                  s->plan.n_state[STATE_CURRENT]);
        return 0;
    }
    if (args.env->is_protected) {
        print_plan(s);
    }
    if (steps_may_write(s, e) != 0 || ask_person(s, e) != 0) {
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
        tally_worsen(&t, e.code);
        (void)output_error(req, s.project.dirfd, &e);
    }
    session_close(&s);
    /* That something is in doubt is worse news than who stopped it. */
    if (signals_seen() != 0 && t.worst != ERR_DOUBT) {
        return 128 + signals_seen();
    }
    return err_status(t.worst);
}

static const char *const build_options[] = {"dry-run",    "steps",     "plan",     "apply",
                                            "keep-going", "lock-wait", "progress", NULL};
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
