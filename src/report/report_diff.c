/* What differs between a ledger's sum of objects and the database, or between two ledgers, for people and as
 * JSON. */
#include <string.h>

#include "report/words.h"

static void put_side(struct buf *out, const struct style *st, const char *sign, const char *facet,
                     const char *value, size_t width)
{
    if (value == NULL) {
        return;
    }
    buf_puts(out, "  ");
    words_paint(out, st, sign[0] == '-' ? PAINT_BAD : PAINT_GOOD, sign, 2);
    words_cell(out, facet, value[0] != '\0' ? width : 0);
    words_safe(out, value);
    buf_putc(out, '\n');
}

static void put_facets(struct buf *out, const struct style *st, const struct facet_pair *v,
                       size_t n)
{
    size_t width = 0;
    for (size_t i = 0; i < n; i++) {
        size_t w = words_width(v[i].facet) + 2;
        width = w > width ? w : width;
    }
    for (size_t i = 0; i < n; i++) {
        put_side(out, st, "-", v[i].facet, v[i].was, width);
        put_side(out, st, "+", v[i].facet, v[i].now, width);
    }
}

static void put_object(struct buf *out, const struct style *st, const struct drift_detail *x)
{
    words_paint(out, st, PAINT_BOLD, x->drift->text, 0);
    buf_printf(out, " %s outside kfmig", words_change(x->drift));
    if (x->drift->last_writer[0] != '\0') {
        buf_puts(out, "; last written by ");
        words_safe(out, x->drift->last_writer);
        buf_printf(out, " (ledger entry %lld)", (long long)x->drift->sequence);
    }
    buf_putc(out, '\n');
    put_facets(out, st, x->v, x->n);
}

const char *report_adoption(struct arena *a, const struct drift *d, bool is_taken)
{
    const char *what = !is_taken ? "stays drift:"
                       : d->from_major > 0 && !digest_is_zero(&d->was) && !digest_is_zero(&d->now)
                           ? "reads differently:"
                           : words_change(d);
    bool is_written = is_taken && d->last_writer[0] != '\0';
    return arena_printf(a, "%s %s%s%s", what, d->text, is_written ? ", last written by " : "",
                        is_written ? d->last_writer : "");
}

/* A statement of several lines stands beneath the first, as far in. */
static void put_sql(struct buf *out, const struct style *st, const char *way,
                    const struct sql_line *x)
{
    buf_puts(out, "  ");
    words_paint(out, st, PAINT_DIM, way, 6);
    if (x->sql == NULL) {
        buf_puts(out, "-- by hand: ");
        words_safe(out, x->facet[0] != '\0' ? x->facet : "all of it");
        buf_printf(out, "; %s\n", x->open);
        return;
    }
    for (const char *p = x->sql; *p != '\0';) {
        size_t n = strcspn(p, "\n");
        text_safe(out, bytes_of(p, n));
        p += n + (p[n] == '\n');
        buf_puts(out, *p != '\0' ? "\n        " : ";\n");
    }
}

static void put_ways(struct buf *out, const struct style *st, const char *object,
                     const struct drift_sql *sql)
{
    for (size_t i = 0; i < sql->n_undo; i++) {
        if (strcmp(sql->undo[i].object, object) == 0) {
            put_sql(out, st, "undo", &sql->undo[i]);
        }
    }
    for (size_t i = 0; i < sql->n_keep; i++) {
        if (strcmp(sql->keep[i].object, object) == 0) {
            put_sql(out, st, "keep", &sql->keep[i]);
        }
    }
}

void report_diff(struct buf *out, const struct style *st, const char *env,
                 const struct drift_detail *v, size_t n, const struct drift_sql *sql)
{
    words_safe(out, env);
    if (n == 0) {
        buf_puts(out, ": the database is as its ledger says\n");
        return;
    }
    buf_puts(out, ": ");
    words_count(out, n, "object");
    buf_printf(out,
               " differ%s from what the ledger expects (-), as it stands there (+)\n"
               "undo: back to what is expected; keep: the same done elsewhere\n",
               n == 1 ? "s" : "");
    for (size_t i = 0; i < n; i++) {
        buf_putc(out, '\n');
        put_object(out, st, &v[i]);
        put_ways(out, st, v[i].drift->text, sql);
    }
}

static struct doc *sql_doc(struct arena *a, const struct sql_line *v, size_t n)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < n; i++) {
        struct doc *row = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, row, "object", words_doc(a, v[i].object));
        doc_put(a, row, "facet", words_doc(a, v[i].facet));
        doc_put(a, row, "sql", v[i].sql != NULL ? doc_text(a, v[i].sql) : doc_new(a, DOC_NULL));
        doc_put(a, row, "open", words_doc(a, v[i].sql == NULL ? v[i].open : NULL));
    }
    return list;
}

struct doc *report_diff_doc(struct arena *a, const char *env, const struct drift_detail *v,
                            size_t n, const struct drift_sql *sql)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "environment", words_doc(a, env));
    struct doc *list = doc_put(a, d, "differences", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < n; i++) {
        const struct drift *x = v[i].drift;
        struct doc *row = doc_push(a, list, words_drift(a, x));
        struct doc *facets = doc_put(a, row, "facets", doc_new(a, DOC_LIST));
        for (size_t k = 0; k < v[i].n; k++) {
            struct doc *f = doc_push(a, facets, doc_new(a, DOC_MAP));
            doc_put(a, f, "facet", words_doc(a, v[i].v[k].facet));
            doc_put(a, f, "was", words_doc(a, v[i].v[k].was));
            doc_put(a, f, "now", words_doc(a, v[i].v[k].now));
        }
    }
    struct doc *ways = doc_put(a, d, "sql", doc_new(a, DOC_MAP));
    doc_put(a, ways, "undo", sql_doc(a, sql->undo, sql->n_undo));
    doc_put(a, ways, "keep", sql_doc(a, sql->keep, sql->n_keep));
    return d;
}

/* --- two environments ---------------------------------------------------------------------------------- */

static void put_fact(struct buf *out, const struct fact *f, const char *env)
{
    char digest[DIGEST_TEXT];
    enum { SHOWN = sizeof "sha256:" - 1 + 12 };
    words_safe(out, env);
    buf_printf(out, " (entry %lld, %.*s, ", (long long)f->sequence, (int)SHOWN,
               digest_text(&f->checksum, digest));
    words_safe(out, f->finished_at);
    buf_putc(out, ')');
}

static void put_subjects(struct buf *out, const struct style *st, const struct env_comparison *c)
{
    size_t width = 0;
    for (size_t i = 0; i < c->n_subjects; i++) {
        size_t w = words_width(c->subjects[i].subject) + 2;
        width = w > width ? w : width;
    }
    for (size_t i = 0; i < c->n_subjects; i++) {
        const struct compared_subject *x = &c->subjects[i];
        buf_puts(out, "  ");
        words_paint(out, st, PAINT_BOLD, x->subject, width);
        buf_puts(out, x->here != NULL && x->there != NULL ? "not the same content: " : "only in ");
        if (x->here != NULL) {
            put_fact(out, x->here, c->here);
        }
        buf_puts(out, x->here != NULL && x->there != NULL ? ", " : "");
        if (x->there != NULL) {
            put_fact(out, x->there, c->there);
        }
        buf_putc(out, '\n');
    }
    if (c->before != NULL) {
        buf_puts(out, "  applied in another order: ");
        words_safe(out, c->before);
        buf_puts(out, " came before ");
        words_safe(out, c->after);
        buf_puts(out, " in ");
        words_safe(out, c->here);
        buf_puts(out, ", and behind it in ");
        words_safe(out, c->there);
        buf_putc(out, '\n');
    }
}

static void put_writer(struct buf *out, const char *writer, const char *env)
{
    if (writer[0] != '\0') {
        buf_puts(out, "; in ");
        words_safe(out, env);
        buf_puts(out, " last written by ");
        words_safe(out, writer);
    }
}

static void put_compared(struct buf *out, const struct style *st, const struct env_comparison *c,
                         const struct compared_object *o)
{
    buf_putc(out, '\n');
    words_paint(out, st, PAINT_BOLD, o->text, 0);
    buf_puts(out, o->is_here && o->is_there ? " differs" : " only in ");
    words_safe(out, !o->is_there ? c->here : !o->is_here ? c->there : "");
    buf_puts(out, o->by_version ? ", as their servers' versions may explain" : "");
    put_writer(out, o->is_here ? o->writer_here : "", c->here);
    put_writer(out, o->is_there ? o->writer_there : "", c->there);
    buf_putc(out, '\n');
    if (o->is_here && o->is_there) { /* the whole of one is no difference to read */
        put_facets(out, st, o->v, o->n);
    }
}

static void put_counts(struct buf *out, const struct env_comparison *c)
{
    words_safe(out, c->here);
    buf_puts(out, " and ");
    words_safe(out, c->there);
    if (c->n_subjects + c->n_objects == 0 && c->before == NULL) {
        buf_puts(out, " are the same: ");
        words_count(out, c->n_same_subjects, "migration");
        buf_puts(out, ", ");
        words_count(out, c->n_same_objects, "object");
        buf_putc(out, '\n');
        return;
    }
    buf_puts(out, ": ");
    words_count(out, c->n_subjects, "migration");
    buf_puts(out, " and ");
    words_count(out, c->n_objects, "object");
    buf_printf(out, " not the same, %zu and %zu the same\n", c->n_same_subjects, c->n_same_objects);
}

void report_comparison(struct buf *out, const struct style *st, const struct env_comparison *c)
{
    put_counts(out, c);
    put_subjects(out, st, c);
    if (c->n_objects > c->n_by_owner) {
        buf_puts(out, "objects as the ledgers have them: ");
        words_safe(out, c->here);
        buf_puts(out, " (-), ");
        words_safe(out, c->there);
        buf_puts(out, " (+)\n");
    }
    for (size_t i = 0; i < c->n_objects; i++) {
        if (!c->objects[i].by_owner || st->verbose) {
            put_compared(out, st, c, &c->objects[i]);
        }
    }
    if (c->n_by_owner > 0 && !st->verbose) {
        buf_puts(out, "\n");
        words_count(out, c->n_by_owner, "object");
        buf_printf(out, " differ%s in nothing but the owner; --verbose lists %s\n",
                   c->n_by_owner == 1 ? "s" : "", c->n_by_owner == 1 ? "it" : "them");
    }
}

static struct doc *fact_doc(struct arena *a, const struct fact *f)
{
    if (f == NULL) {
        return doc_new(a, DOC_NULL);
    }
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "sequence", doc_int(a, f->sequence));
    doc_put(a, d, "finished_at", words_doc(a, f->finished_at));
    doc_put(a, d, "checksum", doc_digest(a, &f->checksum));
    doc_put(a, d, "run_id", words_doc(a, f->run_id));
    return d;
}

static struct doc *compared_doc(struct arena *a, const struct compared_object *o)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "object", words_doc(a, o->text));
    doc_put(a, d, "difference",
            doc_text(a, !o->is_there  ? "only_here"
                        : !o->is_here ? "only_there"
                                      : "changed"));
    doc_put(a, d, "explained_by",
            words_doc(a, o->by_owner     ? "owner"
                         : o->by_version ? "version"
                                         : NULL));
    doc_put(a, d, "writer_here", words_doc(a, o->writer_here));
    doc_put(a, d, "writer_there", words_doc(a, o->writer_there));
    struct doc *facets = doc_put(a, d, "facets", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < o->n; i++) {
        struct doc *f = doc_push(a, facets, doc_new(a, DOC_MAP));
        doc_put(a, f, "facet", words_doc(a, o->v[i].facet));
        doc_put(a, f, "here", words_doc(a, o->v[i].was));
        doc_put(a, f, "there", words_doc(a, o->v[i].now));
    }
    return d;
}

struct doc *report_comparison_doc(struct arena *a, const struct env_comparison *c)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "here", words_doc(a, c->here));
    doc_put(a, d, "there", words_doc(a, c->there));
    struct doc *list = doc_put(a, d, "migrations", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < c->n_subjects; i++) {
        const struct compared_subject *x = &c->subjects[i];
        struct doc *row = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, row, "subject", words_doc(a, x->subject));
        doc_put(a, row, "kind", doc_text(a, x->is_migration ? "migration" : "projection"));
        doc_put(a, row, "here", fact_doc(a, x->here));
        doc_put(a, row, "there", fact_doc(a, x->there));
    }
    struct doc *order = doc_put(a, d, "order", doc_new(a, c->before != NULL ? DOC_MAP : DOC_NULL));
    if (c->before != NULL) {
        doc_put(a, order, "before", words_doc(a, c->before));
        doc_put(a, order, "after", words_doc(a, c->after));
    }
    struct doc *objects = doc_put(a, d, "objects", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < c->n_objects; i++) {
        doc_push(a, objects, compared_doc(a, &c->objects[i]));
    }
    struct doc *same = doc_put(a, d, "same", doc_new(a, DOC_MAP));
    doc_put(a, same, "migrations", doc_int(a, (int64_t)c->n_same_subjects));
    doc_put(a, same, "objects", doc_int(a, (int64_t)c->n_same_objects));
    return d;
}
