/* JSON Schema to a tree of struct schema: one table of keywords, then references, then what each
 * place accepts. */
#include "doc/schema.h"

#include <string.h>

#include "doc/schema_node.h"

enum { CHAIN_LIMIT = 64, VISIT_NONE = 0, VISIT_OPEN, VISIT_DONE };

struct compiler {
    struct arena *a;
    struct err *e;
    struct table defs; /* struct schema by name */
    struct schema_list all;
    struct schema_list refs; /* whose ref is still to be found */
};

struct keyword;
typedef int (*keyword_fn)(struct compiler *c, struct schema *s, const struct keyword *k,
                          const struct doc *value);

struct keyword {
    const char *name;
    keyword_fn fn;
    size_t offset; /* of the member of struct schema it sets */
};

static struct schema *compile(struct compiler *c, const struct doc *d);

static int PRINTF_LIKE(3, 4) fail(struct compiler *c, const struct doc *d, const char *fmt, ...)
{
    struct buf msg = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&msg, fmt, ap);
    va_end(ap);
    (void)err_at(c->e, ERR_CONFIG, d->path, d->line, d->col, "%s", buf_str(&msg));
    buf_release(&msg);
    return err_hint(c->e, "the schema itself is at fault, not the file it describes");
}

static void *member(struct schema *s, const struct keyword *k)
{
    return (char *)s + k->offset;
}

static int set_nothing(struct compiler *c, struct schema *s, const struct keyword *k,
                       const struct doc *value)
{
    (void)c, (void)s, (void)k, (void)value;
    return 0;
}

static int set_dialect(struct compiler *c, struct schema *s, const struct keyword *k,
                       const struct doc *value)
{
    static const char known[] = "https://json-schema.org/draft/2020-12/schema";
    (void)s;
    bool good = value->type == DOC_TEXT && strcmp(value->text.p, known) == 0;
    return good ? 0 : fail(c, value, "\"%s\" must be \"%s\"", k->name, known);
}

static int set_text(struct compiler *c, struct schema *s, const struct keyword *k,
                    const struct doc *value)
{
    if (value->type != DOC_TEXT) {
        return fail(c, value, "\"%s\" must be a text", k->name);
    }
    memcpy(member(s, k), &value->text.p, sizeof value->text.p);
    return 0;
}

static int set_int(struct compiler *c, struct schema *s, const struct keyword *k,
                   const struct doc *value)
{
    if (value->type != DOC_INT) {
        return fail(c, value, "\"%s\" must be a whole number", k->name);
    }
    memcpy(member(s, k), &value->number, sizeof value->number);
    return 0;
}

static int set_size(struct compiler *c, struct schema *s, const struct keyword *k,
                    const struct doc *value)
{
    if (value->type != DOC_INT || value->number < 0) {
        return fail(c, value, "\"%s\" must be a whole number, 0 or more", k->name);
    }
    return set_int(c, s, k, value);
}

static int set_flag(struct compiler *c, struct schema *s, const struct keyword *k,
                    const struct doc *value)
{
    if (value->type != DOC_BOOL) {
        return fail(c, value, "\"%s\" must be true or false", k->name);
    }
    memcpy(member(s, k), &value->flag, sizeof value->flag);
    return 0;
}

static int set_value(struct compiler *c, struct schema *s, const struct keyword *k,
                     const struct doc *value)
{
    (void)c;
    memcpy(member(s, k), &value, sizeof value);
    return 0;
}

static int set_enum(struct compiler *c, struct schema *s, const struct keyword *k,
                    const struct doc *value)
{
    if (value->type != DOC_LIST || value->n == 0) {
        return fail(c, value, "\"%s\" must be a list of values", k->name);
    }
    return set_value(c, s, k, value);
}

static bool is_names(const struct doc *d)
{
    for (size_t i = 0; i < doc_len(d); i++) {
        if (d->item[i]->type != DOC_TEXT) {
            return false;
        }
    }
    return d->type == DOC_LIST;
}

static int set_names(struct compiler *c, struct schema *s, const struct keyword *k,
                     const struct doc *value)
{
    if (!is_names(value)) {
        return fail(c, value, "\"%s\" must be a list of keys", k->name);
    }
    return set_value(c, s, k, value);
}

static int set_dependent(struct compiler *c, struct schema *s, const struct keyword *k,
                         const struct doc *value)
{
    bool good = value->type == DOC_MAP;
    for (size_t i = 0; i < doc_len(value) && good; i++) {
        good = is_names(value->item[i]);
    }
    return good ? set_value(c, s, k, value)
                : fail(c, value, "\"%s\" must be a map of lists of keys", k->name);
}

static int set_schema(struct compiler *c, struct schema *s, const struct keyword *k,
                      const struct doc *value)
{
    struct schema *sub = compile(c, value);
    if (sub == NULL) {
        return -1;
    }
    memcpy(member(s, k), &sub, sizeof sub);
    return 0;
}

static int set_schemas(struct compiler *c, struct schema *s, const struct keyword *k,
                       const struct doc *value)
{
    struct schema_list *list = member(s, k);
    if (value->type != DOC_LIST || value->n == 0) {
        return fail(c, value, "\"%s\" must be a list of schemas", k->name);
    }
    for (size_t i = 0; i < value->n; i++) {
        struct schema *sub = compile(c, value->item[i]);
        if (sub == NULL) {
            return -1;
        }
        ARENA_GROW(c->a, list->v, list->n, list->cap);
        list->v[list->n++] = sub;
    }
    return 0;
}

static int fill_table(struct compiler *c, struct table *t, const struct keyword *k,
                      const struct doc *value)
{
    if (value->type != DOC_MAP) {
        return fail(c, value, "\"%s\" must be a map of schemas", k->name);
    }
    t->a = c->a;
    for (size_t i = 0; i < value->n; i++) {
        struct schema *sub = compile(c, value->item[i]);
        if (sub == NULL) {
            return -1;
        }
        (void)table_put(t, value->key[i]->text, sub);
    }
    return 0;
}

static int set_table(struct compiler *c, struct schema *s, const struct keyword *k,
                     const struct doc *value)
{
    return fill_table(c, member(s, k), k, value);
}

static int set_defs(struct compiler *c, struct schema *s, const struct keyword *k,
                    const struct doc *value)
{
    if (c->all.v[0] != s) {
        return fail(c, value, "\"%s\" may stand at the root of a schema only", k->name);
    }
    return fill_table(c, &c->defs, k, value);
}

static int set_ref(struct compiler *c, struct schema *s, const struct keyword *k,
                   const struct doc *value)
{
    static const char start[] = "#/$defs/";
    if (value->type != DOC_TEXT || strncmp(value->text.p, start, sizeof start - 1) != 0 ||
        strpbrk(value->text.p + sizeof start - 1, "/~%") != NULL) {
        return fail(c, value, "\"%s\" must be \"#/$defs/NAME\"", k->name);
    }
    struct schema_list *refs = &c->refs;
    ARENA_GROW(c->a, refs->v, refs->n, refs->cap);
    refs->v[refs->n++] = s;
    return 0;
}

static int set_pattern(struct compiler *c, struct schema *s, const struct keyword *k,
                       const struct doc *value)
{
    if (set_text(c, s, k, value) != 0) {
        return -1;
    }
    const char *fault = NULL;
    s->regex = schema_pattern(c->a, s->pattern, &fault);
    return s->regex == NULL ? fail(c, value, "bad pattern: %s", fault) : 0;
}

static unsigned type_named(const struct doc *d)
{
    static const struct {
        const char *name;
        unsigned types;
    } rows[] = {{"null", TYPES_NULL},  {"boolean", TYPES_BOOL}, {"integer", TYPES_INT},
                {"number", TYPES_INT}, {"string", TYPES_TEXT},  {"array", TYPES_LIST},
                {"object", TYPES_MAP}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && d->type == DOC_TEXT; i++) {
        if (strcmp(rows[i].name, d->text.p) == 0) {
            return rows[i].types;
        }
    }
    return TYPES_NONE;
}

static int set_types(struct compiler *c, struct schema *s, const struct keyword *k,
                     const struct doc *value)
{
    s->types = TYPES_NONE;
    size_t n = value->type == DOC_LIST ? value->n : 1;
    for (size_t i = 0; i < n; i++) {
        const struct doc *name = value->type == DOC_LIST ? value->item[i] : value;
        unsigned one = type_named(name);
        if (one == TYPES_NONE) {
            return fail(c, name, "\"%s\" names no type of JSON Schema", k->name);
        }
        s->types |= one;
    }
    return s->types == TYPES_NONE ? fail(c, value, "\"%s\" names no type", k->name) : 0;
}

#define MEMBER(name) offsetof(struct schema, name)
static const struct keyword keywords[] = {
    {"$schema", set_dialect, 0},
    {"$id", set_nothing, 0},
    {"$comment", set_nothing, 0},
    {"examples", set_nothing, 0},
    {"default", set_nothing, 0},
    {"$defs", set_defs, 0},
    {"$ref", set_ref, 0},
    {"title", set_text, MEMBER(title)},
    {"description", set_text, MEMBER(description)},
    {"type", set_types, 0},
    {"enum", set_enum, MEMBER(enums)},
    {"const", set_value, MEMBER(constant)},
    {"properties", set_table, MEMBER(props)},
    {"required", set_names, MEMBER(required)},
    {"additionalProperties", set_schema, MEMBER(additional)},
    {"propertyNames", set_schema, MEMBER(names)},
    {"minProperties", set_size, MEMBER(min_props)},
    {"maxProperties", set_size, MEMBER(max_props)},
    {"dependentRequired", set_dependent, MEMBER(dependent)},
    {"items", set_schema, MEMBER(items)},
    {"minItems", set_size, MEMBER(min_items)},
    {"maxItems", set_size, MEMBER(max_items)},
    {"uniqueItems", set_flag, MEMBER(unique)},
    {"minLength", set_size, MEMBER(min_length)},
    {"maxLength", set_size, MEMBER(max_length)},
    {"pattern", set_pattern, MEMBER(pattern)},
    {"minimum", set_int, MEMBER(minimum)},
    {"maximum", set_int, MEMBER(maximum)},
    {"anyOf", set_schemas, MEMBER(any_of)},
    {"oneOf", set_schemas, MEMBER(one_of)},
    {"allOf", set_schemas, MEMBER(all_of)},
    {"not", set_schema, MEMBER(refused)},
    {"if", set_schema, MEMBER(when)},
    {"then", set_schema, MEMBER(then)},
    {"else", set_schema, MEMBER(otherwise)},
};
#undef MEMBER

static int set_keyword(struct compiler *c, struct schema *s, const struct doc *key,
                       const struct doc *value)
{
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        if (strcmp(keywords[i].name, key->text.p) == 0) {
            return keywords[i].fn(c, s, &keywords[i], value);
        }
    }
    int width = (int)text_cut(key->text, 60);
    return fail(c, key, "unsupported keyword \"%.*s\" in a schema", width, key->text.p);
}

static struct schema *compile(struct compiler *c, const struct doc *d)
{
    struct schema *s = ARENA_NEW(c->a, struct schema);
    ARENA_GROW(c->a, c->all.v, c->all.n, c->all.cap);
    c->all.v[c->all.n++] = s;
    s->at = d;
    s->types = TYPES_ANY;
    s->max_props = s->max_items = s->max_length = s->maximum = INT64_MAX;
    s->minimum = INT64_MIN;
    if (d->type == DOC_BOOL) {
        s->never = !d->flag;
        return s;
    }
    if (d->type != DOC_MAP) {
        return (void)fail(c, d, "a schema must be a map, true or false"), NULL;
    }
    for (size_t i = 0; i < d->n; i++) {
        if (set_keyword(c, s, d->key[i], d->item[i]) != 0) {
            return NULL;
        }
    }
    return s;
}

static int find_refs(struct compiler *c)
{
    for (size_t i = 0; i < c->refs.n; i++) {
        struct schema *s = c->refs.v[i];
        const struct doc *ref = doc_get(s->at, "$ref");
        s->ref = table_gets(&c->defs, ref->text.p + strlen("#/$defs/"));
        if (s->ref == NULL) {
            return fail(c, ref, "\"$ref\" names nothing in $defs");
        }
    }
    return 0;
}

static unsigned types_of_list(const struct doc *values)
{
    unsigned types = TYPES_NONE;
    for (size_t i = 0; i < values->n; i++) {
        types |= 1U << values->item[i]->type;
    }
    return types;
}

static int settle(struct compiler *c, struct schema *s, int depth);

/* Settles a list of schemas that apply to the same value; *some: what one of them accepts, *every:
 * what each does. */
static int settle_list(struct compiler *c, const struct schema_list *l, int depth, unsigned *some,
                       unsigned *every)
{
    *some = l->n == 0 ? TYPES_ANY : TYPES_NONE;
    *every = TYPES_ANY;
    for (size_t i = 0; i < l->n; i++) {
        if (settle(c, l->v[i], depth) != 0) {
            return -1;
        }
        *some |= l->v[i]->accepts;
        *every &= l->v[i]->accepts;
    }
    return 0;
}

static int settle_parts(struct compiler *c, struct schema *s, int depth)
{
    struct schema *const parts[] = {s->ref, s->refused, s->when, s->then, s->otherwise};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i] != NULL && settle(c, parts[i], depth) != 0) {
            return -1;
        }
    }
    unsigned any;
    unsigned one;
    unsigned all;
    unsigned unused;
    if (settle_list(c, &s->any_of, depth, &any, &unused) != 0 ||
        settle_list(c, &s->one_of, depth, &one, &unused) != 0 ||
        settle_list(c, &s->all_of, depth, &unused, &all) != 0) {
        return -1;
    }
    s->accepts = s->types & any & one & all & (s->ref == NULL ? TYPES_ANY : s->ref->accepts);
    s->accepts &= s->enums == NULL ? TYPES_ANY : types_of_list(s->enums);
    s->accepts &= s->constant == NULL ? TYPES_ANY : 1U << s->constant->type;
    s->accepts = s->never ? TYPES_NONE : s->accepts;
    return 0;
}

/* Finds what s accepts, from the schemas that apply to the same value; those must not lead back to
 * s. */
static int settle(struct compiler *c, struct schema *s, int depth)
{
    if (s->visit == VISIT_DONE) {
        return 0;
    }
    if (s->visit == VISIT_OPEN) {
        return fail(c, s->at, "a schema refers back to itself without going into the value");
    }
    if (depth == CHAIN_LIMIT) {
        return fail(c, s->at, "more than %d schemas refer to each other in a row", CHAIN_LIMIT);
    }
    s->visit = VISIT_OPEN;
    int rc = settle_parts(c, s, depth + 1);
    s->visit = VISIT_DONE;
    return rc;
}

struct schema *schema_compile(struct arena *a, const struct doc *schema, struct err *e)
{
    struct compiler c = {.a = a, .e = e, .defs = {.a = a}};
    struct schema *root = compile(&c, schema);
    if (root == NULL || find_refs(&c) != 0) {
        return NULL;
    }
    for (size_t i = 0; i < c.all.n; i++) {
        if (settle(&c, c.all.v[i], 0) != 0) {
            return NULL;
        }
    }
    return root;
}
