/* What repeatable definitions make and need. */
#include "model/definition.h"

#include <string.h>

static const char relation[] = "relation ";

static bool is_relation(enum object_kind k)
{
    return k == OBJ_TABLE || k == OBJ_VIEW || k == OBJ_MATVIEW || k == OBJ_FOREIGN_TABLE ||
           k == OBJ_SEQUENCE;
}

const char *definition_name(struct arena *a, const struct object *o)
{
    struct object plain = *o;
    const char *open = o->kind == OBJ_FUNCTION ? strchr(o->name, '(') : NULL;
    if (open != NULL) {
        plain.name = arena_strndup(a, o->name, (size_t)(open - o->name));
    }
    if (!is_relation(o->kind)) {
        return object_text(a, &plain);
    }
    plain.kind = OBJ_TABLE;
    return arena_printf(a, "%s%s", relation, object_text(a, &plain) + strlen("table "));
}

const char *definition_last(const char *name, bool *is_open)
{
    const char *blank = strchr(name, ' ');
    const char *first = blank != NULL ? blank + 1 : name;
    const char *last = first;
    bool quoted = false;
    for (const char *p = first; *p != '\0'; p++) {
        quoted = quoted != (*p == '"');
        last = *p == '.' && !quoted ? p + 1 : last;
    }
    *is_open = last == first;
    return last;
}

bool definition_same(const char *a, const char *b)
{
    bool is_open_a;
    bool is_open_b;
    size_t n_kind = strcspn(a, " ");
    if (strcmp(a, b) == 0) {
        return true;
    }
    const char *last_a = definition_last(a, &is_open_a);
    const char *last_b = definition_last(b, &is_open_b);
    return (is_open_a || is_open_b) && strncmp(a, b, n_kind + 1) == 0 &&
           strcmp(last_a, last_b) == 0;
}

bool definition_has(const struct names *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++) {
        if (definition_same(list->v[i], name)) {
            return true;
        }
    }
    return false;
}

static void read_touch(struct arena *a, const struct touch *t, struct definition *out)
{
    if (object_kind_global(t->object.kind) || t->object.kind == OBJ_SCHEMA ||
        t->object.name[0] == '\0') {
        return;
    }
    bool is_made = t->effect == EFFECT_CREATE || t->effect == EFFECT_DROP;
    names_add(a, is_made ? &out->makes : &out->needs, definition_name(a, &t->object));
}

const struct definition *definition_copy(struct arena *a, const struct definition *d)
{
    struct definition *out = d != NULL ? ARENA_NEW(a, struct definition) : NULL;
    if (out != NULL) {
        out->makes = names_copy(a, &d->makes);
        out->needs = names_copy(a, &d->needs);
    }
    return out;
}

void definition_read(struct arena *a, const struct script *v, size_t n, struct definition *out)
{
    size_t kept = 0;
    struct statement_room room;
    *out = (struct definition){0};
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < v[i].n; k++) {
            const struct touches *list = &script_at(&v[i], k, &room)->touches;
            for (size_t t = 0; t < list->n && !script_repeats(&v[i], k); t++) {
                read_touch(a, &list->v[t], out);
            }
        }
    }
    for (size_t i = 0; i < out->needs.n; i++) {
        if (!definition_has(&out->makes, out->needs.v[i])) {
            out->needs.v[kept++] = out->needs.v[i];
        }
    }
    out->needs.n = kept;
}

bool definition_needs(const struct definition *d, const struct definition *by)
{
    for (size_t i = 0; i < by->makes.n; i++) {
        if (definition_has(&d->needs, by->makes.v[i])) {
            return true;
        }
    }
    return false;
}

static const struct {
    const char *tag;
    bool says;
} rows[] = {
#define DEFINES(tag, says) {tag, says},
#include "model/definition.def"
#undef DEFINES
};

/* Does the list have it? only_says: among those that say something of what is there. */
static bool is_listed(const struct statement *st, bool only_says)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if ((rows[i].says || !only_says) && strcmp(st->tag, rows[i].tag) == 0) {
            return true;
        }
    }
    return false;
}

bool definition_admits(const struct statement *st)
{
    return is_listed(st, false);
}

bool definition_says(const struct statement *st)
{
    return is_listed(st, true);
}
