/* The rows that stand in a file behind COPY ... FROM STDIN. */
#include "sql/rows.h"

#include <string.h>

/* The end of the line that begins at from, its line feed not included. */
static size_t line_end(struct bytes text, size_t from)
{
    const char *end = from < text.n ? memchr(text.p + from, '\n', text.n - from) : NULL;
    return end != NULL ? (size_t)(end - text.p) : text.n;
}

size_t rows_bound(struct bytes text, size_t n)
{
    struct bytes part = bytes_of(text.p, n < text.n ? n : text.n);
    for (size_t at = 0; at < part.n;) {
        size_t end = line_end(part, at);
        if (memchr(part.p + at, ';', end - at) != NULL &&
            bytes_mention(bytes_of(part.p + at, end - at), "stdin")) {
            return end;
        }
        at = end + 1;
    }
    return n;
}

bool rows_follow(struct parse *p)
{
    size_t first = 0;
    const struct token *v = p->tokens.v;
    bool waits = false;
    for (size_t i = 0; i < p->tokens.n; i++) {
        if (v[i].type == TOK(ASCII_59)) {
            if (waits) {
                p->tokens.n = i + 1;
                p->end = v[i].end;
                p->sql[p->end - p->base] = '\0';
                return true;
            }
            first = i + 1;
        }
        waits = i > first ? waits || (v[first].type == TOK(COPY) && v[i].type == TOK(STDIN) &&
                                      v[i - 1].type == TOK(FROM))
                          : false;
    }
    return false;
}

/* Only blanks or a comment may stand behind the semicolon: rows begin on the next line. */
static int check_rest(const struct parse *p, size_t end, struct err *e)
{
    const char *text = p->out->bytes.p;
    size_t at = p->end;
    while (at < end && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r')) {
        at++;
    }
    if (at == end || (at + 1 < end && text[at] == '-' && text[at + 1] == '-')) {
        return 0;
    }
    int line, col;
    lines_place(&p->lines, at, &line, &col);
    err_at(e, ERR_CONFIG, p->out->path, line, col, "SQL on the line of COPY ... FROM STDIN");
    return err_hint(e, "rows begin on the next line: put it behind the line \\. that ends them");
}

static bool is_last(const char *line, size_t n)
{
    return (n == 2 || (n == 3 && line[2] == '\r')) && line[0] == '\\' && line[1] == '.';
}

int rows_find(struct parse *p, struct err *e)
{
    struct bytes text = p->out->bytes;
    size_t first = line_end(text, p->end);
    int line, col;
    if (check_rest(p, first, e) != 0) {
        return -1;
    }
    size_t begin = first < text.n ? first + 1 : first;
    p->n_rows = 0;
    for (size_t at = begin; at < text.n; p->n_rows++) {
        size_t end = line_end(text, at);
        if (is_last(text.p + at, end - at)) {
            p->rows = bytes_of(text.p + begin, at - begin);
            p->rows_end = end < text.n ? end + 1 : end;
            return 0;
        }
        at = end + 1;
    }
    lines_place(&p->lines, p->tokens.v[p->tokens.n - 1].at, &line, &col);
    err_at(e, ERR_CONFIG, p->out->path, line, col, "the rows of COPY ... FROM STDIN do not end");
    return err_hint(e, "write a line \\. behind the last row");
}

void rows_attach(struct parse *p)
{
    struct statement *st = forms_own(p, p->out->n - 1);
    int col;
    st->data = p->rows;
    st->rows = (int64_t)p->n_rows;
    lines_place(&p->lines, (size_t)(p->rows.p - p->out->bytes.p), &st->data_line, &col);
    if (classify_waits(st)) {
        const struct verdict *touched = classify_touched(&st->touches);
        st->kind = touched != NULL ? touched->kind : STATEMENT_PLAIN;
        st->why = touched != NULL ? touched->why : "";
        st->hint = touched != NULL ? touched->hint : "";
    }
}
