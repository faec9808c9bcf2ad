/* Rows of COPY, in its binary and its text format. */
#include <stdio.h>
#include <string.h>

#include "data/column.h"
#include "data/column_value.h"

static const char signature[] =
    "PGCOPY\n\377\r\n"; /* with its NUL; then flags and the length of an extension */

enum { SIZE_BYTES = 4, SIZE_NULL = -1 };

static void put32(char *p, int32_t x)
{
    for (int i = 3; i >= 0; i--) {
        p[3 - i] = (char)((uint32_t)x >> 8 * i & 0xFF);
    }
}

static void add16(struct buf *out, int x)
{
    const char b[2] = {(char)((unsigned)x >> 8 & 0xFF), (char)((unsigned)x & 0xFF)};
    buf_add(out, b, sizeof b);
}

void copy_begin(struct copy_writer *w)
{
    char zeros[2 * SIZE_BYTES] = {0};
    for (size_t i = 0; w->is_binary && i < w->n; i++) {
        if (w->column[i].kind == COLUMN_OTHER) {
            BUG("a column without a known binary form in a binary COPY");
        }
    }
    if (w->is_binary) {
        buf_add(&w->out, signature, sizeof signature);
        buf_add(&w->out, zeros, sizeof zeros);
    }
}

void copy_end(struct copy_writer *w)
{
    if (w->is_binary) {
        add16(&w->out, -1);
    }
}

void copy_release(struct copy_writer *w)
{
    buf_release(&w->out);
    buf_release(&w->scratch);
}

static int add_binary(struct copy_writer *w, struct conversion *c, const struct value *v)
{
    char size[SIZE_BYTES];
    size_t at = w->out.n;
    bool is_null = v->kind == VALUE_NULL;
    put32(size, SIZE_NULL);
    buf_add(&w->out, size, sizeof size);
    c->out = &w->out;
    if (is_null) {
        return 0;
    }
    if (column_convert(c, v) != 0) {
        return -1;
    }
    if (!w->out.overflow) {
        put32(w->out.p + at, (int32_t)(w->out.n - at - SIZE_BYTES));
    }
    return 0;
}

static void add_escaped(struct buf *out, struct bytes text)
{
    static const char special[] = "\b\f\n\r\t\v\\";
    static const char letter[] = "bfnrtv\\";
    const char *end = text.n > 0 ? text.p + text.n : text.p;
    const char *run = text.p;
    for (const char *p = text.p; p < end; p++) {
        const char *at = *p != '\\' && (unsigned char)*p >= ' ' ? NULL : strchr(special, *p);
        if (at == NULL || *p == '\0') {
            continue;
        }
        buf_add(out, run, (size_t)(p - run));
        buf_putc(out, '\\');
        buf_putc(out, letter[at - special]);
        run = p + 1;
    }
    buf_add(out, run, (size_t)(end - run));
}

static void add_integer(struct buf *out, struct bytes b)
{
    uint64_t x = (unsigned char)b.p[0] >= 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < b.n; i++) {
        x = x << 8 | (unsigned char)b.p[i];
    }
    buf_printf(out, "%lld", (long long)(int64_t)x);
}

/* The text that the server's input function turns into the binary form b. */
static void add_as_text(struct buf *out, const struct column *column, const struct value *v,
                        struct bytes b)
{
    switch (column->kind) {
    case COLUMN_BOOL:
        buf_putc(out, b.p[0] != 0 ? 't' : 'f');
        break;
    case COLUMN_INT2:
    case COLUMN_INT4:
    case COLUMN_INT8:
        add_integer(out, b);
        break;
    case COLUMN_GEOMETRY:
        column_add_hex(out, b);
        break;
    case COLUMN_JSONB:
        add_escaped(out, bytes_of(b.p + 1, b.n - 1));
        break;
    case COLUMN_TEXT:
    case COLUMN_JSON:
    case COLUMN_OTHER:
        add_escaped(out, b);
        break;
    case COLUMN_FLOAT4:
    case COLUMN_FLOAT8:
    case COLUMN_NUMERIC:
    case COLUMN_UUID:
    case COLUMN_DATE:
    case COLUMN_TIMESTAMP:
    case COLUMN_TIMESTAMPTZ:
    case COLUMN_TIME:
    case COLUMN_BYTEA:
        add_escaped(out, v->text);
        break;
    }
}

static int add_text(struct copy_writer *w, struct conversion *c, const struct value *v)
{
    if (v->kind == VALUE_NULL) {
        buf_puts(&w->out, "\\N");
        return 0;
    }
    buf_clear(&w->scratch);
    c->out = &w->scratch;
    if (column_convert(c, v) != 0) {
        return -1;
    }
    add_as_text(&w->out, c->column, v, buf_bytes(&w->scratch));
    return 0;
}

static struct value constant_value(const char *text)
{
    struct value v = {.kind = VALUE_NULL};
    if (text != NULL) {
        v.kind = VALUE_TEXT;
        v.text = bytes_str(text);
    }
    return v;
}

/* What column i gets. */
static struct value value_of(const struct copy_writer *w, const struct record *r, size_t i)
{
    struct value v =
        w->from[i].is_constant ? constant_value(w->from[i].constant) : r->v[w->from[i].wanted];
    if (w->from[i].is_constant || v.kind == VALUE_ABSENT) {
        v.offset = r->offset;
    }
    v.kind = v.kind == VALUE_ABSENT ? VALUE_NULL : v.kind;
    return v;
}

static int add_value(struct copy_writer *w, const struct source *s, const struct record *r,
                     size_t i, struct err *e)
{
    struct value v = value_of(w, r, i);
    struct conversion c = {.column = &w->column[i], .is_csv = w->is_csv || w->from[i].is_constant};
    int rc = -1;
    c.why = "this is NULL or missing, and the column is NOT NULL";
    if (v.kind != VALUE_NULL || !c.column->not_null) {
        rc = w->is_binary ? add_binary(w, &c, &v) : add_text(w, &c, &v);
    }
    if (rc == 0 && (w->out.overflow || w->scratch.overflow)) {
        c.why = "the row is larger than PostgreSQL takes";
        rc = -1;
    }
    if (rc == 0) {
        return 0;
    }
    (void)reader_fail(s, r, v.offset, c.column->name, e, "%s", c.why);
    return err_hint(e, "the column's type is %s", column_type_text(c.column));
}

int copy_row(struct copy_writer *w, const struct source *s, const struct record *r, struct err *e)
{
    size_t start = w->out.n;
    int rc = 0;
    if (w->is_binary) {
        add16(&w->out, (int)w->n);
    }
    for (size_t i = 0; i < w->n && rc == 0; i++) {
        if (i > 0 && !w->is_binary) {
            buf_putc(&w->out, '\t');
        }
        rc = add_value(w, s, r, i, e);
    }
    if (!w->is_binary) {
        buf_putc(&w->out, '\n');
    }
    if (rc != 0) {
        w->out.n = start;
        w->out.overflow = false;
    }
    return rc;
}

int column_check_constant(const struct column *c, const char *text, struct err *e)
{
    struct buf out = {0};
    struct value v = constant_value(text);
    struct conversion to = {.column = c, .is_csv = true, .out = &out};
    to.why = "this is NULL, and the column is NOT NULL";
    int rc = text == NULL ? (c->not_null ? -1 : 0) : column_convert(&to, &v);
    buf_release(&out);
    if (rc == 0) {
        return 0;
    }
    (void)err_set(e, ERR_CONFIG, "column \"%s\": %s", c->name, to.why);
    return err_hint(e, "the column's type is %s", column_type_text(c));
}
