/* Statements that a comment makes a backfill's. */
#include "sql/marked.h"

#include <string.h>

#include "model/backfill.h"

/* --- finding them ----------------------------------------------------------------------------------- */

static size_t line_end(struct bytes text, size_t at)
{
    const char *end = memchr(text.p + at, '\n', text.n - at);
    return end != NULL ? (size_t)(end - text.p) : text.n;
}

/* Where the text of a line of comment begins, behind "--"; 0: at begins none. */
static size_t comment_at(struct bytes text, size_t at)
{
    while (at < text.n && (text.p[at] == ' ' || text.p[at] == '\t')) {
        at++;
    }
    return at + 1 < text.n && text.p[at] == '-' && text.p[at + 1] == '-' ? at + 2 : 0;
}

/* Braces that are open at the end of text, outside of quotes. */
static int open_braces(struct bytes text, int open)
{
    char quote = '\0';
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (quote == '"' && c == '\\') {
            i++;
        } else if (quote != '\0') {
            quote = c == quote ? '\0' : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else {
            open += c == '{' ? 1 : c == '}' ? -1 : 0;
        }
    }
    return open;
}

static bool is_blank(struct bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (strchr(" \t\r", text.p[i]) == NULL) {
            return false;
        }
    }
    return true;
}

/* What stands behind a mark: its own line, the lines of comment behind it until its braces are closed; all of
 * them where its own says nothing. */
static struct bytes settings_at(struct arena *a, struct bytes text, size_t at)
{
    struct buf out = {0};
    size_t end = line_end(text, at);
    struct bytes line = bytes_of(text.p + at, end - at);
    bool is_block = is_blank(line);
    int open = open_braces(line, 0);
    buf_add(&out, line.p, line.n);
    while (end < text.n && (is_block || open > 0)) {
        size_t begin = comment_at(text, end + 1);
        if (begin == 0) {
            break;
        }
        end = line_end(text, begin);
        line = bytes_of(text.p + begin, end - begin);
        open = open_braces(line, open);
        buf_putc(&out, '\n');
        buf_add(&out, line.p, line.n);
    }
    struct bytes settings = bytes_of(arena_strndup(a, buf_str(&out), out.n), out.n);
    buf_release(&out);
    return settings;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The mark's words begin at at: is it a comment of its own line? */
static bool begins_line(struct bytes text, size_t at)
{
    size_t end = at + strlen(BACKFILL_MARK);
    size_t from = at;
    while (from > 0 && text.p[from - 1] != '\n') {
        from--;
    }
    size_t words = comment_at(text, from);
    while (words > 0 && words < at && text.p[words] == ' ') {
        words++;
    }
    return words == at && (end == text.n || !is_word(text.p[end]));
}

/* The first token behind at; n: none. *is_inside: at stands within one. */
static size_t token_behind(const struct tokens *t, size_t at, bool *is_inside)
{
    size_t low = 0;
    size_t high = t->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (t->v[mid].end <= at) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    *is_inside = low < t->n && t->v[low].at <= at;
    return low;
}

static bool is_name(const struct parse *p, const struct token *colon, const struct token *name,
                    const char *word)
{
    size_t n = strlen(word);
    return colon->type == TOK(ASCII_58) && name->at == colon->end && name->end - name->at == n &&
           memcmp(p->out->bytes.p + name->at, word, n) == 0;
}

/* In what is parsed, and of the same length. */
static void replace(const struct parse *p, size_t at, const char *with)
{
    memcpy(p->sql + (at - p->base), with, strlen(with));
}

static void find_bounds(struct parse *p, struct mark *m, size_t first)
{
    const struct token *v = p->tokens.v;
    for (size_t i = first; i < p->tokens.n && v[i].type != TOK(ASCII_59); i++) {
        m->n_params += v[i].type == TOK(PARAM) ? 1 : 0;
        if (i + 1 < p->tokens.n && is_name(p, &v[i], &v[i + 1], "from")) {
            replace(p, v[i].at, "$1   ");
            m->from = v[i].at;
            m->n_from++;
        } else if (i + 1 < p->tokens.n && is_name(p, &v[i], &v[i + 1], "to")) {
            replace(p, v[i].at, "$2 ");
            m->to = v[i].at;
            m->n_to++;
        }
    }
}

static int blame(const struct parse *p, size_t at, struct err *e)
{
    int line = 0;
    int col = 0;
    lines_place(&p->lines, at, &line, &col);
    err_at(e, ERR_CONFIG, p->out->path, line, col, "no statement follows the mark of a backfill");
    return err_hint(e, "put it right before the statement that is to run range by range");
}

static void add_mark(struct parse *p, size_t at, size_t first)
{
    size_t behind = at + strlen(BACKFILL_MARK);
    ARENA_GROW(&p->scratch, p->marks, p->n_marks, p->cap_marks);
    struct mark *m = &p->marks[p->n_marks++];
    *m = (struct mark){.at = at,
                       .begin = p->tokens.v[first].at,
                       .settings = settings_at(&p->scratch, p->out->bytes, behind)};
    find_bounds(p, m, first);
}

int marked_find(struct parse *p, struct err *e)
{
    struct bytes text = p->out->bytes;
    p->marks = NULL;
    p->n_marks = p->cap_marks = 0;
    for (size_t at = p->base; at < p->end;) {
        const char *found = memmem(text.p + at, p->end - at, BACKFILL_MARK, strlen(BACKFILL_MARK));
        bool is_inside = false;
        if (found == NULL) {
            break;
        }
        at = (size_t)(found - text.p);
        size_t first = token_behind(&p->tokens, at, &is_inside);
        if (!is_inside && begins_line(text, at)) {
            if (first == p->tokens.n) {
                return blame(p, at, e);
            }
            add_mark(p, at, first);
        }
        at += strlen(BACKFILL_MARK);
    }
    return 0;
}

/* --- the range -------------------------------------------------------------------------------------- */

/* What a condition compares with a bound. at: the operator's place in what was parsed. */
struct bound_test {
    bool is_found;
    int at;
    const tree *key;
};

/* The conjunction of one WHERE. */
struct conjunction {
    struct bound_test from, to;
};

struct range_search {
    struct conjunction found;
    bool is_found;
};

static bool is_bound(const tree *m, int number)
{
    return tree_is(m, &pg_query__param_ref__descriptor) && TREE(ParamRef, m)->number == number;
}

/* m is "key OP $number", or "$number REVERSED key". */
static void compare(const PgQuery__AExpr *m, int number, const char *op, const char *reversed,
                    struct bound_test *out)
{
    const tree *left = tree_of(m->lexpr);
    const tree *right = tree_of(m->rexpr);
    const char *name = m->n_name == 1 ? tree_string(m->name[0]) : NULL;
    if (m->kind != PG_QUERY__A__EXPR__KIND__AEXPR_OP || name == NULL) {
        return;
    }
    if (is_bound(right, number) && strcmp(name, op) == 0) {
        *out = (struct bound_test){true, m->location, left};
    } else if (is_bound(left, number) && strcmp(name, reversed) == 0) {
        *out = (struct bound_test){true, m->location, right};
    }
}

static void conjoin(const tree *m, struct conjunction *c)
{
    if (tree_is(m, &pg_query__bool_expr__descriptor) &&
        TREE(BoolExpr, m)->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR) {
        const PgQuery__BoolExpr *b = TREE(BoolExpr, m);
        for (size_t i = 0; i < b->n_args; i++) {
            conjoin(tree_of(b->args[i]), c);
        }
    } else if (tree_is(m, &pg_query__a__expr__descriptor)) {
        compare(TREE(AExpr, m), 1, ">", "<", &c->from);
        compare(TREE(AExpr, m), 2, "<=", ">=", &c->to);
    }
}

static const PgQuery__Node *where_of(const tree *m)
{
    return tree_is(m, &pg_query__select_stmt__descriptor)   ? TREE(SelectStmt, m)->where_clause
           : tree_is(m, &pg_query__update_stmt__descriptor) ? TREE(UpdateStmt, m)->where_clause
           : tree_is(m, &pg_query__delete_stmt__descriptor) ? TREE(DeleteStmt, m)->where_clause
                                                            : NULL;
}

static void search(void *ctx, const tree *m)
{
    struct range_search *x = ctx;
    struct conjunction c = {0};
    const PgQuery__Node *where = where_of(m);
    if (where != NULL) {
        conjoin(tree_of(where), &c);
    }
    if (c.from.is_found && c.to.is_found && !x->is_found) {
        x->found = c;
        x->is_found = true;
    }
    if (!x->is_found) {
        tree_children(m, search, x);
    }
}

static bool add_column(struct arena *a, const tree *m, struct names *out)
{
    const PgQuery__ColumnRef *c =
        tree_is(m, &pg_query__column_ref__descriptor) ? TREE(ColumnRef, m) : NULL;
    const char *name = c != NULL ? tree_string(c->fields[c->n_fields - 1]) : NULL;
    if (name == NULL) {
        return false;
    }
    ARENA_GROW(a, out->v, out->n, out->cap);
    out->v[out->n++] = arena_strdup(a, name);
    return true;
}

/* A column, or a row of them; false: something else. */
static bool columns_of(struct arena *a, const tree *m, struct names *out)
{
    bool all = true;
    *out = (struct names){0};
    if (!tree_is(m, &pg_query__row_expr__descriptor)) {
        return add_column(a, m, out);
    }
    const PgQuery__RowExpr *row = TREE(RowExpr, m);
    for (size_t i = 0; i < row->n_args; i++) {
        all = add_column(a, tree_of(row->args[i]), out) && all;
    }
    return all;
}

/* --- what is wrong with it -------------------------------------------------------------------------- */

static void refuse(struct backfill_range *r, const char *why, const char *hint)
{
    r->why = why;
    r->hint = hint;
}

static void find_target(struct arena *a, const tree *m, struct backfill_range *r)
{
    const PgQuery__RangeVar *table = NULL;
    r->target = "";
    if (tree_is(m, &pg_query__update_stmt__descriptor)) {
        const PgQuery__UpdateStmt *s = TREE(UpdateStmt, m);
        table = s->relation;
        for (size_t i = 0; i < s->n_target_list; i++) {
            const tree *t = tree_of(s->target_list[i]);
            r->changes_key |= tree_is(t, &pg_query__res_target__descriptor) &&
                              names_have(&r->columns, TREE(ResTarget, t)->name);
        }
    } else if (tree_is(m, &pg_query__delete_stmt__descriptor)) {
        table = TREE(DeleteStmt, m)->relation;
    }
    if (table != NULL) {
        r->target = arena_strdup(a, table->relname);
    }
}

static void read_range(struct parse *p, const tree *stmt, const struct mark *m,
                       struct backfill_range *r)
{
    static const char how[] = "write KEY > :from AND KEY <= :to in its WHERE, KEY being the key's "
                              "column, or (A, B) for several";
    struct range_search x = {.is_found = false};
    struct names columns;
    search(&x, stmt);
    if (!x.is_found) {
        refuse(r,
               "its WHERE does not go from :from (exclusive) to :to (inclusive): both have to be "
               "compared there, by AND",
               how);
        return;
    }
    if (!columns_of(p->a, x.found.from.key, &r->columns) ||
        !columns_of(p->a, x.found.to.key, &columns) || !names_same(&r->columns, &columns)) {
        refuse(r, ":from and :to are not compared with the same columns", how);
        return;
    }
    r->from = m->from - m->begin;
    r->to = m->to - m->begin;
    r->above =
        (size_t)x.found.from.at + 1; /* in what was parsed: made a place of the statement later */
    find_target(p->a, stmt, r);
}

static bool is_of_rows(const struct statement *st)
{
    static const char *const tags[] = {"UPDATE", "INSERT", "DELETE", "MERGE"};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        if (strcmp(st->tag, tags[i]) == 0) {
            return true;
        }
    }
    return false;
}

static const struct mark *mark_at(const struct parse *p, size_t at)
{
    for (size_t i = 0; i < p->n_marks; i++) {
        if (p->marks[i].begin == at) {
            return &p->marks[i];
        }
    }
    return NULL;
}

bool marked_is(const struct parse *p, size_t at)
{
    return mark_at(p, at) != NULL;
}

void marked_read(struct parse *p, const tree *stmt, size_t base, struct statement *st)
{
    const struct mark *m = mark_at(p, st->offset);
    if (m == NULL) {
        return;
    }
    struct backfill_range *r = ARENA_NEW(p->a, struct backfill_range);
    st->range = r;
    st->mark = bytes_of(arena_strndup(p->a, m->settings.p, m->settings.n), m->settings.n);
    *r = (struct backfill_range){.target = ""};
    if (stmt == NULL) {
        refuse(r, "a backfill's statement has to be known to the parser", "correct it");
    } else if (!is_of_rows(st)) {
        refuse(r, "a backfill's statement is an UPDATE, INSERT, DELETE or MERGE", "");
    } else if (m->n_from != 1 || m->n_to != 1) {
        refuse(r, ":from and :to have to stand in it exactly once each", "");
    } else if (m->n_params > 0) {
        refuse(r, "it has parameters of its own", "write the value itself");
    } else {
        read_range(p, stmt, m, r);
        r->above += base - st->offset;
    }
}
