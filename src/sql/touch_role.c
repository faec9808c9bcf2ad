/* Touches of roles, privileges, settings, databases, tablespaces. */
#include <string.h>

#include "sql/address.h"
#include "sql/analysis.h"

/* IN ROLE, ROLE, ADMIN, ADD USER: membership changes both sides. */
static void members(struct analysis *x, struct tree_list options)
{
    static const char *const lists[] = {"addroleto", "rolemembers", "adminmembers"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const PgQuery__DefElem *o = tree_option(options, lists[i]);
        analysis_roles(x, tree_items(o != NULL ? o->arg : NULL), EFFECT_ALTER);
        analysis_needs_all(x, tree_items(o != NULL ? o->arg : NULL), false);
    }
}

static void create_role(struct analysis *x, const tree *m)
{
    const PgQuery__CreateRoleStmt *s = TREE(CreateRoleStmt, m);
    analysis_touch(x, OBJ_ROLE, "", s->role, EFFECT_CREATE, -1);
    members(x, LIST(s, options));
}

static void alter_role(struct analysis *x, const tree *m)
{
    const PgQuery__AlterRoleStmt *s = TREE(AlterRoleStmt, m);
    analysis_touch(x, OBJ_ROLE, "", analysis_role(s->role), EFFECT_ALTER, -1);
    analysis_needs(x, s->role, false);
    members(x, LIST(s, options));
    /* ALTER GROUP ... ADD USER writes the role's row, password and all, as it was. */
    x->st->unseen |= !x->defining && (tree_option(LIST(s, options), "password") != NULL ||
                                      tree_option(LIST(s, options), "rolemembers") != NULL);
}

static void alter_role_set(struct analysis *x, const tree *m)
{
    const PgQuery__AlterRoleSetStmt *s = TREE(AlterRoleSetStmt, m);
    analysis_touch(x, OBJ_SETTING, "", analysis_role(s->role), EFFECT_ALTER, -1);
    analysis_needs(x, s->role, false);
}

static void drop_role(struct analysis *x, const tree *m)
{
    const PgQuery__DropRoleStmt *s = TREE(DropRoleStmt, m);
    analysis_roles(x, LIST(s, roles), EFFECT_DROP);
    if (!s->missing_ok) {
        analysis_needs_all(x, LIST(s, roles), false);
    }
    analysis_destructive(x, DEED_DROPS);
}

static void grant_role(struct analysis *x, const tree *m)
{
    const PgQuery__GrantRoleStmt *s = TREE(GrantRoleStmt, m);
    analysis_roles(x, LIST(s, granted_roles), EFFECT_ALTER);
    analysis_roles(x, LIST(s, grantee_roles), EFFECT_ALTER);
    analysis_needs_all(x, LIST(s, granted_roles), false);
    analysis_needs_all(x, LIST(s, grantee_roles), false);
}

static void grant_in_schema(struct analysis *x, const PgQuery__GrantStmt *s)
{
    for (size_t i = 0; i < s->n_objects; i++) {
        const char *schema = tree_string(s->objects[i]);
        if (schema != NULL) {
            analysis_touch(x, OBJ_SCHEMA, "", schema, EFFECT_ALTER, -1);
        }
    }
    if (s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE ||
        s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE) {
        analysis_hidden_tables(x);
    }
}

static void grant(struct analysis *x, const tree *m)
{
    const PgQuery__GrantStmt *s = TREE(GrantStmt, m);
    analysis_needs_all(x, LIST(s, grantees), false);
    if (s->targtype == PG_QUERY__GRANT_TARGET_TYPE__ACL_TARGET_ALL_IN_SCHEMA) {
        grant_in_schema(x, s);
        return;
    }
    for (size_t i = 0; i < s->n_objects; i++) {
        const tree *o = tree_of(s->objects[i]);
        const PgQuery__RangeVar *r =
            tree_is(o, &pg_query__range_var__descriptor) ? TREE(RangeVar, o) : NULL;
        address_touch(x, s->objtype, s->objects[i], r, EFFECT_ALTER, LOCK_NONE);
    }
}

static void default_privileges(struct analysis *x, const tree *m)
{
    const PgQuery__AlterDefaultPrivilegesStmt *s = TREE(AlterDefaultPrivilegesStmt, m);
    const PgQuery__DefElem *in = tree_option(LIST(s, options), "schemas");
    const PgQuery__DefElem *of = tree_option(LIST(s, options), "roles");
    struct tree_list schemas = tree_items(in != NULL ? in->arg : NULL);
    analysis_needs_all(x, tree_items(of != NULL ? of->arg : NULL), true);
    if (s->action != NULL) {
        analysis_needs_all(x, LIST(s->action, grantees), false);
    }
    for (size_t i = 0; i < schemas.n; i++) {
        const char *schema = tree_string(schemas.v[i]);
        if (schema != NULL) {
            analysis_touch(x, OBJ_DEFAULT_PRIVILEGES, schema, "", EFFECT_ALTER, -1);
            analysis_touch(x, OBJ_SCHEMA, "", schema, EFFECT_ALTER, -1);
        }
    }
    if (schemas.n == 0) {
        analysis_touch(x, OBJ_DEFAULT_PRIVILEGES, "", "", EFFECT_ALTER, -1);
    }
}

/* Which objects a role owns is not in the text. */
static void reassign_owned(struct analysis *x, const tree *m)
{
    const PgQuery__ReassignOwnedStmt *s = TREE(ReassignOwnedStmt, m);
    analysis_needs_all(x, LIST(s, roles), true);
    analysis_needs(x, s->newrole, true);
    analysis_opaque(x);
}

static void drop_owned(struct analysis *x, const tree *m)
{
    const PgQuery__DropOwnedStmt *s = TREE(DropOwnedStmt, m);
    analysis_needs_all(x, LIST(s, roles), true);
    analysis_opaque(x);
    analysis_destructive(x, DEED_DROPS);
    analysis_cascade(x, s->behavior);
}

static void alter_system(struct analysis *x, const tree *m)
{
    const PgQuery__VariableSetStmt *s = TREE(AlterSystemStmt, m)->setstmt;
    const char *name = s != NULL && s->name[0] != '\0' ? s->name : "all";
    analysis_touch(x, OBJ_SETTING, "", name, EFFECT_ALTER, -1);
}

/* As the catalogs have it here: "database" is the one connected to. */
static void alter_database_set(struct analysis *x, const tree *m)
{
    (void)m;
    analysis_touch(x, OBJ_SETTING, "", "database", EFFECT_ALTER, -1);
}

static void create_database(struct analysis *x, const tree *m)
{
    analysis_touch(x, OBJ_DATABASE, "", TREE(CreatedbStmt, m)->dbname, EFFECT_CREATE, -1);
}

static void alter_database(struct analysis *x, const tree *m)
{
    (void)m;
    analysis_touch(x, OBJ_DATABASE, "", "", EFFECT_ALTER, -1);
}

static void refresh_database(struct analysis *x, const tree *m)
{
    (void)m;
    analysis_touch(x, OBJ_DATABASE, "", "", EFFECT_ALTER, -1);
}

static void drop_database(struct analysis *x, const tree *m)
{
    analysis_touch(x, OBJ_DATABASE, "", TREE(DropdbStmt, m)->dbname, EFFECT_DROP, -1);
    analysis_destructive(x, DEED_DROPS);
}

static void create_tablespace(struct analysis *x, const tree *m)
{
    const PgQuery__CreateTableSpaceStmt *s = TREE(CreateTableSpaceStmt, m);
    analysis_touch(x, OBJ_TABLESPACE, "", s->tablespacename, EFFECT_CREATE, -1);
}

static void alter_tablespace(struct analysis *x, const tree *m)
{
    const PgQuery__AlterTableSpaceOptionsStmt *s = TREE(AlterTableSpaceOptionsStmt, m);
    analysis_touch(x, OBJ_TABLESPACE, "", s->tablespacename, EFFECT_ALTER, -1);
}

static void drop_tablespace(struct analysis *x, const tree *m)
{
    const PgQuery__DropTableSpaceStmt *s = TREE(DropTableSpaceStmt, m);
    analysis_touch(x, OBJ_TABLESPACE, "", s->tablespacename, EFFECT_DROP, -1);
    analysis_destructive(x, DEED_DROPS);
}

static const struct handler rows[] = {
    {&pg_query__create_role_stmt__descriptor, create_role},
    {&pg_query__alter_role_stmt__descriptor, alter_role},
    {&pg_query__alter_role_set_stmt__descriptor, alter_role_set},
    {&pg_query__drop_role_stmt__descriptor, drop_role},
    {&pg_query__grant_role_stmt__descriptor, grant_role},
    {&pg_query__grant_stmt__descriptor, grant},
    {&pg_query__alter_default_privileges_stmt__descriptor, default_privileges},
    {&pg_query__reassign_owned_stmt__descriptor, reassign_owned},
    {&pg_query__drop_owned_stmt__descriptor, drop_owned},
    {&pg_query__alter_system_stmt__descriptor, alter_system},
    {&pg_query__alter_database_set_stmt__descriptor, alter_database_set},
    {&pg_query__createdb_stmt__descriptor, create_database},
    {&pg_query__alter_database_stmt__descriptor, alter_database},
    {&pg_query__alter_database_refresh_coll_stmt__descriptor, refresh_database},
    {&pg_query__dropdb_stmt__descriptor, drop_database},
    {&pg_query__create_table_space_stmt__descriptor, create_tablespace},
    {&pg_query__alter_table_space_options_stmt__descriptor, alter_tablespace},
    {&pg_query__drop_table_space_stmt__descriptor, drop_tablespace},
};
HANDLERS(touch_role_handlers, rows);
