/* What is told of runs: the last ones, and the one that goes on now. */
#include <string.h>

#include "report/words.h"

void words_running(struct buf *out, const struct style *st, const struct plan *p)
{
    if (p->world->running != NULL) {
        words_paint(out, st, PAINT_BUSY, "a run is going on now", 0);
        buf_puts(out, ": ");
        words_safe(out, p->world->running);
        buf_putc(out, '\n');
    }
}

void words_held(struct buf *out, const struct style *st, const struct plan *p)
{
    const struct findings *l = p->world->held;
    for (size_t i = 0; l != NULL && i < l->n; i++) {
        if (!finding_stops(&l->v[i])) {
            continue;
        }
        words_paint(out, st, PAINT_BAD, "held back", 0);
        buf_puts(out, ": ");
        words_safe(out, l->v[i].text);
        buf_puts(out, "; ");
        words_safe(out, l->v[i].hint);
        buf_putc(out, '\n');
    }
}

struct doc *words_finding(struct arena *a, const struct finding *f)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "rule", doc_text(a, f->rule));
    doc_put(a, d, "result", doc_text(a, finding_result(f)));
    doc_put(a, d, "severity", doc_text(a, severity_text(f->severity)));
    doc_put(a, d, "subject", words_doc(a, f->subject));
    doc_put(a, d, "text", words_doc(a, f->text));
    doc_put(a, d, "hint", words_doc(a, f->hint));
    return d;
}

void words_put_held(struct arena *a, struct doc *d, const struct world *w)
{
    struct doc *list = NULL;
    for (size_t i = 0; w->held != NULL && i < w->held->n; i++) {
        const struct finding *f = &w->held->v[i];
        if (finding_stops(f)) {
            list = list != NULL ? list : doc_put(a, d, "held", doc_new(a, DOC_LIST));
            doc_push(a, list, words_finding(a, f));
        }
    }
}

void words_time(struct buf *out, int64_t ms)
{
    if (ms >= 0 && ms < 10000) {
        buf_printf(out, "%lld.%lld s", (long long)(ms / 1000), (long long)(ms % 1000 / 100));
    } else if (ms >= 0 && ms < 120000) {
        buf_printf(out, "%lld s", (long long)(ms / 1000));
    } else if (ms >= 0 && ms < 7200000) {
        buf_printf(out, "%lld min", (long long)(ms / 60000));
    } else if (ms >= 0) {
        buf_printf(out, "%lld h", (long long)(ms / 3600000));
    }
}

/* "forward.sql:3:1, statement 2: undefined_table (42P01) on table a.t" */
static void put_what(struct buf *out, const struct bundle *b, const struct fact_run *run)
{
    const char *between = "";
    if (run->path[0] != '\0') {
        words_where(out, b != NULL ? words_in_bundle(b, run->path) : run->path, run->line,
                    run->col);
        between = ", ";
    }
    if (run->statement > 0) {
        buf_printf(out, "%sstatement %d", between, run->statement);
        between = ": ";
    }
    buf_puts(out, between[0] != '\0' ? ": " : "");
    words_safe(out, run->condition[0] != '\0' ? run->condition : run->code);
    if (run->sqlstate[0] != '\0') {
        buf_printf(out, " (%s)", run->sqlstate);
    }
    buf_puts(out, run->object[0] != '\0' ? " on " : "");
    words_safe(out, run->object);
}

void words_failure(struct buf *out, const struct bundle *b, const struct fact *f,
                   const char *indent)
{
    const struct fact_run *run = f != NULL ? f->run : NULL;
    if (run == NULL || run->code == NULL) {
        return;
    }
    bool is_gate = run->gates[0] != '\0' && run->sqlstate[0] == '\0';
    if (!is_gate) {
        buf_puts(out, indent);
        put_what(out, b, run);
        buf_putc(out, '\n');
    }
    for (const char *gate = run->gates; *gate != '\0';) {
        size_t n = strcspn(gate, "\n");
        buf_printf(out, "%sgate ", indent);
        text_safe(out, bytes_of(gate, n));
        buf_putc(out, '\n');
        gate += n + (gate[n] == '\n');
    }
}

/* Each line of text. */
static struct doc *lines_doc(struct arena *a, const char *text)
{
    struct doc *list = doc_new(a, DOC_LIST);
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        doc_push(a, list, words_doc(a, arena_printf(a, "%.*s", (int)n, text)));
        text += n + (text[n] == '\n');
    }
    return list;
}

static struct doc *failure_doc(struct arena *a, const struct fact_run *run)
{
    if (run->code == NULL) {
        return doc_new(a, DOC_NULL);
    }
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "code", words_doc(a, run->code));
    doc_put(a, d, "where", words_place(a, run->path, run->line, run->col));
    doc_put(a, d, "statement",
            run->statement > 0 ? doc_int(a, run->statement) : doc_new(a, DOC_NULL));
    doc_put(a, d, "sqlstate", words_doc(a, run->sqlstate));
    doc_put(a, d, "condition", words_doc(a, run->condition));
    doc_put(a, d, "object", words_doc(a, run->object));
    doc_put(a, d, "gates", lines_doc(a, run->gates));
    return d;
}

static struct doc *last_run_doc(struct arena *a, const struct fact *last)
{
    struct doc *d = doc_new(a, DOC_MAP);
    const struct fact_run *run = last->run;
    doc_put(a, d, "run_id", words_doc(a, last->run_id));
    doc_put(a, d, "result", words_doc(a, last->result));
    doc_put(a, d, "finished_at", words_doc(a, last->finished_at));
    if (run != NULL) {
        doc_put(a, d, "actor", words_doc(a, run->actor));
        doc_put(a, d, "started_at", words_doc(a, run->started_at));
        doc_put(a, d, "ms", run->ms >= 0 ? doc_int(a, run->ms) : doc_new(a, DOC_NULL));
        doc_put(a, d, "failure", failure_doc(a, run));
    }
    return d;
}

void words_put_step(struct arena *a, struct doc *d, const struct step *s)
{
    const struct fact *last = s->history != NULL ? s->history->last : NULL;
    if (s->kind == STEP_MIGRATION) {
        doc_put(a, d, "intent", words_doc(a, s->bundle->intent));
    }
    doc_put(a, d, "last_run", last != NULL ? last_run_doc(a, last) : doc_new(a, DOC_NULL));
}

void words_put_running(struct arena *a, struct doc *d, const struct plan *p)
{
    doc_put(a, d, "running", words_doc(a, p->world->running));
}
