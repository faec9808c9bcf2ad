/* How deeply a text nests, before anybody parses it. */
#include "sql/token.h"
#include "sql/tree.h"

/* One open parenthesis, CASE, or the statement itself. */
struct level {
    unsigned chain;   /* height of the item being read: each of its tokens may nest once */
    unsigned tallest; /* of the items before it */
    unsigned sticky;  /* set operations, joins, BETWEEN: these nest across commas and AND */
    bool is_case;
};

/* List separators in PostgreSQL's grammar: what stands on both sides becomes siblings. */
static bool separates(int type)
{
    return type == TOK(ASCII_44) || type == TOK(ASCII_59) || type == TOK(AND) || type == TOK(OR) ||
           type == TOK(WHEN) || type == TOK(THEN) || type == TOK(ELSE);
}

static bool sticks(int type)
{
    return type == TOK(UNION) || type == TOK(INTERSECT) || type == TOK(EXCEPT) ||
           type == TOK(JOIN) || type == TOK(BETWEEN);
}

static void end_item(struct level *l)
{
    if (l->chain > l->tallest) {
        l->tallest = l->chain;
    }
    l->chain = 0;
}

static unsigned height(struct level *l)
{
    end_item(l);
    return l->tallest + l->sticky;
}

unsigned tokens_height(const struct token *v, size_t n)
{
    struct level stack[TOKENS_DEEPEST + 1] = {{0}};
    unsigned top = 0;
    for (size_t i = 0; i < n; i++) {
        int type = v[i].type;
        bool closes = type == TOK(ASCII_41) || type == TOK(ASCII_93);
        if (type == TOK(ASCII_40) || type == TOK(ASCII_91) || type == TOK(CASE)) {
            if (top == TOKENS_DEEPEST) {
                return TOKENS_DEEPEST + 1;
            }
            stack[++top] = (struct level){.is_case = type == TOK(CASE)};
        } else if (top > 0 && (stack[top].is_case ? type == TOK(END_P) : closes)) {
            unsigned inner = height(&stack[top--]);
            stack[top].chain += inner + 1;
        } else if (separates(type)) {
            end_item(&stack[top]);
        } else {
            stack[top].chain++;
            stack[top].sticky += sticks(type) ? 1 : 0;
        }
    }
    /* What is left open counts as well: the parser meets it before it can complain. */
    while (top > 0) {
        unsigned inner = height(&stack[top--]);
        stack[top].chain += inner + 1;
    }
    return height(&stack[0]);
}

int tokens_parse(struct arena *scratch, const char *sql, const PgQuery__ParseResult **out)
{
    struct tokens t = {0};
    struct err ignored = {0};
    *out = NULL;
    if (tokens_scan(scratch, "", bytes_str(sql), &t, &ignored) != 0 ||
        tokens_height(t.v, t.n) > TOKENS_DEEPEST) {
        return -1;
    }
    return tree_parse(scratch, sql, out, NULL);
}
