/* How a statement may be run. */
#include "sql/classify.h"

#include <string.h>
#include <strings.h>

#include "sql/analysis.h"

typedef const struct verdict *rule_fn(const tree *m);

static const struct verdict plain = {STATEMENT_PLAIN, "", ""};
static const struct verdict begin = {STATEMENT_BEGIN, "", ""};
static const struct verdict commit = {STATEMENT_COMMIT, "", ""};
static const struct verdict set_transaction = {STATEMENT_SET_TRANSACTION, "", ""};

static const struct verdict begin_options = {
    STATEMENT_CONTROL, "kfmig opens the transaction, so BEGIN cannot choose its mode",
    "write BEGIN without options and SET TRANSACTION as the first statement"};
static const struct verdict chain = {STATEMENT_CONTROL, "AND CHAIN opens a transaction unseen",
                                     "write COMMIT and BEGIN"};
static const struct verdict rollback = {STATEMENT_CONTROL,
                                        "kfmig alone decides whether a migration is undone",
                                        "remove it; RAISE an exception in a DO block to stop"};
static const struct verdict savepoint = {
    STATEMENT_CONTROL, "a part that is undone cannot be told from a part that is done",
    "use a DO block with an EXCEPTION clause"};
static const struct verdict two_phase = {
    STATEMENT_CONTROL, "a prepared transaction outlives the run that must record it", "remove it"};
static const struct verdict session_mode = {STATEMENT_CONTROL,
                                            "it changes transactions that kfmig opens later",
                                            "use SET TRANSACTION as the first statement"};
static const struct verdict unknown_control = {
    STATEMENT_CONTROL, "it begins like transaction control, in a form not known",
    "remove it; kfmig opens and closes the transaction"};

static const struct verdict concurrently = {STATEMENT_NO_TRANSACTION,
                                            "CONCURRENTLY cannot run in a transaction block", ""};
static const struct verdict not_in_block = {
    STATEMENT_NO_TRANSACTION, "PostgreSQL runs it outside of transaction blocks only", ""};
static const struct verdict with_slot = {
    STATEMENT_NO_TRANSACTION, "it creates, drops or reads a replication slot elsewhere", ""};

static const struct verdict from_stdin = {
    STATEMENT_REFUSED, "COPY FROM STDIN waits for rows, and none stand behind it",
    "write them on the lines behind its semicolon, and \\. on one of its own"};
static const struct verdict binary = {STATEMENT_REFUSED,
                                      "rows in binary form cannot stand in a file of SQL",
                                      "use the text or CSV format, or load them as a dataset"};
static const struct verdict to_stdout = {STATEMENT_REFUSED,
                                         "COPY TO STDOUT has no one to receive the rows",
                                         "remove it, or COPY into a table"};
static const struct verdict discard = {STATEMENT_REFUSED,
                                       "DISCARD drops the settings and locks of kfmig's session",
                                       "RESET or DROP what is meant by name"};
static const struct verdict discard_temp = {STATEMENT_REFUSED,
                                            "DISCARD TEMP drops every temporary table unnamed",
                                            "DROP what is meant by name"};
static const struct verdict discard_sequences = {
    STATEMENT_REFUSED, "DISCARD SEQUENCES forgets what currval() and lastval() return",
    "remove it"};
static const struct verdict discard_plans = {
    STATEMENT_REFUSED, "DISCARD PLANS makes the server plan again, and changes nothing",
    "remove it"};
static const struct verdict of_catalog = {
    STATEMENT_REFUSED, "what rows of a system catalog mean, written directly, cannot be told",
    "use DDL: ALTER, COMMENT, GRANT, SET ... say the same by name"};
static const struct verdict load = {STATEMENT_REFUSED,
                                    "LOAD brings machine code into kfmig's session",
                                    "create an extension or set session_preload_libraries"};
static const struct verdict identity = {
    STATEMENT_REFUSED, "kfmig verifies that the user stays the same until COMMIT",
    "use ALTER ... OWNER TO, or run the environment as that role"};
static const struct verdict replication_role = {
    STATEMENT_REFUSED, "session_replication_role switches triggers and foreign keys off",
    "disable the trigger by name: ALTER TABLE ... DISABLE TRIGGER"};
static const struct verdict track_counts = {
    STATEMENT_REFUSED, "track_counts feeds the counters that show what changed", "remove it"};
static const struct verdict quoting = {
    STATEMENT_REFUSED, "it changes where strings end, after the file has been split",
    "write E'...' where backslashes are escapes"};
static const struct verdict reset_all = {STATEMENT_REFUSED,
                                         "RESET ALL undoes the settings kfmig pins for the session",
                                         "RESET the setting by name"};
static const struct verdict deallocate_all = {
    STATEMENT_REFUSED, "DEALLOCATE ALL drops the statements of kfmig's session",
    "DEALLOCATE by name"};

const struct verdict *classify_counters(void)
{
    return &track_counts;
}

#define TX(name) PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_##name

static const struct verdict *on_transaction(const tree *m)
{
    const PgQuery__TransactionStmt *s = TREE(TransactionStmt, m);
    if (s->kind == TX(BEGIN) || s->kind == TX(START)) {
        return s->n_options > 0 ? &begin_options : &begin;
    }
    if (s->kind == TX(COMMIT)) {
        return s->chain ? &chain : &commit;
    }
    if (s->kind == TX(ROLLBACK)) {
        return s->chain ? &chain : &rollback;
    }
    if (s->kind == TX(SAVEPOINT) || s->kind == TX(RELEASE) || s->kind == TX(ROLLBACK_TO)) {
        return &savepoint;
    }
    return &two_phase;
}

struct setting {
    const char *name;
    const struct verdict *verdict;
};

static const struct setting settings[] = {
    {"role", &identity},
    {"session_authorization", &identity},
    {"session_replication_role", &replication_role},
    {"track_counts", &track_counts},
    {"standard_conforming_strings", &quoting},
    {"TRANSACTION", &set_transaction},
    {"transaction_isolation", &set_transaction},
    {"transaction_read_only", &set_transaction},
    {"transaction_deferrable", &set_transaction},
    {"TRANSACTION SNAPSHOT", &session_mode},
    {"SESSION CHARACTERISTICS", &session_mode},
};

/* pg_dump writes standard_conforming_strings = on at the top of every file. */
static bool says_on(const PgQuery__VariableSetStmt *s)
{
    const char *value = s->n_args == 1 ? tree_literal(s->args[0]) : NULL;
    return s->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE && value != NULL &&
           (strcasecmp(value, "on") == 0 || strcasecmp(value, "true") == 0);
}

static const struct verdict *on_set(const tree *m)
{
    const PgQuery__VariableSetStmt *s = TREE(VariableSetStmt, m);
    if (s->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL) {
        return &reset_all;
    }
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (strcasecmp(settings[i].name, s->name) == 0) {
            return settings[i].verdict == &quoting && says_on(s) ? &plain : settings[i].verdict;
        }
    }
    return &plain;
}

const struct verdict *classify_quoting(void)
{
    return &quoting;
}

static const struct verdict *on_index(const tree *m)
{
    return TREE(IndexStmt, m)->concurrent ? &concurrently : &plain;
}

static const struct verdict *on_drop(const tree *m)
{
    return TREE(DropStmt, m)->concurrent ? &concurrently : &plain;
}

static const struct verdict *on_reindex(const tree *m)
{
    const PgQuery__ReindexStmt *s = TREE(ReindexStmt, m);
    if (tree_option_on(LIST(s, params), "concurrently", false)) {
        return &concurrently;
    }
    return s->kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX ||
                   s->kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_TABLE
               ? &plain
               : &not_in_block;
}

static const struct verdict *on_alter_table(const tree *m)
{
    const PgQuery__AlterTableStmt *s = TREE(AlterTableStmt, m);
    for (size_t i = 0; i < s->n_cmds; i++) {
        const tree *c = tree_of(s->cmds[i]);
        const tree *def = tree_is(c, &pg_query__alter_table_cmd__descriptor)
                              ? tree_of(TREE(AlterTableCmd, c)->def)
                              : NULL;
        if (tree_is(def, &pg_query__partition_cmd__descriptor) &&
            TREE(PartitionCmd, def)->concurrent) {
            return &concurrently;
        }
    }
    return &plain;
}

static const struct verdict *on_vacuum(const tree *m)
{
    return TREE(VacuumStmt, m)->is_vacuumcmd ? &not_in_block : &plain;
}

static const struct verdict *on_cluster(const tree *m)
{
    return TREE(ClusterStmt, m)->relation == NULL ? &not_in_block : &plain;
}

static const struct verdict *never_in_block(const tree *m)
{
    (void)m;
    return &not_in_block;
}

static const struct verdict *on_alter_database(const tree *m)
{
    const PgQuery__AlterDatabaseStmt *s = TREE(AlterDatabaseStmt, m);
    return tree_option(LIST(s, options), "tablespace") != NULL ? &not_in_block : &plain;
}

static const struct verdict *on_create_subscription(const tree *m)
{
    const PgQuery__CreateSubscriptionStmt *s = TREE(CreateSubscriptionStmt, m);
    bool connects = tree_option_on(LIST(s, options), "connect", true);
    return tree_option_on(LIST(s, options), "create_slot", connects) ? &with_slot : &plain;
}

static const struct verdict *on_alter_subscription(const tree *m)
{
    const PgQuery__AlterSubscriptionStmt *s = TREE(AlterSubscriptionStmt, m);
    switch (s->kind) {
    case PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_REFRESH:
        return &with_slot;
    case PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_SET_PUBLICATION:
    case PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_ADD_PUBLICATION:
    case PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_DROP_PUBLICATION:
        return tree_option_on(LIST(s, options), "refresh", true) ? &with_slot : &plain;
    case PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_OPTIONS:
    case PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_CONNECTION:
    case PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_ENABLED:
    case PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_SKIP:
    case PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_TYPE_UNDEFINED:
    case _PG_QUERY__ALTER_SUBSCRIPTION_TYPE_IS_INT_SIZE:
        break;
    }
    return &plain;
}

/* Whether a slot is attached is not in the text; outside of a block it always works. */
static const struct verdict *on_drop_subscription(const tree *m)
{
    (void)m;
    return &with_slot;
}

static const struct verdict *on_copy(const tree *m)
{
    const PgQuery__CopyStmt *s = TREE(CopyStmt, m);
    if (s->is_program || s->filename[0] != '\0') {
        return &plain;
    }
    const PgQuery__DefElem *format = tree_option(LIST(s, options), "format");
    const char *name = format != NULL ? tree_string(format->arg) : NULL;
    if (s->is_from && name != NULL && strcasecmp(name, "binary") == 0) {
        return &binary;
    }
    return s->is_from ? &from_stdin : &to_stdout;
}

bool classify_waits(const struct statement *st)
{
    return st->why == from_stdin.why;
}

static const struct verdict *on_discard(const tree *m)
{
    switch (TREE(DiscardStmt, m)->target) {
    case PG_QUERY__DISCARD_MODE__DISCARD_TEMP:
        return &discard_temp;
    case PG_QUERY__DISCARD_MODE__DISCARD_SEQUENCES:
        return &discard_sequences;
    case PG_QUERY__DISCARD_MODE__DISCARD_PLANS:
        return &discard_plans;
    case PG_QUERY__DISCARD_MODE__DISCARD_ALL:
    case PG_QUERY__DISCARD_MODE__DISCARD_MODE_UNDEFINED:
    case _PG_QUERY__DISCARD_MODE_IS_INT_SIZE:
        break;
    }
    return &discard;
}

static const struct verdict *on_load(const tree *m)
{
    (void)m;
    return &load;
}

static const struct verdict *on_deallocate(const tree *m)
{
    return TREE(DeallocateStmt, m)->name[0] == '\0' ? &deallocate_all : &plain;
}

static const struct {
    const ProtobufCMessageDescriptor *type;
    rule_fn *fn;
} rules[] = {
    {&pg_query__transaction_stmt__descriptor, on_transaction},
    {&pg_query__variable_set_stmt__descriptor, on_set},
    {&pg_query__index_stmt__descriptor, on_index},
    {&pg_query__drop_stmt__descriptor, on_drop},
    {&pg_query__reindex_stmt__descriptor, on_reindex},
    {&pg_query__alter_table_stmt__descriptor, on_alter_table},
    {&pg_query__vacuum_stmt__descriptor, on_vacuum},
    {&pg_query__cluster_stmt__descriptor, on_cluster},
    {&pg_query__alter_system_stmt__descriptor, never_in_block},
    {&pg_query__createdb_stmt__descriptor, never_in_block},
    {&pg_query__dropdb_stmt__descriptor, never_in_block},
    {&pg_query__create_table_space_stmt__descriptor, never_in_block},
    {&pg_query__drop_table_space_stmt__descriptor, never_in_block},
    {&pg_query__alter_database_stmt__descriptor, on_alter_database},
    {&pg_query__create_subscription_stmt__descriptor, on_create_subscription},
    {&pg_query__alter_subscription_stmt__descriptor, on_alter_subscription},
    {&pg_query__drop_subscription_stmt__descriptor, on_drop_subscription},
    {&pg_query__copy_stmt__descriptor, on_copy},
    {&pg_query__discard_stmt__descriptor, on_discard},
    {&pg_query__load_stmt__descriptor, on_load},
    {&pg_query__deallocate_stmt__descriptor, on_deallocate},
};

const struct verdict *classify(const tree *stmt)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].type == stmt->descriptor) {
            return rules[i].fn(stmt);
        }
    }
    return &plain;
}

/* Large objects are data. */
const struct verdict *classify_touched(const struct touches *touches)
{
    for (size_t i = 0; i < touches->n; i++) {
        const struct touch *t = &touches->v[i];
        if (!t->stored && !t->maybe &&
            (t->effect == EFFECT_WRITE || t->effect == EFFECT_TRUNCATE) &&
            t->object.kind == OBJ_TABLE && strcmp(t->object.schema, "pg_catalog") == 0 &&
            strncmp(t->object.name, "pg_largeobject", strlen("pg_largeobject")) != 0) {
            return &of_catalog;
        }
    }
    return NULL;
}

static const struct verdict *by_first_token(int type)
{
    switch (type) {
    case TOK(BEGIN_P):
    case TOK(START):
    case TOK(COMMIT):
    case TOK(END_P):
    case TOK(ROLLBACK):
    case TOK(ABORT_P):
    case TOK(SAVEPOINT):
    case TOK(RELEASE):
        return &unknown_control;
    case TOK(DISCARD):
        return &discard;
    case TOK(LOAD):
        return &load;
    case TOK(VACUUM):
        return &not_in_block;
    default:
        return NULL;
    }
}

/* SET and RESET of a setting that matters, with a value this parser does not know. */
static const struct verdict *set_by_tokens(const struct token *v, size_t n)
{
    for (size_t i = 1; i < n && i < 3; i++) {
        switch (v[i].type) {
        case TOK(ROLE):
        case TOK(AUTHORIZATION):
            return &identity;
        case TOK(TRANSACTION):
        case TOK(CHARACTERISTICS):
            return &unknown_control;
        default:
            break;
        }
    }
    return &plain;
}

const struct verdict *classify_tokens(const struct token *v, size_t n)
{
    int first = n > 0 ? v[0].type : 0;
    const struct verdict *found = by_first_token(first);
    if (found != NULL) {
        return found;
    }
    if (first == TOK(PREPARE) && n > 1 && v[1].type == TOK(TRANSACTION)) {
        return &two_phase;
    }
    if (first == TOK(SET) || first == TOK(RESET)) {
        return set_by_tokens(v, n);
    }
    bool ddl =
        first == TOK(CREATE) || first == TOK(DROP) || first == TOK(ALTER) || first == TOK(REINDEX);
    int depth = 0;
    for (size_t i = 1; ddl && i < n; i++) {
        depth += v[i].type == TOK(ASCII_40) ? 1 : 0;
        depth -= v[i].type == TOK(ASCII_41) ? 1 : 0;
        if (v[i].type == TOK(CONCURRENTLY) && (depth == 0 || first == TOK(REINDEX))) {
            return &concurrently;
        }
    }
    return &plain;
}
