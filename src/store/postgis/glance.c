/* A glance: all that is to be known of a transaction whose statements ran no code and made tables or indexes,
 * in one flight.
 * Owns: what may be concluded from it. Statements that are "quiet" (src/sql/quiet.c) write no rows but the
 * catalogs', leave nothing in the session and roll nothing back in between, so that the locks they took are
 * all there are, and no counter tells more than they do. Wherever something else is found, nothing of it
 * counts, and the sensors look as they do for any transaction. */
#include <stdlib.h>
#include <string.h>

#include "store/postgis/facet_text.h"
#include "store/postgis/observer.h"
#include "store/postgis/queries.h"

enum {
    HELD_IDS = 1,
    HELD_RELATIONS,
    HELD_MODES,
    HELD_OTHERS,
    HELD_RUN_LOCKS,
    HELD_ADVISORY,
    HELD_XID,
    HELD_USERS,
    HELD_COUNTS,
    HELD_NOW,
    HELD_CODE,
    HELD_DOMAINS
};
enum { BOTH_RUN_LOCKS = 3 };

/* Catalogs that making tables, indexes and comments writes. parts: what catalog_parts.sql or labels tell. */
static const char *const expected[] = {"pg_class",   "pg_attribute",   "pg_type",
                                       "pg_attrdef", "pg_index",       "pg_constraint",
                                       "pg_depend",  "pg_description", "pg_shdepend"};

void glance_add(struct observer *o, struct pg *s)
{
    struct glance *g = &o->glance;
    pins_add(s, PINS_SAVEPOINT, false);
    pg_batch_add(s, &postgis_observe_mark, NULL, 0, NULL);
    pg_batch_add(s, &postgis_glance_held, NULL, 0, &g->held);
    pg_batch_add(s, &postgis_observe_counters, &o->catalogs, 1, &g->counters);
    held_add(s, &g->rows, g->makes);
    o->is_pinned = true;
}

static bool is_expected(const char *catalog)
{
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        if (strcmp(expected[i], catalog) == 0) {
            return true;
        }
    }
    return false;
}

static unsigned mode_bit(const char *mode, size_t n)
{
    static const char *const modes[] = {
        "AccessShareLock", "RowShareLock",          "RowExclusiveLock", "ShareUpdateExclusiveLock",
        "ShareLock",       "ShareRowExclusiveLock", "ExclusiveLock"};
    for (unsigned i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (strlen(modes[i]) == n && strncmp(mode, modes[i], n) == 0) {
            return 1U << i;
        }
    }
    return LOCKED_ACCESS_EXCLUSIVE;
}

static struct lock *lock_of(struct observer *o, uint32_t oid)
{
    struct lock *l = sensed_lock(o, oid);
    if (l == NULL) {
        l = &o->now.locks[o->now.n_locks++];
        *l = (struct lock){.oid = oid,
                           .schema = "",
                           .name = "",
                           .owner_schema = "",
                           .owner_name = "",
                           .extension = "",
                           .server = ""};
        (void)table_put(&o->now.by_oid, bytes_of(arena_dup(o->a, &oid, sizeof oid), sizeof oid), l);
    }
    return l;
}

/* "{1,2}" and "{AShareLock,BLock}", as many of the one as of the other. */
static void take_modes(struct observer *o, const char *oids, const char *modes)
{
    o->now.locks = ARENA_ARRAY(o->a, struct lock, strlen(oids) / 2 + 1);
    for (const char *p = oids, *m = modes; *p != '\0' && p[1] != '\0' && p[1] != '}';) {
        char *end = NULL;
        uint32_t oid = (uint32_t)strtoul(p + 1, &end, 10);
        size_t n = strcspn(m + 1, ",}");
        lock_of(o, oid)->modes |= mode_bit(m + 1, n);
        p = end;
        m += 1 + n;
    }
}

/* As regnamespace shows it. */
static const char *unquoted(struct arena *a, const char *text)
{
    struct buf b = {0};
    facet_unquote(&b, text);
    const char *name = arena_strdup(a, buf_str(&b));
    buf_release(&b);
    return name;
}

static void take_relations(struct observer *o, const struct held_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct held_relation *r = &rows->v[i];
        struct lock *l = lock_of(o, r->oid);
        l->kind = r->kind;
        l->schema = unquoted(o->a, r->quoted_schema);
        l->name = arena_strdup(o->a, r->name);
        l->is_temporary = r->is_temporary;
        l->filenode = r->filenode;
        l->owner = r->owner;
        l->is_part = r->is_part;
    }
}

/* A catalog that is locked for writing because its rows were. */
static bool name_catalog(struct observer *o, struct lock *l)
{
    for (size_t i = 0; i < o->n_moved; i++) {
        if (o->moved[i].oid == l->oid && l->modes == LOCKED_ROW_EXCLUSIVE) {
            l->kind = 'r';
            l->schema = "pg_catalog";
            l->name = o->moved[i].name;
            return o->moved[i].source->how != HOW_LOCKED && o->moved[i].source->how != HOW_SILENT;
        }
    }
    return false;
}

/* A table that is new, or known from before and not made anew. Members of extensions are neither: nothing
 * but its creation locks a table like that. */
static bool is_plain_table(const struct observer *o, const struct lock *l)
{
    const struct catalog_object *b = catalog_at(o->base, PG_CLASS, l->oid);
    bool is_exclusive = (l->modes & LOCKED_ACCESS_EXCLUSIVE) != 0;
    bool is_known = b != NULL && b->objid == l->oid && !b->is_given;
    return (l->kind == 'r' || l->kind == 'p') && !l->is_temporary &&
           (b == NULL ? is_exclusive : is_known && !is_exclusive);
}

static bool is_plain(struct observer *o, struct lock *l)
{
    if (l->oid < FIRST_NORMAL_OID) {
        return name_catalog(o, l);
    }
    if (l->modes < LOCKED_SHARE_UPDATE_EXCLUSIVE || strcmp(l->schema, "kfmig") == 0) {
        return false;
    }
    if (strcmp(l->schema, "pg_toast") == 0) {
        return catalog_at(o->base, PG_CLASS, l->oid) == NULL;
    }
    if (l->kind != 'i' && l->kind != 'I') {
        return is_plain_table(o, l);
    }
    const struct lock *table = sensed_lock(o, l->owner);
    if (table == NULL || !is_plain_table(o, table)) {
        return false;
    }
    l->owner_kind = table->kind;
    l->owner_schema = table->schema;
    l->owner_name = table->name;
    return true;
}

/* Nothing but tables, their indexes and comments: whatever else there is takes the long way. */
static bool is_all_plain(struct observer *o)
{
    for (size_t i = 0; i < o->n_moved; i++) {
        if (!is_expected(o->moved[i].name)) {
            return false;
        }
    }
    for (size_t i = 0; i < o->now.n_locks; i++) {
        if (!is_plain(o, &o->now.locks[i])) {
            return false;
        }
    }
    return true;
}

static bool take(struct observer *o)
{
    struct glance *g = &o->glance;
    const struct pg_rows *r = g->held;
    if (pg_rows_n(r) != 1) {
        return false;
    }
    int64_t ids = pg_int(r, 0, HELD_IDS);
    o->n_moved = 0;
    o->now = (struct sensed){.by_oid = {.a = o->a}};
    g->had_run_locks = pg_int(r, 0, HELD_RUN_LOCKS) == BOTH_RUN_LOCKS;
    if (pg_bool(r, 0, HELD_CODE) || pg_bool(r, 0, HELD_DOMAINS) || pg_int(r, 0, HELD_OTHERS) != 0 ||
        pg_int(r, 0, HELD_ADVISORY) != 0 || pg_null(r, 0, HELD_RELATIONS) || ids <= 0 ||
        ids >= INT32_MAX) {
        return false;
    }
    o->now.window = ids;
    o->now.xid = arena_strdup(o->a, pg_text(r, 0, HELD_XID));
    o->now.users = arena_strdup(o->a, pg_text(r, 0, HELD_USERS));
    o->now.counts = pg_bool(r, 0, HELD_COUNTS);
    o->now.now = arena_strdup(o->a, pg_text(r, 0, HELD_NOW));
    o->now.is_super = o->powers.is_super;
    o->now.slots = o->slots;
    o->now.ledger = o->ledger;
    take_counters(o, g->counters);
    take_modes(o, pg_text(r, 0, HELD_RELATIONS), pg_text(r, 0, HELD_MODES));
    held_take(o->a, &g->rows);
    take_relations(o, &g->rows);
    return is_all_plain(o) && held_found(o->a, &g->rows, ids, &g->found);
}

void glance_release(struct observer *o)
{
    struct glance *g = &o->glance;
    pg_rows_free(g->held);
    pg_rows_free(g->counters);
    g->held = g->counters = NULL;
    held_release(&g->rows);
}

bool glance_take(struct observer *o)
{
    o->glance.is_taken = take(o);
    if (!o->glance.is_taken) {
        glance_release(o);
        o->n_moved = 0;
    }
    return o->glance.is_taken;
}

/* Comments on anything else than relations and columns would have to be read by other oids. */
static bool has_all_comments(const struct observer *o)
{
    int64_t n = 0;
    for (size_t i = 0; i < o->glance.found.n; i++) {
        n += o->glance.found.v[i].catalog == PG_DESCRIPTION ? o->glance.found.v[i].n : 0;
    }
    for (size_t i = 0; i < o->n_moved; i++) {
        const struct row_tally *t = &o->moved[i].rows;
        n -= o->moved[i].oid == PG_DESCRIPTION ? t->inserted + t->updated + t->deleted : 0;
    }
    return n == 0;
}

/* Only what is new and has no parts was read in full. */
struct definitions *glance_definitions(struct observer *o)
{
    const struct table *names = o->memory != NULL ? o->memory->names : NULL;
    for (size_t i = 0; i < o->candidates.n; i++) {
        const struct suspect *c = o->candidates.rows[i].value;
        if (catalog_at(o->base, c->classid, c->objid) != NULL) {
            return NULL;
        }
    }
    return has_all_comments(o) && held_is_whole(o->a, &o->glance.rows, names)
               ? definitions_held(o->a, o->base->format, &o->glance.rows, names)
               : NULL;
}
