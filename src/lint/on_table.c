/* CREATE TABLE, ALTER TABLE. */
#include <string.h>

#include "lint/work.h"
#include "sql/grammar.h"

#define AT(name) PG_QUERY__ALTER_TABLE_TYPE__AT_##name

/* --- CREATE TABLE ----------------------------------------------------------------------------------- */

static void table_element(struct lint *l, struct known_table *t, const tree *m)
{
    if (tree_is(m, &pg_query__column_def__descriptor)) {
        lint_column(l, t, TREE(ColumnDef, m), false);
    } else if (tree_is(m, &pg_query__constraint__descriptor)) {
        lint_constraint(l, t, NULL, TREE(Constraint, m), false);
    } else {
        t->is_whole = false; /* LIKE */
    }
}

static void create_table(struct lint *l, const tree *m)
{
    const PgQuery__CreateStmt *s = TREE(CreateStmt, m);
    const char *name = lint_range(l, s->relation);
    struct known_table *t = known_table_new(l->a, &l->known, s->relation);
    if (strcmp(s->relation->relpersistence, "t") == 0) {
        return;
    }
    t->is_new = l->now->f.part != LINT_PAST;
    t->is_partition = s->partbound != NULL;
    t->is_whole = s->n_inh_relations == 0 && s->of_typename == NULL;
    lint_given_range(l, s->relation);
    if (s->if_not_exists) {
        (void)lint_note(l, LINT_IF_NOT_EXISTS, s->relation->location, name,
                        "another table %s would be taken for this one", name);
    }
    if (names_have(&l->dropped, name)) {
        (void)lint_note(l, LINT_DROP_AND_MAKE, s->relation->location, name,
                        "%s was dropped before in this plan", name);
    }
    if (t->is_whole) {
        t->no_key = lint_note(l, LINT_NO_PRIMARY_KEY, s->relation->location, name,
                              "%s has no primary key", name);
    }
    for (size_t i = 0; i < s->n_table_elts; i++) {
        table_element(l, t, tree_of(s->table_elts[i]));
    }
    if (!t->is_whole) {
        lint_cancel(t->no_key);
    }
}

/* --- types ------------------------------------------------------------------------------------------ */

/* Whole numbers by size. */
static int int_size(const char *type)
{
    return strcmp(type, "int2") == 0   ? 2
           : strcmp(type, "int4") == 0 ? 4
           : strcmp(type, "int8") == 0 ? 8
                                       : 0;
}

static bool is_text(const char *type)
{
    return strcmp(type, "text") == 0 || strcmp(type, "varchar") == 0;
}

/* Every value fits, and none is written anew. */
static bool is_wider(const struct known_column *c, const char *type, int modifier)
{
    if (is_text(c->type) && is_text(type)) {
        return modifier < 0 || (c->modifier >= 0 && modifier >= c->modifier);
    }
    return strcmp(c->type, type) == 0 && (modifier == c->modifier || modifier < 0) &&
           strcmp(type, "numeric") != 0;
}

static bool is_narrower(const struct known_column *c, const char *type, int modifier)
{
    static const char *const pairs[][2] = {
        {"float8", "float4"},  {"numeric", "int8"}, {"numeric", "int4"}, {"numeric", "int2"},
        {"numeric", "float8"}, {"float8", "int4"},  {"float8", "int8"},  {"timestamptz", "date"},
        {"timestamp", "date"}, {"float4", "int4"},  {"jsonb", "text"},
    };
    if (is_text(c->type) && is_text(type)) {
        return modifier >= 0 && (c->modifier < 0 || modifier < c->modifier);
    }
    if (int_size(c->type) > 0 && int_size(type) > 0) {
        return int_size(type) < int_size(c->type);
    }
    if (strcmp(c->type, type) == 0) {
        return modifier >= 0 && (c->modifier < 0 || modifier < c->modifier);
    }
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (strcmp(c->type, pairs[i][0]) == 0 && strcmp(type, pairs[i][1]) == 0) {
            return true;
        }
    }
    return false;
}

/* --- ALTER TABLE, command by command ---------------------------------------------------------------- */

struct altered {
    struct lint *l;
    const PgQuery__AlterTableStmt *s;
    struct known_table *t;
    const char *name; /* of the table */
    bool is_used;
};
typedef void command_fn(const struct altered *x, const PgQuery__AlterTableCmd *c);

static void add_column(const struct altered *x, const PgQuery__AlterTableCmd *c)
{
    const tree *def = tree_of(c->def);
    if (tree_is(def, &pg_query__column_def__descriptor)) {
        lint_column(x->l, x->t, TREE(ColumnDef, def), true);
    }
    if (c->missing_ok) {
        (void)lint_note(x->l, LINT_IF_NOT_EXISTS, -1, x->name,
                        "another column of that name in %s would be taken for this one", x->name);
    }
}

static void add_constraint(const struct altered *x, const PgQuery__AlterTableCmd *c)
{
    const tree *def = tree_of(c->def);
    if (tree_is(def, &pg_query__constraint__descriptor)) {
        lint_constraint(x->l, x->t, NULL, TREE(Constraint, def), true);
    }
}

static void validate(const struct altered *x, const PgQuery__AlterTableCmd *c)
{
    for (size_t i = 0; i < x->t->n_check; i++) {
        struct known_check *k = &x->t->check[i];
        if (strcmp(k->name, c->name) != 0) {
            continue;
        }
        struct known_column *column = known_column(x->t, k->of);
        lint_cancel(k->never);
        if (k->of[0] != '\0') {
            column = column != NULL ? column : known_column_add(x->l->a, x->t, k->of, NULL);
            column->is_not_null_ok = true;
        }
        if (k->transaction == x->l->transaction) {
            (void)lint_note(x->l, LINT_VALIDATE_SAME_TX, -1, c->name,
                            "%s was added NOT VALID in the same transaction", c->name);
        }
    }
}

static void drop_constraint(const struct altered *x, const PgQuery__AlterTableCmd *c)
{
    for (size_t i = 0; i < x->t->n_check; i++) {
        struct known_check *k = &x->t->check[i];
        if (strcmp(k->name, c->name) == 0) {
            lint_cancel(k->never); /* it was there for SET NOT NULL */
            return;
        }
    }
    if (x->is_used) {
        (void)lint_note(x->l, LINT_DROP_CONSTRAINT, -1, c->name,
                        "%s of %s keeps nothing out any more", c->name, x->name);
    }
}

static void set_not_null(const struct altered *x, const PgQuery__AlterTableCmd *c)
{
    const struct known_column *column = known_column(x->t, c->name);
    if (x->is_used && (column == NULL || !column->is_not_null_ok)) {
        (void)lint_note(x->l, LINT_SET_NOT_NULL, -1, x->name,
                        "all rows of %s are read for NULL in %s", x->name, c->name);
    }
}

static void drop_not_null(const struct altered *x, const PgQuery__AlterTableCmd *c)
{
    if (x->is_used) {
        (void)lint_note(x->l, LINT_DROP_NOT_NULL, -1, x->name, "%s.%s may be NULL from now on",
                        x->name, c->name);
    }
}

static void drop_default(const struct altered *x, const PgQuery__AlterTableCmd *c)
{
    if (x->is_used && tree_of(c->def) == NULL) {
        (void)lint_note(x->l, LINT_DROP_DEFAULT, -1, x->name, "%s.%s has no default any more",
                        x->name, c->name);
    }
}

static void alter_identity(const struct altered *x, const PgQuery__AlterTableCmd *c)
{
    if (x->is_used) {
        (void)lint_note(x->l, LINT_ALTER_IDENTITY, -1, x->name,
                        "%s.%s gets its value otherwise from now on", x->name, c->name);
    }
}

static void change_type(const struct altered *x, const PgQuery__AlterTableCmd *c)
{
    const tree *def = tree_of(c->def);
    if (!tree_is(def, &pg_query__column_def__descriptor)) {
        return;
    }
    const PgQuery__TypeName *to = TREE(ColumnDef, def)->type_name;
    const struct known_column *column = known_column(x->t, c->name);
    bool is_known = column != NULL && column->type[0] != '\0';
    const char *type = known_type(x->l->a, to);
    int modifier = known_modifier(to);
    if (x->is_used && is_known && is_narrower(column, type, modifier)) {
        (void)lint_note(x->l, LINT_NARROW_TYPE, -1, x->name, "%s.%s, of type %s, becomes %s",
                        x->name, c->name, column->type, type);
    }
    if (x->is_used && !(is_known && is_wider(column, type, modifier))) {
        (void)lint_note(x->l, LINT_CHANGE_TYPE, -1, x->name, "%s.%s becomes %s", x->name, c->name,
                        type);
    }
    (void)known_column_add(x->l->a, x->t, c->name, to);
}

static void drop_column(const struct altered *x, const PgQuery__AlterTableCmd *c)
{
    if (x->is_used) {
        (void)lint_note(x->l, LINT_DROP_COLUMN, -1, x->name, "%s.%s goes with its values", x->name,
                        c->name);
    }
    if (c->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE) {
        (void)lint_note(x->l, LINT_DROP_CASCADE, -1, x->name,
                        "what depends on %s.%s is dropped unnamed", x->name, c->name);
    }
}

static void set_expression(const struct altered *x, const PgQuery__AlterTableCmd *c)
{
    if (x->is_used && grammar_sets_expression(c)) {
        (void)lint_note(x->l, LINT_SET_EXPRESSION, -1, x->name, "%s.%s is computed for all rows",
                        x->name, c->name);
    }
}

static void set_logged(const struct altered *x, const PgQuery__AlterTableCmd *c)
{
    (void)c;
    if (x->is_used) {
        (void)lint_note(x->l, LINT_SET_LOGGED, -1, x->name, "%s is written anew", x->name);
    }
}

static void set_tablespace(const struct altered *x, const PgQuery__AlterTableCmd *c)
{
    if (x->is_used) {
        (void)lint_note(x->l, LINT_SET_TABLESPACE, -1, x->name, "%s is copied to %s", x->name,
                        c->name);
    }
}

static void set_access_method(const struct altered *x, const PgQuery__AlterTableCmd *c)
{
    if (x->is_used) {
        (void)lint_note(x->l, LINT_SET_ACCESS_METHOD, -1, x->name, "%s is written anew for %s",
                        x->name, c->name);
    }
}

static void switch_trigger(const struct altered *x, const PgQuery__AlterTableCmd *c)
{
    (void)lint_note(x->l, LINT_TRIGGER_SWITCHED, -1, x->name, "trigger%s%s of %s",
                    c->name[0] != '\0' ? " " : "s", c->name, x->name);
}

static void attach(const struct altered *x, const PgQuery__AlterTableCmd *c)
{
    const tree *def = tree_of(c->def);
    const PgQuery__PartitionCmd *p =
        tree_is(def, &pg_query__partition_cmd__descriptor) ? TREE(PartitionCmd, def) : NULL;
    if (p != NULL && lint_range_in_use(x->l, p->name)) {
        (void)lint_note(x->l, LINT_ATTACH_SCANS, -1, lint_range(x->l, p->name),
                        "all rows of %s are read, unless a check says what its bounds say",
                        lint_range(x->l, p->name));
    }
}

static void detach(const struct altered *x, const PgQuery__AlterTableCmd *c)
{
    const tree *def = tree_of(c->def);
    if (x->is_used && tree_is(def, &pg_query__partition_cmd__descriptor) &&
        !TREE(PartitionCmd, def)->concurrent) {
        (void)lint_note(x->l, LINT_DETACH_BLOCKS, -1, x->name,
                        "%s is locked ACCESS EXCLUSIVE for DETACH PARTITION", x->name);
    }
}

static void rls_on(const struct altered *x, const PgQuery__AlterTableCmd *c)
{
    (void)c;
    x->t->has_policies = true;
}

static void rls_off(const struct altered *x, const PgQuery__AlterTableCmd *c)
{
    (void)lint_note(x->l, LINT_RLS_OFF, -1, x->name, "row security of %s %s", x->name,
                    c->subtype == AT(DisableRowSecurity) ? "is switched off"
                                                         : "no longer binds its owner");
}

static void replica_identity(const struct altered *x, const PgQuery__AlterTableCmd *c)
{
    const tree *def = tree_of(c->def);
    const char *type = tree_is(def, &pg_query__replica_identity_stmt__descriptor)
                           ? TREE(ReplicaIdentityStmt, def)->identity_type
                           : "d";
    if (strcmp(type, "f") == 0 || strcmp(type, "n") == 0) {
        (void)lint_note(x->l, LINT_REPLICA_IDENTITY, -1, x->name, "rows of %s are named by %s",
                        x->name, type[0] == 'f' ? "all of their values" : "nothing");
    }
}

static const struct {
    PgQuery__AlterTableType type;
    command_fn *fn;
} commands[] = {
    {AT(AddColumn), add_column},
    {AT(AddConstraint), add_constraint},
    {AT(ValidateConstraint), validate},
    {AT(DropConstraint), drop_constraint},
    {AT(SetNotNull), set_not_null},
    {AT(DropNotNull), drop_not_null},
    {AT(ColumnDefault), drop_default},
    {AT(AddIdentity), alter_identity},
    {AT(SetIdentity), alter_identity},
    {AT(DropIdentity), alter_identity},
    {AT(DropExpression), alter_identity},
    {AT(AlterColumnType), change_type},
    {AT(DropColumn), drop_column},
    {AT(SetLogged), set_logged},
    {AT(SetUnLogged), set_logged},
    {AT(SetTableSpace), set_tablespace},
    {AT(SetAccessMethod), set_access_method},
    {AT(EnableTrig), switch_trigger},
    {AT(EnableAlwaysTrig), switch_trigger},
    {AT(EnableReplicaTrig), switch_trigger},
    {AT(DisableTrig), switch_trigger},
    {AT(EnableTrigAll), switch_trigger},
    {AT(DisableTrigAll), switch_trigger},
    {AT(EnableTrigUser), switch_trigger},
    {AT(DisableTrigUser), switch_trigger},
    {AT(AttachPartition), attach},
    {AT(DetachPartition), detach},
    {AT(EnableRowSecurity), rls_on},
    {AT(DisableRowSecurity), rls_off},
    {AT(NoForceRowSecurity), rls_off},
    {AT(ReplicaIdentity), replica_identity},
};

static void command(const struct altered *x, const PgQuery__AlterTableCmd *c)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (commands[i].type == c->subtype) {
            commands[i].fn(x, c);
            return;
        }
    }
    set_expression(x, c);
}

/* Altered by the statement before, under the same locks. */
static void look_at_last(struct lint *l, struct known_table *t, const char *name)
{
    size_t last = t->last_altered;
    t->last_altered = l->st->is_apart ? 0 : l->n_seen;
    if (last > 0 && last + 1 == l->n_seen && !l->st->is_apart) {
        (void)lint_note(l, LINT_SEVERAL_ALTERS, -1, name, "%s is altered by the statement before",
                        name);
    }
}

/* ALTER TYPE of a composite type, which columns of tables may have. */
static void alter_type(struct lint *l, const PgQuery__AlterTableStmt *s)
{
    const char *name = lint_range(l, s->relation);
    for (size_t i = 0; i < s->n_cmds; i++) {
        const tree *m = tree_of(s->cmds[i]);
        const PgQuery__AlterTableCmd *c =
            tree_is(m, &pg_query__alter_table_cmd__descriptor) ? TREE(AlterTableCmd, m) : NULL;
        if (c != NULL && c->subtype == AT(DropColumn)) {
            (void)lint_note(l, LINT_DROP_COLUMN, -1, name, "%s.%s goes with its values", name,
                            c->name);
        } else if (c != NULL && c->subtype == AT(AlterColumnType)) {
            (void)lint_note(l, LINT_CHANGE_TYPE, -1, name, "%s.%s is of another type", name,
                            c->name);
        }
    }
}

static void alter_table(struct lint *l, const tree *m)
{
    const PgQuery__AlterTableStmt *s = TREE(AlterTableStmt, m);
    const PgQuery__RangeVar *r = s->relation;
    if (s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE) {
        alter_type(l, s);
    }
    if (s->objtype != PG_QUERY__OBJECT_TYPE__OBJECT_TABLE) {
        return;
    }
    struct known_table *t = known_table_of(l->a, &l->known, r->schemaname, r->relname);
    const struct altered x = {l, s, t, lint_range(l, r), !t->is_new};
    if (x.is_used) {
        look_at_last(l, t, x.name);
    }
    for (size_t i = 0; i < s->n_cmds; i++) {
        const tree *c = tree_of(s->cmds[i]);
        if (tree_is(c, &pg_query__alter_table_cmd__descriptor)) {
            command(&x, TREE(AlterTableCmd, c));
        }
    }
}

static const struct lint_handler rows[] = {
    {&pg_query__create_stmt__descriptor, create_table},
    {&pg_query__alter_table_stmt__descriptor, alter_table},
};
LINT_HANDLERS(on_table_handlers, rows);
