/* A declaration as tight as its script allows. */
#include "script/draft.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/table.h"

static void add(struct arena *a, struct names *l, const char *name)
{
    if (!names_have(l, name)) {
        ARENA_GROW(a, l->v, l->n, l->cap);
        l->v[l->n++] = name;
    }
}

static bool is_relation(enum object_kind k)
{
    return k == OBJ_TABLE || k == OBJ_VIEW || k == OBJ_MATVIEW || k == OBJ_FOREIGN_TABLE ||
           k == OBJ_SEQUENCE;
}

static const char *qualified(struct arena *a, const struct object *o)
{
    return o->schema[0] != '\0' ? arena_printf(a, "%s.%s", o->schema, o->name) : o->name;
}

static void add_global(struct arena *a, struct scope *s, const struct object *o)
{
    const char *kind = object_kind_text(o->kind);
    add(a, &s->allowed_global, o->name[0] != '\0' ? arena_printf(a, "%s:%s", kind, o->name) : kind);
}

static void add_touch(struct arena *a, struct draft *d, const struct touch *t)
{
    struct scope *s = &d->decl.scope;
    const struct object *o = &t->object;
    if (t->effect == EFFECT_REFERENCE && o->kind == OBJ_TABLE) {
        add(a, &s->references, qualified(a, o));
    }
    if (t->effect == EFFECT_REFERENCE ||
        (t->effect == EFFECT_READ && !object_kind_global(o->kind))) {
        return;
    }
    if (o->kind == OBJ_EXTENSION) {
        add(a, &s->allowed_extensions, o->name);
    } else if (object_kind_global(o->kind) &&
               !(o->kind == OBJ_DEFAULT_PRIVILEGES && o->schema[0] != '\0')) {
        add_global(a, s, o);
    } else {
        const char *schema = o->kind == OBJ_SCHEMA ? o->name : o->schema;
        d->guessed_schema = d->guessed_schema || schema[0] == '\0';
        add(a, &s->allowed_schemas, schema[0] != '\0' ? schema : "public");
    }
    if (is_relation(o->kind)) {
        add(a, &s->allowed_tables, qualified(a, o));
    }
}

/* A table that may be changed may also be referred to. */
static void drop_needless_references(struct scope *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->references.n; i++) {
        if (!names_have(&s->allowed_tables, s->references.v[i])) {
            s->references.v[n++] = s->references.v[i];
        }
    }
    s->references.n = n;
}

static bool counts_as_table(const struct touch *t)
{
    return (t->object.kind == OBJ_TABLE || t->object.kind == OBJ_MATVIEW ||
            t->object.kind == OBJ_FOREIGN_TABLE) &&
           t->effect != EFFECT_READ && t->effect != EFFECT_REFERENCE;
}

static void measure(struct arena *a, const struct script *s, struct draft *d)
{
    struct table tables = {.a = a};
    struct limits *l = &d->decl.limits;
    for (size_t i = 0; i < s->n; i++) {
        const struct statement *st = &s->v[i];
        for (size_t k = 0; k < st->touches.n; k++) {
            if (counts_as_table(&st->touches.v[k])) {
                table_puts(&tables, object_text(a, &st->touches.v[k].object), d);
            }
        }
        bool hidden = st->hides_indexes || !st->analysed;
        l->max_index_count_delta = hidden || l->max_index_count_delta < 0
                                       ? -1
                                       : l->max_index_count_delta + abs(st->index_delta);
        int64_t rows = st->kind == STATEMENT_PLAIN ? st->rows : 0;
        l->max_row_backfill = rows < 0 || l->max_row_backfill < 0 ? -1 : l->max_row_backfill + rows;
        if (st->opaque || !st->analysed) {
            d->hidden_line = d->n_hidden++ == 0 ? st->line : d->hidden_line;
        }
    }
    l->max_table_count_touched = (int64_t)tables.n;
}

static void add_default_schema(struct arena *a, struct names *l)
{
    if (l->n == 0) {
        add(a, l, "public");
    }
}

void draft_make(struct arena *a, const struct script *s, struct draft *out)
{
    *out = (struct draft){.decl = {.requires_rollback = true}};
    struct scope *scope = &out->decl.scope;
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        for (size_t k = 0; k < s->v[i].touches.n; k++) {
            add_touch(a, out, &s->v[i].touches.v[k]);
        }
    }
    drop_needless_references(scope);
    if (s != NULL) {
        measure(a, s, out);
    }
    if (scope->allowed_extensions.n + scope->allowed_global.n == 0) {
        add_default_schema(a, &scope->allowed_schemas);
    }
    scope->has_schemas = scope->allowed_schemas.n > 0;
    scope->has_tables = scope->allowed_tables.n > 0;
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

static void put_limits(struct buf *out, const struct limits *l)
{
    buf_puts(out, "\nlimits:\n");
#define LIMIT(field, key, text)                                                                    \
    if (l->field >= 0) {                                                                           \
        buf_printf(out, "  %s: %lld\n", key, (long long)l->field);                                 \
    } else {                                                                                       \
        buf_printf(out, "  # %s: set it; how many " text " cannot be read off the SQL\n", key);    \
    }
    LIMITS(LIMIT)
#undef LIMIT
}

void draft_write(struct buf *out, const struct draft *d)
{
    const struct decl *decl = &d->decl;
    const struct scope *s = &decl->scope;
    buf_printf(out, "migration_id: %s\ntype: postgis\nintent: ", decl->id);
    put_scalar(out, decl->intent, true);
    buf_puts(out, "\n\nscope:\n");
    put_names(out, "allowed_schemas", &s->allowed_schemas);
    put_names(out, "allowed_tables", &s->allowed_tables);
    put_names(out, "references", &s->references);
    put_names(out, "allowed_extensions", &s->allowed_extensions);
    put_names(out, "allowed_global", &s->allowed_global);
    put_limits(out, &decl->limits);
    buf_puts(out, "\nrequires_rollback: true\n\napprovals:\n");
    put_names(out, "required_reviewers", &decl->reviewers);
    buf_printf(out,
               "  change_class: %s\n\nrunner:\n  tool: native\n\nartifacts:\n  forward:\n    - "
               "forward.sql\n  rollback:\n    - rollback.sql\n",
               decl->change_class);
}
