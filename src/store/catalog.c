/* A catalog: its tables, fingerprints, and carrying it forward. */
#include "store/catalog.h"

#include <stdlib.h>
#include <string.h>

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

static bool is_hidden(const struct catalog_object *o, const char *facet)
{
    const struct facet *f = facet_of(o, facet);
    return f != NULL && strcmp(f->value, FACET_HIDDEN) == 0;
}

static bool one_way(const struct catalog_object *a, const struct catalog_object *b)
{
    for (size_t i = 0; i < a->n_facets; i++) {
        const struct facet *other = facet_of(b, a->facets[i].name);
        bool same = other != NULL && strcmp(other->value, a->facets[i].value) == 0;
        if (!same && !is_hidden(a, a->facets[i].name) && !is_hidden(b, a->facets[i].name)) {
            return false;
        }
    }
    return true;
}

/* What one of two roles may not read differs for no other reason. */
static bool differs_only_hidden(const struct catalog_object *a, const struct catalog_object *b)
{
    return a->object.kind == OBJ_USER_MAPPING && one_way(a, b) && one_way(b, a);
}

void catalog_parents(const struct catalog_object *o, struct lineage *l)
{
    const struct facet *f = facet_of(o, "inherits");
    if (f != NULL) {
        lineage_add_list(l, &o->object, f->value);
    }
}

bool catalog_same(const struct catalog_object *a, const struct catalog_object *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    return strcmp(a->text, b->text) == 0 &&
           (digest_eq(&a->fingerprint, &b->fingerprint) || differs_only_hidden(a, b));
}

/* Its place in v is the caller's, as where it is taken out. */
static void catalog_index(struct catalog *c, struct catalog_object *o)
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

static void catalog_forget(struct catalog *c, const struct catalog_object *o)
{
    if (table_gets(&c->by_text, o->text) == o) {
        (void)table_puts(&c->by_text, o->text, NULL);
    }
    forget_address(c, o->classid, o->objid, o);
    for (size_t i = 0; i < o->n_parts; i++) {
        forget_address(c, o->parts[i].classid, o->parts[i].objid, o);
    }
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

static void add_definition(struct buf *out, const struct catalog_object *o)
{
    for (size_t i = 0; i < o->n_facets; i++) {
        buf_puts(out, o->facets[i].name);
        buf_putc(out, '\t');
        buf_puts(out, o->facets[i].value);
        buf_putc(out, '\n');
    }
}

/* "~facet TAB value" with the normal form of what deparses in several ways. */
static void add_normal(struct arena *a, struct buf *out, const struct catalog_object *o)
{
    for (size_t i = 0; i < o->n_facets && o->normal != NULL; i++) {
        const char *sent = o->facets[i].sent;
        const char *normal = sent != NULL ? o->normal(a, sent) : NULL;
        if (normal != NULL) {
            buf_printf(out, "~%s\t%s\n", o->facets[i].name, normal);
        }
    }
}

const char *catalog_lines(struct arena *a, const struct catalog_object *o)
{
    struct buf b = {0};
    add_definition(&b, o);
    const char *text = arena_strdup(a, buf_str(&b));
    buf_release(&b);
    return text;
}

const char *catalog_definition(struct arena *a, const struct catalog_object *o)
{
    struct buf b = {0};
    add_definition(&b, o);
    add_normal(a, &b, o);
    const char *text = arena_strdup(a, buf_str(&b));
    buf_release(&b);
    return text;
}

struct catalog_object *catalog_add(struct catalog *c, struct object object, struct facet *facets,
                                   size_t n)
{
    struct catalog_object *o = ARENA_NEW(c->a, struct catalog_object);
    o->object = object;
    o->text = object_text(c->a, &object);
    o->facets = facets;
    o->n_facets = n;
    ARENA_GROW(c->a, c->v, c->n, c->cap);
    c->v[c->n++] = o;
    catalog_index(c, o);
    return o;
}

void catalog_seal(struct catalog *c)
{
    struct buf definition = {0};
    for (size_t i = 0; i < c->n; i++) {
        struct catalog_object *o = c->v[i];
        qsort(o->facets, o->n_facets, sizeof *o->facets, by_name);
        buf_clear(&definition);
        add_definition(&definition, o);
        o->fingerprint = digest_of(buf_bytes(&definition));
    }
    buf_release(&definition);
    if (c->n > 0) {
        qsort(c->v, c->n, sizeof *c->v, by_text);
    }
}

/* Calls fn with the place of each text of o. */
static void each_text(struct catalog_object *o, void (*fn)(const char **text, void *ctx), void *ctx)
{
    fn(&o->object.schema, ctx);
    fn(&o->object.name, ctx);
    fn(&o->object.store, ctx);
    fn(&o->text, ctx);
    for (size_t i = 0; i < o->n_facets; i++) {
        fn(&o->facets[i].name, ctx);
        fn(&o->facets[i].value, ctx);
        fn(&o->facets[i].sent, ctx);
    }
}

static void measure(const char **text, void *ctx)
{
    size_t *n = ctx;
    *n += *text != NULL ? strlen(*text) + 1 : 0;
}

static void move(const char **text, void *ctx)
{
    char **to = ctx;
    if (*text != NULL) {
        size_t n = strlen(*text) + 1;
        *text = memcpy(*to, *text, n);
        *to += n;
    }
}

/* A copy in the base's memory: observations do not live as long. Its texts stand one behind the other: there
 * are twenty, most shorter than what an arena aligns to. */
static struct catalog_object *keep(struct arena *a, const struct catalog_object *o)
{
    struct catalog_object *k = arena_dup(a, o, sizeof *o);
    size_t n = 0;
    k->parts = arena_dup(a, o->parts, o->n_parts * sizeof *o->parts);
    k->facets = arena_dup(a, o->facets, o->n_facets * sizeof *o->facets);
    each_text(k, measure, &n);
    char *to = arena_alloc(a, n);
    each_text(k, move, &to);
    return k;
}

const char *change_text(const struct change *c)
{
    return c->before != NULL ? c->before->text : c->after->text;
}

int change_by_text(const void *a, const void *b)
{
    return strcmp(change_text(a), change_text(b));
}

/* Where an object of that text stands in c, or would. */
static size_t place_of(const struct catalog *c, const char *text)
{
    size_t from = 0;
    size_t to = c->n;
    while (from < to) {
        size_t at = from + (to - from) / 2;
        if (strcmp(c->v[at]->text, text) < 0) {
            from = at + 1;
        } else {
            to = at;
        }
    }
    return from;
}

/* In place: a long build advances its base for each migration, and most of it stays. */
static void place(struct catalog *base, const char *text, struct catalog_object *now)
{
    size_t at = place_of(base, text);
    bool is_there = at < base->n && strcmp(base->v[at]->text, text) == 0;
    struct catalog_object **p = base->v + at;
    if (is_there && now == NULL) {
        base->n--;
        memmove(p, p + 1, (base->n - at) * sizeof *p);
    } else if (is_there) {
        *p = now;
    } else if (now != NULL) {
        ARENA_GROW(base->a, base->v, base->n, base->cap);
        p = base->v + at;
        memmove(p + 1, p, (base->n - at) * sizeof *p);
        *p = now;
        base->n++;
    }
}

void catalog_advance(struct catalog *base, const struct observation *o)
{
    for (size_t i = 0; i < o->n_stored; i++) {
        struct catalog_object *known = catalog_at(base, o->stored[i]->classid, o->stored[i]->objid);
        if (known != NULL) {
            known->filenode = o->stored[i]->filenode;
        }
    }
    for (size_t i = 0; i < o->n_changes; i++) {
        const struct catalog_object *was = table_gets(&base->by_text, change_text(&o->changes[i]));
        if (was != NULL) {
            catalog_forget(base, was);
        }
    }
    for (size_t i = 0; i < o->n_changes; i++) {
        const struct catalog_object *after = o->changes[i].after;
        struct catalog_object *kept = after != NULL ? keep(base->a, after) : NULL;
        if (kept != NULL) {
            catalog_index(base, kept);
        }
        place(base, change_text(&o->changes[i]), kept);
    }
}

void catalog_leave_out(struct catalog *c, const char *schema)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        struct catalog_object *o = c->v[i];
        bool is_there = strcmp(o->object.schema, schema) == 0 ||
                        (o->object.kind == OBJ_SCHEMA && strcmp(o->object.name, schema) == 0);
        if (is_there) {
            catalog_forget(c, o);
        } else {
            c->v[n++] = o;
        }
    }
    c->n = n;
}

/* --- one beside the other --- */

static bool is_index(const struct facet *f)
{
    return strncmp(f->name, "index ", strlen("index ")) == 0;
}

/* Indexes of x that y has not; y NULL: all. */
static int count_indexes(const struct catalog_object *x, const struct catalog_object *y)
{
    int n = 0;
    for (size_t i = 0; x != NULL && i < x->n_facets; i++) {
        n += is_index(&x->facets[i]) && (y == NULL || facet_of(y, x->facets[i].name) == NULL);
    }
    return n;
}

/* one: whichever of the two is there. */
static void add_change(struct arena *a, struct observation *seen, const struct catalog_object *one,
                       struct catalog_object *before, struct catalog_object *after)
{
    seen->changes[seen->n_changes++] = (struct change){before, after};
    seen->index_delta += count_indexes(before, after) + count_indexes(after, before);
    touches_add(a, &seen->touches,
                (struct touch){.object = one->object,
                               .effect = before == NULL  ? EFFECT_CREATE
                                         : after == NULL ? EFFECT_DROP
                                                         : EFFECT_ALTER,
                               .statement = -1});
}

void catalog_compare(struct arena *a, const struct catalog *was, const struct catalog *now,
                     struct observation *seen)
{
    seen->changes = ARENA_ARRAY(a, struct change, was->n + now->n + 1);
    for (size_t i = 0; i < was->n; i++) {
        struct catalog_object *after = table_gets(&now->by_text, was->v[i]->text);
        if (after == NULL || !digest_eq(&after->fingerprint, &was->v[i]->fingerprint)) {
            add_change(a, seen, was->v[i], was->v[i], after);
        }
    }
    for (size_t i = 0; i < now->n; i++) {
        if (table_gets(&was->by_text, now->v[i]->text) == NULL) {
            add_change(a, seen, now->v[i], NULL, now->v[i]);
        }
    }
    if (seen->n_changes > 0) {
        qsort(seen->changes, seen->n_changes, sizeof *seen->changes, change_by_text);
    }
}
