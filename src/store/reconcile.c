/* Which objects a transaction may have changed, and whether every catalog that moved is accounted for.
 * Owns: the table of system catalogs (sources.def). */
#include "store/observer.h"

#include <stdlib.h>
#include <string.h>

#include "store/queries.h"

/* Catalogs in what observe_rows.sql returns that are none. */
enum { ROW_OF_LOCK = 0, ROW_OF_TOAST = 1 };
enum { COL_CATALOG, COL_N, COL_CLASS, COL_OBJECT, COL_EXTENSION };

static const struct source sources[] = {
#define SOURCE(catalog, how, group) {#catalog, HOW_##how, GROUP_##group},
#include "store/sources.def"
#undef SOURCE
};

const struct source *source_of(const char *catalog)
{
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        if (strcmp(sources[i].catalog, catalog) == 0) {
            return &sources[i];
        }
    }
    return NULL;
}

void unreconciled(struct observer *o, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (o->unreconciled.n > 0) {
        buf_puts(&o->unreconciled, "; ");
    }
    buf_vprintf(&o->unreconciled, fmt, ap);
    va_end(ap);
}

struct candidate *candidate_add(struct observer *o, uint32_t classid, uint32_t objid)
{
    uint32_t key[2] = {classid, objid};
    struct candidate *c = table_get(&o->candidates, bytes_of((const char *)key, sizeof key));
    if (c == NULL) {
        c = ARENA_NEW(o->a, struct candidate);
        *c = (struct candidate){.classid = classid, .objid = objid, .extension = ""};
        (void)table_put(&o->candidates, address_key(o->a, classid, objid), c);
    }
    return c;
}

static struct moved *moved_at(struct observer *o, uint32_t oid)
{
    for (size_t i = 0; i < o->n_moved; i++) {
        if (o->moved[i].oid == oid) {
            return &o->moved[i];
        }
    }
    return NULL;
}

static struct moved *moved_named(struct observer *o, const char *name)
{
    for (size_t i = 0; i < o->n_moved; i++) {
        if (strcmp(o->moved[i].name, name) == 0) {
            return &o->moved[i];
        }
    }
    return NULL;
}

static void name_catalog(struct observer *o, const char *catalog)
{
    (void)touch_once(o, (struct object){OBJ_UNKNOWN, "", arena_strdup(o->a, catalog)},
                     EFFECT_ALTER);
}

static void find_direct_write(struct observer *o, const struct lock *l)
{
    const struct source *s = l->kind == 'r' ? source_of(l->name) : NULL;
    bool known = s != NULL && s->how != HOW_LOCKED && s->how != HOW_SILENT;
    const char *catalog = l->kind == 'i' ? l->owner_name : l->name;
    /* Since version 17, ALTER COLUMN ... TYPE keeps its lock on pg_depend. */
    if (l->kind == 'r' && l->oid == PG_DEPEND && moved_at(o, PG_ATTRIBUTE) != NULL) {
        o->keeps_depend = true;
        return;
    }
    bool told = is_touched(o, (struct object){OBJ_UNKNOWN, "", catalog});
    if (!told && (l->kind == 'i' || (l->kind == 'r' && !known))) {
        unreconciled(o, "%s was written directly", catalog);
        name_catalog(o, catalog);
        o->direct = true;
    }
}

/* DDL gives its locks on catalogs' indexes back at once, and those on the catalogs that sources.def calls LOCKED or SILENT;
 * large objects keep theirs. Statements that write a catalog directly hold them. */
static void find_direct_writes(struct observer *o)
{
    for (size_t i = 0; i < o->now.n_locks; i++) {
        const struct lock *l = &o->now.locks[i];
        bool writes = (l->modes & LOCKED_ROW_EXCLUSIVE) != 0;
        bool is_data = strncmp(l->name, "pg_largeobject", strlen("pg_largeobject")) == 0;
        if (writes && strcmp(l->schema, "pg_catalog") == 0 && !is_data) {
            find_direct_write(o, l);
        }
    }
}

static void find_unknown(struct observer *o)
{
    if (!o->counts || !o->now.counts) {
        unreconciled(o, "track_counts was off, so that rows were not counted");
    }
    for (size_t i = 0; i < o->n_moved; i++) {
        const struct moved *m = &o->moved[i];
        int64_t n = m->rows.inserted + m->rows.updated + m->rows.deleted;
        if (m->source == NULL) {
            name_catalog(o, m->name);
            unreconciled(o, "%s: %lld row%s changed, and what that means is not known", m->name,
                         (long long)n, n == 1 ? "" : "s");
        }
    }
}

/* Parameters of observe_rows.sql. */
struct search {
    const char *params[9];
    struct oids all, locked_only;
};

static void add_locked(struct observer *o, struct search *q)
{
    struct oids relations = {0};
    struct oids classes = {0};
    struct oids objects = {0};
    for (size_t i = 0; i < o->now.n_locks; i++) {
        if (o->now.locks[i].modes >= LOCKED_SHARE_UPDATE_EXCLUSIVE) {
            oids_add(o->a, &relations, o->now.locks[i].oid);
        }
    }
    for (size_t i = 0; i < o->now.n_objects; i++) {
        ARENA_GROW(o->a, classes.v, classes.n, classes.cap);
        classes.v[classes.n++] = o->now.objects[i].classid;
        ARENA_GROW(o->a, objects.v, objects.n, objects.cap);
        objects.v[objects.n++] = o->now.objects[i].objid;
    }
    q->params[4] = oids_array(o->a, &relations);
    q->params[5] = oids_array(o->a, &classes);
    q->params[6] = oids_array(o->a, &objects);
}

static struct pg_rows *searched_rows(struct observer *o, struct search *q, bool hidden,
                                     struct err *e)
{
    struct pg_rows *r = NULL;
    q->params[0] = o->xid;
    q->params[1] = arena_printf(o->a, "%lld", (long long)o->now.window);
    q->params[2] = oids_array(o->a, &q->all);
    q->params[3] = oids_array(o->a, &q->locked_only);
    q->params[7] = q->params[8] = "{}";
    pins_add(o->s, PINS_SAVEPOINT, false);
    pg_batch_add(o->s, &store_observe_rows, q->params, 9, &r);
    if (hidden) {
        pg_batch_add(o->s, &store_observe_hidden, q->params, 2, &o->r_hidden);
    }
    pins_undo(o->s, PINS_SAVEPOINT);
    return pins_run(o->s, PINS_SAVEPOINT, e) == 0 ? r : NULL;
}

static bool is_class_row(uint32_t catalog, uint32_t classid)
{
    return catalog == classid || (catalog == PG_LARGEOBJECT_METADATA && classid == PG_LARGEOBJECT);
}

static void take_rows(struct observer *o, const struct pg_rows *r)
{
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        uint32_t catalog = (uint32_t)pg_int(r, i, COL_CATALOG);
        uint32_t classid = (uint32_t)pg_int(r, i, COL_CLASS);
        if (classid == 0 || catalog == ROW_OF_TOAST) {
            continue;
        }
        struct candidate *c = candidate_add(o, classid, (uint32_t)pg_int(r, i, COL_OBJECT));
        c->extension = arena_strdup(o->a, pg_text(r, i, COL_EXTENSION));
        c->is_own |= catalog != ROW_OF_LOCK;
        c->is_row |= is_class_row(catalog, classid);
    }
}

static bool is_new(const struct observer *o, uint32_t classid, uint32_t objid)
{
    return catalog_at(o->base, classid, objid) == NULL;
}

/* How many of the counted writes are certain to have been on the rows found: each was written once at least; a column with a
 * default and a table with a TOAST table, if new, were inserted and then updated. */
static void count_found(struct observer *o, const struct pg_rows *r)
{
    struct moved *classes = moved_at(o, PG_CLASS);
    struct moved *columns = moved_at(o, PG_ATTRIBUTE);
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        uint32_t catalog = (uint32_t)pg_int(r, i, COL_CATALOG);
        bool fresh = is_new(o, PG_CLASS, (uint32_t)pg_int(r, i, COL_OBJECT));
        int64_t n = pg_int(r, i, COL_N);
        struct moved *m = moved_at(o, catalog);
        if (m != NULL) {
            m->found += n;
        }
        if (catalog == ROW_OF_TOAST && fresh && classes != NULL) {
            classes->found += n;
        }
        if (catalog == PG_ATTRDEF && fresh && columns != NULL) {
            columns->found += n;
        }
    }
}

/* What was dropped with a table was taken off it first: each default off its column, each check off the table. */
static void count_dropped(struct observer *o)
{
    struct moved *classes = moved_at(o, PG_CLASS);
    struct moved *columns = moved_at(o, PG_ATTRIBUTE);
    for (size_t i = 0; i < o->now.n_locks; i++) {
        const struct lock *l = &o->now.locks[i];
        const struct catalog_object *b =
            l->kind == '\0' ? catalog_at(o->base, PG_CLASS, l->oid) : NULL;
        for (size_t k = 0; b != NULL && b->objid == l->oid && k < b->n_facets; k++) {
            const struct facet *f = &b->facets[k];
            bool has_default = strstr(f->value, " default sha256:") != NULL ||
                               strstr(f->value, " generated ") != NULL;
            bool is_check = strncmp(f->value, "CHECK sha256:", strlen("CHECK sha256:")) == 0;
            if (columns != NULL && has_default &&
                strncmp(f->name, "column ", strlen("column ")) == 0) {
                columns->found++;
            }
            if (classes != NULL && is_check &&
                strncmp(f->name, "constraint ", strlen("constraint ")) == 0) {
                classes->found++;
            }
        }
    }
}

/* What is gone is found by what the base knows of it. */
static void find_known(struct observer *o, uint32_t classid, uint32_t objid)
{
    const struct catalog_object *b = catalog_at(o->base, classid, objid);
    if (b != NULL) {
        (void)candidate_add(o, b->classid, b->objid);
    }
}

static void find_locked(struct observer *o)
{
    for (size_t i = 0; i < o->now.n_locks; i++) {
        if (o->now.locks[i].modes >= LOCKED_SHARE_UPDATE_EXCLUSIVE) {
            find_known(o, PG_CLASS, o->now.locks[i].oid);
        }
    }
    for (size_t i = 0; i < o->now.n_objects; i++) {
        find_known(o, o->now.objects[i].classid, o->now.objects[i].objid);
    }
    /* ALTER TEXT SEARCH CONFIGURATION ... DROP MAPPING locks nothing and writes no row that stays. */
    const struct moved *mappings = moved_named(o, "pg_ts_config_map");
    for (size_t i = 0; mappings != NULL && mappings->rows.deleted > 0 && i < o->base->n; i++) {
        if (o->base->v[i]->classid == PG_TS_CONFIG) {
            (void)candidate_add(o, PG_TS_CONFIG, o->base->v[i]->objid);
        }
    }
}

/* Catalogs whose rows among what is locked are fewer than were counted. */
static bool find_short(struct observer *o, struct search *again)
{
    for (size_t i = 0; i < o->n_moved; i++) {
        const struct moved *m = &o->moved[i];
        if (m->source != NULL && m->source->how == HOW_COUNTED &&
            m->found < m->rows.inserted + m->rows.updated) {
            oids_add(o->a, &again->all, m->oid);
        }
    }
    return again->all.n > 0;
}

static bool choose(struct observer *o, struct search *q, bool *hidden)
{
    bool any = false;
    for (size_t i = 0; i < o->n_moved; i++) {
        const struct source *s = o->moved[i].source;
        if (s == NULL) {
            continue;
        }
        if (s->how == HOW_SEARCHED) {
            oids_add(o->a, &q->all, o->moved[i].oid);
        } else if (s->how == HOW_COUNTED) {
            oids_add(o->a, &q->locked_only, o->moved[i].oid);
        }
        *hidden |= s->how == HOW_HIDDEN && o->now.reads_all;
        any |= s->how != HOW_LARGE_OBJECT &&
               strncmp(s->catalog, "pg_statistic", strlen("pg_statistic")) != 0;
        any |= strcmp(s->catalog, "pg_statistic_ext") == 0;
    }
    return any;
}

int reconcile(struct observer *o, struct err *e)
{
    struct search q = {0};
    struct search again = {0};
    bool hidden = false;
    find_unknown(o);
    find_direct_writes(o);
    if (!choose(o, &q, &hidden)) {
        return 0;
    }
    add_locked(o, &q);
    struct pg_rows *r = searched_rows(o, &q, hidden, e);
    if (r == NULL) {
        return -1;
    }
    take_rows(o, r);
    count_found(o, r);
    count_dropped(o);
    pg_rows_free(r);
    find_locked(o);
    if (!find_short(o, &again)) {
        return 0;
    }
    again.params[4] = again.params[5] = again.params[6] = "{}";
    r = searched_rows(o, &again, false, e);
    if (r == NULL) {
        return -1;
    }
    take_rows(o, r);
    pg_rows_free(r);
    return 0;
}
