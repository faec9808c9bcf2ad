/* Touches: lists and names of effects. Pure. */
#include "model/touch.h"

static const char *const effects[EFFECT_COUNT] = {
    [EFFECT_READ] = "read",         [EFFECT_REFERENCE] = "reference", [EFFECT_WRITE] = "write",
    [EFFECT_TRUNCATE] = "truncate", [EFFECT_CREATE] = "create",       [EFFECT_ALTER] = "alter",
    [EFFECT_DROP] = "drop",
};

const char *effect_text(enum effect e)
{
    return (unsigned)e < EFFECT_COUNT ? effects[e] : "unknown";
}

void touches_add(struct arena *a, struct touches *t, struct touch touch)
{
    ARENA_GROW(a, t->v, t->n, t->cap);
    t->v[t->n++] = touch;
}
