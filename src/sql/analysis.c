/* One statement under analysis: walking, and how findings enter struct statement. */
#include "sql/analysis.h"

#include <string.h>

#include "sql/builtin.h"

static handler_fn *find(const struct handlers *h, const ProtobufCMessageDescriptor *type)
{
    for (size_t i = 0; i < h->n; i++) {
        if (h->v[i].type == type) {
            return h->v[i].fn;
        }
    }
    return NULL;
}

static handler_fn *handler_of(const tree *m)
{
    static const struct handlers *const all[] = {
        &touch_query_handlers,  &touch_call_handlers,  &touch_table_handlers,
        &touch_alter_handlers,  &touch_index_handlers, &touch_object_handlers,
        &touch_make_handlers,   &touch_role_handlers,  &touch_remote_handlers,
        &touch_upkeep_handlers,
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        handler_fn *fn = find(all[i], m->descriptor);
        if (fn != NULL) {
            return fn;
        }
    }
    return NULL;
}

static void visit_child(void *x, const tree *m)
{
    analysis_visit(x, m);
}

void analysis_children(struct analysis *x, const tree *m)
{
    tree_children(m, visit_child, x);
}

void analysis_visit(struct analysis *x, const tree *m)
{
    if (m == NULL || tree_is(m, &pg_query__a__const__descriptor) ||
        tree_is(m, &pg_query__string__descriptor)) {
        return;
    }
    handler_fn *fn = handler_of(m);
    if (fn != NULL) {
        fn(x, m);
    } else {
        analysis_children(x, m);
    }
}

void analysis_node(struct analysis *x, const PgQuery__Node *n)
{
    analysis_visit(x, tree_of(n));
}

void analysis_nodes(struct analysis *x, struct tree_list list)
{
    for (size_t i = 0; i < list.n; i++) {
        analysis_node(x, list.v[i]);
    }
}

void analysis_define(struct analysis *x, const tree *m)
{
    bool before = x->defining;
    x->defining = true;
    analysis_visit(x, m);
    x->defining = before;
}

void analysis_define_action(struct analysis *x, const tree *m)
{
    bool before = x->acting;
    x->acting = true;
    analysis_define(x, m);
    x->acting = before;
}

void analysis_define_nodes(struct analysis *x, struct tree_list list)
{
    for (size_t i = 0; i < list.n; i++) {
        analysis_define(x, tree_of(list.v[i]));
    }
}

void analysis_run(struct analysis *x, const tree *stmt)
{
    if (handler_of(stmt) == NULL) {
        /* A statement that nobody thought of changes something that nobody can name. */
        analysis_touch(x, OBJ_UNKNOWN, "", stmt->descriptor->short_name, EFFECT_ALTER, -1);
        x->st->opaque = true;
        return;
    }
    analysis_visit(x, stmt);
}

void analysis_end(struct analysis *x)
{
    struct statement *st = x->st;
    struct touches *t = &st->touches;
    t->v = t->n > 0 ? arena_dup(x->a, t->v, t->n * sizeof *t->v) : NULL;
    t->cap = t->n;
    st->locks =
        st->n_locks > 0 ? arena_dup(x->a, st->locks, st->n_locks * sizeof *st->locks) : NULL;
}

static bool is_temp_schema(const char *schema)
{
    return strncmp(schema, "pg_temp", strlen("pg_temp")) == 0;
}

static bool in_temps(const struct temps *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++) {
        if (strcmp(t->v[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

void temps_add(struct arena *a, struct temps *t, const char *name, bool until_commit)
{
    if (!in_temps(t, name)) {
        ARENA_GROW(a, t->v, t->n, t->cap);
        t->v[t->n++] = (struct temp){arena_strdup(a, name), until_commit};
        t->n_added++;
    }
}

void temps_remove(struct temps *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++) {
        if (strcmp(t->v[i].name, name) == 0) {
            t->v[i] = t->v[--t->n];
            return;
        }
    }
}

void temps_commit(struct temps *t)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->n; i++) {
        if (!t->v[i].until_commit) {
            t->v[kept++] = t->v[i];
        }
    }
    t->n = kept;
}

/* Rows of an extension's table count to it, as far as its name tells; what is made is nobody's yet. */
static struct object counted_as(enum object_kind kind, const char *schema, const char *name,
                                enum effect effect)
{
    const char *extension = NULL;
    bool is_relation = kind == OBJ_TABLE || kind == OBJ_VIEW;
    if (is_relation && effect != EFFECT_CREATE && effect != EFFECT_READ &&
        effect != EFFECT_REFERENCE && (schema[0] == '\0' || strcmp(schema, "public") == 0)) {
        extension = builtin_extension(kind, name);
    }
    return extension != NULL ? (struct object){OBJ_EXTENSION, "", extension, NULL}
                             : (struct object){kind, schema, name, NULL};
}

void analysis_touch(struct analysis *x, enum object_kind kind, const char *schema, const char *name,
                    enum effect effect, int location)
{
    /* What a view or function reads is read, now or later; what its statements would write is locked for
     * that already; everything else that it names it refers to. */
    bool stored = x->defining && x->acting && effect == EFFECT_WRITE;
    if (x->defining && effect != EFFECT_READ && !stored) {
        effect = EFFECT_REFERENCE;
    }
    if (schema[0] == '\0') {
        schema = path_resolve(x->path, kind, effect == EFFECT_CREATE);
        x->path->guessed |= !x->path->known && !object_kind_global(kind) && kind != OBJ_SCHEMA &&
                            kind != OBJ_EXTENSION;
    }
    if (is_temp_schema(schema) ||
        (builtin_schema(schema) && (effect == EFFECT_READ || effect == EFFECT_REFERENCE))) {
        return;
    }
    struct object o = counted_as(kind, schema, name, effect);
    struct touches *list = &x->st->touches;
    for (size_t i = 0; i < list->n; i++) {
        if (list->v[i].effect == effect && object_eq(&list->v[i].object, &o)) {
            list->v[i].only &= x->only;
            return;
        }
    }
    o.schema = arena_strdup(x->a, o.schema);
    o.name = arena_strdup(x->a, o.name);
    struct touch t = {.object = o,
                      .effect = effect,
                      .stored = stored,
                      .only = x->only,
                      .inserted = ROWS_UNKNOWN,
                      .updated = ROWS_UNKNOWN,
                      .deleted = ROWS_UNKNOWN,
                      .statement = x->index,
                      .line = x->st->line,
                      .col = x->st->col};
    /* The tree says 0 also where it knows no place; the statement's own place is never wrong. */
    if (location > 0 && !x->elsewhere) {
        bool behind = x->cut > 0 && (size_t)location >= x->cut;
        lines_place(x->lines, x->base + (size_t)location + (behind ? x->shift : 0), &t.line,
                    &t.col);
    }
    touches_add(x->lists, list, t);
}

void analysis_maybe(struct analysis *x, const struct object *o, enum effect effect)
{
    size_t n = x->st->touches.n;
    analysis_touch(x, o->kind, o->schema, o->name, effect, -1);
    if (x->st->touches.n > n) {
        x->st->touches.v[n].maybe = true;
    }
}

static void add_lock(struct analysis *x, struct object o, int level)
{
    struct statement *st = x->st;
    if (o.schema[0] == '\0') {
        o.schema = path_resolve(x->path, o.kind, false);
    }
    if (x->defining && level > LOCK_ROW_EXCLUSIVE) {
        return; /* a stored query locks what it names for its analysis; stored commands lock nothing yet */
    }
    for (size_t i = 0; i < st->n_locks; i++) {
        if (object_eq(&st->locks[i].object, &o)) {
            st->locks[i].level = level > st->locks[i].level ? level : st->locks[i].level;
            return;
        }
    }
    ARENA_GROW(x->lists, st->locks, st->n_locks, x->locks_cap);
    o.schema = arena_strdup(x->a, o.schema);
    o.name = arena_strdup(x->a, o.name);
    st->locks[st->n_locks++] = (struct table_lock){o, level};
}

bool analysis_is_temp(const struct analysis *x, struct dotted d)
{
    return is_temp_schema(d.schema) || (d.schema[0] == '\0' && in_temps(x->temps, d.name));
}

/* Unqualified, the server's catalogs come first; a new name goes into the schema being created. */
static const char *schema_of(const struct analysis *x, struct dotted d, enum effect e)
{
    if (d.schema[0] != '\0') {
        return d.schema;
    }
    if (x->schema[0] != '\0' && (e == EFFECT_CREATE || e == EFFECT_ALTER)) {
        return x->schema;
    }
    return e != EFFECT_CREATE && builtin_catalog(d.name) ? "pg_catalog" : "";
}

void analysis_lock(struct analysis *x, const PgQuery__RangeVar *r, enum object_kind kind, int level)
{
    struct dotted d = {r->schemaname, r->relname};
    add_lock(x, (struct object){kind, schema_of(x, d, EFFECT_ALTER), d.name, NULL}, level);
}

bool analysis_named(struct analysis *x, struct dotted d, enum object_kind kind, enum effect effect,
                    int lock, int location)
{
    if (analysis_is_temp(x, d)) {
        return false;
    }
    const char *schema = schema_of(x, d, effect);
    analysis_touch(x, kind, schema, d.name, effect, location);
    if (lock != LOCK_NONE && !builtin_schema(schema)) {
        add_lock(x, (struct object){kind, schema, d.name, NULL}, lock);
    }
    return true;
}

bool analysis_relation(struct analysis *x, const PgQuery__RangeVar *r, enum object_kind kind,
                       enum effect effect, int lock)
{
    return r == NULL || analysis_named(x, (struct dotted){r->schemaname, r->relname}, kind, effect,
                                       lock, r->location);
}

bool analysis_create(struct analysis *x, const PgQuery__RangeVar *r, enum object_kind kind,
                     bool until_commit)
{
    if (r == NULL) {
        return true;
    }
    if (strcmp(r->relpersistence, "t") == 0 || is_temp_schema(r->schemaname)) {
        if (!x->defining) {
            temps_add(x->a, x->temps, r->relname, until_commit);
        }
        return false;
    }
    struct dotted d = {r->schemaname, r->relname};
    analysis_touch(x, kind, schema_of(x, d, EFFECT_CREATE), d.name, EFFECT_CREATE, r->location);
    return true;
}

void analysis_kin(struct analysis *x, const PgQuery__RangeVar *child,
                  const PgQuery__RangeVar *parent)
{
    struct statement *st = x->st;
    if (child == NULL || parent == NULL || x->defining || x->temporary) {
        return;
    }
    struct dotted c = {child->schemaname, child->relname};
    struct dotted p = {parent->schemaname, parent->relname};
    ARENA_GROW(x->a, st->kin, st->n_kin, x->kin_cap);
    st->kin[st->n_kin++] =
        (struct kin){.child = {OBJ_TABLE, arena_strdup(x->a, schema_of(x, c, EFFECT_CREATE)),
                               arena_strdup(x->a, c.name), NULL},
                     .parent = {OBJ_TABLE, arena_strdup(x->a, schema_of(x, p, EFFECT_REFERENCE)),
                                arena_strdup(x->a, p.name), NULL}};
}

const char *analysis_role(const PgQuery__RoleSpec *r)
{
    if (r == NULL) {
        return "all";
    }
    if (r->roletype == PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_PUBLIC) {
        return "public";
    }
    return r->roletype == PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CSTRING ? r->rolename : "";
}

void analysis_roles(struct analysis *x, struct tree_list roles, enum effect effect)
{
    for (size_t i = 0; i < roles.n; i++) {
        const tree *m = tree_of(roles.v[i]);
        if (tree_is(m, &pg_query__role_spec__descriptor)) {
            const PgQuery__RoleSpec *r = TREE(RoleSpec, m);
            analysis_touch(x, OBJ_ROLE, "", analysis_role(r), effect, r->location);
        } else if (tree_is(m, &pg_query__access_priv__descriptor)) {
            analysis_touch(x, OBJ_ROLE, "", TREE(AccessPriv, m)->priv_name, effect, -1);
        }
    }
}

static void need(struct analysis *x, const char *name, bool joined)
{
    struct statement *st = x->st;
    if (x->defining || x->elsewhere || name[0] == '\0') {
        return;
    }
    if (st->roles == NULL) {
        st->roles = ARENA_NEW(x->a, struct role_needs);
    }
    for (size_t i = 0; i < st->roles->n; i++) {
        if (strcmp(st->roles->v[i].name, name) == 0) {
            st->roles->v[i].joined |= joined;
            return;
        }
    }
    ARENA_GROW(x->a, st->roles->v, st->roles->n, st->roles->cap);
    st->roles->v[st->roles->n++] = (struct role_need){arena_strdup(x->a, name), joined};
}

void analysis_needs(struct analysis *x, const PgQuery__RoleSpec *r, bool joined)
{
    if (r != NULL && r->roletype == PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CSTRING) {
        need(x, r->rolename, joined);
    }
}

void analysis_needs_all(struct analysis *x, struct tree_list roles, bool joined)
{
    for (size_t i = 0; i < roles.n; i++) {
        const tree *m = tree_of(roles.v[i]);
        if (tree_is(m, &pg_query__role_spec__descriptor)) {
            analysis_needs(x, TREE(RoleSpec, m), joined);
        } else if (tree_is(m, &pg_query__access_priv__descriptor)) {
            need(x, TREE(AccessPriv, m)->priv_name, joined);
        }
    }
}

void analysis_opaque(struct analysis *x)
{
    x->st->opaque |= !x->defining;
}

void analysis_deed(struct analysis *x, enum deed d)
{
    if (!x->defining && !x->temporary) {
        x->st->deeds |= (unsigned char)(1U << d);
    }
}

void analysis_destructive(struct analysis *x, enum deed d)
{
    x->st->destructive |= !x->defining;
    if (d < DEED_COUNT) {
        analysis_deed(x, d);
    }
}

void analysis_rewrites(struct analysis *x)
{
    x->st->rewrites |= !x->defining && !x->temporary;
}

void analysis_indexes(struct analysis *x, int delta)
{
    if (!x->defining && !x->temporary) {
        x->st->index_delta += delta;
    }
}

void analysis_hidden_indexes(struct analysis *x)
{
    x->st->hides_indexes |= !x->defining && !x->temporary;
}

void analysis_hidden_tables(struct analysis *x)
{
    x->st->hides_tables |= !x->defining && !x->temporary;
}

void analysis_reaches(struct analysis *x)
{
    x->st->reaches |= !x->defining && !x->temporary;
}

void analysis_cascade(struct analysis *x, PgQuery__DropBehavior b)
{
    if (b == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE && !x->defining) {
        x->st->cascade = true;
        analysis_hidden_tables(x);
        analysis_reaches(x);
    }
}

void analysis_unnamed_table(struct analysis *x, struct dotted d, enum effect effect)
{
    analysis_hidden_tables(x);
    analysis_touch(x, OBJ_TABLE, d.schema, "", effect, -1);
}
