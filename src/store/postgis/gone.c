/* What a transaction dropped that no catalog of it ever showed: another session committed it behind the base,
 * before CASCADE came by.
 * Owns: how that is told from what the transaction made and dropped itself. */
#include <string.h>

#include "store/postgis/observer.h"
#include "store/postgis/queries.h"

enum { COL_CLASS, COL_OBJECT, COL_TEXT, COL_OWNER_CLASS, COL_OWNER, COL_FACET };

/* Addresses as the query wants them, and all relations that are gone. */
struct absent {
    struct oids classes, objects, relations;
};

static void absent_add(const struct observer *o, struct absent *l, uint32_t classid, uint32_t objid)
{
    if (catalog_at(o->base, classid, objid) != NULL || pair_at(o, classid, objid) != NULL) {
        return;
    }
    ARENA_GROW(o->a, l->classes.v, l->classes.n, l->classes.cap);
    l->classes.v[l->classes.n++] = classid;
    ARENA_GROW(o->a, l->objects.v, l->objects.n, l->objects.cap);
    l->objects.v[l->objects.n++] = objid;
}

/* A dropped object stays locked. Neither the base nor a difference knows these. */
static struct absent absent_of(const struct observer *o)
{
    struct absent l = {0};
    for (size_t i = 0; i < o->now.n_locks; i++) {
        const struct lock *k = &o->now.locks[i];
        if (k->kind == '\0' && (k->modes & LOCKED_ACCESS_EXCLUSIVE) != 0) {
            oids_add(o->a, &l.relations, k->oid);
            absent_add(o, &l, PG_CLASS, k->oid);
        }
    }
    for (size_t i = 0; i < o->now.n_objects; i++) {
        absent_add(o, &l, o->now.objects[i].classid, o->now.objects[i].objid);
    }
    return l;
}

static bool stands(const struct pg_rows *r, const char *classid, const char *objid)
{
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        if (strcmp(pg_text(r, i, COL_CLASS), classid) == 0 &&
            strcmp(pg_text(r, i, COL_OBJECT), objid) == 0) {
            return true;
        }
    }
    return false;
}

/* A part has no address in the base: a facet of its owner shows it; a default, the one of its column. */
static bool is_known_part(const struct observer *o, const struct pg_rows *r, size_t i)
{
    const struct catalog_object *owner =
        pg_null(r, i, COL_OWNER) || pg_null(r, i, COL_FACET)
            ? NULL
            : catalog_at(o->base, (uint32_t)pg_int(r, i, COL_OWNER_CLASS),
                         (uint32_t)pg_int(r, i, COL_OWNER));
    const struct facet *f = owner != NULL ? facet_of(owner, pg_text(r, i, COL_FACET)) : NULL;
    bool is_default = f != NULL && strncmp(f->name, "column ", strlen("column ")) == 0;
    return f != NULL && (!is_default || strstr(f->value, " default sha256:") != NULL ||
                         strstr(f->value, " generated ") != NULL);
}

/* What this transaction made and dropped nobody else ever saw; what another committed everybody else sees
 * until we do. */
static int compare_views(struct observer *o, struct pg *beside, const char *const params[3],
                         struct observation *out, struct err *e)
{
    struct pg_rows *here = NULL;
    struct pg_rows *there = NULL;
    int rc = pg_query(o->s, &postgis_observe_gone, params, 3, &here, e);
    if (rc == 0) {
        rc = pg_query(beside, &postgis_observe_gone, params, 3, &there, e);
    }
    for (size_t i = 0; rc == 0 && i < pg_rows_n(there); i++) {
        if (!stands(here, pg_text(there, i, COL_CLASS), pg_text(there, i, COL_OBJECT)) &&
            !is_known_part(o, there, i)) {
            names_add(o->a, &out->taken_along, arena_strdup(o->a, pg_text(there, i, COL_TEXT)));
        }
    }
    pg_rows_free(here);
    pg_rows_free(there);
    return rc;
}

bool observer_may_take_along(const struct observer *o)
{
    return (o->cascades || o->ran_code) && absent_of(o).classes.n > 0;
}

int observer_taken_along(struct observer *o, struct pg *beside, struct observation *out,
                         struct err *e)
{
    const struct absent l = absent_of(o);
    const char *params[3] = {oids_array(o->a, &l.classes), oids_array(o->a, &l.objects),
                             oids_array(o->a, &l.relations)};
    return compare_views(o, beside, params, out, e);
}
