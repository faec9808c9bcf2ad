/* Breadth first, from what was seen back to a statement that names where it began. Pure. */
#include "model/way.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* A place on the way back; to: where the way goes on to what was seen, by way of step. */
struct stop {
    const struct object *object;
    const struct stop *to;
    const struct way *step;
};
struct way_search {
    struct arena *a;
    const struct script *scripts;
    size_t n_scripts;
    const struct ways *ways;
    const struct lineage *lineage;
    struct touch *t;
    bool by_words; /* code that holds a name is taken for one that uses it */
};

static size_t bare_length(const struct object *o)
{
    return o->kind == OBJ_FUNCTION ? strcspn(o->name, "(") : strlen(o->name);
}

static bool same_place(const struct object *a, const struct object *b)
{
    size_t n = bare_length(a);
    bool functions = (a->kind == OBJ_FUNCTION) == (b->kind == OBJ_FUNCTION);
    bool schemas =
        a->schema[0] == '\0' || b->schema[0] == '\0' || strcmp(a->schema, b->schema) == 0;
    return functions && schemas && n == bare_length(b) && strncmp(a->name, b->name, n) == 0;
}

static bool changes(enum effect e)
{
    return e != EFFECT_READ && e != EFFECT_REFERENCE;
}

/* Do triggers, rules, keys, defaults act for it? */
static bool writes_rows(const struct statement *st, enum effect e)
{
    return e == EFFECT_WRITE || e == EFFECT_TRUNCATE || (e == EFFECT_ALTER && st->rewrites);
}

static bool fits(const struct way_search *s, const struct statement *st, const struct stop *at,
                 enum effect e)
{
    if (at->step != NULL) {
        return !at->step->is_written || writes_rows(st, e);
    }
    return changes(e) || !changes(s->t->effect);
}

/* NULL: the statement does not name it. */
static const struct touch *named_in(const struct way_search *s, const struct statement *st,
                                    const struct stop *at)
{
    for (size_t i = 0; i < st->touches.n; i++) {
        const struct touch *t = &st->touches.v[i];
        bool is_it = same_place(&t->object, at->object) ||
                     lineage_is_above(s->lineage, &t->object, at->object);
        if (is_it && fits(s, st, at, t->effect)) {
            return t;
        }
    }
    return NULL;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$';
}

static bool holds_word(struct bytes text, const char *word, size_t n)
{
    for (size_t i = 0; n > 0 && i + n <= text.n; i++) {
        bool begins = i == 0 || !is_word(text.p[i - 1]);
        bool ends = i + n == text.n || !is_word(text.p[i + n]);
        if (begins && ends && strncasecmp(text.p + i, word, n) == 0) {
            return true;
        }
    }
    return false;
}

static bool defines(const struct statement *st)
{
    for (size_t i = 0; i < st->touches.n; i++) {
        enum effect e = st->touches.v[i].effect;
        if (e == EFFECT_CREATE || e == EFFECT_ALTER || e == EFFECT_DROP) {
            return true;
        }
    }
    return false;
}

/* Does st lead to o? *named: the touch that says so, where there is one. */
static bool leads_to(const struct way_search *s, const struct statement *st, const struct stop *at,
                     const struct touch **named)
{
    *named = NULL;
    if (at->object->kind == OBJ_EVENT_TRIGGER && at->step != NULL) {
        return defines(st);
    }
    if (at->object->kind == OBJ_FUNCTION && at->step != NULL && !st->opaque) {
        return false; /* named, and not called */
    }
    *named = named_in(s, st, at);
    return *named != NULL || (s->by_words && st->opaque &&
                              holds_word(st->text, at->object->name, bare_length(at->object)));
}

static void add_word(struct arena *a, const char **text, const char *word)
{
    if (word[0] != '\0') {
        *text = arena_printf(a, "%s%s%s", *text, (*text)[0] != '\0' ? ", " : "", word);
    }
}

static const char *words_of(struct arena *a, const struct stop *at)
{
    const char *text = "";
    if (at->step != NULL && at->object->kind == OBJ_FUNCTION) {
        add_word(a, &text, object_text(a, at->object));
    }
    for (; at->to != NULL; at = at->to) {
        const struct object *next = at->to->object;
        bool calls = at->step->by[0] == '\0' && next->kind == OBJ_FUNCTION && at->to->to != NULL;
        add_word(a, &text, calls ? object_text(a, next) : at->step->by);
    }
    return text;
}

static void blame(const struct way_search *s, const struct script *script,
                  const struct statement *st, const struct touch *named, const char *through)
{
    struct touch *t = s->t;
    struct statement_room room;
    size_t n = 0;
    for (const struct script *p = s->scripts; p <= script; p++) {
        for (size_t i = 0; i < p->n; i++) {
            const struct statement *before = script_at(p, i, &room);
            if (p == script && before->offset > st->offset) {
                break;
            }
            n += before->kind == STATEMENT_PLAIN;
        }
    }
    t->statement = (int)n - 1;
    t->path = script->path;
    t->line = named != NULL && named->line > 0 ? named->line : st->line;
    t->col = named != NULL && named->line > 0 ? named->col : st->col;
    t->through = through;
}

static bool try_stop(const struct way_search *s, const struct stop *at)
{
    struct statement_room room;
    for (size_t i = 0; i < s->n_scripts; i++) {
        for (size_t k = 0; k < s->scripts[i].n; k++) {
            const struct statement *st = script_at(&s->scripts[i], k, &room);
            const struct touch *named;
            if (st->kind == STATEMENT_PLAIN && leads_to(s, st, at, &named)) {
                blame(s, &s->scripts[i], st, named, words_of(s->a, at));
                return true;
            }
        }
    }
    return false;
}

static bool was_seen(const struct stop *v, size_t n, const struct object *o)
{
    for (size_t i = 0; i < n; i++) {
        if (same_place(v[i].object, o)) {
            return true;
        }
    }
    return false;
}

static bool search(const struct way_search *s)
{
    struct stop *v = ARENA_ARRAY(s->a, struct stop, s->ways->n + 1);
    size_t n = 1;
    v[0] = (struct stop){.object = &s->t->object};
    for (size_t i = 0; i < n; i++) {
        if (try_stop(s, &v[i])) {
            return true;
        }
        for (size_t k = 0; k < s->ways->n; k++) {
            const struct way *w = &s->ways->v[k];
            bool arrives = same_place(&w->to, v[i].object) ||
                           lineage_is_above(s->lineage, &w->to, v[i].object);
            if (arrives && !was_seen(v, n, &w->from)) {
                v[n++] = (struct stop){&w->from, &v[i], w};
            }
        }
    }
    return false;
}

/* The one statement whose text does not show what it does; NULL: there are several, or none. */
static const struct statement *only_opaque(const struct way_search *s, const struct script **script)
{
    const struct statement *found = NULL;
    struct statement_room room;
    for (size_t i = 0; i < s->n_scripts; i++) {
        for (size_t k = 0; k < s->scripts[i].n; k++) {
            const struct statement *st = script_at(&s->scripts[i], k, &room);
            if (st->kind != STATEMENT_PLAIN || (!st->opaque && st->analysed)) {
                continue;
            }
            if (found != NULL) {
                return NULL;
            }
            found = script_keep(s->a, &s->scripts[i], k);
            *script = &s->scripts[i];
        }
    }
    return found;
}

void way_find(struct arena *a, const struct script *scripts, size_t n, const struct ways *ways,
              const struct lineage *lineage, struct touch *t)
{
    struct way_search s = {a, scripts, n, ways, lineage, t, false};
    if (search(&s)) {
        return;
    }
    s.by_words = true;
    if (search(&s)) {
        return;
    }
    const struct script *script = NULL;
    const struct statement *st = only_opaque(&s, &script);
    if (st != NULL) {
        blame(&s, script, st, NULL, "");
    }
}
