/* Trees of texts that mean the same, made equal: the rewrites of same.def, and the digest of a tree. */
#include "sql/same.h"

#include <string.h>

#include "sql/token.h"
#include "sql/tree.h"

enum { LONGEST_ELEMENT = 63 };

/* --- nodes ------------------------------------------------------------------------------------------ */

static const struct {
    const char *before, *behind;
} pieces[] = {
#define SAME_PIECE(name, before, behind) {before, behind},
    SAME_PIECES(SAME_PIECE)
#undef SAME_PIECE
};

static PgQuery__TypeCast *cast_of(const PgQuery__Node *n)
{
    return n != NULL && n->node_case == PG_QUERY__NODE__NODE_TYPE_CAST ? n->type_cast : NULL;
}

/* "integer", "text", "varchar" and the like: the last part of its name; "" with a length or as an array. */
static const char *plain_type(const PgQuery__TypeName *t)
{
    if (t == NULL || t->n_names == 0 || t->n_typmods > 0 || t->n_array_bounds > 0) {
        return "";
    }
    const char *name = tree_string(t->names[t->n_names - 1]);
    return name != NULL ? name : "";
}

static PgQuery__Node *cast_new(struct arena *a, PgQuery__Node *arg, PgQuery__TypeName *type)
{
    PgQuery__Node *n = ARENA_NEW(a, PgQuery__Node);
    pg_query__node__init(n);
    n->node_case = PG_QUERY__NODE__NODE_TYPE_CAST;
    n->type_cast = ARENA_NEW(a, PgQuery__TypeCast);
    pg_query__type_cast__init(n->type_cast);
    n->type_cast->arg = arg;
    n->type_cast->type_name = type;
    return n;
}

static PgQuery__TypeName *element_type(struct arena *a, const PgQuery__TypeName *array)
{
    PgQuery__TypeName *t = arena_dup(a, array, sizeof *array);
    t->n_array_bounds = 0;
    t->array_bounds = NULL;
    return t;
}

static PgQuery__AArrayExpr *array_of(const PgQuery__Node *n)
{
    return n != NULL && n->node_case == PG_QUERY__NODE__NODE_A_ARRAY_EXPR ? n->a_array_expr : NULL;
}

static void become_array(PgQuery__Node *n, PgQuery__AArrayExpr *array)
{
    n->node_case = PG_QUERY__NODE__NODE_A_ARRAY_EXPR;
    n->a_array_expr = array;
}

/* --- the digest of a tree --------------------------------------------------------------------------- */

static bool is_place(const char *member)
{
    return strstr(member, "location") != NULL || strcmp(member, "stmt_len") == 0 ||
           strcmp(member, "list_start") == 0 || strcmp(member, "list_end") == 0;
}

static void write_tree(struct buf *out, const tree *m);

static void write_number(struct buf *out, const char *name, int64_t value)
{
    if (value != 0) {
        buf_printf(out, "%s=%lld;", name, (long long)value);
    }
}

static void write_value(struct buf *out, const ProtobufCFieldDescriptor *f, const void *p)
{
    if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
        const tree *child = *(const tree *const *)p;
        if (child != NULL) {
            buf_puts(out, f->name);
            write_tree(out, child);
        }
    } else if (f->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = *(const char *const *)p;
        if (text != NULL && text[0] != '\0') {
            buf_printf(out, "%s=%zu:%s", f->name, strlen(text), text);
        }
    } else if (f->type == PROTOBUF_C_TYPE_INT64 || f->type == PROTOBUF_C_TYPE_UINT64) {
        write_number(out, f->name, *(const int64_t *)p);
    } else {
        write_number(out, f->name, *(const int32_t *)p); /* also enumerations and Booleans */
    }
}

static void write_field(struct buf *out, const tree *m, const ProtobufCFieldDescriptor *f)
{
    const char *base = (const char *)m;
    const char *at = base + f->offset;
    if ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        if (*(const uint32_t *)(const void *)(base + f->quantifier_offset) == f->id) {
            buf_printf(out, "%s:", f->name); /* a constant of the value 0 is one */
            write_value(out, f, at);
        }
        return;
    }
    if (f->label != PROTOBUF_C_LABEL_REPEATED) {
        write_value(out, f, at);
        return;
    }
    size_t n = *(const size_t *)(const void *)(base + f->quantifier_offset);
    const char *v = *(const char *const *)(const void *)at;
    for (size_t i = 0; i < n; i++) {
        write_value(out, f, v + i * sizeof(void *)); /* lists hold messages only */
    }
}

static void write_tree(struct buf *out, const tree *m)
{
    buf_printf(out, "{%s ", m->descriptor->short_name);
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        if (!is_place(m->descriptor->fields[i].name)) {
            write_field(out, m, &m->descriptor->fields[i]);
        }
    }
    buf_putc(out, '}');
}

static bool are_equal(const void *x, const void *y)
{
    struct buf a = {0};
    struct buf b = {0};
    write_tree(&a, x);
    write_tree(&b, y);
    bool same = bytes_eq(buf_bytes(&a), buf_bytes(&b));
    buf_release(&a);
    buf_release(&b);
    return same;
}

/* --- the rewrites of same.def: true if *n is another tree now ---------------------------------------- */

static bool flat_and_or(struct arena *a, PgQuery__Node *n)
{
    if (n->node_case != PG_QUERY__NODE__NODE_BOOL_EXPR ||
        n->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR) {
        return false;
    }
    PgQuery__BoolExpr *x = n->bool_expr;
    for (size_t i = 0; i < x->n_args; i++) {
        const PgQuery__Node *arg = x->args[i];
        if (arg->node_case != PG_QUERY__NODE__NODE_BOOL_EXPR ||
            arg->bool_expr->boolop != x->boolop) {
            continue;
        }
        const PgQuery__BoolExpr *inner = arg->bool_expr;
        PgQuery__Node **v = ARENA_ARRAY(a, PgQuery__Node *, x->n_args + inner->n_args);
        memcpy(v, x->args, i * sizeof(PgQuery__Node *));
        memcpy(v + i, inner->args, inner->n_args * sizeof(PgQuery__Node *));
        memcpy(v + i + inner->n_args, x->args + i + 1,
               (x->n_args - i - 1) * sizeof(PgQuery__Node *));
        x->args = v;
        x->n_args += inner->n_args - 1;
        return true;
    }
    return false;
}

static bool cast_of_array(struct arena *a, PgQuery__Node *n)
{
    const PgQuery__TypeCast *cast = cast_of(n);
    PgQuery__AArrayExpr *array = cast != NULL ? array_of(cast->arg) : NULL;
    if (array == NULL || array->n_elements == 0 || cast->type_name->n_array_bounds == 0) {
        return false;
    }
    for (size_t i = 0; i < array->n_elements; i++) {
        bool nested = array_of(array->elements[i]) != NULL;
        array->elements[i] = cast_new(a, array->elements[i],
                                      nested ? cast->type_name : element_type(a, cast->type_name));
    }
    become_array(n, array);
    return true;
}

static bool cast_twice(struct arena *a, PgQuery__Node *n)
{
    (void)a;
    const PgQuery__TypeCast *outer = cast_of(n);
    const PgQuery__TypeCast *inner = outer != NULL ? cast_of(outer->arg) : NULL;
    if (inner == NULL || !are_equal(outer->type_name, inner->type_name)) {
        return false;
    }
    n->type_cast->arg = inner->arg;
    return true;
}

static bool cast_of_literal(struct arena *a, PgQuery__Node *n)
{
    (void)a;
    const PgQuery__TypeCast *outer = cast_of(n);
    const PgQuery__TypeCast *inner = outer != NULL ? cast_of(outer->arg) : NULL;
    if (inner == NULL || strcmp(plain_type(outer->type_name), "text") != 0 ||
        strcmp(plain_type(inner->type_name), "varchar") != 0 ||
        inner->arg->node_case != PG_QUERY__NODE__NODE_A_CONST) {
        return false;
    }
    n->type_cast->arg = inner->arg;
    return true;
}

static PgQuery__Node *text_new(struct arena *a, const char *text, size_t n)
{
    PgQuery__Node *node = ARENA_NEW(a, PgQuery__Node);
    pg_query__node__init(node);
    node->node_case = PG_QUERY__NODE__NODE_A_CONST;
    node->a_const = ARENA_NEW(a, PgQuery__AConst);
    pg_query__a__const__init(node->a_const);
    node->a_const->val_case = PG_QUERY__A__CONST__VAL_SVAL;
    node->a_const->sval = ARENA_NEW(a, PgQuery__String);
    pg_query__string__init(node->a_const->sval);
    node->a_const->sval->sval = arena_strndup(a, text, n);
    return node;
}

/* "{a,b}" without quotes, blanks, nested braces or NULL: how many elements; 0: it is another text. */
static size_t count_elements(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    size_t n = 0;
    const char *p = text;
    do {
        if (*p++ != (n == 0 ? '{' : ',')) {
            return 0;
        }
        size_t length = strspn(p, plain);
        if (length == 0 || length > LONGEST_ELEMENT ||
            (length == 4 && (p[0] | 0x20) == 'n' && (p[1] | 0x20) == 'u')) {
            return 0;
        }
        p += length;
        n++;
    } while (*p != '}');
    return p[1] == '\0' ? n : 0;
}

static bool array_literal(struct arena *a, PgQuery__Node *n)
{
    const PgQuery__TypeCast *cast = cast_of(n);
    if (cast == NULL || cast->type_name->n_array_bounds == 0 ||
        cast->arg->node_case != PG_QUERY__NODE__NODE_A_CONST) {
        return false;
    }
    const char *text = tree_literal(cast->arg);
    size_t count = text != NULL ? count_elements(text) : 0;
    if (count == 0) {
        return false;
    }
    PgQuery__AArrayExpr *array = ARENA_NEW(a, PgQuery__AArrayExpr);
    pg_query__a__array_expr__init(array);
    array->elements = ARENA_ARRAY(a, PgQuery__Node *, count);
    array->n_elements = count;
    for (size_t i = 0; i < count; i++) {
        size_t length = strcspn(++text, ",}");
        array->elements[i] =
            cast_new(a, text_new(a, text, length), element_type(a, cast->type_name));
        text += length;
    }
    become_array(n, array);
    return true;
}

static bool number_literal(struct arena *a, PgQuery__Node *n)
{
    const PgQuery__TypeCast *cast = cast_of(n);
    const char *text = cast != NULL && cast->arg->node_case == PG_QUERY__NODE__NODE_A_CONST
                           ? tree_literal(cast->arg)
                           : NULL;
    if (text == NULL || strcmp(plain_type(cast->type_name), "int4") != 0 || text[0] == '\0' ||
        strlen(text) > 9 || strspn(text, "0123456789") != strlen(text)) {
        return false;
    }
    int32_t value = 0;
    for (; *text != '\0'; text++) {
        value = value * 10 + (*text - '0');
    }
    n->node_case = PG_QUERY__NODE__NODE_A_CONST;
    n->a_const = ARENA_NEW(a, PgQuery__AConst);
    pg_query__a__const__init(n->a_const);
    n->a_const->val_case = PG_QUERY__A__CONST__VAL_IVAL;
    n->a_const->ival = ARENA_NEW(a, PgQuery__Integer);
    pg_query__integer__init(n->a_const->ival);
    n->a_const->ival->ival = value;
    return true;
}

/* What SELECT 'a'::text is called is "text" only when it is read the second time. */
static bool forget_names(const PgQuery__SelectStmt *select)
{
    bool changed = false;
    for (size_t i = 0; i < select->n_target_list; i++) {
        PgQuery__Node *target = select->target_list[i];
        if (target->node_case == PG_QUERY__NODE__NODE_RES_TARGET &&
            target->res_target->name[0] != '\0') {
            target->res_target->name[0] = '\0';
            changed = true;
        }
    }
    if (select->larg != NULL) { /* UNION and the like: both sides */
        changed |= forget_names(select->larg);
        changed |= forget_names(select->rarg);
    }
    return changed;
}

static bool names_in_sublink(struct arena *a, PgQuery__Node *n)
{
    (void)a;
    const PgQuery__Node *select =
        n->node_case == PG_QUERY__NODE__NODE_SUB_LINK ? n->sub_link->subselect : NULL;
    return select != NULL && select->node_case == PG_QUERY__NODE__NODE_SELECT_STMT &&
           forget_names(select->select_stmt);
}

/* --- the walk ---------------------------------------------------------------------------------------- */

static bool (*const rewrites[])(struct arena *a, PgQuery__Node *n) = {
#define SAME(function, what) function,
#include "sql/same.def"
#undef SAME
};

static void rewrite(struct arena *a, PgQuery__Node *n)
{
    bool changed = true;
    while (changed) {
        changed = false;
        for (size_t i = 0; i < sizeof rewrites / sizeof *rewrites; i++) {
            changed |= rewrites[i](a, n);
        }
        const PgQuery__AArrayExpr *array = changed ? array_of(n) : NULL;
        for (size_t i = 0; array != NULL && i < array->n_elements; i++) {
            rewrite(a, array->elements[i]); /* they are new */
        }
    }
}

/* Every message of the tree may be written to: it was unpacked for this. */
static void walk(struct arena *a, tree *m)
{
    if (m == NULL) {
        return;
    }
    char *base = (char *)m;
    bool is_node = tree_is(m, &pg_query__node__descriptor);
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
        if (f->type != PROTOBUF_C_TYPE_MESSAGE ||
            ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
             *(const uint32_t *)(const void *)(base + f->quantifier_offset) != f->id)) {
            continue;
        }
        size_t n = 1;
        tree *const *v = (tree *const *)(const void *)(base + f->offset);
        if (f->label == PROTOBUF_C_LABEL_REPEATED) {
            n = *(const size_t *)(const void *)(base + f->quantifier_offset);
            v = *(tree *const *const *)(const void *)(base + f->offset);
        }
        for (size_t k = 0; k < n; k++) {
            walk(a, v[k]);
        }
    }
    if (is_node) {
        rewrite(a, (PgQuery__Node *)(void *)m);
    }
}

bool same_is_plain(const char *text)
{
    const char *cast = strstr(text, "::");
    return strstr(text, " AND ") == NULL && strstr(text, " OR ") == NULL &&
           strstr(text, "ARRAY[") == NULL &&
           (strstr(text, "( SELECT ") == NULL || strstr(text, "'::") == NULL) &&
           strstr(text, "}'::") == NULL && (cast == NULL || strstr(cast + 2, "::") == NULL);
}

/* A level takes a character at least, so that most texts need not be looked at. */
static bool is_deep(struct arena *a, const char *sql)
{
    struct tokens tokens = {0};
    struct err ignored = {0};
    if (strlen(sql) <= TOKENS_DEEPEST) {
        return false;
    }
    return tokens_scan(a, "", bytes_str(sql), &tokens, &ignored) != 0 ||
           tokens_height(tokens.v, tokens.n) > TOKENS_DEEPEST;
}

bool same_form(enum same_piece piece, const char *text, struct digest *out)
{
    struct arena a = {0};
    const PgQuery__ParseResult *r = NULL;
    const char *sql = arena_printf(&a, "%s%s%s", pieces[piece].before, text, pieces[piece].behind);
    bool known = !is_deep(&a, sql) && tree_parse(&a, sql, &r, NULL) == 0;
    if (known) {
        struct buf form = {0};
        for (size_t i = 0; i < r->n_stmts; i++) {
            walk(&a, (tree *)(void *)r->stmts[i]);
            write_tree(&form, (const tree *)(const void *)r->stmts[i]);
        }
        *out = digest_of(buf_bytes(&form));
        buf_release(&form);
    }
    arena_release(&a);
    return known;
}
