/* What differs between the grammars that kfmig can be built with: libpg_query of PostgreSQL 18, which
 * configure makes, and older ones of a system. For the analyses; nothing else looks at PG_VERSION_NUM. */
#ifndef KFMIG_SQL_GRAMMAR_H
#define KFMIG_SQL_GRAMMAR_H

#include <pg_query.h>

#include "sql/analysis.h"

/* Visit what RETURNING of the statement s gives: a list, since 18 within a clause that may also name
 * the rows before and after; MERGE has one since 17. */
#if PG_VERSION_NUM >= 180000
#define GRAMMAR_RETURNING(x, s)                                                                    \
    analysis_visit(x, (s)->returning_clause != NULL ? &(s)->returning_clause->base : NULL)
#else
#define GRAMMAR_RETURNING(x, s) analysis_nodes(x, LIST(s, returning_list))
#endif
#if PG_VERSION_NUM >= 170000
#define GRAMMAR_MERGE_RETURNING(x, s) GRAMMAR_RETURNING(x, s)
#else
#define GRAMMAR_MERGE_RETURNING(x, s) (void)0
#endif

/* Whether a column is computed when it is read: GENERATED ... VIRTUAL, 18's default. */
static inline bool grammar_virtual(const PgQuery__Constraint *k)
{
#if PG_VERSION_NUM >= 180000
    return k->contype == PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED &&
           strcmp(k->generated_kind, "v") == 0;
#else
    (void)k;
    return false;
#endif
}

/* ALTER COLUMN ... SET EXPRESSION (17) */
static inline bool grammar_sets_expression(const PgQuery__AlterTableCmd *c)
{
#if PG_VERSION_NUM >= 170000
    return c->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_SetExpression;
#else
    (void)c;
    return false;
#endif
}

/* ... NOT ENFORCED (18) */
static inline bool grammar_not_enforced(const PgQuery__Constraint *k)
{
#if PG_VERSION_NUM >= 180000
    return !k->is_enforced && (k->contype == PG_QUERY__CONSTR_TYPE__CONSTR_CHECK ||
                               k->contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN);
#else
    (void)k;
    return false;
#endif
}

/* ALTER CONSTRAINT ... [NOT] ENFORCED (18) */
static inline bool grammar_enforces(const PgQuery__AlterTableCmd *c)
{
#if PG_VERSION_NUM >= 180000
    const tree *def = tree_of(c->def);
    return tree_is(def, &pg_query__atalter_constraint__descriptor) &&
           TREE(ATAlterConstraint, def)->alter_enforceability;
#else
    (void)c;
    return false;
#endif
}

#endif
