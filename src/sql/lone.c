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
                                       "leave CONCURRENTLY out"};

static void refuse(struct statement *st, const struct unfit *u)
{
    st->why = u->why;
    st->hint = u->hint;
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
    const PgQuery__ReindexStmt *s = TREE(ReindexStmt, m);
    (void)a;
    if (s->kind != PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX || s->relation == NULL) {
        return false;
    }
    *out = (struct lone){.kind = LONE_REINDEX_INDEX,
                         .schema = s->relation->schemaname,
                         .name = s->relation->relname,
                         .table_schema = "",
                         .table = "",
                         .shape = ""};
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
    for (size_t i = 0; i < st->touches.n; i++) {
        const struct touch *t = &st->touches.v[i];
        changes = changes || (t->effect != EFFECT_READ && t->effect != EFFECT_REFERENCE);
        if (t->object.kind == OBJ_FUNCTION) {
            return &calls;
        }
    }
    return !changes ? &temporary : l->name[0] == '\0' ? &unnamed : NULL;
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
    out->schema =
        l->kind == LONE_CREATE_INDEX ? out->table_schema : schema_of(a, st, l->schema, true);
    out->name = arena_strdup(a, l->name);
    out->table = arena_strdup(a, l->table);
    return out;
}

void lone_read(struct arena *a, const tree *stmt, struct statement *st)
{
    struct lone l;
    if (st->opaque || !read_one(a, stmt, &l)) {
        return;
    }
    const struct unfit *u = unfit_for(st, &l);
    if (u != NULL) {
        refuse(st, u);
    } else {
        st->lone = kept(a, st, &l);
    }
}
