/* Statements that run alone. */
#include "sql/lone.h"

#include <string.h>

#include "sql/analysis.h"

/* Why one of such a kind is refused all the same. */
struct unfit {
    const char *why, *hint;
};
static const struct unfit unnamed = {
    "an index without a name could not be told apart after a crash",
    "give it a name: CREATE INDEX CONCURRENTLY name ON ..."};
static const struct unfit calls = {
    "outside of a transaction it would run a function whose effects its text does not name",
    "use functions of the server or of an extension, or leave CONCURRENTLY out"};
static const struct unfit temporary = {"nobody else sees a temporary table",
                                       "leave it out, or its CONCURRENTLY"};

static void refuse(struct statement *st, const struct unfit *u)
{
    st->why = u->why;
    st->hint = u->hint;
}

static const struct unfit everything = {
    "without a table it goes through whatever the role may, kfmig's and the catalogs' too",
    "name the tables: VACUUM a, b"};
static const struct unfit leaves_out = {
    "it may leave a table or its rows out, and the server calls that success",
    "leave SKIP_LOCKED and PROCESS_MAIN out"};
static const struct unfit all_settings = {"it does not say which settings it changes",
                                          "ALTER SYSTEM RESET each by name"};
static const struct unfit catalogs = {
    "it renews the indexes of system catalogs, and everybody waits for it meanwhile", ""};

/* Of the kinds that have a row, but not of a form that it knows. */
static void refuse_rest(const tree *stmt, struct statement *st)
{
    if (tree_is(stmt, &pg_query__vacuum_stmt__descriptor)) {
        refuse(st, TREE(VacuumStmt, stmt)->n_rels == 0 ? &everything : &leaves_out);
    } else if (tree_is(stmt, &pg_query__alter_system_stmt__descriptor)) {
        refuse(st, &all_settings);
    } else if (tree_is(stmt, &pg_query__reindex_stmt__descriptor)) {
        refuse(st, &catalogs);
    }
}

static void add_columns(struct buf *out, struct tree_list list)
{
    for (size_t i = 0; i < list.n; i++) {
        const tree *m = tree_of(list.v[i]);
        const char *name = tree_is(m, &pg_query__index_elem__descriptor)
                               ? TREE(IndexElem, m)->name
                               : ""; /* nothing else stands there */
        buf_printf(out, "%s%s", i > 0 ? "," : "", name);
    }
}

/* "unique btree (a,,c) include (d) where", as sql/lone_index.sql makes it of what stands there:
 * expressions are empty, because a server says them in words of its own. */
static const char *shape_of(struct arena *a, const PgQuery__IndexStmt *s)
{
    struct buf b = {0};
    buf_printf(&b, "%s%s (", s->unique ? "unique " : "", s->access_method);
    add_columns(&b, LIST(s, index_params));
    buf_puts(&b, ")");
    if (s->n_index_including_params > 0) {
        buf_puts(&b, " include (");
        add_columns(&b, LIST(s, index_including_params));
        buf_puts(&b, ")");
    }
    buf_puts(&b, s->where_clause != NULL ? " where" : "");
    const char *text = arena_strdup(a, buf_str(&b));
    buf_release(&b);
    return text;
}

static bool create_index(struct arena *a, const tree *m, struct lone *out)
{
    const PgQuery__IndexStmt *s = TREE(IndexStmt, m);
    *out = (struct lone){.kind = LONE_CREATE_INDEX,
                         .schema = "",
                         .name = s->idxname,
                         .table_schema = s->relation->schemaname,
                         .table = s->relation->relname,
                         .is_conditional = s->if_not_exists,
                         .shape = shape_of(a, s)};
    return true;
}

/* The server takes one name with CONCURRENTLY, and no CASCADE. */
static bool drop_index(struct arena *a, const tree *m, struct lone *out)
{
    const PgQuery__DropStmt *s = TREE(DropStmt, m);
    (void)a;
    if (s->n_objects != 1 || s->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE) {
        return false;
    }
    struct dotted d = tree_dotted(tree_items(s->objects[0]));
    *out = (struct lone){.kind = LONE_DROP_INDEX,
                         .schema = d.schema,
                         .name = d.name,
                         .table_schema = "",
                         .table = "",
                         .is_conditional = s->missing_ok,
                         .shape = ""};
    return true;
}

static bool reindex(struct arena *a, const tree *m, struct lone *out)
{
    static const struct {
        int kind;
        enum lone_kind lone;
    } kinds[] = {
        {PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX, LONE_REINDEX_INDEX},
        {PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_TABLE, LONE_REINDEX_TABLE},
        {PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SCHEMA, LONE_REINDEX_SCHEMA},
        {PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_DATABASE, LONE_REINDEX_DATABASE},
    };
    const PgQuery__ReindexStmt *s = TREE(ReindexStmt, m);
    (void)a;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if ((int)s->kind == kinds[i].kind) {
            *out = (struct lone){.kind = kinds[i].lone,
                                 .schema = s->relation != NULL ? s->relation->schemaname : "",
                                 .name = s->relation != NULL ? s->relation->relname : s->name,
                                 .table_schema = "",
                                 .table = "",
                                 .shape = "",
                                 .mark = tree_option_on(LIST(s, params), "concurrently", false)
                                             ? LONE_INDEXES_CONCURRENTLY
                                             : LONE_INDEXES};
            return true;
        }
    }
    return false;
}

/* Each of the tables has to be gone through: what may leave one out, and call that success, is none. */
static bool vacuum(struct arena *a, const tree *m, struct lone *out)
{
    const PgQuery__VacuumStmt *s = TREE(VacuumStmt, m);
    struct object *v = ARENA_ARRAY(a, struct object, s->n_rels + 1);
    if (s->n_rels == 0 || tree_option_on(LIST(s, options), "skip_locked", false) ||
        !tree_option_on(LIST(s, options), "process_main", true)) {
        return false;
    }
    for (size_t i = 0; i < s->n_rels; i++) {
        const PgQuery__RangeVar *r = TREE(VacuumRelation, tree_of(s->rels[i]))->relation;
        v[i] = (struct object){OBJ_TABLE, arena_strdup(a, r->schemaname),
                               arena_strdup(a, r->relname), NULL};
    }
    *out = (struct lone){.kind = LONE_VACUUM,
                         .schema = v[0].schema,
                         .name = v[0].name,
                         .table_schema = "",
                         .table = "",
                         .shape = "",
                         .mark = tree_option_on(LIST(s, options), "full", false) ? LONE_FILES
                                                                                 : LONE_VACUUMS,
                         .tables = v,
                         .n_tables = s->n_rels};
    return true;
}

static bool cluster(struct arena *a, const tree *m, struct lone *out)
{
    (void)a;
    (void)m;
    *out = (struct lone){.kind = LONE_CLUSTER,
                         .schema = "",
                         .name = "",
                         .table_schema = "",
                         .table = "",
                         .shape = "",
                         .mark = LONE_FILES};
    return true;
}

/* A value as the server keeps it, without double quotes: which settings want them it knows alone. */
static const char *setting_value(struct arena *a, const PgQuery__Node *n)
{
    const tree *m = tree_of(n);
    const PgQuery__AConst *c = tree_is(m, &pg_query__a__const__descriptor) ? TREE(AConst, m) : NULL;
    if (c == NULL) {
        return NULL;
    }
    switch (c->val_case) {
    case PG_QUERY__A__CONST__VAL_IVAL:
        return arena_printf(a, "%d", (int)c->ival->ival);
    case PG_QUERY__A__CONST__VAL_FVAL:
        return arena_strdup(a, c->fval->fval);
    case PG_QUERY__A__CONST__VAL_SVAL:
        break;
    case PG_QUERY__A__CONST__VAL__NOT_SET:
    case PG_QUERY__A__CONST__VAL_BOOLVAL:
    case PG_QUERY__A__CONST__VAL_BSVAL:
    case _PG_QUERY__A__CONST__VAL__CASE_IS_INT_SIZE:
        return NULL;
    }
    char *text = arena_strdup(a, c->sval->sval);
    char *to = text;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p != '"') {
            *to++ = *p;
        }
    }
    *to = '\0';
    return text;
}

static bool alter_system(struct arena *a, const tree *m, struct lone *out)
{
    const PgQuery__VariableSetStmt *s = TREE(AlterSystemStmt, m)->setstmt;
    const char *value = "";
    if (s == NULL || s->name[0] == '\0') {
        return false; /* RESET ALL */
    }
    for (size_t i = 0; i < s->n_args && value != NULL; i++) {
        const char *one = setting_value(a, s->args[i]);
        value = one == NULL ? NULL : arena_printf(a, "%s%s%s", value, i > 0 ? ", " : "", one);
    }
    if (value == NULL) {
        return false;
    }
    *out = (struct lone){.kind = LONE_ALTER_SYSTEM,
                         .schema = "",
                         .name = s->name,
                         .table_schema = "",
                         .table = "",
                         .shape = value,
                         .unsets = s->n_args == 0};
    return true;
}

static bool detach(struct arena *a, const tree *m, struct lone *out)
{
    const PgQuery__AlterTableStmt *s = TREE(AlterTableStmt, m);
    const tree *c = s->n_cmds == 1 ? tree_of(s->cmds[0]) : NULL;
    const tree *def = tree_is(c, &pg_query__alter_table_cmd__descriptor)
                          ? tree_of(TREE(AlterTableCmd, c)->def)
                          : NULL;
    (void)a;
    if (!tree_is(def, &pg_query__partition_cmd__descriptor)) {
        return false;
    }
    const PgQuery__RangeVar *part = TREE(PartitionCmd, def)->name;
    *out = (struct lone){.kind = LONE_DETACH_PARTITION,
                         .schema = part->schemaname,
                         .name = part->relname,
                         .table_schema = s->relation->schemaname,
                         .table = s->relation->relname,
                         .is_conditional = s->missing_ok,
                         .shape = ""};
    return true;
}

static const struct {
    const ProtobufCMessageDescriptor *type;
    bool (*read)(struct arena *a, const tree *m, struct lone *out);
} readers[] = {
    {&pg_query__index_stmt__descriptor, create_index},
    {&pg_query__drop_stmt__descriptor, drop_index},
    {&pg_query__reindex_stmt__descriptor, reindex},
    {&pg_query__alter_table_stmt__descriptor, detach},
    {&pg_query__vacuum_stmt__descriptor, vacuum},
    {&pg_query__cluster_stmt__descriptor, cluster},
    {&pg_query__alter_system_stmt__descriptor, alter_system},
};

static bool read_one(struct arena *a, const tree *stmt, struct lone *out)
{
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        if (readers[i].type == stmt->descriptor) {
            return readers[i].read(a, stmt, out);
        }
    }
    return false;
}

static const struct unfit *unfit_for(const struct statement *st, const struct lone *l)
{
    bool changes = false;
    if (lone_surveys(l->kind) && st->touches.n == 0 && l->n_tables == 0 &&
        l->kind != LONE_REINDEX_TABLE) {
        return NULL; /* which tables there are is looked up */
    }
    for (size_t i = 0; i < st->touches.n; i++) {
        const struct touch *t = &st->touches.v[i];
        changes = changes || (t->effect != EFFECT_READ && t->effect != EFFECT_REFERENCE);
        if (t->object.kind == OBJ_FUNCTION) {
            return &calls;
        }
    }
    return !changes                                             ? &temporary
           : l->kind == LONE_CREATE_INDEX && l->name[0] == '\0' ? &unnamed
                                                                : NULL;
}

/* Where the text has set search_path to one schema, its names stand there; what it touches says so. */
static const char *schema_of(struct arena *a, const struct statement *st, const char *schema,
                             bool is_meant)
{
    for (size_t i = 0; is_meant && schema[0] == '\0' && i < st->touches.n; i++) {
        if (st->touches.v[i].object.kind == OBJ_TABLE) {
            schema = st->touches.v[i].object.schema;
        }
    }
    return arena_strdup(a, schema);
}

/* The tree goes, the statement stays. An index that is made stands where its table does. */
static struct lone *kept(struct arena *a, const struct statement *st, const struct lone *l)
{
    struct lone *out = arena_dup(a, l, sizeof *l);
    out->table_schema = schema_of(a, st, l->table_schema, l->table[0] != '\0');
    out->schema = l->kind == LONE_CREATE_INDEX ? out->table_schema
                                               : schema_of(a, st, l->schema,
                                                           l->kind != LONE_REINDEX_SCHEMA &&
                                                               l->kind != LONE_REINDEX_DATABASE);
    out->name = arena_strdup(a, l->name);
    out->table = arena_strdup(a, l->table);
    out->shape = arena_strdup(a, l->shape);
    return out;
}

void lone_read(struct arena *a, const tree *stmt, struct statement *st)
{
    struct lone l;
    if (!read_one(a, stmt, &l)) {
        refuse_rest(stmt, st);
        return;
    }
    if (st->opaque && !lone_surveys(l.kind)) {
        return;
    }
    const struct unfit *u = unfit_for(st, &l);
    if (u != NULL) {
        refuse(st, u);
    } else {
        st->lone = kept(a, st, &l);
    }
}
