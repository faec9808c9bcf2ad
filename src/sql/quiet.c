/* Statements that run no code and leave nothing in the session.
 * Owns: which kinds there are. What is not in the table is not quiet, nor what calls a function that is not
 * the server's own (struct statement's opaque). Not in it, for what they may run: ALTER TABLE (defaults,
 * checks, keys over rows that are there), CREATE TABLE AS, partitions (the default one is looked through),
 * views (replaced ones), functions (validators), all that reads or writes rows. */
#include <string.h>

#include "sql/parse.h"

static bool is_temporary(const PgQuery__RangeVar *r)
{
    return r == NULL || r->relpersistence == NULL || strcmp(r->relpersistence, "t") == 0 ||
           strncmp(r->schemaname == NULL ? "" : r->schemaname, "pg_temp", strlen("pg_temp")) == 0;
}

static enum quiet of_table(const tree *m)
{
    const PgQuery__CreateStmt *s = TREE(CreateStmt, m);
    return s->partbound != NULL || is_temporary(s->relation) ? QUIET_NOT : QUIET_MAKES_TABLE;
}

/* Expressions, conditions and classes of operators run for the rows that are there. */
static enum quiet of_index(const tree *m)
{
    const PgQuery__IndexStmt *s = TREE(IndexStmt, m);
    bool runs = s->concurrent || s->where_clause != NULL || s->n_exclude_op_names > 0;
    for (size_t i = 0; i < s->n_index_params; i++) {
        const tree *e = tree_of(s->index_params[i]);
        const PgQuery__IndexElem *x =
            tree_is(e, &pg_query__index_elem__descriptor) ? TREE(IndexElem, e) : NULL;
        runs |= x == NULL || x->expr != NULL || x->n_opclass > 0;
    }
    return runs || is_temporary(s->relation) ? QUIET_NOT : QUIET_YES;
}

static enum quiet always(const tree *m)
{
    (void)m;
    return QUIET_YES;
}

enum quiet quiet_of(const struct statement *st, const tree *stmt)
{
    static const struct {
        const ProtobufCMessageDescriptor *type;
        enum quiet (*of)(const tree *m);
    } kinds[] = {
        {&pg_query__create_stmt__descriptor, of_table},
        {&pg_query__index_stmt__descriptor, of_index},
        {&pg_query__comment_stmt__descriptor, always},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (tree_is(stmt, kinds[i].type) && !st->opaque && st->kind == STATEMENT_PLAIN) {
            return kinds[i].of(stmt);
        }
    }
    return QUIET_NOT;
}
