/* Columns and constraints, in CREATE TABLE and in ALTER TABLE. */
#include <string.h>

#include "lint/work.h"
#include "sql/builtin.h"
#include "sql/grammar.h"

#define CONSTR(name) PG_QUERY__CONSTR_TYPE__CONSTR_##name

/* --- types ------------------------------------------------------------------------------------------ */

/* A type that is advised against: by name, and whether only with a modifier. */
static const struct type_advice {
    const char *type;
    bool with_modifier;
    enum hazard rule;
    const char *other; /* what to write instead, where it is a word for a word */
    const char *words;
} advices[] = {
    {"json", false, LINT_JSON, "jsonb", "is json"},
    {"bpchar", false, LINT_CHAR, NULL, "is char(n)"},
    {"varchar", true, LINT_VARCHAR, NULL, "is varchar with a length"},
    {"int2", false, LINT_SMALLINT, NULL, "is smallint"},
    {"timestamp", false, LINT_TIMESTAMP, "timestamptz", "is timestamp without time zone"},
    {"timetz", false, LINT_TIMETZ, NULL, "is time with time zone"},
    {"money", false, LINT_MONEY, NULL, "is money"},
};

static const char *column_name(struct lint *l, const struct known_table *t, const char *column)
{
    return arena_printf(l->a, "%s.%s", lint_name(l, t->schema, t->name), column);
}

/* The word of a type in the text, where it is one word that can be put for another. */
static void offer_type(struct lint *l, struct lint_remark *n, const PgQuery__TypeName *t,
                       const char *word, const char *other)
{
    size_t at = l->w->base + (size_t)t->location;
    size_t len = strlen(word);
    const struct bytes text = l->now->f.text;
    char next = at + len < text.n ? text.p[at + len] : '\0';
    if (t->location > 0 && at + len <= text.n && strncasecmp(text.p + at, word, len) == 0 &&
        strchr(" ,;)\n\t\r", next) != NULL && t->n_typmods == 0) {
        const char *rest = text.p + at + len + strspn(text.p + at + len, " ");
        if (strncasecmp(rest, "with", 4) != 0) {
            lint_edit(n, at, at + len, other);
        }
    }
}

static void look_at_type(struct lint *l, const struct known_table *t, const PgQuery__ColumnDef *c)
{
    const PgQuery__TypeName *type = c->type_name;
    const char *name = type != NULL ? tree_dotted(LIST(type, names)).name : "";
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++) {
        const struct type_advice *x = &advices[i];
        if (strcmp(name, x->type) != 0 || (x->with_modifier && type->n_typmods == 0)) {
            continue;
        }
        struct lint_remark *n =
            lint_note(l, x->rule, type->location, column_name(l, t, c->colname),
                      "column %s of %s %s", c->colname, lint_name(l, t->schema, t->name), x->words);
        if (x->other != NULL) {
            offer_type(l, n, type, x->type, x->other);
        }
    }
}

static const char *serial_of(const PgQuery__ColumnDef *c)
{
    const char *name = c->type_name != NULL ? tree_dotted(LIST(c->type_name, names)).name : "";
    return strstr(name, "serial") != NULL ? name : NULL;
}

static bool is_small(const struct known_column *c)
{
    return c != NULL && (strcmp(c->type, "int4") == 0 || strcmp(c->type, "int2") == 0);
}

static void tell_small(struct lint *l, const struct known_table *t, const struct known_column *c,
                       int location)
{
    (void)lint_note(l, LINT_INT_KEY, location, column_name(l, t, c->name),
                    "%s counts in 32 bits or fewer", column_name(l, t, c->name));
}

/* --- geometry --------------------------------------------------------------------------------------- */

static void look_at_geometry(struct lint *l, struct known_table *t, const struct known_column *c,
                             const PgQuery__ColumnDef *def)
{
    bool is_geometry = strcmp(c->type, "geometry") == 0;
    if (!is_geometry && strcmp(c->type, "geography") != 0) {
        return;
    }
    const char *name = column_name(l, t, c->name);
    if (is_geometry && c->srid <= 0) {
        (void)lint_note(l, LINT_NO_SRID, def->location, name, "%s has no %s", name,
                        def->type_name->n_typmods == 0 ? "type and SRID" : "SRID");
    }
    for (size_t i = 0; i < t->n_column && c->srid > 0; i++) {
        if (t->column[i].srid > 0 && t->column[i].srid != c->srid) {
            (void)lint_note(l, LINT_MIXED_SRIDS, def->location, name,
                            "%s is of SRID %d, and %s of %d", name, c->srid, t->column[i].name,
                            t->column[i].srid);
            break;
        }
    }
    if (t->is_new && t->no_gist == NULL) {
        t->no_gist =
            lint_note(l, LINT_NO_GIST, def->location, name, "no spatial index serves %s", name);
    }
}

/* --- defaults --------------------------------------------------------------------------------------- */

struct volatility {
    const char *call; /* the first that differs from row to row, or may */
    bool is_sure;
};

static void find_volatile(void *ctx, const tree *m)
{
    struct volatility *v = ctx;
    if (tree_is(m, &pg_query__func_call__descriptor) && v->call == NULL) {
        struct dotted d = tree_dotted(LIST(TREE(FuncCall, m), funcname));
        bool sure = builtin_volatile(d.name);
        if (sure || !builtin_function(d.name)) {
            *v = (struct volatility){d.name, sure};
        }
    }
    tree_children(m, find_volatile, ctx);
}

static void look_at_default(struct lint *l, const struct known_table *t,
                            const PgQuery__ColumnDef *c, const PgQuery__Constraint *k)
{
    struct volatility v = {NULL, false};
    const tree *value = tree_of(k->raw_expr);
    if (value != NULL) {
        find_volatile(&v, value);
    }
    if (v.call != NULL) {
        (void)lint_note(l, LINT_ADD_VOLATILE, k->location, column_name(l, t, c->colname),
                        "the default of %s calls %s(), which %s from row to row",
                        column_name(l, t, c->colname), v.call,
                        v.is_sure ? "differs" : "may differ");
    }
}

/* --- a column --------------------------------------------------------------------------------------- */

struct column_facts {
    bool has_default, is_not_null, is_identity, is_stored, is_key;
};

static struct column_facts facts_of(const PgQuery__ColumnDef *c)
{
    struct column_facts f = {.is_identity = serial_of(c) != NULL};
    for (size_t i = 0; i < c->n_constraints; i++) {
        const tree *m = tree_of(c->constraints[i]);
        if (!tree_is(m, &pg_query__constraint__descriptor)) {
            continue;
        }
        const PgQuery__Constraint *k = TREE(Constraint, m);
        f.has_default |= k->contype == CONSTR(DEFAULT);
        f.is_not_null |= k->contype == CONSTR(NOTNULL) || k->contype == CONSTR(PRIMARY);
        f.is_identity |= k->contype == CONSTR(IDENTITY);
        f.is_stored |= k->contype == CONSTR(GENERATED) && !grammar_virtual(k);
        f.is_key |= k->contype == CONSTR(PRIMARY);
    }
    return f;
}

/* Of a table that is in use. */
static void look_at_added(struct lint *l, const struct known_table *t, const PgQuery__ColumnDef *c,
                          const struct column_facts *f)
{
    const char *name = column_name(l, t, c->colname);
    if (f->is_identity) {
        (void)lint_note(l, LINT_ADD_SERIAL, c->location, name, "%s numbers the rows", name);
    } else if (f->is_stored) {
        (void)lint_note(l, LINT_ADD_STORED, c->location, name, "%s is computed for all rows", name);
    } else if (f->is_not_null && !f->has_default) {
        (void)lint_note(l, LINT_ADD_REQUIRED, c->location, name,
                        "%s is NOT NULL and has no default", name);
    }
    for (size_t i = 0; i < c->n_constraints; i++) {
        const tree *m = tree_of(c->constraints[i]);
        if (tree_is(m, &pg_query__constraint__descriptor) &&
            TREE(Constraint, m)->contype == CONSTR(DEFAULT)) {
            look_at_default(l, t, c, TREE(Constraint, m));
        }
    }
}

void lint_column(struct lint *l, struct known_table *t, const PgQuery__ColumnDef *c, bool is_added)
{
    const struct column_facts f = facts_of(c);
    struct known_column *known = known_column_add(l->a, t, c->colname, c->type_name);
    known->is_not_null_ok = f.is_not_null;
    lint_given(l, c->colname, c->location);
    look_at_type(l, t, c);
    look_at_geometry(l, t, known, c);
    if (serial_of(c) != NULL) {
        (void)lint_note(l, LINT_SERIAL, c->type_name->location, column_name(l, t, c->colname),
                        "%s is a %s", column_name(l, t, c->colname), serial_of(c));
    }
    if ((f.is_identity || f.is_key) && is_small(known)) {
        tell_small(l, t, known, c->type_name->location);
    }
    if (is_added && !t->is_new) {
        look_at_added(l, t, c, &f);
    }
    for (size_t i = 0; i < c->n_constraints; i++) {
        const tree *m = tree_of(c->constraints[i]);
        if (tree_is(m, &pg_query__constraint__descriptor)) {
            bool is_checked = is_added && !(TREE(Constraint, m)->contype == CONSTR(FOREIGN) &&
                                            !f.has_default); /* all of it is NULL */
            lint_constraint(l, t, known_column(t, c->colname), TREE(Constraint, m), is_checked);
        }
    }
}

/* --- a constraint ----------------------------------------------------------------------------------- */

static void remember_index(struct lint *l, struct known_table *t, struct names columns,
                           bool is_primary)
{
    ARENA_GROW(l->a, t->index, t->n_index, t->cap_index);
    t->index[t->n_index++] =
        (struct known_index){.name = "", .columns = columns, .all = "", .is_primary = is_primary};
    for (size_t i = 0; i < t->n_key; i++) {
        if (known_indexed(t, &t->key[i].columns)) {
            lint_cancel(t->key[i].unindexed);
        }
    }
}

static struct names columns_of(struct lint *l, struct tree_list list,
                               const struct known_column *column)
{
    struct names out = known_names(l->a, list);
    if (out.n == 0 && column != NULL) {
        names_add(l->a, &out, column->name);
    }
    return out;
}

/* The column of a check that says no more than that it IS NOT NULL. */
static const char *not_null_of(const PgQuery__Constraint *k)
{
    const tree *m = tree_of(k->raw_expr);
    const tree *arg =
        tree_is(m, &pg_query__null_test__descriptor) &&
                TREE(NullTest, m)->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL
            ? tree_of(TREE(NullTest, m)->arg)
            : NULL;
    if (!tree_is(arg, &pg_query__column_ref__descriptor) || TREE(ColumnRef, arg)->n_fields != 1) {
        return "";
    }
    const char *s = tree_string(TREE(ColumnRef, arg)->fields[0]);
    return s != NULL ? s : "";
}

static void remember_unvalidated(struct lint *l, struct known_table *t,
                                 const PgQuery__Constraint *k, const char *of)
{
    ARENA_GROW(l->a, t->check, t->n_check, t->cap_check);
    t->check[t->n_check++] = (struct known_check){
        .name = arena_strdup(l->a, k->conname),
        .of = arena_strdup(l->a, of),
        .transaction = l->transaction,
        .never = lint_note(l, LINT_NEVER_VALIDATED, k->location, k->conname,
                           "constraint %s of %s is NOT VALID, and nothing validates it", k->conname,
                           lint_name(l, t->schema, t->name))};
}

static void on_check(struct lint *l, struct known_table *t, const PgQuery__Constraint *k,
                     bool is_added)
{
    const char *of = not_null_of(k);
    struct known_column *c = known_column(t, of);
    if (grammar_not_enforced(k)) {
        return; /* nobody looks at rows, now or later */
    }
    if (is_added && !t->is_new && k->skip_validation) {
        remember_unvalidated(l, t, k, of);
        return;
    }
    if (is_added && !t->is_new) {
        (void)lint_note(l, LINT_CHECK_VALIDATED, k->location, lint_name(l, t->schema, t->name),
                        "the check of %s is looked at for all rows at once",
                        lint_name(l, t->schema, t->name));
    }
    if (c != NULL) {
        c->is_not_null_ok = true;
    }
}

static void on_primary(struct lint *l, struct known_table *t, const struct known_column *column,
                       const PgQuery__Constraint *k, bool is_added)
{
    struct names columns = columns_of(l, LIST(k, keys), column);
    lint_cancel(t->no_key);
    remember_index(l, t, columns, true);
    if (column == NULL && columns.n == 1 && is_small(known_column(t, columns.v[0]))) {
        tell_small(l, t, known_column(t, columns.v[0]), k->location);
    }
    if (is_added && !t->is_new && k->indexname[0] == '\0') {
        (void)lint_note(l, LINT_PRIMARY_KEY_BUILDS, k->location, lint_name(l, t->schema, t->name),
                        "the primary key of %s is built while it is locked",
                        lint_name(l, t->schema, t->name));
    }
}

static void on_unique(struct lint *l, struct known_table *t, const struct known_column *column,
                      const PgQuery__Constraint *k, bool is_added)
{
    remember_index(l, t, columns_of(l, LIST(k, keys), column), false);
    if (is_added && !t->is_new && k->indexname[0] == '\0') {
        (void)lint_note(l, LINT_UNIQUE_BUILDS, k->location, lint_name(l, t->schema, t->name),
                        "UNIQUE builds an index of %s while it is locked",
                        lint_name(l, t->schema, t->name));
    }
}

static void compare_types(struct lint *l, const struct known_table *t, const struct names *own,
                          const PgQuery__Constraint *k)
{
    const struct known_table *to =
        known_table(&l->known, k->pktable->schemaname, k->pktable->relname);
    struct names keys = known_names(l->a, LIST(k, pk_attrs));
    for (size_t i = 0; to != NULL && i < to->n_index && keys.n == 0; i++) {
        keys = to->index[i].is_primary ? to->index[i].columns : keys;
    }
    for (size_t i = 0; to != NULL && i < own->n && i < keys.n; i++) {
        const struct known_column *a = known_column(t, own->v[i]);
        const struct known_column *b = known_column(to, keys.v[i]);
        if (a != NULL && b != NULL && strcmp(a->type, b->type) != 0) {
            (void)lint_note(l, LINT_FK_TYPE, k->location, column_name(l, t, a->name),
                            "%s is %s, and %s, which it refers to, is %s",
                            column_name(l, t, a->name), a->type, column_name(l, to, b->name),
                            b->type);
        }
    }
}

static void on_foreign(struct lint *l, struct known_table *t, const struct known_column *column,
                       const PgQuery__Constraint *k, bool is_added)
{
    const char *name = lint_name(l, t->schema, t->name);
    struct names own = columns_of(l, LIST(k, fk_attrs), column);
    bool is_looked_at = is_added && !t->is_new && !grammar_not_enforced(k);
    if (is_looked_at && k->skip_validation) {
        remember_unvalidated(l, t, k, "");
    } else if (is_looked_at) {
        (void)lint_note(l, LINT_FK_VALIDATED, k->location, name,
                        "the foreign key of %s is looked at for all rows at once", name);
    }
    if (k->fk_del_action[0] != '\0' && strchr("cnd", k->fk_del_action[0]) != NULL) {
        (void)lint_note(l, LINT_FK_CASCADE, k->location, name, "a DELETE in %s changes rows of %s",
                        lint_range(l, k->pktable), name);
    }
    if (k->pktable != NULL) {
        compare_types(l, t, &own, k);
    }
    if (t->is_whole && !t->is_partition && !known_indexed(t, &own)) {
        ARENA_GROW(l->a, t->key, t->n_key, t->cap_key);
        t->key[t->n_key++] = (struct known_key){
            own, lint_note(l, LINT_FK_WITHOUT_INDEX, k->location, name,
                           "no index of %s begins with %s", name, own.n > 0 ? own.v[0] : "it")};
    }
}

/* ADD CONSTRAINT ... NOT NULL column (18). */
static void on_not_null(struct lint *l, struct known_table *t, const PgQuery__Constraint *k)
{
    const char *name = lint_name(l, t->schema, t->name);
    struct names columns = known_names(l->a, LIST(k, keys));
    const struct known_column *c = columns.n > 0 ? known_column(t, columns.v[0]) : NULL;
    if (k->skip_validation) {
        remember_unvalidated(l, t, k, columns.n > 0 ? columns.v[0] : "");
    } else if (c == NULL || !c->is_not_null_ok) {
        (void)lint_note(l, LINT_SET_NOT_NULL, k->location, name, "all rows of %s are read for NULL",
                        name);
    }
}

/* --- checks that the view geometry_columns reads ----------------------------------------------------- */

/* The functions by whose names that view finds a check in the texts of a table's constraints. */
static bool is_shape_call(const tree *m)
{
    static const char *const names[] = {"st_srid", "st_ndims", "geometrytype"};
    const char *name = tree_is(m, &pg_query__func_call__descriptor)
                           ? tree_dotted(LIST(TREE(FuncCall, m), funcname)).name
                           : "";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void find_shape(void *ctx, const tree *m)
{
    *(bool *)ctx |= is_shape_call(m);
    tree_children(m, find_shape, ctx);
}

/* One call = one constant, of all rows: the form that the view was written for. */
static bool is_plain_shape(const PgQuery__Constraint *k)
{
    const tree *m = tree_of(k->raw_expr);
    if (k->skip_validation || grammar_not_enforced(k) ||
        !tree_is(m, &pg_query__a__expr__descriptor)) {
        return false;
    }
    const PgQuery__AExpr *e = TREE(AExpr, m);
    const char *op = e->n_name == 1 ? tree_string(e->name[0]) : NULL;
    return e->kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP && op != NULL && strcmp(op, "=") == 0 &&
           is_shape_call(tree_of(e->lexpr)) &&
           tree_is(tree_of(e->rexpr), &pg_query__a__const__descriptor);
}

static void look_at_shape(struct lint *l, const struct known_table *t, const PgQuery__Constraint *k)
{
    bool is_shape = false;
    find_shape(&is_shape, tree_of(k->raw_expr));
    if (is_shape && !is_plain_shape(k)) {
        const char *name = lint_name(l, t->schema, t->name);
        (void)lint_note(l, LINT_SRID_CHECK, k->location, name,
                        "geometry_columns reads a check of %s by its text, and not what it says",
                        name);
    }
}

void lint_constraint(struct lint *l, struct known_table *t, struct known_column *column,
                     const PgQuery__Constraint *k, bool is_added)
{
    if (k->conname[0] != '\0') {
        lint_given(l, k->conname, k->location);
    }
    if (k->contype == CONSTR(CHECK)) {
        look_at_shape(l, t, k);
        on_check(l, t, k, is_added);
    } else if (k->contype == CONSTR(PRIMARY)) {
        on_primary(l, t, column, k, is_added);
    } else if (k->contype == CONSTR(UNIQUE)) {
        on_unique(l, t, column, k, is_added);
    } else if (k->contype == CONSTR(FOREIGN)) {
        on_foreign(l, t, column, k, is_added);
    } else if (k->contype == CONSTR(NOTNULL) && column == NULL && is_added && !t->is_new) {
        on_not_null(l, t, k);
    } else if (k->contype == CONSTR(EXCLUSION) && is_added && !t->is_new) {
        (void)lint_note(l, LINT_EXCLUSION_BUILDS, k->location, lint_name(l, t->schema, t->name),
                        "EXCLUDE builds an index of %s while it is locked",
                        lint_name(l, t->schema, t->name));
    }
    if (k->initdeferred || k->contype == CONSTR(ATTR_DEFERRED)) {
        (void)lint_note(l, LINT_DEFERRED, k->location, k->conname,
                        "a constraint of %s speaks at COMMIT only",
                        lint_name(l, t->schema, t->name));
    }
    if (grammar_not_enforced(k)) {
        (void)lint_note(l, LINT_NOT_ENFORCED, k->location, k->conname,
                        "a constraint of %s keeps nothing out", lint_name(l, t->schema, t->name));
    }
}
