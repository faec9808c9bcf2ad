/* What a statement that runs long waits for. */
#include "site/watch.h"

#include <stdio.h>

#include "base/clock.h"
#include "site/queries.h"

enum { SLOW_MS = 500, ASK_MS = 1000 };

static void hear(void *ctx, const struct tell *t)
{
    struct watch *w = ctx;
    if (t->kind == TELL_BEGIN) {
        (void)snprintf(w->target, sizeof w->target, "%s", t->target);
    }
    if (t->kind == TELL_BEGIN || t->kind == TELL_STATEMENT || t->kind == TELL_PHASE) {
        w->started_ms = clock_ms();
        w->is_blocked = false;
    }
    tell(w->behind, t);
}

static enum err_code stops(void *ctx)
{
    const struct watch *w = ctx;
    return ear_stops(w->behind);
}

static void say(struct watch *w, const struct pg_rows *rows)
{
    char text[256] = "";
    bool was_blocked = w->is_blocked;
    w->is_blocked = pg_rows_n(rows) > 0;
    if (w->is_blocked) {
        const char *name = pg_text(rows, 0, 0);
        (void)snprintf(text, sizeof text, "waiting for lock held by %s (pid %s, user %s, %s)",
                       name[0] != '\0' ? name : "a session", pg_text(rows, 0, 1),
                       pg_text(rows, 0, 2), pg_text(rows, 0, 3));
    }
    if (w->is_blocked || was_blocked) {
        tell(w->behind, &(struct tell){.kind = TELL_WAITING, .target = w->target, .what = text});
    }
}

/* From a second connection; the first one is busy with the statement. */
static void ask(struct watch *w)
{
    struct err e = {0};
    struct pg_options o = {.application_name = "kfmig monitor",
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
}

void watch_close(struct watch *w)
{
    pg_close(w->monitor);
    w->monitor = NULL;
}
