/* The class of a migration. */
#include "model/class.h"

#include <string.h>

static const struct {
    char class;
    const char *why;
} deeds[DEED_COUNT] = {
#define DEED(NAME, class, words) [DEED_##NAME] = {class, words},
#include "model/class.def"
#undef DEED
};

static bool is_relation(enum object_kind k)
{
    return k == OBJ_TABLE || k == OBJ_VIEW || k == OBJ_MATVIEW || k == OBJ_SEQUENCE ||
           k == OBJ_FOREIGN_TABLE;
}

/* Relations share one space of names, and a text often does not say which kind it means. */
static struct bytes key_of(struct arena *a, const struct object *o)
{
    return bytes_str(arena_printf(a, "%s.%s", o->schema, o->name));
}

static bool is_own(const struct class_tally *t, const struct object *o)
{
    return is_relation(o->kind) && t->made.n > 0 && table_get(&t->made, key_of(t->a, o)) != NULL;
}

/* Is all that it changes what the migration made itself? A new name is no change of what bears it. */
static bool is_among_own(const struct class_tally *t, const struct statement *st)
{
    size_t n = 0;
    for (size_t i = 0; i < st->touches.n; i++) {
        const struct touch *one = &st->touches.v[i];
        if (one->effect < EFFECT_WRITE || one->effect == EFFECT_CREATE || one->maybe) {
            continue;
        }
        if (!is_own(t, &one->object)) {
            return false;
        }
        n++;
    }
    return n > 0;
}

static void add_made(struct class_tally *t, const struct statement *st)
{
    t->made.a = t->a;
    bool is_new = !st->renames && !st->replaces;
    for (size_t i = 0; i < st->touches.n && is_new; i++) {
        const struct touch *one = &st->touches.v[i];
        if (one->effect == EFFECT_CREATE && !one->maybe && is_relation(one->object.kind)) {
            (void)table_put(&t->made, key_of(t->a, &one->object), t);
        }
    }
}

static bool writes_rows(const struct statement *st)
{
    for (size_t i = 0; i < st->touches.n; i++) {
        const struct touch *one = &st->touches.v[i];
        bool is_table = one->object.kind == OBJ_TABLE || one->object.kind == OBJ_FOREIGN_TABLE;
        if (one->effect == EFFECT_WRITE && is_table && !one->stored) {
            return true;
        }
    }
    return st->mark.p != NULL;
}

void class_add(struct class_tally *t, const struct statement *st)
{
    unsigned did = st->deeds;
    did |= !st->analysed && st->mark.p == NULL ? 1U << DEED_UNKNOWN : 0;
    did |= writes_rows(st) ? 1U << DEED_WRITES : 0;
    if ((did & ~t->deeds) != 0 && !is_among_own(t, st)) {
        t->deeds |= did;
    }
    add_made(t, st);
}

/* Rows stand from the strictest on. DEED_COUNT: none. */
static size_t first_of(unsigned bits)
{
    size_t i = 0;
    while (i < DEED_COUNT && (bits & 1U << i) == 0) {
        i++;
    }
    return i;
}

/* A statement that breaks is enough, whatever else nobody knows. */
static size_t decisive(const struct class_tally *t)
{
    unsigned known = t->deeds & ~(1U << DEED_UNKNOWN);
    size_t i = first_of(known);
    return i < DEED_COUNT && deeds[i].class == 'C' ? i : first_of(t->deeds);
}

char class_tallied(const struct class_tally *t)
{
    size_t i = decisive(t);
    return i < DEED_COUNT ? deeds[i].class : 'A';
}

const char *class_why(const struct class_tally *t)
{
    size_t i = decisive(t);
    return i < DEED_COUNT ? deeds[i].why : "";
}

bool class_wants_reference(char class)
{
    return class != 'A';
}

char class_as_strict(char class)
{
    return class == 'U' ? 'C' : class;
}

char class_stricter(char x, char y)
{
    static const char order[] = "ABDCU";
    const char *a = strchr(order, x);
    const char *b = strchr(order, y);
    return a == NULL || (b != NULL && b > a) ? y : x;
}

const char *class_text(char class)
{
    switch (class) {
    case 'A':
        return "A";
    case 'B':
        return "B";
    case 'C':
        return "C";
    case 'D':
        return "D";
    default:
        return "unknown";
    }
}
