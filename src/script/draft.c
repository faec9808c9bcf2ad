/* A declaration as tight as its script allows. */
#include "script/draft.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/table.h"
#include "model/scope.h"

static bool is_relation(enum object_kind k)
{
    return k == OBJ_TABLE || k == OBJ_VIEW || k == OBJ_MATVIEW || k == OBJ_FOREIGN_TABLE ||
           k == OBJ_SEQUENCE;
}

static const char *qualified(struct arena *a, const struct object *o)
{
    return o->schema[0] != '\0' ? arena_printf(a, "%s.%s", o->schema, o->name) : o->name;
}

/* A draft in the making: lists that grow with a script, with what they have already. */
struct drafting {
    struct arena *a;
    struct draft *d;
    struct table tables, references;
};

static struct drafting drafting(struct arena *a, struct draft *d)
{
    return (struct drafting){a, d, {.a = a}, {.a = a}};
}

static void list(struct drafting *x, struct names *l, struct table *has, const char *name)
{
    if (table_gets(has, name) == NULL) {
        (void)table_puts(has, name, x);
        ARENA_GROW(x->a, l->v, l->n, l->cap);
        l->v[l->n++] = name;
    }
}

static void add_global(struct arena *a, struct scope *s, const struct object *o)
{
    const char *kind = object_kind_text(o->kind);
    names_add(a, &s->allowed_global,
              o->name[0] != '\0' ? arena_printf(a, "%s:%s", kind, o->name) : kind);
}

/* Which schemas may it stand in? */
static void add_schema(struct arena *a, struct draft *d, const struct names *path,
                       const struct object *o)
{
    const char *schema = o->kind == OBJ_SCHEMA ? o->name : o->schema;
    struct names *l = &d->decl.scope.allowed_schemas;
    if (schema[0] != '\0') {
        names_add(a, l, schema);
    } else if (path->n > 0) {
        for (size_t i = 0; i < path->n; i++) {
            names_add(a, l, path->v[i]);
        }
    } else {
        d->guessed_schema = true;
        names_add(a, l, "public");
    }
}

static void add_touch(struct drafting *x, const struct names *path, const struct touch *t)
{
    struct arena *a = x->a;
    struct scope *s = &x->d->decl.scope;
    const struct object *o = &t->object;
    if (t->effect == EFFECT_REFERENCE && o->kind == OBJ_TABLE) {
        list(x, &s->references, &x->references, qualified(a, o));
    }
    if (t->effect == EFFECT_REFERENCE ||
        (t->effect == EFFECT_READ && !object_kind_global(o->kind))) {
        return;
    }
    if (o->kind == OBJ_EXTENSION) {
        names_add(a, &s->allowed_extensions, o->name);
    } else if (object_kind_global(o->kind) &&
               !(o->kind == OBJ_DEFAULT_PRIVILEGES && o->schema[0] != '\0')) {
        add_global(a, s, o);
    } else {
        add_schema(a, x->d, path, o);
    }
    if (is_relation(o->kind) && o->name[0] != '\0') {
        list(x, &s->allowed_tables, &x->tables, qualified(a, o));
    }
}

/* A table that may be changed may also be referred to. */
static void drop_needless_references(struct scope *s, const struct table *tables)
{
    size_t n = 0;
    for (size_t i = 0; i < s->references.n; i++) {
        if (table_gets(tables, s->references.v[i]) == NULL) {
            s->references.v[n++] = s->references.v[i];
        }
    }
    s->references.n = n;
}

static bool counts_as_table(const struct touch *t)
{
    return (t->object.kind == OBJ_TABLE || t->object.kind == OBJ_MATVIEW ||
            t->object.kind == OBJ_FOREIGN_TABLE) &&
           t->effect != EFFECT_READ && t->effect != EFFECT_REFERENCE && t->object.name[0] != '\0';
}

/* What one look collects. */
struct draft_reading {
    struct arena *a;
    struct draft *d;
    struct drafting x;
    const struct script *s;
    struct table tables; /* that count */
    struct table made;   /* relations that the scripts make themselves: nothing hangs on them yet */
};

static void leave_open(struct draft_reading *r, enum draft_part part, const struct statement *st)
{
    if (r->d->open[part].path == NULL) {
        const char *slash = strrchr(r->s->path, '/');
        r->d->open[part] =
            (struct draft_open){slash != NULL ? slash + 1 : r->s->path,
                                st->tag[0] != '\0' ? st->tag : "a statement", st->line};
    }
}

/* Triggers, rules and cascades of a table that was there may do more than the statement says. */
static bool may_fire(const struct draft_reading *r, const struct touch *t)
{
    return (t->effect == EFFECT_WRITE || t->effect == EFFECT_TRUNCATE ||
            t->effect == EFFECT_DROP) &&
           t->object.kind == OBJ_TABLE && !t->stored &&
           table_gets(&r->made, object_text(r->a, &t->object)) == NULL;
}

static void read_touches(struct draft_reading *r, const struct statement *st)
{
    for (size_t i = 0; i < st->touches.n; i++) {
        const struct touch *t = &st->touches.v[i];
        add_touch(&r->x, &r->s->search_path, t);
        if (st->opaque && t->effect == EFFECT_REFERENCE && t->object.kind == OBJ_FUNCTION &&
            t->object.schema[0] != '\0') {
            names_add(r->a, &r->d->decl.scope.allowed_schemas, t->object.schema);
        }
        if (counts_as_table(t)) {
            (void)table_puts(&r->tables, object_text(r->a, &t->object), r->d);
        }
        if (t->effect == EFFECT_CREATE) {
            (void)table_puts(&r->made, object_text(r->a, &t->object), r->d);
        } else if (may_fire(r, t)) {
            leave_open(r, DRAFT_REACH, st);
        }
    }
}

static void read_statement(struct draft_reading *r, const struct statement *st)
{
    struct limits *l = &r->d->decl.limits;
    bool hidden = st->opaque || !st->analysed;
    int64_t rows = st->kind == STATEMENT_PLAIN ? st->rows : 0;
    read_touches(r, st);
    l->max_index_count_delta += abs(st->index_delta);
    l->max_row_backfill += rows > 0 ? rows : 0;
    if (hidden) {
        leave_open(r, DRAFT_HIDDEN, st);
    }
    if (st->unseen) {
        leave_open(r, DRAFT_UNSEEN, st);
    }
    if (st->reaches) {
        leave_open(r, DRAFT_REACH, st);
    }
    if (hidden || st->hides_tables) {
        leave_open(r, DRAFT_TABLES, st);
    }
    if (!st->analysed || st->hides_indexes) {
        leave_open(r, DRAFT_INDEXES, st);
    }
    if (rows < 0) {
        leave_open(r, DRAFT_ROWS, st);
    }
}

static void add_default_schema(struct arena *a, struct names *l)
{
    if (l->n == 0) {
        names_add(a, l, "public");
    }
}

/* A declaration is read up to a size: what would fill half of that is left to the schemas. */
static void leave_tables_to_schemas(struct draft *d)
{
    enum { LISTED_MOST = 128 * 1024, LINE = 8 };
    struct names *l = &d->decl.scope.allowed_tables;
    size_t size = 0;
    for (size_t i = 0; i < l->n; i++) {
        size += strlen(l->v[i]) + LINE;
    }
    if (size > LISTED_MOST) {
        d->n_unlisted = l->n;
        *l = (struct names){0};
    }
}

static void close_scope(const struct drafting *x)
{
    struct arena *a = x->a;
    struct draft *d = x->d;
    struct scope *scope = &d->decl.scope;
    drop_needless_references(scope, &x->tables);
    if (scope->allowed_extensions.n + scope->allowed_global.n == 0 ||
        d->open[DRAFT_TABLES].path != NULL) {
        add_default_schema(a, &scope->allowed_schemas);
    }
    scope->has_schemas = scope->allowed_schemas.n > 0;
    if (d->open[DRAFT_TABLES].path != NULL) {
        scope->allowed_tables = (struct names){0};
    }
    leave_tables_to_schemas(d);
    scope->has_tables = scope->allowed_tables.n > 0;
    scope_sort(a, scope);
}

void draft_make(struct arena *a, const struct script *v, size_t n, struct draft *out)
{
    *out = (struct draft){.decl = {.requires_rollback = true}};
    struct draft_reading r = {
        .a = a, .d = out, .x = drafting(a, out), .tables = {.a = a}, .made = {.a = a}};
    struct limits *l = &out->decl.limits;
    struct statement_room room;
    for (size_t i = 0; i < n; i++) {
        r.s = &v[i];
        for (size_t k = 0; k < v[i].n; k++) {
            read_statement(&r, script_at(&v[i], k, &room));
        }
    }
    close_scope(&r.x);
    l->max_table_count_touched = (int64_t)r.tables.n;
    for (int i = 0; i < DRAFT_LIMITS; i++) {
        if (n == 0 || out->open[i].path != NULL) {
            limit_set(l, i, -1);
        }
    }
}

void draft_observed(struct arena *a, const struct touches *seen, const struct limits *counted,
                    struct draft *out)
{
    static const struct names no_path;
    *out = (struct draft){.decl = {.requires_rollback = true, .limits = *counted}};
    struct drafting x = drafting(a, out);
    for (size_t i = 0; i < seen->n; i++) {
        if (seen->v[i].object.kind != OBJ_UNKNOWN) {
            add_touch(&x, &no_path, &seen->v[i]);
        }
    }
    close_scope(&x);
}

static bool is_plain(const char *s)
{
    static const char *const words[] = {"true", "false", "null", "yes", "no", "on", "off"};
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(s, words[i]) == 0) {
            return false;
        }
    }
    return n > 0 && s[n] == '\0' && strchr("0123456789.", s[0]) == NULL;
}

/* YAML 1.2, 7.3.1 "Double-Quoted Style": the escapes of JSON. */
static void put_scalar(struct buf *out, const char *s, bool always_quoted)
{
    if (!always_quoted && is_plain(s)) {
        buf_puts(out, s);
        return;
    }
    buf_putc(out, '"');
    for (; *s != '\0'; s++) {
        if (*s == '"' || *s == '\\') {
            buf_putc(out, '\\');
        }
        if ((unsigned char)*s < 0x20) {
            buf_printf(out, "\\x%02x", (unsigned)(unsigned char)*s);
        } else {
            buf_putc(out, *s);
        }
    }
    buf_putc(out, '"');
}

static void put_names(struct buf *out, const char *key, const struct names *l)
{
    if (l->n == 0) {
        return;
    }
    buf_printf(out, "  %s:\n", key);
    for (size_t i = 0; i < l->n; i++) {
        buf_puts(out, "    - ");
        put_scalar(out, l->v[i], false);
        buf_putc(out, '\n');
    }
}

/* A comment: before, the statement and its place, after. */
static void put_why(struct buf *out, const struct draft_open *o, const char *before,
                    const char *after)
{
    if (o->path != NULL) {
        buf_printf(out, "  # %s %s (%s:%d)%s\n", before, o->tag, o->path, o->line, after);
    }
}

static void put_limits(struct buf *out, const struct draft *d)
{
    int part = 0;
    bool some = false;
    for (int i = 0; limit_key(i) != NULL; i++) {
        some = some || limit_value(&d->decl.limits, i) >= 0;
    }
    buf_puts(out, some ? "\nlimits:\n" : "\nlimits: {}\n");
#define LIMIT(field, key, text)                                                                    \
    if (d->decl.limits.field >= 0) {                                                               \
        buf_printf(out, "  %s: %lld\n", key, (long long)d->decl.limits.field);                     \
    } else if (d->open[part].path == NULL) {                                                       \
        buf_printf(out, "  # %s: `kfmig scope %s` reads it off the files\n", key, d->decl.id);     \
    } else {                                                                                       \
        put_why(out, &d->open[part], key ": set it; how many " text " is not in the text of", ""); \
    }                                                                                              \
    part++;
    LIMITS(LIMIT)
#undef LIMIT
    put_why(out, &d->open[DRAFT_REACH],
            "besides: what triggers, rules, foreign keys, views and grants make of",
            " is not in its text");
}

/* The members scope and limits of migration.yml, with a word why where something is open. */
static void draft_put_scope(struct buf *out, const struct draft *d)
{
    const struct scope *s = &d->decl.scope;
    buf_puts(out, "scope:\n");
    put_why(out, &d->open[DRAFT_HIDDEN], "at least this: what is run by", " is not in its text");
    put_why(out, &d->open[DRAFT_UNSEEN], "only a superuser can see what is changed by",
            ": builds as anyone else refuse it");
    put_names(out, "allowed_schemas", &s->allowed_schemas);
    put_why(out, &d->open[DRAFT_TABLES], "allowed_tables: name them; which tables are changed by",
            " is not in its text");
    if (d->n_unlisted > 0) {
        buf_printf(out,
                   "  # allowed_tables: %zu tables are too many to list, and left to the schemas\n",
                   d->n_unlisted);
    }
    put_names(out, "allowed_tables", &s->allowed_tables);
    put_names(out, "forbidden_schemas", &s->forbidden_schemas);
    put_names(out, "forbidden_tables", &s->forbidden_tables);
    put_names(out, "references", &s->references);
    put_names(out, "allowed_extensions", &s->allowed_extensions);
    put_names(out, "allowed_global", &s->allowed_global);
    put_limits(out, d);
}

/* The next line of yml from *at on, its line feed included; empty at the end. */
static struct bytes next_line(struct bytes yml, size_t *at)
{
    const char *from = yml.p + *at;
    const char *end = *at < yml.n ? memchr(from, '\n', yml.n - *at) : NULL;
    size_t n = end != NULL ? (size_t)(end - from) + 1 : yml.n - *at;
    *at += n;
    return bytes_of(from, n);
}

static bool begins(struct bytes line, const char *key)
{
    size_t n = strlen(key);
    return line.n > n && memcmp(line.p, key, n) == 0 && line.p[n] == ':';
}

/* Lines of a member are indented; blank ones and comments at the margin belong to what follows. */
static bool is_at_margin(struct bytes line)
{
    return line.n == 0 || (line.p[0] != ' ' && line.p[0] != '\t');
}

int draft_replace(struct buf *out, struct bytes yml, const char *path, const struct draft *d,
                  struct err *e)
{
    bool found = false;
    bool within = false; /* a member that is written anew */
    for (size_t at = 0; at < yml.n;) {
        struct bytes line = next_line(yml, &at);
        bool scope = begins(line, "scope");
        within = scope || begins(line, "limits") || (within && !is_at_margin(line));
        if (scope) {
            draft_put_scope(out, d);
        } else if (!within) {
            buf_add(out, line.p, line.n);
        }
        found = found || scope;
    }
    if (!found) {
        err_at(e, ERR_CONFIG, path, 1, 1, "its scope does not begin a line of its own");
        return err_hint(e, "write \"scope:\" at the margin, its members indented below it");
    }
    return 0;
}

void draft_write(struct buf *out, const struct draft *d)
{
    const struct decl *decl = &d->decl;
    buf_printf(out, "migration_id: %s\ntype: postgis\nintent: ", decl->id);
    put_scalar(out, decl->intent, true);
    buf_puts(out, "\n\n");
    draft_put_scope(out, d);
    buf_puts(out, "\nrequires_rollback: true\n\napprovals:\n");
    put_names(out, "required_reviewers", &decl->reviewers);
    buf_printf(out,
               "  change_class: %s\n\nrunner:\n  tool: native\n\nartifacts:\n  forward:\n    - "
               "forward.sql\n  rollback:\n    - rollback.sql\n",
               decl->change_class);
}
