/* JSON arrays into array columns, as text (PostgreSQL manual, "Array Input and Output Syntax"). */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "data/column_value.h"
#include "doc/json.h"

enum { DIMENSIONS_MAX = 6, NUMBER_TEXT = 32 };

/* length: of the arrays at each depth, which have to be alike; -1: none was met yet. n_dimensions: where
 * the elements are; 0: none was met yet. */
struct array_writer {
    struct conversion *c;
    struct conversion element;
    struct buf binary;
    int64_t length[DIMENSIONS_MAX];
    int n_dimensions;
};

static int array_fail(struct array_writer *w, const char *why)
{
    w->c->why = why;
    return -1;
}

static void put_quoted(struct buf *out, struct bytes text)
{
    buf_putc(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"' || text.p[i] == '\\') {
            buf_putc(out, '\\');
        }
        buf_putc(out, text.p[i]);
    }
    buf_putc(out, '"');
}

/* v, which was converted to b, as text. */
static struct bytes element_text(const struct column *column, const struct value *v, struct bytes b,
                                 char number[static NUMBER_TEXT])
{
    uint64_t x = b.n > 0 && (unsigned char)b.p[0] >= 0x80 ? UINT64_MAX : 0;
    if (column->kind == COLUMN_BOOL) {
        return bytes_str(b.p[0] != 0 ? "t" : "f");
    }
    if (column->kind == COLUMN_INT2 || column->kind == COLUMN_INT4 || column->kind == COLUMN_INT8) {
        for (size_t i = 0; i < b.n; i++) {
            x = x << 8 | (unsigned char)b.p[i];
        }
        (void)snprintf(number, NUMBER_TEXT, "%lld", (long long)(int64_t)x);
        return bytes_str(number);
    }
    return column->kind == COLUMN_JSONB                                 ? bytes_of(b.p + 1, b.n - 1)
           : column->kind == COLUMN_JSON || column->kind == COLUMN_TEXT ? b
                                                                        : v->text;
}

static int put_scalar(struct array_writer *w, const struct value *v)
{
    char number[NUMBER_TEXT];
    buf_clear(&w->binary);
    w->element.out = &w->binary;
    if (column_convert(&w->element, v) != 0) {
        return array_fail(w, w->element.why);
    }
    put_quoted(w->c->out, element_text(w->element.column, v, buf_bytes(&w->binary), number));
    return 0;
}

static int put_element(struct array_writer *w, const struct doc *d)
{
    char number[NUMBER_TEXT];
    struct value v = {.kind = VALUE_TEXT, .text = d->text};
    switch (d->type) {
    case DOC_NULL:
        buf_puts(w->c->out, "NULL");
        return 0;
    case DOC_BOOL:
        v = (struct value){.kind = VALUE_BOOL, .text = bytes_str(d->flag ? "true" : "false")};
        break;
    case DOC_INT:
        (void)snprintf(number, sizeof number, "%lld", (long long)d->number);
        v = (struct value){.kind = VALUE_NUMBER, .text = bytes_str(number)};
        break;
    case DOC_TEXT:
        v.kind = d->plain ? VALUE_NUMBER : VALUE_TEXT;
        break;
    case DOC_LIST:
    case DOC_MAP:
        return array_fail(w, "an object stands in this array, and the column's elements take none");
    }
    return put_scalar(w, &v);
}

static int put_list(struct array_writer *w, const struct doc *list, int depth)
{
    if (depth == DIMENSIONS_MAX) {
        return array_fail(w, "this array has more than 6 dimensions");
    }
    if (w->length[depth] >= 0 && w->length[depth] != (int64_t)list->n) {
        return array_fail(w, "arrays within this array have different lengths");
    }
    w->length[depth] = (int64_t)list->n;
    if (depth > 0 && list->n == 0) {
        return array_fail(w, "an array within this array is empty");
    }
    int rc = 0;
    buf_putc(w->c->out, '{');
    for (size_t i = 0; i < list->n && rc == 0; i++) {
        bool is_list = list->item[i]->type == DOC_LIST;
        int at = is_list ? 0 : depth + 1; /* where elements are, if these are some */
        buf_puts(w->c->out, i > 0 ? "," : "");
        if (w->n_dimensions != 0 &&
            (is_list ? depth + 1 >= w->n_dimensions : at != w->n_dimensions)) {
            return array_fail(w, "elements and arrays stand side by side in this array");
        }
        w->n_dimensions = is_list ? w->n_dimensions : at;
        rc = is_list ? put_list(w, list->item[i], depth + 1) : put_element(w, list->item[i]);
    }
    buf_putc(w->c->out, '}');
    return rc;
}

int column_convert_array(struct conversion *c, const struct value *v)
{
    struct arena a = {0};
    struct err e;
    struct array_writer w = {.c = c, .element = {.column = c->column->element}};
    memset(w.length, -1, sizeof w.length);
    const struct doc *d = json_read_reals(&a, v->text, "", &e);
    int rc = d == NULL ? array_fail(&w, "this is no JSON that an array can be made of")
             : d->type != DOC_LIST
                 ? array_fail(&w, "this is an object, and the column takes an array")
                 : put_list(&w, d, 0);
    buf_release(&w.binary);
    arena_release(&a);
    return rc;
}
