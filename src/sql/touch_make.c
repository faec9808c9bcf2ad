/* Touches of statements that make or change functions, types, operators, extensions and other
 * objects without rows. */
#include <string.h>
#include <strings.h>

#include "sql/address.h"
#include "sql/analysis.h"
#include "sql/builtin.h"
#include "sql/token.h"

enum { DEEPEST_BODY = 3 }; /* CREATE FUNCTION inside a function's text inside ... */

static void touch_names(struct analysis *x, enum object_kind kind, struct tree_list names,
                        enum effect effect)
{
    struct dotted d = tree_dotted(names);
    analysis_touch(x, kind, d.schema, d.name, effect, -1);
}

/* A body in SQL is text to the server until it runs; what it names is known all the same. A body
 * that does not parse is the server's to refuse. */
static void body_text(struct analysis *x, const char *body)
{
    const PgQuery__ParseResult *r;
    if (x->depth >= DEEPEST_BODY || tokens_parse(x->scratch, body, &r) != 0) {
        return;
    }
    bool elsewhere = x->elsewhere;
    x->elsewhere = true;
    x->depth++;
    for (size_t i = 0; i < r->n_stmts; i++) {
        analysis_define_action(x, tree_of(r->stmts[i]->stmt));
    }
    x->depth--;
    x->elsewhere = elsewhere;
}

/* SET search_path = ... of the function: its body's names are found along that. */
static struct path own_path(struct analysis *x, struct tree_list options)
{
    struct path p = *x->path;
    for (size_t i = 0; i < options.n; i++) {
        const tree *o = tree_of(options.v[i]);
        const tree *set =
            tree_is(o, &pg_query__def_elem__descriptor) ? tree_of(TREE(DefElem, o)->arg) : NULL;
        if (tree_is(set, &pg_query__variable_set_stmt__descriptor)) {
            path_set(x->scratch, &p, TREE(VariableSetStmt, set));
        }
    }
    return p;
}

static void create_function(struct analysis *x, const tree *m)
{
    const PgQuery__CreateFunctionStmt *s = TREE(CreateFunctionStmt, m);
    const PgQuery__DefElem *language = tree_option(LIST(s, options), "language");
    const PgQuery__DefElem *as = tree_option(LIST(s, options), "as");
    touch_names(x, OBJ_FUNCTION, LIST(s, funcname), EFFECT_CREATE);
    analysis_define_nodes(x, LIST(s, parameters));
    analysis_define(x, s->return_type != NULL ? &s->return_type->base : NULL);
    analysis_define_action(x, tree_of(s->sql_body));
    const char *name = language != NULL ? tree_string(language->arg) : NULL;
    struct tree_list body = tree_items(as != NULL ? as->arg : NULL);
    if (name != NULL && strcasecmp(name, "sql") == 0 && body.n == 1) {
        struct path *before = x->path;
        struct path own = own_path(x, LIST(s, options));
        x->path = &own;
        body_text(x, tree_string(body.v[0]));
        x->path = before;
    }
}

static void alter_function(struct analysis *x, const tree *m)
{
    const PgQuery__AlterFunctionStmt *s = TREE(AlterFunctionStmt, m);
    if (s->func != NULL) {
        touch_names(x, OBJ_FUNCTION, LIST(s->func, objname), EFFECT_ALTER);
    }
}

/* CREATE AGGREGATE, OPERATOR, TYPE, COLLATION, TEXT SEARCH ...: functions in the definition look
 * like types there. */
static void define(struct analysis *x, const tree *m)
{
    const PgQuery__DefineStmt *s = TREE(DefineStmt, m);
    touch_names(x, address_kind(s->kind), LIST(s, defnames), EFFECT_CREATE);
}

static void composite_type(struct analysis *x, const tree *m)
{
    const PgQuery__CompositeTypeStmt *s = TREE(CompositeTypeStmt, m);
    if (s->typevar != NULL) {
        analysis_touch(x, OBJ_TYPE, s->typevar->schemaname, s->typevar->relname, EFFECT_CREATE,
                       s->typevar->location);
    }
    analysis_define_nodes(x, LIST(s, coldeflist));
}

static void create_enum(struct analysis *x, const tree *m)
{
    touch_names(x, OBJ_TYPE, LIST(TREE(CreateEnumStmt, m), type_name), EFFECT_CREATE);
}

/* Columns' defaults mention a value that is renamed. */
static void alter_enum(struct analysis *x, const tree *m)
{
    if (TREE(AlterEnumStmt, m)->old_val[0] != '\0') {
        analysis_deed(x, DEED_RENAMES);
        analysis_hidden_tables(x);
    }
    touch_names(x, OBJ_TYPE, LIST(TREE(AlterEnumStmt, m), type_name), EFFECT_ALTER);
}

static void create_range(struct analysis *x, const tree *m)
{
    touch_names(x, OBJ_TYPE, LIST(TREE(CreateRangeStmt, m), type_name), EFFECT_CREATE);
}

static void alter_type(struct analysis *x, const tree *m)
{
    touch_names(x, OBJ_TYPE, LIST(TREE(AlterTypeStmt, m), type_name), EFFECT_ALTER);
}

static void create_domain(struct analysis *x, const tree *m)
{
    const PgQuery__CreateDomainStmt *s = TREE(CreateDomainStmt, m);
    touch_names(x, OBJ_TYPE, LIST(s, domainname), EFFECT_CREATE);
    analysis_define(x, s->type_name != NULL ? &s->type_name->base : NULL);
    analysis_define_nodes(x, LIST(s, constraints));
}

static void alter_domain(struct analysis *x, const tree *m)
{
    const PgQuery__AlterDomainStmt *s = TREE(AlterDomainStmt, m);
    touch_names(x, OBJ_TYPE, LIST(s, type_name), EFFECT_ALTER);
    analysis_define(x, tree_of(s->def));
    analysis_cascade(x, s->behavior);
}

static void create_opclass(struct analysis *x, const tree *m)
{
    touch_names(x, OBJ_OPCLASS, LIST(TREE(CreateOpClassStmt, m), opclassname), EFFECT_CREATE);
}

static void create_opfamily(struct analysis *x, const tree *m)
{
    touch_names(x, OBJ_OPFAMILY, LIST(TREE(CreateOpFamilyStmt, m), opfamilyname), EFFECT_CREATE);
}

static void alter_opfamily(struct analysis *x, const tree *m)
{
    touch_names(x, OBJ_OPFAMILY, LIST(TREE(AlterOpFamilyStmt, m), opfamilyname), EFFECT_ALTER);
}

static void alter_operator(struct analysis *x, const tree *m)
{
    const PgQuery__AlterOperatorStmt *s = TREE(AlterOperatorStmt, m);
    if (s->opername != NULL) {
        touch_names(x, OBJ_OPERATOR, LIST(s->opername, objname), EFFECT_ALTER);
    }
}

static void create_cast(struct analysis *x, const tree *m)
{
    const PgQuery__CreateCastStmt *s = TREE(CreateCastStmt, m);
    if (s->sourcetype != NULL && s->targettype != NULL) {
        analysis_touch(x, OBJ_CAST, "", address_cast(x, s->sourcetype, s->targettype),
                       EFFECT_CREATE, -1);
        analysis_define(x, &s->sourcetype->base);
        analysis_define(x, &s->targettype->base);
    }
    if (s->func != NULL) {
        touch_names(x, OBJ_FUNCTION, LIST(s->func, objname), EFFECT_REFERENCE);
    }
}

static void create_transform(struct analysis *x, const tree *m)
{
    const PgQuery__CreateTransformStmt *s = TREE(CreateTransformStmt, m);
    if (s->type_name != NULL) {
        analysis_touch(x, OBJ_TRANSFORM, "", address_transform(x, s->type_name, s->lang),
                       EFFECT_CREATE, -1);
    }
}

static void create_conversion(struct analysis *x, const tree *m)
{
    const PgQuery__CreateConversionStmt *s = TREE(CreateConversionStmt, m);
    touch_names(x, OBJ_CONVERSION, LIST(s, conversion_name), EFFECT_CREATE);
    touch_names(x, OBJ_FUNCTION, LIST(s, func_name), EFFECT_REFERENCE);
}

static void alter_collation(struct analysis *x, const tree *m)
{
    touch_names(x, OBJ_COLLATION, LIST(TREE(AlterCollationStmt, m), collname), EFFECT_ALTER);
}

static void alter_dictionary(struct analysis *x, const tree *m)
{
    touch_names(x, OBJ_TEXT_SEARCH, LIST(TREE(AlterTSDictionaryStmt, m), dictname), EFFECT_ALTER);
}

static void alter_configuration(struct analysis *x, const tree *m)
{
    touch_names(x, OBJ_TEXT_SEARCH, LIST(TREE(AlterTSConfigurationStmt, m), cfgname), EFFECT_ALTER);
}

static void create_extension(struct analysis *x, const tree *m)
{
    const PgQuery__CreateExtensionStmt *s = TREE(CreateExtensionStmt, m);
    const PgQuery__DefElem *schema = tree_option(LIST(s, options), "schema");
    analysis_touch(x, OBJ_EXTENSION, "", s->extname, EFFECT_CREATE, -1);
    if (schema != NULL && tree_string(schema->arg) != NULL) {
        analysis_touch(x, OBJ_SCHEMA, "", tree_string(schema->arg), EFFECT_REFERENCE, -1);
    }
    if (tree_option_on(LIST(s, options), "cascade", false)) {
        analysis_cascade(x, PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE);
        analysis_opaque(x); /* which extensions it brings along is in their control files */
        for (size_t i = 0; builtin_requires(s->extname, i) != NULL; i++) {
            const struct object o = {OBJ_EXTENSION, "", builtin_requires(s->extname, i), NULL};
            analysis_maybe(x, &o, EFFECT_CREATE);
        }
    }
}

static void alter_extension(struct analysis *x, const tree *m)
{
    analysis_touch(x, OBJ_EXTENSION, "", TREE(AlterExtensionStmt, m)->extname, EFFECT_ALTER, -1);
}

static void create_language(struct analysis *x, const tree *m)
{
    analysis_touch(x, OBJ_LANGUAGE, "", TREE(CreatePLangStmt, m)->plname, EFFECT_CREATE, -1);
}

static void create_access_method(struct analysis *x, const tree *m)
{
    const PgQuery__CreateAmStmt *s = TREE(CreateAmStmt, m);
    analysis_touch(x, OBJ_ACCESS_METHOD, "", s->amname, EFFECT_CREATE, -1);
    touch_names(x, OBJ_FUNCTION, LIST(s, handler_name), EFFECT_REFERENCE);
}

static void create_event_trigger(struct analysis *x, const tree *m)
{
    const PgQuery__CreateEventTrigStmt *s = TREE(CreateEventTrigStmt, m);
    analysis_touch(x, OBJ_EVENT_TRIGGER, "", s->trigname, EFFECT_CREATE, -1);
    touch_names(x, OBJ_FUNCTION, LIST(s, funcname), EFFECT_REFERENCE);
    if (strcmp(s->eventname, "login") == 0) {
        analysis_touch(x, OBJ_DATABASE, "", "", EFFECT_ALTER, -1); /* pg_database.dathasloginevt */
    }
}

static void alter_event_trigger(struct analysis *x, const tree *m)
{
    analysis_touch(x, OBJ_EVENT_TRIGGER, "", TREE(AlterEventTrigStmt, m)->trigname, EFFECT_ALTER,
                   -1);
}

static const struct handler rows[] = {
    {&pg_query__create_function_stmt__descriptor, create_function},
    {&pg_query__alter_function_stmt__descriptor, alter_function},
    {&pg_query__define_stmt__descriptor, define},
    {&pg_query__composite_type_stmt__descriptor, composite_type},
    {&pg_query__create_enum_stmt__descriptor, create_enum},
    {&pg_query__alter_enum_stmt__descriptor, alter_enum},
    {&pg_query__create_range_stmt__descriptor, create_range},
    {&pg_query__alter_type_stmt__descriptor, alter_type},
    {&pg_query__create_domain_stmt__descriptor, create_domain},
    {&pg_query__alter_domain_stmt__descriptor, alter_domain},
    {&pg_query__create_op_class_stmt__descriptor, create_opclass},
    {&pg_query__create_op_family_stmt__descriptor, create_opfamily},
    {&pg_query__alter_op_family_stmt__descriptor, alter_opfamily},
    {&pg_query__alter_operator_stmt__descriptor, alter_operator},
    {&pg_query__create_cast_stmt__descriptor, create_cast},
    {&pg_query__create_transform_stmt__descriptor, create_transform},
    {&pg_query__create_conversion_stmt__descriptor, create_conversion},
    {&pg_query__alter_collation_stmt__descriptor, alter_collation},
    {&pg_query__alter_tsdictionary_stmt__descriptor, alter_dictionary},
    {&pg_query__alter_tsconfiguration_stmt__descriptor, alter_configuration},
    {&pg_query__create_extension_stmt__descriptor, create_extension},
    {&pg_query__alter_extension_stmt__descriptor, alter_extension},
    {&pg_query__create_plang_stmt__descriptor, create_language},
    {&pg_query__create_am_stmt__descriptor, create_access_method},
    {&pg_query__create_event_trig_stmt__descriptor, create_event_trigger},
    {&pg_query__alter_event_trig_stmt__descriptor, alter_event_trigger},
};
HANDLERS(touch_make_handlers, rows);
