/* An INSERT of many rows, some of them at a time: what stands in VALUES are siblings, so that what
 * all of them touch is what the parts of them touch. */
#include <string.h>

#include "sql/parse.h"

struct insert {
    struct parse *p;
    size_t at;         /* where the statement begins */
    struct bytes head; /* up to VALUES */
    struct analysis x;
};

/* Behind VALUES outside parentheses, or 0: the statement is no plain list of rows. */
static size_t head_end(const struct tokens *t)
{
    int depth = 0;
    if (t->n == 0 || t->v[0].type != TOK(INSERT)) {
        return 0;
    }
    for (size_t i = 1; i < t->n; i++) {
        int type = t->v[i].type;
        depth += type == TOK(ASCII_40) || type == TOK(ASCII_91);
        depth -= type == TOK(ASCII_41) || type == TOK(ASCII_93);
        if (depth == 0 && (type == TOK(SELECT) || type == TOK(WITH) || type == TOK(ASCII_92))) {
            return 0;
        }
        if (depth == 0 && type == TOK(VALUES)) {
            return t->v[i].end;
        }
    }
    return 0;
}

/* How many of the tokens are whole rows: up to the semicolon, or the last comma outside
 * parentheses; 0: neither is there. */
static size_t whole_rows(const struct tokens *t)
{
    int depth = 0;
    size_t comma = 0;
    for (size_t i = 0; i < t->n; i++) {
        int type = t->v[i].type;
        depth += type == TOK(ASCII_40) || type == TOK(ASCII_91);
        depth -= type == TOK(ASCII_41) || type == TOK(ASCII_93);
        if (depth == 0 && type == TOK(ASCII_59)) {
            return i;
        }
        comma = depth == 0 && type == TOK(ASCII_44) ? i : comma;
    }
    return comma;
}

/* Scan rows from at on; *n receives how many tokens are whole rows. false: the file ends first. */
static bool scan_rows(struct parse *p, size_t at, size_t *n)
{
    struct bytes rest = bytes_of(p->out->bytes.p + at, p->out->bytes.n - at);
    const struct arena_mark mark = arena_mark(&p->scratch);
    for (size_t size = PIECE;; size *= 2) {
        struct err ignored;
        p->tokens = (struct tokens){0};
        bool all = size >= rest.n;
        (void)!piece_scan(p, at, all ? rest.n : text_cut(rest, size), &ignored);
        *n = whole_rows(&p->tokens);
        if (*n > 0 || all) {
            return *n > 0;
        }
        arena_reset(&p->scratch, mark);
    }
}

/* Parse the beginning with the rows in the first n tokens, and add what they do to the statement. */
static bool take(struct insert *in, size_t n)
{
    struct parse *p = in->p;
    size_t from = p->tokens.v[0].at;
    size_t to = p->tokens.v[n - 1].end;
    const PgQuery__ParseResult *r;
    const char *mark;
    struct bytes until = bytes_of(p->out->bytes.p, to);
    if (text_mark(until, from, &mark) < to) {
        return false; /* whether it stands in a string is seen where the whole is read */
    }
    const char *sql = arena_printf(&p->scratch, "%.*s %.*s", (int)in->head.n, in->head.p,
                                   (int)(to - from), p->out->bytes.p + from);
    if (tokens_height(p->tokens.v, n) > TOKENS_DEEPEST ||
        tree_parse(&p->scratch, sql, &r, NULL) != 0 || r->n_stmts != 1) {
        return false;
    }
    const tree *stmt = tree_of(r->stmts[0]->stmt);
    struct statement *st = in->x.st;
    in->x.base = in->at;
    in->x.cut = in->head.n + 1;
    in->x.shift = from - (in->at + in->x.cut);
    in->x.ctes = NULL;
    analysis_run(&in->x, stmt);
    int64_t rows = parse_rows(st, stmt);
    st->rows = rows < 0 || st->rows < 0 ? ROWS_UNKNOWN : st->rows + rows;
    return true;
}

bool insert_read(struct parse *p)
{
    size_t values = head_end(&p->tokens);
    if (values == 0) {
        return false;
    }
    struct insert in = {.p = p, .at = p->tokens.v[0].at};
    in.head = bytes_of(p->out->bytes.p + in.at, values - in.at);
    static const struct verdict plain = {STATEMENT_PLAIN, "", ""};
    struct statement *st = forms_add(p, in.at, values, &plain);
    st->analysed = true;
    st->tag = "INSERT";
    in.x = (struct analysis){.a = p->a,
                             .scratch = &p->scratch,
                             .lists = &p->lists,
                             .st = st,
                             .index = (int)p->out->n,
                             .temps = &p->temps,
                             .path = &p->path,
                             .lines = &p->lines,
                             .read_lock = LOCK_ACCESS_SHARE,
                             .schema = ""};
    const struct arena_mark mark = arena_mark(&p->scratch);
    size_t n = 0;
    for (size_t at = values;; at = p->end) {
        if (!scan_rows(p, at, &n) || !take(&in, n)) {
            forms_drop(p);
            return false;
        }
        p->end = p->tokens.v[n].end; /* behind the comma or semicolon */
        bool last = p->tokens.v[n].type == TOK(ASCII_59);
        if (last) {
            st->text.n = p->tokens.v[n - 1].end - in.at;
            analysis_end(&in.x);
            (void)forms_settle(p);
            return true;
        }
        arena_reset(&p->scratch, mark);
    }
}
