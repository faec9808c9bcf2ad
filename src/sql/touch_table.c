/* Touches of statements that make or empty relations: tables, views, sequences. */
#include <string.h>

#include "sql/analysis.h"

static void column_def(struct analysis *x, const tree *m)
{
    const PgQuery__ColumnDef *c = TREE(ColumnDef, m);
    analysis_visit(x, c->type_name != NULL ? &c->type_name->base : NULL);
    analysis_visit(x, c->coll_clause != NULL ? &c->coll_clause->base : NULL);
    analysis_nodes(x, LIST(c, constraints));
}

static bool same_relation(const PgQuery__RangeVar *a, const PgQuery__RangeVar *b)
{
    return a != NULL && b != NULL && strcmp(a->relname, b->relname) == 0 &&
           strcmp(a->schemaname, b->schemaname) == 0;
}

static void constraint(struct analysis *x, const tree *m)
{
    const PgQuery__Constraint *c = TREE(Constraint, m);
    bool is_index = c->contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY ||
                    c->contype == PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE ||
                    c->contype == PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION;
    bool is_value = c->contype == PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT ||
                    c->contype == PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED;
    if (is_index && c->indexname[0] == '\0') {
        analysis_indexes(x, 1);
    }
    analysis_relation(x, c->pktable, OBJ_TABLE, EFFECT_REFERENCE,
                      same_relation(c->pktable, x->making) ? LOCK_NONE : LOCK_SHARE_ROW_EXCLUSIVE);
    if (is_value && x->fills) {
        analysis_node(x, c->raw_expr);
    } else {
        analysis_define(x, tree_of(c->raw_expr));
    }
    analysis_define_nodes(x, LIST(c, exclusions));
    analysis_define(x, tree_of(c->where_clause));
}

static void create_table(struct analysis *x, const PgQuery__CreateStmt *s, enum object_kind kind)
{
    const PgQuery__RangeVar *making = x->making;
    bool temporary = x->temporary;
    x->temporary = !analysis_create(x, s->relation, kind,
                                    s->oncommit == PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_DROP);
    x->making = s->relation;
    for (size_t i = 0; i < s->n_inh_relations; i++) {
        const tree *parent = tree_of(s->inh_relations[i]);
        if (tree_is(parent, &pg_query__range_var__descriptor)) {
            bool part = s->partbound != NULL;
            if (part) {
                analysis_hidden_indexes(x); /* it gets those of its parent */
            }
            analysis_kin(x, s->relation, TREE(RangeVar, parent));
            analysis_relation(x, TREE(RangeVar, parent), OBJ_TABLE,
                              part ? EFFECT_ALTER : EFFECT_REFERENCE,
                              part ? LOCK_ACCESS_EXCLUSIVE : LOCK_SHARE_UPDATE_EXCLUSIVE);
        }
    }
    analysis_nodes(x, LIST(s, table_elts));
    analysis_nodes(x, LIST(s, constraints));
    analysis_define(x, s->of_typename != NULL ? &s->of_typename->base : NULL);
    analysis_define(x, s->partspec != NULL ? &s->partspec->base : NULL);
    analysis_define(x, s->partbound != NULL ? &s->partbound->base : NULL);
    x->making = making;
    x->temporary = temporary;
}

static void create_stmt(struct analysis *x, const tree *m)
{
    create_table(x, TREE(CreateStmt, m), OBJ_TABLE);
}

static void create_foreign_table(struct analysis *x, const tree *m)
{
    const PgQuery__CreateForeignTableStmt *s = TREE(CreateForeignTableStmt, m);
    if (s->base_stmt != NULL) {
        create_table(x, s->base_stmt, OBJ_FOREIGN_TABLE);
    }
    analysis_touch(x, OBJ_FOREIGN_SERVER, "", s->servername, EFFECT_REFERENCE, -1);
}

static void view_stmt(struct analysis *x, const tree *m)
{
    const PgQuery__ViewStmt *s = TREE(ViewStmt, m);
    bool lasting = analysis_create(x, s->view, OBJ_VIEW, false);
    if (s->replace && lasting) {
        x->st->replaces |= !x->defining;
        analysis_lock(x, s->view, OBJ_VIEW, LOCK_ACCESS_EXCLUSIVE);
    }
    analysis_define(x, tree_of(s->query));
}

static void create_table_as(struct analysis *x, const tree *m)
{
    const PgQuery__CreateTableAsStmt *s = TREE(CreateTableAsStmt, m);
    bool matview = s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW;
    analysis_node(x, s->query);
    if (s->into != NULL) {
        analysis_create(x, s->into->rel, matview ? OBJ_MATVIEW : OBJ_TABLE,
                        s->into->on_commit == PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_DROP);
    }
}

static void refresh(struct analysis *x, const tree *m)
{
    const PgQuery__RefreshMatViewStmt *s = TREE(RefreshMatViewStmt, m);
    analysis_relation(x, s->relation, OBJ_MATVIEW, EFFECT_WRITE,
                      s->concurrent ? LOCK_EXCLUSIVE : LOCK_ACCESS_EXCLUSIVE);
}

/* OWNED BY table.column; NONE is a single name. */
static void owned_by(struct analysis *x, struct tree_list options)
{
    const PgQuery__DefElem *o = tree_option(options, "owned_by");
    if (o == NULL) {
        return;
    }
    struct tree_list names = tree_items(o->arg);
    if (names.n >= 2) {
        struct dotted table = tree_dotted(tree_list(names.v, names.n - 1));
        analysis_named(x, table, OBJ_TABLE, EFFECT_ALTER, LOCK_ACCESS_SHARE, o->location);
    }
}

static void create_sequence(struct analysis *x, const tree *m)
{
    const PgQuery__CreateSeqStmt *s = TREE(CreateSeqStmt, m);
    analysis_create(x, s->sequence, OBJ_SEQUENCE, false);
    owned_by(x, LIST(s, options));
}

static void alter_sequence(struct analysis *x, const tree *m)
{
    const PgQuery__AlterSeqStmt *s = TREE(AlterSeqStmt, m);
    analysis_relation(x, s->sequence, OBJ_SEQUENCE, EFFECT_ALTER, LOCK_SHARE_ROW_EXCLUSIVE);
    analysis_hidden_tables(x); /* it counts to the table whose column owns it */
    if (tree_option(LIST(s, options), "restart") != NULL) {
        analysis_relation(x, s->sequence, OBJ_SEQUENCE, EFFECT_WRITE, LOCK_NONE);
    }
    owned_by(x, LIST(s, options));
}

static void truncate_stmt(struct analysis *x, const tree *m)
{
    const PgQuery__TruncateStmt *s = TREE(TruncateStmt, m);
    for (size_t i = 0; i < s->n_relations; i++) {
        const tree *r = tree_of(s->relations[i]);
        x->only = tree_is(r, &pg_query__range_var__descriptor) && !TREE(RangeVar, r)->inh;
        if (tree_is(r, &pg_query__range_var__descriptor) &&
            analysis_relation(x, TREE(RangeVar, r), OBJ_TABLE, EFFECT_TRUNCATE,
                              LOCK_ACCESS_EXCLUSIVE)) {
            x->st->counts_rows_before |= !x->defining;
            analysis_destructive(x, DEED_EMPTIES);
        }
    }
    x->only = false;
    analysis_cascade(x, s->behavior);
}

static void lock_stmt(struct analysis *x, const tree *m)
{
    const PgQuery__LockStmt *s = TREE(LockStmt, m);
    for (size_t i = 0; i < s->n_relations; i++) {
        const tree *r = tree_of(s->relations[i]);
        if (tree_is(r, &pg_query__range_var__descriptor)) {
            bool only_looks = s->mode <= LOCK_ROW_SHARE || s->mode == LOCK_SHARE;
            analysis_relation(x, TREE(RangeVar, r), OBJ_TABLE,
                              only_looks ? EFFECT_READ : EFFECT_ALTER, s->mode);
        }
    }
}

static void create_schema(struct analysis *x, const tree *m)
{
    const PgQuery__CreateSchemaStmt *s = TREE(CreateSchemaStmt, m);
    const char *before = x->schema;
    const char *name = s->schemaname[0] != '\0' ? s->schemaname : analysis_role(s->authrole);
    analysis_needs(x, s->authrole, true);
    if (name[0] == '\0') {
        analysis_opaque(x); /* whoever runs it gives the name */
    }
    analysis_touch(x, OBJ_SCHEMA, "", name, EFFECT_CREATE, -1);
    x->schema = name;
    analysis_nodes(x, LIST(s, schema_elts));
    x->schema = before;
}

static const struct handler rows[] = {
    {&pg_query__column_def__descriptor, column_def},
    {&pg_query__constraint__descriptor, constraint},
    {&pg_query__create_stmt__descriptor, create_stmt},
    {&pg_query__create_foreign_table_stmt__descriptor, create_foreign_table},
    {&pg_query__view_stmt__descriptor, view_stmt},
    {&pg_query__create_table_as_stmt__descriptor, create_table_as},
    {&pg_query__refresh_mat_view_stmt__descriptor, refresh},
    {&pg_query__create_seq_stmt__descriptor, create_sequence},
    {&pg_query__alter_seq_stmt__descriptor, alter_sequence},
    {&pg_query__truncate_stmt__descriptor, truncate_stmt},
    {&pg_query__lock_stmt__descriptor, lock_stmt},
    {&pg_query__create_schema_stmt__descriptor, create_schema},
};
HANDLERS(touch_table_handlers, rows);
