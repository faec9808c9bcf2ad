/* layer: load */
/* The rules that ajv in strict mode (8.17) holds schemas to, beside those of schema_compile(), held over every schema of registry/schemas.
 * Each rule is tried on a schema that breaks it, and that ajv refuses. */
#include "tap.h"

#include "doc/json.h"
#include "load/schemas.h"

/* The one type that a keyword is about; ajv wants it said where the keyword stands. */
static const struct {
    const char *keyword, *type;
} about[] = {
    {"minLength", "string"},     {"maxLength", "string"},
    {"pattern", "string"},       {"minimum", "number"},
    {"maximum", "number"},       {"items", "array"},
    {"minItems", "array"},       {"maxItems", "array"},
    {"uniqueItems", "array"},    {"properties", "object"},
    {"required", "object"},      {"additionalProperties", "object"},
    {"propertyNames", "object"}, {"minProperties", "object"},
    {"maxProperties", "object"}, {"dependentRequired", "object"},
};

static char fault[256]; /* the first one */

static void find(const char *at, const char *rule, const char *what)
{
    if (fault[0] == '\0') {
        (void)snprintf(fault, sizeof fault, "%s: %s %s", at, rule, what);
    }
}

static bool has_type(const struct doc *types, const char *type)
{
    if (types == NULL) {
        return false;
    }
    if (types->type == DOC_TEXT) {
        return strcmp(types->text.p, type) == 0 ||
               (strcmp(type, "number") == 0 && strcmp(types->text.p, "integer") == 0);
    }
    for (size_t i = 0; i < types->n; i++) {
        if (has_type(types->item[i], type)) {
            return true;
        }
    }
    return false;
}

static void check_types(const char *at, const struct doc *s, const struct doc *around)
{
    const struct doc *types = doc_get(s, "type");
    if (doc_len(types) > 2 || (doc_len(types) == 2 && !has_type(types, "null"))) {
        find(at, "union of types", "");
    }
    for (size_t i = 0; types != NULL && around != NULL && i < (doc_len(types) ? types->n : 1);
         i++) {
        const char *type = doc_len(types) ? types->item[i]->text.p : types->text.p;
        if (!has_type(around, type)) {
            find(at, "type that the context does not allow:", type);
        }
    }
    for (size_t i = 0; i < sizeof about / sizeof *about; i++) {
        if (doc_get(s, about[i].keyword) != NULL &&
            !has_type(types != NULL ? types : around, about[i].type)) {
            find(at, "no type for keyword", about[i].keyword);
        }
    }
}

static void check_required(const char *at, const struct doc *s)
{
    const struct doc *required = doc_get(s, "required");
    for (size_t i = 0; i < doc_len(required); i++) {
        const char *name = required->item[i]->text.p;
        if (doc_get(doc_get(s, "properties"), name) == NULL) {
            find(at, "required, and no property:", name);
        }
    }
}

/* around: the types that schemas around this one say of the same value, a list or a text; NULL: none. */
static void check(const char *at, const struct doc *s, const struct doc *around);

static void check_each(const char *at, const struct doc *list, const struct doc *around)
{
    for (size_t i = 0; i < doc_len(list); i++) {
        const char *name = list->type == DOC_MAP ? list->key[i]->text.p : at;
        check(name, list->item[i], list->type == DOC_MAP ? NULL : around);
    }
}

/* Schemas of the same value know what is said around them; those of its members begin anew. */
static void check(const char *at, const struct doc *s, const struct doc *around)
{
    static const char *const same[] = {"not", "if", "then", "else"};
    static const char *const lists[] = {"allOf", "anyOf", "oneOf"};
    if (s == NULL || s->type != DOC_MAP) {
        return;
    }
    check_types(at, s, around);
    check_required(at, s);
    const struct doc *types = doc_get(s, "type") != NULL ? doc_get(s, "type") : around;
    bool has_branch = doc_get(s, "then") != NULL || doc_get(s, "else") != NULL;
    if ((doc_get(s, "if") != NULL) != has_branch) {
        find(at, "if and then, or else, are nothing alone", "");
    }
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        check(at, doc_get(s, same[i]), types);
    }
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        check_each(at, doc_get(s, lists[i]), types);
    }
    /* A name is a text without being said to be. */
    const struct doc text = {.type = DOC_TEXT, .text = bytes_str("string")};
    check(at, doc_get(s, "propertyNames"), &text);
    check(at, doc_get(s, "items"), NULL);
    check(at, doc_get(s, "additionalProperties"), NULL);
    check_each(at, doc_get(s, "properties"), NULL);
    check_each(at, doc_get(s, "$defs"), NULL);
}

static void check_text(struct arena *a, const char *name, struct bytes text, const char *wanted)
{
    struct err e = {0};
    struct doc *d = json_read(a, text, name, &e);
    fault[0] = '\0';
    check(name, d, NULL);
    is_str(d == NULL ? e.msg : fault, wanted, name);
}

/* What ajv says of each: "strict mode: ...". */
static const struct {
    const char *name, *schema, *fault;
} broken[] = {
    {"two types", "{\"type\":[\"string\",\"integer\"]}", "two types: union of types "},
    {"three types, of which one is null", "{\"type\":[\"string\",\"integer\",\"null\"]}",
     "three types, of which one is null: union of types "},
    {"null and one more", "{\"type\":[\"string\",\"null\"]}", ""},
    {"a keyword without its type", "{\"minLength\":1}",
     "a keyword without its type: no type for keyword minLength"},
    {"a keyword with another type", "{\"type\":\"object\",\"pattern\":\"a\"}",
     "a keyword with another type: no type for keyword pattern"},
    {"a keyword whose type is said around it",
     "{\"type\":\"string\",\"anyOf\":[{\"pattern\":\"a\"}]}", ""},
    {"a keyword whose type is said for a member",
     "{\"type\":\"object\",\"properties\":{\"a\":{\"required\":[\"b\"]}}}",
     "a: no type for keyword required"},
    {"whole numbers are numbers", "{\"type\":\"integer\",\"minimum\":1}", ""},
    {"names are texts", "{\"type\":\"object\",\"propertyNames\":{\"pattern\":\"a\"}}", ""},
    {"a type that the one around it does not allow",
     "{\"type\":\"object\",\"anyOf\":[{\"type\":\"string\"}]}",
     "a type that the one around it does not allow: type that the context does not allow: string"},
    {"required, and no property", "{\"type\":\"object\",\"required\":[\"a\"]}",
     "required, and no property: required, and no property: a"},
    {"required, and a property around it",
     "{\"type\":\"object\",\"properties\":{\"a\":true},\"anyOf\":[{\"required\":[\"a\"]}]}",
     "required, and a property around it: required, and no property: a"},
    {"if alone", "{\"if\":{\"const\":1}}", "if alone: if and then, or else, are nothing alone "},
    {"then alone", "{\"then\":{\"const\":1}}",
     "then alone: if and then, or else, are nothing alone "},
    {"of a definition", "{\"$defs\":{\"d\":{\"maximum\":1}},\"$ref\":\"#/$defs/d\"}",
     "d: no type for keyword maximum"},
    {"of items", "{\"type\":\"array\",\"items\":{\"minItems\":1}}",
     "of items: no type for keyword minItems"},
};

int main(void)
{
    enum { N = sizeof broken / sizeof *broken };
    struct arena a = {0};
    tap_plan(N + (int)n_schema_texts);
    for (size_t i = 0; i < N; i++) {
        check_text(&a, broken[i].name, bytes_str(broken[i].schema), broken[i].fault);
    }
    for (size_t i = 0; i < n_schema_texts; i++) {
        check_text(&a, schema_texts[i].name, bytes_of(schema_texts[i].text, schema_texts[i].n), "");
    }
    arena_release(&a);
    return tap_done();
}
