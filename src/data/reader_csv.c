/* CSV (RFC 4180): a header line, quotes, CR LF or LF. */
#include <stdlib.h>
#include <string.h>

#include "data/reader_parts.h"

/* At least one more byte behind *at (which is moved along), or false: the end, or an error in r->e
 * (*failed). */
static bool more(struct reader *r, const char **at, bool *failed)
{
    size_t behind = (size_t)(*at - r->s->p);
    int rc = source_more(r->s, r->e);
    *at = r->s->p + behind;
    *failed = rc < 0;
    return rc > 0;
}

enum field_end { FIELD_COMMA, FIELD_LINE, FIELD_END, FIELD_ERROR };

/* The rest of a field behind its opening quote. */
static enum field_end quoted(struct reader *r, struct buf *out)
{
    const char *p = r->s->p + 1;
    bool failed = false;
    for (;;) {
        const char *q = memchr(p, '"', (size_t)(r->s->end - p));
        if (q == NULL || q + 1 == r->s->end) {
            const char *stop = q == NULL ? r->s->end : q;
            buf_add(out, p, (size_t)(stop - p));
            r->s->p = p = stop;
            if (more(r, &p, &failed)) {
                continue;
            }
            if (failed) {
                return FIELD_ERROR;
            }
            if (q == NULL) {
                (void)reader_error(r, r->s->p, NULL, "a quoted field does not end");
                return FIELD_ERROR;
            }
            r->s->p = r->s->end;
            return FIELD_END;
        }
        buf_add(out, p, (size_t)(q - p));
        if (q[1] == '"') {
            buf_putc(out, '"');
            p = q + 2;
            r->s->p = p;
            continue;
        }
        r->s->p = q + 1;
        break;
    }
    if (*r->s->p == ',') {
        r->s->p++;
        return FIELD_COMMA;
    }
    const char *at = r->s->p;
    if (*at == '\r' && at + 1 == r->s->end && !more(r, &at, &failed) && failed) {
        return FIELD_ERROR;
    }
    at = r->s->p + (*r->s->p == '\r' ? 1 : 0);
    if (at < r->s->end && *at == '\n') {
        r->s->p = at + 1;
        return FIELD_LINE;
    }
    (void)reader_error(r, r->s->p, NULL, "text follows a quoted field");
    return FIELD_ERROR;
}

static enum field_end plain(struct reader *r, struct buf *out)
{
    const char *p = r->s->p;
    bool failed = false;
    for (;;) {
        while (p < r->s->end && *p != ',' && *p != '\n' && *p != '"') {
            p++;
        }
        if (p < r->s->end) {
            break;
        }
        if (!more(r, &p, &failed)) {
            if (failed) {
                return FIELD_ERROR;
            }
            break;
        }
    }
    if (p < r->s->end && *p == '"') {
        (void)reader_error(r, p, NULL, "a quote stands inside a field that is not quoted");
        return FIELD_ERROR;
    }
    bool at_end = p == r->s->end;
    size_t n = (size_t)(p - r->s->p);
    if (!at_end && *p == '\n' && n > 0 && r->s->p[n - 1] == '\r') {
        n--;
    }
    buf_add(out, r->s->p, n);
    enum field_end end = at_end ? FIELD_END : *p == ',' ? FIELD_COMMA : FIELD_LINE;
    r->s->p = at_end ? p : p + 1;
    return end;
}

static enum field_end field(struct reader *r, struct buf *out, bool *is_quoted)
{
    const char *at = r->s->p;
    bool failed = false;
    *is_quoted = false;
    if (at == r->s->end && !more(r, &at, &failed)) {
        return failed ? FIELD_ERROR : FIELD_END;
    }
    *is_quoted = *r->s->p == '"';
    return *is_quoted ? quoted(r, out) : plain(r, out);
}

static bool at_end(struct reader *r, bool *failed)
{
    const char *at = r->s->p;
    *failed = false;
    return at == r->s->end && !more(r, &at, failed);
}

static int check_text(struct reader *r, struct bytes s, int64_t offset, const char *name)
{
    size_t at = 0;
    const char *what = NULL;
    if (text_check(s, &at, &what) == 0) {
        return 0;
    }
    return reader_fail(r->s, &r->at, offset + (int64_t)at, name, r->e, "%s", what);
}

static struct node *wanted_of(const struct reader *r, struct bytes name)
{
    for (struct node *n = r->root->child; n != NULL; n = n->next) {
        if (bytes_eq(n->name, name)) {
            return n;
        }
    }
    return NULL;
}

static int take_name(struct reader *r, struct bytes name, struct buf *header)
{
    if (check_text(r, name, 0, NULL) != 0) {
        return -1;
    }
    if (!keys_add(&r->keys, 0, key_of(name))) {
        return reader_error(r, r->s->p, arena_strndup(&r->a, name.p, name.n),
                            "stands in the header twice");
    }
    struct node *n = wanted_of(r, name);
    if (r->n_columns == r->cap_columns) {
        r->cap_columns = r->cap_columns == 0 ? 64 : 2 * r->cap_columns;
        r->column = mem_realloc(r->column, r->cap_columns * sizeof *r->column);
    }
    r->column[r->n_columns++] = n != NULL ? n->slot : NO_SLOT;
    if (n != NULL) {
        n->is_there = true;
    }
    buf_puts(header, r->n_columns > 1 ? ", \"" : "\"");
    buf_add(header, name.p, name.n);
    buf_putc(header, '"');
    return 0;
}

/* Every column that is wanted; where one is not there, the header is shown, and where it is one column,
 * what may separate several. */
static int check_header(struct reader *r, const struct buf *header)
{
    for (const struct node *n = r->root->child; n != NULL; n = n->next) {
        if (n->is_there) {
            continue;
        }
        (void)reader_error(r, r->s->p, arena_strndup(&r->a, n->name.p, n->name.n),
                           "the header has no such column");
        const char *other = r->n_columns == 1 ? strpbrk(buf_str(header), ";\t|") : NULL;
        return other != NULL
                   ? err_hint(r->e,
                              "the header has one column, %.300s: is the separator %s? only commas "
                              "separate fields here",
                              buf_str(header),
                              *other == '\t'  ? "a tab"
                              : *other == ';' ? "\";\""
                                              : "\"|\"")
                   : err_hint(r->e, "the header has %zu column%s: %.300s%s", r->n_columns,
                              r->n_columns == 1 ? "" : "s", buf_str(header),
                              header->n > 300 ? " …" : "");
    }
    return 0;
}

static int take_names(struct reader *r, struct buf *name, struct buf *header)
{
    bool is_quoted;
    enum field_end end = FIELD_COMMA;
    while (end == FIELD_COMMA) {
        buf_clear(name);
        end = field(r, name, &is_quoted);
        if (end == FIELD_ERROR || take_name(r, bytes_of(buf_str(name), name->n), header) != 0) {
            return -1;
        }
    }
    return check_header(r, header);
}

static int read_header(struct reader *r)
{
    struct buf name = {0};
    struct buf header = {0};
    bool failed = false;
    if (at_end(r, &failed)) {
        return failed
                   ? -1
                   : reader_error(r, r->s->p, NULL, "the file is empty: a header line is needed");
    }
    if ((unsigned char)*r->s->p == 0xEF) {
        return reader_error(
            r, r->s->p, NULL,
            "begins with a byte order mark, or no name in ASCII: save it as plain UTF-8");
    }
    int rc = take_names(r, &name, &header);
    buf_release(&name);
    buf_release(&header);
    return rc;
}

/* Hexadecimal (E)WKB, as PostgreSQL shows geometries, begins with a digit; WKT with a letter. */
static int take_geometry(struct reader *r, struct slot *s)
{
    struct buf bytes = {0};
    bool good = s->n % 2 == 0;
    bool is_wkt = s->n > 0 && (r->text.p[s->at] < '0' || r->text.p[s->at] > '9');
    for (size_t i = 0; i < s->n && good && !is_wkt; i += 2) {
        static const char hex[] = "0123456789abcdef";
        const char *high = strchr(hex, r->text.p[s->at + i] | 0x20);
        const char *low = strchr(hex, r->text.p[s->at + i + 1] | 0x20);
        good = high != NULL && low != NULL && r->text.p[s->at + i] > ' ' &&
               r->text.p[s->at + i + 1] > ' ';
        if (good) {
            buf_putc(&bytes, (char)((high - hex) * 16 + (low - hex)));
        }
    }
    size_t at = r->text.n;
    if (is_wkt) {
        buf_add(&bytes, r->text.p + s->at, s->n);
    }
    const char *what = is_wkt ? wkt_take(&r->text, buf_str(&bytes), &s->type, &r->rules)
                       : good ? ewkb_take(&r->text, buf_bytes(&bytes), &s->type, &r->rules)
                              : "is no hexadecimal (E)WKB";
    buf_release(&bytes);
    if (what != NULL) {
        return reader_fail(r->s, &r->at, s->offset, NULL, r->e, "%s", what);
    }
    s->at = at;
    reader_took_geometry(r, s);
    return 0;
}

static int take_field(struct reader *r, size_t i, size_t from, bool is_quoted, int64_t offset)
{
    int slot = r->column[i];
    size_t n = r->text.n - from;
    if (r->text.overflow) {
        return reader_error(r, r->s->p, NULL, "the record's values are longer than 64 MiB");
    }
    if (check_text(r, bytes_of(r->text.p + from, n), offset, NULL) != 0) {
        return -1;
    }
    if (slot == NO_SLOT) {
        r->text.n = from;
        return 0;
    }
    struct slot *s = &r->slot[slot];
    s->kind = n == 0 && !is_quoted ? VALUE_NULL : VALUE_TEXT;
    s->at = from;
    s->n = n;
    s->offset = offset;
    return s->as_geometry && s->kind == VALUE_TEXT ? take_geometry(r, s) : 0;
}

int csv_next(struct reader *r, struct record *out)
{
    bool failed = false;
    if (r->is_first && read_header(r) != 0) {
        return -1;
    }
    r->is_first = false;
    if (at_end(r, &failed)) {
        return failed ? -1 : 0;
    }
    reader_begin_record(r, r->s->p);
    buf_add(&r->text, "", 1); /* so that it has an address */
    enum field_end end = FIELD_COMMA;
    size_t i = 0;
    for (; end == FIELD_COMMA; i++) {
        size_t from = r->text.n;
        bool is_quoted = false;
        int64_t offset = source_offset(r->s, r->s->p);
        end = field(r, &r->text, &is_quoted);
        if (end == FIELD_ERROR) {
            return -1;
        }
        if (i >= r->n_columns) {
            return reader_error(r, r->s->p, NULL, "the record has more fields than the header");
        }
        if (take_field(r, i, from, is_quoted, offset) != 0) {
            return -1;
        }
    }
    if (i < r->n_columns) {
        return reader_error(r, r->s->p, NULL, "the record has fewer fields than the header");
    }
    return reader_end_record(r, out);
}
