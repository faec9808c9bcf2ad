/* What a statement that runs long waits for. */
#include "site/watch.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "site/queries.h"
#include "site/site.h"

/* GAP_MS: a session that waits is heard of ten times a second; after a pause it waits for something else. */
enum { SLOW_MS = 500, ASK_MS = 1000, GAP_MS = 400 };

enum { NAME, PID, USER, STATE, SINCE, MODE, WHAT, PROGRESS }; /* blockers.sql */

static bool is_about_locks(const struct err *e)
{
    return e != NULL && (strcmp(e->sqlstate, "55P03") == 0 || strcmp(e->sqlstate, "40P01") == 0);
}

void watch_explain(const struct watch *w, struct err *e)
{
    if (w->held[0] != '\0' && is_about_locks(e)) {
        e->hint[0] = '\0';
        (void)err_hint(e, "it was waiting for %s; run it again when that has ended", w->held);
    }
}

/* What failed for a lock is told with who had it. */
static void tell_held(const struct watch *w, const struct tell *t)
{
    struct err with = *t->fault;
    struct tell told = *t;
    watch_explain(w, &with);
    told.fault = &with;
    tell(w->behind, &told);
}

static void hear(void *ctx, const struct tell *t)
{
    struct watch *w = ctx;
    if (t->kind == TELL_BEGIN) {
        (void)snprintf(w->target, sizeof w->target, "%s", t->target);
        w->held[0] = '\0';
    }
    if (t->kind == TELL_FAILED && t->fault != NULL) {
        tell_held(w, t);
        return;
    }
    if (t->kind == TELL_BEGIN || t->kind == TELL_STATEMENT || t->kind == TELL_PHASE) {
        w->started_ms = clock_ms();
        w->is_blocked = false;
        w->progress[0] = '\0';
    }
    tell(w->behind, t);
}

static enum err_code stops(void *ctx)
{
    const struct watch *w = ctx;
    return ear_stops(w->behind);
}

/* "the lock AccessExclusiveLock on app.t, held by psql (pid 9, user ann, idle in transaction since ...)". */
static void describe(const struct pg_rows *r, char *out, size_t size)
{
    struct buf b = {0};
    const char *name = pg_text(r, 0, NAME);
    const char *what = pg_text(r, 0, WHAT);
    if (what[0] != '\0' && pg_null(r, 0, MODE)) {
        buf_printf(&b, "%s, held by ", what);
    } else if (what[0] != '\0') {
        buf_printf(&b, "the lock %s on %s, held by ", pg_text(r, 0, MODE), what);
    } else {
        buf_puts(&b, "a lock held by ");
    }
    buf_printf(&b, "%s (pid %s", name[0] != '\0' ? name : "a session", pg_text(r, 0, PID));
    if (!pg_null(r, 0, USER)) {
        buf_printf(&b, ", user %s", pg_text(r, 0, USER));
    }
    if (!pg_null(r, 0, STATE)) {
        buf_printf(&b, ", %s", pg_text(r, 0, STATE));
    }
    if (!pg_null(r, 0, SINCE)) {
        buf_printf(&b, " since %s", pg_text(r, 0, SINCE));
    }
    buf_putc(&b, ')');
    if (pg_rows_n(r) > 1) {
        buf_printf(&b, " and %zu more", pg_rows_n(r) - 1);
    }
    (void)snprintf(out, size, "%.*s", (int)text_cut(buf_bytes(&b), size - 1), buf_str(&b));
    buf_release(&b);
}

/* How far an index is that is being made, as often as there is something new to say. */
static void say_progress(struct watch *w, const struct pg_rows *rows)
{
    const char *now = pg_rows_n(rows) > 0 ? pg_text(rows, 0, PROGRESS) : "";
    if (now[0] != '\0' && strcmp(now, w->progress) != 0) {
        (void)snprintf(w->progress, sizeof w->progress, "%s", now);
        tell(w->behind,
             &(struct tell){.kind = TELL_PHASE, .target = w->target, .what = w->progress});
    }
}

static void say(struct watch *w, const struct pg_rows *rows)
{
    char text[sizeof w->held + 32] = "";
    bool was_blocked = w->is_blocked;
    say_progress(w, rows);
    w->is_blocked = pg_rows_n(rows) > 0 && !pg_null(rows, 0, PID);
    if (w->is_blocked) {
        describe(rows, w->held, sizeof w->held);
        (void)snprintf(text, sizeof text, "waiting for %s", w->held);
    }
    if (w->is_blocked || was_blocked) {
        tell(w->behind, &(struct tell){.kind = TELL_WAITING, .target = w->target, .what = text});
    }
}

/* From a second connection; the first one is busy with the statement. */
static void ask(struct watch *w)
{
    struct err e = {0};
    struct pg_options o = {.dbname = w->site->o.dbname,
                           .application_name = "kfmig monitor",
                           .connect_timeout_ms = 1000,
                           .default_timeout_ms = 1000};
    if (w->monitor == NULL && (w->has_failed || pg_open(&w->monitor, &w->site->dsn, &o, &e) != 0)) {
        w->has_failed = true;
        return;
    }
    char pid[16];
    const char *params[] = {pid};
    struct pg_rows *rows = NULL;
    (void)snprintf(pid, sizeof pid, "%d", pg_backend_pid(w->site->pg));
    if (pg_query(w->monitor, &site_blockers, params, 1, &rows, &e) == 0) {
        say(w, rows);
    }
    pg_rows_free(rows);
}

static bool on_wait(void *ctx)
{
    struct watch *w = ctx;
    int64_t now = clock_ms();
    w->started_ms = now - w->waited_ms > GAP_MS ? now : w->started_ms;
    w->waited_ms = now;
    if (now - w->started_ms >= SLOW_MS && now - w->asked_ms >= ASK_MS) {
        w->asked_ms = now;
        ask(w);
    }
    tell(w->behind, &(struct tell){.kind = TELL_TICK});
    return ear_stops(w->behind) != ERR_NONE;
}

void watch_init(struct watch *w, const struct ear *behind, const struct site *site)
{
    *w = (struct watch){.front = {w, hear, stops},
                        .wait = {.on_wait = on_wait, .ctx = w},
                        .behind = behind,
                        .site = site,
                        .started_ms = clock_ms()};
    w->waited_ms = w->started_ms;
    (void)snprintf(w->target, sizeof w->target, "%s", site->env->name);
}

void watch_over(struct watch *w)
{
    if (w->is_blocked) {
        w->is_blocked = false;
        tell(w->behind, &(struct tell){.kind = TELL_WAITING, .target = w->target, .what = ""});
    }
}

void watch_close(struct watch *w)
{
    pg_close(w->monitor);
    w->monitor = NULL;
}
