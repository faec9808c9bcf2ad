/* What goes, and what is called otherwise: DROP, TRUNCATE, ALTER ... RENAME, ALTER ... SET SCHEMA. */
#include <string.h>

#include "lint/work.h"

#define OBJECT(name) PG_QUERY__OBJECT_TYPE__OBJECT_##name

/* --- DROP ------------------------------------------------------------------------------------------- */

static const struct {
    PgQuery__ObjectType type;
    enum hazard rule;
} drops[] = {
    {OBJECT(TABLE), LINT_DROP_TABLE},         {OBJECT(FOREIGN_TABLE), LINT_DROP_OTHER},
    {OBJECT(SCHEMA), LINT_DROP_SCHEMA},       {OBJECT(INDEX), LINT_INDEX_DROP_BLOCKS},
    {OBJECT(TRIGGER), LINT_DROP_TRIGGER},     {OBJECT(POLICY), LINT_POLICY_DROPPED},
    {OBJECT(EXTENSION), LINT_DROP_EXTENSION}, {OBJECT(VIEW), LINT_DROP_OTHER},
    {OBJECT(MATVIEW), LINT_DROP_OTHER},       {OBJECT(SEQUENCE), LINT_DROP_OTHER},
    {OBJECT(FUNCTION), LINT_DROP_OTHER},      {OBJECT(PROCEDURE), LINT_DROP_OTHER},
    {OBJECT(ROUTINE), LINT_DROP_OTHER},       {OBJECT(TYPE), LINT_DROP_OTHER},
    {OBJECT(DOMAIN), LINT_DROP_OTHER},        {OBJECT(AGGREGATE), LINT_DROP_OTHER},
    {OBJECT(OPERATOR), LINT_DROP_OTHER},      {OBJECT(COLLATION), LINT_DROP_OTHER},
    {OBJECT(OPCLASS), LINT_DROP_OTHER},       {OBJECT(OPFAMILY), LINT_DROP_OTHER},
    {OBJECT(RULE), LINT_DROP_TRIGGER},        {OBJECT(PUBLICATION), LINT_DROP_OTHER},
};

static struct dotted name_of(const PgQuery__Node *object)
{
    const tree *m = tree_of(object);
    if (tree_is(m, &pg_query__object_with_args__descriptor)) {
        return tree_dotted(LIST(TREE(ObjectWithArgs, m), objname));
    }
    if (tree_is(m, &pg_query__type_name__descriptor)) {
        return tree_dotted(LIST(TREE(TypeName, m), names));
    }
    const char *s = tree_string(object);
    return s != NULL ? (struct dotted){"", s} : tree_dotted(tree_items(object));
}

/* A trigger or a policy is named behind its table. */
static bool is_part_of_new(const struct lint *l, const PgQuery__Node *object)
{
    struct tree_list names = tree_items(object);
    struct dotted table = names.n > 1 ? tree_dotted((struct tree_list){names.v, names.n - 1})
                                      : (struct dotted){"", ""};
    return names.n > 1 && !lint_in_use(l, table.schema, table.name);
}

static void drop_table(struct lint *l, struct dotted d, const char *name)
{
    struct known_table *t = known_table(&l->known, d.schema, d.name);
    if (t == NULL || !t->is_new) {
        names_add(l->a, &l->dropped, name);
    }
    if (t != NULL) {
        t->is_gone = true;
        lint_cancel(t->no_key);
        lint_cancel(t->no_gist);
    }
}

static void drop_one(struct lint *l, const PgQuery__DropStmt *s, const PgQuery__Node *object)
{
    struct dotted d = name_of(object);
    const char *name = lint_name(l, d.schema, d.name);
    bool is_table = s->remove_type == OBJECT(TABLE);
    bool is_new = (s->remove_type == OBJECT(TABLE) || s->remove_type == OBJECT(VIEW) ||
                   s->remove_type == OBJECT(MATVIEW))
                      ? !lint_in_use(l, d.schema, d.name)
                      : is_part_of_new(l, object);
    for (size_t i = 0; i < sizeof drops / sizeof *drops && !is_new; i++) {
        if (drops[i].type == s->remove_type &&
            !(s->concurrent && drops[i].rule == LINT_INDEX_DROP_BLOCKS)) {
            (void)lint_note(l, drops[i].rule, -1, name, "%s is dropped", name);
        }
    }
    if (is_table) {
        drop_table(l, d, name);
    }
}

static void drop(struct lint *l, const tree *m)
{
    const PgQuery__DropStmt *s = TREE(DropStmt, m);
    for (size_t i = 0; i < s->n_objects; i++) {
        drop_one(l, s, s->objects[i]);
    }
    if (s->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE) {
        (void)lint_note(l, LINT_DROP_CASCADE, -1, NULL, "what depends on it is dropped unnamed");
    }
}

static void drop_database(struct lint *l, const tree *m)
{
    const char *name = TREE(DropdbStmt, m)->dbname;
    (void)lint_note(l, LINT_DROP_DATABASE, -1, name, "%s is dropped", name);
}

static void drop_owned(struct lint *l, const tree *m)
{
    (void)m;
    (void)lint_note(l, LINT_DROP_OWNED, -1, NULL, "%s reaches what the text does not name",
                    l->st->tag);
}

static void truncate(struct lint *l, const tree *m)
{
    const PgQuery__TruncateStmt *s = TREE(TruncateStmt, m);
    for (size_t i = 0; i < s->n_relations; i++) {
        const tree *r = tree_of(s->relations[i]);
        if (tree_is(r, &pg_query__range_var__descriptor) &&
            lint_range_in_use(l, TREE(RangeVar, r))) {
            const char *name = lint_range(l, TREE(RangeVar, r));
            (void)lint_note(l, LINT_TRUNCATE, TREE(RangeVar, r)->location, name,
                            "all rows of %s go", name);
        }
    }
    if (s->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE) {
        (void)lint_note(l, LINT_TRUNCATE_CASCADE, -1, NULL,
                        "tables that refer to it are emptied unnamed");
    }
}

/* --- RENAME, SET SCHEMA ----------------------------------------------------------------------------- */

static bool is_relation(PgQuery__ObjectType t)
{
    return t == OBJECT(TABLE) || t == OBJECT(VIEW) || t == OBJECT(MATVIEW) ||
           t == OBJECT(SEQUENCE) || t == OBJECT(FOREIGN_TABLE);
}

static void rename_relation(struct lint *l, const PgQuery__RenameStmt *s)
{
    struct known_table *t =
        known_table_of(l->a, &l->known, s->relation->schemaname, s->relation->relname);
    const char *name = lint_range(l, s->relation);
    const bool is_new = t->is_new;
    struct known_table *other = ARENA_NEW(l->a, struct known_table);
    *other = *t;
    other->name = arena_strdup(l->a, s->newname);
    other->older = table_puts(&l->known.by_name, other->name, other);
    t->is_gone = true;
    if (names_have(&l->held_all, name)) {
        names_add(l->a, &l->held_all, lint_name(l, other->schema, other->name));
    }
    if (!is_new) {
        ARENA_GROW(l->a, l->renamed, l->n_renamed, l->cap_renamed);
        l->renamed[l->n_renamed++] = (struct renamed_relation){
            name, lint_note(l, LINT_RENAME_RELATION, -1, name, "%s is called %s from now on", name,
                            s->newname)};
    }
}

static void rename_column(struct lint *l, const PgQuery__RenameStmt *s)
{
    const struct known_table *t =
        s->relation != NULL ? known_table(&l->known, s->relation->schemaname, s->relation->relname)
                            : NULL;
    struct known_column *c = known_column(t, s->subname);
    if (c != NULL) {
        c->name = arena_strdup(l->a, s->newname);
    }
    if (lint_range_in_use(l, s->relation)) {
        (void)lint_note(l, LINT_RENAME_COLUMN, -1, lint_range(l, s->relation),
                        "%s.%s is called %s from now on", lint_range(l, s->relation), s->subname,
                        s->newname);
    }
}

static void rename(struct lint *l, const tree *m)
{
    const PgQuery__RenameStmt *s = TREE(RenameStmt, m);
    lint_given(l, s->newname, -1);
    if (is_relation(s->rename_type) && s->relation != NULL) {
        rename_relation(l, s);
    } else if (s->rename_type == OBJECT(COLUMN) || s->rename_type == OBJECT(ATTRIBUTE)) {
        rename_column(l, s);
    } else if (s->rename_type == OBJECT(SCHEMA) || s->rename_type == OBJECT(TYPE) ||
               s->rename_type == OBJECT(DOMAIN) || s->rename_type == OBJECT(FUNCTION) ||
               s->rename_type == OBJECT(PROCEDURE)) {
        (void)lint_note(l, LINT_RENAME_OTHER, -1, NULL, "it is called %s from now on", s->newname);
    }
}

static void set_schema(struct lint *l, const tree *m)
{
    const PgQuery__AlterObjectSchemaStmt *s = TREE(AlterObjectSchemaStmt, m);
    if (is_relation(s->object_type) && lint_range_in_use(l, s->relation)) {
        (void)lint_note(l, LINT_SET_SCHEMA, -1, lint_range(l, s->relation), "%s moves to %s",
                        lint_range(l, s->relation), s->newschema);
    } else if (!is_relation(s->object_type)) {
        (void)lint_note(l, LINT_SET_SCHEMA, -1, NULL, "it moves to %s", s->newschema);
    }
}

static const struct lint_handler rows[] = {
    {&pg_query__drop_stmt__descriptor, drop},
    {&pg_query__dropdb_stmt__descriptor, drop_database},
    {&pg_query__drop_owned_stmt__descriptor, drop_owned},
    {&pg_query__reassign_owned_stmt__descriptor, drop_owned},
    {&pg_query__truncate_stmt__descriptor, truncate},
    {&pg_query__rename_stmt__descriptor, rename},
    {&pg_query__alter_object_schema_stmt__descriptor, set_schema},
};
LINT_HANDLERS(on_drop_handlers, rows);
