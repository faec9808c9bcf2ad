/* SQL text as tokens: the scanner, statement boundaries, the nesting bound. */
#include "sql/token.h"

#include <pg_query.h>
#include <stdio.h>
#include <string.h>

struct token_scan {
    struct arena *a;
    const char *path;
    struct bytes text;
    struct tokens *out;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static void *scan_alloc(void *a, size_t size)
{
    return arena_alloc(a, size);
}

static void scan_free(void *a, void *p)
{
    (void)a;
    (void)p;
}

/* The scanner's own ends are wrong for U&'...': a token ends where the next thing, comments
 * included, begins. */
static void take_tokens(struct token_scan *s, size_t from, size_t to, const PgQuery__ScanResult *r)
{
    for (size_t i = 0; i < r->n_tokens; i++) {
        const PgQuery__ScanToken *t = r->tokens[i];
        if (t->token == TOK(SQL_COMMENT) || t->token == TOK(C_COMMENT)) {
            continue;
        }
        size_t at = from + (size_t)t->start;
        size_t end = i + 1 < r->n_tokens ? from + (size_t)r->tokens[i + 1]->start : to;
        while (end > at && is_blank(s->text.p[end - 1])) {
            end--;
        }
        ARENA_GROW(s->a, s->out->v, s->out->n, s->out->cap);
        s->out->v[s->out->n++] = (struct token){at, end, (int)t->token};
    }
}

/* Scan sql[from..to) and add its tokens. Returns 0, or -1 with the scanner's words in msg and *at
 * where it stopped. */
static int scan_part(struct token_scan *s, const char *sql, size_t from, size_t to, char *msg,
                     size_t size, size_t *at)
{
    struct arena scratch = {0};
    ProtobufCAllocator in_scratch = {scan_alloc, scan_free, &scratch};
    PgQueryScanResult r = pg_query_scan(sql);
    int rc = 0;
    if (r.error != NULL) {
        snprintf(msg, size, "%s", r.error->message);
        /* It counts characters from 1. */
        *at = from;
        for (int i = 1; i < r.error->cursorpos && *at < to; i++) {
            do {
                ++*at;
            } while (*at < to && ((unsigned char)s->text.p[*at] & 0xC0) == 0x80);
        }
        rc = -1;
    } else {
        const PgQuery__ScanResult *list =
            pg_query__scan_result__unpack(&in_scratch, r.pbuf.len, (const uint8_t *)r.pbuf.data);
        if (list != NULL) {
            take_tokens(s, from, to, list);
        } else {
            BUG("libpg_query gave tokens that cannot be unpacked");
        }
    }
    pg_query_free_scan_result(r);
    arena_release(&scratch);
    return rc;
}

static int scan_failed(const struct token_scan *s, size_t at, char *msg, struct err *e)
{
    int line, col;
    text_place(s->text, at, &line, &col);
    char *quote = strstr(msg, " at or near");
    if (quote != NULL) {
        *quote = '\0'; /* what follows is the file's own text, up to its end */
    }
    err_at(e, ERR_CONFIG, s->path, line, col, "%s", msg);
    if (strncmp(msg, "unterminated", strlen("unterminated")) == 0) {
        err_hint(e, "close it; until then nobody can tell where the statement ends");
    }
    return -1;
}

static bool is_number_part(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '.' || ((unsigned char)c & 0x80) != 0;
}

/* Numbers like 1_000 are junk to this scanner and right to a newer server: step over them. */
static size_t junk_end(struct bytes text, size_t at)
{
    size_t end = at + 1;
    while (end < text.n && is_number_part(text.p[end])) {
        end++;
    }
    return end;
}

int tokens_scan(struct arena *a, const char *path, struct bytes text, struct tokens *out,
                struct err *e)
{
    struct token_scan s = {a, path, text, out};
    const char *sql = arena_strndup(a, text.p, text.n);
    size_t from = 0, at = 0;
    char msg[256];
    while (from < text.n) {
        if (scan_part(&s, sql + from, from, text.n, msg, sizeof msg, &at) == 0) {
            break;
        }
        char again[256];
        size_t nowhere;
        const char *before = arena_strndup(a, text.p + from, at - from);
        int rc = scan_part(&s, before, from, at, again, sizeof again, &nowhere);
        if (rc != 0 || strncmp(msg, "trailing junk", strlen("trailing junk")) != 0) {
            return scan_failed(&s, at, msg, e);
        }
        from = junk_end(text, at);
        ARENA_GROW(a, out->v, out->n, out->cap);
        out->v[out->n++] = (struct token){at, from, TOKEN_JUNK};
    }
    return 0;
}

/* Parentheses and BEGIN ATOMIC bodies that are open. */
struct open {
    int depth, body;
};

/* Whether token i ends a statement. */
static bool ends(const struct tokens *t, size_t i, struct open *o)
{
    int type = t->v[i].type;
    if (type == TOK(ASCII_40) || type == TOK(ASCII_91)) {
        o->depth++;
    } else if ((type == TOK(ASCII_41) || type == TOK(ASCII_93)) && o->depth > 0) {
        o->depth--;
    } else if (type == TOK(ATOMIC) && i > 0 && t->v[i - 1].type == TOK(BEGIN_P)) {
        o->body = 1;
    } else if (type == TOK(CASE) && o->body > 0) {
        o->body++;
    } else if (type == TOK(END_P) && o->body > 0) {
        o->body--;
    }
    return type == TOK(ASCII_59) && o->depth == 0 && o->body == 0;
}

void tokens_split(struct arena *a, const struct tokens *t, struct slices *out)
{
    struct open o = {0, 0};
    size_t first = 0;
    for (size_t i = 0; i <= t->n; i++) {
        if (i < t->n && !ends(t, i, &o)) {
            continue;
        }
        if (i > first) {
            ARENA_GROW(a, out->v, out->n, out->cap);
            out->v[out->n++] = (struct slice){first, i - first};
        }
        first = i + 1;
    }
}

size_t tokens_whole(const struct tokens *t)
{
    struct open o = {0, 0};
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++) {
        n = ends(t, i, &o) ? i + 1 : n;
    }
    return n;
}

void tokens_split_as(struct arena *a, const struct tokens *t, const PgQuery__ParseResult *r,
                     size_t base, struct slices *out)
{
    size_t i = 0;
    for (size_t k = 0; k < r->n_stmts; k++) {
        const PgQuery__RawStmt *s = r->stmts[k];
        size_t from = base + (size_t)s->stmt_location;
        size_t to = s->stmt_len > 0 ? from + (size_t)s->stmt_len : SIZE_MAX;
        while (i < t->n && (t->v[i].at < from || t->v[i].type == TOK(ASCII_59))) {
            i++;
        }
        size_t first = i;
        while (i < t->n && t->v[i].at < to) {
            i++;
        }
        size_t n = i - first;
        while (n > 0 && t->v[first + n - 1].type == TOK(ASCII_59)) {
            n--;
        }
        if (n == 0) {
            BUG("the parser found a statement where the scanner found no token");
        }
        ARENA_GROW(a, out->v, out->n, out->cap);
        out->v[out->n++] = (struct slice){first, n};
    }
}
