/* libpg_query's parse tree: getting one, and reading it. */
#include "sql/tree.h"

#include <pg_query.h>
#include <string.h>
#include <strings.h>

static void *scratch_alloc(void *a, size_t size)
{
    return arena_alloc(a, size);
}

static void scratch_free(void *a, void *p)
{
    (void)a;
    (void)p;
}

/* The parser counts characters from 1. */
static size_t offset_of(const char *sql, int cursor)
{
    size_t at = 0;
    for (int i = 1; i < cursor && sql[at] != '\0'; i++) {
        do {
            at++;
        } while (((unsigned char)sql[at] & 0xC0) == 0x80);
    }
    return at;
}

int tree_parse(struct arena *scratch, const char *sql, const PgQuery__ParseResult **out,
               size_t *stop)
{
    ProtobufCAllocator in_scratch = {scratch_alloc, scratch_free, scratch};
    PgQueryProtobufParseResult r = pg_query_parse_protobuf(sql);
    *out = NULL;
    if (r.error == NULL) {
        *out = pg_query__parse_result__unpack(&in_scratch, r.parse_tree.len,
                                              (const uint8_t *)r.parse_tree.data);
    }
    if (r.error != NULL && stop != NULL) {
        *stop = offset_of(sql, r.error->cursorpos);
    }
    pg_query_free_protobuf_parse_result(r);
    return *out != NULL ? 0 : -1;
}

const tree *tree_of(const PgQuery__Node *n)
{
    if (n == NULL || n->node_case == PG_QUERY__NODE__NODE__NOT_SET) {
        return NULL;
    }
    /* Every member of the union is a pointer to a message, and a message begins with its base. */
    return (const tree *)(const void *)n->alias;
}

static void child(const void *p, tree_fn *fn, void *ctx)
{
    const tree *m = p;
    if (tree_is(m, &pg_query__node__descriptor)) {
        m = tree_of((const PgQuery__Node *)(const void *)m);
    }
    if (m != NULL) {
        fn(ctx, m);
    }
}

void tree_children(const tree *m, tree_fn *fn, void *ctx)
{
    const char *base = (const char *)m;
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
        /* A oneof stands only in Node, which child() opens, and in constants, which hold no further names. */
        if (f->type != PROTOBUF_C_TYPE_MESSAGE || (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
            continue;
        }
        if (f->label != PROTOBUF_C_LABEL_REPEATED) {
            child(*(void *const *)(const void *)(base + f->offset), fn, ctx);
            continue;
        }
        size_t n = *(const size_t *)(const void *)(base + f->quantifier_offset);
        void *const *v = *(void *const *const *)(const void *)(base + f->offset);
        for (size_t k = 0; k < n; k++) {
            child(v[k], fn, ctx);
        }
    }
}

const char *tree_string(const PgQuery__Node *n)
{
    if (n == NULL || n->node_case != PG_QUERY__NODE__NODE_STRING) {
        return NULL;
    }
    return n->string->sval;
}

const char *tree_literal(const PgQuery__Node *n)
{
    while (n != NULL && n->node_case == PG_QUERY__NODE__NODE_TYPE_CAST) {
        n = n->type_cast->arg;
    }
    if (n == NULL || n->node_case != PG_QUERY__NODE__NODE_A_CONST ||
        n->a_const->val_case != PG_QUERY__A__CONST__VAL_SVAL) {
        return NULL;
    }
    return n->a_const->sval->sval;
}

struct tree_list tree_list(PgQuery__Node *const *v, size_t n)
{
    return (struct tree_list){v, n};
}

struct tree_list tree_items(const PgQuery__Node *n)
{
    if (n == NULL || n->node_case != PG_QUERY__NODE__NODE_LIST) {
        return (struct tree_list){NULL, 0};
    }
    return tree_list(n->list->items, n->list->n_items);
}

struct dotted tree_dotted(struct tree_list names)
{
    struct dotted d = {"", ""};
    const char *s = names.n >= 1 ? tree_string(names.v[names.n - 1]) : NULL;
    if (s != NULL) {
        d.name = s;
    }
    s = names.n >= 2 ? tree_string(names.v[names.n - 2]) : NULL;
    if (s != NULL) {
        d.schema = s;
    }
    return d;
}

const PgQuery__DefElem *tree_option(struct tree_list options, const char *name)
{
    for (size_t i = 0; i < options.n; i++) {
        const PgQuery__Node *n = options.v[i];
        if (n->node_case == PG_QUERY__NODE__NODE_DEF_ELEM &&
            strcasecmp(n->def_elem->defname, name) == 0) {
            return n->def_elem;
        }
    }
    return NULL;
}

/* A value without quotes reads as a type's name, unless it is a reserved word. */
static const char *word(const PgQuery__Node *n)
{
    const char *s = tree_string(n);
    if (s == NULL && n != NULL && n->node_case == PG_QUERY__NODE__NODE_TYPE_NAME &&
        n->type_name->n_names == 1) {
        s = tree_string(n->type_name->names[0]);
    }
    return s;
}

bool tree_option_on(struct tree_list options, const char *name, bool other)
{
    const PgQuery__DefElem *o = tree_option(options, name);
    if (o == NULL) {
        return other;
    }
    const char *s = word(o->arg);
    if (s != NULL) {
        return strcasecmp(s, "false") != 0 && strcasecmp(s, "off") != 0 && strcmp(s, "0") != 0;
    }
    if (o->arg != NULL && o->arg->node_case == PG_QUERY__NODE__NODE_INTEGER) {
        return o->arg->integer->ival != 0;
    }
    return o->arg == NULL || o->arg->node_case != PG_QUERY__NODE__NODE_BOOLEAN ||
           o->arg->boolean->boolval;
}
