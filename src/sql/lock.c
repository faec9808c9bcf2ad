/* What PostgreSQL locks. */
#include "sql/lock.h"

#include <string.h>

#include "sql/analysis.h"

#define AT(name) PG_QUERY__ALTER_TABLE_TYPE__AT_##name

/* Everything that is not listed takes AccessExclusive. */
static const struct {
    PgQuery__AlterTableType type;
    int level;
} weaker[] = {
    {AT(SetStatistics), LOCK_SHARE_UPDATE_EXCLUSIVE},
    {AT(SetOptions), LOCK_SHARE_UPDATE_EXCLUSIVE},
    {AT(ResetOptions), LOCK_SHARE_UPDATE_EXCLUSIVE},
    {AT(ClusterOn), LOCK_SHARE_UPDATE_EXCLUSIVE},
    {AT(DropCluster), LOCK_SHARE_UPDATE_EXCLUSIVE},
    {AT(ValidateConstraint), LOCK_SHARE_UPDATE_EXCLUSIVE},
    {AT(AttachPartition), LOCK_SHARE_UPDATE_EXCLUSIVE},
    {AT(DetachPartitionFinalize), LOCK_SHARE_UPDATE_EXCLUSIVE},
    {AT(EnableTrig), LOCK_SHARE_ROW_EXCLUSIVE},
    {AT(EnableAlwaysTrig), LOCK_SHARE_ROW_EXCLUSIVE},
    {AT(EnableReplicaTrig), LOCK_SHARE_ROW_EXCLUSIVE},
    {AT(DisableTrig), LOCK_SHARE_ROW_EXCLUSIVE},
    {AT(EnableTrigAll), LOCK_SHARE_ROW_EXCLUSIVE},
    {AT(DisableTrigAll), LOCK_SHARE_ROW_EXCLUSIVE},
    {AT(EnableTrigUser), LOCK_SHARE_ROW_EXCLUSIVE},
    {AT(DisableTrigUser), LOCK_SHARE_ROW_EXCLUSIVE},
};

/* Storage parameters that running transactions may see change. */
static bool is_gentle_option(const char *name)
{
    static const char *const gentle[] = {"fillfactor",           "toast_tuple_target",
                                         "parallel_workers",     "log_autovacuum_min_duration",
                                         "vacuum_index_cleanup", "vacuum_truncate"};
    if (strncmp(name, "autovacuum_", strlen("autovacuum_")) == 0) {
        return true;
    }
    for (size_t i = 0; i < sizeof gentle / sizeof gentle[0]; i++) {
        if (strcmp(name, gentle[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int options_level(const PgQuery__Node *def)
{
    struct tree_list options = tree_items(def);
    for (size_t i = 0; i < options.n; i++) {
        const tree *o = tree_of(options.v[i]);
        if (!tree_is(o, &pg_query__def_elem__descriptor) ||
            !is_gentle_option(TREE(DefElem, o)->defname)) {
            return LOCK_ACCESS_EXCLUSIVE;
        }
    }
    return LOCK_SHARE_UPDATE_EXCLUSIVE;
}

static bool detaches_concurrently(const PgQuery__AlterTableCmd *c)
{
    const tree *def = tree_of(c->def);
    return tree_is(def, &pg_query__partition_cmd__descriptor) &&
           TREE(PartitionCmd, def)->concurrent;
}

static bool adds_foreign_key(const PgQuery__AlterTableCmd *c)
{
    const tree *def = tree_of(c->def);
    return tree_is(def, &pg_query__constraint__descriptor) &&
           TREE(Constraint, def)->contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN;
}

int lock_alter_table(const PgQuery__AlterTableCmd *c)
{
    if (c->subtype == AT(SetRelOptions) || c->subtype == AT(ResetRelOptions)) {
        return options_level(c->def);
    }
    if (c->subtype == AT(AddConstraint) && adds_foreign_key(c)) {
        return LOCK_SHARE_ROW_EXCLUSIVE;
    }
    if (c->subtype == AT(DetachPartition) && detaches_concurrently(c)) {
        return LOCK_SHARE_UPDATE_EXCLUSIVE;
    }
    for (size_t i = 0; i < sizeof weaker / sizeof weaker[0]; i++) {
        if (weaker[i].type == c->subtype) {
            return weaker[i].level;
        }
    }
    return LOCK_ACCESS_EXCLUSIVE;
}
