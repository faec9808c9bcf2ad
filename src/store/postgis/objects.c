/* Objects from the rows of class queries, and a catalog's tables.
 * Owns: how rows become facets, and facets a fingerprint. */
#include "store/postgis/objects.h"

#include <stdlib.h>
#include <string.h>

enum column {
    AT_CLASS,
    AT_OBJECT,
    AT_KIND,
    AT_SCHEMA,
    AT_NAME,
    AT_FACET,
    AT_VALUE,
    AT_EXTRA,
    AT_EXTRA_2
};

struct place_in_row {
    int64_t position;
    const char *name;
};

/* An object that still grows. */
struct draft {
    struct catalog_object o; /* first: the catalog points to it */
    size_t cap, cap_parts;
    struct place_in_row *columns;
    size_t n_columns, cap_columns;
};

struct bytes address_key(struct arena *a, uint32_t classid, uint32_t objid)
{
    uint32_t key[2] = {classid, objid};
    return bytes_of(arena_dup(a, key, sizeof key), sizeof key);
}

struct catalog_object *catalog_at(const struct catalog *c, uint32_t classid, uint32_t objid)
{
    uint32_t key[2] = {classid, objid};
    return table_get(&c->by_oid, bytes_of((const char *)key, sizeof key));
}

const struct facet *facet_of(const struct catalog_object *o, const char *name)
{
    for (size_t i = 0; i < o->n_facets; i++) {
        if (strcmp(o->facets[i].name, name) == 0) {
            return &o->facets[i];
        }
    }
    return NULL;
}

bool catalog_same(const struct catalog_object *a, const struct catalog_object *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    return digest_eq(&a->fingerprint, &b->fingerprint) && strcmp(a->text, b->text) == 0;
}

void catalog_index(struct catalog *c, struct catalog_object *o)
{
    (void)table_puts(&c->by_text, o->text, o);
    if (o->classid != 0) {
        (void)table_put(&c->by_oid, address_key(c->a, o->classid, o->objid), o);
    }
    for (size_t i = 0; i < o->n_parts; i++) {
        (void)table_put(&c->by_oid, address_key(c->a, o->parts[i].classid, o->parts[i].objid), o);
    }
}

static void forget_address(struct catalog *c, uint32_t classid, uint32_t objid,
                           const struct catalog_object *o)
{
    if (catalog_at(c, classid, objid) == o) {
        (void)table_put(&c->by_oid, address_key(c->a, classid, objid), NULL);
    }
}

void catalog_forget(struct catalog *c, const struct catalog_object *o)
{
    if (table_gets(&c->by_text, o->text) == o) {
        (void)table_puts(&c->by_text, o->text, NULL);
    }
    forget_address(c, o->classid, o->objid, o);
    for (size_t i = 0; i < o->n_parts; i++) {
        forget_address(c, o->parts[i].classid, o->parts[i].objid, o);
    }
}

/* Names may hold anything; a definition is lines of "facet TAB value". */
static const char *one_line(struct arena *a, const char *s)
{
    if (strpbrk(s, "\t\n\\") == NULL) {
        return arena_strdup(a, s);
    }
    struct buf b = {0};
    for (; *s != '\0'; s++) {
        switch (*s) {
        case '\t':
            buf_puts(&b, "\\t");
            break;
        case '\n':
            buf_puts(&b, "\\n");
            break;
        case '\\':
            buf_puts(&b, "\\\\");
            break;
        default:
            buf_putc(&b, *s);
        }
    }
    const char *line = arena_strdup(a, buf_str(&b));
    buf_release(&b);
    return line;
}

static void add_facet(struct build *b, struct draft *d, const char *name, const char *value)
{
    ARENA_GROW(b->a, d->o.facets, d->o.n_facets, d->cap);
    d->o.facets[d->o.n_facets++] = (struct facet){name, value};
}

static void add_part(struct build *b, struct draft *d, uint32_t classid, uint32_t objid)
{
    ARENA_GROW(b->a, d->o.parts, d->o.n_parts, d->cap_parts);
    d->o.parts[d->o.n_parts++] = (struct catalog_part){classid, objid};
    (void)table_put(&b->out->by_oid, address_key(b->a, classid, objid), d);
}

static struct draft *draft_new(struct build *b, uint32_t classid, uint32_t objid,
                               const struct object *o)
{
    struct draft *d = ARENA_NEW(b->a, struct draft);
    d->o.classid = classid;
    d->o.objid = objid;
    d->o.object =
        (struct object){o->kind, arena_strdup(b->a, o->schema), arena_strdup(b->a, o->name)};
    d->o.text = object_text(b->a, &d->o.object);
    ARENA_GROW(b->a, b->out->v, b->out->n, b->out->cap);
    b->out->v[b->out->n++] = &d->o;
    (void)table_puts(&b->out->by_text, d->o.text, d);
    if (classid != 0) {
        (void)table_put(&b->out->by_oid, address_key(b->a, classid, objid), d);
    }
    return d;
}

/* Things without an oid are found by name; so is what bears the name of another (a parameter and a role with settings). */
static struct draft *draft_named(struct build *b, const struct pg_rows *r, size_t i,
                                 uint32_t classid, uint32_t objid)
{
    struct object o = {OBJ_UNKNOWN, pg_text(r, i, AT_SCHEMA), pg_text(r, i, AT_NAME)};
    if (object_kind_parse(pg_text(r, i, AT_KIND), &o.kind) != 0) {
        BUG("a class query names a kind that is none");
    }
    struct arena_mark m = arena_mark(b->a);
    const char *text = object_text(b->a, &o);
    struct draft *d = table_gets(&b->out->by_text, text);
    arena_reset(b->a, m);
    return d != NULL ? d : draft_new(b, classid, objid, &o);
}

/* The object a row is about; NULL for a part of what is no managed object. */
static struct draft *draft_of(struct build *b, const struct pg_rows *r, size_t i)
{
    uint32_t classid = (uint32_t)pg_int(r, i, AT_CLASS);
    uint32_t objid = (uint32_t)pg_int(r, i, AT_OBJECT);
    if (b->last != NULL && classid != 0 && b->last->o.classid == classid &&
        b->last->o.objid == objid) {
        return b->last;
    }
    struct draft *d = classid != 0 ? (struct draft *)catalog_at(b->out, classid, objid) : NULL;
    if (d != NULL && (d->o.classid != classid || d->o.objid != objid)) {
        d = NULL; /* a part's address */
    }
    if (d == NULL && !pg_null(r, i, AT_KIND)) {
        d = draft_named(b, r, i, classid, objid);
    }
    b->last = d;
    return d;
}

static void take_extra(struct build *b, struct draft *d, const struct pg_rows *r, size_t i,
                       enum extra extra)
{
    switch (extra) {
    case EXTRA_NONE:
        return;
    case EXTRA_POSITION:
        ARENA_GROW(b->a, d->columns, d->n_columns, d->cap_columns);
        d->columns[d->n_columns++] = (struct place_in_row){
            pg_int(r, i, AT_EXTRA), d->o.facets[d->o.n_facets - 1].name + strlen("column ")};
        return;
    case EXTRA_FILENODE:
        d->o.filenode = (uint32_t)pg_int(r, i, AT_EXTRA);
        return;
    case EXTRA_PART:
        if (!pg_null(r, i, AT_EXTRA)) {
            add_part(b, d, (uint32_t)pg_int(r, i, AT_EXTRA), (uint32_t)pg_int(r, i, AT_EXTRA_2));
        }
        return;
    }
}

void build_begin(struct build *b, struct arena *a, struct catalog *out)
{
    *b = (struct build){.a = a, .out = out};
    *out = (struct catalog){.a = a, .by_text = {.a = a}, .by_oid = {.a = a}};
}

void build_rows(struct build *b, const struct pg_rows *r, enum extra extra)
{
    b->last = NULL;
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        struct draft *d = draft_of(b, r, i);
        if (d != NULL) {
            add_facet(b, d, one_line(b->a, pg_text(r, i, AT_FACET)),
                      one_line(b->a, pg_text(r, i, AT_VALUE)));
            take_extra(b, d, r, i, extra);
        }
    }
}

static int by_position(const void *a, const void *b)
{
    const struct place_in_row *x = a;
    const struct place_in_row *y = b;
    return (x->position > y->position) - (x->position < y->position);
}

static int by_name(const void *a, const void *b)
{
    const struct facet *x = a;
    const struct facet *y = b;
    int c = strcmp(x->name, y->name);
    return c != 0 ? c : strcmp(x->value, y->value);
}

static int by_text(const void *a, const void *b)
{
    const struct catalog_object *const *x = a;
    const struct catalog_object *const *y = b;
    return strcmp((*x)->text, (*y)->text);
}

static void add_column_order(struct build *b, struct draft *d)
{
    struct buf order = {0};
    qsort(d->columns, d->n_columns, sizeof *d->columns, by_position);
    for (size_t i = 0; i < d->n_columns; i++) {
        buf_printf(&order, "%s%s", i > 0 ? ", " : "", d->columns[i].name);
    }
    add_facet(b, d, "column_order", arena_strdup(b->a, buf_str(&order)));
    buf_release(&order);
}

static void add_definition(struct buf *out, const struct catalog_object *o)
{
    for (size_t i = 0; i < o->n_facets; i++) {
        buf_puts(out, o->facets[i].name);
        buf_putc(out, '\t');
        buf_puts(out, o->facets[i].value);
        buf_putc(out, '\n');
    }
}

const char *catalog_definition(struct arena *a, const struct catalog_object *o)
{
    struct buf b = {0};
    add_definition(&b, o);
    const char *text = arena_strdup(a, buf_str(&b));
    buf_release(&b);
    return text;
}

void build_end(struct build *b)
{
    struct buf definition = {0};
    for (size_t i = 0; i < b->out->n; i++) {
        struct draft *d = (struct draft *)b->out->v[i];
        if (d->n_columns > 0) {
            add_column_order(b, d);
        }
        qsort(d->o.facets, d->o.n_facets, sizeof *d->o.facets, by_name);
        buf_clear(&definition);
        add_definition(&definition, &d->o);
        d->o.fingerprint = digest_of(buf_bytes(&definition));
    }
    buf_release(&definition);
    if (b->out->n > 0) {
        qsort(b->out->v, b->out->n, sizeof(struct catalog_object *), by_text);
    }
}
