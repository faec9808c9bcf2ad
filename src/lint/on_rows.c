/* Rows and queries: UPDATE, DELETE, INSERT, MERGE, views, tables made of queries, REFRESH, VACUUM FULL. */
#include <string.h>
#include <strings.h>

#include "lint/work.h"

/* --- what a query says ------------------------------------------------------------------------------ */

struct query {
    struct lint *l;
    bool is_kept;   /* its rows are stored */
    bool in_filter; /* in WHERE or ON */
};

static bool is_one_of(const char *name, const char *const *list)
{
    while (*list != NULL && strcmp(*list, name) != 0) {
        list++;
    }
    return *list != NULL;
}

static void find_column(void *ctx, const tree *m)
{
    bool *found = ctx;
    *found = *found || tree_is(m, &pg_query__column_ref__descriptor);
    tree_children(m, find_column, ctx);
}

static bool names_column(const tree *m)
{
    bool found = false;
    if (m != NULL) {
        find_column(&found, m);
    }
    return found;
}

static bool is_cast_to(const PgQuery__Node *n, const char *type)
{
    const tree *m = tree_of(n);
    const PgQuery__TypeName *t =
        tree_is(m, &pg_query__type_cast__descriptor) ? TREE(TypeCast, m)->type_name : NULL;
    return t != NULL && strcmp(tree_dotted(LIST(t, names)).name, type) == 0;
}

static void look_at_call(const struct query *q, const PgQuery__FuncCall *f)
{
    static const char *const lists[] = {
        "array_agg",       "string_agg",       "json_agg", "jsonb_agg",
        "json_object_agg", "jsonb_object_agg", "xmlagg",   NULL};
    static const char *const chances[] = {"now",
                                          "random",
                                          "clock_timestamp",
                                          "statement_timestamp",
                                          "transaction_timestamp",
                                          "timeofday",
                                          "gen_random_uuid",
                                          "uuid_generate_v4",
                                          "uuidv4",
                                          "uuidv7",
                                          NULL};
    struct lint *l = q->l;
    const char *name = tree_dotted(LIST(f, funcname)).name;
    if (q->is_kept && is_one_of(name, lists) && f->n_agg_order == 0 && f->over == NULL) {
        (void)lint_note(l, LINT_UNORDERED_LIST, f->location, name, "%s() without ORDER BY", name);
    }
    if (q->is_kept && is_one_of(name, chances)) {
        (void)lint_note(l, LINT_NOT_DETERMINISTIC, f->location, name,
                        "%s() gives another value each time", name);
    }
    if (q->in_filter && strcmp(name, "st_transform") == 0 && f->n_args > 0 &&
        names_column(tree_of(f->args[0]))) {
        (void)lint_note(l, LINT_TRANSFORM_FILTER, f->location, name,
                        "no index serves a column behind ST_Transform");
    }
    if (strcmp(name, "st_buffer") == 0 && f->n_args > 0 && is_cast_to(f->args[0], "geography")) {
        (void)lint_note(l, LINT_GEOGRAPHY_PLANE, f->location, name, "ST_Buffer of a geography");
    }
    if (strcmp(name, "updategeometrysrid") == 0) {
        (void)lint_note(l, LINT_SET_SRID, f->location, name, "coordinates stay as they are");
    }
    if (strcmp(name, "addgeometrycolumn") == 0) {
        (void)lint_note(l, LINT_ADD_GEOMETRY_COLUMN, f->location, name,
                        "AddGeometryColumn makes a column that no DDL shows");
    }
}

static bool is_call_of(const PgQuery__Node *n, const char *name)
{
    const tree *m = tree_of(n);
    return tree_is(m, &pg_query__func_call__descriptor) &&
           strcmp(tree_dotted(LIST(TREE(FuncCall, m), funcname)).name, name) == 0;
}

/* ST_Distance(a, b) < x */
static void look_at_expression(const struct query *q, const PgQuery__AExpr *e)
{
    const char *op = e->n_name > 0 ? tree_string(e->name[e->n_name - 1]) : NULL;
    if (q->in_filter && op != NULL && (op[0] == '<' || op[0] == '>') &&
        (is_call_of(e->lexpr, "st_distance") || is_call_of(e->rexpr, "st_distance"))) {
        (void)lint_note(q->l, LINT_DISTANCE_FILTER, e->location, "st_distance",
                        "ST_Distance is computed for all rows");
    }
}

static void look(void *ctx, const tree *m);

static void look_at_filter(const struct query *q, const PgQuery__Node *n)
{
    struct query within = *q;
    within.in_filter = true;
    if (tree_of(n) != NULL) {
        look(&within, tree_of(n));
    }
}

static void look_at_select(const struct query *q, const PgQuery__SelectStmt *s)
{
    if (q->is_kept && s->limit_count != NULL && s->n_sort_clause == 0 && s->n_from_clause > 0) {
        (void)lint_note(q->l, LINT_LIMIT_UNORDERED, -1, NULL, "LIMIT keeps any rows");
    }
    look_at_filter(q, s->where_clause);
}

static void look(void *ctx, const tree *m)
{
    const struct query *q = ctx;
    if (tree_is(m, &pg_query__func_call__descriptor)) {
        look_at_call(q, TREE(FuncCall, m));
    } else if (tree_is(m, &pg_query__a__expr__descriptor)) {
        look_at_expression(q, TREE(AExpr, m));
    } else if (tree_is(m, &pg_query__sqlvalue_function__descriptor) && q->is_kept) {
        (void)lint_note(q->l, LINT_NOT_DETERMINISTIC, TREE(SQLValueFunction, m)->location, NULL,
                        "a value of the moment is kept");
    } else if (tree_is(m, &pg_query__join_expr__descriptor)) {
        look_at_filter(q, TREE(JoinExpr, m)->quals);
    } else if (tree_is(m, &pg_query__select_stmt__descriptor)) {
        look_at_select(q, TREE(SelectStmt, m));
    }
    tree_children(m, look, ctx);
}

/* What a query says; is_kept: its rows are stored. */
static void lint_query(struct lint *l, const tree *m, bool is_kept)
{
    struct query q = {.l = l, .is_kept = is_kept};
    if (m != NULL) {
        look(&q, m);
    }
}

/* --- rows of tables that are there ------------------------------------------------------------------ */

/* WHERE that asks for one value. */
static bool is_narrow(const PgQuery__Node *where)
{
    const tree *m = tree_of(where);
    if (tree_is(m, &pg_query__bool_expr__descriptor)) {
        const PgQuery__BoolExpr *b = TREE(BoolExpr, m);
        bool narrow = false;
        for (size_t i = 0; i < b->n_args; i++) {
            narrow = narrow || is_narrow(b->args[i]);
        }
        return narrow && b->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR;
    }
    if (!tree_is(m, &pg_query__a__expr__descriptor)) {
        return false;
    }
    const PgQuery__AExpr *e = TREE(AExpr, m);
    const char *op = e->n_name > 0 ? tree_string(e->name[0]) : NULL;
    bool is_list = e->kind == PG_QUERY__A__EXPR__KIND__AEXPR_IN;
    return op != NULL && strcmp(op, "=") == 0 &&
           (is_list || tree_is(tree_of(e->rexpr), &pg_query__a__const__descriptor) ||
            tree_literal(e->rexpr) != NULL);
}

static void write_rows(struct lint *l, const PgQuery__RangeVar *r, const PgQuery__Node *where,
                       enum hazard all)
{
    const char *name = lint_range(l, r);
    if (l->st->mark.p != NULL || !lint_range_in_use(l, r)) {
        return;
    }
    if (names_have(&l->held_all, name)) {
        (void)lint_note(l, LINT_BACKFILL_WITH_DDL, -1, name,
                        "rows of %s are written while it is locked ACCESS EXCLUSIVE", name);
    }
    if (tree_of(where) == NULL) {
        (void)lint_note(l, all, -1, name, "every row of %s is %s", name,
                        all == LINT_DELETE_ALL ? "deleted" : "written");
    } else if (!is_narrow(where)) {
        (void)lint_note(l, LINT_UNBOUNDED, -1, name,
                        "rows of %s are written in one transaction, however many", name);
    }
}

static void look_at_targets(struct lint *l, struct tree_list targets)
{
    struct names seen = {0};
    for (size_t i = 0; i < targets.n; i++) {
        const tree *m = tree_of(targets.v[i]);
        const PgQuery__ResTarget *t =
            tree_is(m, &pg_query__res_target__descriptor) ? TREE(ResTarget, m) : NULL;
        if (t == NULL || t->n_indirection > 0) {
            continue;
        }
        if (names_have(&seen, t->name)) {
            (void)lint_note(l, LINT_COLUMN_TWICE, t->location, t->name, "%s is set twice", t->name);
        }
        names_add(l->a, &seen, arena_strdup(l->a, t->name));
        const tree *value = is_call_of(t->val, "st_setsrid") ? tree_of(t->val) : NULL;
        if (value != NULL && TREE(FuncCall, value)->n_args > 0 &&
            tree_is(tree_of(TREE(FuncCall, value)->args[0]), &pg_query__column_ref__descriptor)) {
            (void)lint_note(l, LINT_SET_SRID, t->location, t->name, "coordinates stay as they are");
        }
    }
}

static void update(struct lint *l, const tree *m)
{
    const PgQuery__UpdateStmt *s = TREE(UpdateStmt, m);
    write_rows(l, s->relation, s->where_clause, LINT_UPDATE_ALL);
    look_at_targets(l, LIST(s, target_list));
    lint_query(l, m, false);
}

static void delete (struct lint *l, const tree *m)
{
    const PgQuery__DeleteStmt *s = TREE(DeleteStmt, m);
    write_rows(l, s->relation, s->where_clause, LINT_DELETE_ALL);
    lint_query(l, m, false);
}

static bool reads_tables(const tree *m)
{
    if (!tree_is(m, &pg_query__select_stmt__descriptor)) {
        return false;
    }
    const PgQuery__SelectStmt *s = TREE(SelectStmt, m);
    return s->n_from_clause > 0 || s->larg != NULL;
}

static void insert(struct lint *l, const tree *m)
{
    const PgQuery__InsertStmt *s = TREE(InsertStmt, m);
    const char *name = lint_range(l, s->relation);
    const tree *rows = tree_of(s->select_stmt);
    bool is_used = lint_range_in_use(l, s->relation);
    if (s->n_cols == 0 && rows != NULL && is_used) {
        (void)lint_note(l, LINT_INSERT_POSITIONS, s->relation->location, name,
                        "values for %s go by the order of its columns", name);
    }
    if (is_used && reads_tables(rows) && l->st->mark.p == NULL) {
        (void)lint_note(l, LINT_UNBOUNDED, -1, name,
                        "rows of %s are written in one transaction, however many", name);
    }
    lint_query(l, rows, false);
}

static void merge(struct lint *l, const tree *m)
{
    const PgQuery__MergeStmt *s = TREE(MergeStmt, m);
    if (lint_range_in_use(l, s->relation) && l->st->mark.p == NULL) {
        (void)lint_note(l, LINT_UNBOUNDED, -1, lint_range(l, s->relation),
                        "rows of %s are written in one transaction, however many",
                        lint_range(l, s->relation));
    }
    lint_query(l, m, false);
}

static void select(struct lint *l, const tree *m)
{
    lint_query(l, m, false);
}

/* --- views and tables made of queries --------------------------------------------------------------- */

static void cancel_renamed(struct lint *l, const char *name)
{
    for (size_t i = 0; i < l->n_renamed; i++) {
        if (strcmp(l->renamed[i].name, name) == 0) {
            lint_cancel(l->renamed[i].note);
        }
    }
}

struct view_source {
    struct lint *l;
    const char *name; /* the first table with policies */
};

static void find_policies(void *ctx, const tree *m)
{
    struct view_source *x = ctx;
    if (tree_is(m, &pg_query__range_var__descriptor) && x->name == NULL) {
        const PgQuery__RangeVar *r = TREE(RangeVar, m);
        const struct known_table *t = known_table(&x->l->known, r->schemaname, r->relname);
        x->name = t != NULL && t->has_policies ? lint_range(x->l, r) : NULL;
    }
    tree_children(m, find_policies, ctx);
}

static bool has_star(const tree *query)
{
    if (!tree_is(query, &pg_query__select_stmt__descriptor)) {
        return false;
    }
    const PgQuery__SelectStmt *s = TREE(SelectStmt, query);
    for (size_t i = 0; i < s->n_target_list; i++) {
        const tree *m = tree_of(s->target_list[i]);
        const tree *v =
            tree_is(m, &pg_query__res_target__descriptor) ? tree_of(TREE(ResTarget, m)->val) : NULL;
        if (tree_is(v, &pg_query__column_ref__descriptor)) {
            const PgQuery__ColumnRef *c = TREE(ColumnRef, v);
            if (tree_is(tree_of(c->fields[c->n_fields - 1]), &pg_query__a__star__descriptor)) {
                return true;
            }
        }
    }
    return false;
}

static void look_at_star(struct lint *l, const tree *query, const char *name)
{
    if (has_star(query)) {
        (void)lint_note(l, LINT_SELECT_STAR, -1, name, "%s is SELECT *", name);
    }
}

static void view(struct lint *l, const tree *m)
{
    const PgQuery__ViewStmt *s = TREE(ViewStmt, m);
    const char *name = lint_range(l, s->view);
    struct view_source x = {l, NULL};
    bool is_new = !s->replace && l->now->f.part != LINT_PAST;
    cancel_renamed(l, name);
    known_table_new(l->a, &l->known, s->view)->is_new = is_new;
    lint_given_range(l, s->view);
    find_policies(&x, tree_of(s->query));
    if (x.name != NULL && !tree_option_on(LIST(s, options), "security_invoker", false)) {
        (void)lint_note(l, LINT_VIEW_INVOKER, -1, name,
                        "%s reads %s, which has row security, as its owner", name, x.name);
    }
    look_at_star(l, tree_of(s->query), name);
    lint_query(l, tree_of(s->query), false);
}

static void table_as(struct lint *l, const tree *m)
{
    const PgQuery__CreateTableAsStmt *s = TREE(CreateTableAsStmt, m);
    const PgQuery__RangeVar *r = s->into != NULL ? s->into->rel : NULL;
    const char *name = lint_range(l, r);
    bool is_table = s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE;
    if (r == NULL) {
        return;
    }
    struct known_table *t = known_table_new(l->a, &l->known, r);
    if (strcmp(r->relpersistence, "t") == 0) {
        return;
    }
    t->is_new = l->now->f.part != LINT_PAST;
    t->is_whole = false;
    lint_given_range(l, r);
    if (is_table) {
        (void)lint_note(l, LINT_TABLE_AS, -1, name, "%s has no keys, checks or defaults", name);
    } else {
        look_at_star(l, tree_of(s->query), name);
    }
    lint_query(l, tree_of(s->query), true);
}

static void refresh(struct lint *l, const tree *m)
{
    const PgQuery__RefreshMatViewStmt *s = TREE(RefreshMatViewStmt, m);
    if (!s->concurrent && lint_range_in_use(l, s->relation)) {
        (void)lint_note(l, LINT_REFRESH_BLOCKS, -1, lint_range(l, s->relation),
                        "nobody reads %s until it is filled", lint_range(l, s->relation));
    }
}

static void vacuum(struct lint *l, const tree *m)
{
    if (tree_option_on(LIST(TREE(VacuumStmt, m), options), "full", false)) {
        (void)lint_note(l, LINT_REWRITES, -1, NULL, "VACUUM FULL writes the table anew");
    }
}

static void cluster(struct lint *l, const tree *m)
{
    const PgQuery__ClusterStmt *s = TREE(ClusterStmt, m);
    if (s->relation == NULL || lint_range_in_use(l, s->relation)) {
        (void)lint_note(l, LINT_REWRITES, -1, lint_range(l, s->relation),
                        "CLUSTER writes the table anew");
    }
}

static const struct lint_handler rows[] = {
    {&pg_query__update_stmt__descriptor, update},
    {&pg_query__delete_stmt__descriptor, delete},
    {&pg_query__insert_stmt__descriptor, insert},
    {&pg_query__merge_stmt__descriptor, merge},
    {&pg_query__select_stmt__descriptor, select},
    {&pg_query__view_stmt__descriptor, view},
    {&pg_query__create_table_as_stmt__descriptor, table_as},
    {&pg_query__refresh_mat_view_stmt__descriptor, refresh},
    {&pg_query__vacuum_stmt__descriptor, vacuum},
    {&pg_query__cluster_stmt__descriptor, cluster},
};
LINT_HANDLERS(on_rows_handlers, rows);
