/* Events as NDJSON. */
#include "base/clock.h"
#include "report/words.h"

/* What a kind calls its text; NULL: it has none. */
static const char *text_name(enum tell_kind kind)
{
    switch ((int)kind) {
    case TELL_NOTE:
    case TELL_WARNING:
        return "text";
    case TELL_STATEMENT:
        return "tag";
    case TELL_PHASE:
        return "phase";
    case TELL_BATCH:
        return "backfill";
    case TELL_WAITING:
        return "for";
    case TELL_RETRY:
        return "condition";
    case TELL_DONE:
        return "as";
    default:
        return NULL;
    }
}

static void put_numbers(struct arena *a, struct doc *d, const struct tell *t)
{
    if (t->kind == TELL_BLOCKED) {
        doc_put(a, d, "targets", doc_int(a, (int64_t)t->n));
    } else if (t->n > 0) {
        doc_put(a, d, "at", doc_int(a, (int64_t)t->at));
        doc_put(a, d, "of", doc_int(a, (int64_t)t->n));
    }
    if (t->kind == TELL_LOADING) {
        doc_put(a, d, "rows", doc_int(a, t->rows));
        doc_put(a, d, "bytes", doc_int(a, t->done));
        doc_put(a, d, "size", doc_int(a, t->size));
    }
    if (t->kind == TELL_BATCH) {
        doc_put(a, d, "batches", doc_int(a, (int64_t)t->at));
        doc_put(a, d, "rows", doc_int(a, t->rows));
        doc_put(a, d, "passed", doc_int(a, t->done));
        doc_put(a, d, "about", doc_int(a, t->size));
        if (t->ms >= 0) {
            doc_put(a, d, "left_ms", doc_int(a, t->ms));
        }
    }
    if (t->kind == TELL_DONE || t->kind == TELL_RETRY || t->kind == TELL_TICK) {
        doc_put(a, d, "ms", doc_int(a, t->ms));
    }
    if (t->sequence > 0) {
        doc_put(a, d, "sequence", doc_int(a, t->sequence));
        doc_put(a, d, "run_id", words_doc(a, t->run_id));
    }
}

static void put_event(struct buf *out, const struct tell *t, const struct err *fault)
{
    char now[CLOCK_TEXT];
    struct arena a = {0};
    struct doc *d = doc_new(&a, DOC_MAP);
    const char *name = fault != NULL && t->kind != TELL_FAILED ? "fault" : tell_name(t->kind);
    const char *text = text_name(t->kind);
    doc_put(&a, d, "event", doc_text(&a, name));
    doc_put(&a, d, "time", doc_text(&a, clock_text(clock_unix_us(), now)));
    if (t->target != NULL) {
        doc_put(&a, d, "target", words_doc(&a, t->target));
    }
    if (text != NULL && t->what != NULL && t->what[0] != '\0') {
        doc_put(&a, d, text, words_doc(&a, t->what));
    }
    if (t->sqlstate != NULL) { /* never the server's words */
        doc_put(&a, d, "severity", words_doc(&a, t->severity));
        doc_put(&a, d, "sqlstate", words_doc(&a, t->sqlstate));
    }
    if (t->path != NULL) {
        doc_put(&a, d, "where", words_place(&a, t->path, t->line, 0));
    }
    if (fault != NULL) {
        doc_put(&a, d, "error", words_error(&a, fault));
    }
    if (t->gates != NULL) {
        doc_put(&a, d, "gates", words_gates(&a, t->gates));
    }
    put_numbers(&a, d, t);
    report_json(out, d);
    arena_release(&a);
}

void report_batch(struct buf *out, const struct tell *t)
{
    buf_printf(out, "%zu batch%s, %lld rows written", t->at, t->at == 1 ? "" : "es",
               (long long)t->rows);
    if (t->size > t->done) {
        buf_printf(out, ", %lld of about %lld gone over", (long long)t->done, (long long)t->size);
    }
    if (t->ms >= 0) {
        buf_printf(out, ", %lld s left", (long long)(t->ms + 999) / 1000);
    }
}

void report_tell(struct buf *out, const struct tell *t)
{
    if (t->faults == NULL) {
        put_event(out, t, t->fault);
        return;
    }
    for (size_t i = 0; i < t->faults->n; i++) {
        put_event(out, t, &t->faults->v[i]);
    }
}
