/* Reading what may have changed again, and comparing it with the base.
 * Owns: what has to be read besides, because definitions mention names of other objects. */
#include <stdlib.h>
#include <string.h>

#include "store/postgis/observer.h"
#include "store/postgis/queries.h"
#include "store/postgis/query_sections.h"

enum { COL_CLASS = 2, COL_OBJECT, COL_EXTENSION, COL_VIA_CLASS, COL_VIA_OBJECT };

static struct bytes pair_key(struct arena *a, const struct catalog_object *o)
{
    return o->classid != 0 ? address_key(a, o->classid, o->objid) : bytes_str(o->text);
}

struct pair *pair_at(const struct observer *o, uint32_t classid, uint32_t objid)
{
    uint32_t key[2] = {classid, objid};
    size_t at = (size_t)(uintptr_t)table_get(&o->paired, bytes_of((const char *)key, sizeof key));
    return at == 0 ? NULL : &o->pairs[at - 1];
}

const struct pair *pair_named(const struct observer *o, enum object_kind kind, const char *name)
{
    for (size_t i = 0; i < o->n_pairs; i++) {
        const struct pair *p = &o->pairs[i];
        const struct catalog_object *c = p->after != NULL ? p->after : p->before;
        if (c->object.kind == kind && strcmp(c->object.name, name) == 0) {
            return p;
        }
    }
    return NULL;
}

static void pair_add(struct observer *o, struct catalog_object *before,
                     struct catalog_object *after)
{
    struct bytes key = pair_key(o->a, before != NULL ? before : after);
    if (table_get(&o->paired, key) != NULL) {
        return;
    }
    ARENA_GROW(o->a, o->pairs, o->n_pairs, o->cap_pairs);
    o->pairs[o->n_pairs++] = (struct pair){before, after, false};
    (void)table_put(&o->paired, key, (void *)(uintptr_t)o->n_pairs);
}

/* TRUNCATE, CLUSTER and the like. */
static void note_stored(struct observer *o, const struct catalog_object *before,
                        const struct catalog_object *after)
{
    if (before->filenode == after->filenode) {
        return;
    }
    const struct catalog_object **v =
        ARENA_ARRAY(o->a, const struct catalog_object *, o->out->n_stored + 1);
    if (o->out->n_stored > 0) {
        memcpy(v, o->out->stored, o->out->n_stored * sizeof *v);
    }
    v[o->out->n_stored++] = after;
    o->out->stored = v;
}

static void compare_one(struct observer *o, struct catalog_object *before,
                        struct catalog_object *after)
{
    if (before == NULL && after == NULL) {
        return;
    }
    if (before != NULL && after != NULL && catalog_same(before, after)) {
        note_stored(o, before, after);
        return;
    }
    pair_add(o, before, after);
}

/* A part's address leads to the whole: an object of this very address, or NULL. */
static struct catalog_object *exactly(const struct catalog *c, uint32_t classid, uint32_t objid)
{
    struct catalog_object *o = catalog_at(c, classid, objid);
    return o != NULL && o->classid == classid && o->objid == objid ? o : NULL;
}

static struct catalog_object *counterpart(const struct catalog *c, const struct catalog_object *o)
{
    return o->classid != 0 ? exactly(c, o->classid, o->objid) : table_gets(&c->by_text, o->text);
}

static void compare_group(struct observer *o, const struct catalog *now, enum group g)
{
    for (size_t i = 0; i < o->base->n; i++) {
        if (g == GROUP_COUNT || group_of(o->base->v[i]) == g) {
            compare_one(o, o->base->v[i], counterpart(now, o->base->v[i]));
        }
    }
    for (size_t i = 0; i < now->n; i++) {
        if ((g == GROUP_COUNT || group_of(now->v[i]) == g) &&
            counterpart(o->base, now->v[i]) == NULL) {
            compare_one(o, NULL, now->v[i]);
        }
    }
}

static int compare_all(struct observer *o, struct err *e)
{
    struct definitions_wanted w = {.format = o->base->format, .all = true};
    struct catalog now;
    pins_add(o->s, PINS_SAVEPOINT, true);
    struct definitions *d = definitions_add(o->a, o->s, &w);
    pins_undo(o->s, PINS_SAVEPOINT);
    if (pins_run(o->s, PINS_SAVEPOINT, e) != 0) {
        return -1;
    }
    definitions_take(d, &now);
    o->n_pairs = 0;
    o->paired = (struct table){.a = o->a};
    o->out->n_stored = 0;
    o->full = true;
    compare_group(o, &now, GROUP_COUNT);
    return 0;
}

static void seed(struct observer *o, struct seeds *q, const struct catalog_object *b)
{
    ARENA_GROW(o->a, q->classes.v, q->classes.n, q->classes.cap);
    q->classes.v[q->classes.n++] = b->classid;
    ARENA_GROW(o->a, q->objects.v, q->objects.n, q->objects.cap);
    q->objects.v[q->objects.n++] = b->objid;
}

static bool keep_seed(void *ctx, struct bytes name)
{
    (void)ctx;
    return bytes_eq(name, bytes_str("seed")) || bytes_eq(name, bytes_str("part")) ||
           bytes_eq(name, bytes_str("resolved"));
}

static void seeds_add(struct observer *o, struct seeds *q, struct pg_rows **r)
{
    if (q->classes.n == 0) {
        return;
    }
    for (int i = 2; i < 5; i++) {
        q->params[i] = "{}";
    }
    q->params[0] = o->xid;
    q->params[1] = "0";
    q->params[5] = oids_array(o->a, &q->classes);
    q->params[6] = oids_array(o->a, &q->objects);
    pg_batch_add(o->s, sections_choose(&postgis_observe_rows, keep_seed, NULL, true), q->params, 7,
                 r);
}

/* Kinds whose name, columns or labels stand in others' definitions, and whose dependants pg_depend lists. */
static bool is_followed(const struct catalog_object *b)
{
    return b->classid == PG_CLASS || b->classid == PG_TYPE || b->classid == PG_PROC;
}

/* Does this change show in the definitions of others? */
static bool spreads(const struct pair *p)
{
    if (p->before == NULL || p->after == NULL) {
        return false;
    }
    if (strcmp(p->before->text, p->after->text) != 0 || p->before->classid == PG_TYPE) {
        return true;
    }
    const struct catalog_object *sides[2] = {p->before, p->after};
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < sides[side]->n_facets; i++) {
            const struct facet *f = &sides[side]->facets[i];
            const struct facet *other = facet_of(sides[1 - side], f->name);
            bool names = strncmp(f->name, "column", strlen("column")) == 0 ||
                         strncmp(f->name, "sequence", strlen("sequence")) == 0;
            if (names && (other == NULL || strcmp(other->value, f->value) != 0)) {
                return true;
            }
        }
    }
    return false;
}

/* Changes after which anything may read differently: what bears a new name is neither relation,
 * type nor function, or an extension's members moved, or something that no class query knows was
 * written. */
static bool needs_all(struct observer *o)
{
    if (o->direct || (o->keeps_depend && o->now.is_super)) {
        return true;
    }
    for (size_t i = 0; i < o->n_pairs; i++) {
        const struct pair *p = &o->pairs[i];
        bool both = p->before != NULL && p->after != NULL;
        if (both && !is_followed(p->before) && strcmp(p->before->text, p->after->text) != 0) {
            return true;
        }
        if (both && p->before->object.kind == OBJ_EXTENSION) {
            return true;
        }
    }
    for (size_t i = 0; i < o->candidates.n; i++) {
        const struct suspect *c = o->candidates.rows[i].value;
        if (!c->is_own || c->extension[0] == '\0') {
            continue;
        }
        struct object extension = {OBJ_EXTENSION, "", c->extension, NULL};
        if (table_gets(&o->base->by_text, object_text(o->a, &extension)) != NULL) {
            return true;
        }
    }
    return false;
}

/* What is not compared yet: oids to read, and what may have dependants. Returns whether there is
 * anything; *all_new: none of it is in the base. */
static bool want_candidates(struct observer *o, struct definitions_wanted *w, struct seeds *q,
                            bool *all_new)
{
    bool any = false;
    *all_new = true;
    for (size_t i = 0; i < o->candidates.n; i++) {
        const struct suspect *c = o->candidates.rows[i].value;
        enum group g = group_of_class(c->classid);
        if (c->is_read || g >= GROUP_WHOLE) {
            continue;
        }
        oids_add(o->a, &w->oids[g], c->objid);
        w->given |= c->objid < FIRST_NORMAL_OID || c->extension[0] != '\0';
        const struct catalog_object *b = exactly(o->base, c->classid, c->objid);
        if (b != NULL && is_followed(b)) {
            seed(o, q, b);
        }
        *all_new &= catalog_at(o->base, c->classid, c->objid) == NULL;
        any = true;
    }
    return any;
}

static bool has_moved(const struct observer *o, const char *catalog)
{
    for (size_t i = 0; i < o->n_moved; i++) {
        if (strcmp(o->moved[i].name, catalog) == 0) {
            return true;
        }
    }
    return false;
}

/* What is new has only those parts for which a row was written, and ALTER ... DEPENDS ON EXTENSION
 * locks the extension. */
static void leave_out(const struct observer *o, struct definitions_wanted *w)
{
    static const char *const catalogs[] = {
        "pg_inherits", "pg_partitioned_table", "pg_trigger",  "pg_rewrite",
        "pg_policy",   "pg_statistic_ext",     "pg_sequence", "pg_foreign_table"};
    w->no_parts = true;
    for (size_t i = 0; i < sizeof catalogs / sizeof *catalogs; i++) {
        w->no_parts &= !has_moved(o, catalogs[i]);
    }
    w->no_labels = !has_moved(o, "pg_seclabel");
    for (size_t i = 0; i < o->now.n_objects; i++) {
        w->no_labels &= o->now.objects[i].classid != PG_EXTENSION;
    }
}

/* Groups whose catalogs moved. */
static void want_moved(struct observer *o, struct definitions_wanted *w)
{
    for (size_t i = 0; i < o->n_moved; i++) {
        const struct catalog_source *s = o->moved[i].source;
        if (s == NULL || s->whole == GROUP_COUNT) {
            continue;
        }
        w->whole[s->whole] = true;
        if (strncmp(s->catalog, "pg_sh", strlen("pg_sh")) == 0) {
            w->whole[GROUP_ROLES] = true; /* comments and labels of roles */
        }
    }
}

/* Groups that candidates belong to. */
static void want_groups(struct observer *o, struct definitions_wanted *w)
{
    for (size_t i = 0; i < o->candidates.n; i++) {
        struct suspect *c = o->candidates.rows[i].value;
        if (!c->is_read && group_of_class(c->classid) >= GROUP_WHOLE &&
            (c->classid != PG_LARGEOBJECT || w->format != 1)) {
            c->is_read = true;
            w->whole[group_of_class(c->classid)] = true;
        }
    }
}

static bool wants_groups(const struct definitions_wanted *w)
{
    bool any = false;
    for (enum group g = GROUP_WHOLE; g < GROUP_COUNT; g++) {
        any |= w->whole[g];
    }
    return any;
}

static void compare_read(struct observer *o, const struct catalog *now)
{
    for (size_t i = 0; i < o->candidates.n; i++) {
        struct suspect *c = o->candidates.rows[i].value;
        if (!c->is_read && group_of_class(c->classid) < GROUP_WHOLE) {
            c->is_read = true;
            compare_one(o, exactly(o->base, c->classid, c->objid),
                        exactly(now, c->classid, c->objid));
        }
    }
}

/* Makes candidates of what depends on objects whose change spreads. */
static void follow(struct observer *o, const struct pg_rows *r)
{
    for (size_t i = 0; r != NULL && i < pg_rows_n(r); i++) {
        const struct pair *p = pair_at(o, (uint32_t)pg_int(r, i, COL_VIA_CLASS),
                                       (uint32_t)pg_int(r, i, COL_VIA_OBJECT));
        uint32_t classid = (uint32_t)pg_int(r, i, COL_CLASS);
        if (p != NULL && spreads(p) && classid != 0 && pg_null(r, i, COL_EXTENSION)) {
            (void)candidate_add(o, classid, (uint32_t)pg_int(r, i, COL_OBJECT));
        }
    }
}

bool compare_add(struct observer *o, bool first)
{
    struct round *r = &o->round;
    struct definitions_wanted w = {.format = o->base->format};
    bool all_new;
    *r = (struct round){0};
    bool any = want_candidates(o, &w, &r->seeds, &all_new);
    want_groups(o, &w);
    if (first) {
        want_moved(o, &w);
    }
    if (!any && !wants_groups(&w)) {
        return false;
    }
    if (all_new) {
        leave_out(o, &w);
    }
    memcpy(r->whole, w.whole, sizeof r->whole);
    r->definitions = definitions_add(o->a, o->s, &w);
    seeds_add(o, &r->seeds, &r->dependants);
    return true;
}

bool compare_take(struct observer *o)
{
    struct round *r = &o->round;
    struct catalog now;
    definitions_take(r->definitions, &now);
    compare_read(o, &now);
    for (enum group g = GROUP_WHOLE; g < GROUP_COUNT; g++) {
        if (r->whole[g]) {
            compare_group(o, &now, g);
        }
    }
    size_t n = o->candidates.n;
    follow(o, r->dependants);
    pg_rows_free(r->dependants);
    return o->candidates.n > n;
}

static void list_changes(struct observer *o)
{
    struct observation *out = o->out;
    out->changes = ARENA_ARRAY(o->a, struct change, 2 * o->n_pairs + 1);
    for (size_t i = 0; i < o->n_pairs; i++) {
        const struct pair *p = &o->pairs[i];
        if (p->before != NULL && p->after != NULL && strcmp(p->before->text, p->after->text) != 0) {
            out->changes[out->n_changes++] = (struct change){p->before, NULL};
            out->changes[out->n_changes++] = (struct change){NULL, p->after};
        } else {
            out->changes[out->n_changes++] = (struct change){p->before, p->after};
        }
    }
    if (out->n_changes > 0) {
        qsort(out->changes, out->n_changes, sizeof *out->changes, change_by_text);
    }
}

/* An object may take the name that another gave up: one change, not two of the same text. */
static void join_changes(struct observer *o)
{
    struct observation *out = o->out;
    size_t n = 0;
    for (size_t i = 0; i < out->n_changes; i++) {
        struct change *last = n > 0 ? &out->changes[n - 1] : NULL;
        if (last != NULL && change_by_text(last, &out->changes[i]) == 0) {
            last->before = last->before != NULL ? last->before : out->changes[i].before;
            last->after = last->after != NULL ? last->after : out->changes[i].after;
        } else {
            out->changes[n++] = out->changes[i];
        }
    }
    out->n_changes = n;
}

int compare(struct observer *o, struct err *e)
{
    bool more = o->n_moved > 0;
    for (bool first = !o->is_begun; more && !o->full; first = false) {
        more = compare_add(o, first);
        if (more && pg_batch_run(o->s, NULL, e) != 0) {
            return -1;
        }
        more = more && compare_take(o);
        if (needs_all(o) && compare_all(o, e) != 0) {
            return -1;
        }
    }
    list_changes(o);
    join_changes(o);
    return 0;
}
