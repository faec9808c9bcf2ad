/* Reference systems in SQL text. */
#include "sql/srid.h"

#include <string.h>
#include <strings.h>

#include "sql/analysis.h"
#include "sql/token.h"
#include "sql/tree.h"

struct search {
    struct arena *a;
    struct srids *out;
};

static void add(const struct search *s, int srid)
{
    struct srids *l = s->out;
    for (size_t i = 0; i < l->n; i++) {
        if (l->v[i] == srid) {
            return;
        }
    }
    ARENA_GROW(s->a, l->v, l->n, l->cap);
    l->v[l->n++] = srid;
}

/* A whole number that stands in the text as such; -1: it is something else. */
static int number_of(const PgQuery__Node *n)
{
    return n != NULL && n->node_case == PG_QUERY__NODE__NODE_A_CONST &&
                   n->a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL
               ? n->a_const->ival->ival
               : -1;
}

static bool is_named(struct tree_list names, const char *name)
{
    const char *last = names.n > 0 ? tree_string(names.v[names.n - 1]) : NULL;
    return last != NULL && strcmp(last, name) == 0;
}

/* geometry(TYPE, SRID) */
static void look_at_type(const struct search *s, const PgQuery__TypeName *t)
{
    struct tree_list names = LIST(t, names);
    if (t->n_typmods == 2 && (is_named(names, "geometry") || is_named(names, "geography")) &&
        number_of(t->typmods[1]) > 0) {
        add(s, number_of(t->typmods[1]));
    }
}

/* AddGeometryColumn([catalog, ] [schema, ] table, column, SRID, type, dimension) */
static void look_at_call(const struct search *s, const PgQuery__FuncCall *f)
{
    if (!is_named(LIST(f, funcname), "addgeometrycolumn")) {
        return;
    }
    for (size_t i = 0; i < f->n_args; i++) {
        if (number_of(f->args[i]) >= 0) {
            if (number_of(f->args[i]) > 0) {
                add(s, number_of(f->args[i]));
            }
            return;
        }
    }
}

static void look(void *ctx, const tree *m)
{
    if (tree_is(m, &pg_query__type_name__descriptor)) {
        look_at_type(ctx, TREE(TypeName, m));
    } else if (tree_is(m, &pg_query__func_call__descriptor)) {
        look_at_call(ctx, TREE(FuncCall, m));
    }
    tree_children(m, look, ctx);
}

static bool begins(struct bytes text, size_t at, const char *word)
{
    size_t n = strlen(word);
    return text.n - at >= n && strncasecmp(text.p + at, word, n) == 0;
}

/* Behind the name of a type: arguments, or a comment that may stand before them. */
static bool has_arguments(struct bytes text, size_t at)
{
    while (at < text.n && strchr(" \t\n\r\f\v\"", text.p[at]) != NULL) {
        at++;
    }
    return begins(text, at, "(") || begins(text, at, "--") || begins(text, at, "/*");
}

/* Most files say nothing of the kind: they need no parser. */
static bool may_declare(struct bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != 'g' && text.p[i] != 'G') {
            continue;
        }
        if (begins(text, i, "geometrycolumn") ||
            (begins(text, i, "geometry") && has_arguments(text, i + strlen("geometry"))) ||
            (begins(text, i, "geography") && has_arguments(text, i + strlen("geography")))) {
            return true;
        }
    }
    return false;
}

void srids_of(struct arena *a, struct bytes text, struct srids *out)
{
    struct arena scratch = {0};
    const PgQuery__ParseResult *r = NULL;
    struct search s = {a, out};
    *out = (struct srids){.is_complete = !may_declare(text)};
    if (out->is_complete) {
        return;
    }
    if (tokens_parse(&scratch, text.p, &r) == 0) {
        out->is_complete = true;
        for (size_t i = 0; i < r->n_stmts; i++) {
            const tree *stmt = tree_of(r->stmts[i]->stmt);
            if (stmt != NULL) {
                look(&s, stmt);
            }
        }
    }
    arena_release(&scratch);
}
