/* What a rollback would do: which migrations, why each, and the rows that may go. */
#include <string.h>

#include "model/undo.h"
#include "report/words.h"

/* --- text ------------------------------------------------------------------------------------------- */

static void put_written(struct buf *out, const struct undo_table *t)
{
    const struct {
        int64_t n;
        const char *text;
    } parts[] = {{t->inserted, "inserted"}, {t->updated, "updated"}, {t->deleted, "deleted"}};
    bool any = false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && t->has_receipt; i++) {
        if (parts[i].n == ROWS_UNKNOWN) {
            buf_printf(out, "%snot known how many %s", any ? ", " : "", parts[i].text);
        } else if (parts[i].n > 0) {
            buf_printf(out, "%s%lld %s", any ? ", " : "", (long long)parts[i].n, parts[i].text);
        }
        any |= parts[i].n != 0;
    }
    if (!any) {
        buf_puts(out, t->has_receipt ? "none" : "not known");
    }
}

static void put_now(struct buf *out, const struct undo_table *t)
{
    if (t->now == ROWS_UNKNOWN) {
        buf_puts(out, "not known");
    } else {
        buf_printf(out, "%s%lld", t->is_about ? "about " : "", (long long)t->now);
    }
}

static void put_removed(struct buf *out, const struct undo_table *t)
{
    int64_t most = undo_most(t);
    if (t->removes == UNDO_KEEPS) {
        buf_puts(out, "none");
        return;
    }
    buf_puts(out, t->removes == UNDO_ALL ? "all" : "not said in its text");
    if (most < INT64_MAX) {
        buf_printf(out, ", %lld at most", (long long)most);
    } else if (t->is_made) {
        buf_puts(out, ", with what a rollback before it makes");
    }
}

enum { COLUMNS = 4 };

static const char *kept(struct arena *a, struct buf *b)
{
    const char *text = arena_strdup(a, buf_str(b));
    buf_clear(b);
    return text;
}

/* The tables of a step, in columns. */
static void put_tables(struct buf *out, const struct style *st, const struct undo_step *x)
{
    static const char *const heads[COLUMNS] = {"table", "rows now", "its run wrote",
                                               "the rollback removes"};
    struct arena a = {0};
    struct buf cell = {0};
    size_t n = x->n_tables + 1;
    const char *(*v)[COLUMNS] = arena_alloc(&a, n * sizeof *v);
    size_t width[COLUMNS] = {0};
    memcpy(v[0], heads, sizeof heads);
    for (size_t i = 0; i < x->n_tables; i++) {
        const struct undo_table *t = &x->tables[i];
        v[i + 1][0] = t->table;
        put_now(&cell, t);
        v[i + 1][1] = kept(&a, &cell);
        put_written(&cell, t);
        v[i + 1][2] = kept(&a, &cell);
        put_removed(&cell, t);
        v[i + 1][3] = kept(&a, &cell);
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < COLUMNS; k++) {
            size_t w = words_width(v[i][k]) + 2;
            width[k] = w > width[k] ? w : width[k];
        }
    }
    for (size_t i = 0; i < n && x->n_tables > 0; i++) {
        buf_puts(out, "    ");
        for (size_t k = 0; k < COLUMNS; k++) {
            size_t w = k + 1 < COLUMNS ? width[k] : 0;
            if (i == 0) {
                words_paint(out, st, PAINT_DIM, v[i][k], w);
            } else {
                words_cell(out, v[i][k], w);
            }
        }
        buf_putc(out, '\n');
    }
    buf_release(&cell);
    arena_release(&a);
}

static void put_step(struct buf *out, const struct style *st, const struct undo_step *x)
{
    buf_putc(out, '\n');
    words_paint(out, st, PAINT_BOLD, x->bundle->id, 0);
    buf_puts(out, "  applied ");
    words_safe(out, x->fact->finished_at);
    buf_printf(out, ", ledger entry %lld; ", (long long)x->fact->sequence);
    words_count(out, x->n_statements, "statement");
    buf_putc(out, '\n');
    if (x->because[0] != '\0') {
        buf_puts(out, "    it ");
        words_safe(out, x->because);
        buf_putc(out, '\n');
    }
    put_tables(out, st, x);
}

void report_undo(struct buf *out, const struct style *st, const struct undo_list *u)
{
    char text[DIGEST_TEXT];
    words_safe(out, u->environment);
    buf_puts(out, ": ");
    words_count(out, u->n, "migration");
    buf_puts(out, u->n == 1 ? " to take back" : " to take back, newest first");
    buf_puts(out, u->is_exact ? "; another order of columns or values is refused\n" : "\n");
    for (size_t i = 0; i < u->n; i++) {
        put_step(out, st, &u->v[i]);
    }
    buf_printf(out, "\nplan digest %s\n", digest_text(&u->digest, text));
}

/* --- JSON ------------------------------------------------------------------------------------------- */

static struct doc *count_or_null(struct arena *a, int64_t n)
{
    return n == ROWS_UNKNOWN || n == INT64_MAX ? doc_new(a, DOC_NULL) : doc_int(a, n);
}

static struct doc *table_doc(struct arena *a, const struct undo_table *t)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "table", words_doc(a, t->table));
    doc_put(a, d, "rows", count_or_null(a, t->now));
    doc_put(a, d, "about", doc_bool(a, t->is_about));
    struct doc *wrote = doc_put(a, d, "wrote", doc_new(a, t->has_receipt ? DOC_MAP : DOC_NULL));
    if (t->has_receipt) {
        doc_put(a, wrote, "inserted", count_or_null(a, t->inserted));
        doc_put(a, wrote, "updated", count_or_null(a, t->updated));
        doc_put(a, wrote, "deleted", count_or_null(a, t->deleted));
    }
    doc_put(a, d, "removes", doc_text(a, undo_removes_text(t->removes)));
    doc_put(a, d, "at_most", count_or_null(a, undo_most(t)));
    return d;
}

struct doc *report_undo_doc(struct arena *a, const struct undo_list *u)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "environment", doc_text(a, u->environment));
    doc_put(a, d, "exact", doc_bool(a, u->is_exact));
    doc_put(a, d, "plan_digest", doc_digest(a, &u->digest));
    struct doc *list = doc_put(a, d, "migrations", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < u->n; i++) {
        const struct undo_step *x = &u->v[i];
        struct doc *m = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, m, "migration", doc_text(a, x->bundle->id));
        doc_put(a, m, "sequence", doc_int(a, x->fact->sequence));
        doc_put(a, m, "run_id", doc_text(a, x->fact->run_id));
        doc_put(a, m, "applied_at", doc_text(a, x->fact->finished_at));
        doc_put(a, m, "checksum", doc_digest(a, &x->bundle->checksum));
        doc_put(a, m, "because", words_doc(a, x->because));
        doc_put(a, m, "statements", doc_int(a, (int64_t)x->n_statements));
        struct doc *tables = doc_put(a, m, "tables", doc_new(a, DOC_LIST));
        for (size_t k = 0; k < x->n_tables; k++) {
            doc_push(a, tables, table_doc(a, &x->tables[k]));
        }
    }
    return d;
}
