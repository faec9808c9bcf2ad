/* Touches of calls: functions with effects of their own, DO, CALL, COPY and other statements that
 * run something. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql/analysis.h"
#include "sql/builtin.h"
#include "sql/plpgsql.h"
#include "sql/rewrite.h"

/* Split a name in a text ('s.seq', '"S"."Seq"') as the server reads it; a database in front is dropped. */
static bool name_in_text(struct arena *a, const char *text, struct dotted *out)
{
    char *copy = arena_strdup(a, text), *to = copy;
    *out = (struct dotted){"", copy};
    bool quoted = false;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"' && quoted && p[1] == '"') {
            *to++ = *p++;
        } else if (*p == '"') {
            quoted = !quoted;
        } else if (*p == '.' && !quoted) {
            *to++ = '\0';
            *out = (struct dotted){out->name, to};
        } else {
            *to++ = !quoted && *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
        }
    }
    *to = '\0';
    return !quoted && out->name[0] != '\0';
}

static const PgQuery__Node *argument(const PgQuery__FuncCall *f, size_t i)
{
    return i < f->n_args ? f->args[i] : NULL;
}

/* pg_get_serial_sequence('table', 'column') names the table whose column owns the sequence. */
static bool owner_of(struct analysis *x, const PgQuery__Node *n, struct dotted *out)
{
    const tree *m = tree_of(n);
    if (!tree_is(m, &pg_query__func_call__descriptor)) {
        return false;
    }
    const PgQuery__FuncCall *f = TREE(FuncCall, m);
    const char *table = tree_literal(argument(f, 0));
    return strcmp(tree_dotted(LIST(f, funcname)).name, "pg_get_serial_sequence") == 0 &&
           table != NULL && name_in_text(x->scratch, table, out);
}

static void on_sequence(struct analysis *x, const PgQuery__FuncCall *f, enum effect effect,
                        int lock)
{
    const char *text = tree_literal(argument(f, 0));
    struct dotted d;
    if (effect != EFFECT_READ) {
        analysis_hidden_tables(x); /* it counts to the table whose column owns it */
    }
    if (text == NULL && owner_of(x, argument(f, 0), &d)) {
        analysis_named(x, d, OBJ_TABLE, effect == EFFECT_READ ? effect : EFFECT_ALTER,
                       LOCK_ACCESS_SHARE, f->location);
        return;
    }
    if (text == NULL || !name_in_text(x->scratch, text, &d)) {
        analysis_opaque(x);
        return;
    }
    analysis_named(x, d, OBJ_SEQUENCE, effect, x->defining ? LOCK_NONE : lock, f->location);
}

static void advances(struct analysis *x, const PgQuery__FuncCall *f)
{
    on_sequence(x, f, EFFECT_WRITE, LOCK_ROW_EXCLUSIVE);
}

static void looks(struct analysis *x, const PgQuery__FuncCall *f)
{
    on_sequence(x, f, EFFECT_READ, LOCK_ROW_EXCLUSIVE);
}

static void large_object(struct analysis *x, const PgQuery__FuncCall *f)
{
    analysis_touch(x, OBJ_LARGE_OBJECT, "", "", EFFECT_WRITE, f->location);
}

static void server_file_read(struct analysis *x, const PgQuery__FuncCall *f)
{
    const char *path = tree_literal(argument(f, 0));
    analysis_touch(x, OBJ_SERVER_FILE, "", path != NULL ? path : "", EFFECT_READ, f->location);
}

static void lo_import(struct analysis *x, const PgQuery__FuncCall *f)
{
    server_file_read(x, f);
    large_object(x, f);
}

static void lo_export(struct analysis *x, const PgQuery__FuncCall *f)
{
    const char *path = tree_literal(argument(f, 1));
    analysis_touch(x, OBJ_SERVER_FILE, "", path != NULL ? path : "", EFFECT_WRITE, f->location);
}

/* At the top of a query: what it sets holds for what follows. */
static bool sets_path(struct analysis *x, const PgQuery__FuncCall *f)
{
    const char *name = tree_literal(argument(f, 0));
    const char *value = tree_literal(argument(f, 1));
    if (name == NULL || strcasecmp(name, "search_path") != 0 || value == NULL || x->defining ||
        strcmp(x->st->tag, "SELECT") != 0) {
        return false;
    }
    path_set_text(x->a, x->path, value);
    return true;
}

/* position: of the argument that names it. */
static void on_slot(struct analysis *x, const PgQuery__FuncCall *f, size_t position,
                    enum effect effect)
{
    const char *name = tree_literal(argument(f, position));
    if (name == NULL) {
        analysis_opaque(x);
    }
    analysis_touch(x, OBJ_REPLICATION_SLOT, "", name != NULL ? name : "", effect, f->location);
}

static void slot_made(struct analysis *x, const PgQuery__FuncCall *f)
{
    on_slot(x, f, 0, EFFECT_CREATE);
}

static void slot_copied(struct analysis *x, const PgQuery__FuncCall *f)
{
    on_slot(x, f, 1, EFFECT_CREATE);
}

static void slot_dropped(struct analysis *x, const PgQuery__FuncCall *f)
{
    on_slot(x, f, 0, EFFECT_DROP);
}

static void slot_moved(struct analysis *x, const PgQuery__FuncCall *f)
{
    on_slot(x, f, 0, EFFECT_ALTER);
}

/* Settings that kfmig pins or relies on; the runner's own guards see what really happens. */
static void set_config(struct analysis *x, const PgQuery__FuncCall *f)
{
    static const char *const ours[] = {"role", "session_authorization", "session_replication_role",
                                       "track_counts", "standard_conforming_strings"};
    const char *name = tree_literal(argument(f, 0));
    if (sets_path(x, f)) {
        return;
    }
    for (size_t i = 0; name != NULL && i < sizeof ours / sizeof ours[0]; i++) {
        if (strcasecmp(name, ours[i]) == 0) {
            name = NULL;
        }
    }
    if (name == NULL) {
        analysis_opaque(x);
    }
}

struct special {
    const char *name;
    void (*fn)(struct analysis *x, const PgQuery__FuncCall *f);
};

static const struct special specials[] = {
    /* sorted */
    {"currval", looks},
    {"lo_creat", large_object},
    {"lo_create", large_object},
    {"lo_export", lo_export},
    {"lo_from_bytea", large_object},
    {"lo_import", lo_import},
    {"lo_open", large_object},
    {"lo_put", large_object},
    {"lo_truncate", large_object},
    {"lo_truncate64", large_object},
    {"lo_unlink", large_object},
    {"lowrite", large_object},
    {"nextval", advances},
    {"pg_copy_logical_replication_slot", slot_copied},
    {"pg_copy_physical_replication_slot", slot_copied},
    {"pg_create_logical_replication_slot", slot_made},
    {"pg_create_physical_replication_slot", slot_made},
    {"pg_drop_replication_slot", slot_dropped},
    {"pg_logical_slot_get_binary_changes", slot_moved},
    {"pg_logical_slot_get_changes", slot_moved},
    {"pg_ls_dir", server_file_read},
    {"pg_read_binary_file", server_file_read},
    {"pg_read_file", server_file_read},
    {"pg_replication_slot_advance", slot_moved},
    {"pg_stat_file", server_file_read},
    {"set_config", set_config},
    {"setval", advances},
};

static int compare(const void *key, const void *row)
{
    return strcmp(key, ((const struct special *)row)->name);
}

/* PostGIS's functions that change a table say which by literals (manual, "Table Management Functions"):
 * [catalog, [schema,]] table, then what behind it tells their forms apart. */
struct table_function {
    const char *name;
    enum effect effect;
    int behind; /* arguments behind the table; -1: the column, the SRID as a number, and more */
    bool rewrites;
};

static const struct table_function table_functions[] = {
    {"addgeometrycolumn", EFFECT_ALTER, -1, false},
    {"dropgeometrycolumn", EFFECT_ALTER, 1, false},
    {"dropgeometrytable", EFFECT_DROP, 0, false},
    {"updategeometrysrid", EFFECT_ALTER, -1, true},
};

/* Where the table stands among the arguments, or -1. */
static int table_at(const PgQuery__FuncCall *f, int behind)
{
    int n = (int)f->n_args;
    for (int i = 0; behind == -1 && i < n; i++) {
        const tree *m = tree_of(f->args[i]);
        if (tree_is(m, &pg_query__a__const__descriptor) && tree_literal(f->args[i]) == NULL) {
            return i - 2;
        }
    }
    return behind >= 0 ? n - 1 - behind : -1;
}

/* Returns false if it is none of them, or does not say which table. */
static bool postgis_changes(struct analysis *x, const PgQuery__FuncCall *f, const char *name)
{
    for (size_t i = 0; i < sizeof table_functions / sizeof table_functions[0]; i++) {
        const struct table_function *t = &table_functions[i];
        int at = strcmp(t->name, name) == 0 ? table_at(f, t->behind) : -1;
        const char *table = at >= 0 ? tree_literal(argument(f, (size_t)at)) : NULL;
        const char *schema = at > 0 ? tree_literal(argument(f, (size_t)at - 1)) : "";
        if (table != NULL && schema != NULL) {
            struct dotted d = {schema, table};
            analysis_named(x, d, OBJ_TABLE, t->effect, LOCK_ACCESS_EXCLUSIVE, f->location);
            if (t->rewrites) {
                rewrite_whole(x, false);
            }
            if (t->effect == EFFECT_DROP) {
                analysis_destructive(x, DEED_DROPS);
                analysis_hidden_indexes(x);
                x->st->counts_rows_before |= !x->defining;
            }
            return true;
        }
    }
    return false;
}

static void call(struct analysis *x, const PgQuery__FuncCall *f)
{
    struct dotted d = tree_dotted(LIST(f, funcname));
    if (d.schema[0] == '\0' || strcmp(d.schema, "pg_catalog") == 0) {
        const struct special *s = bsearch(d.name, specials, sizeof specials / sizeof specials[0],
                                          sizeof specials[0], compare);
        if (s != NULL) {
            s->fn(x, f);
            return;
        }
        if (builtin_function(d.name)) {
            return;
        }
    }
    if (strcmp(d.name, "dblink") == 0 || strncmp(d.name, "dblink_", strlen("dblink_")) == 0) {
        analysis_touch(x, OBJ_REMOTE, "", "dblink", EFFECT_WRITE, f->location);
        return;
    }
    if (postgis_changes(x, f, d.name)) {
        return;
    }
    bool postgis = builtin_postgis(d.name);
    if (!postgis) {
        analysis_opaque(x);
        analysis_hidden_indexes(x);
    }
    if (!postgis || d.schema[0] != '\0') {
        analysis_touch(x, OBJ_FUNCTION, d.schema, d.name, EFFECT_REFERENCE, f->location);
    }
}

static void func_call(struct analysis *x, const tree *m)
{
    const PgQuery__FuncCall *f = TREE(FuncCall, m);
    call(x, f);
    analysis_nodes(x, LIST(f, args));
    analysis_nodes(x, LIST(f, agg_order));
    analysis_node(x, f->agg_filter);
    analysis_visit(x, f->over != NULL ? &f->over->base : NULL);
}

static void call_stmt(struct analysis *x, const tree *m)
{
    const PgQuery__FuncCall *f = TREE(CallStmt, m)->funccall;
    if (f != NULL) {
        struct dotted d = tree_dotted(LIST(f, funcname));
        analysis_touch(x, OBJ_FUNCTION, d.schema, d.name, EFFECT_REFERENCE, f->location);
        analysis_nodes(x, LIST(f, args));
    }
    analysis_opaque(x);
    analysis_hidden_indexes(x);
}

/* What runs was written elsewhere, or in a language that nobody here reads. */
static void opaque(struct analysis *x, const tree *m)
{
    analysis_opaque(x);
    analysis_hidden_indexes(x);
    analysis_children(x, m);
}

static void do_stmt(struct analysis *x, const tree *m)
{
    const PgQuery__DoStmt *s = TREE(DoStmt, m);
    const PgQuery__DefElem *language = tree_option(LIST(s, args), "language");
    const PgQuery__DefElem *as = tree_option(LIST(s, args), "as");
    const char *name = language != NULL ? tree_string(language->arg) : "plpgsql";
    const char *body = as != NULL ? tree_string(as->arg) : NULL;
    analysis_opaque(x);
    analysis_hidden_indexes(x);
    if (name != NULL && strcasecmp(name, "plpgsql") == 0 && body != NULL && !x->defining) {
        plpgsql_read(x, body);
    }
}

static void copy_stmt(struct analysis *x, const tree *m)
{
    const PgQuery__CopyStmt *s = TREE(CopyStmt, m);
    analysis_relation(x, s->relation, OBJ_TABLE, s->is_from ? EFFECT_WRITE : EFFECT_READ,
                      s->is_from ? LOCK_ROW_EXCLUSIVE : LOCK_ACCESS_SHARE);
    analysis_node(x, s->query);
    analysis_node(x, s->where_clause);
    if (s->is_program) {
        /* Command lines hold passwords: the name stays empty. */
        analysis_touch(x, OBJ_PROGRAM, "", "", EFFECT_WRITE, -1);
    } else if (s->filename[0] != '\0') {
        analysis_touch(x, OBJ_SERVER_FILE, "", s->filename, s->is_from ? EFFECT_READ : EFFECT_WRITE,
                       -1);
    }
}

static void plain(struct analysis *x, const tree *m)
{
    analysis_children(x, m);
}

static void nothing(struct analysis *x, const tree *m)
{
    (void)x;
    (void)m;
}

static void variable_set(struct analysis *x, const tree *m)
{
    if (!x->defining) {
        path_set(x->a, x->path, TREE(VariableSetStmt, m));
    }
}

static const struct handler rows[] = {
    {&pg_query__func_call__descriptor, func_call},
    {&pg_query__call_stmt__descriptor, call_stmt},
    {&pg_query__do_stmt__descriptor, do_stmt},
    {&pg_query__prepare_stmt__descriptor, opaque},
    {&pg_query__execute_stmt__descriptor, opaque},
    {&pg_query__deallocate_stmt__descriptor, nothing},
    {&pg_query__copy_stmt__descriptor, copy_stmt},
    {&pg_query__explain_stmt__descriptor, plain},
    {&pg_query__declare_cursor_stmt__descriptor, plain},
    {&pg_query__return_stmt__descriptor, plain},
    {&pg_query__fetch_stmt__descriptor, nothing},
    {&pg_query__close_portal_stmt__descriptor, nothing},
    {&pg_query__transaction_stmt__descriptor, nothing},
    {&pg_query__variable_set_stmt__descriptor, variable_set},
    {&pg_query__variable_show_stmt__descriptor, nothing},
    {&pg_query__constraints_set_stmt__descriptor, nothing},
    {&pg_query__listen_stmt__descriptor, nothing},
    {&pg_query__unlisten_stmt__descriptor, nothing},
    {&pg_query__notify_stmt__descriptor, nothing},
    {&pg_query__discard_stmt__descriptor, nothing},
    {&pg_query__load_stmt__descriptor, nothing},
    {&pg_query__check_point_stmt__descriptor, nothing},
};
HANDLERS(touch_call_handlers, rows);
