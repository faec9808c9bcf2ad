/* Touches of what belongs to a table: indexes, triggers, rules, policies, statistics. */
#include "sql/analysis.h"
#include "sql/builtin.h"

static void index_stmt(struct analysis *x, const tree *m)
{
    const PgQuery__IndexStmt *s = TREE(IndexStmt, m);
    bool lasting = analysis_relation(x, s->relation, OBJ_TABLE, EFFECT_ALTER,
                                     s->concurrent ? LOCK_SHARE_UPDATE_EXCLUSIVE : LOCK_SHARE);
    if (lasting) {
        analysis_indexes(x, 1);
    }
    analysis_define_nodes(x, LIST(s, index_params));
    analysis_define(x, tree_of(s->where_clause));
}

static void trigger(struct analysis *x, const tree *m)
{
    const PgQuery__CreateTrigStmt *s = TREE(CreateTrigStmt, m);
    struct dotted f = tree_dotted(LIST(s, funcname));
    analysis_relation(x, s->relation, OBJ_TABLE, EFFECT_ALTER, LOCK_SHARE_ROW_EXCLUSIVE);
    analysis_relation(x, s->constrrel, OBJ_TABLE, EFFECT_REFERENCE, LOCK_ACCESS_SHARE);
    if (f.schema[0] != '\0' || !builtin_function(f.name)) {
        analysis_touch(x, OBJ_FUNCTION, f.schema, f.name, EFFECT_REFERENCE, -1);
    }
    analysis_define(x, tree_of(s->when_clause));
}

static void rule(struct analysis *x, const tree *m)
{
    const PgQuery__RuleStmt *s = TREE(RuleStmt, m);
    analysis_relation(x, s->relation, OBJ_TABLE, EFFECT_ALTER, LOCK_ACCESS_EXCLUSIVE);
    analysis_define(x, tree_of(s->where_clause));
    for (size_t i = 0; i < s->n_actions; i++) {
        analysis_define_action(x, tree_of(s->actions[i]));
    }
}

static void create_policy(struct analysis *x, const tree *m)
{
    const PgQuery__CreatePolicyStmt *s = TREE(CreatePolicyStmt, m);
    analysis_needs_all(x, LIST(s, roles), false);
    analysis_relation(x, s->table, OBJ_TABLE, EFFECT_ALTER, LOCK_ACCESS_EXCLUSIVE);
    analysis_define(x, tree_of(s->qual));
    analysis_define(x, tree_of(s->with_check));
}

static void alter_policy(struct analysis *x, const tree *m)
{
    const PgQuery__AlterPolicyStmt *s = TREE(AlterPolicyStmt, m);
    analysis_needs_all(x, LIST(s, roles), false);
    analysis_relation(x, s->table, OBJ_TABLE, EFFECT_ALTER, LOCK_ACCESS_EXCLUSIVE);
    analysis_define(x, tree_of(s->qual));
    analysis_define(x, tree_of(s->with_check));
}

static void create_statistics(struct analysis *x, const tree *m)
{
    const PgQuery__CreateStatsStmt *s = TREE(CreateStatsStmt, m);
    for (size_t i = 0; i < s->n_relations; i++) {
        const tree *r = tree_of(s->relations[i]);
        if (tree_is(r, &pg_query__range_var__descriptor)) {
            analysis_relation(x, TREE(RangeVar, r), OBJ_TABLE, EFFECT_ALTER,
                              LOCK_SHARE_UPDATE_EXCLUSIVE);
        }
    }
    analysis_define_nodes(x, LIST(s, exprs));
}

static void alter_statistics(struct analysis *x, const tree *m)
{
    analysis_unnamed_table(x, tree_dotted(LIST(TREE(AlterStatsStmt, m), defnames)), EFFECT_ALTER);
}

static const struct handler rows[] = {
    {&pg_query__index_stmt__descriptor, index_stmt},
    {&pg_query__create_trig_stmt__descriptor, trigger},
    {&pg_query__rule_stmt__descriptor, rule},
    {&pg_query__create_policy_stmt__descriptor, create_policy},
    {&pg_query__alter_policy_stmt__descriptor, alter_policy},
    {&pg_query__create_stats_stmt__descriptor, create_statistics},
    {&pg_query__alter_stats_stmt__descriptor, alter_statistics},
};
HANDLERS(touch_index_handlers, rows);
