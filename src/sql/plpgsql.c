/* The statements of a PL/pgSQL body, found by where statements begin and end: its own keywords and
 * expressions are no SQL, and are passed over. */
#include "sql/plpgsql.h"

#include <string.h>
#include <strings.h>

#include "sql/token.h"

struct body {
    struct analysis *x; /* with a statement of its own */
    char *text;         /* what is passed over is blanked in it */
    struct tokens t;
};

static bool is_word(const struct body *b, const struct token *t, const char *word)
{
    size_t n = strlen(word);
    return t->end - t->at == n && strncasecmp(b->text + t->at, word, n) == 0;
}

/* Behind these a statement begins. */
static bool is_boundary(int type)
{
    return type == TOK(ASCII_59) || type == TOK(BEGIN_P) || type == TOK(THEN) || type == TOK(ELSE);
}

static bool begins_sql(int type)
{
    static const int types[] = {
        TOK(INSERT), TOK(UPDATE), TOK(DELETE_P), TOK(MERGE),    TOK(CREATE),  TOK(ALTER),
        TOK(DROP),   TOK(GRANT),  TOK(REVOKE),   TOK(COMMENT),  TOK(REFRESH), TOK(REINDEX),
        TOK(SELECT), TOK(WITH),   TOK(SET),      TOK(TRUNCATE), TOK(LOCK_P),
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i] == type) {
            return true;
        }
    }
    return false;
}

static void blank(struct body *b, size_t from, size_t to)
{
    memset(b->text + from, ' ', to - from);
}

/* SELECT ... INTO variables, RETURNING ... INTO variables: assignments. */
static void pass_over_into(struct body *b, size_t first, size_t end)
{
    const struct token *v = b->t.v;
    int depth = 0;
    for (size_t i = first; i < end; i++) {
        depth += v[i].type == TOK(ASCII_40);
        depth -= v[i].type == TOK(ASCII_41);
        bool target = i > first && (v[i - 1].type == TOK(INSERT) || v[i - 1].type == TOK(MERGE));
        if (v[i].type != TOK(INTO) || depth > 0 || target) {
            continue;
        }
        size_t to = i + 1;
        while (to < end && v[to].type != TOK(FROM)) {
            to++;
        }
        blank(b, v[i].at, to < end ? v[to].at : v[end - 1].end);
        return;
    }
}

static const tree *parse(struct body *b, const char *sql, size_t first, size_t n)
{
    const PgQuery__ParseResult *r;
    if (tokens_height(b->t.v + first, n) > TOKENS_DEEPEST ||
        tree_parse(b->x->scratch, sql, &r, NULL) != 0 || r->n_stmts != 1) {
        return NULL;
    }
    return tree_of(r->stmts[0]->stmt);
}

/* format() of constants: %I and %L quote, %s does not; %% is %. NULL where it is more than that. */
static const char *formatted(struct arena *a, const PgQuery__FuncCall *f)
{
    const char *p = f->n_args > 0 ? tree_literal(f->args[0]) : NULL;
    size_t next = 1;
    struct buf out = {0};
    for (; p != NULL && *p != '\0'; p++) {
        if (*p != '%') {
            buf_putc(&out, *p);
            continue;
        }
        p++;
        const char *quote = *p == 'I' ? "\"" : *p == 'L' ? "'" : "";
        const char *value = next < f->n_args ? tree_literal(f->args[next]) : NULL;
        if (*p == '%') {
            buf_putc(&out, '%');
        } else if (*p == '\0' || strchr("ILs", *p) == NULL || value == NULL ||
                   strpbrk(value, "\"'\\") != NULL) {
            p = NULL;
            break;
        } else {
            buf_printf(&out, "%s%s%s", quote, value, quote);
            next++;
        }
    }
    const char *text = p != NULL ? arena_strdup(a, buf_str(&out)) : NULL;
    buf_release(&out);
    return text;
}

/* The text of EXECUTE 'constant' or EXECUTE format('...', 'constant', ...), or NULL. */
static const char *constant(struct body *b, size_t first, size_t end)
{
    if (end < first + 2) {
        return NULL;
    }
    const size_t at = b->t.v[first + 1].at;
    const size_t to = b->t.v[end - 1].end;
    const char *sql = arena_printf(b->x->scratch, "SELECT %.*s", (int)(to - at), b->text + at);
    const tree *m = parse(b, sql, first, end - first);
    const tree *target =
        tree_is(m, &pg_query__select_stmt__descriptor) && TREE(SelectStmt, m)->n_target_list == 1
            ? tree_of(TREE(SelectStmt, m)->target_list[0])
            : NULL;
    if (!tree_is(target, &pg_query__res_target__descriptor)) {
        return NULL;
    }
    const PgQuery__Node *value = TREE(ResTarget, target)->val;
    const tree *call = tree_of(value);
    bool formats = tree_is(call, &pg_query__func_call__descriptor) &&
                   strcmp(tree_dotted(LIST(TREE(FuncCall, call), funcname)).name, "format") == 0;
    return formats ? formatted(b->x->scratch, TREE(FuncCall, call)) : tree_literal(value);
}

/* One statement, tokens first .. end - 1. */
static void read_one(struct body *b, size_t first, size_t end)
{
    const struct token *v = b->t.v;
    const char *sql = NULL;
    if (v[first].type == TOK(EXECUTE)) {
        sql = constant(b, first, end);
    } else if (is_word(b, &v[first], "perform")) {
        memcpy(b->text + v[first].at, "SELECT ", strlen("SELECT "));
        sql = arena_strndup(b->x->scratch, b->text + v[first].at, v[end - 1].end - v[first].at);
    } else if (begins_sql(v[first].type)) {
        pass_over_into(b, first, end);
        sql = arena_strndup(b->x->scratch, b->text + v[first].at, v[end - 1].end - v[first].at);
    }
    const tree *m = sql != NULL ? parse(b, sql, first, end - first) : NULL;
    if (m != NULL) {
        b->x->ctes = NULL;
        analysis_run(b->x, m);
    }
}

static void read_all(struct body *b)
{
    size_t first = 0;
    int depth = 0;
    for (size_t i = 0; i < b->t.n; i++) {
        const struct token *t = &b->t.v[i];
        depth += t->type == TOK(ASCII_40);
        depth -= t->type == TOK(ASCII_41);
        if (t->type == TOK(ASCII_59) && depth <= 0 && i > first) {
            read_one(b, first, i);
        }
        if ((is_boundary(t->type) || is_word(b, t, "loop")) && depth <= 0) {
            first = i + 1;
            depth = 0;
        }
    }
}

void plpgsql_read(struct analysis *x, const char *body)
{
    struct statement inner = {.tag = "", .line = x->st->line, .col = x->st->col};
    struct analysis y = *x;
    struct body b = {.x = &y, .text = arena_strdup(x->scratch, body)};
    struct err ignored;
    y.st = &inner;
    y.locks_cap = y.kin_cap = 0;
    y.elsewhere = true;
    if (tokens_scan(x->scratch, "", bytes_str(body), &b.t, &ignored) != 0) {
        return;
    }
    read_all(&b);
    x->st->deeds |= inner.deeds; /* it may come to that */
    for (size_t i = 0; i < inner.touches.n; i++) {
        const struct touch *t = &inner.touches.v[i];
        analysis_maybe(x, &t->object, t->effect);
    }
}
