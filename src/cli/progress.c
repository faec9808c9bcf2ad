/* Progress: what runs now, and what it waits for. */
#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/output.h"
#include "cli/queries.h"
#include "cli/signals.h"

enum { SLOW_MS = 500, ASK_MS = 1000 };

void progress_init(struct progress *p, struct session *s, size_t total)
{
    *p = (struct progress){.s = s, .total = total, .id = "", .tag = ""};
    p->live = isatty(STDERR_FILENO) && !s->quiet && s->req->format != FORMAT_JSON;
}

void progress_clear(struct progress *p)
{
    if (p->live) {
        (void)fputs("\r\033[K", stderr);
        (void)fflush(stderr);
    }
}

void progress_show(struct progress *p)
{
    if (!p->live) {
        return;
    }
    struct buf line = {0};
    buf_printf(&line, "[%zu/%zu] %s", p->done, p->total, p->id);
    if (p->n_statements > 0) {
        buf_printf(&line, "  %zu/%zu %s", p->statement, p->n_statements, p->tag);
    }
    int64_t elapsed = clock_ms() - p->started_ms;
    if (elapsed >= 1000) {
        buf_printf(&line, "  %llds", (long long)(elapsed / 1000));
    }
    if (p->waiting[0] != '\0') {
        buf_printf(&line, "  %s", p->waiting);
    }
    struct buf safe = {0};
    text_safe(&safe, bytes_of(line.p, line.n < 110 ? line.n : 110));
    (void)fprintf(stderr, "\r\033[K%s", buf_str(&safe));
    (void)fflush(stderr);
    buf_release(&line);
    buf_release(&safe);
}

/* Ask from a second connection; the first one is busy with the statement. */
static void ask_blockers(struct progress *p)
{
    struct err e = {0};
    struct pg_options o = {.application_name = "kfmig monitor",
                           .connect_timeout_ms = 1000,
                           .default_timeout_ms = 1000};
    if (p->monitor == NULL &&
        (p->monitor_failed || pg_open(&p->monitor, &p->s->link.dsn, &o, &e) != 0)) {
        p->monitor_failed = true;
        return;
    }
    char pid[16];
    const char *params[] = {pid};
    struct pg_rows *rows = NULL;
    (void)snprintf(pid, sizeof pid, "%d", pg_backend_pid(p->s->link.pg));
    char before[sizeof p->waiting];
    memcpy(before, p->waiting, sizeof before);
    p->waiting[0] = '\0';
    if (pg_query(p->monitor, &cli_blockers, params, 1, &rows, &e) == 0 && pg_rows_n(rows) > 0) {
        const char *name = pg_text(rows, 0, 0);
        (void)snprintf(p->waiting, sizeof p->waiting,
                       "waiting for lock held by %s (pid %s, user %s, %s)",
                       name[0] != '\0' ? name : "a session", pg_text(rows, 0, 1),
                       pg_text(rows, 0, 2), pg_text(rows, 0, 3));
    }
    pg_rows_free(rows);
    if (p->waiting[0] != '\0' && strcmp(before, p->waiting) != 0 && !p->live) {
        output_note(p->s->req, "%s: %s", p->id, p->waiting);
    }
}

static bool on_wait(void *ctx)
{
    struct progress *p = ctx;
    int64_t now = clock_ms();
    if (now - p->started_ms >= SLOW_MS && now - p->asked_ms >= ASK_MS) {
        p->asked_ms = now;
        ask_blockers(p);
    }
    progress_show(p);
    return progress_is_stopped(p);
}

struct pg_wait progress_wait(struct progress *p)
{
    return (struct pg_wait){.on_wait = on_wait, .ctx = p};
}

static void on_statement(void *ctx, const struct statement *st, const struct script *script,
                         size_t at, size_t n)
{
    struct progress *p = ctx;
    p->tag = st->tag[0] != '\0' ? st->tag : "statement";
    p->statement = at;
    p->n_statements = n;
    p->started_ms = clock_ms();
    p->waiting[0] = '\0';
    if (p->s->verbose && !p->live) {
        output_note(p->s->req, "  %s:%d %s", script->path, st->line, p->tag);
    }
    progress_show(p);
}

static void on_retry(void *ctx, int attempt, int most, const char *condition, int64_t pause_ms)
{
    struct progress *p = ctx;
    progress_clear(p);
    output_note(p->s->req, "%s: %s; trying again in %lld ms (%d of %d)%s%s", p->id, condition,
                (long long)pause_ms, attempt, most, p->waiting[0] != '\0' ? "; it was " : "",
                p->waiting);
}

static void on_resolving(void *ctx)
{
    struct progress *p = ctx;
    progress_clear(p);
    output_note(p->s->req,
                "%s: the connection was lost around COMMIT; asking the ledger what happened",
                p->id);
}

struct run_events progress_events(struct progress *p)
{
    return (struct run_events){p, on_statement, on_retry, on_resolving};
}

void progress_step(struct progress *p, const char *id)
{
    p->id = id;
    p->n_statements = 0;
    p->started_ms = clock_ms();
    p->waiting[0] = '\0';
    progress_show(p);
}

void progress_lock_wait(void *ctx, const char *holder)
{
    struct progress *p = ctx;
    char text[sizeof p->waiting];
    (void)snprintf(text, sizeof text, "waiting for the run that holds the lock: %s", holder);
    if (strcmp(text, p->waiting) != 0) {
        memcpy(p->waiting, text, sizeof text);
        if (!p->live) {
            output_note(p->s->req, "%s", text);
        }
    }
    progress_show(p);
}

bool progress_is_stopped(void *ctx)
{
    const struct progress *p = ctx;
    return !p->s->must_finish && signals_seen() != 0;
}

void progress_close(struct progress *p)
{
    progress_clear(p);
    pg_close(p->monitor);
    p->monitor = NULL;
}
