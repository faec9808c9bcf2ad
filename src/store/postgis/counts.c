/* What an observation amounts to: tables, indexes and rows for limits, and what counts to what. */
#include <string.h>

#include "store/postgis/observer.h"

static bool is_table(enum object_kind k)
{
    return k == OBJ_TABLE || k == OBJ_MATVIEW || k == OBJ_FOREIGN_TABLE;
}

/* A relation of that name before the transaction; a parent is named without its kind. */
static const struct catalog_object *base_relation(const struct observer *o, struct object object)
{
    static const enum object_kind kinds[] = {OBJ_TABLE, OBJ_FOREIGN_TABLE};
    const struct catalog_object *found = NULL;
    for (size_t i = 0; i < 2 && found == NULL; i++) {
        object.kind = kinds[i];
        found = table_gets(&o->base->by_text, object_text(o->a, &object));
    }
    return found;
}

/* The parents that it had before the transaction, and theirs. */
static void add_ancestors(const struct observer *o, struct object object, struct lineage *l)
{
    const struct catalog_object *b = base_relation(o, object);
    size_t before = l->n;
    if (b != NULL) {
        catalog_parents(b, l);
    }
    for (size_t i = before, n = l->n; i < n; i++) {
        add_ancestors(o, l->v[i].parent, l);
    }
}

/* New relations count to what they are children of at the end, all others to what they were children of at
 * the start: what a migration attaches does not count to the parent for it, and what it detaches still does.
 * Under a name that a new relation without parents took, nothing counts to another. */
static const struct lineage *lineage_of(const struct observer *o)
{
    struct lineage *l = lineage_new(o->a);
    struct table alone = {.a = o->a};
    for (size_t i = 0; i < o->n_pairs; i++) {
        const struct pair *p = &o->pairs[i];
        size_t before = l->n;
        if (p->before == NULL && is_table(p->after->object.kind)) {
            catalog_parents(p->after, l);
            if (l->n == before) {
                (void)table_puts(&alone, p->after->text, l);
            }
        } else if (p->before != NULL && p->after != NULL &&
                   strcmp(p->before->text, p->after->text) != 0) {
            const struct facet *f = facet_of(p->before, "inherits");
            lineage_add_list(l, &p->after->object, f != NULL ? f->value : "");
        }
        for (size_t k = before, n = l->n; k < n; k++) {
            add_ancestors(o, l->v[k].parent, l);
        }
    }
    for (size_t i = 0; i < o->out->touches.n; i++) {
        const struct object *touched = &o->out->touches.v[i].object;
        if (is_table(touched->kind) && table_gets(&alone, object_text(o->a, touched)) == NULL) {
            add_ancestors(o, *touched, l);
        }
    }
    return l;
}

static bool is_touching(enum effect e)
{
    return e != EFFECT_READ && e != EFFECT_REFERENCE;
}

/* The new name of what was there under another. */
static bool is_renamed(const struct observer *o, const struct touch *t)
{
    for (size_t i = 0; i < o->n_pairs && t->effect == EFFECT_CREATE; i++) {
        const struct pair *p = &o->pairs[i];
        if (p->before != NULL && p->after != NULL && object_eq(&p->after->object, &t->object) &&
            !object_eq(&p->before->object, &t->object)) {
            return true;
        }
    }
    return false;
}

static int count_tables(struct observer *o)
{
    struct table seen = {.a = o->a};
    int n = 0;
    for (size_t i = 0; i < o->out->touches.n; i++) {
        const struct touch *t = &o->out->touches.v[i];
        if (!is_table(t->object.kind) || !is_touching(t->effect) || is_renamed(o, t)) {
            continue;
        }
        struct object root = lineage_root(o->out->lineage, &t->object);
        root.kind = OBJ_TABLE;
        n += table_puts(&seen, object_text(o->a, &root), o) == NULL ? 1 : 0;
    }
    return n;
}

static int64_t count_rows(const struct observation *out)
{
    int64_t n = 0;
    for (size_t i = 0; i < out->touches.n; i++) {
        const struct touch *t = &out->touches.v[i];
        if (t->inserted == ROWS_UNKNOWN || t->updated == ROWS_UNKNOWN ||
            t->deleted == ROWS_UNKNOWN) {
            return ROWS_UNKNOWN;
        }
        n += t->inserted + t->updated + t->deleted;
    }
    return n;
}

const char *facet_index(const char *facet)
{
    static const char prefix[] = "index ";
    bool is_index = strncmp(facet, prefix, strlen(prefix)) == 0 &&
                    strstr(facet, " depends_on_extension ") == NULL;
    return is_index ? facet + strlen(prefix) : NULL;
}

/* As far as a part of a partitioned index is like it: without what each may have of its own. */
static size_t shape_length(const char *value)
{
    static const char *const own[] = {
        " with ",       " invalid",     " clustered", " replica identity",
        " tablespace ", " statistics ", " comment "};
    size_t n = strlen(value);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        const char *at = strstr(value, own[i]);
        n = at != NULL && (size_t)(at - value) < n ? (size_t)(at - value) : n;
    }
    return n;
}

static bool has_shape(const struct catalog_object *o, const char *value)
{
    size_t n = shape_length(value);
    for (size_t i = 0; i < o->n_facets; i++) {
        const struct facet *f = &o->facets[i];
        if (facet_index(f->name) != NULL && shape_length(f->value) == n &&
            strncmp(f->value, value, n) == 0) {
            return true;
        }
    }
    return false;
}

/* One that stands is asked; one that is gone was a part if its table was a partition of one with the same. */
static bool is_part(const struct observer *o, const struct catalog_object *table,
                    const struct facet *f, bool stands)
{
    for (size_t i = 0; i < o->now.n_locks && stands; i++) {
        const struct lock *l = &o->now.locks[i];
        if (l->is_part && l->owner == table->objid && strcmp(l->name, facet_index(f->name)) == 0) {
            return true;
        }
    }
    struct lineage parents = {.a = o->a, .by_name = {.a = o->a}};
    if (stands || facet_of(table, "partition_bound") == NULL) {
        return false;
    }
    catalog_parents(table, &parents);
    const struct catalog_object *b = parents.n == 1 ? base_relation(o, parents.v[0].parent) : NULL;
    return b != NULL && has_shape(b, f->value);
}

/* Indexes of one that the other has not, under any name: a renamed index is the same. */
static int count_missing(const struct observer *o, const struct catalog_object *one,
                         const struct catalog_object *other, bool stands)
{
    int n = 0;
    for (size_t i = 0; one != NULL && i < one->n_facets; i++) {
        const struct facet *f = &one->facets[i];
        if (facet_index(f->name) == NULL || (other != NULL && facet_of(other, f->name) != NULL)) {
            continue;
        }
        bool elsewhere = false;
        for (size_t k = 0; other != NULL && k < other->n_facets && !elsewhere; k++) {
            const struct facet *g = &other->facets[k];
            elsewhere = facet_index(g->name) != NULL && strcmp(f->value, g->value) == 0 &&
                        facet_of(one, g->name) == NULL;
        }
        n += elsewhere || is_part(o, one, f, stands) ? 0 : 1;
    }
    return n;
}

static int count_indexes(const struct observer *o)
{
    int n = 0;
    for (size_t i = 0; i < o->n_pairs; i++) {
        const struct pair *p = &o->pairs[i];
        n += count_missing(o, p->before, p->after, false) +
             count_missing(o, p->after, p->before, true);
    }
    return n;
}

void count_up(struct observer *o)
{
    o->out->lineage = lineage_of(o);
    o->out->index_delta = count_indexes(o);
    o->out->n_tables_touched = count_tables(o);
    o->out->rows = count_rows(o->out);
}
