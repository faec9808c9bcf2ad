/* Touches of ALTER TABLE and its relatives (ALTER VIEW, INDEX, SEQUENCE, TYPE with the same grammar). */
#include <string.h>

#include "sql/address.h"
#include "sql/analysis.h"
#include "sql/grammar.h"
#include "sql/lock.h"
#include "sql/rewrite.h"

#define AT(name) PG_QUERY__ALTER_TABLE_TYPE__AT_##name

static void add_column(struct analysis *x, const PgQuery__AlterTableCmd *c, bool if_there)
{
    const tree *def = tree_of(c->def);
    if (tree_is(def, &pg_query__column_def__descriptor)) {
        rewrite_added(x, TREE(ColumnDef, def), if_there || c->missing_ok);
    }
    bool before = x->fills;
    x->fills = true;
    analysis_node(x, c->def);
    x->fills = before;
}

static void change_type(struct analysis *x, const PgQuery__AlterTableCmd *c, bool if_there)
{
    const tree *def = tree_of(c->def);
    analysis_destructive(x, DEED_RETYPES);
    analysis_visit(x, def);
    if (tree_is(def, &pg_query__column_def__descriptor)) {
        rewrite_retyped(x, c->name, TREE(ColumnDef, def), if_there);
        analysis_node(x, TREE(ColumnDef, def)->raw_default); /* USING runs over every row */
    }
}

static void partition(struct analysis *x, const PgQuery__AlterTableCmd *c)
{
    const tree *def = tree_of(c->def);
    if (tree_is(def, &pg_query__partition_cmd__descriptor)) {
        const PgQuery__PartitionCmd *p = TREE(PartitionCmd, def);
        analysis_hidden_indexes(x); /* a partition gets those of its parent that it lacks */
        if (c->subtype == AT(AttachPartition)) {
            analysis_kin(x, p->name, x->making);
        }
        /* DETACH ... CONCURRENTLY waits with a weaker lock first, and takes this one in the end. */
        analysis_relation(x, p->name, OBJ_TABLE, EFFECT_ALTER, LOCK_ACCESS_EXCLUSIVE);
        analysis_define(x, p->bound != NULL ? &p->bound->base : NULL);
    }
}

static void parent(struct analysis *x, const PgQuery__AlterTableCmd *c)
{
    const tree *def = tree_of(c->def);
    if (tree_is(def, &pg_query__range_var__descriptor)) {
        if (c->subtype == AT(AddInherit)) {
            analysis_kin(x, x->making, TREE(RangeVar, def));
        }
        analysis_relation(x, TREE(RangeVar, def), OBJ_TABLE, EFFECT_REFERENCE,
                          c->subtype == AT(AddInherit) ? LOCK_SHARE_UPDATE_EXCLUSIVE
                                                       : LOCK_ACCESS_SHARE);
    }
}

/* An index that becomes a constraint's takes its name, and may count as another. */
static void add_constraint(struct analysis *x, const tree *def)
{
    if (tree_is(def, &pg_query__constraint__descriptor) &&
        TREE(Constraint, def)->indexname[0] != '\0') {
        analysis_hidden_indexes(x);
    }
    analysis_visit(x, def);
}

static void command(struct analysis *x, const PgQuery__AlterTableCmd *c, bool if_there)
{
    analysis_cascade(x, c->behavior);
    if (c->subtype == AT(ChangeOwner)) {
        analysis_needs(x, c->newowner, true);
    }
    if (c->subtype == AT(AddColumn)) {
        add_column(x, c, if_there);
    } else if (c->subtype == AT(AlterColumnType)) {
        change_type(x, c, if_there);
    } else if (c->subtype == AT(DropColumn)) {
        analysis_destructive(x, DEED_DROPS);
        analysis_hidden_indexes(x);
    } else if (c->subtype == AT(DropConstraint)) {
        analysis_hidden_indexes(x);
    } else if (c->subtype == AT(AddConstraint)) {
        add_constraint(x, tree_of(c->def));
    } else if (c->subtype == AT(AttachPartition) || c->subtype == AT(DetachPartition) ||
               c->subtype == AT(DetachPartitionFinalize)) {
        partition(x, c);
    } else if (c->subtype == AT(AddInherit) || c->subtype == AT(DropInherit)) {
        parent(x, c);
    } else {
        analysis_define(x, tree_of(c->def));
    }
    if (c->subtype == AT(SetLogged) || c->subtype == AT(SetUnLogged) ||
        c->subtype == AT(SetTableSpace) || c->subtype == AT(SetAccessMethod) ||
        grammar_sets_expression(c)) {
        rewrite_whole(x,
                      false); /* LOGGED may be what it is; a virtual column has no rows to write */
    }
    if (grammar_enforces(c)) {
        analysis_reaches(x); /* the table it refers to loses its triggers, or gets them */
    }
}

static void alter_index(struct analysis *x, const PgQuery__AlterTableStmt *s)
{
    for (size_t i = 0; i < s->n_cmds && !x->defining; i++) {
        const tree *c = tree_of(s->cmds[i]);
        x->st->joined_indexes += tree_is(c, &pg_query__alter_table_cmd__descriptor) &&
                                 TREE(AlterTableCmd, c)->subtype == AT(AttachPartition);
    }
    const PgQuery__RangeVar *r = s->relation;
    analysis_unnamed_table(x, (struct dotted){r->schemaname, r->relname}, EFFECT_ALTER);
}

static void alter_table(struct analysis *x, const tree *m)
{
    const PgQuery__AlterTableStmt *s = TREE(AlterTableStmt, m);
    if (s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX) {
        alter_index(x, s);
        return;
    }
    int level = LOCK_NONE;
    for (size_t i = 0; i < s->n_cmds; i++) {
        const tree *c = tree_of(s->cmds[i]);
        int its = tree_is(c, &pg_query__alter_table_cmd__descriptor)
                      ? lock_alter_table(TREE(AlterTableCmd, c))
                      : LOCK_ACCESS_EXCLUSIVE;
        level = its > level ? its : level;
    }
    bool rewrites = x->st->rewrites;
    bool temporary = x->temporary;
    const PgQuery__RangeVar *making = x->making;
    x->temporary =
        !analysis_relation(x, s->relation, address_kind(s->objtype), EFFECT_ALTER,
                           s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE ? LOCK_NONE : level);
    x->making = s->relation;
    for (size_t i = 0; i < s->n_cmds; i++) {
        const tree *c = tree_of(s->cmds[i]);
        if (tree_is(c, &pg_query__alter_table_cmd__descriptor)) {
            command(x, TREE(AlterTableCmd, c), s->missing_ok);
        }
    }
    x->temporary = temporary;
    x->making = making;
    if (s->objtype != PG_QUERY__OBJECT_TYPE__OBJECT_TABLE) {
        x->st->rewrites = rewrites; /* of no rows: a sequence, a composite type */
        x->st->rewriting = NULL;
    }
}

static void move_all(struct analysis *x, const tree *m)
{
    const PgQuery__AlterTableMoveAllStmt *s = TREE(AlterTableMoveAllStmt, m);
    analysis_touch(x, OBJ_TABLESPACE, "", s->orig_tablespacename, EFFECT_ALTER, -1);
    analysis_touch(x, OBJ_TABLESPACE, "", s->new_tablespacename, EFFECT_ALTER, -1);
    analysis_hidden_tables(x);
}

static const struct handler rows[] = {
    {&pg_query__alter_table_stmt__descriptor, alter_table},
    {&pg_query__alter_table_move_all_stmt__descriptor, move_all},
};
HANDLERS(touch_alter_handlers, rows);
