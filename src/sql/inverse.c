/* What undoes a script: one statement after the other. */
#include "sql/inverse.h"

#include <string.h>

#include "sql/inverse_parts.h"

/* An object that a statement of the script brings into being. */
struct maker {
    size_t statement;
    bool by_rename; /* or by ALTER ... SET SCHEMA: it was there under another name */
};

struct inverse_look {
    struct inversion v;
    const char *name;   /* of the script, for comments */
    struct table made;  /* object_text() -> struct maker */
    const char **parts; /* per statement; NULL: nothing to undo */
};

void inverse_put(struct buf *out, struct bytes s)
{
    buf_add(out, s.p, s.n);
}

static bool changes(const struct touch *t)
{
    return t->effect != EFFECT_READ && t->effect != EFFECT_REFERENCE;
}

static const struct maker *maker_of(const struct inverse_look *l, const struct object *o)
{
    return table_gets(&l->made, object_text(l->v.a, o));
}

/* Everything that it changes was made by an earlier statement of this script and goes away with that. */
static bool is_covered(const struct inverse_look *l, const struct statement *st)
{
    for (size_t i = 0; i < st->touches.n; i++) {
        const struct touch *t = &st->touches.v[i];
        const struct maker *m = changes(t) ? maker_of(l, &t->object) : NULL;
        if (changes(t) && (m == NULL || m->by_rename)) {
            return false;
        }
    }
    return !st->opaque && st->analysed;
}

/* Statistics and the rows of a materialized view are made again from what is there. */
static bool is_upkeep(const struct statement *st)
{
    return strcmp(st->tag, "ANALYZE") == 0 || strcmp(st->tag, "REINDEX") == 0 ||
           strcmp(st->tag, "REFRESH MATERIALIZED VIEW") == 0 || strcmp(st->tag, "VACUUM") == 0 ||
           strcmp(st->tag, "CLUSTER") == 0;
}

static enum answer invert(struct inverse_look *l, const struct statement *st)
{
    struct head h;
    l->v.care = CARE_NONE;
    bool runs = st->kind == STATEMENT_PLAIN || st->lone != NULL;
    if (!runs || is_upkeep(st) || is_covered(l, st)) {
        return ANSWER_NOTHING;
    }
    if (strcmp(st->tag, "INSERT") == 0 || head_open(l->v.a, st->text, &h) != 0) {
        return ANSWER_OPEN;
    }
    return head_skip(&h, "CREATE")   ? inverse_create(&l->v, &h)
           : head_skip(&h, "ALTER")  ? inverse_alter(&l->v, &h)
           : head_skip(&h, "GRANT")  ? inverse_grant(&l->v, &h)
           : head_skip(&h, "REVOKE") ? inverse_revoke(&l->v, &h)
                                     : ANSWER_OPEN;
}

/* What is dropped again needs no undoing where it was made. */
static void remember(struct inverse_look *l, const struct statement *st, size_t i)
{
    for (size_t k = 0; k < st->touches.n; k++) {
        const struct touch *t = &st->touches.v[k];
        const char *key = object_text(l->v.a, &t->object);
        if (t->effect == EFFECT_CREATE) {
            struct maker *m = ARENA_NEW(l->v.a, struct maker);
            *m = (struct maker){i, strncmp(st->tag, "ALTER", strlen("ALTER")) == 0};
            (void)table_puts(&l->made, key, m);
        } else if (t->effect == EFFECT_DROP) {
            const struct maker *m = table_puts(&l->made, key, NULL);
            if (m != NULL && !m->by_rename) {
                l->parts[m->statement] = NULL;
            }
        }
    }
}

/* DROP FUNCTION f without arguments works only while there is one f. */
static void count_functions(struct inversion *v, const struct script *s)
{
    for (size_t i = 0; i < s->n; i++) {
        struct head h;
        struct statement_room room;
        const struct statement *st = script_at(s, i, &room);
        bool routine =
            strcmp(st->tag, "CREATE FUNCTION") == 0 || strcmp(st->tag, "CREATE PROCEDURE") == 0;
        if (!routine || head_open(v->a, st->text, &h) != 0 || !head_skip(&h, "CREATE")) {
            continue;
        }
        (void)head_skip(&h, "OR REPLACE");
        if (head_skip(&h, "FUNCTION") || head_skip(&h, "PROCEDURE")) {
            struct bytes name = head_name(&h);
            size_t *n = table_get(&v->named, name);
            if (n == NULL) {
                n = ARENA_NEW(v->a, size_t);
                (void)table_put(&v->named, name, n);
            }
            ++*n;
        }
    }
}

static const char *describe(struct inverse_look *l, const struct statement *st)
{
    return arena_printf(l->v.a, "%s:%d (%s)", l->name, st->line,
                        st->tag[0] != '\0' ? st->tag : "not analysed");
}

static const char *care_text(enum care c)
{
    switch (c) {
    case CARE_THERE:
        return "may find it there already; then this line must go";
    case CARE_GONE:
        return "may find it gone already; then this line must go";
    case CARE_REPLACED:
        return "may replace another; then write that one here";
    case CARE_NONE:
        break;
    }
    return "";
}

static const char *part(struct inverse_look *l, const struct statement *st, enum answer answer)
{
    if (answer == ANSWER_OPEN) {
        return arena_printf(l->v.a,
                            SCRIPT_BY_HAND
                            ": %s has no inverse that can be read off its text; write it here\n",
                            describe(l, st));
    }
    if (answer == ANSWER_NOTHING) {
        return NULL;
    }
    return l->v.care == CARE_NONE ? arena_strdup(l->v.a, buf_str(l->v.out))
                                  : arena_printf(l->v.a, "-- %s %s\n%s", describe(l, st),
                                                 care_text(l->v.care), buf_str(l->v.out));
}

void inverse_write(struct arena *a, const struct script *s, const char *name, struct buf *out,
                   size_t *n_open)
{
    struct buf one = {0};
    struct inverse_look l = {.v = {.a = a, .named = {.a = a}, .constraints = {.a = a}, .out = &one},
                             .name = name,
                             .made = {.a = a},
                             .parts = ARENA_ARRAY(a, const char *, s->n + 1)};
    *n_open = 0;
    count_functions(&l.v, s);
    for (size_t i = 0; i < s->n; i++) {
        buf_clear(&one);
        struct statement_room room;
        const struct statement *st = script_at(s, i, &room);
        enum answer answer = invert(&l, st);
        l.parts[i] = part(&l, st, answer);
        *n_open += answer == ANSWER_OPEN;
        remember(&l, st, i);
    }
    buf_release(&one);
    for (size_t i = s->n; i-- > 0;) {
        buf_puts(out, l.parts[i] != NULL ? l.parts[i] : "");
    }
}
