/* Command tags, as PostgreSQL's CommandComplete spells them. */
#include "sql/address.h"
#include "sql/classify.h"

struct tag {
    const ProtobufCMessageDescriptor *type;
    const char *text;
};

#define TAG(type, text)                                                                            \
    {                                                                                              \
        &pg_query__##type##__descriptor, text                                                      \
    }

static const struct tag tags[] = {
    TAG(select_stmt, "SELECT"),
    TAG(insert_stmt, "INSERT"),
    TAG(update_stmt, "UPDATE"),
    TAG(delete_stmt, "DELETE"),
    TAG(merge_stmt, "MERGE"),
    TAG(create_stmt, "CREATE TABLE"),
    TAG(index_stmt, "CREATE INDEX"),
    TAG(view_stmt, "CREATE VIEW"),
    TAG(create_trig_stmt, "CREATE TRIGGER"),
    TAG(rule_stmt, "CREATE RULE"),
    TAG(create_policy_stmt, "CREATE POLICY"),
    TAG(alter_policy_stmt, "ALTER POLICY"),
    TAG(create_seq_stmt, "CREATE SEQUENCE"),
    TAG(alter_seq_stmt, "ALTER SEQUENCE"),
    TAG(truncate_stmt, "TRUNCATE TABLE"),
    TAG(refresh_mat_view_stmt, "REFRESH MATERIALIZED VIEW"),
    TAG(lock_stmt, "LOCK TABLE"),
    TAG(comment_stmt, "COMMENT"),
    TAG(sec_label_stmt, "SECURITY LABEL"),
    TAG(create_schema_stmt, "CREATE SCHEMA"),
    TAG(create_extension_stmt, "CREATE EXTENSION"),
    TAG(alter_extension_stmt, "ALTER EXTENSION"),
    TAG(alter_extension_contents_stmt, "ALTER EXTENSION"),
    TAG(composite_type_stmt, "CREATE TYPE"),
    TAG(create_enum_stmt, "CREATE TYPE"),
    TAG(create_range_stmt, "CREATE TYPE"),
    TAG(alter_enum_stmt, "ALTER TYPE"),
    TAG(alter_type_stmt, "ALTER TYPE"),
    TAG(create_domain_stmt, "CREATE DOMAIN"),
    TAG(alter_domain_stmt, "ALTER DOMAIN"),
    TAG(create_op_class_stmt, "CREATE OPERATOR CLASS"),
    TAG(create_op_family_stmt, "CREATE OPERATOR FAMILY"),
    TAG(alter_op_family_stmt, "ALTER OPERATOR FAMILY"),
    TAG(alter_operator_stmt, "ALTER OPERATOR"),
    TAG(create_cast_stmt, "CREATE CAST"),
    TAG(create_transform_stmt, "CREATE TRANSFORM"),
    TAG(create_conversion_stmt, "CREATE CONVERSION"),
    TAG(alter_collation_stmt, "ALTER COLLATION"),
    TAG(alter_tsdictionary_stmt, "ALTER TEXT SEARCH DICTIONARY"),
    TAG(alter_tsconfiguration_stmt, "ALTER TEXT SEARCH CONFIGURATION"),
    TAG(create_plang_stmt, "CREATE LANGUAGE"),
    TAG(create_am_stmt, "CREATE ACCESS METHOD"),
    TAG(create_event_trig_stmt, "CREATE EVENT TRIGGER"),
    TAG(alter_event_trig_stmt, "ALTER EVENT TRIGGER"),
    TAG(create_stats_stmt, "CREATE STATISTICS"),
    TAG(alter_stats_stmt, "ALTER STATISTICS"),
    TAG(create_foreign_table_stmt, "CREATE FOREIGN TABLE"),
    TAG(import_foreign_schema_stmt, "IMPORT FOREIGN SCHEMA"),
    TAG(create_fdw_stmt, "CREATE FOREIGN DATA WRAPPER"),
    TAG(alter_fdw_stmt, "ALTER FOREIGN DATA WRAPPER"),
    TAG(create_foreign_server_stmt, "CREATE SERVER"),
    TAG(alter_foreign_server_stmt, "ALTER SERVER"),
    TAG(create_user_mapping_stmt, "CREATE USER MAPPING"),
    TAG(alter_user_mapping_stmt, "ALTER USER MAPPING"),
    TAG(drop_user_mapping_stmt, "DROP USER MAPPING"),
    TAG(create_publication_stmt, "CREATE PUBLICATION"),
    TAG(alter_publication_stmt, "ALTER PUBLICATION"),
    TAG(create_subscription_stmt, "CREATE SUBSCRIPTION"),
    TAG(alter_subscription_stmt, "ALTER SUBSCRIPTION"),
    TAG(drop_subscription_stmt, "DROP SUBSCRIPTION"),
    TAG(create_role_stmt, "CREATE ROLE"),
    TAG(alter_role_stmt, "ALTER ROLE"),
    TAG(alter_role_set_stmt, "ALTER ROLE"),
    TAG(drop_role_stmt, "DROP ROLE"),
    TAG(alter_default_privileges_stmt, "ALTER DEFAULT PRIVILEGES"),
    TAG(reassign_owned_stmt, "REASSIGN OWNED"),
    TAG(drop_owned_stmt, "DROP OWNED"),
    TAG(alter_system_stmt, "ALTER SYSTEM"),
    TAG(createdb_stmt, "CREATE DATABASE"),
    TAG(alter_database_stmt, "ALTER DATABASE"),
    TAG(alter_database_set_stmt, "ALTER DATABASE"),
    TAG(alter_database_refresh_coll_stmt, "ALTER DATABASE"),
    TAG(dropdb_stmt, "DROP DATABASE"),
    TAG(create_table_space_stmt, "CREATE TABLESPACE"),
    TAG(alter_table_space_options_stmt, "ALTER TABLESPACE"),
    TAG(alter_table_move_all_stmt, "ALTER TABLESPACE"),
    TAG(drop_table_space_stmt, "DROP TABLESPACE"),
    TAG(cluster_stmt, "CLUSTER"),
    TAG(reindex_stmt, "REINDEX"),
    TAG(copy_stmt, "COPY"),
    TAG(do_stmt, "DO"),
    TAG(call_stmt, "CALL"),
    TAG(explain_stmt, "EXPLAIN"),
    TAG(prepare_stmt, "PREPARE"),
    TAG(execute_stmt, "EXECUTE"),
    TAG(deallocate_stmt, "DEALLOCATE"),
    TAG(declare_cursor_stmt, "DECLARE CURSOR"),
    TAG(close_portal_stmt, "CLOSE CURSOR"),
    TAG(constraints_set_stmt, "SET CONSTRAINTS"),
    TAG(variable_show_stmt, "SHOW"),
    TAG(listen_stmt, "LISTEN"),
    TAG(unlisten_stmt, "UNLISTEN"),
    TAG(notify_stmt, "NOTIFY"),
    TAG(load_stmt, "LOAD"),
    TAG(discard_stmt, "DISCARD"),
    TAG(check_point_stmt, "CHECKPOINT"),
};

#define TX(name) PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_##name

static const struct {
    PgQuery__TransactionStmtKind kind;
    const char *text;
} transaction_tags[] = {
    {TX(BEGIN), "BEGIN"},
    {TX(START), "START TRANSACTION"},
    {TX(COMMIT), "COMMIT"},
    {TX(ROLLBACK), "ROLLBACK"},
    {TX(SAVEPOINT), "SAVEPOINT"},
    {TX(RELEASE), "RELEASE"},
    {TX(ROLLBACK_TO), "ROLLBACK"},
    {TX(PREPARE), "PREPARE TRANSACTION"},
    {TX(COMMIT_PREPARED), "COMMIT PREPARED"},
    {TX(ROLLBACK_PREPARED), "ROLLBACK PREPARED"},
};

static const char *transaction_tag(const tree *m)
{
    for (size_t i = 0; i < sizeof transaction_tags / sizeof transaction_tags[0]; i++) {
        if (transaction_tags[i].kind == TREE(TransactionStmt, m)->kind) {
            return transaction_tags[i].text;
        }
    }
    return "";
}

/* Tags that depend on what the statement is about: "DROP MATERIALIZED VIEW". */
static const char *verb(const tree *m, PgQuery__ObjectType *about)
{
    if (tree_is(m, &pg_query__drop_stmt__descriptor)) {
        *about = TREE(DropStmt, m)->remove_type;
        return "DROP";
    }
    if (tree_is(m, &pg_query__define_stmt__descriptor)) {
        *about = TREE(DefineStmt, m)->kind;
        return "CREATE";
    }
    if (tree_is(m, &pg_query__alter_table_stmt__descriptor)) {
        *about = TREE(AlterTableStmt, m)->objtype;
    } else if (tree_is(m, &pg_query__rename_stmt__descriptor)) {
        const PgQuery__RenameStmt *s = TREE(RenameStmt, m);
        /* A column or a constraint is renamed by ALTER TABLE; rules, triggers and policies have
         * their own command. */
        *about = s->rename_type;
        if (*about == PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN ||
            *about == PG_QUERY__OBJECT_TYPE__OBJECT_ATTRIBUTE) {
            *about = s->relation_type;
        } else if (*about == PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT) {
            *about = PG_QUERY__OBJECT_TYPE__OBJECT_TABLE;
        } else if (*about == PG_QUERY__OBJECT_TYPE__OBJECT_DOMCONSTRAINT) {
            *about = PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN;
        }
    } else if (tree_is(m, &pg_query__alter_owner_stmt__descriptor)) {
        *about = TREE(AlterOwnerStmt, m)->object_type;
    } else if (tree_is(m, &pg_query__alter_object_schema_stmt__descriptor)) {
        *about = TREE(AlterObjectSchemaStmt, m)->object_type;
    } else if (tree_is(m, &pg_query__alter_object_depends_stmt__descriptor)) {
        *about = TREE(AlterObjectDependsStmt, m)->object_type;
    } else if (tree_is(m, &pg_query__alter_function_stmt__descriptor)) {
        *about = TREE(AlterFunctionStmt, m)->objtype;
    } else {
        return NULL;
    }
    return "ALTER";
}

/* Tags with two forms. */
static const char *either(const tree *m)
{
    if (tree_is(m, &pg_query__select_stmt__descriptor)) {
        return TREE(SelectStmt, m)->into_clause != NULL ? "SELECT INTO" : "SELECT";
    }
    if (tree_is(m, &pg_query__grant_stmt__descriptor)) {
        return TREE(GrantStmt, m)->is_grant ? "GRANT" : "REVOKE";
    }
    if (tree_is(m, &pg_query__grant_role_stmt__descriptor)) {
        return TREE(GrantRoleStmt, m)->is_grant ? "GRANT ROLE" : "REVOKE ROLE";
    }
    if (tree_is(m, &pg_query__vacuum_stmt__descriptor)) {
        return TREE(VacuumStmt, m)->is_vacuumcmd ? "VACUUM" : "ANALYZE";
    }
    if (tree_is(m, &pg_query__fetch_stmt__descriptor)) {
        return TREE(FetchStmt, m)->ismove ? "MOVE" : "FETCH";
    }
    if (tree_is(m, &pg_query__create_function_stmt__descriptor)) {
        return TREE(CreateFunctionStmt, m)->is_procedure ? "CREATE PROCEDURE" : "CREATE FUNCTION";
    }
    if (tree_is(m, &pg_query__create_table_as_stmt__descriptor)) {
        return TREE(CreateTableAsStmt, m)->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW
                   ? "CREATE MATERIALIZED VIEW"
                   : "CREATE TABLE AS";
    }
    if (tree_is(m, &pg_query__variable_set_stmt__descriptor)) {
        PgQuery__VariableSetKind k = TREE(VariableSetStmt, m)->kind;
        return k == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET ||
                       k == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL
                   ? "RESET"
                   : "SET";
    }
    return NULL;
}

const char *classify_tag(struct arena *a, const tree *stmt)
{
    PgQuery__ObjectType about = PG_QUERY__OBJECT_TYPE__OBJECT_TYPE_UNDEFINED;
    const char *text = verb(stmt, &about);
    if (text != NULL) {
        return arena_printf(a, "%s %s", text, address_word(about));
    }
    if (tree_is(stmt, &pg_query__transaction_stmt__descriptor)) {
        return transaction_tag(stmt);
    }
    text = either(stmt);
    for (size_t i = 0; text == NULL && i < sizeof tags / sizeof tags[0]; i++) {
        text = tags[i].type == stmt->descriptor ? tags[i].text : NULL;
    }
    return text != NULL ? text : "";
}
