/* Statements that need a transaction to end, and what sets the session. */
#include "sql/apart.h"

#include <string.h>

#include "sql/analysis.h"

#define AT(name) PG_QUERY__ALTER_TABLE_TYPE__AT_##name

/* All that it does is of that kind: with another action beside it the strongest lock counts. */
static bool is_apart(const tree *stmt)
{
    if (!tree_is(stmt, &pg_query__alter_table_stmt__descriptor)) {
        return false;
    }
    const PgQuery__AlterTableStmt *s = TREE(AlterTableStmt, stmt);
    bool yes = s->n_cmds > 0;
    for (size_t i = 0; i < s->n_cmds && yes; i++) {
        const tree *c = tree_of(s->cmds[i]);
        int kind = tree_is(c, &pg_query__alter_table_cmd__descriptor)
                       ? (int)TREE(AlterTableCmd, c)->subtype
                       : 0;
        yes = kind == AT(ValidateConstraint) || kind == AT(DetachPartitionFinalize);
    }
    return yes;
}

static const char *value_of(struct arena *a, const tree *stmt)
{
    if (!tree_is(stmt, &pg_query__alter_enum_stmt__descriptor)) {
        return NULL;
    }
    const PgQuery__AlterEnumStmt *s = TREE(AlterEnumStmt, stmt);
    return s->old_val[0] == '\0' ? arena_strdup(a, s->new_val) : NULL;
}

/* A call of set_config() for the session. */
static bool is_setting(const PgQuery__Node *n)
{
    const tree *m = tree_of(n);
    const tree *call =
        tree_is(m, &pg_query__res_target__descriptor) ? tree_of(TREE(ResTarget, m)->val) : NULL;
    if (!tree_is(call, &pg_query__func_call__descriptor)) {
        return false;
    }
    const PgQuery__FuncCall *f = TREE(FuncCall, call);
    struct dotted d = tree_dotted(LIST(f, funcname));
    const tree *local = f->n_args == 3 ? tree_of(f->args[2]) : NULL;
    return strcmp(d.name, "set_config") == 0 &&
           (d.schema[0] == '\0' || strcmp(d.schema, "pg_catalog") == 0) &&
           tree_is(local, &pg_query__a__const__descriptor) &&
           TREE(AConst, local)->val_case == PG_QUERY__A__CONST__VAL_BOOLVAL &&
           !TREE(AConst, local)->boolval->boolval;
}

static bool sets_session(const tree *stmt, const struct statement *st)
{
    if (!tree_is(stmt, &pg_query__select_stmt__descriptor) || st->opaque || st->touches.n > 0) {
        return false;
    }
    const PgQuery__SelectStmt *s = TREE(SelectStmt, stmt);
    bool yes = s->n_target_list > 0 && s->n_from_clause == 0 && s->where_clause == NULL;
    for (size_t i = 0; i < s->n_target_list && yes; i++) {
        yes = is_setting(s->target_list[i]);
    }
    return yes;
}

void apart_read(struct arena *a, const tree *stmt, struct statement *st)
{
    st->is_apart = is_apart(stmt);
    st->adds = value_of(a, stmt);
    st->sets_session = sets_session(stmt, st);
}
