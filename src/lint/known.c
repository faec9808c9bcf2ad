/* What the migrations of a plan make, as far as the linter needs it. */
#include <string.h>

#include "lint/work.h"

static bool same_name(const char *schema_a, const char *a, const char *schema_b, const char *b)
{
    return strcmp(a, b) == 0 &&
           (schema_a[0] == '\0' || schema_b[0] == '\0' || strcmp(schema_a, schema_b) == 0);
}

struct known_table *known_table(const struct known *k, const char *schema, const char *name)
{
    struct known_table *t = table_gets(&k->by_name, name);
    while (t != NULL && (t->is_gone || !same_name(t->schema, t->name, schema, name))) {
        t = t->older;
    }
    return t;
}

static struct known_table *add_table(struct arena *a, struct known *k, const char *schema,
                                     const char *name)
{
    struct known_table *t = ARENA_NEW(a, struct known_table);
    t->schema = arena_strdup(a, schema);
    t->name = arena_strdup(a, name);
    k->by_name.a = a;
    t->older = table_puts(&k->by_name, t->name, t);
    return t;
}

struct known_table *known_table_of(struct arena *a, struct known *k, const char *schema,
                                   const char *name)
{
    struct known_table *t = known_table(k, schema, name);
    return t != NULL ? t : add_table(a, k, schema, name);
}

struct known_table *known_table_new(struct arena *a, struct known *k, const PgQuery__RangeVar *r)
{
    struct known_table *t = add_table(a, k, r->schemaname, r->relname);
    t->is_new = t->is_whole = true;
    return t;
}

struct known_column *known_column(const struct known_table *t, const char *name)
{
    for (size_t i = 0; t != NULL && i < t->n_column; i++) {
        if (strcmp(t->column[i].name, name) == 0) {
            return &t->column[i];
        }
    }
    return NULL;
}

const char *known_type(struct arena *a, const PgQuery__TypeName *t)
{
    /* Before the server's parser has rewritten them. */
    static const char *const serials[][2] = {
        {"serial", "int4"},  {"serial4", "int4"},     {"bigserial", "int8"},
        {"serial8", "int8"}, {"smallserial", "int2"}, {"serial2", "int2"},
    };
    const char *name = t != NULL ? tree_dotted(LIST(t, names)).name : "";
    for (size_t i = 0; i < sizeof serials / sizeof *serials; i++) {
        name = strcmp(name, serials[i][0]) == 0 ? serials[i][1] : name;
    }
    return arena_printf(a, "%s%s", name, t != NULL && t->n_array_bounds > 0 ? "[]" : "");
}

static int number_of(const PgQuery__Node *n)
{
    const tree *m = tree_of(n);
    const PgQuery__AConst *c = tree_is(m, &pg_query__a__const__descriptor) ? TREE(AConst, m) : NULL;
    return c != NULL && c->val_case == PG_QUERY__A__CONST__VAL_IVAL ? c->ival->ival : -1;
}

int known_modifier(const PgQuery__TypeName *t)
{
    return t != NULL && t->n_typmods > 0 ? number_of(t->typmods[0]) : -1;
}

struct known_column *known_column_add(struct arena *a, struct known_table *t, const char *name,
                                      const PgQuery__TypeName *type)
{
    struct known_column *c = known_column(t, name);
    if (c == NULL) {
        ARENA_GROW(a, t->column, t->n_column, t->cap_column);
        c = &t->column[t->n_column++];
    }
    *c = (struct known_column){.name = arena_strdup(a, name),
                               .type = known_type(a, type),
                               .modifier = known_modifier(type)};
    if (type != NULL && type->n_typmods > 1) {
        c->srid = number_of(type->typmods[1]);
    }
    return c;
}

bool known_indexed(const struct known_table *t, const struct names *columns)
{
    for (size_t i = 0; i < t->n_index; i++) {
        const struct known_index *x = &t->index[i];
        size_t n = 0;
        while (!x->is_partial && n < columns->n && n < x->columns.n &&
               names_have(columns, x->columns.v[n])) {
            n++;
        }
        if (n == columns->n) {
            return true;
        }
    }
    return false;
}

struct known_function *known_function(const struct known *k, struct dotted name)
{
    for (size_t i = k->n_function; i-- > 0;) {
        if (same_name(k->function[i].schema, k->function[i].name, name.schema, name.name)) {
            return &k->function[i];
        }
    }
    return NULL;
}

struct names known_names(struct arena *a, struct tree_list list)
{
    struct names out = {0};
    for (size_t i = 0; i < list.n; i++) {
        const char *s = tree_string(list.v[i]);
        if (s != NULL) {
            names_add(a, &out, arena_strdup(a, s));
        }
    }
    return out;
}
