/* Touches of upkeep: VACUUM, ANALYZE, CLUSTER, REINDEX. */
#include "sql/rewrite.h"

static void vacuum(struct analysis *x, const tree *m)
{
    const PgQuery__VacuumStmt *s = TREE(VacuumStmt, m);
    bool full = s->is_vacuumcmd && tree_option_on(LIST(s, options), "full", false);
    for (size_t i = 0; i < s->n_rels; i++) {
        const tree *r = tree_of(s->rels[i]);
        if (tree_is(r, &pg_query__vacuum_relation__descriptor)) {
            analysis_relation(x, TREE(VacuumRelation, r)->relation, OBJ_TABLE, EFFECT_ALTER,
                              full ? LOCK_ACCESS_EXCLUSIVE : LOCK_SHARE_UPDATE_EXCLUSIVE);
        }
    }
    if (s->n_rels == 0) {
        analysis_opaque(x); /* every table that the role may */
    }
}

static void cluster(struct analysis *x, const tree *m)
{
    const PgQuery__ClusterStmt *s = TREE(ClusterStmt, m);
    analysis_relation(x, s->relation, OBJ_TABLE, EFFECT_ALTER, LOCK_ACCESS_EXCLUSIVE);
    rewrite_whole(x, s->relation != NULL);
    if (s->relation == NULL) {
        analysis_opaque(x);
    }
}

static void reindex(struct analysis *x, const tree *m)
{
    const PgQuery__ReindexStmt *s = TREE(ReindexStmt, m);
    bool concurrently = tree_option_on(LIST(s, params), "concurrently", false);
    switch (s->kind) {
    case PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_TABLE:
        analysis_relation(x, s->relation, OBJ_TABLE, EFFECT_ALTER,
                          concurrently ? LOCK_SHARE_UPDATE_EXCLUSIVE : LOCK_SHARE);
        return;
    case PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SCHEMA:
        analysis_touch(x, OBJ_SCHEMA, "", s->name, EFFECT_ALTER, -1);
        break;
    case PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SYSTEM:
    case PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_DATABASE:
        analysis_touch(x, OBJ_DATABASE, "", s->name, EFFECT_ALTER, -1);
        break;
    case PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX:
        analysis_unnamed_table(x, (struct dotted){s->relation->schemaname, s->relation->relname},
                               EFFECT_ALTER);
        return;
    case PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_TYPE_UNDEFINED:
    case _PG_QUERY__REINDEX_OBJECT_TYPE_IS_INT_SIZE:
        break;
    }
    analysis_opaque(x); /* the tables behind it are not in the text */
}

static const struct handler rows[] = {
    {&pg_query__vacuum_stmt__descriptor, vacuum},
    {&pg_query__cluster_stmt__descriptor, cluster},
    {&pg_query__reindex_stmt__descriptor, reindex},
};
HANDLERS(touch_upkeep_handlers, rows);
