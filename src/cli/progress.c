/* What is shown while a run goes on. */
#include "cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "report/transcript.h"

enum { HEARTBEAT_MS = 30000, LOADING_MS = 1000, LINE_BYTES = 110 };

/* --- the live line ---------------------------------------------------------------------------------- */

static void clear(struct progress *p)
{
    if (p->is_shown) {
        (void)fputs("\r\033[K", stderr);
        (void)fflush(stderr);
        p->is_shown = false;
    }
}

static void put_state(const struct progress *p, struct buf *line)
{
    if (p->target[0] == '\0') { /* nothing has begun: what is read beforehand */
        buf_puts(line, p->waiting);
        return;
    }
    if (p->n_statements > 0) {
        buf_printf(line, "  %zu/%zu %s", p->statement, p->n_statements, p->what);
    }
    int64_t elapsed = clock_ms() - p->started_ms;
    if (elapsed >= 1000) {
        buf_printf(line, "  %llds", (long long)(elapsed / 1000));
    }
    if (p->waiting[0] != '\0') {
        buf_printf(line, "  %s", p->waiting);
    }
}

static void show(struct progress *p)
{
    if (!p->is_live) {
        return;
    }
    if (p->target[0] == '\0' && p->waiting[0] == '\0') {
        clear(p);
        return;
    }
    struct buf line = {0};
    struct buf safe = {0};
    size_t columns = output_columns(stderr);
    if (p->n > 0) {
        buf_printf(&line, "[%zu/%zu] ", p->at, p->n);
    }
    buf_puts(&line, p->target);
    put_state(p, &line);
    text_safe(&safe, buf_bytes(&line));
    /* One column stays free: a full line would go on in the next, which nobody clears. */
    size_t most = columns > 1 ? columns - 1 : LINE_BYTES;
    (void)fprintf(stderr, "\r\033[K%.*s", (int)text_cut(buf_bytes(&safe), most), buf_str(&safe));
    (void)fflush(stderr);
    p->is_shown = true;
    buf_release(&line);
    buf_release(&safe);
}

/* --- lines ------------------------------------------------------------------------------------------ */

static void PRINTF_LIKE(2, 3) line(struct progress *p, const char *fmt, ...)
{
    struct buf text = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    clear(p);
    output_note(p->req, "%s", buf_str(&text));
    p->said_ms = clock_ms();
    buf_release(&text);
}

/* Where nobody sees a live line: that it still works, and on what. */
static void beat(struct progress *p)
{
    int64_t now = clock_ms();
    if (p->is_live || p->target[0] == '\0' || now - p->said_ms < p->beat_ms) {
        return;
    }
    struct buf text = {0};
    buf_printf(&text, "%s: at work for %lld s", p->target, (long long)((now - p->begun_ms) / 1000));
    if (p->what[0] != '\0' && p->n_statements == 0) {
        buf_printf(&text, "  %s", p->what);
    }
    put_state(p, &text);
    line(p, "%s", buf_str(&text));
    buf_release(&text);
}

static void copy(char *to, size_t size, const char *from)
{
    (void)snprintf(to, size, "%s", from != NULL ? from : "");
}

static void next(struct progress *p, const char *what)
{
    copy(p->what, sizeof p->what, what);
    p->statement = p->n_statements = 0;
    p->started_ms = clock_ms();
    p->waiting[0] = '\0';
}

static void on_begin(struct progress *p, const struct tell *t)
{
    copy(p->target, sizeof p->target, t->target);
    p->at = t->at;
    p->n = t->n;
    next(p, "");
    p->begun_ms = p->started_ms;
    if (!p->is_live && t->n > 0) {
        line(p, "[%zu/%zu] %s begins", t->at, t->n, t->target);
    }
    show(p);
}

/* The end of an earlier target may be told while another is at work: it waited for the disk. */
static void leave(struct progress *p, const struct tell *t)
{
    if (t->target == NULL || strncmp(p->target, t->target, sizeof p->target - 1) == 0) {
        p->target[0] = '\0';
    }
}

static void on_done(struct progress *p, const struct tell *t)
{
    bool has_more = t->what != NULL && t->what[0] != '\0';
    if (t->n > 0) {
        line(p, "[%zu/%zu] %s  %s%s%lld ms", t->at, t->n, t->target, has_more ? t->what : "",
             has_more ? ", " : "", (long long)t->ms);
    } else {
        line(p, "%s  %s, %lld ms; ledger entry %lld, run %s", t->target,
             has_more ? t->what : "done", (long long)t->ms, (long long)t->sequence, t->run_id);
    }
    leave(p, t);
}

static void on_fault(struct progress *p, const struct tell *t)
{
    clear(p);
    (void)output_fault(p->req, p->dirfd, t->fault);
    if (t->gates != NULL) {
        output_findings(p->req, t->gates);
    }
    if (t->sequence > 0) {
        line(p, "receipt: ledger entry %lld, run %s", (long long)t->sequence, t->run_id);
    }
    if (t->kind == TELL_FAILED) {
        leave(p, t);
    }
}

static void on_statement(struct progress *p, const struct tell *t)
{
    next(p, t->what[0] != '\0' ? t->what : "statement");
    p->statement = t->at;
    p->n_statements = t->n;
    copy(p->path, sizeof p->path, t->path);
    p->line = t->line;
    if (p->req->verbose && !p->is_live) {
        line(p, "  %s:%d %s", t->path, t->line, p->what);
    }
    show(p);
}

static void on_phase(struct progress *p, const struct tell *t)
{
    next(p, t->what);
    clear(p);
    if (p->req->verbose && !p->is_live) {
        line(p, "  %s: %s", t->target, t->what);
    }
}

static void on_loading(struct progress *p, const struct tell *t)
{
    int64_t ms = clock_ms() - p->started_ms;
    int64_t left = t->done > 0 && ms > 0 ? ms * (t->size - t->done) / t->done / 1000 : 0;
    (void)snprintf(p->waiting, sizeof p->waiting,
                   "%s: %lld rows (%lld/s), %lld of %lld MB, %lld s left",
                   p->is_live ? p->what : "so far", (long long)t->rows,
                   (long long)(ms > 0 ? t->rows * 1000 / ms : 0), (long long)(t->done >> 20),
                   (long long)(t->size >> 20), (long long)left);
    show(p);
    beat(p);
}

static void on_batch(struct progress *p, const struct tell *t)
{
    struct buf text = {0};
    report_batch(&text, t);
    copy(p->waiting, sizeof p->waiting, buf_str(&text));
    buf_release(&text);
    show(p);
    beat(p);
}

static void on_waiting(struct progress *p, const struct tell *t)
{
    if (strcmp(t->what, p->waiting) != 0 && t->what[0] != '\0' && !p->is_live) {
        line(p, "%s%s%s", t->target != NULL ? t->target : "", t->target != NULL ? ": " : "",
             t->what);
    }
    copy(p->waiting, sizeof p->waiting, t->what);
    show(p);
    beat(p);
}

static void on_retry(struct progress *p, const struct tell *t)
{
    line(p, "%s: %s; trying again in %lld ms (%zu of %zu)%s%s", t->target, t->what,
         (long long)t->ms, t->at, t->n, p->waiting[0] != '\0' ? "; it was " : "", p->waiting);
}

/* What a statement makes the server say: with its words where they may be shown; else a warning only, and one
 * of each kind: ANALYZE warns of each catalog that the role may not analyze. */
static void on_said(struct progress *p, const struct tell *t)
{
    bool has_words = t->what[0] != '\0';
    if (p->n_statements == 0 || (!has_words && (strcmp(t->severity, "WARNING") != 0 ||
                                                strcmp(t->sqlstate, p->warned_of) == 0))) {
        return;
    }
    copy(p->warned_of, sizeof p->warned_of, has_words ? "" : t->sqlstate);
    line(p, "  %s:%d: %s%s%s%s", p->path, p->line, t->severity, has_words ? ": " : " ",
         has_words ? t->what : t->sqlstate,
         has_words ? "" : "; a terminal with --show-server-text has its words");
}

/* The plan, for people. */
static void on_blocked(struct progress *p, const struct tell *t)
{
    struct buf out = {0};
    struct style st = output_style(p->req, stderr);
    clear(p);
    report_plan(&out, &st, t->plan);
    output_text(&out);
    buf_release(&out);
}

static void on_text(struct progress *p, const struct tell *t)
{
    clear(p);
    if (t->kind == TELL_FAULTS) {
        output_faults(p->req, t->faults);
    } else if (t->kind == TELL_WARNING) {
        output_warning(p->req, "%s", t->what);
    } else {
        line(p, "%s", t->what);
    }
}

/* Ticks become heartbeats; of loading one event a second is enough; of waiting what is new. */
static bool is_due(struct progress *p, const struct tell *t, int64_t now)
{
    bool is_new = false;
    switch ((int)t->kind) {
    case TELL_BEGIN:
        copy(p->target, sizeof p->target, t->target);
        p->begun_ms = now;
        return true;
    case TELL_STATEMENT:
        copy(p->path, sizeof p->path, t->path);
        p->line = t->line;
        p->warned_of[0] = '\0';
        return true;
    case TELL_LOADING:
    case TELL_BATCH:
        return now - p->said_ms >= LOADING_MS;
    case TELL_TICK:
        return p->target[0] != '\0' && now - p->said_ms >= p->beat_ms;
    case TELL_WAITING:
        is_new = strcmp(t->what, p->waiting) != 0 && t->what[0] != '\0';
        copy(p->waiting, sizeof p->waiting, t->what);
        return is_new;
    default:
        return true;
    }
}

static void put_json(struct progress *p, const struct tell *t)
{
    int64_t now = clock_ms();
    struct tell with = *t;
    if (!is_due(p, t, now)) {
        return;
    }
    if (t->kind == TELL_TICK) {
        with.ms = now - p->begun_ms;
    }
    if (with.target == NULL && p->target[0] != '\0') {
        with.target = p->target;
    }
    if (t->kind == TELL_SAID) { /* words are for terminals */
        with.what = NULL;
        with.path = p->path[0] != '\0' ? p->path : NULL;
        with.line = p->line;
    }
    struct buf out = {0};
    report_tell(&out, &with);
    output_lines(stderr, &out);
    buf_release(&out);
    p->said_ms = now;
    if (t->kind == TELL_DONE || t->kind == TELL_FAILED) {
        leave(p, t);
    }
}

static void on_resolving(struct progress *p, const struct tell *t)
{
    line(p, "%s: the connection was lost around COMMIT; asking the ledger what happened",
         t->target);
}

static void on_tick(struct progress *p, const struct tell *t)
{
    (void)t;
    show(p);
    beat(p);
}

static void hear(void *ctx, const struct tell *t)
{
    static void (*const on[TELL_KINDS])(struct progress * p, const struct tell *t) = {
        [TELL_NOTE] = on_text,   [TELL_BLOCKED] = on_blocked, [TELL_WARNING] = on_text,
        [TELL_FAULT] = on_fault, [TELL_FAULTS] = on_text,     [TELL_BEGIN] = on_begin,
        [TELL_DONE] = on_done,   [TELL_FAILED] = on_fault,    [TELL_STATEMENT] = on_statement,
        [TELL_PHASE] = on_phase, [TELL_LOADING] = on_loading, [TELL_WAITING] = on_waiting,
        [TELL_RETRY] = on_retry, [TELL_SAID] = on_said,       [TELL_RESOLVING] = on_resolving,
        [TELL_TICK] = on_tick,   [TELL_BATCH] = on_batch};
    struct progress *p = ctx;
    transcript_tell(t);
    (p->req->progress_json ? put_json : on[t->kind])(p, t);
}

static enum err_code stops(void *ctx)
{
    (void)ctx;
    return signals_seen() == 0 ? ERR_NONE : signals_seen() == 2 ? ERR_INTERRUPTED : ERR_TERMINATED;
}

void progress_init(struct progress *p, const struct request *req)
{
    const char *given = getenv("KFMIG_HEARTBEAT_MS");
    *p = (struct progress){.req = req, .ear = {p, hear, stops}, .dirfd = -1};
    p->is_live =
        isatty(STDERR_FILENO) && !req->quiet && !req->progress_json && req->format != FORMAT_JSON;
    p->beat_ms = given != NULL ? strtoll(given, NULL, 10) : HEARTBEAT_MS;
}

void progress_close(struct progress *p)
{
    clear(p);
}
