/* A file in pieces of whole statements. */
#include "sql/parse.h"
#include "sql/psql.h"
#include "sql/rows.h"

int piece_scan(struct parse *p, size_t base, size_t n, struct err *unfinished)
{
    struct bytes text = p->out->bytes;
    int rc;
    p->sql = arena_strndup(&p->scratch, text.p + base, n);
    do {
        p->tokens.n = 0;
        rc = tokens_scan(&p->scratch, p->out->path, bytes_of(p->sql, n), &p->tokens, unfinished);
    } while (psql_pass_over(p->sql, n, &p->tokens));
    if (rc != 0) {
        int line, col;
        lines_place(&p->lines, base, &line, &col);
        unfinished->where.col += unfinished->where.line == 1 ? col - 1 : 0;
        unfinished->where.line += line - 1;
    }
    for (size_t i = 0; i < p->tokens.n; i++) {
        p->tokens.v[i].at += base;
        p->tokens.v[i].end += base;
    }
    return rc;
}

/* Keep what ends with the last statement that is whole; false if none is. */
static bool cut(struct parse *p)
{
    size_t n = tokens_whole(&p->tokens);
    if (n == 0) {
        return false;
    }
    p->tokens.n = n;
    p->end = p->tokens.v[n - 1].end;
    p->sql[p->end - p->base] = '\0';
    return true;
}

/* Rows are no SQL: where a line looks as if they began behind it, what is before is scanned alone. */
static bool begins_rows(struct parse *p, struct bytes rest, size_t size)
{
    const struct arena_mark mark = arena_mark(&p->scratch);
    struct err ignored;
    size_t bound = rows_bound(rest, size);
    p->tokens = (struct tokens){0};
    if (bound == size || (piece_scan(p, p->base, bound, &ignored) != 0 && p->tokens.n == 0) ||
        !rows_follow(p)) {
        arena_reset(&p->scratch, mark);
        return false;
    }
    return true;
}

int piece_read(struct parse *p, struct err *e)
{
    p->rows = (struct bytes){NULL, 0};
    struct bytes rest = bytes_of(p->out->bytes.p + p->base, p->out->bytes.n - p->base);
    const struct arena_mark mark = arena_mark(&p->scratch);
    for (size_t size = PIECE; rest.n > size; size *= 2) {
        /* What is cut in the middle looks unfinished; the tokens before it are right. */
        struct err ignored;
        if (begins_rows(p, rest, size)) {
            return rows_find(p, e);
        }
        p->tokens = (struct tokens){0};
        if (piece_scan(p, p->base, text_cut(rest, size), &ignored) != 0 && p->tokens.n == 0) {
            continue;
        }
        if (rows_follow(p)) {
            return rows_find(p, e);
        }
        if (cut(p)) {
            return 0;
        }
        if (insert_read(p)) {
            return 1;
        }
        arena_reset(&p->scratch, mark);
    }
    struct err unfinished;
    if (begins_rows(p, rest, rest.n)) {
        return rows_find(p, e);
    }
    p->tokens = (struct tokens){0};
    p->end = p->out->bytes.n;
    int rc = piece_scan(p, p->base, rest.n, &unfinished);
    if (rows_follow(p)) {
        return rows_find(p, e);
    }
    if (rc == 0) {
        return 0;
    }
    /* An apostrophe behind a meta-command opens a string that nobody meant. */
    if (psql_check_commands(p->out->path, p->out->bytes, &p->tokens, e) == 0 && e != NULL) {
        *e = unfinished;
    }
    return -1;
}
