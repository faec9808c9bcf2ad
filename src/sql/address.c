/* How SQL text names an object of each type. */
#include "sql/address.h"

#include <string.h>

enum form {
    FORM_NAMES,     /* a dotted name, also inside a type name or a function's signature */
    FORM_PART,      /* the last name is a part of the table before it */
    FORM_TYPE_PART, /* a domain's constraint */
    FORM_CLASS,     /* access method first: operator classes and families */
    FORM_CAST,
    FORM_TRANSFORM,
    FORM_NUMBER,
    FORM_HIDDEN
};

struct address_row {
    PgQuery__ObjectType type;
    const char *word;
    enum object_kind kind;
    enum form form;
};

#define OT(name) PG_QUERY__OBJECT_TYPE__OBJECT_##name

static const struct address_row rows[] = {
    {OT(TABLE), "TABLE", OBJ_TABLE, FORM_NAMES},
    {OT(COLUMN), "COLUMN", OBJ_TABLE, FORM_PART},
    {OT(TABCONSTRAINT), "CONSTRAINT", OBJ_TABLE, FORM_PART},
    {OT(TRIGGER), "TRIGGER", OBJ_TABLE, FORM_PART},
    {OT(RULE), "RULE", OBJ_TABLE, FORM_PART},
    {OT(POLICY), "POLICY", OBJ_TABLE, FORM_PART},
    {OT(DEFAULT), "DEFAULT", OBJ_TABLE, FORM_PART},
    {OT(INDEX), "INDEX", OBJ_TABLE, FORM_HIDDEN},
    {OT(STATISTIC_EXT), "STATISTICS", OBJ_TABLE, FORM_HIDDEN},
    {OT(VIEW), "VIEW", OBJ_VIEW, FORM_NAMES},
    {OT(MATVIEW), "MATERIALIZED VIEW", OBJ_MATVIEW, FORM_NAMES},
    {OT(SEQUENCE), "SEQUENCE", OBJ_SEQUENCE, FORM_NAMES},
    {OT(FOREIGN_TABLE), "FOREIGN TABLE", OBJ_FOREIGN_TABLE, FORM_NAMES},
    {OT(TYPE), "TYPE", OBJ_TYPE, FORM_NAMES},
    {OT(ATTRIBUTE), "ATTRIBUTE", OBJ_TYPE, FORM_PART},
    {OT(DOMAIN), "DOMAIN", OBJ_TYPE, FORM_NAMES},
    {OT(DOMCONSTRAINT), "CONSTRAINT", OBJ_TYPE, FORM_TYPE_PART},
    {OT(FUNCTION), "FUNCTION", OBJ_FUNCTION, FORM_NAMES},
    {OT(PROCEDURE), "PROCEDURE", OBJ_FUNCTION, FORM_NAMES},
    {OT(ROUTINE), "ROUTINE", OBJ_FUNCTION, FORM_NAMES},
    {OT(AGGREGATE), "AGGREGATE", OBJ_FUNCTION, FORM_NAMES},
    {OT(OPERATOR), "OPERATOR", OBJ_OPERATOR, FORM_NAMES},
    {OT(OPCLASS), "OPERATOR CLASS", OBJ_OPCLASS, FORM_CLASS},
    {OT(OPFAMILY), "OPERATOR FAMILY", OBJ_OPFAMILY, FORM_CLASS},
    {OT(COLLATION), "COLLATION", OBJ_COLLATION, FORM_NAMES},
    {OT(CONVERSION), "CONVERSION", OBJ_CONVERSION, FORM_NAMES},
    {OT(TSCONFIGURATION), "TEXT SEARCH CONFIGURATION", OBJ_TEXT_SEARCH, FORM_NAMES},
    {OT(TSDICTIONARY), "TEXT SEARCH DICTIONARY", OBJ_TEXT_SEARCH, FORM_NAMES},
    {OT(TSPARSER), "TEXT SEARCH PARSER", OBJ_TEXT_SEARCH, FORM_NAMES},
    {OT(TSTEMPLATE), "TEXT SEARCH TEMPLATE", OBJ_TEXT_SEARCH, FORM_NAMES},
    {OT(SCHEMA), "SCHEMA", OBJ_SCHEMA, FORM_NAMES},
    {OT(EXTENSION), "EXTENSION", OBJ_EXTENSION, FORM_NAMES},
    {OT(ROLE), "ROLE", OBJ_ROLE, FORM_NAMES},
    {OT(DATABASE), "DATABASE", OBJ_DATABASE, FORM_NAMES},
    {OT(TABLESPACE), "TABLESPACE", OBJ_TABLESPACE, FORM_NAMES},
    {OT(PUBLICATION), "PUBLICATION", OBJ_PUBLICATION, FORM_NAMES},
    {OT(SUBSCRIPTION), "SUBSCRIPTION", OBJ_SUBSCRIPTION, FORM_NAMES},
    {OT(EVENT_TRIGGER), "EVENT TRIGGER", OBJ_EVENT_TRIGGER, FORM_NAMES},
    {OT(LANGUAGE), "LANGUAGE", OBJ_LANGUAGE, FORM_NAMES},
    {OT(ACCESS_METHOD), "ACCESS METHOD", OBJ_ACCESS_METHOD, FORM_NAMES},
    {OT(FDW), "FOREIGN DATA WRAPPER", OBJ_FOREIGN_DATA_WRAPPER, FORM_NAMES},
    {OT(FOREIGN_SERVER), "SERVER", OBJ_FOREIGN_SERVER, FORM_NAMES},
    {OT(USER_MAPPING), "USER MAPPING", OBJ_USER_MAPPING, FORM_NAMES},
    {OT(PARAMETER_ACL), "PARAMETER", OBJ_SETTING, FORM_NAMES},
    {OT(LARGEOBJECT), "LARGE OBJECT", OBJ_LARGE_OBJECT, FORM_NUMBER},
    {OT(CAST), "CAST", OBJ_CAST, FORM_CAST},
    {OT(TRANSFORM), "TRANSFORM", OBJ_TRANSFORM, FORM_TRANSFORM},
};

static const struct address_row *row_of(PgQuery__ObjectType t)
{
    static const struct address_row other = {OT(TABLE), "OBJECT", OBJ_UNKNOWN, FORM_NAMES};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].type == t) {
            return &rows[i];
        }
    }
    return &other;
}

const char *address_word(PgQuery__ObjectType t)
{
    return row_of(t)->word;
}

enum object_kind address_kind(PgQuery__ObjectType t)
{
    return row_of(t)->kind;
}

bool address_is_part(PgQuery__ObjectType t)
{
    enum form f = row_of(t)->form;
    return f == FORM_PART || f == FORM_TYPE_PART || f == FORM_HIDDEN;
}

/* Any of: a string, a list of strings, a type name, a function's or operator's signature, a relation. */
static struct dotted names_of(const PgQuery__Node *n)
{
    const tree *m = tree_of(n);
    if (tree_is(m, &pg_query__string__descriptor)) {
        return (struct dotted){"", TREE(String, m)->sval};
    }
    if (tree_is(m, &pg_query__type_name__descriptor)) {
        return tree_dotted(LIST(TREE(TypeName, m), names));
    }
    if (tree_is(m, &pg_query__object_with_args__descriptor)) {
        return tree_dotted(LIST(TREE(ObjectWithArgs, m), objname));
    }
    if (tree_is(m, &pg_query__range_var__descriptor)) {
        return (struct dotted){TREE(RangeVar, m)->schemaname, TREE(RangeVar, m)->relname};
    }
    return tree_dotted(tree_items(n));
}

/* As the catalogs have it, and so the observation: internal names, without pg_catalog. */
static const char *type_text(struct analysis *x, const PgQuery__TypeName *t)
{
    struct dotted d = tree_dotted(LIST(t, names));
    const char *array = t->n_array_bounds > 0 ? "_" : "";
    if (d.schema[0] == '\0' && !t->setof) {
        d.schema = path_resolve(x->path, OBJ_TYPE, false);
    }
    bool ours = d.schema[0] == '\0' || strcmp(d.schema, "pg_catalog") == 0;
    return arena_printf(x->scratch, "%s%s%s%s", ours ? "" : d.schema, ours ? "" : ".", array,
                        d.name);
}

const char *address_cast(struct analysis *x, const PgQuery__TypeName *from,
                         const PgQuery__TypeName *to)
{
    return arena_printf(x->scratch, "%s AS %s", type_text(x, from), type_text(x, to));
}

const char *address_transform(struct analysis *x, const PgQuery__TypeName *type,
                              const char *language)
{
    return arena_printf(x->scratch, "%s LANGUAGE %s", type_text(x, type), language);
}

static struct dotted pair_of(struct analysis *x, enum form form, const PgQuery__Node *object)
{
    struct tree_list l = tree_items(object);
    const tree *first = l.n == 2 ? tree_of(l.v[0]) : NULL;
    const tree *second = l.n == 2 ? tree_of(l.v[1]) : NULL;
    if (!tree_is(first, &pg_query__type_name__descriptor)) {
        return (struct dotted){"", ""};
    }
    if (form == FORM_CAST && tree_is(second, &pg_query__type_name__descriptor)) {
        return (struct dotted){"", address_cast(x, TREE(TypeName, first), TREE(TypeName, second))};
    }
    const char *language = tree_string(l.v[1]);
    return (struct dotted){
        "", address_transform(x, TREE(TypeName, first), language != NULL ? language : "")};
}

static struct dotted number_of(struct analysis *x, const PgQuery__Node *object)
{
    const tree *m = tree_of(object);
    if (tree_is(m, &pg_query__float__descriptor)) {
        return (struct dotted){"", TREE(Float, m)->fval};
    }
    if (tree_is(m, &pg_query__integer__descriptor)) {
        return (struct dotted){"", arena_printf(x->scratch, "%d", TREE(Integer, m)->ival)};
    }
    return (struct dotted){"", ""};
}

static struct dotted named(struct analysis *x, const struct address_row *r,
                           const PgQuery__Node *object, const PgQuery__RangeVar *rel)
{
    struct tree_list l = tree_items(object);
    if (rel != NULL) {
        return (struct dotted){rel->schemaname, rel->relname};
    }
    switch (r->form) {
    case FORM_PART:
        return tree_dotted(tree_list(l.v, l.n > 0 ? l.n - 1 : 0));
    case FORM_TYPE_PART:
        return l.n > 0 && tree_string(l.v[0]) == NULL ? names_of(l.v[0]) : tree_dotted(l);
    case FORM_CLASS:
        return tree_dotted(tree_list(l.v + (l.n > 0), l.n > 0 ? l.n - 1 : 0));
    case FORM_CAST:
    case FORM_TRANSFORM:
        return pair_of(x, r->form, object);
    case FORM_NUMBER:
        return number_of(x, object);
    case FORM_NAMES:
    case FORM_HIDDEN:
        break;
    }
    return names_of(object);
}

static bool is_relation(enum object_kind k)
{
    return k == OBJ_TABLE || k == OBJ_VIEW || k == OBJ_MATVIEW || k == OBJ_SEQUENCE ||
           k == OBJ_FOREIGN_TABLE;
}

void address_touch(struct analysis *x, PgQuery__ObjectType t, const PgQuery__Node *object,
                   const PgQuery__RangeVar *rel, enum effect effect, int lock)
{
    const struct address_row *r = row_of(t);
    struct dotted d = named(x, r, object, rel);
    if (r->form == FORM_HIDDEN) {
        analysis_unnamed_table(x, d, EFFECT_ALTER);
        return;
    }
    if (r->kind == OBJ_DATABASE) {
        d.name = ""; /* only the one connected to is in question, whatever its name */
    }
    int location = rel != NULL ? rel->location : -1;
    effect = address_is_part(t) ? EFFECT_ALTER : effect;
    if (is_relation(r->kind)) {
        analysis_named(x, d, r->kind, effect, lock, location);
    } else {
        analysis_touch(x, r->kind, d.schema, d.name, effect, location);
    }
}

void address_touch_new(struct analysis *x, PgQuery__ObjectType t, const PgQuery__Node *object,
                       const PgQuery__RangeVar *rel, const char *schema, const char *name)
{
    const struct address_row *r = row_of(t);
    if (address_is_part(t)) {
        return;
    }
    struct dotted d = named(x, r, object, rel);
    if (schema != NULL) {
        d.schema = schema;
    }
    if (name != NULL) {
        d.name = name;
    }
    analysis_touch(x, r->kind, d.schema, d.name, EFFECT_CREATE, -1);
}
