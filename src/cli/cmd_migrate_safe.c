/* kfmig migrate-safe, also called migrate-safe: reference 004's script. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "flow/rollback.h"
#include "flow/safe.h"
#include "report/transcript.h"

static const char events[] = "logs/migrations.jsonl";

/* --- what was asked for ----------------------------------------------------------------------------- */

static const bool *flag_of(const struct request *req, enum safe_mode m)
{
    const bool *const flags[] = {[SAFE_DRY_RUN] = &req->dry_run,
                                 [SAFE_PREFLIGHT] = &req->preflight,
                                 [SAFE_APPLY] = &req->apply,
                                 [SAFE_POSTFLIGHT] = &req->postflight,
                                 [SAFE_ROLLBACK] = &req->rollback};
    return flags[m];
}

static int refuse_option(const char *option, enum safe_mode m, struct err *e)
{
    err_set(e, ERR_CONFIG, "%s does not go with --%s", option, safe_mode_text(m));
    return err_hint(e, "`migrate-safe --help` says what goes with what");
}

static int mode_of(const struct request *req, enum safe_mode *out, struct err *e)
{
    size_t n = 0;
    for (enum safe_mode m = SAFE_DRY_RUN; m < SAFE_MODES; m++) {
        if (*flag_of(req, m)) {
            *out = m;
            n++;
        }
    }
    if (n != 1 || req->n_args > 0) {
        err_set(e, ERR_CONFIG, "migrate-safe takes one mode and no names");
        return err_hint(e, "--dry-run, --preflight, --apply, --postflight or --rollback");
    }
    bool writes = *out == SAFE_APPLY || *out == SAFE_ROLLBACK;
    if (req->steps >= 0 && !writes) {
        return refuse_option("--steps", *out, e);
    }
    if (req->skip_backup && !writes) {
        return refuse_option("--skip-backup", *out, e);
    }
    return req->force && *out != SAFE_APPLY ? refuse_option("--force", *out, e) : 0;
}

/* --- the modes -------------------------------------------------------------------------------------- */

/* Its files lie beneath the current folder, so that it has to be the project's. */
static int is_here(const struct invocation *s, const struct request *req, struct err *e)
{
    char *here = realpath(req->project, NULL);
    bool is_same = here != NULL && strcmp(here, s->project.root) == 0;
    free(here);
    if (is_same) {
        return 0;
    }
    err_set(e, ERR_CONFIG, "the project is %s, above the current folder", s->project.root);
    return err_hint(e, "run migrate-safe there, or with -C DIR");
}

static int open_site(struct invocation *s, const struct request *req, struct err *e)
{
    const struct env *env = NULL;
    if (invocation_open(s, req, false, e) != 0 || is_here(s, req, e) != 0 ||
        safe_env(&s->project, &env, e) != 0) {
        return -1;
    }
    s->backup = &safe_backup;
    s->shows_no_plan = !req->dry_run;
    invocation_site(s, env);
    return 0;
}

static int print_report(struct invocation *s, const struct inspection *x, struct err *e)
{
    struct buf out = {0};
    struct style st = output_style(s->req, stdout);
    const struct doc *d = report_inspection_doc(s->a, x);
    const char *path = safe_report(&s->site, x);
    if (inspect_keep(&s->site, path, d, e) != 0) {
        return -1;
    }
    report_inspection(&out, &st, x);
    int rc = s->req->apply ? 0 : verb_print(s->req, &out, d, e);
    if (s->req->apply && inspect_stopping(x, NULL) != NULL) {
        output_text(&out);
    }
    buf_release(&out);
    verb_note(s, "%s: the report is %s", x->env, path);
    return rc;
}

/* refused: why there is no plan; ERR_NONE: there is one. -1: something stands in the way. */
static int look(struct invocation *s, bool is_after, const struct err *refused, struct err *e)
{
    struct inspection x;
    const struct inspect_options o = {.is_after = is_after};
    int rc = refused->code != ERR_NONE ? inspect_refused(&s->site, &o, refused, &x, e)
                                       : inspect(&s->site, &o, &x, e);
    if (rc != 0 || print_report(s, &x, e) != 0) {
        return -1;
    }
    if (refused->code != ERR_NONE) {
        *e = *refused;
        return -1;
    }
    return inspect_verdict(&x, e);
}

static int apply(struct invocation *s, const struct request *req, struct result *r,
                 const char *const *targets, size_t n_targets, struct err *e)
{
    static const struct err none = {0};
    struct converge_options o = {.order = verb_order(req),
                                 .skips_backup = req->skip_backup,
                                 .forces = req->force,
                                 .most = req->steps > 0 ? req->steps : 0};
    if (!req->force && look(s, false, &none, e) != 0) {
        return -1;
    }
    o.order.targets = targets;
    o.order.n_targets = n_targets;
    result_begin(r, &s->site);
    if (req->steps == 0) {
        result_end(r, &s->site);
        verb_note(s, "%s: nothing was run (--steps=0)", r->environment);
        return 0;
    }
    bool is_idle = !converge_has_work(&s->site);
    if (converge_blocked(&s->site, &o, r, e) != 0 || converge(&s->site, &o, r, e) != 0) {
        return -1;
    }
    verb_result(s, r, !is_idle);
    return 0;
}

static int take_back(struct invocation *s, const struct request *req, struct result *r,
                     struct err *e)
{
    struct undoing undoing;
    struct writing_order order = verb_order(req);
    const struct undo_wish wish = {.steps = req->steps > 0 ? req->steps : 0};
    result_begin(r, &s->site);
    if (req->steps == 0) {
        result_end(r, &s->site);
        return 0;
    }
    if (undo_plan(&s->site, &wish, NULL, &undoing, e) != 0) {
        return -1;
    }
    if (undoing.undo.n == 0) {
        result_end(r, &s->site);
        verb_note(s, "%s: nothing to take back", r->environment);
        return 0;
    }
    if (req->format != FORMAT_JSON) {
        verb_undo(s, &undoing.undo, stdout);
    }
    order.is_confirmed = true; /* the mode says so */
    if (rollback(&s->site, &wish, &undoing, req->skip_backup, &order, r, e) != 0) {
        return -1;
    }
    verb_note(s, "%s: %zu taken back, %zu failed", r->environment, r->n_done[RESULT_ROLLBACK],
              r->n_failed);
    return 0;
}

static int run_mode(struct invocation *s, const struct request *req, enum safe_mode m,
                    struct result *r, struct err *e)
{
    struct err refused = {0};
    const char *const *targets = NULL;
    size_t n = 0;
    if (open_site(s, req, e) != 0) {
        return -1;
    }
    if (site_plan(&s->site, true, &refused) != 0) {
        if (m == SAFE_PREFLIGHT || m == SAFE_POSTFLIGHT) {
            return look(s, m == SAFE_POSTFLIGHT, &refused, e);
        }
        *e = refused;
        return -1;
    }
    if (m == SAFE_ROLLBACK) {
        return take_back(s, req, r, e);
    }
    if (safe_select(&s->site, &targets, &n, e) != 0) {
        return -1;
    }
    if (m == SAFE_DRY_RUN) {
        verb_plan(s, stdout);
        return 0;
    }
    return m == SAFE_APPLY ? apply(s, req, r, targets, n, e)
                           : look(s, m == SAFE_POSTFLIGHT, &refused, e);
}

static int body(struct invocation *s, const struct request *req, struct result *r, struct err *e)
{
    enum safe_mode m = SAFE_DRY_RUN;
    int rc = mode_of(req, &m, e) != 0 ? -1 : run_mode(s, req, m, r, e);
    if (rc != 0) {
        transcript_tell(&(struct tell){.kind = TELL_FAULT, .fault = e});
    }
    return rc;
}

/* --- its files -------------------------------------------------------------------------------------- */

static int open_files(const struct request *req, struct err *e)
{
    char now[CLOCK_TEXT];
    char stamp[CLOCK_TEXT];
    char log[64 + CLOCK_TEXT];
    int fd = open(req->project, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return err_errno(e, ERR_CONFIG, "cannot open the directory \"%s\"", req->project);
    }
    (void)snprintf(log, sizeof log, "logs/migrate-safe-%s.log",
                   clock_stamp(clock_text(clock_unix_us(), now), stamp));
    int rc = transcript_open(fd, log, events, e);
    (void)close(fd);
    return rc;
}

/* A preview leaves nothing behind; nor does what could not be understood. */
static int run(const struct request *req)
{
    enum safe_mode m = SAFE_DRY_RUN;
    struct err e = {0};
    bool is_kept = mode_of(req, &m, &e) == 0 && m != SAFE_DRY_RUN;
    if (is_kept && open_files(req, &e) != 0) {
        (void)transcript_close();
        return output_error(req, -1, &e);
    }
    int status = safe_status(m, verb_run(req, body));
    transcript_end(safe_mode_text(m), status);
    if (transcript_close() != 0) {
        output_warning(req, "the log is not complete: a file beneath logs/ could not be written");
    }
    return status;
}

static const char *const takes[] = {"preflight", "apply",       "postflight", "rollback", "dry-run",
                                    "steps",     "skip-backup", "force",      "intent",   "pr",
                                    "links",     "notes",       "lock-wait",  "progress", NULL};
static const struct example examples[] = {
    {"kfmig migrate-safe --dry-run", "what would be run on the database that DATABASE_URL names"},
    {"kfmig migrate-safe --apply --steps=1", "the checks, a backup, and the next migration"},
    {"kfmig migrate-safe --rollback --steps=3", "take the last three back"},
    {NULL, NULL},
};
const struct command command_migrate_safe = {
    .name = "migrate-safe",
    .synopsis = "--dry-run | --preflight | --apply | --postflight | --rollback",
    .summary = "The script interface of the migration safety runbook, on DATABASE_URL.",
    .description =
        "Works on the database that DATABASE_URL names, in the current folder, by the same plan, "
        "gates, ledger and receipts as all other verbs. The program does the same where it is "
        "called migrate-safe or migrate-safe.sh. --dry-run shows the plan and leaves nothing "
        "behind; --preflight and --postflight look; --apply looks (unless --force), makes a "
        "backup (unless --skip-backup) and runs what is pending, at most --steps=N; --rollback "
        "takes the last migration back, or the last --steps=N. What was taken back is pending "
        "again.\n\n"
        "It writes logs/migrate-safe-TIME.log, logs/migrations.jsonl, "
        "logs/preflight-report-TIME.json, logs/postflight-report-TIME.json, "
        "backups/migrations/backup-TIME.sql.gz (the rows of schema public) and "
        "backups/migrations/latest-backup.txt; state/ is used where there is one. Exits with 1 "
        "where preflight fails, 2 where a migration does, 3 postflight, 4 a rollback, 5 for wrong "
        "usage or configuration; docs/migrate-safe.md.",
    .options = takes,
    .examples = examples,
    .run = run,
    .makes_no_state = true,
};
