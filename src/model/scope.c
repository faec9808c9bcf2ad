/* The judgement about one touch. The rules and their order stand in model/scope.h. Pure. */
#include "model/scope.h"

#include <stdlib.h>
#include <string.h>

/* Which list of the scope would have to name it. */
enum list { LIST_NONE, LIST_SCHEMAS, LIST_TABLES, LIST_REFERENCES, LIST_EXTENSIONS, LIST_GLOBAL };

struct ruling {
    enum verdict verdict;
    const char *rule;
    enum list list;
};

typedef struct ruling judge_one(const struct scope *s, const struct object *o);

static struct ruling rule(enum verdict verdict, const char *text)
{
    return (struct ruling){verdict, text, LIST_NONE};
}

static struct ruling outside(enum list list, const char *text)
{
    return (struct ruling){VERDICT_OUTSIDE, text, list};
}

/* The schema that an object counts to; "" if it has none or it is not known. */
static const char *schema_of(const struct object *o)
{
    return o->kind == OBJ_SCHEMA ? o->name : o->schema;
}

/* Relations share one namespace in PostgreSQL: a list of tables may name any of them. */
static bool is_relation(enum object_kind k)
{
    return k == OBJ_TABLE || k == OBJ_VIEW || k == OBJ_MATVIEW || k == OBJ_FOREIGN_TABLE ||
           k == OBJ_SEQUENCE;
}

/* Does the entry "t" or "s.t" name this relation? Where the schema is not known, "s.t" does too. */
static bool entry_names(const char *entry, const struct object *o)
{
    if (strcmp(entry, o->name) == 0) {
        return true;
    }
    size_t n = strlen(entry);
    size_t n_name = strlen(o->name);
    if (n <= n_name + 1 || entry[n - n_name - 1] != '.' ||
        strcmp(entry + n - n_name, o->name) != 0) {
        return false;
    }
    size_t n_schema = n - n_name - 1;
    return o->schema[0] == '\0' ||
           (strlen(o->schema) == n_schema && strncmp(entry, o->schema, n_schema) == 0);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void scope_sort(struct arena *a, struct scope *s)
{
    enum { FEW = 16 };
    const struct names *l = &s->allowed_tables;
    s->sorted_tables = NULL;
    if (l->n > FEW) {
        s->sorted_tables = arena_dup(a, l->v, l->n * sizeof *l->v);
        qsort(s->sorted_tables, l->n, sizeof *l->v, by_bytes);
    }
}

/* An entry beside "s.t", or "t" where s is "". */
static int compare_name(const char *entry, const char *schema, const char *name)
{
    size_t n = strlen(schema);
    int order = strncmp(entry, schema, n);
    if (order != 0 || n == 0) {
        return n == 0 ? strcmp(entry, name) : order;
    }
    return entry[n] != '.' ? (unsigned char)entry[n] - '.' : strcmp(entry + n + 1, name);
}

static bool is_sorted_in(const struct scope *s, const char *schema, const char *name)
{
    size_t from = 0, to = s->allowed_tables.n;
    while (from < to) {
        size_t at = from + (to - from) / 2;
        int order = compare_name(s->sorted_tables[at], schema, name);
        if (order == 0) {
            return true;
        }
        from = order < 0 ? at + 1 : from;
        to = order < 0 ? to : at;
    }
    return false;
}

static bool tables_name(const struct names *l, const struct object *o)
{
    for (size_t i = 0; i < l->n; i++) {
        if (entry_names(l->v[i], o)) {
            return true;
        }
    }
    return false;
}

/* The same of the list that may be long. */
static bool allows_table(const struct scope *s, const struct object *o)
{
    if (s->sorted_tables == NULL) {
        return tables_name(&s->allowed_tables, o);
    }
    return is_sorted_in(s, "", o->name) ||
           (o->schema[0] != '\0' ? is_sorted_in(s, o->schema, o->name)
                                 : tables_name(&s->allowed_tables, o));
}

static bool judge_forbidden(const struct scope *s, const struct object *o, struct ruling *out)
{
    const char *schema = schema_of(o);
    if (strcmp(schema, "kfmig") == 0) {
        *out = rule(VERDICT_FORBIDDEN, "schema \"kfmig\" belongs to kfmig itself");
    } else if (is_relation(o->kind) && tables_name(&s->forbidden_tables, o)) {
        *out = rule(VERDICT_FORBIDDEN, "forbidden by scope.forbidden_tables");
    } else if (schema[0] != '\0' && names_have(&s->forbidden_schemas, schema)) {
        *out = rule(VERDICT_FORBIDDEN, "forbidden by scope.forbidden_schemas");
    } else {
        return false;
    }
    return true;
}

static bool judge_protected(const struct domains *d, const struct object *o, struct ruling *out)
{
    const char *schema = schema_of(o);
    if (is_relation(o->kind) && tables_name(&d->tables, o)) {
        *out = rule(VERDICT_PROTECTED, "protected by policy.protected.tables");
    } else if (schema[0] != '\0' && names_have(&d->schemas, schema)) {
        *out = rule(VERDICT_PROTECTED, "protected by policy.protected.schemas");
    } else if (o->kind == OBJ_ROLE && names_have(&d->roles, o->name)) {
        *out = rule(VERDICT_PROTECTED, "protected by policy.protected.roles");
    } else {
        return false;
    }
    return true;
}

static struct ruling judge_schema(const struct scope *s, const char *schema)
{
    if (s->is_open) {
        return rule(VERDICT_OK, "the scope is open");
    }
    if (!s->has_schemas) {
        return outside(LIST_SCHEMAS, "scope.allowed_schemas is not given");
    }
    bool admits =
        schema[0] == '\0' ? s->allowed_schemas.n > 0 : names_have(&s->allowed_schemas, schema);
    return admits ? rule(VERDICT_OK, "in scope.allowed_schemas")
                  : outside(LIST_SCHEMAS, "not in scope.allowed_schemas");
}

/* Views and sequences hold no rows of their own and count to their schema, unless they are named. */
static bool needs_table_entry(enum object_kind k)
{
    return k == OBJ_TABLE || k == OBJ_MATVIEW || k == OBJ_FOREIGN_TABLE;
}

static struct ruling judge_relation(const struct scope *s, const struct object *o)
{
    bool named = s->has_tables && allows_table(s, o);
    if (o->name[0] == '\0') { /* the table of an index: text names its schema at most */
        return s->has_schemas || !s->has_tables
                   ? judge_schema(s, o->schema)
                   : rule(VERDICT_OK, "in scope.allowed_tables, maybe");
    }
    if (s->has_tables && !named && needs_table_entry(o->kind) && !s->is_open) {
        return outside(LIST_TABLES, "not in scope.allowed_tables");
    }
    if (named && !s->has_schemas) {
        return rule(VERDICT_OK, "in scope.allowed_tables");
    }
    return judge_schema(s, o->schema);
}

/* Text does not always tell who or which: current_user, this database. Any entry of the kind may mean it. */
static bool may_be_any(const struct object *o)
{
    return o->name[0] == '\0' && (o->kind == OBJ_ROLE || o->kind == OBJ_DATABASE ||
                                  o->kind == OBJ_SETTING || o->kind == OBJ_USER_MAPPING);
}

static bool allows_global(const struct scope *s, const struct object *o)
{
    const char *kind = object_kind_text(o->kind);
    size_t n = strlen(kind);
    for (size_t i = 0; i < s->allowed_global.n; i++) {
        const char *entry = s->allowed_global.v[i];
        if (strncmp(entry, kind, n) == 0 &&
            (entry[n] == '\0' ||
             (entry[n] == ':' && (may_be_any(o) || strcmp(entry + n + 1, o->name) == 0)))) {
            return true;
        }
    }
    return false;
}

static struct ruling judge_global(const struct scope *s, const struct object *o)
{
    if (o->kind == OBJ_UNKNOWN) {
        return rule(VERDICT_OUTSIDE, "a change that cannot be named is never in scope");
    }
    return s->is_open || allows_global(s, o) ? rule(VERDICT_OK, "in scope.allowed_global")
                                             : outside(LIST_GLOBAL, "not in scope.allowed_global");
}

static struct ruling judge_allowed(const struct scope *s, const struct object *o)
{
    if (o->kind == OBJ_DEFAULT_PRIVILEGES && o->schema[0] != '\0') {
        return judge_schema(s, o->schema);
    }
    if (object_kind_global(o->kind)) {
        return judge_global(s, o);
    }
    if (o->kind == OBJ_EXTENSION) {
        return s->is_open || names_have(&s->allowed_extensions, o->name)
                   ? rule(VERDICT_OK, "in scope.allowed_extensions")
                   : outside(LIST_EXTENSIONS, "not in scope.allowed_extensions");
    }
    return is_relation(o->kind) ? judge_relation(s, o) : judge_schema(s, schema_of(o));
}

/* By itself, or by what it counts to: one of several parents is not enough, unless it is not known which of
 * several relations of that name is meant. */
static struct ruling judge_family(const struct scope *s, const struct lineage *l,
                                  const struct object *o, judge_one *by, int depth)
{
    struct ruling own = by(s, o);
    bool any = false;
    bool all = true;
    size_t at = 0;
    for (const struct object *p;
         own.verdict != VERDICT_OK && depth > 0 && (p = lineage_parent(l, o, &at)) != NULL;) {
        struct ruling r = judge_family(s, l, p, by, depth - 1);
        any |= r.verdict == VERDICT_OK;
        all &= r.verdict == VERDICT_OK;
    }
    bool admits = any && (all || o->schema[0] == '\0');
    return admits ? rule(VERDICT_OK, "what it is a part of is in scope") : own;
}

static struct ruling judge_reference(const struct scope *s, const struct object *o)
{
    if (o->kind != OBJ_TABLE) {
        return rule(VERDICT_OK, "referring to it is free");
    }
    if (tables_name(&s->references, o)) {
        return rule(VERDICT_OK, "in scope.references");
    }
    return judge_allowed(s, o).verdict == VERDICT_OK
               ? rule(VERDICT_OK, "in scope")
               : outside(LIST_REFERENCES, "neither in scope nor in scope.references");
}

/* What stops o, or what it counts to, whatever else admits it. */
static bool judge_stop(const struct scope *s, const struct domains *d, const struct lineage *l,
                       const struct object *o, int depth, struct ruling *out)
{
    if (judge_forbidden(s, o, out) || (d != NULL && judge_protected(d, o, out))) {
        return true;
    }
    size_t at = 0;
    for (const struct object *p; depth > 0 && (p = lineage_parent(l, o, &at)) != NULL;) {
        if (judge_stop(s, d, l, p, depth - 1, out)) {
            return true;
        }
    }
    return false;
}

static struct ruling judge(const struct scope *s, const struct domains *d, const struct lineage *l,
                           const struct touch *t, bool existed)
{
    const struct object *o = &t->object;
    bool changes = t->effect != EFFECT_READ && t->effect != EFFECT_REFERENCE;
    const struct lineage *family = is_relation(o->kind) ? l : NULL;
    struct ruling r;
    if (judge_stop(s, changes && existed ? d : NULL, family, o, LINEAGE_DEPTH, &r)) {
        return r;
    }
    if (t->effect == EFFECT_REFERENCE && o->kind != OBJ_UNKNOWN) {
        return judge_family(s, family, o, judge_reference, LINEAGE_DEPTH);
    }
    /* What is read outside the database (a server's file) is an effect of its own. */
    if (t->effect == EFFECT_READ && !object_kind_global(o->kind)) {
        return rule(VERDICT_OK, "reading it is free");
    }
    return judge_family(s, family, o, judge_allowed, LINEAGE_DEPTH);
}

enum verdict scope_admits(const struct scope *s, const struct domains *d, const struct lineage *l,
                          const struct touch *t, bool existed)
{
    return judge(s, d, l, t, existed).verdict;
}

const char *scope_rule(const struct scope *s, const struct domains *d, const struct lineage *l,
                       const struct touch *t, bool existed)
{
    return judge(s, d, l, t, existed).rule;
}

/* A name as it may stand in a flow sequence of YAML. */
static void put_name(struct buf *out, const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");
    if (name[n] == '\0' && n > 0 && (name[0] < '0' || name[0] > '9') && name[0] != '.') {
        buf_puts(out, name);
        return;
    }
    buf_putc(out, '"');
    for (const char *p = name; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\') {
            buf_putc(out, '\\');
        }
        buf_putc(out, *p);
    }
    buf_putc(out, '"');
}

static void put_line(struct buf *out, const char *key, const struct names *have, const char *more)
{
    buf_printf(out, "%s%s: [", out->n > 0 ? ", " : "", key);
    for (size_t i = 0; i < have->n; i++) {
        put_name(out, have->v[i]);
        buf_puts(out, ", ");
    }
    put_name(out, more);
    buf_putc(out, ']');
}

static const char *qualified(struct arena *a, const struct object *o)
{
    return o->schema[0] == '\0' ? o->name : arena_printf(a, "%s.%s", o->schema, o->name);
}

static void put_fix(struct arena *a, const struct scope *s, const struct object *o, enum list list,
                    struct buf *out)
{
    const char *schema = schema_of(o);
    bool names_schema = list == LIST_SCHEMAS || (list == LIST_TABLES && s->has_schemas &&
                                                 judge_schema(s, schema).verdict != VERDICT_OK);
    if (list == LIST_TABLES) {
        put_line(out, "scope.allowed_tables", &s->allowed_tables, qualified(a, o));
    } else if (list == LIST_REFERENCES) {
        put_line(out, "scope.references", &s->references, qualified(a, o));
    } else if (list == LIST_EXTENSIONS) {
        put_line(out, "scope.allowed_extensions", &s->allowed_extensions, o->name);
    } else if (list == LIST_GLOBAL) {
        put_line(out, "scope.allowed_global", &s->allowed_global,
                 arena_printf(a, "%s:%s", object_kind_text(o->kind), o->name));
    }
    if (names_schema && schema[0] != '\0') {
        put_line(out, "scope.allowed_schemas", &s->allowed_schemas, schema);
    }
}

/* What would have to be named for o to be in scope: the topmost of what it counts to that is not. */
static struct object unadmitted(const struct scope *s, const struct lineage *l, struct object o,
                                judge_one *by)
{
    for (int depth = 0; depth < LINEAGE_DEPTH; depth++) {
        size_t at = 0;
        const struct object *p = lineage_parent(l, &o, &at);
        while (p != NULL && judge_family(s, l, p, by, LINEAGE_DEPTH).verdict == VERDICT_OK) {
            p = lineage_parent(l, &o, &at);
        }
        if (p == NULL) {
            break;
        }
        o = *p;
    }
    return o;
}

const char *scope_fix(struct arena *a, const struct scope *s, const struct domains *d,
                      const struct lineage *l, const struct touch *t, bool existed)
{
    struct buf out = {0};
    struct touch counted = *t;
    counted.object = unadmitted(s, is_relation(t->object.kind) ? l : NULL, t->object,
                                t->effect == EFFECT_REFERENCE ? judge_reference : judge_allowed);
    if (judge(s, d, l, t, existed).list != LIST_NONE) {
        put_fix(a, s, &counted.object, judge(s, d, l, &counted, existed).list, &out);
    }
    const char *text = arena_strdup(a, buf_str(&out));
    buf_release(&out);
    return text;
}
