/* Looking at an environment before and after it is changed. */
#include "flow/inspect.h"

#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "data/moment.h"
#include "doc/canon.h"
#include "flow/backup.h"
#include "flow/inspect_parts.h"
#include "flow/owed.h"
#include "flow/probe.h"
#include "ledger/journal.h"
#include "model/leak.h"
#include "site/backup.h"
#include "site/inspect.h"

static const int64_t EPOCH_2000_US = INT64_C(946684800000000);

int64_t inspect_age(const char *at)
{
    int64_t us = 0;
    const char *why = NULL;
    if (moment_instant(bytes_str(at), &us, &why) != 0) {
        return -1;
    }
    int64_t age = (clock_unix_us() - EPOCH_2000_US - us) / 1000;
    return age > 0 ? age : 0;
}

struct finding *inspect_add(const struct site *s, struct inspection *x, enum inspect i,
                            const char *subject, const char *fmt, ...)
{
    struct buf text = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    struct finding *f = inspect_fail(s->a, x, s->env, i, false, buf_str(&text));
    f->subject = subject;
    buf_release(&text);
    return f;
}

/* --- what the plan and the ledger say --------------------------------------------------------------- */

static void judge_role(const struct site *s, struct inspection *x)
{
    struct err e = {0};
    x->was_asked[INSPECT_IDENTITY] = true;
    if (!x->is_after && writing_may(s, &e) != 0) {
        inspect_add(s, x, INSPECT_IDENTITY, s->id.role, "%s", e.msg)->hint =
            arena_strdup(s->a, e.hint);
    }
    if (!s->id.has_ledger && s->env->is_protected) {
        inspect_add(s, x, INSPECT_IDENTITY, s->id.database,
                    "it has no ledger yet, so nobody knows whether it is %s", s->env->name)
            ->hint = arena_printf(s->a, "`kfmig adopt %s` makes it known", s->env->name);
    }
}

static const char *last_applied(const struct site *s)
{
    const struct fact *last = NULL;
    for (size_t i = 0; i < s->plan.n_migrations; i++) {
        const struct history *h = s->plan.v[i].history;
        const struct fact *f = h != NULL ? h->applied : NULL;
        last = f != NULL && (last == NULL || f->sequence > last->sequence) ? f : last;
    }
    return last != NULL ? last->subject : NULL;
}

static void judge_version(const struct site *s, const char *expect, struct inspection *x)
{
    x->was_asked[INSPECT_VERSION] = true;
    for (size_t i = 0; i < s->plan.n_steps && s->plan.n_absent > 0; i++) {
        const struct step *step = &s->plan.v[i];
        if (step_is_absent(step)) {
            inspect_add(s, x, INSPECT_VERSION, step_name(step), "%s",
                        step->reasons[0].code == REASON_BEGUN_NOT_HERE
                            ? "it was begun there and is not here"
                            : "it is applied there and not here");
        }
    }
    if (expect != NULL && (x->last_applied == NULL || strcmp(expect, x->last_applied) != 0)) {
        inspect_add(s, x, INSPECT_VERSION, expect, "the last one applied is %s",
                    x->last_applied != NULL ? x->last_applied : "none");
    }
}

static void judge_pending(const struct site *s, struct inspection *x)
{
    x->was_asked[INSPECT_PENDING] = x->was_asked[INSPECT_DEPLOYS] = true;
    for (size_t i = 0; i < s->plan.n_steps; i++) {
        const struct step *step = &s->plan.v[i];
        if (step->selected && step->state == STATE_BLOCKED && !step_is_absent(step)) {
            const struct reason *r = &step->reasons[0];
            enum inspect check = step->awaits ? INSPECT_DEPLOYS : INSPECT_PENDING;
            inspect_add(s, x, check, step_name(step), "%s%s%s", reason_sentence(r->code),
                        r->detail[0] != '\0' ? ": " : "", r->detail);
        }
    }
}

static void judge_drift(const struct site *s, struct inspection *x)
{
    x->was_asked[INSPECT_DRIFT] = s->world.has_ledger;
    for (size_t i = 0; i < s->world.n_drift; i++) {
        const struct drift *d = &s->world.drift[i];
        const char *how = digest_is_zero(&d->was)   ? "appeared"
                          : digest_is_zero(&d->now) ? "vanished"
                                                    : "was changed";
        inspect_add(s, x, INSPECT_DRIFT, d->text, "it %s outside kfmig%s%s", how,
                    d->last_writer[0] != '\0' ? "; last written by " : "", d->last_writer);
    }
}

static void judge_doubt(const struct site *s, struct inspection *x)
{
    const struct journal_row **v = NULL;
    x->was_asked[INSPECT_DOUBT] = s->world.has_ledger;
    x->dirty = journal_unfinished(journal_open(s->a, NULL, &s->entries), s->a, &v);
    for (size_t i = 0; i < x->dirty; i++) {
        const struct begun *b = world_begun(&s->world, v[i]->subject);
        const char *how =
            b == NULL || !begun_in_doubt(b)
                ? ""
                : arena_printf(
                      s->a, "; no build can tell what came of it: `kfmig resolve %s %s` shows it",
                      s->env->name, v[i]->subject);
        inspect_add(s, x, INSPECT_DOUBT, v[i]->subject,
                    "a step was begun by run %s (ledger entry %lld) and not finished%s",
                    v[i]->run_id, (long long)v[i]->intent, how);
    }
    if (owed_any(s)) {
        inspect_add(s, x, INSPECT_DOUBT, "state/owed",
                    "a receipt of an earlier run has not reached the ledger");
    }
}

static void judge_held(struct site *s, struct inspection *x)
{
    const struct operations *o = operations_of(s->env);
    const struct findings *held = site_held(s);
    x->was_asked[INSPECT_WINDOW] = o->n_windows > 0;
    x->was_asked[INSPECT_FREEZE] = o->n_freezes > 0;
    x->was_asked[INSPECT_CHECKLIST] = o->checklist.n > 0;
    for (size_t i = 0; i < held->n; i++) {
        if (!held->v[i].passed) {
            ARENA_GROW(s->a, x->found.v, x->found.n, x->found.cap);
            x->found.v[x->found.n++] = held->v[i];
        }
    }
}

/* Where a backup is declared one is made before a change, if it can be; else the ledger tells how
 * old the last one is. */
static void judge_backup(const struct site *s, struct inspection *x)
{
    struct err e = {0};
    const struct backup_rule *rule = backup_rule_of(s);
    const struct entry *last = site_last_backup(s, false);
    struct finding *f = NULL;
    x->was_asked[INSPECT_BACKUP] = true;
    if (rule->is_wanted) {
        if (rule->command == NULL && backup_can(s, &e) != 0) {
            f = inspect_add(s, x, INSPECT_BACKUP, "pg_dump", "%s", e.msg);
            f->hint = arena_strdup(s->a, e.hint);
            f->severity = SEVERITY_ERROR;
        }
        return;
    }
    if (last == NULL) {
        f = inspect_fail(s->a, x, s->env, INSPECT_BACKUP, true,
                         "kfmig knows of no backup, nor how old one is");
    } else if (inspect_age(last->finished_at) < 0 ||
               inspect_age(last->finished_at) >
                   operations_of(s->env)->threshold[THRESHOLD_BACKUP_AGE]) {
        f = inspect_add(s, x, INSPECT_BACKUP, s->env->name, "the last one was at %s, entry %lld",
                        last->finished_at, (long long)last->sequence);
    }
    if (f != NULL && s->env->is_protected) {
        f->severity = SEVERITY_ERROR;
    }
}

static void judge_drill(const struct site *s, struct inspection *x)
{
    int64_t most = operations_of(s->env)->threshold[THRESHOLD_DRILL_AGE];
    const struct entry *last = NULL;
    x->was_asked[INSPECT_DRILL] = true;
    for (size_t i = 0; i < s->entries.n; i++) {
        const struct entry *en = &s->entries.v[i];
        last = en->kind == ENTRY_DRILL && strcmp(en->result, "success") == 0 ? en : last;
    }
    const struct entry *restored = site_last_backup(s, true);
    last =
        last == NULL || (restored != NULL && restored->sequence > last->sequence) ? restored : last;
    if (last == NULL) {
        inspect_add(s, x, INSPECT_DRILL, s->env->name, "its ledger tells of no drill");
        return;
    }
    int64_t age = inspect_age(last->finished_at);
    if (age < 0 || age > most) {
        inspect_add(s, x, INSPECT_DRILL, s->env->name, "the last one was at %s, entry %lld",
                    last->finished_at, (long long)last->sequence);
    }
}

static void judge_plan(struct site *s, const struct inspect_options *o, struct inspection *x)
{
    judge_role(s, x);
    judge_version(s, o->expect, x);
    judge_drift(s, x);
    judge_doubt(s, x);
    if (!o->is_after) {
        judge_pending(s, x);
        judge_held(s, x);
        judge_backup(s, x);
        judge_drill(s, x);
    }
}

/* --- all of it -------------------------------------------------------------------------------------- */

static void begin(const struct site *s, const struct inspect_options *o, struct inspection *x)
{
    char now[CLOCK_TEXT];
    *x = (struct inspection){.is_after = o->is_after,
                             .env = s->env->name,
                             .is_protected = s->env->is_protected,
                             .timestamp = arena_strdup(s->a, clock_text(clock_unix_us(), now)),
                             .database = s->id.database,
                             .role = s->id.role,
                             .instance = s->id.uuid,
                             .server_version = s->id.version};
}

static void count(const struct site *s, struct inspection *x)
{
    x->has_plan = true;
    x->plan = plan_digest(&s->plan);
    x->last_applied = last_applied(s);
    x->applied = s->past.n_applied;
    x->pending = s->plan.n_apply + s->plan.n_rebuild;
    x->blocked = s->plan.n_state[STATE_BLOCKED] - s->plan.n_awaits;
    if (s->world.n_drift == 0) {
        x->checksum = s->past.managed;
    }
}

int inspect(struct site *s, const struct inspect_options *o, struct inspection *x, struct err *e)
{
    begin(s, o, x);
    count(s, x);
    judge_plan(s, o, x);
    if (site_inspect(s, x, e) != 0 || inspect_policies(s, x, e) != 0 ||
        (o->is_after && inspect_after(s, o, x, e) != 0) || probe_figures(s, x, e) != 0) {
        return -1;
    }
    return o->is_after ? probe_smoke(s, x, e) : 0;
}

int inspect_refused(const struct site *s, const struct inspect_options *o, const struct err *why,
                    struct inspection *x, struct err *e)
{
    if (why->code != ERR_PREFLIGHT && why->code != ERR_INTEGRITY) {
        *e = *why;
        return -1;
    }
    begin(s, o, x);
    struct finding *f = inspect_add(s, x, INSPECT_IDENTITY, s->env->name, "%s", why->msg);
    f->is_unknown = why->code == ERR_PREFLIGHT && s->id.version == 0;
    f->hint = arena_strdup(s->a, why->hint);
    return 0;
}

int inspect_verdict(const struct inspection *x, struct err *e)
{
    size_t n = 0;
    const struct finding *first = inspect_stopping(x, &n);
    if (first == NULL) {
        return 0;
    }
    err_set(e, x->is_after ? ERR_VALIDATE : ERR_PREFLIGHT, "%s: %zu finding%s in the way", x->env,
            n, n == 1 ? " stands" : "s stand");
    return err_hint(e, "the list above says what each is, and what to do");
}

const char *inspect_path(const struct site *s, const struct inspection *x)
{
    char stamp[CLOCK_TEXT];
    return arena_printf(s->a, "state/logs/%s-%s-%s.json", x->is_after ? "postflight" : "preflight",
                        x->env, clock_stamp(x->timestamp, stamp));
}

int inspect_keep(const struct site *s, const char *path, const struct doc *d, struct err *e)
{
    struct buf text = {0};
    canon_write(&text, d);
    buf_putc(&text, '\n');
    const struct leak *leak = leak_in(LEAK_RECORD, buf_str(&text));
    int rc = 0;
    if (leak != NULL) {
        (void)err_set(e, ERR_LEAK, "the report would hold %s (rule %s): it was not written",
                      leak->what, leak->rule);
        rc = err_hint(e, "somebody named a session, a role or an object so");
    } else {
        rc = file_write(s->project->dirfd, path, buf_bytes(&text), 0600, e);
    }
    buf_release(&text);
    return rc;
}
