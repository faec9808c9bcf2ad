/* What was proven of migrations. */
#include <string.h>

#include "model/proof.h"
#include "report/report.h"
#include "report/words.h"

/* --- text ------------------------------------------------------------------------------------------- */

/* "proven", "failed", "skipped", "known", "not tried". */
static const char *word_of(const struct proof *p)
{
    enum proof_part at = proof_decisive(p);
    return at != PROOF_PARTS ? proof_end_text(p->found->part[at].end)
           : p->is_cached    ? "known"
           : proof_holds(p)  ? "proven"
                             : "not tried";
}

static enum paint paint_of(const struct proof *p)
{
    enum proof_part at = proof_decisive(p);
    return at != PROOF_PARTS && p->found->part[at].end == PROOF_BAD ? PAINT_BAD
           : at != PROOF_PARTS                                      ? PAINT_BUSY
           : p->is_cached                                           ? PAINT_DIM
                                                                    : PAINT_GOOD;
}

static void put_fault(struct buf *out, const struct err *e)
{
    words_where(out, e->where.path, e->where.line, e->where.col);
    buf_puts(out, e->where.path[0] != '\0' ? ": " : "");
    words_safe(out, e->msg);
    if (e->detail[0] != '\0') {
        buf_puts(out, "\n        server: ");
        words_safe(out, e->detail);
    }
    buf_putc(out, '\n');
    if (e->hint[0] != '\0') {
        buf_puts(out, "        ");
        words_safe(out, e->hint);
        buf_putc(out, '\n');
    }
}

static void put_down(struct buf *out, const struct proof_found *f)
{
    buf_printf(out, "; down: %s", down_class_text(f->down));
    for (size_t i = 0; i < f->n_rows && i < PROOF_ROWS_MOST; i++) {
        buf_puts(out, i == 0 ? ", which removes " : ", ");
        if (f->rows[i].rows >= 0) {
            buf_printf(out, "%lld row%s of ", (long long)f->rows[i].rows,
                       f->rows[i].rows == 1 ? "" : "s");
        } else {
            buf_puts(out, "rows of ");
        }
        words_safe(out, f->rows[i].table);
    }
    if (f->n_rows > PROOF_ROWS_MOST) {
        buf_printf(out, " and %zu more", f->n_rows - PROOF_ROWS_MOST);
    }
}

/* Of each statement of the workload the longest: "    waits: newest sites 12 ms, write 3 ms (2 failed)". */
static void put_waits(struct buf *out, const struct proofs *o, const struct proof *p)
{
    size_t n = 0;
    for (size_t i = 0; i < o->n_statements; i++) {
        const struct proof_wait *w = &p->found->wait[i];
        if (w->n + w->errors == 0) {
            continue;
        }
        buf_puts(out, n++ == 0 ? "      waits: " : ", ");
        words_safe(out, o->statements[i]);
        if (w->n > 0) {
            buf_printf(out, " %lld ms", (long long)w->ms);
        }
        if (w->errors > 0) {
            buf_printf(out, " (%lld failed)", (long long)w->errors);
        }
    }
    buf_puts(out, n > 0 ? "\n" : "");
}

static void put_proof(struct buf *out, const struct style *st, const struct proofs *o,
                      const struct proof *p)
{
    enum proof_part at = proof_decisive(p);
    if (at == PROOF_PARTS && !p->is_wanted && !st->verbose) {
        return;
    }
    buf_puts(out, "  ");
    words_paint(out, st, paint_of(p), word_of(p), 10);
    words_safe(out, p->id);
    if (p->found->down != DOWN_UNTRIED) {
        put_down(out, p->found);
    }
    buf_printf(out, "; %lld ms", (long long)proof_ms(p));
    if (st->verbose && p->because[0] != '\0') {
        buf_puts(out, "; ");
        words_safe(out, p->because);
    }
    buf_putc(out, '\n');
    put_waits(out, o, p);
    if (at != PROOF_PARTS) {
        buf_printf(out, "      %s: ", proof_part_text(at));
        put_fault(out, proof_fault(p));
    }
}

static void put_counts(struct buf *out, const struct proofs *o)
{
    buf_printf(out, "\n%zu proven, %zu known, %zu failed, %zu skipped", o->n_proven, o->n_cached,
               o->n_failed, o->n_skipped);
    if (o->n_left > 0) {
        buf_printf(out, ", %zu not tried", o->n_left);
    }
    buf_printf(out, "; %lld.%lld s on ", (long long)(o->ms / 1000),
               (long long)(o->ms % 1000 / 100));
    words_safe(out, o->server);
    buf_putc(out, '\n');
}

void report_proofs(struct buf *out, const struct style *st, const struct proofs *o)
{
    for (size_t i = 0; i < o->n; i++) {
        put_proof(out, st, o, &o->v[i]);
    }
    for (size_t i = 0; i < o->whole->n_notes; i++) {
        buf_puts(out, "  ");
        words_paint(out, st, PAINT_BAD, "failed", 10);
        words_safe(out, o->whole->notes[i].what);
        buf_puts(out, "\n      ");
        put_fault(out, &o->whole->notes[i].fault);
    }
    if (o->whole->second == PROOF_BAD) {
        buf_puts(out, "  ");
        words_paint(out, st, PAINT_BAD, "failed", 10);
        put_fault(out, &o->whole->second_fault);
    }
    put_counts(out, o);
}

/* --- document --------------------------------------------------------------------------------------- */

static struct doc *part_doc(struct arena *a, const struct proof *p, enum proof_part i)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "part", doc_text(a, proof_part_text(i)));
    doc_put(a, d, "result", doc_text(a, proof_end_text(p->found->part[i].end)));
    doc_put(a, d, "ms", doc_int(a, p->found->part[i].ms));
    return d;
}

static struct doc *rows_doc(struct arena *a, const struct proof_found *f)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < f->n_rows && i < PROOF_ROWS_MOST; i++) {
        struct doc *x = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, x, "table", doc_name(a, f->rows[i].table));
        doc_put(a, x, "rows",
                f->rows[i].rows < 0 ? doc_new(a, DOC_NULL) : doc_int(a, f->rows[i].rows));
    }
    return list;
}

static struct doc *fault_doc(struct arena *a, const struct err *e)
{
    return e == NULL ? doc_new(a, DOC_NULL) : words_error(a, e);
}

static struct doc *waits_doc(struct arena *a, const struct proofs *o, const struct proof *p)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < o->n_statements; i++) {
        const struct proof_wait *w = &p->found->wait[i];
        struct doc *x = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, x, "statement", doc_text(a, o->statements[i]));
        doc_put(a, x, "longest_ms", w->n > 0 ? doc_int(a, w->ms) : doc_new(a, DOC_NULL));
        doc_put(a, x, "ran", doc_int(a, w->n));
        doc_put(a, x, "failed", doc_int(a, w->errors));
    }
    return list;
}

static struct doc *proof_doc(struct arena *a, const struct proofs *o, const struct proof *p)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "migration", doc_text(a, p->id));
    doc_put(a, d, "checksum", doc_digest(a, &p->bundle->checksum));
    doc_put(a, d, "key", doc_digest(a, &p->key));
    doc_put(a, d, "result", doc_text(a, word_of(p)));
    doc_put(a, d, "because", words_doc(a, p->because));
    doc_put(a, d, "down", doc_text(a, down_class_text(p->found->down)));
    struct doc *parts = doc_put(a, d, "parts", doc_new(a, DOC_LIST));
    for (int i = 0; i < PROOF_PARTS; i++) {
        doc_push(a, parts, part_doc(a, p, (enum proof_part)i));
    }
    doc_put(a, d, "removes", rows_doc(a, p->found));
    doc_put(a, d, "tables_emptied", doc_int(a, (int64_t)p->found->n_rows));
    doc_put(a, d, "seeds", doc_int(a, (int64_t)p->found->n_seeds));
    doc_put(a, d, "waits", waits_doc(a, o, p));
    doc_put(a, d, "error", fault_doc(a, proof_fault(p)));
    return d;
}

static struct doc *notes_doc(struct arena *a, const struct proofs *o)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < o->whole->n_notes; i++) {
        struct doc *x = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, x, "what", doc_text(a, o->whole->notes[i].what));
        doc_put(a, x, "error", words_error(a, &o->whole->notes[i].fault));
    }
    return list;
}

struct doc *report_proofs_doc(struct arena *a, const struct proofs *o)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "environment", doc_text(a, o->environment));
    doc_put(a, d, "server", doc_text(a, o->server));
    doc_put(a, d, "limit_ms", doc_int(a, o->limit_ms));
    doc_put(a, d, "ms", doc_int(a, o->ms));
    doc_put(a, d, "jobs", doc_int(a, o->jobs));
    doc_put(a, d, "database_ms", doc_int(a, o->database_ms));
    doc_put(a, d, "proven", doc_int(a, (int64_t)o->n_proven));
    doc_put(a, d, "known", doc_int(a, (int64_t)o->n_cached));
    doc_put(a, d, "failed", doc_int(a, (int64_t)o->n_failed));
    doc_put(a, d, "skipped", doc_int(a, (int64_t)o->n_skipped));
    doc_put(a, d, "not_tried", doc_int(a, (int64_t)o->n_left));
    struct doc *list = doc_put(a, d, "proofs", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < o->n; i++) {
        doc_push(a, list, proof_doc(a, o, &o->v[i]));
    }
    struct doc *second = doc_put(a, d, "second_build", doc_new(a, DOC_MAP));
    doc_put(a, second, "result", doc_text(a, proof_end_text(o->whole->second)));
    doc_put(a, second, "error",
            fault_doc(a, o->whole->second == PROOF_BAD ? &o->whole->second_fault : NULL));
    doc_put(a, d, "notes", notes_doc(a, o));
    return d;
}

/* --- JUnit ------------------------------------------------------------------------------------------ */

static void put_seconds(struct buf *out, int64_t ms)
{
    buf_printf(out, " time=\"%lld.%03lld\"", (long long)(ms / 1000), (long long)(ms % 1000));
}

static void begin_case(struct buf *out, const char *class, const char *name, int64_t ms)
{
    buf_puts(out, "  <testcase classname=\"");
    words_xml(out, class);
    buf_puts(out, "\" name=\"");
    words_xml(out, name);
    buf_puts(out, "\"");
    put_seconds(out, ms);
    buf_puts(out, ">");
}

static void put_ended(struct buf *out, enum proof_end end, const struct err *e)
{
    if (end == PROOF_BAD) {
        struct buf place = {0};
        words_where(&place, e->where.path, e->where.line, e->where.col);
        buf_puts(out, "<failure message=\"");
        words_xml(out, e->msg);
        buf_puts(out, "\">");
        words_xml(out, buf_str(&place));
        buf_puts(out, place.n > 0 ? "\n" : "");
        words_xml(out, e->hint);
        buf_release(&place);
        buf_puts(out, "</failure>");
    } else if (end == PROOF_SKIPPED) {
        buf_puts(out, "<skipped message=\"");
        words_xml(out, e->msg);
        buf_puts(out, "\"/>");
    }
}

/* A case for every part that was to be tried, or that an earlier run has. */
static void put_cases(struct buf *out, const struct proof *p)
{
    for (int i = 0; i < PROOF_PARTS; i++) {
        enum proof_end end = p->found->part[i].end;
        if (end == PROOF_OPEN) {
            continue;
        }
        begin_case(out, p->id, proof_part_text((enum proof_part)i), p->found->part[i].ms);
        put_ended(out, end, &p->found->fault[i != PROOF_FRESH]);
        buf_puts(out, "</testcase>\n");
    }
}

static void count_cases(const struct proofs *o, size_t n[static 3])
{
    for (size_t i = 0; i < o->n; i++) {
        for (int k = 0; k < PROOF_PARTS; k++) {
            enum proof_end end = o->v[i].found->part[k].end;
            n[0] += end != PROOF_OPEN;
            n[1] += end == PROOF_BAD;
            n[2] += end == PROOF_SKIPPED;
        }
    }
    n[0] += o->whole->n_notes + (o->whole->second != PROOF_OPEN);
    n[1] += o->whole->n_notes + (o->whole->second == PROOF_BAD);
}

void report_proofs_junit(struct buf *out, const struct proofs *o)
{
    size_t n[3] = {0};
    count_cases(o, n);
    buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"kfmig test ");
    words_xml(out, o->environment);
    buf_printf(out, "\" tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\" errors=\"0\"", n[0], n[1],
               n[2]);
    put_seconds(out, o->ms);
    buf_puts(out, ">\n");
    for (size_t i = 0; i < o->n; i++) {
        put_cases(out, &o->v[i]);
    }
    for (size_t i = 0; i < o->whole->n_notes; i++) {
        begin_case(out, "seeds", o->whole->notes[i].what, 0);
        put_ended(out, PROOF_BAD, &o->whole->notes[i].fault);
        buf_puts(out, "</testcase>\n");
    }
    if (o->whole->second != PROOF_OPEN) {
        begin_case(out, "project", "a second build does nothing", 0);
        put_ended(out, o->whole->second, &o->whole->second_fault);
        buf_puts(out, "</testcase>\n");
    }
    buf_puts(out, "</testsuite>\n");
}
