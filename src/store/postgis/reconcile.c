/* Which objects a transaction may have changed, and whether every catalog that moved is accounted for.
 * Owns: the table of system catalogs (sources.def). */
#include "store/postgis/observer.h"

#include <stdlib.h>
#include <string.h>

#include "store/postgis/queries.h"
#include "store/postgis/query_sections.h"

enum { COL_CATALOG, COL_N, COL_CLASS, COL_OBJECT, COL_EXTENSION };

static const struct catalog_source sources[] = {
#define SOURCE(catalog, how, group) {#catalog, HOW_##how, GROUP_##group},
#include "store/postgis/sources.def"
#undef SOURCE
};

const struct catalog_source *source_of(const char *catalog)
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

struct suspect *candidate_add(struct observer *o, uint32_t classid, uint32_t objid)
{
    uint32_t key[2] = {classid, objid};
    struct suspect *c = table_get(&o->candidates, bytes_of((const char *)key, sizeof key));
    if (c == NULL) {
        c = ARENA_NEW(o->a, struct suspect);
        *c = (struct suspect){.classid = classid, .objid = objid, .extension = ""};
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
    (void)touch_once(o, (struct object){OBJ_UNKNOWN, "", arena_strdup(o->a, catalog), NULL},
                     EFFECT_ALTER);
}

static void find_direct_write(struct observer *o, const struct lock *l)
{
    const struct catalog_source *s = l->kind == 'r' ? source_of(l->name) : NULL;
    bool known = s != NULL && s->how != HOW_LOCKED && s->how != HOW_SILENT;
    const char *catalog = l->kind == 'i' ? l->owner_name : l->name;
    /* Since version 17, ALTER COLUMN ... TYPE keeps its lock on pg_depend; scripts of extensions (cube,
     * btree_gist) write there what no command can. */
    if (l->oid == PG_DEPEND || (l->kind == 'i' && strcmp(l->owner_name, "pg_depend") == 0)) {
        bool explained = (l->kind == 'r' && moved_at(o, PG_ATTRIBUTE) != NULL) ||
                         moved_named(o, "pg_extension") != NULL;
        o->keeps_depend |= explained;
        if (explained) {
            return;
        }
    }
    bool told = is_touched(o, (struct object){OBJ_UNKNOWN, "", catalog, NULL});
    if (!told && (l->kind == 'i' || (l->kind == 'r' && !known))) {
        unreconciled(o, "%s was written directly", catalog);
        name_catalog(o, catalog);
        o->direct = true;
    }
}

/* DDL gives its locks on catalogs' indexes back at once, and those on the catalogs that sources.def
 * calls LOCKED or SILENT; large objects keep theirs. Statements that write a catalog directly hold
 * them. */
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
    if (o->powers.switches != NULL) {
        unreconciled(o, "this role may call what switches track_counts: %s", o->powers.switches);
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

/* How far the server resolves what it finds to the objects that it belongs to. */
enum resolve { RESOLVE_NOTHING, RESOLVE_WHOLE, RESOLVE_PARTS };

/* What observe_rows.sql is to look for. */
struct row_search {
    const char *params[7];
    struct oids all, locked_only;
    enum resolve resolve;
};

/* Catalogs whose rows are parts of objects, or may be. */
static const uint32_t parts[] = {PG_PROC,       PG_AMOP,          PG_AMPROC,         PG_ATTRDEF,
                                 PG_CAST,       PG_POLICY,        PG_REWRITE,        PG_TRIGGER,
                                 PG_CONSTRAINT, PG_STATISTIC_EXT, PG_PUBLICATION_REL};

static bool is_part(uint32_t classid)
{
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i] == classid) {
            return true;
        }
    }
    return false;
}

/* Is the lock a sign that the relation itself may have changed? DDL keeps locks on some system catalogs
 * (pg_collation, pg_auth_members): what it changed are their rows. */
static bool may_change(const struct lock *l)
{
    bool is_catalog = l->kind == 'r' && strcmp(l->schema, "pg_catalog") == 0;
    return l->modes >= (is_catalog ? LOCKED_ACCESS_EXCLUSIVE : LOCKED_SHARE_UPDATE_EXCLUSIVE);
}

static void add_locked(struct observer *o, struct row_search *q)
{
    struct oids relations = {0};
    struct oids classes = {0};
    struct oids objects = {0};
    for (size_t i = 0; i < o->now.n_locks; i++) {
        if (may_change(&o->now.locks[i])) {
            oids_add(o->a, &relations, o->now.locks[i].oid);
        }
    }
    for (size_t i = 0; i < o->now.n_objects; i++) {
        ARENA_GROW(o->a, classes.v, classes.n, classes.cap);
        classes.v[classes.n++] = o->now.objects[i].classid;
        ARENA_GROW(o->a, objects.v, objects.n, objects.cap);
        objects.v[objects.n++] = o->now.objects[i].objid;
        bool part = is_part(o->now.objects[i].classid);
        q->resolve = part || q->resolve == RESOLVE_PARTS ? RESOLVE_PARTS : RESOLVE_WHOLE;
    }
    q->params[2] = oids_array(o->a, &relations);
    q->params[3] = oids_array(o->a, &classes);
    q->params[4] = oids_array(o->a, &objects);
}

static bool is_among(const struct oids *l, uint32_t oid)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->v[i] == oid) {
            return true;
        }
    }
    return false;
}

struct choosing {
    const struct observer *o;
    const struct row_search *q;
};

/* By the names of sections in observe_rows.sql. */
static bool keep(void *ctx, struct bytes name)
{
    static const char locked[] = " locked";
    const struct choosing *c = ctx;
    size_t tail = sizeof locked - 1;
    bool is_locked =
        name.n > tail && bytes_eq(bytes_of(name.p + name.n - tail, tail), bytes_str(locked));
    if (bytes_eq(name, bytes_str("as found"))) {
        return c->q->resolve == RESOLVE_NOTHING;
    }
    if (bytes_eq(name, bytes_str("resolved"))) {
        return c->q->resolve != RESOLVE_NOTHING;
    }
    if (bytes_eq(name, bytes_str("whole")) || bytes_eq(name, bytes_str("part"))) {
        return c->q->resolve == (name.p[0] == 'w' ? RESOLVE_WHOLE : RESOLVE_PARTS);
    }
    name.n -= is_locked ? tail : 0;
    for (size_t i = 0; i < c->o->n_moved; i++) {
        if (bytes_eq(bytes_str(c->o->moved[i].name), name)) {
            return is_among(is_locked ? &c->q->locked_only : &c->q->all, c->o->moved[i].oid);
        }
    }
    return false;
}

static bool keep_all(void *ctx, struct bytes name)
{
    (void)ctx;
    return !bytes_eq(name, bytes_str("whole")) && !bytes_eq(name, bytes_str("as found"));
}

static struct pg_rows *searched_rows(struct observer *o, struct row_search *q, bool hidden,
                                     struct err *e)
{
    struct pg_rows *r = NULL;
    struct choosing c = {o, q};
    const struct pg_sql *sql = sections_choose(&postgis_observe_rows, keep, &c, false);
    if (sql == NULL) {
        q->resolve = RESOLVE_PARTS;
        sql = sections_choose(&postgis_observe_rows, keep_all, NULL, true);
    }
    q->params[0] = o->xid;
    q->params[1] = arena_printf(o->a, "%lld", (long long)o->now.window);
    q->params[5] = q->params[6] = "{}";
    pg_batch_add(o->s, sql, q->params, 7, &r);
    if (hidden) {
        pg_batch_add(o->s, &postgis_observe_hidden, q->params, 2, &o->r_hidden);
    }
    if (o->r_switches == NULL && moved_named(o, "pg_proc") != NULL) {
        pg_batch_add(o->s, &postgis_observe_switches, q->params, 2, &o->r_switches);
    }
    return pg_batch_run(o->s, NULL, e) == 0 ? r : NULL;
}

/* A row as the server found it, resolved by what is known of the locks. Returns what the server has
 * to do instead. */
static enum resolve resolve(const struct observer *o, struct found_row *f)
{
    const struct lock *l = f->classid == PG_CLASS ? sensed_lock(o, f->objid) : NULL;
    if (is_part(f->classid)) {
        return RESOLVE_PARTS;
    }
    if (l == NULL || l->kind == 'c') {
        return RESOLVE_WHOLE;
    }
    if (strcmp(l->schema, "pg_toast") == 0) {
        f->classid = f->objid = 0;
    } else if (l->owner != 0) {
        f->objid = l->owner;
    }
    f->extension = l->extension;
    return RESOLVE_NOTHING;
}

static struct founds founds_of(struct arena *a, const struct pg_rows *r)
{
    struct founds out = {ARENA_ARRAY(a, struct found_row, pg_rows_n(r) + 1), pg_rows_n(r), 0};
    for (size_t i = 0; i < out.n; i++) {
        out.v[i] = (struct found_row){(uint32_t)pg_int(r, i, COL_CATALOG),
                                      (uint32_t)pg_int(r, i, COL_CLASS),
                                      (uint32_t)pg_int(r, i, COL_OBJECT), pg_int(r, i, COL_N),
                                      arena_strdup(a, pg_text(r, i, COL_EXTENSION))};
    }
    return out;
}

/* Resolves them. Returns what the rows have to be asked for again with; q->resolve if they are fine. */
static enum resolve resolve_all(const struct observer *o, const struct row_search *q,
                                struct founds *rows)
{
    enum resolve most = q->resolve;
    for (size_t i = 0; i < rows->n; i++) {
        enum resolve need = RESOLVE_NOTHING;
        if (q->resolve == RESOLVE_NOTHING) {
            need = resolve(o, &rows->v[i]);
        } else if (q->resolve == RESOLVE_WHOLE && is_part(rows->v[i].classid)) {
            need = RESOLVE_PARTS;
        }
        most = need > most ? need : most;
    }
    return most;
}

/* As a glance has them, or searched for. */
static int find_rows(struct observer *o, struct row_search *q, bool at_a_glance, bool hidden,
                     struct founds *out, struct err *e)
{
    if (at_a_glance) {
        *out = o->glance.found;
        return 0;
    }
    struct pg_rows *r = searched_rows(o, q, hidden, e);
    if (r == NULL) {
        return -1;
    }
    *out = founds_of(o->a, r);
    pg_rows_free(r);
    return 0;
}

/* Relations that are locked will be candidates: to read them already now saves a round trip, which
 * is all there is for most migrations. */
static void begin_comparing(struct observer *o)
{
    for (size_t i = 0; i < o->now.n_locks; i++) {
        struct found_row f = {.classid = PG_CLASS, .objid = o->now.locks[i].oid, .extension = ""};
        if (may_change(&o->now.locks[i]) && resolve(o, &f) == RESOLVE_NOTHING && f.classid != 0) {
            candidate_add(o, f.classid, f.objid)->extension = f.extension;
        }
    }
    if (!o->glance.is_taken) {
        o->is_begun = compare_add(o, true);
        return;
    }
    o->round = (struct round){.definitions = glance_definitions(o)};
    o->is_begun = o->round.definitions != NULL;
}

/* The server takes longer to resolve rows than to find them, and most changes are of relations,
 * which are all locked. */
static int search(struct observer *o, struct row_search *q, bool hidden, struct founds *out,
                  struct err *e)
{
    bool begins = q->resolve == RESOLVE_NOTHING;
    for (;;) {
        if (begins) {
            begin_comparing(o);
        }
        if (find_rows(o, q, begins && o->glance.is_taken, hidden, out, e) != 0) {
            return -1;
        }
        if (begins && o->is_begun) {
            (void)compare_take(o); /* compare() asks for what is not read */
        }
        begins = false;
        enum resolve need = resolve_all(o, q, out);
        if (need == q->resolve) {
            return 0;
        }
        q->resolve = need;
        hidden = false;
    }
}

static bool is_class_row(uint32_t catalog, uint32_t classid)
{
    return catalog == classid || (catalog == PG_LARGEOBJECT_METADATA && classid == PG_LARGEOBJECT);
}

static void take_rows(struct observer *o, const struct founds *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct found_row *f = &rows->v[i];
        if (f->classid == 0 || f->catalog == ROW_OF_TOAST) {
            continue;
        }
        struct suspect *c = candidate_add(o, f->classid, f->objid);
        c->extension = f->extension;
        c->is_own |= f->catalog != ROW_OF_LOCK;
        c->is_row |= is_class_row(f->catalog, f->classid);
    }
}

static bool is_new(const struct observer *o, uint32_t classid, uint32_t objid)
{
    return catalog_at(o->base, classid, objid) == NULL;
}

/* How many of the counted writes are certain to have been on the rows found: each was written once
 * at least; a column with a default and a table with a TOAST table, if new, were inserted and then
 * updated. */
static void count_found(struct observer *o, const struct founds *rows)
{
    struct moved *classes = moved_at(o, PG_CLASS);
    struct moved *columns = moved_at(o, PG_ATTRIBUTE);
    for (size_t i = 0; i < rows->n; i++) {
        const struct found_row *f = &rows->v[i];
        bool fresh = is_new(o, PG_CLASS, f->objid);
        struct moved *m = moved_at(o, f->catalog);
        if (m != NULL) {
            m->found += f->n;
        }
        if (f->catalog == ROW_OF_TOAST && fresh && classes != NULL) {
            classes->found += f->n;
        }
        if (f->catalog == PG_ATTRDEF && fresh && columns != NULL) {
            columns->found += f->n;
        }
    }
}

/* What was dropped with a table was taken off it first: each default off its column, each check off
 * the table. */
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
        if (may_change(&o->now.locks[i])) {
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
static bool find_short(struct observer *o, struct row_search *again)
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

static bool choose(struct observer *o, struct row_search *q, bool *hidden)
{
    bool any = false;
    for (size_t i = 0; i < o->n_moved; i++) {
        const struct catalog_source *s = o->moved[i].source;
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
    struct row_search q = {0};
    struct row_search again = {0};
    struct founds rows;
    bool hidden = false;
    find_unknown(o);
    find_direct_writes(o);
    if (!choose(o, &q, &hidden)) {
        return 0;
    }
    add_locked(o, &q);
    if (search(o, &q, hidden, &rows, e) != 0) {
        return -1;
    }
    take_rows(o, &rows);
    count_found(o, &rows);
    count_dropped(o);
    find_locked(o);
    if (!find_short(o, &again)) {
        return 0;
    }
    again.params[2] = again.params[3] = again.params[4] = "{}";
    again.resolve = RESOLVE_WHOLE;
    if (search(o, &again, false, &rows, e) != 0) {
        return -1;
    }
    take_rows(o, &rows);
    return 0;
}
