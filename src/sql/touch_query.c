/* Touches of queries: SELECT, INSERT, UPDATE, DELETE, MERGE and the names in their expressions. */
#include <string.h>

#include "sql/analysis.h"
#include "sql/grammar.h"

static bool is_cte(const struct analysis *x, const char *name)
{
    for (const struct cte *c = x->ctes; c != NULL; c = c->outer) {
        if (strcmp(c->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void push_cte(struct analysis *x, const char *name)
{
    struct cte *c = ARENA_NEW(x->scratch, struct cte);
    *c = (struct cte){name, x->ctes};
    x->ctes = c;
}

/* Without RECURSIVE a name is known to what follows it only: in WITH t AS (SELECT * FROM t) the
 * inner t is a table. The caller restores x->ctes. */
static void enter_with(struct analysis *x, const PgQuery__WithClause *w)
{
    if (w == NULL) {
        return;
    }
    for (size_t i = 0; w->recursive && i < w->n_ctes; i++) {
        push_cte(x, w->ctes[i]->common_table_expr->ctename);
    }
    for (size_t i = 0; i < w->n_ctes; i++) {
        const PgQuery__CommonTableExpr *c = w->ctes[i]->common_table_expr;
        analysis_node(x, c->ctequery);
        if (!w->recursive) {
            push_cte(x, c->ctename);
        }
    }
}

static void range_var(struct analysis *x, const tree *m)
{
    const PgQuery__RangeVar *r = TREE(RangeVar, m);
    if (r->schemaname[0] == '\0' && is_cte(x, r->relname)) {
        return;
    }
    analysis_relation(x, r, OBJ_TABLE, EFFECT_READ, x->read_lock);
}

/* FOR UPDATE and its kin lock the rows of everything in FROM, sub-queries included; naming fewer
 * tables does not make the bound wrong. */
static void select_from(struct analysis *x, const PgQuery__SelectStmt *s)
{
    int before = x->read_lock;
    if (s->n_locking_clause > 0) {
        x->read_lock = LOCK_ROW_SHARE;
    }
    analysis_nodes(x, LIST(s, from_clause));
    x->read_lock = before;
}

static void select_into(struct analysis *x, const PgQuery__IntoClause *into)
{
    if (into != NULL && !x->elsewhere) { /* in a body it is an assignment */
        analysis_create(x, into->rel, OBJ_TABLE,
                        into->on_commit == PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_DROP);
    }
}

static void select_stmt(struct analysis *x, const tree *m)
{
    const PgQuery__SelectStmt *s = TREE(SelectStmt, m);
    const struct cte *outer = x->ctes;
    enter_with(x, s->with_clause);
    analysis_nodes(x, LIST(s, distinct_clause));
    analysis_nodes(x, LIST(s, target_list));
    select_from(x, s);
    analysis_node(x, s->where_clause);
    analysis_nodes(x, LIST(s, group_clause));
    analysis_node(x, s->having_clause);
    analysis_nodes(x, LIST(s, window_clause));
    analysis_nodes(x, LIST(s, values_lists));
    analysis_nodes(x, LIST(s, sort_clause));
    analysis_node(x, s->limit_offset);
    analysis_node(x, s->limit_count);
    analysis_visit(x, s->larg != NULL ? &s->larg->base : NULL);
    analysis_visit(x, s->rarg != NULL ? &s->rarg->base : NULL);
    x->ctes = outer;
    select_into(x, s->into_clause);
}

static void insert_stmt(struct analysis *x, const tree *m)
{
    const PgQuery__InsertStmt *s = TREE(InsertStmt, m);
    const struct cte *outer = x->ctes;
    enter_with(x, s->with_clause);
    analysis_relation(x, s->relation, OBJ_TABLE, EFFECT_WRITE, LOCK_ROW_EXCLUSIVE);
    analysis_node(x, s->select_stmt);
    if (s->on_conflict_clause != NULL) {
        analysis_children(x, &s->on_conflict_clause->base);
    }
    GRAMMAR_RETURNING(x, s);
    x->ctes = outer;
}

static void update_stmt(struct analysis *x, const tree *m)
{
    const PgQuery__UpdateStmt *s = TREE(UpdateStmt, m);
    const struct cte *outer = x->ctes;
    enter_with(x, s->with_clause);
    analysis_relation(x, s->relation, OBJ_TABLE, EFFECT_WRITE, LOCK_ROW_EXCLUSIVE);
    analysis_nodes(x, LIST(s, target_list));
    analysis_nodes(x, LIST(s, from_clause));
    analysis_node(x, s->where_clause);
    GRAMMAR_RETURNING(x, s);
    x->ctes = outer;
}

static void delete_stmt(struct analysis *x, const tree *m)
{
    const PgQuery__DeleteStmt *s = TREE(DeleteStmt, m);
    const struct cte *outer = x->ctes;
    enter_with(x, s->with_clause);
    if (analysis_relation(x, s->relation, OBJ_TABLE, EFFECT_WRITE, LOCK_ROW_EXCLUSIVE)) {
        analysis_destructive(x, tree_of(s->where_clause) == NULL ? DEED_EMPTIES : DEED_COUNT);
    }
    analysis_nodes(x, LIST(s, using_clause));
    analysis_node(x, s->where_clause);
    GRAMMAR_RETURNING(x, s);
    x->ctes = outer;
}

static void merge_stmt(struct analysis *x, const tree *m)
{
    const PgQuery__MergeStmt *s = TREE(MergeStmt, m);
    const struct cte *outer = x->ctes;
    enter_with(x, s->with_clause);
    bool lasting = analysis_relation(x, s->relation, OBJ_TABLE, EFFECT_WRITE, LOCK_ROW_EXCLUSIVE);
    analysis_node(x, s->source_relation);
    analysis_node(x, s->join_condition);
    for (size_t i = 0; i < s->n_merge_when_clauses; i++) {
        const PgQuery__MergeWhenClause *w = s->merge_when_clauses[i]->merge_when_clause;
        if (lasting && w->command_type == PG_QUERY__CMD_TYPE__CMD_DELETE) {
            analysis_destructive(x, DEED_COUNT);
        }
        analysis_children(x, &w->base);
    }
    GRAMMAR_MERGE_RETURNING(x, s);
    x->ctes = outer;
}

static void table_like(struct analysis *x, const tree *m)
{
    enum { WITH_INDEXES = 1 << 6 }; /* TableLikeOption (parsenodes.h) */
    if ((TREE(TableLikeClause, m)->options & WITH_INDEXES) != 0) {
        analysis_hidden_indexes(x);
    }
    analysis_relation(x, TREE(TableLikeClause, m)->relation, OBJ_TABLE, EFFECT_READ,
                      LOCK_ACCESS_SHARE);
}

/* Only named schemas: an unqualified type is found along search_path and bound by its oid. */
static void type_name(struct analysis *x, const tree *m)
{
    const PgQuery__TypeName *t = TREE(TypeName, m);
    if (t->pct_type && t->n_names >= 2) {
        struct dotted table = tree_dotted(tree_list(t->names, t->n_names - 1));
        analysis_touch(x, OBJ_TABLE, table.schema, table.name, EFFECT_REFERENCE, t->location);
        return;
    }
    struct dotted d = tree_dotted(LIST(t, names));
    if (d.schema[0] != '\0') {
        analysis_touch(x, OBJ_TYPE, d.schema, d.name, EFFECT_REFERENCE, t->location);
    }
    analysis_nodes(x, LIST(t, typmods));
}

static void named_reference(struct analysis *x, enum object_kind kind, struct tree_list names,
                            int location)
{
    struct dotted d = tree_dotted(names);
    if (d.schema[0] != '\0') {
        analysis_touch(x, kind, d.schema, d.name, EFFECT_REFERENCE, location);
    }
}

static void a_expr(struct analysis *x, const tree *m)
{
    const PgQuery__AExpr *e = TREE(AExpr, m);
    named_reference(x, OBJ_OPERATOR, LIST(e, name), e->location);
    analysis_node(x, e->lexpr);
    analysis_node(x, e->rexpr);
}

static void collate(struct analysis *x, const tree *m)
{
    const PgQuery__CollateClause *c = TREE(CollateClause, m);
    named_reference(x, OBJ_COLLATION, LIST(c, collname), c->location);
    analysis_node(x, c->arg);
}

static void index_elem(struct analysis *x, const tree *m)
{
    const PgQuery__IndexElem *e = TREE(IndexElem, m);
    named_reference(x, OBJ_OPCLASS, LIST(e, opclass), -1);
    named_reference(x, OBJ_COLLATION, LIST(e, collation), -1);
    analysis_node(x, e->expr);
}

/* Names in these are aliases, columns or roles. */
static void nothing(struct analysis *x, const tree *m)
{
    (void)x;
    (void)m;
}

static const struct handler rows[] = {
    {&pg_query__range_var__descriptor, range_var},
    {&pg_query__type_name__descriptor, type_name},
    {&pg_query__a__expr__descriptor, a_expr},
    {&pg_query__select_stmt__descriptor, select_stmt},
    {&pg_query__insert_stmt__descriptor, insert_stmt},
    {&pg_query__update_stmt__descriptor, update_stmt},
    {&pg_query__delete_stmt__descriptor, delete_stmt},
    {&pg_query__merge_stmt__descriptor, merge_stmt},
    {&pg_query__table_like_clause__descriptor, table_like},
    {&pg_query__collate_clause__descriptor, collate},
    {&pg_query__index_elem__descriptor, index_elem},
    {&pg_query__locking_clause__descriptor, nothing},
    {&pg_query__role_spec__descriptor, nothing},
    {&pg_query__alias__descriptor, nothing},
    {&pg_query__column_ref__descriptor, nothing},
};
HANDLERS(touch_query_handlers, rows);
