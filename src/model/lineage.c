/* Children and their parents, by bare name. Pure. */
#include "model/lineage.h"

#include <string.h>

/* In *at: what is left is a position in what lies behind. */
static const size_t behind = ~(SIZE_MAX >> 1);

struct lineage *lineage_over(struct arena *a, const struct lineage *known)
{
    struct lineage *l = ARENA_NEW(a, struct lineage);
    *l = (struct lineage){.a = a, .by_name = {.a = a}, .behind = known};
    return l;
}

struct lineage *lineage_new(struct arena *a)
{
    return lineage_over(a, NULL);
}

static bool same_relation(const struct object *a, const struct object *b)
{
    return strcmp(a->schema, b->schema) == 0 && strcmp(a->name, b->name) == 0;
}

/* Position + 1 of the first child of that bare name; 0: there is none. */
static size_t first_named(const struct lineage *l, const char *name)
{
    return (size_t)(uintptr_t)table_gets(&l->by_name, name);
}

static bool has(const struct lineage *l, const struct object *child, const struct object *parent)
{
    for (; l != NULL; l = l->behind) {
        for (size_t i = first_named(l, child->name); i > 0; i = l->v[i - 1].next) {
            if (same_relation(&l->v[i - 1].child, child) &&
                same_relation(&l->v[i - 1].parent, parent)) {
                return true;
            }
        }
    }
    return false;
}

bool lineage_same(const struct lineage *a, const struct lineage *b)
{
    size_t n = a != NULL ? a->n : 0;
    if (n != (b != NULL ? b->n : 0)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!same_relation(&a->v[i].child, &b->v[i].child) ||
            !same_relation(&a->v[i].parent, &b->v[i].parent)) {
            return false;
        }
    }
    return true;
}

void lineage_add(struct lineage *l, const struct object *child, const struct object *parent)
{
    if (has(l, child, parent)) {
        return;
    }
    size_t first = first_named(l, child->name);
    ARENA_GROW(l->a, l->v, l->n, l->cap);
    l->v[l->n++] = (struct kin){*child, *parent, 0};
    if (first == 0) {
        (void)table_puts(&l->by_name, child->name, (void *)(uintptr_t)l->n);
        return;
    }
    while (l->v[first - 1].next > 0) {
        first = l->v[first - 1].next;
    }
    l->v[first - 1].next = l->n;
}

void lineage_add_list(struct lineage *l, const struct object *child, const char *parents)
{
    for (const char *p = parents; *p != '\0';) {
        size_t n = 0;
        for (bool quoted = false; p[n] != '\0' && (quoted || p[n] != ','); n++) {
            quoted ^= p[n] == '"';
        }
        struct object parent;
        if (object_parse(l->a, arena_printf(l->a, "table %.*s", (int)n, p), &parent) == 0) {
            lineage_add(l, child, &parent);
        }
        p += n;
        p += strspn(p, ", ");
    }
}

const struct object *lineage_parent(const struct lineage *l, const struct object *child, size_t *at)
{
    if (l == NULL) {
        return NULL;
    }
    bool is_behind = (*at & behind) != 0;
    size_t rest = is_behind ? *at & ~behind : 0;
    size_t i = is_behind ? 0 : *at == 0 ? first_named(l, child->name) : l->v[*at - 1].next;
    for (; i > 0; i = l->v[i - 1].next) {
        const struct object *c = &l->v[i - 1].child;
        if (c->schema[0] == '\0' || child->schema[0] == '\0' ||
            strcmp(c->schema, child->schema) == 0) {
            *at = i;
            return &l->v[i - 1].parent;
        }
    }
    const struct object *parent = lineage_parent(l->behind, child, &rest);
    *at = behind | rest;
    return parent;
}

struct object lineage_root(const struct lineage *l, const struct object *o)
{
    struct object root = *o;
    for (int depth = 0; depth < LINEAGE_DEPTH; depth++) {
        size_t at = 0;
        const struct object *parent = lineage_parent(l, &root, &at);
        if (parent == NULL) {
            break;
        }
        root = *parent;
    }
    return root;
}

const char *lineage_text(struct arena *a, const struct lineage *l, const struct object *o)
{
    struct object root = lineage_root(l, o);
    const char *text = object_text(a, o);
    root.kind = OBJ_TABLE;
    return same_relation(&root, o) ? text
                                   : arena_printf(a, "%s, a part of %s", text,
                                                  object_text(a, &root) + strlen("table "));
}

static bool is_above(const struct lineage *l, const struct object *ancestor, const struct object *o,
                     int depth)
{
    size_t at = 0;
    for (const struct object *p; depth > 0 && (p = lineage_parent(l, o, &at)) != NULL;) {
        if (same_relation(p, ancestor) || is_above(l, ancestor, p, depth - 1)) {
            return true;
        }
    }
    return false;
}

bool lineage_is_above(const struct lineage *l, const struct object *ancestor,
                      const struct object *o)
{
    return is_above(l, ancestor, o, LINEAGE_DEPTH);
}
