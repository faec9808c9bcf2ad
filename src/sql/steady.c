/* What makes a query's answer another one each time: from its parse tree. */
#include "sql/steady.h"

#include <string.h>

#include "sql/analysis.h"
#include "sql/builtin.h"
#include "sql/token.h"
#include "sql/tree.h"

struct unsteady {
    struct arena *a;
    const char *found;
};

/* The same within a transaction only, so that the catalogs do not call them volatile; and what a session
 * is set to. */
static bool depends_on_session(const char *name)
{
    static const char *const names[] = {"now",
                                        "statement_timestamp",
                                        "transaction_timestamp",
                                        "age",
                                        "current_setting",
                                        "current_schema",
                                        "current_schemas",
                                        "current_database",
                                        "pg_backend_pid",
                                        "txid_current_snapshot",
                                        "pg_current_snapshot",
                                        "inet_client_addr",
                                        "inet_server_addr",
                                        "version"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void look_at(void *ctx, const tree *m)
{
    struct unsteady *s = ctx;
    if (s->found != NULL) {
        return;
    }
    if (tree_is(m, &pg_query__func_call__descriptor)) {
        const PgQuery__FuncCall *f = TREE(FuncCall, m);
        const struct dotted d = tree_dotted(LIST(f, funcname));
        if (builtin_volatile(d.name) || depends_on_session(d.name)) {
            s->found = arena_printf(s->a, "%s()", d.name);
        }
    } else if (tree_is(m, &pg_query__sqlvalue_function__descriptor)) {
        s->found = "CURRENT_DATE, USER or the like";
    } else if (tree_is(m, &pg_query__range_table_sample__descriptor)) {
        s->found = "TABLESAMPLE";
    } else if (tree_is(m, &pg_query__locking_clause__descriptor)) {
        s->found = "FOR UPDATE";
    }
    tree_children(m, look_at, s);
}

const char *query_unsteady(struct arena *a, struct bytes text)
{
    struct arena scratch = {0};
    const PgQuery__ParseResult *r = NULL;
    struct unsteady s = {.a = a};
    if (tokens_parse(&scratch, text.p, &r) == 0) {
        for (size_t i = 0; i < r->n_stmts; i++) {
            const tree *stmt = tree_of(r->stmts[i]->stmt);
            if (stmt != NULL) {
                look_at(&s, stmt);
            }
        }
    }
    arena_release(&scratch);
    return s.found;
}
