/* What a run did, as documents. */
#include "evidence/diff.h"

#include <stdlib.h>
#include <string.h>

#include "doc/canon.h"
#include "doc/json.h"
#include "evidence/receipt.h"

static const char *const changes[] = {"added", "removed", "changed"}; /* enum facet_change */

static struct doc *rows_or_null(struct arena *a, int64_t v)
{
    return v < 0 ? doc_new(a, DOC_NULL) : doc_int(a, v);
}

static struct doc *objects_doc(struct arena *a, const struct account_diff *diff)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < diff->n_changes; i++) {
        const struct account_change *c = &diff->changes[i];
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, d, "object", doc_name(a, c->object));
        doc_put(a, d, "change", doc_text(a, changes[c->change]));
        struct doc *facets = doc_put(a, d, "facets", doc_new(a, DOC_LIST));
        for (size_t k = 0; k < c->n_facets; k++) {
            struct doc *f = doc_push(a, facets, doc_new(a, DOC_MAP));
            doc_put(a, f, "facet", doc_name(a, c->facets[k].facet));
            doc_put(a, f, "change", doc_text(a, changes[c->facets[k].change]));
        }
    }
    return list;
}

static struct doc *rows_doc(struct arena *a, const struct touches *rows)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < rows->n; i++) {
        const struct touch *t = &rows->v[i];
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, d, "table", doc_name(a, object_text(a, &t->object)));
        doc_put(a, d, "inserted", rows_or_null(a, t->inserted));
        doc_put(a, d, "updated", rows_or_null(a, t->updated));
        doc_put(a, d, "deleted", rows_or_null(a, t->deleted));
    }
    return list;
}

static struct doc *residue_doc(struct arena *a, const struct touches *residue)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < residue->n; i++) {
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, d, "object", doc_name(a, object_text(a, &residue->v[i].object)));
        doc_put(a, d, "effect", doc_text(a, effect_text(residue->v[i].effect)));
    }
    return list;
}

static struct document document_of(struct arena *a, const struct buf *text)
{
    struct bytes copy = bytes_of(arena_dup(a, buf_str(text), text->n), text->n);
    return (struct document){copy, digest_of(copy)};
}

static struct document document_of_doc(struct arena *a, const struct doc *d)
{
    struct buf text = {0};
    canon_write(&text, d);
    struct document out = document_of(a, &text);
    buf_release(&text);
    return out;
}

struct document diff_write(struct arena *a, const struct account_diff *diff)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "format", doc_text(a, "kfmig.diff.v1"));
    doc_put(a, d, "names", doc_text(a, NAMES_ENCODED));
    doc_put(a, d, "migration_id", doc_text(a, diff->migration_id));
    doc_put(a, d, "objects", objects_doc(a, diff));
    doc_put(a, d, "rows", rows_doc(a, &diff->rows));
    doc_put(a, d, "limits", receipt_limits(a, &diff->declared, &diff->observed));
    doc_put(a, d, "residue", residue_doc(a, &diff->residue));
    struct doc *scope = doc_put(a, d, "scope", doc_new(a, DOC_MAP));
    struct doc *violations = doc_put(a, scope, "violations", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < diff->violations.n; i++) {
        doc_push(a, violations, doc_name(a, diff->violations.v[i]));
    }
    return document_of_doc(a, d);
}

struct document invariants_write(struct arena *a, const struct findings *gates)
{
    return document_of_doc(a, receipt_invariants(a, gates));
}

static void write_csv_name(struct buf *out, const char *name)
{
    struct buf text = {0};
    text_encode(&text, bytes_str(name));
    bool quoted = strpbrk(buf_str(&text), ",\"") != NULL;
    buf_puts(out, quoted ? "\"" : "");
    for (const char *s = buf_str(&text); *s != '\0'; s++) {
        buf_puts(out, *s == '"' ? "\"" : "");
        buf_putc(out, *s);
    }
    buf_puts(out, quoted ? "\"" : "");
    buf_release(&text);
}

#define TOUCHED_HEADER "object,effect,inserted,updated,deleted\n"

struct document touched_write(struct arena *a, const struct touches *touches)
{
    struct buf out = {0};
    buf_puts(&out, TOUCHED_HEADER);
    for (size_t i = 0; i < touches->n; i++) {
        const struct touch *t = &touches->v[i];
        const int64_t rows[] = {t->inserted, t->updated, t->deleted};
        write_csv_name(&out, object_text(a, &t->object));
        buf_printf(&out, ",%s", effect_text(t->effect));
        for (size_t k = 0; k < 3; k++) {
            if (rows[k] >= 0) {
                buf_printf(&out, ",%lld", (long long)rows[k]);
            } else {
                buf_putc(&out, ',');
            }
        }
        buf_putc(&out, '\n');
    }
    struct document d = document_of(a, &out);
    buf_release(&out);
    return d;
}

/* --- and back --- */

static int read_effect(const char *text, enum effect *out)
{
    for (int i = 0; i < EFFECT_COUNT; i++) {
        if (strcmp(effect_text((enum effect)i), text) == 0) {
            *out = (enum effect)i;
            return 0;
        }
    }
    return -1;
}

static int read_change(const char *text, enum facet_change *out)
{
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        if (strcmp(changes[i], text) == 0) {
            *out = (enum facet_change)i;
            return 0;
        }
    }
    return -1;
}

static int read_facets(struct arena *a, const struct doc *doc, const struct doc *list,
                       struct account_change *c)
{
    struct facet_diff *v = ARENA_ARRAY(a, struct facet_diff, doc_len(list) + 1);
    for (size_t i = 0; i < doc_len(list); i++) {
        v[i].facet = receipt_name(a, doc, doc_str(list->item[i], "facet", ""));
        if (read_change(doc_str(list->item[i], "change", ""), &v[i].change) != 0) {
            return -1;
        }
    }
    c->facets = v;
    c->n_facets = doc_len(list);
    return 0;
}

static int read_objects(struct arena *a, const struct doc *doc, struct account_diff *out)
{
    const struct doc *list = doc_get(doc, "objects");
    out->changes = ARENA_ARRAY(a, struct account_change, doc_len(list) + 1);
    for (size_t i = 0; i < doc_len(list); i++) {
        struct account_change *c = &out->changes[out->n_changes++];
        c->object = receipt_name(a, doc, doc_str(list->item[i], "object", ""));
        if (read_change(doc_str(list->item[i], "change", ""), &c->change) != 0 ||
            read_facets(a, doc, doc_get(list->item[i], "facets"), c) != 0) {
            return -1;
        }
    }
    return 0;
}

static int read_rows(struct arena *a, const struct doc *doc, struct touches *out)
{
    const struct doc *list = doc_get(doc, "rows");
    for (size_t i = 0; i < doc_len(list); i++) {
        const struct doc *d = list->item[i];
        struct touch t = {.effect = EFFECT_WRITE,
                          .inserted = doc_num(d, "inserted", ROWS_UNKNOWN),
                          .updated = doc_num(d, "updated", ROWS_UNKNOWN),
                          .deleted = doc_num(d, "deleted", ROWS_UNKNOWN)};
        if (object_parse(a, receipt_name(a, doc, doc_str(d, "table", "")), &t.object) != 0) {
            return -1;
        }
        touches_add(a, out, t);
    }
    return 0;
}

static int read_residue(struct arena *a, const struct doc *doc, struct touches *out)
{
    const struct doc *list = doc_get(doc, "residue");
    for (size_t i = 0; i < doc_len(list); i++) {
        struct touch t = {.object = {.name = ""}};
        if (object_parse(a, receipt_name(a, doc, doc_str(list->item[i], "object", "")),
                         &t.object) != 0 ||
            read_effect(doc_str(list->item[i], "effect", ""), &t.effect) != 0) {
            return -1;
        }
        touches_add(a, out, t);
    }
    return 0;
}

int diff_read(struct arena *a, struct bytes text, const char *path, struct account_diff *out,
              struct err *e)
{
    const struct doc *d = json_read(a, text, path, e);
    *out = (struct account_diff){.migration_id = ""};
    if (d == NULL) {
        return -1;
    }
    if (strcmp(doc_str(d, "format", ""), "kfmig.diff.v1") != 0 || read_objects(a, d, out) != 0 ||
        read_rows(a, d, &out->rows) != 0 || read_residue(a, d, &out->residue) != 0) {
        return err_at(e, ERR_INTEGRITY, path, 0, 0, "not a diff of kfmig");
    }
    out->migration_id = doc_str(d, "migration_id", "");
    receipt_read_limits(doc_get(d, "limits"), &out->declared, &out->observed);
    const struct doc *violations = doc_find(d, "scope.violations");
    out->violations.v = ARENA_ARRAY(a, const char *, doc_len(violations) + 1);
    for (size_t i = 0; i < doc_len(violations); i++) {
        const struct doc *v = violations->item[i];
        out->violations.v[out->violations.n++] =
            v->type == DOC_TEXT ? receipt_name(a, d, v->text.p) : "";
    }
    return 0;
}

/* The next cell of a line into out, without its quotes; *at moves behind the comma or line end that
 * follows. -1: there is none, or it does not end as a cell does. */
static int read_cell(struct bytes text, size_t *at, char end, struct buf *out)
{
    bool quoted = *at < text.n && text.p[*at] == '"';
    size_t i = *at + quoted;
    buf_clear(out);
    for (; i < text.n; i++) {
        bool is_quote = text.p[i] == '"';
        if (quoted && is_quote && i + 1 < text.n && text.p[i + 1] == '"') {
            i++; /* a doubled one stands for itself */
        } else if (quoted ? is_quote : text.p[i] == ',' || text.p[i] == '\n') {
            break;
        }
        buf_putc(out, text.p[i]);
    }
    i += quoted;
    if (i >= text.n || text.p[i] != end) {
        return -1;
    }
    *at = i + 1;
    return 0;
}

static int read_count(const char *text, int64_t *out)
{
    char *end = NULL;
    *out = ROWS_UNKNOWN;
    if (text[0] == '\0') {
        return 0;
    }
    *out = strtoll(text, &end, 10);
    return *end == '\0' && text[0] >= '0' && text[0] <= '9' ? 0 : -1;
}

static int read_object(struct arena *a, struct bytes encoded, struct object *out)
{
    struct buf text = {0};
    text_decode(&text, encoded);
    int rc = object_parse(a, buf_str(&text), out);
    buf_release(&text);
    return rc;
}

static int read_touch(struct arena *a, struct bytes text, size_t *at, struct buf *cell,
                      struct touch *t)
{
    int64_t *const rows[] = {&t->inserted, &t->updated, &t->deleted};
    if (read_cell(text, at, ',', cell) != 0 || read_object(a, buf_bytes(cell), &t->object) != 0 ||
        read_cell(text, at, ',', cell) != 0 || read_effect(buf_str(cell), &t->effect) != 0) {
        return -1;
    }
    for (size_t i = 0; i < 3; i++) {
        if (read_cell(text, at, i < 2 ? ',' : '\n', cell) != 0 ||
            read_count(buf_str(cell), rows[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

int touched_read(struct arena *a, struct bytes text, const char *path, struct touches *out,
                 struct err *e)
{
    struct buf cell = {0};
    size_t at = strlen(TOUCHED_HEADER);
    int rc = text.n >= at && memcmp(text.p, TOUCHED_HEADER, at) == 0 ? 0 : -1;
    *out = (struct touches){0};
    for (int line = 1; rc == 0 && at < text.n; line++) {
        struct touch t = {.statement = -1};
        rc = read_touch(a, text, &at, &cell, &t);
        if (rc != 0) {
            err_at(e, ERR_INTEGRITY, path, line + 1, 0, "not a line of a list of touched objects");
        } else {
            touches_add(a, out, t);
        }
    }
    if (text.n < strlen(TOUCHED_HEADER) ||
        memcmp(text.p, TOUCHED_HEADER, strlen(TOUCHED_HEADER)) != 0) {
        err_at(e, ERR_INTEGRITY, path, 1, 0, "not a list of touched objects");
    }
    buf_release(&cell);
    return rc;
}
