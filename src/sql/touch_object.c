/* Touches of statements that name an object of any type: DROP, RENAME, OWNER, SET SCHEMA, COMMENT,
 * SECURITY LABEL. */
#include "sql/address.h"
#include "sql/analysis.h"
#include "sql/builtin.h"

#define OT(name) PG_QUERY__OBJECT_TYPE__OBJECT_##name

/* A dropped temporary table no longer hides a permanent one. */
static void drop_one(struct analysis *x, const PgQuery__DropStmt *s, const PgQuery__Node *object)
{
    PgQuery__ObjectType t = s->remove_type;
    bool relation = t == OT(TABLE) || t == OT(VIEW) || t == OT(SEQUENCE) || t == OT(MATVIEW);
    struct dotted d = tree_dotted(tree_items(object));
    if (relation && analysis_is_temp(x, d)) {
        if (!x->defining) {
            temps_remove(x->temps, d.name);
        }
        return;
    }
    bool is_missed = t != OT(INDEX) && t != OT(STATISTIC_EXT) && t != OT(POLICY); /* by name */
    analysis_destructive(x, is_missed ? DEED_DROPS : DEED_COUNT);
    address_touch(x, t, object, NULL, EFFECT_DROP, LOCK_ACCESS_EXCLUSIVE);
    if (t == OT(INDEX)) {
        analysis_indexes(x, -1);
    }
    if (t == OT(TABLE) || t == OT(MATVIEW) || t == OT(SCHEMA)) {
        x->st->counts_rows_before |= !x->defining;
        analysis_hidden_indexes(x);
        x->st->hides_tables |= t == OT(SCHEMA) && !x->defining;
    } else if (t == OT(EXTENSION) || (s->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE &&
                                      t != OT(INDEX) && t != OT(VIEW))) {
        analysis_hidden_indexes(x);
    }
}

/* User mappings bear the name of their server, and go with it. */
static void mappings(struct analysis *x, PgQuery__ObjectType t)
{
    static const struct object any = {OBJ_USER_MAPPING, "", "", NULL};
    if (t == OT(FOREIGN_SERVER)) {
        analysis_maybe(x, &any, EFFECT_ALTER);
    }
}

static void drop_stmt(struct analysis *x, const tree *m)
{
    const PgQuery__DropStmt *s = TREE(DropStmt, m);
    analysis_cascade(x, s->behavior);
    if (s->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE) {
        mappings(x, s->remove_type);
    }
    for (size_t i = 0; i < s->n_objects; i++) {
        drop_one(x, s, s->objects[i]);
    }
}

/* What programs name, as opposed to constraints, indexes, triggers, policies, roles. */
static bool is_named_by_programs(PgQuery__ObjectType t)
{
    return !address_is_part(t) ? t != OT(INDEX) && t != OT(ROLE) && t != OT(TABLESPACE)
                               : t == OT(COLUMN) || t == OT(ATTRIBUTE);
}

/* Definitions elsewhere mention it by name: a view's query, a column's default or type, privileges. */
static void mentioned(struct analysis *x, PgQuery__ObjectType t)
{
    if (!address_is_part(t) || t == OT(COLUMN)) {
        analysis_reaches(x);
        analysis_hidden_tables(x);
    }
}

static bool rename_temporary(struct analysis *x, const PgQuery__RenameStmt *s)
{
    const PgQuery__RangeVar *r = s->relation;
    if (r == NULL || !analysis_is_temp(x, (struct dotted){r->schemaname, r->relname})) {
        return false;
    }
    if (!address_is_part(s->rename_type) && !x->defining) {
        temps_remove(x->temps, r->relname);
        temps_add(x->a, x->temps, s->newname, false);
    }
    return true;
}

/* What was a part of another is so under its new name. */
static void renamed_kin(struct analysis *x, PgQuery__ObjectType t, const PgQuery__RangeVar *was,
                        char *schema, char *name)
{
    if (was != NULL && (t == OT(TABLE) || t == OT(FOREIGN_TABLE))) {
        PgQuery__RangeVar now = *was;
        now.schemaname = schema != NULL ? schema : was->schemaname;
        now.relname = name != NULL ? name : was->relname;
        analysis_kin(x, &now, was);
        x->st->renames = true;
    }
}

static void rename_stmt(struct analysis *x, const tree *m)
{
    const PgQuery__RenameStmt *s = TREE(RenameStmt, m);
    PgQuery__ObjectType t = s->rename_type, of = s->relation_type, shown = t;
    if (rename_temporary(x, s)) {
        return;
    }
    analysis_cascade(x, s->behavior);
    mentioned(x, t);
    mappings(x, t);
    if (is_named_by_programs(t)) {
        analysis_deed(x, DEED_RENAMES);
    }
    if (t == OT(ROLE) || t == OT(DATABASE) || t == OT(SCHEMA) || t == OT(TABLESPACE)) {
        analysis_touch(x, address_kind(t), "", s->subname, EFFECT_ALTER, -1);
        analysis_touch(x, address_kind(t), "", s->newname, EFFECT_CREATE, -1);
        return;
    }
    if (t == OT(COLUMN) && (of == OT(VIEW) || of == OT(MATVIEW) || of == OT(FOREIGN_TABLE))) {
        shown = of;
    }
    address_touch(x, shown, s->object, s->relation, EFFECT_ALTER, LOCK_ACCESS_EXCLUSIVE);
    address_touch_new(x, t, s->object, s->relation, NULL, s->newname);
    renamed_kin(x, t, s->relation, NULL, s->newname);
}

static void owner_stmt(struct analysis *x, const tree *m)
{
    const PgQuery__AlterOwnerStmt *s = TREE(AlterOwnerStmt, m);
    analysis_needs(x, s->newowner, true);
    address_touch(x, s->object_type, s->object, s->relation, EFFECT_ALTER, LOCK_ACCESS_EXCLUSIVE);
}

static void schema_stmt(struct analysis *x, const tree *m)
{
    const PgQuery__AlterObjectSchemaStmt *s = TREE(AlterObjectSchemaStmt, m);
    mentioned(x, s->object_type);
    if (is_named_by_programs(s->object_type)) {
        analysis_deed(x, DEED_RENAMES);
    }
    address_touch(x, s->object_type, s->object, s->relation, EFFECT_ALTER, LOCK_ACCESS_EXCLUSIVE);
    if (s->object_type == OT(EXTENSION)) {
        analysis_touch(x, OBJ_SCHEMA, "", s->newschema, EFFECT_REFERENCE, -1);
    } else {
        address_touch_new(x, s->object_type, s->object, s->relation, s->newschema, NULL);
        renamed_kin(x, s->object_type, s->relation, s->newschema, NULL);
    }
}

static void depends_stmt(struct analysis *x, const tree *m)
{
    const PgQuery__AlterObjectDependsStmt *s = TREE(AlterObjectDependsStmt, m);
    address_touch(x, s->object_type, s->object, s->relation, EFFECT_ALTER, LOCK_ACCESS_EXCLUSIVE);
    if (s->extname != NULL) {
        analysis_touch(x, OBJ_EXTENSION, "", s->extname->sval, EFFECT_REFERENCE, -1);
    }
}

/* A column's or table's comment locks the table against other changes of its definition; those of
 * its parts only look. */
static int label_lock(PgQuery__ObjectType t)
{
    return address_is_part(t) && t != OT(COLUMN) ? LOCK_ACCESS_SHARE : LOCK_SHARE_UPDATE_EXCLUSIVE;
}

static void comment_stmt(struct analysis *x, const tree *m)
{
    const PgQuery__CommentStmt *s = TREE(CommentStmt, m);
    const char *name = tree_string(s->object);
    const char *extension = name != NULL ? builtin_extension(address_kind(s->objtype), name) : NULL;
    if (extension != NULL) { /* its comment counts to it; its owner and privileges are its own */
        analysis_touch(x, OBJ_EXTENSION, "", extension, EFFECT_ALTER, -1);
        return;
    }
    address_touch(x, s->objtype, s->object, NULL, EFFECT_ALTER, label_lock(s->objtype));
}

static void label_stmt(struct analysis *x, const tree *m)
{
    const PgQuery__SecLabelStmt *s = TREE(SecLabelStmt, m);
    address_touch(x, s->objtype, s->object, NULL, EFFECT_ALTER, label_lock(s->objtype));
}

static void extension_contents(struct analysis *x, const tree *m)
{
    const PgQuery__AlterExtensionContentsStmt *s = TREE(AlterExtensionContentsStmt, m);
    analysis_touch(x, OBJ_EXTENSION, "", s->extname, EFFECT_ALTER, -1);
    address_touch(x, s->objtype, s->object, NULL, EFFECT_ALTER, LOCK_SHARE_UPDATE_EXCLUSIVE);
}

static const struct handler rows[] = {
    {&pg_query__drop_stmt__descriptor, drop_stmt},
    {&pg_query__rename_stmt__descriptor, rename_stmt},
    {&pg_query__alter_owner_stmt__descriptor, owner_stmt},
    {&pg_query__alter_object_schema_stmt__descriptor, schema_stmt},
    {&pg_query__alter_object_depends_stmt__descriptor, depends_stmt},
    {&pg_query__comment_stmt__descriptor, comment_stmt},
    {&pg_query__sec_label_stmt__descriptor, label_stmt},
    {&pg_query__alter_extension_contents_stmt__descriptor, extension_contents},
};
HANDLERS(touch_object_handlers, rows);
