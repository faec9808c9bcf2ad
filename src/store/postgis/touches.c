/* What a transaction did to which object: from compared definitions, and from locks on relations.
 * Owns: the rules by which a lock becomes a touch. */
#include <stdlib.h>
#include <string.h>

#include "store/postgis/observer.h"

struct touch *touch_once(struct observer *o, struct object object, enum effect effect)
{
    const char *key = arena_printf(o->a, "%s %s", effect_text(effect), object_text(o->a, &object));
    size_t at = (size_t)(uintptr_t)table_gets(&o->touched, key);
    if (at == 0) {
        touches_add(o->a, &o->out->touches,
                    (struct touch){.object = object, .effect = effect, .statement = -1});
        at = o->out->touches.n;
        (void)table_puts(&o->touched, key, (void *)(uintptr_t)at);
    }
    return &o->out->touches.v[at - 1];
}

static int64_t rows_sum(int64_t a, int64_t b)
{
    return a == ROWS_UNKNOWN || b == ROWS_UNKNOWN ? ROWS_UNKNOWN : a + b;
}

void touch_rows(struct touch *t, const struct row_tally *rows)
{
    t->inserted = rows_sum(t->inserted, rows->inserted);
    t->updated = rows_sum(t->updated, rows->updated);
    t->deleted = rows_sum(t->deleted, rows->deleted);
}

void touch_facet(struct observer *o, struct touch *t, enum facet_change change, const char *facet)
{
    struct facet_diff *v = ARENA_ARRAY(o->a, struct facet_diff, t->n_facets + 1);
    if (t->n_facets > 0) {
        memcpy(v, t->facets, t->n_facets * sizeof *v);
    }
    v[t->n_facets++] = (struct facet_diff){change, facet};
    t->facets = v;
}

bool is_touched(struct observer *o, struct object object)
{
    const char *text = object_text(o->a, &object);
    for (enum effect e = EFFECT_REFERENCE; e < EFFECT_COUNT; e++) {
        if (table_gets(&o->touched, arena_printf(o->a, "%s %s", effect_text(e), text)) != NULL) {
            return true;
        }
    }
    return false;
}

void touch_between(struct arena *arena, const struct catalog_object *before,
                   const struct catalog_object *after, struct touch *t)
{
    static const struct catalog_object nothing;
    const struct catalog_object *b = before != NULL ? before : &nothing;
    const struct catalog_object *a = after != NULL ? after : &nothing;
    struct facet_diff *v = ARENA_ARRAY(arena, struct facet_diff, b->n_facets + a->n_facets + 1);
    size_t n = 0;
    size_t i = 0;
    size_t k = 0;
    while (i < b->n_facets || k < a->n_facets) {
        int c = i == b->n_facets   ? 1
                : k == a->n_facets ? -1
                                   : strcmp(b->facets[i].name, a->facets[k].name);
        if (c < 0) {
            v[n++] = (struct facet_diff){FACET_REMOVED, b->facets[i++].name};
        } else if (c > 0) {
            v[n++] = (struct facet_diff){FACET_ADDED, a->facets[k++].name};
        } else {
            if (strcmp(b->facets[i].value, a->facets[k].value) != 0) {
                v[n++] = (struct facet_diff){FACET_CHANGED, a->facets[k].name};
            }
            i++;
            k++;
        }
    }
    t->facets = v;
    t->n_facets = n;
}

/* GRANT a TO b changes what b is; whoever judges that wants to know of a as well. */
static void touch_groups(struct observer *o, const struct touch *member)
{
    static const char prefix[] = "member of ";
    struct touch t = *member; /* the list may move */
    for (size_t i = 0; i < t.n_facets; i++) {
        if (t.object.kind == OBJ_ROLE && strncmp(t.facets[i].facet, prefix, strlen(prefix)) == 0) {
            struct object group = {OBJ_ROLE, "", t.facets[i].facet + strlen(prefix), NULL};
            touch_facet(o, touch_once(o, group, EFFECT_ALTER), t.facets[i].change,
                        arena_printf(o->a, "member %s", t.object.name));
        }
    }
}

/* Memberships end with the role that is dropped; whoever makes one with CREATEROLE becomes a member of
 * it (since 16). Nobody said a word about the member: it goes with the other role. */
static bool goes_with_role(const struct observer *o, const struct touch *t)
{
    static const char prefix[] = "member of ";
    const char *self = strchr(o->user, '|');
    bool is_self = self != NULL && strcmp(self + 1, t->object.name) == 0;
    for (size_t i = 0; i < t->n_facets; i++) {
        const char *facet = t->facets[i].facet;
        const struct pair *p = strncmp(facet, prefix, strlen(prefix)) == 0
                                   ? pair_named(o, OBJ_ROLE, facet + strlen(prefix))
                                   : NULL;
        bool dropped = p != NULL && p->after == NULL && t->facets[i].change == FACET_REMOVED;
        bool made = p != NULL && p->before == NULL && t->facets[i].change == FACET_ADDED && is_self;
        if (!dropped && !made) {
            return false;
        }
    }
    return t->object.kind == OBJ_ROLE && t->n_facets > 0;
}

static const struct suspect *candidate_of(const struct observer *o, const struct catalog_object *c)
{
    uint32_t key[2] = {c->classid, c->objid};
    return table_get(&o->candidates, bytes_of((const char *)key, sizeof key));
}

static void dropped_rows(struct observer *o, struct touch *t, const struct catalog_object *b)
{
    if (b->object.kind != OBJ_TABLE || facet_of(b, "partition_key") != NULL) {
        return;
    }
    const struct lock *l = sensed_lock(o, b->objid);
    static const struct row_tally none;
    struct row_tally rows = l != NULL ? l->rows : none;
    rows.deleted = rows_sum(rows.deleted, rows_dropped(o, b));
    touch_rows(t, &rows);
}

/* A sequence that a column came to own, or owns no more, is there as before. */
static bool is_handed_over(const struct observer *o, const struct pair *p)
{
    const struct catalog_object *c = p->before != NULL ? p->before : p->after;
    const struct lock *l = sensed_lock(o, c->objid);
    bool was = catalog_at(o->base, PG_CLASS, c->objid) != NULL;
    return c->object.kind == OBJ_SEQUENCE && was && l != NULL && l->kind == 'S';
}

static void touch_removed(struct observer *o, const struct pair *p)
{
    const struct suspect *c = candidate_of(o, p->before);
    if (is_handed_over(o, p)) {
        touch_facet(o, touch_once(o, p->before->object, EFFECT_ALTER), FACET_ADDED, "owned by");
        return;
    }
    if (c != NULL && c->extension[0] != '\0') {
        touch_facet(o, touch_once(o, p->before->object, EFFECT_ALTER), FACET_CHANGED,
                    "extension membership");
        struct object extension = {OBJ_EXTENSION, "", c->extension, NULL};
        touch_facet(o, touch_once(o, extension, EFFECT_ALTER), FACET_ADDED,
                    arena_printf(o->a, "member %s", p->before->text));
        return;
    }
    struct touch *t = touch_once(o, p->before->object, EFFECT_DROP);
    touch_between(o->a, p->before, p->after, t);
    dropped_rows(o, t, p->before);
}

/* Extensions that were looked at while one of their members was let go. */
static void touch_former_extensions(struct observer *o, const char *member)
{
    for (size_t i = 0; i < o->now.n_objects; i++) {
        const struct catalog_object *b =
            catalog_at(o->base, o->now.objects[i].classid, o->now.objects[i].objid);
        if (b != NULL && b->object.kind == OBJ_EXTENSION) {
            touch_facet(o, touch_once(o, b->object, EFFECT_ALTER), FACET_REMOVED,
                        arena_printf(o->a, "member %s", member));
        }
    }
}

static void touch_added(struct observer *o, const struct pair *p)
{
    const struct suspect *c = candidate_of(o, p->after);
    if (is_handed_over(o, p)) {
        touch_facet(o, touch_once(o, p->after->object, EFFECT_ALTER), FACET_REMOVED, "owned by");
        return;
    }
    if (c != NULL && !c->is_row && p->after->classid != 0 && group_of(p->after) < GROUP_WHOLE) {
        touch_facet(o, touch_once(o, p->after->object, EFFECT_ALTER), FACET_CHANGED,
                    "extension membership");
        touch_former_extensions(o, p->after->text);
        return;
    }
    struct touch *t = touch_once(o, p->after->object, EFFECT_CREATE);
    touch_between(o->a, p->before, p->after, t);
    touch_groups(o, t);
}

/* Where nothing deviates any more it may have gone with its extension, or as a large object: that is told
 * elsewhere. */
static void touch_given(struct observer *o, const struct pair *p)
{
    const struct catalog_object *c = p->after != NULL ? p->after : p->before;
    const struct suspect *found = candidate_of(o, c);
    if (p->after != NULL || c->objid < FIRST_NORMAL_OID || (found != NULL && found->is_row)) {
        touch_between(o->a, p->before, p->after, touch_once(o, c->object, EFFECT_ALTER));
    }
}

static void touch_altered(struct observer *o, const struct pair *p)
{
    bool renamed = strcmp(p->before->text, p->after->text) != 0;
    struct touch difference = {.object = p->before->object};
    touch_between(o->a, p->before, p->after, &difference);
    if (goes_with_role(o, &difference)) {
        return;
    }
    struct touch *t = touch_once(o, p->before->object, EFFECT_ALTER);
    t->facets = difference.facets;
    t->n_facets = difference.n_facets;
    if (renamed) {
        touch_facet(o, t, FACET_CHANGED, "name");
    }
    touch_groups(o, t);
    if (renamed) {
        (void)touch_once(o, p->after->object, EFFECT_CREATE);
    }
}

void touches_of_pairs(struct observer *o)
{
    for (size_t i = 0; i < o->n_pairs; i++) {
        const struct pair *p = &o->pairs[i];
        if (p->is_silent) {
            continue;
        }
        if ((p->after != NULL ? p->after : p->before)->is_given) {
            touch_given(o, p);
        } else if (p->before == NULL) {
            touch_added(o, p);
        } else if (p->after == NULL) {
            touch_removed(o, p);
        } else {
            touch_altered(o, p);
        }
    }
}

/* What a lock counts to: the extension, the table that a sequence belongs to, or the relation itself. */
static struct object object_of(const struct lock *l)
{
    if (l->extension[0] != '\0') {
        return (struct object){OBJ_EXTENSION, "", l->extension, NULL};
    }
    if (l->owner != 0) {
        return (struct object){relation_kind(l->owner_kind), l->owner_schema, l->owner_name, NULL};
    }
    return (struct object){relation_kind(l->kind), l->schema, l->name, NULL};
}

static bool is_new(const struct observer *o, uint32_t oid)
{
    const struct pair *p = pair_at(o, PG_CLASS, oid);
    return p != NULL && p->before == NULL && !p->after->is_given;
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

/* A sequence goes on from where it was, whatever becomes of the transaction: unless it was made in it. */
static void touch_sequence(struct observer *o, const struct lock *l)
{
    bool made_here = is_new(o, l->oid) ||
                     (catalog_at(o->base, PG_CLASS, l->oid) == NULL && l->extension[0] == '\0');
    if (l->modes <= (LOCKED_ACCESS_SHARE | LOCKED_ROW_SHARE)) {
        (void)touch_once(o, object_of(l), EFFECT_READ);
        return;
    }
    if (made_here) {
        return;
    }
    /* ALTER SEQUENCE and TRUNCATE ... RESTART go back with the transaction; they lock the sequence
     * against others. */
    bool altered = l->modes >= LOCKED_SHARE_ROW_EXCLUSIVE;
    bool differs = pair_at(o, PG_CLASS, l->oid) != NULL ||
                   (l->owner != 0 && pair_at(o, PG_CLASS, l->owner) != NULL);
    if (!altered) {
        struct object itself = {OBJ_SEQUENCE, l->schema, l->name, NULL};
        touches_add(o->a, &o->out->residue,
                    (struct touch){.object = itself, .effect = EFFECT_WRITE, .statement = -1});
    }
    if (!altered || !differs) {
        (void)touch_once(o, object_of(l), EFFECT_WRITE);
    }
}

static void touch_remote(struct observer *o, const struct lock *l)
{
    static const struct row_tally unknown = {ROWS_UNKNOWN, ROWS_UNKNOWN, ROWS_UNKNOWN};
    struct object remote = {OBJ_REMOTE, "", l->server, NULL};
    touch_rows(touch_once(o, object_of(l), EFFECT_WRITE), &unknown);
    (void)touch_once(o, remote, EFFECT_WRITE);
    touches_add(o->a, &o->out->residue,
                (struct touch){.object = remote, .effect = EFFECT_WRITE, .statement = -1});
}

static bool has_rows(const struct row_tally *t)
{
    return t->inserted != 0 || t->updated != 0 || t->deleted != 0;
}

/* REINDEX, and CREATE INDEX that was dropped again, lock an index or something that is gone. */
static bool has_locked_index(const struct observer *o, const struct lock *table)
{
    for (size_t i = 0; i < o->now.n_locks; i++) {
        const struct lock *l = &o->now.locks[i];
        bool is_its = l->owner == table->oid && (l->kind == 'i' || l->kind == 'I');
        if (l->modes >= LOCKED_ACCESS_EXCLUSIVE && (is_its || l->kind == '\0')) {
            return true;
        }
    }
    return false;
}

/* Is name one of a list "a.b, a.c"? */
static bool is_listed(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = strstr(list, name); p != NULL; p = strstr(p + 1, name)) {
        bool begins = p == list || (p[-1] == ' ' && p - list > 1 && p[-2] == ',');
        if (begins && (p[n] == '\0' || p[n] == ',')) {
            return true;
        }
    }
    return false;
}

/* Does what one side has say that it refers to the relation, and the other does not say the same? */
static bool says_alone(const struct catalog_object *one, const struct catalog_object *other,
                       const char *key, const char *member)
{
    const char *name = member + strlen("table ");
    for (size_t i = 0; one != NULL && i < one->n_facets; i++) {
        const struct facet *f = &one->facets[i];
        const struct facet *same = other != NULL ? facet_of(other, f->name) : NULL;
        bool refers =
            (strncmp(f->name, "constraint ", strlen("constraint ")) == 0 &&
             strstr(f->value, key) != NULL) ||
            strcmp(f->name, member) == 0 ||
            (other == NULL && strcmp(f->name, "inherits") == 0 && is_listed(f->value, name));
        if (refers && (same == NULL || strcmp(same->value, f->value) != 0)) {
            return true;
        }
    }
    return false;
}

/* A foreign key to it or a child of it was dropped, or it is published no more, and nothing new refers to
 * it. */
static bool is_let_go(const struct observer *o, const struct lock *l)
{
    struct object itself = object_of(l);
    const char *text = object_text(o->a, &itself) + strlen(object_kind_text(itself.kind)) + 1;
    const char *key = arena_printf(o->a, " REFERENCES %s (", text);
    const char *member = arena_printf(o->a, "table %s", text);
    bool was = false;
    bool is = false;
    for (size_t i = 0; i < o->n_pairs; i++) {
        const struct pair *p = &o->pairs[i];
        was = was || says_alone(p->before, p->after, key, member);
        is = is || says_alone(p->after, p->before, key, member);
    }
    return was && !is;
}

/* ANALYZE, which reads rows and writes statistics, takes this lock beside those of readers; what else takes
 * it changes a definition. */
static bool is_analyzed(const struct lock *l)
{
    return (l->modes & ~(unsigned)(LOCKED_ACCESS_SHARE | LOCKED_ROW_SHARE)) ==
           LOCKED_SHARE_UPDATE_EXCLUSIVE;
}

/* Locked against others without a difference or rows: for a foreign key, a child or a publication,
 * or for something like LOCK TABLE. One in SHARE MODE only keeps writers out. */
static enum effect effect_of_strong(const struct observer *o, const struct lock *l)
{
    if ((l->modes & ~(unsigned)(LOCKED_ACCESS_SHARE | LOCKED_ROW_SHARE)) == LOCKED_SHARE &&
        !has_locked_index(o, l)) {
        return EFFECT_READ;
    }
    unsigned strongest = l->modes & ~(unsigned)(LOCKED_SHARE_ROW_EXCLUSIVE - 1);
    bool relates = has_moved(o, "pg_trigger") || has_moved(o, "pg_inherits") ||
                   has_moved(o, "pg_publication_rel");
    if (relates ? is_let_go(o, l) : is_analyzed(l)) {
        return EFFECT_READ;
    }
    return strongest == LOCKED_SHARE_ROW_EXCLUSIVE || relates ? EFFECT_REFERENCE : EFFECT_WRITE;
}

static void touch_changed_rows(struct observer *o, const struct lock *l)
{
    static const struct row_tally none;
    struct row_tally rows =
        l->kind == 'm' ? none : l->rows; /* those of a materialized view follow from others */
    bool differs = pair_at(o, PG_CLASS, l->oid) != NULL && l->extension[0] == '\0';
    bool strong = l->modes >= LOCKED_SHARE_UPDATE_EXCLUSIVE;
    int64_t n = 0;
    enum fate fate = fate_of(o, l, &n);
    bool truncated = fate == FATE_EMPTIED;
    bool by_rows = (l->modes & LOCKED_ROW_EXCLUSIVE) != 0;
    if (truncated) {
        /* Where nobody counted, a changed definition may be all there is to it. */
        bool perhaps = n == ROWS_UNKNOWN && differs;
        const struct row_tally gone = {0, 0, n};
        touch_rows(touch_once(o, object_of(l), perhaps ? EFFECT_WRITE : EFFECT_TRUNCATE), &gone);
    } else if (fate == FATE_REWRITTEN) {
        rows.updated = rows_sum(rows.updated, n);
    }
    if (l->kind == 'f' && by_rows) {
        touch_remote(o, l);
    } else if (has_rows(&rows)) {
        touch_rows(touch_once(o, object_of(l), EFFECT_WRITE), &rows);
    } else if (!truncated && !differs) {
        enum effect e =
            strong && !by_rows && fate != FATE_REWRITTEN ? effect_of_strong(o, l) : EFFECT_WRITE;
        (void)touch_once(o, object_of(l), e);
    } else if (!truncated && by_rows && !is_new(o, l->oid)) {
        (void)touch_once(o, object_of(l), EFFECT_WRITE);
    }
}

static bool is_outside(const struct observer *o, const struct lock *l)
{
    bool reads = l->modes <= (LOCKED_ACCESS_SHARE | LOCKED_ROW_SHARE);
    if (l->kind == '\0' || l->kind == 'i' || l->kind == 'I' || l->kind == 't' || l->kind == 'c' ||
        l->is_temporary) {
        return true;
    }
    if (strcmp(l->schema, "pg_catalog") == 0) {
        return true; /* see reconcile.c */
    }
    if (strcmp(l->schema, "kfmig") == 0) {
        return digest_eq(&o->ledger, &o->now.ledger) || is_analyzed(l);
    }
    /* An extension that this transaction made or changed counts as one object, rows and all. */
    return l->extension[0] != '\0' && (reads || pair_at(o, PG_CLASS, l->oid) != NULL ||
                                       pair_named(o, OBJ_EXTENSION, l->extension) != NULL);
}

void touches_of_locks(struct observer *o)
{
    for (size_t i = 0; i < o->now.n_locks; i++) {
        const struct lock *l = &o->now.locks[i];
        if (is_outside(o, l)) {
            continue;
        }
        if (l->kind == 'S') {
            touch_sequence(o, l);
        } else if (l->modes <= (LOCKED_ACCESS_SHARE | LOCKED_ROW_SHARE)) {
            if (!is_new(o, l->oid) && pair_at(o, PG_CLASS, l->oid) == NULL) {
                (void)touch_once(o, object_of(l), EFFECT_READ);
            }
        } else {
            touch_changed_rows(o, l);
        }
    }
}
