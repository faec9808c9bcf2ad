/* What neither comparing nor locks on relations shows: parts of the system and of extensions, other
 * databases' objects, large objects, catalogs that may not be read, schemas that come with an
 * extension.
 * Owns: kinds of objects by the names the server has for them. */
#include <stdlib.h>
#include <string.h>

#include "store/postgis/observer.h"
#include "store/postgis/queries.h"

enum { COL_CLASS, COL_OBJECT, COL_KIND, COL_SCHEMA, COL_NAME };

/* As pg_identify_object() has them; what differs from object_kind_text(). */
static const struct {
    const char *type;
    enum object_kind kind;
} types[] = {
    {"table", OBJ_TABLE},
    {"index", OBJ_TABLE},
    {"toast table", OBJ_TABLE},
    {"view", OBJ_VIEW},
    {"materialized view", OBJ_MATVIEW},
    {"foreign table", OBJ_FOREIGN_TABLE},
    {"sequence", OBJ_SEQUENCE},
    {"composite type", OBJ_TYPE},
    {"type", OBJ_TYPE},
    {"function", OBJ_FUNCTION},
    {"procedure", OBJ_FUNCTION},
    {"aggregate", OBJ_FUNCTION},
    {"operator", OBJ_OPERATOR},
    {"operator class", OBJ_OPCLASS},
    {"operator family", OBJ_OPFAMILY},
    {"collation", OBJ_COLLATION},
    {"conversion", OBJ_CONVERSION},
    {"text search configuration", OBJ_TEXT_SEARCH},
    {"text search dictionary", OBJ_TEXT_SEARCH},
    {"text search parser", OBJ_TEXT_SEARCH},
    {"text search template", OBJ_TEXT_SEARCH},
    {"schema", OBJ_SCHEMA},
    {"extension", OBJ_EXTENSION},
    {"role", OBJ_ROLE},
    {"database", OBJ_DATABASE},
    {"tablespace", OBJ_TABLESPACE},
    {"publication", OBJ_PUBLICATION},
    {"subscription", OBJ_SUBSCRIPTION},
    {"event trigger", OBJ_EVENT_TRIGGER},
    {"cast", OBJ_CAST},
    {"transform", OBJ_TRANSFORM},
    {"language", OBJ_LANGUAGE},
    {"access method", OBJ_ACCESS_METHOD},
    {"foreign-data wrapper", OBJ_FOREIGN_DATA_WRAPPER},
    {"server", OBJ_FOREIGN_SERVER},
    {"user mapping", OBJ_USER_MAPPING},
    {"large object", OBJ_LARGE_OBJECT},
    {"default acl", OBJ_DEFAULT_PRIVILEGES},
    {"setting", OBJ_SETTING},
};

static enum object_kind kind_of(const char *type)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].type, type) == 0) {
            return types[i].kind;
        }
    }
    return OBJ_UNKNOWN;
}

static bool is_made(const struct pair *p, enum object_kind kind)
{
    return p->before == NULL && p->after->object.kind == kind;
}

static void silence(struct observer *o, const char *schema)
{
    for (size_t i = 0; i < o->n_pairs; i++) {
        if (is_made(&o->pairs[i], OBJ_SCHEMA) &&
            strcmp(o->pairs[i].after->object.name, schema) == 0) {
            o->pairs[i].is_silent = true;
        }
    }
}

int silence_schemas(struct observer *o, struct err *e)
{
    const char **names = ARENA_ARRAY(o->a, const char *, o->n_pairs + 1);
    size_t n_extensions = 0;
    size_t n_schemas = 0;
    for (size_t i = 0; i < o->n_pairs; i++) {
        if (is_made(&o->pairs[i], OBJ_EXTENSION)) {
            names[n_extensions++] = o->pairs[i].after->object.name;
        }
        n_schemas += is_made(&o->pairs[i], OBJ_SCHEMA) ? 1 : 0;
    }
    if (n_extensions == 0 || n_schemas == 0) {
        return 0;
    }
    struct pg_rows *r = NULL;
    const char *params[1] = {pg_array(o->a, names, n_extensions)};
    pg_batch_add(o->s, &postgis_observe_fixed_schemas, params, 1, &r);
    if (pg_batch_run(o->s, NULL, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        silence(o, pg_text(r, i, 1));
    }
    pg_rows_free(r);
    return 0;
}

/* A row was written and nothing differs: GRANT of what is granted, the same function once more. */
static void touch_same(struct observer *o, const struct suspect *c, const struct catalog_object *b)
{
    const struct lock *l = c->classid == PG_CLASS ? sensed_lock(o, c->objid) : NULL;
    bool seen = l != NULL && l->modes >= LOCKED_SHARE_UPDATE_EXCLUSIVE;
    if (c->is_own && !seen && !is_touched(o, b->object)) {
        (void)touch_once(o, b->object, EFFECT_ALTER);
    }
}

/* Large objects are data: the baseline does not list them, so that one that is gone has only its number. */
static void touch_large_objects(struct observer *o)
{
    struct row_tally rows = {0};
    int64_t n_found = 0;
    for (size_t i = 0; i < o->n_moved; i++) {
        if (strcmp(o->moved[i].name, "pg_largeobject_metadata") == 0) {
            rows = o->moved[i].rows;
        }
    }
    for (size_t i = 0; i < o->candidates.n; i++) {
        const struct suspect *c = o->candidates.rows[i].value;
        n_found += c->classid == PG_LARGEOBJECT && c->is_row ? 1 : 0;
    }
    bool all_new = rows.updated == 0;
    bool all_transient = rows.deleted <= rows.inserted - n_found;
    for (size_t i = 0; i < o->candidates.n; i++) {
        const struct suspect *c = o->candidates.rows[i].value;
        struct object itself = {OBJ_LARGE_OBJECT, "", arena_printf(o->a, "%u", c->objid), NULL};
        if (c->classid != PG_LARGEOBJECT) {
            continue;
        }
        if (c->is_row && all_new) {
            (void)touch_once(o, itself, EFFECT_CREATE);
        } else if (c->is_own) {
            (void)touch_once(o, itself, EFFECT_ALTER);
        } else if (!all_transient) {
            (void)touch_once(o, itself, EFFECT_DROP);
        }
    }
}

static void touch_pages(struct observer *o)
{
    static const struct object any = {OBJ_LARGE_OBJECT, "", "", NULL};
    for (size_t i = 0; i < o->n_moved; i++) {
        if (o->moved[i].source != NULL && o->moved[i].source->how == HOW_LARGE_OBJECT) {
            touch_rows(touch_once(o, any, EFFECT_WRITE), &o->moved[i].rows);
        }
    }
}

static bool is_temporary(const char *schema)
{
    return strncmp(schema, "pg_temp", strlen("pg_temp")) == 0 ||
           strncmp(schema, "pg_toast", strlen("pg_toast")) == 0;
}

static bool is_temporary_schema(const struct object *c)
{
    return c->kind == OBJ_SCHEMA && is_temporary(c->name);
}

static void touch_identified(struct observer *o, const struct pg_rows *r, size_t i)
{
    struct object c = {kind_of(pg_text(r, i, COL_KIND)),
                       arena_strdup(o->a, pg_text(r, i, COL_SCHEMA)),
                       arena_strdup(o->a, pg_text(r, i, COL_NAME)), NULL};
    uint32_t key[2] = {(uint32_t)pg_int(r, i, COL_CLASS), (uint32_t)pg_int(r, i, COL_OBJECT)};
    const struct suspect *from = table_get(&o->candidates, bytes_of((const char *)key, sizeof key));
    if (is_temporary(c.schema) || is_temporary_schema(&c)) {
        return;
    }
    if (from != NULL && from->extension[0] != '\0') {
        struct touch *t =
            touch_once(o, (struct object){OBJ_EXTENSION, "", from->extension, NULL}, EFFECT_ALTER);
        touch_facet(o, t, FACET_CHANGED, arena_printf(o->a, "member %s", object_text(o->a, &c)));
        return;
    }
    if (strcmp(c.schema, "kfmig") == 0 || (c.kind == OBJ_SCHEMA && strcmp(c.name, "kfmig") == 0)) {
        o->out->ledger_touched = true;
    }
    if (c.kind == OBJ_UNKNOWN) {
        unreconciled(o, "a %s was changed, and kfmig does not know what that is",
                     pg_text(r, i, COL_KIND));
    }
    if (!is_touched(o, c)) {
        (void)touch_once(o, c, EFFECT_ALTER);
    }
}

static int identify(struct observer *o, const struct oids *classes, const struct oids *objects,
                    struct err *e)
{
    if (classes->n == 0) {
        return 0;
    }
    struct pg_rows *r = NULL;
    const char *params[2] = {oids_array(o->a, classes), oids_array(o->a, objects)};
    pg_batch_add(o->s, &postgis_observe_identity, params, 2, &r);
    if (pg_batch_run(o->s, NULL, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        touch_identified(o, r, i);
    }
    pg_rows_free(r);
    return 0;
}

/* A member of an extension that this transaction made, changed or dropped is part of that; one that
 * was only locked is seen by its lock. */
static bool goes_with_extension(const struct observer *o, const struct suspect *c)
{
    return c->extension[0] != '\0' &&
           (!c->is_own || pair_named(o, OBJ_EXTENSION, c->extension) != NULL);
}

static int touch_unmanaged(struct observer *o, struct err *e)
{
    struct oids classes = {0};
    struct oids objects = {0};
    for (size_t i = 0; i < o->candidates.n; i++) {
        const struct suspect *c = o->candidates.rows[i].value;
        const struct catalog_object *b = catalog_at(o->base, c->classid, c->objid);
        if (pair_at(o, c->classid, c->objid) != NULL || goes_with_extension(o, c)) {
            continue;
        }
        if (b != NULL && b->classid == c->classid && b->objid == c->objid) {
            touch_same(o, c, b);
            continue;
        }
        ARENA_GROW(o->a, classes.v, classes.n, classes.cap);
        classes.v[classes.n++] = c->classid;
        ARENA_GROW(o->a, objects.v, objects.n, objects.cap);
        objects.v[objects.n++] = c->objid;
    }
    return identify(o, &classes, &objects, e);
}

/* Rows of catalogs with secrets, as a role that may look at the catalogs (not at the secrets) sees them. */
static void touch_hidden(struct observer *o)
{
    for (size_t i = 0; o->r_hidden != NULL && i < pg_rows_n(o->r_hidden); i++) {
        struct object c = {OBJ_UNKNOWN, "", arena_strdup(o->a, pg_text(o->r_hidden, i, 3)), NULL};
        if (object_kind_parse(pg_text(o->r_hidden, i, 2), &c.kind) == 0 && !is_touched(o, c)) {
            (void)touch_once(o, c, EFFECT_ALTER);
        }
    }
    pg_rows_free(o->r_hidden);
    o->r_hidden = NULL;
}

/* Does the change show what stands in the catalog itself? */
static bool is_of_catalog(const struct pair *p, const char *catalog)
{
    const struct catalog_object *c = p->after != NULL ? p->after : p->before;
    if (strcmp(catalog, "pg_authid") == 0 && c->object.kind == OBJ_ROLE && p->before != NULL &&
        p->after != NULL) {
        static const char *const facets[] = {"attributes", "connection_limit", "valid_until"};
        for (size_t i = 0; i < sizeof facets / sizeof *facets; i++) {
            const struct facet *was = facet_of(p->before, facets[i]);
            const struct facet *is = facet_of(p->after, facets[i]);
            if ((was == NULL) != (is == NULL) ||
                (was != NULL && strcmp(was->value, is->value) != 0)) {
                return true;
            }
        }
        return strcmp(p->before->text, p->after->text) != 0;
    }
    return (strcmp(catalog, "pg_authid") == 0 && c->object.kind == OBJ_ROLE) ||
           (strcmp(catalog, "pg_user_mapping") == 0 && c->object.kind == OBJ_USER_MAPPING) ||
           (c->object.kind == OBJ_SUBSCRIPTION && (strcmp(catalog, "pg_subscription") == 0 ||
                                                   (strcmp(catalog, "pg_replication_origin") == 0 &&
                                                    (p->before == NULL || p->after == NULL))));
}

/* To a role that may not look at them, each counted row must be a difference that can be named: an
 * object made and dropped again is none, but an update that shows no difference may have been of a
 * password. Rolled-back subtransactions of pg_authid give the lock back that DDL on it keeps. */
static void judge_hidden(struct observer *o, const struct moved *m)
{
    struct row_tally named = {0};
    for (size_t i = 0; i < o->n_pairs; i++) {
        const struct pair *p = &o->pairs[i];
        if (is_of_catalog(p, m->source->catalog)) {
            named.inserted += p->before == NULL ? 1 : 0;
            named.deleted += p->after == NULL ? 1 : 0;
            named.updated += p->before != NULL && p->after != NULL ? 1 : 0;
        }
    }
    const struct lock *l = sensed_lock(o, m->oid);
    bool kept =
        strcmp(m->name, "pg_authid") != 0 || (l != NULL && (l->modes & LOCKED_ROW_EXCLUSIVE) != 0);
    int64_t transient = m->rows.inserted - named.inserted;
    int64_t gone = m->rows.deleted - named.deleted;
    if (!kept || (transient == gone && transient >= 0 && m->rows.updated <= named.updated)) {
        return;
    }
    int64_t n = llabs(transient - gone) +
                (m->rows.updated > named.updated ? m->rows.updated - named.updated : 0);
    unreconciled(o, "%s: %lld row%s changed, no named difference", m->name, (long long)n,
                 n == 1 ? "" : "s");
    (void)touch_once(o, (struct object){OBJ_UNKNOWN, "", m->name, NULL}, EFFECT_ALTER);
}

/* Whatever switches the counters, for a session or for as long as a function runs, hides rows from us. */
static void judge_switches(struct observer *o)
{
    for (size_t i = 0; o->r_switches != NULL && i < pg_rows_n(o->r_switches); i++) {
        unreconciled(o, "function %s switches track_counts", pg_text(o->r_switches, i, 0));
    }
    pg_rows_free(o->r_switches);
    o->r_switches = NULL;
    for (size_t i = 0; i < o->n_pairs; i++) {
        const struct catalog_object *c = o->pairs[i].after;
        bool sets = c != NULL && c->object.kind == OBJ_SETTING;
        for (size_t k = 0; sets && k < c->n_facets; k++) {
            if (strstr(c->facets[k].name, "track_counts") != NULL) {
                unreconciled(o, "%s switches track_counts", c->text);
            }
        }
    }
}

/* As lines of observe_begin.sql: "name position". In no transaction; somebody else's change of one while this
 * migration ran is taken for its own. */
static const char *slot_in(const char *slots, const char *name, size_t n)
{
    for (const char *p = slots; *p != '\0';) {
        size_t line = strcspn(p, "\n");
        if (line > n && p[n] == ' ' && strncmp(p, name, n) == 0) {
            return p;
        }
        p += line;
        p += *p == '\n';
    }
    return NULL;
}

static void touch_slot(struct observer *o, const char *line, size_t n, enum effect effect)
{
    struct object slot = {
        .kind = OBJ_REPLICATION_SLOT, .schema = "", .name = arena_strndup(o->a, line, n)};
    (void)touch_once(o, slot, effect);
    touches_add(o->a, &o->out->residue,
                (struct touch){.object = slot, .effect = effect, .statement = -1});
}

static void compare_slots(struct observer *o, const char *one, const char *other, bool is_before)
{
    for (const char *p = one; *p != '\0';) {
        size_t line = strcspn(p, "\n");
        size_t n = strcspn(p, " ");
        const char *same = slot_in(other, p, n);
        bool moved = same != NULL && (line != strcspn(same, "\n") || strncmp(p, same, line) != 0);
        bool active = line == n + 1 || (same != NULL && strcspn(same, "\n") == n + 1);
        if (same == NULL) {
            touch_slot(o, p, n, is_before ? EFFECT_DROP : EFFECT_CREATE);
        } else if (is_before && moved && !active) {
            touch_slot(o, p, n, EFFECT_ALTER);
        }
        p += line;
        p += *p == '\n';
    }
}

static void touch_slots(struct observer *o)
{
    if ((o->powers.is_super || o->powers.replicates) && strcmp(o->slots, o->now.slots) != 0) {
        compare_slots(o, o->slots, o->now.slots, true);
        compare_slots(o, o->now.slots, o->slots, false);
    }
}

int touches_of_others(struct observer *o, struct err *e)
{
    judge_switches(o);
    touch_slots(o);
    bool looked = o->r_hidden != NULL;
    touch_pages(o);
    touch_large_objects(o);
    touch_hidden(o);
    for (size_t i = 0; i < o->n_moved; i++) {
        const struct catalog_source *s = o->moved[i].source;
        if (s != NULL && s->how == HOW_HIDDEN &&
            (!looked || strcmp(s->catalog, "pg_replication_origin") == 0)) {
            judge_hidden(o, &o->moved[i]);
        }
    }
    return touch_unmanaged(o, e);
}
