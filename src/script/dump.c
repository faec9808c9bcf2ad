/* A plain pg_dump as the text of a migration. */
#include "script/dump.h"

#include <string.h>

bool dump_is(struct bytes text)
{
    static const char words[] = "-- PostgreSQL database dump";
    enum { HEAD = 512 };
    struct bytes head = bytes_of(text.p, text.n < HEAD ? text.n : HEAD);
    for (size_t at = 0; at + sizeof words - 1 <= head.n; at++) {
        if ((at == 0 || head.p[at - 1] == '\n') &&
            memcmp(head.p + at, words, sizeof words - 1) == 0) {
            return true;
        }
    }
    return false;
}

/* The table that a statement fills, or NULL. */
static const struct object *filled(const struct statement *st)
{
    bool fills = st->data.p != NULL || strcmp(st->tag, "INSERT") == 0;
    for (size_t i = 0; fills && i < st->touches.n; i++) {
        const struct touch *t = &st->touches.v[i];
        if (t->effect == EFFECT_WRITE && t->object.kind == OBJ_TABLE) {
            return &t->object;
        }
    }
    return NULL;
}

static bool sets_sequence(const struct statement *st)
{
    for (size_t i = 0; i < st->touches.n; i++) {
        const struct touch *t = &st->touches.v[i];
        if (strcmp(st->tag, "SELECT") == 0 && t->effect == EFFECT_WRITE &&
            t->object.kind == OBJ_SEQUENCE) {
            return true;
        }
    }
    return false;
}

/* Which of tables it is, or tables->n. */
static size_t chosen(const struct object *o, const struct names *tables)
{
    size_t i = 0;
    for (; i < tables->n; i++) {
        const char *dot = strrchr(tables->v[i], '.');
        const char *name = dot != NULL ? dot + 1 : tables->v[i];
        size_t n = dot != NULL ? (size_t)(dot - tables->v[i]) : 0;
        if (strcmp(name, o->name) == 0 &&
            (dot == NULL || (strlen(o->schema) == n && strncmp(o->schema, tables->v[i], n) == 0))) {
            break;
        }
    }
    return i;
}

/* Behind a statement: its semicolon, its rows and the line that ends them, the line feed. */
static size_t end_of(const struct script *s, const struct statement *st)
{
    struct bytes text = s->bytes;
    size_t at =
        st->data.p != NULL ? (size_t)(st->data.p - text.p) + st->data.n : st->offset + st->text.n;
    const char *end = memchr(text.p + at, '\n', text.n - at);
    return end != NULL ? (size_t)(end - text.p) + 1 : text.n;
}

/* Where the comment above a statement begins, not before from: pg_dump writes one for each. */
static size_t begin_of(const struct script *s, const struct statement *st, size_t from)
{
    const char *p = s->bytes.p;
    size_t at = st->offset;
    size_t line = at;
    while (line > from) {
        size_t before = line - 1;
        while (before > from && p[before - 1] != '\n') {
            before--;
        }
        bool blank = before + 1 == line;
        if (!blank && (line - before < 2 || p[before] != '-' || p[before + 1] != '-')) {
            break;
        }
        at = blank ? at : before;
        line = before;
    }
    return at;
}

struct bytes dump_structure(struct arena *a, const struct script *s, const struct names *tables,
                            size_t *n_left_out, const char **missing)
{
    struct buf out = {0};
    bool *found = ARENA_ARRAY(a, bool, tables->n + 1);
    size_t at = 0;
    struct statement_room room;
    *n_left_out = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct statement *st = script_at(s, i, &room);
        const struct object *o = filled(st);
        size_t which = o != NULL ? chosen(o, tables) : tables->n;
        found[which] = true;
        bool is_data = (o != NULL && which == tables->n) || (tables->n == 0 && sets_sequence(st));
        if (is_data) {
            size_t from = begin_of(s, st, at);
            buf_add(&out, s->bytes.p + at, from - at);
            at = end_of(s, st);
            ++*n_left_out;
        }
    }
    buf_add(&out, s->bytes.p + at, s->bytes.n - at);
    *missing = NULL;
    for (size_t i = tables->n; i-- > 0;) {
        *missing = found[i] ? *missing : tables->v[i];
    }
    const char *text = arena_strndup(a, buf_str(&out), out.n);
    struct bytes result = bytes_of(text, out.n);
    buf_release(&out);
    return result;
}
