/* CREATE INDEX, REINDEX. */
#include <string.h>
#include <strings.h>

#include "lint/work.h"
#include "sql/builtin.h"

/* --- what it is of ---------------------------------------------------------------------------------- */

static const char *order_of(const PgQuery__IndexElem *e)
{
    const bool desc = e->ordering == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
    return e->nulls_ordering == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST  ? desc ? " d" : " n"
           : e->nulls_ordering == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_LAST ? desc ? " l" : ""
           : desc                                                            ? " d"
                                                                             : "";
}

/* Columns with order and operator class; NULL: an expression, which is not compared. */
static const char *text_of(struct lint *l, const PgQuery__IndexStmt *s, struct names *columns)
{
    const char *all = arena_printf(l->a, "%s", s->access_method);
    bool is_plain = s->where_clause == NULL && s->n_index_including_params == 0 && !s->unique;
    for (size_t i = 0; i < s->n_index_params; i++) {
        const tree *m = tree_of(s->index_params[i]);
        if (!tree_is(m, &pg_query__index_elem__descriptor)) {
            return NULL;
        }
        const PgQuery__IndexElem *e = TREE(IndexElem, m);
        is_plain = is_plain && e->name[0] != '\0' && e->n_opclass == 0 && e->n_collation == 0;
        names_add(l->a, columns, arena_strdup(l->a, e->name));
        all = arena_printf(l->a, "%s,%s%s", all, e->name, order_of(e));
    }
    return is_plain ? all : NULL;
}

/* --- functions in expressions ----------------------------------------------------------------------- */

struct pathless {
    struct lint *l;
    const struct known_function *f;
};

static void find_pathless(void *ctx, const tree *m)
{
    struct pathless *x = ctx;
    if (tree_is(m, &pg_query__func_call__descriptor) && x->f == NULL) {
        const struct known_function *f =
            known_function(&x->l->known, tree_dotted(LIST(TREE(FuncCall, m), funcname)));
        x->f = f != NULL && !f->has_path && f->is_looked_up ? f : NULL;
    }
    tree_children(m, find_pathless, ctx);
}

static void look_at_expressions(struct lint *l, const PgQuery__IndexStmt *s)
{
    struct pathless x = {l, NULL};
    for (size_t i = 0; i < s->n_index_params; i++) {
        const tree *m = tree_of(s->index_params[i]);
        if (m != NULL) {
            find_pathless(&x, m);
        }
    }
    if (x.f != NULL) {
        (void)lint_note(l, LINT_INDEX_FUNCTION_PATH, -1, x.f->name,
                        "%s() has no search_path set, and an index calls it", x.f->name);
    }
}

/* --- CREATE INDEX ----------------------------------------------------------------------------------- */

static bool is_spatial(const char *method)
{
    return strcmp(method, "gist") == 0 || strcmp(method, "spgist") == 0 ||
           strcmp(method, "brin") == 0;
}

static void remember(struct lint *l, struct known_table *t, const PgQuery__IndexStmt *s)
{
    struct names columns = {0};
    const char *all = text_of(l, s, &columns);
    for (size_t i = 0; i < t->n_index && all != NULL; i++) {
        if (strcmp(t->index[i].all, all) == 0) {
            (void)lint_note(l, LINT_INDEX_TWICE, -1, s->idxname, "%s has %s of the same columns",
                            lint_name(l, t->schema, t->name), t->index[i].name);
        }
    }
    ARENA_GROW(l->a, t->index, t->n_index, t->cap_index);
    t->index[t->n_index++] = (struct known_index){.name = arena_strdup(l->a, s->idxname),
                                                  .columns = columns,
                                                  .all = all != NULL ? all : "",
                                                  .is_partial = s->where_clause != NULL};
    if (is_spatial(s->access_method)) {
        lint_cancel(t->no_gist);
    }
    for (size_t i = 0; i < t->n_key; i++) {
        if (known_indexed(t, &t->key[i].columns)) {
            lint_cancel(t->key[i].unindexed);
        }
    }
}

/* Behind INDEX in CREATE [UNIQUE] INDEX; 0: it is not where it is looked for. */
static size_t behind_word(const struct lint *l, const char *word)
{
    struct bytes text = l->st->text;
    size_t n = strlen(word);
    for (size_t i = 0; i + n < text.n && i < 64; i++) {
        if (strncasecmp(text.p + i, word, n) == 0 && text.p[i + n] == ' ') {
            return l->st->offset + i + n;
        }
    }
    return 0;
}

static void offer_concurrently(const struct lint *l, struct lint_remark *n, const char *word)
{
    size_t at = l->is_block ? 0 : behind_word(l, word);
    if (at > 0) {
        lint_edit(n, at, at, " CONCURRENTLY");
    }
}

static void create_index(struct lint *l, const tree *m)
{
    const PgQuery__IndexStmt *s = TREE(IndexStmt, m);
    const char *table = lint_range(l, s->relation);
    struct known_table *t =
        known_table_of(l->a, &l->known, s->relation->schemaname, s->relation->relname);
    lint_given(l, s->idxname, -1);
    if (!t->is_new && !s->concurrent) {
        struct lint_remark *n = lint_note(l, LINT_INDEX_BLOCKS, -1, table,
                                          "writes to %s wait until the index is built", table);
        offer_concurrently(l, n, "INDEX");
    }
    if (s->concurrent && s->if_not_exists) {
        (void)lint_note(l, LINT_INDEX_IF_NOT_EXISTS, -1, s->idxname,
                        "an invalid index %s would be taken for this one", s->idxname);
    } else if (s->if_not_exists) {
        (void)lint_note(l, LINT_IF_NOT_EXISTS, -1, s->idxname,
                        "another index %s would be taken for this one", s->idxname);
    }
    if (s->idxname[0] == '\0') {
        (void)lint_note(l, LINT_INDEX_UNNAMED, -1, table, "an index of %s has no name", table);
    }
    if (s->n_index_params > 3 && !s->unique) {
        (void)lint_note(l, LINT_INDEX_WIDE, -1, s->idxname, "%s has %zu columns", s->idxname,
                        s->n_index_params);
    }
    look_at_expressions(l, s);
    remember(l, t, s);
}

static void reindex(struct lint *l, const tree *m)
{
    const PgQuery__ReindexStmt *s = TREE(ReindexStmt, m);
    const char *name = s->relation != NULL ? lint_range(l, s->relation) : s->name;
    if (tree_option_on(LIST(s, params), "concurrently", false) ||
        (s->relation != NULL && s->kind != PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX &&
         !lint_range_in_use(l, s->relation))) {
        return;
    }
    (void)lint_note(l, LINT_REINDEX_BLOCKS, -1, name, "%s is locked until it is written anew",
                    name[0] != '\0' ? name : "the database");
}

static const struct lint_handler rows[] = {
    {&pg_query__index_stmt__descriptor, create_index},
    {&pg_query__reindex_stmt__descriptor, reindex},
};
LINT_HANDLERS(on_index_handlers, rows);
