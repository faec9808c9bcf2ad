/* Whether ALTER TABLE writes a table's rows anew. */
#include "sql/rewrite.h"

#include <string.h>

#include "sql/builtin.h"
#include "sql/grammar.h"

/* How certain it is; the worst of several counts. */
enum certainty { NEVER, MAYBE, SURELY };

static enum certainty worse(enum certainty a, enum certainty b)
{
    return a > b ? a : b;
}

static enum certainty of_call(const PgQuery__FuncCall *f)
{
    struct dotted d = tree_dotted(tree_list(f->funcname, f->n_funcname));
    if (d.schema[0] != '\0' && strcmp(d.schema, "pg_catalog") != 0) {
        return MAYBE;
    }
    if (builtin_volatile(d.name)) {
        return SURELY;
    }
    return builtin_function(d.name) ? NEVER : MAYBE;
}

static void add_volatility(void *ctx, const tree *m)
{
    enum certainty *worst = ctx;
    if (tree_is(m, &pg_query__func_call__descriptor)) {
        *worst = worse(*worst, of_call(TREE(FuncCall, m)));
    } else if (tree_is(m, &pg_query__a__expr__descriptor)) {
        *worst = worse(*worst, MAYBE); /* an operator may be anybody's */
    }
    tree_children(m, add_volatility, ctx);
}

/* A value that is the same for every row is kept beside the table. */
static enum certainty of_default(const tree *value)
{
    enum certainty worst = NEVER;
    if (value != NULL) {
        add_volatility(&worst, value);
    }
    return worst;
}

static bool is_serial(const PgQuery__TypeName *type)
{
    static const char *const names[] = {"serial",  "serial4",     "bigserial",
                                        "serial8", "smallserial", "serial2"};
    const char *name = type != NULL ? tree_dotted(tree_list(type->names, type->n_names)).name : "";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static enum certainty of_column(const PgQuery__ColumnDef *c)
{
    enum certainty worst = is_serial(c->type_name) ? SURELY : NEVER;
    for (size_t i = 0; i < c->n_constraints; i++) {
        const tree *m = tree_of(c->constraints[i]);
        if (!tree_is(m, &pg_query__constraint__descriptor)) {
            continue;
        }
        const PgQuery__Constraint *k = TREE(Constraint, m);
        if (k->contype == PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY ||
            (k->contype == PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED && !grammar_virtual(k))) {
            worst = SURELY;
        } else if (k->contype == PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT) {
            worst = worse(worst, of_default(tree_of(k->raw_expr)));
        }
    }
    return worst;
}

static struct rewriting *rewriting_of(struct analysis *x)
{
    if (x->st->rewriting == NULL) {
        x->st->rewriting = ARENA_NEW(x->a, struct rewriting);
    }
    return x->st->rewriting;
}

static void note(struct analysis *x, enum certainty how)
{
    if (how == NEVER || x->defining || x->temporary) {
        return;
    }
    struct rewriting *r = rewriting_of(x);
    r->surely |= how == SURELY;
    r->maybe |= how == MAYBE;
    analysis_rewrites(x);
}

/* As SQL, quoted, without modifiers; NULL: a form that only the server can read. */
static const char *type_text(struct arena *a, const PgQuery__TypeName *t)
{
    const char *text = "";
    if (t == NULL || t->setof || t->pct_type || t->n_names == 0) {
        return NULL;
    }
    for (size_t i = 0; i < t->n_names; i++) {
        const char *name = tree_string(t->names[i]);
        if (name == NULL || strchr(name, '"') != NULL) {
            return NULL;
        }
        text = arena_printf(a, "%s%s\"%s\"", text, i > 0 ? "." : "", name);
    }
    return arena_printf(a, "%s%s", text, t->n_array_bounds > 0 ? "[]" : "");
}

/* "10,2"; "": none; "?": not numbers. */
static const char *modifiers_text(struct arena *a, const PgQuery__TypeName *t)
{
    const char *text = "";
    for (size_t i = 0; i < t->n_typmods; i++) {
        const tree *m = tree_of(t->typmods[i]);
        const PgQuery__AConst *c =
            tree_is(m, &pg_query__a__const__descriptor) ? TREE(AConst, m) : NULL;
        if (c == NULL || c->val_case != PG_QUERY__A__CONST__VAL_IVAL) {
            return "?";
        }
        text = arena_printf(a, "%s%s%d", text, i > 0 ? "," : "", c->ival->ival);
    }
    return text;
}

/* Returns false where the type cannot be asked about. */
static bool note_type(struct analysis *x, const char *column, const PgQuery__TypeName *t)
{
    const char *text = x->defining || x->temporary ? NULL : type_text(x->a, t);
    if (text == NULL) {
        return false;
    }
    struct rewriting *r = rewriting_of(x);
    ARENA_GROW(x->a, r->v, r->n, r->cap);
    r->v[r->n++] = (struct retype){arena_strdup(x->a, column), text, modifiers_text(x->a, t)};
    return true;
}

static enum certainty unless(bool if_there, enum certainty how)
{
    return if_there && how == SURELY ? MAYBE : how;
}

void rewrite_added(struct analysis *x, const PgQuery__ColumnDef *def, bool if_there)
{
    enum certainty how = of_column(def);
    note(x, unless(if_there, how));
    const PgQuery__TypeName *t = def->type_name;
    bool builtin = t == NULL || strcmp(tree_dotted(LIST(t, names)).schema, "pg_catalog") == 0;
    if (how == NEVER && !if_there && !builtin) {
        (void)note_type(x, "", t); /* the rules of a domain are computed for each row */
    }
}

/* USING column, or a cast of it, is what the change of type does by itself. */
static enum certainty of_using(const tree *value, const char *column)
{
    if (value == NULL) {
        return NEVER;
    }
    if (tree_is(value, &pg_query__type_cast__descriptor)) {
        return of_using(tree_of(TREE(TypeCast, value)->arg), column);
    }
    if (tree_is(value, &pg_query__column_ref__descriptor)) {
        const PgQuery__ColumnRef *c = TREE(ColumnRef, value);
        const char *name = c->n_fields > 0 ? tree_string(c->fields[c->n_fields - 1]) : NULL;
        return name != NULL && strcmp(name, column) == 0 ? NEVER : SURELY;
    }
    if (tree_is(value, &pg_query__func_call__descriptor)) {
        return of_call(TREE(FuncCall, value)) == MAYBE ? MAYBE : SURELY;
    }
    return tree_is(value, &pg_query__a__const__descriptor) ? SURELY : MAYBE;
}

void rewrite_retyped(struct analysis *x, const char *column, const PgQuery__ColumnDef *def,
                     bool if_there)
{
    enum certainty how = of_using(tree_of(def->raw_default), column);
    analysis_rewrites(x);
    if (how != NEVER || if_there || !note_type(x, column, def->type_name)) {
        note(x, unless(if_there, how == NEVER ? MAYBE : how));
    }
}

void rewrite_whole(struct analysis *x, bool surely)
{
    note(x, surely ? SURELY : MAYBE);
}
