/* Objects from the rows of class queries.
 * Owns: how rows become facets. */
#include "store/postgis/objects.h"

#include <stdlib.h>
#include <string.h>

#include "store/postgis/facet_text.h"

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

static struct facet *add_facet(struct build *b, struct object_draft *d, const char *name,
                               const char *value)
{
    ARENA_GROW(b->a, d->o.facets, d->o.n_facets, d->cap);
    d->o.facets[d->o.n_facets] = (struct facet){.name = name, .value = value};
    return &d->o.facets[d->o.n_facets++];
}

static void add_part(struct build *b, struct object_draft *d, uint32_t classid, uint32_t objid)
{
    ARENA_GROW(b->a, d->o.parts, d->o.n_parts, d->cap_parts);
    d->o.parts[d->o.n_parts++] = (struct catalog_part){classid, objid};
    (void)table_put(&b->out->by_oid, address_key(b->a, classid, objid), d);
}

static struct object_draft *draft_new(struct build *b, uint32_t classid, uint32_t objid,
                                      const struct object *o)
{
    struct object_draft *d = ARENA_NEW(b->a, struct object_draft);
    d->o.classid = classid;
    d->o.normal = b->out->format == 1 ? NULL : facet_normal;
    d->o.objid = objid;
    d->o.object =
        (struct object){o->kind, arena_strdup(b->a, o->schema), arena_strdup(b->a, o->name), NULL};
    d->o.text = object_text(b->a, &d->o.object);
    ARENA_GROW(b->a, b->out->v, b->out->n, b->out->cap);
    b->out->v[b->out->n++] = &d->o;
    (void)table_puts(&b->out->by_text, d->o.text, d);
    if (classid != 0) {
        (void)table_put(&b->out->by_oid, address_key(b->a, classid, objid), d);
    }
    return d;
}

/* Things without an oid are found by name; so is what bears the name of another (a parameter and a
 * role with settings). */
struct object_draft *build_named(struct build *b, uint32_t classid, uint32_t objid,
                                 const struct object *o)
{
    struct arena_mark m = arena_mark(b->a);
    const char *text = object_text(b->a, o);
    struct object_draft *d = table_gets(&b->out->by_text, text);
    arena_reset(b->a, m);
    return d != NULL ? d : draft_new(b, classid, objid, o);
}

struct object_draft *build_at(struct build *b, uint32_t classid, uint32_t objid)
{
    struct object_draft *d = b->last;
    if (d == NULL || d->o.classid != classid || d->o.objid != objid) {
        d = (struct object_draft *)catalog_at(b->out, classid, objid);
    }
    bool is_part = d != NULL && (d->o.classid != classid || d->o.objid != objid);
    b->last = is_part ? NULL : d;
    return b->last;
}

const struct column_draft *build_column(const struct object_draft *d, int64_t position)
{
    for (size_t i = 0; i < d->n_columns; i++) {
        if (d->columns[i].position == position) {
            return &d->columns[i];
        }
    }
    return NULL;
}

static struct object_draft *draft_named(struct build *b, const struct pg_rows *r, size_t i,
                                        uint32_t classid, uint32_t objid)
{
    struct object o = {OBJ_UNKNOWN, pg_text(r, i, AT_SCHEMA), pg_text(r, i, AT_NAME), NULL};
    if (object_kind_parse(pg_text(r, i, AT_KIND), &o.kind) != 0) {
        BUG("a class query names a kind that is none");
    }
    return build_named(b, classid, objid, &o);
}

/* The object a row is about; NULL for a part of what is no managed object. */
static struct object_draft *draft_of(struct build *b, const struct pg_rows *r, size_t i)
{
    uint32_t classid = (uint32_t)pg_int(r, i, AT_CLASS);
    uint32_t objid = (uint32_t)pg_int(r, i, AT_OBJECT);
    struct object_draft *d = classid != 0 ? build_at(b, classid, objid) : NULL;
    if (d == NULL && !pg_null(r, i, AT_KIND)) {
        d = draft_named(b, r, i, classid, objid);
    }
    b->last = d;
    return d;
}

static void take_extra(struct build *b, struct object_draft *d, const struct pg_rows *r, size_t i,
                       enum extra extra)
{
    switch (extra) {
    case EXTRA_NONE:
        return;
    case EXTRA_GIVEN:
        d->o.is_given = true;
        return;
    case EXTRA_PART:
        if (!pg_null(r, i, AT_EXTRA)) {
            add_part(b, d, (uint32_t)pg_int(r, i, AT_EXTRA), (uint32_t)pg_int(r, i, AT_EXTRA_2));
        }
        return;
    }
}

void build_begin(struct build *b, struct arena *a, int format, struct catalog *out)
{
    *b = (struct build){.a = a, .out = out};
    b->names.a = a;
    *out = (struct catalog){.a = a, .format = format, .by_text = {.a = a}, .by_oid = {.a = a}};
}

/* NULL: the format has no such facet. *has_sql: as facet_value(). */
static const char *value_of(struct build *b, const char *sent, bool *has_sql)
{
    *has_sql = false;
    return b->in_clear ? facet_clear(b->a, sent) : facet_value(b->a, b->out->format, sent, has_sql);
}

static void add_value(struct build *b, struct object_draft *d, const char *name, const char *value,
                      const char *sent)
{
    struct facet *f = add_facet(b, d, facet_line(b->a, name), value);
    f->sent = sent != NULL ? arena_strdup(b->a, sent) : NULL;
}

bool build_facet(struct build *b, struct object_draft *d, const char *name, const char *sent)
{
    bool has_sql = false;
    const char *value = value_of(b, sent, &has_sql);
    if (value != NULL) {
        add_value(b, d, name, value, has_sql ? sent : NULL);
    }
    return value != NULL;
}

static void build_row(struct build *b, const struct pg_rows *r, size_t i, enum extra extra)
{
    bool has_sql = false;
    const char *sent = pg_text(r, i, AT_VALUE);
    const char *value = value_of(b, sent, &has_sql);
    struct object_draft *d = value != NULL ? draft_of(b, r, i) : NULL;
    if (d == NULL) {
        return;
    }
    add_value(b, d, pg_text(r, i, AT_FACET), value, has_sql ? sent : NULL);
    take_extra(b, d, r, i, extra);
}

void build_rows(struct build *b, const struct pg_rows *r, enum extra extra)
{
    b->last = NULL;
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        build_row(b, r, i, extra);
    }
}

static int by_position(const void *a, const void *b)
{
    const struct column_draft *x = a;
    const struct column_draft *y = b;
    return (x->position > y->position) - (x->position < y->position);
}

static void add_column_order(struct build *b, struct object_draft *d)
{
    struct buf order = {0};
    qsort(d->columns, d->n_columns, sizeof *d->columns, by_position);
    for (size_t i = 0; i < d->n_columns; i++) {
        buf_printf(&order, "%s%s", i > 0 ? ", " : "", d->columns[i].name);
    }
    (void)add_facet(b, d, "column_order", arena_strdup(b->a, buf_str(&order)));
    buf_release(&order);
}

void build_end(struct build *b)
{
    for (size_t i = 0; i < b->out->n; i++) {
        struct object_draft *d = (struct object_draft *)b->out->v[i];
        if (d->n_columns > 0) {
            add_column_order(b, d);
        }
    }
    catalog_seal(b->out);
}
