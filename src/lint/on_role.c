/* Privileges, roles, policies, and connections to elsewhere. */
#include <string.h>

#include "lint/work.h"

#define OBJECT(name) PG_QUERY__OBJECT_TYPE__OBJECT_##name

static bool is_public(const PgQuery__Node *n)
{
    const tree *m = tree_of(n);
    return tree_is(m, &pg_query__role_spec__descriptor) &&
           TREE(RoleSpec, m)->roletype == PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_PUBLIC;
}

static bool has_public(struct tree_list roles)
{
    for (size_t i = 0; i < roles.n; i++) {
        if (is_public(roles.v[i])) {
            return true;
        }
    }
    return false;
}

static bool is_code(PgQuery__ObjectType t)
{
    return t == OBJECT(FUNCTION) || t == OBJECT(PROCEDURE) || t == OBJECT(ROUTINE);
}

/* REVOKE ... ON FUNCTION ... FROM PUBLIC, or ON ALL FUNCTIONS IN SCHEMA. */
static void close_functions(struct lint *l, const PgQuery__GrantStmt *s)
{
    bool all = s->targtype == PG_QUERY__GRANT_TARGET_TYPE__ACL_TARGET_ALL_IN_SCHEMA;
    for (size_t i = 0; i < s->n_objects; i++) {
        const tree *m = tree_of(s->objects[i]);
        const char *schema = tree_string(s->objects[i]);
        if (tree_is(m, &pg_query__object_with_args__descriptor)) {
            struct known_function *f =
                known_function(&l->known, tree_dotted(LIST(TREE(ObjectWithArgs, m), objname)));
            lint_cancel(f != NULL ? f->for_all : NULL);
        }
        for (size_t k = 0; all && schema != NULL && k < l->known.n_function; k++) {
            if (strcmp(l->known.function[k].schema, schema) == 0) {
                lint_cancel(l->known.function[k].for_all);
            }
        }
    }
}

static void grant(struct lint *l, const tree *m)
{
    const PgQuery__GrantStmt *s = TREE(GrantStmt, m);
    bool all = has_public(LIST(s, grantees));
    if (!s->is_grant && all && is_code(s->objtype)) {
        close_functions(l, s);
    }
    if (!s->is_grant) {
        return;
    }
    if (all) {
        (void)lint_note(l, LINT_GRANT_PUBLIC, -1, "public", "everyone gets it");
    }
    if (s->n_privileges == 0 && !is_code(s->objtype)) {
        (void)lint_note(l, LINT_GRANT_ALL, -1, NULL, "every privilege that there is");
    }
    if (s->grant_option) {
        (void)lint_note(l, LINT_GRANT_OPTION, -1, NULL, "who gets it may hand it on");
    }
}

static void grant_role(struct lint *l, const tree *m)
{
    const PgQuery__GrantRoleStmt *s = TREE(GrantRoleStmt, m);
    if (s->is_grant && tree_option_on(LIST(s, opt), "admin", false)) {
        (void)lint_note(l, LINT_GRANT_OPTION, -1, NULL, "who gets it may hand it on");
    }
}

static void default_privileges(struct lint *l, const tree *m)
{
    const PgQuery__AlterDefaultPrivilegesStmt *s = TREE(AlterDefaultPrivilegesStmt, m);
    (void)lint_note(l, LINT_DEFAULT_PRIVILEGES, -1, NULL, "privileges on what is made from now on");
    if (s->action != NULL) {
        grant(l, &s->action->base);
    }
}

static void look_at_role(struct lint *l, struct tree_list options, const char *name)
{
    static const char *const strong[][2] = {{"superuser", "SUPERUSER"},
                                            {"createrole", "CREATEROLE"},
                                            {"createdb", "CREATEDB"},
                                            {"isreplication", "REPLICATION"},
                                            {"bypassrls", "BYPASSRLS"}};
    for (size_t i = 0; i < sizeof strong / sizeof *strong; i++) {
        if (tree_option_on(options, strong[i][0], false)) {
            (void)lint_note(l, LINT_ROLE_STRONG, -1, name, "%s gets %s", name, strong[i][1]);
        }
    }
    const PgQuery__DefElem *password = tree_option(options, "password");
    if (password != NULL && tree_of(password->arg) != NULL) {
        (void)lint_note(l, LINT_PASSWORD, -1, name, "the password of %s stands in the text", name);
    }
}

static void create_role(struct lint *l, const tree *m)
{
    const PgQuery__CreateRoleStmt *s = TREE(CreateRoleStmt, m);
    bool is_user = s->stmt_type == PG_QUERY__ROLE_STMT_TYPE__ROLESTMT_USER;
    lint_given(l, s->role, -1);
    look_at_role(l, LIST(s, options), s->role);
    if (tree_option_on(LIST(s, options), "canlogin", is_user)) {
        (void)lint_note(l, LINT_ROLE_LOGIN, -1, s->role, "%s may log in", s->role);
    }
}

static void alter_role(struct lint *l, const tree *m)
{
    const PgQuery__AlterRoleStmt *s = TREE(AlterRoleStmt, m);
    const char *name = s->role != NULL ? s->role->rolename : "";
    look_at_role(l, LIST(s, options), name);
    if (tree_option_on(LIST(s, options), "canlogin", false)) {
        (void)lint_note(l, LINT_ROLE_LOGIN, -1, name, "%s may log in", name);
    }
}

/* --- policies --------------------------------------------------------------------------------------- */

static bool is_true(const PgQuery__Node *n)
{
    const tree *m = tree_of(n);
    return tree_is(m, &pg_query__a__const__descriptor) &&
           TREE(AConst, m)->val_case == PG_QUERY__A__CONST__VAL_BOOLVAL &&
           TREE(AConst, m)->boolval->boolval;
}

static void look_at_policy(struct lint *l, const char *name, const PgQuery__Node *qual,
                           const PgQuery__Node *with_check)
{
    if (is_true(qual) || is_true(with_check)) {
        (void)lint_note(l, LINT_POLICY_OPEN, -1, name, "policy %s binds nobody", name);
    }
}

static void create_policy(struct lint *l, const tree *m)
{
    const PgQuery__CreatePolicyStmt *s = TREE(CreatePolicyStmt, m);
    known_table_of(l->a, &l->known, s->table->schemaname, s->table->relname)->has_policies = true;
    lint_given(l, s->policy_name, -1);
    look_at_policy(l, s->policy_name, s->qual, s->with_check);
}

static void alter_policy(struct lint *l, const tree *m)
{
    const PgQuery__AlterPolicyStmt *s = TREE(AlterPolicyStmt, m);
    look_at_policy(l, s->policy_name, s->qual, s->with_check);
    if (s->n_roles > 0 || s->qual != NULL || s->with_check != NULL) {
        (void)lint_note(l, LINT_POLICY_CHANGED, -1, s->policy_name, "policy %s changes",
                        s->policy_name);
    }
}

/* --- elsewhere -------------------------------------------------------------------------------------- */

static void foreign(struct lint *l, const tree *m)
{
    (void)m;
    (void)lint_note(l, LINT_FOREIGN_SERVER, -1, NULL, "%s connects the database with another",
                    l->st->tag);
}

static const struct lint_handler rows[] = {
    {&pg_query__grant_stmt__descriptor, grant},
    {&pg_query__grant_role_stmt__descriptor, grant_role},
    {&pg_query__alter_default_privileges_stmt__descriptor, default_privileges},
    {&pg_query__create_role_stmt__descriptor, create_role},
    {&pg_query__alter_role_stmt__descriptor, alter_role},
    {&pg_query__create_policy_stmt__descriptor, create_policy},
    {&pg_query__alter_policy_stmt__descriptor, alter_policy},
    {&pg_query__create_foreign_server_stmt__descriptor, foreign},
    {&pg_query__create_user_mapping_stmt__descriptor, foreign},
    {&pg_query__create_fdw_stmt__descriptor, foreign},
};
LINT_HANDLERS(on_role_handlers, rows);
