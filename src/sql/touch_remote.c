/* Touches of what connects databases: foreign data, publications, subscriptions. */
#include "sql/analysis.h"

static void create_fdw(struct analysis *x, const tree *m)
{
    analysis_touch(x, OBJ_FOREIGN_DATA_WRAPPER, "", TREE(CreateFdwStmt, m)->fdwname, EFFECT_CREATE,
                   -1);
}

static void alter_fdw(struct analysis *x, const tree *m)
{
    analysis_touch(x, OBJ_FOREIGN_DATA_WRAPPER, "", TREE(AlterFdwStmt, m)->fdwname, EFFECT_ALTER,
                   -1);
}

static void create_server(struct analysis *x, const tree *m)
{
    const PgQuery__CreateForeignServerStmt *s = TREE(CreateForeignServerStmt, m);
    analysis_touch(x, OBJ_FOREIGN_SERVER, "", s->servername, EFFECT_CREATE, -1);
    analysis_touch(x, OBJ_FOREIGN_DATA_WRAPPER, "", s->fdwname, EFFECT_REFERENCE, -1);
}

static void alter_server(struct analysis *x, const tree *m)
{
    analysis_touch(x, OBJ_FOREIGN_SERVER, "", TREE(AlterForeignServerStmt, m)->servername,
                   EFFECT_ALTER, -1);
}

static void mapping(struct analysis *x, const PgQuery__RoleSpec *user, const char *server,
                    enum effect effect)
{
    const char *role = analysis_role(user);
    if (effect == EFFECT_CREATE) {
        analysis_needs(x, user, false);
    }
    const char *name = role[0] != '\0' ? arena_printf(x->scratch, "%s@%s", role, server) : "";
    analysis_touch(x, OBJ_USER_MAPPING, "", name, effect, -1);
}

static void create_mapping(struct analysis *x, const tree *m)
{
    const PgQuery__CreateUserMappingStmt *s = TREE(CreateUserMappingStmt, m);
    mapping(x, s->user, s->servername, EFFECT_CREATE);
    analysis_touch(x, OBJ_FOREIGN_SERVER, "", s->servername, EFFECT_REFERENCE, -1);
}

static void alter_mapping(struct analysis *x, const tree *m)
{
    const PgQuery__AlterUserMappingStmt *s = TREE(AlterUserMappingStmt, m);
    mapping(x, s->user, s->servername, EFFECT_ALTER);
    x->st->unseen |= !x->defining;
}

static void drop_mapping(struct analysis *x, const tree *m)
{
    const PgQuery__DropUserMappingStmt *s = TREE(DropUserMappingStmt, m);
    mapping(x, s->user, s->servername, EFFECT_DROP);
    analysis_destructive(x, DEED_DROPS);
}

/* With LIMIT TO the new tables are named; otherwise only the remote server knows them. */
static void import_schema(struct analysis *x, const tree *m)
{
    const PgQuery__ImportForeignSchemaStmt *s = TREE(ImportForeignSchemaStmt, m);
    analysis_touch(x, OBJ_FOREIGN_SERVER, "", s->server_name, EFFECT_REFERENCE, -1);
    if (s->list_type != PG_QUERY__IMPORT_FOREIGN_SCHEMA_TYPE__FDW_IMPORT_SCHEMA_LIMIT_TO) {
        analysis_touch(x, OBJ_SCHEMA, "", s->local_schema, EFFECT_ALTER, -1);
        analysis_hidden_tables(x);
        return;
    }
    for (size_t i = 0; i < s->n_table_list; i++) {
        const tree *r = tree_of(s->table_list[i]);
        if (tree_is(r, &pg_query__range_var__descriptor)) {
            analysis_touch(x, OBJ_FOREIGN_TABLE, s->local_schema, TREE(RangeVar, r)->relname,
                           EFFECT_CREATE, TREE(RangeVar, r)->location);
        }
    }
}

static void published(struct analysis *x, struct tree_list objects)
{
    for (size_t i = 0; i < objects.n; i++) {
        const tree *m = tree_of(objects.v[i]);
        if (!tree_is(m, &pg_query__publication_obj_spec__descriptor)) {
            continue;
        }
        const PgQuery__PublicationObjSpec *o = TREE(PublicationObjSpec, m);
        if (o->pubtable != NULL) {
            analysis_relation(x, o->pubtable->relation, OBJ_TABLE, EFFECT_REFERENCE,
                              LOCK_SHARE_UPDATE_EXCLUSIVE);
            analysis_define(x, tree_of(o->pubtable->where_clause));
        } else if (o->name[0] != '\0') {
            analysis_touch(x, OBJ_SCHEMA, "", o->name, EFFECT_REFERENCE, o->location);
        }
    }
}

static void create_publication(struct analysis *x, const tree *m)
{
    const PgQuery__CreatePublicationStmt *s = TREE(CreatePublicationStmt, m);
    analysis_touch(x, OBJ_PUBLICATION, "", s->pubname, EFFECT_CREATE, -1);
    published(x, LIST(s, pubobjects));
}

static void alter_publication(struct analysis *x, const tree *m)
{
    const PgQuery__AlterPublicationStmt *s = TREE(AlterPublicationStmt, m);
    analysis_touch(x, OBJ_PUBLICATION, "", s->pubname, EFFECT_ALTER, -1);
    published(x, LIST(s, pubobjects));
}

static void create_subscription(struct analysis *x, const tree *m)
{
    analysis_touch(x, OBJ_SUBSCRIPTION, "", TREE(CreateSubscriptionStmt, m)->subname, EFFECT_CREATE,
                   -1);
}

static void alter_subscription(struct analysis *x, const tree *m)
{
    analysis_touch(x, OBJ_SUBSCRIPTION, "", TREE(AlterSubscriptionStmt, m)->subname, EFFECT_ALTER,
                   -1);
}

static void drop_subscription(struct analysis *x, const tree *m)
{
    analysis_touch(x, OBJ_SUBSCRIPTION, "", TREE(DropSubscriptionStmt, m)->subname, EFFECT_DROP,
                   -1);
    analysis_destructive(x, DEED_DROPS);
}

static const struct handler rows[] = {
    {&pg_query__create_fdw_stmt__descriptor, create_fdw},
    {&pg_query__alter_fdw_stmt__descriptor, alter_fdw},
    {&pg_query__create_foreign_server_stmt__descriptor, create_server},
    {&pg_query__alter_foreign_server_stmt__descriptor, alter_server},
    {&pg_query__create_user_mapping_stmt__descriptor, create_mapping},
    {&pg_query__alter_user_mapping_stmt__descriptor, alter_mapping},
    {&pg_query__drop_user_mapping_stmt__descriptor, drop_mapping},
    {&pg_query__import_foreign_schema_stmt__descriptor, import_schema},
    {&pg_query__create_publication_stmt__descriptor, create_publication},
    {&pg_query__alter_publication_stmt__descriptor, alter_publication},
    {&pg_query__create_subscription_stmt__descriptor, create_subscription},
    {&pg_query__alter_subscription_stmt__descriptor, alter_subscription},
    {&pg_query__drop_subscription_stmt__descriptor, drop_subscription},
};
HANDLERS(touch_remote_handlers, rows);
