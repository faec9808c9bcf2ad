/* Diffs, touched.csv, invariants: what a run saw, as documents. */
#include "run/evidence.h"

#include <string.h>

#include "doc/canon.h"
#include "model/scope.h"

struct doc *evidence_digest(struct arena *a, const struct digest *d)
{
    char text[DIGEST_TEXT];
    return digest_is_zero(d) ? doc_new(a, DOC_NULL) : doc_text(a, digest_text(d, text));
}

struct limits limits_observed(const struct observation *seen)
{
    struct limits l = limits_none;
    l.max_table_count_touched = seen->n_tables_touched;
    l.max_index_count_delta = seen->index_delta;
    l.max_row_backfill = seen->rows;
    return l;
}

static struct doc *count_doc(struct arena *a, int64_t v)
{
    return v < 0 ? doc_new(a, DOC_NULL) : doc_int(a, v);
}

struct doc *evidence_limits(struct arena *a, const struct bundle *b, const struct outcome *o)
{
    struct doc *list = doc_new(a, DOC_LIST);
    const struct limits observed = o->observed ? limits_observed(&o->seen) : limits_none;
    for (int i = 0; limit_key(i) != NULL; i++) {
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, d, "limit", doc_text(a, limit_key(i)));
        doc_put(a, d, "declared", count_doc(a, limit_value(&b->decl->limits, i)));
        doc_put(a, d, "observed", count_doc(a, limit_value(&observed, i)));
    }
    return list;
}

static const char *change_text(const struct change *c)
{
    return c->before == NULL ? "added" : c->after == NULL ? "removed" : "changed";
}

static struct doc *objects_doc(struct arena *a, const struct observation *seen)
{
    static const char *const words[] = {"added", "removed", "changed"};
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < seen->n_changes; i++) {
        const struct change *c = &seen->changes[i];
        const char *text = c->after != NULL ? c->after->text : c->before->text;
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, d, "object", doc_text(a, text));
        doc_put(a, d, "change", doc_text(a, change_text(c)));
        struct doc *facets = doc_put(a, d, "facets", doc_new(a, DOC_LIST));
        for (size_t t = 0; t < seen->touches.n && c->before != NULL && c->after != NULL; t++) {
            const struct touch *touch = &seen->touches.v[t];
            if (touch->effect != EFFECT_ALTER || !object_eq(&touch->object, &c->after->object)) {
                continue;
            }
            for (size_t k = 0; k < touch->n_facets; k++) {
                struct doc *f = doc_push(a, facets, doc_new(a, DOC_MAP));
                doc_put(a, f, "facet", doc_text(a, touch->facets[k].facet));
                doc_put(a, f, "change", doc_text(a, words[touch->facets[k].change]));
            }
        }
    }
    return list;
}

static bool has_rows(const struct touch *t)
{
    return (t->effect == EFFECT_WRITE || t->effect == EFFECT_TRUNCATE ||
            t->effect == EFFECT_DROP) &&
           t->object.kind == OBJ_TABLE && (t->inserted != 0 || t->updated != 0 || t->deleted != 0);
}

static struct doc *rows_doc(struct arena *a, const struct observation *seen)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < seen->touches.n; i++) {
        const struct touch *t = &seen->touches.v[i];
        if (!has_rows(t)) {
            continue;
        }
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, d, "table", doc_text(a, object_text(a, &t->object)));
        doc_put(a, d, "inserted", count_doc(a, t->inserted));
        doc_put(a, d, "updated", count_doc(a, t->updated));
        doc_put(a, d, "deleted", count_doc(a, t->deleted));
    }
    return list;
}

static struct doc *residue_doc(struct arena *a, const struct observation *seen)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < seen->residue.n; i++) {
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, d, "object", doc_text(a, object_text(a, &seen->residue.v[i].object)));
        doc_put(a, d, "effect", doc_text(a, effect_text(seen->residue.v[i].effect)));
    }
    return list;
}

static struct doc *violations_doc(struct arena *a, const struct outcome *o)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < o->gates.n; i++) {
        const struct finding *g = &o->gates.v[i];
        if (!g->passed && (strcmp(g->rule, "scope") == 0 || strcmp(g->rule, "protected") == 0)) {
            doc_push(a, list, doc_text(a, g->text));
        }
    }
    return list;
}

static void write_csv_cell(struct buf *out, const char *s)
{
    if (strpbrk(s, ",\"\n\r") == NULL) {
        buf_puts(out, s);
        return;
    }
    buf_putc(out, '"');
    for (; *s != '\0'; s++) {
        if (*s == '"') {
            buf_putc(out, '"');
        }
        buf_putc(out, *s);
    }
    buf_putc(out, '"');
}

static void write_touched(struct arena *a, struct buf *out, const struct observation *seen)
{
    buf_puts(out, "object,effect,inserted,updated,deleted\n");
    for (size_t i = 0; i < seen->touches.n; i++) {
        const struct touch *t = &seen->touches.v[i];
        write_csv_cell(out, object_text(a, &t->object));
        buf_printf(out, ",%s", effect_text(t->effect));
        const int64_t rows[] = {t->inserted, t->updated, t->deleted};
        for (size_t k = 0; k < 3; k++) {
            if (rows[k] >= 0) {
                buf_printf(out, ",%lld", (long long)rows[k]);
            } else {
                buf_putc(out, ',');
            }
        }
        buf_putc(out, '\n');
    }
}

static struct document document_of(struct arena *a, const struct buf *text)
{
    struct bytes copy = bytes_of(arena_dup(a, buf_str(text), text->n), text->n);
    return (struct document){copy, digest_of(copy)};
}

static struct document invariants_document(struct arena *a, const struct outcome *o)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < o->gates.n; i++) {
        const struct finding *g = &o->gates.v[i];
        if (strncmp(g->rule, "invariant ", 10) == 0) {
            struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
            doc_put(a, d, "file", doc_text(a, g->rule + 10));
            doc_put(a, d, "result", doc_text(a, finding_result(g)));
        }
    }
    struct buf text = {0};
    canon_write(&text, list);
    struct document d = document_of(a, &text);
    buf_release(&text);
    return d;
}

void evidence_of(struct arena *a, const struct bundle *b, const struct outcome *o,
                 struct evidence_set *out)
{
    out->invariants = invariants_document(a, o);
    if (!o->observed) {
        return;
    }
    struct doc *diff = doc_new(a, DOC_MAP);
    doc_put(a, diff, "format", doc_text(a, "kfmig.diff.v1"));
    doc_put(a, diff, "migration_id", doc_text(a, b->id));
    doc_put(a, diff, "objects", objects_doc(a, &o->seen));
    doc_put(a, diff, "rows", rows_doc(a, &o->seen));
    doc_put(a, diff, "limits", evidence_limits(a, b, o));
    doc_put(a, diff, "residue", residue_doc(a, &o->seen));
    struct doc *scope = doc_put(a, diff, "scope", doc_new(a, DOC_MAP));
    doc_put(a, scope, "violations", violations_doc(a, o));
    struct buf text = {0};
    canon_write(&text, diff);
    out->diff = document_of(a, &text);
    buf_clear(&text);
    write_touched(a, &text, &o->seen);
    out->touched = document_of(a, &text);
    buf_release(&text);
}
